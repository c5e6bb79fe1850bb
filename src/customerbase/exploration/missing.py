"""Missing values: how many lines lack what, and what goes with that."""

from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.exploration.folds import CONDITIONS, MISSABLE, Folds, add_up
from customerbase.schema import MONEY

__all__ = ["missing", "missing_together"]

_MISSING = {
    "column": "string", "n_lines": "int64", "n_missing": "int64", "missing_share": "float64", "amount": MONEY,
}  # fmt: skip
_TOGETHER = {
    "column": "string", "condition": "string", "n_missing": "int64", "n_together": "int64", "share": "float64",
    "share_elsewhere": "float64",
}  # fmt: skip

Masks = list[dict[str, Any]]


def missing(folds: Folds) -> ir.Table:
    """Count the lines of which a column is empty, before cleaning, and their net money.

    Lines that could not be read do not count; a column that is empty in all lines is not in the export, and left out.
    """
    masks = _fold_conditions(folds)
    rows = [
        {
            "column": name,
            "n_lines": _count(masks),
            "n_missing": n_missing,
            "missing_share": n_missing / _count(masks),
            "amount": sum((each["amount"] for each in masks if each["conditions"] & CONDITIONS[name]), Decimal(0)),
        }
        for name in MISSABLE
        if (n_missing := _count(masks, name)) < _count(masks)
    ]
    return ibis.memtable(rows, schema=_MISSING)


def missing_together(folds: Folds) -> ir.Table:
    """Tell what goes with a missing value: how often a condition is met where a column is empty, and elsewhere.

    `share` is the part of the lines without a value of which the condition is true, `share_elsewhere` that of the lines
    with one. A `condition` is `is_return`, `negative_quantity`, `no_price` (0 or less), or the name of another column
    that is empty. Lines and columns are those of `missing`; what is true of no line without the value is left out.
    """
    masks = _fold_conditions(folds)
    n_lines = _count(masks)
    rows = []
    for name in MISSABLE:
        n_missing = _count(masks, name)
        for condition in CONDITIONS:
            n_together = _count(masks, name, condition)
            if condition != name and n_missing < n_lines and n_together and _count(masks, condition) < n_lines:
                n_elsewhere = _count(masks, condition) - n_together
                shares = n_together / n_missing, n_elsewhere / (n_lines - n_missing)
                rows.append(dict(zip(_TOGETHER, (name, condition, n_missing, n_together, *shares), strict=True)))
    return ibis.memtable(rows, schema=_TOGETHER)


def _fold_conditions(folds: Folds) -> Masks:
    """Give one row for each set of conditions that is met together, with lines and money."""
    readable = folds.orders.filter(folds.orders.rule.fill_null("") != "unreadable")
    masks = readable.group_by("conditions").agg(n_lines=readable.n_lines.sum(), amount=add_up(readable.amount))
    found: Masks = masks.to_pyarrow().to_pylist()
    return found


def _count(masks: Masks, *conditions: str) -> int:
    """Count the lines of which all of these conditions are true."""
    wanted = sum(CONDITIONS[name] for name in conditions)
    return int(sum(each["n_lines"] for each in masks if each["conditions"] & wanted == wanted))
