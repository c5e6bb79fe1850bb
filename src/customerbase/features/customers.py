"""The feature table: one row per customer at a date."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from customerbase.errors import DataError, UsageError
from customerbase.features import orders, products
from customerbase.schema import Dataset

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FEATURES", "customer_features", "default_as_of", "matrix", "parse_date"]

FEATURES: dict[str, Callable[[ir.Table], ir.Value]] = {
    "recency_days": orders.recency_days,
    "frequency": orders.frequency,
    "monetary": orders.monetary,
    "gross_revenue": orders.gross_revenue,
    "return_value": orders.return_value,
    "n_returns": orders.n_returns,
    "return_rate": orders.return_rate,
    "average_order_value": orders.average_order_value,
    "average_basket_units": orders.average_basket_units,
    "average_unit_price": orders.average_unit_price,
    "n_units": orders.n_units,
    "n_products": products.n_products,
    "n_categories": products.n_categories,
    "favourite_product": products.favourite_product,
    "favourite_category": products.favourite_category,
    "top_product_share": products.top_product_share,
    "tenure_days": orders.tenure_days,
    "age_days": orders.age_days,
    "n_repeat_purchase_days": orders.n_repeat_purchase_days,
    "mean_days_between_orders": orders.mean_days_between_orders,
    "sd_days_between_orders": orders.sd_days_between_orders,
    "overdue_ratio": orders.overdue_ratio,
    "n_orders_last_90_days": orders.n_orders_last_90_days,
    "revenue_last_90_days": orders.revenue_last_90_days,
    "revenue_previous_90_days": orders.revenue_previous_90_days,
    "revenue_trend": orders.revenue_trend,
    "first_order_value": orders.first_order_value,
    "is_one_time": orders.is_one_time,
    "weekend_share": orders.weekend_share,
    "discount_share": orders.discount_share,
    "country": orders.country,
}
"""Name of a column → the function that makes it of a customer's folded row."""


def customer_features(dataset: Dataset, as_of: date | str | None = None) -> ir.Table:
    """Describe each customer by what was known at the start of a day; lazy, one query.

    Parameters
    ----------
    dataset
        Clean order lines.
    as_of
        The day (a date, or its ISO form), exclusive: a line of that day changes nothing. Default: the day after the
        last line that is not dated in the future.

    Returns
    -------
    Table
        `customer_id`, `as_of` and the columns of `FEATURES`: one row for each customer with a line before `as_of`, and
        so none where no line is. Those without a purchase have frequency 0, and their recency is missing.

    Raises
    ------
    DataError
        There is no `as_of`, and no line to take it from.

    Examples
    --------
    >>> from customerbase.cleaning import clean
    >>> cells = {"source": ["a", "a"], "source_row": [2, 3], "order_id": ["1", "2"], "customer_id": ["ann", "ann"],
    ...          "ordered_at": ["2024-05-01", "2024-05-11"], "amount": [5, 7]}
    >>> data = clean(Dataset(ibis.memtable(cells).cast({"ordered_at": "timestamp"}))).data
    >>> features = customer_features(data, as_of="2024-05-14")
    >>> features.select("recency_days", "frequency", "mean_days_between_orders").to_pyarrow().to_pylist()
    [{'recency_days': 3, 'frequency': 2, 'mean_days_between_orders': 10.0}]
    """
    lines = dataset.order_lines
    day = default_as_of(lines) if as_of is None else parse_date(as_of)
    known = lines.filter((lines.ordered_at < ibis.literal(day).cast("timestamp")) & lines.customer_id.notnull())
    folded = orders.fold_customers(orders.fold_orders(known), day)
    customer = folded.left_join(products.fold_products(known), "customer_id").drop("customer_id_right")
    made: dict[str, Any] = {name: feature(customer) for name, feature in FEATURES.items()}
    return customer.select("customer_id", as_of=ibis.literal(day), **made)


def parse_date(day: date | str) -> date:
    """Give a date from its ISO form; of a time, its day.

    Raises
    ------
    UsageError
        The text is no date in this form.

    Examples
    --------
    >>> parse_date("2011-12-10")
    datetime.date(2011, 12, 10)
    >>> parse_date("10.12.2011")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The date must be written as YYYY-MM-DD. Got '10.12.2011' instead.
    """
    if isinstance(day, datetime):
        return day.date()
    if isinstance(day, date):
        return day
    try:
        return date.fromisoformat(day)
    except ValueError as error:
        raise UsageError(f"The date must be written as YYYY-MM-DD. Got {day!r} instead.") from error


def default_as_of(lines: ir.Table) -> date:
    """Give the day after the last line that is not dated in the future.

    Raises
    ------
    DataError
        There is no such line.

    Examples
    --------
    >>> times = [datetime(2011, 12, 9, 12, 50), datetime(2091, 1, 1)]
    >>> default_as_of(ibis.memtable({"ordered_at": times, "is_future": [False, True]}))
    datetime.date(2011, 12, 10)
    """
    last: datetime | None = lines.ordered_at.max(where=~lines.is_future).to_pyarrow().as_py()
    if last is None:
        raise DataError(
            "No order line is left after cleaning, so there is no customer to describe. "
            "Look at the audit: 'customerbase show audit'."
        )
    return last.date() + timedelta(days=1)


def matrix(features: ir.Table, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Give the customers with a purchase as a frame of floats, sorted by customer: the input of a model.

    Parameters
    ----------
    features
        Table as `customer_features` gives it.
    columns
        Names of numeric features; without them, all numeric ones.

    Returns
    -------
    DataFrame
        One row per customer, indexed by `customer_id`; missing values are NaN.

    Raises
    ------
    UsageError
        A column that is not there, or is not numeric.

    Examples
    --------
    >>> table = ibis.memtable({"customer_id": ["b", "a", "c"], "frequency": [1, 2, 0], "country": ["DE", "DE", "DE"]})
    >>> matrix(table).frequency.to_dict()
    {'a': 2.0, 'b': 1.0}
    """
    types = features.schema()
    numeric = [name for name, type_ in types.items() if type_.is_numeric() or type_.is_boolean()]
    for name in columns or ():
        if name not in numeric:
            raise UsageError(f"There is no numeric feature {name!r}. They are {', '.join(numeric)}.")
    chosen = list(columns or numeric)
    rows = features.filter(features.frequency > 0).order_by("customer_id")
    floats = {name: rows[name].cast("float64") for name in chosen}
    frame: pd.DataFrame = rows.select("customer_id", **floats).to_pandas()
    return frame.set_index("customer_id")
