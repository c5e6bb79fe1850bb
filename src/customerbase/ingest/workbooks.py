"""Workbooks: every sheet of an XLSX, XLSB, XLS or ODS file as a table of text."""

import re
from collections.abc import Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from ibis.backends import BaseBackend

from customerbase.errors import DataError
from customerbase.ingest.headers import describe_titles, find_header, tidy_header
from customerbase.ingest.raw_workbooks import RawSheet, WorkbookFault, load_sheets
from customerbase.ingest.sheets import KEY, Sheet, name_columns

__all__ = ["WORKBOOKS", "read_workbook"]

WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
"""Suffixes of workbooks."""

_HEAD_BYTES = 100
_ROWS_TO_LOOK_AT = 100
_LEAST_LONG = 17
_LONG_NUMBER = rf"^-?\d{{{_LEAST_LONG},25}}$"
"""Beyond 16 digits a workbook, like any floating-point number, keeps no unit."""
_NO_DAY = re.compile("^1899-12-3[01] ")
_MIDNIGHT = " 00:00:00"
_DURATION = re.compile(r'DurationIso\("PT(\d+)H(\d+)M(\d+)')
_ERROR = re.compile(r"Error\((\w+)\)")
_ERRORS = {"NA": "#N/A", "Div0": "#DIV/0!", "Ref": "#REF!", "Value": "#VALUE!", "Name": "#NAME?", "Num": "#NUM!"}


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
    try:
        raw = load_sheets(path)
    except WorkbookFault as fault:
        raise _refuse(path, fault) from fault
    reader = path.suffix.lower().removeprefix(".") or "xlsx"
    sheets = [_sheet(f"{source}#{each.name}", reader, each, connection) for each in raw]
    found = [sheet for sheet in sheets if sheet is not None]
    if not found:
        raise DataError(f"{path} has no sheet with a header and rows. Export the orders again.")
    return found


def _refuse(path: Path, fault: WorkbookFault) -> DataError:
    if "password" in str(fault):
        return DataError(f"{path} is protected by a password. Open it in a spreadsheet and save it without one.")
    with path.open("rb") as file:
        if file.read(_HEAD_BYTES).lstrip()[:1] == b"<":
            return DataError(
                f"{path} is a web page or XML and no workbook. Open it in a spreadsheet and save it as XLSX."
            )
    kind = path.suffix.upper().removeprefix(".")
    return DataError(f"{path} cannot be read as an {kind} workbook. Open it in a spreadsheet and save it again.")


def _mend(sheet: RawSheet) -> tuple[list[pa.ChunkedArray], list[str]]:
    """Put times back, which come as faults from an ODS file, and say which cells hold an error of the spreadsheet."""
    times: dict[int, dict[int, str]] = {}
    errors: dict[str, list[int]] = {}
    for row, column, detail in sheet.faults:
        if time := _DURATION.search(detail):
            times.setdefault(column, {})[row] = ":".join(part.zfill(2) for part in time.groups())
        elif error := _ERROR.search(detail):
            errors.setdefault(_ERRORS.get(error[1], error[1]), []).append(row + 1)
    mended = [_put(column, times[at]) if at in times else column for at, column in enumerate(sheet.table.columns)]
    notes = ["the sheet is hidden in the workbook"] if sheet.is_hidden else []
    notes += [
        f"{len(rows)} cell{'s' * (len(rows) > 1)} with the error {name} taken as empty, the first in row {min(rows)}"
        for name, rows in errors.items()
    ]
    return mended, notes


def _put(column: pa.ChunkedArray, cells: dict[int, str]) -> pa.ChunkedArray:
    return pa.chunked_array([[cells.get(row, cell) for row, cell in enumerate(column.to_pylist())]], pa.string())


def _sheet(source: str, reader: str, raw: RawSheet, connection: BaseBackend) -> Sheet | None:
    mended, notes = _mend(raw)
    rows = list(zip(*(column.slice(0, _ROWS_TO_LOOK_AT).to_pylist() for column in mended), strict=True))
    first = find_header(rows)
    n_rows = raw.table.num_rows
    if n_rows <= first + 1 or not any(rows[first]):
        return None
    used = [column for column in mended if pc.any(pc.not_equal(column, "")).as_py()]
    header = tidy_header([column[first].as_py() or "" for column in used])
    columns = name_columns(header)
    cells = [_tidy(column.slice(first + 1)) for column in used]
    notes += (*describe_titles(rows[:first]), *_rounded(header, cells))
    table = pa.table(cells, names=list(columns))
    table = table.append_column("source_row", pa.array(range(first + 2, n_rows + 1), pa.int64()))
    stored = connection.create_table(ibis.util.gen_name("cells"), table, temp=True)
    filled = _without_empty_rows(stored, source, columns)
    if filled.count().execute() == 0:
        return None
    return Sheet(source, reader, header, columns, filled, tuple(notes))


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
