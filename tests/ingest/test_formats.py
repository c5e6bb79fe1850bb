"""Formats: all sheets of a run decide together how a column is written, and what stays open is asked for."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.cells import sheet

from customerbase.cleaning import clean
from customerbase.errors import DataError
from customerbase.ingest.formats import AskedColumns, SheetFormats, decide_formats
from customerbase.ingest.numbers import DecimalSign
from customerbase.ingest.reading import read
from customerbase.ingest.times import DateOrder

HEADER = "customer_id;ordered_at;product_id;quantity;unit_price"


def ask(
    total: Sequence[str | None], day: Sequence[str | None], source: str = "a.csv", reader: str = "csv"
) -> AskedColumns:
    """Ask for a sheet of totals and days."""
    return AskedColumns(
        sheet(source, reader, Total=total, Day=day), numbers={"amount": "Total"}, times={"ordered_at": "Day"}
    )


def forms(decided: Sequence[SheetFormats]) -> list[tuple[str, str]]:
    """Give decimal sign and date order of each sheet."""
    return [(each.number("amount").decimal, each.time("ordered_at").form) for each in decided]


def write(file: Path, *rows: str, header: str = HEADER) -> Path:
    """Write a CSV with semicolons."""
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return file


def test_one_sheet_decides_for_another() -> None:
    """01/02 is a day in February where another file of the run has 31/01, and 1.234 a thousand beside 5,50."""
    decided = decide_formats([ask(["1.234"], ["01/02/2024"]), ask(["5,50"], ["31/01/2024"], "b.csv")])
    assert forms(decided) == [("comma", "day-first"), ("comma", "day-first")]


def test_sheets_that_tell_different_formats_keep_their_own() -> None:
    """An American and a German file in one run are each read in their own way."""
    decided = decide_formats([ask(["5.50"], ["01/31/2024"]), ask(["5,50"], ["31.01.2024"], "b.csv")])
    assert forms(decided) == [("point", "month-first"), ("comma", "day-first")]


def test_sheets_that_disagree_decide_for_no_third() -> None:
    """Where two files tell different orders, an open third one is asked for."""
    asked = [ask(["5"], ["01/31/2024"]), ask(["5"], ["31/01/2024"], "b.csv"), ask(["5"], ["01/02/2024"], "c.csv")]
    with pytest.raises(
        DataError, match=r"c\.csv: the column 'Day' leaves open which of day, month and year comes first"
    ):
        decide_formats(asked)
    assert forms(decide_formats(asked, date_order="day-first"))[2] == ("point", "day-first")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            ask(["5"], ["01/02/2024"]),
            (
                "a.csv: the column 'Day' leaves open which of day, month and year comes first in '01/02/2024': no day "
                "above 12 tells. Pass --date-order day-first, month-first or year-first."
            ),
        ),
        (
            ask(["1,234"], ["2024-02-01"]),
            (
                "a.csv: the column 'Total' leaves open whether '1,234' is a thousand and more or a number with three "
                "decimals. Pass --decimal comma or --decimal point."
            ),
        ),
        (
            ask(["5", "6"], ["13/01/2024", "01/13/2024"]),
            (
                "a.csv: the column 'Day' has dates with the day first (1) and with the month first (1). Pass "
                "--date-order day-first or month-first to say how to read it; what does not fit is then set aside."
            ),
        ),
    ],
    ids=["dates", "numbers", "both orders"],
)
def test_an_open_column_stops_and_names_the_option(asked: AskedColumns, message: str) -> None:
    """Nothing is guessed: one line says which column leaves what open, and the option that decides."""
    with pytest.raises(DataError) as refusal:
        decide_formats([asked])
    assert str(refusal.value) == message


@pytest.mark.parametrize(
    ("decimal", "order", "expected"),
    [("comma", "day-first", ("comma", "day-first")), ("point", "month-first", ("point", "month-first"))],
)
def test_the_options_decide_what_is_open(decimal: DecimalSign, order: DateOrder, expected: tuple[str, str]) -> None:
    """The caller's word counts where no cell tells."""
    assert forms(decide_formats([ask(["1,234"], ["01/02/2024"])], decimal, order)) == [expected]


