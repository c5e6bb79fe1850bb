"""What customers bought next: what a segmentation of an earlier date is learnt from, or held against."""

from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from customerbase.errors import DataError, UsageError
from customerbase.features.customers import default_as_of, parse_date
from customerbase.schema import MONEY, Dataset

__all__ = ["HORIZON_DAYS", "first_date_with_target", "last_date_with_target", "value_target"]

HORIZON_DAYS = 90
"""How far ahead is looked, when nobody says how far."""


def value_target(dataset: Dataset, as_of: date | str, horizon_days: int = HORIZON_DAYS) -> ir.Table:
    """Tell what the customers known at a date bought in the days from it on; lazy, one query.

    Parameters
    ----------
    dataset
        Clean tables with order lines.
    as_of
        The date (or its ISO form): customers with a purchase before it are known, and its own day is the first that
        counts as the future.
    horizon_days
        How many days to look ahead, at least 1.

    Returns
    -------
    Table
        One row per customer with a purchase before `as_of`: `customer_id`, `as_of`, `until` (the day after the last
        that counts), `future_revenue` (amount of the purchase lines, in money; returns are not taken off),
        `n_future_orders` (orders with a purchase line in those days) and `has_future_order`. Those who bought nothing
        have 0, 0 and False.

    Raises
    ------
    DataError
        The data set has no orders, or they end before the horizon does.
    UsageError
        `horizon_days` is no int of at least 1, or `as_of` no date.

    Examples
    --------
    >>> from customerbase.cleaning import clean
    >>> cells = {"source": ["a"] * 3, "source_row": [2, 3, 4], "order_id": ["1", "2", "3"],
    ...          "customer_id": ["ann", "bob", "ann"], "ordered_at": ["2024-05-01", "2024-05-02", "2024-05-11"],
    ...          "amount": [5, 7, 8]}
    >>> data = clean(Dataset(ibis.memtable(cells).cast({"ordered_at": "timestamp"}))).data
    >>> target = value_target(data, "2024-05-03", horizon_days=9).order_by("customer_id")
    >>> target.select("customer_id", "n_future_orders", "has_future_order").to_pyarrow().to_pylist()
    [{'customer_id': 'ann', 'n_future_orders': 1, 'has_future_order': True},
     {'customer_id': 'bob', 'n_future_orders': 0, 'has_future_order': False}]
    >>> value_target(data, "2024-05-03", horizon_days=10)
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: The 10 days from 2024-05-03 on reach to 2024-05-12, and the orders end on 2024-05-11.
    Choose a date of at most 2024-05-02, or fewer days.
    """
    day = parse_date(as_of)
    until = day + timedelta(days=_checked_days(horizon_days))
    _refuse_the_unknown(dataset, day, until)
    start, end = (ibis.literal(each).cast("timestamp") for each in (day, until))
    lines = dataset.order_lines
    purchases = lines.filter(~lines.is_return & lines.customer_id.notnull() & (lines.ordered_at < end))
    is_next = purchases.ordered_at >= start
    orders = purchases.group_by("customer_id", "order_id").agg(
        is_known=(~is_next).any(), is_next=is_next.any(), amount=purchases.amount.sum(where=is_next)
    )
    customers = orders.group_by("customer_id").agg(
        is_known=orders.is_known.any(), amount=orders.amount.sum(), n_orders=orders.count(where=orders.is_next)
    )
    return customers.filter(customers.is_known).select(
        "customer_id",
        as_of=ibis.literal(day),
        until=ibis.literal(until),
        future_revenue=customers.amount.fill_null(0).cast(MONEY),
        n_future_orders=customers.n_orders,
        has_future_order=customers.n_orders > 0,
    )


def last_date_with_target(dataset: Dataset, horizon_days: int = HORIZON_DAYS) -> date:
    """Give the last date whose next days the data still cover.

    Parameters
    ----------
    dataset
        Clean tables with order lines.
    horizon_days
        How many days to look ahead, at least 1.

    Raises
    ------
    DataError
        The data set has no orders.

    Examples
    --------
    >>> times = ibis.memtable({"ordered_at": [date(2011, 12, 9)], "is_future": [False]})
    >>> last_date_with_target(Dataset(times.cast({"ordered_at": "timestamp"})))
    datetime.date(2011, 9, 11)
    """
    return _end_of_orders(dataset) - timedelta(days=_checked_days(horizon_days))


def first_date_with_target(dataset: Dataset) -> date:
    """Give the first date at which somebody is known: the day after the first purchase.

    Raises
    ------
    DataError
        The data set has no purchase.

    Examples
    --------
    >>> times = ibis.memtable({"ordered_at": [date(2011, 12, 9)], "is_return": [False]})
    >>> first_date_with_target(Dataset(times.cast({"ordered_at": "timestamp"})))
    datetime.date(2011, 12, 10)
    """
    lines = dataset.order_lines
    first = lines.ordered_at.min(where=~lines.is_return).to_pyarrow().as_py() if dataset.has_orders else None
    if first is None:
        raise DataError(NO_ORDERS)
    known: date = first.date() + timedelta(days=1)
    return known


NO_ORDERS = "What customers buy next needs orders, and this data set has none. Read an export of orders."


def _end_of_orders(dataset: Dataset) -> date:
    """Give the day after the last order."""
    end = default_as_of(dataset) if dataset.has_orders else None
    if end is None:
        raise DataError(NO_ORDERS)
    return end


def _refuse_the_unknown(dataset: Dataset, day: date, until: date) -> None:
    end = _end_of_orders(dataset)
    if until > end:
        n_days = (until - day).days
        days = "1 day" if n_days == 1 else f"{n_days} days"
        raise DataError(
            f"The {days} from {day} on reach to {until - timedelta(days=1)}, and the orders end on "
            f"{end - timedelta(days=1)}. Choose a date of at most {end - timedelta(days=n_days)}, or fewer days."
        )


def _checked_days(horizon_days: int) -> int:
    if isinstance(horizon_days, bool) or not isinstance(horizon_days, int) or horizon_days < 1:
        raise UsageError(
            f"The 'horizon_days' parameter of value_target must be an int >= 1. Got {horizon_days!r} instead."
        )
    return horizon_days
