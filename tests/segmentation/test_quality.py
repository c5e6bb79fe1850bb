"""Quality: figures by hand and from their definitions, and a plain reason where there is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.segmentation.quality import Quality, measure_quality

TWO_PAIRS = [[0.0], [2.0], [10.0], [12.0]]


def test_figures_of_two_pairs_by_hand() -> None:
    """Two pairs 2 apart with means 10 apart: every figure from its definition."""
    quality = measure_quality(TWO_PAIRS, [7, 7, 3, 3])
    # Silhouettes: (11 - 2) / 11 outside, (9 - 2) / 9 inside. Davies-Bouldin: (1 + 1) / 10.
    # Calinski-Harabasz: between 2 * 5² + 2 * 5² = 100 over 1, within 4 over 2.
    assert quality.silhouette == pytest.approx((9 / 11 + 7 / 9) / 2)
    assert quality.davies_bouldin == pytest.approx(0.2)
    assert quality.calinski_harabasz == pytest.approx(50)
    assert quality.inertia == pytest.approx(4)
    assert quality.smallest_share == 0.5
    assert (quality.stability, quality.out_of_time, quality.reasons) == (None, None, ())


def test_smallest_share_is_of_the_smallest_segment() -> None:
    """One customer of four is a quarter, whatever its label; a segment of one is no obstacle."""
    quality = measure_quality(TWO_PAIRS, ["b", "b", "b", "a"])
    assert quality.smallest_share == 0.25
    assert quality.reasons == ()


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(range(12)), names=st.permutations(range(3)))
def test_order_of_customers_and_names_of_segments_do_not_matter(order: list[int], names: list[int]) -> None:
    """Shuffled and relabelled, the figures are the same up to rounding."""
    X = np.random.default_rng(3).normal(size=(12, 2))
    labels = np.arange(12) % 3
    expected = measure_quality(X, labels)
    quality = measure_quality(X[order], np.array(names)[labels[order]])
    for name in ("silhouette", "davies_bouldin", "calinski_harabasz", "inertia", "smallest_share"):
        assert getattr(quality, name) == pytest.approx(getattr(expected, name))


def test_silhouette_of_a_sample_is_seeded_and_close() -> None:
    """Of 1,000 customers 300 give nearly the same silhouette, and the same one each time."""
    labels = np.arange(1000) % 2
    X = np.random.default_rng(4).normal(size=(1000, 2)) + 4 * labels[:, None]
    sampled = measure_quality(X, labels, n_sample=300)
    assert sampled == measure_quality(X, labels, n_sample=300)
    assert sampled.silhouette != measure_quality(X, labels, random_state=1, n_sample=300).silhouette
    assert sampled.silhouette == pytest.approx(measure_quality(X, labels).silhouette, abs=0.03)
    assert sampled.davies_bouldin == measure_quality(X, labels).davies_bouldin


@pytest.mark.parametrize(
    ("X", "labels", "reason"),
    [
        (TWO_PAIRS, [0, 0, 0, 0], "all customers measured are in one segment"),
        (TWO_PAIRS, [0, 1, 2, 3], "each customer is a segment of one"),
        ([[1.0], [1.0], [1.0]], [0, 0, 1], "all customers are alike"),
        ([[1.0]], [0], "all customers measured are in one segment"),
    ],
)
def test_undefined_figures_are_none_with_a_reason(X: list[list[float]], labels: list[int], reason: str) -> None:
    """Where there is nothing to compare, the three figures are None and each says why."""
    quality = measure_quality(X, labels)
    assert (quality.silhouette, quality.davies_bouldin, quality.calinski_harabasz) == (None, None, None)
    names = ("silhouette", "davies_bouldin", "calinski_harabasz")
    assert quality.reasons == tuple(f"{name} is undefined: {reason}." for name in names)
    assert quality.inertia >= 0


def test_segments_without_any_spread_lack_only_the_ratio_to_it() -> None:
    """Two points, each taken by two customers: perfectly tight, and no spread to divide by."""
    quality = measure_quality([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1])
    assert (quality.silhouette, quality.davies_bouldin, quality.calinski_harabasz) == (1.0, 0.0, None)
    assert quality.reasons == ("calinski_harabasz is undefined: customers of one segment are all alike.",)


def test_result_cannot_be_changed() -> None:
    """Figures are results, not settings."""
    quality = measure_quality(TWO_PAIRS, [0, 0, 1, 1])
    with pytest.raises(AttributeError):
        quality.silhouette = 1.0  # type: ignore[misc]
    assert isinstance(quality, Quality)
