"""Drawing: a chart as SVG for the page, or as a file for a slide; without a browser and without the network."""

import re
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import vl_convert

from customerbase.report.artist import Artist

__all__ = ["FILE_KINDS", "draw", "prepare", "save_chart", "specify", "title_of"]

_SCALE = 2
"""Pixels of a PNG for each pixel of the chart."""

_WIDE = 600
"""Pixels of a plot from which a chart is a wide one."""

_ROLES = re.compile(r' (?:role|aria-roledescription|aria-hidden|pointer-events|xmlns|xmlns:xlink|version)="[^"]*"')
_AXIS_NAMES = re.compile(r'(<g class="mark-group role-(?:axis|legend)[^"]*") aria-label="[^"]*"')
_GEOMETRY = re.compile(r' (?:d|transform|x2|y2|width|height|viewBox)="[^"]*"')
_LONG_DECIMAL = re.compile(r"(\.\d)\d+")
_TIPS = re.compile(r"(<\w+) aria-label=")
_EMPTY = re.compile(r'<path class="(?:fore|back)ground" d="[^"]*"(?: display="none")?/>')


def title_of(chart: Any) -> str:  # noqa: ANN401  (Altair's classes)
    """Give the title of a chart in one line.

    Examples
    --------
    >>> from customerbase.report.charts import lorenz_curve
    >>> title_of(lorenz_curve([{"customers_percent": 20, "revenue_share": 0.77}]))
    'A fifth of the customers bring 77.0% of revenue'
    """
    return " ".join(chart.title.text)


def prepare(chart: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give the specification of a chart for a page: without its title, which the page sets in its own type.

    Examples
    --------
    See `draw`.
    """
    spec = {**specify(chart), "background": None}
    del spec["title"]
    return spec


def draw(spec: Mapping[str, Any], description: str, artist: Artist) -> str:
    """Draw a chart as an SVG element for a page.

    Its marks carry what a tooltip says of them in `data-tip`. Colours stay as they are: a page in the dark changes
    them by rule.

    Parameters
    ----------
    spec
        As `prepare` gives it.
    description
        What the picture shows, for those who do not see it.
    artist
        Who draws.

    Examples
    --------
    >>> from customerbase.report.artist import artist_at_work
    >>> from customerbase.report.charts import lorenz_curve
    >>> chart = lorenz_curve([{"customers_percent": 20, "revenue_share": 0.77}])
    >>> with artist_at_work() as artist:
    ...     svg = draw(prepare(chart), "A curve & a line.", artist)
    >>> svg[:50], "77.0%" in svg, "A fifth" in svg
    ('<svg role="img" aria-label="A curve &amp; a line."', True, False)
    """
    svg = _GEOMETRY.sub(_round, _ROLES.sub("", artist.draw(spec)))
    svg = _TIPS.sub(r"\1 data-tip=", _EMPTY.sub("", _AXIS_NAMES.sub(r"\1", svg)))
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(description)}"', 1)


def _round(attribute: re.Match[str]) -> str:
    return _LONG_DECIMAL.sub(r"\1", attribute[0])


def save_chart(chart: Any, path: Path) -> Path:  # noqa: ANN401
    """Save a chart, with its title, as PNG, SVG or PDF, as the suffix of the path says; give the path.

    Examples
    --------
    >>> import tempfile
    >>> from customerbase.report.charts import lorenz_curve
    >>> chart = lorenz_curve([{"customers_percent": 20, "revenue_share": 0.77}])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_chart(chart, Path(folder, "lorenz.svg")).read_text()[:4]
    '<svg'
    """
    path.write_bytes(FILE_KINDS[path.suffix.removeprefix(".")](specify(chart)))
    return path


def specify(chart: Any) -> dict[str, Any]:  # noqa: ANN401
    """Give the specification of a chart, with its legend where it is seen first.

    That is the left of a wide chart, of which a phone shows the left alone; flush right of a narrow one, where it may
    be wider than the plot.
    """
    spec: dict[str, Any] = chart.to_dict(validate=False)
    anchor = "start" if spec.get("width", 0) >= _WIDE else "end"
    spec["config"]["legend"]["layout"] = {"top": {"anchor": anchor}}
    return spec


FILE_KINDS: Mapping[str, Callable[[dict[str, Any]], bytes]] = {
    "png": lambda spec: bytes(vl_convert.vegalite_to_png(spec, scale=_SCALE)),
    "svg": lambda spec: vl_convert.vegalite_to_svg(spec).encode(),
    "pdf": lambda spec: bytes(vl_convert.vegalite_to_pdf(spec)),
}
"""Suffix → what draws a chart of that kind."""
