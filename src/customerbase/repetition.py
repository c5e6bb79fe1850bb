"""Repetition: equal lines within an order, and whole orders that stand twice in an export."""

import functools
import operator
from collections.abc import Mapping, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.engine import keep
from customerbase.schema import INGESTED_LINES

__all__ = ["find_repetition", "number_in_place"]

_KEY = ("source", "source_row")
_MARKS = {"unreadable", "is_return", "is_adjustment", "is_void"}
_CONTENT = tuple(column.name for column in INGESTED_LINES if column.name not in {*_KEY, *_MARKS})
_PROBE = ("order_id", "product_id", "ordered_at", "quantity", "amount")
"""Enough of a line to find nearly all lines that stand alone, at the price of five columns."""

_MAX_COPIES = 32
_MIN_ORDERS_OF_DAY = 5
_MIN_REPEATED_SHARE = 0.9


def find_repetition(lines: ir.Table) -> ir.Table | None:
    """Find the lines that have an equal one in the same order; None where there are none.

    Let g be the greatest common divisor of the counts of an order's distinct lines. An order is repeated when g >= 2
    and its copies stand in different sources, or on a day with at least five orders of which at least 90 % have g >= 2:
    an export that was appended twice repeats whole days, a product scanned twice does not. One g-th of a repeated order
    is to be kept.

    Parameters
    ----------
    lines
        Order lines that could be read.

    Returns
    -------
    Table
        `source`, `source_row`, `copy_number` (1, 2, … among equal lines) and `n_to_keep` of these copies. The result
        does not depend on the order of rows, but for which of two equal rows is called the copy.

    Examples
    --------
    >>> line = dict.fromkeys(_CONTENT) | {"order_id": "536365", "product_id": "mug"}
    >>> lines = ibis.memtable([{"source": source, "source_row": 2, **line} for source in ("june.csv", "may.csv")])
    >>> lines = lines.cast({column.name: column.type for column in INGESTED_LINES if column.name in lines.columns})
    >>> find_repetition(lines).order_by("source").to_pyarrow().to_pylist()
    [{'source': 'june.csv', 'source_row': 2, 'copy_number': 1, 'n_to_keep': 1},
     {'source': 'may.csv', 'source_row': 2, 'copy_number': 2, 'n_to_keep': 1}]
    """
    equal = _find_equal_lines(lines)
    if equal is None:
        return None
    repeated = keep(_find_repeated_orders(lines, equal))
    divisor = repeated.divisor.fill_null(1)
    joined = equal.left_join(repeated, "order_id")
    return keep(joined.select(*_KEY, "copy_number", n_to_keep=(joined.n_equal // divisor).cast("int64")))


def _find_equal_lines(lines: ir.Table) -> ir.Table | None:
    numbered = lines.filter(lines.order_id.notnull())
    probed = numbered.mutate(probe=functools.reduce(operator.xor, (numbered[name].hash() for name in _PROBE)))
    # Nearly all lines stand alone: five columns tell which; the others are read only where these are alike.
    shared = keep(probed.group_by("probe").having(lambda table: table.count() > 1).agg())
    if shared.count().execute() == 0:
        return None
    candidates = probed.semi_join(shared, "probe").select(*_KEY, *_CONTENT)
    counted = candidates.select(
        *_KEY,
        "order_id",
        "ordered_at",
        copy_number=ibis.row_number().over(ibis.window(group_by=_CONTENT, order_by=_KEY)).cast("int64") + 1,
        n_equal=candidates.count().over(ibis.window(group_by=_CONTENT)),
        is_in_two_sources=_differ(candidates.source),
    )
    equal = keep(counted.filter(counted.n_equal > 1))
    return equal if equal.count().execute() else None


def _differ(sources: ir.StringColumn) -> ir.BooleanValue:
    equal_lines = ibis.window(group_by=_CONTENT)
    return sources.min().over(equal_lines) != sources.max().over(equal_lines)


def _find_repeated_orders(lines: ir.Table, equal: ir.Table) -> ir.Table:
    """Give `order_id` and `divisor` (g) of the orders that are repeated."""
    doubled = keep(_find_doubled_orders(lines, equal))
    if doubled.count().execute() == 0:
        return doubled.select("order_id", "divisor")
    days = _find_repeated_days(lines, doubled)
    return doubled.filter(doubled.is_in_two_sources | doubled.day.isin(days.day)).select("order_id", "divisor")


def _find_doubled_orders(lines: ir.Table, equal: ir.Table) -> ir.Table:
    """Give the orders with g >= 2: none of their lines stands alone."""
    orders = equal.group_by("order_id").agg(
        n_equal_rows=equal.count(),
        divisor=_greatest_common_divisor(equal.n_equal),
        is_in_two_sources=equal.is_in_two_sources.all(),
        day=equal.ordered_at.min().date(),
    )
    orders = orders.filter(orders.divisor.notnull())
    sizes = lines.semi_join(orders, "order_id").group_by("order_id").agg(n_rows=lambda table: table.count())
    joined = orders.join(sizes, "order_id")
    return joined.filter(joined.n_rows == joined.n_equal_rows)


def _greatest_common_divisor(counts: ir.IntegerColumn) -> ir.IntegerScalar:
    divisors = range(_MAX_COPIES, 1, -1)
    return ibis.cases(*(((counts % divisor == 0).all(), divisor) for divisor in divisors))


def _find_repeated_days(lines: ir.Table, doubled: ir.Table) -> ir.Table:
    orders = lines.group_by("order_id").agg(day=lambda table: table.ordered_at.min().date())
    orders = orders.filter(orders.order_id.notnull())
    n_orders = orders.semi_join(doubled, "day").group_by("day").agg(n_orders=lambda table: table.count())
    n_doubled = doubled.group_by("day").agg(n_doubled=doubled.count())
    days = n_orders.join(n_doubled, "day")
    is_repeated = (days.n_orders >= _MIN_ORDERS_OF_DAY) & (days.n_doubled >= _MIN_REPEATED_SHARE * days.n_orders)
    return days.filter(is_repeated).select("day")


def number_in_place(lines: ir.Table) -> ir.Table:
    """Give lines that have no place the numbers of their copies that `find_repetition` gives to others.

    Parameters
    ----------
    lines
        Order lines, those among them that could not be read too: they are no copies.

    Returns
    -------
    Table
        The lines with `copy_number` and `n_to_keep`, both 1 for a line that stands alone.

    Examples
    --------
    >>> line = dict.fromkeys([*_CONTENT, "source_row", "unreadable"]) | {"order_id": "536365", "product_id": "mug"}
    >>> marks = {"is_void": False, "is_adjustment": False, "is_return": False}
    >>> lines = ibis.memtable([{"source": source, **line, **marks} for source in ("june", "may")])
    >>> lines = lines.cast({column.name: column.type for column in INGESTED_LINES})
    >>> numbered = number_in_place(lines).order_by("source")
    >>> numbered.select("source", "copy_number", "n_to_keep").to_pyarrow().to_pylist()
    [{'source': 'june', 'copy_number': 1, 'n_to_keep': 1}, {'source': 'may', 'copy_number': 2, 'n_to_keep': 1}]
    """
    is_asked = lines.unreadable.isnull() & lines.order_id.notnull()
    suspects = _find_suspects(lines.filter(is_asked))
    found = suspects.to_pyarrow().to_pylist()
    if not found:
        return lines.mutate(copy_number=ibis.literal(1, "int64"), n_to_keep=ibis.literal(1, "int64"))
    equal = [is_asked, *_CONTENT]
    numbered = lines.mutate(
        is_asked=is_asked,
        copy_number=ibis.row_number().over(ibis.window(group_by=equal, order_by=[*_KEY, *_ORDER])).cast("int64") + 1,
        n_equal=lines.count().over(ibis.window(group_by=equal)),
    )
    divided = _divide(numbered, suspects, found)
    return divided.select(
        *(divided[name] for name in lines.columns),
        copy_number=ibis.ifelse(divided.is_asked, divided.copy_number, 1),
        n_to_keep=ibis.ifelse(divided.is_asked, divided.n_equal // divided.divisor, 1).cast("int64"),
    )


def _find_suspects(lines: ir.Table) -> ir.Table:
    """Give the orders with equal lines, and by what the counts of these can be divided; 1 where nothing is repeated."""
    alike = lines.group_by(*_CONTENT).agg(n_equal=lines.count(), is_in_two=lines.source.min() != lines.source.max())
    orders = alike.group_by("order_id").agg(
        most=alike.n_equal.max(),
        divisors=_list_divisors(alike.n_equal).bit_and(),
        is_in_two=alike.is_in_two.all(),
        day=alike.ordered_at.min().date(),
    )
    day = ibis.window(group_by=orders.day)
    orders = orders.mutate(
        n_orders=orders.count().over(day), n_doubled=ibis.ifelse(orders.divisors > 0, 1, 0).sum().over(day)
    )
    is_day = (orders.n_orders >= _MIN_ORDERS_OF_DAY) & (orders.n_doubled >= _MIN_REPEATED_SHARE * orders.n_orders)
    suspects = orders.mutate(divisor=ibis.ifelse(orders.is_in_two | is_day, _greatest(orders.divisors), 1))
    return suspects.filter(suspects.most > 1).select("order_id", "divisor")


def _divide(lines: ir.Table, suspects: ir.Table, found: Sequence[Mapping[str, Any]]) -> ir.Table:
    """Add to each line the divisor of its order: written down where the orders are few, else found out anew."""
    repeated: dict[int, list[str]] = {}
    for order in found:
        if order["divisor"] > 1:
            repeated.setdefault(order["divisor"], []).append(order["order_id"])
    if sum(map(len, repeated.values())) <= _MOST_WRITTEN:
        cases = [(lines.order_id.isin(sorted(names)), divisor) for divisor, names in sorted(repeated.items())]
        return lines.mutate(divisor=ibis.cases(*cases, else_=1) if cases else ibis.literal(1))
    joined = lines.left_join(suspects, "order_id").drop("order_id_right")
    return joined.mutate(divisor=joined.divisor.fill_null(1))


_MOST_WRITTEN = 5_000
_ORDER = ("is_void", "is_adjustment", "is_return")


def _list_divisors(counts: ir.IntegerColumn) -> ir.IntegerColumn:
    """Give a number with one bit for each divisor of a count, from 2 to the most copies; 0 of a line that is alone."""
    bits = [ibis.ifelse(counts % divisor == 0, 1 << divisor, 0) for divisor in range(2, _MAX_COPIES + 1)]
    return ibis.ifelse(counts > 1, functools.reduce(operator.add, bits), 0).cast("int64")


def _greatest(divisors: ir.IntegerColumn) -> ir.IntegerValue:
    found = (((divisors & (1 << divisor)) > 0, divisor) for divisor in range(_MAX_COPIES, 1, -1))
    return ibis.ifelse(divisors > 0, ibis.cases(*found), 1).fill_null(1)
