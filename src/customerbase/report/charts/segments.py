"""Charts of segments: how large they are, what they bring, and how a feature spreads within them."""

from typing import Any

import altair as alt

from customerbase.report.charts.bars import labelled_bars, segment_bars
from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.charts.palette import INK, PALE, QUIET, edge_color
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

__all__ = [
    "feature_distribution",
    "revenue_per_customer",
    "segment_mix",
    "segment_shares",
]

_QUARTERS = (0, 0.25, 0.5, 0.75, 1)
_ROW = 44


def segment_shares(table: ChartTable) -> Any:  # noqa: ANN401  (Altair's classes)
    """Chart each segment's share of the customers beside its share of revenue.

    Parameters
    ----------
    table
        `segment, color, share, revenue_share`, one row per segment; the shares are parts of 1, and `revenue_share` may
        be missing everywhere.

    Examples
    --------
    >>> rows = [{"segment": "Champions", "color": "#007744", "share": 0.1, "revenue_share": 0.6},
    ...         {"segment": "Hibernating", "color": "#880000", "share": 0.9, "revenue_share": 0.4}]
    >>> segment_shares(rows).title.text
    ['Champions are 10.0% of customers and bring 60.0% of revenue']
    """
    rows = plain_rows(table)
    has_revenue = any(row["revenue_share"] is not None for row in rows)
    tones = [(PALE, QUIET) if has_revenue else (row["color"], edge_color(row["color"])) for row in rows]
    bars = [_bar(row, "share", "customers", *tone) for row, tone in zip(rows, tones, strict=True)]
    if has_revenue:
        bars += [_bar(row, "revenue_share", "revenue", row["color"], edge_color(row["color"])) for row in rows]
    names = segment_names(rows)
    chart = labelled_bars(bars, "segment", "value", "share of all (%)", pair="what", is_colored=True)
    reading = "Grey: share of customers. Colour: share of revenue." if has_revenue else "Share of customers."
    return finish(
        chart,
        title=_title_of_shares(rows, has_revenue),
        reading=reading,
        height=_ROW * len(names) + 50,
        labels=names,
    )


def _bar(row: dict[str, Any], name: str, what: str, fill: str, edge: str) -> dict[str, Any]:
    label = write(row[name], "share")
    hint = f"{row['segment']}: {label} of {what}"
    return {
        "segment": row["segment"],
        "what": what,
        "value": row[name],
        "label": label,
        "fill": fill,
        "edge": edge,
        "hint": hint,
    }


def _title_of_shares(rows: Rows, has_revenue: bool) -> str:
    if not has_revenue:
        most = max(rows, key=lambda row: row["share"])
        return f"The largest segment, {most['segment']}, has {most['share']:.1%} of customers"
    best = max(rows, key=lambda row: row["revenue_share"] - row["share"])
    return f"{best['segment']} are {best['share']:.1%} of customers and bring {best['revenue_share']:.1%} of revenue"


