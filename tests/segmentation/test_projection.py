"""Projection: principal components against numpy, t-SNE against what it promises, newcomers, samples and bad input."""

from collections.abc import Callable
from datetime import date
from typing import Any

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.utils.estimator_checks import parametrize_with_checks

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.projection import Projection, place_on_projection, project, projection_to_json
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.segments import segment
from customerbase.segmentation.tsne import TSNEMap

AS_OF = date(2024, 1, 1)


@parametrize_with_checks([TSNEMap(n_iter=50)])  # type: ignore[untyped-decorator]
def test_estimator_contract(estimator: Any, check: Callable[[Any], None]) -> None:
    """The map passes every check of scikit-learn."""
    check(estimator)


def make_features(n_customers: int = 300, seed: int = 4) -> pd.DataFrame:
    """Draw a shop in which frequent customers are recent and spend more."""
    rng = np.random.default_rng(seed)
    frequency = rng.geometric(0.3, n_customers)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:04}" for number in range(n_customers)],
            "as_of": AS_OF,
            "recency_days": rng.integers(1, 500, n_customers) // frequency + 1,
            "frequency": frequency,
            "monetary": np.round(frequency * rng.lognormal(3, 0.8, n_customers), 2),
        }
    )


@pytest.fixture(scope="module")
def features() -> ibis.Table:
    """Three hundred customers."""
    return ibis.memtable(make_features())


@pytest.fixture(scope="module")
def tsne(features: ibis.Table) -> Projection:
    """Their map."""
    return project(features, method="tsne")


def places(projection: Projection) -> npt.NDArray[np.float64]:
    """Give the places in the order of the customers' ids."""
    frame = projection.points.order_by("customer_id").to_pandas()
    found: npt.NDArray[np.float64] = frame[["x", "y"]].to_numpy()
    return found


def test_components_equal_those_of_the_covariance_matrix(features: ibis.Table) -> None:
    """Oracle in numpy: eigenvectors of the covariances, correlations with what was prepared, shares of the trace."""
    found = project(features)
    Z = found.preparation.transform(features.order_by("customer_id").to_pandas())
    values, vectors = np.linalg.eigh(np.cov(Z.T))
    values, vectors = values[::-1], vectors[:, ::-1]
    components = (Z - Z.mean(axis=0)) @ vectors
    np.testing.assert_allclose(np.abs(places(found)), np.abs(components[:, :2]), atol=1e-9)
    np.testing.assert_allclose(found.explained_variance or (), values / values.sum(), atol=1e-12)
    correlations = np.corrcoef(Z.T, components.T)[:3, 3:]
    assert found.loadings is not None
    np.testing.assert_allclose(np.abs(list(found.loadings.values())), np.abs(correlations), atol=1e-9)
    signs = np.corrcoef(Z.T, places(found).T)[:3, 3:]
    np.testing.assert_allclose(np.array(list(found.loadings.values()))[:, :2], signs, atol=1e-9)


def test_components_of_four_customers_by_hand() -> None:
    """Two columns that rise together and one that stands across them: two thirds and one third of the variance."""
    columns = {"recency_days": [1, 1, 9, 9], "frequency": [1, 9, 1, 9], "monetary": [1, 9, 1, 9]}
    found = project(ibis.memtable({"customer_id": list("abcd"), "as_of": [AS_OF] * 4, **columns}))
    assert found.explained_variance == pytest.approx((2 / 3, 1 / 3, 0))
    assert found.loadings is not None
    assert found.loadings["recency_days"] == pytest.approx((0, 1, 0))
    assert found.loadings["frequency"] == pytest.approx((1, 0, 0))
    assert found.loadings["monetary"] == pytest.approx((1, 0, 0))
    root = 2**0.5
    np.testing.assert_allclose(places(found), [(-root, -1), (root, -1), (-root, 1), (root, 1)], atol=1e-12)


def test_published_shares_of_the_iris_flowers() -> None:
    """Fisher's flowers, standardised, have 73.0, 22.9, 3.7 and 0.5 % of their variance on the four components."""
    X, _ = load_iris(return_X_y=True)
    names = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    frame = pd.DataFrame(X, columns=names).assign(customer_id=[f"{number:03}" for number in range(150)], as_of=AS_OF)
    model = make_clusterer(n_segments=3, columns=names)
    model.set_params(winsorize__lower=0.0, winsorize__upper=1.0, log="passthrough")
    found = project(ibis.memtable(frame), segment(ibis.memtable(frame), model))
    assert [round(100 * share, 1) for share in found.explained_variance or ()] == [73.0, 22.9, 3.7, 0.5]


def test_the_plane_is_that_of_the_model(features: ibis.Table) -> None:
    """A model of two columns is shown by these two; RFM, which has no such space, as no model at all."""
    two = segment(features, make_clusterer(n_segments=3, columns=["recency_days", "monetary"]))
    assert project(features, two).columns == ("recency_days", "monetary")
    np.testing.assert_array_equal(places(project(features, segment(features, RFM()))), places(project(features)))


def test_a_single_column_lies_on_a_line(features: ibis.Table) -> None:
    """With one column there is no second component: y is 0."""
    found = project(features, segment(features, make_clusterer(n_segments=3, columns=["monetary"])))
    assert (places(found)[:, 1] == 0).all()
    assert found.explained_variance == pytest.approx((1.0,))


