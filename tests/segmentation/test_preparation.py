"""Preparation steps: columns by name, learnt bounds, a logarithm that keeps signs and knows no unit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import QuantileTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.preparation import (
    ColumnSelector,
    MedianFill,
    QuantileRanks,
    SignedLog,
    Winsorizer,
)

amounts = hnp.arrays(np.float64, st.integers(1, 40), elements=st.integers(-10_000, 10_000).map(float))


@parametrize_with_checks([ColumnSelector(), MedianFill(), Winsorizer(), SignedLog(), QuantileRanks()])  # type: ignore[untyped-decorator]
def test_estimator_contract(estimator: Any, check: Callable[[Any], None]) -> None:
    """Each step passes every check of scikit-learn."""
    check(estimator)


def test_median_fill_by_hand() -> None:
    """The median of 1, 2, 9 is 2, also for a newcomer; a column that nobody has is 0."""
    step = MedianFill().fit([[1.0, np.nan], [np.nan, np.nan], [2.0, np.nan], [9.0, np.nan]])
    assert step.transform([[np.nan, np.nan], [5.0, 4.0]]).tolist() == [[2.0, 0.0], [5.0, 4.0]]


def test_winsorizer_learns_its_bounds_and_clips_newcomers() -> None:
    """Of 0 to 100 the quantiles at 1 % and 99 % are 1 and 99, also for values never seen."""
    winsorizer = Winsorizer().fit(np.arange(101.0).reshape(-1, 1))
    assert winsorizer.transform([[-50.0], [0.0], [50.0], [99.5], [1e9]]).ravel().tolist() == [1, 1, 50, 99, 99]


@pytest.mark.parametrize(("lower", "upper"), [(0.9, 0.1), (0.5, 0.5), (-0.1, 0.9), (0.1, 1.1)])
def test_winsorizer_refuses_bounds_that_are_not_ascending_quantiles(lower: float, upper: float) -> None:
    """Quantiles out of order or out of range are refused with both values."""
    with pytest.raises(UsageError, match=rf"Got {lower} and {upper} instead"):
        Winsorizer(lower, upper).fit([[1.0], [2.0]])


def test_signed_log_by_hand() -> None:
    """With |x| of 1, 3, 8 the scale is 3, and sign and zero are kept."""
    step = SignedLog().fit([[-1.0], [3.0], [8.0]])
    assert step.scale_.tolist() == [3.0]
    expected = [-np.log(2.0), 0.0, np.log(2.0), np.log(4.0)]
    assert step.transform([[-3.0], [0.0], [3.0], [9.0]]).ravel() == pytest.approx(expected)


def test_signed_log_scale_falls_back_to_the_mean_above_zero() -> None:
    """Where more than half are 0 the scale is the mean of the rest; where all are, it is 1."""
    step = SignedLog().fit([[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [-2.0, 0.0], [6.0, 0.0]])
    assert step.scale_.tolist() == [4.0, 1.0]


@given(values=amounts, factor=st.floats(0.001, 1000))
def test_signed_log_does_not_depend_on_the_unit(values: np.ndarray, factor: float) -> None:
    """Multiplying a column by a positive number changes no value."""
    X = values.reshape(-1, 1)
    expected = SignedLog().fit_transform(X)
    if values.any():
        np.testing.assert_allclose(SignedLog().fit_transform(X * factor), expected, rtol=1e-9, atol=1e-12)


@given(values=amounts)
def test_signed_log_keeps_the_order(values: np.ndarray) -> None:
    """A larger amount never gets a smaller logarithm, and equal amounts get equal ones."""
    X = np.sort(values).reshape(-1, 1)
    steps = np.diff(SignedLog().fit_transform(X).ravel())
    assert ((steps > 0) == (np.diff(X.ravel()) > 0)).all()
    assert (steps >= 0).all()


def test_steps_keep_a_dataframe_usable() -> None:
    """Asked for pandas, each step keeps the index and the names of the columns."""
    frame = pd.DataFrame({"frequency": [1.0, 2.0], "monetary": [5.0, 9.0]}, index=["a", "b"])
    for step in (ColumnSelector(["monetary"]), MedianFill(), Winsorizer(), SignedLog(), QuantileRanks()):
        result = step.set_output(transform="pandas").fit_transform(frame)
        assert list(result.index) == ["a", "b"]
        assert set(result.columns) <= set(frame.columns)


def test_selector_takes_columns_by_name_in_its_own_order() -> None:
    """Other columns, and another order of them, change nothing."""
    frame = pd.DataFrame({"note": ["x", "y"], "monetary": [5.0, 9.0], "frequency": [1.0, 2.0]})
    selector = ColumnSelector(["frequency", "monetary"]).fit(frame[["frequency", "monetary"]])
    assert selector.transform(frame).tolist() == [[1.0, 5.0], [2.0, 9.0]]
    assert selector.get_feature_names_out().tolist() == ["frequency", "monetary"]


def test_selector_names_the_column_that_is_missing() -> None:
    """The message has the missing column and those that there are."""
    with pytest.raises(DataError, match=r"no column 'monetary'. They have: frequency\."):
        ColumnSelector(["frequency", "monetary"]).fit(pd.DataFrame({"frequency": [1.0]}))


def test_selector_refuses_an_array_of_another_width() -> None:
    """An array without names must hold just the columns."""
    with pytest.raises(UsageError, match="X has 1 columns where 2 are wanted: frequency, monetary"):
        ColumnSelector(["frequency", "monetary"]).fit([[1.0], [2.0]])


def test_ranks_by_hand() -> None:
    """Of 0, 10, 10, 30 with quantiles at thirds, ties share the middle of their stretch, and beyond is 0 or 1."""
    step = QuantileRanks(n_quantiles=4).fit([[0.0], [10.0], [10.0], [30.0]])
    assert step.quantiles_.ravel().tolist() == [0, 10, 10, 30]
    assert step.transform([[-5.0], [0.0], [5.0], [10.0], [20.0], [99.0]]).ravel() == pytest.approx(
        [0, 0, 1 / 6, 1 / 2, 5 / 6, 1]
    )


def test_ranks_agree_with_scikit_learn() -> None:
    """Where that one draws no sample, the ranks are the same, but for the lowest value, which it puts to 0."""
    X = np.random.default_rng(0).geometric(0.3, size=(1000, 2)).astype(float)
    theirs = QuantileTransformer(n_quantiles=200, subsample=None).fit(X)
    inner = (X.min(axis=0) < X) & (X.max(axis=0) > X)
    ranks = QuantileRanks(n_quantiles=200).fit(X).transform(X)
    np.testing.assert_allclose(ranks[inner], theirs.transform(X)[inner], atol=1e-7)


def test_ranks_want_two_quantiles() -> None:
    """One point is no scale."""
    with pytest.raises(UsageError, match=r"'n_quantiles' parameter of QuantileRanks must be an int >= 2\. Got 1"):
        QuantileRanks(n_quantiles=1).fit([[1.0]])
