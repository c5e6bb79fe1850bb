"""Warming: sums that take seconds with millions of lines, made in a thread while the first page is read."""

import logging
import threading

from customerbase.dashboard.opening import Opened
from customerbase.dashboard.sales import sales_of

__all__ = ["warm"]

_begun: set[str] = set()


def warm(opened: Opened) -> None:
    """Begin to make the sums of the latest date, once for each state of a workspace."""
    dates = opened.workspace.dates("segments")
    has_lines = any(each.name == "order_lines" for each in opened.workspace.tables())
    if dates and has_lines and opened.state not in _begun:
        _begun.add(opened.state)
        threading.Thread(target=_make, args=(opened, dates[-1]), daemon=True).start()


def _make(opened: Opened, as_of: str) -> None:
    try:
        sales_of(opened, as_of).make_all()
    except Exception as fault:
        logging.getLogger(__name__).debug("The sums could not be made: %s", fault)