def test_what_a_thousand_rows_leave_open_a_later_row_decides() -> None:
    """Columns whose first rows tell nothing are read to their end."""
    asked = ask(["7"] * 50 + ["7,50"], ["01/02/2024"] * 50 + ["31/02/2024"])
    assert forms(decide_formats([asked], head_rows=10)) == [("comma", "day-first")]


def test_a_workbook_beside_text() -> None:
    """The numbers of a workbook have a point, whatever the CSV beside it has."""
    decided = decide_formats(
        [ask(["1.234"], ["2024-01-31"], "a.xlsx", "xlsx"), ask(["1.234", "5,5"], ["31.01.2024"] * 2)]
    )
    assert forms(decided) == [("point", "iso"), ("comma", "day-first")]


def test_formats_are_told() -> None:
    """Each format stands in the notes once, with its columns; offsets are told too."""
    decided = decide_formats([ask(["5,50"], ["31.01.2024 10:00 +0100"])])[0]
    assert decided.notes == (
        "'Total': decimal comma",
        "'Day': the day before the month, as in 31/12/2024",
        "'Day': offsets from UTC are left off; times are as the shop's own clock shows them",
    )


def test_a_german_export_is_read(tmp_path: Path) -> None:
    """Decimal commas, thousands and days first give the lines that they mean, and the currency beside the money."""
    file = write(
        tmp_path / "bestellungen.csv",
        "7;31.01.2024 8:26;A;1;1.234,50 €",
        "7;01.02.2024 18:05;B;1.000;0,05 €",
        "8;1.2.24;B;-2;5 €",
    )
    data = read(file)
    lines = data.order_lines.order_by("source_row").to_pyarrow().to_pylist()
    assert [line["ordered_at"] for line in lines] == [
        datetime(2024, 1, 31, 8, 26),
        datetime(2024, 2, 1, 18, 5),
        datetime(2024, 2, 1),
    ]
    assert [line["amount"] for line in lines] == [Decimal("1234.5"), Decimal(50), Decimal(-10)]
    assert {line["currency"] for line in lines} == {"EUR"}
    assert {line["unreadable"] for line in lines} == {None}


def test_thousands_that_come_late_are_read_too(tmp_path: Path) -> None:
    """A cell that the first rows did not prepare for makes all rows be looked at, and none is set aside for it."""
    rows = [f"7;2024-01-31;A;1;{number}.50" for number in range(12_000)]
    data = read(write(tmp_path / "orders.csv", *rows, "7;2024-01-31;A;1;1,234.50", "7;2024-01-31;A;1;12,50"))
    last = data.order_lines.order_by("source_row").to_pyarrow().to_pylist()[-2:]
    assert [line["amount"] for line in last] == [Decimal("1234.5"), None]
    assert [line["unreadable"] for line in last] == [None, "unit_price"]


def test_two_currencies_beside_the_money_are_not_added(tmp_path: Path) -> None:
    """Euros and pounds that stand beside the amounts are seen, as those of a column of their own are."""
    data = read(write(tmp_path / "orders.csv", "7;2024-01-31;A;1;5 €", "7;2024-01-31;A;1;5 £"))
    with pytest.raises(DataError, match="several currencies, EUR and GBP among them"):
        clean(data)


def test_a_discount_in_percent_is_taken_off(tmp_path: Path) -> None:
    """10 % off two pieces at 5 leaves 9."""
    header = f"{HEADER};discount"
    data = read(
        write(tmp_path / "orders.csv", "7;2024-01-31;A;2;5.00;10 %", "7;2024-01-31;A;-1;5.00;10%", header=header)
    )
    lines = data.order_lines.order_by("source_row").to_pyarrow().to_pylist()
    assert [(line["discount"], line["amount"]) for line in lines] == [
        (Decimal(1), Decimal(9)),
        (Decimal("0.5"), Decimal("-4.5")),
    ]
