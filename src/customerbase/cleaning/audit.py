"""The audit: what came in, what was kept, and what each rule caught, over all tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import ibis.expr.types as ir

from customerbase.cleaning.rules import RULES
from customerbase.schema import Format
from customerbase.tidy_html import html_table

__all__ = ["Audit", "Part", "RuleOutcome", "TableCount", "count_rules", "sum_up"]


@dataclass(frozen=True)
class RuleOutcome:
    """What one rule did in one table: the rows, customers and money (net) that it caught.

    `share` is the part that these rows are of all rows that came in. `amount` is missing where a table has no money.
    """

    rule: str
    kind: str
    rows: int
    customers: int
    amount: Decimal | None
    share: float
    table: str = "order_lines"


@dataclass(frozen=True)
class TableCount:
    """How many rows came in for a table, and how many were kept; a coupon file counts by its rows, not their events."""

    table: str
    rows_in: int
    rows_kept: int


@dataclass(frozen=True)
class Audit:
    """What came in, what was kept, and what each rule caught. Marks are counted among the rows kept.

    `rows_in` and `rows_kept` are over all tables; `tables` has them one by one.
    """

    rows_in: int
    rows_kept: int
    outcomes: tuple[RuleOutcome, ...]
    formats: tuple[Format, ...]
    tables: tuple[TableCount, ...] = ()

    def _repr_html_(self) -> str:
        title = f"{self.rows_in:,} rows came in, {self.rows_kept:,} were kept"
        caught = [each for each in self.outcomes if each.rows]
        rows = [(each.rule, each.kind, each.rows, each.customers, _money(each.amount)) for each in caught]
        return html_table(title, ["rule", "kind", "rows", "customers", "amount"], rows)


@dataclass(frozen=True)
class Part:
    """One table after cleaning: the rows kept, and those set aside with their `rule`."""

    kept: ir.Table
    set_aside: ir.Table
    count: TableCount
    outcomes: tuple[RuleOutcome, ...]


def _money(amount: Decimal | None) -> float | str:
    return "–" if amount is None else float(amount)


def sum_up(parts: Sequence[Part], formats: tuple[Format, ...]) -> Audit:
    """Give the audit of several tables.

    Examples
    --------
    >>> sum_up([], ()).rows_in
    0
    """
    rows_in = sum(part.count.rows_in for part in parts)
    outcomes = (replace(each, share=each.rows / max(rows_in, 1)) for part in parts for each in part.outcomes)
    counts = tuple(part.count for part in parts)
    return Audit(rows_in, sum(count.rows_kept for count in counts), tuple(outcomes), formats, counts)


def count_rules(rows: ir.Table, table: str, asked: Sequence[str]) -> tuple[TableCount, tuple[RuleOutcome, ...]]:
    """Count the rows of a table without money, by the `rule` that caught each.

    Examples
    --------
    >>> import ibis
    >>> rows = ibis.memtable({"customer_id": ["ann", None, "ann"], "rule": [None, "guest", "repeated_customer"]})
    >>> count, outcomes = count_rules(rows, "customers", ["guest", "repeated_customer"])
    >>> count.rows_kept, [(each.rule, each.rows, each.customers) for each in outcomes]
    (1, [('guest', 1, 0), ('repeated_customer', 1, 1)])
    """
    grouped = rows.group_by("rule").agg(rows=rows.count(), customers=rows.customer_id.nunique())
    found = {each["rule"]: each for each in grouped.to_pyarrow().to_pylist()}
    nothing = {"rows": 0, "customers": 0}
    counts = {name: found.get(name, nothing) for name in asked}
    outcomes = tuple(
        RuleOutcome(name, RULES[name].kind, each["rows"], each["customers"], None, 0.0, table)
        for name, each in counts.items()
    )
    rows_in = sum(each["rows"] for each in found.values())
    return TableCount(table, rows_in, found.get(None, nothing)["rows"]), outcomes
