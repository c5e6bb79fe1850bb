"""Customers: found by their ids and their figures, and one of them in full."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import ibis
import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.asking import (
    CONDITIONS,
    LONGEST_SEARCH,
    ORDER,
    SEARCH,
    fill_in,
    keys_of,
    put_by,
    take_up,
)
from customerbase.dashboard.downloads import offer_rows
from customerbase.dashboard.elements import show_picture, show_table
from customerbase.dashboard.filters import CUSTOMER, PAGE, Filter, go_to
from customerbase.dashboard.grids import MOST_ROWS, show_rows
from customerbase.dashboard.markup import plain
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import Opened
from customerbase.dashboard.people import (
    Condition,
    explain_place,
    find_people,
    first_order,
    lines_of,
    orders_of,
    person,
    standing_of,
    take_people,
)
from customerbase.report import charts
from customerbase.report.blocks import Column, Figure, Picture, Table
from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.numerals import write

__all__ = ["show_customers", "show_list"]

_FIRST = ("recency_days", "frequency", "monetary", "coupon_recency_days", "n_claimed", "n_burnt", "engagement_score")
_MOST_VALUES = 200


def show_customers(opened: Opened, chosen: Filter) -> None:
    """Show the customer whose id is in the field beside the page, or a list to choose from."""
    shown = Shown(opened, chosen.as_of, chosen.country, chosen.segment)
    if customer_id := st.session_state[CUSTOMER]:
        st.button("All customers", on_click=_leave, icon=":material/arrow_back:", type="tertiary")
        _show_one(shown, customer_id)
    else:
        show_list(shown, "customers")


def _leave() -> None:
    st.session_state[CUSTOMER] = ""
    take_up()


def show_list(shown: Shown, key: str) -> None:
    """Show the customers in question with a search and conditions, which stand in the URL; a click on one leads on."""
    features = {
        name: partial(_list_values, shown, name) if type_.is_boolean() or type_.is_string() else None
        for name, type_ in shown.customers.schema().items()
        if name not in {"customer_id", "as_of", "segment"}
    }
    numeric = [name for name in features if shown.customers[name].type().is_numeric()]
    fill_in(features, numeric, first_order(shown) or next(iter(numeric), None))
    first, second, third = st.columns(3)
    search = first.text_input("Search", key=SEARCH, placeholder="A part of an id", max_chars=LONGEST_SEARCH)
    picked = second.multiselect("Conditions on", list(features), key=CONDITIONS, format_func=feature_words)
    order = third.selectbox("Highest first", numeric, key=ORDER, format_func=feature_words)
    conditions = [_ask(feature, features[feature]) for feature in picked]
    put_by()
    found = find_people(shown, search, conditions, order)
    n, rows = take_people(shown, search, conditions, order, MOST_ROWS)
    if not n:
        st.html(markup.empty("No customer is like that. Loosen the conditions, or the filter beside the page."))
        return
    part = f", the first {MOST_ROWS} of them here" if n > MOST_ROWS else ""
    st.html(markup.paragraph(f"{n:,} customers{part}. Select one to see all that is known.", "reading"))
    place = show_rows(_first(rows), f"{key}.people", is_of_customers=True)
    with st.container(horizontal=True, gap="small"):
        offer_rows(shown.opened, found, n, "customers", f"{key}.download")
    if place is not None:
        go_to(**{PAGE: "Customers", CUSTOMER: rows[place]["customer_id"]})


def _first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put what is asked of most in front."""
    names = list(rows[0])
    first = ["customer_id", "segment", *(name for name in _FIRST if name in names)]
    order = [*first, *(name for name in names if name not in first)]
    return [{name: row[name] for name in order} for row in rows]


def _list_values(shown: Shown, feature: str) -> list[str]:
    """List the values of a feature that is no number, that of the most customers first."""

    def count() -> list[str]:
        texts = shown.customers[feature].cast("string")
        counted = shown.customers.group_by(value=texts).agg(n=lambda each: each.count())
        known = counted.filter(counted["value"].notnull())
        largest = known.order_by([ibis.desc("n"), "value"]).limit(_MOST_VALUES)
        return [str(value) for value in largest.to_pyarrow()["value"].to_pylist()]

    return shown.opened.remember(("values", feature, *shown.key), count)


