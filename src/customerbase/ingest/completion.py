"""Completion: what an export says on another row or in another column is brought to where it is needed."""

from collections.abc import Sequence
from dataclasses import replace

import ibis
import ibis.expr.types as ir

from customerbase.errors import DataError
from customerbase.ingest.dialects import parse_text
from customerbase.ingest.layouts import Layout
from customerbase.ingest.sheets import Sheet

__all__ = ["complete_cells"]

_OF_THE_ORDER = ("customer_id", "ordered_at", "currency", "country", "channel", "coupon_code")


def complete_cells(sheet: Sheet, layout: Layout) -> Sheet:
    """Give a sheet whose rows can be understood one by one: cells of the order on each of its rows, day with time.

    The sheet that came in is not changed, and one whose layout asks for nothing is given back as it is.

    Raises
    ------
    DataError
        The rows go on with what stands above them, and are those of a server.

    Examples
    --------
    >>> header = ("Name", "Email", "Total")
    >>> cells = ibis.memtable({"source": ["a.csv"] * 2, "source_row": [2, 3], "Name": ["#1", "#1"],
    ...                        "Email": ["ann@example.com", None], "Total": ["5", "6"]})
    >>> layout = Layout("own", {"order_id": "Name", "customer_id": "Email", "amount": "Total"}, is_filled_down=True)
    >>> completed = complete_cells(Sheet("a.csv", "csv", header, header, cells), layout)
    >>> completed.cells.Email.to_list()
    ['ann@example.com', 'ann@example.com']
    """
    cells = sheet.cells
    if layout.is_filled_down and sheet.is_in_place:
        raise DataError(
            f"{sheet.source} has the layout {layout.name!r}, whose rows go on with what stands above them, and rows of "
            "a server have no order. Fill the cells in a query (?query=SELECT …), or export the orders to a file."
        )
    if layout.is_filled_down and "order_id" in layout.columns:
        order = sheet.column(layout.columns["order_id"])
        cells = _carry_down(cells, order)
        cells = cells.mutate(**_fill_down(cells, order, sorted(map(sheet.column, _columns_of_the_order(layout)))))
    if layout.time_of_day:
        day, time = sheet.column(layout.columns["ordered_at"]), sheet.column(layout.time_of_day)
        cells = cells.mutate(**{day: _join(cells[day], cells[time])})
    return sheet if cells is sheet.cells else replace(sheet, cells=cells)


def _carry_down(cells: ir.Table, order: str) -> ir.Table:
    """Give rows that name no order that of the row above; to ask first whether there are any costs next to nothing."""
    text = parse_text(cells[order])
    if not cells.filter(text.isnull()).count().execute():
        return cells.mutate(**{order: text})
    so_far = ibis.window(group_by=cells.source, order_by=cells.source_row, preceding=None, following=0)
    numbered = cells.mutate(**{order: text}, n_orders=text.notnull().cast("int64").sum().over(so_far))
    one_order = ibis.window(group_by=[numbered.source, numbered.n_orders], order_by=numbered.source_row)
    return numbered.mutate(**{order: numbered[order].first().over(one_order)}).drop("n_orders")


def _columns_of_the_order(layout: Layout) -> set[str]:
    """Give the columns that say the same of each row of an order."""
    names = {column for name, column in layout.columns.items() if name in _OF_THE_ORDER}
    names |= {condition.column for condition in layout.void_when} | set(layout.refunded or ())
    names |= {layout.goods_total} if layout.goods_total else set()
    return names - {column for name, column in layout.columns.items() if name not in _OF_THE_ORDER}


def _fill_down(cells: ir.Table, order: str, columns: Sequence[str]) -> dict[str, ir.Value]:
    """Fill empty cells of an order from its first row that has one."""
    rows = ibis.window(group_by=[cells.source, cells[order]], order_by=cells.source_row)
    filled = {}
    for column in columns:
        text = parse_text(cells[column])
        filled[column] = text.coalesce(ibis.ifelse(cells[order].isnull(), ibis.null("string"), text.first().over(rows)))
    return filled


def _join(day: ir.Value, time: ir.Value) -> ir.StringValue:
    day_text = parse_text(day)
    return (day_text + " " + parse_text(time)).coalesce(day_text)
