"""Describing: the customers of a date, in parts where there are many lines, and of a date before it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from customerbase.config import Config
from customerbase.engine import fetch
from customerbase.errors import DataError
from customerbase.features.customers import customer_features
from customerbase.features.targets import first_date_with_target, value_target
from customerbase.schema import Dataset

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

__all__ = ["ROWS_PER_BUCKET", "TARGET_MODELS", "Past", "describe_customers", "describe_known_past", "describe_past"]

ROWS_PER_BUCKET = 12_500_000
"""Lines folded at a time: beyond that, buckets of customers one by one take less time and memory than one query."""

TARGET_MODELS = ("value_tree",)
"""The models that learn from what customers bought next."""


@dataclass(frozen=True)
class Past:
    """Customers of an earlier date, and what they bought in the days up to the date that is segmented."""

    features: ir.Table
    target: ir.Table

    def tables(self) -> Mapping[str, ir.Table]:
        """Give them as `segment` takes them."""
        return {"earlier": self.features, "target": self.target}


def describe_customers(data: Dataset, as_of: date | None, connection: "Backend", n_rows: int) -> ir.Table:
    """Describe the customers of a date; of very many lines, one bucket of customers after the other.

    Parameters
    ----------
    data
        Clean tables; those of a server are never taken in parts.
    as_of
        The date.
    connection
        Where the table goes, if it is made in parts.
    n_rows
        How many rows `data` has.

    Examples
    --------
    See `customerbase.features.customers.customer_features`.
    """
    n_buckets = -(-n_rows // ROWS_PER_BUCKET)
    if n_buckets <= 1 or data.is_in_place:
        return customer_features(data, as_of)
    parts = (customer_features(_take_bucket(data, number, n_buckets), as_of) for number in range(n_buckets))
    name = ibis.util.gen_name("features")
    connection.create_table(name, next(parts), temp=True)
    for part in parts:
        connection.insert(name, part)
    return connection.table(name)


def describe_past(data: Dataset, as_of: date | None, horizon_days: int, connection: "Backend", n_rows: int) -> Past:
    """Describe the customers of a date a horizon earlier, and what they bought from there up to `as_of`.

    Parameters
    ----------
    data, connection, n_rows
        As in `describe_customers`.
    as_of
        The date that is segmented; nothing on or after it is looked at.
    horizon_days
        How many days earlier.

    Raises
    ------
    DataError
        There are no orders, or none before the earlier date.

    Examples
    --------
    >>> from customerbase.engine import connect
    >>> lines = ibis.memtable({"ordered_at": [date(2024, 3, 1)], "is_return": [False]})
    >>> describe_past(Dataset(lines.cast({"ordered_at": "timestamp"})), date(2024, 3, 31), 90, connect(), n_rows=1)
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: Nobody is known at 2024-01-01, 90 days before 2024-03-31: the first purchase is of
    2024-03-01. Choose a date of at least 2024-05-31, or fewer days.
    """
    first = first_date_with_target(data)
    if as_of is None:
        raise DataError("The customers have no date, so nothing is known of before. Choose one with --as-of.")
    day = as_of - timedelta(days=horizon_days)
    if day < first:
        raise DataError(
            f"Nobody is known at {day}, {horizon_days} days before {as_of}: the first purchase is of "
            f"{first - timedelta(days=1)}. Choose a date of at least {first + timedelta(days=horizon_days)}, or fewer "
            "days."
        )
    features = describe_customers(data, day, connection, n_rows)
    return Past(fetch(features), fetch(value_target(data, day, horizon_days)))


def describe_known_past(
    data: Dataset, described: ir.Table, config: Config, connection: "Backend", n_rows: int
) -> Past | None:
    """Give the past that the model of the options learns from; None for one that does not.

    Parameters
    ----------
    data, connection, n_rows
        As in `describe_customers`.
    described
        The features of the date that is segmented.
    config
        Options: the model and its horizon.

    Examples
    --------
    >>> from customerbase.engine import connect
    >>> table = ibis.memtable({"as_of": [date(2024, 3, 31)]})
    >>> describe_known_past(Dataset(table), table, Config(model="rfm"), connect(), 1) is None
    True
    """
    if config.model not in TARGET_MODELS:
        return None
    as_of: date | None = described.as_of.max().to_pyarrow().as_py()
    return describe_past(data, as_of, config.horizon_days, connection, n_rows)


def _take_bucket(data: Dataset, number: int, n_buckets: int) -> Dataset:
    """Take the customers of one bucket from every table."""

    def take(table: ir.Table) -> ir.Table:
        bucket = (table.customer_id.hash() % n_buckets + n_buckets) % n_buckets  # a hash may be negative
        return table.filter(bucket == number)

    customers, events = data.customers, data.coupon_events
    return replace(
        data,
        order_lines=take(data.order_lines) if data.has_orders else data.order_lines,
        customers=None if customers is None else take(customers),
        coupon_events=None if events is None else take(events),
    )
