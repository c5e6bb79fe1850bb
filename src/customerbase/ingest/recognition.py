"""Recognition: what a file without a suffix is, by its first bytes."""

import re
import zipfile
from pathlib import Path

from customerbase.ingest.compression import ZIP_FAULTS

__all__ = ["recognise"]

_HEAD_BYTES = 4096
_SIGNATURES = {
    b"PAR1": ".parquet",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ".xls",
    b"\x1f\x8b": ".gz",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"PK\x03\x04": ".zip",
}
_MEMBERS = {"xl/workbook.xml": ".xlsx", "xl/workbook.bin": ".xlsb", "content.xml": ".ods"}
"""File in a ZIP file → the workbook that it makes of it."""
_JSON = re.compile(rb"\s*(\[\s*[{\]]|\{\s*[\"}])")


def recognise(path: Path) -> str:
    r"""Give the suffix that a file would have; text that is no JSON is taken for CSV.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "orders")
    ...     for content in (b'[{"total": 7}]', b"PAR1", b"who,when,total\n"):
    ...         _ = file.write_bytes(content)
    ...         print(recognise(file))
    .json
    .parquet
    .csv
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    found = next((suffix for signature, suffix in _SIGNATURES.items() if head.startswith(signature)), None)
    if found == ".zip":
        return _workbook(path) or found
    if found:
        return found
    # In UTF-16, every second byte of these signs is zero.
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe").replace(b"\0", b"")
    return ".json" if _JSON.match(text) else ".csv"


def _workbook(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lower() for name in archive.namelist()}
    except ZIP_FAULTS:
        return None
    return next((suffix for member, suffix in _MEMBERS.items() if member in names), None)
