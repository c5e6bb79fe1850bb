"""Headers: the row of a sheet that names its columns, below the titles that people put above it."""

import re
from collections.abc import Sequence

__all__ = ["describe_titles", "find_header", "tidy_header"]

_ROWS_TO_LOOK_AT = 20
_LEAST_COLUMNS = 3
"""A table of orders has a customer, a date and money: in a narrower one no row is a title."""
_NUMBER_OR_DATE = re.compile(r"\s*[-+]?[\d.,]*\d")
_LINE_END = re.compile(r"\s*[\r\n]\s*")
_MOST_SHOWN = 60

Cells = Sequence[str | None]


def find_header(rows: Sequence[Cells | None]) -> int:
    """Give the position of the header among the first rows of a sheet.

    It is the first row that is as widely filled as any, with text alone. Rows above it must look like titles: filled to
    a half at most, or holding a number or a date. Where no row fits, the header is the first row that is not blank.

    Parameters
    ----------
    rows
        The cells of each row; None for one that could not be split.

    Examples
    --------
    >>> find_header([["Report of May"], [], ["who", "when", "total"], ["ann", "2024-05-01", "12.50"]])
    2
    >>> find_header([["", "name", "town"], ["0", "ann", "Bonn"]])
    0
    """
    first = next((position for position, row in enumerate(rows) if row is None or _filled(row)), 0)
    looked_at = [[] if row is None else _filled(row) for row in rows[:_ROWS_TO_LOOK_AT]]
    widest = max(map(len, looked_at), default=0)
    if widest < _LEAST_COLUMNS:
        return first
    for position, cells in enumerate(looked_at):
        if len(cells) == widest and _is_text(cells):
            above = [row for row in rows[:position] if row is None or _filled(row)]
            return position if all(_is_title(row, widest) for row in above) else first
    return first


def _filled(row: Cells) -> list[str]:
    return [cell for cell in row if cell is not None and cell.strip()]


def _is_text(cells: Sequence[str]) -> bool:
    return not any(_NUMBER_OR_DATE.match(cell) for cell in cells)


def _is_title(row: Cells | None, widest: int) -> bool:
    if row is None:
        return False
    cells = _filled(row)
    return len(cells) * 2 <= widest or not _is_text(cells)


def describe_titles(rows: Sequence[Cells]) -> list[str]:
    """Say which rows above a header were passed over; nothing where all of them are blank.

    Examples
    --------
    >>> describe_titles([["Report of May", None], [], ["Shop 7", "Bonn"]])
    ["2 rows above the header left out: 'Report of May', 'Shop 7 Bonn'"]
    """
    shown = [repr(text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…") for text in _texts(rows)]
    if not shown:
        return []
    return [f"{len(shown)} row{'s' * (len(shown) > 1)} above the header left out: {', '.join(shown)}"]


def _texts(rows: Sequence[Cells]) -> list[str]:
    return [" ".join(" ".join(cells).split()) for cells in map(_filled, rows) if cells]


def tidy_header(header: Sequence[str]) -> tuple[str, ...]:
    r"""Give a header with each name on one line: spreadsheets break long ones.

    Examples
    --------
    >>> tidy_header(["Order\ndate", "Total"])
    ('Order date', 'Total')
    """
    return tuple(_LINE_END.sub(" ", name) for name in header)
