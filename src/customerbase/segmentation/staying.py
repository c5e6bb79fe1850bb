"""Names and colours that stay: the segments of a refit matched to those of before, and what had to change, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from customerbase.segmentation.archetype_fit import measure_fit, rank_archetypes, suits
from customerbase.segmentation.naming import SegmentName, name_beside, still_says_true
from customerbase.segmentation.playbook import load_playbook
from customerbase.segmentation.profiles import Profile
from customerbase.segmentation.segments import Segment, Segmentation

__all__ = ["SAME_JACCARD", "SAME_RANKS", "keep_names"]

SAME_JACCARD = 0.5
"""From this share of common customers on (in both over in either), a person would call two segments the same."""

SAME_RANKS = 0.1
"""Without a customer in common: up to this difference of percentile ranks, as root of the mean square over features."""

UNUSUAL = "unusual"


def keep_names(found: Segmentation, earlier: Segmentation) -> Segmentation:
    """Give the segments of a refit the names and colours that they had before, where they are still the same.

    Segments are matched one to one so that the sum of the Jaccard indices of their customers is greatest (Kuhn 1955);
    only customers of both segmentations count. Where there are none, as in another shop, profiles are compared. A
    segment keeps its name and colour if at least half of the customers in either are in both (or their percentile ranks
    differ by at most 0.1), if the kind of customer is still among those that reasonably fit it (see `suits`), and if
    what a qualified name says still holds. All others are named anew; no two names are ever alike.

    Parameters
    ----------
    found
        Of `segment`.
    earlier
        A segmentation of before, of the same model and base; its model is not looked at.

    Returns
    -------
    `found` with names, colours and strategies of before, and a note for each that had to change. Where all segments
    bear the name already that they had, it comes back as it is.

    Examples
    --------
    >>> import ibis
    >>> from datetime import date
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> from customerbase.segmentation.segments import segment
    >>> features = ibis.memtable({
    ...     "customer_id": ["a", "b", "c", "d"], "as_of": [date(2024, 1, 1)] * 4, "recency_days": [5, 9, 300, 280],
    ...     "frequency": [9, 8, 1, 1], "monetary": [900, 800, 20, 30], "gross_revenue": [900, 800, 20, 30],
    ... })
    >>> learnt = segment(features, make_clusterer(n_segments=2))
    >>> before = replace(learnt, segments=(replace(learnt.segments[0], name="Loyal customers, more orders"),
    ...                                    learnt.segments[1]))
    >>> [one.name for one in keep_names(learnt, before).segments]
    ['Loyal customers, more orders', 'Hibernating']
    """
    partners = _match(found, earlier)
    kept = {new.id: old for new, old in partners if _may_keep(new, old)}
    kept = {key: old for key, old in kept.items() if _is_true(key, kept, found.segments)}
    names = _name(found.segments, kept)
    notes = _tell_changes(found.segments, earlier, names, partners)
    if not notes and all(names[one.id].name == one.name and names[one.id].color == one.color for one in found.segments):
        return found
    segments = tuple(_rename(one, names[one.id]) for one in found.segments)
    renamed = {old.name: new.name for old, new in zip(found.segments, segments, strict=True)}
    return replace(
        found, segments=segments, assignments=_relabel(found.assignments, renamed), notes=(*found.notes, *notes)
    )


def _match(found: Segmentation, earlier: Segmentation) -> list[tuple[Segment, Segment]]:
    """Pair the segments that are the same, new with old; unusual customers are never matched, they have their name."""
    new, old = ([one for one in each.segments if one.archetype != UNUSUAL] for each in (found, earlier))
    placed = _place_both(found, earlier)
    if placed.empty:
        likeness, least = _compare_profiles(new, old), 1.0 - SAME_RANKS
    else:
        likeness, least = _compare_customers(placed, new, old), SAME_JACCARD
    # Only pairs that are good enough count: many poor ones must not outweigh a good one.
    good = np.where(likeness >= least, likeness, 0.0)
    rows, columns = linear_sum_assignment(good, maximize=True)
    return [(new[row], old[column]) for row, column in zip(rows, columns, strict=True) if good[row, column]]


def _place_both(found: Segmentation, earlier: Segmentation) -> pd.DataFrame:
    """Give the segments of each customer of both: columns `new` and `old`."""
    new, old = (
        each.assignments.select("customer_id", "segment_id").to_pandas().set_index("customer_id").segment_id
        for each in (found, earlier)
    )
    both: pd.DataFrame = pd.concat({"new": new, "old": old}, axis=1, join="inner")
    return both


def _compare_customers(placed: pd.DataFrame, new: Sequence[Segment], old: Sequence[Segment]) -> npt.NDArray[np.float64]:
    both = pd.crosstab(placed.new, placed.old)
    both = both.reindex(index=[one.id for one in new], columns=[one.id for one in old], fill_value=0)
    sizes = (
        placed[name].value_counts().reindex(axis, fill_value=0) for name, axis in zip(placed, both.axes, strict=True)
    )
    n_new, n_old = (each.to_numpy() for each in sizes)
    table = both.to_numpy(dtype=np.float64)
    either = n_new[:, None] + n_old[None, :] - table
    shared: npt.NDArray[np.float64] = table / np.maximum(either, 1)
    return shared


def _compare_profiles(new: Sequence[Segment], old: Sequence[Segment]) -> npt.NDArray[np.float64]:
    return np.array([[_profile_likeness(one.profile, other.profile) for other in old] for one in new]).reshape(
        len(new), len(old)
    )


def _profile_likeness(one: Profile, other: Profile) -> float:
    gaps = [one[name].percentile_rank - other[name].percentile_rank for name in one if name in other]
    return 1.0 - float(np.sqrt(np.mean(np.square(gaps)))) if gaps else 0.0


def _may_keep(new: Segment, old: Segment) -> bool:
    """Tell whether the kind of before still fits; one that the playbook no longer has does not."""
    return old.archetype in load_playbook() and (old.archetype == new.archetype or suits(old.archetype, new.profile))


def _is_true(key: int, kept: Mapping[int, Segment], segments: Sequence[Segment]) -> bool:
    """Tell whether a qualified name that is to be kept still holds beside the segment that has the plain one."""
    profiles = {one.id: one.profile for one in segments}
    plain = kept[key].name.partition(", ")[0]
    namesake = next((other for other, old in kept.items() if old.name == plain and other != key), None)
    return namesake is None or still_says_true(kept[key].name, profiles[key], profiles[namesake])


def _name(segments: Sequence[Segment], kept: Mapping[int, Segment]) -> dict[int, SegmentName]:
    """Take the kept names first, then the new ones that are free, then new ones that differ from all of these."""
    playbook = load_playbook()
    names = {key: SegmentName(old.name, old.color, playbook[old.archetype]) for key, old in kept.items()}
    profiles = {one.id: one.profile for one in segments}
    fresh = [one for one in segments if one.id not in kept]
    taken = {name.name: profiles[key] for key, name in names.items()}
    for one in sorted(fresh, key=lambda each: each.name in taken):
        own = SegmentName(one.name, one.color, playbook[one.archetype])
        names[one.id] = own if one.name not in taken else name_beside(one.archetype, one.profile, taken)
        taken[names[one.id].name] = one.profile
    return names


def _rename(one: Segment, name: SegmentName) -> Segment:
    renamed = replace(one, name=name.name, color=name.color)
    if name.archetype.key == one.archetype:
        return renamed
    fit = measure_fit(name.archetype.key, one.profile)
    return replace(renamed, archetype=name.archetype.key, strategy=name.archetype.strategy, **vars(fit))


def _relabel(assignments: ir.Table, renamed: Mapping[str, str]) -> ir.Table:
    """Put the new names in place of the old ones in every column that holds the name of a segment."""
    changed = {old: new for old, new in renamed.items() if old != new}
    columns = [name for name in ("segment", "next_segment") if name in assignments.columns]
    if not changed:
        return assignments
    return assignments.mutate(
        **{name: assignments[name].cases(*changed.items(), else_=assignments[name]) for name in columns}
    )


def _tell_changes(
    segments: Sequence[Segment],
    earlier: Segmentation,
    names: Mapping[int, SegmentName],
    partners: Sequence[tuple[Segment, Segment]],
) -> tuple[str, ...]:
    """Say which segments are the same and have another name, and which names now mean others."""
    is_told = {new.id for new, old in partners if names[new.id].name != old.name}
    changed = [
        f"What was *{old.name}* ({old.n_customers:,} customers) is now called *{names[new.id].name}*: "
        f"{_give_reason(new, old)}."
        for new, old in partners
        if new.id in is_told
    ]
    matched = {old.id: new for new, old in partners}
    by_name = {names[one.id].name: one for one in segments}
    when = f" at {earlier.as_of}" if earlier.as_of else " before"
    moved = [
        f"*{old.name}* is not the segment that bore this name{when}: less than half of both is the same."
        for old in earlier.segments
        if old.archetype != UNUSUAL and old.name in by_name and matched.get(old.id) is not by_name[old.name]
    ]
    gone = [
        f"*{old.name}* ({old.n_customers:,} customers{when}) is no longer a segment of its own."
        for old in earlier.segments
        if old.archetype != UNUSUAL and old.name not in by_name and old.id not in matched
    ]
    return (*changed, *moved, *gone)


def _give_reason(new: Segment, old: Segment) -> str:
    if old.archetype == new.archetype:
        return "beside the other segments the old name would no longer be true"
    fits = dict(rank_archetypes(new.profile))
    before = f"{old.archetype.replace('_', ' ')}"
    if old.archetype not in fits:
        return f"its customers no longer meet what the kind '{before}' asks for"
    return f"the kind '{before}' fits it only to {fits[old.archetype]:.2f}, and another fits better"
