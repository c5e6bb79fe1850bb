"""Charts of the export and the trade: findings by money, guests, returns."""

from typing import Any

import altair as alt

from customerbase.report.charts.bars import labelled_bars
from customerbase.report.charts.palette import ACCENT
from customerbase.report.charts.theme import (
    FULL_WIDTH,
    ChartTable,
    Rows,
    data_of,
    finish,
    plain_rows,
    shorten,
)
from customerbase.report.numerals import write

__all__ = ["findings_by_money", "returned_products", "share_by_month"]


def findings_by_money(table: ChartTable) -> Any:  # noqa: ANN401  (Altair's classes)
    """Chart what a check-up found by the money at stake.

    Parameters
    ----------
    table
        `finding, amount, rows`, one row per finding, the most money first; an amount may be negative, and one without
        rows is an estimate.

    Examples
    --------
    >>> found = [{"finding": "guests", "amount": 950.0, "rows": 9},
    ...          {"finding": "free_lines", "amount": -1.0, "rows": 1}]
    >>> findings_by_money(found).title.text
    ['Most money is at stake in guests: 950']
    >>> findings_by_money([{"finding": "missing_days", "amount": 9.0, "rows": 0}]).title.subtitle[-1].split(". ")[-1]
    'Of missing days it is an estimate of what they would have brought.'
    """
    rows = plain_rows(table)
    bars = [
        {
            "finding": row["finding"].replace("_", " "),
            "amount": abs(row["amount"]),
            "label": write(abs(row["amount"]), "count"),
            "hint": f"{row['finding'].replace('_', ' ')}: {row['amount']:,.2f}",
        }
        for row in rows
    ]
    chart = labelled_bars(bars, "finding", "amount", "money at stake", axis_format="~s")
    title = f"Most money is at stake in {bars[0]['finding']}: {write(bars[0]['amount'], 'short')}"
    return finish(
        chart,
        title=title,
        reading=f"Amounts without their sign; findings may overlap, so they do not add up.{_say_estimates(rows)}",
        height=24 * len(bars) + 100,
        width=FULL_WIDTH,
        labels=[bar["finding"] for bar in bars],
    )


def _say_estimates(rows: Rows) -> str:
    """Say which amounts are not those of rows: what days without orders would have brought."""
    estimated = " and ".join(row["finding"].replace("_", " ") for row in rows if not row["rows"])
    return f" Of {estimated} it is an estimate of what they would have brought." if estimated else ""


def share_by_month(table: ChartTable, column: str, what: str) -> Any:  # noqa: ANN401
    """Chart a share of revenue month by month, whole months alone.

    Parameters
    ----------
    table
        `month, is_whole` and a column of shares (parts of 1), one row per month, ascending.
    column
        The column.
    what
        Of what it is the share: `guests`, or `returns`.

    Examples
    --------
    >>> import datetime as dt
    >>> rows = [{"month": dt.date(2024, number, 1), "is_whole": True, "guest_share": share}
    ...         for number, share in ((1, 0.1), (2, 0.2))]
    >>> share_by_month(rows, "guest_share", "guests").title.text
    ['Guests: between 10.0% of revenue in January 2024 and 20.0%', 'in February 2024']
    """
    rows = [row for row in plain_rows(table) if row["is_whole"] and row[column] is not None]
    least, most = (choose(rows, key=lambda row: row[column]) for choose in (min, max))
    points = [
        {"month": row["month"], "share": row[column], "hint": f"{row['month']:%B %Y}: {row[column]:.1%}"}
        for row in rows
    ]
    base = alt.Chart(data_of(points)).encode(
        x=alt.X("month:T", timeUnit="utcyearmonth", title=None, axis=alt.Axis(format="%b %y", tickCount=6)),
        y=alt.Y("share:Q", title="share of revenue (%)", axis=alt.Axis(format="%", tickCount=5)),
        description="hint:N",
    )
    dots = base.mark_point(filled=True, size=40, color=ACCENT, opacity=1).encode(tooltip="hint:N")
    title = (
        f"{what.capitalize()}: between {least[column]:.1%} of revenue in {least['month']:%B %Y} and {most[column]:.1%} "
        f"in {most['month']:%B %Y}"
    )
    return finish(
        base.mark_line(color=ACCENT, strokeWidth=2) + dots, title=title, reading="Whole months alone.", height=280
    )


def returned_products(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart the products of which the most came back, by value.

    Parameters
    ----------
    table
        `name, return_value, return_share`, one row per product, the largest first.

    Examples
    --------
    >>> returned_products([{"name": "Mug", "return_value": 50.0, "return_share": 0.25}]).title.text
    ['Mug is 25.0% of the goods that came back, by value']
    """
    rows = plain_rows(table)
    bars = [
        {
            "place": f"{number}. {shorten(row['name'], 26)}",
            "value": row["return_value"],
            "label": write(row["return_value"], "count"),
            "hint": f"{shorten(row['name'])}: {row['return_value']:,.2f}",
        }
        for number, row in enumerate(rows, start=1)
    ]
    chart = labelled_bars(bars, "place", "value", "value sent back", axis_format="~s")
    return finish(
        chart,
        title=f"{shorten(rows[0]['name'])} is {rows[0]['return_share']:.1%} of the goods that came back, by value",
        reading="The products with the most value sent back; fees, postage and corrections are not among them.",
        height=28 * len(bars) + 60,
        labels=[bar["place"] for bar in bars],
    )
