"""Numbers: what a column's cells tell of its format, and what each of them then is."""

from decimal import Decimal

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.cells import cell, column, count, evaluate, read_all

from customerbase.ingest.numbers import (
    PLAIN,
    DecimalSign,
    NumberFormat,
    decide_number,
    parse_currency,
    parse_number,
    weigh_numbers,
)

POINT, COMMA = NumberFormat("point", has_marks=True), NumberFormat("comma", has_marks=True)


def decide(*cells: str | None, elsewhere: DecimalSign | None = None, is_typed: bool = False) -> NumberFormat | None:
    """Decide the format of a column of cells."""
    return decide_number(count(column(cells), weigh_numbers), elsewhere=elsewhere, is_typed=is_typed)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6.95", "6.95"),
        (" -1 ", "-1"),
        ("1e3", "1000"),
        ("0.12345", "0.1235"),
        ("+4", "4"),
        ("99999999999999", "99999999999999"),
    ],
)
def test_plain_number(text: str, expected: str) -> None:
    """Numbers are exact decimals of four places."""
    assert evaluate(parse_number(cell(text))) == Decimal(expected)


@pytest.mark.parametrize(
    "text", ["NaN", "inf", "-Infinity", "1e309", "1e15", "12,50", "1_000", "1 000", "£5", "0x10", "five", "1.2.3", "-"]
)
def test_no_number(text: str) -> None:
    """What is no plain number, or has no place in the type, is missing."""
    assert evaluate(parse_number(cell(text))) is None


@given(st.decimals(min_value=-(10**13), max_value=10**13, places=4, allow_nan=False))
def test_decimals_come_back(number: Decimal) -> None:
    """Each decimal of four places is read as it was written."""
    assert evaluate(parse_number(cell(str(number)))) == number


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e300])
def test_no_number_of_a_typed_column(number: float) -> None:
    """A float that is no amount of money is missing, too."""
    assert evaluate(parse_number(ibis.literal(number, "float64"))) is None


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("12,50", COMMA, "12.5"),
        ("1.234,50", COMMA, "1234.5"),
        ("1.234.567", COMMA, "1234567"),
        ("1 234,50", COMMA, "1234.5"),
        ("1\u00a0234,50", COMMA, "1234.5"),
        ("1\u202f234,50 €", COMMA, "1234.5"),
        ("€ 7", COMMA, "7"),
        ("EUR 12,50", COMMA, "12.5"),
        ("12,50 zł", COMMA, "12.5"),
        ("kr. 12,50", COMMA, "12.5"),
        ("-12,50", COMMA, "-12.5"),
        ("12,50-", COMMA, "-12.5"),
        ("−12,50", COMMA, "-12.5"),
        ("(12,50)", COMMA, "-12.5"),
        ("-€12,50", COMMA, "-12.5"),
        ("€-12,50", COMMA, "-12.5"),
        (",5", COMMA, "0.5"),
        ("1,234.50", POINT, "1234.5"),
        ("12,34,567.5", POINT, "1234567.5"),
        ("1'234.50", POINT, "1234.5"),
        ("1’234.50 CHF", POINT, "1234.5"),
        ("Fr. 12.50", POINT, "12.5"),
        ("$8.00", POINT, "8"),
        ("-$12.00", POINT, "-12"),
        ("US$ 1,000", POINT, "1000"),
        ("($1,000.00)", POINT, "-1000"),
        ("+5", POINT, "5"),
    ],
)
def test_number_with_marks(text: str, form: NumberFormat, expected: str) -> None:
    """Thousands, currencies and every way to write a negative are understood."""
    assert evaluate(parse_number(cell(text), form)) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("12.50", COMMA),
        ("1.23,5", COMMA),
        ("1,2,3", COMMA),
        ("12,50 each", COMMA),
        ("12 50", COMMA),
        ("-", COMMA),
        ("€", COMMA),
        ("5-5", COMMA),
        ("(5", COMMA),
        ("12 %", COMMA),
        ("ABC 12", POINT),
        ("12,5", POINT),
        ("1_000", POINT),
        ("12.50", NumberFormat("comma")),
        ("1.000", NumberFormat("comma")),
        ("five", POINT),
    ],
)
def test_no_number_of_the_format(text: str, form: NumberFormat) -> None:
    """What the format of the column does not allow is missing, whatever it might be elsewhere."""
    assert evaluate(parse_number(cell(text), form)) is None


