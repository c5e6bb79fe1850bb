"""Evaluation: every segmentation of an earlier date held against what its customers bought next, as a table."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from customerbase.config import Config, is_condition_file
from customerbase.datasets import load_clean
from customerbase.describing import describe_customers, describe_past
from customerbase.features.customers import parse_date
from customerbase.features.targets import last_date_with_target, value_target
from customerbase.model_choice import make_model
from customerbase.workspace import Run, Workspace

if TYPE_CHECKING:
    from customerbase.segmentation.fitting import Clusterer

__all__ = ["all_models", "own_models", "write_evaluation"]

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


def own_models(config: Config, files: Sequence[str | Path] = ()) -> Mapping[str, "Clusterer"]:
    """Make the shop's own models, unfitted, by the name to show: its segments, its scores and its preparation.

    Parameters
    ----------
    config
        Options of the shop: a file of own segments, parameters of RFM, a preparation; those that are there.
    files
        Further files of own segments.

    Raises
    ------
    UsageError
        A file is not there, is none of own segments, or a condition in it cannot be read.

    Examples
    --------
    >>> list(own_models(Config(rfm={"scheme": "klaviyo-6"}, prepare={"scale": "robust"})))
    ['rfm, klaviyo-6', 'kmeans, own preparation']
    """
    from customerbase.segmentation.clustering import CLUSTERERS
    from customerbase.segmentation.conditions.model import read_conditions
    from customerbase.segmentation.rfm import make_rfm

    named = [config.model] if is_condition_file(config.model) else []
    paths = list(dict.fromkeys(Path(file) for file in (*named, *files)))
    alike = Counter(path.name for path in paths)
    models: dict[str, Clusterer] = {
        path.name if alike[path.name] == 1 else str(path): read_conditions(path) for path in paths
    }
    if config.rfm:
        scheme = config.rfm.get("scheme")
        label = Path(scheme).name if isinstance(scheme, str) and len(config.rfm) == 1 else "own options"
        models[f"rfm, {label}"] = make_rfm(config.rfm)
    if config.prepare and config.model in CLUSTERERS:
        models[f"{config.model}, own preparation"] = make_model(config)
    return models


def write_evaluation(
    begun: Run,
    workspace: Workspace,
    config: Config,
    progress: Callable[[str], None],
    own: Sequence[str | Path] = (),
) -> date:
    """Segment the customers of an earlier date in every way, measure it, and write the table `out_of_time`.

    Among the ways are those of the shop itself: see `own_models`.

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

    ours = own_models(config, own)
    data, n_rows = load_clean(workspace), int(workspace.json("audit")["rows_kept"])
    days = config.horizon_days
    as_of = parse_date(config.as_of) if config.as_of else last_date_with_target(data, days)
    progress("Describing the customers")
    target = value_target(data, as_of, days).cache()
    past = describe_past(data, as_of, days, workspace.connection, n_rows)
    described = describe_customers(data, as_of, workspace.connection, n_rows).cache()
    progress("Measuring segmentations")
    models = {**ours, **all_models(config.n_segments or DEFAULT_N_SEGMENTS, config.seed)}
    found = evaluate_segmentations(models, described, target, past.features, past.target, config.seed)
    rows = [
        {"place": place, **asdict(each), "as_of": as_of, "horizon_days": days}
        for place, each in enumerate(found, start=1)
    ]
    table = ibis.memtable(pa.Table.from_pylist(rows))
    begun.write_table("out_of_time", table, as_of=as_of, order_by="place")
    return as_of
