"""Projection: customers as points of a plane, by principal components or by t-SNE, and what the plane shows."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.pipeline import Pipeline

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.clustering import make_clusterer, single_thread
from customerbase.segmentation.conditions.model import Conditions
from customerbase.segmentation.fitting import (
    default_columns,
    place_customers,
    take_customers,
)
from customerbase.segmentation.segments import Segmentation, assign
from customerbase.segmentation.tsne import FEWEST_CUSTOMERS, TSNEMap

__all__ = ["METHODS", "Projection", "place_on_projection", "project", "projection_to_json"]

METHODS = ("pca", "tsne")
N_NEIGHBOURS = 10
"""Neighbours by which the trustworthiness of a t-SNE map is measured."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """Customers as points of a plane, and what the plane shows.

    `points` has one row per customer shown, sorted by `customer_id`: `customer_id, as_of, x, y`. `columns` are those of
    the prepared space that is projected, `preparation` and `projector` the fitted steps that lead from features to the
    plane.

    Of principal components: `explained_variance` is each component's share of the variance, and `loadings` the
    correlation of each column with each component, by column; the first two components are x and y. Of t-SNE:
    `trustworthiness` (Venna and Kaski 2001) says how far the ten nearest neighbours on the map are neighbours in truth:
    1 where all are, about 0.5 where the map is made of noise.
    """

    method: str
    as_of: date | None
    points: ir.Table
    n_customers: int
    columns: tuple[str, ...]
    preparation: Any
    projector: Any
    explained_variance: tuple[float, ...] | None = None
    loadings: dict[str, tuple[float, ...]] | None = None
    trustworthiness: float | None = None


def project(
    features: ir.Table,
    segmentation: Segmentation | None = None,
    method: str = "pca",
    max_customers: int | None = None,
    random_state: int = 0,
) -> Projection:
    """Lay the customers of a date out in a plane.

    The plane is one of the prepared space in which a model compares customers: winsorised, on a logarithm,
    standardised. So what lies together there is what the model finds alike. For a model without such a space (RFM), and
    without a segmentation, it is that of the default model.

    Parameters
    ----------
    features
        One row per customer of one date, as `customer_features` gives it.
    segmentation
        Of `segment`: its model prepares the customers, and its segments are all in a sample.
    method
        `pca`: principal components, a rotation that keeps distances as far as two dimensions can. `tsne`: a map that
        keeps neighbours; its axes, and the distances between groups, mean nothing.
    max_customers
        Most customers that are shown; by default all of them, for t-SNE 2,000. Of more, a seeded sample in which each
        segment has its share. Principal components are learnt from all.
    random_state
        Seed of the sample and of t-SNE.

    Raises
    ------
    UsageError
        There is no such method, or a number is not allowed.
    DataError
        There are too few customers, or the features lack a column.

    Examples
    --------
    >>> features = ibis.memtable({"customer_id": ["a", "b", "c"], "as_of": [date(2024, 1, 1)] * 3,
    ...                           "recency_days": [5, 90, 300], "frequency": [9, 4, 1], "monetary": [900, 300, 20]})
    >>> found = project(features)
    >>> found.points.columns, round(sum(found.explained_variance), 3)
    (('customer_id', 'as_of', 'x', 'y'), 1.0)
    >>> round(found.loadings["frequency"][0] * found.loadings["monetary"][0], 2) > 0.9
    True
    """
    if method not in METHODS:
        raise UsageError(f"The 'method' parameter of project must be one of {', '.join(METHODS)}. Got {method!r}.")
    most = max_customers if max_customers is not None or method == "pca" else 2_000
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < FEWEST_CUSTOMERS):
        raise UsageError(
            f"The 'max_customers' parameter of project must be an int >= {FEWEST_CUSTOMERS}. Got {most!r} instead."
        )
    with single_thread():
        preparation, X = _prepare(features, segmentation)
        space: Matrix = np.asarray(preparation.transform(X))
        shown = _sample(features, X, segmentation, most, random_state)
        columns = tuple(str(name) for name in preparation.get_feature_names_out())
        return _PROJECTIONS[method](_Space(X.index, space, shown, columns, preparation, _date(features)), random_state)


@dataclass(frozen=True)
class _Space:
    """Customers in the space that is projected, and the positions of those shown."""

    ids: pd.Index
    matrix: Matrix
    shown: npt.NDArray[np.int64]
    columns: tuple[str, ...]
    preparation: Any
    as_of: date | None


def _prepare(features: ir.Table, segmentation: Segmentation | None) -> tuple[Pipeline, pd.DataFrame]:
    """Give the fitted steps of preparation, and the customers with the columns that these want."""
    model: Any = segmentation.model if segmentation else None
    is_ready = isinstance(model, Pipeline)
    steps = model[:-1] if is_ready else make_clusterer(columns=default_columns(features))[:-1]
    X = take_customers(steps, features)
    if X.empty:
        raise DataError("There is no customer to show. Read more orders, or choose a later --as-of.")
    return (steps if is_ready else steps.fit(X)), X


def _date(features: ir.Table) -> date | None:
    days: list[date | None] = features.select("as_of").distinct().limit(1).to_pyarrow()["as_of"].to_pylist()
    return days[0]


def _labels(features: ir.Table, X: pd.DataFrame, segmentation: Segmentation | None) -> npt.NDArray[np.int64]:
    """Place customers; own segments look at columns of their own."""
    if segmentation is None:
        return np.zeros(len(X), dtype=np.int64)
    if isinstance(segmentation.model, Conditions):
        placed = assign(segmentation, features).to_pandas().set_index("customer_id").segment_id
        own: npt.NDArray[np.int64] = placed.reindex(X.index, fill_value=0).to_numpy(dtype=np.int64)
        return own
    return place_customers(segmentation.model, X)


def _sample(
    features: ir.Table, X: pd.DataFrame, segmentation: Segmentation | None, most: int | None, random_state: int
) -> npt.NDArray[np.int64]:
    """Take customers at even steps of an order by segment, drawn within each: every segment has its share."""
    if most is None or len(X) <= most:
        return np.arange(len(X))
    drawn = np.random.default_rng(random_state).permutation(len(X))
    labels = _labels(features, X, segmentation)
    ordered = drawn[np.argsort(labels[drawn], kind="stable")]
    return np.sort(ordered[np.arange(most) * len(X) // most])


def _project_pca(space: _Space, random_state: int) -> Projection:  # noqa: ARG001 - nothing is drawn
    """Rotate by a full decomposition: the same to the last bit whatever the seed."""
    with np.errstate(invalid="ignore"):  # where nothing varies, its shares are 0 / 0
        projector = PCA(svd_solver="full").fit(space.matrix)
    places = _two(projector.transform(space.matrix[space.shown]))
    return Projection(
        method="pca",
        explained_variance=tuple(np.nan_to_num(projector.explained_variance_ratio_).tolist()),
        loadings=_loadings(projector, space),
        **_facts(space, places, projector),
    )


def _project_tsne(space: _Space, random_state: int) -> Projection:
    if len(space.shown) < FEWEST_CUSTOMERS:
        raise DataError(
            f"A t-SNE map needs at least {FEWEST_CUSTOMERS} customers, and there are {len(space.shown)}. Use pca."
        )
    matrix = space.matrix[space.shown]
    projector = TSNEMap(random_state=random_state).fit(matrix)
    places = projector.embedding_
    n_neighbours = min(N_NEIGHBOURS, (len(matrix) - 1) // 2)
    return Projection(
        method="tsne",
        trustworthiness=float(trustworthiness(matrix, places, n_neighbors=n_neighbours)),
        **_facts(space, places, projector),
    )


_PROJECTIONS = {"pca": _project_pca, "tsne": _project_tsne}


def _facts(space: _Space, places: Matrix, projector: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "as_of": space.as_of,
        "points": _points(space.ids[space.shown], space.as_of, places),
        "n_customers": len(space.ids),
        "columns": space.columns,
        "preparation": space.preparation,
        "projector": projector,
    }


def _two(places: Matrix) -> Matrix:
    """Take the first two components; of a single column the second is 0."""
    return np.column_stack([places, np.zeros(len(places))])[:, :2]


def _loadings(projector: PCA, space: _Space) -> dict[str, tuple[float, ...]]:
    """Give the correlation of each column with each component: 0 for a column that does not vary."""
    spreads = space.matrix.std(axis=0, ddof=1) if len(space.matrix) > 1 else np.zeros(len(space.columns))
    covariances = projector.components_.T * np.sqrt(np.nan_to_num(projector.explained_variance_))
    loadings = np.divide(covariances, spreads[:, None], out=np.zeros_like(covariances), where=spreads[:, None] > 0)
    return {name: tuple(row) for name, row in zip(space.columns, loadings.tolist(), strict=True)}


def _points(ids: pd.Index, as_of: date | None, places: Matrix) -> ir.Table:
    columns = {
        "customer_id": pa.array(ids.to_numpy(), type=pa.string()),
        "as_of": pa.array([as_of] * len(ids), type=pa.date32()),
        "x": pa.array(places[:, 0], type=pa.float64()),
        "y": pa.array(places[:, 1], type=pa.float64()),
    }
    return ibis.memtable(pa.table(columns))


def place_on_projection(projection: Projection, features: ir.Table) -> ir.Table:
    """Place customers, of this or another date or file, in a plane that is there; nothing is learnt anew.

    Parameters
    ----------
    projection
        Of `project`.
    features
        One row per customer of one date; it may hold a single customer.

    Returns
    -------
    A table like `Projection.points`, of the customers of the base. Where a customer comes to lie depends on nobody else
    among them.

    Raises
    ------
    DataError
        The features lack a column that the plane is made of.

    Examples
    --------
    >>> columns = {"customer_id": ["a", "b", "c"], "as_of": [date(2024, 1, 1)] * 3, "recency_days": [5, 90, 300],
    ...            "frequency": [9, 4, 1], "monetary": [900, 300, 20]}
    >>> found = project(ibis.memtable(columns))
    >>> alone = ibis.memtable({name: values[1:2] for name, values in columns.items()})
    >>> placed = place_on_projection(found, alone).to_pyarrow().to_pylist()
    >>> placed == found.points.filter(found.points.customer_id == "b").to_pyarrow().to_pylist()
    True
    """
    X = take_customers(projection.preparation, features)
    if X.empty:
        return _points(X.index, None, np.empty((0, 2)))
    with single_thread():
        places = projection.projector.transform(projection.preparation.transform(X))
    return _points(X.index, _date(features), _two(places))


def projection_to_json(projection: Projection) -> dict[str, Any]:
    """Return what a plane shows as plain values: method, columns, loadings and shares, or trustworthiness.

    Examples
    --------
    >>> features = ibis.memtable({"customer_id": ["a", "b"], "as_of": [date(2024, 1, 1)] * 2,
    ...                           "recency_days": [5, 90], "frequency": [9, 4], "monetary": [900, 300]})
    >>> facts = projection_to_json(project(features))
    >>> facts["method"], facts["columns"], facts["n_customers"]
    ('pca', ['recency_days', 'frequency', 'monetary'], 2)
    """
    loadings = projection.loadings
    return {
        "method": projection.method,
        "n_customers": projection.n_customers,
        "columns": list(projection.columns),
        "explained_variance": None if projection.explained_variance is None else list(projection.explained_variance),
        "loadings": None if loadings is None else {name: list(row) for name, row in loadings.items()},
        "trustworthiness": projection.trustworthiness,
    }
