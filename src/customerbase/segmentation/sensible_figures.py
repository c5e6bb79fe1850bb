"""Sensible figures: the round numbers that a person would name as a limit, and the one nearest to a cut."""

import numpy as np
import numpy.typing as npt

__all__ = ["mid_ranks", "nearest_figures", "sensible_figures"]

_MANTISSAS = np.array([*range(100, 200, 5), *range(200, 1000, 10)])
"""Three digits in steps of 5 up to 200 and of 10 above: neighbours are at most 5 % apart."""

_DECADES = 6
"""How far below the largest value figures reach: below that, everything is 0."""


def sensible_figures(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the round numbers in the range of some values, ascending.

    These are 0 and, of either sign, 1, 1.05, 1.1 … 1.95, 2, 2.1 … 9.9 times a power of ten; of whole numbers the whole
    ones alone.

    Examples
    --------
    >>> sensible_figures(np.array([1.0, 3.0, 12.0]))
    array([ 0.,  1.,  2.,  3.,  4.,  5.,  6.,  7.,  8.,  9., 10., 11., 12.])
    """
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0:
        return np.zeros(1)
    top = int(np.floor(np.log10(largest)))
    powers = np.arange(top - _DECADES, top + 1) - 2
    # A division by a power of ten gives the decimal nearest to 11.5; a multiplication by its inverse does not.
    above = np.concatenate([_MANTISSAS * 10.0**power if power >= 0 else _MANTISSAS / 10.0**-power for power in powers])
    figures = np.unique(np.concatenate([-above, [0.0], above]))
    if (values == np.rint(values)).all():
        figures = figures[figures == np.rint(figures)]
    lowest, highest = min(float(values.min()), 0.0), float(values.max())
    inside: npt.NDArray[np.float64] = figures[(figures >= lowest) & (figures <= highest)]
    return inside


def nearest_figures(values: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Give, for each count, the sensible figure that about so many values do not exceed.

    Of figures that are equally near, the one with the fewest digits, then the smallest, is taken.

    Examples
    --------
    >>> nearest_figures(np.array([97.0, 98.0, 104.0, 300.0]), np.array([2, 3]))
    array([100., 200.])
    """
    figures = sensible_figures(values)
    below = np.searchsorted(np.sort(values), figures, side="right")
    order = np.lexsort((np.abs(figures), _count_digits(figures)))
    distances = np.abs(below[order][:, None] - counts[None, :])
    chosen: npt.NDArray[np.float64] = figures[order][distances.argmin(axis=0)]
    return chosen


def _count_digits(figures: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    texts = (f"{abs(figure):.2e}".split("e")[0].replace(".", "").rstrip("0") for figure in figures)
    return np.array([len(text) for text in texts], dtype=np.int64)


def mid_ranks(values: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Give, for each distinct value in ascending order, its rank as a share, and how many values do not exceed it.

    The rank is the share of values below, counting half of those that are equal.

    Examples
    --------
    >>> ranks, counts = mid_ranks(np.array([1.0, 2.0, 1.0, 9.0]))
    >>> ranks, counts
    (array([0.25 , 0.625, 0.875]), array([2, 3, 4]))
    """
    sizes = np.unique(values, return_counts=True)[1]
    counts = sizes.cumsum()
    return (counts - sizes / 2) / len(values), counts
