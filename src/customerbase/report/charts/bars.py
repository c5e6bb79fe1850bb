"""Bars that lie, each with its figure at its end: the form of most charts that compare a few things."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from customerbase.report.charts.palette import ACCENT, INK
from customerbase.report.charts.theme import data_of

__all__ = ["PLAIN_ZERO", "labelled_bars", "segment_bars"]

PLAIN_ZERO = "datum.value === 0 ? '0' : datum.label"
"""How the figures of an axis are written, in the language of Vega: nothing has no unit."""

_FIFTHS = (0, 0.2, 0.4, 0.6, 0.8, 1)
_ROOM, _ROOM_PER_SIGN = 0.02, 0.035
"""Beyond the longest bar, as parts of it: for its figure, which no other place has."""


def labelled_bars(
    bars: Sequence[Mapping[str, Any]],
    by: str,
    value: str,
    title: str,
    *,
    axis_format: str = "%",
    pair: str | None = None,
    is_colored: bool = False,
) -> Any:  # noqa: ANN401  (Altair's classes)
    """Draw one bar for each row, from the top in their order.

    Parameters
    ----------
    bars
        Rows with `by`, `value`, the `label` at the end of the bar, and the `hint` that says it in words.
    by, value
        What stands beside the bars, and how long they are; at least 0.
    title
        Of the axis of values, with the unit.
    axis_format
        How its figures are written, in the language of d3.
    pair
        Column by which two bars share one place, in the order of the rows.
    is_colored
        Whether rows have a `fill` and an `edge` of their own.

    Examples
    --------
    >>> chart = labelled_bars([{"day": "Monday", "n": 3, "label": "3", "hint": "Monday: 3"}], "day", "n", "orders")
    >>> chart.layer[1].to_dict()["encoding"]["text"]["field"]
    'label'
    """
    most = max((bar[value] for bar in bars), default=0.0)
    room = _ROOM + _ROOM_PER_SIGN * max((len(bar["label"]) for bar in bars), default=0)
    end = most * (1 + room) if most > 0 else 1
    # The room for labels goes beyond all of something; its axis does not.
    ticks: dict[str, Any] = {"values": _FIFTHS} if axis_format == "%" and most <= 1 < end else {"tickCount": 4}
    base = alt.Chart(data_of(bars)).encode(
        y=alt.Y(f"{by}:N", sort=list(dict.fromkeys(bar[by] for bar in bars)), title=None),
        x=alt.X(
            f"{value}:Q",
            title=title,
            axis=alt.Axis(format=axis_format, labelExpr=PLAIN_ZERO, **ticks),
            scale=alt.Scale(domain=[0, end], nice=False),
        ),
        description="hint:N",
    )
    if pair is not None:
        base = base.encode(yOffset=alt.YOffset(f"{pair}:N", sort=list(dict.fromkeys(bar[pair] for bar in bars))))
    marks = base.mark_bar(color=ACCENT).encode(tooltip="hint:N")
    if is_colored:
        marks = base.mark_bar(strokeWidth=1).encode(
            color=alt.Color("fill:N", scale=None), stroke=alt.Stroke("edge:N", scale=None), tooltip="hint:N"
        )
    return marks + base.mark_text(align="left", dx=4, fontSize=12, color=INK).encode(text="label:N")


def segment_bars(parts: Sequence[Mapping[str, Any]], x: alt.X, colors: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Draw one bar for each place, from the top in their order, made of parts in the colours of the segments.

    Parameters
    ----------
    parts
        Rows with `place`, `segment`, the value that `x` names, and the `hint` that says it in words.
    x
        How long the parts are.
    colors
        Name of each segment → its colour, in the order of the parts of a bar.

    Examples
    --------
    >>> part = {"place": "1. Mug", "segment": "Loyal", "share": 1.0, "hint": "Mug: 100.0% from Loyal"}
    >>> segment_bars([part], alt.X("share:Q"), {"Loyal": "#007744"}).to_dict()["encoding"]["y"]["sort"]
    ['1. Mug']
    """
    segments = list(colors)
    ordered = [{**part, "order": segments.index(part["segment"])} for part in parts]
    scale = alt.Scale(domain=segments, range=list(colors.values()))
    return (
        alt.Chart(data_of(ordered))
        .mark_bar(stroke="#ffffff", strokeWidth=1)
        .encode(
            y=alt.Y("place:N", sort=list(dict.fromkeys(part["place"] for part in parts)), title=None),
            x=x,
            color=alt.Color("segment:N", scale=scale, legend=alt.Legend(title=None, columns=2)),
            order=alt.Order("order:Q"),
            description="hint:N",
            tooltip="hint:N",
        )
    )
