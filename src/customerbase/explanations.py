"""Explanations of segments as tables of a workspace: what makes them, and how well they can be foreseen."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import ibis.expr.types as ir

from customerbase.config import Config
from customerbase.datasets import load_clean
from customerbase.errors import DataError
from customerbase.results import load_segmentation
from customerbase.stages import Progress, publish, quiet
from customerbase.workspace import UNDATED, Workspace

__all__ = ["EXPLAINED", "explain", "explain_among", "explain_one", "foresee", "is_explained"]

# The models are imported within the functions, as everywhere above segmentation.

_KEYS = {
    "fidelity": ("method",),
    "confusion": ("segment", "repeated_as"),
    "importances": ("feature",),
    "surrogate_rules": ("rule_id",),
}

EXPLAINED = (*_KEYS, "foresight")
"""Names of the tables that `explain` and `foresee` write; they are no longer true of other segments."""


def explain(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> None:
    """Learn the segments of a date again by simple models, and write what comes of it; parameters as in `run`.

    The tables are `fidelity`, `confusion`, `importances` and `surrogate_rules`: see `explain_segments`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from customerbase.workflow import demo, open_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = open_workspace(pathlib.Path(folder, "shop"))
    ...     demo(shop, n_lines=1_000)
    ...     explain(shop)
    ...     shop.table("fidelity").columns
    ('method', 'fidelity', 'balanced_fidelity', 'lowest', 'highest', 'n_customers')
    """
    from customerbase.segmentation.explaining import explain_segments

    config = config or Config()
    with workspace.begin() as begun:
        segmentation = load_segmentation(workspace, config.as_of)
        as_of = segmentation.as_of or UNDATED
        progress("Learning the segments again")
        found = explain_segments(segmentation, workspace.table("features", as_of), random_state=config.seed)
        for name, key in _KEYS.items():
            begun.write_table(name, getattr(found, name), as_of=as_of, order_by=key)
        publish(workspace, begun, None, config, "explain", now)


def foresee(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> None:
    """Test how well the segment after a year can be told from a customer's first weeks; parameters as in `run`.

    The table is `foresight`: see `foresee_segments`.

    Raises
    ------
    DataError
        There are no orders, or they span too short a time.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from customerbase.workflow import demo, open_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = open_workspace(pathlib.Path(folder, "shop"))
    ...     demo(shop, n_lines=20_000)
    ...     foresee(shop)
    ...     shop.table("foresight").first_days.nunique().to_pyarrow().as_py()
    2
    """
    from customerbase.segmentation.foreseeing import foresee_segments

    config = config or Config()
    with workspace.begin() as begun:
        segmentation = load_segmentation(workspace, config.as_of)
        data = load_clean(workspace)
        if not data.has_orders:
            raise DataError("There are no orders to foresee anything from. Read an export of orders.")
        progress("Following customers for a year")
        found = foresee_segments(data.order_lines, segmentation.model, random_state=config.seed)
        begun.write_table("foresight", found.table, order_by=("first_days", "method"))
        publish(workspace, begun, None, config, "foresee", now)


def is_explained(workspace: Workspace, as_of: str | None = None) -> bool:
    """Tell whether a workspace holds an explanation of the segments of a date, else of the latest."""
    dates = workspace.dates("segments")
    return bool(dates) and (as_of or dates[-1]) in workspace.dates("fidelity")


def explain_one(workspace: Workspace, customer_id: str, config: Config | None = None) -> dict[str, Any]:
    """Say why one customer is in a segment, as plain values: see `explain_customer`.

    Raises
    ------
    WorkspaceError
        There are no segments, or not for this date.
    DataError
        There is no such customer, or the customer has no segment.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from customerbase.workflow import demo, open_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = open_workspace(pathlib.Path(folder, "shop"))
    ...     demo(shop, n_lines=1_000)
    ...     customer = shop.table("assignments").customer_id.min().execute()
    ...     sorted(reason["feature"] for reason in explain_one(shop, customer)["reasons"])
    ['frequency', 'monetary', 'recency_days']
    """
    from customerbase.segmentation.reasons import explain_customer

    config = config or Config()
    segmentation = load_segmentation(workspace, config.as_of)
    features = workspace.table("features", segmentation.as_of or UNDATED)
    return asdict(explain_customer(segmentation, features, customer_id, random_state=config.seed))


def explain_among(
    workspace: Workspace, features: ir.Table, customer_id: str, as_of: str | None = None, random_state: int = 0
) -> dict[str, Any]:
    """Say why one customer is in a segment, among customers of whom the features are given; else as `explain_one`.

    Examples
    --------
    >>> import ibis
    >>> explain_among(Workspace("no-such-shop"), ibis.memtable({"customer_id": ["ann"]}), "ann")
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: There are no segments in ./no-such-shop. Run 'customerbase segment' first.
    """
    from customerbase.segmentation.reasons import explain_customer

    segmentation = load_segmentation(workspace, as_of)
    return asdict(explain_customer(segmentation, features, customer_id, random_state=random_state))
