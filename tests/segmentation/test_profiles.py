"""Profiles: percentile ranks within the base, plain figures, and the words for both."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import percentileofscore

from customerbase.segmentation.profiles import FeatureSummary, describe_traits, make_profiles, percentile_ranks

values = st.lists(st.integers(-50, 50).map(float), min_size=1, max_size=40)


def test_ties_share_a_rank() -> None:
    """Half of the customers with a value count as below it, so that equal values get equal ranks."""
    ranks = percentile_ranks(pd.DataFrame({"frequency": [1.0, 1.0, 1.0, 2.0, 5.0]}))
    assert ranks.frequency.tolist() == pytest.approx([0.3, 0.3, 0.3, 0.7, 0.9])


@given(values)
def test_ranks_agree_with_scipy(column: list[float]) -> None:
    """SciPy's percentile of a score, the mean of its weak and its strict form, is the oracle."""
    ranks = percentile_ranks(pd.DataFrame({"monetary": column})).monetary
    assert ranks.tolist() == pytest.approx([percentileofscore(column, x, kind="mean") / 100 for x in column])


@given(values)
def test_the_base_stands_in_its_own_middle(column: list[float]) -> None:
    """The mean rank of the whole base is one half, ties or not."""
    profile = make_profiles(pd.DataFrame({"monetary": column}), [0] * len(column))[0]
    assert profile["monetary"].percentile_rank == pytest.approx(0.5)


def test_a_profile_by_hand() -> None:
    """The ranks of the base are 1/8, 3/8, 5/8, 7/8; the second segment holds the last two customers."""
    X = pd.DataFrame({"recency_days": [1.0, 2.0, 10.0, 40.0]})
    assert make_profiles(X, [3, 3, 7, 7]) == {
        3: {"recency_days": FeatureSummary(0.25, 1.5, 1.5)},
        7: {"recency_days": FeatureSummary(0.75, 25.0, 25.0)},
    }


def test_prices_change_no_rank() -> None:
    """Multiplying all prices moves the plain figures and no percentile rank."""
    spend = pd.DataFrame({"monetary": [0.1, 0.7, 0.7, 19.99, -3.2]})
    labels = [0, 0, 1, 1, 0]
    plain, scaled = make_profiles(spend, labels), make_profiles(spend * 100, labels)
    assert [p["monetary"].percentile_rank for p in plain.values()] == [
        p["monetary"].percentile_rank for p in scaled.values()
    ]
    assert scaled[1]["monetary"].median == pytest.approx(100 * plain[1]["monetary"].median)


def test_missing_values_count_for_nobody() -> None:
    """A customer without a gap between orders is left out of it; a segment where nobody has one lacks the feature."""
    X = pd.DataFrame({"overdue_ratio": [np.nan, np.nan, 1.0, 3.0], "frequency": [1.0, 1.0, 2.0, 2.0]})
    profiles = make_profiles(X, [0, 0, 1, 1])
    assert set(profiles[0]) == {"frequency"}
    assert profiles[1]["overdue_ratio"] == FeatureSummary(0.5, 2.0, 2.0)


def test_columns_that_are_no_profile_features_stay_out() -> None:
    """Only the features that a profile speaks of are summarised."""
    assert set(make_profiles(pd.DataFrame({"frequency": [1.0], "shoe_size": [43.0]}), [0])[0]) == {"frequency"}


@pytest.mark.parametrize(
    ("rank", "phrase"),
    [
        (0.1, "bought very recently, 12.5 days ago (median)"),
        (0.3, "bought recently, 12.5 days ago (median)"),
        (0.5, "last bought a while ago, 12.5 days ago (median)"),
        (0.7, "silent for long, 12.5 days ago (median)"),
        (0.95, "gone longest, 12.5 days ago (median)"),
    ],
)
def test_recency_words_follow_the_rank(rank: float, phrase: str) -> None:
    """The words come from the place in the base, the number from the customers themselves."""
    assert describe_traits({"recency_days": FeatureSummary(rank, 12.5, 20.0)}) == (phrase,)


def test_traits_say_what_stands_out() -> None:
    """Returns, huge baskets, coupons and visits are told where they are far from the base, and else are not."""
    profile = {
        "return_rate": FeatureSummary(0.9, 0.3, 0.25),
        "average_basket_units": FeatureSummary(0.6, 1200.0, 1500.0),
        "is_one_time": FeatureSummary(0.6, 1.0, 0.75),
        "n_claimed": FeatureSummary(0.1, 0.0, 0.2),
    }
    assert describe_traits(profile) == (
        "75% bought only once",
        "send back 25% of what they buy (mean)",
        "claim few coupons: 0 (median)",
    )


def test_coupon_traits_are_told_where_coupons_alone_are_known() -> None:
    """Recency, number and rate always; beside orders they are told only where they stand out."""
    coupons = {
        "coupon_recency_days": FeatureSummary(0.25, 69.0, 70.0),
        "n_claimed": FeatureSummary(0.5, 5.0, 5.0),
        "burn_rate": FeatureSummary(0.7, 0.75, 0.71),
    }
    assert describe_traits(coupons) == (
        "a coupon more lately than others, 69 days ago (median)",
        "claim about as many coupons as most: 5 (median)",
        "burn more of them than others: 71% (mean)",
    )
    pooled = {**coupons, "n_burnt": FeatureSummary(0.6, 3.0, 3.2)}
    assert describe_traits(pooled)[2] == "burn more of them than others: 64% of all they claimed"
    beside = describe_traits({**pooled, "frequency": FeatureSummary(0.95, 9.0, 9.0)})
    assert beside == ("the most orders: 9 (median)", "burn 64% of the coupons they claim")


def test_a_column_of_the_shops_own_is_told_where_it_stands_out() -> None:
    """By its name in words; in the middle it says nothing."""
    profile = {"annual_income": FeatureSummary(0.8, 86.0, 86.0), "shoe_size": FeatureSummary(0.5, 43.0, 43.0)}
    assert describe_traits(profile) == ("high annual income: 86 (median)",)


def test_numbers_are_readable() -> None:
    """Large figures have thousands separators and no decimals, small ones keep what matters."""
    large = describe_traits({"monetary": FeatureSummary(0.95, 12878.46, 0.0)})
    small = describe_traits({"monetary": FeatureSummary(0.2, 0.25, 0.0)})
    assert (*large, *small) == ("the highest spend: 12,878 (median)", "low spend: 0.25 (median)")
