"""Cleaning: which rows are set aside, which are marked, and what that is in rows, customers and money."""

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from customerbase.errors import DataError, UsageError
from customerbase.repetition import find_repetition
from customerbase.schema import ORDER_LINES, Dataset, Format, check, complete_order_id

__all__ = ["RULES", "Audit", "Cleaned", "Rule", "RuleOutcome", "clean"]

_NO_PRODUCT = (
    r"^(POST|POSTAGE|SHIPPING|DELIVERY|CARRIAGE|DOT|M|MANUAL|D|DISCOUNT|C2|ADJUST\d*|B|S|SAMPLES?"
    r"|BANK CHARGES|AMAZONFEE|FEE|CRUK|PADS|TEST\d*|GIFT CARD|TIP)$"
)
"""Codes of postage, fees, corrections, donations, tips, gift cards and tests, in upper case."""


@dataclass(frozen=True)
class Rule:
    """One yes/no question to every order line.

    `kind` says what a yes does: the row is set aside (`quarantined`) or only `marked`.
    """

    asks: Callable[[ir.Table], ir.BooleanValue]
    kind: Literal["quarantined", "marked"]
    is_on: bool = True


def unreadable(lines: ir.Table) -> ir.BooleanValue:
    """Tell which rows have a damaged line, or a cell that must be a number or a date and is none.

    Examples
    --------
    >>> unreadable(ibis.memtable({"unreadable": ["ordered_at", None]})).to_list()
    [True, False]
    """
    return lines.unreadable.notnull()


def repeated_order(lines: ir.Table) -> ir.BooleanValue:
    """Tell which rows belong to the second copy of a whole order (see `find_repetition`).

    Examples
    --------
    >>> repeated_order(ibis.memtable({"copy_number": [1, 2], "n_to_keep": [1, 1]})).to_list()
    [False, True]
    """
    return lines.copy_number > lines.n_to_keep


def void_order(lines: ir.Table) -> ir.BooleanValue:
    """Tell which rows belong to an order that does not count: cancelled, failed, a test, or paid back whole.

    Examples
    --------
    >>> void_order(ibis.memtable({"is_void": [True, False]})).to_list()
    [True, False]
    """
    return lines.is_void.fill_null(False)


def accounting_adjustment(lines: ir.Table) -> ir.BooleanValue:
    """Tell which rows correct the books and sell nothing.

    Examples
    --------
    >>> accounting_adjustment(ibis.memtable({"is_adjustment": [True, False]})).to_list()
    [True, False]
    """
    return lines.is_adjustment.fill_null(False)


def guest(lines: ir.Table) -> ir.BooleanValue:
    """Tell which rows name no customer.

    Examples
    --------
    >>> guest(ibis.memtable({"customer_id": ["ann", None]})).to_list()
    [False, True]
    """
    return lines.customer_id.isnull()


def no_price(lines: ir.Table) -> ir.BooleanValue:
    """Tell which rows have neither a price nor an amount above zero: write-offs, samples, stock counts.

    A line that is free for a discount has a price; one whose price is not known may have an amount.

    Examples
    --------
    >>> no_price(ibis.memtable({"unit_price": [5, 0], "quantity": [-1, 3], "amount": [-5, 0]})).to_list()
    [False, True]
    """
    paid = ibis.coalesce(lines.quantity.sign() * lines.amount, lines.amount.abs())
    return ~((lines.unit_price > 0).fill_null(False) | (paid > 0).fill_null(False))


def drop_repeated_lines(lines: ir.Table) -> ir.BooleanValue:
    """Tell which rows repeat an equal line of the same order; off unless asked for.

    Examples
    --------
    >>> drop_repeated_lines(ibis.memtable({"copy_number": [1, 2]})).to_list()
    [False, True]
    """
    return is_repeated_line(lines)


def is_return(lines: ir.Table) -> ir.BooleanValue:
    """Tell which lines have a negative quantity, or stand on a cancelling document."""
    return lines.is_return


def is_product(lines: ir.Table) -> ir.BooleanValue:
    """Tell which lines sell a product; a line without a code counts as one.

    Examples
    --------
    >>> is_product(ibis.memtable({"product_id": ["85123A", "post", None]})).to_list()
    [True, False, True]
    """
    code = lines.product_id
    is_no_product = code.upper().strip().re_search(_NO_PRODUCT)
    # Most codes begin with a digit and none of these does: no need to look further.
    return ~ibis.ifelse(code.substr(0, 1).between("0", "9"), False, is_no_product).fill_null(False)


