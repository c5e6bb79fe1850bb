"""The front page: the report of the current state at the top of a workspace, or none."""

import shutil
from pathlib import Path

from customerbase.workspace.lock import RUNS_FOLDER
from customerbase.workspace.manifest import Manifest
from customerbase.workspace.storage import make_file, replace_file

__all__ = ["FRONT_PAGE", "put_up", "take_down"]

FRONT_PAGE = "report.html"
_TEMPORARY = f".{FRONT_PAGE}.tmp"


def take_down(folder: Path) -> None:
    """Take the report away before another state is published: it would be of the state before."""
    for name in (FRONT_PAGE, _TEMPORARY):
        (folder / name).unlink(missing_ok=True)


def put_up(folder: Path, state: Manifest) -> None:
    """Show the report of a state that is published, if it has one: whole, in one atomic replacement.

    A process that is killed before leaves no report at the top; that of the run still lies in its folder.

    Parameters
    ----------
    folder
        The workspace.
    state
        What has been published.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     put_up(Path(folder), Manifest(run="0001"))
    ...     Path(folder, FRONT_PAGE).exists()
    False
    """
    for entry in state.entries:
        if entry.file == FRONT_PAGE:
            source = folder / RUNS_FOLDER / entry.run / entry.file
            temporary = folder / _TEMPORARY
            make_file(temporary, private=not source.stat().st_mode & 0o077)
            shutil.copyfile(source, temporary)
            replace_file(folder / FRONT_PAGE, temporary)
