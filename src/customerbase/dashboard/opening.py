"""Opening: a workspace as one published run left it, and what has been computed of that."""

import atexit
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import ibis.expr.types as ir

from customerbase.engine import connect, share, tidy
from customerbase.workspace import Workspace
from customerbase.workspace.manifest import MANIFEST_FILE

__all__ = [
    "BEHIND",
    "Opened",
    "begin_behind",
    "end_behind",
    "fingerprint",
    "is_ending",
    "open_newest",
    "wait_for_quiet",
]

Kept = TypeVar("Kept")

MEMORY_LIMIT = "2GB"
"""Of DuckDB, unless the options say otherwise."""

_MOST_ANSWERS = 400
_MOST_OPENED = 4

BEHIND = "customerbase-behind"
"""Name of the thread that makes things in advance."""

_QUIET_SECONDS = 3.0
_asked_at = [0.0]
_ending = threading.Event()

_opened: OrderedDict[tuple[Path, str], "Opened"] = OrderedDict()
_LOCK = threading.RLock()
"""One thread at a time uses the connection: DuckDB answers wrongly, or not at all, where two do."""


class Opened:
    """A workspace as one published run left it.

    What is computed of it is kept, since what a run has published never changes.

    Parameters
    ----------
    workspace
        An open workspace.
    state
        What tells this state of it from any other.
    """

    def __init__(self, workspace: Workspace, state: str) -> None:
        self.workspace = workspace
        self.state = state
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    @property
    def run(self) -> str:
        """The number of the newest run that this state holds."""
        return max((each.run for each in self.workspace.tables()), key=int, default="")

    def table(self, name: str, as_of: str | None) -> ir.Table:
        """Give a table as an Ibis expression; the same one each time, since each is a view in the engine."""
        return self.remember(("table", name, as_of), lambda: self.workspace.table(name, as_of))

    def remember(self, key: Hashable, make: Callable[[], Kept]) -> Kept:
        """Give what `make` makes, made once for each key.

        Examples
        --------
        >>> empty = open_newest(Path("no-such-shop"))
        >>> [empty.remember("a number", lambda: number) for number in (1, 2)]
        [1, 1]
        """
        _note_asking()
        with _LOCK:
            if key not in self._answers:
                self._answers[key] = make()
                while len(self._answers) > _MOST_ANSWERS:
                    self._answers.popitem(last=False)
                tidy(self.workspace.connection)
            self._answers.move_to_end(key)
            return cast("Kept", self._answers[key])

    def ask(self, make: Callable[[], Kept]) -> Kept:
        """Give what `make` makes, without keeping it."""
        with _LOCK:
            return make()


def _note_asking() -> None:
    if threading.current_thread().name != BEHIND:
        _asked_at[:] = [time.monotonic()]


def begin_behind(work: Callable[[], None], name: str | None = None) -> None:
    """Begin to work in a thread.

    The interpreter waits for it where it ends, or DuckDB would abort it; the thread of a page, which begins this one,
    is one for which it does not wait.
    """
    threading.Thread(target=work, name=name, daemon=False).start()


def end_behind() -> None:
    """Let the threads end after what they do at the moment: the server ends."""
    _ending.set()


def is_ending() -> bool:
    """Tell whether the server ends."""
    return _ending.is_set()


def wait_for_quiet() -> None:
    """Wait until no page has asked for anything for a moment: what is made in advance must not be in the way."""
    while time.monotonic() - _asked_at[0] < _QUIET_SECONDS and not _ending.wait(_QUIET_SECONDS / 10):
        pass


def fingerprint(path: Path) -> str:
    """Tell the present state of a workspace from any other; empty where nothing was published.

    Examples
    --------
    >>> fingerprint(Path("no-such-shop"))
    ''
    """
    try:
        return sha256((path / MANIFEST_FILE).read_bytes()).hexdigest()[:16]
    except OSError:
        return ""


def open_newest(path: Path, memory_limit: str | None = None, threads: int | None = None) -> Opened:
    """Open the present state of a workspace, once for all browsers.

    Raises
    ------
    WorkspaceError
        It is damaged, or a newer version wrote it.
    """
    with _LOCK:
        state = fingerprint(path)
        while (path, state) not in _opened:
            workspace = Workspace(path, connection=_connection(memory_limit or MEMORY_LIMIT, threads))
            seen, state = state, fingerprint(path)
            if seen == state:  # else a run was published in between
                _opened[path, state] = Opened(workspace, state)
                while len(_opened) > _MOST_OPENED:
                    _opened.popitem(last=False)
        _opened.move_to_end((path, state))
        return _opened[path, state]


@cache
def _connection(memory_limit: str, threads: int | None) -> Any:  # noqa: ANN401  (Ibis types its backends loosely)
    connection: Any = connect(memory_limit=memory_limit, threads=threads)
    share(connection)
    atexit.register(connection.disconnect)  # DuckDB's own threads must have ended before the interpreter does
    connection.raw_sql("SET enable_progress_bar = false")  # of what a thread does, in the terminal of the server
    return connection
