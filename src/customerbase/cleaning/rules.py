"""Rules: what is asked of every row, table by table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import ibis
import ibis.expr.types as ir

from customerbase.errors import UsageError

__all__ = ["RULES", "Rule", "ask", "first_yes", "switch"]

_ALL = ("order_lines", "customers", "coupon_events")

_NO_PRODUCT = (
    r"^(POST|POSTAGE|SHIPPING|DELIVERY|CARRIAGE|DOT|M|MANUAL|D|DISCOUNT|C2|ADJUST\d*|B|S|SAMPLES?"
    r"|BANK CHARGES|AMAZONFEE|FEE|CRUK|PADS|TEST\d*|GIFT CARD|TIP)$"
)
"""Codes of postage, fees, corrections, donations, tips, gift cards and tests, in upper case."""


@dataclass(frozen=True)
class Rule:
    """One yes/no question to every row of some tables.

    `kind` says what a yes does: the row is set aside (`quarantined`) or only `marked`.
    """

    asks: Callable[[ir.Table], ir.BooleanValue]
    kind: Literal["quarantined", "marked"]
    is_on: bool = True
    tables: tuple[str, ...] = ("order_lines",)


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


def other_currency(lines: ir.Table) -> ir.BooleanValue:
    """Tell which rows are in another currency than the one that is wanted, and have no rate.

    Examples
    --------
    >>> other_currency(ibis.memtable({"is_other_currency": [True, False]})).to_list()
    [True, False]
    """
    return lines.is_other_currency


def guest(lines: ir.Table) -> ir.BooleanValue:
    """Tell which rows name no customer.

    Examples
    --------
    >>> guest(ibis.memtable({"customer_id": ["ann", None]})).to_list()
    [False, True]
    """
    return lines.customer_id.isnull()


def repeated_customer(customers: ir.Table) -> ir.BooleanValue:
    """Tell which rows name a customer whom a row before them names, by source and row: the first one is kept.

    Examples
    --------
    >>> repeated_customer(ibis.memtable({"copy_number": [1, 2]})).to_list()
    [False, True]
    """
    return customers.copy_number > 1


def repeated_event(events: ir.Table) -> ir.BooleanValue:
    """Tell which rows bring no event that rows before them have not: the same customer, coupon, event and time.

    Examples
    --------
    >>> repeated_event(ibis.memtable({"copy_number": [1, 2]})).to_list()
    [False, True]
    """
    return events.copy_number > 1


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
    "unreadable": Rule(unreadable, "quarantined", tables=_ALL),
    "repeated_order": Rule(repeated_order, "quarantined"),
    "void_order": Rule(void_order, "quarantined"),
    "other_currency": Rule(other_currency, "quarantined"),
    "accounting_adjustment": Rule(accounting_adjustment, "quarantined"),
    "guest": Rule(guest, "quarantined", tables=_ALL),
    "no_price": Rule(no_price, "quarantined"),
    "drop_repeated_lines": Rule(drop_repeated_lines, "quarantined", is_on=False),
    "repeated_customer": Rule(repeated_customer, "quarantined", tables=("customers",)),
    "repeated_event": Rule(repeated_event, "quarantined", tables=("coupon_events",)),
    "is_return": Rule(is_return, "marked"),
    "is_product": Rule(is_product, "marked"),
    "is_repeated_line": Rule(is_repeated_line, "marked"),
    "is_future": Rule(is_future, "marked"),
}
"""Asked in this order; the first yes of the kind `quarantined` sets a row aside."""


def switch(rules: Mapping[str, bool]) -> dict[str, bool]:
    """Give each rule with whether it is on, as `RULES` has it but for those that are named.

    Raises
    ------
    UsageError
        There is no such rule.

    Examples
    --------
    >>> switch({"guest": False})["guest"], switch({})["guest"]
    (False, True)
    """
    for name in rules:
        if name not in RULES:
            raise UsageError(f"There is no rule {name!r}. The rules are {', '.join(RULES)}.")
    return {name: rules.get(name, rule.is_on) for name, rule in RULES.items()}


def ask(rows: ir.Table, table: str, is_on: Mapping[str, bool], kind: str = "quarantined") -> dict[str, ir.BooleanValue]:
    """Ask the rules of a table that are on, of one kind, in their order.

    Examples
    --------
    >>> rows = ibis.memtable({"unreadable": [None, "age"], "customer_id": [None, "ann"], "copy_number": [1, 1]})
    >>> {name: flag.to_list() for name, flag in ask(rows, "customers", switch({"repeated_customer": False})).items()}
    {'unreadable': [False, True], 'guest': [True, False]}
    """
    wanted = {name: rule for name, rule in RULES.items() if table in rule.tables and rule.kind == kind and is_on[name]}
    return {name: rule.asks(rows) for name, rule in wanted.items()}


def first_yes(asked: Mapping[str, ir.BooleanValue]) -> ir.StringValue:
    """Give the name of the first rule that says yes to a row; null where none does.

    Examples
    --------
    >>> rows = ibis.memtable({"unreadable": [None, "age"], "customer_id": [None, "ann"]})
    >>> rows.select(rule=first_yes({"unreadable": unreadable(rows), "guest": guest(rows)})).rule.to_list()
    ['guest', 'unreadable']
    """
    return ibis.cases(*((flag, name) for name, flag in asked.items())) if asked else ibis.null("string")
