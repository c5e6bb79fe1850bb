"""Connections: options that DuckDB takes, and values that it does not."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from customerbase.engine import connect, explain
from customerbase.errors import UsageError


def setting(connection: Any, name: str) -> str:
    """Give a setting of DuckDB as text."""
    return str(connection.con.execute("SELECT current_setting(?)", [name]).fetchone()[0])


def test_options_reach_the_engine(tmp_path: Path) -> None:
    """Threads, memory and the spill folder are those that were asked for."""
    connection = connect(threads=1, memory_limit="1GiB", spill_folder=tmp_path)
    assert setting(connection, "threads") == "1"
    assert setting(connection, "memory_limit") == "1.0 GiB"
    assert setting(connection, "temp_directory") == str(tmp_path)


def test_two_connections_share_nothing() -> None:
    """Each is a database of its own in memory."""
    one, two = connect(), connect()
    one.create_table("shop", schema={"order_id": "string"})
    assert "shop" not in two.list_tables()


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_must_be_positive(threads: int) -> None:
    """The message has the value and what is allowed."""
    with pytest.raises(UsageError, match=rf"'threads' must be an int >= 1\. Got {threads} instead"):
        connect(threads=threads)


def test_threads_have_a_limit() -> None:
    """A machine that is asked for a hundred thousand stands still."""
    with pytest.raises(UsageError, match=r"'threads' must be at most 1,024\. Got 100000 instead"):
        connect(threads=100_000)


def test_a_spill_folder_that_cannot_be_one_is_refused(tmp_path: Path) -> None:
    """A file, or a path below one; a folder that is not there yet is made when it is needed."""
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "below"):
        with pytest.raises(UsageError, match=r"'spill_folder' must be a folder that can be written to\. Got "):
            connect(spill_folder=folder)
    connect(spill_folder=tmp_path / "to/be/made")
    assert list(tmp_path.iterdir()) == [file]


def test_too_little_memory_is_explained() -> None:
    """DuckDB's own words say little; what is no fault of the engine is left to others."""
    connection: Any = connect(memory_limit="1KB")
    with pytest.raises(duckdb.OutOfMemoryException) as fault:
        connection.con.execute("CREATE TABLE lines AS SELECT range AS n FROM range(1000000)")
    assert explain(fault.value) == (
        "The work does not fit into the memory limit. Raise --memory-limit, or lower --threads."
    )
    assert explain(OSError(28, 'Failed to read file "orders.csv"')) is None


@pytest.mark.parametrize("limit", ["much", "4 apples", "", "-1GB"])
def test_memory_limit_must_be_an_amount(limit: str) -> None:
    """The message shows an amount that is one."""
    with pytest.raises(UsageError, match=r"'memory_limit' must be an amount such as 4GB\. Got"):
        connect(memory_limit=limit)


def test_a_url_names_the_engine(tmp_path: Path) -> None:
    """Any URL of Ibis is taken; here, a DuckDB file."""
    connection = connect(f"duckdb://{tmp_path}/shop.duckdb")
    assert connection.name == "duckdb"
    assert (tmp_path / "shop.duckdb").exists()
