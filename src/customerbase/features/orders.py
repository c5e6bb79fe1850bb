"""Features of a customer's orders: how recently, how often, how much, how regularly.

`fold_orders` makes one row of each order and `fold_customers` one row of each customer; every feature is then a
function of that row. All sums are over integers and decimals, so that they depend neither on the order of rows nor on
the number of threads.
"""

from datetime import date

import ibis
import ibis.expr.types as ir

from customerbase.schema import MONEY

__all__ = [
    "age_days",
    "average_basket_units",
    "average_order_value",
    "average_unit_price",
    "country",
    "discount_share",
    "first_order_value",
    "fold_customers",
    "fold_orders",
    "frequency",
    "gross_revenue",
    "is_one_time",
    "mean_days_between_orders",
    "monetary",
    "n_orders_last_90_days",
    "n_repeat_purchase_days",
    "n_returns",
    "n_units",
    "overdue_ratio",
    "recency_days",
    "return_rate",
    "return_value",
    "revenue_last_90_days",
    "revenue_previous_90_days",
    "revenue_trend",
    "sd_days_between_orders",
    "tenure_days",
    "weekend_share",
]

_WINDOW_DAYS = 90
_SATURDAY = 5


def fold_orders(lines: ir.Table) -> ir.Table:
    """Fold order lines into one row per customer and order.

    Returns
    -------
    Table
        `customer_id`, `order_id`, `purchased_at` (time of the first purchase line; null for an order of returns alone),
        `gross`, `returned`, `units`, `discount`, `country` and `n_return_lines`.

    Examples
    --------
    >>> lines = ibis.memtable({"customer_id": ["ann", "ann"], "order_id": ["1", "1"], "ordered_at": ["2024-05-01"] * 2,
    ...                        "amount": [30, -10], "quantity": [3, -1], "discount": [0, 0], "country": ["DE", "DE"],
    ...                        "is_return": [False, True]})
    >>> fold_orders(lines).select("order_id", "gross", "returned", "n_return_lines").to_pyarrow().to_pylist()
    [{'order_id': '1', 'gross': 30, 'returned': -10, 'n_return_lines': 1}]
    """
    is_purchase = ~lines.is_return
    return lines.group_by("customer_id", "order_id").agg(
        purchased_at=lines.ordered_at.min(where=is_purchase),
        gross=lines.amount.sum(where=is_purchase),
        returned=lines.amount.sum(where=lines.is_return),
        units=lines.quantity.sum(where=is_purchase),
        discount=lines.discount.sum(where=is_purchase),
        country=lines.country.min(),
        n_return_lines=lines.count(where=lines.is_return),
    )


def fold_customers(orders: ir.Table, as_of: date) -> ir.Table:
    """Fold orders into one row per customer: the counts, sums and days of which the features are made.

    Examples
    --------
    >>> orders = ibis.memtable({"customer_id": ["ann", "ann"], "order_id": ["1", "2"],
    ...                         "purchased_at": [date(2024, 5, 1), date(2024, 5, 11)], "gross": [30, 50],
    ...                         "returned": [-10, 0], "units": [3, 5], "discount": [0, 0], "country": ["DE", "FR"],
    ...                         "n_return_lines": [1, 0]}).cast({"purchased_at": "timestamp"})
    >>> ann = fold_customers(orders, date(2024, 5, 14))
    >>> ann.select("n_purchases", "youngest_days", "oldest_days", "country_last").to_pyarrow().to_pylist()
    [{'n_purchases': 2, 'youngest_days': 3, 'oldest_days': 13, 'country_last': 'FR'}]
    """
    placed = _place_in_time(orders, as_of)
    is_purchase = placed.age.notnull()
    is_last_90 = placed.age <= _WINDOW_DAYS
    is_previous_90 = placed.age.between(_WINDOW_DAYS + 1, 2 * _WINDOW_DAYS)
    return placed.group_by("customer_id").agg(
        n_purchases=placed.count(where=is_purchase),
        n_return_orders=placed.count(where=placed.n_return_lines > 0),
        n_weekend=placed.count(where=placed.day.day_of_week.index() >= _SATURDAY),
        n_later_days=placed.count(where=placed.gap_days > 0),
        n_last_90=placed.count(where=is_last_90),
        youngest_days=placed.age.min(),
        oldest_days=placed.age.max(),
        squared_gaps=(placed.gap_days * placed.gap_days).sum(),
        gross=_money(placed.gross.sum()),
        returned=_money(placed.returned.sum()),
        gross_last_90=_money(placed.gross.sum(where=is_last_90)),
        gross_previous_90=_money(placed.gross.sum(where=is_previous_90)),
        gross_first=placed.gross.max(where=is_purchase & placed.gap_days.isnull()),
        units=placed.units.sum().cast(MONEY),
        discount=placed.discount.sum(),
        country_last=placed.country.max(where=is_purchase & placed.is_last),
        country_any=placed.country.max(),
    )


