"""Connections to the engine that does the work."""

import tempfile
from pathlib import Path
from typing import Any

import ibis
from ibis.backends import BaseBackend

from customerbase.errors import UsageError

__all__ = ["connect"]


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
        How much memory DuckDB may take, such as `"4GB"`; beyond that it spills to disk.
    threads
        Number of threads of DuckDB, at least 1; without one, as many as the machine has.
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
    if threads is not None and threads < 1:
        raise UsageError(f"The option 'threads' must be an int >= 1. Got {threads} instead.")
    settings: dict[str, Any] = {
        "temp_directory": str(spill_folder or Path(tempfile.gettempdir()) / "customerbase-spill")
    }
    if threads is not None:
        settings["threads"] = threads
    connection = ibis.duckdb.connect(**settings)
    if memory_limit is not None:
        _limit_memory(connection, memory_limit)
    return connection


def _limit_memory(connection: Any, memory_limit: str) -> None:  # noqa: ANN401 - Ibis types its backends loosely
    try:
        connection.con.execute("SET memory_limit = ?", [memory_limit])
    except Exception as error:
        raise UsageError(
            f"The option 'memory_limit' must be an amount such as 4GB. Got {memory_limit!r} instead."
        ) from error
