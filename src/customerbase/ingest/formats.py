"""Formats: how the columns of all sheets of a run write numbers and dates, decided for whole columns and reported."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import ibis.expr.types as ir

from customerbase.errors import DataError
from customerbase.ingest.numbers import PLAIN, DecimalSign, NumberFormat, decide_number, tell_decimal, weigh_numbers
from customerbase.ingest.sheets import Sheet
from customerbase.ingest.times import ISO, DateOrder, TimeFormat, decide_time, to_text, weigh_times

__all__ = ["AskedColumns", "SheetFormats", "decide_formats"]

HEAD_ROWS = 10_000
"""Most columns tell their format within these rows; those that do not are read to their end."""
_TYPED = {"xlsx", "xlsm", "xlsb", "xls", "ods", "json"}
"""Readers of formats that have numbers of their own and write them with a point, beside cells of text."""

_Counts = Mapping[str, int]
_T = TypeVar("_T")


@dataclass(frozen=True)
class AskedColumns:
    """The columns of a sheet whose cells are to be numbers or times: canonical name → column of `sheet.cells`."""

    sheet: Sheet
    numbers: Mapping[str, str]
    times: Mapping[str, str]


@dataclass(frozen=True)
class SheetFormats:
    """The format of each column of a sheet, by canonical name, and what the audit says of them.

    Examples
    --------
    >>> SheetFormats().number("amount")
    NumberFormat(decimal='point', has_marks=False, is_percent=False)
    """

    numbers: Mapping[str, NumberFormat] = field(default_factory=dict)
    times: Mapping[str, TimeFormat] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def number(self, name: str) -> NumberFormat:
        """Give the format of a column of numbers; plain where nothing was decided."""
        return self.numbers.get(name, PLAIN)

    def time(self, name: str) -> TimeFormat:
        """Give the format of a column of times; ISO where nothing was decided."""
        return self.times.get(name, ISO)


def decide_formats(
    asked: Sequence[AskedColumns],
    decimal: DecimalSign | None = None,
    date_order: DateOrder | None = None,
    *,
    head_rows: int | None = HEAD_ROWS,
) -> list[SheetFormats]:
    """Decide how each sheet writes its numbers and dates, by all sheets that are read together.

    A column tells its format by the cells that only one format allows (12,5 or 31/12). What one sheet leaves open, the
    same column of another sheet decides, or another column of the sheet; after that `decimal` and `date_order`.

    Parameters
    ----------
    asked
        The columns of each sheet.
    decimal, date_order
        What the caller says of columns that leave it open.
    head_rows
        Rows of each sheet that are looked at first; None for all.

    Returns
    -------
    list
        One for each sheet, in their order.

    Raises
    ------
    DataError
        A column leaves its format open, or holds two; the message names the option that decides.

    Examples
    --------
    >>> import ibis
    >>> cells = ibis.memtable({"day": ["31/12/2024", "01/02/2024"], "total": ["1.234", "7,50"]})
    >>> sheet = Sheet("a.csv", "csv", ("day", "total"), ("day", "total"), cells)
    >>> decided = decide_formats([AskedColumns(sheet, {"amount": "total"}, {"ordered_at": "day"})])[0]
    >>> decided.time("ordered_at").form, decided.number("amount").decimal
    ('day-first', 'comma')
    """
    counts = [_weigh(each, head_rows) for each in asked]
    signs = [_told_signs(each, found) for each, found in zip(asked, counts, strict=True)]
    orders = [_told_orders(each, found) for each, found in zip(asked, counts, strict=True)]
    decided = []
    for each, found, own, own_orders in zip(asked, counts, signs, orders, strict=True):
        numbers = {name: _number(each, name, found, _elsewhere(name, own, signs) or decimal) for name in own}
        times = {
            name: _time(each, name, found, _agreed(own_orders.values()) or _same(name, orders), date_order)
            for name in each.times
            if name in found
        }
        decided.append(SheetFormats(numbers, times, _notes(each, found, numbers, times)))
    return decided


def _weigh(asked: AskedColumns, head_rows: int | None) -> dict[str, _Counts]:
    """Count in the first rows, and in all rows of the columns that these leave open."""
    if head_rows is None:
        return _count(asked, asked.sheet.cells)
    found = _count(asked, asked.sheet.cells.limit(head_rows))
    cells = asked.sheet.cells
    numbers = {
        name: column
        for name, column in asked.numbers.items()
        if name in found and tell_decimal(found[name]) is None and _has_marks(cells, column)
    }
    times = {name: column for name, column in asked.times.items() if name in found and _is_open(found[name])}
    return found | _count(AskedColumns(asked.sheet, numbers, times), cells)


def _has_marks(cells: ir.Table, column: str) -> bool:
    """Look for a point or a comma, which takes a tenth of the time of weighing."""
    cell = cells[column]
    return bool((cell.contains(".") | cell.contains(",")).any().to_pyarrow().as_py())


def _is_open(counts: _Counts) -> bool:
    return counts["n_filled"] == 0 or decide_time(counts) is None


def _count(asked: AskedColumns, cells: ir.Table) -> dict[str, _Counts]:
    """Count all columns of text in one query; columns of other types tell what they are."""
    weighed: dict[str, dict[str, ir.Value]] = {}
    for name, column in asked.numbers.items():
        if cells[column].type().is_string():
            weighed[name] = weigh_numbers(cells[column])
    for name, column in asked.times.items():
        if cells[column].type().is_string() or cells[column].type().is_numeric():
            weighed[name] = weigh_times(cells[column])
    if not weighed:
        return {}
    flat = {f"{name}.{count}": value for name, counts in weighed.items() for count, value in counts.items()}
    row: dict[str, Any] = cells.agg(**flat).to_pyarrow().to_pylist()[0]
    return {name: {count: int(row[f"{name}.{count}"]) for count in counts} for name, counts in weighed.items()}


def _told_signs(asked: AskedColumns, found: Mapping[str, _Counts]) -> dict[str, DecimalSign | None]:
    is_typed = asked.sheet.reader in _TYPED
    return {name: tell_decimal(found[name], is_typed=is_typed) for name in asked.numbers if name in found}


def _told_orders(asked: AskedColumns, found: Mapping[str, _Counts]) -> dict[str, DateOrder | None]:
    decided = {name: decide_time(found[name]) for name in asked.times if name in found}
    return {name: _ORDERS.get(form.form) if form else None for name, form in decided.items()}


def _elsewhere(
    name: str, own: Mapping[str, DecimalSign | None], signs: Sequence[Mapping[str, DecimalSign | None]]
) -> DecimalSign | None:
    """Give the sign that other columns of the sheet have, else the same column of other sheets, else all there are."""
    return (
        _agreed(own.values())
        or _agreed(other.get(name) for other in signs)
        or _agreed(sign for other in signs for sign in other.values())
    )


def _same(name: str, orders: Sequence[Mapping[str, DateOrder | None]]) -> DateOrder | None:
    return _agreed(other.get(name) for other in orders)


def _agreed(values: Iterable[_T | None]) -> _T | None:
    distinct = {value for value in values if value is not None}
    return distinct.pop() if len(distinct) == 1 else None


def _number(
    asked: AskedColumns, name: str, found: Mapping[str, _Counts], elsewhere: DecimalSign | None
) -> NumberFormat:
    decided = decide_number(found[name], elsewhere=elsewhere, is_typed=asked.sheet.reader in _TYPED)
    if decided is None:
        example = _example(asked.sheet, asked.numbers[name], r"[.,]\d{3}")
        raise DataError(
            f"{asked.sheet.source}: the column {asked.numbers[name]!r} leaves open whether {example!r} is a thousand "
            "and more or a number with three decimals. Pass --decimal comma or --decimal point."
        )
    return decided


def _time(
    asked: AskedColumns, name: str, found: Mapping[str, _Counts], elsewhere: DateOrder | None, given: DateOrder | None
) -> TimeFormat:
    counts = found[name]
    has_both = min(counts["n_day_first"], counts["n_month_first"]) > 0
    decided = decide_time(counts, given if has_both else elsewhere or given)
    if decided is None:
        raise DataError(_open_dates(asked, name, counts))
    return decided


_ORDERS: dict[str, DateOrder] = {"day-first": "day-first", "month-first": "month-first", "year-first": "year-first"}


def _open_dates(asked: AskedColumns, name: str, counts: _Counts) -> str:
    column = asked.times[name]
    called = f"{asked.sheet.source}: the column {column!r}"
    if min(counts["n_day_first"], counts["n_month_first"]) > 0:
        return (
            f"{called} has dates with the day first ({counts['n_day_first']:,}) and with the month first "
            f"({counts['n_month_first']:,}). Pass --date-order day-first or month-first to say how to read it; what "
            "does not fit is then set aside."
        )
    example = _example(asked.sheet, column, r"^\d{1,2}\D+\d{1,2}\D+\d{2}")
    return (
        f"{called} leaves open which of day, month and year comes first in {example!r}: no day above 12 tells. "
        "Pass --date-order day-first, month-first or year-first."
    )


def _example(sheet: Sheet, column: str, pattern: str) -> str:
    text = to_text(sheet.cells[column])
    return str(sheet.cells.agg(example=text.min(where=text.re_search(pattern))).to_pyarrow()["example"][0])


def _notes(
    asked: AskedColumns,
    found: Mapping[str, _Counts],
    numbers: Mapping[str, NumberFormat],
    times: Mapping[str, TimeFormat],
) -> tuple[str, ...]:
    """Say each format once, with the columns that have it."""
    said: dict[str, list[str]] = {}
    for columns, formats in ((asked.numbers, numbers), (asked.times, times)):
        for name, form in formats.items():
            if columns[name] not in said.setdefault(form.note, []):
                said[form.note].append(columns[name])
    notes = [f"{', '.join(map(repr, columns))}: {note}" for note, columns in said.items()]
    offset = [asked.times[name] for name in times if found[name]["n_offset"]]
    notes += [
        f"{column!r}: offsets from UTC are left off; times are as the shop's own clock shows them" for column in offset
    ]
    return tuple(notes)
