"""From the profiles of segments to their names: which kind of customer each is, and how namesakes differ."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import linear_sum_assignment

from customerbase.errors import DataError
from customerbase.segmentation.archetype_fit import INELIGIBLE, LAST_RESORT, measure_cost
from customerbase.segmentation.playbook import Archetype, load_playbook
from customerbase.segmentation.profiles import Profile

__all__ = [
    "SHADES",
    "SegmentName",
    "name_beside",
    "name_from_scheme",
    "name_segments",
    "name_unusual",
    "shade",
    "still_says_true",
]

SHARING_PENALTY = 0.05
"""A second segment under one archetype costs about as much as being 0.13 off in each of three percentile ranks."""

SINGLE = ("champions",)
"""Kinds of which there is one: only one segment orders most often and spends the most."""


@dataclass(frozen=True)
class SegmentName:
    """The name of one segment, the colour that goes with the name, and the archetype behind both.

    Examples
    --------
    >>> champions = load_playbook()["champions"]
    >>> SegmentName(champions.name, champions.color, champions).color
    '#007744'
    """

    name: str
    color: str
    archetype: Archetype


def name_segments(
    profiles: Sequence[Profile], playbook: Mapping[str, Archetype] | None = None
) -> tuple[SegmentName, ...]:
    """Name segments by their profiles: no two alike, and each name fitting its profile as well as the others allow.

    Segments and archetypes are matched so that the sum of squared distances between profiles and prototypes is least
    (Kuhn 1955). A name is only given where its requirements hold: champions must be recent, new customers young, and
    returners, bulk buyers and users of coupons far from the base. Where several segments are of one kind, the nearest
    bears the plain name and the others say how they differ from it.

    Parameters
    ----------
    profiles
        One for each segment. Neither their order nor the scale of money has a say; segments whose profiles are equal
        cannot be told apart and get a number.
    playbook
        The archetypes to choose from, by key; those of the package when not given.

    Returns
    -------
    One name for each profile, in their order.

    Raises
    ------
    DataError
        No archetype of the playbook may bear a name for one of the profiles.

    Examples
    --------
    >>> from customerbase.segmentation.profiles import FeatureSummary
    >>> def profile(recency, frequency, monetary):
    ...     return {"recency_days": FeatureSummary(recency, 10, 10), "frequency": FeatureSummary(frequency, 3, 3),
    ...             "monetary": FeatureSummary(monetary, 50, 50)}
    >>> [s.name for s in name_segments([profile(.9, .2, .2), profile(.2, .95, .95), profile(.2, .78, .8)])]
    ['Hibernating', 'Champions', 'Loyal customers']
    """
    playbook = load_playbook() if playbook is None else playbook
    order = sorted(range(len(profiles)), key=lambda index: _sort_key(profiles[index]))
    candidates = tuple(playbook.values())
    ordered = [profiles[index] for index in order]
    chosen = _match(ordered, candidates)
    names = _distinguish(ordered, chosen)
    by_index = dict(zip(order, names, strict=True))
    return tuple(by_index[index] for index in range(len(profiles)))


def name_from_scheme(
    names: Sequence[str],
    profiles: Sequence[Profile],
    playbook: Mapping[str, Archetype] | None = None,
    archetypes: Mapping[str, str] | None = None,
) -> tuple[SegmentName, ...]:
    """Keep the names of a scheme and find the archetype behind each: by name, else by the nearest profile.

    Parameters
    ----------
    names, profiles
        One for each segment.
    playbook
        The archetypes to choose from, by key; those of the package when not given.
    archetypes
        Name → key of its archetype, where the scheme means something else by it than the playbook does. Such a name has
        a shade of the archetype's colour that is its own.

    Returns
    -------
    One for each name, in their order. A name that the playbook does not know may share its colour with another.

    Examples
    --------
    >>> [(s.name, s.archetype.key) for s in name_from_scheme(["Cannot Lose Them", "Lost"], [{}, {}])]
    [('Cannot Lose Them', 'cannot_lose'), ('Lost', 'lost')]
    """
    playbook = load_playbook() if playbook is None else playbook
    known = {
        name.casefold(): archetype
        for archetype in playbook.values()
        for name in (archetype.name, *archetype.scheme_names)
    }
    said = {name: playbook[key] for name, key in (archetypes or {}).items()}
    found = (
        said.get(name) or known.get(name.casefold()) or _nearest(profile, playbook)
        for name, profile in zip(names, profiles, strict=True)
    )
    return tuple(
        _name_as_said(name, kind) if name in said else SegmentName(name, kind.color, kind)
        for name, kind in zip(names, found, strict=True)
    )


def _name_as_said(name: str, archetype: Archetype) -> SegmentName:
    """Take a shade that depends on the name alone, so that it is the same at every date."""
    words = list(SHADES)[zlib.crc32(name.encode()) % len(SHADES)]
    return SegmentName(name, shade(archetype.color, (words,)), archetype)


def _nearest(profile: Profile, playbook: Mapping[str, Archetype]) -> Archetype:
    return _match([profile], tuple(playbook.values()), is_alone=False)[0]


def name_unusual() -> SegmentName:
    """Name the customers whom a clusterer leaves without a group.

    Examples
    --------
    >>> name_unusual().name
    'Unusual customers'
    """
    archetype = load_playbook()["unusual"]
    return SegmentName(archetype.name, archetype.color, archetype)


def _sort_key(profile: Profile) -> list[tuple[str, float, float, float]]:
    return sorted((name, s.percentile_rank, s.median, s.mean) for name, s in profile.items())


def _match(
    profiles: Sequence[Profile], archetypes: Sequence[Archetype], is_alone: bool | None = None
) -> list[Archetype]:
    """Choose an archetype for each profile; each further use of one costs one penalty more."""
    is_alone = len(profiles) == 1 if is_alone is None else is_alone
    costs = np.array(
        [[measure_cost(profile, archetype, is_alone=is_alone) for archetype in archetypes] for profile in profiles]
    )
    n_uses = len(profiles)
    penalties = np.repeat(np.arange(n_uses), len(archetypes)) * SHARING_PENALTY
    is_second = [False] * len(archetypes) + [one.key in SINGLE for one in archetypes] * (n_uses - 1)
    penalties[np.array(is_second[: len(penalties)], dtype=bool)] += LAST_RESORT
    expanded = np.tile(costs, (1, n_uses)) + penalties if n_uses else np.empty((0, 0))
    rows, columns = linear_sum_assignment(expanded)
    if n_uses and expanded[rows, columns].max() >= INELIGIBLE:
        raise DataError("No archetype of the playbook suits one of the segments. Add one with weaker requirements.")
    return [archetypes[column % len(archetypes)] for column in columns]


CLEAR_DIFFERENCE = 0.05
"""A difference in mean percentile rank that a reader sees."""

QUALIFIERS = {
    "monetary": ("higher spend", "lower spend"),
    "frequency": ("more orders", "fewer orders"),
    "recency_days": ("less recent", "more recent"),
    "age_days": ("longer known", "newer"),
    "average_basket_units": ("larger baskets", "smaller baskets"),
    "return_rate": ("more returns", "fewer returns"),
    "n_claimed": ("more coupons", "fewer coupons"),
    "burn_rate": ("burn more", "burn less"),
    "coupon_recency_days": ("longer silent", "not so long silent"),
    "engagement_score": ("more active", "less active"),
}
"""Words for a segment above or below its namesake in a feature; of clear differences the first here is told."""

LEAST_SHADE = 0.3  # so that two shades of one colour are told apart in a chart
N_SHADES = 6
SHADES = {
    words: (-1 if is_lower else 1) * (LEAST_SHADE + 0.3 * (place % N_SHADES) / N_SHADES)
    for place, pair in enumerate(QUALIFIERS.values())
    for is_lower, words in enumerate(pair)
}
"""How far each qualifier moves the archetype's colour towards white (above 0) or black (below 0)."""


