"""Clusterers as plain scikit-learn pipelines that start from the feature table."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.cluster import AgglomerativeClustering, KMeans, MiniBatchKMeans
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from customerbase.errors import UsageError
from customerbase.segmentation.inductive import InductiveClusterer
from customerbase.segmentation.preparing import ScaleName, TransformName, make_preparation
from customerbase.segmentation.suggestions import SuggestedDBSCAN, SuggestedHDBSCAN

__all__ = [
    "CLUSTERERS",
    "COUPON_COLUMNS",
    "DEFAULT_COLUMNS",
    "DEFAULT_N_SEGMENTS",
    "FINDS_NUMBER",
    "make_clusterer",
    "single_thread",
]

DEFAULT_N_SEGMENTS = 6
DEFAULT_COLUMNS = ("recency_days", "frequency", "monetary")
"""More columns are not better segments: with all of them k-means tells future spend apart less well."""

# Of the eight features of coupons the counts (claims, burnings, days, merchants) are nearly one (correlations of 0.7 to
# 0.98), while recency, number and rate are independent of each other. They tell apart who claims much, who burns, and
# who has stopped; without recency the last are lost among the others.
COUPON_COLUMNS = ("coupon_recency_days", "n_claimed", "burn_rate")
"""By what customers are compared of whom coupons alone are known."""


def _kmeans(n_segments: int, random_state: int) -> ClusterMixin:
    return KMeans(n_clusters=n_segments, n_init=10, random_state=random_state)


def _minibatch_kmeans(n_segments: int, random_state: int) -> ClusterMixin:
    return MiniBatchKMeans(n_clusters=n_segments, n_init=10, batch_size=4096, random_state=random_state)


def _gaussian_mixture(n_segments: int, random_state: int) -> ClusterMixin:
    return GaussianMixture(n_components=n_segments, n_init=3, max_iter=500, random_state=random_state)


def _hierarchical(linkage: str) -> Callable[[int, int], ClusterMixin]:
    return lambda n_segments, random_state: InductiveClusterer(
        AgglomerativeClustering(n_clusters=n_segments, linkage=linkage), random_state=random_state
    )


def _dbscan(n_segments: int, random_state: int) -> ClusterMixin:  # noqa: ARG001
    return InductiveClusterer(SuggestedDBSCAN(), random_state=random_state)


def _hdbscan(n_segments: int, random_state: int) -> ClusterMixin:  # noqa: ARG001
    return InductiveClusterer(SuggestedHDBSCAN(), random_state=random_state)


# A new algorithm is one function above and one line here; model_types.LEARNT says what of it is kept in a file.
CLUSTERERS: dict[str, Callable[[int, int], ClusterMixin]] = {
    "kmeans": _kmeans,
    "minibatch_kmeans": _minibatch_kmeans,
    "gaussian_mixture": _gaussian_mixture,
    "ward": _hierarchical("ward"),
    "average": _hierarchical("average"),
    "complete": _hierarchical("complete"),
    "dbscan": _dbscan,
    "hdbscan": _hdbscan,
}
"""Algorithm by name: (n_segments, random_state) gives an unfitted clusterer."""

FINDS_NUMBER = ("dbscan", "hdbscan")
"""Algorithms that find out for themselves how many segments there are."""


def make_clusterer(
    name: str | BaseEstimator = "kmeans",
    n_segments: int | None = None,
    random_state: int = 0,
    columns: Sequence[str] = DEFAULT_COLUMNS,
    one_hot: Sequence[str] = (),
    *,
    transform: TransformName = "signed_log",
    winsorize: tuple[float, float] | None = (0.01, 0.99),
    scale: ScaleName = "standard",
    pca: float | None = None,
) -> Pipeline:
    """Make an unfitted pipeline: columns by name, winsorised at 1 %, signed logarithm, standardised, clustered.

    What is missing is filled with the column's median, so that everybody gets a segment. All that is learnt, parameters
    that the data suggest and samples included, is learnt in `fit`.

    The signed logarithm divides by the median, so that the unit of money changes no segment; winsorising keeps a
    handful of extreme customers from becoming a segment of their own.

    Parameters
    ----------
    name
        One of `CLUSTERERS`, or a clusterer of scikit-learn of your own, which is copied. One without `predict` is put
        into an `InductiveClusterer`; one with a `random_state` of None gets this one.
    n_segments
        How many segments to make, at least 2; by default 6. Not for dbscan, hdbscan and a clusterer of your own.
    random_state
        Seed of the algorithm and of the sample that it learns from, at least 0: equal features and an equal seed give
        equal segments.
    columns
        Columns of the feature table that customers are compared by.
    one_hot
        Columns of text, such as gender, of which each value becomes a column of 0 and 1; a value that was never seen
        is 0 everywhere.
    transform
        What bends the scale of each column of numbers: `"signed_log"`; `"power"`, Yeo and Johnson's (2000) with the
        power that makes it most normal; `"quantile"`, the rank from 0 to 1; or `"none"`.
    winsorize
        Quantiles to which extreme values of each column are drawn in; (0, 0.99) for the upper end alone, None for
        neither.
    scale
        `"standard"`: mean 0 and standard deviation 1; `"robust"`: median 0 and distance of the quartiles 1; `"none"`.
    pca
        Principal components that are kept, as a number of at least 1, or as the share of the variance, between 0 and 1,
        that they have to explain; None for the columns themselves. Columns of `one_hot` are among them.

    Raises
    ------
    UsageError
        A parameter has a value that is not allowed.

    Examples
    --------
    >>> import pandas as pd
    >>> features = pd.DataFrame({"recency_days": [2.0, 3.0, 300.0, 310.0], "frequency": [9.0, 8.0, 1.0, 1.0],
    ...                          "monetary": [900.0, 950.0, 20.0, 25.0]})
    >>> labels = make_clusterer(n_segments=2).fit_predict(features)
    >>> bool(labels[0] == labels[1] != labels[2] == labels[3])
    True
    >>> make_clusterer(n_segments=1)
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The 'n_segments' parameter of make_clusterer must be an int >= 2. Got 1 instead.
    """
    _check_int("random_state", random_state, 0)
    steps = make_preparation(columns, one_hot, transform=transform, winsorize=winsorize, scale=scale, pca=pca)
    if isinstance(name, str):
        return Pipeline([*steps, ("cluster", _named(name, n_segments, random_state))])
    if n_segments is not None:
        raise UsageError(
            f"The 'n_segments' parameter of make_clusterer is for named methods. Set the number of {name!r} itself."
        )
    return Pipeline([*steps, ("cluster", _own(name, random_state))])


def _named(name: str, n_segments: int | None, random_state: int) -> ClusterMixin:
    if name not in CLUSTERERS:
        raise UsageError(
            f"The 'name' parameter of make_clusterer must be one of: {', '.join(CLUSTERERS)}; or a clusterer of your "
            f"own. Got {name!r} instead."
        )
    if n_segments is not None:
        _check_int("n_segments", n_segments, 2)
        if name in FINDS_NUMBER:
            raise UsageError(
                f"The 'n_segments' parameter of make_clusterer is not for {name}, which finds the number of segments "
                f"itself. Got {n_segments!r}; leave it out."
            )
    return CLUSTERERS[name](n_segments or DEFAULT_N_SEGMENTS, random_state)


def _own(estimator: BaseEstimator, random_state: int) -> BaseEstimator:
    if not isinstance(estimator, BaseEstimator) or not (
        hasattr(estimator, "predict") or hasattr(estimator, "fit_predict")
    ):
        raise UsageError(
            "The 'name' parameter of make_clusterer must be a name or a clusterer of scikit-learn, with 'predict' or "
            f"'fit_predict'. Got {estimator!r} instead."
        )
    copy = clone(estimator)
    if "random_state" in copy.get_params() and copy.get_params()["random_state"] is None:
        copy.set_params(random_state=random_state)
    return copy if hasattr(copy, "predict") else InductiveClusterer(copy, random_state=random_state)


def single_thread() -> AbstractContextManager[object]:
    """Hold numerical libraries to one thread while in it.

    Sums are then added in one order, so that a fit gives the same bytes whatever the number of threads. It is faster
    too: beside another busy process, k-means on all cores takes a multiple of its time.

    Examples
    --------
    >>> with single_thread():
    ...     labels = make_clusterer(n_segments=2).fit_predict([[1.0, 9.0, 90.0], [2.0, 8.0, 80.0], [300.0, 1.0, 5.0]])
    """
    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits


def _check_int(parameter: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise UsageError(
            f"The '{parameter}' parameter of make_clusterer must be an int >= {least}. Got {value!r} instead."
        )
