"""Charts of segments: how large they are, what they bring, and how they differ."""

from typing import Any

import altair as alt

from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.charts.palette import INK, PALE, QUIET, edge_color
from customerbase.report.charts.theme import (
    FULL_WIDTH,
    ChartTable,
    Rows,
    data_of,
    finish,
    plain_rows,
    scale_with_room,
    segment_names,
    shorten,
    wrap_labels,
)
from customerbase.report.numerals import write

__all__ = [
    "feature_distribution",
    "profile_heat_map",
    "revenue_per_customer",
    "segment_mix",
    "segment_shares",
    "snake_plot",
]

_ROW = 44
_LINES = "split(datum.label, '\\n')"
_DIVERGING = ["#b35806", "#f1a340", "#fee0b6", "#f7f7f7", "#d8daeb", "#998ec3", "#542788"]
_LIGHT_BELOW, _LIGHT_ABOVE = 0.03, 0.88
"""Where a cell of the heat map is dark enough for white figures."""


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
    base = alt.Chart(data_of(bars)).encode(
        y=alt.Y("segment:N", sort=names, title=None),
        yOffset=alt.YOffset("what:N", sort=["customers", "revenue"]),
        x=alt.X(
            "value:Q",
            title="share of all (%)",
            axis=alt.Axis(format="%", tickCount=5),
            scale=scale_with_room([bar["value"] for bar in bars]),
        ),
        description="hint:N",
    )
    marks = base.mark_bar(strokeWidth=1).encode(
        color=alt.Color("fill:N", scale=None), stroke=alt.Stroke("edge:N", scale=None), tooltip="hint:N"
    )
    texts = base.mark_text(align="left", dx=4, fontSize=12, color=INK).encode(text="label:N")
    reading = "Grey: share of customers. Colour: share of revenue." if has_revenue else "Share of customers."
    return finish(
        marks + texts,
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
            "edge": edge_color(row["color"]),
            "label": write(row["revenue_per_customer"], "number"),
            "hint": f"{row['segment']}: {row['revenue_per_customer']:,.2f} per customer",
        }
        for row in rows
    ]
    names = segment_names(rows)
    base = alt.Chart(data_of(bars)).encode(
        y=alt.Y("segment:N", sort=names, title=None),
        x=alt.X(
            "revenue_per_customer:Q",
            title="revenue per customer",
            axis=alt.Axis(format="~s", tickCount=4),
            scale=scale_with_room([bar["revenue_per_customer"] for bar in bars], room=0.25),
        ),
        description="hint:N",
    )
    marks = base.mark_bar(strokeWidth=1).encode(
        color=alt.Color("color:N", scale=None), stroke=alt.Stroke("edge:N", scale=None), tooltip="hint:N"
    )
    texts = base.mark_text(align="left", dx=4, fontSize=12, color=INK).encode(text="label:N")
    most, least = (choose(rows, key=lambda row: row["revenue_per_customer"]) for choose in (max, min))
    title = f"A customer among {most['segment']} brought {write(most['revenue_per_customer'], 'number')}"
    if least["revenue_per_customer"] > 0 and most is not least:
        times = write(most["revenue_per_customer"] / least["revenue_per_customer"], "number")
        title = f"A customer among {most['segment']} brought {times} times as much as one among {least['segment']}"
    height = _ROW * len(names) + 50
    return finish(marks + texts, title=title, reading="Mean revenue of a customer.", height=height, labels=names)