def _distinguish(profiles: Sequence[Profile], archetypes: Sequence[Archetype]) -> list[SegmentName]:
    """Give the plain name to the nearest segment of each kind, and qualified names to the others."""
    names: dict[int, SegmentName] = {}
    taken: set[str] = set()
    costs = [measure_cost(*pair, is_alone=True) for pair in zip(profiles, archetypes, strict=True)]
    nearest_first = sorted(range(len(profiles)), key=lambda index: costs[index])
    namesakes: dict[str, Profile] = {}
    for index in nearest_first:
        archetype, profile = archetypes[index], profiles[index]
        namesake = namesakes.setdefault(archetype.key, profile)
        qualifiers = () if namesake is profile else _qualify(profile, namesake)
        names[index] = next(
            name
            for name in _possible_names(archetype, profile, qualifiers, namesake is profile)
            if name.name not in taken
        )
        taken.add(names[index].name)
    return [names[index] for index in range(len(profiles))]


def _qualify(profile: Profile, namesake: Profile) -> tuple[str, ...]:
    """Say how a profile differs from its namesake's: clear differences first, then the others by size."""
    differences = {
        feature: profile[feature].percentile_rank - namesake[feature].percentile_rank
        for feature in QUALIFIERS
        if feature in profile and feature in namesake
    }
    most_telling_first = sorted(differences, key=lambda feature: -min(abs(differences[feature]), CLEAR_DIFFERENCE))
    return tuple(
        QUALIFIERS[feature][differences[feature] < 0] for feature in most_telling_first if differences[feature]
    )


