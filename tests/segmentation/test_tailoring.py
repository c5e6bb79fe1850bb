"""Strategies in a shop's own figures: what is filled, what stands without, and that names of the data stay text."""

import string
from dataclasses import replace
from datetime import date, datetime, timedelta

import ibis
import pytest

from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.merchants import find_merchants, take_leaders
from customerbase.segmentation.own_figures import measure_own_figures
from customerbase.segmentation.playbook import Strategy, load_across, load_playbook
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.segments import Segmentation, segment
from customerbase.segmentation.stored_segments import restore, segments_to_json
from customerbase.segmentation.tailoring import tailor_strategies
from customerbase.segmentation.wording import clean_name, fields_of, fill_sentence, fill_strategy

AS_OF = date(2024, 7, 1)
HOSTILE = "<b>{basket}</b> [x]\u202e\nmug"

FIGURES = {
    "n_customers", "tenth", "fifth", "gap_days", "write_day", "late_day", "gap_of_repeaters", "silent_days", "basket",
    "basket_more", "spend", "products", "typical", "merchants", "burn_share",
}  # fmt: skip
ACROSS = {
    "richest", "richest_share", "richest_revenue", "slipping", "slipping_revenue", "slipping_days", "largest",
    "largest_share", "smallest", "smallest_tenth", "all_tenth", "next_quarter", "burn_least", "burn_least_segment",
    "burn_most", "burn_most_segment",
}  # fmt: skip


def make_features(**further: list[object]) -> ibis.Table:
    """Make two good customers, who order every 20 days, and two who are gone."""
    columns = {
        "customer_id": ["a", "b", "c", "d"],
        "as_of": [AS_OF] * 4,
        "recency_days": [5, 9, 300, 280],
        "frequency": [9, 8, 1, 1],
        "monetary": [900, 800, 20, 30],
        "gross_revenue": [900, 800, 20, 30],
    }
    return ibis.memtable({**columns, **further})


def make_lines(*lines: tuple[str, str, str | None]) -> ibis.Table:
    """Make purchase lines of customer, product and name, all a day before the date."""
    return ibis.memtable(
        {
            "customer_id": [line[0] for line in lines],
            "product_id": [line[1] for line in lines],
            "product_name": [line[2] for line in lines],
            "ordered_at": [datetime.combine(AS_OF, datetime.min.time()) - timedelta(days=1)] * len(lines),
            "is_return": [False] * len(lines),
            "is_product": [True] * len(lines),
        }
    )


@pytest.fixture(scope="module")
def learnt() -> Segmentation:
    """Segment the four customers in two."""
    return segment(make_features(), make_clusterer(n_segments=2))


def test_a_part_in_brackets_stands_only_where_all_its_figures_are_known() -> None:
    """One figure of two is not enough."""
    wording = "Write[ on day {day}][ to {name}, on day {day}]."
    assert fill_sentence(wording, {"day": "40"}) == "Write on day 40."
    assert fill_sentence(wording, {}) == "Write."
    assert fill_sentence(wording, {"day": "40", "name": HOSTILE}).count(HOSTILE) == 1


@pytest.mark.parametrize("known", [frozenset(), frozenset(FIGURES)], ids=["nothing known", "all known"])
@pytest.mark.parametrize("key", load_playbook())
def test_every_strategy_reads_well_with_and_without_figures(key: str, known: frozenset[str]) -> None:
    """No bracket, brace or double space is left, and each sentence ends as one."""
    archetype = load_playbook()[key]
    filled = fill_strategy(archetype.strategy, archetype, dict.fromkeys(known, "X"))
    for sentence in (filled.goal, *filled.actions, filled.channel, filled.avoid, filled.measure):
        assert not set("[]{}") & set(sentence)
        assert not any(odd in sentence for odd in ("  ", " ,", " .", ",,", "..", ",.", ";."))
        assert sentence.endswith(".")


def test_figures_of_the_playbook_are_among_those_that_are_written() -> None:
    """A misspelt figure would never be told."""
    strategies = [archetype.wording for archetype in load_playbook().values()]
    asked = {name for one in strategies for text in (*one.actions, one.avoid, one.measure) for name in fields_of(text)}
    assert asked == FIGURES
    assert {name for wording in load_across() for name in fields_of(wording)} == ACROSS


def test_what_a_user_has_written_is_not_filled() -> None:
    """Brackets in a strategy of the user's own are theirs."""
    archetype = load_playbook()["loyal"]
    own = replace(archetype.strategy, goal="Keep [all] {of} them.")
    assert fill_strategy(own, archetype, {"all": "X", "of": "X"}).goal == "Keep [all] {of} them."


