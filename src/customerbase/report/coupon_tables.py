"""Coupons by month and by merchant: small tables for charts, computed from the coupon events of a workspace."""

import calendar
from collections.abc import Mapping
from datetime import date
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import pandas as pd

from customerbase.checkup.coupons import EarlyEnd, find_early_end
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.charts.usage import say_day
from customerbase.report.material import Material
from customerbase.workspace.manifest import UNDATED

__all__ = ["KINDS", "claims_by_merchant", "count_coupon_months", "coupon_events_of", "say_coupon_end"]

KINDS = {"claimed": "claims", "burnt": "burns"}
"""Kind of event → what several of them are called."""

_USUAL = 0.95


def coupon_events_of(material: Material, *, is_whole: bool = False) -> ir.Table:
    """Give the coupon events before the date; where only some customers are shown, theirs, or the whole export."""
    events = material.workspace.table("coupon_events") if is_whole else material.table("coupon_events")
    if material.as_of == UNDATED:
        return events
    return events.filter(events.occurred_at < ibis.date(material.as_of).cast("timestamp"))


def count_coupon_months(days: Mapping[str, pd.Series], whole: Mapping[str, pd.Series] | None = None) -> Rows:
    """Count coupons by month, from that of the first event to that of the last.

    A month is whole for a kind of event where no more of its days lie before the first event of the export, or beyond
    the last one, than usually pass between days with an event (95 % of the pauses). Where a kind ends long before the
    other, its last month is whole only to that day, and the months after it have no number.

    Parameters
    ----------
    days
        Of `count_coupon_days`.
    whole
        The same of the whole export, where `days` are those of some customers: it says which months are whole.

    Returns
    -------
    `month, claimed, burnt, is_whole_claimed, is_whole_burnt`.

    Examples
    --------
    >>> daily = pd.Series(2, pd.date_range("2024-01-01", "2024-04-05"))
    >>> rows = count_coupon_months({"claimed": daily[:"2024-03-10"], "burnt": daily})
    >>> [(row["claimed"], row["is_whole_claimed"], row["burnt"]) for row in rows]
    [(62, True, 62), (58, True, 58), (20, False, 62), (None, False, 10)]
    """
    if not days:
        return []
    export = days if whole is None else whole
    end = find_early_end(export)
    first = min(daily.index[0] for daily in export.values()).date()
    last = max(daily.index[-1] for daily in export.values()).date()
    pause = _usual_pause(export)
    lasts = {kind: end.last if end is not None and end.event == kind else last for kind in KINDS}
    return [
        {
            "month": month,
            **{kind: _count(days.get(kind), month) if month <= lasts[kind] else None for kind in KINDS},
            **{
                f"is_whole_{kind}": max((first - month).days, (_last_day(month) - lasts[kind]).days) < pause
                for kind in KINDS
            },
        }
        for month in (stamp.date() for stamp in pd.date_range(first.replace(day=1), last, freq="MS"))
    ]


def _last_day(month: date) -> date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def _count(daily: pd.Series | None, month: date) -> int:
    return 0 if daily is None else int(daily[str(month) : str(_last_day(month))].sum())


def _usual_pause(days: Mapping[str, pd.Series]) -> int:
    """Give the days from one day with an event to the next that 95 % of these pauses do not exceed, at least 1."""
    seen = sorted({day for daily in days.values() for day in daily.index[daily > 0]})
    pauses = sorted((later - earlier).days for earlier, later in pairwise(seen))
    return pauses[max(-(-int(100 * _USUAL) * len(pauses) // 100) - 1, 0)] if pauses else 1


def say_coupon_end(days: Mapping[str, pd.Series], months: Rows) -> str | None:
    """Say where one kind of event ends long before the other, and how its last days compare; None where none does.

    Parameters
    ----------
    days
        Of `count_coupon_days`.
    months
        Of `count_coupon_months`.

    Examples
    --------
    >>> daily = pd.Series(2, pd.date_range("2024-01-01", "2024-04-05"))
    >>> days = {"claimed": daily[:"2024-03-10"], "burnt": daily}
    >>> say_coupon_end(days, count_coupon_months(days))
    'Claims end on 10 March 2024; burns on 5 April 2024. Days since the last coupon count the 26 days between, in which
    none was claimed. March 2024 has 20 claims on 10 days: 2.0 a day, against 2.0 in January 2024, the whole month with
    the most.'
    """
    end = find_early_end(days)
    if end is None:
        return None
    other = next(kind for kind in KINDS if kind != end.event)
    text = f"{KINDS[end.event].capitalize()} end on {say_day(end.last)}; {KINDS[other]} on {say_day(end.until)}."
    text += f" Days since the last coupon count the {end.n_days:,} days between, in which none was {end.event}."
    return " ".join(filter(None, [text, _compare_last_month(end, months)]))


def _compare_last_month(end: EarlyEnd, months: Rows) -> str | None:
    """Hold the days of a month that is cut off against the whole month with the most."""
    last = next(row for row in months if row["month"] == end.last.replace(day=1))
    whole = [row for row in months if row[f"is_whole_{end.event}"]]
    if last[f"is_whole_{end.event}"] or not whole:
        return None
    most = max(whole, key=lambda row: row[end.event])
    n_days, n_most = end.last.day, _last_day(most["month"]).day
    return (
        f"{last['month']:%B %Y} has {last[end.event]:,} {KINDS[end.event]} on {n_days} days: "
        f"{last[end.event] / n_days:.1f} a day, against {most[end.event] / n_most:.1f} in {most['month']:%B %Y}, the "
        "whole month with the most."
    )


def claims_by_merchant(material: Material, n_merchants: int) -> Rows:
    """Count the customers of each segment who claimed coupons of each merchant, each once at every merchant.

    Parameters
    ----------
    material
        With `coupon_events` and `assignments`.
    n_merchants
        How many merchants, those of the most customers.

    Returns
    -------
    `merchant, segment, color, n_customers, n_claimed, n_of_all`, the merchant of the most customers first.
    """
    events = coupon_events_of(material)
    named = events.mutate(merchant=ibis.coalesce(events.merchant_name, events.merchant_id))
    claims = named.filter((named.event == "claimed") & named.merchant.notnull())
    placed = claims.inner_join(material.table("assignments").select("customer_id", "segment"), "customer_id")
    counted = placed.group_by("merchant", "segment").agg(
        n_customers=placed.customer_id.nunique(), n_claimed=placed.count()
    )
    rows = plain_rows(counted.to_pyarrow())
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["merchant"]] = totals.get(row["merchant"], 0) + row["n_customers"]
    largest = sorted(totals, key=lambda name: (-totals[name], name))[:n_merchants]
    found = {(row["merchant"], row["segment"]): row for row in rows}
    return [
        {**found[name, segment], "color": color, "n_of_all": totals[name]}
        for name in largest
        for segment, color in material.colors.items()
        if (name, segment) in found
    ]
