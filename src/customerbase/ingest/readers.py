"""Readers: files of one format become sheets of cells."""

from collections.abc import Callable
from pathlib import Path

from ibis.backends import BaseBackend

from customerbase.errors import DataError
from customerbase.ingest.compression import PACKERS, inner_suffix
from customerbase.ingest.delimited import read_csv
from customerbase.ingest.parquet import read_parquet
from customerbase.ingest.recognition import recognise
from customerbase.ingest.records import read_json
from customerbase.ingest.sheets import Sheet
from customerbase.ingest.workbooks import WORKBOOKS, read_workbook

__all__ = ["READERS", "TEXT_READERS", "read_file"]

Reader = Callable[[Path, str, BaseBackend], list[Sheet]]
TextReader = Callable[[Path, str, BaseBackend, str | None], list[Sheet]]

TEXT_READERS: dict[str, TextReader] = {
    ".csv": read_csv,
    ".txt": read_csv,
    ".tsv": read_csv,
    ".json": read_json,
    ".jsonl": read_json,
    ".ndjson": read_json,
}
"""Suffix → reader of text in any encoding; the file may be packed, such as `.csv.gz`."""

READERS: dict[str, Reader] = {
    ".parquet": read_parquet,
    **dict.fromkeys(WORKBOOKS, read_workbook),
}
"""Suffix → reader. A new format is a function of this form and a line here."""


def read_file(path: Path, source: str, connection: BaseBackend, encoding: str | None = None) -> list[Sheet]:
    """Read the sheets of a file with the reader of its suffix, or of its first bytes where it has none.

    A folder is a set of Parquet parts.

    `encoding` is that of text files; without one it is detected.

    Raises
    ------
    DataError
        No such file, no reader for its suffix, or the reader refuses it.

    Examples
    --------
    >>> from customerbase.engine import connect
    >>> read_file(Path("no-such-file.csv"), "no-such-file.csv", connect())
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: There is no file no-such-file.csv. Check the name, or give another file.
    """
    if not path.exists():
        raise DataError(f"There is no file {path}. Check the name, or give another file.")
    try:
        suffix = ".parquet" if path.is_dir() else inner_suffix(path) or _recognise(path)
        if suffix in TEXT_READERS:
            return TEXT_READERS[suffix](path, source, connection, encoding)
        if suffix in READERS and path.suffix.lower() not in PACKERS:
            return READERS[suffix](path, source, connection)
    except PermissionError as error:
        raise DataError(f"{path} cannot be opened: no permission. Ask its owner, or copy it.") from error
    raise DataError(
        f"{path} has the suffix {path.suffix!r}; files can be {', '.join((*TEXT_READERS, *READERS))}, "
        f"text also packed ({', '.join(PACKERS)}). Export the orders as one of these."
    )


def _recognise(path: Path) -> str:
    return "" if path.suffix else recognise(path)
