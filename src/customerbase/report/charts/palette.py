"""Palette: the colours of charts, and shades of a segment's colour that can be seen on a light and on a dark page."""

from collections.abc import Sequence

__all__ = [
    "ACCENT",
    "DARK_PAPER",
    "GRID",
    "INK",
    "PALE",
    "PAPER",
    "QUIET",
    "blend",
    "contrast",
    "edge_color",
    "ink_on",
    "on_dark",
]

INK = "#1f2328"
QUIET = "#57606a"
GRID = "#e3e7eb"
ACCENT = "#2f6f8f"
PALE = "#b6c2cc"
PAPER = "#ffffff"
DARK_PAPER = "#14181d"

_VISIBLE = 3.0
"""Contrast that a line or an area needs beside its ground (WCAG 2.1, 1.4.11)."""


def contrast(color: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21, as WCAG 2.1 defines it.

    Examples
    --------
    >>> contrast("#000000", "#ffffff")
    21.0
    """
    light, dark = sorted((_luminance(color), _luminance(other)), reverse=True)
    return round((light + 0.05) / (dark + 0.05), 2)


def edge_color(color: str) -> str:
    """Return the colour of the lines of a segment: its own, darker where it would be too pale on white.

    Examples
    --------
    >>> edge_color("#007744"), edge_color("#eecc22")
    ('#007744', '#a78f18')
    """
    return _mix_until_seen(color, "#000000", PAPER)


def on_dark(color: str) -> str:
    """Return a colour for a dark page: its own, lighter where it would be too dark.

    Examples
    --------
    >>> on_dark("#eecc22"), on_dark("#880000")
    ('#eecc22', '#ac4c4c')
    """
    return _mix_until_seen(color, "#ffffff", DARK_PAPER)


def blend(stops: Sequence[str], part: float) -> str:
    """Return the colour at a part of the way from the first stop, 0, to the last one, 1; straight from stop to stop.

    Examples
    --------
    >>> blend(["#000000", "#804020", "#ffffff"], 0.25), blend(["#000000", "#804020", "#ffffff"], 1)
    ('#402010', '#ffffff')
    """
    way = min(max(part, 0.0), 1.0) * (len(stops) - 1)
    start = min(int(way), len(stops) - 2)
    return _mix(stops[start], stops[start + 1], way - start)


def ink_on(color: str) -> str:
    """Return the ink for text on a colour, black or white: one of them always has a contrast of 4.5 and more.

    White is `#fefefe`, since the white of paper turns dark on a dark page, and text on a colour must not.

    Examples
    --------
    >>> ink_on("#542788"), ink_on("#998ec3"), contrast("#816eb2", ink_on("#816eb2"))
    ('#fefefe', '#000000', 4.81)
    """
    return max(("#fefefe", "#000000"), key=lambda ink: contrast(ink, color))


def _mix_until_seen(color: str, target: str, ground: str) -> str:
    mixed = color
    for step in range(21):
        mixed = _mix(color, target, step / 20)
        if contrast(mixed, ground) >= _VISIBLE:
            break
    return mixed


def _mix(color: str, target: str, part: float) -> str:
    pairs = zip(_channels(color), _channels(target), strict=True)
    return "#" + "".join(f"{round(one + (other - one) * part):02x}" for one, other in pairs)


def _channels(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


def _luminance(color: str) -> float:
    linear = [_linear(channel / 255) for channel in _channels(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
