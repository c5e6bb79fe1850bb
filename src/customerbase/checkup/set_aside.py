"""Findings about rows that cleaning sets aside: unreadable, repeated, void, corrections of the books, no price."""

from dataclasses import replace
from decimal import Decimal

from customerbase.checkup.finding import Finding, count_lines, quote_lines
from customerbase.checkup.folds import CheckupInput

__all__ = [
    "find_accounting_adjustments",
    "find_free_lines",
    "find_repeated_lines",
    "find_repeated_orders",
    "find_unreadable_rows",
    "find_void_orders",
    "find_write_offs",
]


def find_unreadable_rows(seen: CheckupInput) -> Finding | None:
    """Find rows with a damaged line, or with a cell that must be a number or a date and is none."""
    option = "mend the cells in the export, or say how they are written: --decimal, --date-order, --map NAME=COLUMN"
    return _caught_by(seen, "unreadable", option)


def find_repeated_orders(seen: CheckupInput) -> Finding | None:
    """Find whole orders that stand in two files, or twice in an export that was appended twice."""
    finding = _caught_by(seen, "repeated_order", "--without repeated_order keeps every copy")
    if finding is None:
        return None
    copies = seen.lines.filter(seen.lines.rule == "repeated_order")
    days = copies.ordered_at.date()
    sums = copies.agg(n_orders=copies.order_id.nunique(), n_days=days.nunique(), first=days.min(), last=days.max())
    found = sums.to_pyarrow().to_pylist()[0]
    what = f"{found['n_orders']:,} orders of {found['n_days']:,} days from {found['first']} to {found['last']}"
    done = "set aside by the rule repeated_order: one copy of each is kept"
    return replace(finding, example=f"{what}; {finding.example}", done=done)


def find_void_orders(seen: CheckupInput) -> Finding | None:
    """Find orders that do not count by the shop's own word: cancelled, failed, a test, or paid back whole."""
    return _caught_by(seen, "void_order", "--without void_order counts them")


def find_accounting_adjustments(seen: CheckupInput) -> Finding | None:
    """Find rows that correct the books and sell nothing, such as bad debt."""
    return _caught_by(seen, "accounting_adjustment", "--without accounting_adjustment counts them")


def find_write_offs(seen: CheckupInput) -> Finding | None:
    """Find stock that was written off: goods that leave at the price 0."""
    return _free(seen, is_return=True)


def find_free_lines(seen: CheckupInput) -> Finding | None:
    """Find goods given away, or put back into stock, at the price 0."""
    return _free(seen, is_return=False)


def find_repeated_lines(seen: CheckupInput) -> Finding | None:
    """Find lines that are equal to another one of their order, which is not repeated as a whole."""
    marks = seen.marks
    if not (marks.is_repeated_line & marks.rule.isna()).any():
        return None
    lines = seen.kept.filter(seen.kept.is_repeated_line)
    count = count_lines(lines)
    return Finding(
        "repeated_lines",
        count.rows,
        count.customers,
        count.amount,
        quote_lines(lines),
        "kept: they may be second pieces; marked is_repeated_line",
        "--with drop_repeated_lines sets them aside",
    )


def _caught_by(seen: CheckupInput, rule: str, option: str) -> Finding | None:
    if not (seen.marks.rule == rule).any():
        return None
    lines = seen.lines.filter(seen.lines.rule == rule)
    count = count_lines(lines)
    name = {"unreadable": "unreadable_rows"}.get(rule, f"{rule}s")
    done = f"set aside by the rule {rule}"
    return Finding(name, count.rows, count.customers, count.amount, quote_lines(lines), done, option)


def _free(seen: CheckupInput, *, is_return: bool) -> Finding | None:
    """Find traded lines at the price 0, which have no money: the largest in units are quoted."""
    lines = seen.free.filter(seen.free.is_return == is_return)
    count = count_lines(lines)
    if not count.rows:
        return None
    rules = sorted(filter(None, set(lines.rule.to_pyarrow().to_pylist())))
    return Finding(
        "write_offs" if is_return else "free_lines",
        count.rows,
        count.customers,
        Decimal(0),
        quote_lines(lines, by="quantity"),
        f"set aside by the rules {', '.join(rules)}" if rules else "kept",
        "--without no_price keeps those of known customers",
    )
