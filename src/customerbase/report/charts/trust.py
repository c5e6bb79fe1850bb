"""Charts of the segmentation itself: customers on a map, and what segments of an earlier date told."""

from typing import Any

import altair as alt

from customerbase.report.charts.bars import labelled_bars
from customerbase.report.charts.palette import edge_color
from customerbase.report.charts.theme import FULL_WIDTH, ChartTable, data_of, finish, plain_rows
from customerbase.report.numerals import write

__all__ = ["customer_map", "out_of_time"]


def customer_map(table: ChartTable, x_title: str, y_title: str, title: str, n_customers: int) -> Any:  # noqa: ANN401
    """Chart customers as points of a plane, in the colours of their segments.

    Parameters
    ----------
    table
        `x, y, segment, color, hint`, one row per customer shown; `hint` is what a tooltip says.
    x_title, y_title
        What the axes stand for.
    title
        What the map shows.
    n_customers
        Of whom these are a sample.

    Examples
    --------
    >>> rows = [{"x": 0.0, "y": 1.0, "segment": "Champions", "color": "#007744", "hint": "Champions"}]
    >>> customer_map(rows, "x", "y", "One customer", 5).title.subtitle
    ['Each point is a customer: 1 drawn at random of 5.']
    """
    rows = plain_rows(table)
    colors = {row["segment"]: row["color"] for row in rows}
    scale = alt.Scale(domain=list(colors), range=[edge_color(color) for color in colors.values()])
    axis = alt.Axis(labels=False, grid=False)
    marks = (
        alt.Chart(data_of([{name: row[name] for name in ("x", "y", "segment", "hint")} for row in rows]))
        .mark_point(filled=True, size=22, opacity=0.75)
        .encode(
            x=alt.X("x:Q", title=x_title, axis=axis),
            y=alt.Y("y:Q", title=y_title, axis=axis),
            color=alt.Color("segment:N", scale=scale, legend=alt.Legend(title=None, columns=4, symbolSize=90)),
            description="hint:N",
            tooltip="hint:N",
        )
    )
    drawn = "" if len(rows) == n_customers else f": {len(rows):,} drawn at random of {n_customers:,}"
    return finish(marks, title=title, reading=f"Each point is a customer{drawn}.", height=460, width=FULL_WIDTH)


def out_of_time(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart how much of what customers spent next the segments of an earlier date told apart.

    Parameters
    ----------
    table
        `segmentation, n_segments, spend_eta_squared`, one row per segmentation; the first may be a reference model
        without segments.

    Examples
    --------
    >>> rows = [{"segmentation": "kmeans", "n_segments": 6, "spend_eta_squared": 0.35},
    ...         {"segmentation": "rfm", "n_segments": 11, "spend_eta_squared": 0.39}]
    >>> out_of_time(rows).title.text
    ['Of 2 ways to segment, rfm (11 segments) told later spend', 'apart best: 39.0% of its variance']
    """
    rows = [row for row in plain_rows(table) if row["spend_eta_squared"] is not None]
    bars = [
        {
            "name": row["segmentation"] + (f" ({row['n_segments']})" if row["n_segments"] else ""),
            "value": row["spend_eta_squared"],
            "label": write(row["spend_eta_squared"], "share"),
            "hint": f"{row['segmentation']}: {row['spend_eta_squared']:.1%} of the variance of later spend",
        }
        for row in rows
    ]
    chart = labelled_bars(bars, "name", "value", "variance of later spend between segments (%)")
    known = [row for row in rows if row["n_segments"]]
    best = max(known, key=lambda row: row["spend_eta_squared"])
    how = f"{best['segmentation']} ({best['n_segments']} segments)"
    title = f"Of {len(known)} ways to segment, {how} told later spend apart best: "
    return finish(
        chart,
        title=f"{title}{best['spend_eta_squared']:.1%} of its variance",
        reading="Segments of an earlier date, held against later spend. In brackets: how many; more tell more.",
        height=26 * len(bars) + 60,
        labels=[bar["name"] for bar in bars],
    )
