"""FINDINGS: what the check-up looks for; and check_up(), which looks for all of it."""

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from customerbase.checkup.coupons import find_ended_coupons
from customerbase.checkup.currencies import find_currencies
from customerbase.checkup.finding import Finding
from customerbase.checkup.folds import CheckupInput, fold
from customerbase.checkup.guests import find_guests
from customerbase.checkup.measures import find_contradicting_spend
from customerbase.checkup.outliers import find_far_out_prices, find_far_out_quantities
from customerbase.checkup.periods import find_future_dates, find_missing_days, find_partial_month, find_time_zone
from customerbase.checkup.persons import (
    find_ids_in_several_countries,
    find_ids_of_several_forms,
    find_persons_with_several_ids,
)
from customerbase.checkup.products import (
    find_codes_of_several_forms,
    find_non_products,
    find_test_orders,
    find_unlike_products,
)
from customerbase.checkup.returns import find_all_returned, find_matched_returns, find_unmatched_returns
from customerbase.checkup.set_aside import (
    find_accounting_adjustments,
    find_free_lines,
    find_repeated_lines,
    find_repeated_orders,
    find_unreadable_rows,
    find_void_orders,
    find_write_offs,
)
from customerbase.schema import ORDER_LINES, Dataset
from customerbase.tidy_html import html_table

__all__ = ["FINDINGS", "Checkup", "check_up"]

FINDINGS: dict[str, Callable[[CheckupInput], Finding | None]] = {
    "unreadable_rows": find_unreadable_rows,
    "repeated_orders": find_repeated_orders,
    "repeated_lines": find_repeated_lines,
    "void_orders": find_void_orders,
    "test_orders": find_test_orders,
    "accounting_adjustments": find_accounting_adjustments,
    "write_offs": find_write_offs,
    "free_lines": find_free_lines,
    "guests": find_guests,
    "matched_returns": find_matched_returns,
    "unmatched_returns": find_unmatched_returns,
    "all_returned": find_all_returned,
    "non_products": find_non_products,
    "unlike_products": find_unlike_products,
    "codes_of_several_forms": find_codes_of_several_forms,
    "far_out_quantities": find_far_out_quantities,
    "far_out_prices": find_far_out_prices,
    "currencies": find_currencies,
    "time_zone": find_time_zone,
    "future_dates": find_future_dates,
    "missing_days": find_missing_days,
    "partial_month": find_partial_month,
    "persons_with_several_ids": find_persons_with_several_ids,
    "ids_of_several_forms": find_ids_of_several_forms,
    "ids_in_several_countries": find_ids_in_several_countries,
    "coupons_that_end": find_ended_coupons,
    "contradicting_spend": find_contradicting_spend,
}
"""Name → function that gives the finding, or None where there is nothing odd."""


@dataclass(frozen=True)
class Checkup:
    """What is odd about an export, the most money first; and each return with the purchase that it undoes."""

    findings: tuple[Finding, ...]
    returns: ir.Table

    def _repr_html_(self) -> str:
        rows = [
            (each.finding, each.rows, each.customers, "–" if each.amount is None else float(each.amount), each.done)
            for each in self.findings
        ]
        title = f"{len(rows)} findings, the most money first"
        return html_table(title, ["finding", "rows", "customers", "amount", "what was done"], rows)


def check_up(data: Dataset, set_aside: ir.Table | None) -> Checkup:
    """Look for what is odd about an export, with the money at stake.

    Parameters
    ----------
    data
        Clean tables.
    set_aside
        The order lines that cleaning set aside, with their rule; None where the data set has no orders.

    Returns
    -------
    Checkup
        Findings ranked by the size of their amount (one that cannot be summed up, of several currencies, goes first),
        and the table of `match_returns`.

    Examples
    --------
    >>> from customerbase.cleaning import clean
    >>> lines = ibis.memtable({"source": ["a", "a"], "source_row": [2, 3], "customer_id": ["ann", None],
    ...                        "ordered_at": ["2024-05-01", "2024-05-01"], "amount": [5, 7]})
    >>> cleaned = clean(Dataset(lines.cast({"ordered_at": "timestamp"})))
    >>> [finding.finding for finding in check_up(cleaned.data, cleaned.set_aside).findings]
    ['guests']
    """
    with fold(_stack(data, set_aside), data.customers, data.coupon_events) as seen:
        found = [finding for find in FINDINGS.values() if (finding := find(seen)) is not None]
    return Checkup(tuple(sorted(found, key=_rank)), seen.returns)


def _stack(data: Dataset, set_aside: ir.Table | None) -> ir.Table:
    """Stack the lines kept, without a rule, and those set aside; of a data set without orders, none."""
    columns = {column.name: column.type for column in ORDER_LINES}
    if set_aside is None:
        other = data.coupon_events if data.customers is None else data.customers
        absent = {name: ibis.null(kind) for name, kind in columns.items()}
        return (data.order_lines if other is None else other).limit(0).select(**absent, rule=ibis.null("string"))
    kept = data.order_lines.select(*columns, rule=ibis.null("string"))
    return kept.union(set_aside.select(*columns, "rule"))


def _rank(finding: Finding) -> tuple[bool, float, int]:
    is_sum = finding.amount is not None
    return is_sum, -abs(float(finding.amount or 0)), -finding.rows
