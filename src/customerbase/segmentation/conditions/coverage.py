"""How own segments cover the customers: how many match each, where they overlap, and whom none matches."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.errors import DataError
from customerbase.features.customers import is_in_base
from customerbase.schema import MONEY
from customerbase.segmentation.conditions.model import Conditions

__all__ = [
    "Coverage",
    "Overlap",
    "SegmentCoverage",
    "check_conditions",
    "describe_coverage",
    "money_column",
    "refuse_overlap",
]


@dataclass(frozen=True)
class SegmentCoverage:
    """How many customers meet a condition, and how many are left to it by the segments before it; with their money.

    Examples
    --------
    >>> SegmentCoverage("Sleeping", 5, 100.0, 3, 60.0).n_placed
    3
    """

    segment: str
    n_matched: int
    amount_matched: float | None
    n_placed: int
    amount_placed: float | None


@dataclass(frozen=True)
class Overlap:
    """How many customers meet both of two conditions, of which the first stands earlier in the file; with their money.

    Examples
    --------
    >>> Overlap("Regulars", "Sleeping", 2, 40.0).n_customers
    2
    """

    first: str
    second: str
    n_customers: int
    amount: float | None


@dataclass(frozen=True)
class Coverage:
    """How own segments cover the customers of the base at a date.

    `money` names the feature whose sums the amounts are (None where nothing is known of money); `overlaps` are those
    pairs that share a customer; `rest` is the name of those whom none matches, the gap.
    """

    n_customers: int
    amount: float | None
    money: str | None
    segments: tuple[SegmentCoverage, ...]
    overlaps: tuple[Overlap, ...]
    rest: str
    n_unmatched: int
    amount_unmatched: float | None

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {**asdict(self), "segments": _dicts(self.segments), "overlaps": _dicts(self.overlaps)}


def _dicts(parts: Iterable[Any]) -> list[dict[str, Any]]:
    return [asdict(part) for part in parts]


def money_column(features: ir.Table) -> str | None:
    """Give the feature that says what a customer is worth: gross_revenue, else monetary, else None.

    Examples
    --------
    >>> money_column(ibis.memtable({"customer_id": ["a"], "monetary": [3.0]}))
    'monetary'
    """
    return next((name for name in ("gross_revenue", "monetary") if name in features.columns), None)


def check_conditions(features: ir.Table, conditions: Conditions) -> Coverage:
    r"""Count whom the conditions of own segments match, which of them overlap, and whom none matches.

    Parameters
    ----------
    features
        One row per customer of one date, as `customer_features` gives it.
    conditions
        Of `read_conditions`. RFM scores that they name are learnt from these customers, unless they were before.

    Raises
    ------
    UsageError
        A condition names a feature there is not, or compares one with a value of another kind, or can never hold.

    Examples
    --------
    >>> features = ibis.memtable({"customer_id": ["a", "b", "c"], "frequency": [9, 6, 1], "monetary": [90., 60., 10.]})
    >>> found = check_conditions(features, Conditions('[segments]\nOften = "frequency > 5"\nMuch = "monetary > 80"'))
    >>> [(each.segment, each.n_matched, each.n_placed) for each in found.segments]
    [('Often', 2, 2), ('Much', 1, 0)]
    >>> found.overlaps
    (Overlap(first='Often', second='Much', n_customers=1, amount=90.0),)
    >>> found.n_unmatched, found.amount_unmatched
    (1, 10.0)
    """
    base = features.filter(is_in_base(features))
    model = conditions if hasattr(conditions, "file_") else Conditions(conditions.text).learn(base)
    return _cover(base, model)


def _cover(base: ir.Table, model: Conditions) -> Coverage:
    money = money_column(base)
    patterns = _count_patterns(base, model, money)
    names = model.segment_names_
    total = _Sum(patterns, money is not None)
    segments = tuple(
        SegmentCoverage(
            name, *total.where(lambda held, i=i: held[i]), *total.where(lambda held, i=i: _first(held) == i)
        )
        for i, name in enumerate(names[:-1])
    )
    pairs = (
        Overlap(names[i], names[j], *total.where(lambda held, i=i, j=j: held[i] and held[j]))
        for i, j in combinations(range(len(names) - 1), 2)
    )
    n_customers, amount = total.where(lambda held: True)  # noqa: ARG005
    n_unmatched, amount_unmatched = total.where(lambda held: not any(held))
    overlaps = tuple(pair for pair in pairs if pair.n_customers)
    return Coverage(n_customers, amount, money, segments, overlaps, names[-1], n_unmatched, amount_unmatched)


def _first(held: Sequence[bool]) -> int | None:
    return next((i for i, is_held in enumerate(held) if is_held), None)


class _Sum:
    """Adds up customers and money over the patterns of conditions that hold together."""

    def __init__(self, patterns: Sequence[tuple[tuple[bool, ...], int, Decimal]], has_money: bool) -> None:
        self.patterns, self.has_money = patterns, has_money

    def where(self, holds: Any) -> tuple[int, float | None]:  # noqa: ANN401 - a predicate over a pattern
        chosen = [(n, amount) for held, n, amount in self.patterns if holds(held)]
        amount = float(sum((amount for _, amount in chosen), Decimal(0)))
        return sum(n for n, _ in chosen), amount if self.has_money else None


def _count_patterns(
    base: ir.Table, model: Conditions, money: str | None
) -> list[tuple[tuple[bool, ...], int, Decimal]]:
    """Count customers by which of the conditions hold for them: one query for all sizes, overlaps and the gap."""
    held: dict[str, Any] = {f"held_{i}": match for i, match in enumerate(model.matches(base))}
    # Decimals, so that the order of rows has no say.
    amount = base[money].cast(MONEY) if money else ibis.literal(0).cast(MONEY)
    table = base.select(**held, amount=amount)
    found = table.group_by(list(held)).agg(n=table.count(), amount=table.amount.sum().fill_null(0)).to_pyarrow()
    return [(tuple(row[name] for name in held), row["n"], Decimal(row["amount"])) for row in found.to_pylist()]


def refuse_overlap(coverage: Coverage) -> None:
    """Refuse conditions that share customers, as `overlap = "error"` asks for.

    Raises
    ------
    DataError
        Two conditions hold for one customer; the message has the largest overlap.

    Examples
    --------
    >>> both = Overlap("Regulars", "Sleeping", 2, 40.0)
    >>> refuse_overlap(Coverage(9, 99.0, "monetary", (), (both,), "Everyone else", 0, 0.0))
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: 2 customers (monetary 40.00) meet both 'Regulars' and 'Sleeping'. Narrow one ...
    """
    if not coverage.overlaps:
        return
    worst = max(coverage.overlaps, key=lambda pair: pair.n_customers)
    others = len(coverage.overlaps) - 1
    more = f"; {others} more {'pair overlaps' if others == 1 else 'pairs overlap'}" if others else ""
    raise DataError(
        f"{_count(worst.n_customers, worst.amount, coverage.money)} both {worst.first!r} and {worst.second!r}{more}. "
        'Narrow one of the conditions, or set overlap = "first", by which the first of them has the customer.'
    )


def describe_coverage(coverage: Coverage, most_overlaps: int = 5) -> tuple[str, ...]:
    r"""Say in sentences what a reader of own segments should not overlook: empty ones, overlaps, the gap.

    Parameters
    ----------
    coverage
        Of `check_conditions`.
    most_overlaps
        How many overlaps to tell one by one, the largest first.

    Examples
    --------
    >>> both = Overlap("Regulars", "Sleeping", 2, 40.0)
    >>> parts = (SegmentCoverage("Regulars", 3, 60.0, 3, 60.0), SegmentCoverage("Sleeping", 2, 40.0, 0, 0.0))
    >>> print(*describe_coverage(Coverage(9, 99.0, "monetary", parts, (both,), "Everyone else", 6, 39.0)), sep="\n")
    2 customers (monetary 40.00) meet 'Sleeping', and segments before it have all of them. Move it up, or narrow those.
    2 customers (monetary 40.00) meet both 'Regulars' and 'Sleeping'; the first that matches has them.
    6 customers (66.7%, monetary 39.00) meet no condition and are 'Everyone else'.
    """
    return (*_tell_empty(coverage), *_tell_overlaps(coverage, most_overlaps), *_tell_gap(coverage))


def _tell_empty(coverage: Coverage) -> Iterator[str]:
    for each in coverage.segments:
        if not each.n_matched:
            yield f"Nobody meets {each.segment!r}."
        elif not each.n_placed:
            matched = _count(each.n_matched, each.amount_matched, coverage.money)
            yield f"{matched} {each.segment!r}, and segments before it have all of them. Move it up, or narrow those."


def _tell_overlaps(coverage: Coverage, most: int) -> Iterator[str]:
    largest_first = sorted(coverage.overlaps, key=lambda pair: -pair.n_customers)
    for pair in largest_first[:most]:
        shared = _count(pair.n_customers, pair.amount, coverage.money)
        yield f"{shared} both {pair.first!r} and {pair.second!r}; the first that matches has them."
    if n_more := len(largest_first[most:]):
        yield f"{n_more} more {'pair of segments shares' if n_more == 1 else 'pairs of segments share'} customers."


def _tell_gap(coverage: Coverage) -> Iterator[str]:
    if coverage.n_unmatched:
        share = coverage.n_unmatched / coverage.n_customers
        unmatched = _count(coverage.n_unmatched, coverage.amount_unmatched, coverage.money, share)
        yield f"{unmatched} no condition and {'is' if coverage.n_unmatched == 1 else 'are'} {coverage.rest!r}."


def _count(n: int, amount: float | None, money: str | None, share: float | None = None) -> str:
    """Say how many customers, with their money, meet something."""
    parts = [f"{share:.1%}"] if share is not None else []
    if money is not None and amount is not None:
        parts.append(f"{money.replace('_', ' ')} {amount:,.2f}")
    inside = f" ({', '.join(parts)})" if parts else ""
    return f"{n:,} {'customer' if n == 1 else 'customers'}{inside} {'meets' if n == 1 else 'meet'}"
