"""Customers to named segments: learn a model once, name what it finds, place customers of other dates with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.pipeline import Pipeline

from customerbase.errors import DataError
from customerbase.features.customers import base_of
from customerbase.segmentation.archetype_fit import measure_fit
from customerbase.segmentation.cards import segment_html, segmentation_html
from customerbase.segmentation.clustering import single_thread
from customerbase.segmentation.conditions.model import Conditions
from customerbase.segmentation.contrasts import describe_contrasts, profile_everyone
from customerbase.segmentation.fidelity import Fidelity
from customerbase.segmentation.fitting import (
    Clusterer,
    fit_model,
    model_columns,
    place_customers,
    suit_model,
    take_customers,
)
from customerbase.segmentation.inductive import UNUSUAL
from customerbase.segmentation.learning import fit_on_target, refuse_target, wants_target
from customerbase.segmentation.notes import check_fidelity, make_notes
from customerbase.segmentation.numbering import name_labels, order_labels, spread_labels
from customerbase.segmentation.placing import measure_placement, sureness_columns
from customerbase.segmentation.playbook import Strategy
from customerbase.segmentation.profiles import (
    PROFILE_FEATURES,
    Profile,
    describe_traits,
    make_profiles,
)
from customerbase.segmentation.quality import Quality, measure_quality
from customerbase.segmentation.rfm import RFM, SCORE_COLUMNS

__all__ = ["Segment", "Segmentation", "assign", "read_date", "segment"]


@dataclass(frozen=True)
class Segment:
    """One segment, with all that a manager reads about it.

    `share` is its part of the customers of the base, `revenue_share` its part of their gross revenue (of their monetary
    value in a file of one row per customer, and None where nothing is known of money). `archetype` is a key of the
    playbook, `fit` says how well it fits, from 0 to 1, and `runner_up` which one fits next best (see `ArchetypeFit`). A
    colour goes with a name and stays with it at every date. `traits` describes its customers, and `contrasts` says what
    they are beside the average customer; `journey` is what a typical one of them has done, where `tailor_strategies`
    has found out. `rule` says who belongs to it, where the model has rules.
    """

    id: int
    name: str
    color: str
    n_customers: int
    share: float
    revenue_share: float | None
    profile: Profile
    traits: tuple[str, ...]
    archetype: str
    strategy: Strategy
    rule: str | None = None
    fit: float | None = None
    runner_up: str | None = None
    runner_up_fit: float | None = None
    contrasts: tuple[str, ...] = ()
    journey: str | None = None

    _repr_html_ = segment_html


@dataclass(frozen=True)
class Segmentation:
    """The segments of one date (None: undated) and the model that placed the customers.

    `assignments` has one row per customer of the base who could be placed, sorted by `customer_id`: `customer_id,
    as_of, segment_id, segment`, of a model that scores also `r_score, f_score, m_score`, and how sure that is:
    `confidence, next_segment, is_borderline` (see `measure_placement`; missing where the model cannot say). `segments`
    are those that have a customer, by `id`; `labels` says which label of the model each of them is (-1: unusual).
    `quality` is None for a model that compares no distances, and leaves unusual customers out; `fidelity` is there for
    a model that places customers by their neighbours. `notes` are sentences on how the segments were learnt,
    and `across` is what to do across segments, where `tailor_strategies` was asked.
    """

    as_of: date | None
    assignments: ir.Table
    segments: tuple[Segment, ...]
    quality: Quality | None
    model: Clusterer
    labels: tuple[int, ...]
    fidelity: Fidelity | None = None
    notes: tuple[str, ...] = ()
    across: tuple[str, ...] = ()

    _repr_html_ = segmentation_html


def _quiet(message: str) -> None:
    """Say nothing."""


def segment(
    features: ir.Table,
    model: Clusterer,
    random_state: int = 0,
    max_fit_customers: int = 200_000,
    *,
    earlier: ir.Table | None = None,
    target: ir.Table | None = None,
    progress: Callable[[str], None] = _quiet,
) -> Segmentation:
    """Learn a model from customer features, place every customer of the base (see `is_in_base`), and name the segments.

    The model learns from a seeded sample where there are more than `max_fit_customers`. Neither the order of the
    customers, nor the scale of money, nor the labels that the model happens to give changes a segment or a name.
    Segments of a clusterer are numbered from 1 by spend (by coupons claimed, where no spend is known), the highest
    first, and named from their profiles by the playbook, unusual customers last; those of `RFM` have the numbers and
    names of the scheme, and the ones without a customer are left out.

    Parameters
    ----------
    features
        One row per customer of one date, as `customer_features` gives it.
    model
        Of `make_clusterer`, an `RFM`, own segments of `read_conditions`, or another estimator with `fit` and `predict`.
        One without columns of its own sees recency_days, frequency and monetary, or what `default_columns` gives for
        features without them. A pipeline fills what is missing; any other model but own segments places those alone who
        have all its columns. It is copied, never changed.
    random_state
        Seed of the sample and of the quality figures.
    max_fit_customers
        Most customers that the model learns from.
    earlier, target
        For a model that learns from what customers bought next, such as `ValueTree`: `customer_features` and
        `value_target` of an earlier date, whose next days are over at the date of `features`.
    progress
        Called with what is being done.

    Raises
    ------
    DataError
        The base is empty, there are more segments than customers, the customers are too alike, or one has an infinite
        value; or the features hold several dates.
    UsageError
        The features lack a column that an `RFM` scores, or a target is missing, in vain, or reaches into the future.

    Examples
    --------
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> features = ibis.memtable(pa.table({
    ...     "customer_id": ["a", "b", "c", "d"], "as_of": [date(2024, 1, 1)] * 4, "recency_days": [5, 9, 300, 280],
    ...     "frequency": [9, 8, 1, 1], "monetary": [900, 800, 20, 30], "gross_revenue": [900, 800, 20, 30],
    ... }))
    >>> result = segment(features, make_clusterer(n_segments=2))
    >>> [(s.id, s.name, s.n_customers, s.share) for s in result.segments]
    [(1, 'Loyal customers', 2, 0.5), (2, 'Hibernating', 2, 0.5)]
    """
    as_of = read_date(features)
    if isinstance(model, Conditions):
        from customerbase.segmentation.own_segments import segment_by_conditions

        return segment_by_conditions(features, model, as_of)
    fitted = suit_model(model, features)
    numbers, categories = model_columns(fitted, features)
    columns = [*numbers, *categories]
    described = [name for name in PROFILE_FEATURES if name in features.columns]
    revenue = [name for name in ("gross_revenue", "monetary") if name in features.columns][:1]
    X = take_customers(fitted, features, [*described, *revenue])
    if X.empty:
        raise DataError(_say_nobody(features))
    progress(f"Learning segments of {len(X):,} customers")
    if wants_target(fitted):
        fit_on_target(fitted, X[columns], as_of, earlier, target, max_fit_customers, random_state)
    else:
        refuse_target(fitted, earlier, target)
        fit_model(fitted, X[columns], max_fit_customers, random_state)
    progress(f"Placing {len(X):,} customers")
    labels = place_customers(fitted, X[columns])
    progress("Describing the segments")
    profiles = make_profiles(X, labels, numbers)
    order = order_labels(fitted, profiles, numbers[0])
    shares = _revenue_shares(X[revenue[0]], labels) if revenue else {}
    segments = _describe(fitted, labels, {label: profiles[label] for label in order}, shares, profile_everyone(X))
    fidelity = check_fidelity(fitted, X[columns], random_state)
    return Segmentation(
        as_of=as_of,
        assignments=_assignments(fitted, segments, order, X[columns], labels, as_of),
        segments=segments,
        quality=_quality(fitted, X[columns], labels, random_state),
        model=fitted,
        labels=order,
        fidelity=fidelity,
        notes=make_notes(fitted, X[columns], labels, min(len(X), max_fit_customers), fidelity),
    )


def assign(segmentation: Segmentation, features: ir.Table) -> ir.Table:
    """Place customers, of this or another date or file, with what a segmentation has learnt; nothing is learnt anew.

    Parameters
    ----------
    segmentation
        Of `segment`, or loaded.
    features
        One row per customer of one date; it may hold a single customer, or none.

    Returns
    -------
    A table like `Segmentation.assignments`, of the customers of the base.

    Raises
    ------
    DataError
        The features hold several dates, or lack a column that the model looks at.

    Examples
    --------
    >>> from customerbase.segmentation.rfm import RFM
    >>> columns = {"customer_id": ["a", "b"], "as_of": [date(2024, 1, 1)] * 2, "recency_days": [5, 300],
    ...            "frequency": [9, 1], "monetary": [900, 20], "gross_revenue": [900, 20]}
    >>> learnt = segment(ibis.memtable(pa.table(columns)), RFM())
    >>> newcomer = {name: values[:1] for name, values in columns.items()} | {"customer_id": ["z"]}
    >>> assign(learnt, ibis.memtable(pa.table(newcomer))).select("customer_id", "segment").to_pyarrow().to_pylist()
    [{'customer_id': 'z', 'segment': 'Potential Loyalist'}]
    """
    as_of = read_date(features)
    if isinstance(segmentation.model, Conditions):
        from customerbase.segmentation.own_segments import place_by_conditions

        return place_by_conditions(segmentation.model, features, as_of)
    X = take_customers(segmentation.model, features)
    known = None if isinstance(segmentation.model, RFM) else segmentation.labels
    labels = place_customers(segmentation.model, X, known)
    return _assignments(segmentation.model, segmentation.segments, segmentation.labels, X, labels, as_of)


def read_date(features: ir.Table) -> date | None:
    """Return the one date of a feature table; None when it is empty or undated.

    Raises
    ------
    DataError
        It holds several dates.

    Examples
    --------
    >>> read_date(ibis.memtable({"as_of": [date(2024, 1, 1)] * 2}))
    datetime.date(2024, 1, 1)
    """
    found = features.select("as_of").distinct().order_by("as_of").limit(3).to_pyarrow()["as_of"].to_pylist()
    dates = sorted("undated" if day is None else str(day) for day in found)
    if len(dates) > 1:
        raise DataError(
            f"The features hold several dates, from {dates[0]} to {dates[-1]}. "
            "Segment one date at a time: filter the table by as_of."
        )
    return found[0] if found else None


def _say_nobody(features: ir.Table) -> str:
    if base_of(features) == "customers":
        return "There is no customer to segment who ordered or spent anything. Look at the file that was read."
    base = "purchase" if base_of(features) == "orders" else "coupon"
    return f"There is no customer with a {base} to segment. Read more orders, or choose a later --as-of."


def _describe(
    model: Clusterer,
    labels: npt.NDArray[np.int64],
    profiles: Mapping[int, Profile],
    shares: Mapping[int, float],
    everyone: Profile,
) -> tuple[Segment, ...]:
    n_customers = dict(zip(*np.unique(labels, return_counts=True), strict=True))
    rules = getattr(model, "rules_", dict.fromkeys(profiles))
    return tuple(
        Segment(
            id=number,
            name=name.name,
            color=name.color,
            n_customers=int(n_customers[label]),
            share=int(n_customers[label]) / len(labels),
            revenue_share=shares.get(label),
            profile=profile,
            traits=describe_traits(profile),
            archetype=name.archetype.key,
            strategy=name.archetype.strategy,
            rule=rules[label],
            contrasts=describe_contrasts(profile, everyone),
            **vars(measure_fit(name.archetype.key, profile)),
        )
        for (label, profile), (number, name) in zip(profiles.items(), name_labels(model, profiles), strict=True)
    )


def _revenue_shares(revenue: pd.Series, labels: npt.NDArray[np.int64]) -> dict[int, float]:
    """Return each label's share of the revenue; where nobody paid anything, nobody has one."""
    total = float(revenue.sum())
    sums = revenue.groupby(labels).sum()
    return {int(label): float(sums[label]) / total if total else 0.0 for label in np.unique(labels)}


