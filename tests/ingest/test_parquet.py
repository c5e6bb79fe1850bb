"""Parquet: typed columns, folders of parts, and files that are cut off."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customerbase.errors import DataError
from customerbase.ingest.reading import read

MAPPING = {"customer_id": "who", "ordered_at": "when", "amount": "total"}


def write(path: Path, **columns: Any) -> Path:
    """Write a Parquet file and give its path."""
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table({"who": ["ann"], "when": [datetime(2024, 5, 1, 10)], "total": [1.5]} | columns), path)
    return path


def read_rows(*files: Path) -> list[dict[str, Any]]:
    """Give the order lines of files."""
    rows: list[dict[str, Any]] = read(*files, mapping=MAPPING).order_lines.order_by("source").to_pyarrow().to_pylist()
    return rows


def test_typed_columns(tmp_path: Path) -> None:
    """Numbers, dates and ids of any type become the canonical ones; the first row is row 1."""
    file = write(
        tmp_path / "orders.parquet", who=pa.array([13085.0]), when=pa.array([date(2024, 5, 1)]), total=pa.array([3])
    )
    (row,) = read_rows(file)
    assert (row["source"], row["source_row"], row["customer_id"]) == ("orders.parquet", 1, "13085")
    assert (row["ordered_at"], row["amount"], row["unreadable"]) == (datetime(2024, 5, 1), Decimal(3), None)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_any_precision(tmp_path: Path, unit: str) -> None:
    """A time is the same time in seconds and in nanoseconds."""
    when = pa.array([datetime(2024, 5, 1, 10)], pa.timestamp(unit))
    assert read_rows(write(tmp_path / "orders.parquet", when=when))[0]["ordered_at"] == datetime(2024, 5, 1, 10)


def test_times_of_a_zone_do_not_depend_on_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time in UTC stays in UTC wherever it is read."""
    monkeypatch.setenv("TZ", "America/New_York")
    when = pa.array([datetime(2024, 5, 1, 23, 30, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    assert read_rows(write(tmp_path / "orders.parquet", when=when))[0]["ordered_at"] == datetime(2024, 5, 1, 23, 30)


def test_text_columns_are_parsed_like_csv(tmp_path: Path) -> None:
    """A file that a tool wrote as text has the same rules."""
    (row,) = read_rows(write(tmp_path / "orders.parquet", when=["31.05.2024"], total=["12,50"]))
    assert (row["ordered_at"], row["amount"]) == (datetime(2024, 5, 31), Decimal("12.5"))


def test_no_number_among_floats(tmp_path: Path) -> None:
    """NaN is a cell that cannot be read, and not an empty one."""
    (row,) = read_rows(write(tmp_path / "orders.parquet", total=[float("nan")]))
    assert row["unreadable"] == "amount"


def test_a_folder_of_parts(tmp_path: Path) -> None:
    """Each row says which part of which folder it stands in, so that two folders stay apart."""
    for folder in ("2023", "2024"):
        for part in ("part-0.parquet", "part-1.parquet"):
            write(tmp_path / folder / part)
    rows = read_rows(tmp_path / "2023", tmp_path / "2024")
    assert [(row["source"], row["source_row"]) for row in rows] == [
        (f"{folder}#part-{part}.parquet", 1) for folder in (2023, 2024) for part in (0, 1)
    ]


def test_columns_that_bear_names_of_the_engine(tmp_path: Path) -> None:
    """An export may have a column called filename; its cells are kept like any other."""
    data = read(write(tmp_path / "orders.parquet", filename=["x"]), mapping=MAPPING)
    assert data.cells is not None
    assert data.cells.to_pyarrow().to_pylist()[0]["filename"] == "x"


def test_a_name_with_brackets_is_a_file(tmp_path: Path) -> None:
    """It is no pattern."""
    assert read_rows(write(tmp_path / "orders[1].parquet"))[0]["source"] == "orders[1].parquet"


@pytest.mark.parametrize("n_bytes", [0, 3, 100, -9, -1])
def test_a_file_that_is_cut_off(tmp_path: Path, n_bytes: int) -> None:
    """Wherever it was cut, the message says so in one line."""
    file = write(tmp_path / "orders.parquet")
    file.write_bytes(file.read_bytes()[:n_bytes])
    with pytest.raises(
        DataError, match=r"orders\.parquet cannot be read as Parquet: it is cut off or damaged"
    ) as caught:
        read(file, mapping=MAPPING)
    assert len(str(caught.value).splitlines()) == 1


def test_parts_of_different_columns(tmp_path: Path) -> None:
    """A part without a column that the first one has is refused, not filled up in silence."""
    write(tmp_path / "shop" / "part-0.parquet")
    pq.write_table(pa.table({"who": ["bob"]}), tmp_path / "shop" / "part-1.parquet")
    with pytest.raises(DataError, match=r"part-1\.parquet and part-0\.parquet differ in the columns total, when"):
        read(tmp_path / "shop", mapping=MAPPING)


def test_a_file_without_rows(tmp_path: Path) -> None:
    """A header alone is no export."""
    file = tmp_path / "orders.parquet"
    pq.write_table(pa.table({"who": pa.array([], pa.string())}), file)
    with pytest.raises(DataError, match="has a header but no rows"):
        read(file, mapping=MAPPING)
