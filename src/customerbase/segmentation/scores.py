"""RFM scores: what was asked for, checked; cut points, learnt from customers; and the score of each value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from customerbase.errors import UsageError
from customerbase.segmentation.schemes import RFM_COLUMNS, Scheme, cells, load_scheme

__all__ = ["NO_SCHEME", "ScorePlan", "learn_edges", "plan_scores", "score_customers", "share_out_cells"]

Matrix = npt.NDArray[np.float64]
Scores = npt.NDArray[np.int64]

DEFAULT_N_BINS = 5
NO_SCHEME = "none"
"""What stands for no scheme where there is no None: in TOML and on the command line."""


@dataclass(frozen=True)
class ScorePlan:
    """How customers are scored and named: the parameters of `RFM`, checked and complete.

    `n_bins` are those of recency, frequency and monetary; `edges` the cut points that are given, by column.
    """

    n_bins: tuple[int, int, int]
    edges: dict[str, Matrix]
    scheme: Scheme | None
    nested: bool
    weights: tuple[float, float, float] | None


def plan_scores(
    n_bins: int | Sequence[int] | None = None,
    edges: Mapping[str, npt.ArrayLike] | None = None,
    scheme: Any = "cells-11",  # noqa: ANN401 - see load_scheme
    nested: bool = False,
    weights: Sequence[float] | None = None,
) -> ScorePlan:
    """Check the parameters of `RFM`, which says what they mean.

    Raises
    ------
    UsageError
        One has a value that is not allowed, or two do not go together.

    Examples
    --------
    >>> plan_scores(scheme="klaviyo-6").edges
    {'recency_days': array([180., 365.])}
    >>> plan_scores(weights=(3, 2, 1))
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: RFM weights make tiers of the weighted score, and scheme 'cells-11' has segments ...
    """
    found = None if scheme is None or scheme == NO_SCHEME else load_scheme(scheme)
    bins = _plan_bins(n_bins, found)
    if not isinstance(nested, bool):
        raise UsageError(f"The 'nested' parameter of RFM must be true or false. Got {nested!r} instead.")
    if weights is not None and found is not None:
        raise UsageError(
            f"RFM weights make tiers of the weighted score, and scheme '{found.name}' has segments of its own. "
            f"Leave the weights out, or choose scheme '{NO_SCHEME}'."
        )
    given = {**(found.edges if found else {}), **_checked_table(edges)}
    return ScorePlan(bins, _plan_edges(given, bins), found, nested, _plan_weights(weights))


def _plan_bins(n_bins: object, scheme: Scheme | None) -> tuple[int, int, int]:
    own = scheme.n_bins if scheme else (DEFAULT_N_BINS,) * 3
    if n_bins is None:
        return own
    sizes = (n_bins,) * 3 if isinstance(n_bins, int) else n_bins
    if (
        not isinstance(sizes, Sequence)
        or len(sizes) != 3
        or any(isinstance(size, bool) or not isinstance(size, int) or not 2 <= size <= 9 for size in sizes)
    ):
        raise UsageError(
            "The 'n_bins' parameter of RFM must be an int from 2 to 9, or three of them: for recency, frequency and "
            f"monetary. Got {n_bins!r} instead."
        )
    if scheme and tuple(sizes) != own:
        wanted = own[0] if len(set(own)) == 1 else own
        raise UsageError(
            f"RFM scheme '{scheme.name}' is made for n_bins={wanted}. Got n_bins={n_bins} instead. "
            f"Leave n_bins out, or choose scheme '{NO_SCHEME}' to make each combination of scores a segment."
        )
    return (sizes[0], sizes[1], sizes[2])


def _checked_table(edges: object) -> Mapping[str, npt.ArrayLike]:
    if not isinstance(edges, Mapping | None):
        raise UsageError(f"The 'edges' parameter of RFM must be a table of column = cut points. Got {edges!r} instead.")
    return edges or {}


def _plan_edges(given: Mapping[str, npt.ArrayLike], n_bins: tuple[int, int, int]) -> dict[str, Matrix]:
    """Check cut points that are given, and give them as arrays."""
    sizes = dict(zip(RFM_COLUMNS, n_bins, strict=True))
    for name in given:
        if name not in sizes:
            raise UsageError(
                f"The 'edges' parameter of RFM has no place for '{name}'. It takes: {', '.join(RFM_COLUMNS)}."
            )
    return {name: _plan_column(name, points, sizes[name]) for name, points in given.items()}


def _plan_column(name: str, points: npt.ArrayLike, n_bins: int) -> Matrix:
    try:
        values = np.asarray(points, dtype=np.float64)
        is_right = values.shape == (n_bins - 1,) and np.isfinite(values).all() and (np.diff(values) > 0).all()
    except (TypeError, ValueError):
        is_right = False
    if not is_right:
        raise UsageError(
            f"The 'edges' parameter of RFM must have {n_bins - 1} ascending numbers for '{name}', one less than "
            f"n_bins={n_bins}. Got {points!r} instead."
        )
    return values


def _plan_weights(weights: Any) -> tuple[float, float, float] | None:  # noqa: ANN401
    if weights is None:
        return None
    try:
        values = np.asarray(weights, dtype=np.float64)
        is_right = values.shape == (3,) and np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0
    except (TypeError, ValueError):
        is_right = False
    if not is_right:
        raise UsageError(
            "The 'weights' parameter of RFM must be three numbers >= 0, for recency, frequency and monetary, not all "
            f"of them 0. Got {weights!r} instead."
        )
    r, f, m = values.tolist()
    return (r, f, m)


def learn_edges(plan: ScorePlan, matrix: Matrix) -> dict[str, Matrix]:
    """Learn the cut points that are not given.

    Parameters
    ----------
    plan
        Of `plan_scores`.
    matrix
        The columns of `RFM_COLUMNS`, shape (n_customers, 3).

    Returns
    -------
    Cut points by column, ascending, in its unit. Not nested, each is of shape (n_bins - 1,). Nested, those of frequency
    are of shape (n_recency, n_bins - 1), by recency score - 1, and those of monetary of shape (n_recency, n_frequency,
    n_bins - 1); a group without a customer has those of the group around it.

    Examples
    --------
    >>> customers = np.array([[1.0, 9.0, 90.0], [2.0, 8.0, 10.0], [30.0, 2.0, 20.0], [40.0, 1.0, 9.0]])
    >>> learn_edges(plan_scores(n_bins=2, scheme=None), customers)["frequency"]
    array([2.])
    >>> learn_edges(plan_scores(n_bins=2, scheme=None, nested=True), customers)["frequency"]
    array([[1.],
           [8.]])
    """
    recency, frequency, monetary = (
        _ColumnCuts(plan.edges.get(name), n_bins) for name, n_bins in zip(RFM_COLUMNS, plan.n_bins, strict=True)
    )
    r, f, m = matrix.T
    edges = {"recency_days": recency.learn(r)}
    if not plan.nested:
        return {**edges, "frequency": frequency.learn(f), "monetary": monetary.learn(m)}
    of_recency = _reverse(_bins(edges["recency_days"], r), plan.n_bins[0])
    edges["frequency"] = frequency.learn_within(f, (of_recency,), plan.n_bins[:1])
    of_frequency = _bins(edges["frequency"][of_recency - 1], f)
    edges["monetary"] = monetary.learn_within(m, (of_recency, of_frequency), plan.n_bins[:2])
    return edges


@dataclass(frozen=True)
class _ColumnCuts:
    """The cut points of one column: those given, else quantiles of what is seen."""

    given: Matrix | None
    n_bins: int

    def learn(self, values: Matrix) -> Matrix:
        return _quantile_edges(values, self.n_bins) if self.given is None else self.given

    def learn_within(self, values: Matrix, scores: Sequence[Scores], sizes: Sequence[int]) -> Matrix:
        """Learn within each combination of scores; an empty one has what is learnt without the last of them."""
        if not sizes:
            return self.learn(values)
        groups = []
        for score in range(1, sizes[0] + 1):
            held = scores[0] == score
            inner = [each[held] for each in scores[1:]]
            if held.any():
                groups.append(self.learn_within(values[held], inner, sizes[1:]))
            else:
                groups.append(np.broadcast_to(self.learn(values), (*sizes[1:], self.n_bins - 1)))
        return np.array(groups)


def _quantile_edges(values: Matrix, n_bins: int) -> Matrix:
    """Give the smallest values that at least 1/n_bins, 2/n_bins … of the customers do not exceed.

    Whole-number positions: `ceil(i / n_bins * n)` in floating point is one too many now and then.
    """
    positions = [-(-i * len(values) // n_bins) - 1 for i in range(1, n_bins)]
    return np.sort(values)[positions]


def score_customers(edges: Mapping[str, Matrix], n_recency: int, matrix: Matrix) -> Scores:
    """Score customers by cut points: shape (n_customers, 3), 1 is the worst.

    Parameters
    ----------
    edges
        Of `learn_edges`.
    n_recency
        Number of recency scores: few days are good, so bins are reversed.
    matrix
        The columns of `RFM_COLUMNS`, shape (n_customers, 3).

    Examples
    --------
    >>> edges = {"recency_days": np.array([30.0]), "frequency": np.array([1.0]), "monetary": np.array([50.0])}
    >>> score_customers(edges, 2, np.array([[30.0, 1.0, 50.5]]))
    array([[2, 1, 2]])
    """
    r, f, m = matrix.T
    recency = _reverse(_bins(edges["recency_days"], r), n_recency)
    frequency = _bins(_pick(edges["frequency"], recency), f)
    monetary = _bins(_pick(edges["monetary"], recency, frequency), m)
    return np.column_stack([recency, frequency, monetary])


def _pick(edges: Matrix, *scores: Scores) -> Matrix:
    """Take each customer's own cut points where they are nested."""
    return edges[tuple(each - 1 for each in scores[: edges.ndim - 1])] if edges.ndim > 1 else edges


