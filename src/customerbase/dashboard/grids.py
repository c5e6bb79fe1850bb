"""Grids: rows of the workspace to browse, of which only those on the screen come into the browser."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.numerals import KINDS

__all__ = ["MOST_ROWS", "show_rows"]

MOST_ROWS = 500
"""Rows of a grid; a filter finds the others, and a download holds them all."""

_FORMATS: Mapping[str, str] = {"share": "percent", "money": "%,.2f", "number": "%,.6g"}


def show_rows(rows: Sequence[Mapping[str, Any]], key: str, *, is_of_customers: bool = False) -> int | None:
    """Show rows, and give the place of the one that is selected.

    Parameters
    ----------
    rows
        What to show, at most `MOST_ROWS` of them.
    key
        Of the widget.
    is_of_customers
        Whether the rows are customers, whose features have names to read, and whether one can be selected.
    """
    frame = pd.DataFrame.from_records(list(rows[:MOST_ROWS]))
    config = {name: _configure(str(name), frame[name], is_of_customers) for name in frame.columns}
    if not is_of_customers:
        st.dataframe(frame, hide_index=True, column_config=config, key=key)
        return None
    chosen = st.dataframe(
        frame,
        hide_index=True,
        column_config=config,
        key=key,
        on_select="rerun",
        selection_mode=("single-row", "single-cell"),
    )
    places = [*chosen["selection"]["rows"], *(cell[0] for cell in chosen["selection"]["cells"])]
    return places[0] if places else None


def _configure(name: str, values: "pd.Series[Any]", is_of_customers: bool) -> Any:  # noqa: ANN401
    label = feature_words(name) if is_of_customers else name.replace("_", " ")
    if pd.api.types.is_bool_dtype(values):
        return st.column_config.CheckboxColumn(label)
    if pd.api.types.is_numeric_dtype(values):
        kind = "share" if name == "share" else feature_kind(name)
        return st.column_config.NumberColumn(label, format=_FORMATS[kind if kind in KINDS else "number"])
    if pd.api.types.is_datetime64_any_dtype(values):
        return st.column_config.DatetimeColumn(label)
    return st.column_config.TextColumn(label)
