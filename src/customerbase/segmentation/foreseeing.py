"""Foreseeing: the segment a year after the first order, out of a customer's first weeks, tested on later customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeAlias

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score, recall_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from customerbase.errors import DataError, UsageError
from customerbase.features.customers import FEATURES, customer_features, matrix
from customerbase.schema import Dataset
from customerbase.segmentation.clustering import single_thread
from customerbase.segmentation.fitting import Clusterer
from customerbase.segmentation.learning import wants_target
from customerbase.segmentation.preparation import MedianFill, SignedLog, Winsorizer
from customerbase.segmentation.segments import assign, segment

__all__ = ["FIRST_DAYS", "HORIZON_DAYS", "Foresight", "foresee_segments"]

Labels: TypeAlias = npt.NDArray[np.object_]

FIRST_DAYS = (30, 90)
"""How many days of a customer are looked at, from the first order on."""

HORIZON_DAYS = 365
QUIET_DAYS = 90
"""Customers whose first order lies this close to the first of all may have bought before, and are left out."""

TEST_SHARE = 0.3
FEWEST = 50
"""Fewest customers to learn from, and to test on."""

_ANCHOR = date(2001, 1, 1)
"""The day to which every customer's first order is moved, so that one date describes all of them at one age."""

# Moving the days of a customer makes the days of the week another's.
_MEANINGLESS = {"weekend_share", "age_days"}


@dataclass(frozen=True)
class Foresight:
    """How well the segment a year after the first order can be told, of customers later than those learnt from.

    `table` has one row per number of first days and method: `first_days, method, n_train, n_test, accuracy,
    balanced_accuracy` (mean over the segments) and `macro_f1`. `segments` are those of the training customers at a
    year; the test customers' first orders lie on or after `split_at`.
    """

    table: ir.Table
    segments: tuple[str, ...]
    split_at: date


def foresee_segments(
    order_lines: ir.Table, model: Clusterer, first_days: Sequence[int] = FIRST_DAYS, random_state: int = 0
) -> Foresight:
    """Test how well a customer's segment a year after the first order can be told from the first weeks.

    Customers whose first order is followed by a whole year of the data are put in the order of that day. The model of
    the segments and what foretells them are learnt from the earlier ones; the later 30 % are foretold. Nothing of a
    test customer reaches what is learnt. But the years of the two overlap in the calendar, which they would not for a
    shop that foretells today: two years of data do not allow more.

    Parameters
    ----------
    order_lines
        Clean order lines.
    model
        Unfitted, or of another date: what makes the segments. It is copied and learnt anew.
    first_days
        Numbers of days from the first order on that are looked at, each from 1 to 364.
    random_state
        Seed of what foretells.

    Returns
    -------
    Three baselines (everybody in the most common segment; each customer in the segment that the model gives to the
    first days; and the segment that was most common after a year among training customers of that early segment), a
    random forest and a logistic regression on all features of the first days.

    Raises
    ------
    DataError
        The orders span too short a time, or too few customers have a whole year.
    UsageError
        The model learns from what customers bought next.

    Examples
    --------
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> lines = ibis.memtable({"customer_id": ["ann"], "ordered_at": ["2024-01-01"], "is_return": [False]})
    >>> foresee_segments(lines.cast({"ordered_at": "timestamp"}), make_clusterer())
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: The orders span 1 days, from 2024-01-01 to 2024-01-01. To foresee a year ...
    """
    if wants_target(model):
        raise UsageError(
            "What is foreseen are segments of one date, and this model learns them from what customers bought next. "
            "Use --model kmeans."
        )
    starts = _starts(order_lines)
    split_at = _split(starts)
    shifted = _shift(order_lines, starts)
    is_test = starts.first_day >= np.datetime64(split_at)
    later = customer_features(shifted, _ANCHOR + timedelta(days=HORIZON_DAYS))
    train_ids, test_ids = (starts.customer_id[chosen].tolist() for chosen in (~is_test, is_test))
    learnt = segment(later.filter(later.customer_id.isin(train_ids)), model, random_state=random_state)
    y_train = _segments(learnt.assignments)
    y_test = _segments(assign(learnt, later.filter(later.customer_id.isin(test_ids))))
    rows = []
    for n_days in first_days:
        early = customer_features(shifted, _ANCHOR + timedelta(days=n_days))
        today = _segments(assign(learnt, early))
        X = matrix(early, [name for name in _numeric_features(early) if name not in _MEANINGLESS])
        train, test = (y.index.intersection(X.index) for y in (y_train, y_test))
        guesses = {
            **_baselines(today, y_train.loc[train], test),
            **_foretold(X.loc[train], y_train.loc[train], X.loc[test], random_state),
        }
        rows += [_measure(n_days, name, y_test.loc[test], guessed, len(train)) for name, guessed in guesses.items()]
    return Foresight(
        table=ibis.memtable(pa.Table.from_pylist(rows)),
        segments=tuple(one.name for one in learnt.segments),
        split_at=split_at,
    )


