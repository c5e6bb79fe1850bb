"""Learning from what customers bought next: a model that wants a target, an earlier date, and what is known of it."""

from datetime import date, timedelta
from typing import Any

import ibis.expr.types as ir
import pandas as pd
from sklearn.utils import get_tags

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.fitting import Clusterer, sample_customers, take_customers

__all__ = ["fit_on_target", "join_target", "refuse_target", "wants_target"]


def wants_target(model: Clusterer) -> bool:
    """Tell whether a model learns from what customers bought next.

    Examples
    --------
    >>> from customerbase.segmentation.rfm import RFM
    >>> from customerbase.segmentation.value_tree import ValueTree
    >>> wants_target(ValueTree()), wants_target(RFM())
    (True, False)
    """
    return bool(get_tags(model).target_tags.required)


def refuse_target(model: Clusterer, *tables: ir.Table | None) -> None:
    """Refuse a target for a model that would not look at it.

    Raises
    ------
    UsageError
        One of the tables is there.

    Examples
    --------
    >>> from customerbase.segmentation.rfm import RFM
    >>> refuse_target(RFM(), None, None)
    """
    if any(table is not None for table in tables):
        raise UsageError(
            f"The model {type(model).__name__} learns from the features alone. Leave 'target' and 'earlier' out."
        )


def fit_on_target(
    model: Any,  # noqa: ANN401 - an estimator whose fit wants y
    now: pd.DataFrame,
    as_of: date | None,
    earlier: ir.Table | None,
    target: ir.Table | None,
    most_customers: int,
    random_state: int,
) -> None:
    """Let a model learn from an earlier date and what was bought after it, and adapt to the customers of this date.

    Parameters
    ----------
    model
        An estimator with `fit(X, y)` and, where it has one, `adapt(X)`.
    now
        The customers of the date to segment, with the columns of the model.
    as_of
        That date.
    earlier
        Features of the date of the target.
    target
        Of `value_target`.
    most_customers, random_state
        Most customers to learn from, and the seed of their sample.

    Raises
    ------
    UsageError
        A table is missing or does not belong to the other, or the target reaches beyond `as_of`.
    DataError
        Nobody was known at the earlier date, or all customers would be in one segment.

    Examples
    --------
    See `segment`.
    """
    if earlier is None or target is None:
        raise UsageError(
            f"The model {type(model).__name__} learns from what customers bought next. Pass "
            "earlier=customer_features(data, day) and target=value_target(data, day), with a day early enough for its "
            "next days to be over at the date that is segmented."
        )
    joined = join_target(earlier, target, as_of)
    X = sample_customers(take_customers(model, joined, ["future_revenue"]), most_customers, random_state)
    if X.empty:
        raise DataError("Nobody was known at the date of the target. Choose a later one, or --model kmeans.")
    model.fit(X.drop(columns="future_revenue"), X["future_revenue"])
    if hasattr(model, "adapt"):
        model.adapt(now)
    if len(set(model.predict(now))) == 1:
        raise DataError(
            f"No rule divides these customers by what they spent next, so {type(model).__name__} gives one segment. "
            "Use --model kmeans, or read more orders."
        )


def join_target(features: ir.Table, target: ir.Table, known_at: date | None = None) -> ir.Table:
    """Join features and what was bought after their date.

    Parameters
    ----------
    features
        Of `customer_features`, of one date.
    target
        Of `value_target`, of the same date.
    known_at
        The date at which the target must be over: it may not reach beyond.

    Raises
    ------
    UsageError
        The two are of different dates, or the target reaches beyond `known_at`.

    Examples
    --------
    >>> import ibis
    >>> features = ibis.memtable({"customer_id": ["a"], "as_of": [date(2024, 1, 1)], "frequency": [2]})
    >>> target = ibis.memtable({"customer_id": ["a"], "as_of": [date(2024, 1, 1)], "until": [date(2024, 3, 31)],
    ...                         "future_revenue": [9.0]})
    >>> join_target(features, target, date(2024, 3, 31)).future_revenue.to_list()
    [9.0]
    >>> join_target(features, target, date(2024, 3, 30))
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The target reaches to 2024-03-30, and the customers are segmented at the start of
    2024-03-30: nobody knew it then. Take a target whose days are over, such as of 90 days before.
    """
    dates = features.select("as_of").distinct().limit(2).to_pyarrow()["as_of"].to_pylist()
    spans = target.select("as_of", "until").distinct().limit(2).to_pyarrow().to_pylist()
    if dates and spans and (len(dates) > 1 or len(spans) > 1 or dates[0] != spans[0]["as_of"]):
        found = " and ".join(sorted({str(day) for day in dates}))
        wanted = " and ".join(sorted({str(span["as_of"]) for span in spans}))
        raise UsageError(f"The features are of {found} and the target of {wanted}. Make both at one date.")
    if spans and known_at is not None and spans[0]["until"] > known_at:
        last = spans[0]["until"] - timedelta(days=1)
        raise UsageError(
            f"The target reaches to {last}, and the customers are segmented at the start of {known_at}: nobody knew it "
            "then. Take a target whose days are over, such as of 90 days before."
        )
    columns = ["customer_id", *(name for name in target.columns if name not in features.columns)]
    return features.inner_join(target.select(columns), "customer_id")
