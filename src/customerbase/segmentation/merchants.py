"""Which merchants the customers of a segment claim coupons of, where some lead the others clearly."""

from collections.abc import Sequence
from datetime import date
from math import sqrt

import ibis
import ibis.expr.types as ir

from customerbase.segmentation.wording import N_FAVOURITES, clean_names

__all__ = ["find_merchants", "take_leaders"]

CLEARLY_MORE = 2.0
"""One merchant leads another where their customers differ by more than twice what chance alone would do."""


def find_merchants(
    assignments: ir.Table, coupon_events: ir.Table | None, as_of: date | None
) -> dict[int, tuple[str, ...]]:
    """Find by segment the merchants whose coupons clearly more of its customers claimed than those of any other.

    A customer counts once at each merchant, so that nobody's favourite has to be told where several are equal.

    Parameters
    ----------
    assignments
        `customer_id, segment_id`.
    coupon_events
        Clean coupon events; without them nothing is found.
    as_of
        Events on or after it are not looked at.

    Examples
    --------
    >>> placed = ibis.memtable({"customer_id": list("abcdefghi"), "segment_id": [1] * 9})
    >>> events = ibis.memtable({"customer_id": list("abcdefghi"), "event": ["claimed"] * 9, "merchant_id": ["2"] * 9,
    ...                         "merchant_name": ["Bo"] * 8 + ["Al"]})
    >>> find_merchants(placed, events, None)
    {1: ('Bo',)}
    """
    if coupon_events is None:
        return {}
    claims = coupon_events.filter(coupon_events.event == "claimed")
    if as_of is not None:
        claims = claims.filter(claims.occurred_at < ibis.literal(as_of).cast("timestamp"))
    named = claims.select("customer_id", merchant=claims.merchant_name.coalesce(claims.merchant_id))
    placed = named.filter(named.merchant.notnull()).inner_join(
        assignments.select("customer_id", "segment_id"), "customer_id"
    )
    counted = placed.group_by("segment_id", "merchant").agg(n=placed.customer_id.nunique())
    found: dict[int, list[tuple[str, int]]] = {}
    for row in counted.order_by("segment_id", ibis.desc("n"), "merchant").to_pyarrow().to_pylist():
        found.setdefault(int(row["segment_id"]), []).append((row["merchant"], row["n"]))
    return {segment_id: clean_names(take_leaders(counts)) for segment_id, counts in found.items()}


def take_leaders(counts: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Take the first names, three at most, up to where the next one has clearly fewer; none without such a step.

    Parameters
    ----------
    counts
        Names with their counts, the largest first.

    Examples
    --------
    >>> take_leaders([("Bo", 405), ("Al", 386), ("Cy", 280), ("Di", 267)])
    ('Bo', 'Al')
    >>> take_leaders([("Bo", 12), ("Al", 11), ("Cy", 10), ("Di", 9)])
    ()
    """
    sizes = [n for _, n in counts]
    steps = [
        place + 1
        for place in range(min(N_FAVOURITES, len(counts) - 1))
        if sizes[place] - sizes[place + 1] > CLEARLY_MORE * sqrt(sizes[place] + sizes[place + 1])
    ]
    return tuple(name for name, _ in counts[: max(steps, default=0)])
