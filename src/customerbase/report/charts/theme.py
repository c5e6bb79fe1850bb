"""Theme: what all charts share: their table as rows, their size, type, colours and titles."""

import textwrap
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import altair as alt
import pandas as pd
import pyarrow as pa

from customerbase.report.charts.palette import GRID, INK, QUIET

__all__ = [
    "FULL_WIDTH",
    "WIDTH",
    "ChartTable",
    "Rows",
    "data_of",
    "finish",
    "plain_rows",
    "segment_names",
    "shorten",
    "wrap_labels",
]

WIDTH = 440
FULL_WIDTH = 920
"""Pixels: of a chart beside another one, and of one that has a row of the page to itself."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
_SIGNS_PER_PIXEL = 0.135
_LONGEST_LABEL = 40
_ROOM_PER_SIGN = 1.2
_MOST_ROOM = 34
_AXIS_HEIGHT = 45
_SIGN_WIDTH = 6.0

Rows: TypeAlias = list[dict[str, Any]]
ChartTable: TypeAlias = pd.DataFrame | pa.Table | Sequence[Mapping[str, Any]]
"""What a chart is made of: a table of pandas or Arrow, or rows as dicts."""

_TYPE: Mapping[str, Any] = {
    "labelFont": FONT,
    "titleFont": FONT,
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "labelColor": INK,
    "titleColor": QUIET,
}
_AXIS: Mapping[str, Any] = {
    **_TYPE,
    "gridColor": GRID,
    "domain": False,
    "ticks": False,
    "labelPadding": 5,
    "titlePadding": 8,
    "labelLimit": 190,
}
_LABEL_GAP = 8
"""Pixels between the figures of an axis, since a reader's type may be wider than that of the drawing."""

_TITLE: Mapping[str, Any] = {
    "font": FONT,
    "subtitleFont": FONT,
    "fontSize": 16,
    "subtitleFontSize": 12,
    "color": INK,
    "subtitleColor": QUIET,
    "anchor": "start",
    "frame": "group",
    "offset": 14,
    "subtitlePadding": 6,
}
_LEGEND: Mapping[str, Any] = {
    **_TYPE,
    "orient": "top",
    "labelLimit": 240,
    "columnPadding": 28,
}


def plain_rows(table: ChartTable) -> Rows:
    """Give a table as dicts of plain values, with decimals as floats.

    Examples
    --------
    >>> plain_rows(pa.table({"month": ["May"], "gross_revenue": pa.array([Decimal("9.5")])}))
    [{'month': 'May', 'gross_revenue': 9.5}]
    """
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    rows = table.to_pylist() if isinstance(table, pa.Table) else table
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


def data_of(rows: Sequence[Mapping[str, Any]]) -> Any:  # noqa: ANN401  (Altair's class has no types of its own)
    """Give rows as the data of a chart, within it."""
    return alt.InlineData(values=[{name: _json_value(value) for name, value in row.items()} for row in rows])


def _json_value(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value


def segment_names(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give the names of the segments once each, in the order of the rows.

    Examples
    --------
    >>> segment_names([{"segment": "Loyal"}, {"segment": "New"}, {"segment": "Loyal"}])
    ['Loyal', 'New']
    """
    return list(dict.fromkeys(str(row["segment"]) for row in rows))


def shorten(text: object, length: int = _LONGEST_LABEL) -> str:
    """Give the first signs of a text in one line, as a label of an axis.

    Examples
    --------
    >>> shorten("a very long name", length=8)
    'a very …'
    """
    line = " ".join(str(text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def wrap_labels(names: Sequence[str], n_signs: int = 13) -> dict[str, str]:
    r"""Break names into lines of about `n_signs`, all into the same number of lines, the first ones empty.

    Examples
    --------
    >>> wrap_labels(["Champions", "Potential loyalists"])
    {'Champions': '\nChampions', 'Potential loyalists': 'Potential\nloyalists'}
    """
    lines = {
        name: textwrap.wrap(name, n_signs, max_lines=3, placeholder="…", break_long_words=False) or [name]
        for name in names
    }
    n_lines = max(map(len, lines.values()), default=1)
    return {name: "\n".join([""] * (n_lines - len(broken)) + broken) for name, broken in lines.items()}


def finish(
    chart: Any,  # noqa: ANN401
    *,
    title: str,
    reading: str,
    height: int,
    width: int = WIDTH,
    labels: Sequence[str] = (),
) -> Any:  # noqa: ANN401
    """Give a chart its title, how to read it, its size, and the type and colours that all have.

    Parameters
    ----------
    chart
        One chart or layers.
    title
        The finding, as a sentence.
    reading
        How to read it: what a colour or a mark stands for.
    height, width
        Of the picture without title, about, in pixels: it is not fitted exactly, which would lay everything out twice.
    labels
        The texts beside the vertical axis: room is kept for a reader whose type is wider than that of the drawing.
    """
    n_signs = int(width * _SIGNS_PER_PIXEL)
    room = min(_MOST_ROOM, round(_ROOM_PER_SIGN * max(map(len, labels), default=0)))
    text, subtitle = textwrap.wrap(title, n_signs), textwrap.wrap(reading, int(n_signs * 1.25))
    return (
        chart.properties(
            width=width - _axis_width(labels) - room,
            height=height - _AXIS_HEIGHT,
            title=alt.TitleParams(text=text, subtitle=subtitle),
        )
        .configure(background="#ffffff", font=FONT, padding={"left": 6 + room, "right": 18, "top": 6, "bottom": 6})
        .configure_view(stroke=None)
        .configure_axis(**_AXIS)
        .configure_axisQuantitative(labelSeparation=_LABEL_GAP)
        .configure_title(**_TITLE)
        .configure_legend(**_LEGEND)
    )


def _axis_width(labels: Sequence[str]) -> int:
    """Estimate what the vertical axis takes: its labels, or numbers with a title beside them."""
    longest = max(map(len, labels), default=0)
    return round(min(190, _SIGN_WIDTH * longest)) + 30 if labels else 85
