"""Charts of revenue: how it concentrates on customers, and when it comes in."""

from typing import Any

import altair as alt

from customerbase.report.charts.bars import PLAIN_ZERO, labelled_bars
from customerbase.report.charts.palette import ACCENT, INK, PALE, PAPER, QUIET
from customerbase.report.charts.theme import ChartTable, Rows, data_of, finish, plain_rows
from customerbase.report.numerals import write

__all__ = ["hours", "lorenz_curve", "months", "order_counts", "weekdays"]

_MOST_ORDERS = 10


def lorenz_curve(table: ChartTable) -> Any:  # noqa: ANN401  (Altair's classes)
    """Chart what share of revenue the best customers bring.

    Parameters
    ----------
    table
        `customers_percent, revenue_share`, one row per percent of the customers, those who spent most first.

    Examples
    --------
    >>> rows = [{"customers_percent": 20, "revenue_share": 0.77}, {"customers_percent": 100, "revenue_share": 1.0}]
    >>> lorenz_curve(rows).title.text
    ['A fifth of the customers bring 77.0% of revenue']
    """
    rows = plain_rows(table)
    points = [{"customers": 0.0, "revenue": 0.0}]
    points += [{"customers": row["customers_percent"] / 100, "revenue": row["revenue_share"]} for row in rows]
    fifth = next(row["revenue_share"] for row in rows if row["customers_percent"] == 20)
    mark = [{"customers": 0.2, "revenue": fifth, "label": f"20% bring {fifth:.1%}"}]
    x = alt.X("customers:Q", title="share of customers, best first (%)", axis=alt.Axis(format="%", tickCount=5))
    y = alt.Y("revenue:Q", title="share of revenue (%)", axis=alt.Axis(format="%", tickCount=5))
    line = alt.Chart(data_of(points)).mark_line(color=ACCENT, strokeWidth=2.5).encode(x=x, y=y)
    corners = [{"customers": 0, "revenue": 0}, {"customers": 1, "revenue": 1}]
    equal = alt.Chart(data_of(corners)).mark_line(color=QUIET, strokeDash=[4, 4], strokeWidth=1).encode(x=x, y=y)
    dot = alt.Chart(data_of(mark)).encode(x=x, y=y, description="label:N")
    text = dot.mark_text(align="left", dx=10, dy=12, fontSize=13, color=INK).encode(text="label:N")
    return finish(
        equal + line + dot.mark_point(filled=True, size=80, color=ACCENT, opacity=1) + text,
        title=f"A fifth of the customers bring {fifth:.1%} of revenue",
        reading="Dashed: if all spent the same.",
        height=320,
    )