def _starts(lines: ir.Table) -> pd.DataFrame:
    """Give the first purchase day of each customer who is neither too early nor too late."""
    ends = lines.agg(first=lines.ordered_at.min(), last=lines.ordered_at.max()).to_pyarrow().to_pylist()[0]
    if ends["first"] is None:
        raise DataError("There is no order to foresee anything from. Read more orders.")
    first, last = ends["first"].date(), ends["last"].date()
    n_days = (last - first).days + 1
    if n_days <= QUIET_DAYS + HORIZON_DAYS:
        raise DataError(
            f"The orders span {n_days:,} days, from {first} to {last}. To foresee a year they must span more than "
            f"{QUIET_DAYS + HORIZON_DAYS}: {QUIET_DAYS} to tell new customers, and {HORIZON_DAYS} to follow them. "
            "Read a longer export."
        )
    bought = lines.filter(~lines.is_return & lines.customer_id.notnull())
    firsts = bought.group_by("customer_id").agg(first_day=bought.ordered_at.min().date())
    earliest = ibis.literal(first + timedelta(days=QUIET_DAYS))
    latest = ibis.literal(last + timedelta(days=1 - HORIZON_DAYS))
    chosen = firsts.filter((firsts.first_day >= earliest) & (firsts.first_day <= latest))
    found: pd.DataFrame = chosen.order_by("first_day", "customer_id").to_pandas()
    return found.assign(first_day=pd.to_datetime(found.first_day))


def _split(starts: pd.DataFrame) -> date:
    """Give the day from which on customers are tested; those of one day stay together."""
    n_train = int(len(starts) * (1 - TEST_SHARE))
    split_at: date = starts.first_day.iloc[n_train].date() if len(starts) else date.max
    n_test = int((starts.first_day >= pd.Timestamp(split_at)).sum()) if len(starts) else 0
    if min(len(starts) - n_test, n_test) < FEWEST:
        raise DataError(
            f"Only {len(starts):,} new customers can be followed for a year, and it takes at least {FEWEST} to learn "
            f"from and {FEWEST} to test on. Read a longer export."
        )
    return split_at


def _shift(lines: ir.Table, starts: pd.DataFrame) -> Dataset:
    """Move the orders of each customer so that the first is on one day for all."""
    moved = starts.assign(n_days=(starts.first_day - pd.Timestamp(_ANCHOR)).dt.days)
    joined = lines.inner_join(ibis.memtable(moved[["customer_id", "n_days"]]), "customer_id")
    return Dataset(joined.mutate(ordered_at=joined.ordered_at - joined.n_days.as_interval("D")).drop("n_days"))


def _numeric_features(features: ir.Table) -> list[str]:
    types = features.schema()
    return [name for name in FEATURES if types[name].is_numeric() or types[name].is_boolean()]


def _segments(assignments: ir.Table) -> pd.Series:
    placed: pd.DataFrame = assignments.select("customer_id", "segment").to_pandas()
    return placed.set_index("customer_id")["segment"].sort_index()


def _baselines(today: pd.Series, y_train: pd.Series, test: pd.Index) -> dict[str, Labels]:
    most_common = _most_common(y_train)
    by_early = y_train.groupby(today.loc[y_train.index]).agg(_most_common)
    early = today.loc[test]
    return {
        "most common segment": np.full(len(test), most_common, dtype=object),
        "segment of the first days": early.to_numpy(dtype=object),
        "most common a year after that": early.map(by_early).fillna(most_common).to_numpy(dtype=object),
    }


def _most_common(labels: pd.Series) -> str:
    return str(labels.value_counts().sort_index().idxmax())


def _foretold(X_train: pd.DataFrame, y_train: pd.Series, X_test: pd.DataFrame, random_state: int) -> dict[str, Labels]:
    forest = RandomForestClassifier(n_estimators=300, min_samples_leaf=5, random_state=random_state, n_jobs=1)
    regression = LogisticRegression(C=0.1, max_iter=2_000, random_state=random_state)
    models: dict[str, Any] = {
        "random forest": make_pipeline(MedianFill(), forest),
        "logistic regression": make_pipeline(MedianFill(), Winsorizer(), SignedLog(), StandardScaler(), regression),
    }
    with single_thread():
        return {
            name: model.fit(X_train.to_numpy(), y_train.to_numpy(dtype=object)).predict(X_test.to_numpy())
            for name, model in models.items()
        }


def _measure(n_days: int, method: str, y: pd.Series, guessed: Labels, n_train: int) -> dict[str, object]:
    """Measure over the segments that test customers are in."""
    true = y.to_numpy(dtype=object)
    average: dict[str, Any] = {"labels": sorted(set(true)), "average": "macro", "zero_division": 0}
    return {
        "first_days": n_days,
        "method": method,
        "n_train": n_train,
        "n_test": len(true),
        "accuracy": round(float(accuracy_score(true, guessed)), 4),
        "balanced_accuracy": round(float(recall_score(true, guessed, **average)), 4),
        "macro_f1": round(float(f1_score(true, guessed, **average)), 4),
    }
