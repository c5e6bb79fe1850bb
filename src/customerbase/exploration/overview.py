"""Overview: what was read and kept, and in which countries the customers are."""

from collections.abc import Callable, Mapping

import ibis
import ibis.expr.types as ir

from customerbase.exploration.folds import Folds, add_up, count_up, meets
from customerbase.schema import MONEY

__all__ = ["PARTS", "countries", "overview"]

PARTS: Mapping[str, Callable[[ir.Table], ir.BooleanValue]] = {
    "read": lambda rows: rows.rule.isnull() | rows.rule.notnull(),
    "with_customer": lambda rows: ~rows.is_guest,
    "bought_by_customer": lambda rows: ~rows.is_guest & ~rows.is_return,
    "kept": lambda rows: rows.rule.isnull(),
    "kept_purchases": lambda rows: rows.rule.isnull() & ~rows.is_return,
    "kept_returns": lambda rows: rows.rule.isnull() & rows.is_return,
}
"""Part of the lines → which they are. The first three are counted before cleaning, the others after it."""


def overview(folds: Folds) -> ir.Table:
    """Count lines, orders, customers, products, countries and money of each of `PARTS`, in order.

    `n_products` counts the different codes, those of postage and fees too; `n_repeated_lines` the lines that are equal
    to one before them in their order; `n_no_price` those with a price of 0 or less; `amount` is net of returns.
    """
    orders = folds.orders.mutate(is_guest=folds.orders.customer_id.isnull())
    return ibis.union(*(_count(place, part, orders, folds.products) for place, part in enumerate(PARTS, start=1)))


def _count(place: int, part: str, orders: ir.Table, products: ir.Table) -> ir.Table:
    rows, codes = orders.filter(PARTS[part](orders)), products.filter(PARTS[part](products))
    counted = rows.agg(
        n_lines=_n_lines(rows),
        n_orders=rows.order_id.nunique(),
        n_customers=rows.customer_id.nunique(),
        n_countries=rows.country.nunique(),
        n_repeated_lines=count_up(rows.n_repeated_lines),
        n_negative_quantity=_n_lines(rows, "negative_quantity"),
        n_no_price=_n_lines(rows, "no_price"),
        amount=add_up(rows.amount),
        first_at=rows.first_at.min(),
        last_at=rows.last_at.max(),
    )
    return counted.cross_join(codes.agg(n_products=codes.product_id.nunique())).select(
        step=ibis.literal(place, "int64"),
        part=ibis.literal(part),
        n_lines="n_lines",
        n_orders="n_orders",
        n_customers="n_customers",
        n_products="n_products",
        n_countries="n_countries",
        n_repeated_lines="n_repeated_lines",
        n_negative_quantity="n_negative_quantity",
        n_no_price="n_no_price",
        amount="amount",
        first_at="first_at",
        last_at="last_at",
    )


def _n_lines(rows: ir.Table, condition: str | None = None) -> ir.IntegerValue:
    where = meets(rows, condition) if condition else None
    return count_up(rows.n_lines, where)


def countries(folds: Folds) -> ir.Table:
    """Rank countries by the revenue of clean lines; `average_order_value` is revenue per purchase order."""
    kept = folds.orders.filter(folds.orders.rule.isnull() & folds.orders.country.notnull())
    counted = kept.group_by("country").agg(
        n_orders=kept.order_id.nunique(where=~kept.is_return),
        n_customers=kept.customer_id.nunique(where=~kept.is_return),
        gross_revenue=add_up(kept.amount, ~kept.is_return),
        return_value=(-add_up(kept.amount, kept.is_return)).cast(MONEY),
    )
    total = counted.gross_revenue.sum().over(ibis.window())
    ranking = ibis.window(order_by=[ibis.desc(counted.gross_revenue), counted.country])
    return counted.select(
        rank=ibis.row_number().over(ranking).cast("int64") + 1,
        country="country",
        n_orders="n_orders",
        n_customers="n_customers",
        gross_revenue="gross_revenue",
        revenue_share=counted.gross_revenue.cast("float64") / total.cast("float64").nullif(0),
        return_value="return_value",
        average_order_value=counted.gross_revenue.cast("float64") / counted.n_orders.cast("float64").nullif(0),
    )
