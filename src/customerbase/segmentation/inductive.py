"""Newcomers under methods without a `predict`: learn from a sample, and place everybody by the nearest of it."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree
from sklearn.base import BaseEstimator, ClusterMixin, clone
from sklearn.cluster import AgglomerativeClustering
from sklearn.utils.validation import check_is_fitted, validate_data

from customerbase.errors import UsageError

__all__ = ["UNUSUAL", "InductiveClusterer", "sort_rows"]

UNUSUAL = -1
"""The label of a customer who belongs to no group."""

N_SPREAD = 10
"""The how-manieth nearest customer, itself counted, tells how crowded it is about a customer."""

Matrix = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


class InductiveClusterer(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Learns a clusterer on a bounded sample, and places everybody by the nearest customers of that sample.

    One way for all: the customers who were learnt from, those left out of the sample, newcomers, one or many. Each gets
    the segment that most of the nearest have, nearer ones counting more; one who stands where a customer of the sample
    stands gets the segment that the clusterer gave to that one.

    A clusterer that leaves customers without a group (label -1) makes *unusual* customers: those whom no customer of a
    group reaches. The reach is `eps` around the cores of DBSCAN. For any other clusterer distances are mutual
    reachabilities (Campello et al. 2013): the largest of the distance itself and, for both customers, the distance to
    the tenth nearest; and the reach of a group is learnt: it parts its customers from those of no group with the fewest
    mistakes.

    Parameters
    ----------
    clusterer
        A clusterer of scikit-learn, which is copied; None takes hierarchical clustering into two.
    n_neighbors
        How many of the nearest are asked, at least 1.
    max_fit_customers
        Most customers that the clusterer learns from, at least 2: many methods take quadratic time and memory.
    random_state
        Seed of the sample, at least 0. The order of the customers has no say in the sample.

    Attributes
    ----------
    labels_
        Label of each customer that `fit` saw, shape (n_customers,).
    classes_
        The labels that there can be, ascending.
    points_, point_labels_
        The customers of the sample, and their labels; shapes (n_points, n_columns) and (n_points,).
    reaches_
        How far each point reaches, 0 for one that is no core or in no group; shape (n_points,). None where nobody can
        be unusual.
    spreads_
        Distance of each point to the tenth nearest, itself counted; shape (n_points,). None where `reaches_` is of
        plain distances.
    clusterer_
        The clusterer as it was learnt.
    n_fit_customers_
        How many customers it learnt from.

    Examples
    --------
    >>> X = [[0.0], [1.0], [2.0], [90.0], [91.0], [92.0]]
    >>> model = InductiveClusterer(n_neighbors=2).fit(X)
    >>> bool(model.predict([[-5.0]])[0] == model.labels_[0]), bool(model.predict([[80.0]])[0] == model.labels_[5])
    (True, True)
    """

    def __init__(
        self,
        clusterer: BaseEstimator | None = None,
        n_neighbors: int = 5,
        max_fit_customers: int = 5000,
        random_state: int = 0,
    ) -> None:
        self.clusterer = clusterer
        self.n_neighbors = n_neighbors
        self.max_fit_customers = max_fit_customers
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Draw the sample, learn the clusterer, and keep what customers are placed by.

        Raises
        ------
        UsageError
            A parameter is out of its range.
        """
        for parameter, least in (("n_neighbors", 1), ("max_fit_customers", 2)):
            value = getattr(self, parameter)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise UsageError(
                    f"The '{parameter}' parameter of InductiveClusterer must be an int >= {least}. "
                    f"Got {value!r} instead."
                )
        matrix: Matrix = validate_data(self, X, dtype=np.float64)
        sample = self.draw(matrix)
        self.learn(sample).remember(sample)
        self.labels_ = self.predict(matrix)
        return self

    def learn(self, X: Matrix) -> Self:
        """Learn the clusterer itself from all of the prepared customers."""
        clusterer = AgglomerativeClustering() if self.clusterer is None else clone(self.clusterer)
        labels = clusterer.fit_predict(X)
        self.clusterer_, self.n_fit_customers_ = clusterer, len(X)
        self.sample_labels_ = np.where(labels < 0, UNUSUAL, labels).astype(np.int64)
        return self

    def remember(self, X: Matrix, rows: slice | Labels = slice(None)) -> Self:
        """Keep what customers are placed by, out of some rows of the customers that were learnt from."""
        self.points_, self.point_labels_ = X[rows], self.sample_labels_[rows]
        self.reaches_: Matrix | None = None
        self.spreads_: Matrix | None = None
        self.n_features_in_ = X.shape[1]
        found = np.unique(self.sample_labels_)
        clusterer: Any = self.clusterer_
        if hasattr(clusterer, "core_sample_indices_"):
            is_core = np.isin(np.arange(len(X)), clusterer.core_sample_indices_)[rows]
            self.reaches_ = np.where(is_core, getattr(clusterer, "eps_", clusterer.eps), 0.0)
        elif UNUSUAL in found:
            self.spreads_ = _spread(self.points_, self.points_)
            limits = {label: self._learn_reach(label) if label != UNUSUAL else 0.0 for label in found}
            self.reaches_ = np.array([limits[label] for label in self.point_labels_])
        self.classes_ = found if self.reaches_ is None else np.union1d([UNUSUAL], found)
        return self

    def predict(self, X: npt.ArrayLike) -> Labels:
        """Give the label of each customer, shape (n_customers,); -1 for an unusual one."""
        best = self.predict_proba(X).argmax(axis=1)
        labels: Labels = self.classes_[best]
        return labels

    def predict_proba(self, X: npt.ArrayLike) -> Matrix:
        """Give the share of the neighbours that each label has, weighted by nearness.

        Returns
        -------
        numpy.ndarray
            Shape (n_customers, n_classes), in the order of `classes_`; rows sum to 1. An unusual customer has 1 for -1.
        """
        check_is_fitted(self)
        votes = self._votes(validate_data(self, X, reset=False, dtype=np.float64))
        return _share_out(*votes, self.point_labels_, self.classes_)

    def place_each(self, X: npt.ArrayLike, labels: Sequence[Labels]) -> list[Labels]:
        """Place customers as `predict` does, by several other labels of the same points, none of them -1.

        The nearest are looked for once: so all cuts of one tree are placed by in the time of one.

        Examples
        --------
        >>> model = InductiveClusterer(n_neighbors=1).fit([[0.0], [1.0], [8.0], [9.0]])
        >>> [found.tolist() for found in model.place_each([[7.0]], [np.array([0, 0, 1, 1]), np.array([0, 1, 2, 3])])]
        [[1], [2]]
        """
        votes = self._votes(np.asarray(X, dtype=np.float64))
        found = []
        for each in labels:
            classes = np.unique(each)
            found.append(classes[_share_out(*votes, each, classes).argmax(axis=1)])
        return found

    def draw(self, X: Matrix) -> Matrix:
        """Draw the customers that the clusterer learns from, in an order of their own.

        Examples
        --------
        >>> InductiveClusterer(max_fit_customers=2).draw(np.array([[3.0], [2.0], [1.0]])).tolist()
        [[2.0], [3.0]]
        """
        X = sort_rows(X)
        if len(X) <= self.max_fit_customers:
            return X
        rows = np.random.default_rng(self.random_state).choice(len(X), self.max_fit_customers, replace=False)
        drawn: Matrix = X[np.sort(rows)]
        return drawn

    def _votes(self, X: Matrix) -> tuple[Matrix, Labels]:
        """Give the weight of each neighbour, and which point it is; shapes (n_customers, n_votes)."""
        anchors = np.arange(len(self.points_)) if self.reaches_ is None else np.flatnonzero(self.reaches_)
        weights, points = np.zeros((len(X), 0)), np.zeros((len(X), 0), dtype=np.int64)
        if len(anchors):
            distances, places = _nearest(self.points_[anchors], X, self.n_neighbors)
            points = anchors[places]
            weights = _nearness(distances) * self._is_reached(X, distances, points)
        if self.reaches_ is None:
            return weights, points
        distances, all_points = _nearest(self.points_, X, self.n_neighbors)
        stands_there = distances == 0  # one who stands where a customer of the sample stands goes with that one
        weights = np.where(stands_there.any(axis=1, keepdims=True), 0.0, weights)
        return np.hstack([weights, stands_there]), np.hstack([points, all_points])

    def _is_reached(self, X: Matrix, distances: Matrix, points: Labels) -> npt.NDArray[np.bool_] | bool:
        if self.reaches_ is None:
            return True
        if self.spreads_ is not None:
            distances = np.maximum(np.maximum(distances, _spread(X, self.points_)[:, None]), self.spreads_[points])
        is_reached: npt.NDArray[np.bool_] = distances <= self.reaches_[points]
        return is_reached

    def _learn_reach(self, label: int) -> float:
        """Find the mutual reachability that parts a group from the customers of no group with the fewest mistakes."""
        is_member, is_outsider = self.point_labels_ == label, self.point_labels_ == UNUSUAL
        inside = self._reachability(is_member, is_member)
        outside = np.sort(self._reachability(is_outsider, is_member))
        candidates = np.unique(inside)
        missed = len(inside) - np.searchsorted(np.sort(inside), candidates, side="right")
        taken_in = np.searchsorted(outside, candidates, side="right")
        return float(candidates[np.argmin(missed + taken_in)])

    def _reachability(self, of: npt.NDArray[np.bool_], members: npt.NDArray[np.bool_]) -> Matrix:
        """Give the mutual reachability of each point to the nearest other of a group."""
        is_inside = of is members
        distances, places = _nearest(self.points_[members], self.points_[of], 2 if is_inside else 1)
        distance, place = distances[:, -1], places[:, -1]
        spreads = np.asarray(self.spreads_)
        nearest: Matrix = np.maximum(np.maximum(distance, spreads[of]), spreads[members][place])
        return nearest


def sort_rows(X: Matrix) -> Matrix:
    """Bring customers into an order of their own, by their values, so that the order they come in has no say.

    Examples
    --------
    >>> sort_rows(np.array([[2.0, 1.0], [1.0, 9.0], [1.0, 3.0]])).tolist()
    [[1.0, 3.0], [1.0, 9.0], [2.0, 1.0]]
    """
    return X[np.lexsort(X.T[::-1])]


def _share_out(weights: Matrix, points: Labels, labels: Labels, classes: Labels) -> Matrix:
    """Give the share of the votes that each class has; shape (n_customers, n_classes)."""
    shares = np.zeros((len(weights), len(classes)))
    places = np.searchsorted(classes, labels[points])
    np.add.at(shares, (np.arange(len(weights))[:, None], places), weights)
    total = shares.sum(axis=1, keepdims=True)
    shares[total[:, 0] == 0, 0] = 1.0  # only where there are reaches can a customer be beyond all
    np.divide(shares, total, out=shares, where=total > 0)
    return shares


def _nearest(points: Matrix, X: Matrix, k: int) -> tuple[Matrix, Labels]:
    """Give distance and position of the k nearest points, or of all of fewer; shapes (n_customers, k)."""
    k = min(k, len(points))
    distances, places = KDTree(points).query(X, k)
    rounding = 1e-12 * np.abs(points).max()  # principal components of one customer differ so much between two calls
    distances = np.where(distances <= rounding, 0.0, distances)
    return distances.reshape(len(X), k), places.reshape(len(X), k)


def _spread(X: Matrix, points: Matrix) -> Matrix:
    """Give the distance to the tenth nearest, the customer counted, who may be one of the points."""
    distances = _nearest(points, X, N_SPREAD)[0]
    spread: Matrix = np.where(distances[:, 0] == 0, distances[:, -1], distances[:, max(distances.shape[1] - 2, 0)])
    return spread


def _nearness(distances: Matrix) -> Matrix:
    """Weigh neighbours by their distances as parts of the nearest one's; those at no distance alone, if any."""
    nearest = distances[:, :1]
    weights: Matrix = np.where(nearest > 0, nearest / np.where(distances > 0, distances, 1.0), distances == 0)
    return weights
