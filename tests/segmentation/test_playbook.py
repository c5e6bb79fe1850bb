"""The playbook: its content is complete and sound, and names follow profiles."""

import re
from collections.abc import Sequence
from importlib.resources import files
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase.errors import DataError
from customerbase.segmentation.naming import name_from_scheme, name_segments
from customerbase.segmentation.playbook import (
    KINDS,
    Archetype,
    load_playbook,
    parse_playbook,
)
from customerbase.segmentation.profiles import PROFILE_FEATURES, FeatureSummary
from customerbase.segmentation.schemes import SCHEMES

ARCHETYPES = tuple(load_playbook().values())
TEXT = (files("customerbase.segmentation") / "playbook.toml").read_text(encoding="utf-8")

# REFERENCE 6: each kind of customer and the archetypes that speak of it.
KINDS_OF_CUSTOMER = {
    "champions, VIP": ("champions",),
    "loyal, high value": ("loyal",),
    "promising, regular middle": ("potential_loyalists", "promising"),
    "new": ("new",),
    "occasional": ("occasional",),
    "about to sleep, need attention": ("about_to_sleep", "need_attention"),
    "at risk, cannot lose them": ("at_risk", "cannot_lose"),
    "hibernating, lost": ("hibernating", "lost"),
    "bulk buyers, resellers": ("bulk_buyers",),
    "frequent returners": ("frequent_returners",),
    "one-time buyers": ("one_time",),
    "window shoppers, cart abandoners": ("window_shoppers",),
    "coupon hunters": ("coupon_hunters",),
    "claim and forget": ("claim_and_forget",),
    "coupon-shy, full-price loyal": ("coupon_shy",),
}

# Mean percentile ranks of recency_days, frequency, monetary and age_days of the six default segments of Online
# Retail II at two dates, and the name that a reader of each profile gives.
ONLINE_RETAIL = {
    "2011-12-10": {
        "Champions": (0.16, 0.97, 0.97, 0.82),
        "Loyal customers": (0.27, 0.87, 0.87, 0.70),
        "Potential loyalists": (0.28, 0.68, 0.67, 0.49),
        "At risk": (0.70, 0.59, 0.60, 0.64),
        "New customers": (0.34, 0.32, 0.32, 0.21),
        "Hibernating": (0.83, 0.22, 0.22, 0.50),
    },
    "2011-09-10": {
        "Champions": (0.14, 0.97, 0.96, 0.81),
        "Loyal customers": (0.24, 0.86, 0.86, 0.70),
        "Potential loyalists": (0.26, 0.68, 0.66, 0.50),
        "At risk": (0.67, 0.60, 0.62, 0.62),
        "New customers": (0.34, 0.31, 0.30, 0.19),
        "Hibernating": (0.81, 0.23, 0.24, 0.49),
    },
}

rank = st.floats(0.01, 0.99)
Profile = dict[str, FeatureSummary]


def make_profile(*ranks: float, **others: float | FeatureSummary) -> Profile:
    """Make a profile of ranks of recency_days, frequency, monetary and perhaps age_days, and of other features."""
    named = dict(zip(("recency_days", "frequency", "monetary", "age_days"), ranks, strict=False)) | others
    return {
        name: value if isinstance(value, FeatureSummary) else FeatureSummary(value, 10.0, 10.0)
        for name, value in named.items()
    }


profiles_strategy = st.lists(st.tuples(rank, rank, rank, rank).map(lambda ranks: make_profile(*ranks)), max_size=15)


def names_of(profiles: Sequence[Profile]) -> list[str]:
    """Name profiles in their order."""
    return [named.name for named in name_segments(profiles)]


@pytest.mark.parametrize("kind", KINDS_OF_CUSTOMER)
def test_every_kind_of_customer_has_an_entry(kind: str) -> None:
    """The playbook speaks of every kind of customer that it must be able to speak of."""
    assert set(KINDS_OF_CUSTOMER[kind]) <= set(load_playbook())


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_name_of_a_scheme_has_a_strategy_and_a_colour_of_its_own(scheme: str) -> None:
    """Each published name finds an archetype by its name, without a look at the profile."""
    names, said = list(SCHEMES[scheme].segments), SCHEMES[scheme].archetypes
    found = name_from_scheme(names, [{}] * len(names), archetypes=said)
    assert [named.name for named in found] == names
    assert len({named.color for named in found}) == len(names)
    known = {name.casefold() for archetype in ARCHETYPES for name in archetype.scheme_names}
    assert {name.casefold() for name in names if name not in said} <= known


