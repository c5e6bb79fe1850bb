"""Layouts: which column of an export holds what, and how its cells become canonical order lines."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from customerbase.errors import DataError, UsageError
from customerbase.schema import ORDER_LINES

__all__ = ["LAYOUTS", "MAPPABLE", "Layout", "detect", "fit"]

MAPPABLE = tuple(
    column.name
    for column in ORDER_LINES
    if column.name not in {"source", "source_row"} and not column.name.startswith("is_")
)
"""The canonical columns that a layout can take from an export."""


@dataclass(frozen=True)
class Layout:
    """Where an export keeps the canonical columns.

    `columns` maps canonical names to the export's own; `optional` are canonical names that the layout can do without.
    An order whose id begins with one of `cancelling` undoes another one (its lines are returns); with one of
    `adjusting`, it is a correction in the books and no order.

    Examples
    --------
    >>> shop = Layout("my-shop", {"customer_id": "Client", "ordered_at": "Day", "amount": "Total"})
    >>> shop.columns["amount"]
    'Total'
    """

    name: str
    columns: Mapping[str, str]
    optional: frozenset[str] = field(default_factory=frozenset)
    cancelling: tuple[str, ...] = ()
    adjusting: tuple[str, ...] = ()


LAYOUTS: dict[str, Layout] = {
    "customerbase": Layout(
        "customerbase",
        {name: name for name in MAPPABLE},
        optional=frozenset(MAPPABLE) - {"customer_id", "ordered_at"},
    ),
    "online-retail": Layout(
        "online-retail",
        {
            "order_id": "InvoiceNo",
            "product_id": "StockCode",
            "product_name": "Description",
            "quantity": "Quantity",
            "ordered_at": "InvoiceDate",
            "unit_price": "UnitPrice",
            "customer_id": "CustomerID",
            "country": "Country",
        },
        optional=frozenset({"product_name", "country"}),
        cancelling=("C",),
        adjusting=("A",),
    ),
    "online-retail-ii": Layout(
        "online-retail-ii",
        {
            "order_id": "Invoice",
            "product_id": "StockCode",
            "product_name": "Description",
            "quantity": "Quantity",
            "ordered_at": "InvoiceDate",
            "unit_price": "Price",
            "customer_id": "Customer ID",
            "country": "Country",
        },
        optional=frozenset({"product_name", "country"}),
        cancelling=("C",),
        adjusting=("A",),
    ),
}


def detect(header: Sequence[str]) -> Layout:
    """Recognise the layout of an export by the names in its header, in any order and case.

    Raises
    ------
    DataError
        No layout fits; the message names the nearest one and the columns that it lacks.

    Examples
    --------
    >>> detect(["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"]).name
    'online-retail-ii'
    """
    nearest = _nearest(header)
    lacking = _lacking(nearest, header)
    if lacking:
        raise DataError(_no_layout(header, nearest, lacking))
    return nearest


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
        layout = _known(layout)
    if mapping:
        chosen = _override(layout or _base(header), mapping, header)
    else:
        chosen = layout or detect(header)
        if lacking := _lacking(chosen, header):
            raise DataError(_missing(chosen, lacking, header))
    columns = {
        name: spelled for name, column in chosen.columns.items() if (spelled := _find(column, header)) is not None
    }
    _refuse_twice(columns, header)
    _refuse_incomplete(columns, header)
    return replace(chosen, columns=columns)


def _known(name: str) -> Layout:
    if name not in LAYOUTS:
        raise UsageError(f"The layout must be one of {', '.join(LAYOUTS)}. Got {name!r} instead.")
    return LAYOUTS[name]


def _key(column: str) -> str:
    return column.strip().casefold()


def _find(column: str, header: Sequence[str]) -> str | None:
    if column in header:
        return column
    return next((name for name in header if _key(name) == _key(column)), None)


def _lacking(layout: Layout, header: Sequence[str]) -> list[str]:
    """Give the canonical names that a layout needs and the header has no column for."""
    lacking = [
        name for name, column in layout.columns.items() if name not in layout.optional and not _find(column, header)
    ]
    has_money = _find(layout.columns.get("amount", "amount"), header) is not None
    prices = [name for name in ("quantity", "unit_price") if not _find(layout.columns.get(name, name), header)]
    return lacking + [name for name in prices if not has_money and name not in lacking]


def _nearest(header: Sequence[str]) -> Layout:
    def missing_and_found(layout: Layout) -> tuple[float, int]:
        found = sum(_find(column, header) is not None for column in layout.columns.values())
        needed = found + len(_lacking(layout, header))
        return len(_lacking(layout, header)) / needed, -found

    return min(LAYOUTS.values(), key=missing_and_found)


def _override(layout: Layout, mapping: Mapping[str, str], header: Sequence[str]) -> Layout:
    for name, column in mapping.items():
        if name not in MAPPABLE:
            raise UsageError(f"--map knows the names {', '.join(MAPPABLE)}. Got {name!r} instead.")
        if _find(column, header) is None:
            raise DataError(
                f"There is no column {column!r} to take as {name!r}{_suggest(column, header)}. "
                f"The columns are: {', '.join(header)}."
            )
    taken = {_key(column) for column in mapping.values()}
    own = {name: column for name, column in layout.columns.items() if name not in mapping and _key(column) not in taken}
    return replace(layout, name="mapped", columns={**own, **mapping})


def _base(header: Sequence[str]) -> Layout:
    """Give the layout that a mapping completes: the nearest, if more than a stray column or two is its own."""
    nearest = _nearest(header)
    n_found = sum(_find(column, header) is not None for column in nearest.columns.values())
    return nearest if 2 * n_found >= len(nearest.columns) else LAYOUTS["customerbase"]


def _suggest(column: str, header: Sequence[str]) -> str:
    near = difflib.get_close_matches(_key(column), [_key(name) for name in header], n=1)
    spelled = _find(near[0], header) if near else None
    return f" (did you mean {spelled!r}?)" if spelled else ""


def _no_layout(header: Sequence[str], nearest: Layout, lacking: Sequence[str]) -> str:
    needs = " and ".join(f"{nearest.columns[name]!r}{_suggest(nearest.columns[name], header)}" for name in lacking)
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
        if sum(_key(other) == _key(column) for other in header) > 1:
            raise DataError(
                f"The column {column!r}, needed for {name!r}, stands twice in the header. "
                "Rename or remove one of the two."
            )


def _refuse_incomplete(columns: Mapping[str, str], header: Sequence[str]) -> None:
    needed = ["customer_id", "ordered_at"] + ([] if "amount" in columns else ["quantity", "unit_price"])
    lacking = [name for name in needed if name not in columns]
    if lacking:
        raise DataError(
            f"No column is known for {' and '.join(lacking)}; the columns are: {', '.join(header)}. "
            f"Pass {' '.join(f'--map {name}=COLUMN' for name in lacking)}."
        )
