"""Files that survive a power cut, and the plain words for a disk that refuses."""

import errno
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb

from customerbase.errors import WorkspaceError

__all__ = ["FULL_DISK", "REFUSALS", "flush", "make_file", "plain_faults", "replace_file", "sha256", "shown"]

FULL_DISK: Mapping[int, str] = {
    errno.ENOSPC: "The disk is full: {path} cannot be written. Free some space and try again.",
    errno.EDQUOT: "The disk quota is used up: {path} cannot be written. Free some space and try again.",
    errno.EFBIG: "{path} grew beyond the largest file that is allowed here. Use another disk, or raise the limit.",
}
"""What is said of a disk without room."""

REFUSALS: Mapping[int, str] = {
    **FULL_DISK,
    errno.EACCES: "No permission for {path}. Change its permissions, or choose another folder.",
    errno.EPERM: "No permission for {path}. Change its permissions, or choose another folder.",
    errno.EROFS: "{path} lies on a disk that can only be read. Choose another folder.",
    errno.ENOTDIR: "{path} goes through a file as if it were a folder. Choose another folder.",
    errno.ENAMETOOLONG: "The name {path} is too long. Choose a shorter one.",
}
"""What is said of a disk that refuses for any reason."""


def shown(path: Path) -> str:
    """Return a path as a person would type it: relative ones start with a dot.

    Examples
    --------
    >>> shown(Path("shop"))
    './shop'
    """
    text = path.as_posix()
    return text if path.is_absolute() or text.startswith(".") else f"./{text}"


@contextmanager
def plain_faults(path: Path, messages: Mapping[int, str] = REFUSALS) -> Iterator[None]:
    """Turn what the disk refuses into a WorkspaceError of one line; let any other error pass.

    Parameters
    ----------
    path
        What is named where the error itself names no file.
    messages
        The error numbers to translate, each with its sentence.

    Raises
    ------
    WorkspaceError
        The disk is full or read-only, or permission is missing.

    Examples
    --------
    >>> with plain_faults(Path("shop")):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: The disk is full: ./shop cannot be written. Free some space and try again.
    """
    try:
        yield
    except OSError as fault:
        if fault.errno is None or fault.errno not in messages:
            raise
        named = fault.filename if isinstance(fault.filename, str) else path
        raise WorkspaceError(messages[fault.errno].format(path=shown(Path(named)))) from fault
    except duckdb.Error as fault:
        # DuckDB gives no error number, only the system's own words.
        message = next((text for code, text in messages.items() if os.strerror(code) in str(fault)), None)
        if message is None:
            raise
        quoted = re.search(r'"([^"]+)"', str(fault))
        raise WorkspaceError(message.format(path=shown(Path(quoted[1]) if quoted else path))) from fault


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, as 64 hexadecimal digits.

    Examples
    --------
    >>> sha256(Path(os.devnull))[:8]
    'e3b0c442'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Wait until the disk holds a file's content, or a folder's list of names.

    Examples
    --------
    >>> flush(Path("."))
    """
    if path.is_dir() and sys.platform == "win32":  # Windows cannot flush a folder, and need not.
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_file(path: Path, *, private: bool = False) -> None:
    """Make an empty file; a private one is the owner's alone from its first byte on.

    Parameters
    ----------
    path
        Where; a file that stands there goes.
    private
        Mode 0600 instead of what the umask allows.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     make_file(Path(folder, "customers.csv"), private=True)
    ...     print(Path(folder, "customers.csv").stat().st_size)
    0
    """
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666))


def replace_file(path: Path, temporary: Path) -> None:
    """Put a finished file in the place of another: a reader sees the old one or the new one.

    Parameters
    ----------
    path
        The place.
    temporary
        The finished file, in the same folder.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "new").write_text("2")
    ...     replace_file(Path(folder, "state"), Path(folder, "new"))
    ...     print(Path(folder, "state").read_text())
    2
    """
    flush(temporary)
    temporary.replace(path)
    flush(path.parent)
