"""Any export: the same orders in any delimiter, encoding, number and date format are the same order lines."""

import csv
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customerbase.errors import DataError
from customerbase.ingest.reading import read

Order = tuple[str, datetime, int, Decimal]

_HEADER = ("customer_id", "ordered_at", "quantity", "unit_price")
_TELLING: list[Order] = [
    ("Zoë Müller", datetime(2024, 1, 31, 10, 30), 1, Decimal("12.50")),
    ('O\'Neill; "Jr", a|b', datetime(2023, 12, 1, 23, 59), -2, Decimal("1234.05")),
]
"""A row that tells the order of dates and the decimal sign, and one with every delimiter and quote in its cells."""

NUMBERS: dict[str, Callable[[Decimal], str]] = {
    "1234.5": lambda number: f"{number:.2f}",
    "1,234.50": lambda number: f"{number:,.2f}",
    "$1,234.50": lambda number: f"${number:,.2f}",
    "1234,50": lambda number: f"{number:.2f}".replace(".", ","),
    "1.234,50 €": lambda number: f"{number:,.2f} €".translate(str.maketrans(",.", ".,")),
    "1 234,50": lambda number: f"{number:,.2f}".translate(str.maketrans(",.", " ,")),
}
DATES = (
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S+01:00",
    "%d.%m.%Y %H:%M",
    "%d/%m/%y %H:%M",
    "%m/%d/%Y %I:%M %p",
    "%d %b %Y %H:%M",
    "%Y%m%d%H%M%S",
)

orders = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "Zoë Müller", "c 7"]),
        st.datetimes(datetime(2015, 1, 1), datetime(2024, 12, 31)).map(
            lambda time: time.replace(second=0, microsecond=0)
        ),
        st.integers(min_value=-5, max_value=9_999).filter(bool),
        st.decimals(min_value=0, max_value=99_999, places=2, allow_nan=False),
    ),
    max_size=20,
)


def write(file: Path, rows: list[Order], number: str, date: str, delimiter: str, encoding: str, end: str) -> None:
    """Write orders as CSV."""
    with file.open("w", encoding=encoding, newline="") as opened:
        writer = csv.writer(opened, delimiter=delimiter, lineterminator=end)
        writer.writerow(_HEADER)
        for customer, time, quantity, price in rows:
            writer.writerow([customer, time.strftime(date), quantity, NUMBERS[number](price)])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=orders,
    number=st.sampled_from(sorted(NUMBERS)),
    date=st.sampled_from(DATES),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "windows-1252"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_orders_come_back_from_any_format(
    tmp_path: Path, rows: list[Order], number: str, date: str, delimiter: str, encoding: str, end: str
) -> None:
    """Customers, times, quantities and prices are the same, without an option, whatever the file looks like."""
    file = tmp_path / "orders.csv"
    write(file, [*rows, *_TELLING], number, date, delimiter, encoding, end)
    lines = read(file).order_lines.order_by("source_row").to_pyarrow().to_pylist()
    assert [line["unreadable"] for line in lines] == [None] * len(lines)
    read_back = [(line["customer_id"], line["ordered_at"], int(line["quantity"]), line["unit_price"]) for line in lines]
    assert read_back == [*rows, *_TELLING]


@pytest.mark.parametrize(("date", "decides"), [("%d/%m/%Y", "day-first"), ("%m/%d/%Y", "month-first")])
def test_without_a_telling_row_nothing_is_guessed(tmp_path: Path, date: str, decides: Any) -> None:
    """The same orders whose days are all below 13 are refused until the caller says how to read them."""
    file = tmp_path / "orders.csv"
    write(file, [("ann", datetime(2024, 2, 1), 1, Decimal("5.25"))], "1234.5", date, ",", "utf-8", "\n")
    with pytest.raises(DataError, match="--date-order"):
        read(file)
    assert read(file, date_order=decides).order_lines.ordered_at.to_list() == [datetime(2024, 2, 1)]
