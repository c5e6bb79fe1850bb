"""Workbooks: rows numbered as the spreadsheet shows them, sheets of one layout, and files that are none."""

import struct
import zipfile
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tests.ingest.workbook_files import write_ods_content
from tests.ingest.workbook_files import write_workbook as write

from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.reading import read
from customerbase.ingest.workbooks import read_workbook

HEADER = ("who", "when", "total")
MAPPING = {"customer_id": "who", "ordered_at": "when", "amount": "total"}


def read_rows(path: Path) -> list[tuple[Any, ...]]:
    """Give source, row and customer of the lines of a workbook."""
    lines = read(path, mapping=MAPPING).order_lines.order_by("source", "source_row")
    return [tuple(row.values()) for row in lines.select("source", "source_row", "customer_id").to_pyarrow().to_pylist()]


FORMATS = [".xlsx", ".xls", ".xlsb", ".ods"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_numbers_dates_and_text(tmp_path: Path, suffix: str) -> None:
    """Cells of any type become text and then order lines, with the row that the spreadsheet shows, in every format."""
    rows = {4: HEADER, 5: (13085, datetime(2024, 5, 1, 10, 30), 12.5), 8: ("ann", "2024-05-02", "7")}
    data = read(write(tmp_path / f"orders{suffix}", May=rows), mapping=MAPPING)
    lines = data.order_lines.order_by("source_row")
    found = lines.select("source", "source_row", "customer_id", "ordered_at", "amount", "unreadable").to_pyarrow()
    source = f"orders{suffix}#May"
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        (source, 5, "13085", datetime(2024, 5, 1, 10, 30), 12.5, None),
        (source, 8, "ann", datetime(2024, 5, 2), 7, None),
    ]
    assert [each.reader for each in data.formats] == [suffix[1:]]


@pytest.mark.parametrize("suffix", FORMATS)
def test_numbers_as_a_person_sees_them(tmp_path: Path, suffix: str) -> None:
    """Whole numbers have no decimals, others no noise of floating point; yes and no are true and false."""
    rows = {1: ("a", "b", "c", "d"), 2: (100_000, 0.1 + 0.2, 2.5500000000000003, True), 3: ("007", 1e-7, 1e15, False)}
    (sheet,) = read_workbook(write(tmp_path / f"o{suffix}", May=rows), "o", connect())
    cells = sheet.cells.drop("source", "source_row").to_pyarrow().to_pylist()
    assert [list(row.values()) for row in cells] == [
        ["100000", "0.3", "2.55", "true"],
        ["007", "0.0000001", "1000000000000000", "false"],
    ]


@pytest.mark.parametrize("suffix", FORMATS)
def test_titles_above_the_header(tmp_path: Path, suffix: str) -> None:
    """The header is found below them, the rows keep their numbers, and a note shows what was left out."""
    rows = {
        1: ("Report of May",),
        2: ("From", datetime(2024, 5, 1)),
        4: HEADER,
        5: ("ann", "2024-05-01", 1),
        6: ("Total", None, 1),
    }
    data = read(write(tmp_path / f"o{suffix}", May=rows), mapping=MAPPING)
    lines = data.order_lines.order_by("source_row").select("source_row", "customer_id", "unreadable").to_pyarrow()
    assert [tuple(row.values()) for row in lines.to_pylist()] == [(5, "ann", None), (6, "Total", "ordered_at")]
    assert data.formats[0].notes[0].startswith("2 rows above the header left out: 'Report of May', 'From 2024-05-01")


def test_cells_come_first_as_text(tmp_path: Path) -> None:
    """What is kept for the quarantine is text, with the sheet and the row."""
    sheet = read_workbook(write(tmp_path / "o.xlsx", May={1: HEADER, 2: (13085, "?", 12.5)}), "o.xlsx", connect())[0]
    assert sheet.cells.to_pyarrow().to_pylist() == [
        {"source": "o.xlsx#May", "source_row": 2, "who": "13085", "when": "?", "total": "12.5"}
    ]


def test_blank_rows_keep_the_numbering(tmp_path: Path) -> None:
    """Rows are counted as the spreadsheet shows them, with blank rows above the header and between."""
    path = write(tmp_path / "orders.xlsx", May={4: HEADER, 5: ("ann", "2024-05-01", 1), 8: ("bob", "2024-05-02", 2)})
    assert read_rows(path) == [("orders.xlsx#May", 5, "ann"), ("orders.xlsx#May", 8, "bob")]


def test_blank_columns_are_left_out(tmp_path: Path) -> None:
    """A table may begin in the third column."""
    path = write(tmp_path / "orders.xlsx", May={1: (None, None, *HEADER), 2: (None, None, "ann", "2024-05-01", 1)})
    assert read_rows(path) == [("orders.xlsx#May", 2, "ann")]


