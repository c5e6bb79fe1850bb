"""Stability: whether other customers of the same shop would have led to the same segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from sklearn.base import clone

from customerbase.errors import UsageError
from customerbase.segmentation.clustering import single_thread

__all__ = ["Stability", "measure_agreement", "measure_jaccard", "measure_stability", "summarise_refits"]

INTERVAL = (0.05, 0.95)


@dataclass(frozen=True)
class Stability:
    """How alike segmentations of resampled customers are.

    Parameters
    ----------
    adjusted_rand
        Mean adjusted Rand index with the segments of all customers: 1 is the same, 0 is what chance gives.
    lower, upper
        Nine in ten refits lie between these.
    jaccard
        For each segment, how much of it is found again on average: customers in both over customers in either. By
        Hennig (2007), up to 0.6 a segment is not to be trusted, and from 0.85 on it is highly stable.
    n_refits
        How often customers were drawn anew.

    Examples
    --------
    >>> Stability(0.93, 0.88, 0.97, (0.9, 0.95), 50).adjusted_rand
    0.93
    """

    adjusted_rand: float
    lower: float
    upper: float
    jaccard: tuple[float, ...]
    n_refits: int


def measure_stability(
    clusterer: Any,  # noqa: ANN401 - any scikit-learn clusterer that predicts
    X_prepared: npt.ArrayLike,
    labels: npt.ArrayLike,
    n_refits: int = 50,
    random_state: int = 0,
) -> Stability:
    """Draw customers with replacement, learn again from these, place all customers, and compare.

    Parameters
    ----------
    clusterer
        With `fit` and `predict`; each refit is of a copy, with a seed of its own where it takes one.
    X_prepared
        Customers as the clusterer compares them, shape (n_customers, n_columns).
    labels
        Segment of each customer, shape (n_customers,).
    n_refits
        How often to draw, at least 2.
    random_state
        Seed of the draws.

    Raises
    ------
    UsageError
        There are fewer than two refits.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (200, 2)), rng.normal(9, 1, (200, 2))])
    >>> model = KMeans(2, n_init=1, random_state=0)
    >>> measure_stability(model, X, model.fit_predict(X), n_refits=5)
    Stability(adjusted_rand=1.0, lower=1.0, upper=1.0, jaccard=(1.0, 1.0), n_refits=5)
    """
    if n_refits < 2:
        raise UsageError(f"The 'n_refits' parameter of measure_stability must be an int >= 2. Got {n_refits} instead.")
    X = np.asarray(X_prepared, dtype=np.float64)
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    rng = np.random.default_rng(random_state)
    agreements, found_again = [], []
    with single_thread():
        for _ in range(n_refits):
            table = _cross(codes, _refit(clusterer, X, rng))
            agreements.append(_adjusted_rand(table))
            found_again.append(_jaccard(table))
    return summarise_refits(agreements, found_again)


def summarise_refits(agreements: Sequence[float], found_again: Sequence[npt.ArrayLike]) -> Stability:
    """Sum up how refits agreed: their mean, the interval that nine in ten lie in, and the mean Jaccard of each segment.

    Parameters
    ----------
    agreements
        Adjusted Rand of each refit.
    found_again
        Of each refit, what `measure_jaccard` gives; shape (n_refits, n_segments).

    Examples
    --------
    >>> summarise_refits([0.9, 0.9], [[1.0, 0.5], [1.0, 0.75]])
    Stability(adjusted_rand=0.9, lower=0.9, upper=0.9, jaccard=(1.0, 0.625), n_refits=2)
    """
    lower, upper = np.quantile(agreements, INTERVAL)
    jaccard = tuple(float(each) for each in np.mean(np.asarray(found_again), axis=0))
    return Stability(float(np.mean(agreements)), float(lower), float(upper), jaccard, len(agreements))


def measure_agreement(labels: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """Give the adjusted Rand index of two segmentations (Hubert and Arabie 1985): 1 is the same, 0 is chance.

    Examples
    --------
    >>> measure_agreement([0, 0, 1, 1], [5, 5, 3, 3]), round(measure_agreement([0, 0, 1, 1], [0, 1, 1, 1]), 3)
    (1.0, 0.0)
    """
    return _adjusted_rand(_cross(labels, other))


def measure_jaccard(labels: npt.ArrayLike, other: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Pair the segments of two segmentations so that they have most in common, and give what each has.

    Parameters
    ----------
    labels
        Segment of each customer.
    other
        Segment of each customer in another segmentation.

    Returns
    -------
    numpy.ndarray
        For each segment of `labels`, in the order of its label: customers in it and in its partner over customers in
        either; 0 where it has no partner.

    Examples
    --------
    >>> measure_jaccard([0, 0, 0, 1, 1], [7, 7, 3, 3, 3]).round(2).tolist()
    [0.67, 0.67]
    """
    return _jaccard(_cross(labels, other))


def _cross(labels: npt.ArrayLike, other: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Count the customers of each pair of segments; far faster than scikit-learn, which checks its input anew."""
    rows, columns = (np.unique(np.asarray(each), return_inverse=True)[1] for each in (labels, other))
    shape = int(rows.max()) + 1, int(columns.max()) + 1
    return np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape)


def _adjusted_rand(table: npt.NDArray[np.int64]) -> float:
    pairs, rows, columns = (
        float((counts.astype(np.float64) * (counts - 1) / 2).sum())
        for counts in (table, table.sum(axis=1), table.sum(axis=0))
    )
    n_customers = float(table.sum())
    by_chance = rows * columns / max(n_customers * (n_customers - 1) / 2, 1.0)
    most = (rows + columns) / 2
    return 1.0 if most == by_chance else (pairs - by_chance) / (most - by_chance)


def _jaccard(table: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    either = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
    shared = table / np.maximum(either, 1)
    rows, columns = linear_sum_assignment(shared, maximize=True)
    found = np.zeros(len(table))
    found[rows] = shared[rows, columns]
    return found


def _refit(clusterer: Any, X: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int64]:  # noqa: ANN401
    drawn = X[rng.integers(len(X), size=len(X))]
    seed = int(rng.integers(2**31))
    copy = clone(clusterer)
    if "random_state" in copy.get_params():
        copy.set_params(random_state=seed)
    labels: npt.NDArray[np.int64] = copy.fit(drawn).predict(X)
    return labels
