"""From sheets with their layouts to the tables of a data set: one way for all kinds of sheets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from customerbase.engine import release, store
from customerbase.errors import DataError
from customerbase.ingest.completion import complete_cells
from customerbase.ingest.coupons import ask_coupon_columns, drop_implied_claims, map_coupon_events
from customerbase.ingest.customers import ask_customer_columns, map_customers, tell_percentages
from customerbase.ingest.databases import refuse_types
from customerbase.ingest.formats import AskedColumns, SheetFormats, decide_formats
from customerbase.ingest.layout import Grain
from customerbase.ingest.layouts import Layout
from customerbase.ingest.mapping import ask_columns, map_lines
from customerbase.ingest.numbers import DecimalSign
from customerbase.ingest.sheets import Sheet
from customerbase.ingest.times import DateOrder

__all__ = ["KINDS", "Fitted", "Kind", "map_sheets"]

Fitted = tuple[Sheet, Layout]
_Settled = tuple[Sheet, Layout, SheetFormats]
_DATABASES = {"postgresql", "duckdb", "sqlite"}


@dataclass(frozen=True)
class Kind:
    """How the sheets of some grains become one table.

    `complete` makes the rows of a sheet understandable one by one, `ask` gives the columns whose format must be known,
    `settle` completes the layout by what these cells say, `map` makes the table of one sheet, and `finish` looks at
    the rows of all sheets.
    """

    grains: tuple[Grain, ...]
    ask: Callable[[Sheet, Layout], AskedColumns]
    map: Callable[[Sheet, Layout, SheetFormats], ir.Table]
    complete: Callable[[Sheet, Layout], Sheet] = lambda sheet, _: sheet
    settle: Callable[[Sheet, Layout, SheetFormats], Layout] = lambda _, layout, __: layout
    finish: Callable[[ir.Table], ir.Table] = lambda table: table


KINDS: dict[str, Kind] = {
    "order_lines": Kind(("line", "order"), ask_columns, map_lines, complete=complete_cells),
    "customers": Kind(("customer",), ask_customer_columns, map_customers, settle=tell_percentages),
    "coupon_events": Kind(("coupon",), ask_coupon_columns, map_coupon_events, finish=drop_implied_claims),
}
"""Table → how sheets become it."""


def map_sheets(
    fitted: Sequence[Fitted],
    connection: BaseBackend,
    decimal: DecimalSign | None = None,
    date_order: DateOrder | None = None,
) -> tuple[dict[str, ir.Table], list[_Settled]]:
    """Map all sheets to the tables of their kinds.

    Parameters
    ----------
    fitted
        Sheets, each with its layout.
    connection
        The engine that holds the tables.
    decimal, date_order
        What the caller says of columns that leave their format open.

    Returns
    -------
    tuple
        The tables that there are, by name; and, in their order, the sheets with their layouts and formats.

    Examples
    --------
    >>> from customerbase.engine import connect
    >>> header = ("who", "age")
    >>> cells = ibis.memtable({"source": ["a.csv"], "source_row": [2], "who": ["ann"], "age": ["34"]})
    >>> layout = Layout("own", {"customer_id": "who", "age": "age"}, grain="customer")
    >>> tables, _ = map_sheets([(Sheet("a.csv", "csv", header, header, cells), layout)], connect())
    >>> list(tables), tables["customers"].age.to_list()
    (['customers'], [34])
    """
    tables: dict[str, ir.Table] = {}
    mapped: dict[str, tuple[Layout, SheetFormats]] = {}
    for name, kind in KINDS.items():
        if own := [each for each in fitted if each[1].grain in kind.grains]:
            if name == "coupon_events" and own[0][0].is_in_place:
                raise DataError(
                    f"{own[0][0].source} holds coupons, whose events cannot be told apart on a server. "
                    "Export them to a file, and read that alone."
                )
            tables[name], settled = _map_kind(kind, own, connection, decimal, date_order)
            mapped |= {sheet.source: (layout, formats) for sheet, layout, formats in settled}
    return tables, [(sheet, *mapped[sheet.source]) for sheet, _ in fitted]


def _map_kind(
    kind: Kind,
    fitted: Sequence[Fitted],
    connection: BaseBackend,
    decimal: DecimalSign | None,
    date_order: DateOrder | None,
) -> tuple[ir.Table, list[_Settled]]:
    """Map the sheets of one kind; where a cell cannot be read, by formats that all rows have a say in."""
    completed = [(kind.complete(sheet, layout), layout) for sheet, layout in fitted]
    asked = [kind.ask(sheet, layout) for sheet, layout in completed]
    for each in asked:
        if each.sheet.reader in _DATABASES:
            refuse_types(each.sheet, list(each.numbers.values()), list(each.times.values()))

    def settle(formats: Sequence[SheetFormats]) -> list[_Settled]:
        pairs = zip(completed, formats, strict=True)
        return [(sheet, kind.settle(sheet, layout, how), how) for (sheet, layout), how in pairs]

    def stack(settled: Sequence[_Settled]) -> ir.Table:
        return kind.finish(_stack([kind.map(*each) for each in settled]))

    formats = decide_formats(asked, decimal, date_order)
    settled = settle(formats)
    if all(sheet.reader == "parquet" and sheet.raw is None for sheet, _ in fitted):
        # Parquet is read where it lies, so that a file larger than memory passes through.
        return stack(settled), settled
    table = store(connection, stack(settled), "ingested")
    if table.filter(table.unreadable.notnull()).count().execute():
        by_all_rows = decide_formats(asked, decimal, date_order, head_rows=None)
        if by_all_rows != formats:
            release(connection, table)
            settled = settle(by_all_rows)
            table = store(connection, stack(settled), "ingested")
    return table, settled


def _stack(tables: Sequence[ir.Table]) -> ir.Table:
    """Stack tables; a column that one of them has not is empty there."""
    types = {name: type_ for table in tables for name, type_ in table.schema().items()}
    nulls = {name: ibis.null(type_) for name, type_ in types.items()}
    padded = [table.select(**{**nulls, **{name: table[name] for name in table.columns}}) for table in tables]
    return ibis.union(*padded) if len(padded) > 1 else padded[0]
