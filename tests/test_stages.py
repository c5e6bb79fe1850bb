"""Stages: work beside other work ends with it, and a fault of either is told."""

import threading
from pathlib import Path

import ibis
import pytest

from customerbase.errors import DataError
from customerbase.stages import in_parallel
from customerbase.workspace.run import Run


@pytest.fixture
def begun(tmp_path: Path) -> Run:
    return Run(tmp_path, ibis.duckdb.connect())


def test_both_write_into_the_run(begun: Run) -> None:
    """Tables of either connection lie in the same run, and the context ends when both are done."""
    ready = threading.Event()

    def write_returns(twin: Run) -> None:
        ready.wait(10)
        twin.write_table("returns", ibis.memtable({"amount": [5]}), order_by="amount")

    with in_parallel(write_returns, begun):
        begun.write_table("features", ibis.memtable({"frequency": [2]}), order_by="frequency")
        ready.set()
    assert begun.table("returns").amount.to_list() == [5]
    assert begun.table("features").frequency.to_list() == [2]


def test_a_fault_of_the_work_is_raised_where_the_context_ends(begun: Run) -> None:
    """It is the same error, and what stands in the context has been done."""
    done = []

    def fail(_: Run) -> None:
        raise DataError("The returns are damaged. Export them again.")

    with pytest.raises(DataError, match="The returns are damaged"), in_parallel(fail, begun):
        done.append("all of it")
    assert done == ["all of it"]


def test_a_fault_in_the_context_breaks_the_work_off(begun: Run) -> None:
    """A query that would take hours is interrupted, and the fault of the context is the one that is raised."""
    ended, begins = [], threading.Event()

    def count_for_hours(twin: Run) -> None:
        begins.set()
        try:
            twin._connection.raw_sql("SELECT count(*) FROM range(10000000000000) a, range(1000000) b").fetchall()
        finally:
            ended.append("broken off")

    def describe_nobody() -> None:
        with in_parallel(count_for_hours, begun):
            begins.wait(10)
            threading.Event().wait(0.2)
            raise DataError("There is nobody to describe.")

    with pytest.raises(DataError, match="nobody"):
        describe_nobody()
    assert ended == ["broken off"]
