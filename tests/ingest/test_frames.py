"""Frames: tables in memory keep their types, and are read alone or beside files."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from tests.front_end import HEADER, many_orders

import customerbase as cb
from customerbase.engine import connect
from customerbase.errors import DataError, UsageError
from customerbase.ingest.frames import read_frame
from customerbase.workflow import Config, open_workspace, run

MAPPING = {"customer_id": "who", "ordered_at": "when", "amount": "total"}
COLUMNS = {"who": ["ann", "bob"], "when": ["2024-05-01", "2024-05-02"], "total": [1.5, 2.5]}


def read_lines(*inputs: Any) -> list[tuple[Any, ...]]:
    """Give source, row, customer, time and amount of the lines of inputs."""
    lines = cb.read(*inputs, mapping=MAPPING).order_lines.order_by("source", "source_row")
    found = lines.select("source", "source_row", "customer_id", "ordered_at", "amount").to_pyarrow().to_pylist()
    return [tuple(row.values()) for row in found]


@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.DataFrame(COLUMNS, index=[70, 90]),
        lambda: pl.DataFrame(COLUMNS),
        lambda: pa.table(COLUMNS),
        lambda: pa.table(COLUMNS).to_reader(),
        lambda: ibis.memtable(COLUMNS),
        lambda: ibis.duckdb.connect().create_table("orders", pa.table(COLUMNS)),
    ],
    ids=["pandas", "polars", "arrow", "stream", "ibis", "duckdb"],
)
def test_tables_of_any_library(make: Any) -> None:
    """The rows are numbered from one, and an index is no row number and no column."""
    assert read_lines(make()) == [
        ("table 1", 1, "ann", datetime(2024, 5, 1), Decimal("1.5")),
        ("table 1", 2, "bob", datetime(2024, 5, 2), Decimal("2.5")),
    ]


def test_tables_beside_files(tmp_path: Path) -> None:
    """Each input has a source of its own."""
    (tmp_path / "orders.csv").write_text("who,when,total\ncem,2024-05-03,3\n")
    lines = read_lines(pa.table(COLUMNS), tmp_path / "orders.csv", pl.DataFrame(COLUMNS))
    assert [row[:3] for row in lines] == [
        ("orders.csv", 2, "cem"),
        ("table 1", 1, "ann"),
        ("table 1", 2, "bob"),
        ("table 2", 1, "ann"),
        ("table 2", 2, "bob"),
    ]


def test_an_ibis_table_stays_in_its_engine() -> None:
    """Nothing is copied to another connection, and the caller's tables are as they were."""
    shop = ibis.duckdb.connect()
    orders = shop.create_table("orders", pa.table(COLUMNS))
    data = cb.read(orders.filter(orders.total > 2), mapping=MAPPING)
    assert data.order_lines.get_backend() is shop
    assert data.order_lines.select("source_row", "customer_id").to_pyarrow().to_pylist() == [
        {"source_row": 1, "customer_id": "bob"}
    ]
    assert orders.count().execute() == 2


def read_types(frame: Any) -> dict[str, tuple[str, Any]]:
    """Give the type and the first cell of each column."""
    cells = read_frame(frame, "table 1", connect())[0].cells.drop("source", "source_row")
    return {name: (str(cells.schema()[name]), cells.to_pyarrow()[name][0].as_py()) for name in cells.columns}


def test_types_are_kept() -> None:
    """Decimals stay decimals and dates dates; categories give their values, a time in a zone that of its clock."""
    frame = pd.DataFrame(
        {
            "decimal": [Decimal("1.10")],
            "date": [date(2024, 5, 1)],
            "category": pd.Categorical(["mug"]),
            "whole": pd.array([7], dtype="Int64"),
            "zone": pd.DatetimeIndex(["2024-05-01 23:30"], tz="Europe/Berlin"),
            "mixed": np.array([85048], dtype=object),
        }
    )
    frame.loc[1] = [None, None, None, pd.NA, pd.NaT, "85123A"]
    found = read_types(frame)
    assert found["decimal"][1] == Decimal("1.10")
    assert found["decimal"][0].startswith("decimal")
    assert found["date"] == ("date", date(2024, 5, 1))
    assert found["category"] == ("string", "mug")
    assert found["whole"] == ("int64", 7)
    assert found["zone"][1] == datetime(2024, 5, 1, 23, 30)
    assert found["mixed"] == ("string", "85048")


def test_types_that_the_engine_has_not() -> None:
    """Each becomes the nearest that it has."""
    arrays = {
        "half": pa.array([np.float16(1.5)], pa.float16()),
        "wide": pa.array([Decimal("1.50")], pa.decimal256(50, 2)),
        "none": pa.nulls(1),
        "view": pa.array(["x"], pa.string_view()),
    }
    assert {name: cell for name, (_, cell) in read_types(pa.table(arrays)).items()} == {
        "half": 1.5,
        "wide": "1.50",
        "none": None,
        "view": "x",
    }


def test_a_zone_is_told() -> None:
    """The shop's own time is what counts, so the note says whose it is."""
    zone = pa.table({"when": pa.array([0], pa.timestamp("s", "Asia/Tokyo"))})
    (sheet,) = read_frame(zone, "table 1", connect())
    assert sheet.notes == ("times in the column 'when' are those on the clock in Asia/Tokyo",)


def test_names_of_columns_of_pandas() -> None:
    """Numbers, levels and names that stand twice are names as well."""
    frame = pd.DataFrame([[1, 2, 3, 4]])
    frame.columns = pd.Index([7, ("total", "net"), "a", "a"], dtype=object)
    (sheet,) = read_frame(frame, "table 1", connect())
    assert sheet.header == ("7", "total net", "a", "a")
    assert sheet.columns == ("7", "total net", "a", "a (2)")


def test_a_table_without_rows() -> None:
    """It is refused by its name."""
    with pytest.raises(DataError, match=r"table 1 has no rows\. Give a table"):
        cb.read(pa.table(COLUMNS).slice(0, 0), mapping=MAPPING)


def test_what_is_no_table() -> None:
    """Whatever else is given is named by its type."""
    with pytest.raises(UsageError, match=r"must be a file, or a table of pandas.* Got 'int' instead"):
        cb.read(7)


def test_a_run_on_a_table(tmp_path: Path) -> None:
    """A table goes the whole way, and the log of the run names it without a hash."""
    rows = [row.split(",") for row in many_orders()]
    shop = open_workspace(tmp_path / "shop")
    run(shop, [pd.DataFrame(rows, columns=HEADER.split(","))], Config(model="rfm"))
    assert shop.runs[-1]["inputs"] == [{"source": "table 1", "type": "pandas.DataFrame"}]
