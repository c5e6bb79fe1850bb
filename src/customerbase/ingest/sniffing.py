"""Sniffing: how a delimited text is written, decided by its first records and not by the header alone."""

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from customerbase.ingest.headers import describe_titles, find_header, tidy_header
from customerbase.ingest.splitting import Dialect

__all__ = ["DELIMITERS", "Start", "sniff"]

DELIMITERS = (",;\t|", "^~:\x1f")
"""Those of the second group count only where none of the first makes columns: times are full of colons."""

_MAX_RECORDS = 50
_MAX_LINES_OF_RECORD = 20
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_TYPED = re.compile(r"\s*[-+]?\d+([.,]\d+)*\s*|\s*\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")


@dataclass(frozen=True)
class Start:
    """How a text begins: with `n_above` lines, the first `n_unnumbered` of them no rows, and then the header."""

    dialect: Dialect
    header: tuple[str, ...]
    first_line: str | None
    n_above: int = 0
    n_unnumbered: int = 0
    n_header_lines: int = 1
    remarks: tuple[str, ...] = ()

    @property
    def first_row(self) -> int:
        """Row of the first record below the header, as a spreadsheet counts it."""
        return self.n_above - self.n_unnumbered + 2

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided, in words."""
        return (*_describe(self.dialect, is_said=self.n_unnumbered > 0), *self.remarks)


@dataclass(frozen=True)
class _Sample:
    """The first records of a text in one dialect: the line where each begins (and the last ends), and its cells."""

    dialect: Dialect
    lines: Sequence[int]
    records: Sequence[list[str] | None]

    @property
    def header_at(self) -> int:
        return find_header(self.records)

    @property
    def header(self) -> list[str] | None:
        return self.records[self.header_at] if self.records else None

    @property
    def body(self) -> list[list[str] | None]:
        return [cells for cells in self.records[self.header_at + 1 :] if cells is None or any(cells)]


def sniff(text: str) -> Start:
    r"""Tell delimiter, quotes and header of the beginning of a text.

    Parameters
    ----------
    text
        Whole lines.

    Returns
    -------
    Start
        Without a header where the first record cannot be split, and without a `first_line` where the text is blank.

    Examples
    --------
    >>> start = sniff("Report of May\n\nwho;a,b;total\nann;1,5;2\n")
    >>> start.dialect.delimiter, start.header, start.n_above
    (';', ('who', 'a,b', 'total'), 2)
    """
    lines = list(islice(io.StringIO(text, newline="\n"), _MAX_RECORDS * _MAX_LINES_OF_RECORD))
    said = _SEPARATOR_LINE.fullmatch(lines[0]) if lines else None
    samples = [_take(lines[1:] if said else lines, dialect) for dialect in _dialects(text, said and said[1])]
    # The first of equals wins, which is the plainest.
    best = max(samples, key=_rank)
    return _start(best, next((line.strip() for line in lines if line.strip()), None), 1 if said else 0)


def _dialects(text: str, delimiter: str | None) -> Iterator[Dialect]:
    for each in delimiter or "".join(DELIMITERS):
        yield Dialect(each)
        if '\\"' in text:
            yield Dialect(each, has_escapes=True)
        if "'" in text:
            yield Dialect(each, "'")
        if "\\'" in text:
            yield Dialect(each, "'", has_escapes=True)


def _take(lines: Sequence[str], dialect: Dialect) -> _Sample:
    """Split the first lines; what cannot be split stands as None, alone."""
    starts: list[int] = []
    records: list[list[str] | None] = []
    at = 0
    while at < len(lines) and len(records) < _MAX_RECORDS:
        cells, used = dialect.split(lines[at]), 1
        if cells is None:
            ends = range(at + 2, min(at + _MAX_LINES_OF_RECORD, len(lines)) + 1)
            joined = ((dialect.split("".join(lines[at:end])), end - at) for end in ends)
            cells, used = next((found for found in joined if found[0] is not None), (None, 1))
        starts.append(at)
        records.append(cells)
        at += used
    return _Sample(dialect, [*starts, at], records)


def _rank(sample: _Sample) -> tuple[bool, float, int, float]:
    mark = _mark(sample)
    return (mark[0] > 0 and sample.dialect.delimiter in DELIMITERS[0], *mark)


def _mark(sample: _Sample) -> tuple[float, int, float]:
    """Mark a dialect by the columns that records confirm, the quotes left over, the numbers and dates among cells."""
    header, body = sample.header, sample.body
    if header is None or len(header) == 1:
        return (0.0, 0, 0.0)
    fitting = [cells for cells in body if cells is not None and _fits(cells, header)]
    # A header below titles is none without a row that has its columns.
    share = len(fitting) / len(body) if body else float(not any(filter(None, sample.records[: sample.header_at])))
    cells = [cell for row in fitting for cell in row if cell.strip()]
    typed = sum(_TYPED.fullmatch(cell) is not None for cell in cells) / len(cells) if cells else 0.0
    return (share * (len(header) - 1), -_n_quoted_columns(header, fitting), typed)


def _fits(cells: list[str], header: list[str]) -> bool:
    """Tell whether a record has the cells of the header; an empty one may end the lines of either."""
    difference = len(cells) - len(header)
    return difference == 0 or (difference == 1 and not cells[-1]) or (difference == -1 and not header[-1])


def _n_quoted_columns(header: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Count the columns whose every cell keeps its quotes: they were meant to be taken off."""
    columns = ([row[at] for row in (header, *rows)[bool(rows) :] if at < len(row)] for at in range(len(header)))
    filled = ([cell for cell in column if cell] for column in columns)
    return sum(bool(column) and all(map(_is_quoted, column)) for column in filled)


def _is_quoted(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "\"'"


def _start(sample: _Sample, first_line: str | None, n_said: int) -> Start:
    at, header = sample.header_at, sample.header
    if header is None:
        return Start(sample.dialect, (), first_line)
    titles = describe_titles([cells or () for cells in sample.records[:at]])
    return Start(
        sample.dialect,
        tidy_header(_level(header, sample.body)),
        first_line,
        n_above=sample.lines[at] + n_said,
        n_unnumbered=n_said,
        n_header_lines=sample.lines[at + 1] - sample.lines[at],
        remarks=tuple(titles),
    )


def _level(header: list[str], body: Sequence[list[str] | None]) -> list[str]:
    """Give a header that ends where the records end, where one of them has an empty cell more than the other."""
    lengths = Counter(len(cells) for cells in body if cells is not None)
    n_columns = lengths.most_common(1)[0][0] if lengths else len(header)
    if n_columns == len(header) - 1 and not header[-1]:
        return header[:-1]
    longer = [cells for cells in body if cells is not None and len(cells) == n_columns]
    if n_columns == len(header) + 1 and not any(cells[-1] for cells in longer):
        return [*header, ""]
    return header


def _describe(dialect: Dialect, *, is_said: bool) -> list[str]:
    notes = [f"delimiter {dialect.delimiter!r}{', as the first line says' if is_said else ''}"]
    if dialect.quote != '"':
        notes.append(f"quotes {dialect.quote}")
    if dialect.has_escapes:
        notes.append("quotes within cells stand behind a backslash")
    return notes
