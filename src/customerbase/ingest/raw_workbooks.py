"""Raw workbooks: the cells of all sheets as the library gives them; binary formats in a process of their own.

A damaged XLS or XLSB file can end the process that reads it, or take all memory. So this file is run as a program too,
and imports nothing of the package.
"""

import contextlib
import json
import logging
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import fastexcel
import pyarrow as pa

__all__ = ["RawSheet", "WorkbookFault", "load_sheets"]

_OLE_SIGNATURE = bytes.fromhex("d0cf11e0a1b11ae1")
_ZIP_SIGNATURE = b"PK"
_XLSB_PART = b"xl/workbook.bin"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MOST_BYTES = 2 << 30
_MOST_SECONDS = 600
_DETAILS = b"sheet"
_LOGGER = logging.getLogger("calamine")


class WorkbookFault(Exception):  # noqa: N818 - the reader makes an error of it, with the name of the file
    """The file is no workbook, damaged, or protected by a password, which the text of the fault then says."""


@dataclass(frozen=True)
class RawSheet:
    """The cells of a sheet as text from its first row on, and what is no text: row and column, counted from 0."""

    name: str
    table: pa.Table
    is_hidden: bool
    faults: tuple[tuple[int, int, str], ...]


def load_sheets(path: Path) -> list[RawSheet]:
    """Load all sheets of a workbook, whatever its suffix.

    Raises
    ------
    WorkbookFault
        It cannot be loaded.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "orders.xlsx").write_text("who,when")
    ...     load_sheets(Path(folder, "orders.xlsx"))
    Traceback (most recent call last):
    ...
    customerbase.ingest.raw_workbooks.WorkbookFault: no workbook
    """
    content = path.read_bytes()
    if content.startswith(_OLE_SIGNATURE):
        if _ENCRYPTED in content:
            raise WorkbookFault("password")
        return _load_apart(path)
    if not content.startswith(_ZIP_SIGNATURE):
        raise WorkbookFault("no workbook")
    return _load_apart(path) if _XLSB_PART in content else _load_here(path)


def _load_apart(path: Path) -> list[RawSheet]:
    """Load in another process; whatever becomes of it, this one goes on."""
    with tempfile.TemporaryDirectory(prefix="customerbase-") as folder:
        command = [sys.executable, "-P", __file__, str(path), folder]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_MOST_SECONDS)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise WorkbookFault("takes too long") from error
        if done.returncode:
            raise WorkbookFault(done.stdout or done.stderr)
        return [_restore(file) for file in sorted(Path(folder).glob("*.arrow"))]


def _restore(file: Path) -> RawSheet:
    with pa.OSFile(str(file)) as opened:
        table = pa.ipc.open_file(opened).read_all()
    details = json.loads(table.schema.metadata[_DETAILS])
    faults = tuple((row, column, detail) for row, column, detail in details["faults"])
    return RawSheet(details["name"], table, details["is_hidden"], faults)


def _load_here(path: Path) -> list[RawSheet]:
    if not _LOGGER.handlers:
        _LOGGER.addHandler(logging.NullHandler())  # it would tell of each sheet that is nothing but a chart
    try:
        content = _recognise(path)
        names = fastexcel.read_excel(content).sheet_names
        with ThreadPoolExecutor() as pool:
            return list(pool.map(lambda name: _load(content, name), names))
    except fastexcel.FastExcelError as error:
        raise WorkbookFault(str(error)) from error


def _recognise(path: Path) -> Path | bytes:
    """Give the path of a workbook; or its bytes, by which its format is known, where its suffix is of another one."""
    try:
        fastexcel.read_excel(path)
    except fastexcel.FastExcelError as error:
        if "password" in str(error):
            raise
        return path.read_bytes()
    return path


def _load(content: Path | bytes, name: str) -> RawSheet:
    # A reader for each sheet: one workbook object cannot be read by two threads at a time.
    sheet = fastexcel.read_excel(content).load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
    if not sheet.height:
        return RawSheet(name, pa.table({}), sheet.visible != "visible", ())
    batch, errors = sheet.to_arrow_with_errors()
    columns = [column.cast(pa.string()) for column in pa.table(batch).columns]
    faults = tuple((*each.offset_position, each.detail) for each in (errors.errors if errors else ()))
    table = pa.table(columns, names=[str(number) for number in range(len(columns))])
    return RawSheet(name, table, sheet.visible != "visible", faults)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))


def _store(sheet: RawSheet, file: Path) -> None:
    details = json.dumps({"name": sheet.name, "is_hidden": sheet.is_hidden, "faults": sheet.faults})
    table = sheet.table.replace_schema_metadata({_DETAILS: details})
    with pa.OSFile(str(file), "wb") as out, pa.ipc.new_file(out, table.schema) as writer:
        writer.write_table(table)


def _main(path: Path, folder: Path) -> None:
    _limit_memory()
    try:
        for number, sheet in enumerate(_load_here(path)):
            _store(sheet, folder / f"{number:05}.arrow")
    except WorkbookFault as fault:
        sys.exit(str(fault))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
