"""Elements: the blocks of the report as elements of a page, with their downloads."""

import copy
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import groupby
from typing import Any

import streamlit as st
from altair.utils.schemapi import debug_mode

from customerbase.dashboard import markup
from customerbase.dashboard.downloads import offer_chart, offer_table
from customerbase.dashboard.faults import telling
from customerbase.dashboard.narrowing import Shown
from customerbase.dashboard.sales import sales_of
from customerbase.report.blocks import Block, Cards, Figures, Paragraph, Picture, Strategies, Table
from customerbase.report.drawing import specify, title_of
from customerbase.report.sections import SECTIONS, make_section

__all__ = [
    "is_at_hand",
    "make_blocks",
    "needed_sums",
    "show_blocks",
    "show_picture",
    "show_section",
    "show_table",
    "wait_for",
]

_RIGHT = 22
"""Pixels beside a chart, for labels at the ends of bars where a page is narrower than the report."""

_SUMS = {"products": ("products", "places")}
_SUMS_OF_SOME = {"seasons": ("hours", "orders"), "returns": ("hours", "orders", "products")}
"""Section → the sums that it is made of, and those of which it is made where customers are filtered."""

_FEW_LINES = 2_000_000
"""So many are added up within a second or two."""

Choose = Callable[[str], None]


def make_blocks(shown: Shown, key: str) -> tuple[Block, ...]:
    """Make the blocks of a section of the report; none where it does not concern the data."""
    return shown.opened.remember(("section", key, *shown.key), lambda: make_section(SECTIONS[key], shown))


def show_section(
    shown: Shown, key: str, *, has_title: bool = True, choose: Choose | None = None, under: int = 2
) -> bool:
    """Show a section of the report under a heading of some level, and tell whether there was anything to show."""
    if not is_at_hand(shown, needed_sums(shown, key)):
        if has_title:
            st.html(markup.heading(SECTIONS[key].title))
        wait_for(shown, needed_sums(shown, key))
        return True
    blocks = make_blocks(shown, key)
    if blocks and has_title:
        st.html(markup.heading(SECTIONS[key].title))
    show_blocks(blocks, shown, key, choose, under)
    return bool(blocks)


def needed_sums(shown: Shown, key: str) -> tuple[str, ...]:
    """Name the sums of `Sales` without which a section cannot be shown."""
    if not (shown.has_orders and shown.is_made("order_lines")):
        return ()
    return _SUMS.get(key, ()) + (_SUMS_OF_SOME.get(key, ()) if shown.is_narrowed else ())


def is_at_hand(shown: Shown, sums: Sequence[str]) -> bool:
    """Tell whether sums are made, or are of so few lines that they are made at once."""
    return not sums or shown.n_lines <= _FEW_LINES or sales_of(shown.opened, shown.as_of).has(*sums)


@st.fragment(run_every="1s")
@telling
def wait_for(shown: Shown, sums: Sequence[str]) -> None:
    """Say that the order lines are being added up, until they are."""
    if is_at_hand(shown, sums):
        st.rerun()
    sales_of(shown.opened, shown.as_of).begin(*sums)
    st.html(markup.empty(f"The {shown.n_lines:,} order lines are being added up; this part follows in a moment …"))


def show_blocks(blocks: Sequence[Block], shown: Shown, key: str, choose: Choose | None = None, under: int = 2) -> None:
    """Show blocks, two narrow charts side by side where there is room.

    Parameters
    ----------
    blocks
        What to show.
    shown
        Whose.
    key
        For the keys of widgets.
    choose
        Called with the name of a segment that is clicked in a chart.
    under
        Level of the heading above them.
    """
    for is_narrow, group in groupby(blocks, lambda block: isinstance(block, Picture) and not block.is_wide):
        found = list(group)
        if not is_narrow:
            for place, block in enumerate(found):
                _show(block, shown, f"{key}.{place}", choose, under + 1)
            continue
        for start in range(0, len(found), 2):
            for column, block in zip(st.columns(2, gap="large"), found[start : start + 2], strict=False):
                with column:
                    _show(block, shown, key, choose, under + 1)


