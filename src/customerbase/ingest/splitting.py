"""Splitting: the lines of delimited text become records, and a damaged one stays alone."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

__all__ = ["Dialect", "Record", "split_records"]

_MAX_LINES_OF_RECORD = 200
"""A record with more lines than this has lost a quote: no shop writes a cell of 200 lines."""


@dataclass(frozen=True)
class Dialect:
    r"""How the cells of a record are told apart.

    A quote within quotes is doubled; where `has_escapes`, it may also stand behind a backslash.

    Examples
    --------
    >>> Dialect(";").split('7; "MUG; ""RED"" "\n')
    ['7', 'MUG; "RED" ']
    >>> Dialect(",", "'").split("'it''s',7")
    ["it's", '7']
    >>> Dialect(",").split('"never closed,7')
    """

    delimiter: str
    quote: str = '"'
    has_escapes: bool = False

    def split(self, text: str) -> list[str] | None:
        """Give the cells of a record, or None where a quote is left open or text follows a closed one."""
        text = text.rstrip("\r\n")
        if self.quote not in text:
            return text.split(self.delimiter)
        cells, position = [], 0
        while found := self._cell.match(text, position):
            quoted, plain, end = found.groups()
            cells.append(plain if quoted is None else self._unquote(quoted))
            position = found.end()
            if not end:
                return cells
        return None

    def _unquote(self, text: str) -> str:
        if not self.has_escapes:
            return text.replace(self.quote * 2, self.quote)
        return self._escaped.sub(lambda found: found[1] or self.quote, text)

    @cached_property
    def _cell(self) -> re.Pattern[str]:
        delimiter, quote = re.escape(self.delimiter), self.quote
        pair = rf"\\.|{quote}{quote}" if self.has_escapes else f"{quote}{quote}"
        stop = rf"{quote}\\" if self.has_escapes else quote
        quoted = rf" *{quote}([^{stop}]*+(?:(?:{pair})[^{stop}]*+)*+){quote}"
        # A quote within a cell that does not begin with one is text.
        return re.compile(rf"(?:{quoted}|((?! *{quote})[^{delimiter}]*))({delimiter}|\Z)", re.DOTALL)

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        return re.compile(rf"\\([\\{self.quote}])|{self.quote}{self.quote}")


@dataclass(frozen=True)
class Record:
    """A record: the row where it begins, and its cells, or the text of what cannot be split into as many as it must."""

    row: int
    cells: list[str] | None
    text: str | None = None


def split_records(lines: Iterator[str], dialect: Dialect, n_columns: int) -> Iterator[Record]:
    r"""Split lines into records; one over several lines counts as one row, as in a spreadsheet.

    Empty cells beyond the last column are left out, and so are rows without a cell.

    Examples
    --------
    >>> [record.cells for record in split_records(iter(["1,2\n", "\n", '3,"4\n', '5"\n', "6,7,\n"]), Dialect(","), 2)]
    [['1', '2'], ['3', '4\n5'], ['6', '7']]
    """
    pending: deque[str] = deque()
    row = 0
    while True:
        line = pending.popleft() if pending else next(lines, None)
        if line is None:
            return
        row += 1
        cells = dialect.split(line)
        if cells is None:
            cells, used = _join(line, pending, lines, dialect, n_columns)
            for _ in range(used):
                pending.popleft()
        if cells is not None and _fits(cells, n_columns):
            if any(cells):
                yield Record(row, cells[:n_columns])
        elif line.strip():
            yield Record(row, None, line.rstrip("\r\n"))


def _fits(cells: list[str], n_columns: int) -> bool:
    return len(cells) >= n_columns and not any(cells[n_columns:])


def _join(
    line: str, pending: deque[str], lines: Iterator[str], dialect: Dialect, n_columns: int
) -> tuple[list[str] | None, int]:
    """Join a line that leaves a quote open with those after it, unless one of these is a whole record by itself.

    Gives the cells (None: the line is damaged) and how many of `pending` they used up.
    """
    text = line
    for used in range(1, _MAX_LINES_OF_RECORD):
        if used > len(pending):
            following = next(lines, None)
            if following is None:
                return None, 0
            pending.append(following)
        if _is_record(pending[used - 1], dialect, n_columns):
            return None, 0
        text += pending[used - 1]
        cells = dialect.split(text)
        if cells is not None:
            return (cells, used) if _fits(cells, n_columns) else (None, 0)
    return None, 0


def _is_record(line: str, dialect: Dialect, n_columns: int) -> bool:
    """Tell whether a line is a whole record by itself; one with an odd number of quotes may close a cell from above."""
    cells = dialect.split(line)
    return (
        cells is not None
        and len(cells) >= n_columns > 1
        and _fits(cells, n_columns)
        and (line.count(dialect.quote) % 2 == 0)
    )
