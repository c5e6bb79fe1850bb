"""Layouts: which one an export has, and what of it is there."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from customerbase.errors import DataError, UsageError
from customerbase.ingest.guessing import guess, guess_coupons, guess_customers, has_burn_date
from customerbase.ingest.layout import (
    COUPON_COLUMNS,
    CUSTOMER_COLUMNS,
    MAPPABLE,
    ORDER_COLUMNS,
    Condition,
    Grain,
    Join,
    Layout,
    find_column,
    normalise,
    spell,
)
from customerbase.ingest.platforms import LAYOUTS, REFUSED

__all__ = ["LAYOUTS", "MAPPABLE", "Condition", "Join", "Layout", "columns_of", "detect", "find_layout", "fit"]

_Kind = Literal["orders", "coupons", "customers"]

_KINDS: dict[Grain, _Kind] = {"line": "orders", "order": "orders", "coupon": "coupons", "customer": "customers"}
_COLUMNS: dict[_Kind, tuple[str, ...]] = {
    "orders": ORDER_COLUMNS,
    "coupons": COUPON_COLUMNS,
    "customers": CUSTOMER_COLUMNS,
}
_TELLING: dict[_Kind, set[str]] = {
    "orders": {*ORDER_COLUMNS} - {*COUPON_COLUMNS, *CUSTOMER_COLUMNS},
    "coupons": {*COUPON_COLUMNS} - {*ORDER_COLUMNS, *CUSTOMER_COLUMNS},
    "customers": {*CUSTOMER_COLUMNS} - {*ORDER_COLUMNS, *COUPON_COLUMNS},
}
"""Names that only one kind of file has."""
_ORDER_LAYOUTS = {name: layout for name, layout in LAYOUTS.items() if _KINDS[layout.grain] == "orders"}


def columns_of(layout: Layout) -> tuple[str, ...]:
    """Give the canonical columns of the table that a layout makes.

    Examples
    --------
    >>> "gender" in columns_of(LAYOUTS["customers"]), "gender" in columns_of(LAYOUTS["online-retail"])
    (True, False)
    """
    return _COLUMNS[_KINDS[layout.grain]]


def detect(header: Sequence[str]) -> Layout:
    """Recognise the layout of an export by the names in its header, in any order and case.

    A header that resembles none of the known ones is guessed at by the names that such columns bear in eight languages;
    the layout is then called `guessed`. What has a customer, a date and money is an export of orders; else what has a
    customer, a coupon, a date, and a status or a burn date is a coupon file; else what names a customer and nothing of
    an order is a file with one row per customer.

    Raises
    ------
    DataError
        No layout fits; the message names the nearest one and the columns that it lacks. Or the export is known, and
        names no customer; or two of its columns could be the same thing.

    Examples
    --------
    >>> detect(["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"]).name
    'online-retail-ii'
    >>> detect(["Customer_ID", "Recency", "Frequency"]).grain
    'customer'
    """
    return _detect(header, _guess)


def _detect(header: Sequence[str], guess_at: Callable[[Sequence[str]], Layout | None]) -> Layout:
    _refuse_without_customer(header)
    _refuse_without_names(header)
    nearest = _nearest(header)
    lacking = _lacking(nearest, header)
    if not lacking:
        return nearest
    # What is nearly a known layout is not guessed at: its rules (cancelling ids, refunds) would be lost without a word.
    guessed = None if _is_near(nearest, header) else guess_at(header)
    if guessed is None:
        raise DataError(_no_layout(header, nearest, lacking))
    return guessed


def _guess(header: Sequence[str]) -> Layout | None:
    # With a burn date, what looks like the money of an order is the value of a coupon.
    coupons = guess_coupons(header) if has_burn_date(header) else None
    return coupons or guess(header) or guess_coupons(header) or guess_customers(header)


def fit(header: Sequence[str], layout: Layout | str | None = None, mapping: Mapping[str, str] | None = None) -> Layout:
    """Choose the layout for a header and keep of it the columns that are there, spelled as they stand there.

    Parameters
    ----------
    header
        Column names of the export.
    layout
        A layout, or the name of a known one; without one it is recognised.
    mapping
        Canonical name → column of the export; goes before the layout's own. Of orders, customers and coupons together,
        each takes the names that are its own.

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
    mapping = mapping or {}
    _check_names(mapping)
    if layout is not None:
        return _keep(_given(header, find_layout(layout) if isinstance(layout, str) else layout, mapping), header)
    return _fit_mapped(header, mapping) if mapping else _keep(detect(header), header)


def _keep(chosen: Layout, header: Sequence[str]) -> Layout:
    spelled = spell(chosen, header)
    _refuse_twice(spelled.columns, header)
    _refuse_incomplete(spelled, header)
    return spelled


