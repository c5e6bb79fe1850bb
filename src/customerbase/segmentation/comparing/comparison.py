"""Comparison: methods and numbers of segments in one common space, and which of them would be chosen."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from customerbase.errors import DataError, UsageError
from customerbase.features.customers import is_in_base
from customerbase.segmentation.choice import LEAST_SHARE, LEAST_STABILITY, NUMBERS
from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.comparing.contender import Constraints, Contender
from customerbase.segmentation.comparing.field import Field, make_field, make_past
from customerbase.segmentation.comparing.later_spend import Outcome, measure_later_spend
from customerbase.segmentation.comparing.learners import METHODS, why_not
from customerbase.segmentation.comparing.measuring import Measured, prepare_setting
from customerbase.segmentation.comparing.remarks import make_remarks
from customerbase.segmentation.comparing.selection import select
from customerbase.segmentation.comparing.tables import (
    list_bic,
    list_contenders,
    list_dendrogram,
    list_elbow,
    list_silhouettes,
    list_stability,
)
from customerbase.segmentation.comparing.working import measure_all
from customerbase.segmentation.segments import read_date
from customerbase.segmentation.structure import Structure, measure_structure
from customerbase.tidy_html import html_table

__all__ = ["Comparison", "compare"]

MOST_CUSTOMERS = 50_000
N_REFITS = 50
FEWEST_CUSTOMERS = 100


@dataclass(frozen=True)
class Comparison:
    """Methods and numbers of segments side by side.

    Parameters
    ----------
    as_of
        The date of the customers; None where they are undated.
    n_customers, n_compared, n_silhouettes
        Customers of the base, those of them, drawn at random, who were compared, and those who have a silhouette.
    contenders
        One for each method and number of segments, in the order of methods.
    chosen
        The one that would be chosen.
    reasons
        Why, one sentence each, with figures.
    structure
        Whether the customers form groups.
    constraints
        What was asked.
    notes
        What was sampled or left out, and why.
    comparison
        `place, is_chosen`, and the figures of `Contender`; one row per contender.
    elbow
        `n_segments, inertia, explained_share, gap, gap_error` of k-means, from one segment on.
    silhouettes
        `place, method, n_segments, segment, rank, customer_id, silhouette`, sorted by segment.
    bic
        `n_segments, bic, aic, log_likelihood, n_parameters` of mixtures.
    stability
        `place, method, n_segments, segment, share, jaccard, stability, stability_lower, stability_upper, n_refits,
        n_drawn`.
    dendrogram
        `node, left, right, height, n_customers`: the last thirty merges of Ward's tree.

    Examples
    --------
    See `compare`.
    """

    as_of: date | None
    n_customers: int
    n_compared: int
    n_silhouettes: int
    contenders: tuple[Contender, ...]
    chosen: Contender
    reasons: tuple[str, ...]
    structure: Structure
    constraints: Constraints
    notes: tuple[str, ...]
    comparison: ir.Table
    elbow: ir.Table
    silhouettes: ir.Table
    bic: ir.Table
    stability: ir.Table
    dendrogram: ir.Table

    def _repr_html_(self) -> str:
        """Show the contenders as a table in a notebook."""
        figures = ("silhouette", "stability", "share_of_reference", "idle_moved_share")
        rows = [
            (one.name, f"{one.smallest_share:.1%}", *(_cell(getattr(one, name)) for name in figures))
            for one in self.contenders
        ]
        title = " ".join(self.reasons[:1])
        return html_table(title, ["segments by", "smallest", *(name.replace("_", " ") for name in figures)], rows)


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _quiet(message: str) -> None:
    """Say nothing."""


def compare(
    features: ir.Table,
    methods: Sequence[str] = METHODS,
    n_segments: Sequence[int] = NUMBERS,
    random_state: int = 0,
    *,
    least_share: float = LEAST_SHARE,
    least_stability: float = LEAST_STABILITY,
    n_refits: int = N_REFITS,
    outcome: Outcome | None = None,
    prepare: Mapping[str, Any] | None = None,
    max_customers: int = MOST_CUSTOMERS,
    n_jobs: int = 1,
    progress: Callable[[str], None] = _quiet,
) -> Comparison:
    """Compare methods and numbers of segments, all in one common space, and say which would be chosen and why.

    The space is that of the features as `make_clusterer` prepares them. Each method learns from the same customers, and
    is measured by how tight and how far apart its segments are there, how surely they are found again from customers
    drawn anew, what segments of an earlier date say of what was bought next, and how many idle customers they move. See
    `Contender` for the figures, and `select` for the choice.

    Parameters
    ----------
    features
        One row per customer of one date, as `customer_features` gives it.
    methods
        Of `CLUSTERERS`, of `SCHEMES`, and `value_tree`.
    n_segments
        Numbers of segments to try, each at least 2; the least and the most are what a business can act on.
    random_state
        Seed of all that is drawn.
    least_share
        Share of the customers that the smallest segment must have, from 0 to 0.5.
    least_stability
        Mean adjusted Rand index at which segments must be found again, from 0 to 1.
    n_refits
        How often customers are drawn anew, at least 2.
    outcome
        An earlier date, and what was bought after it, up to the date of `features` at most; without it, later spend is
        left out, and the value tree.
    prepare
        Parameters of `make_clusterer` for the preparation: `columns`, `one_hot`, `transform`, `winsorize`, `scale` and
        `pca`.
    max_customers
        Most customers that are compared, drawn by the seed; at least 100.
    n_jobs
        Processes that work side by side, where there are at least 3,000 customers; the figures do not depend on it. A
        script that asks for two must do so under `if __name__ == "__main__"`.
    progress
        Called with what is being done.

    Raises
    ------
    UsageError
        A parameter has a value that is not allowed.
    DataError
        There are too few customers, or kinds of them, or no method can be tried on them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> features = ibis.memtable({"customer_id": [f"{n:03}" for n in range(200)], "as_of": [date(2024, 1, 1)] * 200,
    ...                           "recency_days": rng.integers(1, 99, 200), "frequency": np.arange(200) % 9 + 1,
    ...                           "monetary": rng.lognormal(3, 1, 200)})
    >>> found = compare(features, ["kmeans", "ward"], [3, 4], n_refits=5)
    >>> [(one.method, one.n_segments) for one in found.contenders]
    [('kmeans', 3), ('kmeans', 4), ('ward', 3), ('ward', 4)]
    >>> compare(features, ["magic"])
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The 'methods' parameter of compare must be of: kmeans, ... Got 'magic' instead.
    """
    numbers = _check(methods, n_segments, least_share, least_stability, n_refits, max_customers)
    constraints = Constraints(min(numbers), max(numbers), least_share, least_stability)
    model = make_clusterer(**(prepare or {}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        progress("Preparing the customers")
        as_of, n_customers = _read_facts(features)
        field, tested, horizon_days = _take_fields(features, outcome, model, max_customers, random_state)
        numbers = _possible(field, numbers)
        tested = _keep_large(tested, numbers)
        refused, tried = _sort_out(methods, field, tested)
        setting = prepare_setting(field, tested, numbers, constraints, n_refits, random_state)
        structure = measure_structure(field.prepared, random_state)
        measured = measure_all(tried, setting, n_jobs, progress)
        progress("Drawing conclusions")
        contenders = _value(measured, tested, outcome, random_state)
        elbow = list_elbow(field, setting.boxes, max(numbers), random_state)
    tested_at = read_date(outcome.features) if outcome else None
    chosen, reasons = select(contenders, structure, constraints, horizon_days)
    return Comparison(
        as_of=as_of,
        n_customers=n_customers,
        n_compared=len(field.customers),
        n_silhouettes=len(setting.rows),
        contenders=tuple(contenders),
        chosen=contenders[chosen or 0],
        reasons=reasons,
        structure=structure,
        constraints=constraints,
        notes=make_remarks(setting, n_customers, refused, tried, n_segments, tested_at),
        comparison=ibis.memtable(list_contenders(contenders, chosen)),
        elbow=ibis.memtable(elbow),
        silhouettes=ibis.memtable(list_silhouettes(measured, list(field.customers.index), setting.rows)),
        bic=ibis.memtable(list_bic(measured, field)),
        stability=ibis.memtable(list_stability(measured)),
        dendrogram=ibis.memtable(list_dendrogram(measured)),
    )


def _check(
    methods: Sequence[str],
    n_segments: Sequence[int],
    least_share: float,
    least_stability: float,
    n_refits: int,
    max_customers: int,
) -> tuple[int, ...]:
    """Refuse parameters that are not allowed, and give the numbers of segments, ascending and once each."""
    for method in methods or [""]:
        if method not in METHODS:
            raise UsageError(
                f"The 'methods' parameter of compare must be of: {', '.join(METHODS)}. Got {method!r} instead."
            )
    if len(set(methods)) < len(methods):
        raise UsageError(f"The 'methods' parameter of compare names one twice: {', '.join(methods)}. Name each once.")
    numbers = tuple(sorted(set(n_segments)))
    if not numbers or not all(isinstance(number, int) for number in numbers) or numbers[0] < 2:
        raise UsageError(
            f"The 'n_segments' parameter of compare must be numbers of at least 2. Got {list(n_segments)} instead."
        )
    shares = (("least_share", least_share, 0.5), ("least_stability", least_stability, 1.0))
    for name, share, most in shares:
        if not 0 <= share <= most:
            raise UsageError(f"The '{name}' parameter of compare must be from 0 to {most:g}. Got {share!r} instead.")
    for name, number, least in (("n_refits", n_refits, 2), ("max_customers", max_customers, FEWEST_CUSTOMERS)):
        if isinstance(number, bool) or not isinstance(number, int) or number < least:
            raise UsageError(f"The '{name}' parameter of compare must be an int >= {least}. Got {number!r} instead.")
    return numbers


def _read_facts(features: ir.Table) -> tuple[date | None, int]:
    """Give the date of the features, and how many customers are in the base."""
    return read_date(features), int(features.filter(is_in_base(features)).count().to_pyarrow().as_py())


def _take_fields(
    features: ir.Table,
    outcome: Outcome | None,
    model: Any,  # noqa: ANN401 - a pipeline
    most_customers: int,
    random_state: int,
) -> tuple[Field, Field | None, int]:
    """Take the customers of the date, those of the date whose next days are known, and how many days these are."""
    if outcome is None:
        return make_field(features, model, most_customers, random_state), None, 0
    span = outcome.target.select("as_of", "until").distinct().to_pyarrow().to_pylist()[0]
    horizon_days = (span["until"] - span["as_of"]).days
    past = make_past(outcome.earlier, outcome.earlier_target, most_customers, random_state)
    tested = make_field(outcome.features, model, most_customers, random_state, past)
    if read_date(features) == span["as_of"]:
        return tested, tested, horizon_days
    past = make_past(outcome.features, outcome.target, most_customers, random_state, read_date(features))
    return make_field(features, model, most_customers, random_state, past), tested, horizon_days


def _possible(field: Field, numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Keep the numbers of segments of which there are as many kinds of customers."""
    n_customers = len(field.customers)
    if n_customers < FEWEST_CUSTOMERS:
        raise DataError(
            f"There are {n_customers} customers to compare segmentations on, and it takes at least {FEWEST_CUSTOMERS}: "
            "of fewer, what is drawn anew tells nothing. Read more orders."
        )
    n_kinds = len(np.unique(field.prepared, axis=0))
    possible = tuple(number for number in numbers if number <= n_kinds)
    if not possible:
        raise DataError(
            f"Cannot make {numbers[0]} segments: by {', '.join(field.columns)} the customers are only {n_kinds} "
            "different kinds. Ask for fewer with --n-segments, or name other columns with --prepare."
        )
    return possible