def _bins(edges: Matrix, values: Matrix) -> Scores:
    """Count from 1 the bin of each value: a cut point belongs to the bin below it."""
    found: Scores = 1 + (edges < values[:, np.newaxis]).sum(axis=1, dtype=np.int64)
    return found


def _reverse(bins: Scores, n_bins: int) -> Scores:
    return n_bins + 1 - bins


def share_out_cells(plan: ScorePlan, scores: Scores) -> tuple[npt.NDArray[np.str_], Scores]:
    """Give the names of the segments, and for each cell the position of its segment in them.

    Parameters
    ----------
    plan
        Of `plan_scores`.
    scores
        Those of the customers learnt from, shape (n_customers, 3); tiers of a weighted score are quantiles of theirs.

    Returns
    -------
    names
        The scheme's, in its order; else the tiers or the cells, the best first.
    table
        Shape `plan.n_bins`.

    Examples
    --------
    >>> plan = plan_scores(n_bins=2, scheme=None, weights=(2, 1, 1))
    >>> names, table = share_out_cells(plan, np.array([[2, 2, 2], [2, 1, 1], [1, 2, 1], [1, 1, 1]]))
    >>> names.tolist(), table.tolist()
    (['Tier 1', 'Tier 2'], [[[1, 1], [1, 0]], [[0, 0], [0, 0]]])
    """
    if plan.weights is not None:
        return _share_out_tiers(plan.n_bins, plan.weights, scores)
    every = cells(plan.n_bins)
    segments = plan.scheme.segments if plan.scheme else {cell: frozenset([cell]) for cell in every}
    table = np.empty(plan.n_bins, dtype=np.int64)
    for position, held in enumerate(segments.values()):
        for cell in held:
            table[tuple(int(score) - 1 for score in cell)] = position
    return np.array(list(segments)), table


def _share_out_tiers(
    n_bins: tuple[int, int, int], weights: tuple[float, float, float], scores: Scores
) -> tuple[npt.NDArray[np.str_], Scores]:
    """Cut the weighted mean of the scores into quantiles, as many as the finest axis has bins."""
    n_tiers = max(n_bins)
    weighted = np.tensordot(np.array(weights), np.indices(n_bins) + 1, axes=1) / sum(weights)
    falling = -np.round(weighted, 9)  # so that equal sums are equal, and the first tier is never empty
    table = np.searchsorted(_quantile_edges(falling[tuple(scores.T - 1)], n_tiers), falling)
    return np.array([f"Tier {number}" for number in range(1, n_tiers + 1)]), table.astype(np.int64)
