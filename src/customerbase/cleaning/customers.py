"""Cleaning of files with one row per customer."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from customerbase.cleaning.audit import Part, count_rules
from customerbase.cleaning.rules import ask, first_yes
from customerbase.engine import keep
from customerbase.schema import CARRIED, CUSTOMERS, check

__all__ = ["clean_customers"]

_KEY = ("source", "source_row")
_INTERNAL = ("unreadable", "copy_number")


def clean_customers(customers: ir.Table, is_on: Mapping[str, bool]) -> Part:
    """Set aside the rows that cannot be read, name nobody, or name a customer again.

    Parameters
    ----------
    customers
        A table of the contract `CUSTOMERS`, with further columns of numbers, and `unreadable` as `read` gives it.
    is_on
        Name of each rule → whether it is on.

    Examples
    --------
    >>> from customerbase.cleaning.rules import switch
    >>> customers = ibis.memtable({"source": ["a"] * 3, "source_row": [2, 3, 4], "customer_id": ["ann", None, "ann"]})
    >>> part = clean_customers(customers, switch({}))
    >>> part.kept.source_row.to_list(), part.set_aside.order_by("source_row").rule.to_list()
    ([2], ['guest', 'repeated_customer'])
    """
    rows = _complete(customers)
    usable = rows.mutate(is_usable=first_yes(ask(rows, "customers", is_on)).isnull())
    # Rows of a server have no place: the columns tell which of two comes first.
    order = [*_KEY, *(name for name in rows.columns if name not in {*_KEY, *_INTERNAL})]
    copies = ibis.window(group_by=[usable.customer_id, usable.is_usable], order_by=order)
    number = ibis.ifelse(usable.is_usable & usable.customer_id.notnull(), ibis.row_number().over(copies) + 1, 1)
    numbered = usable.mutate(copy_number=number)
    asked = ask(numbered, "customers", is_on)
    ruled = keep(numbered.mutate(rule=first_yes(asked)))
    count, outcomes = count_rules(ruled, "customers", list(asked))
    kept = ruled.filter(ruled.rule.isnull()).select(*(name for name in rows.columns if name not in _INTERNAL))
    own = [name for name in customers.columns if name not in _KEY]
    return Part(kept, ruled.filter(ruled.rule.notnull()).select(*_KEY, "rule", *own), count, outcomes)


def _is_carried(name: str) -> bool:
    return name.startswith(CARRIED)


def _complete(customers: ir.Table) -> ir.Table:
    """Add what a caller's own table may lack, and give every column the type of the contract."""
    check(customers, CUSTOMERS, "customers")
    names = customers.columns
    known = {
        column.name: (customers[column.name] if column.name in names else ibis.null(column.type)).cast(column.type)
        for column in CUSTOMERS
    }
    further = {name: customers[name] for name in names if name not in {*known, *_INTERNAL} and not _is_carried(name)}
    numbers = {name: value.cast("float64") for name, value in further.items() if value.type().is_numeric()}
    unreadable = customers.unreadable if "unreadable" in names else ibis.null("string")
    return customers.select(**known, **{**further, **numbers}, unreadable=unreadable, copy_number=1)
