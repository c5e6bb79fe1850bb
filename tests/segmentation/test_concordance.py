"""Concordance of segmentations of the same customers: cases worked out by hand, and what it refuses."""

from dataclasses import astuple
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.concordance import measure_concordance
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.segments import Segmentation, segment

BY_RECENCY = {"n_bins": 2, "segments": {"Champions": {"r": 2}, "Lost": {"r": 1}}}
BY_SPEND = {"n_bins": 2, "segments": {"Champion": {"m": 2}, "Hibernating": {"m": 1}}}
BY_FREQUENCY = {"n_bins": 2, "segments": {"Loyal": {"f": 2}, "Occasional": {"f": 1}}, "archetypes": {}}
SCHEMES: dict[str, Any] = {"recency": BY_RECENCY, "spend": BY_SPEND}


def shop(**changed: Any) -> ir.Table:
    """Six customers: a and b recent and rich, c recent and poor, d old and rich, e and f old and poor."""
    columns = {
        "customer_id": list("abcdef"),
        "as_of": [date(2024, 1, 1)] * 6,
        "recency_days": [1, 2, 3, 200, 300, 400],
        "frequency": [5, 6, 2, 7, 1, 1],
        "monetary": [900, 800, 10, 700, 20, 30],
        "gross_revenue": [900, 800, 10, 700, 40, 50],
        **changed,
    }
    return ibis.memtable(pd.DataFrame(columns))


def schemes(features: ir.Table, **said: Any) -> dict[str, Segmentation]:
    """Segment by each of the schemes given."""
    return {name: segment(features, RFM(scheme=scheme)) for name, scheme in said.items()}


def test_figures_by_hand() -> None:
    """Pairs together in both: 2 (ab, ef); in each: 6 of 15; so (2 - 36/15) / (6 - 36/15) = -1/9."""
    features = shop()
    found = measure_concordance(features, schemes(features, **SCHEMES))
    assert found.n_customers == 6
    ((first, second, agreement),) = (astuple(each) for each in found.agreements)
    assert (first, second) == ("recency", "spend")
    assert agreement == pytest.approx(-1 / 9)
    assert [(each.n_champions, each.n_lost, each.smallest_share) for each in found.contributions] == [(3, 3, 0.5)] * 2
    assert found.n_champions_of_all == 2
    assert found.champions_share == pytest.approx(1 / 3)
    assert found.champions_revenue_share == pytest.approx(1_700 / 2_500)
    assert (found.n_champions_of_any, found.n_contradicted) == (4, 2)
    table = found.crosstab.order_by(["first_segment", "second_segment"]).to_pandas()
    assert table[["first_segment", "second_segment", "n_customers"]].to_numpy().tolist() == [
        ["Champions", "Champion", 2],
        ["Champions", "Hibernating", 1],
        ["Lost", "Champion", 1],
        ["Lost", "Hibernating", 2],
    ]
    champions = found.champions.order_by("customer_id").to_pandas()
    assert champions.customer_id.tolist() == list("abcd")
    assert champions.n_champion.tolist() == [2, 2, 1, 1]
    assert champions.n_lost.tolist() == [0, 0, 1, 1]
    assert champions.is_champion_of_all.tolist() == [True, True, False, False]


def test_a_scheme_without_champions_is_not_asked_for_them() -> None:
    """It counts for agreement and for the lost, and leaves the champions of the others what they are."""
    features = shop()
    both = measure_concordance(features, schemes(features, **SCHEMES))
    three = measure_concordance(features, schemes(features, **SCHEMES, frequency=BY_FREQUENCY))
    assert (three.n_champions_of_all, len(three.agreements)) == (both.n_champions_of_all, 3)
    assert set(three.champions.n_segmentations.to_pandas()) == {2}


def test_the_order_of_customers_changes_nothing() -> None:
    """Shuffled rows give the same figures and the same tables."""
    features = shop()
    shuffled = ibis.memtable(features.to_pandas().iloc[[3, 0, 5, 1, 4, 2]])
    one, other = (measure_concordance(each, schemes(each, **SCHEMES)) for each in (features, shuffled))
    assert one.champions.to_pandas().equals(other.champions.to_pandas())
    assert one.crosstab.to_pandas().equals(other.crosstab.to_pandas())
    assert one.agreements == other.agreements


def test_shops_without_revenue_are_told_none() -> None:
    """Money is what the table has: net value in place of revenue, and nothing where nobody paid."""
    features = shop(gross_revenue=[0] * 6)
    made = schemes(features, **SCHEMES)
    assert measure_concordance(features, made).champions_revenue_share is None
    assert measure_concordance(features.drop("gross_revenue"), made).champions_revenue_share == pytest.approx(
        1_700 / 2_460
    )
    assert measure_concordance(features.drop("gross_revenue", "monetary"), made).champions_revenue_share is None


def test_what_cannot_be_compared_is_refused() -> None:
    """One segmentation, two dates, and no customer in common: one line each."""
    features = shop()
    made = schemes(features, **SCHEMES)
    with pytest.raises(UsageError, match=r"must hold at least 2\. Got 1 instead\. Add one"):
        measure_concordance(features, {"recency": made["recency"]})
    later = schemes(shop(as_of=[date(2024, 2, 1)] * 6), spend=BY_SPEND)
    with pytest.raises(UsageError, match=r"different dates: 2024-01-01, 2024-02-01\. Make all"):
        measure_concordance(features, {**later, "recency": made["recency"]})
    others = schemes(shop(customer_id=list("uvwxyz")), spend=BY_SPEND)
    with pytest.raises(DataError, match=r"No customer is placed by all"):
        measure_concordance(features, {**others, "recency": made["recency"]})
