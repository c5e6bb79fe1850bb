"""The choice: how many segments to make, with the reasons for it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from customerbase.errors import UsageError
from customerbase.segmentation.clustering import DEFAULT_N_SEGMENTS, single_thread
from customerbase.segmentation.fitting import (
    model_columns,
    prepare_customers,
    sample_customers,
    suit_model,
    take_customers,
)
from customerbase.segmentation.stability import measure_stability
from customerbase.segmentation.structure import Structure, measure_structure
from customerbase.segmentation.unbending import unbend

__all__ = ["NUMBERS", "Choice", "Option", "choose_n_segments", "decide"]

NUMBERS = range(3, 9)
"""How many segments a business can act on: fewer say little, more are nobody's plan."""

LEAST_SHARE = 0.03
LEAST_STABILITY = 0.85
"""Adjusted Rand above which a segmentation counts as found again."""

FEWEST_CUSTOMERS = 100
"""Of fewer customers, 3 % are but one or two, and what is drawn anew tells nothing."""

MOST_CUSTOMERS = 5_000
N_REFITS = 20
N_STARTS = 2
"""Starts of a refit. With more, k-means comes out alike more often: these figures err on the side of caution."""


@dataclass(frozen=True)
class Option:
    """A number of segments, and what speaks for and against it.

    Parameters
    ----------
    n_segments
        How many.
    smallest_share
        Share of the customers that the smallest segment has.
    stability
        Mean adjusted Rand of segmentations of customers drawn anew with this one; 1 is the same.
    lower, upper
        Nine in ten of them lie between these.

    Examples
    --------
    >>> Option(6, 0.054, 0.918, 0.82, 0.97).objections
    ()
    >>> Option(8, 0.024, 0.757, 0.61, 0.93).objections
    ('the smallest has 2.4% of the customers, less than 3%', 'they are found again at 0.76 alone, less than 0.85')
    """

    n_segments: int
    smallest_share: float
    stability: float
    lower: float
    upper: float

    @property
    def objections(self) -> tuple[str, ...]:
        """Why this number will not do; empty where it will."""
        found = []
        if self.smallest_share < LEAST_SHARE:
            found.append(f"the smallest has {self.smallest_share:.1%} of the customers, less than {LEAST_SHARE:.0%}")
        if self.stability < LEAST_STABILITY:
            digits = 2 if round(self.stability, 2) < LEAST_STABILITY else 4
            found.append(f"they are found again at {self.stability:.{digits}f} alone, less than {LEAST_STABILITY}")
        return tuple(found)


@dataclass(frozen=True)
class Choice:
    """How many segments to make, and why.

    Parameters
    ----------
    n_segments
        How many.
    is_sound
        Whether no constraint speaks against it.
    reasons
        Why, one sentence each, with figures.
    structure
        Whether the customers form groups, in one word: `groups`, `continuum` or `none`.
    structure_reason
        The same in words.
    options
        What was looked at, ascending: up to the choice, in the order of preference.

    Examples
    --------
    >>> Choice(6, False, ("There are 40 customers.",), "none", "", ()).n_segments
    6
    """

    n_segments: int
    is_sound: bool
    reasons: tuple[str, ...]
    structure: str
    structure_reason: str
    options: tuple[Option, ...]

    @property
    def stability(self) -> float | None:
        """The stability of the number chosen; None where it was not measured."""
        return next((one.stability for one in self.options if one.n_segments == self.n_segments), None)


def decide(options: Sequence[Option], structure: Structure, preferred: int = DEFAULT_N_SEGMENTS) -> Choice:
    """Choose among numbers of segments that have been measured.

    Of those whose smallest segment has 3 % of the customers or more, and whose stability is at least 0.85, that of the
    groups that stand apart is taken, if customers form so many; a group that is cut further can be stable too. Else the
    largest up to `preferred`: more segments tell later spend apart better, and more than six are hard to act on. Where
    there is none, the next larger; where there is none either, the most stable, with a warning. A silhouette has no
    say: it is highest where a continuum is cut in two.

    Parameters
    ----------
    options
        At least one.
    structure
        Of `measure_structure`.
    preferred
        The most that is wanted.

    Examples
    --------
    >>> few, many = Option(5, 0.08, 0.95, 0.9, 0.98), Option(6, 0.02, 0.93, 0.9, 0.95)
    >>> choice = decide([few, many], Structure("continuum", 1, (), ()))
    >>> choice.n_segments, choice.is_sound
    (5, True)
    >>> choice.reasons[1]
    '6 will not do: the smallest has 2.0% of the customers, less than 3%.'
    """
    options = sorted(options, key=lambda one: one.n_segments)
    sound = [one for one in options if not one.objections]
    up_to = [one for one in sound if one.n_segments <= preferred]
    if sound:
        planted = [one for one in sound if structure.verdict == "groups" and one.n_segments == structure.n_groups]
        chosen = (planted or up_to[-1:] or sound)[0]
        reasons = [_praise(chosen, preferred, is_planted=bool(planted))]
    else:
        chosen = max(options, key=lambda one: (one.stability, -one.n_segments))
        reasons = [_warn(chosen)]
    rivals = [one for one in options if one.objections and chosen.n_segments < one.n_segments <= preferred]
    rivals += [one for one in options if one.objections and one.n_segments <= preferred < chosen.n_segments and sound]
    reasons += [f"{one.n_segments} will not do: {' and '.join(one.objections)}." for one in rivals]
    return Choice(
        n_segments=chosen.n_segments,
        is_sound=bool(sound),
        reasons=tuple(reasons),
        structure=structure.verdict,
        structure_reason=structure.reason,
        options=tuple(options),
    )


