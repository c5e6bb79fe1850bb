"""Scoring: the customers of another export placed into stored segments, without learning anything anew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from customerbase.cleaning import clean as clean_tables
from customerbase.config import Config
from customerbase.datasets import load_clean, refuse_nothing_kept
from customerbase.engine import bring, store
from customerbase.errors import DataError, UsageError
from customerbase.features.customers import base_of, customer_features, default_as_of, is_in_base, parse_date
from customerbase.ingest.frames import Frame
from customerbase.provenance import describe_inputs
from customerbase.results import load_segmentation
from customerbase.schema import Dataset, complete_order_id
from customerbase.stages import Progress, publish, quiet, read_files
from customerbase.workspace import UNDATED, Workspace

if TYPE_CHECKING:
    from customerbase.segmentation.segments import Segmentation

__all__ = ["MOST_OUTSIDE", "Scored", "score"]

MOST_OUTSIDE = 0.05
"""Share of the customers that may lie outside of what the model has seen before a note says so."""


@dataclass(frozen=True)
class Scored:
    """Customers of an export, placed into segments that were learnt before.

    `table` has the columns of `Segmentation.assignments`, and `learnt_as_of` (the date of the segments), `is_known`
    (the customer was described when they were learnt) and `known_segment` (the one they had then). `n_borderline` is
    None for a model that cannot say; `n_incomplete` lack a figure that the model needs, and got no segment; `notes` say
    in sentences what a reader should not overlook.
    """

    as_of: str
    learnt_as_of: str
    table: ir.Table
    segments: tuple[tuple[str, int], ...]
    n_customers: int
    n_known: int
    n_borderline: int | None
    n_incomplete: int
    notes: tuple[str, ...]


def score(
    workspace: Workspace,
    files: Sequence[str | Path | Frame],
    config: Config | None = None,
    *,
    learnt: str | None = None,
    append: bool = False,
    output: str | Path | None = None,
    overwrite: bool = False,
    now: datetime | None = None,
    progress: Progress = quiet,
) -> Scored:
    """Place the customers of an export with the stored model; nothing is learnt anew.

    Parameters
    ----------
    workspace
        Where the model lies. The result becomes its table `scored`, unless it goes to a file.
    files
        Exports, patterns or tables: see `read`.
    config
        Options of reading and cleaning, and `as_of`, by default the day after the last order that is counted.
    learnt
        Date of the segments, YYYY-MM-DD; by default the latest.
    append
        Whether the stored orders, coupons and customers count too, as the same customers' history. An order of the
        file that is stored already is counted once.
    output
        A CSV, Parquet or XLSX file for the customers with their features; the workspace then stays as it is.
    overwrite
        Whether a file that stands there may go.
    now
        For the run log, and for rows dated in the future.
    progress
        Told what is being done.

    Raises
    ------
    WorkspaceError
        There are no segments, or not for this date, or their files are damaged.
    DataError
        The model file is damaged, the export is of another kind than what the segments were learnt from, or lacks what
        they compare.
    UsageError
        An option or the output is not allowed.

    Examples
    --------
    >>> import tempfile
    >>> from customerbase.workflow import demo, open_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = open_workspace(Path(folder, "shop"))
    ...     demo(shop, n_lines=1_000)
    ...     scored = score(shop, [Path(folder, "shop", "demo", "order_lines.csv")])
    ...     placed = shop.table("scored").count().execute()
    >>> scored.n_customers == scored.n_known == placed
    True
    """
    config = config or Config()
    segmentation = load_segmentation(workspace, learnt)
    base: str = workspace.json("segments", learnt)["base"]
    day = segmentation.as_of.isoformat() if segmentation.as_of else UNDATED
    with describe_inputs(files) as inputs:
        progress("Reading the export")
        data = read_files(workspace, inputs.items, config)
        progress("Cleaning")
        cleaned = clean_tables(data, rules=config.rules, today=now.date() if now else None, products=config.products)
        refuse_nothing_kept(cleaned.audit, data)
        newcomers = replace(cleaned.data, formats=data.formats)
        described_inputs = inputs.describe()
    sources = _name_sources(data)
    notes = []
    if append and newcomers.is_in_place:
        raise UsageError(f"{sources} stays on a server and cannot be appended to the orders here. Leave --append out.")
    if append:
        newcomers, said = _append(load_clean(workspace), newcomers)
        notes += said
    progress("Describing the customers")
    described = _describe(workspace, newcomers, config)
    _refuse_other_kind(described, base, sources)
    _refuse_missing_columns(segmentation, described, sources)
    progress("Placing the customers")
    scored = _place(workspace, segmentation, described, day)
    notes += _note_window(workspace, newcomers, described, base, day, is_appended=append)
    notes += _note_range(workspace, segmentation, described, day)
    notes += _note_known(scored, can_append=base != "customers" and not append)
    scored = replace(scored, notes=tuple(notes))
    if output is not None:
        _write_file(scored, described, output, overwrite=overwrite)
    else:
        with workspace.begin() as begun:
            begun.write_table("scored", scored.table, as_of=scored.as_of, order_by="customer_id")
            publish(workspace, begun, None, config, "score", now, inputs=described_inputs)
    return scored


def _append(stored: Dataset, new: Dataset) -> tuple[Dataset, list[str]]:
    """Put what is stored of the customers of an export before it; what stands in both is counted once."""
    who = _customers(new)
    notes, parts = [], {}
    if stored.has_orders and new.has_orders:
        fresh = _without_stored(new.order_lines, stored.order_lines, "order")
        n_left_out = int(new.order_lines.count().execute()) - int(fresh.count().execute())
        if n_left_out:
            notes.append(f"{n_left_out:,} lines are of orders that are stored already, and are counted once.")
        parts["order_lines"] = _stack(stored.order_lines.semi_join(who, "customer_id"), fresh)
    elif stored.has_orders:
        parts["order_lines"] = stored.order_lines.semi_join(who, "customer_id")
    if stored.coupon_events is not None:
        held = stored.coupon_events.semi_join(who, "customer_id")
        fresh_events = new.coupon_events
        if fresh_events is not None:
            fresh_events = fresh_events.anti_join(held, ["customer_id", "coupon_id", "event"])
        parts["coupon_events"] = held if fresh_events is None else _stack(held, fresh_events)
    if stored.customers is not None:
        held = stored.customers.semi_join(who, "customer_id")
        if new.customers is not None:
            held = _stack(new.customers, held.anti_join(new.customers, "customer_id"))
        parts["customers"] = held
    return replace(new, **{"has_orders": stored.has_orders or new.has_orders, **parts}), notes


def _customers(data: Dataset) -> ir.Table:
    tables = [data.order_lines] if data.has_orders else []
    tables += [table for table in (data.customers, data.coupon_events) if table is not None]
    found = ibis.union(*(table.select("customer_id") for table in tables), distinct=True) if tables[1:] else tables[0]
    return found.select("customer_id").distinct()


def _without_stored(lines: ir.Table, stored: ir.Table, name: str) -> ir.Table:
    held = stored.select(**{name: complete_order_id(stored), "customer_id": stored.customer_id}).distinct()
    return lines.mutate(**{name: complete_order_id(lines)}).anti_join(held, [name, "customer_id"]).drop(name)


def _stack(first: ir.Table, second: ir.Table) -> ir.Table:
    """Put rows of two tables one after the other; a column that one of them lacks is empty there."""
    types = {**second.schema(), **first.schema()}
    both: list[ir.Table] = []
    for table in (first, second):
        columns: dict[str, Any] = {
            name: table[name].cast(kind) if name in table.columns else ibis.null(kind) for name, kind in types.items()
        }
        both.append(table.select(**columns))
    return both[0].union(both[1])


def _name_sources(data: Dataset) -> str:
    """Name the files, not each sheet."""
    return ", ".join(dict.fromkeys(each.source.split("#")[0] for each in data.formats))


def _describe(workspace: Workspace, data: Dataset, config: Config) -> ir.Table:
    as_of = parse_date(config.as_of) if config.as_of else default_as_of(data)
    described = store(workspace.connection, bring(customer_features(data, as_of)), "scored")
    if not described.count().to_pyarrow().as_py():
        raise DataError(f"There is no customer in the file before {as_of}. Choose a later --as-of.")
    return described


_KINDS = {"orders": "orders", "coupons": "coupons without orders", "customers": "one row per customer"}


def _refuse_other_kind(described: ir.Table, base: str, sources: str) -> None:
    found = base_of(described)
    if found != base:
        raise DataError(
            f"The segments of this workspace were learnt from {_KINDS[base]}, and {sources} has {_KINDS[found]}. "
            "Score a file of the same kind, or give this one a workspace of its own: customerbase -w other run FILE."
        )


def _refuse_missing_columns(segmentation: "Segmentation", described: ir.Table, sources: str) -> None:
    numbers, categories = _compared_columns(segmentation, described)
    missing = [name for name in (*numbers, *categories) if name not in described.columns]
    there = [name for name in numbers if name not in missing]
    if there:
        in_base = described.filter(is_in_base(described))
        counts = in_base.agg(**{name: in_base[name].count() for name in there}).to_pyarrow().to_pylist()[0]
        missing += [name for name in there if not counts[name]]
    if missing:
        raise DataError(
            f"The segments compare customers by {', '.join((*numbers, *categories))}, and {sources} has no "
            f"{' and no '.join(missing)}. Add it to the file, or name its column with --map."
        )


def _compared_columns(segmentation: "Segmentation", described: ir.Table) -> tuple[list[str], list[str]]:
    """Give the numeric features by which customers are placed, and the others; own conditions check theirs."""
    from customerbase.segmentation.conditions.model import Conditions
    from customerbase.segmentation.fitting import model_columns

    model = segmentation.model
    if not isinstance(model, Conditions):
        return model_columns(model, described)
    model.check(described)
    types = described.schema()
    return [name for name in sorted(model.columns()) if name in types and types[name].is_numeric()], []


def _place(workspace: Workspace, segmentation: "Segmentation", described: ir.Table, day: str) -> Scored:
    from customerbase.segmentation.segments import assign

    placed = assign(segmentation, described)
    known = workspace.table("features", day).select("customer_id", known=True)
    before = workspace.table("assignments", day).select("customer_id", known_segment="segment")
    joined = placed.left_join(known, "customer_id").drop("customer_id_right")
    joined = joined.left_join(before, "customer_id").drop("customer_id_right")
    table = joined.select(
        *(joined[name] for name in placed.columns),
        learnt_as_of=ibis.literal(day),
        is_known=joined.known.fill_null(False),
        known_segment=joined.known_segment,
    ).order_by("customer_id")
    table = store(workspace.connection, ibis.memtable(table.to_pyarrow()), "placed")
    counted = table.group_by("segment_id", "segment").agg(n=table.count()).order_by("segment_id").to_pyarrow()
    figures = table.agg(
        n=table.count(), known=table.is_known.sum(), borderline=table.is_borderline.sum(), day=table.as_of.max()
    )
    found = figures.to_pyarrow().to_pylist()[0]
    n_in_base = described.count(where=is_in_base(described)).to_pyarrow().as_py()
    return Scored(
        as_of=found["day"].isoformat() if found["day"] else UNDATED,
        learnt_as_of=day,
        table=table.order_by("customer_id"),
        segments=tuple(zip(counted["segment"].to_pylist(), counted["n"].to_pylist(), strict=True)),
        n_customers=found["n"],
        n_known=found["known"] or 0,
        n_borderline=found["borderline"],
        n_incomplete=n_in_base - found["n"],
        notes=(),
    )


def _first_day(data: Dataset, base: str, before: date) -> date | None:
    table, time = (data.order_lines, "ordered_at") if base == "orders" else (data.coupon_events, "occurred_at")
    if table is None or base == "customers":
        return None
    first: datetime | None = table.filter(table[time].date() < before)[time].min().to_pyarrow().as_py()
    return first.date() if first else None


def _note_window(
    workspace: Workspace, data: Dataset, described: ir.Table, base: str, day: str, *, is_appended: bool
) -> list[str]:
    """Warn of a history that is shorter than the one from which the segments were learnt."""
    as_of: date | None = described.as_of.max().to_pyarrow().as_py()
    if as_of is None or day == UNDATED:
        return []
    first, learnt_on = _first_day(data, base, as_of), parse_date(day)
    first_learnt = _first_day(load_clean(workspace), base, learnt_on)
    if first is None or first_learnt is None:
        return []
    n_days, n_learnt = (as_of - first).days, (learnt_on - first_learnt).days
    if n_days >= n_learnt:
        return []
    advice = "" if is_appended else " Add --append to count the stored history too, or read a longer export."
    words = f"The history reaches back {n_days:,} days before {as_of}, and the segments were learnt from {n_learnt:,}: "
    return [f"{words}so short a history makes customers look newer and smaller than they are.{advice}"]


def _note_range(workspace: Workspace, segmentation: "Segmentation", described: ir.Table, day: str) -> list[str]:
    """Tell of each figure that lies outside of all that the model has seen, for more than a few customers."""
    numbers, _ = _compared_columns(segmentation, described)
    seen, now = (table.filter(is_in_base(table)) for table in (workspace.table("features", day), described))
    bounds = {f"{end}_{name}": getattr(seen[name], end)() for name in numbers for end in ("min", "max")}
    ends = seen.agg(**bounds).to_pyarrow().to_pylist()[0]
    outside = {
        name: ((now[name] < ends[f"min_{name}"]) | (now[name] > ends[f"max_{name}"])).mean()
        for name in numbers
        if ends[f"min_{name}"] is not None
    }
    shares = now.agg(**outside).to_pyarrow().to_pylist()[0] if outside else {}
    return [
        f"{share:.1%} of the customers have a {name} outside of {_short(ends[f'min_{name}'])} to "
        f"{_short(ends[f'max_{name}'])}, all that the model has seen; it places them as if at that end."
        for name, share in shares.items()
        if share is not None and share > MOST_OUTSIDE
    ]


def _short(value: object) -> str:
    return f"{float(str(value)):,.2f}".removesuffix(".00")


def _note_known(scored: Scored, *, can_append: bool) -> list[str]:
    if not scored.n_known:
        return []
    table = scored.table
    moved = int(table.count(where=table.known_segment.notnull() & (table.known_segment != table.segment)).execute())
    what = f"{scored.n_known:,} of the {scored.n_customers:,} customers were known when the segments were learnt"
    advice = ", and their stored history does not count here (--append counts it)" if can_append else ""
    return [f"{what}{advice}; {moved:,} of them have another segment now."]


def _write_file(scored: Scored, described: ir.Table, output: str | Path, *, overwrite: bool) -> None:
    from customerbase.report.exports import write_export

    table = scored.table.join(described.drop("as_of"), "customer_id").order_by("customer_id")
    write_export(table, output, overwrite=overwrite)