def _ask(feature: str, list_values: Callable[[], list[str]] | None) -> Condition:
    """Ask for the bounds of a feature, or for its values."""
    words, keys = plain(feature_words(feature)), keys_of(feature)
    if list_values:
        return Condition(feature, values=tuple(st.multiselect(words, list_values(), key=keys[2])))
    low, high = st.columns(2)
    least = low.number_input(f"{words}, at least", value=None, key=keys[0])
    return Condition(feature, least, high.number_input(f"{words}, at most", value=None, key=keys[1]))


def _show_one(shown: Shown, customer_id: str) -> None:
    one = shown.opened.remember(("person", customer_id, shown.as_of), lambda: person(shown, customer_id))
    if one is None:
        st.html(markup.empty(f"There is no customer {customer_id} with a segment at this date. Ids must be exact."))
        return
    st.html(markup.heading(f"Customer {customer_id}", 2))
    known = [name for name in (*_FIRST, "average_order_value", "country", "city", "age") if one.get(name) is not None]
    figures = [Figure(feature_words(name), one[name], feature_kind(name)) for name in known if not _is_text(one[name])]
    st.html(markup.figures(figures[:6]))
    texts = [f"{feature_words(name)}: {one[name]}" for name in known if _is_text(one[name])]
    if texts:
        st.html(markup.paragraph("; ".join(texts), "reading"))
    left, right = st.columns(2, gap="large")
    with left:
        _show_why(shown, one)
    with right:
        _show_standing(shown, one)
    _show_orders(shown, customer_id)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _show_why(shown: Shown, one: Mapping[str, Any]) -> None:
    customer_id = str(one["customer_id"])
    st.html(markup.heading(f"Segment: {one['segment']}", 3))
    why = shown.opened.remember(("why", customer_id, shown.as_of), lambda: explain_place(shown, customer_id))
    if isinstance(why, str):
        st.html(markup.paragraph(why, "reading"))
    else:
        st.html(markup.paragraph(_say_sure(why)))
        rows = [{**reason, "words": feature_words(reason["feature"])} for reason in why["reasons"]]
        columns = [
            Column("words", "figure"),
            Column("value", "of the customer", "number"),
            Column("percentile_rank", "above … of all", "share"),
        ]
        if any(row["speaks_for"] for row in rows):
            columns.append(Column("speaks_for", "speaks for"))
        show_table(Table("Why this segment", tuple(columns), rows, "features, models"), shown, "why")
    segment = next(each for each in shown.whole["segments"] if each["name"] == one["segment"])
    st.html(markup.plan(segment))


def _say_sure(why: Mapping[str, Any]) -> str:
    if why["confidence"] is None or why["next_segment"] is None:
        return "What put the customer there, the weightiest first."
    border = " The customer stands on the border of both." if why["is_borderline"] else ""
    return f"Confidence {why['confidence']:.2f} of 1; next would be {why['next_segment']}.{border}"


def _show_standing(shown: Shown, one: Mapping[str, Any]) -> None:
    rows = shown.opened.remember(("standing", one["customer_id"], shown.as_of), lambda: standing_of(shown, one))
    if not rows:
        return
    told = [{**row, "words": feature_words(row["feature"])} for row in rows]
    columns = (
        Column("words", "figure"),
        Column("value", "of the customer", "number"),
        Column("median", "median of all", "number"),
        Column("percentile_rank", "above", "share"),
    )
    table = Table("Figures beside those of all customers", columns, told, "features")
    name = f"customer-{one['customer_id']}-figures"
    show_picture(Picture(name, lambda: charts.customer_standing(rows), table), shown, "standing")


def _show_orders(shown: Shown, customer_id: str) -> None:
    orders = shown.opened.remember(("orders", customer_id), lambda: orders_of(shown, customer_id))
    dated = [row for row in orders if row["ordered_at"] is not None]
    if not dated:
        return
    st.html(markup.heading("Orders"))
    columns = (
        Column("ordered_at", "when"),
        Column("order_id", "order"),
        Column("n_lines", "lines", "count"),
        Column("amount", "money", "money"),
    )
    table = Table("Orders", columns, list(reversed(dated)), "order_lines")
    picture = Picture(f"customer-{customer_id}-orders", lambda: charts.customer_orders(dated), table, is_wide=True)
    show_picture(picture, shown, "orders")
    with st.expander("Every line"):
        lines = shown.opened.remember(("lines", customer_id), lambda: lines_of(shown, customer_id))
        show_rows(lines, "lines")
        st.html(markup.paragraph(f"The newest {write(len(lines), 'count')} lines.", "source"))
