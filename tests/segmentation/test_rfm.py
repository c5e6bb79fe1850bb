"""RFM: scores by hand and by an oracle, ties that stay together, own cut points, schemes and cells."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.model_file import dump_model, load_model, make_probe
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS, SCORE_COLUMNS, make_rfm
from customerbase.segmentation.schemes import cells, load_scheme

FAILED_CHECKS = dict.fromkeys(
    (
        "check_clustering",
        "check_dtype_object",
        "check_estimators_dtypes",
        "check_estimators_fit_returns_self",
        "check_estimators_overwrite_params",
        "check_fit2d_1sample",
        "check_fit_check_is_fitted",
        "check_fit_idempotent",
        "check_n_features_in",
        "check_n_features_in_after_fitting",
        "check_positive_only_tag_during_fit",
        "check_readonly_memmap_input",
        "check_fit2d_1feature",
    ),
    "the check brings matrices that have not three columns",
)


@parametrize_with_checks(
    [RFM(), RFM(nested=True), RFM(scheme=None, weights=(3, 2, 1))], expected_failed_checks=lambda _: FAILED_CHECKS
)  # type: ignore[untyped-decorator]
def test_estimator_contract(estimator: Any, check: Callable[[Any], None]) -> None:
    """Every check of scikit-learn passes that brings three columns."""
    check(estimator)


def make_frame(recency_days: Any, frequency: Any, monetary: Any) -> pd.DataFrame:
    """Name the three columns."""
    columns = zip(RFM_COLUMNS, (recency_days, frequency, monetary), strict=True)
    return pd.DataFrame({name: np.asarray(values, dtype=float) for name, values in columns})


@pytest.fixture
def customers() -> pd.DataFrame:
    """Draw a skewed shop in which many customers share a value."""
    rng = np.random.default_rng(5)
    frequency = rng.geometric(0.4, 200)
    return make_frame(rng.integers(1, 60, 200), frequency, np.round(frequency * rng.lognormal(4, 1, 200), 2))


def test_scores_of_ten_customers_by_hand() -> None:
    """Frequency 1 covers the first two bins and stays in the first; 2 has 40 % below it and so stands in the third."""
    features = make_frame(
        recency_days=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        frequency=[10, 8, 3, 3, 2, 2, 1, 1, 1, 1],
        monetary=[90, 90, 80, 70, 60, 50, 40, 30, 20, -5],
    )
    scores = RFM().fit(features).transform(features).T.tolist()
    assert scores == [
        [5, 5, 4, 4, 3, 3, 2, 2, 1, 1],
        [5, 5, 4, 4, 3, 3, 1, 1, 1, 1],
        [5, 5, 4, 4, 3, 3, 2, 2, 1, 1],
    ]


def test_cut_points_are_the_last_values_of_their_bins() -> None:
    """Of ten customers in five bins, the second, fourth, sixth and eighth value end a bin."""
    model = RFM().fit(make_frame(range(10, 0, -1), [1, 1, 1, 1, 2, 2, 3, 3, 8, 10], range(10)))
    assert {name: edges.tolist() for name, edges in model.edges_.items()} == {
        "recency_days": [2, 4, 6, 8],
        "frequency": [1, 1, 2, 3],
        "monetary": [1, 3, 5, 7],
    }


@pytest.mark.parametrize("n_bins", [2, 3, 5, 7, 9])
def test_scores_equal_the_share_of_customers_below(customers: pd.DataFrame, n_bins: int) -> None:
    """Oracle in pandas: a bin is 1 + floor(n_bins * share strictly below), reversed for recency."""
    below = customers.rank(method="min").astype(int) - 1
    bins = 1 + below * n_bins // len(customers)
    bins["recency_days"] = n_bins + 1 - bins["recency_days"]
    scores = RFM(n_bins=n_bins, scheme=None).fit_transform(customers)
    np.testing.assert_array_equal(scores, bins.to_numpy())


def test_bins_are_about_equal_where_no_values_are_shared() -> None:
    """A hundred different values make five scores of twenty customers each."""
    values = np.random.default_rng(0).permutation(100)
    scores = RFM().fit_transform(make_frame(values, values, values))
    for column in scores.T:
        assert np.unique(column, return_counts=True)[1].tolist() == [20] * 5


values = st.lists(st.integers(-20, 20), min_size=1, max_size=60)


@given(values=values, n_bins=st.integers(2, 9))
def test_equal_values_share_a_score_and_larger_ones_never_score_worse(values: list[int], n_bins: int) -> None:
    """Scores are a monotone function of the value alone: rising for frequency and monetary, falling for recency."""
    values = sorted(values)
    scores = RFM(n_bins=n_bins, scheme=None).fit_transform(make_frame(values, values, values))
    steps, ties = np.diff(scores, axis=0), np.diff(values) == 0
    assert (steps[ties] == 0).all()
    assert (steps * [-1, 1, 1] >= 0).all()
    assert set(scores.ravel()) <= set(range(1, n_bins + 1))


@given(amounts=st.lists(st.integers(-(10**8), 10**9), min_size=1, max_size=60), factor=st.floats(0.001, 1000))
def test_price_scale_moves_no_score(amounts: list[int], factor: float) -> None:
    """The same shop in another currency has the same scores."""
    features = make_frame([3] * len(amounts), [1] * len(amounts), amounts)
    scaled = features.assign(monetary=features["monetary"] * factor)
    np.testing.assert_array_equal(RFM().fit_transform(scaled), RFM().fit_transform(features))


@given(order=st.permutations(range(30)))
def test_order_of_customers_does_not_matter(order: list[int]) -> None:
    """Shuffled customers keep their segments."""
    rng = np.random.default_rng(2)
    features = make_frame(rng.integers(1, 9, 30), rng.integers(1, 4, 30), rng.integers(0, 9, 30))
    expected = RFM().fit_predict(features)
    np.testing.assert_array_equal(RFM().fit_predict(features.iloc[order]), expected[order])


def test_newcomers_are_placed_by_learnt_cut_points() -> None:
    """Values between, below and beyond those that were seen have a score; nobody else is needed for it."""
    model = RFM().fit(make_frame(range(10, 0, -1), range(1, 11), range(10, 110, 10)))
    newcomers = make_frame([0, 4.5, 999], [0, 4.5, 999], [-50, 20.01, 1e9])
    assert model.transform(newcomers).tolist() == [[5, 1, 1], [3, 3, 2], [1, 5, 5]]
    assert model.transform(newcomers.iloc[[2]]).tolist() == [[1, 5, 5]]


def test_own_cut_points_include_their_value_and_the_rest_is_learnt() -> None:
    """Up to 30 days is the best of three recency scores; columns without cut points are learnt as ever."""
    features = make_frame([30, 31, 180, 181], [1, 1, 2, 3], [5, 6, 7, 8])
    model = RFM(n_bins=3, edges={"recency_days": [30, 180]}, scheme=None).fit(features)
    learnt = RFM(n_bins=3, scheme=None).fit(features)
    assert model.transform(features)[:, 0].tolist() == [3, 2, 2, 1]
    np.testing.assert_array_equal(model.transform(features)[:, 1:], learnt.transform(features)[:, 1:])


def test_segments_are_those_of_the_scheme(customers: pd.DataFrame) -> None:
    """The name of each customer's segment is the one under which the scheme lists its cell."""
    model = RFM().fit(customers)
    segments = load_scheme("cells-11").segments
    assert model.segment_names_.tolist() == list(segments)
    for scores, position in zip(model.transform(customers), model.predict(customers), strict=True):
        assert "".join(map(str, scores)) in segments[str(model.segment_names_[position])]
    np.testing.assert_array_equal(model.labels_, model.predict(customers))


