"""Data sets as files of a workspace, as they were ingested or clean, and back."""

from dataclasses import asdict, replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.cleaning import Audit, Cleaned
from customerbase.errors import DataError, WorkspaceError
from customerbase.schema import CARRIED, ORDER_LINES, Dataset, Format
from customerbase.workspace import Run, Workspace

__all__ = [
    "CLEAN",
    "INGESTED",
    "load_clean",
    "load_ingested",
    "names_persons",
    "plain_audit",
    "refuse_nothing_before",
    "refuse_nothing_kept",
    "take_clean",
    "write_clean",
    "write_ingested",
]

INGESTED = ("ingested_lines", "ingested_customers", "ingested_coupon_events", "cells", "formats")
"""Names of what `write_ingested` writes, as far as it is there."""

CLEAN = ("order_lines", "customers", "coupon_events", "quarantine", "set_aside", "audit", "checkup", "returns",
         "database")  # fmt: skip
"""Names of what `write_clean` writes, as far as it is there, and of what follows from that alone."""

ROWS_TO_SORT = 5_000_000
"""Up to here order lines are sorted. To sort more takes longer than all else, and a large file comes in order."""

_KEY = ("source", "source_row")
_NO_LINES = ibis.memtable([], schema={column.name: column.type for column in ORDER_LINES})
_PERSONAL = {"email", "phone"}


def write_ingested(begun: Run, data: Dataset) -> None:
    """Write what was read; files with e-mail addresses or phone numbers of customers are for the owner alone."""
    is_private = names_persons(data)
    _write_tables(begun, data, prefix="ingested_")
    if data.cells is not None:
        begun.write_table("cells", data.cells, order_by=_KEY, private=is_private)
    begun.write_json("formats", [asdict(each) for each in data.formats])


def load_ingested(workspace: Workspace) -> Dataset:
    """Load what `ingest` wrote.

    Raises
    ------
    WorkspaceError
        There is nothing of the kind.
    """
    data = _load_tables(workspace, "ingested_")  # its message names what is missing, before that of the cells
    formats = tuple(Format(**{**each, "notes": tuple(each["notes"])}) for each in workspace.json("formats"))
    return replace(data, cells=workspace.table("cells"), formats=formats)


def write_clean(begun: Run, cleaned: Cleaned) -> Dataset:
    """Write clean tables, what was set aside, and the audit; give the tables as they lie there."""
    _write_tables(begun, cleaned.data, is_large=cleaned.audit.rows_kept > ROWS_TO_SORT)
    begun.write_table("quarantine", cleaned.quarantine, order_by=_KEY, private=names_persons(cleaned.data))
    data = cleaned.data
    if data.has_orders:
        is_large = cleaned.audit.rows_kept > ROWS_TO_SORT
        begun.write_table("set_aside", cleaned.set_aside, order_by=_KEY, comes_sorted=is_large)
    begun.write_json("audit", plain_audit(cleaned.audit))
    return take_clean(begun, data)


def take_clean(begun: Run, data: Dataset) -> Dataset:
    """Give the clean tables as a run has written them; `data` says which there are."""
    return Dataset(
        begun.table("order_lines") if data.has_orders else _NO_LINES,
        customers=None if data.customers is None else begun.table("customers"),
        coupon_events=None if data.coupon_events is None else begun.table("coupon_events"),
        has_orders=data.has_orders,
    )


def load_clean(workspace: Workspace) -> Dataset:
    """Load what `clean` wrote.

    Raises
    ------
    WorkspaceError
        There is nothing of the kind, or the lines stay in their database.
    """
    if any(each.name == "database" for each in workspace.tables()):
        reference = workspace.json("database")
        raise WorkspaceError(
            f"The order lines of {workspace.path} stay in {reference['url']}, and are not here to be looked at. "
            "Run 'customerbase run URL' again, with other options where you need them."
        )
    return _load_tables(workspace)


def refuse_nothing_before(data: Dataset, as_of: date | None) -> None:
    """Refuse a date before all that has one: nobody could be described.

    Raises
    ------
    DataError
        Names the first order or coupon event.
    """
    times = {"order": data.order_lines.ordered_at.min()} if data.has_orders else {}
    if data.coupon_events is not None:
        times["coupon event"] = data.coupon_events.occurred_at.min()
    firsts = {what: time.to_pyarrow().as_py() for what, time in times.items()}
    dates = {what: first.date() for what, first in firsts.items() if first is not None}
    if as_of and dates and min(dates.values()) >= as_of:
        what = min(dates, key=lambda each: dates[each])
        raise DataError(f"There is no {what} before {as_of}: the first is of {dates[what]}. Choose a later --as-of.")


