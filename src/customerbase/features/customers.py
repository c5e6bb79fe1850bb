"""The feature table: one row per customer at a date."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from customerbase.errors import DataError, UsageError
from customerbase.features import coupons, demographics, engagement, orders, products
from customerbase.schema import CUSTOMERS, Dataset

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BASES",
    "COUPON_FEATURES",
    "CUSTOMER_FEATURES",
    "FEATURES",
    "base_of",
    "customer_features",
    "default_as_of",
    "is_in_base",
    "matrix",
    "parse_date",
]

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
"""Of orders: name of a column → the function that makes it of a customer's folded row."""

COUPON_FEATURES: dict[str, Callable[[ir.Table], ir.Value]] = {
    "coupon_recency_days": coupons.coupon_recency_days,
    "n_claimed": coupons.n_claimed,
    "n_burnt": coupons.n_burnt,
    "burn_rate": coupons.burn_rate,
    "mean_days_to_burn": coupons.mean_days_to_burn,
    "n_claim_days": coupons.n_claim_days,
    "n_merchants": coupons.n_merchants,
    "favourite_merchant": coupons.favourite_merchant,
}
"""Of coupon events, likewise."""

CUSTOMER_FEATURES: dict[str, Callable[[ir.Table], ir.Value]] = {
    "n_sessions": engagement.n_sessions,
    "average_session_minutes": engagement.average_session_minutes,
    "n_pages": engagement.n_pages,
    "n_clicks": engagement.n_clicks,
    "n_wishlist_adds": engagement.n_wishlist_adds,
    "engagement_score": engagement.engagement_score,
    "campaign_response_rate": engagement.campaign_response_rate,
    "cart_abandonment_rate": engagement.cart_abandonment_rate,
    "gender": demographics.gender,
    "age": demographics.age,
    "city": demographics.city,
    "country": demographics.country,
}
"""Of a file of one row per customer: name of a column → the function that makes it of that row.

A country is that of the orders where they have one."""

_COUNTS = (
    "n_purchases",
    "n_return_orders",
    "n_weekend",
    "n_later_days",
    "n_last_90",
    "gross",
    "returned",
    "gross_last_90",
    "gross_previous_90",
)
"""What is 0, and not missing, of a customer with coupons and without a line."""


