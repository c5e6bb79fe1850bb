"""Online Retail II in other people's dialects: the same order lines come out, whatever the file looks like."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import ibis.expr.types as ir
import pytest
import xlsxwriter
from tests.retail import Retail

from customerbase.cleaning import clean
from customerbase.ingest.reading import read
from customerbase.schema import ORDER_LINES

pytestmark = pytest.mark.data

_LINE = ", ".join(column.name for column in ORDER_LINES if column.name not in {"source", "source_row"})
_GERMAN = """SELECT Invoice, StockCode, Description, Quantity, strftime("InvoiceDate"::timestamp, '%d.%m.%Y %-H:%M')
    AS InvoiceDate, replace(Price, '.', ',') AS Price, "Customer ID", Country FROM original"""


def original(data_folder: Path) -> duckdb.DuckDBPyConnection:
    """Open the original as text."""
    connection = duckdb.connect()
    connection.read_csv(str(data_folder / "online_retail_II.csv"), all_varchar=True).create_view("original")
    return connection


def write_german(data_folder: Path, folder: Path, encoding: str, line_end: str) -> list[Path]:
    """Write it with semicolons, decimal commas and dates such as 01.12.2010 8:26."""
    plain, file = folder / "plain.csv", folder / "bestellungen.csv"
    original(data_folder).execute(f"COPY ({_GERMAN}) TO '{plain}' (HEADER, DELIMITER ';')")
    with plain.open(encoding="utf-8", newline="") as text, file.open("w", encoding=encoding, newline=line_end) as out:
        for line in text:
            out.write(line)
    plain.unlink()
    return [file]


def write_months(data_folder: Path, folder: Path) -> list[Path]:
    """Write a file for each of the 25 months, every tenth as a workbook with dates of its own, the others as CSV."""
    connection = original(data_folder)
    connection.execute("CREATE TABLE lines AS FROM original")  # or each month would read all of the file
    months = connection.execute("SELECT DISTINCT left(InvoiceDate, 7) FROM lines ORDER BY 1").fetchall()
    files = []
    for number, (month,) in enumerate(months):
        rows = f"SELECT * FROM lines WHERE left(InvoiceDate, 7) = '{month}'"
        file = folder / f"{month}.{'csv' if number % 10 else 'xlsx'}"
        if number % 10:
            connection.execute(f"COPY ({rows}) TO '{file}' (HEADER)")
        else:
            write_workbook(file, connection.execute(rows))
        files.append(file)
    return files


def write_workbook(file: Path, rows: duckdb.DuckDBPyConnection) -> None:
    """Write a workbook whose numbers are numbers."""
    header = [column[0] for column in rows.description or ()]
    numbers = {header.index(name) for name in ("Quantity", "Price", "Customer ID")}
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("orders")
        sheet.write_row(0, 0, header)
        for row_number, row in enumerate(rows.fetchall(), start=1):
            for column, cell in enumerate(row):
                if cell is not None:
                    (sheet.write_number if column in numbers else sheet.write_string)(
                        row_number, column, float(cell) if column in numbers else cell
                    )


@pytest.fixture(scope="module")
def expected(retail: Retail) -> ir.Table:
    """The order lines of the original."""
    lines: ir.Table = retail.cleaned.data.order_lines
    return lines


@pytest.mark.parametrize(
    ("write", "note"),
    [
        (lambda data, folder: write_german(data, folder, "utf-16", "\n"), "encoding UTF-16"),
        (lambda data, folder: write_german(data, folder, "windows-1252", "\r\n"), "'Price': decimal comma"),
        (write_months, "decimal point"),
    ],
    ids=["utf-16", "windows-1252-crlf", "25-months"],
)
def test_other_dialects_give_the_same_order_lines(
    data_folder: Path, tmp_path: Path, expected: ir.Table, write: Callable[[Path, Path], list[Path]], note: str
) -> None:
    """Semicolons, decimal commas, other encodings and line ends, or a file for each month change no order line."""
    cleaned = clean(read(*write(data_folder, tmp_path)))
    assert cleaned.audit.rows_in == 1_067_371
    assert any(note in text for each in cleaned.audit.formats for text in each.notes)
    with duckdb.connect() as connection:
        connection.register("ours", cleaned.data.order_lines.to_pyarrow())
        connection.register("theirs", expected.to_pyarrow())
        differing = f"SELECT count(*) FROM (SELECT {_LINE} FROM ours EXCEPT ALL SELECT {_LINE} FROM theirs)"
        assert connection.execute("SELECT count(*) FROM ours").fetchone() == (809_491,)
        assert connection.execute(differing).fetchone() == (0,)
