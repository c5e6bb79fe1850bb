"""Cells: which text is an id, and which is empty."""

import ibis
import pytest
from tests.ingest.cells import cell, evaluate

from customerbase.ingest.dialects import is_empty, parse_id, parse_text


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


@pytest.mark.parametrize(("text", "expected"), [("", True), (" \t", True), ("  ", True), ("0", False)])
def test_empty(text: str, expected: bool) -> None:
    """Nothing and spaces are empty; a zero is not."""
    assert evaluate(is_empty(cell(text))) is expected


def test_text_keeps_its_inner_spaces() -> None:
    """Only the spaces around it go."""
    assert evaluate(parse_text(cell("  United  Kingdom "))) == "United  Kingdom"