def test_without_a_scheme_each_cell_is_a_segment(customers: pd.DataFrame) -> None:
    """Segments are then named by their three scores, the best first."""
    model = RFM(n_bins=3, scheme=None).fit(customers)
    assert model.segment_names_.tolist() == list(cells(3))
    names = model.segment_names_[model.predict(customers)]
    assert names.tolist() == ["".join(map(str, scores)) for scores in model.transform(customers)]


@pytest.mark.parametrize("n_bins", [3, (2, 5, 4)])
def test_nested_scores_equal_the_share_below_within_the_group(customers: pd.DataFrame, n_bins: Any) -> None:
    """Oracle in pandas: frequency is ranked within each recency score, monetary within recency and frequency."""
    n_recency, n_frequency, n_monetary = (n_bins,) * 3 if isinstance(n_bins, int) else n_bins

    def bins(values: pd.Series, n: int) -> pd.Series:
        return 1 + (values.rank(method="min").astype(int) - 1) * n // len(values)

    expected = pd.DataFrame({"r": n_recency + 1 - bins(customers["recency_days"], n_recency)})
    expected["f"] = customers.groupby(expected["r"])["frequency"].transform(bins, n_frequency)
    expected["m"] = customers.groupby([expected["r"], expected["f"]])["monetary"].transform(bins, n_monetary)
    model = RFM(n_bins=n_bins, scheme=None, nested=True).fit(customers)
    np.testing.assert_array_equal(model.transform(customers), expected.to_numpy())
    assert model.edges_["frequency"].shape == (n_recency, n_frequency - 1)
    assert model.edges_["monetary"].shape == (n_recency, n_frequency, n_monetary - 1)


