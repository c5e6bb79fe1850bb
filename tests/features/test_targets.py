"""What customers bought next: by hand, again in pandas, and never beyond the data."""

from datetime import date, timedelta
from decimal import Decimal

import ibis
import pandas as pd
import pytest

from customerbase.cleaning import clean
from customerbase.errors import DataError, UsageError
from customerbase.features.customers import default_as_of
from customerbase.features.targets import first_date_with_target, last_date_with_target, value_target
from customerbase.ingest.reading import read
from customerbase.schema import Dataset
from customerbase.synthetic import Shop


def rows_of(dataset: Dataset, as_of: str, horizon_days: int) -> list[tuple[object, ...]]:
    """Give customer, revenue, orders and whether there were any."""
    table = value_target(dataset, as_of, horizon_days).order_by("customer_id").to_pyarrow()
    names = ("customer_id", "future_revenue", "n_future_orders", "has_future_order")
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


def test_the_tiny_shop_by_hand(tiny_clean: Dataset) -> None:
    """At 7 January ann and bob have bought; until 31 January ann buys for 20 and 10, bob not at a price.

    Cem only sent something back; the first day counts and the last does not.
    """
    rows = [("ann", Decimal(30), 2, True), ("bob", Decimal(0), 0, False)]
    assert rows_of(tiny_clean, "2024-01-07", 25) == rows
    assert rows_of(tiny_clean, "2024-01-11", 20) == [("ann", Decimal(20), 1, True), rows[1]]
    assert rows_of(tiny_clean, "2024-01-12", 10) == [("ann", Decimal(0), 0, False), rows[1]]


def test_dates_of_the_target(tiny_clean: Dataset) -> None:
    """Its date, and the day after the last that counts."""
    row = value_target(tiny_clean, date(2024, 1, 7), 25).select("as_of", "until").distinct().to_pyarrow().to_pylist()
    assert row == [{"as_of": date(2024, 1, 7), "until": date(2024, 2, 1)}]


def test_the_same_again_in_pandas(made_shop: Shop) -> None:
    """Of a generated shop, customer by customer."""
    data = Dataset(clean(read(str(made_shop.order_lines_csv))).data.order_lines.cache())
    day = last_date_with_target(data, 60)
    target = value_target(data, day, 60).to_pandas().set_index("customer_id").sort_index()
    lines = data.order_lines.to_pandas()
    lines = lines[lines.customer_id.notna() & ~lines.is_return]
    known = sorted(lines[lines.ordered_at < pd.Timestamp(day)].customer_id.unique())
    later = lines[lines.ordered_at >= pd.Timestamp(day)]
    assert later.ordered_at.max() < pd.Timestamp(day + timedelta(days=60))
    spent = later.groupby("customer_id").agg(amount=("amount", "sum"), orders=("order_id", "nunique"))
    spent = spent.reindex(known, fill_value=0)
    assert list(target.index) == known
    assert target.future_revenue.tolist() == spent.amount.tolist()
    assert target.n_future_orders.tolist() == spent.orders.tolist()
    assert target.has_future_order.tolist() == (spent.orders > 0).tolist()
    assert 0 < target.has_future_order.mean() < 1


def test_a_horizon_beyond_the_data_is_refused(tiny_clean: Dataset) -> None:
    """The last order is of 5 February: 26 days from 11 January on end that day, 27 do not."""
    assert default_as_of(tiny_clean) == date(2024, 2, 6)
    assert len(rows_of(tiny_clean, "2024-01-11", 26)) == 2
    with pytest.raises(DataError, match=r"27 days from 2024-01-11 on reach to 2024-02-06, and the orders end on 2024-"):
        value_target(tiny_clean, "2024-01-11", 27)
    assert last_date_with_target(tiny_clean, 27) == date(2024, 1, 10)
    assert first_date_with_target(tiny_clean) == date(2024, 1, 2)


@pytest.mark.parametrize("days", [0, -3, 2.5, True])
def test_a_horizon_that_is_no_number_of_days_is_refused(tiny_clean: Dataset, days: int) -> None:
    """With the value that was given."""
    with pytest.raises(UsageError, match=rf"must be an int >= 1. Got {days!r} instead"):
        value_target(tiny_clean, "2024-01-11", days)


def test_data_without_orders_have_no_target() -> None:
    """One line says so."""
    empty = ibis.memtable({"customer_id": ["a"]})
    with pytest.raises(DataError, match="needs orders, and this data set has none"):
        value_target(Dataset(empty, has_orders=False), "2024-01-11")