def test_all_sheets_of_the_layout_are_read_and_the_others_named(tmp_path: Path) -> None:
    """Two years and a page of notes: the notes are left out, and the formats say so; an empty sheet is nothing."""
    path = write(
        tmp_path / "orders.xlsx",
        Y2023={1: HEADER, 2: ("ann", "2023-05-01", 1)},
        Notes={1: ("Prepared by", "Eva"), 2: ("for", "Dan")},
        Empty={},
        Y2024={1: HEADER, 2: ("bob", "2024-05-01", 2)},
    )
    assert read_rows(path) == [("orders.xlsx#Y2023", 2, "ann"), ("orders.xlsx#Y2024", 2, "bob")]
    notes = read(path, mapping=MAPPING).formats[-1]
    assert (notes.source, notes.layout, notes.rows) == ("orders.xlsx#Notes", "none", 0)
    assert notes.notes == ("left out: its columns fit no layout (Prepared by, Eva)",)


def test_sheets_with_columns_in_another_order(tmp_path: Path) -> None:
    """Columns are found by name, on each sheet for itself."""
    path = write(
        tmp_path / "orders.xlsx",
        Y2023={1: HEADER, 2: ("ann", "2023-05-01", 1)},
        Y2024={1: HEADER[::-1], 2: (2, "2024-05-01", "bob")},
    )
    assert [row[2] for row in read_rows(path)] == ["ann", "bob"]


def test_no_sheet_of_the_layout(tmp_path: Path) -> None:
    """The first sheet is named with what it lacks."""
    path = write(tmp_path / "orders.xlsx", Notes={1: ("Prepared by", "Eva"), 2: ("for", "Dan")})
    with pytest.raises(DataError, match=r"orders\.xlsx#Notes: No known layout fits these columns: Prepared by, Eva"):
        read(path)


@pytest.mark.parametrize("rows", [{}, {1: HEADER}, {7: HEADER}])
def test_no_sheet_with_rows(tmp_path: Path, rows: dict[int, tuple[Any, ...]]) -> None:
    """An empty workbook and headers alone are refused."""
    with pytest.raises(DataError, match=r"orders\.xlsx has no sheet with a header and rows"):
        read(write(tmp_path / "orders.xlsx", May=rows))


def test_a_workbook_with_a_password(tmp_path: Path) -> None:
    """It is no zip file, but a container with an encrypted package: the message says how to open it."""
    path = tmp_path / "orders.xlsx"
    path.write_bytes(
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    )
    with pytest.raises(DataError, match=r"orders\.xlsx is protected by a password\. Open it"):
        read(path)


def test_an_xls_file_whose_parts_go_in_a_circle(tmp_path: Path) -> None:
    """The library would follow them until the memory is full; that is the end of another process."""
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6)
    (tmp_path / "orders.xls").write_bytes(header + bytes(1500))
    with pytest.raises(DataError, match=r"orders\.xls cannot be read as an XLS workbook\. Open it"):
        read(tmp_path / "orders.xls")


def test_an_ods_file_with_a_password(tmp_path: Path) -> None:
    """Its list of files says so."""
    write_ods_content(tmp_path / "orders.ods", "", '<manifest:encryption-data manifest:checksum-type="SHA1"/>')
    with pytest.raises(DataError, match=r"orders\.ods is protected by a password\. Open it"):
        read(tmp_path / "orders.ods")


@pytest.mark.parametrize("written", [".xls", ".xlsb", ".ods"])
def test_a_workbook_by_the_name_of_another_format(tmp_path: Path, written: str) -> None:
    """What counts is what is in it."""
    path = write(tmp_path / f"orders{written}", May={1: HEADER, 2: ("ann", "2024-05-01", 1)})
    assert read_rows(path.rename(tmp_path / "orders.xlsx")) == [("orders.xlsx#May", 2, "ann")]


def test_a_web_page_by_the_name_of_a_workbook(tmp_path: Path) -> None:
    """Some shops export one and call it XLS."""
    (tmp_path / "orders.xls").write_text("<html><table><tr><td>who</td></tr></table></html>")
    with pytest.raises(DataError, match=r"orders\.xls is a web page or XML and no workbook\. Open it"):
        read(tmp_path / "orders.xls")