def revenue_per_customer(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart what a customer of each segment brought on average.

    Parameters
    ----------
    table
        `segment, color, revenue_per_customer`, one row per segment.

    Examples
    --------
    >>> rows = [{"segment": "Champions", "color": "#007744", "revenue_per_customer": 6000.0},
    ...         {"segment": "Hibernating", "color": "#880000", "revenue_per_customer": 500.0}]
    >>> revenue_per_customer(rows).title.text
    ['A customer among Champions brought 12 times as much as one', 'among Hibernating']
    """
    rows = plain_rows(table)
    bars = [
        {
            **row,
            "fill": row["color"],
            "edge": edge_color(row["color"]),
            "label": write(row["revenue_per_customer"], "number"),
            "hint": f"{row['segment']}: {row['revenue_per_customer']:,.2f} per customer",
        }
        for row in rows
    ]
    names = segment_names(rows)
    title = "revenue per customer"
    chart = labelled_bars(bars, "segment", "revenue_per_customer", title, axis_format="~s", is_colored=True)
    most, least = (choose(rows, key=lambda row: row["revenue_per_customer"]) for choose in (max, min))
    title = f"A customer among {most['segment']} brought {write(most['revenue_per_customer'], 'number')}"
    if least["revenue_per_customer"] > 0 and most is not least:
        times = write(most["revenue_per_customer"] / least["revenue_per_customer"], "number")
        title = f"A customer among {most['segment']} brought {times} times as much as one among {least['segment']}"
    height = _ROW * len(names) + 50
    return finish(chart, title=title, reading="Mean revenue of a customer.", height=height, labels=names)


def feature_distribution(table: ChartTable, feature: str) -> Any:  # noqa: ANN401
    """Chart how a feature spreads within each segment: median, middle half, and all but the outer twentieths.

    Parameters
    ----------
    table
        `segment, color, p05, p25, median, p75, p95` in the unit of the feature, one row per segment.
    feature
        Name of the feature, for words and unit.

    Examples
    --------
    >>> rows = [{"segment": "Champions", "color": "#007744", "p05": 8, "p25": 14, "median": 29, "p75": 40, "p95": 90},
    ...         {"segment": "Hibernating", "color": "#880000", "p05": 1, "p25": 1, "median": 1, "p75": 2, "p95": 3}]
    >>> feature_distribution(rows, "frequency").title.text
    ['Orders: the median is 29 for Champions and 1 for', 'Hibernating']
    """
    rows, words = plain_rows(table), feature_words(feature)
    kind = "share" if feature_kind(feature) == "share" else "number"
    lowest, highest = min(row["p05"] for row in rows), max(row["p95"] for row in rows)
    is_log = kind != "share" and lowest > 0 and highest / lowest > 30
    scale = alt.Scale(type="log", nice=False) if is_log else alt.Scale(zero=True, nice=True)
    ticks: dict[str, Any] = {"tickCount": 4}
    if kind == "share" and lowest >= 0 and highest <= 1:
        scale, ticks = alt.Scale(domain=[0, 1], nice=False), {"values": _QUARTERS}
    spans = [{**row, "edge": edge_color(row["color"]), "hint": _spread(row, words, kind)} for row in rows]
    x_title = f"{words}{', logarithmic' if is_log else ''}{' (%)' if kind == 'share' else ''}"
    axis = alt.Axis(format="%" if kind == "share" else "~s", labelOverlap=True, **ticks)
    base = alt.Chart(data_of(spans)).encode(
        y=alt.Y("segment:N", sort=segment_names(rows), title=None), description="hint:N"
    )
    outer = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("p05:Q", title=x_title, scale=scale, axis=axis), x2="p95:Q", color=alt.Color("edge:N", scale=None)
    )
    middle = base.mark_bar(height=16, strokeWidth=1).encode(
        x="p25:Q",
        x2="p75:Q",
        color=alt.Color("color:N", scale=None),
        stroke=alt.Stroke("edge:N", scale=None),
        tooltip="hint:N",
    )
    median = base.mark_tick(thickness=3, height=22, color=INK).encode(x="median:Q")
    reading = "Tick: median. Bar: the middle half. Line: all but the lowest and the highest twentieth."
    title = _title_of_spread(rows, words, kind)
    layers, labels = outer + middle + median, segment_names(rows)
    return finish(layers, title=title, reading=reading, height=34 * len(rows) + 60, labels=labels)


def _spread(row: dict[str, Any], words: str, kind: str) -> str:
    low, first, middle, third, high = (write(row[name], kind) for name in ("p05", "p25", "median", "p75", "p95"))
    return f"{row['segment']}, {words}: median {middle}, half between {first} and {third}, nine tenths {low} to {high}"


def _title_of_spread(rows: Rows, words: str, kind: str) -> str:
    most, least = max(rows, key=lambda row: row["median"]), min(rows, key=lambda row: row["median"])
    if most["median"] == least["median"]:
        return f"{words.capitalize()}: the median is {write(most['median'], kind)} in every segment"
    return (
        f"{words.capitalize()}: the median is {write(most['median'], kind)} for {most['segment']} and "
        f"{write(least['median'], kind)} for {least['segment']}"
    )


def segment_mix(table: ChartTable, what: str) -> Any:  # noqa: ANN401
    """Chart which segments the revenue of each product, or of each country, comes from.

    Parameters
    ----------
    table
        `name, segment, color, share`, one row per name and segment, largest names first; the shares of a name add up
        to 1.
    what
        Of what the names are: `product` or `country`.

    Examples
    --------
    >>> rows = [{"name": "Mug", "segment": "Champions", "color": "#007744", "share": 0.7},
    ...         {"name": "Mug", "segment": "Hibernating", "color": "#880000", "share": 0.3}]
    >>> segment_mix(rows, "product").title.text
    ['Champions bring 70.0% of the revenue of Mug']
    """
    rows = plain_rows(table)
    names, colors = list(dict.fromkeys(row["name"] for row in rows)), {row["segment"]: row["color"] for row in rows}
    places = {name: f"{number}. {shorten(name, 22)}" for number, name in enumerate(names, start=1)}
    parts = [
        {
            "place": places[row["name"]],
            "segment": row["segment"],
            "share": row["share"],
            "hint": f"{shorten(row['name'])}: {row['share']:.1%} from {row['segment']}",
        }
        for row in rows
    ]
    axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1])
    x = alt.X("share:Q", stack=True, title="share of revenue (%)", axis=axis)
    marks = segment_bars(parts, x, {name: colors[name] for name in segment_names(rows)})
    reading = f"Each bar is a {what}, the largest first; colours are the segments of its buyers."
    height, labels = 30 * len(names) + 125, list(places.values())
    return finish(marks, title=_title_of_mix(rows, what), reading=reading, height=height, labels=labels)


def _title_of_mix(rows: Rows, what: str) -> str:
    """Name the segment that is the largest buyer of most names."""
    first: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row["name"] not in first or row["share"] > first[row["name"]]["share"]:
            first[row["name"]] = row
    firsts = [row["segment"] for row in first.values()]
    most = max(segment_names(rows), key=firsts.count)
    if len(firsts) == 1:
        only = next(iter(first.values()))
        return f"{most} bring {only['share']:.1%} of the revenue of {shorten(only['name'])}"
    where = {"product": "products", "country": "countries"}[what]
    return f"{most} bring the most revenue in {firsts.count(most)} of the {len(firsts)} largest {where}"
