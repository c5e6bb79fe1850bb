"""RFM: scores for recency, frequency and monetary value, and the segments that a published scheme makes of them."""

from collections.abc import Mapping
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from customerbase.errors import UsageError
from customerbase.segmentation.preparation import select_columns
from customerbase.segmentation.schemes import cells, load_scheme

__all__ = ["RFM", "RFM_COLUMNS", "SCORE_COLUMNS"]

RFM_COLUMNS = ("recency_days", "frequency", "monetary")
"""What an RFM model looks at, in the order that an array must have."""

SCORE_COLUMNS = ("r_score", "f_score", "m_score")
"""What `RFM.transform` gives."""


class RFM(ClusterMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Scores customers from 1 (worst) to `n_bins` (best) on three columns, and names each combination of scores.

    Customers are cut by quantiles into `n_bins` bins of about equal size. A cut point is the last value of its bin, so
    a value stands in bin `1 + floor(n_bins * share of customers with a strictly smaller value)`. For frequency and
    monetary the score is the bin; for recency it is reversed, as few days are good. It follows that

    * equal values always share a score, and a score depends on the value alone: a newcomer is placed by the learnt cut
      points, one that is beyond all that was seen in the first or the last bin;
    * scores are monotone, and multiplying all prices moves none;
    * where one value covers more than a bin (27 % of customers with a single order are more than a fifth), its
      customers share the first of those bins, the next value stands where its share says, and a bin between may be
      empty.

    Parameters
    ----------
    n_bins
        Number of bins, from 2 to 9.
    edges
        Cut points of one's own, in place of learnt ones: column name to `n_bins - 1` ascending values, in the column's
        unit. `{"recency_days": [30, 90, 180, 365]}` gives the best recency score to customers of up to 30 days.
    scheme
        Name of a scheme in `schemes.SCHEMES`, which must be made for `n_bins`. None makes each cell, such as "555", a
        segment.

    Attributes
    ----------
    edges_
        Cut points by column, ascending, in the column's unit; each of shape (n_bins - 1,).
    segment_names_
        Names of the segments, best first for cells, else in the scheme's order; `predict` gives positions in it.
    cell_segments_
        Position of the segment of each cell, shape (n_bins, n_bins, n_bins): by recency, frequency, monetary score - 1.
    labels_
        Segment of each customer that the model was learnt from.

    Examples
    --------
    >>> features = pd.DataFrame({"recency_days": [1.0, 20.0, 40.0, 90.0, 300.0], "frequency": [9.0, 3.0, 2.0, 1.0, 1.0],
    ...                          "monetary": [900.0, 150.0, 80.0, 30.0, 10.0]})
    >>> model = RFM().fit(features)
    >>> model.transform(features)
    array([[5, 5, 5],
           [4, 4, 4],
           [3, 3, 3],
           [2, 1, 2],
           [1, 1, 1]])
    >>> [str(model.segment_names_[i]) for i in model.predict(features)]
    ['Champions', 'Loyal', 'Potential Loyalist', 'Hibernating', 'Lost']
    >>> RFM(n_bins=4).fit(features)
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: RFM scheme 'cells-11' is made for n_bins=5. Got n_bins=4 instead. Pass n_bins=5, ...
    """

    def __init__(
        self,
        n_bins: int = 5,
        edges: Mapping[str, npt.ArrayLike] | None = None,
        scheme: str | None = "cells-11",
    ) -> None:
        self.n_bins = n_bins
        self.edges = edges
        self.scheme = scheme

    def fit(self, X: npt.ArrayLike | pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Learn the cut points that are not given.

        Parameters
        ----------
        X
            One row per customer: a DataFrame with the columns of `RFM_COLUMNS` among others, or an array of just these.
        y
            Not used; there for pipelines.

        Raises
        ------
        UsageError
            A parameter has a value that is not allowed, or an array has not three columns.
        DataError
            A DataFrame lacks one of the columns.
        """
        _check_n_bins(self.n_bins)
        given = _given_edges(self.edges, self.n_bins)
        self.segment_names_, self.cell_segments_ = _segment_table(self.scheme, self.n_bins)
        matrix = self._matrix(X, reset=True)
        self.edges_ = {
            name: given[name] if name in given else _quantile_edges(values, self.n_bins)
            for name, values in zip(RFM_COLUMNS, matrix.T, strict=True)
        }
        self.labels_ = self._segments(self._scores(matrix))
        return self

    def transform(self, X: npt.ArrayLike | pd.DataFrame) -> npt.NDArray[np.int64]:
        """Score customers: an integer array of shape (n_customers, 3), the columns of `SCORE_COLUMNS`."""
        return self._scores(self._matrix(X))

    def predict(self, X: npt.ArrayLike | pd.DataFrame) -> npt.NDArray[np.int64]:
        """Place customers: positions in `segment_names_`, shape (n_customers,)."""
        return self._segments(self._scores(self._matrix(X)))

    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:  # noqa: ARG002
        """Name the columns that `transform` gives."""
        return np.array(SCORE_COLUMNS, dtype=object)

    def _matrix(self, X: npt.ArrayLike | pd.DataFrame, *, reset: bool = False) -> npt.NDArray[np.float64]:
        if not reset:
            check_is_fitted(self)
        matrix: npt.NDArray[np.float64] = validate_data(
            self, select_columns(X, RFM_COLUMNS), reset=reset, dtype=np.float64
        )
        if matrix.shape[1] != len(RFM_COLUMNS):
            raise UsageError(
                f"X of RFM must have 3 columns: {', '.join(RFM_COLUMNS)}. Got {matrix.shape[1]} instead. "
                "Pass them in this order, or a DataFrame that names them once each."
            )
        return matrix

    def _scores(self, matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        bins = [1 + np.searchsorted(self.edges_[name], x) for name, x in zip(RFM_COLUMNS, matrix.T, strict=True)]
        bins[0] = self.n_bins + 1 - bins[0]
        return np.column_stack(bins).astype(np.int64)

    def _segments(self, scores: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        segments: npt.NDArray[np.int64] = self.cell_segments_[tuple(scores.T - 1)]
        return segments


def _quantile_edges(values: npt.NDArray[np.float64], n_bins: int) -> npt.NDArray[np.float64]:
    """Give the smallest values that at least 1/n_bins, 2/n_bins … of the customers do not exceed.

    Whole-number positions: `ceil(i / n_bins * n)` in floating point is one too many now and then.
    """
    positions = [-(-i * len(values) // n_bins) - 1 for i in range(1, n_bins)]
    return np.sort(values)[positions]


def _check_n_bins(n_bins: object) -> None:
    if isinstance(n_bins, bool) or not isinstance(n_bins, int) or not 2 <= n_bins <= 9:
        raise UsageError(f"The 'n_bins' parameter of RFM must be an int from 2 to 9. Got {n_bins!r} instead.")


def _given_edges(edges: Mapping[str, npt.ArrayLike] | None, n_bins: int) -> dict[str, npt.NDArray[np.float64]]:
    """Check the caller's own cut points and give them as arrays."""
    given = {name: np.asarray(values, dtype=np.float64) for name, values in (edges or {}).items()}
    for name, values in given.items():
        if name not in RFM_COLUMNS:
            raise UsageError(
                f"The 'edges' parameter of RFM has no place for '{name}'. It takes: {', '.join(RFM_COLUMNS)}."
            )
        if values.shape != (n_bins - 1,) or not np.isfinite(values).all() or (np.diff(values) <= 0).any():
            raise UsageError(
                f"The 'edges' parameter of RFM must have {n_bins - 1} ascending numbers for '{name}', one less than "
                f"n_bins={n_bins}. Got {values.tolist()} instead."
            )
    return given


def _segment_table(scheme: str | None, n_bins: int) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.int64]]:
    """Give the names of the segments, and for each cell the position of its segment in them."""
    segments = {cell: frozenset([cell]) for cell in cells(n_bins)} if scheme is None else _scheme_cells(scheme, n_bins)
    table = np.empty((n_bins,) * 3, dtype=np.int64)
    for position, segment in enumerate(segments.values()):
        for cell in segment:
            table[tuple(int(score) - 1 for score in cell)] = position
    return np.array(list(segments)), table


def _scheme_cells(name: str, n_bins: int) -> dict[str, frozenset[str]]:
    scheme = load_scheme(name)
    if scheme.n_bins != n_bins:
        raise UsageError(
            f"RFM scheme '{name}' is made for n_bins={scheme.n_bins}. Got n_bins={n_bins} instead. "
            f"Pass n_bins={scheme.n_bins}, or scheme=None to make each combination of scores a segment."
        )
    return scheme.segments
