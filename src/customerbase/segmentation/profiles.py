"""What a segment looks like: where its customers stand within the whole base, and that in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from customerbase.segmentation.spoken_figures import say_number, say_percent

__all__ = [
    "PROFILE_FEATURES",
    "FeatureSummary",
    "Profile",
    "describe_traits",
    "make_profiles",
    "percentile_ranks",
    "pool_burn_rate",
]

PROFILE_FEATURES = (
    "recency_days",
    "frequency",
    "monetary",
    "average_order_value",
    "average_basket_units",
    "n_products",
    "tenure_days",
    "age_days",
    "overdue_ratio",
    "n_orders_last_90_days",
    "return_rate",
    "discount_share",
    "is_one_time",
    "coupon_recency_days",
    "n_claimed",
    "n_burnt",
    "burn_rate",
    "mean_days_to_burn",
    "n_merchants",
    "n_sessions",
    "average_session_minutes",
    "n_pages",
    "n_clicks",
    "n_wishlist_adds",
    "engagement_score",
    "campaign_response_rate",
    "cart_abandonment_rate",
    "age",
)
"""The features of a profile, in the order in which it shows them; those that a table lacks are left out."""


@dataclass(frozen=True)
class FeatureSummary:
    """One feature of a segment's customers.

    `percentile_rank` is the mean of their percentile ranks within the whole base (0 to 1; the base itself has 0.5);
    `median` and `mean` are in the feature's own unit.

    Examples
    --------
    >>> FeatureSummary(percentile_rank=0.1, median=9.0, mean=12.5).median
    9.0
    """

    percentile_rank: float
    median: float
    mean: float


Profile: TypeAlias = Mapping[str, FeatureSummary]
"""A summary for each feature that at least one customer of the segment has."""

STEP, NOISE = 1e-4, 1e-9


def percentile_ranks(X: pd.DataFrame) -> pd.DataFrame:
    """Return the share of the base that lies below each value, counting half of those who share it.

    Parameters
    ----------
    X
        One row per customer, one numeric column per feature. Missing values stay missing and count for nobody.

    Returns
    -------
    Of the shape of X, above 0 and below 1; the mean of each column is 0.5.

    Examples
    --------
    >>> percentile_ranks(pd.DataFrame({"frequency": [1, 1, 2, 9]})).frequency.tolist()
    [0.25, 0.25, 0.625, 0.875]
    """
    return (X.rank() - 0.5) / X.count()


def make_profiles(
    X: pd.DataFrame, labels: npt.ArrayLike, further: Sequence[str] = ()
) -> dict[int, dict[str, FeatureSummary]]:
    """Profile each segment against the whole base.

    Parameters
    ----------
    X
        The whole base: one row per customer, one numeric column per feature.
    labels
        The segment of each row.
    further
        Columns that a profile is to show beside `PROFILE_FEATURES`, such as those of the model.

    Returns
    -------
    For each label, in ascending order, its profile. Figures are rounded to four decimals, so that the order of a sum
    never shows; but a mean of 0 or 1 is exactly that, so that none and all can be told from nearly so. A feature that
    no customer of a segment has is left out.

    Examples
    --------
    >>> base = pd.DataFrame({"frequency": [1.0, 1.0, 2.0, 9.0]})
    >>> make_profiles(base, [0, 0, 1, 1])[1]
    {'frequency': FeatureSummary(percentile_rank=0.75, median=5.5, mean=5.5)}
    """
    columns = [name for name in dict.fromkeys([*PROFILE_FEATURES, *further]) if name in X]
    grouping = np.asarray(labels)
    by_segment = X[columns].groupby(grouping)
    ranks = percentile_ranks(X[columns]).groupby(grouping).mean()
    statistics = np.stack([ranks.to_numpy(), by_segment.median().to_numpy(), by_segment.mean().to_numpy()], axis=-1)
    # Adding 0.0 turns a negative zero into zero.
    rounded = statistics.round(4) + 0.0
    rounded[..., 2] = _keep_off_the_ends(statistics[..., 2], rounded[..., 2])
    return {
        int(label): {
            name: FeatureSummary(*map(float, values))
            for name, values in zip(columns, rows, strict=True)
            if not np.isnan(values[0])
        }
        for label, rows in zip(ranks.index, rounded, strict=True)
    }


def _keep_off_the_ends(means: npt.NDArray[np.float64], rounded: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Keep means off 0 and 1 where rounding alone brings them there; what is nearer is the noise of a sum."""
    kept = rounded
    for end in (0.0, 1.0):
        off = means - end
        kept = np.where((rounded == end) & (np.abs(off) > NOISE), end + np.copysign(STEP, off), kept)
    return kept


