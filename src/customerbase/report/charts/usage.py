"""Charts of usage: coupons by segment, month and merchant, and what is only yes or no."""

from datetime import date
from typing import Any

import altair as alt

from customerbase.report.charts.bars import labelled_bars, segment_bars
from customerbase.report.charts.feature_words import yes_words
from customerbase.report.charts.palette import ACCENT, PALE, QUIET, edge_color
from customerbase.report.charts.theme import (
    ChartTable,
    Rows,
    data_of,
    finish,
    plain_rows,
    segment_names,
    shorten,
)
from customerbase.report.numerals import write
from customerbase.segmentation.merchants import take_leaders

__all__ = ["coupon_merchants", "coupon_months", "coupons_by_segment", "say_day", "yes_shares"]


def coupons_by_segment(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart how many coupons each segment claimed, and how many of them it burnt.

    Parameters
    ----------
    table
        `segment, color, n_claimed, n_burnt`, one row per segment.

    Examples
    --------
    >>> rows = [{"segment": "Regulars", "color": "#007744", "n_claimed": 10, "n_burnt": 6}]
    >>> coupons_by_segment(rows).title.text
    ['Regulars burnt the largest share: 60.0% of all coupons that', 'they claimed']
    """
    rows = [row for row in plain_rows(table) if row["n_claimed"]]
    bars = []
    for row in rows:
        edge = edge_color(row["color"])
        for what, fill in (("claimed", PALE), ("burnt", row["color"])):
            n = row[f"n_{what}"]
            hint = f"{row['segment']}: {n:,} {what}"
            bars.append(
                {
                    "segment": row["segment"],
                    "what": what,
                    "n": n,
                    "label": f"{n:,}",
                    "fill": fill,
                    "edge": QUIET if what == "claimed" else edge,
                    "hint": hint,
                }
            )
    chart = labelled_bars(bars, "segment", "n", "coupons", axis_format=",.0f", pair="what", is_colored=True)
    best = max(rows, key=lambda row: row["n_burnt"] / row["n_claimed"])
    part = best["n_burnt"] / best["n_claimed"]
    title = f"{best['segment']} burnt the largest share: {part:.1%} of all coupons that they claimed"
    height, labels = 44 * len(rows) + 50, segment_names(rows)
    return finish(chart, title=title, reading="Grey: claimed. Colour: burnt.", height=height, labels=labels)


def coupon_months(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart coupons claimed and burnt month by month.

    Parameters
    ----------
    table
        `month, claimed, burnt, is_whole_claimed, is_whole_burnt`, one row per month, ascending; a number is missing
        where the coupons of its kind have ended before.

    Examples
    --------
    >>> import datetime as dt
    >>> rows = [{"month": dt.date(2024, 1, 1), "claimed": 10, "is_whole_claimed": True, "burnt": 4,
    ...          "is_whole_burnt": True},
    ...         {"month": dt.date(2024, 2, 1), "claimed": 11, "is_whole_claimed": False, "burnt": 5,
    ...          "is_whole_burnt": False}]
    >>> coupon_months(rows).title.text
    ['Of the whole months January 2024 saw the most claims: 10', 'coupons']
    """
    rows = plain_rows(table)
    points = [
        {
            "month": row["month"],
            "what": what,
            "n": row[what],
            "is_whole": row[f"is_whole_{what}"],
            "hint": f"{row['month']:%B %Y}: {row[what]:,} {what}{'' if row[f'is_whole_{what}'] else ' (not whole)'}",
        }
        for row in rows
        for what in ("claimed", "burnt")
        if row[what] is not None
    ]
    scale = alt.Scale(domain=["claimed", "burnt"], range=[QUIET, ACCENT])
    legend = alt.Legend(title=None)
    base = alt.Chart(data_of(points)).encode(
        x=alt.X("month:T", timeUnit="utcyearmonth", title=None, axis=alt.Axis(format="%b %y", tickCount=6)),
        y=alt.Y("n:Q", title="coupons", axis=alt.Axis(format=",.0f", tickCount=5)),
        description="hint:N",
    )
    lines = base.mark_line(strokeWidth=2).encode(color=alt.Color("what:N", scale=scale, legend=legend))
    known = alt.Color("what:N", scale=scale, legend=legend)
    dots = base.mark_point(filled=True, size=44, opacity=1).encode(
        color=alt.condition("datum.is_whole", known, alt.value(PALE)), tooltip="hint:N"
    )
    reading = "Coupons claimed and burnt in each month."
    if not all(point["is_whole"] for point in points):
        reading += " Faint grey dot: a month that is not whole in the export."
    return finish(lines + dots, title=_title_of_coupon_months(rows), reading=reading, height=280)


def _title_of_coupon_months(rows: Rows) -> str:
    whole = [row for row in rows if row["is_whole_claimed"]]
    if not whole:
        return "Coupons claimed and burnt: no month is whole"
    most = max(whole, key=lambda row: row["claimed"])
    of = "" if len(whole) == len(rows) else "Of the whole months "
    return f"{of}{most['month']:%B %Y} saw the most claims: {most['claimed']:,} coupons"


def coupon_merchants(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart how many customers of each segment claimed coupons of each merchant.

    Parameters
    ----------
    table
        `merchant, segment, color, n_customers, n_of_all`, one row per merchant and segment, the merchant of the most
        customers first; `n_of_all` is their number over all segments.

    Examples
    --------
    >>> rows = [{"merchant": name, "segment": "Regulars", "color": "#4499ee", "n_customers": n, "n_of_all": n}
    ...         for name, n in (("Bo", 90), ("Al", 40))]
    >>> coupon_merchants(rows).title.text
    ['Clearly more customers claimed coupons of Bo (90) than of', 'any other merchant']
    """
    rows = plain_rows(table)
    colors = {row["segment"]: row["color"] for row in rows}
    totals = {row["merchant"]: row["n_of_all"] for row in rows}
    places = {name: f"{number}. {shorten(name, 26)}" for number, name in enumerate(totals, start=1)}
    parts = [
        {
            "place": places[row["merchant"]],
            "segment": row["segment"],
            "n": row["n_customers"],
            "hint": f"{shorten(row['merchant'])}: {row['n_customers']:,} customers of {row['segment']}",
        }
        for row in rows
    ]
    x = alt.X("n:Q", stack=True, title="customers who claimed", axis=alt.Axis(format=",.0f", tickCount=5))
    marks = segment_bars(parts, x, {name: colors[name] for name in segment_names(rows)})
    reading = "Each customer counts once at every merchant of whom they claimed; colours are segments."
    height, labels = 30 * len(places) + 125, list(places.values())
    return finish(marks, title=_title_of_merchants(totals), reading=reading, height=height, labels=labels)


def _title_of_merchants(totals: dict[str, int]) -> str:
    leaders = take_leaders(list(totals.items()))
    if not leaders:
        return "No merchant clearly leads by the customers who claimed"
    names = " and ".join(f"{shorten(name, 30)} ({totals[name]:,})" for name in leaders)
    return f"Clearly more customers claimed coupons of {names} than of any other merchant"


def yes_shares(table: ChartTable, feature: str) -> Any:  # noqa: ANN401
    """Chart of how many customers of each segment something is true, where a feature is only yes or no.

    Parameters
    ----------
    table
        `segment, color, share`, one row per segment; shares are parts of 1.
    feature
        Name of the feature, for words.

    Examples
    --------
    >>> rows = [{"segment": "Champions", "color": "#007744", "share": 0.8},
    ...         {"segment": "Hibernating", "color": "#880000", "share": 0.1}]
    >>> yes_shares(rows, "campaign_response_rate").title.text
    ['Answered the campaign: 80.0% of Champions, 10.0% of', 'Hibernating']
    """
    rows, words = plain_rows(table), yes_words(feature)
    bars = [
        {
            **row,
            "fill": row["color"],
            "edge": edge_color(row["color"]),
            "label": write(row["share"], "share"),
            "hint": f"{row['segment']}, {words}: {row['share']:.1%} of the customers",
        }
        for row in rows
    ]
    most, least = (choose(rows, key=lambda row: row["share"]) for choose in (max, min))
    parts = [f"{write(row['share'], 'share')} of {row['segment']}" for row in (most, least)[: min(2, len(rows))]]
    labels = segment_names(rows)
    return finish(
        labelled_bars(bars, "segment", "share", "share of customers (%)", is_colored=True),
        title=f"{words[:1].upper()}{words[1:]}: {', '.join(parts)}",
        reading="The file says only yes or no of each customer: the share with a yes.",
        height=34 * len(rows) + 50,
        labels=labels,
    )


def say_day(day: date) -> str:
    """Write a day in words.

    Examples
    --------
    >>> say_day(date(2024, 7, 4))
    '4 July 2024'
    """
    return f"{day.day} {day:%B %Y}"
