"""Warming: what takes seconds with millions of lines, made in a thread before somebody asks for it."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from customerbase.dashboard.elements import make_blocks, needed_sums
from customerbase.dashboard.grids import MOST_ROWS
from customerbase.dashboard.narrowing import Shown, list_countries
from customerbase.dashboard.opening import BEHIND, Opened, begin_behind, is_ending, open_newest, wait_for_quiet
from customerbase.dashboard.people import first_order, take_people
from customerbase.dashboard.sales import SUMS, sales_of
from customerbase.dashboard.views.quality import list_rules, take_rows
from customerbase.report.sections import SECTIONS

__all__ = ["prepare", "warm"]

_begun: set[str] = set()


def prepare(path: Path, memory_limit: str | None = None, threads: int | None = None) -> None:
    """Begin to open a workspace and to bring its customers into memory; what is wrong with it, the page tells."""
    begin_behind(partial(_open, path, memory_limit, threads))


def _open(path: Path, memory_limit: str | None, threads: int | None) -> None:
    with suppress(Exception):
        opened = open_newest(path, memory_limit, threads)
        for as_of in opened.workspace.dates("segments")[-1:]:
            list_countries(Shown(opened, as_of))
            _ = Shown(opened, as_of).summary
            make_blocks(Shown(opened, as_of), "rfm")  # of all sections the one that takes longest


def warm(opened: Opened) -> None:
    """Begin to make all sections and sums of the latest date, once for each state of a workspace."""
    dates = opened.workspace.dates("segments")
    if dates and opened.state not in _begun:
        _begun.add(opened.state)
        begin_behind(partial(_make, opened, dates[-1]), name=BEHIND)


def _make(opened: Opened, as_of: str) -> None:
    shown = Shown(opened, as_of)
    tasks: list[Callable[[], object]] = [
        partial(make_blocks, shown, key) for key in SECTIONS if not needed_sums(shown, key)
    ]
    tasks.append(partial(take_people, shown, "", (), first_order(shown), MOST_ROWS))
    if shown.is_made("quarantine"):
        tasks += [partial(list_rules, shown), partial(take_rows, shown)]
    if shown.has_orders and shown.is_made("order_lines"):
        tasks += [partial(sales_of(opened, as_of).make, name) for name in SUMS]
    for task in tasks:
        wait_for_quiet()
        if is_ending():
            return
        with suppress(Exception):  # the page that needs what cannot be made tells what is wrong
            task()
