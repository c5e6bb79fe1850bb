"""Downloads: what a page shows, as files that are made when somebody asks for them."""

import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import streamlit as st

from customerbase.dashboard.opening import Opened
from customerbase.report.blocks import Table
from customerbase.report.drawing import FILE_KINDS, specify
from customerbase.report.exports import write_export

__all__ = ["MOST_XLSX_ROWS", "offer_chart", "offer_rows", "offer_table", "pack", "take_columns"]

MOST_XLSX_ROWS = 100_000
"""Beyond that a workbook takes minutes to write and to open."""

_MIME: Mapping[str, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "png": "image/png",
    "svg": "image/svg+xml",
}


def pack(table: ir.Table | pa.Table, kind: str) -> bytes:
    r"""Give a table as the content of a file, safe to open in a spreadsheet: see `report.exports`.

    Examples
    --------
    >>> pack(pa.table({"customer_id": ["=1+1"]}), "csv")
    b'"customer_id"\n"\'=1+1"\n'
    """
    with tempfile.TemporaryDirectory() as folder:
        return write_export(table, Path(folder, f"export.{kind}")).read_bytes()


def take_columns(table: Table) -> pa.Table:
    """Give the rows of a table of the report with the columns that it shows, under their headings, not rounded.

    Examples
    --------
    >>> from customerbase.report.blocks import Column
    >>> take_columns(Table("Days", (Column("n", "orders", "count"),), [{"n": 3, "m": 4}])).to_pylist()
    [{'orders': 3}]
    """
    labels = _distinct([column.label for column in table.columns])
    names = [column.name for column in table.columns]
    return pa.table({label: _values(table.rows, name) for label, name in zip(labels, names, strict=True)})


def _distinct(labels: Sequence[str]) -> list[str]:
    return [f"{label} {labels[: place + 1].count(label)}" if labels.count(label) > 1 else label
            for place, label in enumerate(labels)]  # fmt: skip


def _values(rows: Sequence[Mapping[str, Any]], name: str) -> pa.Array:
    values = [row[name] for row in rows]
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else str(value) for value in values])


def offer_table(table: Table, name: str, key: str) -> None:
    """Offer a table of the report as CSV and XLSX."""
    for kind in ("csv", "xlsx"):
        _offer(kind, name, key, partial(_pack_columns, table, kind))


def offer_chart(make: Callable[[], Any], name: str, key: str) -> None:
    """Offer a chart, with its title, as PNG and SVG."""
    for kind in ("png", "svg"):
        _offer(kind, name, key, partial(_draw, make, kind))


def offer_rows(opened: Opened, table: ir.Table, n_rows: int, name: str, key: str) -> None:
    """Offer the rows of a table of the workspace as CSV, and as XLSX unless they are too many."""
    for kind in ("csv", "xlsx"):
        make = partial(_pack_rows, opened, table, kind)
        _offer(kind, name, key, make, is_off=kind == "xlsx" and n_rows > MOST_XLSX_ROWS)


def _pack_rows(opened: Opened, table: ir.Table, kind: str) -> bytes:
    return pack(opened.ask(table.to_pyarrow), kind)  # while a large file is written, others may ask


def _pack_columns(table: Table, kind: str) -> bytes:
    return pack(take_columns(table), kind)


def _draw(make: Callable[[], Any], kind: str) -> bytes:
    return FILE_KINDS[kind](specify(make()))


def _offer(kind: str, name: str, key: str, make: Callable[[], bytes], *, is_off: bool = False) -> None:
    st.download_button(
        kind.upper(),
        make,
        f"{re.sub(r'[^a-z0-9]+', '-', name.casefold()).strip('-') or 'table'}.{kind}",
        _MIME[kind],
        key=f"{key}.{kind}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        disabled=is_off,
        help=f"An XLSX is offered up to {MOST_XLSX_ROWS:,} rows." if is_off else None,
    )
