"""Clusterers as plain scikit-learn pipelines that start from the feature table."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from sklearn.base import ClusterMixin
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from customerbase.errors import UsageError
from customerbase.segmentation.preparation import ColumnSelector, MedianFill, SignedLog, Winsorizer

__all__ = ["CLUSTERERS", "COUPON_COLUMNS", "DEFAULT_COLUMNS", "make_clusterer", "single_thread"]

DEFAULT_COLUMNS = ("recency_days", "frequency", "monetary")
"""More columns are not better segments: with all of them k-means tells future spend apart less well."""

# Of the eight features of coupons the counts (claims, burnings, days, merchants) are nearly one (correlations of 0.7 to
# 0.98), while recency, number and rate are independent of each other. They tell apart who claims much, who burns, and
# who has stopped; without recency the last are lost among the others.
COUPON_COLUMNS = ("coupon_recency_days", "n_claimed", "burn_rate")
"""By what customers are compared of whom coupons alone are known."""


def _kmeans(n_segments: int, random_state: int) -> KMeans:
    return KMeans(n_clusters=n_segments, n_init=10, random_state=random_state)


# A new algorithm is one function above and one line here; model_file.FITTED says what of it is kept.
CLUSTERERS: dict[str, Callable[[int, int], ClusterMixin]] = {
    "kmeans": _kmeans,
}
"""Algorithm by name: (n_segments, random_state) gives an unfitted clusterer."""


def make_clusterer(
    name: str = "kmeans",
    n_segments: int = 6,
    random_state: int = 0,
    columns: Sequence[str] = DEFAULT_COLUMNS,
    one_hot: Sequence[str] = (),
) -> Pipeline:
    """Make an unfitted pipeline: columns by name, winsorised at 1 %, signed logarithm, standardised, clustered.

    What is missing is filled with the column's median, so that everybody gets a segment.

    The signed logarithm divides by the median, so that the unit of money changes no segment; winsorising keeps a
    handful of extreme customers from becoming a segment of their own.

    Parameters
    ----------
    name
        One of `CLUSTERERS`.
    n_segments
        How many segments to make, at least 2.
    random_state
        Seed of the algorithm, at least 0: equal features and an equal seed give equal segments.
    columns
        Columns of the feature table that customers are compared by.
    one_hot
        Columns of text, such as gender, of which each value becomes a column of 0 and 1; a value that was never seen
        is 0 everywhere. A model with such columns cannot be written to a model file.

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
    if name not in CLUSTERERS:
        raise UsageError(
            f"The 'name' parameter of make_clusterer must be one of: {', '.join(CLUSTERERS)}. Got {name!r} instead."
        )
    _check_int("n_segments", n_segments, 2)
    _check_int("random_state", random_state, 0)
    steps = [
        ("select", ColumnSelector(_checked_columns(columns))),
        ("fill", MedianFill()),
        ("winsorize", Winsorizer(lower=0.01, upper=0.99)),
        ("log", SignedLog()),
        ("standardize", StandardScaler()),
    ]
    if one_hot:
        steps = [("prepare", _encode_beside(Pipeline(steps), columns, _checked_columns(one_hot)))]
    return Pipeline([*steps, ("cluster", CLUSTERERS[name](n_segments, random_state))])


def _encode_beside(numbers: Pipeline, columns: Sequence[str], one_hot: Sequence[str]) -> ColumnTransformer:
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer([("numbers", numbers, list(columns)), ("categories", encoder, list(one_hot))])


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


def _checked_columns(columns: Sequence[str]) -> tuple[str, ...]:
    if isinstance(columns, str) or not columns or len(set(columns)) < len(columns):
        raise UsageError(
            "The 'columns' parameter of make_clusterer must be names of columns, at least one and each once. "
            f"Got {columns!r} instead."
        )
    return tuple(columns)
