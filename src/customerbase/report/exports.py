"""Exports: a table as CSV, Parquet or XLSX, safe to open in a spreadsheet."""

import datetime as dt
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pyarrow.parquet as pq
import pyarrow.types as pt
import xlsxwriter
import xlsxwriter.exceptions

from customerbase.errors import UsageError
from customerbase.workspace.storage import make_file, plain_faults, replace_file, shown

__all__ = ["FORMATS", "write_export"]

ROWS_PER_BATCH = 100_000
XLSX_ROWS = 1_048_576
XLSX_COLUMNS = 16_384
XLSX_DIGITS = 15
XLSX_FIRST_DAY = dt.date(1900, 3, 1)
"""Spreadsheets believe in a 29 February 1900, and count the days before it differently."""

_WIDEST = 60
"""Characters of the widest column."""

HOSTILE_START = r"^[=+\-@\t\r\n＝＋－＠]"
"""A spreadsheet may take a text that starts so for a formula."""


def write_export(
    table: ir.Table | pa.Table,
    path: str | os.PathLike[str],
    file_format: str | None = None,
    *,
    overwrite: bool = False,
    private: bool = False,
) -> Path:
    """Write a table to a file and return the file's path; it stands there whole or not at all.

    Texts that a spreadsheet would take for a formula get a leading apostrophe in CSV, and stay texts in XLSX.
    Numbers are never changed: one of more than 15 digits, which a spreadsheet would round, becomes a text in XLSX.

    Parameters
    ----------
    table
        The rows, in the order in which they are to be written.
    path
        The file to write.
    file_format
        `csv`, `parquet` or `xlsx`; by default what the file's suffix says.
    overwrite
        Whether a file that stands there may go.
    private
        The file is for the owner alone: mode 0600.

    Raises
    ------
    UsageError
        The format is unknown, the file exists, its folder does not, or the table does not fit into the format.
    WorkspaceError
        The disk refuses.

    Examples
    --------
    >>> customers = pa.table({"customer_id": ["12346", "=1+1"], "monetary": [-5, 7]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(write_export(customers, Path(folder, "customers.csv")).read_text())
    "customer_id","monetary"
    "12346",-5
    "'=1+1",7
    >>> write_export(customers, "customers.doc")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: An export is csv, parquet or xlsx. Got 'doc' instead. Name the file ...
    """
    target = Path(path)
    write = _writer(target, file_format)
    if write is _write_xlsx:
        _check_size(table)
    with plain_faults(target):
        _check_place(target, overwrite=overwrite)
        with _file_beside(target, private=private) as temporary, _batches(table) as batches:
            write(batches, temporary)
    return target


def _writer(target: Path, file_format: str | None) -> Callable[[pa.RecordBatchReader, Path], None]:
    wanted = (file_format or target.suffix.removeprefix(".")).lower()
    if wanted not in FORMATS:
        raise UsageError(
            f"An export is csv, parquet or xlsx. Got '{wanted}' instead. "
            f"Name the file {target.stem}.csv, or give the format apart."
        )
    return FORMATS[wanted]


def _check_place(target: Path, *, overwrite: bool) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"There is no folder {shown(target.parent)}. Make it first, or choose another place.")
    if target.is_dir():
        raise UsageError(f"{shown(target)} is a folder. Name a file in it, such as customers.csv.")
    if target.exists() and not overwrite:
        raise UsageError(f"{shown(target)} exists already. Overwrite it with --force, or choose another name.")


def _check_size(table: ir.Table | pa.Table) -> None:
    """Refuse what no sheet can hold before a minute is spent on writing it."""
    n_rows = table.num_rows if isinstance(table, pa.Table) else table.count().to_pyarrow().as_py()
    n_columns = len(table.schema if isinstance(table, pa.Table) else table.columns)
    if n_rows >= XLSX_ROWS:
        raise _too_large(f"{n_rows:,} rows", f"{XLSX_ROWS - 1:,} rows and a header")
    if n_columns > XLSX_COLUMNS:
        raise _too_large(f"{n_columns:,} columns", f"{XLSX_COLUMNS:,} columns")