def test_percent() -> None:
    """A percentage is a part of one, and a bare number in such a column is none."""
    form = NumberFormat("comma", is_percent=True)
    assert [evaluate(parse_number(cell(text), form)) for text in ("12,5 %", "100%", "12,5")] == [
        Decimal("0.125"),
        Decimal(1),
        None,
    ]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("6.95", "-1", None, ""), PLAIN),
        (("6", "7"), PLAIN),
        (("6,95", "7"), NumberFormat("comma")),
        (("6,95", "1.234"), COMMA),
        (("1.234.567", "5"), COMMA),
        (("1,234,567", "5"), POINT),
        (("1,234.5",), POINT),
        (("0.125",), PLAIN),
        (("0,125",), NumberFormat("comma")),
        (("1234.567",), PLAIN),
        (("$8.00", "-$12.00"), POINT),
        (("8,00 €",), COMMA),
        (("5-",), POINT),
        (("12 %", "7 %"), NumberFormat("point", has_marks=True, is_percent=True)),
        (("soon", "five"), PLAIN),
        (("1.234", "999"), None),
        (("1,234",), None),
        (("1.234", "2,345"), None),
    ],
)
def test_format_of_a_column(cells: tuple[str | None, ...], expected: NumberFormat | None) -> None:
    """A cell that only one format allows decides for its column; 1.234 alone leaves it open."""
    assert decide(*cells) == expected


def test_other_columns_decide_what_a_column_leaves_open() -> None:
    """1.234 beside a column with decimal commas is a thousand, beside one with points a bit more than one."""
    assert decide("1.234", elsewhere="comma") == COMMA
    assert decide("1.234", elsewhere="point") == PLAIN


def test_a_typed_cell_is_no_thousand() -> None:
    """A workbook writes its numbers with a point, so that 1.234 leaves nothing open there."""
    assert decide("1.234", is_typed=True) == PLAIN


def test_a_single_damaged_cell_does_not_decide() -> None:
    """One 12,50 among whole numbers gives way to what other columns tell."""
    cells = [str(number) for number in range(40)]
    assert decide(*cells, "12,50", elsewhere="point") == POINT
    assert decide(*cells, "12,50") == NumberFormat("comma")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12,50 €", "EUR"),
        ("£3", "GBP"),
        ("USD 12.50", "USD"),
        ("12.50 CHF", "CHF"),
        ("12,50 zł", "PLN"),
        ("US$5", "USD"),
        ("$5", "$"),
        ("12,50", None),
    ],
)
def test_currency_beside_the_money(text: str, expected: str | None) -> None:
    """Signs become codes; one that stands for several currencies stays as it is."""
    assert evaluate(parse_currency(cell(text))) == expected


def write(number: Decimal, decimal: str, thousands: str, negative: str, currency: str) -> str:
    """Write a number as a shop might."""
    text = f"{abs(number):,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
    money = currency.replace("N", text)
    return negative.replace("N", money) if number < 0 else money


@given(
    numbers=st.lists(
        st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False), min_size=1, max_size=20
    ),
    marks=st.sampled_from([(".", ","), (".", ""), (".", "'"), (",", "."), (",", ""), (",", " "), (",", "\u00a0")]),
    negative=st.sampled_from(["-N", "N-", "(N)", "−N"]),
    currency=st.sampled_from(["N", "N €", "$N", "EUR N", "N zł", "£ N"]),
)
def test_any_way_to_write_numbers_is_told_and_read(
    numbers: list[Decimal], marks: tuple[str, str], negative: str, currency: str
) -> None:
    """The format of a column is told from its cells alone, and gives every number back."""
    texts = [write(number, *marks, negative, currency) for number in numbers]
    form = decide(*texts)
    assert form is not None
    assert read_all(column(texts), lambda texts: parse_number(texts, form)) == numbers


def test_a_column_of_its_own_type_is_told_by_nothing() -> None:
    """Decimals and floats of a typed column are what they are."""
    assert evaluate(parse_number(ibis.literal(12.5, "float64"), COMMA)) == Decimal("12.5")
