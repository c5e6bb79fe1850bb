"""How well a kind of customer fits a segment, which kinds do, and which fits next best."""

from dataclasses import dataclass, replace

import numpy as np

from customerbase.segmentation.playbook import Archetype, Requirement, load_playbook
from customerbase.segmentation.profiles import Profile

__all__ = ["INELIGIBLE", "ArchetypeFit", "measure_cost", "measure_fit", "rank_archetypes", "suits"]

DISTANCE_KINDS = ("life-cycle", "coupon-use")
LAST_RESORT = 1e3
"""What the plain kind costs: more than any distance, less than a name that may not be given."""

INELIGIBLE = 1e6
SPECIAL_BONUS = 0.5
"""More than any distance between a segment and the life-cycle name that suits it."""

AGE_OF_RECENCY = 1 / 3
"""First orders of others lie farther back than their last ones: of those who ordered once, the percentile rank of the
age is at most a third of that of the recency up to a rank of 0.6, and more beyond (Online Retail II, CDNOW)."""


def measure_cost(profile: Profile, archetype: Archetype, *, is_alone: bool) -> float:
    """Give the squared distance between a profile and an archetype over the prototype's features.

    A special kind that is met goes first; one whose requirements are not met costs `INELIGIBLE`.

    Parameters
    ----------
    profile
        Of the segment.
    archetype
        A kind of the playbook.
    is_alone
        Whether the segment is the only one.

    Examples
    --------
    >>> from customerbase.segmentation.profiles import FeatureSummary
    >>> profile = {name: FeatureSummary(.5, 1, 1) for name in ("recency_days", "frequency", "monetary")}
    >>> measure_cost(profile, load_playbook()["champions"], is_alone=False) == INELIGIBLE
    True
    """
    if archetype.kind == "everyone":
        return -1.0 if is_alone else INELIGIBLE
    if archetype.kind == "plain":
        return LAST_RESORT
    if archetype.kind == "coupon-use" and ("burn_rate" not in profile or {"recency_days", "frequency"} <= set(profile)):
        return INELIGIBLE
    known = _with_age(profile)
    if archetype.kind in {"scheme", "unusual"} or not all(
        _is_met(requirement, known) for requirement in archetype.requires
    ):
        return INELIGIBLE
    squares = [
        (profile[feature].percentile_rank - rank) ** 2
        for feature, rank in archetype.prototype.items()
        if feature in profile
    ]
    return sum(squares) - (0.0 if archetype.kind in DISTANCE_KINDS else SPECIAL_BONUS)


def _with_age(profile: Profile) -> Profile:
    """Add the age where it is not known, but follows: who has ordered once, first ordered when they last did."""
    orders, last = profile.get("frequency"), profile.get("recency_days")
    if "age_days" in profile or orders is None or last is None or orders.median > 1:
        return profile
    return {**profile, "age_days": replace(last, percentile_rank=last.percentile_rank * AGE_OF_RECENCY)}


def _is_met(requirement: Requirement, profile: Profile) -> bool:
    summary = profile.get(requirement.feature)
    if summary is None:
        return requirement.holds_if_unknown
    value: float = getattr(summary, requirement.statistic)
    return requirement.at_least <= value <= requirement.at_most


REASONABLE_GAP = 0.1
"""How much farther than the nearest archetype, in percentile ranks, one may be and still fit."""


def rank_archetypes(profile: Profile) -> tuple[tuple[str, float], ...]:
    """Give the archetypes whose requirements a profile meets, the nearest first, and how well each fits.

    Returns
    -------
    Key and fit: 1 less the root of the mean squared difference of percentile ranks from the prototype. Special kinds
    that are met come first, as they do in `name_segments`; nothing where no archetype suits.

    Examples
    --------
    >>> from customerbase.segmentation.profiles import FeatureSummary
    >>> profile = {name: FeatureSummary(rank, 1, 1) for name, rank in
    ...            (("recency_days", .12), ("frequency", .95), ("monetary", .85))}
    >>> [(key, round(fit, 2)) for key, fit in rank_archetypes(profile)][:2]
    [('champions', 0.94), ('loyal', 0.89)]
    """
    known = load_playbook()
    costs = {
        key: measure_cost(profile, one, is_alone=False)
        for key, one in known.items()
        if one.kind not in {"plain", "everyone"}
    }
    nearest = sorted((key for key in costs if costs[key] < INELIGIBLE), key=lambda key: costs[key])
    return tuple((key, _nearness(profile, known[key])) for key in nearest)


def _nearness(profile: Profile, archetype: Archetype) -> float:
    gaps = [profile[name].percentile_rank - rank for name, rank in archetype.prototype.items() if name in profile]
    return 1.0 - float(np.sqrt(np.mean(np.square(gaps)))) if gaps else 1.0


@dataclass(frozen=True)
class ArchetypeFit:
    """How well the archetype of a segment fits it, and the one that fits next best.

    Parameters
    ----------
    fit
        1 less the root of the mean squared difference between the segment's mean percentile ranks and the archetype's,
        from 0 to 1; None for an archetype that has none (all customers, unusual ones).
    runner_up
        Name of the next archetype whose requirements the segment meets; None where there is no other.
    runner_up_fit
        Its fit. It can be above `fit`: no two segments bear one name, a scheme has names of its own, and a name stays
        with its segment as long as it fits reasonably.

    Examples
    --------
    >>> ArchetypeFit(0.94, "Loyal customers", 0.89).runner_up
    'Loyal customers'
    """

    fit: float | None
    runner_up: str | None
    runner_up_fit: float | None


def measure_fit(key: str, profile: Profile) -> ArchetypeFit:
    """Tell how well an archetype fits a profile, and which other one fits next best.

    Parameters
    ----------
    key
        Of the archetype that the segment has.
    profile
        Of the segment.

    Examples
    --------
    >>> from customerbase.segmentation.profiles import FeatureSummary
    >>> profile = {name: FeatureSummary(rank, 1, 1) for name, rank in
    ...            (("recency_days", .12), ("frequency", .95), ("monetary", .85))}
    >>> measure_fit("champions", profile)
    ArchetypeFit(fit=0.9423, runner_up='Loyal customers', runner_up_fit=0.8925)
    """
    known = load_playbook()
    own = known[key]
    if not set(own.prototype) & set(profile):
        return ArchetypeFit(None, None, None)
    others = [(other, fit) for other, fit in rank_archetypes(profile) if other != key]
    fit = round(_nearness(profile, own), 4)
    if not others:
        return ArchetypeFit(fit, None, None)
    runner_up, next_fit = others[0]
    return ArchetypeFit(fit, known[runner_up].name, round(next_fit, 4))


def suits(key: str, profile: Profile) -> bool:
    """Tell whether an archetype is among those that reasonably fit a profile.

    It is where its requirements are met and, of a life-cycle kind, it is at most 0.1 farther in percentile ranks than
    the life-cycle kind that fits best.

    Examples
    --------
    >>> from customerbase.segmentation.profiles import FeatureSummary
    >>> profile = {name: FeatureSummary(rank, 1, 1) for name, rank in
    ...            (("recency_days", .12), ("frequency", .95), ("monetary", .85))}
    >>> [suits(key, profile) for key in ("champions", "loyal", "hibernating")]
    [True, True, False]
    """
    known, fits = load_playbook(), dict(rank_archetypes(profile))
    if key not in fits or known[key].kind not in DISTANCE_KINDS:
        return key in fits
    best = max(fit for other, fit in fits.items() if known[other].kind in DISTANCE_KINDS)
    return fits[key] >= best - REASONABLE_GAP