@contextmanager
def _file_beside(target: Path, *, private: bool) -> Iterator[Path]:
    """Give a temporary file that takes the target's place if all goes well, and goes away if not."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        make_file(temporary, private=private)
        yield temporary
        replace_file(target, temporary)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def _batches(table: ir.Table | pa.Table) -> Iterator[pa.RecordBatchReader]:
    """Give the rows a batch at a time, never all at once."""
    if isinstance(table, pa.Table):
        yield table.to_reader(max_chunksize=ROWS_PER_BATCH)
        return
    with table.to_pyarrow_batches(chunk_size=ROWS_PER_BATCH) as batches:
        yield batches


def _write_parquet(batches: pa.RecordBatchReader, path: Path) -> None:
    with pq.ParquetWriter(path, batches.schema, compression="zstd") as file:
        for batch in batches:
            file.write_batch(batch)


def _write_csv(batches: pa.RecordBatchReader, path: Path) -> None:
    _check_plain(batches.schema, "CSV")
    schema = pa.schema([(_safe_text(field.name), _csv_type(field.type)) for field in batches.schema])
    with pv.CSVWriter(path, schema) as file:
        for batch in batches:
            columns = [_csv_column(column) for column in batch.columns]
            file.write_batch(pa.record_batch(columns, schema=schema))


def _csv_type(arrow_type: pa.DataType) -> pa.DataType:
    return pa.string() if _is_text(arrow_type) else arrow_type


def _csv_column(column: pa.Array) -> pa.Array:
    if not _is_text(column.type):
        return column
    texts = column.cast(pa.string())
    return pc.if_else(
        pc.match_substring_regex(texts, HOSTILE_START), pc.binary_join_element_wise("'", texts, ""), texts
    )


def _safe_text(text: str) -> str:
    return str(_csv_column(pa.array([text]))[0])


def _is_text(arrow_type: pa.DataType) -> bool:
    value_type = arrow_type.value_type if pt.is_dictionary(arrow_type) else arrow_type
    return any(is_kind(value_type) for is_kind in (pt.is_string, pt.is_large_string, pt.is_string_view))


def _check_plain(schema: pa.Schema, kind: str) -> None:
    for field in schema:
        if pt.is_nested(field.type) or pt.is_binary(field.type) or pt.is_large_binary(field.type):
            raise UsageError(
                f"Column '{field.name}' holds {field.type} values, and a cell of {kind} only text, a number or a date. "
                "Export Parquet, or leave the column out."
            )


def _write_xlsx(batches: pa.RecordBatchReader, path: Path) -> None:
    _check_plain(batches.schema, "XLSX")
    with tempfile.TemporaryDirectory() as spill_folder, _workbook(path, spill_folder) as workbook:
        sheet = workbook.add_worksheet("export")
        sheet.freeze_panes(1, 0)
        formats = _cell_formats(workbook)
        for column, name in enumerate(batches.schema.names):
            _write_text(sheet, 0, column, name, formats["header"])
        widths = [_width(field) for field in batches.schema]
        rows = _write_rows(sheet, batches, formats, widths)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.autofilter(0, 0, rows, max(len(batches.schema) - 1, 0))


@contextmanager
def _workbook(path: Path, spill_folder: str) -> Iterator[Any]:
    options = {
        "constant_memory": True,
        "tmpdir": spill_folder,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    try:
        with xlsxwriter.Workbook(path, options) as workbook:
            # Without this the file says when it was made, and no two are the same.
            workbook.set_properties({"created": dt.datetime(2000, 1, 1)})
            yield workbook
    except xlsxwriter.exceptions.FileCreateError as fault:
        raise fault.args[0] from fault


def _cell_formats(workbook: Any) -> dict[str, Any]:  # noqa: ANN401  (XlsxWriter has no types)
    return {
        "header": workbook.add_format({"bold": True}),
        "money": workbook.add_format({"num_format": "#,##0.00"}),
        "date": workbook.add_format({"num_format": "yyyy-mm-dd"}),
        "time": workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }


def _write_rows(
    sheet: Any,  # noqa: ANN401
    batches: pa.RecordBatchReader,
    formats: Mapping[str, Any],
    widths: list[int],
) -> int:
    """Write rows, give their number, and widen the columns whose texts need it."""
    row = 0
    for batch in batches:
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            row += 1
            for column, value in enumerate(values):
                if value is not None:
                    _write_cell(sheet, row, column, value, formats)
                    if isinstance(value, str):
                        widths[column] = min(max(widths[column], len(value) + 1), _WIDEST)
    return row


def _write_cell(sheet: Any, row: int, column: int, value: object, formats: Mapping[str, Any]) -> None:  # noqa: ANN401
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, (int, float, Decimal)) and _fits(value):
        sheet.write_number(row, column, value, formats["money"] if isinstance(value, Decimal) else None)
    elif isinstance(value, dt.date) and _is_countable(value):
        sheet.write_datetime(row, column, value, formats["time" if isinstance(value, dt.datetime) else "date"])
    else:
        _write_text(sheet, row, column, str(value))


def _fits(value: float | Decimal) -> bool:
    """Whether a spreadsheet keeps a number as it is; of floating-point numbers it keeps what matters."""
    if isinstance(value, float):
        return math.isfinite(value)
    return len(Decimal(value).normalize().as_tuple().digits) <= XLSX_DIGITS


def _is_countable(value: dt.date) -> bool:
    """Whether a spreadsheet has a number for a date."""
    day = value.date() if isinstance(value, dt.datetime) else value
    return day >= XLSX_FIRST_DAY and getattr(value, "tzinfo", None) is None


def _write_text(sheet: Any, row: int, column: int, text: str, cell_format: Any = None) -> None:  # noqa: ANN401
    if sheet.write_string(row, column, text, cell_format) != 0:
        raise _too_large(f"a text of {len(text):,} signs in row {row + 1}", "texts of 32,767 signs")


def _width(field: pa.Field) -> int:
    """Column width in characters: room for the header and its filter button, and for what the type needs."""
    needed = 20 if pt.is_timestamp(field.type) else 18 if _is_text(field.type) else 12
    return min(max(needed, len(field.name) + 3), _WIDEST)


def _too_large(got: str, allowed: str) -> UsageError:
    return UsageError(f"An XLSX sheet holds at most {allowed}; this table has {got}. Export CSV or Parquet instead.")


FORMATS: Mapping[str, Callable[[pa.RecordBatchReader, Path], None]] = {
    "csv": _write_csv,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
}
"""What each suffix means."""
