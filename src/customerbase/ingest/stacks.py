"""Stacks: alike sheets, such as the files of several months, are one table."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from customerbase.ingest.meanings import Meaning, find_meanings, find_nouns, is_generic, name_references, plain
from customerbase.ingest.sheets import KEY, Sheet

__all__ = ["Stack", "are_alike", "find_name", "label", "stack_sheets"]

_ALIKE = 0.8
"""Share of the columns of two headers that both have, from which on they are the same table: 12 of 15, say."""


@dataclass(frozen=True)
class Stack:
    """Sheets with the same columns, to be joined as one table."""

    sheets: tuple[Sheet, ...]
    header: tuple[str, ...]
    meanings: Mapping[str, Meaning]

    @property
    def title(self) -> str:
        """What messages call it."""
        first, n_more = self.sheets[0], len(self.sheets) - 1
        name = label(first) if "#" in first.source else first.source
        return name + (f" and {n_more} more" if n_more else "")

    @cached_property
    def label(self) -> str:
        """Its name without suffix, and without numbers where it has several sheets."""
        name = label(self.sheets[0])
        return (re.sub(r"[\W\d_]+$", "", name) or name) if len(self.sheets) > 1 else name

    @cached_property
    def nouns(self) -> set[str]:
        """What its rows may be called."""
        return find_nouns(self.label)

    @cached_property
    def whole(self) -> Sheet:
        """All its rows as one sheet."""
        return self.sheets[0] if len(self.sheets) == 1 else _union(self)

    def holds(self, *names: str) -> bool:
        """Tell whether a column means one of these."""
        return any(meaning.name in names for meaning in self.meanings.values())

    def column_of(self, name: str) -> str | None:
        """Give the column that means this."""
        return next((column for column, meaning in self.meanings.items() if meaning.name == name), None)


def label(sheet: Sheet) -> str:
    """Give the name of a sheet of a workbook, or that of a file without what follows the first dot.

    Examples
    --------
    >>> cells = ibis.memtable({"source": ["a"], "source_row": [2]})
    >>> [label(Sheet(source, "csv", (), (), cells)) for source in ("shop.xlsx#Orders", "items.csv.gz")]
    ['Orders', 'items']
    """
    file, _, sheet_name = sheet.source.partition("#")
    return sheet_name if sheet_name and sheet.reader != "parquet" else file.split(".")[0] or file


def stack_sheets(sheets: Sequence[Sheet], given: Mapping[str, str]) -> list[Stack]:
    """Put alike sheets together.

    Sheets with plain `id` columns are told apart by their names too: `cities` and `genders` may both be of id and name.

    Examples
    --------
    >>> cells = ibis.memtable({"source": ["a"], "source_row": [2]})
    >>> may, june, shops = (Sheet(source, "csv", header, header, cells) for source, header in
    ...                     (("5.csv", ("who", "paid")), ("6.csv", ("WHO", "paid")), ("7.csv", ("shop", "city"))))
    >>> [stack.title for stack in stack_sheets([may, june, shops], {})]
    ['5.csv and 1 more', '7.csv']
    """
    piles: list[list[Sheet]] = []
    for sheet in sheets:
        pile = next((pile for pile in piles if _are_one(pile[0], sheet)), None)
        if pile is None:
            piles.append([sheet])
        else:
            pile.append(sheet)
    return [_stack(pile, given) for pile in piles]


def _are_one(one: Sheet, other: Sheet) -> bool:
    if not are_alike(one, other):
        return False
    is_named_by_table = any(plain(column) == "id" for column in one.header)
    return not is_named_by_table or bool(find_nouns(label(one)) & find_nouns(label(other)))


def are_alike(one: Sheet, other: Sheet) -> bool:
    """Tell whether two sheets have the header of one kind of table, and are not each named after another column.

    Examples
    --------
    >>> cells = ibis.memtable({"source": ["a"], "source_row": [2]})
    >>> sheets = [Sheet(source, "csv", header, header, cells) for source, header in (
    ...     ("may.csv", ("Invoice", "Price")), ("june.csv", ("price", "INVOICE")), ("cities.csv", ("city_id", "city")),
    ...     ("shops.csv", ("shop_id", "lead_id")), ("leads.csv", ("lead_id", "shop_id")))]
    >>> [are_alike(sheets[one], sheets[other]) for one, other in ((0, 1), (0, 2), (3, 4))]
    [True, False, False]
    """
    first, second = ({plain(column) for column in sheet.header} for sheet in (one, other))
    firsts = {plain(sheet.header[0]) for sheet in (one, other) if _is_named_by_first(sheet)}
    return len(first & second) >= _ALIKE * len(first | second) and len(firsts) < 2


def _is_named_by_first(sheet: Sheet) -> bool:
    return plain(sheet.header[0]) in name_references(find_nouns(label(sheet)))


def _stack(sheets: Sequence[Sheet], given: Mapping[str, str]) -> Stack:
    names: dict[str, str] = {}
    for sheet in sheets:
        for column in sheet.header:
            names.setdefault(plain(column) if not is_generic(column) else column, column)
    header = tuple(names.values())
    return Stack(tuple(sheets), header, find_meanings(header, given))


def find_name(sheet: Sheet, column: str) -> str | None:
    """Give the column of a sheet that bears a name, in its own spelling.

    Examples
    --------
    >>> cells = ibis.memtable({"source": ["a"], "source_row": [2], "Order-ID": ["7"]})
    >>> find_name(Sheet("a", "csv", ("Order-ID",), ("Order-ID",), cells), "order_id")
    'Order-ID'
    """
    if column in sheet.header:
        return column
    return next((name for name in sheet.header if plain(name) == plain(column)), None)


def _union(stack: Stack) -> Sheet:
    columns = tuple(f"column {number}" for number in range(len(stack.header)))
    names = dict(zip(columns, stack.header, strict=True))
    types = {column: _common_type(stack.sheets, name) for column, name in names.items()}
    tables = [sheet.cells.select(*KEY, **_typed(sheet, names, types)) for sheet in stack.sheets]
    return Sheet(stack.title, stack.sheets[0].reader, stack.header, columns, ibis.union(*tables))


def _common_type(sheets: Sequence[Sheet], name: str) -> dt.DataType:
    """Give the type that a column has in all sheets; text where they differ."""
    types = {sheet.cells[sheet.column(own)].type() for sheet in sheets if (own := find_name(sheet, name)) is not None}
    return types.pop() if len(types) == 1 else dt.string


def _typed(sheet: Sheet, names: Mapping[str, str], types: Mapping[str, dt.DataType]) -> dict[str, ir.Value]:
    found = {column: find_name(sheet, name) for column, name in names.items()}
    return {
        column: ibis.null(types[column]) if own is None else sheet.cells[sheet.column(own)].cast(types[column])
        for column, own in found.items()
    }
