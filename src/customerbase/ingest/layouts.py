"""Layouts: which one an export has, and what of it is there."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from customerbase.errors import DataError, UsageError
from customerbase.ingest.guessing import guess
from customerbase.ingest.layout import MAPPABLE, Condition, Join, Layout, find_column, normalise, spell
from customerbase.ingest.platforms import LAYOUTS, REFUSED

__all__ = ["LAYOUTS", "MAPPABLE", "Condition", "Join", "Layout", "detect", "find_layout", "fit"]


def detect(header: Sequence[str]) -> Layout:
    """Recognise the layout of an export by the names in its header, in any order and case.

    A header that resembles none of the known ones is guessed at by the names that such columns bear in eight languages;
    the layout is then called `guessed`.

    Raises
    ------
    DataError
        No layout fits; the message names the nearest one and the columns that it lacks. Or the export is known, and
        names no customer; or two of its columns could be the same thing.

    Examples
    --------
    >>> detect(["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"]).name
    'online-retail-ii'
    """
    _refuse_without_customer(header)
    _refuse_without_names(header)
    nearest = _nearest(header)
    lacking = _lacking(nearest, header)
    if not lacking:
        return nearest
    # What is nearly a known layout is not guessed at: its rules (cancelling ids, refunds) would be lost without a word.
    guessed = None if _is_near(nearest, header) else guess(header)
    if guessed is None:
        raise DataError(_no_layout(header, nearest, lacking))
    return guessed


def fit(header: Sequence[str], layout: Layout | str | None = None, mapping: Mapping[str, str] | None = None) -> Layout:
    """Choose the layout for a header and keep of it the columns that are there, spelled as they stand there.

    Parameters
    ----------
    header
        Column names of the export.
    layout
        A layout, or the name of a known one; without one it is recognised.
    mapping
        Canonical name → column of the export; goes before the layout's own.

    Raises
    ------
    DataError
        A column that is needed is missing, or stands twice.
    UsageError
        An unknown layout or canonical name.

    Examples
    --------
    >>> fit(["who", "when", "total"], mapping={"customer_id": "who", "ordered_at": "when", "amount": "total"}).columns
    {'customer_id': 'who', 'ordered_at': 'when', 'amount': 'total'}
    """
    if isinstance(layout, str):
        layout = find_layout(layout)
    if mapping:
        _check_mapping(mapping, header)
        chosen = _override(layout or _base(header, mapping), mapping, header)
    else:
        chosen = layout or detect(header)
        if lacking := _lacking(chosen, header):
            raise DataError(_missing(chosen, lacking, header))
    spelled = spell(chosen, header)
    _refuse_twice(spelled.columns, header)
    _refuse_incomplete(spelled.columns, header)
    return spelled


def find_layout(name: str) -> Layout:
    """Give the known layout of a name.

    Raises
    ------
    UsageError
        There is none.

    Examples
    --------
    >>> find_layout("online-retail").columns["customer_id"]
    'CustomerID'
    """
    if name not in LAYOUTS:
        raise UsageError(f"The layout must be one of {', '.join(LAYOUTS)}. Got {name!r} instead.")
    return LAYOUTS[name]


def _refuse_without_customer(header: Sequence[str]) -> None:
    names = {normalise(column) for column in header}
    for telling, reason in REFUSED:
        if telling <= names:
            raise DataError(reason)


def _refuse_without_names(header: Sequence[str]) -> None:
    """Refuse a file whose first line is data already; of such files CDNOW alone is known, and read by its form."""
    first = ", ".join(header)
    if any(sign.isdigit() for sign in first) and not any(sign.isalpha() for sign in first):
        raise DataError(
            f"The first line holds numbers alone and no names of columns: {first[:60]}. "
            "Write a line with a name for each column above it."
        )


def _lacking(layout: Layout, header: Sequence[str]) -> list[str]:
    """Give the canonical names that a layout needs and the header has no column for."""
    lacking = [name for name in layout.columns if name not in layout.optional and not layout.find(name, header)]
    has_money = layout.find("amount", header) is not None
    prices = [name for name in ("quantity", "unit_price") if not layout.find(name, header)]
    return lacking + [name for name in prices if not has_money and name not in lacking]


def _nearest(header: Sequence[str]) -> Layout:
    def missing_and_found(layout: Layout) -> tuple[float, int]:
        found, lacking = _count_found(layout, header), len(_lacking(layout, header))
        return lacking / (found + lacking), -found

    return min(LAYOUTS.values(), key=missing_and_found)


def _count_found(layout: Layout, header: Sequence[str]) -> int:
    return sum(layout.find(name, header) is not None for name in layout.columns)


def _is_near(layout: Layout, header: Sequence[str]) -> bool:
    """Tell whether more than a stray column or two of a layout are there, those that its rules ask included."""
    asked = {condition.column for condition in (*layout.void_when, *layout.return_when)}
    asked |= {layout.time_of_day} if layout.time_of_day else set()
    n_found = _count_found(layout, header) + sum(find_column(column, header) is not None for column in asked)
    return 2 * n_found >= len(layout.columns) + len(asked)


def _check_mapping(mapping: Mapping[str, str], header: Sequence[str]) -> None:
    for name, column in mapping.items():
        if name not in MAPPABLE:
            raise UsageError(f"--map knows the names {', '.join(MAPPABLE)}. Got {name!r} instead.")
        if find_column(column, header) is None:
            raise DataError(
                f"There is no column {column!r} to take as {name!r}{_suggest(column, header)}. "
                f"The columns are: {', '.join(header)}."
            )


def _override(layout: Layout, mapping: Mapping[str, str], header: Sequence[str]) -> Layout:
    taken = {normalise(column) for column in mapping.values()}
    found = {name: layout.find(name, header) or column for name, column in layout.columns.items()}
    own = {name: column for name, column in found.items() if name not in mapping and normalise(column) not in taken}
    name = "guessed" if layout.name == "guessed" else "mapped"
    return replace(layout, name=name, columns={**own, **mapping}, spellings={})


def _base(header: Sequence[str], mapping: Mapping[str, str]) -> Layout:
    """Give the layout that a mapping completes: the nearest, if it is near.

    A mapping that is enough by itself completes none; another one says what a guess could not know.
    """
    nearest = _nearest(header)
    if _is_near(nearest, header):
        return nearest
    is_enough = not _incomplete(mapping)
    return (None if is_enough else guess(header, mapping, mapping.values())) or LAYOUTS["customerbase"]


def _suggest(column: str, header: Sequence[str]) -> str:
    near = difflib.get_close_matches(normalise(column), [normalise(name) for name in header], n=1)
    spelled = find_column(near[0], header) if near else None
    return f" (did you mean {spelled!r}?)" if spelled else ""


def _no_layout(header: Sequence[str], nearest: Layout, lacking: Sequence[str]) -> str:
    columns = [nearest.columns.get(name, name) for name in lacking]
    needs = " and ".join(f"{column!r}{_suggest(column, header)}" for column in columns)
    options = " ".join(f"--map {name}=COLUMN" for name in lacking)
    return (
        f"No known layout fits these columns: {', '.join(header)}. "
        f"The nearest is {nearest.name!r}, which also needs {needs}. "
        f"Pass {options} to say which {'it is' if len(lacking) == 1 else 'they are'}."
    )


def _missing(layout: Layout, lacking: Sequence[str], header: Sequence[str]) -> str:
    needs = " and ".join(repr(layout.columns.get(name, name)) for name in lacking)
    return (
        f"The layout {layout.name!r} needs the column {needs}, and the columns are: {', '.join(header)}. "
        f"Pass {' '.join(f'--map {name}=COLUMN' for name in lacking)}, or another --layout."
    )


def _refuse_twice(columns: Mapping[str, str], header: Sequence[str]) -> None:
    for name, column in columns.items():
        if sum(normalise(other) == normalise(column) for other in header) > 1:
            raise DataError(
                f"The column {column!r}, needed for {name!r}, stands twice in the header. "
                "Rename or remove one of the two."
            )


def _refuse_incomplete(columns: Mapping[str, str], header: Sequence[str]) -> None:
    if lacking := _incomplete(columns):
        raise DataError(
            f"No column is known for {' and '.join(lacking)}; the columns are: {', '.join(header)}. "
            f"Pass {' '.join(f'--map {name}=COLUMN' for name in lacking)}."
        )


def _incomplete(columns: Mapping[str, str]) -> list[str]:
    needed = ["customer_id", "ordered_at"] + ([] if "amount" in columns else ["quantity", "unit_price"])
    return [name for name in needed if name not in columns]
