"""Selection: which contender would be chosen, and why, in sentences that carry the figures."""

from collections.abc import Sequence

from customerbase.segmentation.clustering import DEFAULT_N_SEGMENTS
from customerbase.segmentation.comparing.contender import Constraints, Contender
from customerbase.segmentation.structure import Structure
from customerbase.segmentation.wording import join_words

__all__ = ["find_objections", "select"]

PREFERRED = DEFAULT_N_SEGMENTS
"""Of segments that say as much, more than these are not taken where there are fewer: they are hard to act on."""

MOST_NAMED = 4


def find_objections(
    n_segments: int, smallest_share: float, stability: float | None, constraints: Constraints
) -> tuple[str, ...]:
    """Say which constraints a segmentation does not meet.

    Examples
    --------
    >>> find_objections(9, 0.001, 0.5, Constraints(3, 8, 0.03, 0.85))
    ('it makes 9 segments', 'the smallest has 0.1% of the customers', 'it is found again at 0.50 alone')
    """
    found = []
    if not constraints.fewest <= n_segments <= constraints.most:
        found.append(f"it makes {n_segments} segment{'' if n_segments == 1 else 's'}")
    if smallest_share < constraints.least_share:
        found.append(f"the smallest has {smallest_share:.1%} of the customers")
    if stability is not None and stability < constraints.least_stability:
        found.append(f"it is found again at {stability:.2f} alone")
    return tuple(found)


def select(
    contenders: Sequence[Contender], structure: Structure, constraints: Constraints, horizon_days: int
) -> tuple[int | None, tuple[str, ...]]:
    """Choose among contenders, and say why.

    Of those that meet the constraints, if customers form groups that stand apart and some have just as many segments,
    these alone are looked at. Then those are kept from which the one that says most of later spend is not ahead by more
    than chance; where nothing is known of later spend, all are. Of these the most segments up to six are taken, as in
    `decide`, and of as many the most stable. Where none meets the constraints, it is the most stable with a number of
    segments that was asked for, with a warning. A silhouette has no say: it is highest where a continuum is cut in two.

    Parameters
    ----------
    contenders
        In the order of methods, which decides between equals.
    structure
        Of `measure_structure`.
    constraints
        What a business asks.
    horizon_days
        How many days the later spend is of.

    Returns
    -------
    The position of the chosen one, and sentences. None of no contenders.

    Examples
    --------
    >>> few = Contender("kmeans", 4, 4, 0.09, 0, stability=0.96, stability_lower=0.9, stability_upper=0.99)
    >>> many = Contender("ward", 6, 6, 0.01, 0, silhouette=0.5, objections=("the smallest has 1.0% of the customers",))
    >>> place, sentences = select([few, many], Structure("continuum", 1, (), ()), Constraints(3, 8, 0.03, 0.85), 90)
    >>> place, sentences[0]
    (0, 'k-means with 4 segments would be chosen: the smallest has 9.0% of the customers, and they are found again at
    0.96 (adjusted Rand, nine in ten refits from 0.90 to 0.99).')
    """
    if not contenders:
        return None, ()
    sound = [place for place, one in enumerate(contenders) if not one.objections]
    if not sound:
        numbers = range(constraints.fewest, constraints.most + 1)
        chosen = max(
            range(len(contenders)),
            key=lambda place: (contenders[place].n_segments in numbers, contenders[place].stability or 0.0, -place),
        )
        return chosen, (_warn(contenders[chosen], constraints), structure.reason)
    planted = [place for place in sound if contenders[place].n_segments == structure.n_groups]
    is_planted = structure.verdict == "groups" and bool(planted)
    asked = planted if is_planted else sound
    is_valued = any(contenders[place].share_of_reference is not None for place in asked)
    equals = [place for place in asked if contenders[place].is_as_good] if is_valued else asked
    chosen = max(_keep_largest(contenders, equals), key=lambda place: (contenders[place].stability or 0.0, -place))
    one = contenders[chosen]
    sentences = [
        _praise(one, horizon_days),
        f"{len(sound)} of {len(contenders)} meet the constraints: {constraints}.",
        *([PLANTED] if is_planted else []),
        *(_name_equals([contenders[place] for place in equals], one) if is_valued else [UNKNOWN]),
        *_name_silhouette(contenders, one),
    ]
    return chosen, (*sentences, structure.reason)


PLANTED = "It has one segment for each group that stands apart: others were not looked at."
UNKNOWN = (
    "What they say of later spend is not known, so it is the most segments up to six that meet the constraints, and of "
    "these the most stable."
)


def _keep_largest(contenders: Sequence[Contender], asked: Sequence[int]) -> list[int]:
    numbers = [contenders[place].n_segments for place in asked]
    wanted = max((number for number in numbers if number <= PREFERRED), default=min(numbers))
    return [place for place in asked if contenders[place].n_segments == wanted]


def _praise(one: Contender, horizon_days: int) -> str:
    words = [f"the smallest has {one.smallest_share:.1%} of the customers"]
    if one.stability is not None:
        words.append(
            f"they are found again at {one.stability:.2f} (adjusted Rand, nine in ten refits from "
            f"{one.stability_lower:.2f} to {one.stability_upper:.2f})"
        )
    if one.share_of_reference is not None:
        words.append(
            f"they say {one.share_of_reference:.1%} of what the reference model says of the amount bought in the next "
            f"{horizon_days} days ({one.reference_lower:.1%} to {one.reference_upper:.1%})"
        )
    return f"{one.name} would be chosen: {', '.join(words[:-1])}{', and ' if words[1:] else ''}{words[-1]}."


def _warn(one: Contender, constraints: Constraints) -> str:
    is_asked = constraints.fewest <= one.n_segments <= constraints.most
    best = f"{'Of the numbers asked for, ' if is_asked else ''}{one.name} would be found again best"
    objections = " and ".join(one.objections)
    return f"None meets the constraints: {constraints}. {best}, but {objections}. Do not build on who is in which."


def _name_equals(equals: Sequence[Contender], chosen: Contender) -> list[str]:
    others = [one for one in equals if one is not chosen]
    if not others:
        return ["All others that meet them say less of it, by more than chance."]
    more = [f"{len(others) - MOST_NAMED} more"] if len(others) > MOST_NAMED else []
    named = join_words((*(one.name for one in others[:MOST_NAMED]), *more))
    words = "says as much of it" if len(others) == 1 else "say as much of it"
    sentence = (
        f"{named} {words}: a difference within the intervals is none. Among equals the most segments up to "
        f"{PREFERRED} are taken, and of as many the most stable."
    )
    return [sentence]


def _name_silhouette(contenders: Sequence[Contender], chosen: Contender) -> list[str]:
    known = [one for one in contenders if one.silhouette is not None]
    best = max(known, key=lambda one: one.silhouette or -1.0, default=chosen)
    if best is chosen or best.silhouette is None:
        return []
    but = f"; {' and '.join(best.objections)}" if best.objections else ""
    words = (
        f"The highest silhouette, {best.silhouette:.2f}, is that of {best.name}{but}. It has no say: it is highest "
        "where customers are cut into few parts or a handful is cut off."
    )
    return [words]
