"""RFM schemes: which scores make which named segment. The published ones stand in schemes.toml."""

import math
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import resources
from itertools import product
from pathlib import Path
from typing import Any

from customerbase.errors import UsageError
from customerbase.segmentation.playbook import load_playbook

__all__ = ["RFM_COLUMNS", "SCHEMES", "Scheme", "cells", "load_scheme", "parse_scheme", "read_scheme"]

RFM_COLUMNS = ("recency_days", "frequency", "monetary")
"""What an RFM model looks at, in the order that an array must have."""

N_SHOWN = 8
"""Cells that a message lists before it counts the rest."""


@dataclass(frozen=True)
class Scheme:
    """A named table of RFM cells.

    `segments` maps the name of a segment to its cells, in the order in which segments are shown; a cell is three
    digits: recency, frequency and monetary score, each from 1 (worst) to its number in `n_bins`. A name may have no
    cell where overlapping rules leave it none. `edges` holds fixed cut points by column, `archetypes` the kind of the
    playbook behind a name that does not say it itself, and `notes` where the table comes from.

    Examples
    --------
    >>> sorted(load_scheme("cells-11").segments["Lost"])
    ['111', '112', '121', '131', '141', '151']
    """

    name: str
    title: str
    n_bins: tuple[int, int, int]
    segments: dict[str, frozenset[str]]
    notes: str = ""
    edges: dict[str, tuple[float, ...]] = field(default_factory=dict)
    archetypes: dict[str, str] = field(default_factory=dict)


def cells(n_bins: int | Sequence[int]) -> tuple[str, ...]:
    """List all cells of three scores, from the best to the worst.

    Parameters
    ----------
    n_bins
        Number of scores: of each axis, or of recency, frequency and monetary.

    Examples
    --------
    >>> cells(2)
    ('222', '221', '212', '211', '122', '121', '112', '111')
    >>> cells((2, 1, 2))
    ('212', '211', '112', '111')
    """
    sizes = (n_bins,) * 3 if isinstance(n_bins, int) else n_bins
    return tuple(map("".join, product(*([str(score) for score in range(size, 0, -1)] for size in sizes))))


def load_scheme(scheme: "str | os.PathLike[str] | Mapping[str, Any] | Scheme") -> Scheme:
    """Give a scheme: a published one by its name, or one of a user's own.

    Parameters
    ----------
    scheme
        Name of one of `SCHEMES`; the path of a TOML file with one; what such a file says; or a `Scheme`.

    Raises
    ------
    UsageError
        There is no such scheme or file, or it says something that no scheme has, or leaves a cell in no segment or in
        two; the message lists what there is.

    Examples
    --------
    >>> load_scheme("cells-11").n_bins
    (5, 5, 5)
    >>> own = load_scheme({"n_bins": 2, "segments": {"VIP": {"r": 2, "fm": "1.5-2"}}, "otherwise": "Rest"})
    >>> sorted(own.segments["VIP"])
    ['212', '221', '222']
    >>> load_scheme("cells-12")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: There is no RFM scheme 'cells-12'. Choose one of: cells-11, rf-10, ..., pymc-6; ...
    """
    if isinstance(scheme, Scheme):
        return scheme
    if isinstance(scheme, Mapping):
        return parse_scheme(scheme, "of your own")
    name = os.fspath(scheme)
    if name in SCHEMES:
        return SCHEMES[name]
    if not name.lower().endswith(".toml"):
        raise UsageError(
            f"There is no RFM scheme {name!r}. Choose one of: {', '.join(SCHEMES)}; or give a TOML file of your own."
        )
    return parse_scheme(read_scheme(name), Path(name).stem)


def read_scheme(path: str | os.PathLike[str]) -> dict[str, Any]:
    r"""Read what a TOML file says of a scheme; its name is that of the file unless it says another one.

    Raises
    ------
    UsageError
        The file is missing or no TOML.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "ours.toml")
    ...     _ = file.write_text('otherwise = "Rest"\n[segments]\nVIP = { r = "4-5", fm = "4-5" }\n')
    ...     said = read_scheme(file)
    >>> said["name"], said["segments"]
    ('ours', {'VIP': {'r': '4-5', 'fm': '4-5'}})
    """
    try:
        said = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"The RFM scheme {path} cannot be read: {error.strerror}. Give the path of a file.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"The RFM scheme {path} is not valid TOML: {error}. Correct that line.") from error
    return {"name": Path(path).stem, **said}


