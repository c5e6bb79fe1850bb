"""Why one customer is in a segment: which of the figures put them there."""

from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import OneToOneFeatureMixin
from sklearn.pipeline import Pipeline

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.clustering import single_thread
from customerbase.segmentation.conditions.model import Conditions
from customerbase.segmentation.fitting import model_columns, place_customers, take_customers
from customerbase.segmentation.placing import way_of
from customerbase.segmentation.segments import Segmentation, assign

__all__ = ["CustomerReasons", "Reason", "explain_customer", "refuse_own_segments"]

MOST_EXCHANGED = 500
"""Most other customers whose figures are tried in the place of a customer's own."""


@dataclass(frozen=True)
class Reason:
    """What one figure of a customer has to do with their segment.

    `percentile_rank` is the share of the base with a smaller value, half of those who share it counted. `speaks_for` is
    the segment for which the figure speaks, of the customer's own and the next, or None where that cannot be told;
    `weight` is from 0 to 1: see `explain_customer`.

    Examples
    --------
    >>> Reason("frequency", 9.0, 0.8, "Loyal customers", 0.6).weight
    0.6
    """

    feature: str
    value: float | None
    percentile_rank: float | None
    speaks_for: str | None
    weight: float


@dataclass(frozen=True)
class CustomerReasons:
    """The segment of one customer, how sure it is, and the figures behind it, the weightiest first.

    `weighed_by` is `distance` or `exchange`: see `explain_customer`.

    Examples
    --------
    >>> CustomerReasons("ann", "2024-01-01", "Loyal", 0.4, "Lost", False, "exchange", ()).segment
    'Loyal'
    """

    customer_id: str
    as_of: str | None
    segment: str
    confidence: float | None
    next_segment: str | None
    is_borderline: bool | None
    weighed_by: str
    reasons: tuple[Reason, ...]


def explain_customer(
    segmentation: Segmentation, features: ir.Table, customer_id: str, random_state: int = 0
) -> CustomerReasons:
    """Say which figures put a customer into a segment.

    Where the model compares distances to centres (k-means on columns that are not mixed with one another), the
    distances split up exactly: `d2² - d1²` is the sum over the columns of `(z - c2)² - (z - c1)²`, with c1 the own
    centre, c2 the next one and z the customer, all prepared. A column above 0 speaks for the own segment, one below for
    the next; `weight` is its size as a share of all sizes.

    For any other model each figure is exchanged, alone, for that of other customers, and `weight` is the share of those
    exchanges that lead to another segment.

    Parameters
    ----------
    segmentation
        What places them.
    features
        The features of the base, with this customer among them.
    customer_id
        The customer.
    random_state
        Seed of the draw of other customers.

    Raises
    ------
    DataError
        There is no such customer, or the customer has no segment.
    UsageError
        The segments are the shop's own conditions.

    Examples
    --------
    >>> import ibis
    >>> from datetime import date
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> from customerbase.segmentation.segments import segment
    >>> features = ibis.memtable({
    ...     "customer_id": ["a", "b", "c", "d"], "as_of": [date(2024, 1, 1)] * 4, "recency_days": [5, 9, 300, 280],
    ...     "frequency": [9, 8, 1, 1], "monetary": [900, 800, 20, 850], "gross_revenue": [900, 800, 20, 850],
    ... })
    >>> why = explain_customer(segment(features, make_clusterer(n_segments=2)), features, "d")
    >>> [(reason.feature, reason.speaks_for == why.segment) for reason in why.reasons]
    [('frequency', True), ('recency_days', True), ('monetary', False)]
    """
    refuse_own_segments(segmentation)
    row = features.filter(features.customer_id == customer_id)
    placed = assign(segmentation, row).to_pyarrow().to_pylist()
    if not placed:
        _refuse(row, segmentation, customer_id)
    own = placed[0]
    model = segmentation.model
    columns = [name for part in model_columns(model, features) for name in part]
    base = take_customers(model, features)
    customer = base.loc[[customer_id]]
    label = int(place_customers(model, customer)[0])
    is_split = _splits_up(model)
    weights = (
        _pulls(model, customer, label, _label_of(segmentation, own["next_segment"]))
        if is_split
        else _exchange(model, base, customer, label, columns, random_state)
    )
    total = np.abs(weights).sum() if is_split else 1.0
    reasons = [
        Reason(
            feature=name,
            value=_number(customer[name].iloc[0]),
            percentile_rank=_rank(base[name], customer[name].iloc[0]),
            speaks_for=(own["segment"] if weight >= 0 else own["next_segment"]) if is_split else None,
            weight=round(float(abs(weight) / total), 4) if total else 0.0,
        )
        for name, weight in zip(columns, weights, strict=True)
    ]
    return CustomerReasons(
        customer_id=customer_id,
        as_of=own["as_of"].isoformat() if own["as_of"] else None,
        segment=own["segment"],
        confidence=own["confidence"],
        next_segment=own["next_segment"],
        is_borderline=own["is_borderline"],
        weighed_by="distance" if is_split else "exchange",
        reasons=tuple(sorted(reasons, key=lambda reason: (-reason.weight, reason.feature))),
    )


