"""Findings about coupons that end and about figures of customers that contradict each other, by hand."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
import pytest

from customerbase.checkup import check_up
from customerbase.checkup.coupons import EarlyEnd, find_early_end
from customerbase.checkup.finding import Finding
from customerbase.schema import Dataset

START = date(2024, 1, 1)


def count(*days: int, n: int = 1) -> pd.Series:
    """Count n events on each of some days, numbered from the first of January 2024."""
    index = pd.DatetimeIndex([START + timedelta(days=day) for day in days])
    return pd.Series(n, index).reindex(pd.date_range(index[0], index[-1]), fill_value=0)


def test_claims_that_stop_are_found() -> None:
    """One claim a day for 60 days, burnt until day 80: 21 claims are missing, where the four weeks before had 28."""
    end = find_early_end({"claimed": count(*range(60)), "burnt": count(*range(81))})
    assert end == EarlyEnd("claimed", date(2024, 2, 29), date(2024, 3, 21), 21.0)
    assert end.n_days == 21


@pytest.mark.parametrize(
    ("claimed", "burnt"),
    [
        (count(*range(60)), count(*range(74))),  # 14 are missing, fewer than 15
        (count(*range(0, 60, 4), n=9), count(*range(65))),  # silent for 8 days, and 4 between claims are usual
        (count(*range(5), n=50), count(*range(40))),  # one campaign of 5 days, burnt for weeks
        (count(0, 40, 80, n=500), count(*range(125))),  # a campaign every 40 days
        (count(*range(60)), count(*range(5, 60))),  # both go on to the end
        (count(*range(60)), count(59)),  # burnings that have just begun
    ],
)
def test_what_just_pauses_or_is_a_campaign_is_no_finding(claimed: pd.Series, burnt: pd.Series) -> None:
    """Few missing ones, usual pauses and single campaigns are let be."""
    assert find_early_end({"claimed": claimed, "burnt": burnt}) is None


def test_one_kind_alone_has_no_other_to_end_before() -> None:
    """Of claims alone, or of nothing, there is nothing to say."""
    assert find_early_end({"claimed": count(*range(60))}) is None
    assert find_early_end({}) is None


def check_events(claimed: int, burnt: int) -> dict[str, Finding]:
    """Check coupons up, of which one a day is claimed and one a day burnt, for some days each."""
    noon = datetime(2024, 1, 1, 12)
    rows = [
        {"customer_id": f"c{day % 5}", "event": event, "occurred_at": noon + timedelta(days=day)}
        for event, n_days in (("claimed", claimed), ("burnt", burnt))
        for day in range(n_days)
    ]
    data = Dataset(ibis.memtable({"none": [1]}), coupon_events=ibis.memtable(rows), has_orders=False)
    return {each.finding: each for each in check_up(data, None).findings}


def test_the_finding_names_both_ends_in_plain_words() -> None:
    """The 21 burnings after the last claim are counted, of five customers."""
    found = check_events(60, 81)["coupons_that_end"]
    assert (found.rows, found.customers, found.amount) == (21, 5, Decimal(0))
    assert found.example == (
        "the last coupon is claimed on 2024-02-29, and then none for 21 days, while coupons are burnt until "
        "2024-03-21; by the four weeks before, about 21 would have come"
    )
    assert check_events(81, 81) == {}


def check_people(*rows: tuple[float | None, float | None, float | None]) -> Finding | None:
    """Check customers up, of whom orders, average order value and spend are known."""
    table: dict[str, Any] = {
        "customer_id": [f"c{number}" for number in range(len(rows))],
        "source": ["a.csv"] * len(rows),
        "source_row": list(range(2, len(rows) + 2)),
    }
    table |= {name: [row[place] for row in rows] for place, name in enumerate(PARTS)}
    people = ibis.memtable(table, schema=dict.fromkeys(("customer_id", "source"), "string") | NUMBERS)
    found = check_up(Dataset(people, customers=people, has_orders=False), None).findings
    return next((each for each in found if each.finding == "contradicting_spend"), None)


PARTS = ("frequency", "average_order_value", "monetary")
NUMBERS = {"source_row": "int64", **dict.fromkeys(PARTS, "float64")}
SOUND = (3.0, 20.0, 60.0)


def test_spend_that_contradicts_orders_and_their_value_is_found() -> None:
    """20 of 30 rows: 10 × 20 against 50 or 0 in 19 of them, no order against 100 in one; 60 against 40 is none."""
    found = check_people(*[(10, 20, 50)] * 18, (10, 20, 0), (0, 10, 100), *[SOUND] * 8, (3, 20, 40), (2, 20, 60))
    assert found is not None
    assert (found.rows, found.customers, found.amount) == (20, 20, Decimal(18 * 50 + 100))
    assert "over 1.5 times the spend in 19 of 30 rows, and the spend over 1.5 times that in 1;" in found.example
    assert "a.csv row 20: customer c18, 10 × 20.00 = 200.00, spend 0.00; " in found.example


@pytest.mark.parametrize(
    "rows",
    [
        [(10, 20, 50)] * 19,
        [(10, 20, 50)] * 20 + [SOUND] * 181,
        [(10, 20, None)] * 30,
        [(None, 20, 50)] * 30,
        [(0, 0, 0)] * 30,
        [(3, 20, 45)] * 30,
    ],
    ids=["few", "under a tenth", "no spend", "no orders", "nothing", "a quarter sent back"],
)
def test_a_few_rows_or_returns_are_no_contradiction(rows: list[tuple[float | None, ...]]) -> None:
    """Under 20 rows or a tenth, rows without one of the three, and differences that returns explain."""
    assert check_people(*rows) is None  # type: ignore[arg-type]


def test_customers_without_the_three_figures_are_not_asked() -> None:
    """A file without an average order value says nothing that could contradict."""
    people = ibis.memtable({"customer_id": ["a"], "frequency": [3.0], "monetary": [9.0]})
    assert check_up(Dataset(people, customers=people, has_orders=False), None).findings == ()
