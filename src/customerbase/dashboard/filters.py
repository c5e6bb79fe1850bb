"""Filters: date, country and segment, which stay from page to page and stand in the URL."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

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
    for key, default in ((PAGE, pages[0]), (CUSTOMER, "")):
        told = st.query_params.get(key, default)
        if st.session_state.get(_WRITTEN, {}).get(key) != told:
            st.session_state[key] = told
    if st.session_state[PAGE] not in pages:
        st.session_state[PAGE] = pages[0]


def write_url(pages: Sequence[str]) -> None:
    """Let the URL be of this page and customer, so that the browser's way back leads here; after their widgets."""
    written = {PAGE: st.session_state[PAGE], CUSTOMER: st.session_state.get(CUSTOMER, "")}
    st.session_state[_WRITTEN] = written
    for key, default in ((PAGE, pages[0]), (CUSTOMER, "")):
        if written[key] == default:
            st.query_params.pop(key, None)
    st.query_params.update({key: value for key, value in written.items() if value not in {"", pages[0]}})


def _open_customer() -> None:
    if st.session_state[CUSTOMER]:
        st.session_state[PAGE] = "Customers"


def _choose(label: str, names: Sequence[str], key: str) -> str | None:
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
