"""Connections to the engine that does the work."""

import os
import tempfile
from pathlib import Path
from typing import Any

import ibis
from ibis.backends import BaseBackend

from customerbase.errors import UsageError

__all__ = ["connect"]

_MOST_MEMORY_MB = 4_000


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
    _limit_memory(connection, memory_limit or f"{_default_memory_mb()}MB")
    return connection


def _default_memory_mb() -> int:
    """Give what leaves room for the model and for other programs."""
    try:
        physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows does not tell
        return _MOST_MEMORY_MB
    return min(_MOST_MEMORY_MB, physical // 2_000_000)


def _limit_memory(connection: Any, memory_limit: str) -> None:  # noqa: ANN401 - Ibis types its backends loosely
    try:
        connection.con.execute("SET memory_limit = ?", [memory_limit])
    except Exception as error:
        raise UsageError(
            f"The option 'memory_limit' must be an amount such as 4GB. Got {memory_limit!r} instead."
        ) from error
