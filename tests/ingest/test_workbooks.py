"""Workbooks: rows numbered as the spreadsheet shows them, sheets of one layout, and files that are none."""

import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.reading import read
from customerbase.ingest.workbooks import read_xlsx

HEADER = ("who", "when", "total")
MAPPING = {"customer_id": "who", "ordered_at": "when", "amount": "total"}


def write(path: Path, **sheets: dict[int, tuple[Any, ...]]) -> Path:
    """Write a workbook of sheets; each is a row as the spreadsheet counts it → its cells."""
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in rows.items():
                sheet.write_row(row - 1, 0, cells)
    return path


def read_rows(path: Path) -> list[tuple[Any, ...]]:
    """Give source, row and customer of the lines of a workbook."""
    lines = read(path, mapping=MAPPING).order_lines.order_by("source", "source_row")
    return [tuple(row.values()) for row in lines.select("source", "source_row", "customer_id").to_pyarrow().to_pylist()]


def test_numbers_dates_and_text(tmp_path: Path) -> None:
    """Cells of any type become text and then order lines: 13085 is the id 13085, and a date is a date."""
    rows = {1: HEADER, 2: (13085, datetime(2024, 5, 1, 10, 30), 12.5), 3: ("ann", "2024-05-02", "7")}
    lines = read(write(tmp_path / "orders.xlsx", May=rows), mapping=MAPPING).order_lines.order_by("source_row")
    found = lines.select("customer_id", "ordered_at", "amount", "unreadable").to_pyarrow().to_pylist()
    assert [tuple(row.values()) for row in found] == [
        ("13085", datetime(2024, 5, 1, 10, 30), 12.5, None),
        ("ann", datetime(2024, 5, 2), 7, None),
    ]


def test_cells_come_first_as_text(tmp_path: Path) -> None:
    """What is kept for the quarantine is text, with the sheet and the row."""
    sheet = read_xlsx(write(tmp_path / "o.xlsx", May={1: HEADER, 2: (13085, "?", 12.5)}), "o.xlsx", connect())[0]
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


def test_a_workbook_of_the_old_format(tmp_path: Path) -> None:
    """The same container without an encrypted package is an XLS file."""
    path = tmp_path / "orders.xlsx"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    with pytest.raises(DataError, match="old XLS format"):
        read(path)


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