def is_repeated_line(lines: ir.Table) -> ir.BooleanValue:
    """Tell which lines follow an equal one in the same order.

    Examples
    --------
    >>> is_repeated_line(ibis.memtable({"copy_number": [1, 2]})).to_list()
    [False, True]
    """
    return lines.copy_number > 1


def is_future(lines: ir.Table) -> ir.BooleanValue:
    """Tell which lines are dated after the day on which they are read.

    Examples
    --------
    >>> lines = ibis.memtable({"ordered_at": ["2024-04-30", "2091-01-01"], "today": ["2024-05-01", "2024-05-01"]})
    >>> is_future(lines.cast({"ordered_at": "timestamp", "today": "date"})).to_list()
    [False, True]
    """
    return (lines.ordered_at.date() > lines.today).fill_null(False)


RULES: dict[str, Rule] = {
    "unreadable": Rule(unreadable, "quarantined"),
    "repeated_order": Rule(repeated_order, "quarantined"),
    "void_order": Rule(void_order, "quarantined"),
    "accounting_adjustment": Rule(accounting_adjustment, "quarantined"),
    "guest": Rule(guest, "quarantined"),
    "no_price": Rule(no_price, "quarantined"),
    "drop_repeated_lines": Rule(drop_repeated_lines, "quarantined", is_on=False),
    "is_return": Rule(is_return, "marked"),
    "is_product": Rule(is_product, "marked"),
    "is_repeated_line": Rule(is_repeated_line, "marked"),
    "is_future": Rule(is_future, "marked"),
}
"""Asked in this order; the first yes of the kind `quarantined` sets a row aside."""

_WHEN_OFF = {"is_product": True}


@dataclass(frozen=True)
class RuleOutcome:
    """What one rule did: the rows, customers and money (net) that it caught.

    `share` is the part that these rows are of all rows that came in.
    """

    rule: str
    kind: str
    rows: int
    customers: int
    amount: Decimal
    share: float


@dataclass(frozen=True)
class Audit:
    """What came in, what was kept, and what each rule caught. Marks are counted among the rows kept."""

    rows_in: int
    rows_kept: int
    outcomes: tuple[RuleOutcome, ...]
    formats: tuple[Format, ...]


@dataclass(frozen=True)
class Cleaned:
    """Clean order lines, the audit, and every row set aside with its rule and its cells as they came."""

    data: Dataset
    audit: Audit
    quarantine: ir.Table


def clean(dataset: Dataset, *, rules: Mapping[str, bool] | None = None, today: date | None = None) -> Cleaned:
    """Set aside what cannot be used and mark what is special; rows in = rows kept + rows set aside, always.

    Parameters
    ----------
    dataset
        Order lines as `read` gives them.
    rules
        Name of a rule → whether it is on, for those that are not to stand as in `RULES`.
    today
        Lines dated after this day are marked `is_future`; without it, none is.

    Returns
    -------
    Cleaned
        The rows kept with their marks, the audit, and the rows set aside with the rule that caught each.

    Raises
    ------
    DataError
        The lines lack a column that every order line must have.
    UsageError
        A rule that does not exist.

    Examples
    --------
    >>> lines = ibis.memtable({"source": ["a", "a"], "source_row": [2, 3], "customer_id": ["ann", None],
    ...                        "ordered_at": ["2024-05-01", "2024-05-01"], "amount": [5, 5]})
    >>> cleaned = clean(Dataset(lines.cast({"ordered_at": "timestamp"})))
    >>> cleaned.data.order_lines.customer_id.to_list()
    ['ann']
    >>> cleaned.quarantine.select("source_row", "rule").to_pyarrow().to_pylist()
    [{'source_row': 3, 'rule': 'guest'}]
    """
    is_on = _switch(rules or {})
    lines = _complete(dataset.order_lines, today)
    # What other rules have left of an order says nothing about the export: clean lines are not asked again.
    is_cleaned = "is_repeated_line" in dataset.order_lines.columns
    lines = _number_copies(lines, with_orders=is_on["repeated_order"] and not is_cleaned)
    marks = {
        name: rule.asks(lines) if is_on[name] else _off(name) for name, rule in RULES.items() if rule.kind == "marked"
    }
    asked = {name: rule.asks(lines) for name, rule in RULES.items() if rule.kind == "quarantined" and is_on[name]}
    ruled = lines.mutate(
        rule=ibis.cases(*((flag, name) for name, flag in asked.items())) if asked else ibis.null("string"), **marks
    )
    kept = ruled.filter(ruled.rule.isnull()).select(*(column.name for column in ORDER_LINES))
    audit = _count(ruled, is_on, dataset.formats)
    return Cleaned(replace(dataset, order_lines=kept), audit, _set_aside(ruled, dataset))


