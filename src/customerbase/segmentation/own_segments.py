"""From the user's own conditions to a segmentation like any other, and the model as two files of text."""

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
from sklearn.base import clone

from customerbase.errors import DataError
from customerbase.features.customers import is_in_base, matrix
from customerbase.segmentation.archetype_fit import measure_fit
from customerbase.segmentation.conditions.coverage import check_conditions, describe_coverage, refuse_overlap
from customerbase.segmentation.conditions.file import OwnSegment, parse_file
from customerbase.segmentation.conditions.model import Conditions
from customerbase.segmentation.contrasts import describe_contrasts, profile_everyone
from customerbase.segmentation.naming import name_from_scheme
from customerbase.segmentation.playbook import Archetype, Strategy, load_playbook
from customerbase.segmentation.profiles import (
    PROFILE_FEATURES,
    FeatureSummary,
    Profile,
    describe_traits,
    make_profiles,
)
from customerbase.segmentation.rfm import SCORE_COLUMNS
from customerbase.segmentation.segments import Segment, Segmentation

__all__ = ["conditions_card", "load_conditions", "place_by_conditions", "segment_by_conditions"]

FORMAT_VERSION = 1
REST_COLOR = "#8c8c8c"
_LABEL = "own_segment_label"
AGAIN = "Make the model again with 'customerbase segment'."


def segment_by_conditions(features: ir.Table, conditions: Conditions, as_of: date | None) -> Segmentation:
    r"""Place every customer of the base by own conditions, and describe the segments; the call behind `segment`.

    Segments have the numbers and names of the file, and the ones without a customer are left out. Without an archetype
    in the file, a segment has that of its name, else the one that its profile is nearest to.

    Raises
    ------
    UsageError
        A condition names a feature there is not, or compares one with a value of another kind, or can never hold.
    DataError
        The base is empty, or two conditions hold for one customer and the file refuses that.

    Examples
    --------
    >>> features = ibis.memtable({"customer_id": ["a", "b"], "as_of": [date(2024, 1, 1)] * 2,
    ...                           "recency_days": [5, 300], "frequency": [9, 1], "monetary": [900.0, 20.0]})
    >>> made = segment_by_conditions(features, Conditions("[segments]\nSleeping = 'recency_days > 180'"), None)
    >>> [(each.id, each.name, each.n_customers) for each in made.segments]
    [(1, 'Sleeping', 1), (2, 'Everyone else', 1)]
    """
    base = features.filter(is_in_base(features))
    model = clone(conditions).learn(base)
    coverage = check_conditions(features, model)
    if not coverage.n_customers:
        raise DataError("There is no customer to segment. Read more orders, or choose a later --as-of.")
    if model.file_.overlap == "error":
        refuse_overlap(coverage)
    profiles, everyone = _profile(base, model)
    rest = (coverage.n_unmatched, coverage.amount_unmatched)
    sizes = [*((each.n_placed, each.amount_placed) for each in coverage.segments), rest]
    total = coverage.amount
    segments = tuple(
        Segment(
            **_describe(model, label, profile),
            contrasts=describe_contrasts(profile, everyone),
            n_customers=sizes[label][0],
            share=sizes[label][0] / coverage.n_customers,
            revenue_share=None if total is None else (sizes[label][1] or 0.0) / total if total else 0.0,
        )
        for label, profile in profiles.items()
    )
    return Segmentation(
        as_of=as_of,
        assignments=place_by_conditions(model, features, as_of),
        segments=segments,
        quality=None,
        model=model,
        labels=tuple(profiles),
        notes=describe_coverage(coverage),
    )


def place_by_conditions(model: Conditions, features: ir.Table, as_of: date | None) -> ir.Table:
    r"""Place customers with fitted conditions; the call behind `assign`.

    Returns
    -------
    A table like `Segmentation.assignments`, sorted by `customer_id`, with `r_score, f_score, m_score` where a condition
    names one.

    Raises
    ------
    UsageError
        The features lack a column that a condition names.

    Examples
    --------
    >>> features = ibis.memtable({"customer_id": ["a"], "recency_days": [200]})
    >>> model = Conditions("[segments]\nSleeping = 'recency_days > 180'").learn(features)
    >>> place_by_conditions(model, features, None).select("segment_id", "segment").to_pyarrow().to_pylist()
    [{'segment_id': 1, 'segment': 'Sleeping'}]
    """
    model.check(features)
    base = features.filter(is_in_base(features))
    label: Any = model.label(base)
    names = dict(enumerate(model.segment_names_))
    placed = base.select(
        base.customer_id,
        as_of=ibis.null("date") if as_of is None else ibis.literal(as_of).cast("date"),
        segment_id=label + 1,
        segment=label.cases(*names.items(), else_=ibis.null("string")),
        **({name: model.values(base)[name] for name in SCORE_COLUMNS} if model.score_edges_ else {}),
        # A condition is met or not: nobody stands between two.
        confidence=ibis.null("float64"),
        next_segment=ibis.null("string"),
        is_borderline=ibis.null("boolean"),
    )
    return ibis.memtable(placed.order_by("customer_id").to_pyarrow())