def parse_scheme(said: Mapping[str, Any], name: str) -> Scheme:
    """Make a scheme of what a file says.

    Parameters
    ----------
    said
        The form is that of schemes.toml, whose first lines explain it; only `segments` must be there.
    name
        Its name, unless `said` has one.

    Raises
    ------
    UsageError
        It says something that no scheme has, or a cell is in no segment, or in two where the order does not decide.

    Examples
    --------
    >>> said = {"n_bins": 2, "segments": {"Good": {"r": "2"}, "Big": {"m": "2"}}, "otherwise": "Rest"}
    >>> parse_scheme({**said, "first_match": True}, "mine").segments["Big"]
    frozenset({'...', '...'})
    >>> parse_scheme(said, "mine")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: RFM scheme mine: both 'Good' and 'Big' cover 222, 212. Leave each cell in one, ...
    """
    name = str(said.get("name", name))
    try:
        checked = {key: _check(key, value) for key, value in said.items()}
        n_bins = checked.get("n_bins", (5, 5, 5))
        covered = _cover(checked, n_bins)
        return Scheme(
            name=name,
            title=checked.get("title", name),
            n_bins=n_bins,
            segments=_share_out(covered, n_bins, checked.get("first_match", False), checked.get("otherwise")),
            notes=checked.get("notes", ""),
            edges=checked.get("edges", {}),
            archetypes=checked.get("archetypes", {}),
        )
    except UsageError as error:
        raise UsageError(f"RFM scheme {name}: {error}") from error


def _cover(said: Mapping[str, Any], n_bins: tuple[int, int, int]) -> dict[str, list[str]]:
    """Give the cells that each segment asks for, from the best to the worst."""
    if not said.get("segments"):
        raise UsageError('It needs a table [segments] with lines such as VIP = { r = "4-5", fm = "4-5" }.')
    measure = partial(_measure, weights=said.get("weights", (1, 1, 1)), rounds_up="fm" in said)
    places = {cell: measure(cell) for cell in cells(n_bins)}
    return {segment: _cells_of(segment, asked, places) for segment, asked in said["segments"].items()}


def _measure(cell: str, weights: Sequence[float], rounds_up: bool) -> dict[str, float]:
    """Give where a cell stands on each axis."""
    r, f, m = map(int, cell)
    fm = (f + m) / 2
    score = round(sum(weight * value for weight, value in zip(weights, (r, f, m), strict=True)) / sum(weights), 9)
    return {"r": r, "f": f, "m": m, "fm": math.floor(fm + 0.5) if rounds_up else fm, "score": score}


def _cells_of(segment: str, asked: object, places: Mapping[str, Mapping[str, float]]) -> list[str]:
    found: set[str] = set()
    for one in asked if isinstance(asked, list) else [asked]:
        if isinstance(one, str):
            if one not in places:
                raise UsageError(f"'{segment}' lists {one!r}, which is no cell. The cells go from {_ends(places)}.")
            found.add(one)
        else:
            found |= _cells_in(segment, one, places)
    return [cell for cell in places if cell in found]


def _cells_in(segment: str, ranges: object, places: Mapping[str, Mapping[str, float]]) -> set[str]:
    axes = next(iter(places.values()))
    if not isinstance(ranges, Mapping) or not ranges or not set(ranges) <= set(axes):
        raise UsageError(
            f"'{segment}' must be cells such as \"555\", or ranges of {', '.join(axes)} such as "
            f'{{ r = "4-5" }}. Got {ranges!r} instead.'
        )
    bounds = {axis: _bounds(segment, axis, value) for axis, value in ranges.items()}
    return {cell for cell, at in places.items() if all(low <= at[axis] <= high for axis, (low, high) in bounds.items())}


def _bounds(segment: str, axis: str, value: object) -> tuple[float, float]:
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:-\s*(\d+(?:\.\d+)?)\s*)?", str(value))
    low, high = (float(found[1]), float(found[2] or found[1])) if found else (1.0, 0.0)
    if low > high or isinstance(value, bool):
        raise UsageError(
            f'\'{segment}\' must have a score or a range for {axis}, such as "5" or "4-5". Got {value!r} instead.'
        )
    return low, high


