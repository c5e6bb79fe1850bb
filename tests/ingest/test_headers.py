"""Headers: found below titles, and never taken from the rows."""

import pytest

from customerbase.ingest.headers import describe_titles, find_header

HEADER = ["who", "when", "total"]
ROW = ["ann", "2024-05-01", "12.50"]


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([], 0),
        ([[], [None, ""]], 0),
        ([HEADER, ROW], 0),
        ([[], HEADER, ROW], 1),
        ([["Report"], HEADER, ROW], 1),
        ([["Report"], [], ["Period", "2024-05-01", "2024-05-31"], HEADER, ROW], 3),
        # A column without a name is no title, a row of text no header, and numbers name no column.
        ([["", "name", "town"], ["x", "ann", "Bonn"]], 0),
        ([["who", "town", ""], ["ann", "Bonn", "x"]], 0),
        ([["who", "2023", "2024"], ROW], 0),
        # In two columns nothing can be told.
        ([["who", ""], ["ann", "x"]], 0),
        # A row that cannot be split is not passed over.
        ([None, HEADER, ROW], 0),
        # A title far up is found below blank rows.
        ([["Report"], *[[]] * 15, HEADER, ROW], 16),
    ],
)
def test_the_header_is_found(rows: list[list[str | None] | None], header: int) -> None:
    """It is the first row as widely filled as any, of text alone, below what looks like titles."""
    assert find_header(rows) == header


def test_long_titles_are_cut() -> None:
    """A note has one line."""
    (note,) = describe_titles([["x" * 100 + "\ny"]])
    assert note == f"1 row above the header left out: '{'x' * 59}…'"
