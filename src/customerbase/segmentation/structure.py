"""Whether customers form groups at all, or are a continuum that has been cut, or neither."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
from diptest import diptest
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from customerbase.segmentation.clustering import single_thread

__all__ = ["Structure", "Verdict", "measure_structure", "spread_ties"]

Verdict = Literal["groups", "continuum", "none"]

MOST_CUSTOMERS = 2_000
MOST_GROUPS = 8
N_REFERENCES = 5
N_DEVIATIONS = 2.0
"""How many deviations of the references a gap has to stand out by."""

LEAST_LEVEL = 0.01
"""How often as deep a dip may come by chance. All pairs have to show one, so that no pair needs a stricter level."""

FEWEST_OF_PAIR = 10
"""The dip test says nothing of fewer customers."""

WORDS: dict[Verdict, str] = {
    "groups": (
        "The customers form {n_groups} groups with fewer customers between than within them: segments that follow "
        "these groups are found again whoever looks."
    ),
    "continuum": (
        "The customers form no groups that stand apart: they differ by degrees, and the segments are cuts through a "
        "continuum. That is usual for a shop and useful all the same, but where a cut lies is a choice, and customers "
        "next to one are much like those beyond it."
    ),
    "none": (
        "The customers show no structure by these columns: cut at random, they would look much the same. Segments of "
        "them say little; look for columns that tell customers apart."
    ),
}
"""What each verdict means, for a reader."""


@dataclass(frozen=True)
class Structure:
    """Whether customers form groups.

    Parameters
    ----------
    verdict
        `groups`: there are valleys between all of `n_groups` groups. `continuum`: customers are not spread evenly, but
        no valley parts them. `none`: not even that.
    n_groups
        The most groups that stand apart; 1 where there are none.
    gaps
        Gap statistic for 1, 2, … groups.
    gap_errors
        Its standard errors.

    Examples
    --------
    >>> Structure("continuum", 1, (0.4, 0.6), (0.01, 0.01)).reason[:42]
    'The customers form no groups that stand ap'
    """

    verdict: Verdict
    n_groups: int
    gaps: tuple[float, ...]
    gap_errors: tuple[float, ...]

    @property
    def reason(self) -> str:
        """The verdict in words."""
        return WORDS[self.verdict].format(n_groups=self.n_groups)


def measure_structure(
    X_prepared: npt.ArrayLike, random_state: int = 0, unbent: npt.ArrayLike | None = None
) -> Structure:
    """Tell whether customers form groups, in the space in which a model compares them.

    Two questions are asked, of a seeded sample of at most 2,000 customers. Does k-means with two to eight clusters fit
    them better than it fits as many customers spread evenly over the same box (the gap statistic of Tibshirani, Walther
    and Hastie, 2001, along the principal axes)? And is there, for some number of clusters, a valley between each two of
    them: does Hartigan and Hartigan's (1985) dip test find two modes among the customers of both, on the line between
    their centres? Yes to both makes groups; to the first alone a continuum; a no to the first nothing.

    A preparation can make valleys of its own: the signed logarithm parts what lies about zero on both sides. Where
    there is such a column, `unbend` gives the customers without that valley, and a valley has to be in both.

    Parameters
    ----------
    X_prepared
        Customers as the model compares them, shape (n_customers, n_columns). Values that many share, such as one order,
        are spread over the room between their neighbours first: else each would be a mode of its own.
    random_state
        Seed of the sample and of what it is held against.
    unbent
        The same customers as `unbend` gives them; None where the preparation makes no valley.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> far_apart = np.concatenate([rng.normal(0, 1, (300, 2)), rng.normal(9, 1, (300, 2))])
    >>> measure_structure(far_apart).verdict, measure_structure(rng.normal(0, 1, (600, 2))).verdict
    ('groups', 'none')
    """
    rng = np.random.default_rng(random_state)
    X = np.asarray(X_prepared, dtype=np.float64)
    other = None if unbent is None else np.asarray(unbent, dtype=np.float64)
    if len(X) > MOST_CUSTOMERS:
        chosen = np.sort(rng.choice(len(X), MOST_CUSTOMERS, replace=False))
        X, other = X[chosen], None if other is None else other[chosen]
    X = spread_ties(X, rng)
    spaces = [X] if other is None else [X, spread_ties(other, rng)]
    if not np.ptp(X, axis=0).any():
        return Structure("none", 1, (), ())
    numbers = range(1, min(MOST_GROUPS, len(np.unique(X, axis=0))) + 1)
    with single_thread():
        fits = [KMeans(k, n_init=10, random_state=random_state).fit(X) for k in numbers]
        gaps, errors = _measure_gaps(X, [fit.inertia_ for fit in fits], rng)
        apart = [k for k, fit in zip(numbers, fits, strict=True) if k > 1 and _stand_apart(spaces, fit.labels_)]
    is_uneven = bool((gaps[1:] - N_DEVIATIONS * errors[1:] > gaps[0]).any())
    n_groups = max(apart, default=1) if is_uneven else 1
    verdict: Verdict = "none" if not is_uneven else "groups" if n_groups > 1 else "continuum"
    return Structure(verdict, n_groups, tuple(gaps.tolist()), tuple(errors.tolist()))


def spread_ties(X: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Spread equal values of a column evenly over the room half way to the next ones.

    Examples
    --------
    >>> spread_ties(np.array([[0.0], [1.0], [1.0], [1.0]]), np.random.default_rng(0)).round(1).ravel().tolist()
    [0.1, 0.8, 0.5, 0.5]
    """
    spread = X.copy()
    for column in range(X.shape[1]):
        values, places = np.unique(X[:, column], return_inverse=True)
        if len(values) > 1:
            middles = (values[1:] + values[:-1]) / 2
            least = np.concatenate([[2 * values[0] - middles[0]], middles])
            most = np.concatenate([middles, [2 * values[-1] - middles[-1]]])
            spread[:, column] = rng.uniform(least[places], most[places])
    return spread


def _measure_gaps(
    X: npt.NDArray[np.float64], inertias: list[float], rng: np.random.Generator
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    axes = PCA().fit_transform(X)
    seeds = range(1, len(inertias) + 1)
    logs = np.array(
        [
            [np.log(max(KMeans(k, n_init=1, random_state=0).fit(box).inertia_, np.finfo(float).tiny)) for k in seeds]
            for box in (rng.uniform(axes.min(axis=0), axes.max(axis=0), axes.shape) for _ in range(N_REFERENCES))
        ]
    )
    gaps = logs.mean(axis=0) - np.log(np.maximum(inertias, np.finfo(float).tiny))
    return gaps, logs.std(axis=0) * np.sqrt(1 + 1 / N_REFERENCES)


def _stand_apart(spaces: Sequence[npt.NDArray[np.float64]], labels: npt.NDArray[np.int32]) -> bool:
    """Tell whether there is a valley between each two clusters, in each of the spaces."""
    pairs = list(combinations(range(int(labels.max()) + 1), 2))
    return all(_is_valley(X, labels == first, labels == second) for X in spaces for first, second in pairs)


def _is_valley(X: npt.NDArray[np.float64], first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> bool:
    of_both = X[first | second]
    if len(of_both) < FEWEST_OF_PAIR:
        return False
    along = of_both @ (X[second].mean(axis=0) - X[first].mean(axis=0))
    return bool(diptest(along)[1] <= LEAST_LEVEL)
