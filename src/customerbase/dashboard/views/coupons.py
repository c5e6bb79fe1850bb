"""Coupons and engagement, for the data that know of them."""

import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.elements import show_section
from customerbase.dashboard.filters import Filter
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import Opened

__all__ = ["show_coupons", "show_engagement"]


def show_coupons(opened: Opened, chosen: Filter) -> None:
    """Show coupons claimed and burnt."""
    _show("coupons", opened, chosen)


def show_engagement(opened: Opened, chosen: Filter) -> None:
    """Show visits, clicks and the like."""
    _show("engagement", opened, chosen)


def _show(key: str, opened: Opened, chosen: Filter) -> None:
    shown = Shown(opened, chosen.as_of, chosen.country, chosen.segment)
    if not shown.summary["n_customers"] or not show_section(shown, key, has_title=False, under=1):
        st.html(markup.empty("There is nothing of the kind for these customers. Choose another country or segment."))
