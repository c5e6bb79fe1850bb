"""Numerals: numbers as a reader meets them, one way of writing each kind."""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal

__all__ = ["KINDS", "write"]


def write(value: object, kind: str = "text") -> str:
    """Write a value of a kind of `KINDS`; what is missing is a dash.

    Parameters
    ----------
    value
        A number, a text, a date or None.
    kind
        A key of `KINDS`. A share is a part of 1, and written in percent.

    Examples
    --------
    >>> [write(value, kind) for value, kind in ((5878, "count"), (1234.5, "money"), (0.0537, "share"), (None, "money"))]
    ['5,878', '1,234.50', '5.4%', '–']
    >>> write(0.0004, "share"), write(0.0, "share"), write(0.99951, "share"), write(1, "share")
    ('<0.1%', '0.0%', '>99.9%', '100.0%')
    >>> write(12878.455, "number"), write(0.4528, "number"), write(9.5, "number"), write(1_264_803.2, "short")
    ('12,878', '0.45', '9.5', '1.26 million')
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "–"
    if not isinstance(value, int | float | Decimal) or isinstance(value, bool):
        return str(value)
    return KINDS[kind](float(value))


def _number(value: float) -> str:
    """Write a figure of any size with about three digits that matter."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 1 else f"{value:.2f}"


def _share(value: float) -> str:
    """Write a part of 1 in percent; what is not quite nothing, or not quite all, is not written as if it were."""
    if 0 < value < 0.0005:
        return "<0.1%"
    return ">99.9%" if 0.9995 <= value < 1 else f"{value:.1%}"


def _short(value: float) -> str:
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if abs(value) >= size:
            return f"{value / size:,.3g} {word}"
    return f"{value:,.0f}"


KINDS: Mapping[str, Callable[[float], str]] = {
    "count": lambda value: f"{value:,.0f}",
    "money": lambda value: f"{value:,.2f}",
    "share": _share,
    "number": _number,
    "short": _short,
    "score": lambda value: f"{value:+.2f}",
    "text": lambda value: f"{value:g}",
}
"""Kind of a figure → how it is written."""
