"""Charts of a comparison: how many segments, how tight they are, and how surely they are found again."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import altair as alt

from customerbase.report.charts.palette import ACCENT, INK, PALE, QUIET
from customerbase.report.charts.theme import FULL_WIDTH, ChartTable, Rows, data_of, finish, plain_rows
from customerbase.report.numerals import write

__all__ = ["bic_curve", "dendrogram", "elbow", "silhouettes", "stability_intervals"]

_MOST_STEPS = 300
"""Points of a silhouette plot: what more of them would show is finer than a pixel."""


def elbow(table: ChartTable, n_segments: int) -> Any:  # noqa: ANN401  (Altair's classes)
    """Chart how much of the spread of all customers is left within segments, by their number.

    Parameters
    ----------
    table
        `n_segments, explained_share`, one row per number of segments, ascending from 1.
    n_segments
        The number that is looked at.

    Examples
    --------
    >>> rows = [{"n_segments": number, "explained_share": share} for number, share in ((1, 0.0), (2, 0.6), (3, 0.7))]
    >>> elbow(rows, 2).title.text
    ['2 segments leave 40.0% of the spread within them, one more', 'takes 10.0 points off']
    """
    rows = plain_rows(table)
    points = [
        {
            "n": row["n_segments"],
            "left": 1 - row["explained_share"],
            "is_it": row["n_segments"] == n_segments,
            "hint": f"{row['n_segments']} segments: {1 - row['explained_share']:.1%} of the spread within them",
        }
        for row in rows
    ]
    left = {point["n"]: point["left"] for point in points}
    chart = _curve(points, "left", "spread left within segments (%)", alt.Axis(format="%", tickCount=5))
    title = f"{n_segments} segments leave {left[n_segments]:.1%} of the spread within them"
    if n_segments + 1 in left:
        title += f", one more takes {100 * (left[n_segments] - left[n_segments + 1]):.1f} points off"
    elif n_segments - 1 in left:
        title += f", one fewer {100 * (left[n_segments - 1] - left[n_segments]):.1f} points more"
    return finish(
        chart,
        title=title,
        reading="K-means. All customers as one segment have 100%. Where the line bends, more segments gain little.",
        height=320,
    )


def bic_curve(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart the BIC of Gaussian mixtures by the number of segments.

    Parameters
    ----------
    table
        `n_segments, bic`, one row per number of segments, ascending.

    Examples
    --------
    >>> rows = [{"n_segments": number, "bic": bic} for number, bic in ((3, 900.0), (4, 700.0), (5, 800.0))]
    >>> bic_curve(rows).title.text
    ['BIC is lowest for a mixture of 4 segments']
    >>> bic_curve(rows[:2]).title.text
    ['BIC is lowest for a mixture of 4 segments, the most that', 'were tried: it may fall further']
    """
    rows = plain_rows(table)
    best = min(rows, key=lambda row: row["bic"])
    points = [
        {
            "n": row["n_segments"],
            "bic": row["bic"],
            "is_it": row is best,
            "hint": f"{row['n_segments']} segments: BIC {row['bic']:,.0f}",
        }
        for row in rows
    ]
    chart = _curve(points, "bic", "BIC, lower is better", alt.Axis(format="~s", tickCount=5), is_from_zero=False)
    title = f"BIC is lowest for a mixture of {best['n_segments']} segments"
    if best is rows[-1] and len(rows) > 1:
        title += ", the most that were tried: it may fall further"
    return finish(
        chart,
        title=title,
        reading="How well a Gaussian mixture fits the customers, less what its number of parameters flatters it by.",
        height=320,
    )


def _curve(
    points: Rows,
    value: str,
    title: str,
    axis: Any,  # noqa: ANN401
    *,
    is_from_zero: bool = True,
) -> Any:  # noqa: ANN401
    """Draw a line over numbers of segments, a dot for each, and the one that is looked at larger."""
    numbers = [point["n"] for point in points]
    base = alt.Chart(data_of(points)).encode(
        x=alt.X("n:O", title="segments", sort=numbers, axis=alt.Axis(labelAngle=0)),
        y=alt.Y(f"{value}:Q", title=title, axis=axis, scale=alt.Scale(zero=is_from_zero)),
    )
    dots = base.mark_point(filled=True, size=46, color=ACCENT, opacity=1).encode(description="hint:N", tooltip="hint:N")
    large = base.transform_filter("datum.is_it").mark_point(size=190, color=INK, strokeWidth=2)
    return base.mark_line(color=ACCENT, strokeWidth=2.5) + dots + large


