"""Strategies in the figures of a shop: of each segment, of its typical customer, and across segments."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from math import floor

import ibis.expr.types as ir

from customerbase.segmentation.hold_out import describe_control, describe_hold_out
from customerbase.segmentation.own_figures import MOST_HAVE, OwnFigures, measure_own_figures
from customerbase.segmentation.playbook import load_across, load_playbook
from customerbase.segmentation.segments import Segment, Segmentation
from customerbase.segmentation.spoken_figures import say_number, say_percent
from customerbase.segmentation.wording import fill_sentence, fill_strategy, join_words

__all__ = ["describe_journey", "tailor_strategies", "write_figures"]

QUARTER_DAYS = 91
WRITE_AFTER = 1.25
"""A reminder goes out when the usual gap is exceeded by a quarter: early enough, and most have ordered by then."""

LATE_AFTER = 1.5
BASKET_STEP = 1.2
MOSTLY = 0.5
"""The second order is spoken of where at least this share of the customers has bought only once."""

LEAST_CHANCE_DIFFERENCE = 0.1
"""Burn rates of segments are set against each other from this difference on."""

VISITS = frozenset({"n_sessions", "n_pages", "cart_abandonment_rate"})
"""Features that a shop has only if it follows visits and baskets."""

SLIPPING = ("cannot_lose", "at_risk", "need_attention")


def tailor_strategies(
    segmentation: Segmentation,
    features: ir.Table,
    order_lines: ir.Table | None = None,
    currency: str | None = None,
    coupon_events: ir.Table | None = None,
) -> Segmentation:
    """Fill the strategies of segments with their own figures, and add a plan across segments.

    The usual gap between orders is the median of the customers' own mean gaps, and told where most of them have ordered
    three times; a reminder goes out when it is exceeded by a quarter. Favourite products are those that most
    customers of the segment bought; merchants are told where clearly more customers claimed their coupons than those of
    any other, and a burnt share is that of all coupons which the segment claimed. What is not known is not told: the
    sentences stand without it, or with words that hold anyway. How many customers are to be held out is what `hold_out`
    says.

    Parameters
    ----------
    segmentation
        Of `segment`.
    features
        The features that it was made of.
    order_lines
        Clean order lines, for the names of products.
    currency
        Code of the currency of all amounts, where it is known.
    coupon_events
        Clean coupon events, for the names of merchants.

    Returns
    -------
    `segmentation` with `strategy` and `journey` of each segment filled, and `across`.

    Examples
    --------
    >>> import ibis
    >>> from datetime import date
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> from customerbase.segmentation.segments import segment
    >>> features = ibis.memtable({
    ...     "customer_id": ["a", "b", "c", "d"], "as_of": [date(2024, 1, 1)] * 4, "recency_days": [5, 9, 300, 280],
    ...     "frequency": [9, 8, 1, 1], "monetary": [900, 800, 20, 30], "average_order_value": [100.0, 100.0, 20, 30],
    ... })
    >>> made = tailor_strategies(segment(features, make_clusterer(n_segments=2)), features, currency="EUR")
    >>> made.segments[0].journey
    'A typical customer: 8.5 orders, about EUR 100 each, the last 7 days ago.'
    >>> made.segments[1].strategy.avoid
    'Incentives dearer than the margin of their usual small basket of EUR 25.'
    """
    figures = measure_own_figures(segmentation.assignments, features, order_lines, segmentation.as_of, coupon_events)
    segments = tuple(_tailor(one, figures.get(one.id), currency) for one in segmentation.segments)
    across = _plan_across(segmentation, figures, _known_demographics(features))
    return replace(segmentation, segments=segments, across=across)


def _tailor(one: Segment, own: OwnFigures | None, currency: str | None) -> Segment:
    if own is None:
        return one
    written = write_figures(one, own, currency)
    strategy = fill_strategy(one.strategy, load_playbook()[one.archetype], written)
    return replace(one, strategy=strategy, journey=describe_journey(own, currency))


def write_figures(one: Segment, own: OwnFigures, currency: str | None = None) -> dict[str, str]:
    """Write the figures of a segment as the sentences of the playbook name them; those that are unknown are not there.

    Examples
    --------
    See `tailor_strategies`.
    """
    medians = own.medians
    gap, basket = medians.get("mean_days_between_orders", 0.0), medians.get("average_order_value", 0.0)
    silent = medians.get("recency_days", 0.0)
    hold_out = describe_hold_out(one.n_customers)
    once = one.profile.get("is_one_time")
    known: dict[str, tuple[bool, Callable[[], str]]] = {
        "n_customers": (True, lambda: f"{one.n_customers:,}"),
        "control": (True, lambda: describe_control(one.n_customers)),
        "hold_out": (hold_out is not None, lambda: hold_out or ""),
        "mostly_once": (once is not None and once.mean >= MOSTLY, str),
        "dated": ("age_days" in medians, str),
        "categories": (medians.get("n_categories", 0.0) >= 1, str),
        "visits": (not VISITS.isdisjoint(one.profile), str),
        "gap_days": (own.has_rhythm, lambda: f"{gap:,.0f}"),
        "write_day": (own.has_rhythm, lambda: f"{gap * WRITE_AFTER:,.0f}"),
        "late_day": (own.has_rhythm, lambda: f"{gap * LATE_AFTER:,.0f}"),
        "gap_of_repeaters": (gap >= 1 and own.gap_share >= MOST_HAVE, lambda: f"{gap:,.0f}"),
        "silent_days": (silent >= 2, lambda: say_number(silent)),
        "basket": (basket > 0, lambda: _money(basket, currency)),
        "basket_more": (basket > 0, lambda: _money(float(f"{basket * BASKET_STEP:.2g}"), currency)),
        "spend": (medians.get("monetary", 0.0) > 0, lambda: _money(medians["monetary"], currency)),
        "typical": (own.typical is not None, lambda: _quote((own.typical or "",))),
        "merchants": (bool(own.merchants), lambda: _quote(own.merchants)),
        "burn_share": (own.burn_share is not None, lambda: say_percent(own.burn_share or 0.0)),
    }
    return {name: write() for name, (is_known, write) in known.items() if is_known}


def describe_journey(own: OwnFigures, currency: str | None = None) -> str | None:
    """Say what a typical customer of a segment has done; None where nothing of it is known.

    Examples
    --------
    >>> own = OwnFigures({"recency_days": 9.0, "age_days": 729.0, "frequency": 29.0, "average_order_value": 456.8,
    ...                   "mean_days_between_orders": 22.9}, 1.0, None, ("MUG", "PAN"), None, (), "France", 0.62)
    >>> describe_journey(own)
    'A typical customer: first order in the data 729 days ago, 29 orders, one every 23 days, about 457 each, the last 9
    days ago. Most bought, by number of buyers: “MUG” and “PAN”. 62% are from “France”.'
    """
    steps = [*_order_steps(own, currency), *_coupon_steps(own)]
    sentences = [f"A typical customer: {', '.join(steps)}."] if steps else []
    if own.products:
        sentences.append(f"Most bought, by number of buyers: {_quote(own.products)}.")
    if own.burn_share is not None:
        sentences.append(f"Of all coupons claimed {say_percent(own.burn_share)} were burnt.")
    if own.merchants:
        sentences.append(f"More of them claimed coupons of {_quote(own.merchants)} than of any other merchant.")
    if own.country:
        sentences.append(f"{say_percent(own.country_share or 0.0)} are from {_quote((own.country,))}.")
    return " ".join(sentences) or None


def _order_steps(own: OwnFigures, currency: str | None) -> Iterator[str]:
    medians = own.medians
    if "age_days" in medians:
        yield f"first order in the data {_days(medians['age_days'])} ago"
    if "frequency" in medians:
        yield _count(medians["frequency"], "order")
    if own.has_rhythm:
        yield f"one every {_days(round(medians['mean_days_between_orders']))}"
    if medians.get("average_order_value", 0.0) > 0:
        yield f"about {_money(medians['average_order_value'], currency)} each"
    if "recency_days" in medians:
        yield f"the last {_days(medians['recency_days'])} ago"


def _coupon_steps(own: OwnFigures) -> Iterator[str]:
    if "n_claimed" in own.medians:
        yield f"{_count(own.medians['n_claimed'], 'coupon')} claimed"
    if "coupon_recency_days" in own.medians:
        yield f"the last touched {_days(own.medians['coupon_recency_days'])} ago"


def _known_demographics(features: ir.Table) -> tuple[str, ...]:
    """Give what is known of customers that describes them, and not what they do."""
    asked = [name for name in ("gender", "age") if name in features.columns]
    counts = (
        features.agg(**{name: features[name].count() for name in asked}).to_pyarrow().to_pylist()[0] if asked else {}
    )
    return tuple(name for name in asked if counts[name])


def _plan_across(
    segmentation: Segmentation, figures: Mapping[int, OwnFigures], demographics: tuple[str, ...]
) -> tuple[str, ...]:
    known = _figures_across(segmentation, figures)
    if demographics:
        known["demographics"] = join_words(demographics)
    return tuple(filter(None, (fill_sentence(wording, known) for wording in load_across())))


def _figures_across(segmentation: Segmentation, figures: Mapping[int, OwnFigures]) -> dict[str, str]:
    """Write what the segments show side by side."""
    segments = segmentation.segments
    known: dict[str, str] = {}
    if segmentation.as_of is not None:
        known["next_quarter"] = str(segmentation.as_of + timedelta(days=QUARTER_DAYS))
    if len(segments) < 2:
        return known
    by_size = sorted(segments, key=lambda one: (one.n_customers, -one.id))
    largest = by_size[-1]
    known |= {"largest": largest.name, "largest_share": f"{largest.share:.1%}"}
    if held_out := describe_hold_out(sum(one.n_customers for one in segments)):
        known["all_held_out"] = held_out
    if small := tuple(one.name for one in segments if describe_hold_out(one.n_customers) is None):
        known["too_small"] = join_words(small) if len(small) < len(segments) else "each of them"
    return known | _money_across(segments, figures) | _coupons_across(segments, figures)


def _money_across(segments: Sequence[Segment], figures: Mapping[int, OwnFigures]) -> dict[str, str]:
    """Say where the revenue is, and where it is slipping away."""
    paying = [(one.revenue_share, one) for one in segments if one.revenue_share]
    if not paying:
        return {}
    share, richest = max(paying, key=lambda pair: pair[0] / pair[1].share)
    known = {"richest": richest.name, "richest_share": f"{richest.share:.1%}", "richest_revenue": f"{share:.1%}"}
    slipping = [(share, one) for share, one in paying if one.archetype in SLIPPING]
    days = [figures[one.id].medians.get("recency_days") for _, one in slipping if one.id in figures]
    told = [day for day in days if day is not None]
    if slipping and len(told) == len(slipping):
        known |= {
            "slipping": join_words(tuple(one.name for _, one in slipping)),
            "slipping_revenue": f"{sum(share for share, _ in slipping):.1%}",
            "slipping_days": f"{floor(min(told)):,}",
        }
    return known


def _coupons_across(segments: Sequence[Segment], figures: Mapping[int, OwnFigures]) -> dict[str, str]:
    rates = [
        (share, one) for one in segments if one.id in figures and (share := figures[one.id].burn_share) is not None
    ]
    if not rates:
        return {}
    (least, lazy), (most, eager) = min(rates, key=lambda pair: pair[0]), max(rates, key=lambda pair: pair[0])
    if most - least < LEAST_CHANCE_DIFFERENCE:
        return {}
    return {
        "burn_least": say_percent(least),
        "burn_least_segment": lazy.name,
        "burn_most": say_percent(most),
        "burn_most_segment": eager.name,
    }


def _money(amount: float, currency: str | None) -> str:
    """Write an amount, with the code of the currency where it is known."""
    text = f"{amount:,.0f}" if amount >= 100 or amount == int(amount) else f"{amount:,.2f}"
    return f"{currency} {text}" if currency else text


def _quote(names: tuple[str, ...]) -> str:
    return join_words(tuple(f"“{name}”" for name in names))


def _count(number: float, what: str) -> str:
    text = f"{number:,.0f}" if number == int(number) else f"{number:,.1f}"
    return f"{text} {what}{'' if text == '1' else 's'}"


def _days(number: float) -> str:
    return f"{say_number(number)} {'day' if number == 1 else 'days'}"
