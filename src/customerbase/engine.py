"""Connections to the engine that does the work."""

import os
import re
import tempfile
import weakref
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend
from ibis.backends.duckdb import Backend as DuckDB
from ibis.backends.sql.datatypes import DuckDBType
from ibis.expr.operations import InMemoryTable

from customerbase.errors import UsageError

__all__ = [
    "branch",
    "bring",
    "connect",
    "explain",
    "fence",
    "fetch",
    "is_interrupted",
    "keep",
    "release",
    "share",
    "store",
    "tidy",
]

_MOST_MEMORY_MB = 4_000
_MOST_THREADS = 1_024

_left: dict[int, deque[str]] = {}
"""Connection that is shared → its tables to which nobody refers any more."""


def connect(
    url: str | None = None,
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    spill_folder: str | Path | None = None,
) -> BaseBackend:
    """Connect to an engine: DuckDB in memory, or the one that an Ibis URL names.

    Parameters
    ----------
    url
        Any URL that `ibis.connect` knows, such as `postgres://…`; without one, DuckDB in memory.
    memory_limit
        How much memory DuckDB may take, such as `"4GB"`; beyond that it spills to disk. By default 4 GB, or half of a
        smaller machine.
    threads
        Number of threads of DuckDB, from 1 to 1,024; without one, as many as the machine has.
    spill_folder
        Folder for what does not fit into memory; without one, the system's folder for temporary files.

    Raises
    ------
    UsageError
        An option has a value that DuckDB does not accept.

    Examples
    --------
    >>> connect(threads=1, memory_limit="1GB").name
    'duckdb'
    >>> connect(memory_limit="much")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The option 'memory_limit' must be an amount such as 4GB. Got 'much' instead.
    """
    if url is not None:
        return ibis.connect(url)
    settings: dict[str, Any] = {"temp_directory": str(_spill_folder(spill_folder))}
    if threads is not None:
        settings["threads"] = _checked_threads(threads)
    connection = ibis.duckdb.connect(**settings)
    _limit_memory(connection, f"{_default_memory_mb()}MB" if memory_limit is None else memory_limit)
    return connection


def store(connection: Any, table: ir.Table, prefix: str) -> ir.Table:  # noqa: ANN401 - Ibis types its backends loosely
    """Compute a table once and keep it for as long as the connection is open.

    On a server that is only read nothing can be kept: there the table is computed where it is used.

    Examples
    --------
    >>> engine = connect()
    >>> store(engine, ibis.memtable({"quantity": [1, 2]}), "quantities").quantity.to_list()
    [1, 2]
    """
    if _is_in_place(connection):
        return fence(table)
    name = ibis.util.gen_name(prefix)
    if not _can_be_queried(connection, table):
        return connection.create_table(name, table, temp=True)
    return _create_from_query(connection, table, name)


def branch(connection: Any) -> BaseBackend:  # noqa: ANN401 - Ibis types its backends loosely
    """Give another connection to a DuckDB engine, for another thread; both see the tables that are not temporary.

    Examples
    --------
    >>> engine = connect()
    >>> _ = branch(engine).create_table("seen", {"quantity": [1, 2]})
    >>> engine.list_tables()
    ['seen']
    """
    return ibis.duckdb.from_connection(connection.con.cursor())


def keep(table: ir.Table) -> ir.Table:
    """Compute a table once and keep it for as long as somebody refers to it, as `cache` of Ibis does in twice the time.

    On a server that is only read nothing can be kept: there the table is computed where it is used.

    Examples
    --------
    >>> sold = connect().create_table("sold", ibis.memtable({"quantity": [1, 2]}))
    >>> keep(sold.filter(sold.quantity > 1)).quantity.to_list()
    [2]
    """
    connection = ibis.get_backend(table)
    if _is_in_place(connection):
        return table
    if not _can_be_queried(connection, table):
        return table.cache()
    name = ibis.util.gen_name("kept")
    kept = _create_from_query(connection, table, name)
    weakref.finalize(kept.op(), _drop, connection, name).atexit = False
    return kept


def _can_be_queried(connection: BaseBackend, table: ir.Table) -> bool:
    return isinstance(connection, DuckDB) and not table.op().find(InMemoryTable)


def _create_from_query(connection: BaseBackend, table: ir.Table, name: str) -> ir.Table:
    # Ibis creates a table and then inserts into it, which takes twice as long as creating it from a query.
    types = {column: DuckDBType.to_string(type_) for column, type_ in table.schema().items()}
    # DuckDB sums integers to 128 bits, and Ibis to 64.
    columns = ", ".join(f"CAST({_quote(column)} AS {type_}) AS {_quote(column)}" for column, type_ in types.items())
    query = ibis.to_sql(table, dialect="duckdb")
    connection.con.execute(f'CREATE TEMP TABLE "{name}" AS SELECT {columns} FROM ({query})')  # noqa: S608 - names
    return connection.table(name, database="temp.main")


def fence(table: ir.Table) -> ir.Table:
    """Give a table whose columns a server computes once, wherever and however often they are used above it.

    Without that it would write the expression of a column down wherever the column is named, and compute it there.

    Examples
    --------
    >>> table = connect().create_table("quantities", {"quantity": [1, 2]})
    >>> fence(table) is table
    True
    """
    connection: Any = ibis.get_backend(table)
    return connection.fence(table) if _is_in_place(connection) else table


