"""Evaluation: every segmentation of an earlier date held against what its customers bought next, as a table."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from customerbase.config import Config
from customerbase.datasets import load_clean
from customerbase.describing import describe_customers, describe_past
from customerbase.features.customers import parse_date
from customerbase.features.targets import last_date_with_target, value_target
from customerbase.workspace import Run, Workspace

if TYPE_CHECKING:
    from customerbase.segmentation.fitting import Clusterer

__all__ = ["all_models", "write_evaluation"]

# The models are imported within the functions, as in `results`.


def all_models(n_segments: int, random_state: int) -> Mapping[str, "Clusterer"]:
    """Make every model that there is, unfitted, by the name to show: clusterers, RFM and its cells, and the value tree.

    Examples
    --------
    >>> list(all_models(6, 0))[-3:]
    ['rfm', 'rfm cells', 'value_tree']
    """
    from customerbase.segmentation.clustering import CLUSTERERS, FINDS_NUMBER, make_clusterer
    from customerbase.segmentation.rfm import RFM
    from customerbase.segmentation.value_tree import ValueTree

    clusterers = {
        name: make_clusterer(name, None if name in FINDS_NUMBER else n_segments, random_state=random_state)
        for name in CLUSTERERS
    }
    return {**clusterers, "rfm": RFM(), "rfm cells": RFM(scheme=None), "value_tree": ValueTree(n_segments)}


def write_evaluation(begun: Run, workspace: Workspace, config: Config, progress: Callable[[str], None]) -> date:
    """Segment the customers of an earlier date in every way, measure it, and write the table `out_of_time`.

    Returns
    -------
    The date: that of the options, else the last whose next days the data still cover.

    Raises
    ------
    DataError
        The orders do not reach far enough before or after the date.
    """
    from customerbase.segmentation.clustering import DEFAULT_N_SEGMENTS
    from customerbase.segmentation.out_of_time import evaluate_segmentations

    data, n_rows = load_clean(workspace), int(workspace.json("audit")["rows_kept"])
    days = config.horizon_days
    as_of = parse_date(config.as_of) if config.as_of else last_date_with_target(data, days)
    progress("Describing the customers")
    target = value_target(data, as_of, days).cache()
    past = describe_past(data, as_of, days, workspace.connection, n_rows)
    described = describe_customers(data, as_of, workspace.connection, n_rows).cache()
    progress("Measuring segmentations")
    models = all_models(config.n_segments or DEFAULT_N_SEGMENTS, config.seed)
    found = evaluate_segmentations(models, described, target, past.features, past.target, config.seed)
    rows = [
        {"place": place, **asdict(each), "as_of": as_of, "horizon_days": days}
        for place, each in enumerate(found, start=1)
    ]
    table = ibis.memtable(pa.Table.from_pylist(rows))
    begun.write_table("out_of_time", table, as_of=as_of, order_by="place")
    return as_of
