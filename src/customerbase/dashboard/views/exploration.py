"""Exploration: on whom revenue rests, when it comes in, what sells, what comes back, and every table behind that."""

import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.downloads import offer_rows
from customerbase.dashboard.elements import make_blocks, show_section
from customerbase.dashboard.filters import Filter
from customerbase.dashboard.grids import show_rows
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import Opened
from customerbase.report.sections import SECTIONS

__all__ = ["show_exploration"]

_KEYS = ("concentration", "seasons", "products", "returns")
_OF_ALL = ("guests", "map")
_PREFIX = "explore_"


def show_exploration(opened: Opened, chosen: Filter) -> None:
    """Show the sections of the exploration for the customers in question, and those that only the whole shop has."""
    whole = Shown(opened, chosen.as_of)
    shown = Shown(opened, chosen.as_of, chosen.country, chosen.segment)
    if shown.summary["n_customers"]:
        for key in _KEYS:
            show_section(shown, key)
    else:
        st.html(markup.empty("There are no such customers. Choose another country or segment."))
    for key in _OF_ALL:
        if make_blocks(whole, key):
            st.html(markup.heading(SECTIONS[key].title, by="Of the whole shop." if shown.is_narrowed else ""))
            show_section(whole, key, has_title=False)
    _show_tables(whole)


def _show_tables(whole: Shown) -> None:
    names = [each.name for each in whole.workspace.tables() if each.name.startswith(_PREFIX)]
    names = [name for name in dict.fromkeys(names) if whole.is_made(name)]
    st.html(markup.heading("Every table of the exploration", by="Of the whole shop."))
    if not names:
        st.html(markup.empty("This part has not been made. Run 'customerbase explore', and look again."))
        return
    name = st.selectbox(
        "Table", names, format_func=lambda each: each.removeprefix(_PREFIX).replace("_", " "), key="explored"
    )
    rows = whole.rows(name)
    show_rows(rows, "explored_rows")
    n_rows = len(rows)
    with st.container(horizontal=True, gap="small"):
        offer_rows(whole.opened, whole.table(name), n_rows, name, f"explored.{name}")
