"""Cleaning of coupon files, by their rows: a row of a burnt coupon has two events."""

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from customerbase.cleaning.audit import Part, count_rules
from customerbase.cleaning.rules import ask, first_yes
from customerbase.engine import keep
from customerbase.schema import COUPON_EVENTS, check

__all__ = ["clean_coupon_events"]

_KEY = ("source", "source_row")
_EQUAL = ("customer_id", "coupon_id", "event", "occurred_at")


def clean_coupon_events(events: ir.Table, is_on: Mapping[str, bool]) -> Part:
    """Set aside the rows that cannot be read, name nobody, or bring no event that other rows have not brought.

    Of a row that brings one event anew and one again (the coupon was burnt since the export before), the new one is
    kept.

    Parameters
    ----------
    events
        A table of the contract `COUPON_EVENTS`, and `unreadable` as `read` gives it.
    is_on
        Name of each rule → whether it is on.

    Examples
    --------
    >>> from customerbase.cleaning.rules import switch
    >>> events = ibis.memtable({"source": ["a"] * 3, "source_row": [2, 3, 3], "customer_id": ["ann"] * 3,
    ...                         "coupon_id": ["X"] * 3, "event": ["claimed", "claimed", "burnt"],
    ...                         "occurred_at": ["2024-05-01", "2024-05-01", "2024-05-03"]})
    >>> part = clean_coupon_events(events.cast({"occurred_at": "timestamp"}), switch({}))
    >>> part.kept.order_by("source_row").event.to_list(), part.count.rows_in, part.count.rows_kept
    (['claimed', 'burnt'], 2, 2)
    """
    rows = _complete(events)
    usable = rows.mutate(is_usable=first_yes(ask(rows, "coupon_events", is_on)).isnull())
    copies = ibis.window(group_by=[usable[name] for name in (*_EQUAL, "is_usable")], order_by=_KEY)
    is_event = usable.is_usable & usable.customer_id.notnull() & usable.event.notnull()
    numbered = usable.mutate(number=ibis.ifelse(is_event, ibis.row_number().over(copies) + 1, 1))
    numbered = numbered.mutate(copy_number=numbered.number.min().over(ibis.window(group_by=_KEY)))
    asked = ask(numbered, "coupon_events", is_on)
    ruled = keep(numbered.mutate(rule=first_yes(asked)))
    by_row = ruled.group_by(*_KEY).agg(customer_id=ruled.customer_id.min(), rule=ruled.rule.min())
    count, outcomes = count_rules(by_row, "coupon_events", list(asked))
    is_new = ruled.number == 1 if is_on["repeated_event"] else ibis.literal(True)
    kept = ruled.filter(ruled.rule.isnull() & is_new).select(*(column.name for column in COUPON_EVENTS))
    own = [name for name in events.columns if name not in _KEY]
    return Part(kept, ruled.filter(ruled.rule.notnull()).select(*_KEY, "rule", *own), count, outcomes)


def _complete(events: ir.Table) -> ir.Table:
    """Add what a caller's own table may lack, and give every column the type of the contract."""
    check(events, COUPON_EVENTS, "coupon_events")
    names = events.columns
    known = {
        column.name: (events[column.name] if column.name in names else ibis.null(column.type)).cast(column.type)
        for column in COUPON_EVENTS
    }
    unreadable = events.unreadable if "unreadable" in names else ibis.null("string")
    return events.select(**known, unreadable=unreadable, copy_number=1)
