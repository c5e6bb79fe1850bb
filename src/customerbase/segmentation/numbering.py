"""Labels to numbers and names: what a model calls its groups has no say in what they are called."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from customerbase.segmentation.fitting import Clusterer
from customerbase.segmentation.inductive import UNUSUAL
from customerbase.segmentation.naming import SegmentName, name_from_scheme, name_segments, name_unusual
from customerbase.segmentation.profiles import Profile
from customerbase.segmentation.rfm import RFM

__all__ = ["name_labels", "order_labels", "spread_labels"]

VALUES = ("monetary", "average_order_value", "frequency", "n_claimed", "engagement_score")
"""What stands for the value of a customer; the first that there is decides the order of segments."""


def order_labels(model: Clusterer, profiles: Mapping[int, Profile], first_column: str) -> tuple[int, ...]:
    """Order labels by the scheme, else by value, unusual customers last.

    Parameters
    ----------
    model
        As it was learnt.
    profiles
        The profile of each label.
    first_column
        The column that stands for the value of a customer where nothing better is known.

    Examples
    --------
    >>> from customerbase.segmentation.profiles import FeatureSummary
    >>> profiles = {label: {"monetary": FeatureSummary(rank, 5, 5)} for label, rank in ((-1, .9), (0, .2), (1, .7))}
    >>> order_labels(None, profiles, "monetary")
    (1, 0, -1)
    """
    if isinstance(model, RFM):
        return tuple(profiles)
    known = {name: None for profile in profiles.values() for name in profile}
    value = next((name for name in VALUES if name in known), first_column)
    names = list(dict.fromkeys([value, *known]))
    return tuple(sorted(profiles, key=lambda label: (label == UNUSUAL, _rank_key(profiles[label], names))))


def _rank_key(profile: Profile, names: Sequence[str]) -> list[float]:
    """Order profiles by the rank of their value, then by every other figure; one that is missing comes last."""
    parts = ("percentile_rank", "median", "mean")
    return [-getattr(profile.get(name), part, -np.inf) for part in parts for name in names]


def name_labels(model: Clusterer, profiles: Mapping[int, Profile]) -> list[tuple[int, SegmentName]]:
    """Give number and name of each label, in their order: of the scheme, else from 1 and by the playbook.

    Examples
    --------
    >>> [(number, name.name) for number, name in name_labels(None, {3: {}, -1: {}})]
    [(1, 'Usual customers'), (2, 'Unusual customers')]
    """
    if isinstance(model, RFM):
        scheme_names = [str(model.segment_names_[label]) for label in profiles]
        names = name_from_scheme(scheme_names, list(profiles.values()), archetypes=model.archetypes_)
        return [(label + 1, name) for label, name in zip(profiles, names, strict=True)]
    usual = list(name_segments([profile for label, profile in profiles.items() if label != UNUSUAL]))
    unusual = [name_unusual()] if UNUSUAL in profiles else []
    if len(usual) == len(unusual) == 1:
        usual = [replace(usual[0], name="Usual customers")]
    return list(enumerate([*usual, *unusual], start=1))


def spread_labels(
    model: Clusterer, numbers: Sequence[int], names: Sequence[str], order: Sequence[int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    """Give number and name by label; the last of each is for the label -1.

    An RFM scheme also knows the segments that had nobody when it was learnt, and a newcomer can be unusual where
    nobody was.

    Examples
    --------
    >>> by_number, by_name = spread_labels(None, [1, 2], ["Champions", "Lost"], order=[5, 0])
    >>> int(by_number[0]), str(by_name[5]), int(by_number[-1])
    (2, 'Champions', 3)
    """
    if isinstance(model, RFM):
        return np.arange(1, len(model.segment_names_) + 1), model.segment_names_.astype(object)
    by_number = np.zeros(max(order) + 2, dtype=np.int64)
    by_name = np.empty(max(order) + 2, dtype=object)
    by_number[UNUSUAL], by_name[UNUSUAL] = len(numbers) + 1, name_unusual().name
    by_number[list(order)], by_name[list(order)] = numbers, names
    return by_number, by_name