def _possible_names(
    archetype: Archetype, profile: Profile, qualifiers: tuple[str, ...], is_plain: bool
) -> Iterator[SegmentName]:
    if archetype.kind == "plain":
        # Any name can come up here, so the colour is made of the name; without the brightest tones.
        for name in _names_of_extremes(profile):
            yield SegmentName(name, f"#{zlib.crc32(name.encode()) & 0xBFBFBF:06x}", archetype)
    if is_plain or archetype.kind == "plain":
        yield SegmentName(archetype.name, archetype.color, archetype)
    for n_words in range(1, len(qualifiers) + 1):
        for words in combinations(qualifiers, n_words):
            yield SegmentName(f"{archetype.name}, {' and '.join(words)}", shade(archetype.color, words), archetype)
    for number in range(2, 1000):
        yield SegmentName(f"{archetype.name} {number}", shade(archetype.color, ("lower spend",) * number), archetype)


def _names_of_extremes(profile: Profile) -> Iterator[str]:
    """Name a segment by what it has most or least of: two features, and one more as long as the name is taken."""
    distances = {feature: summary.percentile_rank - 0.5 for feature, summary in profile.items()}
    clear = [feature for feature in distances if abs(distances[feature]) >= CLEAR_DIFFERENCE]
    words = [
        f"{'high' if distances[feature] > 0 else 'low'} {feature.removeprefix('n_').replace('_', ' ')}"
        for feature in sorted(clear, key=lambda feature: -abs(distances[feature]))
    ]
    for n_words in range(min(2, len(words)), len(words) + 1):
        if n_words:
            yield ", ".join(words[:n_words]).capitalize()


def shade(color: str, words: tuple[str, ...]) -> str:
    """Mix a colour with white or black, so that a qualified name has a colour of its own, the same at every date."""
    channels = [float(int(color[place : place + 2], 16)) for place in (1, 3, 5)]
    for word in words:
        target = 255.0 if SHADES[word] > 0 else 0.0
        channels = [channel + (target - channel) * abs(SHADES[word]) for channel in channels]
    return "#" + "".join(f"{round(channel):02x}" for channel in channels)


def name_beside(key: str, profile: Profile, taken: Mapping[str, Profile]) -> SegmentName:
    """Name a segment of a kind beside others whose names stand, so that no two are alike.

    Parameters
    ----------
    key
        Of the archetype.
    profile
        Of the segment.
    taken
        Names that are given already, with the profile behind each.

    Examples
    --------
    >>> from customerbase.segmentation.profiles import FeatureSummary
    >>> loyal, other = ({"monetary": FeatureSummary(rank, 1, 1)} for rank in (.8, .7))
    >>> name_beside("loyal", other, {"Loyal customers": loyal}).name
    'Loyal customers, lower spend'
    """
    archetype = load_playbook()[key]
    namesake = taken.get(archetype.name)
    qualifiers = () if namesake is None else _qualify(profile, namesake)
    possible = _possible_names(archetype, profile, qualifiers, namesake is None)
    return next(name for name in possible if name.name not in taken)


def still_says_true(name: str, profile: Profile, namesake: Profile) -> bool:
    """Tell whether what a qualified name says of a segment beside its namesake holds; a plain name says nothing.

    Examples
    --------
    >>> from customerbase.segmentation.profiles import FeatureSummary
    >>> loyal, other = ({"monetary": FeatureSummary(rank, 1, 1)} for rank in (.8, .7))
    >>> still_says_true("Loyal customers, lower spend", other, loyal)
    True
    >>> still_says_true("Loyal customers, higher spend", other, loyal)
    False
    """
    said = name.partition(", ")[2].split(" and ")
    return all(words in _qualify(profile, namesake) for words in said if words in SHADES)