RECENCY_WORDS = (
    (0.2, "bought very recently"),
    (0.4, "bought recently"),
    (0.6, "last bought a while ago"),
    (0.77, "silent for long"),
    (1.0, "gone longest"),
)
FREQUENCY_WORDS = (
    (0.35, "few orders"),
    (0.5, "fewer orders than most"),
    (0.75, "several orders"),
    (0.9, "many orders"),
    (1.0, "the most orders"),
)
MONETARY_WORDS = (
    (0.35, "low spend"),
    (0.5, "spend a little below the middle"),
    (0.75, "spend above the middle"),
    (0.9, "high spend"),
    (1.0, "the highest spend"),
)
COUPON_RECENCY_WORDS = (
    (0.2, "a coupon much more lately than others"),
    (0.4, "a coupon more lately than others"),
    (0.6, "last coupon about as long ago as that of others"),
    (0.77, "last coupon longer ago than that of others"),
    (1.0, "last coupon much longer ago than that of others"),
)
CLAIMED_WORDS = (
    (0.3, "claim few coupons"),
    (0.42, "claim fewer coupons than most"),
    (0.58, "claim about as many coupons as most"),
    (0.7, "claim more coupons than most"),
    (1.0, "claim many coupons"),
)
BURN_WORDS = (
    (0.35, "burn less of them than others"),
    (0.62, "burn about as much of them as others"),
    (1.0, "burn more of them than others"),
)


def pool_burn_rate(profile: Profile) -> Profile:
    """Give a profile whose mean burn rate is the share of all its claimed coupons that were burnt.

    So tables of coupons show it; a mean of the customers' own rates counts a customer of one coupon as much as one of
    twenty. Where the numbers of coupons are not known it stays.

    Examples
    --------
    >>> coupons = {"n_claimed": FeatureSummary(0.5, 2.0, 8.0), "n_burnt": FeatureSummary(0.5, 1.0, 2.0),
    ...            "burn_rate": FeatureSummary(0.5, 0.5, 0.4)}
    >>> pool_burn_rate(coupons)["burn_rate"].mean
    0.25
    """
    if not {"n_claimed", "n_burnt", "burn_rate"} <= set(profile) or not profile["n_claimed"].mean:
        return profile
    share = np.array(profile["n_burnt"].mean / profile["n_claimed"].mean)
    pooled = _keep_off_the_ends(share, share.round(4))
    return {**profile, "burn_rate": replace(profile["burn_rate"], mean=float(pooled))}


def describe_traits(profile: Profile) -> tuple[str, ...]:
    """Say in short phrases what a profile shows, the most telling first.

    Returns
    -------
    Recency, frequency and spend always where the profile has them, and of customers of whom coupons alone are known
    recency, number and burnt share of these; the rest only where it stands out.

    Examples
    --------
    >>> describe_traits({
    ...     "recency_days": FeatureSummary(0.15, 9.0, 12.5),
    ...     "frequency": FeatureSummary(0.96, 12.0, 14.0),
    ...     "age_days": FeatureSummary(0.2, 134.0, 140.0),
    ... })
    ('bought very recently, 9 days ago (median)', 'the most orders: 12 (median)',
     'new to the shop: first order in the data 134 days ago (median)')
    """
    profile = pool_burn_rate(profile)
    phrases = (
        _banded(profile, "recency_days", RECENCY_WORDS, "{words}, {median} {days} ago (median)"),
        _banded(profile, "frequency", FREQUENCY_WORDS, "{words}: {median} (median)"),
        _banded(profile, "monetary", MONETARY_WORDS, "{words}: {median} (median)"),
        _age_trait(profile.get("age_days")),
        *(_coupon_traits(profile) if _has_coupons_alone(profile) else ()),
        *(_special_trait(profile, *rule) for rule in _special_rules(profile)),
        *(_plain_trait(name, profile[name]) for name in profile if name not in PROFILE_FEATURES),
    )
    return tuple(phrase for phrase in phrases if phrase)


def _banded(profile: Profile, feature: str, bands: tuple[tuple[float, str], ...], template: str) -> str:
    summary = profile.get(feature)
    if summary is None:
        return ""
    words = next(words for upper, words in bands if summary.percentile_rank <= upper)
    return template.format(
        words=words,
        median=say_number(summary.median),
        percent=say_percent(summary.mean),
        days=_days(summary.median),
    )


