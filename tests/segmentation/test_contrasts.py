"""What sets a segment apart: factors of means, days of medians, shares; and how well its kind fits."""

import pandas as pd
import pytest

from customerbase.segmentation.archetype_fit import measure_fit, rank_archetypes
from customerbase.segmentation.contrasts import COMPARED, describe_contrasts, profile_everyone
from customerbase.segmentation.playbook import load_playbook
from customerbase.segmentation.profiles import PROFILE_FEATURES, FeatureSummary, describe_traits, make_profiles

# Ten customers, two of whom bring nine tenths of the money.
SHOP = pd.DataFrame(
    {
        "recency_days": [2.0, 4.0, 50.0, 60.0, 70.0, 90.0, 100.0, 110.0, 120.0, 900.0],
        "frequency": [30.0, 20.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        "monetary": [5000.0, 4000.0, 250.0, 200.0, 150.0, 100.0, 100.0, 100.0, 50.0, 50.0],
        "is_one_time": [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
    }
)
LABELS = [0, 0, *[1] * 8]


def contrasts_of(label: int) -> tuple[str, ...]:
    """Give what sets one of the two groups apart."""
    return describe_contrasts(make_profiles(SHOP, LABELS)[label], profile_everyone(SHOP))


def test_factors_and_days_of_a_case_by_hand() -> None:
    """25 orders against 6, 4,500 against 1,000, the middle of 3 days against 80: a tenth of a mean decides nothing."""
    assert contrasts_of(0) == (
        "last bought 3 days ago against 80",
        "ordered 4.2 times as often",
        "spent 4.5 times as much",
        "none bought only once against 60%",
    )


def test_the_factor_of_the_spend_is_the_share_of_revenue_over_that_of_customers() -> None:
    """Two tenths of the customers bring nine tenths of the money: 4.5 times as much."""
    revenue_share = SHOP.monetary[:2].sum() / SHOP.monetary.sum()
    assert f"spent {revenue_share / 0.2:.1f} times as much" in contrasts_of(0)


def test_less_is_told_as_a_fraction_a_person_says() -> None:
    """10 / 8 orders against 6 are a fifth, and 1,000 / 8 against 1,000 an eighth."""
    assert "ordered a fifth as often" in contrasts_of(1)
    assert "spent an eighth as much" in contrasts_of(1)


@pytest.mark.parametrize(
    ("own", "said"), [(12.4, "12 times"), (1.26, "1.3 times"), (0.5, "half"), (0.45, "45%"), (0.001, "hardly 1%")]
)
def test_how_a_factor_is_said(own: float, said: str) -> None:
    """Large factors without decimals, fractions by name where they are near, else percent."""
    summary, everyone = FeatureSummary(0.9, 1.0, own), FeatureSummary(0.5, 1.0, 1.0)
    assert describe_contrasts({"frequency": summary}, {"frequency": everyone}) == (f"ordered {said} as often",)


@pytest.mark.parametrize(("own", "everyone"), [(1.2, 1.0), (0.85, 1.0), (-3.0, 10.0), (3.0, -10.0), (3.0, 0.0)])
def test_no_factor_where_there_is_none_to_tell(own: float, everyone: float) -> None:
    """What is about the same is not told, nor a factor of what is negative or nothing."""
    profiles = ({"monetary": FeatureSummary(0.5, mean, mean)} for mean in (own, everyone))
    assert describe_contrasts(*profiles) == ()


def test_every_feature_with_a_word_is_one_of_a_profile() -> None:
    """A misspelt feature would never be told."""
    assert set(COMPARED) <= set(PROFILE_FEATURES)


def test_five_things_are_told_and_the_usual_ones_first() -> None:
    """Of all features three times the average: recency, orders and spend lead, five in all."""
    profile = {name: FeatureSummary(0.9, 30.0, 0.9) for name in COMPARED}
    found = describe_contrasts(profile, {name: FeatureSummary(0.5, 10.0, 0.3) for name in COMPARED})
    assert len(found) == 5
    assert [phrase.split()[0] for phrase in found[:3]] == ["last", "ordered", "spent"]


def test_fit_and_runner_up_by_hand() -> None:
    """At the prototype of the champions the fit is 1; the loyal are 0.13 off in each of three ranks: 0.87."""
    prototype = load_playbook()["champions"].prototype
    found = measure_fit("champions", {name: FeatureSummary(rank, 1.0, 1.0) for name, rank in prototype.items()})
    assert (found.fit, found.runner_up, found.runner_up_fit) == (1.0, "Loyal customers", 0.87)


def test_the_runner_up_may_fit_better_than_a_name_that_was_given_otherwise() -> None:
    """A scheme calls whom it likes lost; the kind of the playbook that fits best is then the runner-up."""
    profile = {"recency_days": FeatureSummary(0.1, 1, 1), "frequency": FeatureSummary(0.9, 9, 9)}
    found = measure_fit("lost", profile)
    best = load_playbook()[rank_archetypes(profile)[0][0]].name
    assert found.fit is not None
    assert found.runner_up_fit is not None
    assert (found.runner_up, found.runner_up_fit > found.fit) == (best, True)


@pytest.mark.parametrize("key", ["everyone", "plain", "unusual"])
def test_a_kind_without_a_place_has_no_fit(key: str) -> None:
    """All customers and unusual ones are nowhere in particular."""
    profile = {"recency_days": FeatureSummary(0.5, 1, 1)}
    assert measure_fit(key, profile).fit is None


@pytest.mark.parametrize(
    ("n_once", "said"),
    [
        (0, "none bought"),
        (3, "hardly any (0.3%) bought"),
        (10, "1% bought"),
        (1021, "nearly all (99.5%) bought"),
        (1023, "nearly all (99.7%) bought"),
        (1026, "all bought"),
    ],
)
def test_none_and_all_are_said_of_exactly_none_and_all(n_once: int, said: str) -> None:
    """Three of 1,026 who bought only once are not none."""
    base = pd.DataFrame({"is_one_time": [1.0] * n_once + [0.0] * (1026 - n_once) + [1.0, 0.0] * 2000})
    profiles = make_profiles(base, [0] * 1026 + [1] * 4000)
    (phrase,) = describe_contrasts(profiles[0], profile_everyone(base))
    assert phrase.startswith(said)


def test_rounding_makes_neither_nobody_nor_everybody() -> None:
    """Of 30,000 one is not none, and all but one not all; what is noise of a sum is nothing."""
    base = pd.DataFrame({"is_one_time": [1.0] + [0.0] * 29_999, "burn_rate": [0.0] + [1.0] * 29_999})
    profile = make_profiles(base, [0] * 30_000)[0]
    assert (profile["is_one_time"].mean, profile["burn_rate"].mean) == (0.0001, 0.9999)
    assert make_profiles(pd.DataFrame({"monetary": [0.1, 0.2, -0.3]}), [0] * 3)[0]["monetary"].mean == 0.0


def test_days_are_not_rounded_away_from_the_traits() -> None:
    """9.5 days are 9.5 days in both."""
    profile = {"recency_days": FeatureSummary(0.1, 9.5, 12.0)}
    assert describe_contrasts(profile, {"recency_days": FeatureSummary(0.5, 96.0, 202.0)}) == (
        "last bought 9.5 days ago against 96",
    )
    assert describe_traits(profile) == ("bought very recently, 9.5 days ago (median)",)


def test_an_order_value_that_contradicts_orders_and_spend_is_not_compared() -> None:
    """Two orders of 30 each are not a spend of 20."""
    base = pd.DataFrame({"frequency": [2.0, 2.0], "average_order_value": [30.0, 10.0], "monetary": [20.0, 20.0]})
    assert "average_order_value" not in profile_everyone(base)
    assert "average_order_value" in profile_everyone(base.assign(average_order_value=[15.0, 5.0]))
