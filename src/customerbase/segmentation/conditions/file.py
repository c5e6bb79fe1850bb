"""The file of a user's own segments: names, conditions and what is to be said of each, as TOML."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from customerbase.errors import UsageError
from customerbase.segmentation.conditions.checking import find_contradiction
from customerbase.segmentation.conditions.reading import parse_condition
from customerbase.segmentation.conditions.syntax import Node
from customerbase.segmentation.playbook import Strategy, load_playbook

__all__ = ["MOST_SEGMENTS", "OVERLAPS", "ConditionFile", "OwnSegment", "about_segment", "parse_file", "read_text"]

OVERLAPS = ("first", "error")
MOST_SEGMENTS = 100
_MOST_CHARACTERS = 200_000
_MOST_NAME = 80
_MOST_LINE = 500
_LINE = f"one line of 1 to {_MOST_LINE} printable characters"
_REST = "Everyone else"
_KEYS = ("segments", "overlap", "rest")
_PARTS = ("when", "description", "color", "archetype", "strategy")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class OwnSegment:
    """A segment of the user's own: its condition, and what the file says of it beside.

    `color` is #rrggbb, `archetype` a key of the playbook, `strategy` those parts of a `Strategy` that the file gives.

    Examples
    --------
    >>> from customerbase.segmentation.conditions.reading import parse_condition
    >>> OwnSegment("Sleeping", parse_condition("recency_days > 180")).condition.column
    'recency_days'
    """

    name: str
    condition: Node
    description: str | None = None
    color: str | None = None
    archetype: str | None = None
    strategy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ConditionFile:
    r"""What a file of own segments says; its segments stand in the order in which they are asked for.

    Examples
    --------
    >>> parse_file('[segments]\nSleeping = "recency_days > 180"').names
    ('Sleeping', 'Everyone else')
    """

    segments: tuple[OwnSegment, ...]
    overlap: str = "first"
    rest: str = _REST

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the segments in order, and last that of the customers whom none matches."""
        return (*(each.name for each in self.segments), self.rest)


