"""Charts of schemes side by side."""

from typing import Any

import altair as alt

from customerbase.report.charts.palette import blend, ink_on
from customerbase.report.charts.theme import FULL_WIDTH, ChartTable, data_of, finish, plain_rows

__all__ = ["agreement_grid"]

_BLUES = ["#f3f6f8", "#0b3c5d"]


def agreement_grid(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart how far each two of several segmentations of the same customers agree.

    Parameters
    ----------
    table
        `first, second, adjusted_rand`, one row per pair; 1 is the same segments, 0 what chance would give.

    Examples
    --------
    >>> rows = [{"first": "cells-11", "second": "rf-10", "adjusted_rand": 0.42}]
    >>> agreement_grid(rows).title.text
    ['Schemes agree at 0.42: cells-11 and rf-10']
    """
    rows = plain_rows(table)
    names = list(dict.fromkeys(name for row in rows for name in (row["first"], row["second"])))
    cells = [_cell(*pair, row["adjusted_rand"]) for row in rows for pair in _both_ways(row)]
    cells += [_cell(name, name, None) for name in names]
    base = alt.Chart(data_of(cells)).encode(
        x=alt.X("second:N", sort=names, title=None, axis=alt.Axis(orient="top", labelAngle=-40)),
        y=alt.Y("first:N", sort=names, title=None),
        description="hint:N",
    )
    color = alt.Color("fill:N", scale=None)
    marks = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(color=color, tooltip="hint:N")
    texts = base.mark_text(fontSize=12).encode(text="label:N", color=alt.Color("ink:N", scale=None))
    return finish(
        marks + texts,
        title=_title(rows),
        reading="Adjusted Rand index of each two: 1 is the same segments, 0 what chance gives. The darker, the more.",
        height=30 * len(names) + 90,
        width=FULL_WIDTH,
        labels=names,
    )


def _both_ways(row: dict[str, Any]) -> tuple[tuple[str, str], tuple[str, str]]:
    return (row["first"], row["second"]), (row["second"], row["first"])


def _cell(first: str, second: str, agreement: float | None) -> dict[str, Any]:
    if agreement is None:
        return {"first": first, "second": second, "label": "", "hint": f"{first} itself"}
    fill = blend(_BLUES, agreement)
    return {
        "first": first,
        "second": second,
        "adjusted_rand": agreement,
        "label": f"{agreement:.2f}",
        "fill": fill,
        "ink": ink_on(fill),
        "hint": f"{first} and {second}: {agreement:.2f}",
    }


def _title(rows: list[dict[str, Any]]) -> str:
    ordered = sorted(rows, key=lambda row: row["adjusted_rand"])
    low, high = ordered[0], ordered[-1]
    if low is high:
        return f"Schemes agree at {low['adjusted_rand']:.2f}: {low['first']} and {low['second']}"
    return (
        f"Schemes agree at {low['adjusted_rand']:.2f} ({low['first']} and {low['second']}) to "
        f"{high['adjusted_rand']:.2f} ({high['first']} and {high['second']})"
    )
