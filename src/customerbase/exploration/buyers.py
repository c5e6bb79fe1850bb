"""Buyers: guests against known customers, in what they buy, at which prices, and how much at a time."""

from collections.abc import Iterable
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.exploration.folds import GUEST, Folds, add_up, count_up, medians, meets
from customerbase.schema import MONEY

__all__ = ["guests"]

_MEASURES = (
    "mean_lines_per_order", "median_lines_per_order", "mean_order_value", "median_order_value", "mean_quantity",
    "median_quantity", "mean_unit_price", "median_unit_price",
)  # fmt: skip


def guests(folds: Folds) -> ir.Table:
    """Set guests against known customers; one row for each that there is.

    Guests are the lines that cleaning set aside for want of a customer. Means and medians are over paid purchase lines
    (a price or an amount above 0) and over orders with one; `n_no_price` counts the lines without. Orders are those
    with a purchase line. `return_rate` is return value over revenue, with all fees, postage and corrections that were
    credited; `goods_return_rate` is that of products alone.
    """
    rows = folds.orders
    known = rows.filter(rows.rule.isnull() | (rows.rule == GUEST)).mutate(is_guest=rows.customer_id.isnull())
    sums = _add_up(known)
    orders = _describe_orders(known)
    prices = [medians(folds.prices, "is_guest", value) for value in ("quantity", "unit_price")]
    table = _join(sums, [orders, _return_goods(folds.products), *prices])
    total = table.gross_revenue.sum().over(ibis.window())
    share = table.gross_revenue.cast("float64") / total.cast("float64").nullif(0)
    return table.select(
        buyers=ibis.ifelse(table.is_guest, "guests", "known customers"),
        n_lines="n_lines",
        n_no_price="n_no_price",
        n_orders=table.n_orders.fill_null(0),
        gross_revenue="gross_revenue",
        revenue_share=share,
        return_value="return_value",
        return_rate=table.return_value.cast("float64") / table.gross_revenue.cast("float64").nullif(0),
        goods_return_rate="goods_return_rate",
        **{name: table[name] for name in _MEASURES},
    )


def _add_up(known: ir.Table) -> ir.Table:
    return known.group_by("is_guest").agg(
        n_lines=count_up(known.n_lines),
        n_no_price=count_up(known.n_lines, meets(known, "no_price")),
        gross_revenue=add_up(known.amount, ~known.is_return),
        return_value=(-add_up(known.amount, known.is_return)).cast(MONEY),
    )


def _return_goods(products: ir.Table) -> ir.Table:
    goods = products.filter(products.is_product & (products.rule.isnull() | (products.rule == GUEST)))
    sums = goods.group_by("is_guest").agg(
        bought=add_up(goods.amount, ~goods.is_return).cast("float64"),
        returned=-add_up(goods.amount, goods.is_return).cast("float64"),
    )
    return sums.select("is_guest", goods_return_rate=sums.returned / sums.bought.nullif(0))


def _describe_orders(known: ir.Table) -> ir.Table:
    bought = known.filter(~known.is_return & known.order_id.notnull() & ~meets(known, "no_price"))
    orders = bought.group_by("is_guest", "customer_id", "order_id").agg(
        value=bought.amount.sum().cast(MONEY), lines=count_up(bought.n_lines)
    )
    lines, values = orders.lines.cast("float64"), orders.value.cast("float64")
    n_orders = orders.count()
    return orders.group_by("is_guest").agg(
        n_orders=n_orders,
        mean_lines_per_order=orders.lines.sum().cast("float64") / n_orders.cast("float64"),
        median_lines_per_order=lines.median(),
        mean_order_value=orders.value.sum().cast("float64") / n_orders.cast("float64"),
        median_order_value=values.median(),
    )


def _join(table: ir.Table, others: Iterable[Any]) -> ir.Table:
    for other in others:
        table = table.left_join(other, "is_guest").drop("is_guest_right")
    return table
