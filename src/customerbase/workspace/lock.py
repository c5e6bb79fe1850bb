"""One writer at a time; readers never look at the lock."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from customerbase.errors import WorkspaceError
from customerbase.workspace.manifest import MANIFEST_FILE
from customerbase.workspace.storage import plain_faults, shown

__all__ = ["LOCK_FILE", "RUNS_FOLDER", "WRITER_FILE", "sole_writer"]

RUNS_FOLDER = "runs"
LOCK_FILE = ".lock"
WRITER_FILE = ".writer"
"""Which process writes. Apart from the lock file, since Windows lets nobody read a locked file."""


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Keep other writers out of a workspace; where nothing is published within, leave the disk as it was.

    The system frees the lock of a process that dies.

    Parameters
    ----------
    folder
        The workspace; made if it is missing.

    Raises
    ------
    WorkspaceError
        Another process holds the lock, or the disk refuses.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, sole_writer(Path(folder)):
    ...     with sole_writer(Path(folder)):
    ...         pass
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: Another customerbase is writing to ...
    """
    with _new_folders(folder), _locked(folder):
        try:
            with plain_faults(folder):
                (folder / WRITER_FILE).write_text(str(os.getpid()), "ascii")
            yield
        finally:
            (folder / WRITER_FILE).unlink(missing_ok=True)


@contextmanager
def _new_folders(folder: Path) -> Iterator[None]:
    """Make the folder, and take back what was made if it stays empty."""
    with plain_faults(folder):
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):  # the first that is not empty ends it
            for place in missing:
                place.rmdir()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = filelock.FileLock(folder / LOCK_FILE, thread_local=False)
    with plain_faults(folder):
        try:
            lock.acquire(blocking=False)
        except filelock.Timeout:
            raise WorkspaceError(
                f"Another customerbase is writing to {shown(folder)}{_writer(folder)}. "
                "Wait for it to end, or use another workspace with -w."
            ) from None
    try:
        yield
    finally:
        if not (folder / MANIFEST_FILE).exists():
            _remove_lock(folder)
        lock.release()


def _remove_lock(folder: Path) -> None:
    """Remove the lock's file while it is still held, so that nobody else can have locked this name."""
    with suppress(OSError):
        (folder / RUNS_FOLDER).rmdir()
    with suppress(OSError):  # Windows removes it on release
        (folder / LOCK_FILE).unlink()


def _writer(folder: Path) -> str:
    with suppress(OSError, ValueError):
        return f" (process {int((folder / WRITER_FILE).read_text('ascii'))})"
    return ""
