"""Trust: how the number of segments was chosen, how sure they are, and how they compare with others."""

from typing import Any

import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.downloads import offer_rows
from customerbase.dashboard.elements import show_section, show_table
from customerbase.dashboard.filters import Filter
from customerbase.dashboard.grids import MOST_ROWS, show_rows
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import Opened
from customerbase.report.blocks import Column, Figure, Table
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.sections import SECTIONS

__all__ = ["show_trust"]

SHOWN_ELSEWHERE = (
    "base", "export", "findings", "segments", "differences", "map", "rfm", "concentration", "seasons", "products",
    "coupons", "engagement", "guests", "returns", "strategies", "customers", "definitions",
)  # fmt: skip
"""Sections of the report that have a place on another page; all others stand here, those to come included."""

_TABLES = ("comparison", "concordance", "champions", "foresight")
"""Tables to browse, beside what the report says of them."""

_WORDS = {
    "silhouette": "silhouette",
    "stability": "found again (adjusted Rand)",
    "smallest_share": "smallest segment",
    "davies_bouldin": "Davies-Bouldin",
}
_KINDS = {"smallest_share": "share"}


def show_trust(opened: Opened, chosen: Filter) -> None:
    """Show what speaks for and against the segments, as far as it was looked into."""
    whole = Shown(opened, chosen.as_of)
    if chosen.words:
        st.html(markup.paragraph("This is about the segmentation as a whole: the filter has no say here.", "reading"))
    stored = opened.remember(("stored", chosen.as_of), lambda: opened.workspace.json("segments", chosen.as_of))
    _show_quality(stored)
    _show_choice(whole, stored)
    for key in SECTIONS:
        if key not in SHOWN_ELSEWHERE:
            show_section(whole, key)
    _show_tables(whole)


def _show_quality(stored: dict[str, Any]) -> None:
    quality = stored.get("quality") or {}
    figures = [
        Figure(words, quality[name], _KINDS.get(name, "number"))
        for name, words in _WORDS.items()
        if quality.get(name) is not None
    ]
    if figures:
        st.html(markup.figures(figures))
    for reason in quality.get("reasons", ()):
        st.html(markup.paragraph(f"Note: {reason}", "reading"))


def _show_choice(whole: Shown, stored: dict[str, Any]) -> None:
    choice = stored.get("choice")
    if not choice:
        return
    st.html(markup.heading("How many segments, and why"))
    for sentence in (*choice["reasons"], choice["structure_reason"]):
        st.html(markup.paragraph(sentence))
    columns = (
        Column("n_segments", "segments", "count"),
        Column("smallest_share", "smallest", "share"),
        Column("stability", "found again (adjusted Rand)", "number"),
        Column("lower", "at worst", "number"),
        Column("upper", "at best", "number"),
    )
    show_table(Table("What was tried", columns, choice["options"], "segments"), whole, "choice")


def _show_tables(whole: Shown) -> None:
    held = [name for name in _TABLES if whole.has(name)]
    if held:
        st.html(markup.heading("Tables to browse"))
    for name in held:
        st.html(markup.heading(name.replace("_", " ").capitalize(), 3))
        n, rows = _take_rows(whole, name)
        if n > MOST_ROWS:
            st.html(markup.paragraph(f"{n:,} rows, the first {MOST_ROWS} of them here.", "reading"))
        show_rows(rows, f"trust.{name}")
        with st.container(horizontal=True, gap="small"):
            offer_rows(whole.opened, whole.table(name), n, name, f"trust.{name}.download")


def _take_rows(whole: Shown, name: str) -> tuple[int, Rows]:
    table, key = whole.table(name), ("browsed", name, whole.as_of)
    n = whole.opened.remember(("n", *key), lambda: int(table.count().to_pyarrow().as_py()))
    return n, whole.opened.remember(key, lambda: plain_rows(table.limit(MOST_ROWS).to_pyarrow()))
