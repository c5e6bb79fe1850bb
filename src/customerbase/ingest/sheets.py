"""A sheet: the cells of one file, or of one sheet of a workbook, before anything is known of their meaning."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import ibis.expr.types as ir

from customerbase.schema import CARRIED

__all__ = ["DAMAGED_LINE", "KEY", "Sheet", "carry_cells", "name_columns"]

KEY = ("source", "source_row")
"""Where a record stands: the file (and sheet), and the row as a spreadsheet counts it."""

DAMAGED_LINE = "damaged_line"
"""Column with the text of a line that cannot be split into cells; empty for all others."""

_RESERVED = {*KEY, DAMAGED_LINE, "rule", "rowid"}


@dataclass(frozen=True)
class Sheet:
    """The cells of one sheet.

    `header` has the names as they stand in the file; `columns` the same as columns of `cells` (unique, whatever their
    case). `cells` has `source`, `source_row`, and one column per name; text, unless the format has types of its own.
    Where columns of other sheets stand beside its own, `raw` has the cells as they came. A sheet is `joined` when its
    cells went into another one, and `left out` when nothing of it can be used; the notes say why.

    A sheet `is_in_place` when its cells are those of a server: its rows have no place of their own (`source_row` is a
    key or null), and must carry their cells with them. `types` names columns of a database that hold neither text,
    numbers nor times, with their types there.
    """

    source: str
    reader: str
    header: tuple[str, ...]
    columns: tuple[str, ...]
    cells: ir.Table
    notes: tuple[str, ...] = ()
    raw: ir.Table | None = None
    use: Literal["data", "joined", "left out"] = "data"
    types: Mapping[str, str] = field(default_factory=dict)
    is_in_place: bool = False

    @property
    def own_cells(self) -> ir.Table:
        """The cells as they came."""
        return self.cells if self.raw is None else self.raw

    def column(self, name: str) -> str:
        """Give the column of `cells` that holds the column `name` of the file.

        Examples
        --------
        >>> import ibis
        >>> cells = ibis.memtable({"source": ["a"], "source_row": [2], "source (cell)": ["web"]})
        >>> Sheet("a", "csv", ("source",), ("source (cell)",), cells).column("source")
        'source (cell)'
        """
        return self.columns[self.header.index(name)]


def carry_cells(sheet: Sheet) -> dict[str, ir.Value]:
    """Give the cells that each row of a sheet must carry with it, as text: all where it has no place, else none.

    Examples
    --------
    >>> import ibis
    >>> cells = ibis.table({"source": "string", "source_row": "int64", "Price": "float64"}, name="orders")
    >>> list(carry_cells(Sheet("orders", "postgresql", ("Price",), ("Price",), cells, is_in_place=True)))
    ['cell Price']
    """
    if not sheet.is_in_place:
        return {}
    own = [name for name in sheet.own_cells.columns if name not in KEY]
    return {f"{CARRIED}{name}": sheet.cells[name].cast("string") for name in own}


def name_columns(header: Sequence[str]) -> tuple[str, ...]:
    """Give each name of a header a column name that is unique in an engine that does not tell case apart.

    Examples
    --------
    >>> name_columns(["Price", "price", "", "source"])
    ('Price', 'price (2)', 'column 3', 'source (cell)')
    """
    names: dict[str, str] = {}
    for position, raw in enumerate(header, start=1):
        name = raw.strip() or f"column {position}"
        name = f"{name} (cell)" if name.casefold() in _RESERVED else name
        numbered = (f"{name} ({number})" for number in itertools.count(2))
        unique = name if name.casefold() not in names else next(n for n in numbered if n.casefold() not in names)
        names[unique.casefold()] = unique
    return tuple(names.values())
