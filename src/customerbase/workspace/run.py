"""A run: the folder into which one command writes, before anybody sees it."""

import glob
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from customerbase.errors import UsageError, WorkspaceError
from customerbase.workspace.manifest import AsOf, Entry, date_text, table_file
from customerbase.workspace.storage import flush, make_file, plain_faults, sha256, shown

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

__all__ = ["LOG_FILE", "ROW_GROUP_SIZE", "Run"]

LOG_FILE = "run.json"
ROW_GROUP_SIZE = 122_880
"""Rows per Parquet row group: fixed, so that the same rows give the same bytes with any number of threads."""

PARQUET_OPTIONS = (
    f"FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE {ROW_GROUP_SIZE}, USE_TMP_FILE false"
)


class Run:
    """The files of one run; `Workspace.begin()` makes it and `Workspace.publish()` shows it.

    Parameters
    ----------
    folder
        Where it writes, and nowhere else. Its name is the run's number.
    connection
        The DuckDB connection to which the tables that it is given belong.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = Run(Path(folder), ibis.duckdb.connect())
    ...     table = pa.table({"customer_id": ["b", "a"], "frequency": [1, 2]})
    ...     file = run.write_table("features", table, as_of="2011-12-10", order_by="customer_id")
    ...     print(file.name, *pq.read_table(file)["customer_id"])
    as_of=2011-12-10.parquet a b
    """

    def __init__(self, folder: Path, connection: "Backend") -> None:
        self.folder = folder
        self.name = folder.name
        self._connection = connection
        self._files: dict[str, tuple[str, AsOf, str]] = {}
        self._private: set[str] = set()

    def in_parallel(self) -> "Run":
        """Return this run with a connection of its own to the same engine, for work in a second thread.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Run(Path(folder), ibis.duckdb.connect())
        ...     _ = run.in_parallel().write_table("returns", pa.table({"amount": [5]}), order_by="amount")
        ...     run.table("returns").amount.to_list()
        [5]
        """
        twin = Run(self.folder, ibis.duckdb.from_connection(self._connection.con.cursor()))
        twin._files, twin._private = self._files, self._private
        return twin

    def interrupt(self) -> None:
        """Break off the query that the engine is answering for this run, if any."""
        self._connection.con.interrupt()

    def path_for(self, name: str, as_of: AsOf = None, suffix: str = ".parquet", *, private: bool = False) -> Path:
        """Return where a table belongs, to be written by the caller before the run is published.

        Parameters
        ----------
        name
            Name of the table.
        as_of
            Date of the snapshot, or None.
        suffix
            The kind of file, with its dot.
        private
            The file holds e-mail addresses or phone numbers: an empty one of mode 0600 is made at once.

        Raises
        ------
        UsageError
            The name, the date or the suffix is not allowed.
        WorkspaceError
            The disk refuses.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Run(Path(folder), ibis.duckdb.connect())
        ...     print(run.path_for("order_lines").name)
        order_lines.parquet
        """
        file = table_file(name, as_of, suffix)
        path = self.folder / file
        with plain_faults(path):
            path.parent.mkdir(exist_ok=True)
            if private:
                make_file(path, private=True)
                self._private.add(file)
        self._files[file] = (name, as_of, suffix)
        return path

    def write_table(
        self,
        name: str,
        table: ir.Table | pa.Table,
        *,
        order_by: str | Sequence[str],
        as_of: AsOf = None,
        private: bool = False,
        comes_sorted: bool = False,
    ) -> Path:
        """Write a table as Parquet, in the order of its key: the same rows give the same bytes.

        Parameters
        ----------
        name
            Name of the table.
        table
            An Ibis table of this run's connection, or one of Arrow.
        order_by
            The columns of its key. Where they do not tell two rows apart, the bytes are not settled.
        as_of
            Date of the snapshot, or None.
        private
            The file is for the owner alone.
        comes_sorted
            The rows are thought to come in the order of the key. They are sorted only if that proves wrong, which saves
            the sorting of tables that do not fit into memory.

        Raises
        ------
        WorkspaceError
            The disk refuses.

        Examples
        --------
        See `Run`.
        """
        path = self.path_for(name, as_of, private=private)
        expression = table if isinstance(table, ir.Table) else ibis.memtable(table)
        keys = [order_by] if isinstance(order_by, str) else list(order_by)
        view = f"customerbase_writes_{name}"
        with plain_faults(path):
            self._connection.create_view(view, expression, overwrite=True)
            try:
                if not (comes_sorted and self._copy_as_it_comes(view, path, keys)):
                    # The order stands outside of the view, since no engine promises to keep one within.
                    self._copy(f'"{view}" ORDER BY {", ".join(map(_quoted, keys))}', path)
            finally:
                self._connection.drop_view(view)
        return path

    def _copy(self, source: str, path: Path) -> None:
        query = f"SELECT * FROM {source}"  # noqa: S608  (names, not values)
        self._connection.raw_sql(f"COPY ({query}) TO '{_literal(path)}' ({PARQUET_OPTIONS})")

    def _copy_as_it_comes(self, view: str, path: Path, keys: Sequence[str]) -> bool:
        """Copy without sorting, and tell whether the rows came in order."""
        # A single thread cuts the row groups in other places than two or more do.
        threads = self._connection.raw_sql("SELECT current_setting('threads')").fetchone()[0]
        self._connection.raw_sql(f"SET threads = {max(threads, 2)}")
        try:
            self._copy(_quoted(view), path)
        finally:
            self._connection.raw_sql(f"SET threads = {threads}")
        return _ascends(path, keys)

    def table(self, name: str, as_of: AsOf = None) -> ir.Table:
        """Return a table that this run has written.

        Parameters
        ----------
        name
            Name of the table.
        as_of
            Date of the snapshot, or None.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Run(Path(folder), ibis.duckdb.connect())
        ...     _ = run.write_table("features", pa.table({"customer_id": ["a"]}), order_by="customer_id")
        ...     run.table("features").columns
        ('customer_id',)
        """
        # DuckDB would take the brackets in a name such as shop[1] for a pattern.
        path = self.folder / table_file(name, as_of, ".parquet")
        return self._connection.read_parquet(glob.escape(path.absolute().as_posix()), hive_partitioning=False)

    def write_json(self, name: str, value: object, *, as_of: AsOf = None, private: bool = False) -> Path:
        """Write a value as JSON; its keys keep their order.

        Parameters
        ----------
        name
            Name of the value.
        value
            Dicts, lists, text, finite numbers, booleans and None.
        as_of
            Date of the snapshot, or None.
        private
            The file is for the owner alone.

        Raises
        ------
        WorkspaceError
            The disk refuses.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Run(Path(folder), ibis.duckdb.connect())
        ...     print(run.write_json("audit", {"rows_in": 12}).read_text())
        {
         "rows_in": 12
        }
        """
        return self.write_text(name, _json_text(value), as_of=as_of, suffix=".json", private=private)

    def write_text(
        self, name: str, text: str, *, as_of: AsOf = None, suffix: str = ".txt", private: bool = False
    ) -> Path:
        """Write a text as UTF-8.

        Parameters
        ----------
        name
            Name of the text.
        text
            What is written.
        as_of
            Date of the snapshot, or None.
        suffix
            The kind of file, with its dot.
        private
            The file is for the owner alone.

        Raises
        ------
        WorkspaceError
            The disk refuses.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     print(Run(Path(folder), ibis.duckdb.connect()).write_text("notes", "Two shops.").name)
        notes.txt
        """
        return self.write_bytes(name, text.encode(), as_of=as_of, suffix=suffix, private=private)

    def write_bytes(
        self, name: str, content: bytes, *, as_of: AsOf = None, suffix: str = ".bin", private: bool = False
    ) -> Path:
        """Write bytes, such as those of a model.

        Parameters
        ----------
        name
            Name of what the bytes are.
        content
            What is written.
        as_of
            Date of the snapshot, or None.
        suffix
            The kind of file, with its dot.
        private
            The file is for the owner alone.

        Raises
        ------
        WorkspaceError
            The disk refuses.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Run(Path(folder), ibis.duckdb.connect())
        ...     print(run.write_bytes("models", b"...", as_of="2011-12-10", suffix=".npz").name)
        as_of=2011-12-10.npz
        """
        path = self.path_for(name, as_of, suffix, private=private)
        with plain_faults(path):
            path.write_bytes(content)
        return path

    def seal(self, log: Mapping[str, Any]) -> tuple[Entry, ...]:
        """Write run.json, wait until the disk holds everything, and return what was written.

        Parameters
        ----------
        log
            What ran, on what, with which options and versions, and when: the caller reads the clock.

        Raises
        ------
        WorkspaceError
            A path was asked for and no file written, or the disk refuses.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = Run(Path(folder), ibis.duckdb.connect())
        ...     _ = run.write_text("notes", "Two shops.")
        ...     print([entry.bytes for entry in run.seal({"command": "run"})])
        [10]
        """
        with plain_faults(self.folder):
            entries = tuple(self._entry(file) for file in sorted(self._files))
            wrote = [{"file": entry.file, "rows": entry.rows, "sha256": entry.sha256} for entry in entries]
            (self.folder / LOG_FILE).write_text(_json_text({"run": self.name, **log, "wrote": wrote}), "utf-8")
            for path in (*sorted(self.folder.rglob("*")), self.folder, self.folder.parent):
                flush(path)
        return entries

    def draft(self, log: Mapping[str, Any]) -> tuple[Entry, ...]:
        """Write run.json and return what was written so far, without hashes: `seal` makes them and writes it anew."""
        with plain_faults(self.folder):
            (self.folder / LOG_FILE).write_text(_json_text({"run": self.name, **log}), "utf-8")
            return tuple(self._entry(file, is_hashed=False) for file in sorted(self._files))

    def _entry(self, file: str, *, is_hashed: bool = True) -> Entry:
        name, as_of, suffix = self._files[file]
        path = self.folder / file
        if not path.exists():
            raise WorkspaceError(f"The run has no file {shown(path)}, though its path was asked for. Write it first.")
        if file in self._private:
            path.chmod(0o600)
        rows = pq.read_metadata(path).num_rows if suffix == ".parquet" else None
        hashed = sha256(path) if is_hashed else ""
        return Entry(name, date_text(as_of), suffix, self.name, rows, path.stat().st_size, hashed)


def _ascends(path: Path, keys: Sequence[str]) -> bool:
    """Tell from the statistics of a Parquet file whether each row group begins after the end of the one before."""
    metadata = pq.read_metadata(path)
    columns = [metadata.schema.names.index(key) for key in keys]
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    found = [[group.column(column).statistics for column in columns] for group in groups]
    if any(part is None or not part.has_min_max for parts in found for part in parts):
        return False
    ends = [([part.min for part in parts], [part.max for part in parts]) for parts in found]
    return all(last < first for (_, last), (first, _) in itertools.pairwise(ends))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    return path.absolute().as_posix().replace("'", "''")


def _json_text(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    except (TypeError, ValueError) as fault:
        raise UsageError(
            f"JSON holds text, finite numbers, lists and dicts: {fault}. Convert the value first."
        ) from None
