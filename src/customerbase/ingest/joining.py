"""Joining: a sheet gets the columns of the tables that it names."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import ibis

from customerbase.errors import DataError
from customerbase.ingest.dialects import is_empty
from customerbase.ingest.formats import AskedColumns, decide_formats
from customerbase.ingest.keys import Relation, key_of
from customerbase.ingest.layout import normalise
from customerbase.ingest.layouts import detect
from customerbase.ingest.meanings import find_meanings, is_generic, plain, subject
from customerbase.ingest.numbers import DecimalSign, parse_number
from customerbase.ingest.sheets import Sheet, name_columns
from customerbase.ingest.stacks import Stack, find_name

__all__ = ["Naming", "attach", "choose_names", "is_complete", "sum_payments"]

_OF_PRODUCTS = {"product_id", "product_name"}


@dataclass(frozen=True)
class Naming:
    """What decides under which names a table gets the columns of another one.

    `given` is what the caller says about columns (canonical → column). `withheld` are columns that must not come.
    Where the parent is a lookup of orders or items (`is_lookup`), it must not pass for the order's own date, customer,
    country or money: a branch has a country too. `is_priced` says that its price is wanted.
    """

    given: Mapping[str, str]
    withheld: tuple[str, ...] = ()
    is_lookup: bool = False
    is_priced: bool = False
    is_complete: bool = False


def choose_names(child: Sheet, parent: Sheet, relation: Relation, label: str, naming: Naming) -> dict[str, str]:
    """Choose the names that the columns of a parent get in a child: their own, with the parent's behind it if need be.

    The brackets keep a column apart from another one of that name or meaning. A plain `name` is that of what the key
    names: `merchant_name`.

    Examples
    --------
    >>> cells = ibis.memtable({"source": ["a"], "source_row": [2]})
    >>> items = Sheet("items.csv", "csv", ("order", "product_id", "price"), (), cells)
    >>> products = Sheet("products.csv", "csv", ("id", "name", "price", "country"), (), cells)
    >>> relation = Relation(0, 1, "product_id", "id", 9, 9, 9, 3, 0, 0)
    >>> list(choose_names(items, products, relation, "products", Naming({}, is_lookup=True)).values())
    ['product_name', 'price (products)', 'country (products)']
    """
    taken = {plain(column) for column in child.header}
    meant = set(find_meanings(child.header, {}).values())
    said = {normalise(column) for column in naming.given.values()}
    withheld = {plain(column) for column in naming.withheld}
    names: dict[str, str] = {}
    for column in dict.fromkeys(parent.header):
        if plain(column) in withheld or _is_key_again(column, relation):
            continue
        name = _full_name(column, relation, naming.given)
        meaning = find_meanings([name], {}).get(name) if normalise(name) not in said else None
        is_apart = meaning is not None and (meaning in meant or not _may_mean(meaning.name, name, relation, naming))
        if naming.is_complete or is_apart or plain(name) in taken:
            name = f"{name} ({label})"
        taken.add(plain(name))
        names[column] = name
    return names


def _is_key_again(column: str, relation: Relation) -> bool:
    return plain(column) == plain(relation.key) and (is_generic(column) or plain(column) == plain(relation.column))


def _full_name(column: str, relation: Relation, given: Mapping[str, str]) -> str:
    if not is_generic(column) or normalise(column) in map(normalise, given.values()):
        return column
    return f"{subject(relation.column)}{'_' if '_' in relation.column else ' '}{column}"


def _may_mean(canonical: str, name: str, relation: Relation, naming: Naming) -> bool:
    if not naming.is_lookup or canonical == "category":
        return True
    if canonical == "unit_price":
        return naming.is_priced
    key = find_meanings([relation.column], naming.given).get(relation.column)
    is_of_products = key is not None and key.name in _OF_PRODUCTS
    if canonical in _OF_PRODUCTS and (is_of_products or plain(name).startswith("product")):
        return True
    return plain(name).startswith(plain(subject(relation.column)))


def is_complete(stack: Stack) -> bool:
    """Tell whether a table is a known export by itself, to which nothing must be added that could change its layout.

    Examples
    --------
    >>> from customerbase.ingest.stacks import stack_sheets
    >>> header = ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID")
    >>> cells = ibis.memtable({"source": ["a"], "source_row": [2]})
    >>> is_complete(stack_sheets([Sheet("a.csv", "csv", header, header, cells)], {})[0])
    True
    """
    try:
        found = detect(stack.header)
    except DataError:
        return False
    return found.grain in {"line", "order"} and found.name not in {"guessed", "customerbase"}


def attach(child: Sheet, parent: Sheet, relation: Relation, names: Mapping[str, str]) -> Sheet:
    """Give a sheet the columns of a parent beside its own; its rows, and their cells as they came, stay.

    Parameters
    ----------
    child
        The sheet.
    parent
        The table whose key stands on one row only, or on equal ones.
    relation
        By which columns they are joined.
    names
        Column of the parent → name in the child.

    Examples
    --------
    >>> items = ibis.memtable({"source": ["a"] * 2, "source_row": [2, 3], "shop": ["1.0", "9"]})
    >>> shops = ibis.memtable({"source": ["b"], "source_row": [2], "id": ["1"], "city": ["Ulm"]})
    >>> one, other = (Sheet(name, "csv", cells.columns[2:], cells.columns[2:], cells)
    ...               for name, cells in (("a", items), ("b", shops)))
    >>> joined = attach(one, other, Relation(0, 1, "shop", "id", 2, 2, 1, 1, 0, 0), {"city": "city"})
    >>> joined.cells.order_by("source_row").city.to_list()
    ['Ulm', None]
    """
    columns = name_columns((*child.columns, *names.values()))[len(child.columns) :]
    child_key, parent_key = ibis.util.gen_name("key"), ibis.util.gen_name("key")
    offered = parent.cells.select(
        **{parent_key: key_of(parent, relation.key)},
        **{column: _value(parent, name, relation) for name, column in zip(names, columns, strict=True)},
    )
    offered = offered.filter(offered[parent_key].notnull())
    offered = offered.distinct() if relation.is_repeated else offered
    rows = child.cells.mutate(**{child_key: key_of(child, relation.column)})
    joined = rows.left_join(offered, rows[child_key] == offered[parent_key])
    cells = joined.select(*(rows[name] for name in child.cells.columns), *(offered[name] for name in columns))
    return replace(
        child,
        header=(*child.header, *columns),
        columns=(*child.columns, *columns),
        cells=cells,
        raw=child.own_cells,
    )


def _value(parent: Sheet, name: str, relation: Relation) -> ibis.Value:
    # Of equal rows, the keys may be written as 7 and 7.0.
    is_key = plain(name) == plain(relation.key)
    return key_of(parent, name) if is_key else parent.cells[parent.column(name)]


def sum_payments(payments: Sheet, key: str, column: str, decimal: DecimalSign | None = None) -> Sheet:
    """Give for each order what was paid for it in all; nothing where one of its payments cannot be read.

    Examples
    --------
    >>> cells = ibis.memtable({"source": ["a"] * 3, "source_row": [2, 3, 4], "order": ["7", "7.0", "8"],
    ...                        "paid": ["1.50", "2", "?"]})
    >>> summed = sum_payments(Sheet("a", "csv", ("order", "paid"), ("order", "paid"), cells), "order", "paid")
    >>> summed.cells.order_by("order").to_pyarrow().to_pylist()
    [{'order': '7', 'paid': Decimal('3.5000')}, {'order': '8', 'paid': None}]
    """
    paid = payments.column(find_name(payments, column) or column)
    (formats,) = decide_formats([AskedColumns(payments, {"amount": paid}, {})], decimal)
    cell, form = payments.cells[paid], formats.number("amount")
    rows = payments.cells.select(order=key_of(payments, key), paid=parse_number(cell, form), is_bad=is_empty(cell))
    rows = rows.filter(rows.order.notnull()).mutate(is_bad=rows.paid.isnull() & ~rows.is_bad)
    sums = rows.group_by("order").agg(paid=ibis.ifelse(rows.is_bad.any(), ibis.null(), rows.paid.sum()))
    return Sheet(payments.source, payments.reader, ("order", "paid"), ("order", "paid"), sums)
