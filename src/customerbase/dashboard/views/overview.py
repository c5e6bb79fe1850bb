"""The overview, and how every figure is defined."""

import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.elements import make_blocks, show_blocks, show_section
from customerbase.dashboard.filters import Filter, set_segment
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import Opened
from customerbase.report.blocks import Figure, Picture
from customerbase.report.sections import SECTIONS

__all__ = ["show_definitions", "show_overview"]


def show_overview(opened: Opened, chosen: Filter) -> None:
    """Show who the customers are in one paragraph and six figures, the segments, and when revenue comes in."""
    shown = Shown(opened, chosen.as_of, chosen.country, chosen.segment)
    st.html(markup.paragraph(shown.summary["paragraph"], "lead"))
    st.html(markup.figures([Figure(**figure) for figure in shown.summary["figures"]]))
    for note in shown.summary["notes"]:
        st.html(markup.paragraph(f"Note: {note}", "reading"))
    if not shown.summary["n_customers"]:
        return
    st.html(markup.heading(SECTIONS["segments"].title, by="Click a segment to follow it down to its customers."))
    of_all = Shown(opened, chosen.as_of, chosen.country)
    pictures = [block for block in make_blocks(of_all, "segments") if isinstance(block, Picture)]
    show_blocks(pictures, of_all, "overview", set_segment)
    show_section(shown, "seasons")


def show_definitions(opened: Opened, chosen: Filter) -> None:
    """Define the terms of the pages, and every feature."""
    show_section(Shown(opened, chosen.as_of), "definitions", has_title=False, under=1)
