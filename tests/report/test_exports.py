"""Files that people open in a spreadsheet."""

import csv
import datetime as dt
import os
import stat
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from customerbase.errors import UsageError, WorkspaceError
from customerbase.report.exports import FORMATS, write_export

CUSTOMERS = pa.table(
    {
        "customer_id": ["00123", "12346", None],
        "n_orders": [1, -2, None],
        "monetary": pa.array([Decimal("77183.6000"), Decimal("-0.0500"), None], pa.decimal128(18, 4)),
        "return_rate": [0.25, 0.0, None],
        "first_seen": [dt.date(2011, 12, 9), dt.date(2009, 12, 1), None],
        "ordered_at": [dt.datetime(2011, 12, 9, 12, 50), dt.datetime(2009, 12, 1, 7, 45), None],
        "is_one_time": [True, False, None],
    }
)
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠a"]


def csv_cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def xlsx_cells(path: Path) -> list[list[Any]]:
    workbook = openpyxl.load_workbook(path)
    try:
        return [list(row) for row in workbook.active.iter_rows()]
    finally:
        workbook.close()


def texts(values: list[str]) -> pa.Table:
    return pa.table({"text": pa.array(values, pa.string())})


def test_csv_holds_every_cell_as_it_was(tmp_path: Path) -> None:
    """Numbers, dates and ids keep their signs and zeros; what is missing stays empty."""
    header, *rows = csv_cells(write_export(CUSTOMERS, tmp_path / "customers.csv"))
    assert header == CUSTOMERS.column_names
    assert rows == [
        ["00123", "1", "77183.6000", "0.25", "2011-12-09", "2011-12-09 12:50:00.000000", "true"],
        ["12346", "-2", "-0.0500", "0", "2009-12-01", "2009-12-01 07:45:00.000000", "false"],
        [""] * 7,
    ]


def test_parquet_holds_the_very_table(tmp_path: Path) -> None:
    """Types and texts are not touched."""
    table = CUSTOMERS.append_column("note", pa.array(["=1+1", "-1", None]))
    assert pq.read_table(write_export(table, tmp_path / "customers.parquet")).equals(table)


def test_xlsx_holds_dates_as_dates_numbers_as_numbers_and_ids_as_text(tmp_path: Path) -> None:
    """A spreadsheet can sort and add what it gets."""
    header, *rows = xlsx_cells(write_export(CUSTOMERS, tmp_path / "customers.xlsx"))
    assert [cell.value for cell in header] == CUSTOMERS.column_names
    assert [[cell.value for cell in row] for row in rows] == [
        ["00123", 1, 77183.6, 0.25, dt.datetime(2011, 12, 9), dt.datetime(2011, 12, 9, 12, 50), True],
        ["12346", -2, -0.05, 0, dt.datetime(2009, 12, 1), dt.datetime(2009, 12, 1, 7, 45), False],
    ]
    assert [cell.data_type for cell in rows[0]] == ["s", "n", "n", "n", "d", "d", "b"]


def test_xlsx_has_a_bold_frozen_header_with_filters(tmp_path: Path) -> None:
    """The sheet can be read and filtered at once."""
    workbook = openpyxl.load_workbook(write_export(CUSTOMERS, tmp_path / "customers.xlsx"))
    sheet = workbook.active
    assert all(cell.font.bold for cell in sheet[1])
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:G4"
    assert all(sheet.column_dimensions[letter].width >= 12 for letter in "ABCDEFG")
    workbook.close()


