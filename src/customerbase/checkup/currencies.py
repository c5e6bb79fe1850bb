"""The finding about several currencies."""

from customerbase.checkup.finding import Finding, count_lines, quote_lines
from customerbase.checkup.folds import CheckupInput

__all__ = ["find_currencies"]


def find_currencies(seen: CheckupInput) -> Finding | None:
    """Find lines in another currency than most; those that name none count as a currency of their own."""
    rows = seen.marks.assign(currency=seen.marks.currency.fillna("none named")).groupby("currency").rows.sum()
    if len(rows) < 2:
        return None
    by_rows = rows.sort_index().sort_values(ascending=False, kind="stable")
    lines = seen.lines.mutate(named=seen.lines.currency.fill_null("none named"))
    others = lines.filter(lines.named != by_rows.index[0])
    count = count_lines(others)
    listed = ", ".join(f"{name} ({n_rows:,} rows)" for name, n_rows in by_rows.items())
    return Finding(
        "currencies",
        count.rows,
        count.customers,
        count.amount if len(by_rows) == 2 else None,
        f"{listed}; {quote_lines(others)}",
        "money of two currencies is never added: a run with both among the lines kept is refused",
        "--currency CODE keeps one; --rate CODE=WORTH converts another to it",
    )