def _given(header: Sequence[str], layout: Layout, mapping: Mapping[str, str]) -> Layout:
    """Give the layout that the caller wants, completed by the mapping."""
    own = {name: column for name, column in mapping.items() if name in columns_of(layout)}
    _check_columns(own, header)
    if layout is LAYOUTS["customers"]:
        found = guess_customers(header, own, is_told=True)
    elif layout is LAYOUTS["coupon-events"]:
        found = guess_coupons(header, own)
    else:
        found = _override(layout, own, header) if own else layout
        lacking = [] if own else _lacking(layout, header)
        found = None if lacking else found
    if found is None:
        raise DataError(_missing(layout, [name for name in _lacking(layout, header) if name not in own], header))
    return found


def _fit_mapped(header: Sequence[str], mapping: Mapping[str, str]) -> Layout:
    """Fit what a mapping speaks of: where it leaves that open, orders before coupons before customers."""
    refused: dict[_Kind, DataError] = {}
    for kind in _possible_kinds(header, mapping):
        try:
            return _keep(_map(header, kind, mapping), header)
        except DataError as error:
            refused[kind] = error
    meant = [kind for names in (_present(header, mapping), mapping) for kind in refused if _TELLING[kind] & set(names)]
    raise refused[(meant or list(refused))[0]]


def _possible_kinds(header: Sequence[str], mapping: Mapping[str, str]) -> list[_Kind]:
    present = set(_present(header, mapping))
    if present & _TELLING["orders"]:
        return ["orders"]
    if present & _TELLING["coupons"]:
        return ["coupons"]
    return ["coupons", "orders", "customers"] if has_burn_date(header) else ["orders", "coupons", "customers"]


def _present(header: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    return [name for name, column in mapping.items() if find_column(column, header) is not None]


def _map(header: Sequence[str], kind: _Kind, mapping: Mapping[str, str]) -> Layout:
    own = {name: column for name, column in mapping.items() if name in _COLUMNS[kind]}
    _check_columns(own, header)
    if kind == "orders":
        return _override(_base(header, own), own, header) if own else _detect(header, guess)
    near = _is_near(_nearest(header), header)
    found = None if near else guess_customers(header, own) if kind == "customers" else guess_coupons(header, own)
    if found is None:
        raise DataError(
            f"These columns make no file of {kind}: {', '.join(header)}. "
            f"Pass --layout {'customers' if kind == 'customers' else 'coupon-events'} if they are meant as one."
        )
    return found


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
    if layout.grain == "coupon":
        return lacking + ([] if layout.find("event", header) or layout.find("burnt_at", header) else ["event"])
    if layout.grain == "customer":
        return lacking
    has_money = layout.find("amount", header) is not None
    prices = [name for name in ("quantity", "unit_price") if not layout.find(name, header)]
    return lacking + [name for name in prices if not has_money and name not in lacking]


def _nearest(header: Sequence[str]) -> Layout:
    def missing_and_found(layout: Layout) -> tuple[float, int]:
        found, lacking = _count_found(layout, header), len(_lacking(layout, header))
        return lacking / (found + lacking), -found

    return min(_ORDER_LAYOUTS.values(), key=missing_and_found)


def _count_found(layout: Layout, header: Sequence[str]) -> int:
    return sum(layout.find(name, header) is not None for name in layout.columns)


def _is_near(layout: Layout, header: Sequence[str]) -> bool:
    """Tell whether more than a stray column or two of a layout are there, those that its rules ask included."""
    asked = {condition.column for condition in (*layout.void_when, *layout.return_when)}
    asked |= {layout.time_of_day} if layout.time_of_day else set()
    n_found = _count_found(layout, header) + sum(find_column(column, header) is not None for column in asked)
    return 2 * n_found >= len(layout.columns) + len(asked)


def _check_names(mapping: Mapping[str, str]) -> None:
    for name in mapping:
        if name not in MAPPABLE:
            raise UsageError(f"--map knows the names {', '.join(MAPPABLE)}. Got {name!r} instead.")


def _check_columns(mapping: Mapping[str, str], header: Sequence[str]) -> None:
    for name, column in mapping.items():
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


def _refuse_incomplete(layout: Layout, header: Sequence[str]) -> None:
    if lacking := _incomplete(layout.columns, layout.grain):
        raise DataError(
            f"No column is known for {' and '.join(lacking)}; the columns are: {', '.join(header)}. "
            f"Pass {' '.join(f'--map {name}=COLUMN' for name in lacking)}."
        )


def _incomplete(columns: Mapping[str, str], grain: Grain = "line") -> list[str]:
    needed = ["customer_id"]
    if grain == "coupon":
        needed += ["coupon_id", "occurred_at"] + ([] if "burnt_at" in columns else ["event"])
    elif grain != "customer":
        needed += ["ordered_at"] + ([] if "amount" in columns else ["quantity", "unit_price"])
    return [name for name in needed if name not in columns]
