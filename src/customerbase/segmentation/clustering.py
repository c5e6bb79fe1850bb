"""Clusterers as plain scikit-learn pipelines that start from the feature table."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from sklearn.base import ClusterMixin
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from customerbase.errors import UsageError
from customerbase.segmentation.preparation import ColumnSelector, SignedLog, Winsorizer

__all__ = ["CLUSTERERS", "DEFAULT_COLUMNS", "make_clusterer", "single_thread"]

DEFAULT_COLUMNS = ("recency_days", "frequency", "monetary")
"""More columns are not better segments: with all of them k-means tells future spend apart less well."""


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
) -> Pipeline:
    """Make an unfitted pipeline: columns by name, winsorised at 1 %, signed logarithm, standardised, clustered.

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
    return Pipeline(
        [
            ("select", ColumnSelector(_checked_columns(columns))),
            ("winsorize", Winsorizer(lower=0.01, upper=0.99)),
            ("log", SignedLog()),
            ("standardize", StandardScaler()),
            ("cluster", CLUSTERERS[name](n_segments, random_state)),
        ]
    )


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
