"""Workspace: reading what runs have published, and publishing another."""

import glob
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from customerbase.engine import connect
from customerbase.errors import UsageError, WorkspaceError
from customerbase.workspace.front_page import TEMPORARY_PAGE, prepare, put_up, take_down
from customerbase.workspace.lock import RUNS_FOLDER, sole_writer
from customerbase.workspace.manifest import (
    RUN_NAME,
    TEMPORARY_FILE,
    UNDATED,
    AsOf,
    Entry,
    Manifest,
    date_text,
    read_manifest,
    write_manifest,
)
from customerbase.workspace.run import LOG_FILE, Run
from customerbase.workspace.storage import FULL_DISK, plain_faults, shown
from customerbase.workspace.verbs import DATED_VERBS, VERBS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

__all__ = ["Workspace"]


class Workspace:
    """A folder of runs; opening one never writes, and shows the state of that moment.

    A run that is published later does not disturb a reader: the files of the state before stay until one more has
    been published. Open the workspace again to see the new state.

    Parameters
    ----------
    path
        The folder. One that is missing is an empty workspace.
    connection
        The DuckDB connection that reads and writes the tables; by default one of its own, made when first needed.

    Raises
    ------
    WorkspaceError
        The path is a file, workspace.json is damaged, or a newer version wrote it.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> shop = Workspace(folder.name)
    >>> with shop.begin() as run:
    ...     _ = run.write_json("audit", {"rows_in": 12})
    ...     shop.publish(run, keep_snapshots=True)
    >>> shop.json("audit")
    {'rows_in': 12}
    >>> [(entry.name, entry.run) for entry in shop.tables()]
    [('audit', '0001')]
    >>> folder.cleanup()

    What is not there is refused, with the way to get it:

    >>> Workspace("no-such-shop").table("segments", as_of="2011-12-10")
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: There are no segments for 2011-12-10 in ./no-such-shop. ...
    """

    def __init__(self, path: str | os.PathLike[str], *, connection: "Backend | None" = None) -> None:
        self.path = Path(path)
        self._given_connection = connection
        self._manifest = read_manifest(self.path)

    @cached_property
    def connection(self) -> "Backend":
        """The DuckDB connection to which the tables belong."""
        return self._given_connection or connect()

    @property
    def input(self) -> Mapping[str, Any]:
        """The fingerprint of what was read, as `publish` was given it; empty when there is none."""
        return self._manifest.input

    @property
    def runs(self) -> list[dict[str, Any]]:
        """The log of each run that is still held, oldest first."""
        names = sorted(self._manifest.used_runs, key=int)
        return [_parsed(self._run_folder(name) / LOG_FILE) for name in names]

    def tables(self) -> list[Entry]:
        """Return what the workspace holds, in order of name and date.

        Examples
        --------
        >>> Workspace("no-such-shop").tables()
        []
        """
        return sorted(self._manifest.entries, key=lambda entry: (entry.name, _age_order(entry.as_of), entry.suffix))

    def dates(self, name: str) -> list[str]:
        """Return the dates of a table's snapshots, oldest first; `undated` stands before them all.

        Parameters
        ----------
        name
            Name of the table.

        Examples
        --------
        >>> Workspace("no-such-shop").dates("features")
        []
        """
        dates = {entry.as_of for entry in self._manifest.entries if entry.name == name and entry.as_of is not None}
        return sorted(dates, key=_age_order)

    def table(self, name: str, as_of: AsOf = None) -> "ir.Table":
        """Return a table as an Ibis expression.

        Parameters
        ----------
        name
            Name of the table.
        as_of
            Date of the snapshot; by default the latest that there is.

        Raises
        ------
        WorkspaceError
            There is no such table, or its file is damaged.

        Examples
        --------
        See `Workspace`.
        """
        # DuckDB would take the brackets in a name such as shop[1] for a pattern.
        path = self.file(name, as_of, ".parquet")
        try:
            return self.connection.read_parquet(glob.escape(path.absolute().as_posix()), hive_partitioning=False)
        except duckdb.Error as fault:
            raise WorkspaceError(_damaged(path)) from fault

    def json(self, name: str, as_of: AsOf = None) -> Any:  # noqa: ANN401  (whatever was written)
        """Return a value that was written as JSON.

        Parameters
        ----------
        name
            Name of the value.
        as_of
            Date of the snapshot; by default the latest that there is.

        Raises
        ------
        WorkspaceError
            There is no such value, or its file is damaged.

        Examples
        --------
        See `Workspace`.
        """
        return _parsed(self.file(name, as_of, ".json"))

    def bytes(self, name: str, as_of: AsOf = None, suffix: str = ".bin") -> bytes:
        """Return the content of a file.

        Parameters
        ----------
        name
            Name of what the file holds.
        as_of
            Date of the snapshot; by default the latest that there is.
        suffix
            The kind of file, with its dot.

        Raises
        ------
        WorkspaceError
            There is no such file, or it is damaged.

        Examples
        --------
        >>> Workspace("no-such-shop").bytes("models", suffix=".npz")
        Traceback (most recent call last):
        ...
        customerbase.errors.WorkspaceError: There are no models in ./no-such-shop. Run 'customerbase segment' first.
        """
        path = self.file(name, as_of, suffix)
        with plain_faults(path):
            return path.read_bytes()

    def file(self, name: str, as_of: AsOf = None, suffix: str = ".parquet") -> Path:
        """Return the path of a published file, and refuse one that is missing or cut short.

        Parameters
        ----------
        name
            Name of what the file holds.
        as_of
            Date of the snapshot; by default the latest that there is.
        suffix
            The kind of file, with its dot.

        Raises
        ------
        WorkspaceError
            There is no such file, or its size is not what was published.

        Examples
        --------
        >>> Workspace("no-such-shop").file("audit", suffix=".json")
        Traceback (most recent call last):
        ...
        customerbase.errors.WorkspaceError: There is no audit in ./no-such-shop. Run 'customerbase clean' first.
        """
        entry = self._entry(name, date_text(as_of), suffix)
        path = self._run_folder(entry.run) / entry.file
        with plain_faults(path):
            if not path.is_file() or path.stat().st_size != entry.bytes:
                raise WorkspaceError(_damaged(path))
        return path

    @contextmanager
    def begin(self) -> Iterator[Run]:
        """Give a run to write into; without `publish`, leaving the context takes back all that it wrote.

        Raises
        ------
        WorkspaceError
            Another process is writing, or the disk refuses or is full, now or later within the context.

        Examples
        --------
        See `Workspace`.
        """
        with plain_faults(self.path, FULL_DISK), sole_writer(self.path):
            self._manifest = read_manifest(self.path)  # another writer may have published since this was opened
            with plain_faults(self.path):
                self._sweep()
                run = Run(self._next_folder(), self.connection)
                run.folder.mkdir(parents=True)
            try:
                yield run
            finally:
                if read_manifest(self.path).run != run.name:  # what the disk says holds, wherever publish was stopped
                    shutil.rmtree(run.folder, ignore_errors=True)
                    for name in (TEMPORARY_FILE, TEMPORARY_PAGE):
                        (self.path / name).unlink(missing_ok=True)

    def publish(
        self,
        run: Run,
        *,
        keep_snapshots: bool,
        log: Mapping[str, Any] | None = None,
        fingerprint: Mapping[str, Any] | None = None,
        drop: Collection[str] = (),
    ) -> None:
        """Show what a run wrote, at once and whole: one atomic replacement of workspace.json.

        Tables that the run did not write stay as they were.

        Parameters
        ----------
        run
            The run that `begin` gave, within its context.
        keep_snapshots
            Whether the tables of other dates are still true, since the input is the same or grew. If not, they go.
        log
            For run.json: what ran, on what, with which options and versions, and when it started and ended.
        fingerprint
            What identifies the input; by default the one before stays.
        drop
            Names of tables that are no longer true, whatever their date, unless this run wrote them.

        Raises
        ------
        UsageError
            The run was published before.
        WorkspaceError
            The disk refuses.

        Examples
        --------
        See `Workspace`.
        """
        if run.name == self._manifest.run or not run.folder.is_dir():
            raise UsageError(f"Run {run.name} is over. Publish a run once, within 'with workspace.begin() as run'.")
        with plain_faults(self.path):
            written = run.seal(log or {})
            state = self._next_state(run.name, written, keep_snapshots=keep_snapshots, drop=drop)
            if fingerprint is not None:
                state = replace(state, input=fingerprint)
            prepare(self.path, state)
            take_down(self.path)  # so that at no moment a report of another state stands there
            write_manifest(self.path, state)
            put_up(self.path)
            self._manifest = state
            self._sweep()  # here, so that a run that fails takes nothing away

    def preview(
        self, run: Run, *, keep_snapshots: bool, log: Mapping[str, Any] | None = None, drop: Collection[str] = ()
    ) -> "Workspace":
        """Give the workspace as it will be once `publish` is called likewise: for a report that goes along."""
        seen = Workspace(self.path, connection=self.connection)
        seen._manifest = self._next_state(run.name, run.draft(log or {}), keep_snapshots=keep_snapshots, drop=drop)
        return seen

    def _next_state(
        self, run: str, written: tuple[Entry, ...], *, keep_snapshots: bool, drop: Collection[str]
    ) -> Manifest:
        before = self._manifest
        files = {entry.file for entry in written}
        kept = tuple(
            entry
            for entry in before.entries
            if entry.file not in files and entry.name not in drop and (keep_snapshots or entry.as_of is None)
        )
        after = Manifest(run, kept + written, input=before.input)
        return replace(after, previous_runs=tuple(sorted(before.used_runs - after.used_runs)))

    def _entry(self, name: str, as_of: str | None, suffix: str) -> Entry:
        wanted = as_of or next(reversed(self.dates(name)), None)
        for entry in self._manifest.entries:
            if (entry.name, entry.as_of, entry.suffix) == (name, wanted, suffix):
                return entry
        raise WorkspaceError(self._missing(name, as_of))

    def _missing(self, name: str, as_of: str | None) -> str:
        """Say what is missing, which dates there are, and which command makes it."""
        what = f"{'are no' if name.endswith('s') else 'is no'} {name.replace('_', ' ')}"
        dates = self.dates(name)
        if as_of and not dates and any(entry.name == name for entry in self._manifest.entries):
            return f"'{name}' in {shown(self.path)} belongs to no date. Leave --as-of out."
        there = f" (it has {', '.join(dates)})" if dates else ""
        date, option = (f" for {as_of}", f" --as-of {as_of}") if as_of else ("", "")
        verb = "explore" if name.startswith("explore_") else VERBS.get(name, "run")
        command = verb + (option if verb in DATED_VERBS and as_of != UNDATED else "")
        return f"There {what}{date} in {shown(self.path)}{there}. Run 'customerbase {command}' first."

    def _run_folder(self, name: str) -> Path:
        return self.path / RUNS_FOLDER / name

    def _run_folders(self) -> list[Path]:
        folder = self.path / RUNS_FOLDER
        return [run for run in folder.iterdir() if RUN_NAME.fullmatch(run.name)] if folder.is_dir() else []

    def _next_folder(self) -> Path:
        taken = [int(name) for name in (*self._manifest.used_runs, *(run.name for run in self._run_folders()))]
        return self._run_folder(f"{max(taken, default=0) + 1:04}")

    def _sweep(self) -> None:
        """Remove what aborted runs left, and what neither this state nor the one before it needs.

        A reader may have opened the state before this one a moment ago and hold its paths, so those runs stay until
        one more has been published.
        """
        needed = {*self._manifest.used_runs, *self._manifest.previous_runs}
        for folder in self._run_folders():
            if folder.name not in needed:
                shutil.rmtree(folder, ignore_errors=True)
        (self.path / TEMPORARY_FILE).unlink(missing_ok=True)


def _age_order(as_of: str | None) -> str:
    """Sort what has no date before every date."""
    return as_of if as_of and as_of != UNDATED else ""


def _parsed(path: Path) -> Any:  # noqa: ANN401  (whatever was written)
    try:
        with plain_faults(path):
            return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError) as fault:
        raise WorkspaceError(_damaged(path)) from fault


def _damaged(path: Path) -> str:
    return f"{shown(path)} is missing or damaged. Restore it from a copy, or run 'customerbase run' again."