def read_text(path: str | Path) -> str:
    """Read a file of own segments as text, and be sure that it can be understood.

    Raises
    ------
    UsageError
        The file is not there or is no text, or is wrong: see `parse_file`.

    Examples
    --------
    >>> read_text("no-such-file.toml")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: no-such-file.toml cannot be read: No such file or directory. Name a TOML file ...
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_CHARACTERS * 4 + 1).decode("utf-8-sig")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}. Name a TOML file with a table [segments]."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text in UTF-8. Save it as UTF-8.") from error
    try:
        parse_file(text)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    return text


def parse_file(text: str) -> ConditionFile:
    r"""Read the text of a file of own segments.

    Parameters
    ----------
    text
        TOML with a table `[segments]` of name = condition, or name = a table with `when` (the condition) and, as one
        likes, `description`, `color`, `archetype` and `strategy`. Before it may stand `overlap = "error"`, which
        refuses a customer whom two conditions match (by default the first of them has the customer), and `rest`, the
        name of those whom none matches.

    Raises
    ------
    UsageError
        It is no such text, or a condition cannot be read, or can never hold.

    Examples
    --------
    >>> parse_file('[segments]\nOdd = "frequency > 5 and frequency < 3"')
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: Segment 'Odd': no customer can meet 'frequency > 5 and frequency < 3'. Correct ...
    """
    said = _parse_toml(text)
    if unknown := next((key for key in said if key not in _KEYS), None):
        raise UsageError(f"{_shown(unknown)} has no place in a file of own segments. It may have {', '.join(_KEYS)}.")
    overlap, rest, entries = said.get("overlap", "first"), said.get("rest", _REST), said.get("segments")
    if overlap not in OVERLAPS:
        raise UsageError(f"'overlap' must be one of {', '.join(OVERLAPS)}. Got {overlap!r} instead.")
    if not isinstance(entries, dict) or not 1 <= len(entries) <= MOST_SEGMENTS:
        raise UsageError(
            f"A table [segments] with 1 to {MOST_SEGMENTS} lines such as \"Sleeping\" = 'recency_days > 180' must be "
            f"there. Got {len(entries) if isinstance(entries, dict) else 'none'} instead."
        )
    segments = tuple(_read_segment(name, entry) for name, entry in entries.items())
    _check_names([*(each.name for each in segments), rest])
    return ConditionFile(segments, overlap, rest)


def _parse_toml(text: str) -> dict[str, Any]:
    if len(text) > _MOST_CHARACTERS:
        raise UsageError(f"It has more than {_MOST_CHARACTERS:,} characters. Keep to some tens of conditions.")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"It is not valid TOML: {error}. Correct that line.") from error
    except RecursionError:
        raise UsageError("It is not a list of conditions: its brackets stand too deep. Write it flatter.") from None


def _check_names(names: list[Any]) -> None:
    seen: set[str] = set()
    for name in names:
        if (
            not isinstance(name, str)
            or not 0 < len(name) <= _MOST_NAME
            or not name.isprintable()
            or name != name.strip()
        ):
            raise UsageError(
                f"The name of a segment must have 1 to {_MOST_NAME} printable characters, without spaces around them. "
                f"Got {_shown(name)} instead."
            )
        if name.casefold() in seen:
            raise UsageError(f"Two segments have the name {name!r}. Give each a name of its own.")
        seen.add(name.casefold())


def _read_segment(name: str, entry: object) -> OwnSegment:
    try:
        return _make_segment(name, _take_parts(entry))
    except UsageError as error:
        raise UsageError(about_segment(name, error)) from error


def _take_parts(entry: object) -> Mapping[str, Any]:
    if isinstance(entry, str):
        return {"when": entry}
    if not isinstance(entry, dict):
        raise UsageError(f"it must be a condition in quotes, or a table with 'when'. Got {_shown(entry)} instead.")
    return entry


def about_segment(name: str, error: UsageError) -> str:
    """Say of which segment a message is.

    Examples
    --------
    >>> about_segment("Odd", UsageError("position 3: ')' should stand here."))
    "Segment 'Odd', position 3: ')' should stand here."
    """
    glue = ", " if str(error).startswith("position ") else ": "
    return f"Segment {_shown(name)}{glue}{error}"


def _make_segment(name: str, parts: Mapping[str, Any]) -> OwnSegment:
    if unknown := next((key for key in parts if key not in _PARTS), None):
        raise UsageError(f"{_shown(unknown)} is no part of a segment. They are {', '.join(_PARTS)}.")
    for key in _PARTS:
        wanted = dict if key == "strategy" else str
        if key in parts and not isinstance(parts[key], wanted):
            what = "a table" if wanted is dict else "a text"
            raise UsageError(f"'{key}' must be {what}. Got {_shown(parts[key])} instead.")
    if "when" not in parts:
        raise UsageError("it has no condition. Give it one with 'when'.")
    condition = parse_condition(parts["when"])
    if found := find_contradiction(condition, {}):
        raise UsageError(f"no customer can meet {_shown(found)}. Correct one of its limits.")
    _check_look(parts)
    given = {key: parts[key] for key in _PARTS[1:] if key in parts}
    return OwnSegment(name, condition, **given)


def _check_look(parts: Mapping[str, Any]) -> None:
    color, archetype = parts.get("color"), parts.get("archetype")
    if not _is_line(parts.get("description", "none")):
        raise UsageError(f"'description' must be {_LINE}. Got {_shown(parts['description'])} instead.")
    if color is not None and not _COLOR.fullmatch(color):
        raise UsageError(f"'color' must be written as #rrggbb, such as #007744. Got {_shown(color)} instead.")
    if archetype is not None and archetype not in load_playbook():
        raise UsageError(
            f"'archetype' must be one of the playbook: {', '.join(load_playbook())}. Got {_shown(archetype)} instead."
        )
    known = [each.name for each in fields(Strategy)]
    for key, value in parts.get("strategy", {}).items():
        if key not in known:
            raise UsageError(f"{_shown(key)} is no part of a strategy. They are {', '.join(known)}.")
        if not (_are_lines(value) if key == "actions" else _is_line(value)):
            wanted = "a list of lines" if key == "actions" else _LINE
            raise UsageError(f"'{key}' of the strategy must be {wanted}. Got {_shown(value)} instead.")


def _is_line(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= _MOST_LINE


def _are_lines(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_line, value))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MOST_NAME else f"{text[: _MOST_NAME - 2]}…{text[-1]}"