def test_gap_basket_and_day_of_the_reminder(learnt: Segmentation) -> None:
    """Who orders every 20 days hears from the shop on day 25; who ordered once has no gap."""
    features = make_features(
        mean_days_between_orders=[18.0, 22.0, None, None], average_order_value=[100.0, 120.0, 20.0, 30.0]
    )
    potential = replace(
        learnt,
        segments=tuple(
            replace(one, archetype="potential_loyalists", strategy=load_playbook()["potential_loyalists"].strategy)
            for one in learnt.segments
        ),
    )
    good, gone = tailor_strategies(potential, features, currency="EUR").segments
    assert good.strategy.actions[0] == (
        "Set a free-delivery threshold at EUR 130, a fifth above their usual basket of EUR 110."
    )
    assert "(they usually buy every 20 days: write on day 25)" in good.strategy.actions[1]
    assert good.journey == "A typical customer: 8.5 orders, one every 20 days, about EUR 110 each, the last 7 days ago."
    assert "usually buy" not in gone.strategy.actions[1]
    assert "every" not in (gone.journey or "")


def test_favourites_are_what_most_customers_of_the_segment_bought(learnt: Segmentation) -> None:
    """By customers, not by lines; of equals the first code; names are text; lines of the date itself do not count."""
    lines = make_lines(
        ("a", "p3", "pan"), ("b", "p3", "pan"), ("a", "p1", HOSTILE), ("a", "p1", HOSTILE), ("a", "p2", None),
        ("c", "p4", "lamp"), ("c", "p3", "pan"),
    )  # fmt: skip
    late = make_lines(*[("a", "p9", "late")] * 5).mutate(ordered_at=ibis.literal(datetime(2024, 7, 1)))
    found = measure_own_figures(learnt.assignments, make_features(), lines.union(late), AS_OF)
    assert found[1].products == ("pan", "<b>{basket}</b> [x] mug", "p2")
    assert (found[1].typical, found[2].typical) == ("<b>{basket}</b> [x] mug", "lamp")
    journey = tailor_strategies(learnt, make_features(), lines).segments[0].journey
    assert journey is not None
    assert "Most bought: “pan”, “<b>{basket}</b> [x] mug” and “p2”." in journey


def test_names_are_one_short_line_of_text() -> None:
    """Control signs, marks of direction and lines go; a long name is cut."""
    assert clean_name("a\u202e\x1b[31mb\n c") == "a [31mb c"
    assert len(clean_name("x" * 5_000)) == 60
    assert clean_name("\u202e\n") == ""


def test_a_country_is_told_where_it_sets_a_segment_apart(learnt: Segmentation) -> None:
    """Both good customers are French, and half of all; where all live in one country it says nothing."""
    split: list[object] = ["FR", "FR", "DE", None]
    alike: list[object] = ["FR"] * 4
    for countries, told in ((split, "100% are from “FR”."), (alike, None)):
        journey = tailor_strategies(learnt, make_features(country=countries)).segments[0].journey or ""
        assert ("are from" in journey) is (told is not None)
        assert (told or "") in journey


def test_the_plan_across_segments_is_in_figures(learnt: Segmentation) -> None:
    """Where the revenue is, and when to look again; of four customers no tenth is held out."""
    across = tailor_strategies(learnt, make_features()).across
    assert f"begin with {learnt.segments[0].name}, where 50.0% of the customers bring 97.1% of revenue." in across[0]
    assert any("next as of 2024-09-30" in step for step in across)
    assert not any("a tenth of all" in step or "coupon" in step for step in across)


def make_coupons() -> tuple[ibis.Table, ibis.Table]:
    """Make the features of eight customers, four who burn much and four who do not, and whose coupons they claimed."""
    who = list(string.ascii_lowercase[:8])
    features = {
        "customer_id": who,
        "as_of": [AS_OF] * 8,
        "coupon_recency_days": [5, 6, 7, 8, 200, 210, 220, 230],
        "n_claimed": [20, 10, 10, 10, 2, 2, 1, 5],
        "n_burnt": [10, 9, 9, 9, 0, 0, 0, 1],
        "burn_rate": [0.5, 0.9, 0.9, 0.9, 0.0, 0.0, 0.0, 0.2],
        "favourite_merchant": ["Al"] * 8,
    }
    # Of the first four all claimed at Bo's, and one of them at Al's; of the others two at each.
    claims = [(one, "Bo") for one in "aaabcdef"] + [(one, "Al") for one in "agh"]
    at = datetime.combine(AS_OF, datetime.min.time())
    events = ibis.memtable(
        {
            "customer_id": [one for one, _ in claims] + ["b", "c", "d"],
            "event": ["claimed"] * len(claims) + ["burnt", "claimed", "claimed"],
            "merchant_id": ["7"] * (len(claims) + 3),
            "merchant_name": [merchant for _, merchant in claims] + ["Al", "Al", "Al"],
            "occurred_at": [at - timedelta(days=5)] * (len(claims) + 1) + [at] * 2,
        }
    )
    return ibis.memtable(features), events


