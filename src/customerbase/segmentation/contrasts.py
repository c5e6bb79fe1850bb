"""What sets a segment apart from the average customer, as a person says it: factors, shares and days."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from customerbase.segmentation.profiles import PROFILE_FEATURES, FeatureSummary, Profile, make_profiles, pool_burn_rate
from customerbase.segmentation.spoken_figures import say_number, say_share

__all__ = ["COMPARED", "baskets_agree", "describe_contrasts", "profile_everyone"]

CLEARLY_MORE = 1.25
"""From this factor on, or its inverse down, a difference is told."""

CLEAR_SHARE = 0.05
"""A share is told from this difference on: 5 % of all customers, baskets or coupons."""

FEWEST_DAYS = 2.0
MOST_CONTRASTS = 5
ALWAYS_FIRST = ("recency_days", "frequency", "monetary", "coupon_recency_days", "n_claimed", "burn_rate")
"""What customers are compared by as a rule is told before what else stands out."""

FRACTIONS = {
    3 / 4: "three quarters",
    2 / 3: "two thirds",
    1 / 2: "half",
    2 / 5: "two fifths",
    1 / 3: "a third",
    1 / 4: "a quarter",
    1 / 5: "a fifth",
    1 / 6: "a sixth",
    1 / 8: "an eighth",
    1 / 10: "a tenth",
    1 / 20: "a twentieth",
}
NEAR = 1.08
"""A fraction is named where it is at most 8 % off."""


class _Words(NamedTuple):
    """How a feature is compared, and the words about it: `{times}`, `{own}` and `{all}` are filled in."""

    way: Literal["times", "days", "share"]
    phrase: str


COMPARED: Mapping[str, _Words] = {
    "recency_days": _Words("days", "last bought {own} ago against {all}"),
    "frequency": _Words("times", "ordered {times} as often"),
    "monetary": _Words("times", "spent {times} as much"),
    "average_order_value": _Words("times", "spend {times} as much per order"),
    "average_basket_units": _Words("times", "put {times} as many pieces into a basket"),
    "n_products": _Words("times", "bought {times} as many different products"),
    "age_days": _Words("days", "first order in the data {own} ago against {all}"),
    "return_rate": _Words("share", "send back {own} of what they buy against {all}"),
    "discount_share": _Words("share", "get {own} off as discounts against {all}"),
    "is_one_time": _Words("share", "{own} bought only once against {all}"),
    "coupon_recency_days": _Words("days", "last touched a coupon {own} ago against {all}"),
    "n_claimed": _Words("times", "claimed {times} as many coupons"),
    "burn_rate": _Words("share", "burn {own} of their coupons against {all}"),
    "mean_days_to_burn": _Words("days", "burn a coupon after {own} against {all}"),
    "n_merchants": _Words("times", "use coupons of {times} as many merchants"),
    "n_sessions": _Words("times", "visit {times} as often"),
    "average_session_minutes": _Words("times", "stay {times} as long at a visit"),
    "n_pages": _Words("times", "look at {times} as many pages"),
    "n_clicks": _Words("times", "click {times} as often"),
    "n_wishlist_adds": _Words("times", "put {times} as much on wish lists"),
    "campaign_response_rate": _Words("share", "answer {own} of campaigns against {all}"),
    "cart_abandonment_rate": _Words("share", "leave {own} of their baskets against {all}"),
}
"""Feature → how it is compared: counts and amounts by the means, days by the medians, shares by the means."""


MOST_APART = 0.5
"""Order values are believed unless orders times order value are more than this part of the spend away from it."""


def baskets_agree(made: float, spent: float) -> bool:
    """Tell whether orders times order value, added up over customers, come near to their whole spend.

    Examples
    --------
    >>> baskets_agree(140.0, 100.0), baskets_agree(300.0, 100.0)
    (True, False)
    """
    return not spent or abs(made - spent) <= MOST_APART * abs(spent)


def profile_everyone(X: pd.DataFrame) -> dict[str, FeatureSummary]:
    """Profile the whole base as one: the average customer.

    An order value that contradicts orders and spend (see `baskets_agree`), as a file of one row per customer may have
    it, is nobody's.

    Examples
    --------
    >>> profile_everyone(pd.DataFrame({"frequency": [1.0, 2.0, 9.0]}))
    {'frequency': FeatureSummary(percentile_rank=0.5, median=2.0, mean=4.0)}
    """
    everyone = make_profiles(X[[name for name in PROFILE_FEATURES if name in X]], np.zeros(len(X)))[0]
    asked = ["frequency", "average_order_value", "monetary"]
    if set(asked) <= set(X) and "gross_revenue" not in X:
        known = X[asked].dropna().astype("float64")
        if not baskets_agree(float((known.frequency * known.average_order_value).sum()), float(known.monetary.sum())):
            del everyone["average_order_value"]
    return everyone


def describe_contrasts(profile: Profile, everyone: Profile) -> tuple[str, ...]:
    """Say in up to five phrases what sets a segment apart from the average customer of the base.

    Counts and amounts are compared as factors, mean by mean: these add up, so that the factor of the spend is the share
    of the revenue over the share of the customers. Of days the average customer is the one in the middle, median by
    median, since a few customers who are gone for years would move a mean; shares are compared mean by mean.

    Parameters
    ----------
    profile
        Of the segment.
    everyone
        Of the whole base, by `profile_everyone`.

    Returns
    -------
    Phrases that go on from "beside the average customer": recency, number and spend first (or those of coupons), where
    they differ clearly, then what else stands out most.

    Examples
    --------
    >>> everyone = {"recency_days": FeatureSummary(.5, 96.0, 202.0), "frequency": FeatureSummary(.5, 3.0, 6.3),
    ...             "monetary": FeatureSummary(.5, 842.0, 2780.0)}
    >>> describe_contrasts({"recency_days": FeatureSummary(.8, 371.0, 400.0), "frequency": FeatureSummary(.2, 1.0, 1.3),
    ...                     "monetary": FeatureSummary(.9, 8000.0, 8700.0)}, everyone)
    ('last bought 371 days ago against 96', 'ordered a fifth as often', 'spent 3.1 times as much')
    """
    profile, everyone = pool_burn_rate(profile), pool_burn_rate(everyone)
    found = {
        name: phrase
        for name, words in COMPARED.items()
        if name in profile and name in everyone and (phrase := _compare(words, profile[name], everyone[name]))
    }
    first = [name for name in ALWAYS_FIRST if name in found]
    others = sorted(set(found) - set(first), key=lambda name: (-abs(profile[name].percentile_rank - 0.5), name))
    return tuple(found[name] for name in [*first, *others][:MOST_CONTRASTS])


def _compare(words: _Words, own: FeatureSummary, everyone: FeatureSummary) -> str:
    if words.way == "times":
        return _compare_times(words, own.mean, everyone.mean)
    if words.way == "days":
        return _compare_days(words, own.median, everyone.median)
    if abs(own.mean - everyone.mean) < CLEAR_SHARE:
        return ""
    return words.phrase.format(own=say_share(own.mean), all=say_share(everyone.mean))


def _compare_times(words: _Words, own: float, everyone: float) -> str:
    """Give the factor; where returns outweigh purchases there is none."""
    if everyone <= 0 or own < 0:
        return ""
    factor = own / everyone
    if 1 / CLEARLY_MORE < factor < CLEARLY_MORE:
        return ""
    return words.phrase.format(times=_say_times(factor))


def _say_times(factor: float) -> str:
    if factor > 1:
        return f"{factor:,.0f} times" if factor >= 9.95 else f"{factor:.1f} times"
    near = [words for fraction, words in FRACTIONS.items() if 1 / NEAR <= factor / fraction <= NEAR]
    if near:
        return near[0]
    return f"{factor:.0%}" if factor >= 0.005 else "hardly 1%"


def _compare_days(words: _Words, own: float, everyone: float) -> str:
    low, high = sorted((own, everyone))
    if high - low < FEWEST_DAYS or high < low * CLEARLY_MORE:
        return ""
    return words.phrase.format(own=_say_days(own), all=say_number(everyone))


def _say_days(days: float) -> str:
    return f"{say_number(days)} {'day' if days == 1 else 'days'}"
