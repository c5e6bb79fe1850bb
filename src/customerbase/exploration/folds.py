"""Folds: the order lines brought down to a few small tables, from which every exploration is made."""

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from customerbase.engine import fetch
from customerbase.schema import MONEY, ORDER_LINES, Dataset

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CONDITIONS", "GUEST", "MISSABLE", "Folds", "add_up", "count_up", "fold", "medians", "meets"]

GUEST = "guest"
"""The rule of cleaning that sets lines without a customer aside."""

MISSABLE = (
    "order_id", "customer_id", "product_id", "product_name", "category", "quantity", "unit_price", "discount",
    "currency", "country", "channel", "coupon_code",
)  # fmt: skip
"""Columns of an order line that may be empty though the line could be read."""

CONDITIONS: Mapping[str, int] = {
    name: 1 << place for place, name in enumerate(("is_return", "negative_quantity", "no_price", *MISSABLE))
}
"""What can be true of a line → its bit in `Folds.orders.conditions`; the name of a column says that it is empty."""

_KEY = ("source", "source_row")
_OF_BUYERS = {"customer_id": "string", "frequency": "int64", "gross_revenue": MONEY}
_NO_BUYERS = ibis.memtable([], schema=_OF_BUYERS)


@dataclass(frozen=True)
class Folds:
    """What the explorations look at; `None` where it is not at hand.

    Parameters
    ----------
    orders
        All lines that were read, kept or not, by `rule` (null: kept), `customer_id`, `order_id`, `country`,
        `is_return`, `is_future`, `hour` (time, cut to the hour) and `conditions` (bits of `CONDITIONS`): `n_lines`,
        `n_repeated_lines`, `amount`, `first_at` and `last_at`.
    products
        The same lines by `rule`, `is_guest`, `is_return`, `is_product`, `product_id`, `product_name` and `category`:
        `n_lines`, `quantity` and `amount`.
    prices
        Paid lines of purchases of known customers and guests by `is_guest`, `unit_price` and `quantity`: `n_lines`.
    values
        For each column of the cells as they came, by `position` and name of the `column`, and `value` (null: empty):
        `n_rows`.
    buyers
        `customer_id`, `frequency` and `gross_revenue` of the customers with a purchase.
    numbers
        The numeric features as floats, one row per customer, sorted by customer; those without a purchase stay out.
    """

    orders: ir.Table
    products: ir.Table
    prices: ir.Table
    values: tuple[ir.Table, ...]
    buyers: ir.Table
    numbers: "pd.DataFrame"


def fold(dataset: Dataset, set_aside: ir.Table | None = None, features: ir.Table | None = None) -> Folds:
    """Fold the lines once into each of the tables of `Folds`; parameters as in `explore`.

    Examples
    --------
    >>> from customerbase.cleaning import clean
    >>> lines = ibis.memtable({"source": ["a"] * 3, "source_row": [2, 3, 4], "order_id": ["1", "1", "2"],
    ...                        "customer_id": ["ann", "ann", None], "amount": [5, 4, 3],
    ...                        "ordered_at": ["2024-05-01"] * 3})
    >>> cleaned = clean(Dataset(lines.cast({"ordered_at": "timestamp"})))
    >>> folds = fold(cleaned.data, cleaned.set_aside)
    >>> folds.orders.select("order_id", "n_lines", "rule").order_by("order_id").to_pyarrow().to_pylist()
    [{'order_id': '1', 'n_lines': 2, 'rule': None}, {'order_id': '2', 'n_lines': 1, 'rule': 'guest'}]
    """
    lines = _stack(dataset.order_lines, set_aside)
    values = () if dataset.cells is None else _fold_values(dataset.cells)
    buyers, numbers = _take_features(_NO_BUYERS if features is None else features)
    return Folds(_fold_orders(lines), _fold_products(lines), _fold_prices(lines), values, buyers, numbers)


