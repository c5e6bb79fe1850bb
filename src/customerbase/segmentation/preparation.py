"""Steps that make customer features fit for clustering: columns by name, tamed tails, a logarithm that knows signs."""

from collections.abc import Sequence
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from customerbase.errors import DataError, UsageError

__all__ = ["ColumnSelector", "MedianFill", "QuantileRanks", "SignedLog", "Winsorizer", "select_columns"]


def select_columns(X: npt.ArrayLike | pd.DataFrame, columns: Sequence[str]) -> npt.ArrayLike:
    """Take the named columns of a DataFrame as an array of floats; anything else has no names and comes back as it is.

    Raises
    ------
    DataError
        The DataFrame lacks one of the columns.

    Examples
    --------
    >>> select_columns(pd.DataFrame({"monetary": [5.0], "frequency": [2.0]}), ["frequency"])
    array([[2.]])
    """
    if not isinstance(X, pd.DataFrame):
        return X
    missing = [column for column in columns if column not in X.columns]
    if missing:
        raise DataError(
            f"The features have no column '{missing[0]}'. They have: {', '.join(map(str, X.columns))}. "
            "Add it, or choose other columns."
        )
    return X[list(columns)].to_numpy(dtype=np.float64, na_value=np.nan)


class _Preparation(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What the steps share: a matrix of floats in, one column out for each column in."""

    _allows_missing = False

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._allows_missing
        return tags

    def _matrix(self, X: npt.ArrayLike | pd.DataFrame, *, reset: bool = False) -> npt.NDArray[np.float64]:
        if not reset:
            check_is_fitted(self)
        matrix: npt.NDArray[np.float64] = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan" if self._allows_missing else True
        )
        return matrix


class ColumnSelector(_Preparation):
    """Takes the named columns of a DataFrame, in the order given.

    An array has no names: it must hold just these columns in this order.

    Parameters
    ----------
    columns
        Names of the columns; None takes all that `fit` sees.

    Examples
    --------
    >>> frame = pd.DataFrame({"customer_id": ["a", "b"], "frequency": [2.0, 1.0], "monetary": [50.0, 20.0]})
    >>> ColumnSelector(["monetary", "frequency"]).fit_transform(frame)
    array([[50.,  2.],
           [20.,  1.]])
    """

    _allows_missing = True

    def __init__(self, columns: Sequence[str] | None = None) -> None:
        self.columns = columns

    def fit(self, X: npt.ArrayLike | pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Check that the columns are there."""
        self._select(X, reset=True)
        return self

    def transform(self, X: npt.ArrayLike | pd.DataFrame) -> npt.NDArray[np.float64]:
        """Take the columns: an array of shape (n_customers, n_columns)."""
        return self._select(X)

    def get_feature_names_out(self, input_features: npt.ArrayLike | None = None) -> npt.NDArray[np.object_]:
        """Name the columns taken."""
        if self.columns is not None:
            return np.array(self.columns, dtype=object)
        names: npt.NDArray[np.object_] = super().get_feature_names_out(input_features)
        return names

    def _select(self, X: npt.ArrayLike | pd.DataFrame, *, reset: bool = False) -> npt.NDArray[np.float64]:
        if self.columns is None:
            return self._matrix(X, reset=reset)
        matrix = self._matrix(select_columns(X, self.columns), reset=reset)
        if matrix.shape[1] != len(self.columns):
            raise UsageError(
                f"X has {matrix.shape[1]} columns where {len(self.columns)} are wanted: {', '.join(self.columns)}. "
                "Pass these columns in this order, or a DataFrame that names them once each."
            )
        return matrix


class MedianFill(_Preparation):
    """Fills what is missing with the learnt median of its column, 0 where nobody has a value.

    scikit-learn's own imputer has a parameter that is not a number, which a model file, plain JSON, cannot hold.

    Attributes
    ----------
    medians_
        The median of each column, in the column's own unit; shape (n_columns,).

    Examples
    --------
    >>> MedianFill().fit_transform([[1.0], [np.nan], [2.0], [9.0]]).ravel()
    array([1., 2., 2., 9.])
    """

    _allows_missing = True

    def fit(self, X: npt.ArrayLike | pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Learn the medians."""
        columns = self._matrix(X, reset=True).T
        known = [column[~np.isnan(column)] for column in columns]
        self.medians_ = np.array([np.median(column) if len(column) else 0.0 for column in known])
        return self

    def transform(self, X: npt.ArrayLike | pd.DataFrame) -> npt.NDArray[np.float64]:
        """Fill what is missing; the shape stays."""
        matrix = self._matrix(X)
        return np.where(np.isnan(matrix), self.medians_, matrix)


class Winsorizer(_Preparation):
    """Draws extreme values in to learnt quantiles, column by column, so that nobody has to be dropped.

    Parameters
    ----------
    lower, upper
        Quantiles between which values stay as they are: 0 <= lower < upper <= 1.

    Attributes
    ----------
    lower_bounds_, upper_bounds_
        The bounds of each column, in the column's own unit; shape (n_columns,).

    Examples
    --------
    >>> Winsorizer(lower=0.0, upper=0.5).fit_transform([[1.0], [2.0], [300.0]]).ravel()
    array([1., 2., 2.])
    """

    def __init__(self, lower: float = 0.01, upper: float = 0.99) -> None:
        self.lower = lower
        self.upper = upper

    def fit(self, X: npt.ArrayLike | pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Learn the bounds.

        Raises
        ------
        UsageError
            `lower` and `upper` are not two quantiles in ascending order.
        """
        if not 0 <= self.lower < self.upper <= 1:
            raise UsageError(
                f"The 'lower' and 'upper' parameters of Winsorizer must be 0 <= lower < upper <= 1. "
                f"Got {self.lower} and {self.upper} instead."
            )
        matrix = self._matrix(X, reset=True)
        self.lower_bounds_, self.upper_bounds_ = np.quantile(matrix, [self.lower, self.upper], axis=0)
        return self

    def transform(self, X: npt.ArrayLike | pd.DataFrame) -> npt.NDArray[np.float64]:
        """Clip to the learnt bounds; the shape stays."""
        matrix = self._matrix(X)
        return np.clip(matrix, self.lower_bounds_, self.upper_bounds_)


class SignedLog(_Preparation):
    """The logarithm `sign(x) * log1p(|x| / m)`, with m the learnt median of |x| of each column.

    It keeps signs and zero, and does not depend on the unit: all prices times 100 give the same values. Where the
    median is 0, m is the mean of the |x| above 0; where there are none, m is 1.

    Attributes
    ----------
    scale_
        m of each column, in the column's own unit; shape (n_columns,).

    Examples
    --------
    >>> SignedLog().fit_transform([[-2.0], [0.0], [2.0]]).ravel().round(4)
    array([-0.6931,  0.    ,  0.6931])
    """

    def fit(self, X: npt.ArrayLike | pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Learn the scale of each column."""
        sizes = np.abs(self._matrix(X, reset=True))
        self.scale_ = np.array([_typical_size(column) for column in sizes.T])
        return self

    def transform(self, X: npt.ArrayLike | pd.DataFrame) -> npt.NDArray[np.float64]:
        """Take the signed logarithm; the shape stays."""
        matrix = self._matrix(X)
        logarithm: npt.NDArray[np.float64] = np.sign(matrix) * np.log1p(np.abs(matrix) / self.scale_)
        return logarithm


class QuantileRanks(_Preparation):
    """Where a value stands among the learnt customers of its column, from 0 to 1.

    Equal values have equal ranks, in the middle of their stretch; a newcomer beyond the learnt range has 0 or 1.
    scikit-learn's own `QuantileTransformer` warns of few customers and draws a sample of many.

    Parameters
    ----------
    n_quantiles
        In how many steps the distribution is kept, at least 2.

    Attributes
    ----------
    quantiles_
        The values at equal steps of the rank, ascending, in the unit of each column; shape (n_quantiles, n_columns).

    Examples
    --------
    >>> QuantileRanks(n_quantiles=5).fit_transform([[1.0], [1.0], [2.0], [7.0], [90.0]]).ravel()
    array([0.125, 0.125, 0.5  , 0.75 , 1.   ])
    """

    def __init__(self, n_quantiles: int = 1000) -> None:
        self.n_quantiles = n_quantiles

    def fit(self, X: npt.ArrayLike | pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Learn the quantiles.

        Raises
        ------
        UsageError
            `n_quantiles` is below 2.
        """
        if self.n_quantiles < 2:
            raise UsageError(
                f"The 'n_quantiles' parameter of QuantileRanks must be an int >= 2. Got {self.n_quantiles!r} instead."
            )
        quantiles = np.quantile(self._matrix(X, reset=True), np.linspace(0, 1, self.n_quantiles), axis=0)
        self.quantiles_ = np.maximum.accumulate(quantiles, axis=0)  # interpolation can be off in the last bit
        return self

    def transform(self, X: npt.ArrayLike | pd.DataFrame) -> npt.NDArray[np.float64]:
        """Give the ranks; the shape stays."""
        matrix = self._matrix(X)
        ranks = np.linspace(0, 1, len(self.quantiles_))
        # From below and from above, values that many customers share give both ends of their stretch.
        pairs = zip(matrix.T, self.quantiles_.T, strict=True)
        columns = [np.interp(x, q, ranks) - np.interp(-x, -q[::-1], -ranks[::-1]) for x, q in pairs]
        return np.column_stack(columns) / 2


def _typical_size(sizes: npt.NDArray[np.float64]) -> float:
    """Give the median, else the mean of what is above 0, else 1."""
    median = float(np.median(sizes))
    if median > 0:
        return median
    above = sizes[sizes > 0]
    return float(above.mean()) if len(above) else 1.0