def _show(block: Block, shown: Shown, key: str, choose: Choose | None, level: int) -> None:
    match block:
        case Paragraph():
            advice = _advice(block.text, shown)
            st.html(markup.empty(advice) if advice else markup.paragraph(block.text))
        case Figures():
            st.html(markup.figures(block.figures))
        case Table():
            st.html(markup.heading(block.title, level, is_small=True))
            show_table(block, shown, key)
        case Picture():
            show_picture(block, shown, f"{key}.{block.name}", choose, level=level)
        case Cards() | Strategies():
            pass  # the page of segments has its own, which can be clicked


def _advice(text: str, shown: Shown) -> str:
    """Say which command makes a part that has not been made, for the workspace that is shown; else nothing."""
    command, also, _ = text.partition(", and then 'customerbase report'")
    if not also:
        return ""
    return (
        f"{command.replace('customerbase ', f'customerbase -w {shown.workspace.path} ', 1)}; it is then offered here."
    )


def show_table(table: Table, shown: Shown, key: str) -> None:
    """Show a table of the report with its downloads."""
    st.html(markup.table(table, shown.marks))
    with st.container(horizontal=True, gap="small"):
        offer_table(table, table.title, f"{key}.{table.title}")


def show_picture(
    picture: Picture, shown: Shown, key: str, choose: Choose | None = None, *, has_table: bool = True, level: int = 3
) -> None:
    """Show a chart with its title as a heading of some level, the table behind it, and the downloads of both."""
    title, reading, spec = shown.opened.remember(("chart", picture.name, *shown.key), lambda: _draw(picture))
    st.html(markup.heading(title, level, reading, is_small=True))
    spec, name, words = copy.deepcopy(spec), f"{key}.chart", f"{title}. {reading}"
    with st.container(key=f"wide-{key}") if picture.is_wide else nullcontext():  # on a phone it is scrolled sideways
        if choose and _make_selectable(spec):
            call = partial(_choose, name, choose)
            st.vega_lite_chart(spec=spec, width="stretch", theme=None, key=name, alt=words, on_select=call)
        else:
            st.vega_lite_chart(spec=spec, width="stretch", theme=None, key=name, alt=words)
    if has_table:
        with st.expander(markup.plain(picture.table.title)):
            st.html(markup.table(picture.table, shown.marks))
    with st.container(horizontal=True, gap="small"):
        offer_table(picture.table, picture.name, key)
        offer_chart(picture.make, picture.name, key)


def _draw(picture: Picture) -> tuple[str, str, dict[str, Any]]:
    with debug_mode(False):  # the tests of the report validate what the charts are made of
        chart = picture.make()
    spec = {**specify(chart), "background": None, "autosize": {"type": "fit", "contains": "padding"}}
    spec["padding"] = {**spec["config"]["padding"], "right": _RIGHT}  # Streamlit overrides that of the configuration
    # A long title of an axis would stick out on both sides of a plot on a phone.
    spec["config"]["axisX"] = {**spec["config"].get("axisX", {}), "titleAnchor": "end", "labelPadding": 6}
    reading = " ".join(chart.title.subtitle)
    del spec["title"]
    return title_of(chart), reading, spec


def _make_selectable(spec: dict[str, Any]) -> bool:
    """Let a click on a bar select its segment, and tell whether the bars have one each."""
    marked = spec["layer"][0] if "layer" in spec else spec
    if marked["encoding"].get("y", {}).get("field") != "segment":
        return False
    marked["params"] = [{"name": "segment", "select": {"type": "point", "fields": ["segment"]}}]
    return True


def _choose(key: str, choose: Choose) -> None:
    points = st.session_state[key].get("selection", {}).get("segment", [])
    if points:
        choose(str(points[0]["segment"]))
