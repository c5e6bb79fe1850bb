"""Segments as plain values, to be kept as JSON, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import ibis.expr.types as ir

from customerbase.segmentation.fidelity import Fidelity
from customerbase.segmentation.fitting import Clusterer
from customerbase.segmentation.playbook import Strategy
from customerbase.segmentation.profiles import FeatureSummary
from customerbase.segmentation.quality import Quality
from customerbase.segmentation.segments import Segment, Segmentation

__all__ = ["restore", "segments_to_json"]


def segments_to_json(segmentation: Segmentation) -> list[dict[str, Any]]:
    """Return the segments as plain values, one dict for each, in the order of their numbers.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.segmentation.rfm import RFM
    >>> from customerbase.segmentation.segments import segment
    >>> features = ibis.memtable({"customer_id": ["a"], "as_of": [date(2024, 1, 1)], "recency_days": [5],
    ...                           "frequency": [9], "monetary": [900], "gross_revenue": [900]})
    >>> list(segments_to_json(segment(features, RFM()))[0])
    ['id', 'name', 'color', 'n_customers', 'share', 'revenue_share', 'profile', 'traits', 'archetype', 'strategy',
     'fit', 'runner_up', 'runner_up_fit', 'contrasts', 'journey']
    """
    return [
        {
            **{name: value for name, value in vars(one).items() if name != "rule" or value},
            "profile": {name: asdict(summary) for name, summary in one.profile.items()},
            "traits": list(one.traits),
            "contrasts": list(one.contrasts),
            "strategy": {**asdict(one.strategy), "actions": list(one.strategy.actions)},
        }
        for one in segmentation.segments
    ]


def restore(
    segments: Sequence[Mapping[str, Any]],
    labels: Sequence[int],
    model: Clusterer,
    assignments: ir.Table,
    as_of: date | None,
    quality: Quality | None = None,
    fidelity: Fidelity | None = None,
    notes: Sequence[str] = (),
    across: Sequence[str] = (),
) -> Segmentation:
    """Rebuild a segmentation from what was saved of it.

    Parameters
    ----------
    segments
        Of `segments_to_json`; of earlier versions, which did not tell of fit, contrasts and journeys, too.
    labels, model, assignments, as_of, quality, fidelity, notes, across
        The fields of the saved `Segmentation`.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.segmentation.rfm import RFM
    >>> from customerbase.segmentation.segments import segment
    >>> features = ibis.memtable({"customer_id": ["a"], "as_of": [date(2024, 1, 1)], "recency_days": [5],
    ...                           "frequency": [9], "monetary": [900], "gross_revenue": [900]})
    >>> saved = segment(features, RFM())
    >>> again = restore(segments_to_json(saved), saved.labels, saved.model, saved.assignments, saved.as_of)
    >>> again.segments == saved.segments
    True
    """
    return Segmentation(
        as_of=as_of,
        assignments=assignments,
        segments=tuple(_segment_from_json(one) for one in segments),
        quality=quality,
        model=model,
        labels=tuple(labels),
        fidelity=fidelity,
        notes=tuple(notes),
        across=tuple(across),
    )


def _segment_from_json(one: Mapping[str, Any]) -> Segment:
    strategy = Strategy(**{**one["strategy"], "actions": tuple(one["strategy"]["actions"])})
    profile = {name: FeatureSummary(**summary) for name, summary in one["profile"].items()}
    told = {name: tuple(one.get(name, ())) for name in ("traits", "contrasts")}
    return Segment(**{**one, **told, "profile": profile, "strategy": strategy})