@pytest.mark.parametrize("n_customers", [1, 3])
def test_where_nothing_varies_everybody_lies_at_one_place(n_customers: int) -> None:
    """One customer, or several that are alike, have no variance to explain."""
    columns = {"recency_days": [5], "frequency": [1], "monetary": [9]}
    table = {name: values * n_customers for name, values in columns.items()}
    ids = [f"c{number}" for number in range(n_customers)]
    found = project(ibis.memtable({"customer_id": ids, "as_of": [AS_OF] * n_customers, **table}))
    assert (places(found) == 0).all()
    assert set(found.explained_variance or ()) == {0.0}


def test_neighbours_on_the_map_are_neighbours_in_truth(features: ibis.Table, tsne: Projection) -> None:
    """More than 0.98 of what can be kept of the ten nearest is kept, more than by two components; counted by hand."""
    Z = tsne.preparation.transform(features.order_by("customer_id").to_pandas())

    def trust(found: Projection) -> float:
        """Venna and Kaski: each false neighbour counts by how far down the true order it stands."""
        n, k = len(Z), 10
        order = np.linalg.norm(Z[:, None] - Z[None], axis=2)
        near = np.linalg.norm(places(found)[:, None] - places(found)[None], axis=2)
        np.fill_diagonal(order, np.inf)
        np.fill_diagonal(near, np.inf)
        ranks = order.argsort(axis=1).argsort(axis=1) + 1
        kept = near.argsort(axis=1)[:, :k]
        excess = np.clip(np.take_along_axis(ranks, kept, axis=1) - k, 0, None).sum()
        return float(1 - 2 / (n * k * (2 * n - 3 * k - 1)) * excess)

    assert tsne.trustworthiness == pytest.approx(trust(tsne), abs=1e-3)
    assert trust(tsne) > 0.98
    assert trust(tsne) > trust(project(features)) > 0.9


def test_known_customers_are_placed_near_their_own_place(features: ibis.Table, tsne: Projection) -> None:
    """Placed as newcomers, nine in ten land within 2 % of the map's width of where they are."""
    placed = place_on_projection(tsne, features).order_by("customer_id").to_pandas()[["x", "y"]].to_numpy()
    away = np.linalg.norm(placed - places(tsne), axis=1) / np.ptp(places(tsne), axis=0).max()
    assert np.quantile(away, 0.9) < 0.02


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_a_newcomer_alone_lands_as_in_a_batch(method: str, features: ibis.Table) -> None:
    """Where a customer comes to lie depends on nobody who is placed with it."""
    found = project(features, method=method)
    newcomers = make_features(20, seed=9)
    batch = place_on_projection(found, ibis.memtable(newcomers)).to_pandas()
    alone = [place_on_projection(found, ibis.memtable(newcomers.iloc[[i]])).to_pandas() for i in range(3)]
    pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), batch.head(3))


def test_placing_leaves_the_map_as_it_is(features: ibis.Table, tsne: Projection) -> None:
    """Placing twice gives the same places, and nobody who is there moves."""
    before = tsne.projector.embedding_.copy()
    first, second = (place_on_projection(tsne, features).to_pandas() for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    np.testing.assert_array_equal(np.asarray(tsne.projector._map), before)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_the_same_seed_gives_the_same_bytes_whatever_the_order_of_rows(method: str, features: ibis.Table) -> None:
    """Shuffled rows change nothing; another seed changes the map, and not the components."""
    shuffled = ibis.memtable(make_features().sample(frac=1, random_state=1))
    one, other = (project(table, method=method, max_customers=100) for table in (features, shuffled))
    assert one.points.to_pyarrow().equals(other.points.to_pyarrow())
    assert projection_to_json(one) == projection_to_json(other)
    reseeded = project(features, method=method, random_state=1)
    assert np.array_equal(places(project(features, method=method)), places(reseeded)) == (method == "pca")


def test_each_segment_has_its_share_of_a_sample(features: ibis.Table) -> None:
    """Of 60 shown from 300, every segment has a fifth of its customers, up to one."""
    found = segment(features, make_clusterer(n_segments=5))
    shown = project(features, found, max_customers=60).points
    assert shown.count().execute() == shown.customer_id.nunique().execute() == 60
    joined = shown.join(found.assignments, "customer_id").segment.value_counts(name="n").to_pandas()
    n_shown = dict(zip(joined["segment"], joined["n"], strict=True))
    assert all(abs(n_shown[one.name] - one.n_customers / 5) <= 1 for one in found.segments)


def test_a_map_shows_a_sample_and_components_show_everybody() -> None:
    """Of 2,100 customers t-SNE shows 2,000 unless told otherwise; the facts count all."""
    many = ibis.memtable(make_features(2_100))
    assert project(many).points.count().execute() == 2_100
    assert project(many, max_customers=50, method="tsne").n_customers == 2_100
    assert project(many, max_customers=50, method="tsne").points.count().execute() == 50


def test_bad_input_gives_one_line_each(features: ibis.Table) -> None:
    """An unknown method, too small a number, three customers for a map, and nobody at all."""
    with pytest.raises(UsageError, match=r"'method' parameter of project must be one of pca, tsne. Got 'umap'"):
        project(features, method="umap")
    with pytest.raises(UsageError, match=r"'max_customers' parameter of project must be an int >= 4. Got 3 instead"):
        project(features, max_customers=3)
    with pytest.raises(DataError, match=r"at least 4 customers, and there are 3. Use pca"):
        project(ibis.memtable(make_features(3)), method="tsne")
    with pytest.raises(DataError, match="There is no customer to show"):
        project(features.filter(features.frequency < 0))
    with pytest.raises(UsageError, match=r"'perplexity' parameter of TSNEMap must be a number > 0. Got 0 instead"):
        TSNEMap(perplexity=0).fit(np.eye(5))