def test_a_scheme_can_mean_another_kind_by_a_name() -> None:
    """Promising is who spends well, but in the grid of ten who ordered once: then in a shade of that kind's colour."""
    plain, own = (name_from_scheme(["Promising"], [{}], archetypes=said)[0] for said in (None, {"Promising": "new"}))
    assert (plain.archetype.key, own.archetype.key) == ("promising", "new")
    assert own.color not in {archetype.color for archetype in ARCHETYPES}
    assert own == name_from_scheme(["Loyal", "Promising"], [{}, {}], archetypes={"Promising": "new"})[1]


@pytest.mark.parametrize("archetype", ARCHETYPES, ids=lambda archetype: archetype.key)
def test_an_entry_is_complete(archetype: Archetype) -> None:
    """A strategy has a goal, three to five actions, a channel, what to avoid and what to measure, in sentences."""
    strategy = archetype.strategy
    assert 3 <= len(strategy.actions) <= 5
    sentences = (archetype.description, strategy.goal, *strategy.actions, strategy.channel, strategy.avoid)
    assert all(sentence.endswith(".") for sentence in (*sentences, strategy.measure))
    assert all(len(action.split()) >= 7 for action in strategy.actions)
    assert archetype.kind in KINDS
    assert re.fullmatch("#[0-9a-f]{6}", archetype.color)


@pytest.mark.parametrize("archetype", ARCHETYPES, ids=lambda archetype: archetype.key)
def test_an_entry_speaks_of_profile_features(archetype: Archetype) -> None:
    """Prototypes and requirements name features that profiles have, so that no entry is dead."""
    named = {*archetype.prototype, *(requirement.feature for requirement in archetype.requires)}
    assert named <= set(PROFILE_FEATURES)


def test_no_text_stands_twice() -> None:
    """No action, goal, channel or warning is said of two kinds of customers."""
    texts = [
        text.casefold()
        for archetype in ARCHETYPES
        for text in (*archetype.strategy.actions, archetype.strategy.goal, archetype.strategy.avoid)
    ]
    assert len(set(texts)) == len(texts)


def test_colours_are_told_apart() -> None:
    """There are at least twelve colours, and any two lie far apart in at least one channel."""
    channels = [tuple(bytes.fromhex(archetype.color[1:])) for archetype in ARCHETYPES]
    assert len(channels) >= 12
    for place, one in enumerate(channels):
        assert all(max(abs(a - b) for a, b in zip(one, other, strict=True)) > 30 for other in channels[:place])


@pytest.mark.parametrize(
    "archetype",
    [a for a in ARCHETYPES if a.kind not in {"everyone", "plain", "scheme", "unusual"}],
    ids=lambda a: a.key,
)
def test_a_prototype_bears_its_own_name(archetype: Archetype) -> None:
    """A segment that looks exactly as the playbook says gets the name of that entry."""
    others = {} if archetype.kind == "coupon-use" else make_profile(0.5, 0.5, 0.5, 0.5)
    profile = others | make_profile(**dict(archetype.prototype))
    for requirement in archetype.requires:
        summary = profile.get(requirement.feature, FeatureSummary(0.5, 0.5, 0.5))
        bounds = {"at_least": requirement.at_least, "at_most": requirement.at_most}
        value = min(max(getattr(summary, requirement.statistic), bounds["at_least"]), bounds["at_most"])
        profile[requirement.feature] = FeatureSummary(**{**vars(summary), requirement.statistic: value})
    assert name_from_scheme(["?"], [profile])[0].archetype is archetype


@pytest.mark.parametrize("as_of", ONLINE_RETAIL)
def test_online_retail_gets_the_names_that_a_reader_gives(as_of: str) -> None:
    """The six default segments of Online Retail II bear the expected names at both dates."""
    profiles = [make_profile(*ranks) for ranks in ONLINE_RETAIL[as_of].values()]
    assert names_of(profiles) == list(ONLINE_RETAIL[as_of])


