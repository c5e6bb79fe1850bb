"""Charts of placing: how well segments are found again, and by which figures."""

from typing import Any

import altair as alt

from customerbase.report.charts.bars import labelled_bars
from customerbase.report.charts.feature_words import feature_words
from customerbase.report.charts.palette import blend, ink_on
from customerbase.report.charts.theme import (
    FULL_WIDTH,
    ChartTable,
    data_of,
    finish,
    plain_rows,
    segment_names,
    wrap_labels,
)
from customerbase.report.numerals import write

__all__ = ["confusion_grid", "feature_importances"]

_BLUES = ["#f3f7fa", "#cfe0ea", "#93bcd1", "#4c8cae", "#1f5f84", "#0d3d5c"]


def confusion_grid(table: ChartTable) -> Any:  # noqa: ANN401  (Altair's classes)
    """Chart into which segment a classifier put the customers of each segment whom it had not seen.

    Parameters
    ----------
    table
        `segment, repeated_as, customers, share`, one row per pair of segments; the shares of a segment add up to 1.

    Examples
    --------
    >>> rows = [{"segment": "New", "repeated_as": other, "customers": n, "share": n / 10}
    ...         for other, n in (("New", 9), ("Lost", 1))]
    >>> confusion_grid(rows).title.text
    ['New are found again least surely: 90.0% of them']
    """
    rows = plain_rows(table)
    columns = wrap_labels(list(dict.fromkeys(row["repeated_as"] for row in rows)), n_signs=11)
    n_lines = 1 + max(column.count("\n") for column in columns.values())
    cells = [
        {
            "segment": row["segment"],
            "column": columns[row["repeated_as"]],
            "share": row["share"],
            "label": f"{100 * row['share']:.0f}",
            "fill": (fill := blend(_BLUES, row["share"])),
            "ink": ink_on(fill),
            "hint": f"{row['customers']:,} of {row['segment']} ({row['share']:.1%}) placed in {row['repeated_as']}",
        }
        for row in rows
    ]
    names = segment_names(rows)
    base = alt.Chart(data_of(cells)).encode(
        x=alt.X(
            "column:N",
            sort=list(columns.values()),
            title=None,
            axis=alt.Axis(
                orient="top", labelAngle=0, labelExpr="split(datum.label, '\\n')", labelPadding=14 * n_lines - 8
            ),
        ),
        y=alt.Y("segment:N", sort=names, title=None),
        description="hint:N",
    )
    color = alt.Color("fill:N", scale=None)
    marks = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(color=color, tooltip="hint:N")
    texts = base.mark_text(fontSize=12).encode(text="label:N", color=alt.Color("ink:N", scale=None))
    least = min((row for row in rows if row["segment"] == row["repeated_as"]), key=lambda row: row["share"])
    return finish(
        marks + texts,
        title=f"{least['segment']} are found again least surely: {least['share']:.1%} of them",
        reading="Rows: the segment. Columns: where a classifier put customers it had not seen. Percent of a row.",
        height=34 * len(names) + 70,
        width=FULL_WIDTH,
        labels=names,
    )


def feature_importances(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart by how much fewer customers are placed rightly when one feature says nothing.

    Parameters
    ----------
    table
        `feature, importance`, one row per feature; an importance is a loss of accuracy, a part of 1.

    Examples
    --------
    >>> feature_importances([{"feature": "frequency", "importance": 0.4}]).title.text
    ['Placing rests most on orders: shuffled, it costs 40.0% of', 'accuracy']
    """
    rows = sorted(plain_rows(table), key=lambda row: (-row["importance"], row["feature"]))
    bars = [
        {
            "words": feature_words(row["feature"]),
            "value": max(row["importance"], 0.0),
            "label": write(row["importance"], "share"),
            "hint": f"without {feature_words(row['feature'])}: {row['importance']:.1%} less",
        }
        for row in rows
    ]
    names = [bar["words"] for bar in bars]
    chart = labelled_bars(bars, "words", "value", "loss of customers placed rightly (%)")
    return finish(
        chart,
        title=f"Placing rests most on {names[0]}: shuffled, it costs {bars[0]['label']} of accuracy",
        reading="How much worse customers are placed when one figure is shuffled.",
        height=34 * len(bars) + 60,
        labels=names,
    )
