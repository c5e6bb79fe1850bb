"""Learners: each method learnt once for all its numbers of segments, and all its segmentations placed at once."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import linkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.exceptions import ConvergenceWarning

from customerbase.errors import UsageError
from customerbase.segmentation.clustering import CLUSTERERS, FINDS_NUMBER, single_thread
from customerbase.segmentation.comparing.field import Field, Labels, Matrix
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS
from customerbase.segmentation.schemes import SCHEMES
from customerbase.segmentation.value_tree import VALUE_COLUMNS, ValueTree

__all__ = ["LINKAGES", "METHODS", "Cuts", "Key", "Learnt", "Separate", "cut_tree", "learn", "why_not"]

LINKAGES = ("ward", "average", "complete")
METHODS = (*CLUSTERERS, *SCHEMES, "value_tree")
"""What can be compared: all clusterers, the published schemes of RFM, and the value tree."""

Key = int | None
"""The number of segments that a method was asked for; None for one that is not asked."""


class Learnt(Protocol):
    """One method, learnt for each number of segments."""

    def place(self, field: Field) -> Mapping[Key, Labels]:
        """Give the labels of customers by the number of segments."""


@dataclass(frozen=True)
class Separate:
    """Models that know nothing of each other; `columns` are those of the customers, None for the common space."""

    models: Mapping[Key, Any]
    columns: tuple[str, ...] | None = None

    def place(self, field: Field) -> Mapping[Key, Labels]:
        """Give the labels of customers by the number of segments."""
        X = field.prepared if self.columns is None else field.customers[list(self.columns)].to_numpy()
        with single_thread():
            return {key: np.asarray(model.predict(X), dtype=np.int64) for key, model in self.models.items()}


@dataclass(frozen=True)
class Cuts:
    """One tree of merges, cut at several heights; `merges` is as SciPy's `linkage` gives it."""

    model: Any
    merges: Matrix
    labels: Mapping[Key, Labels]

    def place(self, field: Field) -> Mapping[Key, Labels]:
        """Give the labels of customers by the number of segments."""
        placed = self.model.place_each(field.prepared, list(self.labels.values()))
        return dict(zip(self.labels, placed, strict=True))


def learn(
    method: str,
    field: Field,
    numbers: Sequence[int],
    random_state: int,
    *,
    rows: npt.NDArray[np.intp] | None = None,
    n_starts: int | None = None,
) -> Learnt:
    """Learn a method for each number of segments; one that makes its own number, once.

    Parameters
    ----------
    method
        One of `METHODS`.
    field
        The customers.
    numbers
        Numbers of segments.
    random_state
        Seed of the method.
    rows
        Positions of the customers to learn from, with repetitions; None for all. Of a value tree, those of its past.
    n_starts
        From how many starts a method that has several takes the best; None for its own number.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> from customerbase.segmentation.comparing.field import make_field
    >>> features = ibis.memtable({"customer_id": ["a", "b", "c", "d"], "recency_days": [3, 4, 200, 280],
    ...                           "frequency": [9, 8, 1, 2], "monetary": [90.0, 80.0, 5.0, 9.0]})
    >>> field = make_field(features, make_clusterer(), 100, 0)
    >>> {number: len(set(labels)) for number, labels in learn("ward", field, (2, 3), 0).place(field).items()}
    {2: 2, 3: 3}
    """
    with single_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # customers drawn anew can be fewer kinds than segments
        if method == "value_tree":
            return _learn_value(field, numbers, rows)
        if method in SCHEMES:
            X = field.customers[list(RFM_COLUMNS)].to_numpy()
            return Separate({None: RFM(scheme=method).fit(X if rows is None else X[rows])}, RFM_COLUMNS)
        prepared = field.prepared if rows is None else field.prepared[rows]
        if method in LINKAGES:
            return _learn_cuts(method, prepared, numbers, random_state)
        keys: Sequence[Key] = (None,) if method in FINDS_NUMBER else numbers
        return Separate({key: _learn_one(method, prepared, key, random_state, n_starts) for key in keys})


def _learn_one(method: str, X: Matrix, key: Key, random_state: int, n_starts: int | None) -> Any:  # noqa: ANN401
    model: Any = CLUSTERERS[method](key or 2, random_state)
    if n_starts is not None and "n_init" in model.get_params():
        model.set_params(n_init=n_starts)
    return model.fit(X)


def _learn_value(field: Field, numbers: Sequence[int], rows: npt.NDArray[np.intp] | None) -> Separate:
    if field.past is None:
        raise UsageError("The method value_tree learns from what customers bought next, and nothing is known of that.")
    X, spent = field.past[0].to_numpy(), field.past[1]
    X, spent = (X, spent) if rows is None else (X[rows], spent[rows])
    now = field.customers[list(VALUE_COLUMNS)].to_numpy()
    return Separate({number: ValueTree(number).fit(X, spent).adapt(now) for number in numbers}, VALUE_COLUMNS)


def _learn_cuts(method: str, X: Matrix, numbers: Sequence[int], random_state: int) -> Cuts:
    """Make the tree once: what is cut off it is what `AgglomerativeClustering` makes of the same customers."""
    model: Any = CLUSTERERS[method](2, random_state)
    sample = model.draw(X)
    merges = linkage(sample, method)
    labels: dict[Key, Labels] = {number: cut_tree(merges, number) for number in numbers}
    model.n_features_in_, model.points_, model.reaches_ = X.shape[1], sample, None
    return Cuts(model, merges, labels)


def cut_tree(merges: Matrix, n_segments: int) -> Labels:
    """Undo the last merges of a tree, so that `n_segments` parts are left.

    Parameters
    ----------
    merges
        As `scipy.cluster.hierarchy.linkage` gives them, shape (n_customers - 1, 4).
    n_segments
        How many parts, at most as many as customers.

    Examples
    --------
    >>> cut_tree(linkage([[0.0], [1.0], [8.0], [9.0], [30.0]], "ward"), 3).tolist()
    [0, 0, 1, 1, 2]
    """
    n_customers = len(merges) + 1
    n_kept = n_customers - n_segments
    kept = merges[:n_kept, :2].astype(np.int64)
    parents = np.repeat(np.arange(n_customers, n_customers + n_kept), 2)
    n_nodes = n_customers + n_kept
    edges = coo_array((np.ones(2 * n_kept), (kept.ravel(), parents)), shape=(n_nodes, n_nodes))
    labels: Labels = connected_components(edges, directed=False)[1][:n_customers].astype(np.int64)
    return labels


def why_not(method: str, field: Field) -> str | None:
    """Say why a method cannot be tried on these customers; None where it can.

    Examples
    --------
    See `compare`.
    """
    if method in SCHEMES and not field.has(RFM_COLUMNS):
        return f"not all customers have {', '.join(RFM_COLUMNS)}, which the schemes of RFM score"
    if method == "value_tree" and (field.past is None or not len(field.past[0])):
        return "it learns from what customers bought next, and no date is known whose next days are over"
    if method == "value_tree" and not field.has(VALUE_COLUMNS):
        return f"not all customers have {', '.join(VALUE_COLUMNS)}, of which its rules are made"
    return None
