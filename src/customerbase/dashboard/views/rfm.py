"""Recency and frequency: how recently and how often customers bought."""

import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.elements import show_section
from customerbase.dashboard.filters import Filter
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import Opened

__all__ = ["show_rfm"]


def show_rfm(opened: Opened, chosen: Filter) -> None:
    """Show customers by their scores, which all customers of the date have set."""
    shown = Shown(opened, chosen.as_of, chosen.country, chosen.segment)
    if not shown.summary["n_customers"]:
        st.html(markup.empty("There are no such customers. Choose another country or segment."))
        return
    show_section(shown, "rfm", has_title=False, under=1)
