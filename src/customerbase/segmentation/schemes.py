"""Published RFM schemes: which scores make which named segment. The data stands in schemes.toml."""

import tomllib
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from itertools import product
from typing import Any

from customerbase.errors import DataError, UsageError

__all__ = ["SCHEMES", "Scheme", "cells", "load_scheme"]


@dataclass(frozen=True)
class Scheme:
    """A named table of RFM cells.

    `segments` maps the name of a segment to its cells, in the order in which segments are shown; a cell is three
    digits: recency, frequency and monetary score, each from 1 (worst) to `n_bins`. `notes` says where the table comes
    from.

    Examples
    --------
    >>> sorted(load_scheme("cells-11").segments["Lost"])
    ['111', '112', '121', '131', '141', '151']
    """

    name: str
    title: str
    n_bins: int
    notes: str
    segments: dict[str, frozenset[str]]


def cells(n_bins: int) -> tuple[str, ...]:
    """List all cells of three scores, from the best to the worst.

    Examples
    --------
    >>> cells(2)
    ('222', '221', '212', '211', '122', '121', '112', '111')
    """
    scores = [str(score) for score in range(n_bins, 0, -1)]
    return tuple(map("".join, product(scores, repeat=3)))


def load_scheme(name: str) -> Scheme:
    """Give the scheme of that name.

    Raises
    ------
    UsageError
        There is no such scheme; the message lists those that there are.

    Examples
    --------
    >>> load_scheme("cells-11").n_bins
    5
    >>> load_scheme("cells-12")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: There is no RFM scheme 'cells-12'. Choose one of: cells-11.
    """
    if name not in SCHEMES:
        raise UsageError(f"There is no RFM scheme {name!r}. Choose one of: {', '.join(SCHEMES)}.")
    return SCHEMES[name]


def _read_scheme(name: str, entry: dict[str, Any]) -> Scheme:
    """Make one scheme of its entry in the file, and refuse a table with gaps or overlaps."""
    counts = Counter(cell for segment in entry["segments"].values() for cell in segment)
    wrong = sorted({cell for cell, n in counts.items() if n > 1} | (set(counts) ^ set(cells(entry["n_bins"]))))
    if wrong:
        raise DataError(
            f"RFM scheme '{name}' must have each cell of {entry['n_bins']} bins exactly once. "
            f"Missing, unknown or repeated: {', '.join(wrong)}. Correct the table."
        )
    segments = {segment: frozenset(listed) for segment, listed in entry["segments"].items()}
    return Scheme(name, entry["title"], entry["n_bins"], entry["notes"], segments)


def _read_schemes() -> dict[str, Scheme]:
    text = resources.files("customerbase.segmentation").joinpath("schemes.toml").read_text(encoding="utf-8")
    return {name: _read_scheme(name, entry) for name, entry in tomllib.loads(text).items()}


SCHEMES = _read_schemes()
"""The schemes by name."""
