"""Filters: date, country and segment, which stay from page to page and stand in the URL."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from customerbase.dashboard import asking, markup
from customerbase.dashboard.narrowing import Shown, list_countries
from customerbase.dashboard.opening import Opened
from customerbase.workspace.manifest import UNDATED

__all__ = ["CUSTOMER", "GO_TO", "PAGE", "Filter", "choose_filter", "follow_url", "go_to", "set_segment", "write_url"]

PAGE, AS_OF, COUNTRY, SEGMENT, CUSTOMER = "page", "as_of", "country", "segment", "customer"
"""Keys of the widgets, which are the names in the URL."""

_WRITTEN = "written"

GO_TO = "go_to"
"""Key under which a click that is no callback leaves what the widgets are to say next."""

ALL = "All"
_LONGEST_ID = 500


@dataclass(frozen=True)
class Filter:
    """Which customers are shown.

    Parameters
    ----------
    as_of
        Date of the segments.
    country, segment
        None for all of them.

    Examples
    --------
    >>> Filter("2011-12-10", None, "Champions").words
    'Champions'
    """

    as_of: str
    country: str | None = None
    segment: str | None = None

    @property
    def words(self) -> str:
        """Who is left, for a heading; empty where nothing is filtered."""
        return ", ".join(each for each in (self.segment, self.country) if each)


def choose_filter(opened: Opened) -> Filter:
    """Show the widgets of the filter, and give what they say.

    Raises
    ------
    WorkspaceError
        There are no segments.
    """
    dates = list(reversed(opened.workspace.dates("segments")))
    as_of = dates[0] if dates else UNDATED
    if len(dates) > 1:
        as_of = st.selectbox("As of", dates, key=AS_OF, bind="query-params", help="The date of the segments.")
    whole = Shown(opened, as_of)
    segments = list(whole.colors)
    countries = list_countries(whole)
    country = _choose("Country", countries, COUNTRY) if len(countries) > 1 else None
    segment = _choose("Segment", segments, SEGMENT)
    st.text_input("Customer", key=CUSTOMER, placeholder="An id", max_chars=_LONGEST_ID, on_change=_open_customer)
    return Filter(as_of, country, segment)


def follow_url(pages: Sequence[str]) -> None:
    """Let page and customer be those of the URL where it was typed, sent, or gone back to; before their widgets."""
    written = st.session_state.get(_WRITTEN, {})
    for key, default in ((PAGE, pages[0]), (CUSTOMER, "")):
        told = st.query_params.get_all(key)
        if written.get(key) != told:
            st.session_state[key] = told[-1] if told else default
    if any(written.get(key) != told for key, told in asking.told().items()):
        asking.forget_widgets()
    if st.session_state[PAGE] not in pages:
        st.session_state[PAGE] = pages[0]


def write_url(pages: Sequence[str]) -> None:
    """Let the URL be of what is shown, so that the browser's way back leads here; after the widgets of the filter.

    All is written at once: each change of the URL is a step on the way back.
    """
    state = st.session_state
    page, customer = state[PAGE], state.get(CUSTOMER, "")
    has_list = not customer if page == "Customers" else page == "Segments" and state.get(SEGMENT, ALL) != ALL
    written = {
        PAGE: [page] if page != pages[0] else [],
        CUSTOMER: [customer] if customer else [],
        **(asking.held() if has_list else {key: [] for key in asking.told()}),
    }
    state[_WRITTEN] = written
    if any(st.query_params.get_all(key) != value for key, value in written.items()):
        st.query_params.update(written)


def _open_customer() -> None:
    if st.session_state[CUSTOMER]:
        st.session_state[PAGE] = "Customers"


def _choose(label: str, names: Sequence[str], key: str) -> str | None:
    asked = st.query_params.get(key, ALL)
    if asked not in {ALL, *names}:
        words = f"There is no {label.lower()} {asked[:_LONGEST_ID]} at this date: all are shown."
        st.html(markup.empty(words))
    # Streamlit takes what stands for all of them to be the value that need not stand in the URL.
    chosen = st.selectbox(label, [ALL, *names], key=key, bind="query-params")
    return None if chosen == ALL else chosen


def set_segment(name: str | None) -> None:
    """Open a segment, or all of them, from the callback of a widget."""
    st.session_state[SEGMENT] = name or ALL
    st.session_state[PAGE] = "Segments"


def go_to(**values: str) -> None:
    """Let widgets say something else, and run the page again."""
    st.session_state[GO_TO] = values
    st.rerun()
