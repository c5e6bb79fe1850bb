"""Segments: all of them at a glance, and each with its profile, products, countries, customers and strategy."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.downloads import offer_rows
from customerbase.dashboard.elements import is_at_hand, show_picture, show_section, wait_for
from customerbase.dashboard.filters import Filter, set_segment
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import Opened
from customerbase.dashboard.people import favourites_of, find_people
from customerbase.dashboard.views.customers import show_list
from customerbase.report import charts
from customerbase.report.blocks import Column, Figure, Picture, Table
from customerbase.report.by_segment import yes_no_features
from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.charts.theme import Rows
from customerbase.report.numerals import write
from customerbase.report.sections import SECTIONS

__all__ = ["show_segments"]

_N_NAMES = 12
_PER_ROW = 3


def show_segments(opened: Opened, chosen: Filter) -> None:
    """Show all segments as cards, or the one that was chosen."""
    shown = Shown(opened, chosen.as_of, chosen.country, chosen.segment)
    if chosen.segment is None:
        _show_all(shown)
    elif not shown.summary["n_customers"]:
        st.html(markup.empty("There are no such customers. Choose another country or segment."))
    else:
        _show_one(shown, chosen.segment)


def _show_all(shown: Shown) -> None:
    segments = shown.segments
    for start in range(0, len(segments), _PER_ROW):
        for column, one in zip(st.columns(_PER_ROW), segments[start : start + _PER_ROW], strict=False):
            with column:
                st.html(markup.card(one, shown.marks[one["name"]]))
                st.button(
                    "Open",
                    key=f"open.{one['id']}",
                    on_click=set_segment,
                    args=(one["name"],),
                    icon=":material/arrow_forward:",
                    help="Profile, products, countries, customers and strategy",
                )
    show_section(shown, "segments", has_title=False, choose=set_segment, under=1)
    if shown.is_narrowed:
        st.html(
            markup.paragraph(
                "Profiles and means below are of the whole shop; spreads are of these customers.", "reading"
            )
        )
    show_section(shown, "differences")
    if shown.summary["across"]:
        st.html(markup.heading(SECTIONS["strategies"].title, by="For one segment: open it."))
        st.html(markup.steps("Across all segments", shown.summary["across"]))


def _show_one(shown: Shown, name: str) -> None:
    one = next(each for each in shown.segments if each["name"] == name)
    whole = next(each for each in shown.whole["segments"] if each["name"] == name)
    st.button("All segments", on_click=set_segment, args=(None,), icon=":material/arrow_back:", type="tertiary")
    left, right = st.columns([1, 2], gap="large")
    with left:
        st.html(markup.card(whole, shown.marks[name]))
    with right:
        st.html(markup.figures([Figure(**figure) for figure in shown.summary["figures"]]))
    tabs = st.tabs(["Profile", "Products and countries", "Customers", "Strategy"])
    with tabs[0]:
        _show_profile(shown, whole)
    with tabs[1]:
        _show_favourites(shown)
    with tabs[2]:
        show_list(shown, "segment")
    with tabs[3]:
        st.html(markup.plan(one))
    n, people = one["n_customers"], find_people(shown, "", (), None)
    st.html(markup.heading("Take this segment along", 3, f"{write(n, 'count')} customers with all their figures."))
    with st.container(horizontal=True, gap="small"):
        offer_rows(shown.opened, people, n, name, f"segment.{whole['id']}")


def _show_profile(shown: Shown, whole: Mapping[str, Any]) -> None:
    profile = whole["profile"]
    rows = [
        {"words": feature_words(feature), "feature": feature, **figures, "kind": feature_kind(feature)}
        for feature, figures in profile.items()
    ]
    yes_no = shown.opened.remember(("yes or no", shown.as_of, *profile), lambda: yes_no_features(shown, list(profile)))
    rows = [{**row, "percentile_rank": None} if row["feature"] in yes_no else row for row in rows]
    standing = [{**row, "value": row["median"]} for row in rows if row["percentile_rank"] is not None]
    columns = (
        Column("words", "feature"),
        Column("percentile_rank", "mean percentile rank", "share"),
        Column("median", "median", "number"),
        Column("mean", "mean", "number"),
    )
    table = Table("Profile of the segment", columns, rows, "segments")
    picture = Picture("profile", partial(charts.segment_standing, standing, whole["name"]), table)
    left, right = st.columns(2, gap="large")
    with left:
        if standing:
            show_picture(picture, shown, "profile", has_table=False)
    with right:
        st.html(markup.paragraph("Of all of the segment, wherever they live.", "reading"))
        st.html(markup.table(table, shown.marks))


def _show_favourites(shown: Shown) -> None:
    if not is_at_hand(shown, ("products", "places")):
        wait_for(shown, ("products", "places"))
        return
    has_any = False
    left, right = st.columns(2, gap="large")
    for place, column, what in ((left, "product_id", "product"), (right, "country", "country")):
        rows = _favourites(shown, column)
        if not rows:
            continue
        has_any = True
        columns = (Column("name", what), Column("revenue", "revenue", "money"), Column("share", "of revenue", "share"))
        title = {"product": "What they buy", "country": "Where they live"}[what]
        with place:
            picture = Picture(
                f"favourite_{what}", partial(charts.favourites, rows, what),
                Table(title, columns, rows, "order_lines, assignments"),
            )  # fmt: skip
            show_picture(picture, shown, f"favourite.{what}")
    if not has_any:
        st.html(markup.empty("The export says nothing of products and countries, or its lines stay in a database."))


def _favourites(shown: Shown, column: str) -> Rows:
    if not (shown.has_orders and shown.is_made("order_lines")):
        return []
    return shown.opened.remember(("favourites", column, *shown.key), lambda: favourites_of(shown, column, _N_NAMES))