def _has_coupons_alone(profile: Profile) -> bool:
    return "coupon_recency_days" in profile and "frequency" not in profile


def _coupon_traits(profile: Profile) -> tuple[str, ...]:
    return (
        _banded(profile, "coupon_recency_days", COUPON_RECENCY_WORDS, "{words}, {median} {days} ago (median)"),
        _banded(profile, "n_claimed", CLAIMED_WORDS, "{words}: {median} (median)"),
        _banded(profile, "burn_rate", BURN_WORDS, f"{{words}}: {{percent}} {_what_burnt(profile)}"),
    )


def _what_burnt(profile: Profile) -> str:
    return "of all they claimed" if "n_burnt" in profile else "(mean)"


def _plain_trait(feature: str, summary: FeatureSummary) -> str:
    """Tell of a column of the shop's own where it stands out."""
    if CLEARLY_LOW < summary.percentile_rank < CLEARLY_HIGH:
        return ""
    words = "high" if summary.percentile_rank >= CLEARLY_HIGH else "low"
    return f"{words} {feature.replace('_', ' ')}: {say_number(summary.median)} (median)"


def _days(number: float) -> str:
    return "day" if number == 1 else "days"


def _age_trait(summary: FeatureSummary | None) -> str:
    if summary is None or 0.3 < summary.percentile_rank < 0.75:
        return ""
    words = "new to the shop" if summary.percentile_rank <= 0.3 else "of long standing"
    # An export begins somewhere: what was ordered before it nobody knows.
    return f"{words}: first order in the data {say_number(summary.median)} {_days(summary.median)} ago (median)"


SPECIAL_TRAITS = (
    ("is_one_time", "mean", 0.5, 1.0, "{percent} bought only once"),
    ("return_rate", "percentile_rank", 0.75, 1.0, "send back {percent} of what they buy (mean)"),
    ("average_basket_units", "percentile_rank", 0.85, 1.0, "huge baskets: {median} units (median)"),
    ("n_claimed", "percentile_rank", 0.55, 1.0, "claim many coupons: {median} (median)"),
    ("n_claimed", "percentile_rank", 0.0, 0.3, "claim few coupons: {median} (median)"),
    ("burn_rate", "percentile_rank", 0.62, 1.0, "burn {percent} of the coupons they claim"),
    ("burn_rate", "percentile_rank", 0.0, 0.35, "burn only {percent} of the coupons they claim"),
    ("mean_days_to_burn", "percentile_rank", 0.0, 0.35, "burn a coupon soon, after {median} days (median)"),
    ("mean_days_to_burn", "percentile_rank", 0.65, 1.0, "burn a coupon late, after {median} days (median)"),
    ("n_sessions", "percentile_rank", 0.65, 1.0, "many visits: {median} (median)"),
    ("n_sessions", "percentile_rank", 0.0, 0.2, "hardly visit: {median} times (median)"),
    ("n_clicks", "percentile_rank", 0.75, 1.0, "many clicks: {median} (median)"),
    ("n_wishlist_adds", "percentile_rank", 0.75, 1.0, "long wish lists: {median} (median)"),
    ("campaign_response_rate", "percentile_rank", 0.65, 1.0, "answer {percent} of campaigns (mean)"),
    ("cart_abandonment_rate", "percentile_rank", 0.6, 1.0, "leave {percent} of their baskets (mean)"),
    ("age", "percentile_rank", 0.65, 1.0, "older than most: {median} years (median)"),
    ("age", "percentile_rank", 0.0, 0.35, "younger than most: {median} years (median)"),
)
"""Feature, statistic, from, to, phrase: said where the statistic lies in the range."""

CLEARLY_LOW, CLEARLY_HIGH = 0.35, 0.65


def _special_rules(profile: Profile) -> tuple[tuple[str, str, float, float, str], ...]:
    """Leave out what is said of coupons already."""
    told = {"n_claimed", "burn_rate"} if _has_coupons_alone(profile) else set()
    return tuple(rule for rule in SPECIAL_TRAITS if rule[0] not in told)


def _special_trait(
    profile: Profile, feature: str, statistic: str, at_least: float, at_most: float, template: str
) -> str:
    summary = profile.get(feature)
    if summary is None:
        return ""
    value = getattr(summary, statistic)
    if not at_least <= value <= at_most:
        return ""
    return template.format(median=say_number(summary.median), percent=say_percent(summary.mean))
