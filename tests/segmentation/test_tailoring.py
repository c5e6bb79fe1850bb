"""Strategies in a shop's own figures: what is filled, what stands without, and that names of the data stay text."""

import string
from dataclasses import replace
from datetime import date, datetime, timedelta
from statistics import NormalDist

import ibis
import pytest

from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.hold_out import FEWEST_HELD_OUT, describe_hold_out
from customerbase.segmentation.merchants import find_merchants, take_leaders
from customerbase.segmentation.own_figures import OwnFigures, measure_own_figures
from customerbase.segmentation.playbook import Strategy, load_across, load_playbook
from customerbase.segmentation.profiles import FeatureSummary, Profile
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.segments import Segmentation, segment
from customerbase.segmentation.stored_segments import restore, segments_to_json
from customerbase.segmentation.tailoring import describe_journey, tailor_strategies, write_figures
from customerbase.segmentation.wording import clean_name, fields_of, fill_sentence, fill_strategy

AS_OF = date(2024, 7, 1)
HOSTILE = "<b>{basket}</b> [x]\u202e\nmug"

FIGURES = {
    "n_customers", "control", "hold_out", "gap_days", "write_day", "late_day", "gap_of_repeaters", "silent_days",
    "basket", "basket_more", "spend", "typical", "merchants", "burn_share", "mostly_once", "dated", "categories",
    "visits",
}  # fmt: skip
ACROSS = {
    "richest", "richest_share", "richest_revenue", "slipping", "slipping_revenue", "slipping_days", "largest",
    "largest_share", "all_held_out", "too_small", "next_quarter", "burn_least", "burn_least_segment", "burn_most",
    "burn_most_segment", "demographics",
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


def every_text(strategy: Strategy) -> tuple[str, ...]:
    """Give all sentences of a strategy."""
    return (strategy.goal, *strategy.actions, strategy.channel, strategy.avoid, strategy.measure)


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
    for sentence in every_text(filled):
        assert not set("[]{}|") & set(sentence)
        assert not any(odd in sentence for odd in ("  ", " ,", " .", ",,", "..", ",.", ";."))
        assert sentence.endswith(".")


def test_figures_of_the_playbook_are_among_those_that_are_written() -> None:
    """A misspelt figure would never be told."""
    strategies = [archetype.wording for archetype in load_playbook().values()]
    asked = {name for one in strategies for text in every_text(one) for name in fields_of(text)}
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
    assert "exceeded by a quarter: on day 25, where the usual gap is 20 days)" in good.strategy.actions[1]
    assert good.journey == "A typical customer: 8.5 orders, one every 20 days, about EUR 110 each, the last 7 days ago."
    assert gone.strategy.actions[1].startswith("Send a reminder to whoever is silent for longer than usual, with")
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
    assert "Most bought, by number of buyers: “pan”, “<b>{basket}</b> [x] mug” and “p2”." in journey


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
    """Where the revenue is, and when to look again; of four customers nobody is held out."""
    across = tailor_strategies(learnt, make_features()).across
    assert f"begin with {learnt.segments[0].name}, where 50.0% of the customers bring 97.1% of revenue." in across[0]
    assert any("next as of 2024-09-30" in step for step in across)
    assert not any("coupon" in step for step in across)
    assert across[2] == (
        "Test every offer against a control group drawn at random, and rewrite the plan by what the test shows; "
        "too small for a test in the segment alone: each of them."
    )


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
        "A typical customer: 10 coupons claimed, the last touched 6.5 days ago. Of all coupons claimed 74% were burnt."
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


def fill(key: str, **known: str) -> tuple[str, ...]:
    """Give the sentences of a kind where these figures and facts are known."""
    archetype = load_playbook()[key]
    return every_text(fill_strategy(archetype.strategy, archetype, known))


def make_kind(learnt: Segmentation, key: str, profile: Profile | None = None, n_customers: int = 2) -> Segmentation:
    """Take the segments as of one kind, with the playbook's strategy for it."""
    strategy = load_playbook()[key].strategy
    segments = tuple(
        replace(one, archetype=key, strategy=strategy, profile=profile or one.profile, n_customers=n_customers)
        for one in learnt.segments
    )
    return replace(learnt, segments=segments)


def test_a_part_may_ask_for_a_fact_and_have_words_for_where_it_is_not_known() -> None:
    """The fact itself is not written; figures in the part must be known as well."""
    wording = "Win the [once?second|next] order[once? in {days} days]."
    assert fill_sentence(wording, {"once": "", "days": "9"}) == "Win the second order in 9 days."
    assert fill_sentence(wording, {"once": ""}) == "Win the second order."
    assert fill_sentence(wording, {"days": "9"}) == "Win the next order."
    assert fields_of(wording) == {"once", "days"}


@pytest.mark.parametrize(("bought_once", "order"), [(0.37, "next"), (0.5, "second"), (1.0, "second"), (None, "next")])
def test_the_second_order_is_spoken_of_where_most_bought_once(
    learnt: Segmentation, bought_once: float | None, order: str
) -> None:
    """Of new customers 63 in 100 of whom have a second order already, the next one is to be won."""
    summary = FeatureSummary(0.5, 0.0, bought_once or 0.0)
    profile = None if bought_once is None else {"is_one_time": summary}
    new = make_kind(learnt, "new", profile=profile)
    strategy = tailor_strategies(new, make_features()).segments[0].strategy
    assert strategy.goal == f"Win the {order} order soon."
    other = "second" if order == "next" else "next"
    assert not any(f"{other} order" in sentence for sentence in every_text(strategy))


def test_the_gap_of_those_who_came_back_is_between_all_orders(learnt: Segmentation) -> None:
    """A mean over all gaps is not the time to the second order."""
    features = make_features(mean_days_between_orders=[140.0, 142.0, None, None])
    action = tailor_strategies(make_kind(learnt, "new"), features).segments[0].strategy.actions[1]
    assert action.endswith("; those of them with two orders or more order about every 141 days.")


def test_past_revenue_is_told_as_past(learnt: Segmentation) -> None:
    """Who has been silent brings nothing now: their revenue came before."""
    made = tailor_strategies(make_kind(learnt, "at_risk"), make_features()).across[1]
    names = f"{learnt.segments[0].name} and {learnt.segments[1].name}"
    assert made == (
        f"Put the money first where it is slipping away: 100.0% of revenue came from {names}, "
        "at least half of whom have not ordered for 7 days or longer."
    )


@pytest.mark.parametrize(
    ("n_customers", "held_out"),
    [
        (5876, "a tenth of them (588 customers)"),
        (1000, "a tenth of them (100 customers)"),
        (999, "100 of them"),
        (200, "100 of them"),
        (199, None),
        (1, None),
    ],
)
def test_enough_are_held_out_or_nobody(learnt: Segmentation, n_customers: int, held_out: str | None) -> None:
    """At least 100 and at most half; else the plan says that the effect cannot be told in the segment alone."""
    assert describe_hold_out(n_customers) == held_out
    made = tailor_strategies(make_kind(learnt, "hibernating", n_customers=n_customers), make_features())
    strategy = made.segments[0].strategy
    if held_out is None:
        assert "hold out" not in strategy.actions[0]
        assert "before and after, with care" in strategy.measure
        assert "too few to tell any but a very large effect" in strategy.measure
    else:
        assert strategy.actions[0].endswith(f"and hold out {held_out}.")
        assert strategy.measure.endswith(f"against {held_out} held out at random.")


def test_a_hundred_in_each_group_tell_a_change_by_eighteen_points() -> None:
    """Lehr's rule, held against the power of the two-sided test of two shares around 30%: four times out of five."""
    difference = (16 * 0.3 * 0.7 / FEWEST_HELD_OUT) ** 0.5
    assert round(difference, 2) == 0.18
    standard_error = (2 * 0.3 * 0.7 / FEWEST_HELD_OUT) ** 0.5
    assert NormalDist().cdf(difference / standard_error - 1.96) == pytest.approx(0.8, abs=0.02)


def test_small_segments_are_named_where_the_base_can_be_tested(learnt: Segmentation) -> None:
    """Of 5,000 and 150 customers a tenth of all is held out, and the small segment cannot be told alone."""
    sizes = (5000, 150)
    both = [replace(one, n_customers=size) for one, size in zip(learnt.segments, sizes, strict=True)]
    across = tailor_strategies(replace(learnt, segments=tuple(both)), make_features()).across
    test = next(step for step in across if step.startswith("Test every offer"))
    assert "from all customers, a tenth of them (515 customers)," in test
    assert test.endswith(f"alone: {both[1].name}.")


def test_no_advice_rests_on_what_the_data_do_not_know() -> None:
    """Without categories, dates, visits, discounts and demographics nothing is said of them."""
    said = " ".join(
        sentence for key in load_playbook() if key != "window_shoppers" for sentence in fill(key)
    ).casefold()
    assumed = (
        "categor", "full price", "gender", "newsletter has", "no longer open", "abandoned", "retargeting", "looked at",
        "season in which", "month in which", "personal gap", "who open", "anniversary", "acquisition source",
        "unopened",
    )  # fmt: skip
    assert [words for words in assumed if words in said] == []
    across = " ".join(fill_sentence(wording, {}) for wording in load_across())
    assert [words for words in ("gender", " age ", "parcel", " page", "city") if words in across] == []


@pytest.mark.parametrize(
    ("key", "fact", "words"),
    [
        ("champions", "categories", "the categories in their own order history"),
        ("potential_loyalists", "visits", "Follow an abandoned visit"),
        ("regulars", "visits", "retargeting for visits"),
        ("hibernating", "dated", "before the season in which they bought"),
        ("occasional", "dated", "in the month in which they bought before"),
        ("loyal", "dated", "the anniversary of the first order"),
    ],
)
def test_advice_of_a_kind_of_data_stands_where_the_data_are_there(key: str, fact: str, words: str) -> None:
    """A shop that follows visits, has categories or dated orders hears of them."""
    assert any(words in sentence for sentence in fill(key, **{fact: ""}))
    assert not any(words in sentence for sentence in fill(key))


def test_facts_are_read_from_the_features(learnt: Segmentation) -> None:
    """Categories where the middle customer bought of one, dates where a first order is known, visits in the profile."""
    features = make_features(n_categories=[3, 2, 0, 0], age_days=[400, 500, 300, 280])
    figures = measure_own_figures(learnt.assignments, features)
    seen = replace(learnt.segments[1], profile={"n_sessions": FeatureSummary(0.5, 3.0, 3.0)})
    known = [set(write_figures(one, figures[one.id])) for one in (learnt.segments[0], seen)]
    facts = {"categories", "dated", "visits", "mostly_once"}
    assert [each & facts for each in known] == [{"categories", "dated"}, {"dated", "visits"}]


@pytest.mark.parametrize(
    ("further", "said"),
    [
        ({}, None),
        ({"gender": ["f", "m", None, "f"]}, "not gender:"),
        ({"gender": ["f"] * 4, "age": [30, 40, 50, 60]}, "not gender and age:"),
    ],
)
def test_demographics_are_spoken_of_where_they_are_known(
    learnt: Segmentation, further: dict[str, list[object]], said: str | None
) -> None:
    """A shop that knows no gender is not warned of it."""
    across = tailor_strategies(learnt, make_features(**further)).across
    found = [step for step in across if step.startswith("Let what customers do decide an offer")]
    assert [said in step for step in found if said] == [True] * (said is not None)
    assert len(found) == (said is not None)


@pytest.mark.parametrize(("order_values", "told"), [([100.0] * 4, True), ([149.0] * 4, True), ([300.0] * 4, False)])
def test_a_basket_that_contradicts_orders_and_spend_is_not_told(
    learnt: Segmentation, order_values: list[object], told: bool
) -> None:
    """19 orders of 300 each make three times the spend of 1,900: which of the columns is wrong nobody knows."""
    spend: list[object] = [900, 800, 100, 100]
    features = make_features(average_order_value=order_values, monetary=spend).drop("gross_revenue")
    one = tailor_strategies(make_kind(learnt, "champions"), features).segments[0]
    assert ("each" in (one.journey or "")) is told
    assert ("at about" in one.strategy.actions[4]) is told


def test_of_counted_orders_the_basket_is_always_told(learnt: Segmentation) -> None:
    """Where most is sent back the spend is far below the orders, which is no contradiction."""
    features = make_features(average_order_value=[100.0] * 4, monetary=[90, 80, 2, 3])
    assert "about 100 each" in (tailor_strategies(learnt, features).segments[0].journey or "")


def test_a_first_order_is_the_first_in_the_data_and_no_rounding_contradicts_a_trait() -> None:
    """What was before the export nobody knows; a median of 9.5 days is 9.5 days everywhere."""
    own = OwnFigures({"recency_days": 9.5, "age_days": 729.0}, 0.0, None, (), None, (), "France", 0.9971)
    assert describe_journey(own) == (
        "A typical customer: first order in the data 729 days ago, the last 9.5 days ago. 99.7% are from “France”."
    )


def test_what_is_bought_most_is_told_once(learnt: Segmentation) -> None:
    """The names stand in the journey, and not again in what to do."""
    lines = make_lines(("a", "p1", "pan"), ("b", "p1", "pan"), ("c", "p1", "pan"), ("d", "p1", "pan"))
    for key in load_playbook():
        one = tailor_strategies(make_kind(learnt, key), make_features(), lines).segments[0]
        assert (one.journey or "").count("“pan”") == 1
        assert sum("“pan”" in sentence for sentence in every_text(one.strategy)) == (key == "loyal")