def _stack(kept: ir.Table, aside: ir.Table | None) -> ir.Table:
    names = [column.name for column in ORDER_LINES]
    lines = kept.select(*names, rule=ibis.null("string"))
    return lines if aside is None else lines.union(aside.select(*names, "rule"))


def _fold_orders(lines: ir.Table) -> ir.Table:
    grain = ["rule", "customer_id", "order_id", "country", "is_return", "is_future"]
    made = lines.select(
        *grain,
        "amount",
        "is_repeated_line",
        "ordered_at",
        hour=lines.ordered_at.truncate("h"),
        conditions=_set_bits(lines),
    )
    folded = made.group_by(*grain, "hour", "conditions").agg(
        n_lines=made.count(),
        n_repeated_lines=made.count(where=made.is_repeated_line),
        amount=made.amount.sum().cast(MONEY),
        first_at=made.ordered_at.min(),
        last_at=made.ordered_at.max(),
    )
    return fetch(folded)


def _set_bits(lines: ir.Table) -> ir.IntegerValue:
    """Give each line a number that has one bit for each of `CONDITIONS` that is true of it."""
    met = {
        "is_return": lines.is_return,
        "negative_quantity": lines.quantity < 0,
        "no_price": lines.unit_price <= 0,
        **{name: lines[name].isnull() for name in MISSABLE},
    }
    bits = (ibis.ifelse(met[name], bit, 0).cast("int64") for name, bit in CONDITIONS.items())
    return functools.reduce(operator.add, bits)


def _fold_products(lines: ir.Table) -> ir.Table:
    grain = ["rule", "is_return", "is_product", "product_id", "product_name", "category"]
    made = lines.select(*grain, "amount", "quantity", is_guest=lines.customer_id.isnull())
    folded = made.group_by(*grain, "is_guest").agg(
        n_lines=made.count(), quantity=made.quantity.sum().cast(MONEY), amount=made.amount.sum().cast(MONEY)
    )
    return fetch(folded)


def _fold_prices(lines: ir.Table) -> ir.Table:
    is_known = lines.rule.isnull() | (lines.rule == GUEST)
    is_paid = (lines.unit_price > 0).fill_null(False) | (lines.amount > 0).fill_null(False)
    paid = lines.filter(is_known & is_paid & ~lines.is_return)
    made = paid.select("unit_price", "quantity", is_guest=paid.customer_id.isnull())
    return fetch(made.group_by("is_guest", "unit_price", "quantity").agg(n_lines=made.count()))


def _fold_values(cells: ir.Table) -> tuple[ir.Table, ...]:
    names = [name for name in cells.columns if name not in _KEY]
    sources = _list_sources(cells, names)
    # One after the other: many values of many columns at a time do not fit into memory.
    return tuple(fetch(_count_values(cells, place, name, sources[place])) for place, name in enumerate(names))


def _list_sources(cells: ir.Table, names: Sequence[str]) -> list[list[str] | None]:
    """List for each column the sources in which it has a value; None where that is all of them, or none."""
    if cells.source.nunique().execute() <= 1:
        return [None] * len(names)
    has_value = {f"column {place}": cells[name].notnull().any() for place, name in enumerate(names)}
    rows = cells.group_by("source").agg(**has_value).to_pyarrow().to_pylist()
    listed = [[row["source"] for row in rows if row[mark]] for mark in has_value]
    return [None if len(sources) in {0, len(rows)} else sources for sources in listed]


def _count_values(cells: ir.Table, place: int, name: str, sources: list[str] | None) -> ir.Table:
    rows = cells if sources is None else cells.filter(cells.source.isin(sources))
    counted = rows.group_by(cell=rows[name].cast("string")).agg(n_rows=rows.count())
    # Fewer cells are different than there are rows: these are looked at more closely.
    values = counted.group_by(value=counted.cell.strip().nullif("")).agg(n_rows=count_up(counted.n_rows))
    return values.select("value", "n_rows", position=ibis.literal(place + 1, "int64"), column=ibis.literal(name))