def test_xlsx_columns_are_as_wide_as_their_texts_and_money_has_two_decimals(tmp_path: Path) -> None:
    """Up to sixty characters; the value of a cell is not rounded."""
    table = pa.table({"name": ["a" * 30, "b"], "long": ["c" * 300, "d"], "money": [Decimal("1234.567"), None]})
    workbook = openpyxl.load_workbook(write_export(table, tmp_path / "names.xlsx"))
    sheet = workbook.active
    assert [sheet.column_dimensions[letter].width // 1 for letter in "AB"] == [31, 60]
    assert (sheet["C2"].value, sheet["C2"].number_format) == (1234.567, "#,##0.00")
    workbook.close()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_gets_an_apostrophe_in_csv(tmp_path: Path, text: str) -> None:
    """As a value and as the name of a column."""
    table = pa.table({text: [text]})
    assert csv_cells(write_export(table, tmp_path / "texts.csv")) == [[f"'{text}"], [f"'{text}"]]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n")), min_size=1))
def test_csv_gives_each_text_back_with_at_most_an_apostrophe(tmp_path: Path, values: list[str]) -> None:
    """No text starts a formula, and none is lost or changed otherwise."""
    path = write_export(texts(values), tmp_path / "texts.csv", overwrite=True)
    for value, cells in zip(values, csv_cells(path)[1:], strict=True):
        assert cells == [f"'{value}" if value.startswith(tuple("=+-@\t＝＋－＠")) else value]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    st.lists(
        st.builds("{}{}".format, st.sampled_from(["", *HOSTILE, "http://a.b/", "{=1}"]), st.text(max_size=20)),
        min_size=1,
    )
)
def test_xlsx_keeps_each_text_a_text(tmp_path: Path, values: list[str]) -> None:
    """Neither formula nor link nor number, and the same signs."""
    path = write_export(texts(values), tmp_path / "texts.xlsx", overwrite=True)
    for value, [cell] in zip(values, xlsx_cells(path)[1:], strict=True):
        assert cell.data_type == "s"
        assert cell.hyperlink is None
        assert unescape(cell.value or "") == value


def test_negative_numbers_stay_numbers_in_csv(tmp_path: Path) -> None:
    """Only texts get an apostrophe."""
    table = pa.table({"n": [-1], "amount": pa.array([Decimal("-2.5")], pa.decimal128(18, 4)), "rate": [-0.5]})
    assert csv_cells(write_export(table, tmp_path / "numbers.csv"))[1] == ["-1", "-2.5000", "-0.5"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([123_456_789_012_345]), 123_456_789_012_345),
        (pa.array([1_234_567_890_123_456]), "1234567890123456"),
        (pa.array([Decimal("1234567890123.4567")]), "1234567890123.4567"),
        (pa.array([float("nan")]), "nan"),
        (pa.array([float("-inf")]), "-inf"),
        (pa.array([dt.date(1899, 12, 31)]), "1899-12-31"),
        (pa.array([dt.datetime(2011, 12, 9, tzinfo=dt.UTC)]), "2011-12-09 00:00:00+00:00"),
        (pa.array(["a", "b"]).dictionary_encode()[:1], "a"),
    ],
)
def test_what_a_spreadsheet_would_change_is_written_as_text(tmp_path: Path, values: pa.Array, expected: object) -> None:
    """No digit is rounded away, and no date is moved."""
    [_, [cell]] = xlsx_cells(write_export(pa.table({"value": values}), tmp_path / "values.xlsx"))
    assert cell.value == expected


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_ibis_table_is_written_in_its_order(tmp_path: Path, suffix: str) -> None:
    """Expressions are streamed as they are sorted, over several batches."""
    connection = ibis.duckdb.connect(threads=1)
    connection.raw_sql("CREATE TABLE numbers AS SELECT range AS n FROM range(3000)")
    numbers = connection.table("numbers")
    path = write_export(numbers.order_by(numbers.n.desc()), tmp_path / f"numbers.{suffix}")
    read: dict[str, Callable[[], list[int]]] = {
        "csv": lambda: [int(row[0]) for row in csv_cells(path)[1:]],
        "xlsx": lambda: [row[0].value for row in xlsx_cells(path)[1:]],
        "parquet": lambda: pq.read_table(path)["n"].to_pylist(),
    }
    assert read[suffix]() == list(range(2999, -1, -1))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_without_rows_gives_a_file_with_its_header(tmp_path: Path, suffix: str) -> None:
    """Nobody in a segment is a result, too."""
    path = write_export(CUSTOMERS.slice(0, 0), tmp_path / f"customers.{suffix}")
    assert path.stat().st_size > 0


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_table_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    """No export says when it was made."""
    first = write_export(CUSTOMERS, tmp_path / f"a.{suffix}").read_bytes()
    assert write_export(CUSTOMERS, tmp_path / f"b.{suffix}").read_bytes() == first


