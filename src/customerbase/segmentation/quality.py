"""How good a segmentation is: how tight its segments are and how far apart, in the space that its model compares in."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

__all__ = ["Quality", "measure_quality"]


@dataclass(frozen=True)
class Quality:
    """Figures of one segmentation; None where a figure is undefined or was not measured.

    Figures can be compared between segmentations of the same prepared space only.

    Parameters
    ----------
    silhouette
        From -1 to 1; higher is better.
    davies_bouldin
        From 0; lower is better.
    calinski_harabasz
        From 0; higher is better.
    inertia
        Sum of squared distances of customers to the mean of their segment.
    smallest_share
        Share of the customers that the smallest segment has.
    stability
        How alike segmentations of resampled customers are; 1 is the same.
    out_of_time
        Share of the variance of later spend that lies between segments.
    reasons
        Why a figure is undefined, one sentence each.

    Examples
    --------
    >>> Quality(silhouette=0.4, davies_bouldin=0.9, calinski_harabasz=310.0, inertia=52.0, smallest_share=0.05).reasons
    ()
    """

    silhouette: float | None
    davies_bouldin: float | None
    calinski_harabasz: float | None
    inertia: float
    smallest_share: float
    stability: float | None = None
    out_of_time: float | None = None
    reasons: tuple[str, ...] = ()


MEASURES = {
    "silhouette": silhouette_score,
    "davies_bouldin": davies_bouldin_score,
    "calinski_harabasz": calinski_harabasz_score,
}


def measure_quality(
    X_prepared: npt.ArrayLike,
    labels: npt.ArrayLike,
    random_state: int = 0,
    n_sample: int = 2000,
    silhouettes: npt.ArrayLike | None = None,
) -> Quality:
    """Measure how well segments hold together and stand apart.

    Parameters
    ----------
    X_prepared
        Customers as the model compares them, `model[:-1].transform(features)` of a pipeline; shape
        (n_customers, n_columns).
    labels
        Segment of each customer, shape (n_customers,).
    random_state
        Seed of the sample on which the silhouette is measured.
    n_sample
        Most customers in that sample: a silhouette takes quadratic time.
    silhouettes
        Those of the sample, where they have been measured already: then their mean is taken.

    Returns
    -------
    Quality
        `stability` and `out_of_time` are None: they want more than one segmentation.

    Examples
    --------
    >>> measure_quality([[0.0], [2.0], [10.0], [12.0]], [0, 0, 1, 1]).inertia
    4.0
    >>> measure_quality([[0.0], [2.0]], [0, 0]).reasons[0]
    'silhouette is undefined: all customers measured are in one segment.'
    """
    X = np.asarray(X_prepared, dtype=np.float64)
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    deviations = X - _segment_means(X, codes)[codes]
    rows = {"silhouette": _sample(len(X), n_sample, random_state)}
    figures: dict[str, float | None] = {}
    reasons = []
    for name, measure in MEASURES.items():
        chosen = rows.get(name, slice(None))
        reason = _why_undefined(name, X[chosen], codes[chosen], deviations)
        if name == "silhouette" and silhouettes is not None:
            figures[name] = None if reason else float(np.asarray(silhouettes, dtype=np.float64).mean())
        else:
            figures[name] = None if reason else float(measure(X[chosen], codes[chosen]))
        reasons += [f"{name} is undefined: {reason}."] if reason else []
    return Quality(
        **figures,
        inertia=float((deviations**2).sum()),
        smallest_share=float(np.bincount(codes).min() / len(X)),
        reasons=tuple(reasons),
    )


def _why_undefined(
    name: str, X: npt.NDArray[np.float64], codes: npt.NDArray[np.intp], deviations: npt.NDArray[np.float64]
) -> str | None:
    n_segments = len(np.unique(codes))
    if n_segments == 1:
        return "all customers measured are in one segment"
    if n_segments == len(X):
        return "each customer is a segment of one"
    if not np.ptp(X, axis=0).any():
        return "all customers are alike"
    if name == "calinski_harabasz" and not deviations.any():
        return "customers of one segment are all alike"
    return None


def _segment_means(X: npt.NDArray[np.float64], codes: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    return np.array([X[codes == code].mean(axis=0) for code in range(codes.max() + 1)])


def _sample(n_customers: int, n_sample: int, random_state: int) -> npt.NDArray[np.intp]:
    """Choose positions of customers by a seed, in ascending order."""
    if n_customers <= n_sample:
        return np.arange(n_customers)
    return np.sort(np.random.default_rng(random_state).choice(n_customers, n_sample, replace=False))
