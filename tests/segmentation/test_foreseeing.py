"""Foreseeing: known truth is recovered, noise is not, and nothing of the future gets in."""

from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest

from customerbase.errors import DataError
from customerbase.schema import MONEY
from customerbase.segmentation.foreseeing import foresee_segments
from customerbase.segmentation.rfm import RFM

START = datetime(2020, 1, 1, 12)
ALIVE = RFM(n_bins=2, scheme=None, edges={"recency_days": [90.0], "frequency": [1e9], "monetary": [1e9]})
"""Two segments: those who have ordered in the last 90 days of their first year, and the others."""


def make_lines(*, is_told: bool, seed: int = 0) -> pd.DataFrame:
    """Make orders of 600 customers who come evenly over 900 days; half of them stay, the others order once or twice.

    Where it is told, those who stay order a second time within 30 days, and nobody else does.
    """
    random = np.random.default_rng(seed)
    rows = []
    for number in range(600):
        first = START + timedelta(days=number * 1.5)
        stays = number % 2 == 0
        second = 10 if (stays if is_told else random.random() < 0.5) else 120
        days = [0, second, *((300, 350, 420) if stays else ())]
        rows += [(f"c{number:03}", first + timedelta(days=int(day)), float(random.integers(5, 50))) for day in days]
    # The last day of the shop, so that all but the last 365 days of newcomers can be followed.
    rows.append(("c000", START + timedelta(days=1_300), 5.0))
    return pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])


def as_lines(frame: pd.DataFrame) -> Any:
    """Give clean order lines of one product each."""
    full = frame.reset_index(drop=True).assign(
        source="a.csv", order_id=[f"o{number}" for number in range(len(frame))], product_id="mug", product_name="mug",
        category="kitchen", country="DE", quantity=1.0, unit_price=frame.amount.to_numpy(), discount=0.0,
        is_return=False, is_product=True, is_repeated_line=False, is_future=False,
    )  # fmt: skip
    full["source_row"] = range(2, len(frame) + 2)
    for name in ("currency", "channel", "coupon_code"):
        full[name] = pd.array([None] * len(frame), dtype="string")
    money = dict.fromkeys(("amount", "quantity", "unit_price", "discount"), MONEY)
    return ibis.memtable(full).cast({**money, "ordered_at": "timestamp(6)"})


def figures(lines: Any) -> dict[tuple[int, str], dict[str, Any]]:
    """Foresee, and give the rows by first days and method."""
    rows = foresee_segments(lines, ALIVE).table.to_pyarrow().to_pylist()
    return {(row["first_days"], row["method"]): row for row in rows}


TOLD = make_lines(is_told=True)


@pytest.fixture(scope="module")
def told() -> dict[tuple[int, str], dict[str, Any]]:
    """What is foreseen where the first days tell it."""
    return figures(as_lines(TOLD))


def test_what_the_first_days_tell_is_foreseen(told: dict[tuple[int, str], dict[str, Any]]) -> None:
    """Who orders again within 30 days stays: both models know it, the most common segment does not."""
    found = told
    for method in ("random forest", "logistic regression"):
        assert found[30, method]["accuracy"] == 1.0
        assert found[30, method]["macro_f1"] == 1.0
    assert 0.4 < found[30, "most common segment"]["accuracy"] < 0.6
    assert found[30, "most common segment"]["balanced_accuracy"] == 0.5


def test_what_the_first_days_do_not_tell_is_not_foreseen() -> None:
    """In a shop where the second order says nothing no method is far from a coin."""
    found = figures(as_lines(make_lines(is_told=False)))
    assert all(0.35 < row["balanced_accuracy"] < 0.65 for row in found.values())


def test_test_customers_come_later_and_are_counted() -> None:
    """First orders within 90 days of the first of all, or without a whole year after them, are in neither part."""
    foresight = foresee_segments(as_lines(TOLD), ALIVE)
    rows = foresight.table.to_pyarrow().to_pylist()
    first_days = pd.Series([START + timedelta(days=number * 1.5) for number in range(600)]).dt.normalize()
    last = pd.Timestamp(START).normalize() + timedelta(days=1_301 - 365)
    chosen = first_days[(first_days >= pd.Timestamp(START).normalize() + timedelta(days=90)) & (first_days <= last)]
    n_test = int((chosen >= pd.Timestamp(foresight.split_at)).sum())
    assert {(row["n_train"], row["n_test"]) for row in rows} == {(len(chosen) - n_test, n_test)}
    assert n_test == pytest.approx(0.3 * len(chosen), abs=2)


def test_orders_after_the_year_change_nothing(told: dict[tuple[int, str], dict[str, Any]]) -> None:
    """What a customer orders more than a year after the first order is not looked at."""
    later = TOLD.groupby("customer_id", as_index=False).ordered_at.min().iloc[1:500]
    later = later.assign(ordered_at=later.ordered_at + timedelta(days=366), amount=9_999.0)
    later = later[later.ordered_at < START + timedelta(days=1_300)]
    assert figures(as_lines(pd.concat([TOLD, later]))) == told


def test_the_order_of_lines_changes_nothing(told: dict[tuple[int, str], dict[str, Any]]) -> None:
    """Shuffled lines give the same figures."""
    assert figures(as_lines(TOLD.sample(frac=1, random_state=1))) == told


def test_too_short_a_time_and_too_few_customers_are_refused() -> None:
    """One line says how much is needed."""
    with pytest.raises(DataError, match="must span more than 455: 90 to tell new customers, and 365 to follow them"):
        foresee_segments(as_lines(TOLD[TOLD.ordered_at < START + timedelta(days=400)]), ALIVE)
    few = TOLD[TOLD.customer_id.isin([f"c{number:03}" for number in range(0, 600, 20)])]
    with pytest.raises(DataError, match=r"Only \d+ new customers can be followed for a year"):
        foresee_segments(as_lines(few), ALIVE)
    with pytest.raises(DataError, match="There is no order to foresee anything from"):
        foresee_segments(as_lines(TOLD).limit(0), ALIVE)