def test_nested_bins_are_about_equal() -> None:
    """A thousand customers without ties fill 125 nested cells with eight each, however much the columns correlate."""
    rng = np.random.default_rng(1)
    worth = rng.normal(size=1_000)
    features = make_frame(*(sign * worth + 0.1 * rng.normal(size=1_000) for sign in (-1, 1, 1)))
    model = RFM(scheme=None, nested=True).fit(features)
    assert np.bincount(model.labels_, minlength=125).tolist() == [8] * 125
    assert np.bincount(RFM(scheme=None).fit(features).labels_, minlength=125).max() > 50


def test_nested_newcomers_by_hand() -> None:
    """Each is scored by the cut points of its own group, alone as in a batch; a group without anybody borrows some."""
    learnt = make_frame([1, 1, 1, 1, 90, 90, 90, 90], [9, 8, 7, 6, 1, 1, 1, 1], [40, 30, 20, 10, 8, 6, 4, 2])
    model = RFM(n_bins=2, scheme=None, nested=True).fit(learnt)
    assert model.edges_["frequency"].tolist() == [[1], [7]]
    # Nobody is silent (1) and frequent (2): that group has the cut point of all the silent.
    assert model.edges_["monetary"].tolist() == [[[4], [4]], [[10], [30]]]
    newcomers = make_frame([1, 1, 90, 200], [7, 8, 2, 1], [11, 30, 5, 4])
    expected = [[2, 1, 2], [2, 2, 1], [1, 2, 2], [1, 1, 1]]
    assert model.transform(newcomers).tolist() == expected
    assert [model.transform(newcomers.iloc[[i]])[0].tolist() for i in range(4)] == expected


def test_own_cut_points_hold_in_every_group() -> None:
    """Nested with given edges for frequency: they are the same within each recency score."""
    features = make_frame([1, 2, 3, 4], [1, 2, 3, 4], [1, 1, 1, 1])
    model = RFM(n_bins=2, edges={"frequency": [2]}, scheme=None, nested=True).fit(features)
    assert model.edges_["frequency"].tolist() == [[2], [2]]


def test_weighted_tiers_equal_quantiles_of_the_weighted_mean(customers: pd.DataFrame) -> None:
    """Oracle in pandas: 3r + 2f + m with less than a fifth above is the first tier; equal sums share a tier."""
    model = RFM(scheme=None, weights=(3, 2, 1)).fit(customers)
    total = pd.Series(RFM().fit_transform(customers) @ [3, 2, 1])
    tiers = 1 + (total.rank(method="min", ascending=False).astype(int) - 1) * 5 // len(total)
    names = [f"Tier {number}" for number in tiers]
    assert model.segment_names_[model.predict(customers)].tolist() == names
    assert model.segment_names_.tolist() == ["Tier 1", "Tier 2", "Tier 3", "Tier 4", "Tier 5"]


