"""Cells of text, and the values that come of them."""

from collections.abc import Callable, Sequence
from typing import Any

import ibis

from customerbase.ingest.sheets import Sheet


def evaluate(value: ibis.Value) -> Any:
    """Give the value of an expression."""
    return value.to_pyarrow().as_py()


def cell(text: str) -> ibis.Value:
    """Make a cell of text."""
    return ibis.literal(text, "string")


def column(cells: Sequence[str | None]) -> ibis.Value:
    """Make a column of text."""
    return ibis.memtable(
        {"row": list(range(len(cells))), "cell": list(cells)}, schema={"row": "int64", "cell": "string"}
    ).cell


def count(cells: ibis.Value, weigh: Callable[[ibis.Value], dict[str, ibis.Value]]) -> dict[str, int]:
    """Count in a column what a format is told by, in one query."""
    row: dict[str, int] = cells.as_table().agg(**weigh(cells)).to_pyarrow().to_pylist()[0]
    return row


def read_all(cells: ibis.Value, parse: Callable[[ibis.Value], ibis.Value]) -> list[Any]:
    """Give what comes of each cell of a column of `column`, in order."""
    rows = cells.op().rel.to_expr()
    values: list[Any] = rows.select("row", value=parse(rows.cell)).order_by("row").to_pyarrow()["value"].to_pylist()
    return values


def sheet(source: str = "orders.csv", reader: str = "csv", **columns: Sequence[str | None]) -> Sheet:
    """Make a sheet of text."""
    n_rows = len(next(iter(columns.values())))
    data = {"source": [source] * n_rows, "source_row": list(range(2, n_rows + 2)), **columns}
    schema = {"source": "string", "source_row": "int64", **dict.fromkeys(columns, "string")}
    return Sheet(source, reader, tuple(columns), tuple(columns), ibis.memtable(data, schema=schema))
