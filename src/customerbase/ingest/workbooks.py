"""Workbooks: every sheet of an XLSX, XLSB, XLS or ODS file as a table of text."""

import logging
import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import fastexcel
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis.backends import BaseBackend

from customerbase.errors import DataError
from customerbase.ingest.compression import ZIP_FAULTS
from customerbase.ingest.headers import describe_titles, find_header, tidy_header
from customerbase.ingest.recognition import recognise
from customerbase.ingest.sheets import KEY, Sheet, name_columns

__all__ = ["WORKBOOKS", "read_workbook"]

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
"""Suffixes of workbooks."""

_OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
_ZIP_SIGNATURE = b"PK"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_ROWS_TO_LOOK_AT = 100
_STANDARD_ERROR = 2
_LEAST_LONG = 17
_LONG_NUMBER = rf"^-?\d{{{_LEAST_LONG},25}}$"
"""Beyond 16 digits a workbook, like any floating-point number, keeps no unit."""
_NO_DAY = re.compile("^1899-12-3[01] ")
_MIDNIGHT = " 00:00:00"
_DURATION = re.compile(r'DurationIso\("PT(\d+)H(\d+)M(\d+)')
_ERROR = re.compile(r"Error\((\w+)\)")
_ERRORS = {"NA": "#N/A", "Div0": "#DIV/0!", "Ref": "#REF!", "Value": "#VALUE!", "Name": "#NAME?", "Num": "#NUM!"}
_LOGGER = logging.getLogger("calamine")


@dataclass(frozen=True)
class _Loaded:
    """The cells of one sheet as text, from its first row on, and what is to be said of them."""

    table: pa.Table
    notes: tuple[str, ...] = ()


def read_workbook(path: Path, source: str, connection: BaseBackend) -> list[Sheet]:
    """Read the sheets of a workbook that have a header and rows; numbers and dates as text in ISO form.

    Raises
    ------
    DataError
        The file is no workbook, or is protected by a password.

    Examples
    --------
    >>> import tempfile, xlsxwriter
    >>> from customerbase.engine import connect
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "orders.xlsx")
    ...     with xlsxwriter.Workbook(file) as book:
    ...         orders = book.add_worksheet("2011")
    ...         _ = orders.write_row(0, 0, ["Invoice", "Price"]), orders.write_row(1, 0, ["536365", 2.55])
    ...     read_workbook(file, "orders.xlsx", connect())[0].cells.to_pyarrow().to_pylist()
    [{'source': 'orders.xlsx#2011', 'source_row': 2, 'Invoice': '536365', 'Price': '2.55'}]
    """
    if not _LOGGER.handlers:
        _LOGGER.addHandler(logging.NullHandler())  # it would tell of each sheet that is nothing but a chart
    try:
        with _quiet_panics(path):
            content = _open(path)
            names = fastexcel.read_excel(content).sheet_names
            with ThreadPoolExecutor() as pool:
                loaded = list(pool.map(lambda name: _load(content, name), names))
    except (fastexcel.FastExcelError, _PanicError) as error:
        raise _refuse(path, error) from error
    reader = path.suffix.lower().removeprefix(".") or "xlsx"
    sheets = [_sheet(f"{source}#{name}", reader, each, connection) for name, each in zip(names, loaded, strict=True)]
    found = [sheet for sheet in sheets if sheet is not None]
    if not found:
        raise DataError(f"{path} has no sheet with a header and rows. Export the orders again.")
    return found


class _PanicError(Exception):
    """The library for workbooks has stumbled over a damaged one."""


@contextmanager
def _quiet_panics(path: Path) -> Iterator[None]:
    """Turn a panic of the library, which it tells on standard error and raises as no Exception, into a fault.

    A damaged XLSB file can even end the process, so its checksums are looked at first. The other formats that are ZIP
    files are XML, over which the library does not stumble.
    """
    with path.open("rb") as file:
        is_binary = file.read(len(_OLE_SIGNATURE)) == _OLE_SIGNATURE or recognise(path) == ".xlsb"
    if is_binary and zipfile.is_zipfile(path):
        _check_zip(path)
    try:
        with _standard_error_closed() if is_binary else nullcontext():
            yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise _PanicError from error