def test_coupons_are_personal_where_burn_rates_differ() -> None:
    """The least and the highest rate are those of all coupons: 1 of 10 and 37 of 50; the mean of rates is 80%."""
    features, events = make_coupons()
    made = tailor_strategies(segment(features, make_clusterer(n_segments=2)), features, coupon_events=events)
    low, high = made.segments[1].name, made.segments[0].name
    assert any(f"(of all coupons claimed, from 10% in {low} to 74% in {high})" in step for step in made.across)
    assert made.segments[0].journey == (
        "A typical customer: 10 coupons claimed, the last touched 6 days ago. Of all coupons claimed 74% were burnt."
    )
    assert "burn more of them than others: 74% of all they claimed" in made.segments[0].traits


def test_merchants_are_told_only_where_clearly_more_customers_claimed_their_coupons() -> None:
    """A customer counts once, events of the date and burnings not at all; of equal merchants none is told."""
    placed = ibis.memtable({"customer_id": list("abcdefgh"), "segment_id": [1] * 4 + [2] * 4})
    _, events = make_coupons()
    assert find_merchants(placed, events, AS_OF) == {1: (), 2: ()}  # 4 against 1 and 2 against 2
    more = ibis.memtable(
        {
            "customer_id": [f"{n}" for n in range(20)] * 2,
            "event": ["claimed"] * 40,
            "merchant_id": [None] * 20 + ["3"] * 20,
            "merchant_name": ["Zo"] * 20 + [None] * 19 + ["Al"],
            "occurred_at": [datetime(2024, 5, 1)] * 40,
        }
    )
    everybody = ibis.memtable({"customer_id": [f"{n}" for n in range(20)], "segment_id": [1] * 20})
    assert find_merchants(everybody, more, AS_OF) == {1: ("Zo", "3")}
    assert find_merchants(everybody, more.filter(more.merchant_name == "Zo"), AS_OF) == {1: ()}
    assert find_merchants(everybody, None, AS_OF) == {}


@pytest.mark.parametrize(
    ("counts", "leaders"),
    [
        ((405, 386, 280, 267), 2),
        ((157, 150, 148, 140, 60), 0),  # the clear step comes after the third
        ((100, 60, 30, 5), 3),
        ((90, 40), 1),
        ((90,), 0),  # there is no other to lead
        ((9, 3), 0),
    ],
)
def test_a_leader_is_beyond_what_chance_would_do(counts: tuple[int, ...], leaders: int) -> None:
    """The difference is held against twice the square root of the sum: 106 against 52, 8 against 34 ..."""
    names = [f"m{place}" for place in range(len(counts))]
    assert take_leaders(list(zip(names, counts, strict=True))) == tuple(names[:leaders])


def test_shuffled_customers_and_lines_change_nothing(learnt: Segmentation) -> None:
    """Ties are settled by code and name, not by the order of rows."""
    features, lines = make_features(), make_lines(*[(who, f"p{n}", f"n{n}") for n in range(6) for who in "abcd"])
    turned = lines.order_by(ibis.desc("product_id"), ibis.desc("customer_id"))
    first = tailor_strategies(learnt, features, lines)
    assert first.segments == tailor_strategies(learnt, features.order_by(ibis.desc("customer_id")), turned).segments


def test_segments_of_an_earlier_version_can_still_be_read() -> None:
    """What was stored before fits, contrasts and journeys were told comes back without them."""
    made = segment(make_features(), RFM())
    new = ("fit", "runner_up", "runner_up_fit", "contrasts", "journey")
    old = [{name: value for name, value in one.items() if name not in new} for one in segments_to_json(made)]
    again = restore(old, made.labels, made.model, made.assignments, made.as_of)
    assert [one.name for one in again.segments] == [one.name for one in made.segments]
    assert {(one.fit, one.contrasts, one.journey) for one in again.segments} == {(None, (), None)}


def test_what_is_filled_comes_back_from_a_file(learnt: Segmentation) -> None:
    """Segments and the plan are the same after they were stored."""
    made = tailor_strategies(learnt, make_features())
    again = restore(
        segments_to_json(made), made.labels, made.model, made.assignments, made.as_of, across=list(made.across)
    )
    assert (again.segments, again.across) == (made.segments, made.across)
    assert all(isinstance(one.strategy, Strategy) for one in again.segments)
