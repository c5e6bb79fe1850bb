"""Findings about returns: those that undo a purchase, those that undo none, and customers who kept nothing."""

from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.checkup.finding import N_EXAMPLES, Finding, money, units
from customerbase.checkup.folds import CheckupInput
from customerbase.engine import keep

__all__ = ["find_all_returned", "find_matched_returns", "find_unmatched_returns"]


def find_matched_returns(seen: CheckupInput) -> Finding | None:
    """Find returns that undo a purchase of the same customer and product."""
    done = "kept, marked is_return and taken off monetary; the table returns names the purchase of each"
    return _describe(seen.returns, "matched_returns", done, None, is_matched=True)


def find_unmatched_returns(seen: CheckupInput) -> Finding | None:
    """Find returns of known customers that match no purchase: it may be older than the export, or a correction."""
    done = "kept, marked is_return and taken off monetary"
    option = "export earlier orders too, if the purchases are older than the export"
    return _describe(seen.returns, "unmatched_returns", done, option, is_matched=False)


def find_all_returned(seen: CheckupInput) -> Finding | None:
    """Find customers whose returns come to as much as all their purchases, or to more."""
    lines = seen.customers
    customers = lines.group_by("customer_id").agg(
        n_lines=lines.n_lines.sum(), gross=lines.gross.sum(), returned=lines.returned.sum()
    )
    found = keep(customers.filter((customers.gross > 0) & (customers.returned >= customers.gross)))
    sums = found.agg(rows=found.n_lines.sum(), customers=found.count(), amount=found.gross.sum())
    total = sums.to_pyarrow().to_pylist()[0]
    if not total["customers"]:
        return None
    largest = found.order_by([ibis.desc("gross"), "customer_id"]).limit(N_EXAMPLES).to_pyarrow().to_pylist()
    example = "; ".join(
        f"customer {row['customer_id']} bought for {money(row['gross'])} and returned {money(row['returned'])}"
        for row in largest
    )
    done = "kept: monetary is zero or negative"
    return Finding("all_returned", total["rows"], total["customers"], total["amount"], example, done, None)


def _describe(returns: ir.Table, name: str, done: str, option: str | None, *, is_matched: bool) -> Finding | None:
    found = returns.filter(returns.purchase_source.notnull() == is_matched)
    sums = found.agg(rows=found.count(), customers=found.customer_id.nunique(), amount=found.amount.sum())
    total = sums.to_pyarrow().to_pylist()[0]
    if not total["rows"]:
        return None
    largest = (
        found.order_by([ibis.desc("amount"), "customer_id", "product_id", "returned_at", "source_row"])
        .limit(N_EXAMPLES)
        .to_pyarrow()
        .to_pylist()
    )
    example = "; ".join(map(_quote, largest))
    return Finding(name, total["rows"], total["customers"], total["amount"], example, done, option)


def _quote(row: dict[str, Any]) -> str:
    quantity = f" {units(row['quantity'])} of" if row["quantity"] is not None else ""
    product = f"{quantity} {row['product_id']}" if row["product_id"] is not None else ""
    text = f"{row['source']} row {row['source_row']}: customer {row['customer_id']} returned{product}"
    text += f" for {money(row['amount'])} on {row['returned_at']:%Y-%m-%d}"
    if row["purchase_source"] is None:
        return text
    return f"{text}, bought on {row['purchased_at']:%Y-%m-%d} (row {row['purchase_source_row']})"
