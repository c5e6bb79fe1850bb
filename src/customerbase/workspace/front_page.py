"""The front page: the report of the current state at the top of a workspace, or none."""

import shutil
from pathlib import Path

from customerbase.workspace.lock import RUNS_FOLDER
from customerbase.workspace.manifest import Manifest
from customerbase.workspace.storage import make_file, replace_file

__all__ = ["FRONT_PAGE", "TEMPORARY_PAGE", "prepare", "put_up", "take_down"]

FRONT_PAGE = "report.html"
TEMPORARY_PAGE = f".{FRONT_PAGE}.tmp"


def prepare(folder: Path, state: Manifest) -> None:
    """Copy the report of a state, if it has one, beside its place, before the state is published: the disk may be full.

    Parameters
    ----------
    folder
        The workspace.
    state
        What is to be published.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     prepare(Path(folder), Manifest(run="0001"))
    ...     Path(folder, TEMPORARY_PAGE).exists()
    False
    """
    (folder / TEMPORARY_PAGE).unlink(missing_ok=True)
    for entry in state.entries:
        if entry.file == FRONT_PAGE:
            source = folder / RUNS_FOLDER / entry.run / entry.file
            make_file(folder / TEMPORARY_PAGE, private=not source.stat().st_mode & 0o077)
            shutil.copyfile(source, folder / TEMPORARY_PAGE)


def take_down(folder: Path) -> None:
    """Take the report away before another state is published: it would be of the state before."""
    (folder / FRONT_PAGE).unlink(missing_ok=True)


def put_up(folder: Path) -> None:
    """Show the report that was prepared, in one atomic replacement, once its state is published.

    A process that is killed before leaves no report at the top; that of the run still lies in its folder.
    """
    if (folder / TEMPORARY_PAGE).exists():
        replace_file(folder / FRONT_PAGE, folder / TEMPORARY_PAGE)
