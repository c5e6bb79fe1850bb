"""Repetition: equal lines within an order, and whole orders that stand twice in an export."""

import functools
import operator

import ibis
import ibis.expr.types as ir

from customerbase.engine import keep
from customerbase.schema import INGESTED_LINES

__all__ = ["find_repetition"]

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
