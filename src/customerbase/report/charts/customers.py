"""Charts of one customer, and of what one segment buys."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from customerbase.report.charts.bars import labelled_bars
from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.charts.palette import ACCENT, QUIET
from customerbase.report.charts.theme import FULL_WIDTH, ChartTable, Rows, data_of, finish, plain_rows, shorten
from customerbase.report.numerals import write

__all__ = ["customer_orders", "customer_standing", "favourites", "segment_standing"]

_HALF = 0.5
_NEARLY_ALL = 0.999
"""Nobody has more than all customers: a share that would be rounded to all of them is not."""


def customer_orders(table: ChartTable) -> Any:  # noqa: ANN401  (Altair's classes)
    """Chart the orders and returns of a customer over time.

    Parameters
    ----------
    table
        `ordered_at, order_id, amount`, one row per order, oldest first; the amount of a return is below 0.

    Examples
    --------
    >>> rows = [{"ordered_at": f"2024-0{month}-01", "order_id": str(month), "amount": 9.5} for month in (1, 3)]
    >>> customer_orders(rows).title.text
    ['2 orders, the last on 2024-03-01']
    """
    rows = plain_rows(table)
    bars = [
        {
            "day": str(row["ordered_at"])[:10],
            "amount": row["amount"],
            "what": "return" if row["amount"] < 0 else "order",
            "hint": f"{row['order_id']} on {str(row['ordered_at'])[:10]}: {write(row['amount'], 'money')}",
        }
        for row in rows
    ]
    n_orders = sum(bar["what"] == "order" for bar in bars)
    scale = alt.Scale(domain=["order", "return"], range=[ACCENT, QUIET])
    marks = (
        alt.Chart(data_of(bars))
        .mark_bar(width=5)
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%b %Y", tickCount=6, labelOverlap=True)),
            y=alt.Y("amount:Q", title="money", axis=alt.Axis(format="~s", tickCount=5)),
            color=alt.Color("what:N", scale=scale, legend=alt.Legend(title=None)),
            description="hint:N",
            tooltip="hint:N",
        )
    )
    what = "1 order" if n_orders == 1 else f"{n_orders:,} orders"
    title = f"{what}, the last on {bars[-1]['day']}" if bars else "No orders"
    reading = "Each bar is an order with what was paid, or what was paid back."
    return finish(marks, title=title, reading=reading, height=240, width=FULL_WIDTH)


def customer_standing(table: ChartTable) -> Any:  # noqa: ANN401
    """Chart where the figures of a customer stand within the base.

    Parameters
    ----------
    table
        `feature, value, percentile_rank, median`, one row per feature; a rank is the share of the base with a smaller
        value, half of those who share it counted.

    Examples
    --------
    >>> customer_standing([{"feature": "frequency", "value": 9, "percentile_rank": 0.9, "median": 1}]).title.text
    ['Orders: more than 90.0% of all customers']
    """
    rows = plain_rows(table)
    far = max(rows, key=lambda row: abs(row["percentile_rank"] - 0.5))
    is_more = far["percentile_rank"] >= _HALF
    share = min(far["percentile_rank"] if is_more else 1 - far["percentile_rank"], _NEARLY_ALL)
    title = (
        f"{feature_words(far['feature']).capitalize()}: {'more' if is_more else 'less'} than {write(share, 'share')} "
        "of all customers"
    )
    reading = "Length: the share of all customers with a smaller figure. Label: the customer's own figure."
    return _ranks(rows, title, reading)


def segment_standing(table: ChartTable, segment: str) -> Any:  # noqa: ANN401
    """Chart where the customers of a segment stand within the base, feature by feature.

    Parameters
    ----------
    table
        `feature, value, percentile_rank, median`, one row per feature; a rank is the mean of the segment's customers,
        the value their median, and `median` is not used.
    segment
        Its name.

    Examples
    --------
    >>> rows = [{"feature": "frequency", "value": 29.0, "percentile_rank": 0.96, "median": 29.0}]
    >>> segment_standing(rows, "Champions").title.text
    ['Champions stand out most in orders: above 96.0% of all', 'customers on average']
    """
    rows = plain_rows(table)
    far = max(rows, key=lambda row: abs(row["percentile_rank"] - 0.5))
    words, share = feature_words(far["feature"]), write(far["percentile_rank"], "share")
    title = f"{segment} stand out most in {words}: above {share} of all customers on average"
    reading = "Length: mean share of all customers with a smaller figure; half is usual. Label: median of the segment."
    return _ranks(rows, title, reading)


def _ranks(rows: Rows, title: str, reading: str) -> Any:  # noqa: ANN401
    bars = [
        {
            "words": feature_words(row["feature"]),
            "value": row["percentile_rank"],
            "label": _write_short(row),
            "hint": f"{feature_words(row['feature'])}: {write(row['value'], feature_kind(row['feature']))}, above "
            f"{row['percentile_rank']:.1%} of all",
        }
        for row in rows
    ]
    names = [bar["words"] for bar in bars]
    chart = labelled_bars(bars, "words", "value", "share of all customers below (%)")
    return finish(chart, title=title, reading=reading, height=34 * len(bars) + 60, labels=names)


def _write_short(row: Mapping[str, Any]) -> str:
    kind = feature_kind(row["feature"])
    return write(row["value"], "number" if kind == "money" else kind)


def favourites(table: ChartTable, what: str) -> Any:  # noqa: ANN401
    """Chart what some customers spend most on.

    Parameters
    ----------
    table
        `name, revenue, share`, one row per product or country, the largest first; the share is that of their revenue.
    what
        `product` or `country`.

    Examples
    --------
    >>> favourites([{"name": "Mug", "revenue": 90.0, "share": 0.3}], "product").title.text
    ['Mug is the largest product: 30.0% of revenue']
    """
    rows = plain_rows(table)
    bars = [
        {
            "place": f"{place}. {shorten(row['name'], 26)}",
            "value": row["share"],
            "label": write(row["share"], "share"),
            "hint": f"{shorten(row['name'])}: {write(row['revenue'], 'money')}, {row['share']:.1%} of revenue",
        }
        for place, row in enumerate(rows, start=1)
    ]
    labels = [bar["place"] for bar in bars]
    return finish(
        labelled_bars(bars, "place", "value", "share of revenue (%)"),
        title=f"{shorten(rows[0]['name'])} is the largest {what}: {write(rows[0]['share'], 'share')} of revenue",
        reading=f"Each bar is a {what}, the largest first.",
        height=30 * len(bars) + 60,
        labels=labels,
    )