def _quality(model: Clusterer, X: pd.DataFrame, labels: npt.NDArray[np.int64], random_state: int) -> Quality | None:
    has_segment = labels != UNUSUAL
    if not isinstance(model, Pipeline) or not has_segment.any():
        return None
    with single_thread():
        prepared = model[:-1].transform(X[has_segment])
        return measure_quality(prepared, labels[has_segment], random_state=random_state)


def _assignments(
    model: Clusterer,
    segments: Sequence[Segment],
    order: Sequence[int],
    X: pd.DataFrame,
    labels: npt.NDArray[np.int64],
    as_of: date | None,
) -> ir.Table:
    numbers, names = spread_labels(model, [one.id for one in segments], [one.name for one in segments], order)
    columns = {
        "customer_id": pa.array(X.index.to_numpy(), type=pa.string()),
        "as_of": pa.array([as_of] * len(X), type=pa.date32()),
        "segment_id": pa.array(numbers[labels], type=pa.int64()),
        "segment": pa.array(names[labels], type=pa.string()),
    }
    if isinstance(model, RFM):
        scores = model.transform(X) if len(X) else np.empty((0, len(SCORE_COLUMNS)), dtype=np.int64)
        columns |= dict(zip(SCORE_COLUMNS, map(pa.array, scores.T), strict=True))
    known = range(len(names)) if isinstance(model, RFM) else order
    columns |= sureness_columns(measure_placement(model, X, labels, known), names)
    return ibis.memtable(pa.table(columns))
