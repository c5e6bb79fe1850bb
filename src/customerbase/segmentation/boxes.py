"""Boxes: the division of customers by limits on their features that leaves the least variance within its parts."""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Box", "find_boxes"]

Box: TypeAlias = tuple[tuple[int, int], ...]
"""For each column, the first and the last of the codes that lie in it."""

WIDTH = 10
"""Divisions that the search goes on with; 1 would be the greedy search of a usual regression tree."""

SPLITS_OF_A_BOX = 8
"""Best splits of each box that are tried."""

_DIGITS = 9
"""Gains that agree in so many digits are equal: the order of a sum has no say."""


class _Split(NamedTuple):
    gain: float
    left: Box
    right: Box


def find_boxes(codes: npt.NDArray[np.int64], y: npt.NDArray[np.float64], n_boxes: int, least: float) -> tuple[Box, ...]:
    """Divide customers into boxes by splitting one box after the other, so that the variance of y within them is small.

    A beam search: of all divisions into two the ten best are kept, of all splits of these the ten best divisions into
    three, and so on; so a first split that is not the best alone is found where it makes better ones possible. Of equal
    divisions, the one that splits earlier columns at lower codes is taken.

    Parameters
    ----------
    codes
        Each feature as whole numbers from 0, ascending with it; shape (n_customers, n_columns).
    y
        What the boxes are to tell apart, shape (n_customers,).
    n_boxes
        How many boxes to make; there are fewer where no split is left.
    least
        Smallest number of customers in a box.

    Examples
    --------
    >>> codes = np.array([[0], [1], [2], [3]])
    >>> find_boxes(codes, np.array([1.0, 1.0, 5.0, 5.0]), n_boxes=2, least=1)
    (((0, 1),), ((2, 3),))
    """
    centred = y - y.mean() if len(y) else y
    scale = float(centred @ centred) or 1.0
    everybody: Box = tuple((0, int(column.max())) for column in codes.T)
    known: dict[Box, list[_Split]] = {}
    beam: list[tuple[float, tuple[Box, ...]]] = [(0.0, (everybody,))]
    for _ in range(n_boxes - 1):
        divisions: dict[tuple[Box, ...], float] = {}
        for gain, boxes in beam:
            for box in boxes:
                if box not in known:
                    known[box] = _best_splits(box, codes, centred / np.sqrt(scale), least)
                for split in known[box]:
                    divided = tuple(sorted((*(other for other in boxes if other != box), split.left, split.right)))
                    divisions[divided] = round(gain + split.gain, _DIGITS)
        if not divisions:
            break
        best = sorted(divisions.items(), key=lambda item: (-item[1], item[0]))[:WIDTH]
        beam = [(gain, boxes) for boxes, gain in best]
    return beam[0][1]


def _best_splits(box: Box, codes: npt.NDArray[np.int64], y: npt.NDArray[np.float64], least: float) -> list[_Split]:
    """Give the splits of a box that take most variance away, best first."""
    rows = np.ones(len(codes), dtype=bool)
    for column, (first, last) in enumerate(box):
        rows &= (codes[:, column] >= first) & (codes[:, column] <= last)
    inside, y_inside = codes[rows], y[rows]
    found = [
        (-gain, column, code)
        for column, (first, last) in enumerate(box)
        for code, gain in _gains(inside[:, column] - first, y_inside, last - first + 1, least, first)
    ]
    return [_split(box, column, code, -loss) for loss, column, code in sorted(found)[:SPLITS_OF_A_BOX]]


def _gains(
    codes: npt.NDArray[np.int64], y: npt.NDArray[np.float64], n_codes: int, least: float, first: int
) -> list[tuple[int, float]]:
    """Give the last code of the left part and the gain, of each split that leaves enough customers on both sides."""
    n_left = np.bincount(codes, minlength=n_codes).cumsum()[:-1]
    sum_left = np.bincount(codes, weights=y, minlength=n_codes).cumsum()[:-1]
    n_right, sum_right = len(y) - n_left, y.sum() - sum_left
    allowed = (n_left >= max(least, 1)) & (n_right >= max(least, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        gains = (sum_left**2 / n_left + sum_right**2 / n_right - y.sum() ** 2 / max(len(y), 1)).round(_DIGITS)
    allowed &= gains > 0
    return [(first + int(code), float(gains[code])) for code in np.flatnonzero(allowed)]


def _split(box: Box, column: int, code: int, gain: float) -> _Split:
    (first, last) = box[column]
    return _Split(gain, _replace(box, column, (first, code)), _replace(box, column, (code + 1, last)))


def _replace(box: Sequence[tuple[int, int]], column: int, limits: tuple[int, int]) -> Box:
    return (*box[:column], limits, *box[column + 1 :])
