"""Clusterers: refusals, determinism, and no dependence on prices, units, other columns or the order of customers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.cluster import OPTICS, Birch, KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import PowerTransformer
from threadpoolctl import threadpool_info, threadpool_limits

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.clustering import (
    CLUSTERERS,
    DEFAULT_COLUMNS,
    FINDS_NUMBER,
    make_clusterer,
    single_thread,
)
from customerbase.segmentation.inductive import InductiveClusterer


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


@pytest.mark.parametrize("name", sorted(CLUSTERERS))
def test_a_customer_alone_is_placed_as_in_the_batch(name: str, customers: pd.DataFrame) -> None:
    """Every method places one row as it does among others, and a newcomer likewise."""
    model = make_clusterer(name).fit(customers)
    newcomers = pd.concat([customers.head(40), make_customers(40, random_state=9)])
    alone = [int(model.predict(newcomers.iloc[[place]])[0]) for place in range(len(newcomers))]
    assert alone == model.predict(newcomers).tolist()


@pytest.mark.parametrize("name", sorted(CLUSTERERS))
def test_equal_seeds_give_equal_segments(name: str, customers: pd.DataFrame) -> None:
    """Randomness is explicit."""
    first, second = (make_clusterer(name, random_state=5).fit_predict(customers) for _ in range(2))
    assert first.tolist() == second.tolist()


def test_named_methods_are_those_of_scikit_learn(customers: pd.DataFrame) -> None:
    """k-means of the registry is k-means with ten starts on the prepared columns."""
    model = make_clusterer(n_segments=4, random_state=3).fit(customers)
    theirs = KMeans(4, n_init=10, random_state=3).fit_predict(model[:-1].transform(customers))
    assert model.predict(customers).tolist() == theirs.tolist()


def test_own_clusterer_without_predict_is_made_inductive(customers: pd.DataFrame) -> None:
    """Newcomers are placed by their neighbours; a clusterer that can place them itself does."""
    without, with_predict = make_clusterer(OPTICS(min_samples=20)), make_clusterer(Birch(n_clusters=3, threshold=0.1))
    assert isinstance(without[-1], InductiveClusterer)
    assert isinstance(with_predict[-1], Birch)
    for model in (without, with_predict):
        assert len(model.fit(customers).predict(customers.head(5))) == 5


def test_own_clusterer_is_copied_and_gets_a_seed() -> None:
    """A random_state of None becomes that of the pipeline; one that was set stays."""
    given = KMeans(3)
    assert make_clusterer(given, random_state=8)[-1].random_state == 8
    assert given.random_state is None
    assert make_clusterer(KMeans(3, random_state=2), random_state=8)[-1].random_state == 2


def test_own_clusterer_has_its_own_number_of_segments() -> None:
    """Two numbers would contradict each other; the same goes for a method that finds the number."""
    with pytest.raises(UsageError, match="is for named methods"):
        make_clusterer(KMeans(3), n_segments=4)
    with pytest.raises(UsageError, match=r"not for dbscan, which finds the number of segments itself\. Got 4"):
        make_clusterer("dbscan", n_segments=4)
    with pytest.raises(UsageError, match=r"'predict' or 'fit_predict'\. Got 3"):
        make_clusterer(3)


def test_preparation_is_what_was_asked_for(customers: pd.DataFrame) -> None:
    """Yeo and Johnson's power of values drawn in at the upper end, over quartiles, worked out again."""
    values = customers.to_numpy()
    clipped = np.minimum(values, np.quantile(values, 0.99, axis=0))
    bent = PowerTransformer(standardize=False).fit_transform(clipped)
    low, middle, high = np.quantile(bent, [0.25, 0.5, 0.75], axis=0)
    model = make_clusterer(n_segments=2, transform="power", winsorize=(0, 0.99), scale="robust").fit(customers)
    np.testing.assert_allclose(model[:-1].transform(customers), (bent - middle) / (high - low))


def test_nothing_but_columns_can_be_asked_for(customers: pd.DataFrame) -> None:
    """Without winsorising, transform and scale the clusterer sees the columns as they are."""
    model = make_clusterer(n_segments=2, transform="none", winsorize=None, scale="none").fit(customers)
    np.testing.assert_array_equal(model[:-1].transform(customers), customers.to_numpy())


def test_components_by_number_and_by_share(customers: pd.DataFrame) -> None:
    """Two components, or as many as explain 90 % of the variance; those of encoded columns are among them."""
    assert make_clusterer(n_segments=2, pca=2).fit(customers)[:-1].transform(customers).shape[1] == 2
    by_share = make_clusterer(n_segments=2, pca=0.9).fit(customers)
    ratios = by_share.named_steps["pca"].explained_variance_ratio_
    assert ratios.sum() >= 0.9 > ratios[:-1].sum()
    encoded = customers.assign(gender=["f", "m", "?"] * 100)
    model = make_clusterer(n_segments=2, one_hot=["gender"], pca=4).fit(encoded)
    assert model.named_steps["pca"].components_.shape == (4, 6)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("transform", "log"),
        ("transform", None),
        ("scale", "big"),
        ("winsorize", 0.01),
        ("winsorize", (0.9, 0.1)),
        ("winsorize", ("a", "b")),
        ("winsorize", (0, 0.5, 1)),
        ("pca", 0),
        ("pca", 1.5),
        ("pca", True),
        ("pca", "two"),
        ("one_hot", "gender"),
    ],
)
def test_preparation_that_is_not_allowed_is_refused(parameter: str, value: Any) -> None:
    """The message has the parameter, what is allowed, and the value."""
    with pytest.raises(UsageError, match=rf"The '{parameter}' parameter of make_clusterer must be .*Got") as error:
        make_clusterer(**{parameter: value})
    assert "\n" not in str(error.value)