def customer_features(dataset: Dataset, as_of: date | str | None = None) -> ir.Table:
    """Describe each customer by what was known at the start of a day; lazy, one query.

    Parameters
    ----------
    dataset
        Clean tables: order lines, coupon events, customers, or several of them.
    as_of
        The day (a date, or its ISO form), exclusive: a line or an event of that day changes nothing. Default: see
        `default_as_of`. Files of one row per customer have no dates: their figures are taken as they stand.

    Returns
    -------
    Table
        `customer_id`, `as_of` and the columns of what the data set has: `FEATURES` of orders, `COUPON_FEATURES` of
        coupon events, `CUSTOMER_FEATURES` and all further numeric columns of customers. What is counted from orders
        goes before a measure of the same name in the file. There is one row for each customer with a line or an event
        before `as_of`, and so none where neither is; without orders and events, one for each customer of the file.
        Those without a purchase have frequency 0, and their recency is missing.

    Raises
    ------
    DataError
        There is no `as_of`, and no line or event to take it from.

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
    day = default_as_of(dataset) if as_of is None else parse_date(as_of)
    counted = _count(dataset, day) if day else None
    described = _describe_file(dataset.customers) if dataset.customers is not None else None
    made = _join(counted, described)
    as_of_column = ibis.null("date") if day is None else ibis.literal(day)
    return made.select("customer_id", as_of=as_of_column, **{name: made[name] for name in made.columns[1:]})


def _count(dataset: Dataset, day: date) -> ir.Table | None:
    """Make the features of orders and coupon events; None where the data set has neither."""
    registry: dict[str, Callable[[ir.Table], ir.Value]] = {}
    customer = None
    if dataset.has_orders:
        customer = _fold_lines(_known(dataset.order_lines, "ordered_at", day), day)
        registry |= FEATURES
    if dataset.coupon_events is not None:
        folded = coupons.fold_coupons(_known(dataset.coupon_events, "occurred_at", day), day)
        customer = folded if customer is None else _join_coupons(customer, folded)
        registry |= COUPON_FEATURES
    if customer is None:
        return None
    made: dict[str, Any] = {name: feature(customer) for name, feature in registry.items()}
    return customer.select("customer_id", **made)


def _known(table: ir.Table, time: str, day: date) -> ir.Table:
    return table.filter((table[time] < ibis.literal(day).cast("timestamp")) & table.customer_id.notnull())


def _fold_lines(known: ir.Table, day: date) -> ir.Table:
    folded = orders.fold_customers(orders.fold_orders(known), day)
    return folded.left_join(products.fold_products(known), "customer_id").drop("customer_id_right")


def _join_coupons(customer: ir.Table, folded: ir.Table) -> ir.Table:
    """Join customers with a line and customers with an event; those who never bought have counts of 0."""
    joined = customer.outer_join(folded, "customer_id")
    counts = {name: joined[name].fill_null(0).cast(customer[name].type()) for name in _COUNTS}
    both = joined.mutate(customer_id=joined.customer_id.coalesce(joined.customer_id_right), **counts)
    return both.drop("customer_id_right")


def _describe_file(customers: ir.Table) -> ir.Table:
    """Make the features of a file of one row per customer, and hand on its further numeric columns."""
    known = customers.filter(customers.customer_id.notnull())
    contract = {column.name for column in CUSTOMERS}
    numbers: dict[str, Any] = {name: known[name] for name in _numeric(known) if name not in contract}
    made = {name: feature(known) for name, feature in CUSTOMER_FEATURES.items() if _has_parts(known, name)}
    return known.select("customer_id", **(numbers | made))


def _has_parts(customers: ir.Table, feature: str) -> bool:
    parts = engagement.ENGAGEMENT_PARTS if feature == "engagement_score" else (feature,)
    return set(parts) <= set(customers.columns)


def _join(counted: ir.Table | None, described: ir.Table | None) -> ir.Table:
    """Add what a file says of the customers who were counted; where both know a column, what was counted stands."""
    if counted is None or described is None:
        if (only := described if counted is None else counted) is None:
            raise DataError("The data set has no orders, coupon events or customers. Read a file that has some.")
        return only
    shared = {name for name in described.columns[1:] if name in counted.columns}
    countries = {"country"} & shared  # an export of orders may have the column and no country in it
    joined = counted.left_join(described.drop(*shared - countries), "customer_id").drop("customer_id_right")
    if not countries:
        return joined
    return joined.mutate(country=joined.country.coalesce(joined.country_right)).drop("country_right")


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


def default_as_of(dataset: Dataset) -> date | None:
    """Give the day after the last order that is not dated in the future, else after the last coupon event, else None.

    Raises
    ------
    DataError
        The data set is one of orders or of coupon events, and has none.

    Examples
    --------
    >>> times = [datetime(2011, 12, 9, 12, 50), datetime(2091, 1, 1)]
    >>> default_as_of(Dataset(ibis.memtable({"ordered_at": times, "is_future": [False, True]})))
    datetime.date(2011, 12, 10)
    """
    if dataset.has_orders:
        lines = dataset.order_lines
        return _day_after(lines.ordered_at.max(where=~lines.is_future), "order line")
    if dataset.coupon_events is not None:
        return _day_after(dataset.coupon_events.occurred_at.max(), "coupon event")
    return None


def _day_after(last: ir.Scalar, what: str) -> date:
    time: datetime | None = last.to_pyarrow().as_py()
    if time is None:
        raise DataError(
            f"No {what} is left after cleaning, so there is no customer to describe. "
            "Look at the audit: 'customerbase show audit'."
        )
    return time.date() + timedelta(days=1)


BASES = ("orders", "coupons", "customers")
"""What feature tables are made of, and so who stands in the base: see `is_in_base`."""


def base_of(features: ir.Table) -> str:
    """Tell by its columns what a feature table is made of: one of `BASES`.

    Examples
    --------
    >>> base_of(ibis.memtable({"customer_id": ["a"], "coupon_recency_days": [3], "n_claimed": [2]}))
    'coupons'
    """
    if {"frequency", "gross_revenue"} <= set(features.columns):
        return "orders"
    return "coupons" if {"n_claimed", "coupon_recency_days"} <= set(features.columns) else "customers"


def is_in_base(features: ir.Table) -> ir.BooleanValue:
    """Tell which customers a segmentation is about.

    With orders these are the customers with a purchase; with coupons alone those who claimed one; of a file of one row
    per customer those with a frequency or a monetary value above 0, since such files know some who spent without an
    order, and where the file has neither column, all of them.

    Examples
    --------
    >>> features = ibis.memtable({"customer_id": ["a", "b", "c"], "frequency": [2, 0, 0], "monetary": [9, 5, 0]})
    >>> is_in_base(features).to_list()
    [True, True, False]
    """
    base = base_of(features)
    if base == "orders":
        return features.frequency > 0
    if base == "coupons":
        return features.n_claimed > 0
    shown = [(features[name] > 0).fill_null(False) for name in ("frequency", "monetary") if name in features]
    return ibis.or_(*shown) if shown else features.customer_id.notnull()


def matrix(features: ir.Table, columns: Sequence[str] | None = None, categories: Sequence[str] = ()) -> "pd.DataFrame":
    """Give the customers of the base as a frame of floats, sorted by customer: the input of a model.

    Parameters
    ----------
    features
        Table as `customer_features` gives it.
    columns
        Names of numeric features; without them, all numeric ones.
    categories
        Names of further features that stay as they are, such as gender.

    Returns
    -------
    DataFrame
        One row per customer of `is_in_base`, indexed by `customer_id`; missing values are NaN.

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
    numeric = _numeric(features)
    for name in columns or ():
        if name not in numeric:
            raise UsageError(f"There is no numeric feature {name!r}. They are {', '.join(numeric)}.")
    for name in categories:
        if name not in features.columns:
            raise UsageError(f"There is no feature {name!r}. They are {', '.join(features.columns[2:])}.")
    chosen = numeric if columns is None else list(columns)
    rows = features.filter(is_in_base(features)).order_by("customer_id")
    floats = {name: rows[name].cast("float64") for name in chosen}
    frame: pd.DataFrame = rows.select("customer_id", **floats, **{name: rows[name] for name in categories}).to_pandas()
    return frame.set_index("customer_id")


def _numeric(table: ir.Table) -> list[str]:
    return [name for name, type_ in table.schema().items() if type_.is_numeric() or type_.is_boolean()]