def _place_in_time(orders: ir.Table, as_of: date) -> ir.Table:
    """Add to each purchase its day, its age at `as_of` and the days since the customer's purchase before it."""
    dated = orders.mutate(day=orders.purchased_at.date())
    # Orders of returns alone have no time: they form a row of their own, apart from the customer's purchases.
    row = ibis.window(group_by=[dated.customer_id, dated.day.isnull()], order_by=[dated.purchased_at, dated.order_id])
    placed = dated.mutate(previous_day=dated.day.lag().over(row), is_last=dated.day.lead().over(row).isnull())
    return placed.mutate(
        gap_days=placed.day.delta(placed.previous_day, unit="day").cast("int64"),
        age=ibis.literal(as_of).delta(placed.day, unit="day").cast("int64"),
    )


def _money(amount: ir.DecimalValue) -> ir.DecimalValue:
    return amount.fill_null(0).cast(MONEY)


def _ratio(numerator: ir.NumericValue, denominator: ir.NumericValue) -> ir.FloatingValue:
    return numerator.cast("float64") / denominator.cast("float64").nullif(0)


def recency_days(customer: ir.Table) -> ir.Value:
    """Whole days from the last purchase to `as_of`; missing without a purchase."""
    return customer.youngest_days


def frequency(customer: ir.Table) -> ir.Value:
    """Count the purchase orders: orders with at least one line that is not a return."""
    return customer.n_purchases


def monetary(customer: ir.Table) -> ir.Value:
    """Net value: gross revenue less returns, in money; negative where more was returned than bought.

    Examples
    --------
    >>> monetary(ibis.memtable({"gross": [80], "returned": [-10]})).to_list()
    [Decimal('70.0000')]
    """
    return (customer.gross + customer.returned).cast(MONEY)


def gross_revenue(customer: ir.Table) -> ir.Value:
    """Amount of the purchase lines, in money."""
    return customer.gross


def return_value(customer: ir.Table) -> ir.Value:
    """Amount returned, in money, at least 0 (but for shops that charge for a return).

    Examples
    --------
    >>> return_value(ibis.memtable({"returned": [-10]})).to_list()
    [Decimal('10.0000')]
    """
    return (-customer.returned).cast(MONEY)


def n_returns(customer: ir.Table) -> ir.Value:
    """Count the orders or documents with at least one returned line."""
    return customer.n_return_orders


def return_rate(customer: ir.Table) -> ir.Value:
    """Return value over gross revenue; missing without revenue, above 1 where purchases before the export came back.

    Examples
    --------
    >>> return_rate(ibis.memtable({"gross": [80], "returned": [-10]})).to_list()
    [0.125]
    """
    return _ratio(return_value(customer), customer.gross)


def average_order_value(customer: ir.Table) -> ir.Value:
    """Gross revenue per purchase order, in money; missing without a purchase.

    Examples
    --------
    >>> average_order_value(ibis.memtable({"gross": [80], "n_purchases": [2]})).to_list()
    [40.0]
    """
    return _ratio(customer.gross, customer.n_purchases)


def average_basket_units(customer: ir.Table) -> ir.Value:
    """Units per purchase order; missing without a purchase.

    Examples
    --------
    >>> average_basket_units(ibis.memtable({"units": [9], "n_purchases": [2]})).to_list()
    [4.5]
    """
    return _ratio(customer.units, customer.n_purchases)


def average_unit_price(customer: ir.Table) -> ir.Value:
    """Gross revenue per unit, in money; missing where no unit is known.

    Examples
    --------
    >>> average_unit_price(ibis.memtable({"gross": [80], "units": [8]})).to_list()
    [10.0]
    """
    return _ratio(customer.gross, customer.units)


def n_units(customer: ir.Table) -> ir.Value:
    """Units bought, returns not taken off; missing where no quantity is known."""
    return ibis.ifelse(customer.n_purchases == 0, ibis.literal(0, MONEY), customer.units)


def tenure_days(customer: ir.Table) -> ir.Value:
    """Days from the first purchase to the last; 0 for a single one, missing without a purchase.

    Examples
    --------
    >>> tenure_days(ibis.memtable({"oldest_days": [13], "youngest_days": [3]})).to_list()
    [10]
    """
    return customer.oldest_days - customer.youngest_days


def age_days(customer: ir.Table) -> ir.Value:
    """Days from the first purchase to `as_of`; missing without a purchase."""
    return customer.oldest_days