def _keep_large(tested: Field | None, numbers: tuple[int, ...]) -> Field | None:
    """Pass over an earlier date at which there were too few customers, or kinds of them."""
    if tested is None or len(tested.customers) < FEWEST_CUSTOMERS:
        return None
    return tested if len(np.unique(tested.prepared, axis=0)) >= numbers[-1] else None


def _sort_out(methods: Sequence[str], field: Field, tested: Field | None) -> tuple[dict[str, str], list[str]]:
    """Part the methods that cannot be tried on these customers, each with why, from those that can."""
    fields = [each for each in (field, tested) if each is not None]
    reasons = {method: [why for each in fields if (why := why_not(method, each))] for method in methods}
    refused = {method: whys[0] for method, whys in reasons.items() if whys}
    if len(refused) == len(methods):
        raise DataError(f"Nothing can be compared: {next(iter(refused.values()))}. Name other --methods.")
    return refused, [method for method in methods if method not in refused]


def _value(
    measured: Sequence[Measured], tested: Field | None, outcome: Outcome | None, random_state: int
) -> list[Contender]:
    """Add to each contender what it says of later spend."""
    contenders = [one.contender for one in measured]
    if tested is None or outcome is None:
        return contenders
    segmentations = [one.tested for one in measured if one.tested is not None]
    may_win = [not one.objections for one in contenders]
    found = measure_later_spend(tested, outcome, segmentations, may_win, random_state)
    if found is None:
        return contenders
    return [
        replace(
            one,
            spend_eta_squared=each.spend_eta_squared,
            share_of_reference=each.share_of_reference,
            reference_lower=each.lower,
            reference_upper=each.upper,
            is_as_good=each.is_as_good,
        )
        for one, each in zip(contenders, found, strict=True)
    ]