def silhouettes(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart the silhouette of each customer, by segment and sorted within it.

    Parameters
    ----------
    table
        `segment, rank, silhouette`, one row per customer, sorted by segment and descending within it; `rank` counts
        from 1 through all of them.

    Examples
    --------
    >>> rows = [{"segment": 1, "rank": 1, "silhouette": 0.5}, {"segment": 1, "rank": 2, "silhouette": -0.1},
    ...         {"segment": 2, "rank": 3, "silhouette": 0.4}, {"segment": 2, "rank": 4, "silhouette": 0.4}]
    >>> silhouettes(rows).title.text
    ['25.0% of the customers stand nearer to another segment than to their own; the mean silhouette is 0.30']
    """
    rows = plain_rows(table)
    values = [row["silhouette"] for row in rows]
    mean = sum(values) / len(values)
    nearer = sum(value < 0 for value in values) / len(values)
    steps = _thin(rows)
    middles = [
        {"x": (first["rank"] + last["rank"]) / 2, "label": str(segment)} for segment, first, last in _spans(rows)
    ]
    x = alt.X("x:Q", title="customers by segment", axis=None, scale=alt.Scale(domain=[0, len(rows)], nice=False))
    y = alt.Y("y:Q", title="silhouette", axis=alt.Axis(format=".1f", tickCount=6))
    areas = [
        alt.Chart(data_of([step for step in steps if step["segment"] == segment]))
        .mark_area(color=ACCENT if place % 2 == 0 else PALE, opacity=1)
        .encode(x=x, y=y)
        for place, (segment, _, _) in enumerate(_spans(rows))
    ]
    line = alt.Chart(data_of([{"y": mean}])).mark_rule(color=QUIET, strokeDash=[4, 4]).encode(y="y:Q")
    texts = (
        alt.Chart(data_of([{**middle, "y": max(values)} for middle in middles]))
        .mark_text(fontSize=12, color=INK, dy=-10)
        .encode(x=x, y=y, text="label:N")
    )
    return finish(
        alt.layer(*areas, line, texts),
        title=f"{write(nearer, 'share')} of the customers stand nearer to another segment than to their own; "
        f"the mean silhouette is {mean:.2f}",
        reading="Each customer is a line, grouped by segment (numbered by value) and sorted. Below zero: nearer to "
        "another segment. Dashed: the mean.",
        height=320,
        width=FULL_WIDTH,
    )


def _spans(rows: Rows) -> list[tuple[int, dict[str, Any], dict[str, Any]]]:
    """Give each segment with the first and the last of its rows."""
    firsts: dict[int, dict[str, Any]] = {}
    lasts: dict[int, dict[str, Any]] = {}
    for row in rows:
        firsts.setdefault(row["segment"], row)
        lasts[row["segment"]] = row
    return [(segment, firsts[segment], lasts[segment]) for segment in firsts]


def _thin(rows: Rows) -> Rows:
    """Take every how-manieth customer, and the first and the last of each segment."""
    step = max(1, len(rows) // _MOST_STEPS)
    ends = {row["rank"] for _, first, last in _spans(rows) for row in (first, last)}
    kept = [row for row in rows if row["rank"] in ends or row["rank"] % step == 0]
    # A customer is as wide as the place from the one before; the first of a segment begins where the last one ended.
    return [
        point
        for row in kept
        for point in (
            [{"segment": row["segment"], "x": row["rank"] - 1, "y": row["silhouette"]}] if row["rank"] in ends else []
        )
        + [{"segment": row["segment"], "x": row["rank"], "y": row["silhouette"]}]
    ]


def stability_intervals(table: ChartTable, least: float) -> Any:  # noqa: ANN401
    """Chart how surely segments are found again from customers drawn anew.

    Parameters
    ----------
    table
        `name, is_chosen, stability, stability_lower, stability_upper`, one row per way to segment.
    least
        What is asked for.

    Examples
    --------
    >>> rows = [{"name": "kmeans, 6", "is_chosen": True, "stability": 0.91, "stability_lower": 0.82,
    ...          "stability_upper": 0.98}]
    >>> stability_intervals(rows, 0.85).title.text
    ['kmeans, 6 segments, is found again at 0.91, nine in ten times between 0.82 and 0.98; 1 of 1 reach 0.85']
    """
    rows = plain_rows(table)
    bars = [
        {
            "name": row["name"],
            "mean": row["stability"],
            "lower": row["stability_lower"],
            "upper": row["stability_upper"],
            "is_it": row["is_chosen"],
            "hint": (
                f"{row['name']}: {row['stability']:.2f}, nine in ten between {row['stability_lower']:.2f} and "
                f"{row['stability_upper']:.2f}"
            ),
        }
        for row in rows
    ]
    names = [bar["name"] for bar in bars]
    y = alt.Y("name:N", sort=names, title=None)
    scale = alt.Scale(domain=[math.floor(10 * min(bar["lower"] for bar in bars)) / 10, 1], nice=False)
    axis = alt.Axis(format=".1f", tickCount=6)
    base = alt.Chart(data_of(bars)).encode(y=y)
    x = alt.X("lower:Q", title="adjusted Rand index, 1 is the same", scale=scale, axis=axis)
    spans = base.mark_rule(color=ACCENT, strokeWidth=3).encode(x=x, x2="upper:Q")
    dots = base.mark_point(filled=True, size=70, color=ACCENT, opacity=1)
    dots = dots.encode(x=alt.X("mean:Q"), description="hint:N", tooltip="hint:N")
    large = base.transform_filter("datum.is_it").mark_point(size=210, color=INK, strokeWidth=2).encode(x="mean:Q")
    line = alt.Chart(data_of([{"x": least}])).mark_rule(color=QUIET, strokeDash=[4, 4]).encode(x="x:Q")
    return finish(
        line + spans + dots + large,
        title=_title_of_stability(rows, least),
        reading="By method and number of segments. Dot: mean of the refits. Bar: nine in ten of them. "
        "Dashed: what is asked. Where bars overlap, a difference may be chance.",
        height=24 * len(bars) + 70,
        width=FULL_WIDTH,
        labels=names,
    )


def _title_of_stability(rows: Sequence[Mapping[str, Any]], least: float) -> str:
    n_reached = sum(row["stability"] >= least for row in rows)
    reached = f"{n_reached} of {len(rows)} reach {least:.2f}"
    one = next((row for row in rows if row["is_chosen"]), None)
    if one is None:
        return f"{reached}: they are found again from customers drawn anew"
    return (
        f"{one['name']} segments, is found again at {one['stability']:.2f}, nine in ten times between "
        f"{one['stability_lower']:.2f} and {one['stability_upper']:.2f}; {reached}"
    )


def dendrogram(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart the last merges of a tree of hierarchical clustering.

    Parameters
    ----------
    table
        `node, left, right, height, n_customers`, one row per leaf and merge, the last one the root.

    Examples
    --------
    >>> rows = [{"node": 1, "left": None, "right": None, "height": 0.0, "n_customers": 5},
    ...         {"node": 2, "left": None, "right": None, "height": 0.0, "n_customers": 4},
    ...         {"node": 3, "left": None, "right": None, "height": 0.0, "n_customers": 3},
    ...         {"node": 4, "left": 2, "right": 3, "height": 2.0, "n_customers": 7},
    ...         {"node": 5, "left": 1, "right": 4, "height": 9.0, "n_customers": 12}]
    >>> dendrogram(rows).title.text
    ['The widest gap between two merges, from 2 to 9, is where 2 parts are left']
    """
    rows = {row["node"]: row for row in plain_rows(table)}
    root = max(rows)
    places = _lay_out(rows, root)
    joints = [row for row in rows.values() if row["left"] is not None]
    corners = [
        {"node": row["node"], "corner": number, "x": x, "y": y}
        for row in joints
        for number, (x, y) in enumerate(
            (
                (places[row["left"]], rows[row["left"]]["height"]),
                (places[row["left"]], row["height"]),
                (places[row["right"]], row["height"]),
                (places[row["right"]], rows[row["right"]]["height"]),
            )
        )
    ]
    leaves = [
        {"x": places[node], "y": 0.0, "label": f"{row['n_customers']:,}"}
        for node, row in rows.items()
        if row["left"] is None
    ]
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-1, len(leaves)], nice=False))
    y = alt.Y("y:Q", title="height of the merge", axis=alt.Axis(tickCount=5))
    lines = (
        alt.Chart(data_of(corners))
        .mark_line(color=ACCENT, strokeWidth=1.6)
        .encode(x=x, y=y, detail="node:N", order="corner:Q")
    )
    texts = alt.Chart(data_of(leaves)).mark_text(angle=270, align="right", dx=-5, fontSize=11, color=QUIET)
    return finish(
        lines + texts.encode(x=x, y=y, text="label:N"),
        title=_title_of_merges([row["height"] for row in joints]),
        reading=f"The last {len(joints)} merges of Ward's tree. Figures: how many customers a branch has. The higher "
        "two branches join, the further they stand apart.",
        height=400,
        width=FULL_WIDTH,
    )


def _title_of_merges(heights: Sequence[float]) -> str:
    """Say between which two merges the widest gap lies: the parts that are left there stand furthest apart."""
    ordered = sorted(heights)
    if len(ordered) < 2:
        return "The tree has a single merge"
    gaps = [after - before for before, after in pairwise(ordered)]
    widest = max(range(len(gaps)), key=gaps.__getitem__)
    low, high = (write(ordered[place], "number") for place in (widest, widest + 1))
    return f"The widest gap between two merges, from {low} to {high}, is where {len(ordered) - widest} parts are left"


def _lay_out(rows: Mapping[int, Mapping[str, Any]], root: int) -> dict[int, float]:
    """Give each node a place from left to right: leaves side by side, merges over the middle of what they join."""
    places: dict[int, float] = {}
    order: list[int] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if rows[node]["left"] is not None:
            waiting += [rows[node]["left"], rows[node]["right"]]
    leaves = [node for node in order if rows[node]["left"] is None]
    places |= {node: float(number) for number, node in enumerate(leaves)}
    for node in sorted(rows):
        if rows[node]["left"] is not None:
            places[node] = (places[rows[node]["left"]] + places[rows[node]["right"]]) / 2
    return places
