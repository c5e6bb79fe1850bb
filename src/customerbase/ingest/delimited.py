"""Delimited text: fast where the file is sound, line by line where a line is damaged."""

import csv
import glob
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends import BaseBackend

from customerbase.errors import DataError
from customerbase.ingest.encodings import open_text
from customerbase.ingest.headerless import read_cdnow
from customerbase.ingest.sheets import DAMAGED_LINE, KEY, Sheet, name_columns

__all__ = ["read_csv"]

_DELIMITERS = ",;\t|"
_CHUNK_BYTES = 1 << 20
_BATCH_ROWS = 50_000
_MAX_LINES_OF_RECORD = 200
"""A record with more lines than this has lost a quote: no shop writes a cell of 200 lines."""


def read_csv(path: Path, source: str, connection: BaseBackend, encoding: str | None = None) -> list[Sheet]:
    r"""Read a CSV file as text; its delimiter is taken from the header, its encoding from all of it.

    Parameters
    ----------
    path
        Where the file lies.
    source
        What it is called in `source`.
    connection
        The engine to read into.
    encoding
        How the file is encoded; by default it is detected.

    Returns
    -------
    list
        One sheet. A line that cannot be split is kept in the column `damaged_line`, without cells.

    Raises
    ------
    DataError
        The file is empty, has no rows, or is no text.

    Examples
    --------
    >>> import tempfile
    >>> from customerbase.engine import connect
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "orders.csv")
    ...     _ = file.write_text("Invoice;Price\n536365;2.55\n")
    ...     read_csv(file, "orders.csv", connect())[0].cells.to_pyarrow().to_pylist()
    [{'source': 'orders.csv', 'source_row': 2, 'Invoice': '536365', 'Price': '2.55'}]
    """
    with open_text(path, encoding) as text:
        if (cdnow := read_cdnow(text.file, source, connection)) is not None:
            return [replace(cdnow, notes=(*cdnow.notes, *text.notes))]
        delimiter, header = _read_header(text.file, path)
        columns = name_columns(header)
        table = _load_fast(text.file, columns, delimiter, connection)
        notes: tuple[str, ...] = (f"delimiter {delimiter!r}", *text.notes)
        if table is None:
            table = _load_line_by_line(text.file, columns, delimiter, connection)
            notes += ("read line by line, since some lines are damaged, blank or of several lines",)
    rest = [name for name in (*columns, DAMAGED_LINE) if name in table.columns]
    filled = table.filter(ibis.or_(*(table[name].notnull() for name in rest)))
    if filled.count().execute() == 0:
        raise DataError(f"{path} has a header but no rows. Export the orders again.")
    cells = filled.mutate(source=ibis.literal(source)).select(*KEY, *rest)
    return [Sheet(source, "csv", header, columns, cells, notes)]


def _read_header(file: Path, path: Path) -> tuple[str, tuple[str, ...]]:
    with file.open("rb") as opened:
        head = opened.read(_CHUNK_BYTES)
    text = head[: head.rfind(b"\n") + 1 or None].decode("utf-8-sig", errors="ignore")
    first = next((line for line in io.StringIO(text) if line.strip()), None)
    if first is None:
        raise DataError(f"{path} is empty. Export the orders again.")
    delimiter = max(_DELIMITERS, key=first.count)
    header = _parse(first, delimiter)
    if header is None:
        raise DataError(
            f"{path} has a header that cannot be split into columns: {first.strip()[:60]!r}. "
            "Its quotes must be closed, on one line: save it as 'CSV UTF-8' and try again."
        )
    return delimiter, tuple(header)