def make(path: Path, fill: Callable[[xlsxwriter.Workbook, Any], object]) -> Path:
    """Make a workbook of one sheet with a header and a sound row, and fill in more."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("May")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ("ann", "2024-05-01", 1))
        fill(book, sheet)
    return path


def read_cells(path: Path) -> tuple[list[list[Any]], tuple[str, ...]]:
    """Give the cells and the notes of the first sheet."""
    sheet = read_workbook(path, path.name, connect())[0]
    rows = sheet.cells.order_by("source_row").drop("source").to_pyarrow().to_pylist()
    return [list(row.values()) for row in rows], sheet.notes


def test_errors_of_formulas(tmp_path: Path) -> None:
    """They are no values: the cells are empty, and a note counts them and says where they begin."""

    def fill(_: xlsxwriter.Workbook, sheet: Any) -> None:
        sheet.write_formula("A3", "=NA()", None, "#N/A")
        sheet.write_row("B3", ("2024-05-02", 2))
        sheet.write_formula("A4", "=NA()", None, "#N/A")
        sheet.write_formula("C4", "=1/0", None, "#DIV/0!")

    cells, notes = read_cells(make(tmp_path / "o.xlsx", fill))
    assert cells[1:] == [[3, None, "2024-05-02", "2"]]
    assert notes == (
        "2 cells with the error #N/A taken as empty, the first in row 3",
        "1 cell with the error #DIV/0! taken as empty, the first in row 4",
    )


def test_formulas_have_the_value_that_was_stored(tmp_path: Path) -> None:
    """Nothing is computed again."""
    cells, _ = read_cells(make(tmp_path / "o.xlsx", lambda _, sheet: sheet.write_formula("C3", "=C2*2", None, 2)))
    assert cells[1] == [3, None, None, "2"]


def test_merged_cells_hold_their_value_once(tmp_path: Path) -> None:
    """It stands in the first of them; the others are empty."""
    cells, _ = read_cells(
        make(tmp_path / "o.xlsx", lambda book, sheet: sheet.merge_range("A3:A4", "bob", book.add_format()))
    )
    assert cells[1:] == [[3, "bob", None, None]]


def test_ids_of_seventeen_digits(tmp_path: Path) -> None:
    """As text they are whole; as numbers the workbook has rounded them, and a note says so."""

    def fill(_: xlsxwriter.Workbook, sheet: Any) -> None:
        sheet.write_string("A3", "12345678901234567")
        sheet.write_number("C3", 12345678901234567)

    cells, notes = read_cells(make(tmp_path / "o.xlsx", fill))
    assert cells[1][1] == "12345678901234567"
    assert [note[:60] for note in notes] == ["the column 'total' has numbers of more than 16 digits, which"]


def test_days_and_times(tmp_path: Path) -> None:
    """A column of days has no time, a cell with a time alone no day."""

    def fill(book: xlsxwriter.Workbook, sheet: Any) -> None:
        day, clock = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "hh:mm"})
        sheet.write_row("D1", ("day", "clock"))
        sheet.write_datetime("D2", datetime(2024, 5, 1), day)
        sheet.write_datetime("E2", time(7, 45), clock)

    cells, _ = read_cells(make(tmp_path / "o.xlsx", fill))
    assert cells[0][-2:] == ["2024-05-01", "07:45:00"]


def test_times_of_an_ods_file(tmp_path: Path) -> None:
    """A time alone stands there as a duration, and is put back among its column."""
    head = '<table:table-row><table:table-cell office:value-type="string"><text:p>at</text:p></table:table-cell>'
    cell = '<table:table-cell office:value-type="time" office:time-value="PT07H45M00S"/>'
    table = (
        f'<table:table table:name="May">{head}</table:table-row><table:table-row>{cell}</table:table-row></table:table>'
    )
    write_ods_content(tmp_path / "o.ods", table)
    assert read_cells(tmp_path / "o.ods") == ([[2, "07:45:00"]], ())


def test_hidden_sheets_are_read_and_told(tmp_path: Path) -> None:
    """Often they hold the data of a report; a sheet of a chart is none."""

    def fill(book: xlsxwriter.Workbook, sheet: Any) -> None:
        book.add_worksheet("Front").activate()
        sheet.hide()
        book.add_chartsheet("Chart")

    path = make(tmp_path / "o.xlsx", fill)
    assert read_cells(path)[1] == ("the sheet is hidden in the workbook",)
    assert len(read_workbook(path, "o.xlsx", connect())) == 1


def damaged_workbooks(folder: Path) -> dict[str, bytes]:
    """Make files that are called workbooks and are none."""
    sound = write(folder / "sound.xlsx", May={1: HEADER, 2: ("ann", "2024-05-01", 1)}).read_bytes()
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    return {
        "empty": b"",
        "picture": b"\x89PNG\r\n\x1a\n" + bytes(100),
        "text": b"who,when,total\nann,2024-05-01,1\n",
        "zip": (folder / "other.zip").read_bytes(),
        "half": sound[: len(sound) // 2],
        "cut": sound[:-1],
        "overwritten": sound[:200] + bytes(200) + sound[400:],
    }


@pytest.mark.parametrize("kind", ["empty", "picture", "text", "zip", "half", "cut", "overwritten"])
def test_what_is_no_workbook(tmp_path: Path, kind: str) -> None:
    """Each gives one line that names the file and what to do."""
    path = tmp_path / "orders.xlsx"
    path.write_bytes(damaged_workbooks(tmp_path)[kind])
    with pytest.raises(DataError, match=r"orders\.xlsx cannot be read as an XLSX workbook\. Open it") as caught:
        read(path, mapping=MAPPING)
    assert len(str(caught.value).splitlines()) == 1
