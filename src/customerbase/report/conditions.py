"""Own segments as rows to print: how they cover the customers, and who moves between two versions of the file."""

from typing import Any

from customerbase.segmentation.conditions.coverage import Coverage
from customerbase.segmentation.conditions.moves import Moves

__all__ = ["coverage_rows", "describe_moves", "move_rows"]


def coverage_rows(coverage: Coverage) -> list[dict[str, Any]]:
    """Give one row for each segment, and one for those whom none matches.

    `meet` counts whom the condition holds for, `customers` those who are left to it by the segments before it; `share`
    and money are of these.

    Examples
    --------
    >>> from customerbase.segmentation.conditions.coverage import SegmentCoverage
    >>> sleeping = SegmentCoverage("Sleeping", 5, 90.0, 3, 60.0)
    >>> coverage_rows(Coverage(6, 99.0, "monetary", (sleeping,), (), "Everyone else", 3, 39.0))[0]
    {'segment': 'Sleeping', 'meet': 5, 'customers': 3, 'share': 0.5, 'monetary': 60.0}
    """
    sizes = [(each.segment, each.n_matched, each.n_placed, each.amount_placed) for each in coverage.segments]
    sizes.append((coverage.rest, coverage.n_unmatched, coverage.n_unmatched, coverage.amount_unmatched))
    return [
        {
            "segment": name,
            "meet": n_matched,
            "customers": n_placed,
            "share": n_placed / max(coverage.n_customers, 1),
            **({coverage.money: amount} if coverage.money else {}),
        }
        for name, n_matched, n_placed, amount in sizes
    ]


def describe_moves(moves: Moves) -> str:
    """Say in a sentence how many customers move, with their money.

    Examples
    --------
    >>> describe_moves(Moves(("A",), ("B",), 8, 90.0, 2, 20.0, "monetary", ()))
    '2 of 8 customers (25.0%, monetary 20.00) move to another segment.'
    """
    money = f", {moves.money.replace('_', ' ')} {moves.amount_moved:,.2f}" if moves.money else ""
    share = moves.n_moved / max(moves.n_customers, 1)
    verb = "moves" if moves.n_moved == 1 else "move"
    return f"{moves.n_moved:,} of {moves.n_customers:,} customers ({share:.1%}{money}) {verb} to another segment."


def move_rows(moves: Moves, what: str) -> list[dict[str, Any]]:
    """Give a matrix: one row for each segment of the old file that has a customer, one column for each of the new.

    Parameters
    ----------
    moves
        Of `compare_conditions`.
    what
        `n_customers` or `amount`.

    Examples
    --------
    >>> from customerbase.segmentation.conditions.moves import Move
    >>> made = (Move("A", "A", 3, 30.0), Move("A", "B", 2, 20.0))
    >>> move_rows(Moves(("A",), ("A", "B"), 5, 50.0, 2, 20.0, "monetary", made), "n_customers")
    [{'from': 'A', 'to A': 3, 'to B': 2}]
    """
    cells = {(each.before, each.after): getattr(each, what) for each in moves.moves}
    befores = [name for name in moves.before if any(before == name for before, _ in cells)]
    afters = [name for name in moves.after if any(after == name for _, after in cells)]
    nothing = 0 if what == "n_customers" else 0.0
    return [{"from": old, **{f"to {new}": cells.get((old, new), nothing) for new in afters}} for old in befores]