def test_weights_count_in_proportion(customers: pd.DataFrame) -> None:
    """Thirds and threes are the same weights; a weight of 0 leaves a score out."""
    thirds = RFM(scheme=None, weights=(0.1, 0.2, 0.3)).fit_predict(customers)
    np.testing.assert_array_equal(RFM(scheme=None, weights=(1, 2, 3)).fit_predict(customers), thirds)
    alone = RFM(scheme=None, weights=(1, 0, 0)).fit(customers)
    tiers = dict(zip(alone.transform(customers)[:, 0].tolist(), alone.labels_.tolist(), strict=True))
    assert alone.labels_.tolist() == [tiers[score] for score in alone.transform(customers)[:, 0]]
    assert [tiers[score] for score in range(5, 0, -1)] == sorted(tiers.values())
    assert tiers[5] == 0


@pytest.mark.parametrize("weights", [(1, 2), (1, -1, 1), (0, 0, 0), "rfm", (1, 2, float("nan"))])
def test_faulty_weights_are_refused(weights: Any, customers: pd.DataFrame) -> None:
    """There must be three, none negative, and one above 0."""
    with pytest.raises(UsageError, match="'weights' parameter of RFM must be three numbers >= 0"):
        RFM(scheme=None, weights=weights).fit(customers)


def test_weights_and_a_scheme_exclude_each_other(customers: pd.DataFrame) -> None:
    """Tiers of a weighted score are segments of their own."""
    with pytest.raises(UsageError, match=r"scheme 'cells-11' has segments of its own. Leave the weights out"):
        RFM(weights=(3, 2, 1)).fit(customers)


def test_a_scheme_brings_its_bins_and_its_cut_points() -> None:
    """Klaviyo has three scores, and a customer of 180 days is recent at every shop; own cut points go before."""
    features = make_frame([1, 180, 181, 365, 366, 900], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6])
    model = RFM(scheme="klaviyo-6").fit(features)
    assert model.transform(features)[:, 0].tolist() == [3, 3, 2, 2, 1, 1]
    assert model.transform(features)[:, 1].tolist() == [1, 1, 2, 2, 3, 3]
    other = RFM(scheme="klaviyo-6", edges={"recency_days": [1, 900]}).fit(features)
    assert other.transform(features)[:, 0].tolist() == [3, 2, 2, 2, 2, 2]


def test_a_scheme_of_ones_own_as_file_and_as_data(customers: pd.DataFrame, tmp_path: Path) -> None:
    """The file, what it says, and the model that the options of a shop make are one and the same."""
    file = tmp_path / "ours.toml"
    file.write_text('otherwise = "Rest"\n[segments]\nVIP = { r = "4-5", fm = "4-5" }\n', encoding="utf-8")
    by_file = RFM(scheme=str(file)).fit(customers)
    scores = by_file.transform(customers)
    vip = (scores[:, 0] >= 4) & (scores[:, 1] + scores[:, 2] >= 8)
    assert by_file.segment_names_.tolist() == ["VIP", "Rest"]
    np.testing.assert_array_equal(by_file.labels_, np.where(vip, 0, 1))
    model = make_rfm({"scheme": str(file)})
    file.unlink()
    np.testing.assert_array_equal(model.fit_predict(customers), by_file.labels_)
    assert model.scheme["name"] == "ours"


@pytest.mark.parametrize(
    "model",
    [
        RFM(scheme="klaviyo-6"),
        RFM(scheme={"segments": {"VIP": {"r": 5}}, "otherwise": "Rest"}),
        RFM(n_bins=(3, 4, 5), scheme=None, nested=True),
        RFM(scheme=None, weights=[3, 2, 1]),
    ],
    ids=["published", "own", "nested", "weighted"],
)
def test_every_form_goes_through_a_model_file(model: RFM, customers: pd.DataFrame) -> None:
    """What was learnt comes back and places customers alike, without the file of a scheme."""
    model.fit(customers)
    again = load_model(dump_model(model, make_probe(model), {}))
    np.testing.assert_array_equal(again.predict(customers), model.labels_)
    np.testing.assert_array_equal(again.transform(customers), model.transform(customers))


