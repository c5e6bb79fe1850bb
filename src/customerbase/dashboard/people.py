"""People: customers found by what is known of them, and all that is known of one; as queries of which few rows come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.dashboard.narrowing import Shown
from customerbase.errors import CustomerbaseError
from customerbase.explanations import explain_among
from customerbase.report.charts.theme import Rows, plain_rows

__all__ = [
    "Condition",
    "explain_place",
    "favourites_of",
    "find_people",
    "first_order",
    "lines_of",
    "orders_of",
    "person",
    "standing_of",
    "take_people",
]

_MOST_ORDERS = 400
_MOST_LINES = 500
_MOST_COMPARED = 20_000
"""Customers among whom one is explained; of more, a sample that does not change."""

_MOST_FEATURES = 16
_MATTERS = ("monetary", "gross_revenue", "n_claimed", "engagement_score", "frequency")


@dataclass(frozen=True)
class Condition:
    """What a feature of the customers in question must be: within bounds, or one of some values."""

    feature: str
    least: float | None = None
    most: float | None = None
    values: tuple[str, ...] = ()


def find_people(shown: Shown, search: str, conditions: Sequence[Condition], order: str | None) -> ir.Table:
    """Find customers whose id has a text in it and who meet all conditions.

    Parameters
    ----------
    shown
        Among whom.
    search
        A part of the id; upper and lower case are the same.
    conditions
        What must be true of their features.
    order
        The feature of which the highest comes first; by default the id.
    """
    found = shown.customers.drop("as_of")
    if search.strip():
        found = found.filter(found.customer_id.lower().contains(search.strip().lower()))
    for each in conditions:
        found = found.filter(*_meet(found[each.feature], each))
    first = ["customer_id", "segment"]
    found = found.select(*first, *(name for name in found.columns if name not in first))
    return found.order_by([ibis.desc(order), "customer_id"] if order else "customer_id")


def take_people(
    shown: Shown, search: str, conditions: Sequence[Condition], order: str | None, n_rows: int
) -> tuple[int, Rows]:
    """Count the customers whom `find_people` finds, and give the first of them."""
    found = find_people(shown, search, conditions, order)
    asked = (search, tuple(conditions), order, *shown.key)
    n = shown.opened.remember(("n_people", *asked), lambda: int(found.count().to_pyarrow().as_py()))
    rows = shown.opened.remember(("people", *asked), lambda: plain_rows(found.limit(n_rows).to_pyarrow()))
    return n, rows


def first_order(shown: Shown) -> str | None:
    """Give the feature by which a list of customers begins with those who matter most."""
    return next((name for name in _MATTERS if name in shown.customers.columns), None)


def _meet(column: Any, condition: Condition) -> list[ir.BooleanValue]:  # noqa: ANN401
    met = [column.isin(condition.values)] if condition.values else []
    if condition.least is not None:
        met.append(column >= condition.least)
    if condition.most is not None:
        met.append(column <= condition.most)
    return met or [ibis.literal(True)]


def person(shown: Shown, customer_id: str) -> Mapping[str, Any] | None:
    """Give the features of one customer, with the segment, or None where there is nobody of this id with a segment."""
    rows = plain_rows(shown.everybody.filter(shown.everybody.customer_id == customer_id).to_pyarrow())
    return rows[0] if rows else None


def orders_of(shown: Shown, customer_id: str) -> Rows:
    """Give the orders of a customer, oldest first, the newest of them where they are many; nothing without lines."""
    if not shown.is_made("order_lines"):
        return []
    lines = shown.opened.table("order_lines", None)
    mine = lines.filter(lines.customer_id == customer_id)
    orders = mine.group_by("order_id", day=mine.ordered_at.date()).agg(
        ordered_at=mine.ordered_at.min(), amount=mine.amount.sum(), n_lines=mine.count()
    )
    newest = orders.drop("day").order_by([ibis.desc("ordered_at"), "order_id"]).limit(_MOST_ORDERS)
    return list(reversed(plain_rows(newest.to_pyarrow())))


def lines_of(shown: Shown, customer_id: str) -> Rows:
    """Give the lines of the orders of a customer, newest first."""
    lines = shown.opened.table("order_lines", None)
    mine = lines.filter(lines.customer_id == customer_id)
    wanted = ("ordered_at", "order_id", "product_id", "product_name", "quantity", "unit_price", "amount", "is_return")
    newest = mine.order_by([ibis.desc("ordered_at"), "source", "source_row"]).limit(_MOST_LINES)
    return plain_rows(newest.select(*wanted).to_pyarrow())


def standing_of(shown: Shown, one: Mapping[str, Any]) -> Rows:
    """Give the figures of a customer with the share of the base below each, in one query."""
    base = shown.everybody
    names = [
        name
        for name, type_ in base.schema().items()
        if (type_.is_numeric() and not type_.is_boolean()) and one.get(name) is not None
    ][:_MOST_FEATURES]
    asked: dict[str, Any] = {}
    for name in names:
        column = base[name].cast("float64")
        asked[f"{name}__known"] = column.count()
        asked[f"{name}__below"] = (column < float(one[name])).sum()
        asked[f"{name}__equal"] = (column == float(one[name])).sum()
        asked[f"{name}__median"] = column.median()
        asked[f"{name}__differs"] = column.min() < column.max()
    found = base.agg(**asked).to_pyarrow().to_pylist()[0] if asked else {}
    return [
        {
            "feature": name,
            "value": one[name],
            "percentile_rank": (found[f"{name}__below"] + found[f"{name}__equal"] / 2) / found[f"{name}__known"],
            "median": found[f"{name}__median"],
        }
        for name in names
        if found[f"{name}__differs"]
    ]


def explain_place(shown: Shown, customer_id: str) -> Mapping[str, Any] | str:
    """Say which figures put a customer into the segment, as `explain --customer` does, or why that cannot be said."""
    base = shown.opened.table("features", shown.as_of)
    if shown.whole["n_customers"] > _MOST_COMPARED:
        order = [(base.customer_id != customer_id).cast("int8"), base.customer_id.hash(), "customer_id"]
        base = base.order_by(order).limit(_MOST_COMPARED)
    try:
        return explain_among(shown.workspace, base, customer_id, shown.as_of)
    except CustomerbaseError as fault:
        return str(fault)


def favourites_of(shown: Shown, column: str, n_names: int) -> Rows:
    """Give the products or countries on which the customers in question spend most, the largest first."""
    sums = shown.sales(column)
    totals = sums.group_by(column).agg(revenue=sums.revenue.sum(), name=sums.name.max())
    total = totals.revenue.sum().over(ibis.window()).cast("float64").nullif(0)
    ranked = totals.mutate(share=totals.revenue.cast("float64") / total).filter(totals.revenue > 0)
    rows = plain_rows(ranked.order_by([ibis.desc("revenue"), column]).limit(n_names).to_pyarrow())
    return [{**row, "name": str(row["name"] or row[column])} for row in rows]