def _check_zip(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except ZIP_FAULTS as error:
        raise _PanicError from error
    if damaged:
        raise _PanicError


@contextmanager
def _standard_error_closed() -> Iterator[None]:
    kept = os.dup(_STANDARD_ERROR)
    with Path(os.devnull).open("wb") as nothing:
        os.dup2(nothing.fileno(), _STANDARD_ERROR)
    try:
        yield
    finally:
        os.dup2(kept, _STANDARD_ERROR)
        os.close(kept)


def _open(path: Path) -> Path | bytes:
    """Give the path of a workbook; or its bytes, by which its format is known, where its suffix is of another one."""
    try:
        fastexcel.read_excel(path)
    except fastexcel.FastExcelError as error:
        content = path.read_bytes()
        if "password" in str(error) or not content.startswith((_OLE_SIGNATURE, _ZIP_SIGNATURE)):
            raise
        fastexcel.read_excel(content)
        return content
    return path


def _refuse(path: Path, error: Exception) -> DataError:
    content = path.read_bytes()
    if "password" in str(error) or (content.startswith(_OLE_SIGNATURE) and _ENCRYPTED in content):
        return DataError(f"{path} is protected by a password. Open it in a spreadsheet and save it without one.")
    if content.lstrip()[:1] == b"<":
        return DataError(f"{path} is a web page or XML and no workbook. Open it in a spreadsheet and save it as XLSX.")
    kind = path.suffix.upper().removeprefix(".")
    return DataError(f"{path} cannot be read as an {kind} workbook. Open it in a spreadsheet and save it again.")


def _load(content: Path | bytes, name: str) -> _Loaded:
    # A reader for each sheet: one workbook object cannot be read by two threads at a time.
    sheet = fastexcel.read_excel(content).load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    if not sheet.height:
        return _Loaded(pa.table({}))
    batch, errors = sheet.to_arrow_with_errors()
    columns = [column.cast(pa.string()) for column in pa.table(batch).columns]
    faults = errors.errors if errors is not None else []
    columns, notes = _mend(columns, faults)
    if sheet.visible != "visible":
        notes.append("the sheet is hidden in the workbook")
    return _Loaded(pa.table(columns, names=list(map(str, range(len(columns))))), tuple(notes))


def _mend(
    columns: Sequence[pa.ChunkedArray], faults: Sequence[fastexcel.CellError]
) -> tuple[list[pa.ChunkedArray], list[str]]:
    """Put times back, which come as faults from an ODS file, and say which cells hold an error of the spreadsheet."""
    times: dict[int, dict[int, str]] = {}
    errors: dict[str, list[int]] = {}
    for fault in faults:
        row, column = fault.offset_position
        if time := _DURATION.search(fault.detail):
            times.setdefault(column, {})[row] = ":".join(part.zfill(2) for part in time.groups())
        elif error := _ERROR.search(fault.detail):
            errors.setdefault(_ERRORS.get(error[1], error[1]), []).append(fault.position[0] + 1)
    mended = [_put(column, times[at]) if at in times else column for at, column in enumerate(columns)]
    notes = [
        f"{len(rows)} cell{'s' * (len(rows) > 1)} with the error {name} taken as empty, the first in row {rows[0]}"
        for name, rows in errors.items()
    ]
    return mended, notes


def _put(column: pa.ChunkedArray, cells: dict[int, str]) -> pa.ChunkedArray:
    return pa.chunked_array([[cells.get(row, cell) for row, cell in enumerate(column.to_pylist())]], pa.string())


def _sheet(source: str, reader: str, loaded: _Loaded, connection: BaseBackend) -> Sheet | None:
    head = loaded.table.slice(0, _ROWS_TO_LOOK_AT)
    rows = list(zip(*(column.to_pylist() for column in head.columns), strict=True))
    first = find_header(rows)
    if loaded.table.num_rows <= first + 1 or not any(rows[first]):
        return None
    used = [column for column in loaded.table.columns if pc.any(pc.not_equal(column, "")).as_py()]
    header, repeated = tidy_header([column[first].as_py() or "" for column in used])
    columns = name_columns(header)
    cells = [_tidy(column.slice(first + 1)) for column in used]
    notes = (*loaded.notes, *describe_titles(rows[:first]), *repeated, *_rounded(header, cells))
    table = pa.table(cells, names=list(columns))
    table = table.append_column("source_row", pa.array(range(first + 2, loaded.table.num_rows + 1), pa.int64()))
    stored = connection.create_table(ibis.util.gen_name("cells"), table, temp=True)
    filled = _without_empty_rows(stored, source, columns)
    if filled.count().execute() == 0:
        return None
    return Sheet(source, reader, header, columns, filled, notes)


def _tidy(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give the cells of a column as people see them: days without a time of midnight, times without a day of 1899."""
    column = pc.if_else(pc.equal(column, ""), None, column)
    if pc.all(pc.ends_with(column, _MIDNIGHT)).as_py() and column.null_count < len(column):
        return pc.utf8_slice_codeunits(column, 0, -len(_MIDNIGHT))
    return pc.replace_substring_regex(column, _NO_DAY.pattern, "")


def _rounded(header: Sequence[str], cells: Sequence[pa.ChunkedArray]) -> list[str]:
    """Name the columns whose long numbers a workbook has rounded; of long ids as text, hardly all would be round."""
    return [
        f"the column {name!r} has numbers of more than 16 digits, which a workbook rounds; ids must be text in it"
        for name, column in zip(header, cells, strict=True)
        if _is_rounded(column)
    ]


def _is_rounded(column: pa.ChunkedArray) -> bool:
    if (pc.max(pc.utf8_length(column)).as_py() or 0) < _LEAST_LONG:
        return False
    long = column.filter(pc.match_substring_regex(column, _LONG_NUMBER)).to_pylist()
    return bool(long) and all(int(float(text)) == int(text) for text in long)


def _without_empty_rows(cells: ir.Table, source: str, columns: tuple[str, ...]) -> ir.Table:
    filled = cells.filter(ibis.or_(*(cells[column].notnull() for column in columns)))
    return filled.mutate(source=ibis.literal(source)).select(*KEY, *columns)
