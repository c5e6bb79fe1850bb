"""Clusterers: refusals, determinism, and no dependence on prices, units, other columns or the order of customers."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_info, threadpool_limits

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.clustering import (
    CLUSTERERS,
    DEFAULT_COLUMNS,
    FINDS_NUMBER,
    make_clusterer,
    single_thread,
)


def make_customers(n_customers: int = 300, random_state: int = 0) -> pd.DataFrame:
    """Draw customers from one continuous shop, skewed as shops are, with a few net returners."""
    rng = np.random.default_rng(random_state)
    frequency = rng.geometric(0.25, n_customers)
    monetary = np.round(frequency * rng.lognormal(5, 1, n_customers), 2)
    monetary[:3] = [-64.68, 0.0, 0.0]
    recency_days = np.ceil(rng.exponential(200, n_customers))
    return pd.DataFrame({"recency_days": recency_days, "frequency": frequency, "monetary": monetary}, dtype=float)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Beside other tests, k-means on all cores would wait for them at every step."""
    with single_thread():
        yield


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return make_customers()


@pytest.fixture(scope="module")
def labels(customers: pd.DataFrame) -> np.ndarray:
    return np.asarray(make_clusterer().fit_predict(customers))


def test_default_makes_six_segments_of_three_columns(labels: np.ndarray) -> None:
    """Without options there are six segments on recency, frequency and monetary."""
    assert set(labels) == set(range(6))
    assert (
        make_clusterer().named_steps["select"].columns == DEFAULT_COLUMNS == ("recency_days", "frequency", "monetary")
    )


def test_pipeline_prepares_as_documented(customers: pd.DataFrame) -> None:
    """What k-means sees is winsorised, then the signed log over the median, then standardised."""
    values = customers.to_numpy()
    clipped = np.clip(values, *np.quantile(values, [0.01, 0.99], axis=0))
    logs = np.sign(clipped) * np.log1p(np.abs(clipped) / np.median(np.abs(clipped), axis=0))
    expected = (logs - logs.mean(axis=0)) / logs.std(axis=0)
    model = make_clusterer(n_segments=2).fit(customers)
    np.testing.assert_allclose(model[:-1].transform(customers), expected)


def test_clear_groups_are_found() -> None:
    """Three kinds of customers that lie far apart come out as three segments."""
    rng = np.random.default_rng(1)
    kinds = np.repeat([0, 1, 2], 40)
    centers = np.array([[5.0, 20.0, 5000.0], [200.0, 5.0, 800.0], [600.0, 1.0, 30.0]])
    X = pd.DataFrame(centers[kinds] * rng.uniform(0.9, 1.1, (120, 3)), columns=list(DEFAULT_COLUMNS))
    shuffled = X.sample(frac=1, random_state=0)
    found = pd.Series(make_clusterer(n_segments=3).fit_predict(shuffled), index=shuffled.index).sort_index()
    assert adjusted_rand_score(kinds, found) == 1


@settings(max_examples=15, deadline=None)
@given(factor=st.floats(0.01, 10_000))
def test_price_scale_changes_no_label(customers: pd.DataFrame, labels: np.ndarray, factor: float) -> None:
    """The same shop in another currency has the same segments."""
    scaled = customers.assign(monetary=customers["monetary"] * factor)
    assert adjusted_rand_score(labels, make_clusterer().fit_predict(scaled)) == 1


def test_order_and_further_columns_do_not_matter(customers: pd.DataFrame, labels: np.ndarray) -> None:
    """Columns are taken by name: reversed, and beside others, they give the same labels."""
    frame = customers[customers.columns[::-1]].assign(favourite_product="85048")
    assert (make_clusterer().fit_predict(frame) == labels).all()


def test_fit_gives_the_same_bytes_whatever_the_number_of_threads() -> None:
    """Within `single_thread` the centres are equal to the last bit, though two threads were allowed outside."""
    customers = make_customers(3000)
    centers = []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads), single_thread():
            centers.append(make_clusterer().fit(customers).named_steps["cluster"].cluster_centers_.tobytes())
    assert centers[0] == centers[1]


def test_single_thread_limits_and_restores() -> None:
    """Every numerical library has one thread inside, and what it had before outside."""
    with threadpool_limits(2):
        with single_thread():
            assert {library["num_threads"] for library in threadpool_info()} == {1}
        assert {library["num_threads"] for library in threadpool_info()} == {2}


def test_newcomers_are_placed_without_fitting(customers: pd.DataFrame, labels: np.ndarray) -> None:
    """One customer alone gets the segment that it has among all."""
    model = make_clusterer().fit(customers)
    assert model.predict(customers.iloc[[7]]).tolist() == [labels[7]]


@pytest.mark.parametrize("name", sorted(set(CLUSTERERS) - set(FINDS_NUMBER)))
def test_every_clusterer_makes_the_number_that_was_asked_for(name: str, customers: pd.DataFrame) -> None:
    """Each entry of the registry gives an estimator that can be cloned, fitted and asked again."""
    model = clone(make_clusterer(name, n_segments=4, random_state=3)).fit(customers)
    assert len(set(model.predict(customers))) == 4


@pytest.mark.parametrize("n_segments", [1, 0, -3, True, 2.0, "6"])
def test_number_of_segments_is_an_int_from_two(n_segments: int) -> None:
    """The message has the parameter, the rule and the value."""
    with pytest.raises(UsageError) as error:
        make_clusterer(n_segments=n_segments)
    assert str(error.value) == (
        f"The 'n_segments' parameter of make_clusterer must be an int >= 2. Got {n_segments!r} instead."
    )


@pytest.mark.parametrize("random_state", [-1, None, 0.5])
def test_seed_is_a_whole_number(random_state: int) -> None:
    """A seed that would not give the same segments again is refused."""
    with pytest.raises(UsageError, match="The 'random_state' parameter of make_clusterer must be an int >= 0"):
        make_clusterer(random_state=random_state)


def test_unknown_name_lists_the_known_ones() -> None:
    """A misspelt algorithm is answered with those that there are."""
    with pytest.raises(UsageError, match=r"must be one of: kmeans.*Got 'k-means' instead"):
        make_clusterer("k-means")


@pytest.mark.parametrize("columns", [(), ("monetary", "monetary"), "monetary"])
def test_columns_are_a_list_of_different_names(columns: tuple[str, ...]) -> None:
    """No column, one column twice and a bare text are refused."""
    with pytest.raises(UsageError, match="The 'columns' parameter of make_clusterer"):
        make_clusterer(columns=columns)


def test_missing_column_is_named(customers: pd.DataFrame) -> None:
    """Features without monetary give one line that says so."""
    with pytest.raises(DataError, match="no column 'monetary'"):
        make_clusterer().fit(customers.drop(columns="monetary"))
