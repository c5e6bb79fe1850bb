"""How sure a customer's segment is: a confidence, the next nearest segment, and who stands on the border of two."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.pipeline import Pipeline

from customerbase.segmentation.clustering import single_thread
from customerbase.segmentation.fitting import BATCH_CUSTOMERS, Clusterer
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS

__all__ = [
    "BY_CUT_POINTS",
    "BY_DISTANCE",
    "BY_PROBABILITY",
    "NOBODY",
    "SURENESS",
    "Placement",
    "measure_placement",
    "sureness_columns",
    "way_of",
]

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.int64]

NOBODY = -1
"""Stands where there is no next segment."""

SURENESS = ("confidence", "next_segment", "is_borderline")
"""The columns of `sureness_columns`."""

BY_DISTANCE = 0.1
"""Below this confidence a customer of a model with centres is borderline: the next centre is hardly farther away.

Of Online Retail II these are 7 % of all; in 50 refits on resampled customers they kept their segment 75 times in 100,
the others 99 times.
"""

BY_PROBABILITY = 0.5
"""A customer of a model with probabilities is borderline where the next segment is at least so likely as the own one.

As a share: at least half as likely.
"""

BY_CUT_POINTS = 0.05
"""A customer scored by cut points is borderline where a change of less than this share in one figure moves them."""

# Distances and probabilities come out of matrix products, whose last bits depend on the rows beside a customer.
_DIGITS = 9
_SHOWN_DIGITS = 4


@dataclass(frozen=True)
class Placement:
    """How sure the segments of some customers are, one entry for each.

    `confidence` is from 0 to 1, and NaN where the model cannot say; `next_labels` has the label of the next nearest
    segment, `NOBODY` where there is none; `is_borderline` tells who could as well stand there.

    Examples
    --------
    >>> Placement(np.array([0.04]), np.array([2]), np.array([True])).is_borderline.tolist()
    [True]
    """

    confidence: Floats
    next_labels: Labels
    is_borderline: npt.NDArray[np.bool_]


def way_of(model: Clusterer) -> str | None:
    """Tell how a fitted model can say how sure it is: `cut points`, `probability`, `distance`, or None.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> way_of(KMeans(n_clusters=2, n_init=1).fit([[0.0], [9.0]])), way_of(RFM().fit([[3.0, 4.0, 80.0]]))
    ('distance', 'cut points')
    """
    return next((name for name, (applies, _) in _WAYS.items() if applies(model)), None)


def measure_placement(model: Clusterer, X: pd.DataFrame, labels: Labels, known: Collection[int]) -> Placement:
    """Measure how sure the segment of each customer is, a batch of customers at a time.

    What the confidence means depends on the model, and can be said in one sentence:

    * with centres (k-means): by which share the own centre is nearer than the next one, `1 - d1 / d2` in the prepared
      space; 0 on the border, 1 at the centre. Borderline below `BY_DISTANCE`.
    * with probabilities (mixtures, methods that place by neighbours): the probability of the own segment. Borderline
      where the next one is at least half as likely.
    * RFM: by which share of the larger value one of the three figures would have to change, alone, for another segment.
      Days and orders are whole: from 1 order to 2 is a change of a half. Borderline below `BY_CUT_POINTS`.
    * any other model: nothing.

    Parameters
    ----------
    model
        A fitted model.
    X
        One row per customer, with the columns that the model looks at.
    labels
        Where the model has placed each of them.
    known
        The labels that are a segment; no other one is ever the next.

    Returns
    -------
    Figures are rounded to four decimals. A customer alone gets what they get among others.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> model = KMeans(n_clusters=2, n_init=1, random_state=0).fit([[0.0], [10.0]])
    >>> X = pd.DataFrame([[0.0], [4.0], [4.9]])
    >>> placed = measure_placement(model, X, model.predict(X.to_numpy()), {0, 1})
    >>> placed.confidence, placed.is_borderline
    (array([1.    , 0.3333, 0.0392]), array([False, False,  True]))
    """
    way = way_of(model)
    others = np.array(sorted(label for label in known if label != NOBODY), dtype=np.int64)
    measured = [Placement(np.empty(0), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_))]
    with single_thread():
        for rows in _batches(len(X)):
            if way is None or not len(others):
                measured.append(_unknown(rows.stop - rows.start))
            else:
                measured.append(_WAYS[way][1](model, X.iloc[rows], labels[rows], others))
    return Placement(
        np.concatenate([each.confidence for each in measured]),
        np.concatenate([each.next_labels for each in measured]),
        np.concatenate([each.is_borderline for each in measured]),
    )


def sureness_columns(placement: Placement, names: npt.NDArray[np.object_]) -> dict[str, pa.Array]:
    """Give a placement as columns of a table of assignments: what the model cannot say is missing.

    Parameters
    ----------
    placement
        Of `measure_placement`.
    names
        Name of each segment by its label.

    Examples
    --------
    >>> placed = Placement(np.array([0.04, np.nan]), np.array([1, NOBODY]), np.array([True, False]))
    >>> pa.table(sureness_columns(placed, np.array(["Loyal", "Lost"]))).to_pylist()
    [{'confidence': 0.04, 'next_segment': 'Lost', 'is_borderline': True},
     {'confidence': None, 'next_segment': None, 'is_borderline': None}]
    """
    nobody, unknown = placement.next_labels == NOBODY, np.isnan(placement.confidence)
    positions = pa.array(np.where(nobody, 0, placement.next_labels), mask=nobody)
    columns = (
        pa.array(placement.confidence, mask=unknown),
        pa.array(names, type=pa.string()).take(positions),
        pa.array(placement.is_borderline, mask=unknown),
    )
    return dict(zip(SURENESS, columns, strict=True))


def _batches(n_customers: int) -> Iterator[slice]:
    for start in range(0, n_customers, BATCH_CUSTOMERS):
        yield slice(start, min(start + BATCH_CUSTOMERS, n_customers))


def _unknown(n_customers: int) -> Placement:
    return Placement(np.full(n_customers, np.nan), np.full(n_customers, NOBODY), np.zeros(n_customers, dtype=np.bool_))


def _last(model: Clusterer) -> Any:  # noqa: ANN401 - any estimator
    return model[-1] if isinstance(model, Pipeline) else model


def _has_cut_points(model: Clusterer) -> bool:
    return isinstance(model, RFM)


def _has_probabilities(model: Clusterer) -> bool:
    return hasattr(model, "predict_proba")


def _has_centres(model: Clusterer) -> bool:
    return hasattr(_last(model), "cluster_centers_")


def _by_distance(model: Clusterer, X: pd.DataFrame, labels: Labels, others: Labels) -> Placement:
    prepared = np.asarray(model[:-1].transform(X) if isinstance(model, Pipeline) else X, dtype=np.float64)
    centres = np.asarray(_last(model).cluster_centers_)
    distances = np.column_stack([np.sqrt(((prepared - centre) ** 2).sum(axis=1)) for centre in centres])
    own, next_labels, following = _two_nearest(distances.round(_DIGITS), labels, others)
    nearer = np.divide(own, following, out=np.ones_like(own), where=following > 0)
    confidence = np.clip(1 - nearer, 0, 1).round(_SHOWN_DIGITS)
    return Placement(confidence, next_labels, (confidence < BY_DISTANCE) & (next_labels != NOBODY))


def _by_probability(model: Any, X: pd.DataFrame, labels: Labels, others: Labels) -> Placement:  # noqa: ANN401
    given = np.asarray(model.predict_proba(X)).round(_DIGITS)
    classes = np.asarray(getattr(model, "classes_", np.arange(given.shape[1])), dtype=np.int64)
    # One column for each label that is a segment, in the order of the labels.
    top = int(max(classes.max(), others.max(), labels.max(initial=0)))
    probabilities = np.zeros((len(given), top + 1))
    is_segment = classes != NOBODY
    probabilities[:, classes[is_segment]] = given[:, is_segment]
    own, next_labels, following = _two_nearest(-probabilities, labels, others)
    own = np.where(labels == NOBODY, given[:, ~is_segment].sum(axis=1), -own)
    confidence = np.abs(own).round(_SHOWN_DIGITS)
    following = np.abs(following).round(_SHOWN_DIGITS)
    next_labels = np.where(np.isfinite(following) & (following > 0), next_labels, NOBODY)
    return Placement(confidence, next_labels, (next_labels != NOBODY) & (following >= BY_PROBABILITY * confidence))


def _two_nearest(distances: Floats, labels: Labels, others: Labels) -> tuple[Floats, Labels, Floats]:
    """Give the distance to the own segment (NaN where there is none), and label and distance of the nearest other."""
    rows = np.arange(len(labels))
    has_own = labels != NOBODY
    own = np.where(has_own, distances[rows, np.where(has_own, labels, 0)], np.nan)
    left = np.full(distances.shape, np.inf)
    left[:, others] = distances[:, others]
    left[rows[has_own], labels[has_own]] = np.inf
    nearest = left.argmin(axis=1)
    following = left[rows, nearest]
    return own, np.where(np.isfinite(following), nearest, NOBODY), following


def _by_cut_points(model: RFM, X: pd.DataFrame, labels: Labels, others: Labels) -> Placement:
    """Move one figure at a time past each cut point, and take the smallest change that leads to another segment."""
    smallest = np.ones(len(X))
    next_labels = np.full(len(X), NOBODY)
    figures = X[list(RFM_COLUMNS)]
    for name in RFM_COLUMNS:
        values = figures[name].to_numpy(dtype=np.float64)
        for edge in np.unique(np.ravel(model.edges_[name])):
            moved = np.where(values > edge, edge, _just_above(name, edge))
            change = _share_changed(values, moved)
            found = np.asarray(model.predict(figures.assign(**{name: moved})))
            is_better = (found != labels) & (change < smallest) & np.isin(found, others)
            smallest[is_better] = change[is_better]
            next_labels[is_better] = found[is_better]
    confidence = smallest.round(_SHOWN_DIGITS)
    return Placement(confidence, next_labels, (confidence < BY_CUT_POINTS) & (next_labels != NOBODY))


def _just_above(name: str, edge: float) -> float:
    """Give the next value above a cut point: days and orders are whole."""
    return float(np.nextafter(edge, np.inf)) if name == "monetary" else float(np.floor(edge)) + 1


def _share_changed(values: Floats, moved: Floats) -> Floats:
    sizes = np.maximum(np.abs(values), np.abs(moved))
    shares = np.divide(np.abs(moved - values), sizes, out=np.zeros_like(values), where=sizes > 0)
    return np.minimum(shares, 1.0)


_WAYS: dict[str, tuple[Callable[[Clusterer], bool], Callable[..., Placement]]] = {
    "cut points": (_has_cut_points, _by_cut_points),
    "probability": (_has_probabilities, _by_probability),
    "distance": (_has_centres, _by_distance),
}
"""What a model may have → how to see it, and how to measure by it; the first that applies is taken."""
