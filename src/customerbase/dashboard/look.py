"""Look: the type and the colours of the report, for Streamlit and for the charts on its pages."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files

from customerbase.report.charts.palette import ACCENT, DARK_PAPER, GRID, INK, PALE, PAPER, QUIET, edge_color, on_dark
from customerbase.report.charts.theme import FONT

__all__ = ["ICON", "STYLE", "THEME", "color_rules"]

_DARK_INK, _DARK_QUIET, _DARK_GRID, _DARK_ACCENT, _DARK_PALE = "#e8ecf0", "#a9b4bf", "#2c343d", "#6fb1d1", "#5d6b78"

THEME: Mapping[str, object] = {
    "theme.font": FONT,
    "theme.headingFont": FONT,
    "theme.baseRadius": "4px",
    "theme.showWidgetBorder": True,
    "theme.light.primaryColor": "#0b5a80",
    "theme.light.backgroundColor": PAPER,
    "theme.light.secondaryBackgroundColor": "#f5f7f9",
    "theme.light.textColor": INK,
    "theme.light.linkColor": "#0b5a80",
    "theme.light.borderColor": "#d8dee4",
    "theme.dark.primaryColor": "#2f84ad",
    "theme.dark.backgroundColor": DARK_PAPER,
    "theme.dark.secondaryBackgroundColor": "#1c2229",
    "theme.dark.textColor": _DARK_INK,
    "theme.dark.linkColor": "#8cc8e8",
    "theme.dark.borderColor": "#323a44",
}
"""Options of Streamlit, by name."""

_TONES: Mapping[str, str] = {
    INK: _DARK_INK,
    QUIET: _DARK_QUIET,
    GRID: _DARK_GRID,
    PAPER: DARK_PAPER,
    ACCENT: _DARK_ACCENT,
    PALE: _DARK_PALE,
}
"""Colour of a chart on a light page → on a dark one."""

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<rect x="1" y="9" width="4" height="6" fill="#b6c2cc"/>'
    '<rect x="6" y="5" width="4" height="10" fill="#6fb1d1"/><rect x="11" y="1" width="4" height="14" fill="#2f6f8f"/>'
    "</svg>"
)
ICON = f"data:image/svg+xml;base64,{b64encode(_ICON.encode()).decode()}"
"""Of the tab; any of Streamlit's own would be fetched from the network."""

STYLE = (files("customerbase.dashboard") / "pages.css").read_text(encoding="utf-8")
"""Rules for what the pages write themselves, and for charts: these are drawn for light paper."""


def color_rules(colors: Sequence[str]) -> str:
    """Give the rules that make charts readable on a dark page, and let each segment have its colour.

    Parameters
    ----------
    colors
        Of the segments, in their order; the marks of segment n have the class `sn`.

    Examples
    --------
    >>> print(color_rules(["#880000"]).splitlines()[0])
    .cb .s0{--mine:light-dark(#880000,#ac4c4c);--edge:light-dark(#880000,#ac4c4c)}
    """
    marks = [
        f".cb .s{number}{{--mine:light-dark({color},{on_dark(color)});"
        f"--edge:light-dark({edge_color(color)},{on_dark(color)})}}"
        for number, color in enumerate(colors)
    ]
    tones = {**{tone: on_dark(tone) for color in colors for tone in (color, edge_color(color))}, **_TONES}
    charts = [
        f'.stVegaLiteChart svg [{what}="{light}"]{{{what}:light-dark({light},{dark})}}'
        for light, dark in tones.items()
        for what in ("fill", "stroke")
    ]
    return "\n".join([*marks, *charts])