def _load_fast(path: Path, columns: tuple[str, ...], delimiter: str, connection: BaseBackend) -> ir.Table | None:
    """Load with DuckDB; None where a line is damaged, blank, or part of a longer record.

    One unclosed quote can swallow a hundred lines without an error, hence the count of line ends.
    """
    raw: Any = connection
    name = ibis.util.gen_name("cells")
    try:
        raw.con.execute(
            f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM read_csv('  # noqa: S608
            "?, auto_detect=false, header=true, columns=?, delim=?, "
            "quote='\"', escape='\"', strict_mode=true, null_padding=false, max_line_size=2000000)",
            [glob.escape(str(path)), dict.fromkeys(columns, "VARCHAR"), delimiter],
        )
    except duckdb.Error:
        return None
    table = connection.table(name)
    if table.count().execute() + 1 != _count_lines(path):
        connection.drop_table(name)
        return None
    return table.mutate(source_row=table.rowid() + 2)


def _count_lines(path: Path) -> int:
    n_lines, last = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            n_lines += chunk.count(b"\n")
            last = chunk
    return n_lines + (not last.endswith(b"\n"))


@dataclass(frozen=True)
class _Record:
    source_row: int
    cells: list[str] | None
    text: str | None = None


def _load_line_by_line(path: Path, columns: tuple[str, ...], delimiter: str, connection: BaseBackend) -> ir.Table:
    schema = pa.schema([("source_row", pa.int64()), *((name, pa.string()) for name in (*columns, DAMAGED_LINE))])
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        records = _split_records(file, delimiter, len(columns))
        next(records, None)  # the header
        batches = []
        while batch := list(islice(records, _BATCH_ROWS)):
            batches.append(_to_batch(batch, schema))
    return connection.create_table(ibis.util.gen_name("cells"), pa.Table.from_batches(batches, schema), temp=True)


def _to_batch(records: list[_Record], schema: pa.Schema) -> pa.RecordBatch:
    n_columns = len(schema) - 2
    rows = zip(*((record.cells or [""] * n_columns) for record in records), strict=True)
    cells = [pa.array([cell or None for cell in column], pa.string()) for column in rows]
    numbers = pa.array([record.source_row for record in records], pa.int64())
    return pa.record_batch([numbers, *cells, pa.array([record.text for record in records], pa.string())], schema=schema)


def _split_records(lines: Iterator[str], delimiter: str, n_columns: int) -> Iterator[_Record]:
    """Split text into records; a record over several lines counts as one row, as in a spreadsheet."""
    pending: deque[str] = deque()
    row = 0
    while True:
        line = pending.popleft() if pending else next(lines, None)
        if line is None:
            return
        row += 1
        cells = _parse(line, delimiter)
        if cells is None:
            cells, used = _join(line, pending, lines, delimiter, n_columns)
            for _ in range(used):
                pending.popleft()
        if cells is not None and len(cells) == n_columns:
            if any(cells):
                yield _Record(row, cells)
        elif line.strip():
            yield _Record(row, None, line.rstrip("\r\n"))


def _parse(text: str, delimiter: str) -> list[str] | None:
    """Give the cells of a record, or None where a quote is left open."""
    text = text.rstrip("\r\n")
    if '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader(io.StringIO(text, newline="\n"), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _join(
    line: str, pending: deque[str], lines: Iterator[str], delimiter: str, n_columns: int
) -> tuple[list[str] | None, int]:
    """Join a line that leaves a quote open with those after it, unless one of these is a whole record by itself.

    Gives the cells (None: the line is damaged) and how many of `pending` they used up.
    """
    text = line
    for used in range(1, _MAX_LINES_OF_RECORD):
        if used > len(pending):
            following = next(lines, None)
            if following is None:
                return None, 0
            pending.append(following)
        if _is_record(pending[used - 1], delimiter, n_columns):
            return None, 0
        text += pending[used - 1]
        cells = _parse(text, delimiter)
        if cells is not None:
            return (cells, used) if len(cells) == n_columns else (None, 0)
    return None, 0


def _is_record(line: str, delimiter: str, n_columns: int) -> bool:
    """Tell whether a line is a whole record by itself; one with an odd number of quotes may close a cell from above."""
    cells = _parse(line, delimiter)
    return cells is not None and len(cells) == n_columns > 1 and line.count('"') % 2 == 0
