"""RFM: scores for recency, frequency and monetary value, and the segments that a published scheme makes of them."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from customerbase.errors import UsageError
from customerbase.segmentation.preparation import select_columns
from customerbase.segmentation.schemes import RFM_COLUMNS, read_scheme
from customerbase.segmentation.scores import learn_edges, plan_scores, score_customers, share_out_cells

__all__ = ["RFM", "RFM_COLUMNS", "SCORE_COLUMNS", "make_rfm"]

SCORE_COLUMNS = ("r_score", "f_score", "m_score")
"""What `RFM.transform` gives."""


def make_rfm(options: Mapping[str, Any]) -> "RFM":
    """Make an RFM of the options of a shop, which takes the text of a scheme's file into the model.

    So the model does not depend on where the file lay, nor on whether it is still there.

    Parameters
    ----------
    options
        Parameters of `RFM` by name. With weights and no scheme, the scheme is None.

    Examples
    --------
    >>> make_rfm({"weights": [3, 2, 1]}).scheme is None
    True
    """
    said = {"scheme": None, **options} if "weights" in options else dict(options)
    scheme = said.get("scheme")
    if isinstance(scheme, str) and scheme.lower().endswith(".toml"):
        said["scheme"] = read_scheme(scheme)
    return RFM(**said)


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
        Number of bins, from 2 to 9: of each column, or a sequence of those of recency, frequency and monetary. None
        takes the scheme's own, or 5.
    edges
        Cut points of one's own, in place of learnt ones and of the scheme's: column name to ascending values, one less
        than bins, in the column's unit. `{"recency_days": [30, 90, 180, 365]}` gives the best recency score to
        customers of up to 30 days.
    scheme
        Which scores make which segment: name of a scheme in `schemes.SCHEMES`, the path of a TOML file with one, what
        such a file says as a dict, or a `Scheme`. None, or "none", makes each cell, such as "555", a segment.
    nested
        Whether frequency is cut within each recency score, and monetary within each combination of both, as nested
        binning in SPSS does; the scores of frequency and monetary then compare customers of equal recency alone, and
        the combinations hold about equally many. Otherwise each column is cut on its own.
    weights
        Weights of the three scores, each at least 0. Segments are then quantiles of the weighted mean of the scores, as
        many as bins: "Tier 1" is the best. Needs `scheme=None`.

    Attributes
    ----------
    edges_
        Cut points by column, ascending, in the column's unit; each of shape (n_bins - 1,). Nested, those of frequency
        have a row for each recency score and those of monetary one for each recency and frequency score.
    segment_names_
        Names of the segments, best first for cells and tiers, else in the scheme's order; `predict` gives positions in
        it.
    cell_segments_
        Position of the segment of each cell: by recency, frequency, monetary score - 1.
    archetypes_
        Segment to the kind of the playbook, where the scheme says one.
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
    >>> model = RFM(scheme="klaviyo-6").fit(features)
    >>> [str(model.segment_names_[i]) for i in model.predict(features)]
    ['Champions', 'Loyal', 'Loyal', 'Recent', 'At risk']
    >>> RFM(n_bins=4).fit(features)
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: RFM scheme 'cells-11' is made for n_bins=5. Got n_bins=4 instead. Leave n_bins ...
    """

    def __init__(
        self,
        n_bins: int | Sequence[int] | None = None,
        edges: Mapping[str, npt.ArrayLike] | None = None,
        scheme: Any = "cells-11",  # noqa: ANN401 - see load_scheme
        nested: bool = False,
        weights: Sequence[float] | None = None,
    ) -> None:
        self.n_bins = n_bins
        self.edges = edges
        self.scheme = scheme
        self.nested = nested
        self.weights = weights

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
        plan = plan_scores(**self.get_params(deep=False))
        matrix = self._matrix(X, reset=True)
        self.edges_ = learn_edges(plan, matrix)
        scores = score_customers(self.edges_, plan.n_bins[0], matrix)
        self.segment_names_, self.cell_segments_ = share_out_cells(plan, scores)
        self.archetypes_ = dict(plan.scheme.archetypes) if plan.scheme else {}
        self.labels_ = self._segments(scores)
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
        return score_customers(self.edges_, self.cell_segments_.shape[0], matrix)

    def _segments(self, scores: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        segments: npt.NDArray[np.int64] = self.cell_segments_[tuple(scores.T - 1)]
        return segments