def profile_heat_map(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart where each segment stands within the base, feature by feature.

    Parameters
    ----------
    table
        `segment, feature, percentile_rank, median`, one row per segment and feature; a rank is the mean share of the
        base that lies below a segment's customers, from 0 to 1.

    Examples
    --------
    >>> rows = [{"segment": "Champions", "feature": "frequency", "percentile_rank": 0.96, "median": 29.0},
    ...         {"segment": "Hibernating", "feature": "frequency", "percentile_rank": 0.3, "median": 1.0}]
    >>> profile_heat_map(rows).title.text
    ['Champions stand out most: in orders they are above 96% of customers on average']
    """
    rows = plain_rows(table)
    columns = wrap_labels(segment_names(rows))
    cells = [{**_cell(row), "column": columns[row["segment"]]} for row in _with_gaps(rows)]
    features = list(dict.fromkeys(cell["words"] for cell in cells))
    n_lines = 1 + max(column.count("\n") for column in columns.values())
    base = alt.Chart(data_of(cells)).encode(
        x=alt.X(
            "column:N",
            sort=list(columns.values()),
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, labelExpr=_LINES, labelPadding=14 * n_lines - 8),
        ),
        y=alt.Y("words:N", sort=features, title=None),
        description="hint:N",
    )
    scale = alt.Scale(domain=[0, 1], range=_DIVERGING)
    color = alt.Color("percentile_rank:Q", scale=scale, legend=None)
    marks = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(color=color, tooltip="hint:N")
    texts = base.mark_text(fontSize=12).encode(text="label:N", color=alt.Color("ink:N", scale=None))
    reading = (
        "Each figure is the mean percentile rank of a segment's customers within all: 50 is the middle; violet stands "
        "above it, orange below." + (" A dash: nobody has this figure." if len(cells) > len(rows) else "")
    )
    title = _title_of_profiles(rows)
    layers = (marks + texts).resolve_scale(color="independent")
    return finish(
        layers, title=title, reading=reading, height=30 * len(features) + 60, width=FULL_WIDTH, labels=features
    )


def _with_gaps(rows: Rows) -> Rows:
    """Add a row without figures for each segment and feature that has none."""
    known = {(row["segment"], row["feature"]): row for row in rows}
    features = list(dict.fromkeys(row["feature"] for row in rows))
    gap = {"percentile_rank": None, "median": None}
    return [
        known.get((segment, feature), {"segment": segment, "feature": feature, **gap})
        for segment in segment_names(rows)
        for feature in features
    ]


def _cell(row: dict[str, Any]) -> dict[str, Any]:
    rank, words = row["percentile_rank"], feature_words(row["feature"])
    if rank is None:
        return {"segment": row["segment"], "words": words, "label": "–", "ink": QUIET, "hint": "nobody has this figure"}
    is_dark = rank <= _LIGHT_BELOW or rank >= _LIGHT_ABOVE
    median = write(row["median"], feature_kind(row["feature"]))
    return {
        "segment": row["segment"],
        "words": words,
        "percentile_rank": rank,
        "label": f"{100 * rank:.0f}",
        "ink": "#fefefe" if is_dark else "#101010",
        "hint": f"{row['segment']}, {words}: above {rank:.0%} of customers on average; median {median}",
    }


def _title_of_profiles(rows: Rows) -> str:
    most = max(rows, key=lambda row: abs(row["percentile_rank"] - 0.5))
    rank, words = most["percentile_rank"], feature_words(most["feature"])
    where = f"above {rank:.0%}" if rank >= 0.5 else f"below {1 - rank:.0%}"
    return f"{most['segment']} stand out most: in {words} they are {where} of customers on average"


def snake_plot(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart the mean of each segment, feature by feature, in standard deviations from the mean of all customers.

    Parameters
    ----------
    table
        `segment, color, feature, standardised_mean`, one row per segment and feature, features in the order wanted.

    Examples
    --------
    >>> rows = [{"segment": name, "color": color, "feature": feature, "standardised_mean": mean}
    ...         for feature in ("recency_days", "frequency")
    ...         for name, color, mean in (("Champions", "#007744", 2.1), ("Hibernating", "#880000", -0.4))]
    >>> snake_plot(rows).title.text
    ['Champions part most from the rest: in days since the last order they lie 2.1 standard deviations above the mean']
    """
    rows = plain_rows(table)
    columns = {
        words: label.strip("\n") for words, label in wrap_labels([feature_words(r["feature"]) for r in rows]).items()
    }
    points = [
        {
            **row,
            "column": columns[feature_words(row["feature"])],
            "edge": edge_color(row["color"]),
            "hint": f"{row['segment']}, {feature_words(row['feature'])}: {row['standardised_mean']:+.2f}",
        }
        for row in rows
    ]
    names = segment_names(rows)
    colors = {point["segment"]: (point["color"], point["edge"]) for point in points}
    scale = alt.Scale(domain=names, range=[colors[name][1] for name in names])
    legend = alt.Legend(title=None, columns=4, symbolSize=90)
    base = alt.Chart(data_of(points)).encode(
        x=alt.X(
            "column:N",
            sort=list(columns.values()),
            title=None,
            scale=alt.Scale(type="point", padding=0.4),
            axis=alt.Axis(labelAngle=0, labelExpr=_LINES, grid=True),
        ),
        y=alt.Y("standardised_mean:Q", title="standard deviations from the mean of all", axis=alt.Axis(format="+.1f")),
        color=alt.Color("segment:N", scale=scale, legend=legend),
        description="hint:N",
    )
    zero = alt.Chart(data_of([{"zero": 0}])).mark_rule(color=QUIET).encode(y="zero:Q")
    dots = base.mark_point(filled=True, size=60, opacity=1).encode(
        shape=alt.Shape("segment:N", scale=alt.Scale(domain=names), legend=legend), tooltip="hint:N"
    )
    reading = "One line per segment; zero is the mean of all customers."
    return finish(
        zero + base.mark_line(strokeWidth=2) + dots,
        title=_title_of_snake(rows),
        reading=reading,
        height=380,
        width=FULL_WIDTH,
    )


def _title_of_snake(rows: Rows) -> str:
    most = max(rows, key=lambda row: abs(row["standardised_mean"]))
    mean, words = most["standardised_mean"], feature_words(most["feature"])
    side = "above" if mean > 0 else "below"
    return (
        f"{most['segment']} part most from the rest: in {words} they lie {abs(mean):.1f} standard deviations {side} "
        "the mean"
    )


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
    ['Orders: the median is 29 of Champions and 1 of Hibernating']
    """
    rows, words = plain_rows(table), feature_words(feature)
    kind = "share" if feature_kind(feature) == "share" else "number"
    lowest, highest = min(row["p05"] for row in rows), max(row["p95"] for row in rows)
    is_log = lowest > 0 and highest / lowest > 30
    scale = alt.Scale(type="log" if is_log else "linear", zero=not is_log, nice=not is_log)
    spans = [{**row, "edge": edge_color(row["color"]), "hint": _spread(row, words, kind)} for row in rows]
    x_title = f"{words}{', logarithmic' if is_log else ''}{' (%)' if kind == 'share' else ''}"
    axis = alt.Axis(format="%" if kind == "share" else "~s", tickCount=4, labelOverlap=True)
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
        f"{words.capitalize()}: the median is {write(most['median'], kind)} of {most['segment']} and "
        f"{write(least['median'], kind)} of {least['segment']}"
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
    names, segments = list(dict.fromkeys(row["name"] for row in rows)), segment_names(rows)
    places = {name: f"{number}. {shorten(name, 22)}" for number, name in enumerate(names, start=1)}
    colors = {row["segment"]: row["color"] for row in rows}
    parts = [
        {
            "place": places[row["name"]],
            "segment": row["segment"],
            "order": segments.index(row["segment"]),
            "share": row["share"],
            "hint": f"{shorten(row['name'])}: {row['share']:.1%} from {row['segment']}",
        }
        for row in rows
    ]
    scale = alt.Scale(domain=segments, range=[colors[name] for name in segments])
    marks = (
        alt.Chart(data_of(parts))
        .mark_bar(stroke="#ffffff", strokeWidth=1)
        .encode(
            y=alt.Y("place:N", sort=list(places.values()), title=None),
            x=alt.X("share:Q", stack=True, title="share of revenue (%)", axis=alt.Axis(format="%", tickCount=5)),
            color=alt.Color("segment:N", scale=scale, legend=alt.Legend(title=None, columns=2)),
            order=alt.Order("order:Q"),
            description="hint:N",
            tooltip="hint:N",
        )
    )
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
