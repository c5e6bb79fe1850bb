"""Charts of RFM scores."""

from typing import Any

import altair as alt

from customerbase.report.charts.palette import ACCENT, PALE, QUIET, blend, ink_on
from customerbase.report.charts.theme import FULL_WIDTH, ChartTable, data_of, finish, plain_rows

__all__ = ["rfm_grid", "score_distribution"]

_BLUES = ["#f3f7fa", "#cfe0ea", "#93bcd1", "#4c8cae", "#1f5f84", "#0d3d5c"]
_WORDS = {"r_score": "recency", "f_score": "frequency", "m_score": "spend"}


def rfm_grid(table: ChartTable) -> Any:  # noqa: ANN401  (Altair's classes)
    """Chart customers by how recently and how often they bought, with the name of most of those in each cell.

    Parameters
    ----------
    table
        `r_score, f_score, n_customers, customers_share, revenue_share, name`, one row per cell that has customers;
        scores go from 1 (worst) to the best.

    Examples
    --------
    >>> cell = {"r_score": 5, "f_score": 5, "n_customers": 9, "customers_share": 0.09, "revenue_share": 0.6,
    ...         "name": "Champions"}
    >>> rfm_grid([cell]).title.text
    ['The best cell, bought recently and often, holds 9.0% of customers and 60.0% of revenue']
    """
    rows = plain_rows(table)
    most = max(row["n_customers"] for row in rows)
    cells = [
        {
            **row,
            "label": f"{row['n_customers']:,}",
            "fill": (fill := blend(_BLUES, row["n_customers"] / most)),
            "ink": ink_on(fill),
            "hint": f"recency {row['r_score']}, frequency {row['f_score']}: {row['n_customers']:,} customers "
            f"({row['customers_share']:.1%}), {row['revenue_share']:.1%} of revenue; {row['name']}",
        }
        for row in rows
    ]
    best = max(row["r_score"] for row in rows)
    scores = list(range(best, 0, -1))
    base = alt.Chart(data_of(cells)).encode(
        x=alt.X(
            "f_score:O", sort=scores[::-1], title="frequency score (right: most orders)", axis=alt.Axis(labelAngle=0)
        ),
        y=alt.Y("r_score:O", sort=scores, title="recency score (top: most recent)"),
        description="hint:N",
    )
    color = alt.Color("fill:N", scale=None)
    marks = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(color=color, tooltip="hint:N")
    ink = alt.Color("ink:N", scale=None)
    names = base.mark_text(fontSize=12, dy=-8, limit=128).encode(text="name:N", color=ink)
    counts = base.mark_text(fontSize=12, dy=9).encode(text="label:N", color=ink)
    return finish(
        marks + names + counts,
        title=_title_of_grid(rows),
        reading="Number of customers in each cell, and what most of them are called. The darker, the more customers.",
        height=56 * len(scores) + 50,
        width=FULL_WIDTH,
    )


def _title_of_grid(rows: list[dict[str, Any]]) -> str:
    best = max(rows, key=lambda row: (row["r_score"] + row["f_score"], row["n_customers"]))
    return (
        f"The best cell, bought recently and often, holds {best['customers_share']:.1%} of customers and "
        f"{best['revenue_share']:.1%} of revenue"
    )


def score_distribution(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart how many customers have each score.

    Parameters
    ----------
    table
        `score, value, n_customers, share`, one row per score (`r_score`, `f_score`, `m_score`) and value.

    Examples
    --------
    >>> rows = [{"score": "f_score", "value": value, "n_customers": n, "share": n / 9} for value, n in ((1, 6), (5, 3))]
    >>> score_distribution(rows).title.text
    ['66.7% of customers share frequency score 1: equal values', 'are never split']
    """
    rows = plain_rows(table)
    bars = [
        {**row, "what": _WORDS[row["score"]], "hint": f"{_WORDS[row['score']]} {row['value']}: {row['share']:.1%}"}
        for row in rows
    ]
    most = max(rows, key=lambda row: row["share"])
    scale = alt.Scale(domain=list(_WORDS.values()), range=[ACCENT, QUIET, PALE])
    marks = (
        alt.Chart(data_of(bars))
        .mark_bar()
        .encode(
            x=alt.X("value:O", title="score (5 is best)", axis=alt.Axis(labelAngle=0)),
            xOffset=alt.XOffset("what:N", sort=list(_WORDS.values())),
            y=alt.Y("share:Q", title="share of customers (%)", axis=alt.Axis(format="%", tickCount=5)),
            color=alt.Color("what:N", scale=scale, legend=alt.Legend(title=None)),
            description="hint:N",
            tooltip="hint:N",
        )
    )
    title = (
        f"{most['share']:.1%} of customers share {_WORDS[most['score']]} score {most['value']}: equal values are never "
        "split"
    )
    return finish(marks, title=title, reading="Share of customers with each score.", height=280)
