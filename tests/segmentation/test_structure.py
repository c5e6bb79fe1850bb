"""Structure: noise forms no groups, planted groups are found, a continuous process is a continuum."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.spatial.distance import pdist
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

import customerbase as cb
from customerbase.segmentation.clustering import DEFAULT_COLUMNS, make_clusterer
from customerbase.segmentation.structure import measure_structure
from customerbase.segmentation.unbending import unbend
from customerbase.synthetic import make_shop

Matrix = npt.NDArray[np.float64]
N_SETS = 10


def prepare(X: Matrix) -> Matrix:
    """Prepare features as the default model does."""
    prepared: Matrix = clone(make_clusterer()[:-1]).fit_transform(pd.DataFrame(X, columns=list(DEFAULT_COLUMNS)))
    return prepared


def unbend_default(X: Matrix) -> Matrix | None:
    """Unbend features as the default model has them."""
    return unbend(make_clusterer(), pd.DataFrame(X, columns=list(DEFAULT_COLUMNS)))


def standardise(X: Matrix) -> Matrix:
    scaled: Matrix = StandardScaler().fit_transform(X)
    return scaled


def random_covariance(rng: np.random.Generator) -> Matrix:
    mixed = rng.normal(size=(3, 3))
    covariance: Matrix = mixed @ mixed.T + 0.1 * np.eye(3)
    return covariance


NOISE: dict[str, Callable[[np.random.Generator], Matrix]] = {
    "uniform": lambda rng: rng.uniform(0, 1, (3_000, 3)),
    "Gaussian": lambda rng: rng.normal(0, 1, (3_000, 3)),
    "correlated": lambda rng: rng.multivariate_normal(np.zeros(3), random_covariance(rng), 3_000),
    "log-normal": lambda rng: rng.lognormal(0, 1, (3_000, 3)),
    "correlated log-normal": lambda rng: np.exp(
        rng.multivariate_normal(np.zeros(3), random_covariance(rng), 3_000) / 2
    ),
}


@pytest.mark.parametrize("kind", NOISE)
def test_noise_forms_no_groups(kind: str) -> None:
    """At least nine of ten sets of noise are said to have none, standardised."""
    rng = np.random.default_rng(1)
    verdicts = [measure_structure(standardise(NOISE[kind](rng))).verdict for _ in range(N_SETS)]
    assert verdicts.count("groups") <= N_SETS // 10


@pytest.mark.parametrize("kind", [*NOISE, "uniform about zero"])
def test_noise_in_features_forms_no_groups(kind: str) -> None:
    """Nor is there one when the default model has prepared it, which parts what lies on both sides of zero."""
    rng = np.random.default_rng(2)
    draw = NOISE[kind] if kind in NOISE else lambda each: each.uniform(-1, 1, (3_000, 3))
    sets = [draw(rng)[:1_000] for _ in range(N_SETS)]
    verdicts = [measure_structure(prepare(X), unbent=unbend_default(X)).verdict for X in sets]
    assert verdicts.count("groups") <= N_SETS // 10


def test_the_valley_of_the_signed_logarithm_is_its_own() -> None:
    """Without the second look Gaussian noise would be groups: the test above can fail."""
    X = NOISE["Gaussian"](np.random.default_rng(2))
    assert measure_structure(prepare(X)).verdict == "groups"
    assert measure_structure(prepare(X), unbent=unbend_default(X)).verdict == "continuum"


def test_groups_on_both_sides_of_zero_are_found_all_the_same() -> None:
    """A true valley is there with and without the logarithm."""
    for n_groups in (2, 3, 5):
        X = plant(n_groups, np.random.default_rng(n_groups))
        found = measure_structure(prepare(X), unbent=unbend_default(X))
        assert (found.verdict, found.n_groups) == ("groups", n_groups)


def test_a_few_below_zero_are_not_two_sides() -> None:
    """Net spend below zero is rare: columns are unbent where a twentieth of the customers or more is on either side."""
    X = np.abs(NOISE["Gaussian"](np.random.default_rng(4)))
    X[:100, 2] *= -1
    assert unbend_default(X) is None
    X[100:200, 2] *= -1
    unbent = unbend_default(X)
    assert unbent is not None
    np.testing.assert_allclose(unbent[:, :2], prepare(X)[:, :2])
    assert not np.allclose(unbent[:, 2], prepare(X)[:, 2])


def plant(n_groups: int, rng: np.random.Generator) -> Matrix:
    """Draw round groups of 200 to 1,500 customers whose centres are at least six deviations apart."""
    centers = rng.normal(0, 8, (n_groups, 3))
    while pdist(centers).min() < 6:
        centers = rng.normal(0, 8, (n_groups, 3))
    sizes = rng.integers(200, 1_500, n_groups)
    return np.concatenate([rng.normal(center, 1, (size, 3)) for center, size in zip(centers, sizes, strict=True)])


@pytest.mark.parametrize("n_groups", [2, 3, 5, 7])
def test_planted_groups_are_found(n_groups: int) -> None:
    """All ten sets form groups, exactly as many as were planted; and some when a logarithm has to bring them out."""
    rng = np.random.default_rng(3)
    sets = [plant(n_groups, rng) for _ in range(N_SETS)]
    found = [measure_structure(standardise(X)) for X in sets]
    assert [(each.verdict, each.n_groups) for each in found] == [("groups", n_groups)] * N_SETS
    assert [measure_structure(prepare(np.exp(X / 3))).verdict for X in sets] == ["groups"] * N_SETS


def draw_customers(seed: int, n_customers: int = 4_000, n_days: int = 730) -> Matrix:
    """Draw recency, frequency and monetary value of customers who differ by degrees: a Pareto/NBD process."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.0, 1 / 40, n_customers)
    start = rng.uniform(0, 700, n_customers)
    life = rng.exponential(1 / np.maximum(rng.gamma(0.6, 1 / 300, n_customers), 1e-9))
    active = np.minimum(life, n_days - start)
    n_repeats = rng.poisson(rate * active)
    last = start + active * rng.uniform(size=n_customers) ** (1 / np.maximum(n_repeats, 1)) * (n_repeats > 0)
    basket = np.exp(rng.normal(4, 0.8, n_customers))
    return np.column_stack([np.floor(n_days - last) + 1, n_repeats + 1, basket * (n_repeats + 1)])


def test_a_continuous_process_is_a_continuum() -> None:
    """Customers drawn from one process are no groups, and not nothing either."""
    found = [measure_structure(prepare(draw_customers(seed))) for seed in range(N_SETS)]
    assert [each.verdict for each in found] == ["continuum"] * N_SETS
    assert "cuts through a continuum" in found[0].reason


@pytest.mark.parametrize(("separation", "verdict"), [("clear", "groups"), ("natural", "continuum")])
def test_generated_shops(separation: str, verdict: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A shop of clearly different types forms groups; one whose types overlap is a continuum."""
    for seed in range(3):
        shop = make_shop(tmp_path_factory.mktemp("shop"), 50_000, seed, separation=separation)
        features = cb.customer_features(cb.clean(cb.read(shop.order_lines)).data)
        known = features.filter(features.frequency > 0).order_by("customer_id")
        X = known.select(DEFAULT_COLUMNS).execute().astype(float).to_numpy()
        assert measure_structure(prepare(X)).verdict == verdict


def test_the_verdict_depends_on_the_seed_alone() -> None:
    """The same customers and seed give the same figures; a single kind of customer is no group."""
    X = standardise(plant(3, np.random.default_rng(0)))
    assert measure_structure(X, 5) == measure_structure(X, 5)
    assert measure_structure(np.ones((50, 3))).verdict == "none"
