"""Out-of-time value: what a segmentation of an earlier date says about what its customers bought next."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

from customerbase.errors import DataError
from customerbase.features.customers import matrix
from customerbase.segmentation.clustering import single_thread
from customerbase.segmentation.fitting import Clusterer
from customerbase.segmentation.learning import join_target, wants_target
from customerbase.segmentation.segments import segment

__all__ = [
    "REFERENCE_COLUMNS",
    "REFERENCE_MODEL",
    "OutOfTime",
    "best_fifth_share",
    "eta_squared",
    "evaluate_segmentations",
    "measure_out_of_time",
    "predict_spend",
]

REFERENCE_COLUMNS = (
    "recency_days",
    "frequency",
    "monetary",
    "gross_revenue",
    "return_value",
    "n_products",
    "tenure_days",
    "age_days",
    "average_order_value",
    "n_orders_last_90_days",
    "revenue_last_90_days",
)
"""What the reference model looks at."""

REFERENCE_MODEL = "reference model"
REFERENCE_SEEDS = (0, 1, 2)
BEST_SHARE = 0.2


@dataclass(frozen=True)
class OutOfTime:
    """What one segmentation of a date says about the days after it; None where a figure is undefined.

    Parameters
    ----------
    segmentation
        Its name.
    n_segments
        Segments with a customer; None for the reference model, which gives each customer a figure of its own.
    smallest_share
        Share of the customers that the smallest segment has.
    spend_eta_squared
        Share of the variance of log1p(amount bought) that lies between segments, from 0 to 1.
    buying_eta_squared
        The same of having bought at all.
    best_fifth_share
        Share of the amount that the fifth of customers from the best segments spent.
    share_of_reference
        `spend_eta_squared` over that of the reference model; above 1 is possible, since that is a yardstick, no bound.
    n_customers
        Customers who were placed.
    buyers_share
        Share of them who bought in those days.

    Examples
    --------
    >>> OutOfTime("kmeans", 6, 0.057, 0.293, 0.229, 0.704, 0.897, n_customers=5_281, buyers_share=0.434).n_segments
    6
    """

    segmentation: str
    n_segments: int | None
    smallest_share: float | None
    spend_eta_squared: float | None
    buying_eta_squared: float | None
    best_fifth_share: float | None
    share_of_reference: float | None
    n_customers: int
    buyers_share: float


def eta_squared(values: npt.ArrayLike, labels: npt.ArrayLike) -> float | None:
    """Give the share of the variance of values that lies between groups (Fisher 1925); None where all are equal.

    Parameters
    ----------
    values
        One number per customer.
    labels
        The group of each.

    Examples
    --------
    >>> eta_squared([1.0, 3.0, 5.0, 7.0], ["a", "a", "b", "b"])
    0.8
    >>> eta_squared([2.0, 2.0], ["a", "b"]) is None
    True
    """
    numbers = np.asarray(values, dtype=np.float64)
    codes = np.unique(np.asarray(labels), return_inverse=True)[1]
    deviations = numbers - numbers.mean()
    total = float(deviations @ deviations)
    if not np.ptp(numbers):
        return None
    sums, sizes = np.bincount(codes, weights=deviations), np.bincount(codes)
    return float((sums**2 / sizes).sum()) / total


def best_fifth_share(amounts: npt.ArrayLike, ranking: npt.ArrayLike) -> float | None:
    """Give the share of an amount that the best fifth of customers spent; None where nobody spent anything.

    Customers are taken in descending order of `ranking`. Of those who are equal in it, where the fifth ends among them,
    each counts in part: what a fifth drawn at random among them would have on average.

    Parameters
    ----------
    amounts
        What each customer spent.
    ranking
        By what they are ordered, the highest first.

    Examples
    --------
    >>> best_fifth_share([60.0, 20.0, 10.0, 10.0, 0.0], [3, 3, 1, 1, 1])
    0.4
    """
    spent = np.asarray(amounts, dtype=np.float64)
    levels, codes = np.unique(-np.asarray(ranking, dtype=np.float64), return_inverse=True)
    sizes, sums = np.bincount(codes, minlength=len(levels)), np.bincount(codes, weights=spent, minlength=len(levels))
    left = np.clip(len(spent) * BEST_SHARE - (sizes.cumsum() - sizes), 0, sizes)
    total = float(spent.sum())
    return float((sums * left / sizes).sum()) / total if total > 0 else None


def measure_out_of_time(assignments: ir.Table, target: ir.Table, name: str = "segmentation") -> OutOfTime:
    """Hold segments of a date against what their customers bought after it.

    The best fifth is taken from the segments in the order of their mean amount in those days.

    Parameters
    ----------
    assignments
        Of `segment` or `assign`, or any table with `customer_id` and `segment_id`.
    target
        Of `value_target`, of the same date.
    name
        What to call the segmentation.

    Raises
    ------
    DataError
        The two tables have no customer in common.

    Examples
    --------
    >>> import ibis
    >>> assignments = ibis.memtable({"customer_id": ["a", "b", "c", "d"], "segment_id": [1, 1, 2, 2]})
    >>> target = ibis.memtable({"customer_id": ["a", "b", "c", "d"], "future_revenue": [9.0, 9.0, 0.0, 0.0]})
    >>> found = measure_out_of_time(assignments, target)
    >>> found.spend_eta_squared, found.buying_eta_squared, found.best_fifth_share, found.buyers_share
    (1.0, 1.0, 0.4, 0.5)
    """
    joined = assignments.inner_join(target, "customer_id").order_by("customer_id")
    rows = joined.select("segment_id", spent=joined.future_revenue.cast("float64")).to_pandas()
    if rows.empty:
        raise DataError("The segments and the target have no customer in common. Make both at one date.")
    means = rows.groupby("segment_id").spent.transform("mean")
    sizes = rows.segment_id.value_counts()
    found = _measure(name, rows.spent.to_numpy(), means.to_numpy(), rows.segment_id.to_numpy())
    return replace(found, n_segments=len(sizes), smallest_share=float(sizes.min() / len(rows)))


def predict_spend(earlier: ir.Table, earlier_target: ir.Table, features: ir.Table) -> pd.Series:
    """Predict log1p(amount of the next days) by the reference model, learnt a horizon earlier and applied unchanged.

    It is scikit-learn's HistGradientBoostingRegressor with 100 trees and a learning rate of 0.05 on
    `REFERENCE_COLUMNS`: the mean of three seeds.

    Parameters
    ----------
    earlier, earlier_target
        Features and target of the earlier date.
    features
        Features of the date to predict from.

    Returns
    -------
    One number per customer of the base, by `customer_id`.

    Examples
    --------
    >>> import ibis
    >>> from datetime import date
    >>> columns = {name: [1.0] for name in REFERENCE_COLUMNS}
    >>> table = ibis.memtable({"customer_id": ["a"], "as_of": [date(2024, 1, 1)], **columns})
    >>> target = ibis.memtable({"customer_id": ["a"], "as_of": [date(2024, 1, 1)], "until": [date(2024, 3, 31)],
    ...                         "future_revenue": [0.0]})
    >>> predict_spend(table, target, table).to_dict()
    {'a': 0.0}
    """
    learnt_from = matrix(join_target(earlier, earlier_target), [*REFERENCE_COLUMNS, "future_revenue"])
    y = np.log1p(learnt_from.pop("future_revenue"))
    X = matrix(features, REFERENCE_COLUMNS)
    with single_thread():
        predicted = [_make_reference(seed).fit(learnt_from, y).predict(X) for seed in REFERENCE_SEEDS]
    return pd.Series(np.mean(predicted, axis=0), index=X.index)


def evaluate_segmentations(
    models: Mapping[str, Clusterer],
    features: ir.Table,
    target: ir.Table,
    earlier: ir.Table,
    earlier_target: ir.Table,
    random_state: int = 0,
) -> list[OutOfTime]:
    """Measure segmentations of one date beside the reference model.

    Models that learn from features alone learn at the date itself; those that learn from what customers bought next
    learn a horizon earlier, as the reference model does. None sees a line on or after the date.

    Parameters
    ----------
    models
        Unfitted models by the name to show.
    features, target
        Of the date that is segmented.
    earlier, earlier_target
        Of the date a horizon before.
    random_state
        As in `segment`.

    Returns
    -------
    The reference model, then each of `models` in their order.

    Examples
    --------
    See `customerbase.workflow.evaluate`.
    """
    reference = _measure_reference(predict_spend(earlier, earlier_target, features), target)
    found = []
    for name, model in models.items():
        tables = {"earlier": earlier, "target": earlier_target} if wants_target(model) else {}
        result = segment(features, model, random_state, **tables)
        found.append(measure_out_of_time(result.assignments, target, name))
    return [_compare(each, reference) for each in (reference, *found)]


def _make_reference(seed: int) -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(max_iter=100, learning_rate=0.05, random_state=seed)


def _measure_reference(predicted: pd.Series, target: ir.Table) -> OutOfTime:
    spent = target.select("customer_id", spent=target.future_revenue.cast("float64")).to_pandas()
    amounts = spent.set_index("customer_id").spent.reindex(predicted.index).to_numpy()
    figures = predicted.to_numpy()
    measured = _measure(REFERENCE_MODEL, amounts, figures, np.zeros(len(figures)))
    spend, buying = (_squared_correlation(figures, each) for each in _outcomes(amounts))
    return replace(measured, spend_eta_squared=spend, buying_eta_squared=buying)


def _measure(
    name: str, amounts: npt.NDArray[np.float64], ranking: npt.NDArray[np.float64], labels: npt.NDArray[np.generic]
) -> OutOfTime:
    logarithm, bought = _outcomes(amounts)
    return OutOfTime(
        segmentation=name,
        n_segments=None,
        smallest_share=None,
        spend_eta_squared=eta_squared(logarithm, labels),
        buying_eta_squared=eta_squared(bought, labels),
        best_fifth_share=best_fifth_share(amounts, ranking),
        share_of_reference=None,
        n_customers=len(amounts),
        buyers_share=float(bought.mean()),
    )


def _outcomes(amounts: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give the logarithm of the spend, and whether there was any."""
    return np.log1p(amounts), (amounts > 0).astype(np.float64)


def _squared_correlation(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float | None:
    if not np.ptp(one) or not np.ptp(other):
        return None
    return float(np.corrcoef(one, other)[0, 1] ** 2)


def _compare(found: OutOfTime, reference: OutOfTime) -> OutOfTime:
    if found.spend_eta_squared is None or not reference.spend_eta_squared:
        return found
    return replace(found, share_of_reference=found.spend_eta_squared / reference.spend_eta_squared)
