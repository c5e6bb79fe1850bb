"""Completion: what an export says on another row or in another column is brought to where it is needed."""

from dataclasses import replace

import ibis
import ibis.expr.types as ir

from customerbase.ingest.dialects import parse_text
from customerbase.ingest.layouts import Layout
from customerbase.ingest.sheets import Sheet

__all__ = ["complete_cells"]

_OF_THE_ORDER = ("customer_id", "ordered_at", "currency", "country", "channel", "coupon_code")


def complete_cells(sheet: Sheet, layout: Layout) -> Sheet:
    """Give a sheet whose rows can be understood one by one: cells of the order on each of its rows, day with time.

    The sheet that came in is not changed, and one whose layout asks for nothing is given back as it is.

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
    if layout.is_filled_down and "order_id" in layout.columns:
        cells = cells.mutate(**_fill_down(sheet, layout))
    if layout.time_of_day:
        day, time = sheet.column(layout.columns["ordered_at"]), sheet.column(layout.time_of_day)
        cells = cells.mutate(**{day: _join(cells[day], cells[time])})
    return sheet if cells is sheet.cells else replace(sheet, cells=cells)


def _fill_down(sheet: Sheet, layout: Layout) -> dict[str, ir.Value]:
    """Fill empty cells of an order from its first row that has one."""
    cells = sheet.cells
    names = {layout.columns[name] for name in _OF_THE_ORDER if name in layout.columns}
    names |= {condition.column for condition in layout.void_when} | set(layout.refunded or ())
    order = parse_text(cells[sheet.column(layout.columns["order_id"])])
    rows = ibis.window(group_by=[cells.source, order], order_by=cells.source_row)
    filled = {}
    for column in sorted(map(sheet.column, names)):
        text = parse_text(cells[column])
        filled[column] = text.coalesce(ibis.ifelse(order.isnull(), ibis.null("string"), text.first().over(rows)))
    return filled


def _join(day: ir.Value, time: ir.Value) -> ir.StringValue:
    day_text = parse_text(day)
    return (day_text + " " + parse_text(time)).coalesce(day_text)
