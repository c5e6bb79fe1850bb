"""Refits: how alike the segmentations of customers drawn anew are, for all numbers of a method at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from customerbase.segmentation.clustering import FINDS_NUMBER
from customerbase.segmentation.comparing.field import Field, Labels, Matrix, choose_rows
from customerbase.segmentation.comparing.learners import LINKAGES, Key, learn
from customerbase.segmentation.stability import Stability, measure_agreement, measure_jaccard, summarise_refits

__all__ = ["count_drawn", "measure_refits"]

MOST_DRAWN = 5_000
MOST_DRAWN_OF_SLOW = 2_000
"""Customers that a refit learns from: of methods that take quadratic time, and of the value tree, fewer."""

N_STARTS = {"kmeans": 2, "minibatch_kmeans": 1, "gaussian_mixture": 1}
"""Starts of a refit. With more, refits come out alike more often: these figures err on the side of caution."""


def count_drawn(method: str, n_customers: int) -> int:
    """Give how many customers each refit of a method learns from.

    Examples
    --------
    >>> count_drawn("kmeans", 9_000), count_drawn("ward", 9_000), count_drawn("ward", 500)
    (5000, 2000, 500)
    """
    is_slow = method in LINKAGES or method in FINDS_NUMBER or method == "value_tree"
    return min(n_customers, MOST_DRAWN_OF_SLOW if is_slow else MOST_DRAWN)


def measure_refits(
    method: str,
    field: Field,
    labels: Mapping[Key, Labels],
    numbers: Sequence[int],
    n_refits: int,
    random_state: int,
) -> dict[Key, Stability]:
    """Draw customers with replacement, learn a method anew from these for each number, place all, and compare.

    It is `measure_stability` for several numbers at once, of a seeded sample of `count_drawn` customers; where that
    is all of them, the figures are the same.

    Parameters
    ----------
    method, field, numbers
        As in `learn`.
    labels
        By number, the segment of each customer, to compare with.
    n_refits
        How often to draw.
    random_state
        Seed of the sample and of the draws.

    Examples
    --------
    See `compare`.
    """
    n_drawn = count_drawn(method, len(field.customers))
    chosen = choose_rows(len(field.customers), n_drawn, random_state)
    seen = _thin_past(field.take(chosen), n_drawn, random_state)
    n_pool = len(seen.past[0]) if method == "value_tree" and seen.past else n_drawn
    rng = np.random.default_rng(random_state)
    agreements: dict[Key, list[float]] = {key: [] for key in labels}
    found_again: dict[Key, list[Matrix]] = {key: [] for key in labels}
    known = {key: np.unique(each, return_inverse=True) for key, each in labels.items()}
    for _ in range(n_refits):
        rows = rng.integers(n_pool, size=n_pool)
        seed = int(rng.integers(2**31))
        learnt = learn(method, seen, numbers, seed, rows=rows, n_starts=N_STARTS.get(method))
        for key, again in learnt.place(seen).items():
            codes = known[key][1][chosen]
            agreements[key].append(measure_agreement(codes, again))
            found_again[key].append(_found_again(codes, again, len(known[key][0])))
    return {key: summarise_refits(agreements[key], found_again[key]) for key in labels}


def _thin_past(field: Field, n_drawn: int, random_state: int) -> Field:
    if field.past is None:
        return field
    X, spent = field.past
    rows = choose_rows(len(X), n_drawn, random_state)
    return replace(field, past=(X.iloc[rows], spent[rows]))


def _found_again(codes: Labels, again: Labels, n_segments: int) -> Matrix:
    """Give the Jaccard of each segment; 0 of one so small that nobody of the sample is in it."""
    found = np.zeros(n_segments)
    found[np.unique(codes)] = measure_jaccard(codes, again)
    return found