@given(profiles_strategy)
def test_two_segments_never_share_a_name(profiles: list[Profile]) -> None:
    """Whatever the profiles and however many, each name is given once."""
    names = names_of(profiles)
    assert len(set(names)) == len(names) == len(profiles)


@given(profiles_strategy, st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order_of_the_clusters(profiles: list[Profile], random: Random) -> None:
    """Relabelled clusters bear the names that they had before."""
    distinct = list({str(profile): profile for profile in profiles}.values())
    named = list(zip(distinct, names_of(distinct), strict=True))
    random.shuffle(named)
    assert names_of([profile for profile, _ in named]) == [name for _, name in named]


def test_a_tie_is_broken_by_the_profiles() -> None:
    """Two segments that are equally near to every archetype get the same names in either order."""
    small, large = (make_profile(0.1, 0.97, 0.97, average_basket_units=rank) for rank in (0.5, 0.7))
    assert names_of([small, large]) == names_of([large, small])[::-1]


def test_one_segment_alone_are_the_champions() -> None:
    """The second that orders much and spends much is loyal, however many loyal ones there are."""
    profiles = [make_profile(0.09, 0.96, 0.96, 0.5), make_profile(0.11, 0.86, 0.84, 0.5), make_profile(0.3, 0.8, 0.85)]
    first, *others = names_of(profiles)
    assert first == "Champions"
    assert all(name.startswith("Loyal customers") for name in others)


def test_who_ordered_once_and_lately_is_new_where_no_age_is_known() -> None:
    """Their first order is their last; of those who ordered twice nothing follows."""
    once, twice = (make_profile(0.39, 0.27, 0.27) | {"frequency": FeatureSummary(0.27, n, n)} for n in (1.0, 2.0))
    assert names_of([once, make_profile(0.1, 0.9, 0.9)])[0] == "New customers"
    assert names_of([twice, make_profile(0.1, 0.9, 0.9)])[0] == "Occasional buyers"


def test_silent_for_long_is_said_of_all_who_are_at_risk() -> None:
    """Just behind the middle a valuable segment needs attention: a reader does not call it silent."""
    assert names_of([make_profile(0.55, 0.72, 0.85), make_profile(0.2, 0.9, 0.9)])[0] == "Need attention"
    assert names_of([make_profile(0.65, 0.72, 0.85), make_profile(0.2, 0.9, 0.9)])[0] == "Cannot lose them"


@given(profiles_strategy)
def test_requirements_hold(profiles: list[Profile]) -> None:
    """Champions are recent, new customers young, and those who hibernate have been away for long."""
    for profile, name in zip(profiles, names_of(profiles), strict=True):
        if name.startswith("Champions"):
            assert profile["recency_days"].percentile_rank <= 0.35
        if name.startswith("New"):
            assert profile["age_days"].percentile_rank <= 0.35
        if name.startswith(("At risk", "Cannot lose", "Hibernating")):
            assert profile["recency_days"].percentile_rank >= 0.5


@pytest.mark.parametrize("age", [(), (0.1,), (0.3,), (0.5,), (0.9,)])
def test_every_place_in_the_base_has_a_name(age: tuple[float, ...]) -> None:
    """No combination of recency, frequency, spend and age is left without a life-cycle name."""
    grid = [i / 10 for i in range(11)]
    for ranks in product(grid, grid, grid):
        assert name_from_scheme(["?"], [make_profile(*ranks, *age)])[0].archetype.kind == "life-cycle"


def test_a_name_for_schemes_alone_is_given_to_no_cluster() -> None:
    """Readers call the same cluster hibernating and lost, so that only one of the two names is on offer."""
    gone = make_profile(0.92, 0.14, 0.16)
    assert names_of([gone, make_profile(0.1, 0.9, 0.9)])[0] == "Hibernating"
    assert name_from_scheme(["Lost"], [gone])[0].archetype.kind == "scheme"


def test_namesakes_say_how_they_differ() -> None:
    """The segment nearest to the prototype has the plain name; the other's name tells the clear difference."""
    profiles = [make_profile(0.23, 0.90, 0.91), make_profile(0.28, 0.80, 0.79), make_profile(0.13, 0.98, 0.98)]
    assert names_of(profiles) == ["Loyal customers, higher spend", "Loyal customers", "Champions"]


def test_namesakes_differ_in_colour() -> None:
    """A qualified name has a shade of its own."""
    named = name_segments([make_profile(0.23, 0.90, 0.91), make_profile(0.28, 0.80, 0.79), make_profile(0.1, 1, 1)])
    assert len({one.color for one in named}) == 3


def test_equal_profiles_are_numbered() -> None:
    """Segments that cannot be told apart still have names of their own."""
    assert sorted(names_of([make_profile(0.8, 0.2, 0.2)] * 9))[:2] == ["Hibernating", "Hibernating 2"]


def test_one_segment_is_all_customers() -> None:
    """A base in one piece is not champions nor lost."""
    assert names_of([make_profile(0.5, 0.5, 0.5, 0.5)]) == ["All customers"]


@pytest.mark.parametrize(("age", "name"), [(0.2, "New customers"), (0.6, "One-time buyers"), (0.9, "One-time buyers")])
def test_one_time_buyers_are_new_while_young(age: float, name: str) -> None:
    """A segment of single orders is new at first, and later it is what it is."""
    once = make_profile(age, 0.2, 0.3, age, is_one_time=FeatureSummary(0.6, 1.0, 1.0))
    assert names_of([once, make_profile(0.3, 0.8, 0.8, 0.6)])[0] == name


@pytest.mark.parametrize(
    ("features", "name"),
    [
        ({"return_rate": FeatureSummary(0.9, 0.4, 0.4)}, "Frequent returners"),
        ({"return_rate": FeatureSummary(0.7, 0.4, 0.4)}, "Potential loyalists"),
        ({"return_rate": FeatureSummary(0.9, 0.01, 0.01)}, "Potential loyalists"),
        ({"average_basket_units": 0.95}, "Bulk buyers"),
        ({"average_basket_units": 0.75}, "Potential loyalists"),
        ({"n_claimed": 0.9, "burn_rate": 0.8}, "Coupon hunters"),
        ({"n_claimed": 0.9, "burn_rate": 0.2}, "Claim and forget"),
        ({"n_claimed": 0.1, "burn_rate": 0.5}, "Full-price loyals"),
        ({"n_claimed": 0.5, "burn_rate": 0.5}, "Potential loyalists"),
    ],
)
def test_special_kinds_only_where_clearly_so(features: dict[str, float | FeatureSummary], name: str) -> None:
    """Returns, baskets and coupons name a segment only when they lie far from the base."""
    assert names_of([make_profile(0.28, 0.63, 0.62, **features), make_profile(0.9, 0.2, 0.2)])[0] == name


# Mean percentile ranks of coupon_recency_days, n_claimed and burn_rate of segments of the coupon workbook, and the name
# that a reader of each profile gives.
COUPON_WORKBOOK = {
    "Coupon regulars": (0.25, 0.83, 0.56),
    "Lapsed coupon regulars": (0.77, 0.67, 0.51),
    "Claim and forget": (0.47, 0.50, 0.20),
    "Choosy coupon users": (0.32, 0.33, 0.74),
    "Former coupon users": (0.88, 0.18, 0.67),
    "Coupon samplers": (0.68, 0.12, 0.04),
}
COUPON_FEATURES = ("coupon_recency_days", "n_claimed", "burn_rate")

# The four published groups of the behaviour file: recency_days, frequency and monetary, with the median of orders.
BEHAVIOUR = {
    "Hibernating": (0.95, 0.09, 0.07, 5.0),
    "Promising regulars": (0.60, 0.39, 0.39, 16.0),
    "Loyal customers": (0.22, 0.79, 0.79, 49.0),
    "Champions": (0.06, 0.93, 0.95, 75.0),
}


def test_coupon_segments_get_the_names_that_a_reader_gives() -> None:
    """Where coupons alone are known, names speak of claiming and burning."""
    profiles = [make_profile(**dict(zip(COUPON_FEATURES, row, strict=True))) for row in COUPON_WORKBOOK.values()]
    assert names_of(profiles) == list(COUPON_WORKBOOK)


def test_behaviour_groups_get_the_names_that_a_reader_gives() -> None:
    """The largest group is the regular middle, and the smallest but one, silent and small, hibernates."""
    profiles = [
        make_profile(recency, monetary=monetary, frequency=FeatureSummary(frequency, orders, orders))
        for recency, frequency, monetary, orders in BEHAVIOUR.values()
    ]
    assert names_of(profiles) == list(BEHAVIOUR)


def test_the_middle_of_few_orders_is_no_habit() -> None:
    """Where the middle of a shop has two orders it is about to sleep, as ever."""
    middle = make_profile(0.55, monetary=0.38, frequency=FeatureSummary(0.38, 2.0, 2.3))
    assert names_of([middle, make_profile(0.1, 0.95, 0.95)])[0] == "About to sleep"


@given(st.lists(st.tuples(rank, rank, rank), min_size=2, max_size=12))
def test_every_place_of_coupon_use_has_a_name_of_its_own(ranks: list[tuple[float, float, float]]) -> None:
    """Whatever is claimed and burnt: a name of coupons, given once."""
    named = name_segments([make_profile(**dict(zip(COUPON_FEATURES, row, strict=True))) for row in ranks])
    assert len({one.name for one in named}) == len(ranks)
    assert {one.archetype.kind for one in named} <= {"coupons", "coupon-use"}


def test_coupons_of_buyers_do_not_hide_their_life_cycle() -> None:
    """With orders beside coupons, names of coupon use stay away; clear users of coupons are still called so."""
    buyers = [make_profile(*ranks, 0.5, coupon_recency_days=0.25, n_claimed=0.6, burn_rate=0.5) for ranks in
              ((0.12, 0.95, 0.95), (0.8, 0.24, 0.24))]  # fmt: skip
    assert names_of(buyers) == ["Champions", "Hibernating"]


def test_names_of_what_stands_out_are_given_once() -> None:
    """Groups of unknown columns are told apart by more words, and in the end by numbers."""
    profiles = [make_profile(income=0.9, n_pages=0.7, shoe_size=size) for size in (0.56, 0.44)]
    profiles += [make_profile(income=0.5)] * 2
    assert names_of(profiles) == [
        "High income, high pages, high shoe size", "High income, high pages", "Customers in between",
        "Customers in between 2",
    ]  # fmt: skip


def test_a_name_nobody_published_goes_by_the_profile() -> None:
    """A cell such as 111 keeps its own name and gets the strategy of the nearest archetype."""
    named = name_from_scheme(["111"], [make_profile(0.9, 0.15, 0.15)])[0]
    assert (named.name, named.archetype.key) == ("111", "hibernating")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("archetype = [", "cannot be read as TOML"),
        ("", "has no [[archetype]] entries"),
        (
            TEXT.replace('goal = "Win the [mostly_once?second|next] order soon."\n', ""),
            "'new' is incomplete or has an unknown part",
        ),
        (TEXT.replace('key = "new"', 'key = "new"\nslogan = "hello"'), "'new' is incomplete or has an unknown part"),
        (TEXT.replace('kind = "behaviour"', 'kind = "mood"', 1), "has kind 'mood'"),
        (TEXT.replace('name = "Hibernating"', 'name = "At risk"'), "the name 'At risk' 2 times"),
        (TEXT.replace("#eecc22", "#0077bb"), "the color '#0077bb' 2 times"),
    ],
)
def test_a_faulty_playbook_is_refused_in_one_line(text: str, message: str) -> None:
    """What is wrong and what to do is said in a single line."""
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        parse_playbook(text)
    assert "\n" not in str(caught.value)


def test_a_playbook_that_suits_nobody_is_refused() -> None:
    """A playbook of returners alone has no name for a customer who keeps what she buys."""
    only = {"frequent_returners": load_playbook()["frequent_returners"]}
    with pytest.raises(DataError, match="No archetype of the playbook suits"):
        name_segments([make_profile(0.5, 0.5, 0.5)], only)
