"""Concordance in a workspace: all RFM schemes and the clustering side by side, as tables."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from customerbase.config import Config
from customerbase.datasets import load_clean
from customerbase.describing import describe_customers
from customerbase.errors import DataError
from customerbase.features.customers import parse_date
from customerbase.features.targets import last_date_with_target, value_target
from customerbase.workspace import UNDATED, Run, Workspace

if TYPE_CHECKING:
    from customerbase.segmentation.segments import Segmentation

__all__ = ["segment_by_all", "write_concordance"]

# The models are imported within the functions, as in `results`.


def segment_by_all(features: ir.Table, n_segments: int | None = None, seed: int = 0) -> "Mapping[str, Segmentation]":
    """Segment the customers of a date by every published RFM scheme, and by k-means.

    Parameters
    ----------
    features
        Of `customer_features`, of one date.
    n_segments
        Segments of k-means; by default six.
    seed
        Of k-means.

    Examples
    --------
    See `customerbase.workflow.concordance`.
    """
    from customerbase.segmentation.clustering import DEFAULT_N_SEGMENTS, make_clusterer
    from customerbase.segmentation.rfm import RFM
    from customerbase.segmentation.schemes import SCHEMES
    from customerbase.segmentation.segments import segment

    clusterer = make_clusterer("kmeans", n_segments or DEFAULT_N_SEGMENTS, random_state=seed)
    models: dict[str, Any] = {**{name: RFM(scheme=name) for name in SCHEMES}, "kmeans": clusterer}
    return {name: segment(features, model, seed) for name, model in models.items()}


def write_concordance(begun: Run, workspace: Workspace, config: Config, progress: Callable[[str], None]) -> None:
    """Hold all schemes against each other at a date, and against what was bought next at one whose next days are known.

    Raises
    ------
    WorkspaceError
        There are no features, or not for this date.
    UsageError
        The features lack a column that the schemes score.
    """
    from customerbase.segmentation.concordance import measure_concordance

    features = workspace.table("features", config.as_of).cache()
    as_of = features.as_of.max().to_pyarrow().as_py()
    progress("Segmenting by every scheme")
    segmentations = segment_by_all(features, config.n_segments, config.seed)
    found = measure_concordance(features, segmentations)
    progress("Holding the schemes against what was bought next")
    tested_at, measured = _measure_next(workspace, config, segmentations, str(as_of))
    schemes = [
        {"place": place, **asdict(each), **measured.get(each.segmentation, {})}
        for place, each in enumerate(found.contributions, start=1)
    ]
    facts = {
        "as_of": str(as_of or UNDATED),
        **{name: value for name, value in vars(found).items() if isinstance(value, int | float)},
        "champions_revenue_share": found.champions_revenue_share,
        "tested_at": tested_at,
        "horizon_days": config.horizon_days,
        "schemes": schemes,
    }
    day = as_of or UNDATED
    pairs = [{"place": place, **asdict(each)} for place, each in enumerate(found.agreements, start=1)]
    begun.write_table("concordance", ibis.memtable(pa.Table.from_pylist(pairs)), as_of=day, order_by="place")
    order = ("first", "second", "first_segment", "second_segment")
    begun.write_table("concordance_crosstab", found.crosstab, as_of=day, order_by=order)
    begun.write_table("champions", found.champions, as_of=day, order_by="customer_id")
    begun.write_json("concordance_facts", facts, as_of=day)


def _measure_next(
    workspace: Workspace, config: Config, segmentations: "Mapping[str, Segmentation]", as_of: str
) -> tuple[str | None, dict[str, dict[str, float | None]]]:
    """Measure all schemes at this date if its next days are known, else at the last date of which they are."""
    from customerbase.segmentation.out_of_time import measure_out_of_time

    if all(each.name != "audit" for each in workspace.tables()):
        return None, {}
    data, n_rows, days = load_clean(workspace), int(workspace.json("audit")["rows_kept"]), config.horizon_days
    try:
        day = last_date_with_target(data, days)
        if as_of == UNDATED or parse_date(as_of) > day:
            earlier = describe_customers(data, day, workspace.connection, n_rows).cache()
            segmentations = segment_by_all(earlier, config.n_segments, config.seed)
        else:
            day = parse_date(as_of)
        target = value_target(data, day, days).cache()
    except DataError:  # too few days: there is no next quarter to speak of
        return None, {}
    found = {name: measure_out_of_time(one.assignments, target, name) for name, one in segmentations.items()}
    return day.isoformat(), {
        name: {
            "spend_eta_squared": each.spend_eta_squared,
            "buying_eta_squared": each.buying_eta_squared,
            "tested_smallest_share": each.smallest_share,
        }
        for name, each in found.items()
    }
