"""Findings about measures of customers: figures of one row that do not go together."""

from decimal import Decimal

import ibis
import ibis.expr.types as ir

from customerbase.checkup.finding import N_EXAMPLES, Finding, money, units
from customerbase.checkup.folds import CheckupInput
from customerbase.schema import MONEY

__all__ = ["find_contradicting_spend"]

MOST_APART = Decimal("1.5")
"""Returns, discounts and rounding part spend from orders × average order value, seldom by half of it."""

LEAST_SHARE = 0.1
LEAST_ROWS = 20
"""Of less than a tenth of the rows, or of under 20, returns may be the reason: then nothing is said."""

_PARTS = ("frequency", "average_order_value", "monetary")


def find_contradicting_spend(seen: CheckupInput) -> Finding | None:
    """Find rows of customers in which orders × average order value is far from spend."""
    if seen.people is None or not set(_PARTS) <= set(seen.people.columns):
        return None
    rows = _compare(seen.people)
    above, below = rows.expected > MOST_APART * rows.spend, rows.spend > MOST_APART * rows.expected
    apart = rows.filter(above | below)
    counts = rows.agg(
        n=rows.count(),
        above=rows.count(where=above),
        below=rows.count(where=below),
        expected=rows.expected.sum(),
        spend=rows.spend.sum(),
    )
    found = counts.to_pyarrow().to_pylist()[0]
    n_apart = found["above"] + found["below"]
    if n_apart < max(LEAST_ROWS, LEAST_SHARE * found["n"]):
        return None
    sums = apart.agg(customers=apart.customer_id.nunique(), amount=apart.spend.sum()).to_pyarrow().to_pylist()[0]
    return Finding(
        "contradicting_spend",
        n_apart,
        sums["customers"],
        sums["amount"],
        f"orders × average order value is over {MOST_APART} times the spend in {found['above']:,} of {found['n']:,} "
        f"rows, and the spend over {MOST_APART} times that in {found['below']:,}; of all rows "
        f"{money(found['expected'])} against {money(found['spend'])}: {_quote(apart)}",
        f"nothing: in {n_apart:,} of {found['n']:,} rows orders × average order value and spend are over {MOST_APART} "
        "times apart, so that one of the three must mean something else than its name",
        "ask where the columns come from (other times? with returns?), and trust the segments only as far as the spend",
    )


def _compare(people: ir.Table) -> ir.Table:
    """Give orders × average order value beside spend, of the rows that know all three, exactly."""
    orders, value, spend = (people[name].cast(MONEY) for name in _PARTS)
    known = people.filter((orders >= 0) & (value >= 0) & (spend >= 0))
    orders, value, spend = (known[name].cast(MONEY) for name in _PARTS)
    rows = known.select("customer_id", "source", "source_row", orders=orders, value=value, spend=spend)
    rows = rows.mutate(expected=(rows.orders * rows.value).cast(MONEY))
    return rows.mutate(gap=(rows.expected - rows.spend).abs())


def _quote(apart: ir.Table) -> str:
    order = [ibis.desc("gap"), "customer_id", "source", "source_row"]
    rows = apart.order_by(order).limit(N_EXAMPLES).to_pyarrow().to_pylist()
    return "; ".join(
        f"{row['source']} row {row['source_row']}: customer {row['customer_id']}, {units(row['orders'])} × "
        f"{money(row['value'])} = {money(row['expected'])}, spend {money(row['spend'])}"
        for row in rows
    )
