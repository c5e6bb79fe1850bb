"""Data quality: what came in, what was set aside and why, and what the check-up found."""

import ibis
import ibis.expr.types as ir
import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.downloads import offer_rows
from customerbase.dashboard.elements import show_section
from customerbase.dashboard.filters import Filter
from customerbase.dashboard.grids import MOST_ROWS, show_rows
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.opening import Opened
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.summary import REASONS

__all__ = ["find_rows", "list_rules", "show_quality", "take_rows"]

ALL_RULES = "All rules"


def show_quality(opened: Opened, chosen: Filter) -> None:
    """Show the audit, the check-up, and the quarantine to browse."""
    whole = Shown(opened, chosen.as_of)
    if chosen.words:
        st.html(markup.paragraph("Rows belong to the whole shop: the filter has no say here.", "reading"))
    show_section(whole, "export")
    show_section(whole, "findings")
    _browse(whole)


def list_rules(whole: Shown) -> list[str]:
    """List the rules by which rows were set aside."""
    aside = whole.opened.table("quarantine", None)
    found = aside.select("rule").distinct().order_by("rule")
    return whole.opened.remember("rules", lambda: [str(row["rule"]) for row in found.to_pyarrow().to_pylist()])


def find_rows(whole: Shown, rule: str = ALL_RULES, search: str = "") -> ir.Table:
    """Find the rows that a rule has set aside and that have a text in any cell."""
    found = whole.opened.table("quarantine", None)
    if rule != ALL_RULES:
        found = found.filter(found.rule == rule)
    if search.strip():
        cells = [found[name].cast("string").lower().contains(search.strip().lower()) for name in found.columns]
        found = found.filter(ibis.or_(*(cell.fill_null(False) for cell in cells)))
    return found.order_by(["source", "source_row"])


def take_rows(whole: Shown, rule: str = ALL_RULES, search: str = "") -> tuple[int, Rows]:
    """Count the rows that `find_rows` finds, and give the first of them."""
    found, asked = find_rows(whole, rule, search), ("quarantine", rule, search)
    n = whole.opened.remember(("n", *asked), lambda: int(found.count().to_pyarrow().as_py()))
    return n, whole.opened.remember(asked, lambda: plain_rows(found.limit(MOST_ROWS).to_pyarrow()))


def _browse(whole: Shown) -> None:
    st.html(markup.heading("The quarantine", by="Every row that was set aside, with its cells as they came."))
    if not whole.is_made("quarantine"):
        st.html(markup.empty("This part has not been made. Run 'customerbase clean', and look again."))
        return
    rules = list_rules(whole)
    if not rules:
        st.html(markup.empty("No row was set aside."))
        return
    left, right = st.columns(2)
    rule = left.selectbox("Rule", [ALL_RULES, *rules], key="rule", bind="query-params")
    search = right.text_input("Search", key="quarantine.search", placeholder="A part of any cell", max_chars=200)
    n, rows = take_rows(whole, rule, search)
    part = f", the first {MOST_ROWS} of them here" if n > MOST_ROWS else ""
    what = f" that {REASONS[rule]}" if rule in REASONS else ""
    st.html(markup.paragraph(f"{n:,} rows{what}{part}.", "reading"))
    show_rows(rows, "quarantine")
    with st.container(horizontal=True, gap="small"):
        offer_rows(whole.opened, find_rows(whole, rule, search), n, "quarantine", "quarantine.download")