def choose_n_segments(
    features: ir.Table, model: Pipeline, numbers: Sequence[int] = NUMBERS, random_state: int = 0
) -> Choice | None:
    """Choose how many segments k-means is to make of customers, with reasons, fast.

    For each number, customers are drawn with replacement twenty times, k-means learns from these with two starts, and
    what it makes of all customers is compared with what it had made of them before. All of this is of a seeded sample
    of at most 5,000 customers. Numbers are looked at in the order in which `decide` prefers them (that of the groups
    that stand apart, then six, five, …, then seven, …), up to the first that will do: the others would not be chosen.

    Parameters
    ----------
    features
        One row per customer of one date, as `customer_features` gives it.
    model
        Of `make_clusterer("kmeans", …)`; the number in it is passed over.
    numbers
        Numbers of segments to choose from, each at least 2.
    random_state
        Seed of all that is drawn.

    Returns
    -------
    Choice or None
        None where the customers, or the kinds of them, are fewer than six: `segment` says what can be done then. Of
        less than a hundred customers, six without a measurement.

    Raises
    ------
    UsageError
        The last step of the model is not k-means.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> rng = np.random.default_rng(0)
    >>> features = ibis.memtable({"customer_id": [f"{n}" for n in range(200)], "recency_days": rng.uniform(1, 99, 200),
    ...                           "frequency": np.arange(200) % 9 + 1, "monetary": rng.lognormal(3, 1, 200)})
    >>> choice = choose_n_segments(features, make_clusterer())
    >>> 3 <= choice.n_segments <= 8, len(choice.reasons) > 0
    (True, True)
    """
    if not isinstance(model, Pipeline) or not isinstance(model[-1], KMeans):
        raise UsageError(
            "The 'model' parameter of choose_n_segments must be a pipeline that ends with k-means, such as "
            f"make_clusterer(). Got {model!r} instead."
        )
    copy = suit_model(model, features)
    names, categories = model_columns(copy, features)
    customers = take_customers(copy, features)[[*names, *categories]]
    X = sample_customers(customers, MOST_CUSTOMERS, random_state)
    if len(X) < DEFAULT_N_SEGMENTS:
        return None
    with single_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # customers drawn anew can be fewer kinds than segments
        prepared: npt.NDArray[np.float64] = prepare_customers(copy, X)
        n_kinds = len(np.unique(prepared, axis=0))
        if n_kinds < DEFAULT_N_SEGMENTS:
            return None
        structure = measure_structure(prepared, random_state, unbend(copy, X))
        if len(X) < FEWEST_CUSTOMERS:
            return _assume(len(X), structure)
        choice = decide(_measure(prepared, [k for k in numbers if k <= n_kinds], structure, random_state), structure)
    if len(X) == len(customers):
        return choice
    sampled = f"This was measured on {len(X):,} of the {len(customers):,} customers, drawn at random."
    return replace(choice, reasons=(f"{choice.reasons[0]} {sampled}", *choice.reasons[1:]))


def _measure(
    X: npt.NDArray[np.float64], numbers: Sequence[int], structure: Structure, random_state: int
) -> list[Option]:
    """Measure numbers in the order in which they would be chosen, up to the first that will do."""
    planted = [k for k in numbers if structure.verdict == "groups" and k == structure.n_groups]
    preferred = sorted((k for k in numbers if k <= DEFAULT_N_SEGMENTS and k not in planted), reverse=True)
    above = sorted(k for k in numbers if k > DEFAULT_N_SEGMENTS and k not in planted)
    found = []
    for k in (*planted, *preferred, *above):
        found.append(_measure_number(X, k, random_state))
        if not found[-1].objections:
            break
    return found


def _measure_number(X: npt.NDArray[np.float64], n_segments: int, random_state: int) -> Option:
    labels = KMeans(n_segments, n_init=10, random_state=random_state).fit_predict(X)
    again = measure_stability(KMeans(n_segments, n_init=N_STARTS), X, labels, N_REFITS, random_state)
    smallest = float(np.bincount(labels).min() / len(X))
    return Option(n_segments, smallest, again.adjusted_rand, again.lower, again.upper)


def _assume(n_customers: int, structure: Structure) -> Choice:
    words = (
        f"{DEFAULT_N_SEGMENTS} segments, as nobody said how many: of {n_customers} customers, fewer than "
        f"{FEWEST_CUSTOMERS}, it cannot be measured how well segments are found again."
    )
    return Choice(DEFAULT_N_SEGMENTS, False, (words,), structure.verdict, structure.reason, ())


def _praise(chosen: Option, preferred: int, *, is_planted: bool) -> str:
    why = (
        "one for each group that stands apart"
        if is_planted
        else "the most that can be acted on"
        if chosen.n_segments == preferred
        else f"the most up to {preferred} that will do"
        if chosen.n_segments < preferred
        else f"since none up to {preferred} will do"
    )
    return (
        f"{chosen.n_segments} segments, {why}: of customers drawn anew they are found again at {chosen.stability:.2f} "
        f"(adjusted Rand, 1 is the same), and the smallest has {chosen.smallest_share:.1%} of the customers."
    )


def _warn(chosen: Option) -> str:
    return (
        f"No number of segments will do: {chosen.n_segments} are the most stable, but "
        f"{' and '.join(chosen.objections)}. Do not build on who is in which: "
        "--n-segments, other columns or --model rfm may serve better."
    )