def order_counts(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart how many customers ordered once, twice and so on.

    Parameters
    ----------
    table
        `n_orders, n_customers, customers_share`, one row per number of orders, ascending.

    Examples
    --------
    >>> rows = [{"n_orders": 1, "n_customers": 6, "customers_share": 0.6},
    ...         {"n_orders": 12, "n_customers": 4, "customers_share": 0.4}]
    >>> order_counts(rows).title.text
    ['60.0% of the customers ordered once, 40.0% ten times or', 'more']
    """
    rows = plain_rows(table)
    shares: dict[str, float] = {str(number): 0.0 for number in range(1, _MOST_ORDERS)} | {f"{_MOST_ORDERS}+": 0.0}
    for row in rows:
        name = str(row["n_orders"]) if row["n_orders"] < _MOST_ORDERS else f"{_MOST_ORDERS}+"
        shares[name] += row["customers_share"]
    bars = [
        {"orders": name, "share": share, "label": write(share, "share"), "hint": f"{name} orders: {share:.1%}"}
        for name, share in shares.items()
    ]
    base = alt.Chart(data_of(bars)).encode(
        x=alt.X("orders:N", sort=list(shares), title="orders of a customer", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("share:Q", title="share of customers (%)", axis=alt.Axis(format="%", tickCount=5)),
        description="hint:N",
    )
    texts = base.mark_text(dy=-7, fontSize=11, color=INK).encode(text="label:N")
    title = f"{shares['1']:.1%} of the customers ordered once, {shares[f'{_MOST_ORDERS}+']:.1%} ten times or more"
    return finish(
        base.mark_bar(color=ACCENT).encode(tooltip="hint:N") + texts,
        title=title,
        reading="Share of customers by their number of orders.",
        height=320,
    )


def months(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart the revenue of each month, and that of the same month a year before.

    Parameters
    ----------
    table
        `month, is_whole, gross_revenue, revenue_year_before`, one row per month, ascending.

    Examples
    --------
    >>> import datetime as dt
    >>> rows = [{"month": dt.date(2024, number, 1), "is_whole": True, "gross_revenue": 100.0 * number,
    ...          "revenue_year_before": None} for number in (1, 2, 3)]
    >>> months(rows).title.text
    ['March 2024 brought the most revenue: 300, which is 1.5', 'times the mean of the whole months']
    """
    rows = plain_rows(table)
    bars = [
        {
            "month": row["month"],
            "revenue": row["gross_revenue"],
            "before": row["revenue_year_before"],
            "fill": ACCENT if row["is_whole"] else PALE,
            "hint": _say_month(row),
        }
        for row in rows
    ]
    n_labels = max(1, -(-len(rows) // 7))
    axis = alt.Axis(
        format="%b %y", labelAngle=0, labelOverlap=True, values=[bar["month"].isoformat() for bar in bars[::n_labels]]
    )
    base = alt.Chart(data_of(bars)).encode(
        x=alt.X("month:O", timeUnit="utcyearmonth", title=None, axis=axis), description="hint:N"
    )
    marks = base.mark_bar().encode(
        y=alt.Y("revenue:Q", title="gross revenue", axis=alt.Axis(format="~s", tickCount=5, labelExpr=PLAIN_ZERO)),
        color=alt.Color("fill:N", scale=None),
        tooltip="hint:N",
    )
    layers = marks
    has_before = any(bar["before"] is not None for bar in bars)
    if has_before:
        rim, line = base.mark_tick(thickness=6, color=PAPER), base.mark_tick(thickness=3, color=INK)
        layers = marks + rim.encode(y="before:Q") + line.encode(y="before:Q")
    reading = "Revenue before returns." + (" Line: the same month a year before." if has_before else "")
    reading += "" if all(row["is_whole"] for row in rows) else " Grey: a month that is not whole in the export."
    return finish(layers, title=_title_of_months(rows), reading=reading, height=300)


def _say_month(row: dict[str, Any]) -> str:
    part = "" if row["is_whole"] else " (not whole)"
    before = f"; a year before {row['revenue_year_before']:,.0f}" if row["revenue_year_before"] is not None else ""
    return f"{row['month']:%B %Y}{part}: {row['gross_revenue']:,.0f}{before}"


def _title_of_months(rows: Rows) -> str:
    whole = [row for row in rows if row["is_whole"]]
    if not whole:
        return "No month is whole in this export"
    most = max(whole, key=lambda row: row["gross_revenue"])
    mean = sum(row["gross_revenue"] for row in whole) / len(whole)
    many = (
        ""
        if len(whole) == 1 or not mean
        else (f", which is {most['gross_revenue'] / mean:.1f} times the mean of the whole months")
    )
    return f"{most['month']:%B %Y} brought the most revenue: {write(most['gross_revenue'], 'short')}{many}"


def weekdays(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart the revenue of a day by the day of the week.

    Parameters
    ----------
    table
        `name, gross_revenue, revenue_share, revenue_per_day`, one row per day of the week, Monday first.

    Examples
    --------
    >>> rows = [{"name": name, "gross_revenue": 10.0 * share, "revenue_share": share, "revenue_per_day": share}
    ...         for name, share in (("Monday", 0.7), ("Saturday", 0.3))]
    >>> weekdays(rows).title.text
    ['Monday brings the most: 70.0% of revenue']
    """
    rows = [row for row in plain_rows(table) if row["revenue_share"] is not None]
    most = max(rows, key=lambda row: row["revenue_share"])
    bars = [
        {
            "day": row["name"],
            "share": row["revenue_share"],
            "label": write(row["revenue_share"], "share"),
            "hint": f"{row['name']}: {row['revenue_share']:.1%} of revenue, {row['revenue_per_day'] or 0:,.0f} a day",
        }
        for row in rows
    ]
    chart = labelled_bars(bars, "day", "share", "share of revenue (%)")
    idle = [row["name"] for row in rows if not row["gross_revenue"]]
    title = f"{most['name']} brings the most: {most['revenue_share']:.1%} of revenue"
    title += f"; nothing is sold on {idle[0]}" if len(idle) == 1 else ""
    return finish(
        chart,
        title=title,
        reading="Revenue by day of the week.",
        height=300,
        labels=[bar["day"] for bar in bars],
    )


def hours(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart the revenue by hour of the day.

    Parameters
    ----------
    table
        `hour, gross_revenue, revenue_share`, one row per hour from 0 to 23.

    Examples
    --------
    >>> rows = [{"hour": hour, "gross_revenue": share, "revenue_share": share} for hour, share in ((9, 0.2), (12, 0.8))]
    >>> hours(rows).title.text
    ['The hour from 12:00 brings the most: 80.0% of revenue']
    """
    rows = [row for row in plain_rows(table) if row["revenue_share"] is not None]
    most = max(rows, key=lambda row: row["revenue_share"])
    bars = [
        {"hour": row["hour"], "share": row["revenue_share"], "hint": f"{row['hour']}:00: {row['revenue_share']:.1%}"}
        for row in rows
    ]
    axis = alt.Axis(labelAngle=0, values=list(range(0, 24, 3)))
    marks = (
        alt.Chart(data_of(bars))
        .mark_bar(color=ACCENT)
        .encode(
            x=alt.X("hour:O", title="hour of the day", axis=axis),
            y=alt.Y("share:Q", title="share of revenue (%)", axis=alt.Axis(format="%", tickCount=5)),
            description="hint:N",
            tooltip="hint:N",
        )
    )
    title = f"The hour from {most['hour']}:00 brings the most: {most['revenue_share']:.1%} of revenue"
    return finish(marks, title=title, reading="Revenue by hour, as the export writes it.", height=300)
