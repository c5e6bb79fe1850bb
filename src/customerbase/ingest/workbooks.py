"""Workbooks: every sheet of an XLSX file as a table of text."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fastexcel
import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends import BaseBackend

from customerbase.errors import DataError
from customerbase.ingest.sheets import KEY, Sheet, name_columns

__all__ = ["read_xlsx"]

_OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def read_xlsx(path: Path, source: str, connection: BaseBackend) -> list[Sheet]:
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
    ...     read_xlsx(file, "orders.xlsx", connect())[0].cells.to_pyarrow().to_pylist()
    [{'source': 'orders.xlsx#2011', 'source_row': 2, 'Invoice': '536365', 'Price': '2.55'}]
    """
    _refuse_protected(path)
    try:
        names = fastexcel.read_excel(path).sheet_names
        with ThreadPoolExecutor() as pool:
            tables = list(pool.map(lambda name: _load(path, name), names))
    except fastexcel.FastExcelError as error:
        raise DataError(
            f"{path} cannot be read as an XLSX workbook. Open it in a spreadsheet and save it again."
        ) from error
    sheets = [_sheet(f"{source}#{name}", table, connection) for name, table in zip(names, tables, strict=True)]
    found = [sheet for sheet in sheets if sheet is not None]
    if not found:
        raise DataError(f"{path} has no sheet with a header and rows. Export the orders again.")
    return found


def _refuse_protected(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(8) != _OLE_SIGNATURE:
            return
        is_encrypted = _ENCRYPTED in file.read()
    if is_encrypted:
        raise DataError(f"{path} is protected by a password. Open it in a spreadsheet and save it without one.")
    raise DataError(f"{path} is a workbook of the old XLS format. Save it as XLSX or CSV.")


def _load(path: Path, name: str) -> pa.Table:
    # A reader for each sheet: one workbook object cannot be read by two threads at a time.
    sheet = fastexcel.read_excel(path).load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    return pa.table(sheet.to_arrow()) if sheet.height else pa.table({})


def _sheet(source: str, table: pa.Table, connection: BaseBackend) -> Sheet | None:
    first = next(
        (row for row in range(min(table.num_rows, 100)) if any(column[row].is_valid for column in table.columns)), None
    )
    if first is None or table.num_rows == first + 1:
        return None
    used = [column for column in table.columns if column.null_count < table.num_rows]
    header = tuple(column[first].as_py() or "" for column in used)
    columns = name_columns(header)
    rows = pa.table([column.slice(first + 1).cast(pa.string()) for column in used], names=list(columns))
    rows = rows.append_column("source_row", pa.array(range(first + 2, table.num_rows + 1), pa.int64()))
    cells = connection.create_table(ibis.util.gen_name("cells"), rows, temp=True)
    return Sheet(source, "xlsx", header, columns, _without_empty_rows(cells, source, columns))


def _without_empty_rows(cells: ir.Table, source: str, columns: tuple[str, ...]) -> ir.Table:
    filled = cells.filter(ibis.or_(*(cells[column].notnull() for column in columns)))
    return filled.mutate(source=ibis.literal(source)).select(*KEY, *columns)
