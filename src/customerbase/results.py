"""Results: a check-up and a segmentation as files of a workspace, and back, and into a file for another tool."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from customerbase.checkup import check_up
from customerbase.cleaning.currencies import find_currency
from customerbase.config import Config, is_condition_file
from customerbase.describing import Past
from customerbase.earlier_segments import keep_earlier_names
from customerbase.features.customers import base_of, is_in_base, parse_date
from customerbase.model_choice import choose_number, make_model
from customerbase.schema import MONEY, Dataset
from customerbase.workspace import Run, Workspace
from customerbase.workspace.manifest import UNDATED

if TYPE_CHECKING:
    from customerbase.segmentation.choice import Choice
    from customerbase.segmentation.segments import Segmentation

__all__ = [
    "PROJECTED",
    "list_borderline",
    "load_segmentation",
    "write_checkup",
    "write_projection",
    "write_segmentation",
]

PROJECTED = {"pca": ("projection", "projection_facts"), "tsne": ("tsne", "tsne_facts")}
"""Method of `project` → the tables of its points and of what they show; every segmentation writes the components."""

# The models are imported within the functions: the workflow loads them in a thread while it reads.


def write_checkup(begun: Run, data: Dataset, held_in: Run | Workspace, *, with_returns: bool = True) -> None:
    """Check clean data up, and the lines set aside that lie beside them; write what was found, and each return.

    Addresses of customers may be among the examples: where there are some, the file is for the owner alone.
    """
    result = check_up(data, held_in.table("set_aside") if data.has_orders else None)
    is_private = data.customers is not None and "email" in data.customers.columns
    begun.write_json("checkup", [finding.to_dict() for finding in result.findings], private=is_private)
    if data.has_orders and with_returns:
        begun.write_table("returns", result.returns, order_by=("source", "source_row"))


def _quiet(message: str) -> None:
    """Say nothing."""


def write_segmentation(
    begun: Run,
    described: ir.Table,
    config: Config,
    progress: Callable[[str], None] = _quiet,
    past: Past | None = None,
    workspace: Workspace | None = None,
    data: Dataset | None = None,
) -> None:
    """Find the segments of the customers of a date, and write them, who is in which, and the model.

    `past` is for a model that learns from what customers bought next; where `workspace` has segments of before, of the
    same model, those that are still the same keep their names. `data` are the clean tables, for the names of products.
    """
    from customerbase.segmentation.segments import segment as find_segments
    from customerbase.segmentation.tailoring import tailor_strategies

    tables = past.tables() if past else {}
    model = make_model(config)
    choice = choose_number(described, model, config, progress)
    result = find_segments(described, model, random_state=config.seed, progress=progress, **tables)
    result = keep_earlier_names(result, workspace, config.model, base_of(described))
    if choice and result.quality:
        result = replace(result, quality=replace(result.quality, stability=choice.stability))
    lines = data.order_lines if data and data.has_orders else None
    # On a server nothing may be written, so who is in which segment cannot be laid beside what they bought.
    named = None if data is None or data.is_in_place else lines
    events = None if data is None or data.is_in_place else data.coupon_events
    currency = None if lines is None else find_currency(lines)
    result = tailor_strategies(result, described, named, currency, events)
    as_of = result.as_of or UNDATED
    begun.write_table("assignments", result.assignments, as_of=as_of, order_by="customer_id")
    begun.write_table("borderline", list_borderline(result.assignments, described), as_of=as_of, order_by="rank")
    begun.write_json("segments", _plain_segmentation(result, described, config, choice), as_of=as_of)
    _write_model(begun, result, described, config)
    write_projection(begun, described, result)


def list_borderline(assignments: ir.Table, described: ir.Table) -> ir.Table:
    """List the customers who stand on the border of two segments, those of the greatest value first.

    Parameters
    ----------
    assignments
        Of a `Segmentation`.
    described
        The features of the same customers.

    Returns
    -------
    `rank, customer_id, segment, next_segment, confidence`, and what is known of recency, frequency and spend, or of
    coupons. Value is the first of monetary, coupons claimed and visits that the features have.

    Examples
    --------
    >>> import ibis
    >>> placed = ibis.memtable({"customer_id": ["a", "b", "c"], "segment": ["Loyal", "Lost", "Lost"],
    ...     "next_segment": ["Lost", "Loyal", "Loyal"], "confidence": [0.04, 0.02, 0.7],
    ...     "is_borderline": [True, True, False]})
    >>> features = ibis.memtable({"customer_id": ["a", "b", "c"], "monetary": [50, 70, 90]})
    >>> list_borderline(placed, features).to_pyarrow().to_pylist()
    [{'rank': 1, 'customer_id': 'b', 'segment': 'Lost', 'next_segment': 'Loyal', 'confidence': 0.02, 'monetary': 70},
     {'rank': 2, 'customer_id': 'a', 'segment': 'Loyal', 'next_segment': 'Lost', 'confidence': 0.04, 'monetary': 50}]
    """
    shown = [name for name in _BORDERLINE_FEATURES if name in described.columns]
    table = assignments.filter(assignments.is_borderline).join(described.select("customer_id", *shown), "customer_id")
    values = [table[name].desc() for name in _BORDERLINE_VALUES if name in shown][:1]
    rank = ibis.row_number().over(order_by=[*values, table.customer_id]) + 1
    columns = ("customer_id", "segment", "next_segment", "confidence", *shown)
    return table.select(rank=rank, **{name: table[name] for name in columns}).order_by("rank")


_BORDERLINE_FEATURES = (
    "recency_days",
    "frequency",
    "monetary",
    "coupon_recency_days",
    "n_claimed",
    "burn_rate",
    "n_sessions",
)
_BORDERLINE_VALUES = ("monetary", "n_claimed", "n_sessions")


def _plain_segmentation(
    result: "Segmentation", described: ir.Table, config: Config, choice: "Choice | None"
) -> dict[str, Any]:
    from customerbase.segmentation.stored_segments import segments_to_json

    n_customers = sum(one.n_customers for one in result.segments)
    return {
        "as_of": result.as_of.isoformat() if result.as_of else UNDATED,
        "model": "conditions" if is_condition_file(config.model) else config.model,
        "base": base_of(described),
        "n_customers": n_customers,
        **_totals(described, n_customers),
        "labels": list(result.labels),
        "quality": asdict(result.quality) if result.quality else None,
        "fidelity": asdict(result.fidelity) if result.fidelity else None,
        "choice": asdict(choice) if choice else None,
        "notes": list(result.notes),
        "across": list(result.across),
        **_cover(result, described),
        "segments": segments_to_json(result),
    }


def _cover(result: "Segmentation", described: ir.Table) -> dict[str, Any]:
    """Say of own segments how they cover the customers."""
    from customerbase.segmentation.conditions.coverage import check_conditions
    from customerbase.segmentation.conditions.model import Conditions

    if not isinstance(result.model, Conditions):
        return {}
    return {"coverage": check_conditions(described, result.model).to_dict()}


def _totals(described: ir.Table, n_customers: int) -> dict[str, Any]:
    """Count who got no segment, and add up what the table knows of money; None of what it does not know."""
    money = [name for name in ("gross_revenue", "monetary") if name in described.columns]
    recency = "coupon_recency_days" if base_of(described) == "coupons" else "recency_days"
    totals: dict[str, Any] = {
        "n_in_base": described.count(where=is_in_base(described)),
        "n_all": described.count(),
        # Decimals, so that the order of rows has no say.
        **{name: described[name].cast(MONEY).sum() for name in money},
    }
    if recency in described.columns:
        totals["days"] = described[recency].min()
    found = described.agg(**totals).to_pyarrow().to_pylist()[0]
    return {
        "n_without_purchase": found["n_all"] - found["n_in_base"],
        "n_incomplete": found["n_in_base"] - n_customers,
        "gross_revenue": _float(found.get("gross_revenue")),
        "monetary": _float(found.get("monetary")),
        "days_since_last_order": found.get("days"),
    }


def _float(amount: object) -> float | None:
    return None if amount is None else float(str(amount))


def _write_model(begun: Run, result: "Segmentation", described: ir.Table, config: Config) -> None:
    from customerbase.segmentation.conditions.model import Conditions
    from customerbase.segmentation.model_file import dump_model, make_probe, read_card
    from customerbase.segmentation.own_segments import conditions_card

    facts = {
        "as_of": result.as_of,
        "model": "conditions" if is_condition_file(config.model) else config.model,
        "seed": config.seed,
        "labels": list(result.labels),
        "segments": [{"id": one.id, "name": one.name, "color": one.color} for one in result.segments],
        "quality": asdict(result.quality) if result.quality else None,
        "fidelity": asdict(result.fidelity) if result.fidelity else None,
        "training_window": _training_window(described, result.as_of),
    }
    model: Any = result.model
    as_of = result.as_of or UNDATED
    if isinstance(model, Conditions):
        content, card = model.text.encode(), conditions_card(model, facts)
    else:
        content = dump_model(model, make_probe(model), facts)
        card = read_card(content)
    begun.write_bytes("models", content, as_of=as_of, suffix=".model")
    begun.write_json("models", card, as_of=as_of)


def _training_window(described: ir.Table, as_of: date | None) -> dict[str, date | None]:
    """Give the first and the last day of what the model has learnt from, where they are known."""
    learnt = described.filter(is_in_base(described))
    days = {"first": ("age_days", "max"), "last": ("recency_days", "min")}
    if as_of is None or not {column for column, _ in days.values()} <= set(described.columns):
        return dict.fromkeys(days)
    ages = learnt.agg(**{name: getattr(learnt[column], how)() for name, (column, how) in days.items()})
    found = ages.to_pyarrow().to_pylist()[0]
    return {name: None if age is None else as_of - timedelta(days=int(age)) for name, age in found.items()}


def write_projection(
    begun: Run,
    described: ir.Table,
    learnt: "Segmentation",
    method: str = "pca",
    max_customers: int | None = None,
    seed: int = 0,
) -> None:
    """Lay the customers of a date out in a plane, and write their places and what the plane shows: see `project`."""
    from customerbase.segmentation.projection import project, projection_to_json

    found = project(described, learnt, method, max_customers, seed)
    as_of = found.as_of or UNDATED
    points, facts = PROJECTED[found.method]
    begun.write_table(points, found.points, as_of=as_of, order_by="customer_id")
    begun.write_json(facts, projection_to_json(found), as_of=as_of)


def load_segmentation(workspace: Workspace, as_of: str | None = None) -> "Segmentation":
    """Load what was learnt at a date, to place other customers with `assign`.

    Parameters
    ----------
    workspace
        Where the tables lie.
    as_of
        Date of the segments, YYYY-MM-DD; by default the latest.

    Raises
    ------
    WorkspaceError
        There are no segments, or not for this date.
    DataError
        The model file is damaged.
    """
    from customerbase.segmentation.fidelity import Fidelity
    from customerbase.segmentation.model_file import load_model
    from customerbase.segmentation.own_segments import load_conditions
    from customerbase.segmentation.quality import Quality
    from customerbase.segmentation.stored_segments import restore

    stored = workspace.json("segments", as_of)
    day = stored["as_of"]
    content = workspace.bytes("models", day, ".model")
    is_own = stored["model"] == "conditions"
    model: Any = load_conditions(content, workspace.json("models", day)) if is_own else load_model(content)
    quality = (
        Quality(**{**stored["quality"], "reasons": tuple(stored["quality"]["reasons"])}) if stored["quality"] else None
    )
    fidelity = Fidelity(**stored["fidelity"]) if stored.get("fidelity") else None
    return restore(
        stored["segments"],
        stored["labels"],
        model,
        workspace.table("assignments", day),
        None if day == UNDATED else parse_date(day),
        quality,
        fidelity,
        stored.get("notes", ()),
        stored.get("across", ()),
    )