def _switch(rules: Mapping[str, bool]) -> dict[str, bool]:
    for name in rules:
        if name not in RULES:
            raise UsageError(f"There is no rule {name!r}. The rules are {', '.join(RULES)}.")
    return {name: rules.get(name, rule.is_on) for name, rule in RULES.items()}


def _off(name: str) -> ir.BooleanValue:
    return ibis.literal(_WHEN_OFF.get(name, False))


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


def _number_copies(lines: ir.Table, *, with_orders: bool) -> ir.Table:
    repetition = find_repetition(lines.filter(lines.unreadable.isnull()))
    if repetition is None:
        return lines.mutate(copy_number=ibis.literal(1, "int64"), n_to_keep=ibis.literal(1, "int64"))
    joined = lines.left_join(repetition, ["source", "source_row"]).drop("source_right", "source_row_right")
    copy_number = joined.copy_number.fill_null(1)
    return joined.mutate(
        copy_number=copy_number, n_to_keep=joined.n_to_keep.fill_null(1) if with_orders else copy_number
    )


def _count(ruled: ir.Table, is_on: Mapping[str, bool], formats: tuple[Format, ...]) -> Audit:
    """Count rows, customers and money of each rule, in one pass over the data whatever the number of rules.

    The rules that caught a row are bits of a mask; rows are folded by customer and mask, and all follows from that.
    """
    caught = {name: _caught(ruled, name, rule.kind) for name, rule in RULES.items() if is_on[name]}
    flags = {"kept": ruled.rule.isnull(), **caught}
    bits = {name: 1 << position for position, name in enumerate(flags)}
    masks = [ibis.ifelse(flag, ibis.literal(bits[name], "int64"), 0) for name, flag in flags.items()]
    marked = ruled.select("customer_id", "currency", "amount", mask=functools.reduce(operator.add, masks))
    folded = marked.group_by("customer_id", "currency", "mask").agg(rows=marked.count(), amount=marked.amount.sum())
    folded = folded.cache()
    _refuse_several_currencies(folded.filter((folded.mask & bits["kept"]) > 0))
    totals = folded.group_by("mask").agg(rows=folded.rows.sum(), amount=folded.amount.sum()).to_pyarrow().to_pylist()
    known = folded.filter(folded.customer_id.notnull())
    customers = known.group_by("customer_id").agg(mask=known.mask.bit_or())
    customers = customers.group_by("mask").agg(customers=customers.count()).to_pyarrow().to_pylist()
    rows_in = _sum(totals, "rows")
    outcomes = tuple(
        RuleOutcome(
            name,
            RULES[name].kind,
            rows=_sum(totals, "rows", bits[name]),
            customers=_sum(customers, "customers", bits[name]),
            amount=_sum(totals, "amount", bits[name], Decimal(0)),
            share=_sum(totals, "rows", bits[name]) / max(rows_in, 1),
        )
        for name in caught
    )
    return Audit(rows_in, _sum(totals, "rows", bits["kept"]), outcomes, formats)


def _sum(rows: Sequence[Mapping[str, Any]], column: str, bit: int | None = None, zero: Any = 0) -> Any:  # noqa: ANN401
    """Sum a column over the rows whose mask has a bit."""
    return sum((row[column] or zero for row in rows if bit is None or row["mask"] & bit), start=zero)


def _refuse_several_currencies(kept: ir.Table) -> None:
    found = kept.agg(first=kept.currency.min(), last=kept.currency.max()).to_pyarrow().to_pylist()[0]
    if found["first"] != found["last"]:
        raise DataError(
            f"The order lines are in several currencies, {found['first']} and {found['last']} among them, and money of "
            "two currencies is never added. Export the orders of one currency, or convert them to one first."
        )


def _caught(ruled: ir.Table, name: str, kind: str) -> ir.BooleanValue:
    return ruled.rule.fill_null("") == name if kind == "quarantined" else ruled.rule.isnull() & ruled[name]


def _set_aside(ruled: ir.Table, dataset: Dataset) -> ir.Table:
    rows = ruled.filter(ruled.rule.notnull())
    if dataset.cells is None:
        return rows.select(
            "source",
            "source_row",
            "rule",
            *(name for name in dataset.order_lines.columns if name not in {"source", "source_row"}),
        )
    cells = dataset.cells
    joined = cells.join(rows.select("source", "source_row", "rule"), ["source", "source_row"])
    return joined.select(
        "source", "source_row", "rule", *(name for name in cells.columns if name not in {"source", "source_row"})
    )
