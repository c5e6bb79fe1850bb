"""Faults: what goes wrong while a page is shown, told in plain words on it."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import duckdb
import streamlit as st

from customerbase.dashboard import markup
from customerbase.dashboard.source import forget, is_outdated
from customerbase.engine import explain
from customerbase.errors import CustomerbaseError

__all__ = ["tell", "telling"]

_GONE = "Newer runs have been published, and the one that this page showed is gone. Try again to see the newest."

Given = ParamSpec("Given")


def tell(fault: Exception) -> None:
    """Say in plain words what went wrong; where nobody foresaw it, the terminal of the server tells where."""
    st.html(markup.fault(_GONE if is_outdated() else _explain(fault)))
    st.button("Try again", icon=":material/refresh:", on_click=forget)


def telling(show: Callable[Given, None]) -> Callable[Given, None]:
    """Let a part of a page that runs anew by itself tell its faults: nothing stands around it then."""

    @wraps(show)
    def show_or_tell(*args: Given.args, **options: Given.kwargs) -> None:
        try:
            show(*args, **options)
        except Exception as fault:  # what steers Streamlit's own course is none
            tell(fault)

    return show_or_tell


def _explain(fault: Exception) -> str:
    if isinstance(fault, CustomerbaseError):
        return str(fault)
    if isinstance(fault, duckdb.Error):
        return explain(fault) or "A table of the workspace cannot be read. Run 'customerbase run' again."
    if isinstance(fault, OSError):
        return f"The disk refuses ({fault.strerror}). Try again once it answers."
    logging.getLogger(__name__).exception("A page could not be shown", exc_info=fault)
    return f"Unexpected fault ({type(fault).__name__}). What the server printed says where."