def release(connection: BaseBackend, table: ir.Table) -> None:
    """Drop a table that `store` has kept.

    Examples
    --------
    >>> engine = connect()
    >>> quantities = engine.create_table("quantities", {"quantity": [1, 2]})
    >>> release(engine, store(engine, quantities, "kept"))
    >>> engine.list_tables()
    ['quantities']
    """
    if not _is_in_place(connection):
        connection.drop_table(table.op().name)


def fetch(table: ir.Table) -> ir.Table:
    """Compute a small table once and keep it: where it is, or in memory where a server keeps no table of ours.

    Examples
    --------
    >>> fetch(connect().create_table("quantities", {"quantity": [1, 2]})).quantity.sum().execute()
    3
    """
    brought = bring(table)
    return keep(table) if brought is table else brought


def bring(table: ir.Table) -> ir.Table:
    """Give a table that can be written or joined here: that of a server is computed there, and comes into memory.

    Examples
    --------
    >>> table = connect().create_table("quantities", {"quantity": [1, 2]})
    >>> bring(table) is table
    True
    """
    return ibis.memtable(table.to_pyarrow()) if _is_in_place(ibis.get_backend(table)) else table


def _quote(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def share(connection: BaseBackend) -> None:
    """Let a connection be used by one thread after the other: what `keep` has kept is then dropped by `tidy` alone.

    Otherwise that happens when the last reference goes, which may be in any thread, and beside a query of another one.

    Examples
    --------
    >>> engine = connect()
    >>> share(engine)
    >>> kept = keep(engine.create_table("sold", {"quantity": [1, 2]}))
    >>> name, kept = kept.op().name, None
    >>> name in engine.list_tables(database="temp.main")
    True
    >>> tidy(engine)
    >>> name in engine.list_tables(database="temp.main")
    False
    """
    if id(connection) not in _left:
        _left[id(connection)] = deque()
        weakref.finalize(connection, _left.pop, id(connection), None)


def tidy(connection: BaseBackend) -> None:
    """Drop the tables of a connection of `share` to which nobody refers any more.

    Examples
    --------
    See `share`.
    """
    left = _left.get(id(connection), deque())
    while left:
        _drop_now(connection, left.popleft())


def _drop(connection: BaseBackend, name: str) -> None:
    left = _left.get(id(connection))
    if left is None:
        _drop_now(connection, name)
    else:
        left.append(name)


def _drop_now(connection: BaseBackend, name: str) -> None:
    with suppress(duckdb.Error):  # the connection may be closed, and its tables with it
        connection.con.execute(f'DROP TABLE IF EXISTS temp.main."{name}"')


def _is_in_place(connection: BaseBackend) -> bool:
    return bool(getattr(connection, "is_in_place", False))


def explain(error: BaseException) -> str | None:
    """Say what a fault of the engine means and what to do about it; None where that is not known.

    Examples
    --------
    >>> explain(duckdb.OutOfMemoryException("failed to pin block"))
    'The work does not fit into the memory limit. Raise --memory-limit, or lower --threads.'
    >>> explain(ValueError("no fault of the engine"))
    """
    if isinstance(error, duckdb.OutOfMemoryException):
        return "The work does not fit into the memory limit. Raise --memory-limit, or lower --threads."
    if not isinstance(error, duckdb.Error):
        return None
    file = re.search(r'(?:Failed to read|encoding found in Parquet) file "([^"]+)"', str(error))
    if file or type(error) is duckdb.Error:  # the Parquet reader's own errors have no class, and seldom name the file
        return f"{file[1] if file else 'A file'} is damaged and cannot be read to its end. Export or copy it again."
    return None


def is_interrupted(error: BaseException) -> bool:
    """Tell whether a person has stopped the engine with Ctrl-C.

    Examples
    --------
    >>> is_interrupted(KeyboardInterrupt()), is_interrupted(ValueError("no fault of the engine"))
    (True, False)
    """
    # DuckDB's own way to say so is a RuntimeError.
    return isinstance(error, KeyboardInterrupt | duckdb.InterruptException) or str(error) == "Query interrupted"


def _checked_threads(threads: int) -> int:
    if threads < 1:
        raise UsageError(f"The option 'threads' must be an int >= 1. Got {threads} instead.")
    if threads > _MOST_THREADS:
        raise UsageError(f"The option 'threads' must be at most {_MOST_THREADS:,}. Got {threads} instead.")
    return threads


def _spill_folder(folder: str | Path | None) -> Path:
    if folder is None:
        return Path(tempfile.gettempdir()) / "customerbase-spill"
    path = Path(folder)
    first = next((place for place in (path, *path.absolute().parents) if place.exists()), path)
    if not first.is_dir() or not os.access(first, os.W_OK):
        raise UsageError(
            f"The option 'spill_folder' must be a folder that can be written to. Got {str(folder)!r} instead."
        )
    return path


def _default_memory_mb() -> int:
    """Give what leaves room for the model and for other programs."""
    try:
        physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows does not tell
        return _MOST_MEMORY_MB
    return min(_MOST_MEMORY_MB, physical // 2_000_000)


def _limit_memory(connection: Any, memory_limit: str) -> None:  # noqa: ANN401 - Ibis types its backends loosely
    refusal = f"The option 'memory_limit' must be an amount such as 4GB. Got {memory_limit!r} instead."
    if memory_limit.lstrip().startswith("-"):  # DuckDB takes it for no limit at all
        raise UsageError(refusal)
    try:
        connection.con.execute("SET memory_limit = ?", [memory_limit])
    except Exception as error:
        raise UsageError(refusal) from error
