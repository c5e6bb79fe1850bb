"""Gaps: how much tighter segments are than those that the same method makes of customers spread evenly."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import PCA

from customerbase.segmentation.clustering import CLUSTERERS, FINDS_NUMBER
from customerbase.segmentation.comparing.field import Field, Labels, Matrix, choose_rows
from customerbase.segmentation.comparing.learners import Key, learn
from customerbase.segmentation.structure import spread_ties

__all__ = ["Boxes", "make_boxes", "measure_gaps", "sum_within"]

MOST_CUSTOMERS = 2_000
N_REFERENCES = 5
TINY = np.finfo(float).tiny


class Boxes:
    """Customers, and as many spread evenly over the same room, several times.

    Examples
    --------
    See `make_boxes`.
    """

    def __init__(self, rows: npt.NDArray[np.intp], seen: Field, references: Sequence[Field]) -> None:
        self.rows = rows
        self.seen = seen
        self.references = references


def make_boxes(field: Field, random_state: int, most_customers: int = MOST_CUSTOMERS) -> Boxes:
    """Spread a sample of customers, and as many evenly along the principal axes, as Tibshirani and others (2001) do.

    Values that many customers share are spread over the room between their neighbours first, as in `measure_structure`:
    that a customer has whole numbers of orders is no structure.

    Parameters
    ----------
    field
        The customers.
    random_state
        Seed of the sample and of what is spread.
    most_customers
        Most customers of the sample.

    Examples
    --------
    See `compare`.
    """
    rng = np.random.default_rng(random_state)
    rows = choose_rows(len(field.prepared), most_customers, random_state)
    X = spread_ties(field.prepared[rows], rng)
    axes = PCA().fit(X)
    turned = axes.transform(X)
    boxes = [
        axes.inverse_transform(rng.uniform(turned.min(axis=0), turned.max(axis=0), turned.shape))
        for _ in range(N_REFERENCES)
    ]
    seen = field.take(rows)
    return Boxes(rows, replace(seen, prepared=X), [replace(seen, prepared=box) for box in boxes])


def measure_gaps(
    method: str, boxes: Boxes, labels: Mapping[Key, Labels], numbers: Sequence[int], random_state: int
) -> dict[Key, tuple[float, float]]:
    """Give the gap statistic of a method and its standard error, by number of segments.

    Parameters
    ----------
    method, numbers
        As in `learn`; the reference customers are segmented by the same method.
    boxes
        Of `make_boxes`.
    labels
        By number, the segment of each customer of the field.
    random_state
        Seed of the method.

    Returns
    -------
    Nothing for a method that does not learn distances, or makes its own number.

    Examples
    --------
    See `compare`.
    """
    if method not in CLUSTERERS or method in FINDS_NUMBER:
        return {}
    logs = []
    for box in boxes.references:
        placed = learn(method, box, numbers, random_state, n_starts=1).place(box)
        logs.append([_log_within(box.prepared, placed[number]) for number in numbers])
    expected = np.mean(logs, axis=0)
    errors = np.std(logs, axis=0) * np.sqrt(1 + 1 / N_REFERENCES)
    seen = boxes.seen.prepared
    return {
        number: (float(mean - _log_within(seen, labels[number][boxes.rows])), float(error))
        for number, mean, error in zip(numbers, expected, errors, strict=True)
    }


def _log_within(X: Matrix, labels: Labels) -> float:
    return float(np.log(max(sum_within(X, labels), TINY)))


def sum_within(X: Matrix, labels: Labels) -> float:
    """Give the sum of squared distances of customers to the mean of their segment.

    Examples
    --------
    >>> sum_within(np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([0, 0, 1, 1]))
    4.0
    """
    codes = np.unique(labels, return_inverse=True)[1]
    sizes = np.bincount(codes).astype(np.float64)
    means = np.column_stack([np.bincount(codes, weights=column) / sizes for column in X.T])
    return float(((X - means[codes]) ** 2).sum())