def refuse_own_segments(segmentation: Segmentation) -> None:
    r"""Refuse to explain conditions, which say themselves who belongs where.

    Raises
    ------
    UsageError
        The segments are the shop's own conditions.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.segmentation.own_segments import segment_by_conditions
    >>> features = ibis.memtable({"customer_id": ["a"], "as_of": [None], "recency_days": [200]})
    >>> refuse_own_segments(segment_by_conditions(features, Conditions("[segments]\nLong = 'recency_days > 90'"), None))
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: Own segments say themselves who belongs to them: see 'customerbase show segments'.
    """
    if isinstance(segmentation.model, Conditions):
        raise UsageError("Own segments say themselves who belongs to them: see 'customerbase show segments'.")


def _refuse(row: ir.Table, segmentation: Segmentation, customer_id: str) -> None:
    day = "the file" if segmentation.as_of is None else str(segmentation.as_of)
    if row.count().to_pyarrow().as_py():
        raise DataError(
            f"Customer {customer_id!r} has no segment: no purchase, or a figure is missing that the model needs. "
            "See 'customerbase show features'."
        )
    raise DataError(f"There is no customer {customer_id!r} in the features of {day}. See 'customerbase show features'.")


def _splits_up(model: Any) -> bool:  # noqa: ANN401
    """Tell whether distances split up by column: each step but the last makes one column of one."""
    if way_of(model) != "distance" or not isinstance(model, Pipeline):
        return False
    return all(isinstance(step, OneToOneFeatureMixin) for _, step in model.steps[:-1])


def _label_of(segmentation: Segmentation, name: str) -> int:
    names = [one.name for one in segmentation.segments]
    return segmentation.labels[names.index(name)]


def _pulls(model: Any, customer: pd.DataFrame, label: int, next_label: int) -> npt.NDArray[np.float64]:  # noqa: ANN401
    prepared = np.asarray(model[:-1].transform(customer))[0]
    centres = model[-1].cluster_centers_
    pulls: npt.NDArray[np.float64] = (prepared - centres[next_label]) ** 2 - (prepared - centres[label]) ** 2
    return pulls.round(9)


def _exchange(
    model: Any,  # noqa: ANN401
    base: pd.DataFrame,
    customer: pd.DataFrame,
    label: int,
    columns: list[str],
    random_state: int,
) -> npt.NDArray[np.float64]:
    others = base.drop(index=customer.index)
    if len(others) > MOST_EXCHANGED:
        chosen = np.random.default_rng(random_state).choice(len(others), MOST_EXCHANGED, replace=False)
        others = others.iloc[np.sort(chosen)]
    if others.empty:
        return np.zeros(len(columns))
    copies = pd.DataFrame({name: [customer[name].iloc[0]] * len(others) for name in columns}).astype(base.dtypes)
    with single_thread():
        shares = [(model.predict(copies.assign(**{name: others[name].to_numpy()})) != label).mean() for name in columns]
    return np.array(shares, dtype=np.float64)


def _rank(values: pd.Series, value: Any) -> float | None:  # noqa: ANN401
    if not pd.api.types.is_numeric_dtype(values) or pd.isna(value):
        return None
    known = values.dropna()
    return round(float(((known < value).mean() + (known <= value).mean()) / 2), 4)


def _number(value: Any) -> Any:  # noqa: ANN401 - a number, or the text of a category
    if pd.isna(value):
        return None
    return float(value) if isinstance(value, int | float | np.number) else value
