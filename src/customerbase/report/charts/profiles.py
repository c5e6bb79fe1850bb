"""Charts of profiles: how segments differ over many features at once."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.charts.palette import QUIET, blend, edge_color, ink_on
from customerbase.report.charts.theme import (
    FULL_WIDTH,
    ChartTable,
    Rows,
    data_of,
    finish,
    plain_rows,
    segment_names,
    wrap_labels,
)
from customerbase.report.numerals import write

__all__ = ["profile_heat_map", "snake_plot"]

_LINES = "split(datum.label, '\\n')"
_DIVERGING = ["#b35806", "#f1a340", "#fee0b6", "#f7f7f7", "#d8daeb", "#998ec3", "#542788"]


def profile_heat_map(table: ChartTable, left_out: Sequence[str] = ()) -> Any:  # noqa: ANN401
    """Chart where each segment stands within the base, feature by feature.

    Parameters
    ----------
    table
        `segment, feature, percentile_rank, median`, one row per segment and feature; a rank is the mean share of the
        base that lies below a segment's customers, from 0 to 1.
    left_out
        Features that are only yes or no, of which a rank says nothing: they are named below the chart.

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
    color = alt.Color("fill:N", scale=None)
    marks = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(color=color, tooltip="hint:N")
    texts = base.mark_text(fontSize=12).encode(text="label:N", color=alt.Color("ink:N", scale=None))
    reading = (
        "Each figure is the mean percentile rank of a segment's customers within all: 50 is the middle; violet stands "
        "above it, orange below." + (" A dash: nobody has this figure." if len(cells) > len(rows) else "")
    )
    if left_out:
        words = ", ".join(feature_words(feature) for feature in left_out)
        reading += f" Only yes or no, so without a rank (see the table for the share): {words}."
    title = _title_of_profiles(rows)
    return finish(
        marks + texts, title=title, reading=reading, height=30 * len(features) + 60, width=FULL_WIDTH, labels=features
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
    fill = blend(_DIVERGING, rank)
    median = write(row["median"], feature_kind(row["feature"]))
    return {
        "segment": row["segment"],
        "words": words,
        "percentile_rank": rank,
        "label": f"{100 * rank:.0f}",
        "fill": fill,
        "ink": ink_on(fill),
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