def n_repeat_purchase_days(customer: ir.Table) -> ir.Value:
    """Count the days with a purchase after the first of them."""
    return customer.n_later_days


def mean_days_between_orders(customer: ir.Table) -> ir.Value:
    """Mean number of days from one purchase order to the next; missing below two orders.

    Examples
    --------
    >>> customer = ibis.memtable({"oldest_days": [33], "youngest_days": [3], "n_purchases": [3]})
    >>> mean_days_between_orders(customer).to_list()
    [15.0]
    """
    return _ratio(tenure_days(customer), customer.n_purchases - 1)


def sd_days_between_orders(customer: ir.Table) -> ir.Value:
    """Sample standard deviation of the days from one purchase order to the next; missing below three orders.

    Examples
    --------
    >>> gaps_days = [2, 4, 6]
    >>> customer = ibis.memtable({"oldest_days": [15], "youngest_days": [3], "n_purchases": [4],
    ...                           "squared_gaps": [sum(days**2 for days in gaps_days)]})
    >>> sd_days_between_orders(customer).to_list()
    [2.0]
    """
    n_gaps = (customer.n_purchases - 1).cast("float64")
    total = tenure_days(customer).cast("float64")
    squares = customer.squared_gaps.cast("float64") - total * total / n_gaps.nullif(0)
    return ibis.ifelse(
        customer.n_purchases > 2, (squares / (n_gaps - 1).nullif(0)).clip(lower=0).sqrt(), ibis.null("float64")
    )


def overdue_ratio(customer: ir.Table) -> ir.Value:
    """Recency over the customer's usual gap: 1 when the next order is due, 2 twice as late; missing without a gap.

    Examples
    --------
    >>> overdue_ratio(ibis.memtable({"oldest_days": [50], "youngest_days": [30], "n_purchases": [3]})).to_list()
    [3.0]
    """
    return _ratio(customer.youngest_days, mean_days_between_orders(customer))


def n_orders_last_90_days(customer: ir.Table) -> ir.Value:
    """Count the purchase orders on the last 90 days before `as_of`."""
    return customer.n_last_90


def revenue_last_90_days(customer: ir.Table) -> ir.Value:
    """Gross revenue of the last 90 days before `as_of`, in money."""
    return customer.gross_last_90


def revenue_previous_90_days(customer: ir.Table) -> ir.Value:
    """Gross revenue of the 90 days before the last 90, in money."""
    return customer.gross_previous_90


def revenue_trend(customer: ir.Table) -> ir.Value:
    """Change of revenue from the previous 90 days to the last 90 over their sum: −1 stopped, 1 began; missing at none.

    Examples
    --------
    >>> revenue_trend(ibis.memtable({"gross_last_90": [60], "gross_previous_90": [20]})).to_list()
    [0.5]
    """
    last, previous = customer.gross_last_90, customer.gross_previous_90
    return _ratio(last - previous, last + previous)


def first_order_value(customer: ir.Table) -> ir.Value:
    """Gross revenue of the first purchase order, in money; of several at one time, of that with the smallest id.

    Examples
    --------
    >>> first_order_value(ibis.memtable({"gross_first": [30]})).to_list()
    [Decimal('30.0000')]
    """
    return customer.gross_first.cast(MONEY)


def is_one_time(customer: ir.Table) -> ir.Value:
    """Whether there is exactly one purchase order.

    Examples
    --------
    >>> is_one_time(ibis.memtable({"n_purchases": [1]})).to_list()
    [True]
    """
    return customer.n_purchases == 1


def weekend_share(customer: ir.Table) -> ir.Value:
    """Share of the purchase orders that were placed on a Saturday or Sunday; missing without a purchase.

    Examples
    --------
    >>> weekend_share(ibis.memtable({"n_weekend": [1], "n_purchases": [4]})).to_list()
    [0.25]
    """
    return _ratio(customer.n_weekend, customer.n_purchases)


def discount_share(customer: ir.Table) -> ir.Value:
    """Discounts as a share of what the purchases would have cost without; missing where the export has no discounts.

    Examples
    --------
    >>> discount_share(ibis.memtable({"discount": [20], "gross": [80]})).to_list()
    [0.2]
    """
    return _ratio(customer.discount, customer.gross + customer.discount)


def country(customer: ir.Table) -> ir.Value:
    """Country of the last purchase order, or of any order where there is no purchase.

    Examples
    --------
    >>> country(ibis.memtable({"country_last": ["AT"], "country_any": ["DE"]})).to_list()
    ['AT']
    """
    return customer.country_last.coalesce(customer.country_any)
