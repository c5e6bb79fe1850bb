"""What a run writes."""

import stat
import sys
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customerbase.errors import UsageError
from customerbase.workspace import Run
from customerbase.workspace.run import ROW_GROUP_SIZE

N_ROWS = 2 * ROW_GROUP_SIZE + 1_000


def written_bytes(folder: Path, *, threads: int, keeps_order: bool, seed: int) -> bytes:
    """Bytes of a table of several row groups whose rows come in the order of a seed."""
    connection = ibis.duckdb.connect(threads=threads)
    connection.raw_sql(f"SET preserve_insertion_order = {keeps_order}")
    query = f"""CREATE TABLE shuffled AS
                SELECT i AS id, 'name ' || i % 1000 AS name, (i * 7919 % 100003)::DECIMAL(18, 4) AS amount
                FROM range({N_ROWS}) AS r(i) ORDER BY hash(i + {seed})"""
    connection.raw_sql(query)
    return Run(folder, connection).write_table("lines", connection.table("shuffled"), order_by="id").read_bytes()


def test_bytes_do_not_depend_on_threads_or_row_order(tmp_path: Path) -> None:
    """One thread or two, kept order or not, shuffled or not: the same file."""
    first = written_bytes(tmp_path, threads=1, keeps_order=True, seed=0)
    assert written_bytes(tmp_path, threads=2, keeps_order=True, seed=1) == first
    assert written_bytes(tmp_path, threads=2, keeps_order=False, seed=2) == first
    assert pq.read_metadata(tmp_path / "lines.parquet").num_row_groups == 3


def test_a_table_leaves_nothing_in_the_connection(tmp_path: Path) -> None:
    """The view that it is written through goes again."""
    connection = ibis.duckdb.connect()
    Run(tmp_path, connection).write_table("lines", pa.table({"id": [1]}), order_by="id")
    assert connection.raw_sql("SELECT view_name FROM duckdb_views() WHERE view_name ^@ 'customerbase'").fetchall() == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX are tested")
def test_private_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    """Mode 0600 for each way of writing; others follow the umask."""
    run = Run(tmp_path, ibis.duckdb.connect())
    private = [
        run.write_table("customers", pa.table({"id": [1]}), order_by="id", private=True),
        run.write_json("emails", ["a@b.c"], private=True),
    ]
    path = run.path_for("phones", suffix=".txt", private=True)
    path.unlink()
    path.write_text("a writer may put a new file in the place of the one that was made")
    run.seal({})
    assert [stat.S_IMODE(file.stat().st_mode) for file in (*private, path)] == [0o600] * 3
    assert stat.S_IMODE(run.write_json("audit", 1).stat().st_mode) & 0o400


@pytest.mark.parametrize("value", [float("nan"), {"folder": Path()}])
def test_what_json_cannot_hold_is_refused(tmp_path: Path, value: object) -> None:
    """No NaN in a file that calls itself JSON."""
    with pytest.raises(UsageError, match="Convert the value first"):
        Run(tmp_path, ibis.duckdb.connect()).write_json("audit", value)


@pytest.mark.parametrize("name", ["", "Features", "../features", "a b", "1st"])
def test_a_name_that_is_no_file_name_is_refused(tmp_path: Path, name: str) -> None:
    """Names of tables are plain."""
    with pytest.raises(UsageError, match="A table's name has only"):
        Run(tmp_path, ibis.duckdb.connect()).write_json(name, 1)


def test_rows_that_come_sorted_are_written_as_they_come(tmp_path: Path) -> None:
    """300,000 rows in order are written in order, and by one thread with the bytes of two."""
    written = []
    for threads in (1, 2):
        connection = ibis.duckdb.connect(threads=threads)
        connection.create_table("rows", ibis.range(300_000).unnest().name("source_row").as_table())
        run = Run(tmp_path / str(threads), connection)
        run.folder.mkdir()
        path = run.write_table("lines", connection.table("rows"), order_by="source_row", comes_sorted=True)
        written.append(path.read_bytes())
        assert pq.read_table(path)["source_row"].to_pylist() == list(range(300_000))
    assert written[0] == written[1]


def test_rows_that_do_not_come_sorted_are_sorted(tmp_path: Path) -> None:
    """What a caller thinks of the order of rows is not believed."""
    connection = ibis.duckdb.connect()
    rows = ibis.range(300_000, 0, -1).unnest().name("source_row").as_table()
    run = Run(tmp_path / "0001", connection)
    run.folder.mkdir()
    path = run.write_table("lines", rows, order_by="source_row", comes_sorted=True)
    assert pq.read_table(path)["source_row"][:3].to_pylist() == [1, 2, 3]
