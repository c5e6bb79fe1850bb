"""Placing by neighbours: everybody by one way, alone as in a batch, unusual customers, whatever the order."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import DBSCAN, HDBSCAN, OPTICS, AgglomerativeClustering
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from customerbase.errors import UsageError
from customerbase.segmentation.clustering import single_thread
from customerbase.segmentation.fidelity import measure_fidelity
from customerbase.segmentation.inductive import UNUSUAL, InductiveClusterer
from customerbase.segmentation.suggestions import SuggestedDBSCAN, SuggestedHDBSCAN, suggest_eps

ESTIMATORS = [
    InductiveClusterer(),
    InductiveClusterer(SuggestedDBSCAN(eps=0.9)),
    InductiveClusterer(SuggestedHDBSCAN(), max_fit_customers=40),
    SuggestedDBSCAN(),
    SuggestedHDBSCAN(),
]
INDUCTIVE: dict[str, Any] = {
    "ward": AgglomerativeClustering(n_clusters=3),
    "average": AgglomerativeClustering(n_clusters=3, linkage="average"),
    "dbscan": SuggestedDBSCAN(),
    "hdbscan": SuggestedHDBSCAN(),
    "own DBSCAN": DBSCAN(eps=0.8),
    "own HDBSCAN": HDBSCAN(min_cluster_size=20, copy=True),
    "own OPTICS": OPTICS(min_samples=10),
}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    with single_thread():
        yield


@pytest.fixture(scope="module")
def blobs() -> tuple[np.ndarray, np.ndarray]:
    """Three clear groups of 600 customers, and 20 far away from everybody."""
    X, y = make_blobs(n_samples=580, centers=[(0, 0), (8, 0), (0, 8)], cluster_std=0.8, random_state=0)
    rng = np.random.default_rng(1)
    angles = rng.uniform(0, 2 * np.pi, 20)
    far = 40 * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.concatenate([X, far]), np.concatenate([y, np.full(20, UNUSUAL)])


@parametrize_with_checks(ESTIMATORS)  # type: ignore[untyped-decorator]
def test_estimator_contract(estimator: Any, check: Callable[[Any], None]) -> None:
    """Each estimator passes every check of scikit-learn."""
    check(estimator)


@pytest.mark.parametrize("name", INDUCTIVE)
def test_a_customer_alone_is_placed_as_in_the_batch(name: str, blobs: tuple[np.ndarray, np.ndarray]) -> None:
    """One row, any part, and any order of the rows give the same labels, of the sample and of newcomers."""
    X, _ = blobs
    model = InductiveClusterer(INDUCTIVE[name], max_fit_customers=300).fit(X)
    newcomers = np.random.default_rng(2).uniform(-6, 12, (60, 2))
    for rows in (X[:60], newcomers):
        together = model.predict(rows)
        assert [int(model.predict(row.reshape(1, -1))[0]) for row in rows] == together.tolist()
        assert model.predict(rows[::-1])[::-1].tolist() == together.tolist()


@pytest.mark.parametrize("name", INDUCTIVE)
def test_order_of_customers_has_no_say(name: str, blobs: tuple[np.ndarray, np.ndarray]) -> None:
    """Shuffled rows draw the same sample and make the same groups."""
    X, _ = blobs
    order = np.random.default_rng(3).permutation(len(X))
    first, second = (InductiveClusterer(INDUCTIVE[name], max_fit_customers=300).fit(rows) for rows in (X, X[order]))
    assert second.predict(X).tolist() == first.predict(X).tolist()
    np.testing.assert_array_equal(first.points_, second.points_)


@pytest.mark.parametrize("name", INDUCTIVE)
def test_all_customers_learnt_from_keep_the_labels_of_the_method(
    name: str, blobs: tuple[np.ndarray, np.ndarray]
) -> None:
    """Where no sample is needed, the result is the method's own, customer by customer."""
    X, _ = blobs
    X = np.unique(X, axis=0)
    model = InductiveClusterer(INDUCTIVE[name]).fit(X)
    assert model.labels_.tolist() == model.clusterer_.fit_predict(X).tolist()


