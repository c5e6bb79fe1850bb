"""Measuring: every figure of one method, for all numbers of segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances, silhouette_samples
from sklearn.mixture import GaussianMixture

from customerbase.segmentation.clustering import FINDS_NUMBER, single_thread
from customerbase.segmentation.comparing.contender import Constraints, Contender
from customerbase.segmentation.comparing.field import Field, Labels, Matrix, choose_rows
from customerbase.segmentation.comparing.gaps import Boxes, make_boxes, measure_gaps
from customerbase.segmentation.comparing.idleness import measure_idle_moves, put_back
from customerbase.segmentation.comparing.learners import Key, Learnt, Separate, learn
from customerbase.segmentation.comparing.refits import count_drawn, measure_refits
from customerbase.segmentation.comparing.selection import find_objections
from customerbase.segmentation.inductive import UNUSUAL
from customerbase.segmentation.quality import measure_quality

__all__ = ["N_SILHOUETTES", "Measured", "Setting", "measure_method", "prepare_setting"]

N_SILHOUETTES = 2_000
"""Customers whose silhouette is measured: it takes quadratic time."""


@dataclass(frozen=True)
class Setting:
    """What all methods are measured on, and how."""

    field: Field
    tested: Field | None
    numbers: tuple[int, ...]
    constraints: Constraints
    n_refits: int
    random_state: int
    rows: Any
    distances: Matrix
    boxes: Boxes
    idle: tuple[Field, Field] | None


@dataclass(frozen=True)
class Measured:
    """A contender with what its tables are made of; `segments` numbers the segment of each customer from 1 by value."""

    contender: Contender
    segments: Labels
    silhouettes: Matrix
    jaccard: tuple[float, ...]
    tested: Labels | None
    learnt: Learnt


def prepare_setting(
    field: Field,
    tested: Field | None,
    numbers: Sequence[int],
    constraints: Constraints,
    n_refits: int,
    random_state: int,
) -> Setting:
    """Draw the samples and measure the distances that all methods share.

    Examples
    --------
    See `compare`.
    """
    rows = choose_rows(len(field.prepared), N_SILHOUETTES, random_state)
    with single_thread():
        distances = pairwise_distances(field.prepared[rows])
        np.fill_diagonal(distances, 0.0)
        boxes = make_boxes(field, random_state)
    return Setting(
        field, tested, tuple(numbers), constraints, n_refits, random_state, rows, distances, boxes, put_back(field)
    )


def measure_method(method: str, setting: Setting) -> list[Measured]:
    """Measure one method for each number of segments; one that makes its own number, once.

    Examples
    --------
    See `compare`.
    """
    field, numbers, seed = setting.field, setting.numbers, setting.random_state
    learnt = learn(method, field, numbers, seed)
    labels = learnt.place(field)
    refits = measure_refits(method, field, labels, numbers, setting.n_refits, seed)
    with single_thread():
        gaps = measure_gaps(method, setting.boxes, labels, numbers, seed)
        moves = measure_idle_moves(method, learnt, setting.idle) or {}
        tested = _place_tested(method, setting, labels)
        return [
            _measure_one(
                method,
                key,
                setting,
                labels[key],
                learnt,
                tested.get(key),
                {
                    "stability": refits[key].adjusted_rand,
                    "stability_lower": refits[key].lower,
                    "stability_upper": refits[key].upper,
                    "lowest_jaccard": min(refits[key].jaccard),
                    "n_refits": setting.n_refits,
                    "n_drawn": count_drawn(method, len(field.customers)),
                    **dict(zip(("gap", "gap_error"), gaps.get(key, ()), strict=False)),
                    "idle_moved_share": moves.get(key),
                    **_weigh(learnt, key, field),
                },
                refits[key].jaccard,
            )
            for key in labels
        ]


def _place_tested(method: str, setting: Setting, labels: Mapping[Key, Labels]) -> Mapping[Key, Labels]:
    """Segment the customers of the date whose next days are known, by what could be learnt at that date."""
    if setting.tested is None:
        return {}
    if setting.tested is setting.field:
        return labels
    return learn(method, setting.tested, setting.numbers, setting.random_state).place(setting.tested)


def _weigh(learnt: Learnt, key: Key, field: Field) -> dict[str, float]:
    """Give BIC and AIC of a mixture."""
    model: Any = learnt.models[key] if isinstance(learnt, Separate) else None
    if not isinstance(model, GaussianMixture):
        return {}
    return {"bic": float(model.bic(field.prepared)), "aic": float(model.aic(field.prepared))}


def _measure_one(
    method: str,
    key: Key,
    setting: Setting,
    labels: Labels,
    learnt: Learnt,
    tested: Labels | None,
    figures: Mapping[str, Any],
    jaccard: Sequence[float],
) -> Measured:
    X = setting.field.prepared
    found, codes = np.unique(labels, return_inverse=True)
    seen = codes[setting.rows]
    is_whole = 1 < len(np.unique(seen)) < len(seen)
    silhouettes = silhouette_samples(setting.distances, seen, metric="precomputed") if is_whole else np.empty(0)
    quality = measure_quality(X, labels, setting.random_state, N_SILHOUETTES, silhouettes if is_whole else None)
    order = _order(found, codes, setting.field.value)
    unusual = float(np.mean(labels == UNUSUAL))
    contender = Contender(
        method=method,
        n_asked=key,
        n_segments=len(found),
        smallest_share=quality.smallest_share,
        unusual_share=unusual,
        silhouette=quality.silhouette,
        davies_bouldin=quality.davies_bouldin,
        calinski_harabasz=quality.calinski_harabasz,
        inertia=quality.inertia,
        **figures,
        objections=find_objections(len(found), quality.smallest_share, figures["stability"], setting.constraints),
        reason=" ".join([*quality.reasons, *_explain_missing(method, figures, setting)]),
    )
    numbers = np.empty(len(found), dtype=np.int64)
    numbers[order] = np.arange(1, len(found) + 1)
    return Measured(contender, numbers[codes], silhouettes, tuple(jaccard[place] for place in order), tested, learnt)


def _order(found: Labels, codes: Labels, value: Matrix) -> list[int]:
    """Order segments by the mean value of their customers, the highest first, and unusual customers last."""
    means = np.bincount(codes, weights=value) / np.bincount(codes)
    return sorted(range(len(found)), key=lambda place: (found[place] == UNUSUAL, -means[place], place))


def _explain_missing(method: str, figures: Mapping[str, Any], setting: Setting) -> list[str]:
    said = []
    if "gap" not in figures:
        what = "makes its own number of segments" if method in FINDS_NUMBER else "learns no distances"
        said.append(f"gap is undefined: {method} {what}.")
    if figures["idle_moved_share"] is None:
        what = (
            "no customer is known to have been idle"
            if setting.idle is None
            else f"{method} looks at a figure of which the past is not known"
        )
        said.append(f"idle_moved_share is unknown: {what}.")
    return said