def _ends(places: Mapping[str, object]) -> str:
    every = list(places)
    return f"{every[-1]} to {every[0]}"


def _share_out(
    covered: Mapping[str, Sequence[str]], n_bins: tuple[int, int, int], first_match: bool, otherwise: str | None
) -> dict[str, frozenset[str]]:
    """Give each cell to one segment, and refuse cells that none covers, or two without an order that decides."""
    owner: dict[str, str] = {}
    for segment, found in covered.items():
        taken = [cell for cell in found if cell in owner]
        if taken and not first_match:
            other = owner[taken[0]]
            shared = _list_cells([cell for cell in taken if owner[cell] == other])
            raise UsageError(
                f"both '{other}' and '{segment}' cover {shared}. Leave each cell in one, or say first_match = true."
            )
        if not found:
            raise UsageError(f"'{segment}' covers no cell of {_ends(dict.fromkeys(cells(n_bins)))}. Correct its range.")
        owner |= dict.fromkeys((cell for cell in found if cell not in owner), segment)
    left = [cell for cell in cells(n_bins) if cell not in owner]
    if left and otherwise is None:
        raise UsageError(f'no segment covers {_list_cells(left)}. Add each to one, or say otherwise = "Others".')
    owner |= dict.fromkeys(left, otherwise or "")
    names = [*covered, otherwise] if left and otherwise else list(covered)
    return {name: frozenset(cell for cell, one in owner.items() if one == name) for name in names}


def _list_cells(found: Sequence[str]) -> str:
    more = len(found) - N_SHOWN
    return ", ".join(found[:N_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _check(key: str, value: Any) -> Any:  # noqa: ANN401 - each key has a type of its own
    """Check one entry of a scheme, and give it in the form that a `Scheme` has."""
    if key not in _CHECKS:
        raise UsageError(f"There is no entry {key!r}. The entries are {', '.join(_CHECKS)}.")
    is_right, wanted, make = _CHECKS[key]
    if not is_right(value):
        raise UsageError(f"The entry '{key}' must be {wanted}. Got {value!r} instead.")
    return make(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 2 <= value <= 9


def _is_three(value: object, is_right: Any) -> bool:  # noqa: ANN401
    return isinstance(value, Sequence) and len(value) == 3 and all(map(is_right, value))


def _are_weights(value: object) -> bool:
    return _is_three(value, lambda each: _is_number(each) and each >= 0) and sum(value) > 0  # type: ignore[call-overload]


def _are_edges(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        name in RFM_COLUMNS and isinstance(points, Sequence) and all(map(_is_number, points))
        for name, points in value.items()
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


_CHECKS: dict[str, tuple[Any, str, Any]] = {
    "name": (_is_text, "a text", str),
    "title": (_is_text, "a text", str),
    "notes": (_is_text, "a text", str),
    "n_bins": (
        lambda value: _is_size(value) or _is_three(value, _is_size),
        "an int from 2 to 9, or three of them",
        lambda value: (value,) * 3 if isinstance(value, int) else tuple(value),
    ),
    "first_match": (lambda value: isinstance(value, bool), "true or false", bool),
    "otherwise": (_is_text, "the name of a segment", str),
    "fm": (lambda value: value == "half-up", "'half-up'", str),
    "weights": (_are_weights, "three numbers >= 0, not all of them 0", tuple),
    "edges": (
        _are_edges,
        f"a table of column = cut points, of the columns {', '.join(RFM_COLUMNS)}",
        lambda value: {name: tuple(map(float, points)) for name, points in value.items()},
    ),
    "archetypes": (
        lambda value: isinstance(value, Mapping) and set(map(str, value.values())) <= set(load_playbook()),
        f"a table of segment = kind of the playbook, one of {', '.join(load_playbook())}",
        dict,
    ),
    "segments": (lambda value: isinstance(value, Mapping), "a table", dict),
}
"""Entry of a scheme → whether a value will do, what will, and how it is kept."""


def _read_schemes() -> dict[str, Scheme]:
    text = resources.files("customerbase.segmentation").joinpath("schemes.toml").read_text(encoding="utf-8")
    return {name: parse_scheme(entry, name) for name, entry in tomllib.loads(text).items()}


SCHEMES = _read_schemes()
"""The published schemes by name."""