@pytest.mark.parametrize("name", ["dbscan", "hdbscan", "own DBSCAN"])
def test_unusual_customers_are_found_in_and_out_of_the_sample(name: str, blobs: tuple[np.ndarray, np.ndarray]) -> None:
    """Groups come out whole, those far away are unusual, and so is a newcomer further than everybody."""
    X, truth = blobs
    model = InductiveClusterer(INDUCTIVE[name], max_fit_customers=300).fit(X)
    assert (model.labels_[truth == UNUSUAL] == UNUSUAL).all()
    has_group = model.labels_ != UNUSUAL
    assert has_group[truth != UNUSUAL].mean() > 0.9
    assert adjusted_rand_score(truth[has_group], model.labels_[has_group]) == 1
    assert model.predict([[500.0, 500.0]]).tolist() == [UNUSUAL]
    assert model.predict([[0.0, 0.0]]).tolist() != [UNUSUAL]


def test_reach_of_dbscan_by_hand() -> None:
    """A newcomer within eps of a core belongs to its group, one beyond does not, cores alone counting."""
    model = InductiveClusterer(DBSCAN(eps=1.0, min_samples=3)).fit([[0.0], [1.0], [2.0], [3.0], [50.0]])
    # 1 and 2 are cores; 0 and 3 are borders, 50 is none.
    assert np.asarray(model.reaches_).tolist() == [0, 1, 1, 0, 0]
    assert model.labels_.tolist() == [0, 0, 0, 0, UNUSUAL]
    assert model.predict([[3.0], [2.9], [3.1], [0.0], [-0.1], [50.0], [50.5]]).tolist() == [0, 0, -1, 0, -1, -1, -1]


def test_shares_of_neighbours_by_hand() -> None:
    """Of neighbours at distances 1, 2 and 4 the weights are 1, 1/2 and 1/4."""
    model = InductiveClusterer(AgglomerativeClustering(n_clusters=2), n_neighbors=3).fit([[0.0], [1.0], [9.0], [10.0]])
    low, high = model.predict([[0.0], [10.0]])
    shares = model.predict_proba([[5.0 - 1.0]])[0]  # neighbours: 1 (3 away), 0 (4 away), 9 (5 away)
    assert shares[list(model.classes_).index(low)] == pytest.approx((1 + 3 / 4) / (1 + 3 / 4 + 3 / 5))
    assert shares[list(model.classes_).index(high)] == pytest.approx((3 / 5) / (1 + 3 / 4 + 3 / 5))


@pytest.mark.parametrize("name", INDUCTIVE)
def test_shares_sum_to_one_and_lead_to_the_label(name: str, blobs: tuple[np.ndarray, np.ndarray]) -> None:
    """The label is that of the largest share."""
    X, _ = blobs
    model = InductiveClusterer(INDUCTIVE[name], max_fit_customers=300).fit(X)
    shares = model.predict_proba(X)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_array_equal(model.classes_[shares.argmax(axis=1)], model.predict(X))


def test_a_group_of_nobody_makes_everybody_unusual() -> None:
    """Where no customer is near another, all are unusual, and nothing fails."""
    X = np.array([[0.0], [100.0], [250.0], [900.0]])
    model = InductiveClusterer(DBSCAN(eps=1.0)).fit(X)
    assert model.labels_.tolist() == [UNUSUAL] * 4
    assert model.predict([[3.0]]).tolist() == [UNUSUAL]


@pytest.mark.parametrize(("parameter", "value"), [("n_neighbors", 0), ("max_fit_customers", 1), ("n_neighbors", 2.5)])
def test_parameters_out_of_range_are_refused(parameter: str, value: Any) -> None:
    """The message has the parameter, the rule and the value."""
    with pytest.raises(UsageError, match=rf"'{parameter}' parameter of InductiveClusterer must be an int >= \d. Got"):
        InductiveClusterer(**{parameter: value}).fit([[0.0], [1.0], [2.0]])


