"""Overview: what was read and kept, and in which countries the customers are."""

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.exploration.folds import Folds, add_up, count_up, meets
from customerbase.schema import MONEY

__all__ = ["PARTS", "countries", "overview"]

Rows = Sequence[Mapping[str, Any]]

PARTS: Mapping[str, Callable[[ir.Table], ir.BooleanValue]] = {
    "read": lambda rows: rows.rule.isnull() | rows.rule.notnull(),
    "with_customer": lambda rows: ~rows.is_guest,
    "bought_by_customer": lambda rows: ~rows.is_guest & ~rows.is_return,
    "kept": lambda rows: rows.rule.isnull(),
    "kept_purchases": lambda rows: rows.rule.isnull() & ~rows.is_return,
    "kept_returns": lambda rows: rows.rule.isnull() & rows.is_return,
}
"""Part of the lines → which they are. The first three are counted before cleaning, the others after it."""

_OVERVIEW = {
    "step": "int64", "part": "string", "n_lines": "int64", "n_orders": "int64", "n_customers": "int64",
    "n_products": "int64", "n_countries": "int64", "n_repeated_lines": "int64", "n_negative_quantity": "int64",
    "n_no_price": "int64", "amount": MONEY, "first_at": "timestamp(6)", "last_at": "timestamp(6)",
}  # fmt: skip

_COUNTED = {"n_orders": "order_id", "n_customers": "customer_id", "n_countries": "country"}


def overview(folds: Folds) -> ir.Table:
    """Count lines, orders, customers, products, countries and money of each of `PARTS`, in order.

    `n_products` counts the different codes, those of postage and fees too; `n_repeated_lines` the lines that are equal
    to one before them in their order; `n_no_price` those with a price of 0 or less; `amount` is net of returns.
    """
    orders = _mark_parts(folds.orders.mutate(is_guest=folds.orders.customer_id.isnull()))
    sums = orders.group_by("parts").agg(
        n_lines=count_up(orders.n_lines),
        n_repeated_lines=count_up(orders.n_repeated_lines),
        n_negative_quantity=count_up(orders.n_lines, meets(orders, "negative_quantity")),
        n_no_price=count_up(orders.n_lines, meets(orders, "no_price")),
        amount=add_up(orders.amount),
        first_at=orders.first_at.min(),
        last_at=orders.last_at.max(),
    )
    different = {name: _count_different(orders, column) for name, column in _COUNTED.items()}
    different["n_products"] = _count_different(_mark_parts(folds.products), "product_id")
    found = sums.to_pyarrow().to_pylist()
    rows = [_sum_up(step, part, found, different) for step, part in enumerate(PARTS, start=1)]
    return ibis.memtable(rows, schema=_OVERVIEW)


def _mark_parts(rows: ir.Table) -> ir.Table:
    """Give each row a number that has one bit for each of `PARTS` of which it is."""
    bits = (ibis.ifelse(is_in(rows), 1 << place, 0).cast("int64") for place, is_in in enumerate(PARTS.values()))
    return rows.mutate(parts=functools.reduce(operator.add, bits))


def _count_different(rows: ir.Table, column: str) -> Rows:
    """Count the different values by the parts in which they are."""
    known = rows.filter(rows[column].notnull())
    values = known.group_by(column).agg(parts=known.parts.bit_or())
    found: Rows = values.group_by("parts").agg(n=values.count()).to_pyarrow().to_pylist()
    return found


def _sum_up(step: int, part: str, sums: Rows, different: Mapping[str, Rows]) -> dict[str, Any]:
    own = _of_part(sums, step)
    counts = ("n_lines", "n_repeated_lines", "n_negative_quantity", "n_no_price")
    firsts, lasts = ([each[name] for each in own if each[name]] for name in ("first_at", "last_at"))
    return {
        "step": step,
        "part": part,
        **{name: sum(each[name] for each in own) for name in counts},
        **{name: sum(each["n"] for each in _of_part(rows, step)) for name, rows in different.items()},
        "amount": sum((each["amount"] for each in own), Decimal(0)),
        "first_at": min(firsts, default=None),
        "last_at": max(lasts, default=None),
    }


def _of_part(rows: Rows, step: int) -> Rows:
    return [row for row in rows if row["parts"] & 1 << (step - 1)]


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
