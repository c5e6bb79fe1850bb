"""Compression: a packed text file is unpacked beside the work, never beside the original."""

import shutil
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO

import pyarrow as pa

from customerbase.errors import DataError

__all__ = ["PACKERS", "ZIP_FAULTS", "decompress", "inner_suffix"]

PACKERS = {".gz": "gzip", ".zst": "zstd", ".zip": "zip"}
"""Suffix → how the file is packed."""
ZIP_FAULTS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError
)  # fmt: skip
"""What Python raises over a damaged ZIP file."""
_COPY_BYTES = 1 << 20


def inner_suffix(path: Path) -> str:
    """Give the suffix of what is in a file, in small letters: packed or not, what counts is what was packed.

    Raises
    ------
    DataError
        It is a ZIP file with other than one file in it.

    Examples
    --------
    >>> inner_suffix(Path("orders.CSV.gz"))
    '.csv'
    >>> inner_suffix(Path("orders.v2.xlsx"))
    '.xlsx'
    """
    suffix = path.suffix.lower()
    if suffix == ".zip":
        return Path(_only_member(path)).suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in PACKERS else suffix


def decompress(path: Path, folder: Path, suffix: str | None = None) -> tuple[Path, tuple[str, ...]]:
    """Give the file itself with no notes, or what it packs, unpacked in `folder`, with a note that says so.

    How it is packed is told by its suffix, or by the one that is given.

    Raises
    ------
    DataError
        The packed file is damaged or cut off.

    Examples
    --------
    >>> file, notes = decompress(Path("orders.csv"), Path("folder"))
    >>> file.name, notes
    ('orders.csv', ())
    """
    packer = PACKERS.get((suffix or path.suffix).lower())
    if packer is None:
        return path, ()
    target = folder / "unpacked"
    try:
        with _open_packed(path, packer) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out, _COPY_BYTES)
    except (pa.ArrowException, *ZIP_FAULTS) as error:
        if isinstance(error, PermissionError):
            raise
        raise DataError(f"{path} cannot be unpacked: it is damaged or cut off. Export or copy it again.") from error
    return target, (f"unpacked with {packer}",)


def _open_packed(path: Path, packer: str) -> IO[bytes] | pa.NativeFile:
    if packer == "zip":
        return zipfile.ZipFile(path).open(_only_member(path))
    return pa.input_stream(str(path), compression=packer)


def _only_member(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            # macOS packs its own notes on each file beside it.
            members = [name for name in archive.namelist() if not name.endswith("/") and "__MACOSX/" not in name]
    except ZIP_FAULTS as error:
        if isinstance(error, PermissionError):
            raise
        raise DataError(f"{path} cannot be unpacked: it is damaged or cut off. Export or copy it again.") from error
    if len(members) != 1:
        raise DataError(
            f"{path} holds {len(members)} files. Unpack it and name the files, or pack one CSV or JSON file alone."
        )
    return members[0]
