"""How far the published schemes agree on Online Retail II, each figure made a second way in pandas."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from tests.retail import Retail

from customerbase.concordance import segment_by_all
from customerbase.features.customers import customer_features
from customerbase.features.targets import value_target
from customerbase.schema import Dataset
from customerbase.segmentation.concordance import Concordance, measure_concordance
from customerbase.segmentation.out_of_time import measure_out_of_time
from customerbase.segmentation.schemes import SCHEMES

pytestmark = pytest.mark.data

CHAMPIONS = {"Champions", "Champion", "Premium"}


@pytest.fixture(scope="module")
def shop(retail: Retail) -> Dataset:
    """The clean order lines."""
    return retail.cleaned.data


@pytest.fixture(scope="module")
def found(shop: Dataset) -> Concordance:
    """All schemes and k-means at the end of the data."""
    features = customer_features(shop, "2011-12-10").cache()
    return measure_concordance(features, segment_by_all(features))


@pytest.fixture(scope="module")
def by_hand(shop: Dataset) -> pd.DataFrame:
    """The segment of each customer under each scheme, and revenue: scored and looked up in pandas."""
    customers = customer_features(shop, "2011-12-10").filter(lambda t: t.frequency > 0).to_pandas()
    customers = customers.set_index("customer_id").sort_index()
    segments = {}
    for name, scheme in SCHEMES.items():
        scores = [
            _score(
                customers[column].astype(float), size, scheme.edges.get(column), is_reversed=column == "recency_days"
            )
            for column, size in zip(("recency_days", "frequency", "monetary"), scheme.n_bins, strict=True)
        ]
        owner = {cell: segment for segment, found in scheme.segments.items() for cell in found}
        segments[name] = [owner[f"{r}{f}{m}"] for r, f, m in zip(*scores, strict=True)]
    return pd.DataFrame({**segments, "revenue": customers.gross_revenue.astype(float)}, index=customers.index)


def _score(
    values: "pd.Series[float]", n_bins: int, edges: Sequence[float] | None, *, is_reversed: bool
) -> "pd.Series[int]":
    """1 + floor(bins x share of strictly smaller values), or 1 + fixed edges below the value; and the reverse of it."""
    n_smaller = values.rank(method="min").astype(int) - 1
    place = 1 + n_bins * n_smaller // len(values)
    if edges is not None:
        place = sum(((values > edge).astype(int) for edge in edges), start=place * 0 + 1)
    return n_bins + 1 - place if is_reversed else place


def _adjusted_rand(one: "pd.Series[str]", other: "pd.Series[str]") -> float:
    """The formula of Hubert and Arabie (1985), from the counts of pairs."""
    table = pd.crosstab(one, other).to_numpy()
    both, rows, columns, everybody = (
        float((counts * (counts - 1) / 2).sum())
        for counts in (table, table.sum(axis=1), table.sum(axis=0), np.array([len(one)]))
    )
    chance = rows * columns / everybody
    return (both - chance) / ((rows + columns) / 2 - chance)


def test_each_pair_of_schemes(found: Concordance, by_hand: pd.DataFrame) -> None:
    """The agreement of each two schemes is what pandas gives; k-means has no table to look up."""
    pairs = [each for each in found.agreements if {each.first, each.second} <= set(SCHEMES)]
    assert len(pairs) == 36
    for each in pairs:
        expected = _adjusted_rand(by_hand[each.first], by_hand[each.second])
        assert each.adjusted_rand == pytest.approx(expected, abs=1e-9), each


def test_the_four_schemes_of_the_reference_agree_little(found: Concordance) -> None:
    """Eleven names, RF-10, Putler and Klaviyo: about 0.3 to 0.5."""
    four = {"cells-11", "rf-10", "putler-grid", "klaviyo-6"}
    figures = [each.adjusted_rand for each in found.agreements if {each.first, each.second} <= four]
    assert len(figures) == 6
    assert min(figures) == pytest.approx(0.31, abs=0.005)
    assert max(figures) <= 0.5


def test_champions_of_all(found: Concordance, by_hand: pd.DataFrame) -> None:
    """Champions of all nine schemes in pandas; with k-means, 231 customers with 39.9 % of the revenue."""
    assert found.n_customers == len(by_hand) == 5_878
    n_champion = by_hand[list(SCHEMES)].isin(CHAMPIONS).sum(axis=1)
    of_all = set(found.champions.filter(found.champions.is_champion_of_all).customer_id.to_pandas())
    assert of_all <= set(n_champion.index[n_champion == len(SCHEMES)])
    assert found.n_champions_of_all == len(of_all) == 231
    revenue = by_hand.revenue
    assert found.champions_revenue_share == pytest.approx(revenue[list(of_all)].sum() / revenue.sum())
    assert round(found.champions_revenue_share or 0.0, 3) == 0.399
    assert found.n_champions_of_any == 2_060
    assert found.n_contradicted == 0


def test_who_wins_out_of_time(shop: Dataset) -> None:
    """At 2011-09-10: of the amount and of buying the figures of pandas, for every scheme and k-means."""
    features, target = customer_features(shop, "2011-09-10").cache(), value_target(shop, "2011-09-10").cache()
    spent = target.to_pandas().set_index("customer_id").future_revenue.astype(float)
    figures = {}
    for name, one in segment_by_all(features).items():
        measured = measure_out_of_time(one.assignments, target, name)
        segments = one.assignments.to_pandas().set_index("customer_id").segment
        for figure, values in (
            (measured.spend_eta_squared, np.log1p(spent)),
            (measured.buying_eta_squared, (spent > 0).astype(float)),
        ):
            values = values[segments.index]
            means = values.groupby(segments).transform("mean")
            assert figure == pytest.approx(means.var() / values.var())
        figures[name] = measured.spend_eta_squared or 0.0
    assert sorted(figures, key=lambda name: -figures[name])[:2] == ["kmeans", "cells-11"]