def _profile(base: ir.Table, model: Conditions) -> tuple[dict[int, dict[str, FeatureSummary]], Profile]:
    """Profile each segment that has a customer, by label, and the whole base."""
    types = base.schema()
    further = sorted(name for name in model.columns() if name in types and types[name].is_numeric())
    described = [name for name in PROFILE_FEATURES if name in types]
    columns = list(dict.fromkeys([*described, *further]))
    X = matrix(base.mutate(**{_LABEL: model.label(base)}), [*columns, _LABEL])
    labels = X.pop(_LABEL).to_numpy().astype(np.int64)
    return make_profiles(X, labels, further), profile_everyone(X)


def _describe(model: Conditions, label: int, profile: Profile) -> dict[str, Any]:
    """Give number, name, colour, traits and strategy of one segment: what the file says goes first."""
    name = model.segment_names_[label]
    own = model.file_.segments[label] if label < len(model.file_.segments) else None
    kind = _archetype(name, own, profile)
    traits = describe_traits(profile)
    return {
        "id": label + 1,
        "name": name,
        "color": _color(name, own, kind),
        "profile": profile,
        "traits": (own.description, *traits) if own and own.description else traits,
        "archetype": kind.key,
        **vars(measure_fit(kind.key, profile)),
        "strategy": _strategy(kind.strategy, own.strategy if own else {}),
    }


def _archetype(name: str, own: OwnSegment | None, profile: Profile) -> Archetype:
    if own is not None and own.archetype is not None:
        return load_playbook()[own.archetype]
    return name_from_scheme([name], [profile])[0].archetype


def _color(name: str, own: OwnSegment | None, kind: Archetype) -> str:
    """Give the colour of the file, else of a name that the playbook knows, else one made of the name: it stays."""
    if own is None:
        return REST_COLOR
    if own.color is not None:
        return own.color
    if name in {kind.name, *kind.scheme_names}:
        return kind.color
    return f"#{zlib.crc32(name.encode()) & 0xBFBFBF:06x}"


def _strategy(strategy: Strategy, own: Mapping[str, Any]) -> Strategy:
    parts: dict[str, Any] = {part: tuple(said) if isinstance(said, list) else said for part, said in own.items()}
    return replace(strategy, **parts)


def conditions_card(model: Conditions, facts: Mapping[str, object]) -> dict[str, Any]:
    r"""Give what stands beside the text of a fitted model: its digest, what was learnt, and the caller's facts.

    Examples
    --------
    >>> model = Conditions("[segments]\nSleeping = 'recency_days > 180'")
    >>> card = conditions_card(model.learn(ibis.memtable({"recency_days": [9]})), {"as_of": "2024-01-01"})
    >>> card["type"], card["score_edges"], load_conditions(model.text.encode(), card).segment_names_
    ('Conditions', None, ('Sleeping', 'Everyone else'))
    """
    plain = json.loads(json.dumps(facts, default=str))  # dates as they are written
    return {
        **plain,
        "format_version": FORMAT_VERSION,
        "type": "Conditions",
        "sha256": hashlib.sha256(model.text.encode()).hexdigest(),
        "score_edges": model.score_edges_,
        "feature_columns": sorted(model.columns()),
        "versions": {"customerbase": version("customerbase")},
    }


def load_conditions(content: bytes, card: Mapping[str, Any]) -> Conditions:
    """Rebuild a fitted model from its text, as bytes, and its card.

    Raises
    ------
    DataError
        The text is not the one that the card is about, or the card is of a newer customerbase.

    Examples
    --------
    >>> load_conditions(b"changed", {"format_version": 1, "sha256": "0"})
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: The text of the own segments has been changed or damaged. Make the model again ...
    """
    if card["format_version"] > FORMAT_VERSION:
        raise DataError(f"The model file has format {card['format_version']}: a newer customerbase wrote it. {AGAIN}")
    if hashlib.sha256(content).hexdigest() != card["sha256"]:
        raise DataError(f"The text of the own segments has been changed or damaged. {AGAIN}")
    model = Conditions(content.decode())
    model.file_ = parse_file(model.text)
    model.score_edges_ = card["score_edges"]
    return model
