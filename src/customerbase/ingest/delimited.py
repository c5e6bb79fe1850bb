"""Delimited text: fast where the file is sound, line by line where a line is damaged."""

import glob
from dataclasses import replace
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
from customerbase.ingest.sniffing import Start, sniff
from customerbase.ingest.splitting import Dialect, Record, split_records

__all__ = ["read_csv"]

_CHUNK_BYTES = 1 << 20
_BATCH_ROWS = 50_000
_MAX_LINES_TO_WEIGH = 50
_MOST_SHOWN = 60
_LINE_BY_LINE = (
    "read line by line, since some lines are damaged, blank, of several lines or with quotes behind a backslash"
)


def read_csv(path: Path, source: str, connection: BaseBackend, encoding: str | None = None) -> list[Sheet]:
    r"""Read a CSV file as text; delimiter and quotes are decided by its first records, the encoding by all of it.

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
        start = _read_start(text.file, path)
        columns = name_columns(start.header)
        table = _load_fast(text.file, columns, start, connection)
        is_fast = table is not None
        if table is None:
            start = replace(start, dialect=_look_for_escapes(text.file, start.dialect, len(columns)))
            table = _load_line_by_line(text.file, columns, start, connection)
    rest = [name for name in (*columns, DAMAGED_LINE) if name in table.columns]
    filled = table.filter(ibis.or_(*(table[name].notnull() for name in rest)))
    if filled.count().execute() == 0:
        raise DataError(f"{path} has a header but no rows. Export the orders again.")
    cells = filled.mutate(source=ibis.literal(source)).select(*KEY, *rest)
    notes = (*start.notes, *text.notes, *([] if is_fast else [_LINE_BY_LINE]))
    return [_drop_blank_end(Sheet(source, "csv", start.header, columns, cells, notes))]


def _read_start(file: Path, path: Path) -> Start:
    with file.open("rb") as opened:
        head = opened.read(_CHUNK_BYTES)
        if b"\n" not in head:
            head += opened.readline()
    start = sniff(head[: head.rfind(b"\n") + 1 or None].decode("utf-8-sig", errors="ignore"))
    if start.first_line is None:
        raise DataError(f"{path} is empty. Export the orders again.")
    if not start.header:
        raise DataError(
            f"{path} has a header that cannot be split into columns: {start.first_line[:_MOST_SHOWN]!r}. "
            "Its quotes must be closed: save it as 'CSV UTF-8' and try again."
        )
    return start


def _load_fast(path: Path, columns: tuple[str, ...], start: Start, connection: BaseBackend) -> ir.Table | None:
    """Load with DuckDB; None where a line is damaged, blank, or part of a longer record.

    One unclosed quote can swallow a hundred lines without an error, hence the count of line ends. Of a quote behind a
    backslash it makes the right cell, but of any other letter behind one it loses the backslash.
    """
    if start.dialect.has_escapes:
        return None
    raw: Any = connection
    name = ibis.util.gen_name("cells")
    types = dict.fromkeys(columns, "VARCHAR")
    quote = start.dialect.quote
    try:
        raw.con.execute(
            f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM read_csv('  # noqa: S608
            "?, auto_detect=false, header=true, skip=?, columns=?, delim=?, quote=?, escape=?, "
            "strict_mode=true, null_padding=false, max_line_size=2000000)",
            [glob.escape(str(path)), start.n_above, types, start.dialect.delimiter, quote, quote],
        )
    except duckdb.Error:
        return None
    table = connection.table(name)
    if start.n_above + 1 + table.count().execute() != _count_lines(path):
        connection.drop_table(name)
        return None
    return table.mutate(source_row=table.rowid() + start.first_row)


def _count_lines(path: Path) -> int:
    n_lines, last = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            n_lines += chunk.count(b"\n")
            last = chunk
    return n_lines + (not last.endswith(b"\n"))


def _look_for_escapes(path: Path, dialect: Dialect, n_columns: int) -> Dialect:
    """Look through all of a file for quotes behind a backslash, which may come late."""
    escaped = replace(dialect, has_escapes=True)
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        lines = list(islice((line for line in file if f"\\{dialect.quote}" in line), _MAX_LINES_TO_WEIGH))
    n_whole = [sum(len(each.split(line) or ()) == n_columns for line in lines) for each in (dialect, escaped)]
    return escaped if n_whole[1] > n_whole[0] else dialect


def _load_line_by_line(path: Path, columns: tuple[str, ...], start: Start, connection: BaseBackend) -> ir.Table:
    schema = pa.schema([("source_row", pa.int64()), *((name, pa.string()) for name in (*columns, DAMAGED_LINE))])
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        lines = islice(file, start.n_above + start.n_header_lines, None)
        records = split_records(lines, start.dialect, len(columns))
        batches = []
        while batch := list(islice(records, _BATCH_ROWS)):
            batches.append(_to_batch(batch, schema, start.first_row))
    return connection.create_table(ibis.util.gen_name("cells"), pa.Table.from_batches(batches, schema), temp=True)


def _to_batch(records: list[Record], schema: pa.Schema, first_row: int) -> pa.RecordBatch:
    n_columns = len(schema) - 2
    rows = zip(*((record.cells or [""] * n_columns) for record in records), strict=True)
    cells = [pa.array([cell or None for cell in column], pa.string()) for column in rows]
    numbers = pa.array([first_row + record.row - 1 for record in records], pa.int64())
    return pa.record_batch([numbers, *cells, pa.array([record.text for record in records], pa.string())], schema=schema)


def _drop_blank_end(sheet: Sheet) -> Sheet:
    """Drop a last column without a name and without a cell: it is the delimiter at the end of each line."""
    if sheet.header[-1].strip() or sheet.cells[sheet.columns[-1]].count().execute():
        return sheet
    cells = sheet.cells.drop(sheet.columns[-1])
    return replace(sheet, header=sheet.header[:-1], columns=sheet.columns[:-1], cells=cells)
