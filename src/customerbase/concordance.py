"""Concordance in a workspace: all RFM schemes and the clustering side by side, as tables and in words."""

from collections.abc import Callable, Mapping, Sequence
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

__all__ = ["describe_concordance", "segment_by_all", "write_concordance"]

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


def describe_concordance(facts: Mapping[str, Any], agreements: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Say in sentences how far the schemes agree, whom all call champions, and which says most of what comes next.

    Parameters
    ----------
    facts
        The stored `concordance_facts`.
    agreements
        The rows of the stored table `concordance`.

    Examples
    --------
    >>> schemes = [{"segmentation": "rf-10", "n_segments": 10, "spend_eta_squared": 0.28, "buying_eta_squared": 0.2},
    ...            {"segmentation": "kmeans", "n_segments": 6, "spend_eta_squared": 0.3, "buying_eta_squared": 0.2}]
    >>> facts = {"n_customers": 900, "n_champions_of_all": 90, "champions_share": 0.1, "champions_revenue_share": 0.4,
    ...          "n_champions_of_any": 300, "n_contradicted": 2, "tested_at": "2011-09-10", "horizon_days": 90,
    ...          "schemes": schemes}
    >>> for sentence in describe_concordance(facts, [{"first": "a", "second": "b", "adjusted_rand": 0.42}])[1:]:
    ...     print(sentence)
    90 of 900 customers (10.0%) are champions under all schemes, with 40.0% of the revenue; 300 are under at least one.
    2 customers are champions under one scheme, and hibernating or lost under another.
    At 2011-09-10, kmeans (6 segments) says most of the amount bought in the next 90 days: eta squared 0.300.
    At 2011-09-10, kmeans (6 segments) says most of who bought at all in the next 90 days: eta squared 0.200.
    """
    money = facts["champions_revenue_share"]
    share = "" if money is None else f", with {money:.1%} of the revenue"
    champions = (
        f"{facts['n_champions_of_all']:,} of {facts['n_customers']:,} customers ({facts['champions_share']:.1%}) are "
        f"champions under all schemes{share}; {facts['n_champions_of_any']:,} are under at least one."
    )
    torn = (
        f"{facts['n_contradicted']:,} customers are champions under one scheme, and hibernating or lost under another."
    )
    return _describe_agreements(agreements), champions, torn, *_describe_winners(facts)


def _describe_agreements(agreements: Sequence[Mapping[str, Any]]) -> str:
    ordered = sorted(agreements, key=lambda each: each["adjusted_rand"])
    low, middle, high = (ordered[place] for place in (0, (len(ordered) - 1) // 2, -1))
    return (
        f"Of the pairs of schemes, half agree with an adjusted Rand index of at most {middle['adjusted_rand']:.2f} "
        f"(from {low['adjusted_rand']:.2f}: {low['first']} and {low['second']}, "
        f"to {high['adjusted_rand']:.2f}: {high['first']} and {high['second']}); 1 is the same segments."
    )


def _describe_winners(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which scheme wins at what; of equal ones the one with fewer segments."""
    if facts["tested_at"] is None:
        return ("The data do not reach far enough to hold the schemes against what was bought next.",)
    said = []
    for figure, what in (("spend_eta_squared", "the amount bought"), ("buying_eta_squared", "who bought at all")):
        known = [each for each in facts["schemes"] if each[figure] is not None]
        if known:
            best = max(known, key=lambda each: (each[figure], -each["n_segments"]))
            said.append(
                f"At {facts['tested_at']}, {best['segmentation']} ({best['n_segments']} segments) says most of {what} "
                f"in the next {facts['horizon_days']} days: eta squared {best[figure]:.3f}."
            )
    return tuple(said)