def _take_features(features: ir.Table) -> tuple[ir.Table, "pd.DataFrame"]:
    is_of_orders = set(_OF_BUYERS) <= set(features.columns)  # else of coupons, or of a file of one row per customer
    customers = features.filter(features.frequency > 0) if is_of_orders else features
    numeric = [name for name, type_ in customers.schema().items() if type_.is_numeric() and name != "customer_id"]
    floats = {name: customers[name].cast("float64") for name in numeric}
    numbers: pd.DataFrame = customers.select("customer_id", **floats).order_by("customer_id").to_pandas()
    return customers.select(*_OF_BUYERS) if is_of_orders else _NO_BUYERS, numbers.set_index("customer_id")


def add_up(value: ir.DecimalValue, where: ir.BooleanValue | None = None) -> ir.DecimalValue:
    """Add up money or quantities exactly; 0 where there is nothing to add.

    Examples
    --------
    >>> lines = ibis.memtable({"amount": ["1.10", "2.20"]}).cast({"amount": MONEY})
    >>> add_up(lines.amount).to_pyarrow().as_py(), add_up(lines.amount, lines.amount > 5).to_pyarrow().as_py()
    (Decimal('3.3000'), Decimal('0.0000'))
    """
    return value.sum(where=where).fill_null(0).cast(MONEY)


def count_up(counts: ir.IntegerValue, where: ir.BooleanValue | None = None) -> ir.IntegerValue:
    """Add up counts; 0 where there is nothing to add.

    Examples
    --------
    >>> count_up(ibis.memtable({"n_lines": [2, 3]}).n_lines).to_pyarrow().as_py()
    5
    """
    # DuckDB sums integers to 128 bits, which Parquet can only hold as floating point.
    return counts.sum(where=where).fill_null(0).cast("decimal(18, 0)").cast("int64")


def medians(folded: ir.Table, by: str, value: str) -> ir.Table:
    """Give the mean and the median of a value over lines that were folded, as floats, for each group.

    Parameters
    ----------
    folded
        One row per group and value, with `n_lines`.
    by
        Column of the groups.
    value
        Column of the value; rows without one do not count.

    Examples
    --------
    >>> folded = ibis.memtable({"is_guest": [False] * 3, "quantity": [1, 2, 9], "n_lines": [1, 1, 2]})
    >>> medians(folded, "is_guest", "quantity").to_pyarrow().to_pylist()
    [{'is_guest': False, 'mean_quantity': 5.25, 'median_quantity': 5.5}]
    """
    known = folded.filter(folded[value].notnull())
    sizes = known.group_by(by, value).agg(n=count_up(known.n_lines))
    upto = ibis.window(group_by=by, order_by=value, preceding=None, following=0)
    placed = sizes.mutate(reached=sizes.n.sum().over(upto), total=sizes.n.sum().over(ibis.window(group_by=by)))
    lower = placed[value].min(where=placed.reached * 2 >= placed.total)
    upper = placed[value].min(where=placed.reached * 2 > placed.total)
    made: dict[str, Any] = {
        f"mean_{value}": (placed[value] * placed.n).sum().cast("float64") / placed.n.sum().cast("float64"),
        f"median_{value}": (lower.cast("float64") + upper.cast("float64")) / 2,
    }
    return placed.group_by(by).agg(**made)


def meets(orders: ir.Table, condition: str) -> ir.BooleanValue:
    """Tell which rows of `Folds.orders` are of lines that meet one of `CONDITIONS`.

    Examples
    --------
    >>> orders = ibis.memtable({"conditions": [CONDITIONS["no_price"], CONDITIONS["no_price"] + 1, 1]})
    >>> meets(orders, "no_price").to_list()
    [True, True, False]
    """
    return (orders.conditions & CONDITIONS[condition]) > 0
