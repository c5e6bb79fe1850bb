"""Cells: which text is an id, a number or a time, and which is none."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase.ingest.dialects import is_empty, parse_id, parse_number, parse_text, parse_time


def evaluate(value: ibis.Value) -> Any:
    """Give the value of an expression."""
    return value.to_pyarrow().as_py()


def cell(text: str) -> ibis.Value:
    """Make a cell of text."""
    return ibis.literal(text, "string")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13085.0", "13085"),
        ("13085", "13085"),
        ("-5.0", "-5"),
        ("007", "007"),
        (" C536365 ", "C536365"),
        ("13085.00", "13085.00"),
        ("v1.0", "v1.0"),
        ("1_0.0", "1_0.0"),
        (".0", ".0"),
        ("   ", None),
        ("", None),
    ],
)
def test_id(text: str, expected: str | None) -> None:
    """Only the `.0` of a whole number goes; other ids stay as they are, without spaces around them."""
    assert evaluate(parse_id(cell(text))) == expected


@pytest.mark.parametrize("value", [ibis.literal(13085, "int64"), ibis.literal(13085.0, "float64")])
def test_id_of_a_typed_column(value: ibis.Value) -> None:
    """A number of a Parquet file is the same id as its text."""
    assert evaluate(parse_id(value)) == "13085"


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
def test_number(text: str, expected: str) -> None:
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
    ("text", "expected"),
    [
        ("2010-12-01", datetime(2010, 12, 1)),
        ("2010-12-01 08:26", datetime(2010, 12, 1, 8, 26)),
        (" 2010-12-01 08:26:00 ", datetime(2010, 12, 1, 8, 26)),
        ("2010-12-01T08:26:00.5", datetime(2010, 12, 1, 8, 26, 0, 500_000)),
        ("2012-02-29", datetime(2012, 2, 29)),
    ],
)
def test_time(text: str, expected: datetime) -> None:
    """Dates and times in ISO form are read."""
    assert evaluate(parse_time(cell(text))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2011",
        "01/12/2010",
        "2011-02-29",
        "2010-13-01",
        "12-01-2010",
        "epoch",
        "infinity",
        "today",
        "40513",
        "0201-01-01",
        "9999-12-31",
        "",
    ],
)
def test_no_time(text: str) -> None:
    """Impossible days, words, spreadsheet numbers and years that no shop has seen are missing."""
    assert evaluate(parse_time(cell(text))) is None


def test_a_number_is_no_time() -> None:
    """A typed number is not taken for seconds since 1970."""
    assert evaluate(parse_time(ibis.literal(1_291_192_000, "int64"))) is None


@pytest.mark.parametrize(("text", "expected"), [("", True), (" \t", True), ("  ", True), ("0", False)])
def test_empty(text: str, expected: bool) -> None:
    """Nothing and spaces are empty; a zero is not."""
    assert evaluate(is_empty(cell(text))) is expected


def test_text_keeps_its_inner_spaces() -> None:
    """Only the spaces around it go."""
    assert evaluate(parse_text(cell("  United  Kingdom "))) == "United  Kingdom"
