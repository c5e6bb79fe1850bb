"""PAGES: the pages of the dashboard in their order, and what stands on all of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.faults import tell
from customerbase.dashboard.filters import GO_TO, PAGE, Filter, choose_filter, follow_url, write_url
from customerbase.dashboard.look import ICON, STYLE, color_rules
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import Opened
from customerbase.dashboard.source import Source, open_source, watch
from customerbase.dashboard.views.coupons import show_coupons, show_engagement
from customerbase.dashboard.views.customers import show_customers
from customerbase.dashboard.views.exploration import show_exploration
from customerbase.dashboard.views.incoming import show_incoming
from customerbase.dashboard.views.overview import show_definitions, show_overview
from customerbase.dashboard.views.quality import show_quality
from customerbase.dashboard.views.rfm import show_rfm
from customerbase.dashboard.views.segments import show_segments
from customerbase.dashboard.views.trust import show_trust
from customerbase.dashboard.warming import warm
from customerbase.report.sections import SECTIONS
from customerbase.workspace.manifest import UNDATED

__all__ = ["PAGES", "Page", "run_page"]


NEW_EXPORT = "New export"
"""The page that is there even when nothing else is."""


@dataclass(frozen=True)
class Page:
    """A page: what shows it, and the section of the report without which it is left out."""

    show: Callable[[Opened, Filter], None]
    only_with: str | None = None


PAGES: Mapping[str, Page] = {
    "Overview": Page(show_overview),
    "Segments": Page(show_segments),
    "Customers": Page(show_customers),
    "Exploration": Page(show_exploration),
    "RFM": Page(show_rfm, "rfm"),
    "Coupons": Page(show_coupons, "coupons"),
    "Engagement": Page(show_engagement, "engagement"),
    "Trust": Page(show_trust),
    "Data quality": Page(show_quality),
    "Definitions": Page(show_definitions),
}
"""Title, which stands in the URL too → page."""


def run_page() -> None:
    """Show the page that the URL names, with the filter beside it; a fault is told in plain words."""
    st.set_page_config(page_title="customerbase", page_icon=ICON, layout="wide")
    st.html(f"<style>{STYLE}</style>")
    try:
        source = open_source()
        title, chosen = _choose_view(source)
        by = _count(source.opened, chosen) if chosen and title != NEW_EXPORT else ""
    except Exception as fault:  # what steers Streamlit's own course is none
        st.html(markup.heading("This cannot be shown", 1))
        tell(fault)
        return
    try:
        _show(source, chosen, title, by)
    except Exception as fault:
        tell(fault)


def _choose_view(source: Source) -> tuple[str, Filter | None]:
    """Let a page be chosen and, where there are segments, whom it shows."""
    opened = source.opened
    there = _there(opened)
    with st.sidebar:
        title = _choose(there)
        watch(source)
        chosen = choose_filter(opened) if len(there) > 1 else None
        st.html(markup.paragraph(_foot(source), "source"))
    write_url(there)
    if chosen:
        st.html(f"<style>{color_rules(list(Shown(opened, chosen.as_of).colors.values()))}</style>")
    return title, chosen


def _show(source: Source, chosen: Filter | None, title: str, by: str) -> None:
    if title == NEW_EXPORT or chosen is None:
        show_incoming(source)
        return
    st.html(markup.heading(title, 1, by))
    PAGES[title].show(source.opened, chosen)
    warm(source.opened)


def _there(opened: Opened) -> list[str]:
    """List the pages with which the data have something to do."""
    dates = opened.workspace.dates("segments")
    if not dates:
        return [NEW_EXPORT]
    shown = Shown(opened, dates[-1])
    found = [
        title
        for title, page in PAGES.items()
        if page.only_with is None
        or opened.remember(("concerns", page.only_with), partial(SECTIONS[page.only_with].concerns, shown))
    ]
    return [*found, NEW_EXPORT]


def _choose(there: Sequence[str]) -> str:
    """Let one of the pages be chosen, after a click that leads to another one."""
    follow_url(there)
    for key, value in st.session_state.pop(GO_TO, {}).items():
        st.session_state[key] = value
    return str(st.radio("Pages", there, key=PAGE, label_visibility="collapsed"))


def _count(opened: Opened, chosen: Filter) -> str:
    """Say how many customers are shown, and as of when."""
    shown = Shown(opened, chosen.as_of, chosen.country, chosen.segment)
    n, whole = shown.summary["n_customers"], shown.whole["n_customers"]
    of_all = f"{n:,} of {whole:,} customers: {chosen.words}" if shown.is_narrowed else f"{n:,} customers"
    day = f", as of {chosen.as_of}" if chosen.as_of != UNDATED else ""
    return f"{of_all}{day}"


def _foot(source: Source) -> str:
    run = f"run {source.opened.run}" if source.opened.run else "no run yet"
    return f"{source.name}, {run}. customerbase {version('customerbase')}; nothing leaves this machine."
