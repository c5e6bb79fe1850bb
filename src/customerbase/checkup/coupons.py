"""Findings about coupons: events of one kind that end long before the others do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import ibis.expr.types as ir
import pandas as pd

from customerbase.checkup.finding import Finding
from customerbase.checkup.folds import CheckupInput

__all__ = ["EarlyEnd", "count_coupon_days", "find_early_end", "find_ended_coupons"]

LEAST_EXPECTED = 15.0
"""Where so many events are to be expected and none is there, chance does it once in three million times."""

WINDOW_DAYS = 28
LONGER_THAN_PAUSES = 2
"""A silence ends a kind of event where it is longer than twice the longest pause before; so campaigns are let be."""

KNOWN_FOR = 2
"""And where events of the kind were known for twice as long as the silence: one campaign alone just ends."""


@dataclass(frozen=True)
class EarlyEnd:
    """A kind of event that ends long before the others.

    `last` is its last day, `until` the last day of the others, and `expected` how many events are missing between, by
    the rate of its last four weeks.

    Examples
    --------
    >>> EarlyEnd("claimed", date(2024, 7, 14), date(2024, 10, 8), 1900.0).n_days
    86
    """

    event: str
    last: date
    until: date
    expected: float

    @property
    def n_days(self) -> int:
        """Days from the last event of the kind to the last of the others."""
        return (self.until - self.last).days


def count_coupon_days(events: ir.Table) -> dict[str, pd.Series]:
    """Count the events of each kind by day, from its first day to its last.

    Examples
    --------
    >>> import ibis
    >>> events = ibis.memtable({"event": ["claimed", "claimed"], "occurred_at": ["2024-05-01", "2024-05-03 09:00"]})
    >>> count_coupon_days(events.cast({"occurred_at": "timestamp"}))["claimed"].to_list()
    [1, 0, 1]
    """
    dated = events.filter(events.occurred_at.notnull())
    counted = dated.group_by("event", day=dated.occurred_at.date()).agg(n=dated.count())
    rows = pd.DataFrame(counted.to_pyarrow().to_pylist(), columns=["event", "day", "n"])
    found = {}
    for event, days in rows.groupby("event"):
        daily = days.set_index(pd.DatetimeIndex(days.day)).n.sort_index()
        found[str(event)] = daily.reindex(pd.date_range(daily.index[0], daily.index[-1]), fill_value=0)
    return found


def find_early_end(days: Mapping[str, pd.Series]) -> EarlyEnd | None:
    """Find the kind of event that ends long before the others, as if it had ceased or the export had been cut.

    Parameters
    ----------
    days
        Events of each kind by day, of `count_coupon_days`.

    Returns
    -------
    None where there is none: where fewer than 15 events are missing by the rate of the last four weeks, where such a
    silence is no more than twice the longest pause before, or where the kind is known for less than twice as long.

    Examples
    --------
    >>> daily = pd.Series(2, pd.date_range("2024-01-01", "2024-03-31"))
    >>> find_early_end({"claimed": daily[:"2024-02-29"], "burnt": daily[:"2024-03-20"]})
    EarlyEnd(event='claimed', last=datetime.date(2024, 2, 29), until=datetime.date(2024, 3, 20), expected=40.0)
    """
    if len(days) < 2:
        return None
    until = max(daily.index[-1] for daily in days.values())
    ends = [end for event, daily in sorted(days.items()) if (end := _judge(event, daily, until))]
    return max(ends, key=lambda end: end.expected, default=None)


def _judge(event: str, daily: pd.Series, until: pd.Timestamp) -> EarlyEnd | None:
    silence = (until - daily.index[-1]).days
    expected = silence * daily.iloc[-WINDOW_DAYS:].sum() / WINDOW_DAYS
    seen = daily.index[daily > 0].to_series()
    longest_pause = max((int(days) for days in seen.diff().dt.days.dropna()), default=0)
    if expected < LEAST_EXPECTED or silence <= LONGER_THAN_PAUSES * longest_pause or len(daily) < KNOWN_FOR * silence:
        return None
    return EarlyEnd(event, daily.index[-1].date(), until.date(), float(expected))


def find_ended_coupons(seen: CheckupInput) -> Finding | None:
    """Find coupon events of one kind that end long before the others."""
    if seen.coupons is None:
        return None
    end = find_early_end(count_coupon_days(seen.coupons))
    if end is None:
        return None
    later = seen.coupons.filter(seen.coupons.occurred_at.date() > end.last)
    count = later.agg(rows=later.count(), customers=later.customer_id.nunique()).to_pyarrow().to_pylist()[0]
    other = "burnt" if end.event == "claimed" else "claimed"
    return Finding(
        "coupons_that_end",
        count["rows"],
        count["customers"],
        Decimal(0),
        f"the last coupon is {end.event} on {end.last:%Y-%m-%d}, and then none for {end.n_days:,} days, while coupons "
        f"are {other} until {end.until:%Y-%m-%d}; by the four weeks before, about {end.expected:,.0f} would have come",
        f"nothing: none was {end.event} after {end.last:%Y-%m-%d}, and days since the last coupon count the "
        f"{end.n_days:,} days from then on too",
        f"export the coupons {end.event} since; if there are none, why they ended is the first thing to ask",
    )
