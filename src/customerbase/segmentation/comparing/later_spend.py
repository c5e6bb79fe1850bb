"""Later spend: what segmentations of a date say of what was bought after it, with intervals, and which say as much."""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from customerbase.segmentation.comparing.field import Field, Labels, Matrix
from customerbase.segmentation.out_of_time import eta_squared, predict_spend
from customerbase.segmentation.stability import INTERVAL

__all__ = ["LaterSpend", "Outcome", "measure_later_spend"]

N_DRAWS = 200


@dataclass(frozen=True)
class Outcome:
    """An earlier date, and what its customers bought in the days after it.

    Parameters
    ----------
    features, target
        Of the date: see `customer_features` and `value_target`.
    earlier, earlier_target
        Of the date a horizon before, from which the reference model learns.

    Examples
    --------
    See `customerbase.workflow.compare`.
    """

    features: ir.Table
    target: ir.Table
    earlier: ir.Table
    earlier_target: ir.Table


@dataclass(frozen=True)
class LaterSpend:
    """What one segmentation says of later spend.

    Parameters
    ----------
    spend_eta_squared
        Share of the variance of log1p(amount bought) that lies between segments.
    share_of_reference
        That over what the reference model explains.
    lower, upper
        Nine in ten draws of as many customers, with replacement, put the share between these.
    is_as_good
        Whether the best of all segmentations is not ahead of this one in more than 19 of 20 draws.

    Examples
    --------
    >>> LaterSpend(0.29, 0.9, 0.87, 0.93, True).share_of_reference
    0.9
    """

    spend_eta_squared: float
    share_of_reference: float
    lower: float
    upper: float
    is_as_good: bool


def measure_later_spend(
    field: Field, outcome: Outcome, segmentations: Sequence[Labels], may_win: Sequence[bool], random_state: int
) -> list[LaterSpend] | None:
    """Hold segmentations of a date against what was bought after it, all on the same customers and the same draws.

    Parameters
    ----------
    field
        The customers of the date.
    outcome
        What they bought next.
    segmentations
        The segment of each customer of the field, once for each segmentation.
    may_win
        Whether each may be the best that the others are compared with.
    random_state
        Seed of the draws.

    Returns
    -------
    One for each segmentation; None where nobody bought or all bought alike.

    Examples
    --------
    See `compare`.
    """
    target = outcome.target
    spent = target.select("customer_id", spent=target.future_revenue.cast("float64")).to_pandas()
    amounts = spent.set_index("customer_id").spent.reindex(field.customers.index).fillna(0.0)
    predicted = predict_spend(outcome.earlier, outcome.earlier_target, outcome.features)
    reference = predicted.reindex(field.customers.index).to_numpy()
    y = np.log1p(amounts.to_numpy())
    if not np.ptp(y) or not np.ptp(reference):
        return None
    once = np.ones((len(y), 1))
    drawn = _draw(len(y), random_state)
    known = _correlate(reference, y, once)[0]
    known_drawn = _correlate(reference, y, drawn)
    shares = [_explain(labels, y, drawn) / known_drawn for labels in segmentations]
    etas = [eta_squared(y, labels) or 0.0 for labels in segmentations]
    best = max(range(len(etas)), key=lambda place: (may_win[place], etas[place]), default=0)
    found = []
    for eta, share in zip(etas, shares, strict=True):
        lower, upper = np.quantile(share, INTERVAL)
        is_as_good = bool(np.quantile(shares[best] - share, INTERVAL[0]) <= 0)
        found.append(LaterSpend(eta, eta / known, float(lower), float(upper), is_as_good))
    return found


def _draw(n_customers: int, random_state: int) -> Matrix:
    """Count how often each customer is in each draw; shape (n_customers, n_draws)."""
    rng = np.random.default_rng(random_state)
    counts = [np.bincount(rng.integers(n_customers, size=n_customers), minlength=n_customers) for _ in range(N_DRAWS)]
    return np.asarray(counts, dtype=np.float64).T


def _explain(labels: Labels, y: Matrix, weights: Matrix) -> Matrix:
    """Give eta squared in each draw."""
    codes = np.unique(labels, return_inverse=True)[1]
    is_in: npt.NDArray[np.float64] = (codes == np.arange(codes.max() + 1)[:, None]).astype(np.float64)
    sizes, sums = is_in @ weights, (is_in * y) @ weights
    n, total = weights.sum(axis=0), y @ weights
    between = (sums**2 / np.maximum(sizes, 1.0)).sum(axis=0) - total**2 / n
    variance: Matrix = (y**2) @ weights - total**2 / n
    explained: Matrix = between / variance
    return explained


def _correlate(x: Matrix, y: Matrix, weights: Matrix) -> Matrix:
    """Give the squared correlation in each draw."""
    n = weights.sum(axis=0)
    x, y = x - x.mean(), y - y.mean()
    mean_x, mean_y = (x @ weights) / n, (y @ weights) / n
    covariance = (x * y) @ weights / n - mean_x * mean_y
    variances = ((x**2) @ weights / n - mean_x**2) * ((y**2) @ weights / n - mean_y**2)
    squared: Matrix = covariance**2 / variances
    return squared
