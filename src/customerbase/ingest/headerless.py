"""Headerless: the transactions of CDNOW, a public file of numbers without names, known by its form."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import ibis
import pyarrow as pa
from ibis.backends import BaseBackend

from customerbase.ingest.sheets import DAMAGED_LINE, KEY, Sheet

__all__ = ["read_cdnow"]

_COLUMNS = {
    5: ("master_id", "sample_id", "yyyymmdd", "cds", "dollars"),
    4: ("master_id", "yyyymmdd", "cds", "dollars"),
}
"""Cells of a line → what they are: the sample numbers its customers anew, beside their id among all."""

_TRANSACTION = re.compile(r"\d+( \d+)? (19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]) \d+ \d*\.?\d+")
_HEADER = re.compile(r"[a-z]\w*( [a-z]\w*){3,4}", re.IGNORECASE)
_N_LINES = 100
_LEAST_SHARE = 0.9
"""One line in ten of the first hundred may be damaged."""
_NOTE = "transactions of CDNOW, known by their form; the columns are named by their place"


def read_cdnow(file: Path, source: str, connection: BaseBackend) -> Sheet | None:
    r"""Read a text of CDNOW transactions, all of them or of the 1/10 sample, or give None where it is another text.

    Its cells are separated by blanks: the customer's id (in the sample two), the day, the number of CDs and the
    dollars. A line of names may stand above them. A line with more or fewer cells is kept in `damaged_line`.

    Examples
    --------
    >>> import tempfile
    >>> from customerbase.engine import connect
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "sample.txt")
    ...     _ = file.write_text(" 00004 0001 19970101  2   29.33\n 00021 0002 19970101  3   63.34\n")
    ...     sheet = read_cdnow(file, "sample.txt", connect())
    >>> sheet.header
    ('master_id', 'sample_id', 'yyyymmdd', 'cds', 'dollars')
    >>> sheet.cells.master_id.to_list()
    ['00004', '00021']
    """
    form = _recognise(file)
    if form is None:
        return None
    columns, n_skipped = form
    table = connection.create_table(ibis.util.gen_name("cells"), _load(file, columns, n_skipped), temp=True)
    cells = table.mutate(source=ibis.literal(source)).select(*KEY, *table.drop("source_row").columns)
    return Sheet(source, "csv", columns, columns, cells, ("separated by blanks", _NOTE))


def _recognise(file: Path) -> tuple[tuple[str, ...], int] | None:
    """Give the columns of the file and how many lines stand above its transactions; None where it has another form."""
    head = [" ".join(line.split()) for _, line in itertools.islice(_lines(file), _N_LINES)]
    n_skipped = 1 if head and _HEADER.fullmatch(head[0]) else 0
    lines = head[n_skipped:]
    n_cells = [line.count(" ") + 1 for line in lines if _TRANSACTION.fullmatch(line)]
    if not n_cells or len(n_cells) < _LEAST_SHARE * len(lines) or len(set(n_cells)) > 1:
        return None
    return _COLUMNS[n_cells[0]], n_skipped


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """Give each line that is not blank, with its number."""
    with file.open(encoding="utf-8-sig", errors="replace") as opened:
        yield from ((number, line.rstrip("\n")) for number, line in enumerate(opened, start=1) if line.strip())


def _load(file: Path, columns: tuple[str, ...], n_skipped: int) -> pa.Table:
    lines = list(itertools.islice(_lines(file), n_skipped, None))
    split = [line.split() for _, line in lines]
    is_damaged = [len(cells) != len(columns) for cells in split]
    none = [None] * len(columns)
    whole = zip(*(none if bad else cells for cells, bad in zip(split, is_damaged, strict=True)), strict=True)
    loaded = pa.table({name: pa.array(values, pa.string()) for name, values in zip(columns, whole, strict=True)})
    loaded = loaded.append_column("source_row", pa.array([number for number, _ in lines], pa.int64()))
    if not any(is_damaged):
        return loaded
    damaged = [line if bad else None for (_, line), bad in zip(lines, is_damaged, strict=True)]
    return loaded.append_column(DAMAGED_LINE, pa.array(damaged, pa.string()))
