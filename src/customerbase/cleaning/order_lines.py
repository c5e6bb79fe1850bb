"""Cleaning of order lines: what is set aside, what is marked, and what that is in rows, customers and money."""

import functools
import operator
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.cleaning.audit import Part, RuleOutcome, TableCount
from customerbase.cleaning.currencies import refuse_several_currencies, settle_currency
from customerbase.cleaning.rules import RULES, ask, first_yes
from customerbase.engine import fetch
from customerbase.repetition import find_repetition, number_in_place
from customerbase.schema import ORDER_LINES, check, complete_order_id

__all__ = ["clean_order_lines"]

_KEY = ("source", "source_row")
_WHEN_OFF = {"is_product": True}


def clean_order_lines(
    order_lines: ir.Table,
    is_on: Mapping[str, bool],
    today: date | None = None,
    products: Mapping[str, bool] | None = None,
    currency: str | None = None,
    rates: Mapping[str, Any] | None = None,
    is_in_place: bool = False,
) -> Part:
    """Set aside the lines that cannot be used, and mark what is special about the others.

    Parameters
    ----------
    order_lines
        Order lines as `read` gives them.
    is_on
        Name of each rule → whether it is on.
    today
        Lines dated after this day are marked `is_future`; without it, none is.
    products
        Code → whether it is a product, where the rule `is_product` is wrong about it.
    currency, rates
        The currency that is wanted, and what others are worth in it: see `settle_currency`.
    is_in_place
        The lines are on a server that is only read, and have no places.

    Raises
    ------
    DataError
        The lines lack a column that every order line must have, or are in several currencies.

    Examples
    --------
    >>> from customerbase.cleaning.rules import switch
    >>> lines = ibis.memtable({"source": ["a"], "source_row": [2], "customer_id": [None], "ordered_at": ["2024-05-01"],
    ...                        "amount": [5]})
    >>> part = clean_order_lines(lines.cast({"ordered_at": "timestamp", "customer_id": "string"}), switch({}))
    >>> part.set_aside.rule.to_list()
    ['guest']
    """
    lines = settle_currency(_complete(order_lines, today), currency, rates)
    # What other rules have left of an order says nothing about the export: clean lines are not asked again.
    is_cleaned = "is_repeated_line" in order_lines.columns
    number = number_in_place if is_in_place else _number_copies
    lines = number(lines)
    if is_cleaned or not is_on["repeated_order"]:
        lines = lines.mutate(n_to_keep=lines.copy_number)
    marks = ask(lines, "order_lines", is_on, "marked")
    off = {name: _off(name) for name, rule in RULES.items() if rule.kind == "marked" and not is_on[name]}
    if products and is_on["is_product"]:
        marks["is_product"] = _name_products(lines.product_id, products, marks["is_product"])
    asked = ask(lines, "order_lines", is_on)
    ruled = lines.mutate(rule=first_yes(asked), **marks, **off)
    columns = [column.name for column in ORDER_LINES]
    kept = ruled.filter(ruled.rule.isnull()).select(*columns)
    count, outcomes = _count(ruled, [name for name in RULES if name in {*asked, *marks}])
    own = [name for name in dict.fromkeys((*columns, *order_lines.columns)) if name not in _KEY]
    return Part(kept, ruled.filter(ruled.rule.notnull()).select(*_KEY, "rule", *own), count, outcomes)


def _off(name: str) -> ir.BooleanValue:
    return ibis.literal(_WHEN_OFF.get(name, False))


def _name_products(code: ir.StringValue, products: Mapping[str, bool], otherwise: ir.BooleanValue) -> ir.BooleanValue:
    spelled = code.upper().strip()
    said = ibis.cases(*((spelled == name.strip().upper(), is_product) for name, is_product in products.items()))
    return said.coalesce(otherwise)


def _complete(lines: ir.Table, today: date | None) -> ir.Table:
    """Add what a caller's own table may lack, so that each rule can ask."""
    check(lines, tuple(column for column in ORDER_LINES if not column.name.startswith("is_")), "order_lines")
    absent = {column.name: ibis.null(column.type) for column in ORDER_LINES if column.name not in lines.columns}
    if "is_return" in absent:
        absent["is_return"] = (lines.amount < 0).fill_null(False)
    internal = {"unreadable": ibis.null("string"), "is_adjustment": ibis.literal(False), "is_void": ibis.literal(False)}
    absent |= {name: value for name, value in internal.items() if name not in lines.columns}
    typed = {
        column.name: lines[column.name].cast(column.type) for column in ORDER_LINES if column.name in lines.columns
    }
    completed = lines.mutate(**absent, **typed, today=ibis.literal(today, "date"))
    return completed.mutate(order_id=complete_order_id(completed))


def _number_copies(lines: ir.Table) -> ir.Table:
    repetition = find_repetition(lines.filter(lines.unreadable.isnull()))
    if repetition is None:
        return lines.mutate(copy_number=ibis.literal(1, "int64"), n_to_keep=ibis.literal(1, "int64"))
    joined = lines.left_join(repetition, ["source", "source_row"]).drop("source_right", "source_row_right")
    return joined.mutate(copy_number=joined.copy_number.fill_null(1), n_to_keep=joined.n_to_keep.fill_null(1))


def _count(ruled: ir.Table, asked: Sequence[str]) -> tuple[TableCount, tuple[RuleOutcome, ...]]:
    """Count rows, customers and money of each rule, in one pass over the data whatever the number of rules.

    The rules that caught a row are bits of a mask; rows are folded by customer and mask, and all follows from that.
    """
    flags = {"kept": ruled.rule.isnull(), **{name: _caught(ruled, name, RULES[name].kind) for name in asked}}
    bits = {name: 1 << position for position, name in enumerate(flags)}
    masks = [ibis.ifelse(flag, ibis.literal(bits[name], "int64"), 0) for name, flag in flags.items()]
    marked = ruled.select("customer_id", "currency", "amount", mask=functools.reduce(operator.add, masks))
    folded = marked.group_by("customer_id", "currency", "mask").agg(rows=marked.count(), amount=marked.amount.sum())
    folded = fetch(folded)
    refuse_several_currencies(folded.filter((folded.mask & bits["kept"]) > 0))
    totals = folded.group_by("mask").agg(rows=folded.rows.sum(), amount=folded.amount.sum()).to_pyarrow().to_pylist()
    known = folded.filter(folded.customer_id.notnull())
    customers = known.group_by("customer_id").agg(mask=known.mask.bit_or())
    customers = customers.group_by("mask").agg(customers=customers.count()).to_pyarrow().to_pylist()
    outcomes = tuple(
        RuleOutcome(
            name,
            RULES[name].kind,
            rows=_sum(totals, "rows", bits[name]),
            customers=_sum(customers, "customers", bits[name]),
            amount=_sum(totals, "amount", bits[name], Decimal(0)),
            share=0.0,
        )
        for name in asked
    )
    return TableCount("order_lines", _sum(totals, "rows"), _sum(totals, "rows", bits["kept"])), outcomes


def _sum(rows: Sequence[Mapping[str, Any]], column: str, bit: int | None = None, zero: Any = 0) -> Any:  # noqa: ANN401
    """Sum a column over the rows whose mask has a bit."""
    return sum((row[column] or zero for row in rows if bit is None or row["mask"] & bit), start=zero)


def _caught(ruled: ir.Table, name: str, kind: str) -> ir.BooleanValue:
    return ruled.rule.fill_null("") == name if kind == "quarantined" else ruled.rule.isnull() & ruled[name]
