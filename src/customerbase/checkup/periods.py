"""Findings about time: several time zones, days without orders, a month that is not over, dates in the future."""

import calendar
from decimal import Decimal
from typing import Any

import pandas as pd

from customerbase.checkup.finding import Finding, count_lines, quote_lines
from customerbase.checkup.folds import CheckupInput

__all__ = ["find_future_dates", "find_missing_days", "find_partial_month", "find_time_zone", "list_gaps"]

NIGHT_HOURS = (1, 2, 3, 4)
MOST_AT_NIGHT = 0.1
"""In a shop's own time 1 to 4 % of orders are placed from 1 to 5 o'clock; spread evenly it would be 17 %."""

LEAST_NIGHT_ORDERS = 20
LEAST_MISSING_ORDERS = 15.0
"""Where so many orders are to be expected and none is there, chance does it once in three million times."""

_WINDOW_DAYS = 28
_LEAST_ORDERS = 5
"""With fewer in a window, there is no rate to go by."""


def find_time_zone(seen: CheckupInput) -> Finding | None:
    """Find many orders by night, as if times were those of another time zone than the shop's."""
    if seen.hours.empty:
        return None
    hour = seen.hours.hour.dt.hour
    orders = seen.hours.n_orders.groupby(hour).sum()
    at_night = int(orders.reindex(NIGHT_HOURS).sum())
    share = at_night / orders.sum()
    if share <= MOST_AT_NIGHT or at_night < LEAST_NIGHT_ORDERS:
        return None
    lines = seen.traded.filter(seen.traded.ordered_at.hour().isin(NIGHT_HOURS))
    count = count_lines(lines)
    return Finding(
        "time_zone",
        count.rows,
        count.customers,
        count.amount,
        f"{share:.1%} of orders are placed from 1 to 5 o'clock, and most at {orders.idxmax()} o'clock",
        "times are taken as they stand, so that some orders may count for the day before or after",
        "export in the shop's own time",
    )


def find_missing_days(seen: CheckupInput) -> Finding | None:
    """Find days without any order, in a time of many: closed, or missing in the export."""
    daily = _count_days(seen.hours)
    gaps = list_gaps(daily.n_orders)
    if gaps.empty:
        return None
    value = daily.gross.sum() / daily.n_orders.sum()
    largest = gaps.sort_values(["expected", "first"], ascending=[False, True]).head(3)
    spans = [f"{row.first:%Y-%m-%d} to {row.last:%Y-%m-%d} ({row.n_days:,} days)" for row in largest.itertuples()]
    return Finding(
        "missing_days",
        0,
        0,
        Decimal(f"{gaps.expected.sum() * value:.2f}"),
        f"{gaps.n_days.sum():,} days, on which about {gaps.expected.sum():,.0f} orders were to be expected (the amount "
        f"is their usual money): {'; '.join(spans)}",
        "nothing: recency counts these days too",
        "export these days again, if the shop was open",
    )


def find_partial_month(seen: CheckupInput) -> Finding | None:
    """Find a last month of which some days are not there yet."""
    daily = _count_days(seen.hours)
    if daily.empty:
        return None
    last = daily.index[-1]
    n_missing = calendar.monthrange(last.year, last.month)[1] - last.day
    per_day = daily.n_orders.iloc[-_WINDOW_DAYS:].sum() / _WINDOW_DAYS
    if per_day * n_missing < LEAST_MISSING_ORDERS:
        return None
    first = last.replace(day=1)
    is_last_month = (seen.traded.ordered_at >= first.to_pydatetime()) & ~seen.traded.is_future
    count = count_lines(seen.traded.filter(is_last_month))
    return Finding(
        "partial_month",
        count.rows,
        count.customers,
        count.amount,
        f"the last orders are of {last:%Y-%m-%d}: {n_missing} days of that month are missing",
        "kept; a figure per month is too low for it",
        f"--as-of {first:%Y-%m-%d} leaves it out",
    )


def find_future_dates(seen: CheckupInput) -> Finding | None:
    """Find lines dated after the day on which they were read."""
    if not (seen.marks.is_future & seen.marks.rule.isna()).any():
        return None
    lines = seen.kept.filter(seen.kept.is_future)
    count = count_lines(lines)
    latest = lines.ordered_at.max().to_pyarrow().as_py()
    return Finding(
        "future_dates",
        count.rows,
        count.customers,
        count.amount,
        f"as late as {latest:%Y-%m-%d}; {quote_lines(lines)}",
        "kept and marked is_future; they do not move the default date of the snapshot",
        "--as-of DATE; correct the dates in the shop",
    )


def list_gaps(n_orders: pd.Series) -> pd.DataFrame:
    """List spans of days without orders in which many were to be expected.

    What is expected is the lesser of the rates of the four weeks before and after, by the day of the week.

    Parameters
    ----------
    n_orders
        Orders of each day, without days left out.

    Returns
    -------
    DataFrame
        `first`, `last`, `n_days` and `expected` (orders).

    Examples
    --------
    >>> days = pd.date_range("2024-05-01", periods=60)
    >>> list_gaps(pd.Series(10.0, days).where((days < "2024-05-21") | (days > "2024-05-23"), 0)).n_days.to_list()
    [3]
    """
    weekday = n_orders.index.to_series().dt.day_of_week
    share = n_orders.groupby(weekday).mean() / max(n_orders.mean(), 1e-9)
    rate = pd.concat([_rate_before(n_orders), _rate_before(n_orders[::-1])[::-1]], axis=1).min(axis=1)
    is_empty = n_orders == 0
    spans = (is_empty != is_empty.shift()).cumsum()[is_empty]
    rows = [_describe_span(days.index, rate, weekday.map(share)) for _, days in spans.groupby(spans)]
    gaps = pd.DataFrame(rows, columns=["first", "last", "n_days", "expected"])
    return gaps[gaps.expected >= LEAST_MISSING_ORDERS]


def _rate_before(n_orders: pd.Series) -> pd.Series:
    """Give the orders per day of the four weeks up to the last day that had any."""
    n_lately = n_orders.rolling(_WINDOW_DAYS, min_periods=1).sum()
    rate = n_lately.where(n_lately >= _LEAST_ORDERS, 0) / _WINDOW_DAYS
    return rate.where(n_orders > 0).ffill().fillna(0)


def _describe_span(
    days: "pd.Index[Any]", rate: pd.Series, share: pd.Series
) -> tuple[pd.Timestamp, pd.Timestamp, int, float]:
    return days[0], days[-1], len(days), float((rate * share).loc[days].sum())


def _count_days(hours: pd.DataFrame) -> pd.DataFrame:
    """Count orders and money of every day from the first to the last, those without any included."""
    if hours.empty:
        return pd.DataFrame({"n_orders": [], "gross": []}, index=pd.DatetimeIndex([]))
    by_day = hours.groupby(hours.hour.dt.normalize())[["n_orders", "gross"]].sum()
    return by_day.reindex(pd.date_range(by_day.index[0], by_day.index[-1]), fill_value=0)
