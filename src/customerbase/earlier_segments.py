"""The segments that a workspace held before, so that those of a refit keep their names."""

from datetime import date
from typing import TYPE_CHECKING, Any

from customerbase.features.customers import parse_date
from customerbase.workspace import UNDATED, Workspace

if TYPE_CHECKING:
    from customerbase.segmentation.segments import Segmentation

__all__ = ["keep_earlier_names", "load_earlier"]

NAMED_BY_THEMSELVES = ("rfm", "conditions")
"""Models whose names are those of a scheme or a file: they never change."""


def keep_earlier_names(found: "Segmentation", workspace: Workspace | None, model: str, base: str) -> "Segmentation":
    """Let segments keep the names that a workspace has for them: see `customerbase.segmentation.staying.keep_names`.

    Parameters
    ----------
    found
        Of `segment`.
    workspace
        Where the segments of before may lie; None for no such place.
    model, base
        Those of `found`: only segments of the same model and base are looked at.

    Examples
    --------
    >>> keep_earlier_names("found", Workspace("no-such-shop"), "rfm", "orders")
    'found'
    """
    if workspace is None or model in NAMED_BY_THEMSELVES or model.endswith(".toml"):
        return found
    from customerbase.segmentation.staying import keep_names

    earlier = load_earlier(workspace, found.as_of, model, base)
    return found if earlier is None else keep_names(found, earlier)


def load_earlier(workspace: Workspace, as_of: date | None, model: str, base: str) -> "Segmentation | None":
    """Load the segments of the same date from a previous run, else of the nearest date before; without their model.

    Parameters
    ----------
    workspace
        Where they may lie.
    as_of
        The date that is segmented; None for customers without one.
    model, base
        Segments of another model or base are passed over.

    Examples
    --------
    >>> load_earlier(Workspace("no-such-shop"), date(2024, 1, 1), "kmeans", "orders") is None
    True
    """
    day = as_of.isoformat() if as_of else UNDATED
    dates = [each for each in workspace.dates("segments") if (each == UNDATED) == (day == UNDATED) and each <= day]
    for each in sorted(dates, reverse=True):
        stored = workspace.json("segments", each)
        if (stored["model"], stored["base"]) == (model, base):
            return _restore(workspace, stored, each)
    return None


def _restore(workspace: Workspace, stored: dict[str, Any], day: str) -> "Segmentation":
    from customerbase.segmentation.stored_segments import restore

    no_model: Any = None
    assignments = workspace.table("assignments", day)
    return restore(
        stored["segments"], stored["labels"], no_model, assignments, None if day == UNDATED else parse_date(day)
    )
