"""ValueTree: segments as readable rules, learnt from what customers spent next."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from customerbase.errors import UsageError
from customerbase.segmentation.boxes import Box, find_boxes
from customerbase.segmentation.preparation import select_columns
from customerbase.segmentation.rules import describe_box
from customerbase.segmentation.sensible_figures import mid_ranks, nearest_figures

__all__ = ["VALUE_COLUMNS", "ValueTree"]

VALUE_COLUMNS = ("recency_days", "frequency", "gross_revenue", "revenue_last_90_days")
"""What rules are made of when nobody says what of. With more features, rules fit one season and miss the next."""

N_STEPS = 20
"""Limits are looked for at every twentieth of the customers: finer ones fit one season and miss the next."""


class ValueTree(BaseEstimator):  # type: ignore[misc]
    """Divides customers by limits on their features into segments that differ most in what they spent next.

    It learns from the features of an earlier date and from what the customers spent in the days after it: the division
    into at most `n_segments` parts, each by limits on single features, that leaves the least variance of the logarithm
    `log1p(spend)` within its parts (Breiman and others 1984, with a beam search in place of the greedy one). Every
    limit is a sensible figure, such as 5 orders or 1,150, chosen before the division is sought, so that the rule that
    is shown is the rule that is applied.

    A shop grows and has seasons, so that over 1,150 in the last 90 days is not the same at Christmas and in March.
    `adapt` therefore moves each limit to the sensible figure at which the same part of the customers of another date
    lies below it.

    Parameters
    ----------
    n_segments
        Most segments, at least 2; there are fewer where no split is left.
    min_share
        Smallest share of the customers that a segment has when it is learnt, above 0 and at most 0.5.
    columns
        Columns of the feature table that rules are made of; None takes all that `fit` sees.

    Attributes
    ----------
    lower_, upper_
        Limits of each segment, in the unit of each column: above `lower_`, up to and with `upper_`; infinite where
        there is none. Shape (n_segments, n_columns).
    values_
        Mean of log1p(spend) of each segment when it was learnt, the highest first; shape (n_segments,).
    shares_
        Share of the customers in each segment when it was learnt.
    rules_
        Each segment's rule in words.

    Examples
    --------
    >>> X = pd.DataFrame({"recency_days": [3.0, 8.0, 200.0, 300.0], "frequency": [9.0, 2.0, 1.0, 1.0]})
    >>> model = ValueTree(n_segments=2, min_share=0.25, columns=["recency_days", "frequency"])
    >>> model.fit(X, [900.0, 80.0, 0.0, 0.0]).predict(X)
    array([0, 0, 1, 1])
    >>> model.rules_
    ('last bought up to 8 days ago', 'last bought more than 8 days ago')
    """

    def __init__(
        self, n_segments: int = 6, min_share: float = 0.05, columns: Sequence[str] | None = VALUE_COLUMNS
    ) -> None:
        self.n_segments = n_segments
        self.min_share = min_share
        self.columns = columns

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.positive_only = True
        return tags

    def fit(self, X: npt.ArrayLike | pd.DataFrame, y: npt.ArrayLike) -> Self:
        """Learn the division.

        Parameters
        ----------
        X
            One row per customer at the earlier date: a DataFrame with the columns among others, or an array of these.
        y
            What each spent in the days after it, at least 0; shape (n_customers,).

        Raises
        ------
        UsageError
            A parameter or y has a value that is not allowed, or an array has other columns than `columns` says.
        DataError
            A DataFrame lacks one of the columns.
        """
        self._check_parameters()
        matrix, spend = self._take(X, y, reset=True)
        logarithm = np.log1p(spend)
        cuts = [_sensible_cuts(column) for column in matrix.T]
        codes = np.column_stack([np.searchsorted(cut, x) for cut, x in zip(cuts, matrix.T, strict=True)])
        boxes = find_boxes(codes, logarithm, self.n_segments, self.min_share * len(matrix))
        labels = _find(*_limits(boxes, cuts), matrix)
        means = np.array([logarithm[labels == label].mean() for label in range(len(boxes))])
        order = np.argsort(-means, kind="stable")
        self._boxes = tuple(boxes[label] for label in order)
        self._positions = [_positions(x, cut) for x, cut in zip(matrix.T, cuts, strict=True)]
        self.values_ = means[order]
        self.shares_ = np.bincount(labels, minlength=len(boxes))[order] / len(matrix)
        self.lower_, self.upper_ = _limits(self._boxes, cuts)
        return self

    def adapt(self, X: npt.ArrayLike | pd.DataFrame) -> Self:
        """Move the limits to where they divide the customers of another date into parts of the same size.

        Only right after `fit`: a model from a file keeps the limits that it has.

        Parameters
        ----------
        X
            The customers of that date, as in `fit`. What they bought later is not asked for.

        Examples
        --------
        >>> model = ValueTree(2, 0.25, columns=["monetary"]).fit([[10.0], [20.0], [30.0], [40.0]], [0, 0, 50, 60])
        >>> model.rules_, model.adapt([[110.0], [220.0], [330.0], [440.0]]).rules_
        (('over 20 after returns', 'up to 20 after returns'), ('over 300 after returns', 'up to 300 after returns'))
        """
        matrix = self._take(X)[0]
        cuts = [_cuts_at(x, positions) for x, positions in zip(matrix.T, self._positions, strict=True)]
        self.lower_, self.upper_ = _limits(self._boxes, cuts)
        return self

    def predict(self, X: npt.ArrayLike | pd.DataFrame) -> npt.NDArray[np.int64]:
        """Place customers: positions in `rules_`, shape (n_customers,); 0 is the segment that spent most."""
        matrix = self._take(X)[0]
        return _find(self.lower_, self.upper_, matrix)

    @property
    def rules_(self) -> tuple[str, ...]:
        """Each segment's rule in words, best first."""
        check_is_fitted(self, "lower_")
        seen: Sequence[str] = getattr(self, "feature_names_in_", [f"x{n}" for n in range(self.n_features_in_)])
        names = seen if self.columns is None else self.columns
        rows = zip(self.lower_.tolist(), self.upper_.tolist(), strict=True)
        return tuple(describe_box(names, lower, upper) for lower, upper in rows)

    def _take(
        self, X: npt.ArrayLike | pd.DataFrame, y: npt.ArrayLike | None = None, *, reset: bool = False
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        if not reset:
            check_is_fitted(self, "lower_")
        chosen = X if self.columns is None else select_columns(X, self.columns)
        if reset:
            matrix, spend = validate_data(self, chosen, y, reset=True, dtype=np.float64, y_numeric=True)
        else:
            matrix, spend = validate_data(self, chosen, reset=False, dtype=np.float64), np.empty(0)
        if self.columns is not None and matrix.shape[1] != len(self.columns):
            raise UsageError(
                f"X of ValueTree must have {len(self.columns)} columns: {', '.join(self.columns)}. "
                f"Got {matrix.shape[1]} instead. Pass them in this order, or a DataFrame that names them once each."
            )
        if (spend < 0).any():
            raise UsageError(f"y of ValueTree must be amounts spent, at least 0. Got {spend.min()} instead.")
        return matrix, spend

    def _check_parameters(self) -> None:
        n_segments, share = self.n_segments, self.min_share
        if isinstance(n_segments, bool) or not isinstance(n_segments, int) or n_segments < 2:
            raise UsageError(
                f"The 'n_segments' parameter of ValueTree must be an int >= 2. Got {n_segments!r} instead."
            )
        if not isinstance(share, int | float) or not 0 < share <= 0.5:
            raise UsageError(
                f"The 'min_share' parameter of ValueTree must be 0 < min_share <= 0.5. Got {share!r} instead."
            )


def _sensible_cuts(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the sensible figures at which a column may be split, about one for each twentieth of the customers."""
    counts = np.unique(mid_ranks(values)[1])
    steps = np.arange(1, N_STEPS) * len(values) / N_STEPS
    wanted = np.unique(counts[np.minimum(np.searchsorted(counts, steps), len(counts) - 1)])
    cuts = np.unique(nearest_figures(values, wanted))
    inside: npt.NDArray[np.float64] = cuts[(cuts >= values.min()) & (cuts < values.max())]
    return inside


def _positions(values: npt.NDArray[np.float64], cuts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the rank half-way between the last value below each cut and the first above it.

    Half-way, so that a cut between two whole numbers stays between them when a few customers more have one of them.
    """
    distinct = np.unique(values)
    ranks = mid_ranks(values)[0]
    after = np.searchsorted(distinct, cuts, side="right")
    between: npt.NDArray[np.float64] = (ranks[after - 1] + ranks[after]) / 2
    return between


def _cuts_at(values: npt.NDArray[np.float64], positions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Give the sensible figures that stand at ranks among the customers of another date."""
    ranks, counts = mid_ranks(values)
    return nearest_figures(values, np.concatenate([[0], counts])[np.searchsorted(ranks, positions, side="right")])


def _limits(
    boxes: Sequence[Box], cuts: Sequence[npt.NDArray[np.float64]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give the figures of boxes: above the lower, up to the upper; shapes (n_boxes, n_columns)."""
    edges = [np.concatenate([[-np.inf], cut, [np.inf]]) for cut in cuts]
    lower = [[edge[first] for edge, (first, _) in zip(edges, box, strict=True)] for box in boxes]
    upper = [[edge[last + 1] for edge, (_, last) in zip(edges, box, strict=True)] for box in boxes]
    return np.array(lower), np.array(upper)


def _find(
    lower: npt.NDArray[np.float64], upper: npt.NDArray[np.float64], matrix: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Give the box that each row lies in."""
    inside = np.stack([((matrix > low) & (matrix <= high)).all(axis=1) for low, high in zip(lower, upper, strict=True)])
    found: npt.NDArray[np.int64] = inside.argmax(axis=0).astype(np.int64)
    return found