def refuse_nothing_kept(audit: Audit, data: Dataset) -> None:
    """Refuse a data set of which no row can be used, and say why.

    Raises
    ------
    DataError
        Names the rules, how many rows each set aside, and one cell that could not be read.
    """
    if audit.rows_kept:
        return
    caught = [outcome for outcome in audit.outcomes if outcome.kind == "quarantined" and outcome.rows]
    reasons = ", ".join(f"{outcome.rows} by the rule '{outcome.rule}'" for outcome in caught)
    sources = ", ".join(each.source for each in audit.formats)
    date = " --map ordered_at=COLUMN" if data.has_orders else ""
    raise DataError(
        f"None of the {audit.rows_in} rows of {sources} can be used; set aside: {reasons}.{_show_unreadable(data)} "
        f"Check which columns were taken and name others (--map customer_id=COLUMN{date}), or switch a rule off "
        "(--without RULE)."
    )


def _show_unreadable(data: Dataset) -> str:
    """Quote one cell that could not be read, since a format is easier seen than described."""
    for table in (data.order_lines, data.customers, data.coupon_events):
        if table is not None and (quoted := _quote_unreadable(table, data)):
            return quoted
    return ""


def _quote_unreadable(table: ir.Table, data: Dataset) -> str:
    found = table.filter(table.unreadable.notnull()).select("source", "source_row", "unreadable").limit(1)
    bad = found.to_pyarrow().to_pylist()
    if not bad or data.cells is None:
        return ""
    source, row, name = bad[0].values()
    column = next((each.columns.get(name) for each in data.formats if each.source == source), None)
    if column not in data.cells.columns:
        return ""
    if data.is_in_place:
        cell = table.filter(table.unreadable == name)[f"{CARRIED}{column}"].min().to_pyarrow().as_py()
        return f" A row has {cell!r} as {name}."
    cells = data.cells.filter((data.cells.source == source) & (data.cells.source_row == row))
    return f" Row {row} has {cells[column].to_pyarrow()[0].as_py()!r} as {name}."


def names_persons(data: Dataset) -> bool:
    """Tell whether a data set holds e-mail addresses or phone numbers of customers.

    Examples
    --------
    >>> names_persons(Dataset(_NO_LINES))
    False
    """
    return any(each.grain == "customer" and _PERSONAL & set(each.columns) for each in data.formats)


def _write_tables(begun: Run, data: Dataset, prefix: str = "", *, is_large: bool = False) -> None:
    if data.has_orders:
        name = f"{prefix}lines" if prefix else "order_lines"
        begun.write_table(name, data.order_lines, order_by=_KEY, comes_sorted=is_large)
    if data.customers is not None:
        begun.write_table(f"{prefix}customers", data.customers, order_by=_KEY, private=names_persons(data))
    if data.coupon_events is not None:
        order = (*_KEY, "occurred_at", "event")
        begun.write_table(f"{prefix}coupon_events", data.coupon_events, order_by=order)


def _load_tables(workspace: Workspace, prefix: str = "") -> Dataset:
    lines = f"{prefix}lines" if prefix else "order_lines"
    customers, events = f"{prefix}customers", f"{prefix}coupon_events"
    there = {each.name for each in workspace.tables()}
    has_orders = lines in there or not {customers, events} & there
    return Dataset(
        workspace.table(lines) if has_orders else _NO_LINES,
        customers=workspace.table(customers) if customers in there else None,
        coupon_events=workspace.table(events) if events in there else None,
        has_orders=has_orders,
    )


def plain_audit(audit: Audit) -> dict[str, Any]:
    """Give an audit as JSON holds it.

    Examples
    --------
    >>> plain_audit(Audit(5, 4, (), ()))["rows_kept"]
    4
    """
    outcomes = [
        {**asdict(each), "amount": None if each.amount is None else float(each.amount)} for each in audit.outcomes
    ]
    return {**asdict(audit), "outcomes": outcomes}
