"""What a result is of: files, versions, and order lines that are the same or grew."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

from customerbase.errors import DataError
from customerbase.provenance import describe_inputs, fingerprint, list_versions, same_or_grew

LINES = pd.DataFrame(
    {
        "order_id": ["1", "2", "3", None],
        "customer_id": ["ann", "bob", "ann", "cem"],
        "ordered_at": [datetime(2024, 5, 1), datetime(2024, 5, 2, 10), datetime(2024, 5, 3), datetime(2024, 5, 2, 10)],
        "product_id": ["mug", "pan", None, "mug"],
        "quantity": [1, 2, 3, 4],
        "amount": [5, 6, 7, 8],
    }
)


def table(frame: pd.DataFrame) -> ir.Table:
    return ibis.memtable(frame).cast({"ordered_at": "timestamp(6)"})


def test_files_are_described_by_name_size_and_hash(tmp_path: Path) -> None:
    """Patterns and folders of parts are opened out; folders are not named."""
    (tmp_path / "a.csv").write_bytes(b"one")
    (tmp_path / "b.csv").write_bytes(b"two")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/1.parquet").write_bytes(b"three")
    (tmp_path / "parts/notes.txt").write_bytes(b"no part")
    with describe_inputs([str(tmp_path / "*.csv"), tmp_path / "parts"]) as inputs:
        found = inputs.describe()
    assert found == [
        {"source": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in (("a.csv", b"one"), ("b.csv", b"two"), ("1.parquet", b"three"))
    ]


def test_a_file_that_is_missing_is_told_when_it_is_asked_for(tmp_path: Path) -> None:
    """The reading, which runs beside, says it in plain words before."""
    with describe_inputs([tmp_path / "none-*.csv"]) as inputs, pytest.raises(DataError, match="No file fits"):
        inputs.describe()


def test_versions_are_those_that_a_result_depends_on() -> None:
    """Python, this package, and the libraries that compute."""
    versions = list_versions()
    assert set(versions) == {"python", "customerbase", "duckdb", "ibis-framework", "numpy", "scikit-learn"}
    assert all(version[0].isdigit() for version in versions.values())


def test_a_fingerprint_does_not_depend_on_row_order() -> None:
    """It has the number of lines and the time of the last."""
    found = fingerprint(table(LINES))
    assert found == fingerprint(table(LINES.iloc[::-1].reset_index(drop=True)))
    assert (found["rows"], found["until"]) == (4, "2024-05-03T00:00:00")


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [
        ("order_id", 0, "9"),
        ("customer_id", 1, "cem"),
        ("ordered_at", 0, datetime(2024, 5, 1, 0, 0, 1)),
        ("product_id", 2, "mug"),
        ("amount", 3, 9),
    ],
)
def test_one_other_cell_is_another_input(column: str, row: int, value: Any) -> None:
    """In whichever column it stands."""
    changed = LINES.copy()
    changed.loc[row, column] = value
    assert not same_or_grew(fingerprint(table(LINES)), table(changed))


@pytest.mark.parametrize("column", ["order_id", "customer_id", "ordered_at", "amount"])
def test_values_that_change_rows_are_another_input(column: str) -> None:
    """The first two orders change customers, or times, and every sum of a column stays as it was."""
    changed = LINES.copy()
    changed.loc[[0, 1], column] = LINES.loc[[1, 0], column].to_numpy()
    assert not same_or_grew(fingerprint(table(LINES)), table(changed))


def test_values_that_change_columns_are_another_input() -> None:
    """Order and customer in each other's place are not the same lines."""
    changed = LINES.rename(columns={"order_id": "customer_id", "customer_id": "order_id"})
    assert not same_or_grew(fingerprint(table(LINES)), table(changed))


def test_later_lines_are_growth_and_earlier_ones_are_not() -> None:
    """History may get longer at its end only."""
    line = LINES.iloc[[0]]
    before = fingerprint(table(LINES))
    later = table(pd.concat([LINES, line.assign(ordered_at=datetime(2024, 5, 3, 0, 0, 1))]))
    earlier = table(pd.concat([LINES, line.assign(ordered_at=datetime(2024, 5, 2))]))
    assert same_or_grew(before, table(LINES))
    assert same_or_grew(before, later)
    assert not same_or_grew(before, earlier)
    assert not same_or_grew(before, table(LINES.iloc[:3]))


def test_the_first_input_fits_any_workspace() -> None:
    """Without a fingerprint there is nothing to compare."""
    assert same_or_grew({}, table(LINES))
