"""Page: the sections of a report as one HTML file that needs nothing else."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from altair.utils.schemapi import debug_mode
from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup

from customerbase.report.artist import Artist, artist_at_work
from customerbase.report.blocks import Picture
from customerbase.report.charts.palette import edge_color, on_dark
from customerbase.report.drawing import draw, prepare, title_of
from customerbase.report.material import Material
from customerbase.report.numerals import write
from customerbase.report.sections import MadeSection, make_sections
from customerbase.workspace import Workspace
from customerbase.workspace.manifest import UNDATED

__all__ = ["make_page", "pictures_of"]

MAX_ROWS = 120
"""Rows of a table on the page."""

_LONGEST_TEXT = 300


@dataclass(frozen=True)
class _Drawing:
    """A chart as it stands on the page."""

    title: str
    reading: str
    svg: Markup


def make_page(workspace: Workspace, as_of: str | None = None, *, version: str = "", with_ids: bool = False) -> str:
    """Make the report of a workspace as one HTML page without a reference to anything outside of it.

    Everything that comes from the data is text: the template escapes it, the charts are drawn beforehand, and the page
    allows no script but its own.

    Parameters
    ----------
    workspace
        An open workspace.
    as_of
        Date of the segments; by default the latest.
    version
        Of customerbase, for the foot of the page.
    with_ids
        Whether customers may be named.

    Raises
    ------
    WorkspaceError
        There are no segments, or not for this date.

    Examples
    --------
    >>> make_page(Workspace("no-such-shop"))
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: There are no segments in ./no-such-shop. Run 'customerbase segment' first.
    """
    material = Material(workspace, as_of, with_ids=with_ids)
    sections, drawings = _make_and_draw(material)
    script = _template_text("page.js")
    names = list(material.colors)
    return _environment().from_string(_template_text("page.html")).render(
        title=_title(material),
        subtitle=_subtitle(material),
        sections=sections,
        drawings=drawings,
        marks={name: number for number, name in enumerate(names)},
        max_rows=MAX_ROWS,
        files=_files(material),
        version=version,
        style=Markup(_template_text("page.css")),  # noqa: S704  (a file of the package)
        colors=Markup(_color_rules(list(material.colors.values()))),  # noqa: S704  (hexadecimal digits)
        script=Markup(script),  # noqa: S704  (a file of the package)
        script_hash=_hash(script),
    )  # fmt: skip


def _make_and_draw(material: Material) -> tuple[list[MadeSection], dict[str, _Drawing]]:
    """Draw the charts of one section while the next one is made."""
    sections: list[MadeSection] = []
    begun: dict[str, Future[_Drawing]] = {}
    with artist_at_work() as artist, ThreadPoolExecutor(max_workers=1) as queue:
        for section in make_sections(material):
            sections.append(section)
            begun |= {picture.name: _draw(picture, artist, queue) for picture in pictures_of([section])}
        return sections, {name: drawing.result() for name, drawing in begun.items()}


def pictures_of(sections: Iterable[MadeSection]) -> Iterator[Picture]:
    """Give the charts of sections with their tables, in order."""
    return (block for section in sections for block in section.blocks if isinstance(block, Picture))


@cache
def _environment() -> Environment:
    environment = Environment(autoescape=True, undefined=StrictUndefined, loader=BaseLoader(), trim_blocks=True)
    environment.filters |= {
        "write": write,
        "raw": lambda value: format(value, ".17g") if isinstance(value, float) else str(value),
        "clip": _clip,
        "kind": lambda block: type(block).__name__,
    }
    return environment


@cache
def _template_text(name: str) -> str:
    return (files("customerbase.report") / "templates" / name).read_text(encoding="utf-8")


def _clip(value: object) -> str:
    """Give a text of the data, cut where it is beyond reading."""
    text = write(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text):,} signs)"


def _draw(picture: Picture, artist: Artist, queue: ThreadPoolExecutor) -> "Future[_Drawing]":
    with debug_mode(False):  # the tests validate what the charts are made of, which takes Altair half of the time
        chart = picture.make()
        spec = prepare(chart)
    title, reading = title_of(chart), " ".join(chart.title.subtitle)
    description = f"{title}. {reading} The figures stand in the table below."

    def finish() -> _Drawing:
        return _Drawing(title, reading, Markup(draw(spec, description, artist)))  # noqa: S704  (escaped by what draws)

    return queue.submit(finish)


def _title(material: Material) -> str:
    n = material.summary["n_customers"]
    return f"{n:,} customers in {len(material.segments)} segments"


def _subtitle(material: Material) -> str:
    return f"From {_files(material)}. " + (
        "The file has no dates."
        if material.as_of == UNDATED
        else f"As of {material.as_of}: what was known at its start."
    )


def _files(material: Material) -> str:
    return _clip(", ".join(dict.fromkeys(str(each["source"]).split("#")[0] for each in material.summary["sources"])))


def _color_rules(colors: Sequence[str]) -> str:
    """Give each segment its colour, and in the dark a lighter one where it would not be seen."""
    light = [f".s{number}{{--mine:{color};--edge:{edge_color(color)}}}" for number, color in enumerate(colors)]
    tones = {tone for color in colors for tone in (color, edge_color(color))}
    dark = [f".s{number}{{--mine:{on_dark(color)};--edge:{on_dark(color)}}}" for number, color in enumerate(colors)]
    dark += [
        f'.chart [{what}="{tone}"]{{{what}:{on_dark(tone)}}}' for tone in sorted(tones) for what in ("fill", "stroke")
    ]
    return "".join(light) + f"@media screen and (prefers-color-scheme:dark){{{''.join(dark)}}}"


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
