"""A layout: which column of an export holds what, and which of its rows are no plain sale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from customerbase.schema import COUPON_EVENTS, CUSTOMERS, MEASURES, ORDER_LINES, Field

__all__ = [
    "COUPON_COLUMNS",
    "CUSTOMER_COLUMNS",
    "MAPPABLE",
    "ORDER_COLUMNS",
    "TIP",
    "Condition",
    "Grain",
    "Join",
    "Layout",
    "find_column",
    "normalise",
    "spell",
]

Grain = Literal["line", "order", "customer", "coupon"]


def _mappable(*contract: Field) -> tuple[str, ...]:
    names = (column.name for column in contract)
    return tuple(name for name in names if name not in {"source", "source_row"} and not name.startswith("is_"))


ORDER_COLUMNS = _mappable(*ORDER_LINES)
"""The canonical columns that a layout can take from an export of orders."""

CUSTOMER_COLUMNS = _mappable(*CUSTOMERS, *MEASURES)
"""Those of a file with one row per customer; its other numeric columns come with it under their own names."""

COUPON_COLUMNS = (*_mappable(*COUPON_EVENTS), "burnt_at")
"""Those of a coupon file: `event` holds the status of the coupon, `burnt_at` when it was burnt."""

MAPPABLE = tuple(dict.fromkeys((*ORDER_COLUMNS, *CUSTOMER_COLUMNS, *COUPON_COLUMNS)))
"""All of these."""

TIP = "TIP"
"""The code of a line that is a tip."""


@dataclass(frozen=True)
class Condition:
    """A question to the text of one column of the export: whether all of it fits a pattern, in any case.

    An empty cell is an empty text, so the pattern `""` asks for it. With `is_negated`, the rows are meant whose cell is
    filled and does not fit.

    Examples
    --------
    >>> Condition("Status", "cancelled|failed").column
    'Status'
    """

    column: str
    pattern: str
    is_negated: bool = False


@dataclass(frozen=True)
class Join:
    """Which table names a row of which other one, and by which column.

    A table is called by its file or sheet, with or without the suffix and the numbers in it: `orders` is also
    `orders-2023.csv` and `orders-2024.csv`. Without a `key`, the column bears the same name in both.

    Examples
    --------
    >>> Join("items", "order", "orders", key="number").to
    'orders'
    """

    table: str
    column: str
    to: str
    key: str | None = None


@dataclass(frozen=True)
class Layout:
    """Where an export keeps the canonical columns, and how its rows are to be understood.

    `columns` maps canonical names to the export's own; `optional` are canonical names that the layout can do without,
    and `spellings` has the names that a column bears in other years. An order whose id begins with one of `cancelling`
    undoes another one (its lines are returns); with one of `adjusting`, it is a correction in the books and no order.

    `grain` says what a row is, and `amounts` what its money includes. Rows of `void_when` belong to orders that do not
    count; those of `return_when` are returns, whatever their signs; `not_products` has the code to give to lines that
    sell no product. `refunded` names two columns, what was paid back of an order and what the order came to: the same
    share is taken off each of its lines, and an order that was paid back whole does not count. `goods_total` names the
    column with what the goods of an order came to after all discounts, without tips: where the lines come to more, that
    was a discount on the whole order, and the same share is taken off each of them. Where `is_filled_down`,
    cells of an order that stand only on one of its rows hold for all of them. `time_of_day` names the column of the
    time where `ordered_at` has only the day. `percentages` are canonical names whose values are percent, not shares.
    `joins` says which of several tables belong together, where that is not to be seen from their names and values.

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
    spellings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    grain: Grain = "line"
    amounts: str = ""
    void_when: tuple[Condition, ...] = ()
    return_when: tuple[Condition, ...] = ()
    not_products: tuple[tuple[str, Condition], ...] = ()
    refunded: tuple[str, str] | None = None
    goods_total: str | None = None
    is_filled_down: bool = False
    time_of_day: str | None = None
    joins: tuple[Join, ...] = ()
    percentages: frozenset[str] = field(default_factory=frozenset)

    def find(self, name: str, header: Sequence[str]) -> str | None:
        """Give the column of a header that holds a canonical column, spelled as it stands there.

        Examples
        --------
        >>> Layout("my-shop", {"amount": "Total"}, spellings={"amount": ("Sum",)}).find("amount", ["SUM"])
        'SUM'
        """
        names = (self.columns.get(name, name), *self.spellings.get(name, ()))
        return next((found for column in names if (found := find_column(column, header)) is not None), None)


def normalise(column: str) -> str:
    """Give a column name as it is compared: without spaces around it, in any case.

    Examples
    --------
    >>> normalise(" Customer ID")
    'customer id'
    """
    return column.strip().casefold()


def find_column(column: str, header: Sequence[str]) -> str | None:
    """Give the name of a header that is the column in any case; None where there is none.

    Examples
    --------
    >>> find_column("Price", ["Invoice", "PRICE"])
    'PRICE'
    """
    if column in header:
        return column
    return next((name for name in header if normalise(name) == normalise(column)), None)


def spell(layout: Layout, header: Sequence[str]) -> Layout:
    """Keep of a layout what is there in a header, spelled as it stands there.

    Examples
    --------
    >>> spell(Layout("my-shop", {"amount": "Total", "country": "Land"}), ["TOTAL"]).columns
    {'amount': 'TOTAL'}
    """
    refunded = tuple(find_column(column, header) for column in layout.refunded or ())
    return replace(
        layout,
        columns={name: column for name in layout.columns if (column := layout.find(name, header)) is not None},
        void_when=_spell_conditions(layout.void_when, header),
        return_when=_spell_conditions(layout.return_when, header),
        not_products=tuple(
            (code, spelled) for code, asked in layout.not_products for spelled in _spell_conditions((asked,), header)
        ),
        refunded=(refunded[0], refunded[1]) if refunded and refunded[0] and refunded[1] else None,
        goods_total=find_column(layout.goods_total, header) if layout.goods_total else None,
        time_of_day=find_column(layout.time_of_day, header) if layout.time_of_day else None,
    )


def _spell_conditions(conditions: Sequence[Condition], header: Sequence[str]) -> tuple[Condition, ...]:
    found = ((condition, find_column(condition.column, header)) for condition in conditions)
    return tuple(replace(condition, column=column) for condition, column in found if column is not None)