def test_the_format_can_be_given_apart_from_the_name(tmp_path: Path) -> None:
    """A name without a suffix is no obstacle."""
    assert csv_cells(write_export(texts(["a"]), tmp_path / "audience", "CSV")) == [["text"], ["a"]]


@pytest.mark.parametrize("name", ["customers.doc", "customers", "customers.xls"])
def test_an_unknown_suffix_is_refused_with_those_that_are_known(tmp_path: Path, name: str) -> None:
    """The message says what is allowed."""
    with pytest.raises(UsageError, match="An export is csv, parquet or xlsx"):
        write_export(CUSTOMERS, tmp_path / name)


def test_a_file_that_exists_is_only_overwritten_on_demand(tmp_path: Path) -> None:
    """Nobody loses a file by accident."""
    path = tmp_path / "customers.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match=r"exists already\. Overwrite it with --force"):
        write_export(CUSTOMERS, path)
    assert path.read_text() == "mine"
    assert len(csv_cells(write_export(CUSTOMERS, path, overwrite=True))) == 4


@pytest.mark.parametrize(
    ("name", "message"), [("no/customers.csv", "There is no folder"), ("folder.csv", "is a folder")]
)
def test_a_place_that_cannot_be_is_refused(tmp_path: Path, name: str, message: str) -> None:
    """One line for a missing folder and for a folder in the file's place."""
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UsageError, match=message):
        write_export(CUSTOMERS, tmp_path / name, overwrite=True)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table({"n": pa.nulls(1_048_576)}), r"at most 1,048,575 rows and a header; this table has 1,048,576 rows"),
        (pa.table({f"c{i}": [i] for i in range(16_385)}), "at most 16,384 columns; this table has 16,385 columns"),
        (texts(["a", "b" * 32_768]), "texts of 32,767 signs; this table has a text of 32,768 signs in row 3"),
        (pa.table({"traits": [["recent"]]}), "Column 'traits' holds list"),
    ],
)
def test_what_no_sheet_can_hold_is_refused(tmp_path: Path, table: pa.Table, message: str) -> None:
    """Nothing is cut off in silence, and no file is left."""
    with pytest.raises(UsageError, match=message):
        write_export(table, tmp_path / "large.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_csv_refuses_nested_values(tmp_path: Path) -> None:
    """A list is no cell."""
    with pytest.raises(UsageError, match=r"Column 'traits' .* Export Parquet"):
        write_export(pa.table({"traits": [["recent"]]}), tmp_path / "segments.csv")


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_disk_without_room_keeps_the_old_file(tmp_path: Path, suffix: str) -> None:
    """One line, the old file whole, and nothing half-written beside it."""
    resource = pytest.importorskip("resource", reason="limits of POSIX are tested")
    path = tmp_path / f"customers.{suffix}"
    path.write_text("old")
    noise = texts([os.urandom(500).hex() for _ in range(2_000)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, limits[1]))
    try:
        with pytest.raises(WorkspaceError, match="largest file"):
            write_export(noise, path, overwrite=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(path.name, "old")]


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX are tested")
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_private_export_is_for_the_owner_alone(tmp_path: Path, suffix: str) -> None:
    """Mode 0600, even in the place of a file that all could read."""
    path = tmp_path / f"customers.{suffix}"
    path.write_text("old")
    path.chmod(0o644)
    write_export(CUSTOMERS, path, overwrite=True, private=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
