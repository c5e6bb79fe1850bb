"""Stability: groups that are there are found again, cuts through nothing are not."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

from customerbase.errors import UsageError
from customerbase.segmentation.stability import measure_jaccard, measure_stability


def blobs(distance: float, seed: int = 0) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    centers = np.array([[0, 0], [distance, 0], [0, distance]])
    return np.concatenate([rng.normal(center, 1, (300, 2)) for center in centers])


def test_clear_groups_are_found_again_and_noise_is_not() -> None:
    """Three groups far apart come back whole; five clusters of one round cloud do not."""
    clear, cloud = blobs(12), np.random.default_rng(1).normal(size=(900, 2))
    three, five = KMeans(3, n_init=5, random_state=0), KMeans(5, n_init=5, random_state=0)
    found = measure_stability(three, clear, three.fit_predict(clear), n_refits=20)
    assert found.adjusted_rand > 0.999
    assert min(found.jaccard) > 0.999
    lost = measure_stability(five, cloud, five.fit_predict(cloud), n_refits=20)
    assert lost.adjusted_rand < 0.8
    assert lost.lower <= lost.adjusted_rand <= lost.upper
    assert len(lost.jaccard) == 5


def test_the_mean_is_that_of_the_refits_by_hand() -> None:
    """With the same draws, another loop gives the same figures."""
    from sklearn.metrics import adjusted_rand_score

    X = blobs(3)
    model = GaussianMixture(3, random_state=0)
    labels = model.fit_predict(X)
    rng = np.random.default_rng(7)
    by_hand = []
    for _ in range(6):
        drawn = X[rng.integers(len(X), size=len(X))]
        refit = GaussianMixture(3, random_state=int(rng.integers(2**31))).fit(drawn)
        by_hand.append(adjusted_rand_score(labels, refit.predict(X)))
    found = measure_stability(model, X, labels, n_refits=6, random_state=7)
    assert found.adjusted_rand == pytest.approx(np.mean(by_hand), abs=1e-12)
    assert (found.lower, found.upper) == pytest.approx(tuple(np.quantile(by_hand, [0.05, 0.95])), abs=1e-12)


def test_jaccard_by_hand() -> None:
    """Of a segment of four, three stand with one stranger: 3 of 5; one without a partner has nothing in common."""
    assert measure_jaccard([0, 0, 0, 0, 1, 1], [5, 5, 5, 2, 5, 2]).tolist() == [3 / 5, 1 / 3]
    assert measure_jaccard([0, 0, 1, 2], [4, 4, 4, 4]).tolist() == [0.5, 0, 0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.permutations(range(5)))
def test_names_of_segments_do_not_matter(labels: list[int], names: list[int]) -> None:
    """The same segments under other numbers are all found again."""
    renamed = [names[label] for label in labels]
    assert measure_jaccard(labels, renamed).tolist() == [1.0] * len(set(labels))


def test_one_refit_is_too_few() -> None:
    """Nothing can be said of its spread."""
    with pytest.raises(UsageError, match=r"must be an int >= 2\. Got 1 instead"):
        measure_stability(KMeans(2), [[0.0], [1.0]], [0, 1], n_refits=1)