def test_nested_is_true_or_false(customers: pd.DataFrame) -> None:
    """A text is no answer."""
    with pytest.raises(UsageError, match=r"'nested' parameter of RFM must be true or false. Got 'yes' instead"):
        RFM(nested="yes").fit(customers)  # type: ignore[arg-type]


def test_columns_are_taken_by_name(customers: pd.DataFrame) -> None:
    """Another order of columns and further ones change nothing; a bare array has them in their order."""
    expected = RFM().fit_predict(customers)
    frame = customers[customers.columns[::-1]].assign(favourite_product="85048")
    np.testing.assert_array_equal(RFM().fit_predict(frame), expected)
    np.testing.assert_array_equal(RFM().fit_predict(customers.to_numpy()), expected)


def test_scores_come_as_a_dataframe_when_asked_for(customers: pd.DataFrame) -> None:
    """With pandas output the scores have names and keep the index."""
    frame = customers.set_index("C" + customers.index.astype(str))
    scores = RFM().set_output(transform="pandas").fit_transform(frame)
    assert tuple(scores.columns) == SCORE_COLUMNS
    assert scores.index.equals(frame.index)


def test_fit_changes_neither_parameters_nor_the_frame(customers: pd.DataFrame) -> None:
    """An RFM can be cloned with its own cut points, and the caller's frame stays as it was."""
    before = customers.copy()
    model = clone(RFM(edges={"frequency": [1, 2, 3, 5]})).fit(customers)
    assert model.get_params() == {
        "n_bins": None,
        "edges": {"frequency": [1, 2, 3, 5]},
        "scheme": "cells-11",
        "nested": False,
        "weights": None,
    }
    pd.testing.assert_frame_equal(customers, before)


@pytest.mark.parametrize("n_bins", [1, 10, 2.0, True, "5", (5, 5), (5, 5, 1), (5, 5, "5")])
def test_number_of_bins_is_an_int_from_two_to_nine(n_bins: Any, customers: pd.DataFrame) -> None:
    """Scores are single digits, so ten bins are refused as one bin is."""
    with pytest.raises(UsageError) as error:
        RFM(n_bins=n_bins).fit(customers)
    assert str(error.value) == (
        "The 'n_bins' parameter of RFM must be an int from 2 to 9, or three of them: for recency, frequency and "
        f"monetary. Got {n_bins!r} instead."
    )


def test_scheme_wants_its_own_number_of_bins(customers: pd.DataFrame) -> None:
    """The message says both ways out."""
    with pytest.raises(UsageError) as error:
        RFM(n_bins=4).fit(customers)
    assert str(error.value) == (
        "RFM scheme 'cells-11' is made for n_bins=5. Got n_bins=4 instead. "
        "Leave n_bins out, or choose scheme 'none' to make each combination of scores a segment."
    )


@pytest.mark.parametrize("edges", [[1, 2, 3], [1, 2, 2, 3], [4, 3, 2, 1], [1, 2, 3, float("inf")], [[1, 2, 3, 4]]])
def test_own_cut_points_are_ascending_and_one_less_than_bins(edges: list[float], customers: pd.DataFrame) -> None:
    """Too few, equal, falling, infinite or nested cut points are refused with the column and the values."""
    with pytest.raises(UsageError, match="must have 4 ascending numbers for 'monetary', one less than n_bins=5"):
        RFM(edges={"monetary": edges}).fit(customers)


def test_cut_points_of_an_unknown_column_are_refused(customers: pd.DataFrame) -> None:
    """A misspelt column is answered with the three that there are."""
    with pytest.raises(UsageError, match=r"no place for 'recency'. It takes: recency_days, frequency, monetary"):
        RFM(edges={"recency": [1, 2, 3, 4]}).fit(customers)


def test_missing_column_and_wrong_width_are_named(customers: pd.DataFrame) -> None:
    """A frame without monetary, and an array of two columns, give one line each."""
    with pytest.raises(DataError, match="no column 'monetary'"):
        RFM().fit(customers.drop(columns="monetary"))
    with pytest.raises(UsageError, match=r"must have 3 columns: recency_days, frequency, monetary. Got 2 instead"):
        RFM().fit(customers.to_numpy()[:, :2])