def test_accuracy_by_hand() -> None:
    """With one neighbour and groups far apart, everybody left out comes where the method puts them."""
    X = np.repeat([0.0, 100.0], 50).reshape(-1, 1) + np.random.default_rng(0).normal(size=(100, 1))
    fidelity = measure_fidelity(InductiveClusterer(n_neighbors=1, max_fit_customers=40), X)
    assert (fidelity.accuracy, fidelity.agreement) == (1, 1)
    assert (fidelity.n_sample, fidelity.n_left_out) == (40, 8)


def test_on_a_continuum_accuracy_is_high_and_agreement_is_not() -> None:
    """Neighbours stand in for the method, yet another sample is cut elsewhere: the two figures tell them apart."""
    X = np.random.default_rng(0).uniform(size=(4000, 2))
    ward = InductiveClusterer(AgglomerativeClustering(n_clusters=8), max_fit_customers=1000)
    fidelity = measure_fidelity(ward, X)
    assert fidelity.accuracy >= 0.95
    assert 0.2 < fidelity.agreement < 0.8
    assert measure_fidelity(ward, X[::-1]) == fidelity


def test_fidelity_agrees_with_its_definition() -> None:
    """Worked out again: the method labels the whole sample, four fifths place the rest by their nearest."""
    X = np.random.default_rng(5).normal(size=(200, 2))
    ward = AgglomerativeClustering(n_clusters=4)
    fidelity = measure_fidelity(InductiveClusterer(ward, n_neighbors=1), X, random_state=7)
    shuffled = np.random.default_rng(7).permutation(X[np.lexsort((X[:, 1], X[:, 0]))])
    sample = shuffled[:100]
    labels = ward.fit_predict(sample)
    nearest = [20 + np.linalg.norm(sample[20:] - row, axis=1).argmin() for row in sample[:20]]
    assert fidelity.accuracy == np.mean(labels[nearest] == labels[:20])


def test_fidelity_is_for_inductive_models_of_enough_customers() -> None:
    """Anything else is refused with the reason."""
    with pytest.raises(UsageError, match=r"must end in an InductiveClusterer\. Got DBSCAN"):
        measure_fidelity(DBSCAN(), [[0.0]])
    with pytest.raises(UsageError, match=r"at least 10 customers\. Got 2"):
        measure_fidelity(InductiveClusterer(), [[0.0], [1.0]])


def test_eps_is_the_knee_by_hand() -> None:
    """Sorted distances 1, 1, 1, 1, 47: the last of the flat part lies furthest below the line from 1 to 47."""
    assert suggest_eps([[0.0], [1.0], [2.0], [3.0], [50.0]], 2) == 1
    assert suggest_eps([[4.0]] * 5, 2) == 1
    assert suggest_eps([[0.0]] * 9 + [[5.0]], 2) == 5


@pytest.mark.parametrize("make", [SuggestedDBSCAN, SuggestedHDBSCAN])
@pytest.mark.parametrize("share", [-0.1, 0.6])
def test_share_of_a_group_is_a_share(make: Callable[..., Any], share: float) -> None:
    """The message names the estimator and the value."""
    with pytest.raises(UsageError, match=rf"of {make.__name__} must be from 0 to 0.5. Got {share}"):
        make(min_cluster_share=share).fit([[0.0], [1.0]])


def test_dbscan_dissolves_groups_below_the_share() -> None:
    """A pair beside forty is a group of its own, or nobody, as the share says; labels stay without a gap."""
    X = np.concatenate([[[-60.0], [-60.1]], np.linspace(0, 4, 40).reshape(-1, 1), [[90.0]]])
    small, large = (SuggestedDBSCAN(0.5, 2, min_cluster_share=share).fit(X).labels_ for share in (0, 0.1))
    assert small.tolist() == [0, 0, *[1] * 40, -1]
    assert large.tolist() == [-1, -1, *[0] * 40, -1]
