"""Cleaning: every table by its rules, one audit and one quarantine for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.cleaning.audit import Audit, Part, sum_up
from customerbase.cleaning.coupon_events import clean_coupon_events
from customerbase.cleaning.customers import clean_customers
from customerbase.cleaning.order_lines import clean_order_lines
from customerbase.cleaning.rules import switch
from customerbase.errors import DataError
from customerbase.schema import CARRIED, ORDER_LINES, Dataset

__all__ = ["Cleaned", "clean"]

_KEY = ("source", "source_row")
_COLUMNS = {column.name: column.type for column in ORDER_LINES}
_NO_LINES = ibis.memtable([], schema=_COLUMNS)
_NOTHING_SET_ASIDE = ibis.memtable([], schema=_COLUMNS | {"rule": "string"})


@dataclass(frozen=True)
class Cleaned:
    """Clean tables, the audit, and every row set aside with its rule and its cells as they came.

    `set_aside` has those rows that are order lines as such: the columns of `ORDER_LINES`, and `rule`.
    """

    data: Dataset
    audit: Audit
    quarantine: ir.Table
    set_aside: ir.Table


def clean(
    dataset: Dataset,
    *,
    rules: Mapping[str, bool] | None = None,
    today: date | None = None,
    products: Mapping[str, bool] | None = None,
    currency: str | None = None,
    rates: Mapping[str, Any] | None = None,
) -> Cleaned:
    """Set aside what cannot be used and mark what is special; rows in = rows kept + rows set aside, in every table.

    Parameters
    ----------
    dataset
        Order lines, customers and coupon events as `read` gives them.
    rules
        Name of a rule → whether it is on, for those that are not to stand as in `RULES`.
    today
        Lines dated after this day are marked `is_future`; without it, none is.
    products
        Code → whether it is a product, where the rule `is_product` is wrong about it; case makes no difference.
    currency
        The currency that is wanted, such as `EUR`; lines in another one are set aside, or converted by `rates`.
    rates
        Code of another currency → what one unit of it is worth in the wanted one.

    Returns
    -------
    Cleaned
        The rows kept with their marks, the audit, and the rows set aside with the rule that caught each.

    Raises
    ------
    DataError
        A table lacks a column that it must have.
    UsageError
        A rule that does not exist, or a rate that is no number above zero.

    Examples
    --------
    >>> lines = ibis.memtable({"source": ["a", "a"], "source_row": [2, 3], "customer_id": ["ann", None],
    ...                        "ordered_at": ["2024-05-01", "2024-05-01"], "amount": [5, 5]})
    >>> cleaned = clean(Dataset(lines.cast({"ordered_at": "timestamp"})))
    >>> cleaned.data.order_lines.customer_id.to_list()
    ['ann']
    >>> cleaned.quarantine.select("source_row", "rule").to_pyarrow().to_pylist()
    [{'source_row': 3, 'rule': 'guest'}]
    """
    is_on = switch(rules or {})
    settings = (is_on, today, products, currency, rates, dataset.is_in_place)
    lines = clean_order_lines(dataset.order_lines, *settings) if dataset.has_orders else None
    customers = None if dataset.customers is None else clean_customers(dataset.customers, is_on)
    events = None if dataset.coupon_events is None else clean_coupon_events(dataset.coupon_events, is_on)
    parts = [part for part in (lines, customers, events) if part is not None]
    if not parts:
        raise DataError("The data set has no orders, customers or coupon events. Read a file that has some.")
    data = replace(
        dataset,
        order_lines=lines.kept if lines else _NO_LINES,
        customers=customers.kept if customers else None,
        coupon_events=events.kept if events else None,
    )
    set_aside = lines.set_aside.select(*_COLUMNS, "rule") if lines else _NOTHING_SET_ASIDE
    return Cleaned(data, sum_up(parts, dataset.formats), _set_aside(parts, dataset), set_aside)


def _set_aside(parts: Sequence[Part], dataset: Dataset) -> ir.Table:
    """Join the rows that were set aside with their cells; where these are not known, with what the tables have."""
    cells = dataset.cells
    if cells is None:
        return _stack_as_text([part.set_aside for part in parts])
    if dataset.is_in_place:
        return _stack_as_text([_take_carried(part.set_aside) for part in parts])
    rows = [part.set_aside.select(*_KEY, "rule") for part in parts]
    # A row of a coupon file may stand there once for each of its events.
    joined = cells.join(ibis.union(*rows, distinct=True) if len(rows) > 1 else rows[0].distinct(), _KEY)
    return joined.select(*_KEY, "rule", *(name for name in cells.columns if name not in _KEY))


def _take_carried(rows: ir.Table) -> ir.Table:
    """Give the rows of a server with the cells that they carry."""
    carried = {name.removeprefix(CARRIED): rows[name] for name in rows.columns if name.startswith(CARRIED)}
    return rows.select(*_KEY, "rule", **carried)


def _stack_as_text(tables: Sequence[ir.Table]) -> ir.Table:
    if len(tables) == 1:
        return tables[0]
    names = dict.fromkeys(name for table in tables for name in table.columns)
    texts = [
        table.select(
            source=table.source.cast("string"),
            source_row=table.source_row.cast("int64"),
            **{
                name: table[name].cast("string") if name in table.columns else ibis.null("string")
                for name in names
                if name not in _KEY
            },
        )
        for table in tables
    ]
    return ibis.union(*texts)
