"""One function per stage: read the workspace, compute, write; and run(), all of them in one go."""

import importlib
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from customerbase.cleaning import Audit
from customerbase.cleaning import clean as clean_lines
from customerbase.config import Config
from customerbase.engine import connect
from customerbase.errors import DataError, UsageError, WorkspaceError
from customerbase.features.customers import customer_features, default_as_of, parse_date
from customerbase.ingest.download import download
from customerbase.ingest.frames import Frame
from customerbase.ingest.reading import read
from customerbase.provenance import describe_inputs, fingerprint, list_versions, same_or_grew
from customerbase.results import write_segmentation
from customerbase.schema import Dataset, Format
from customerbase.workspace import Run, Workspace

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend


__all__ = [
    "Config",
    "clean",
    "demo",
    "download",
    "export",
    "features",
    "ingest",
    "open_workspace",
    "run",
    "segment",
]

Progress = Callable[[str], None]

ROWS_PER_BUCKET = 12_500_000
"""Lines folded at a time: beyond that, buckets of customers one by one take less time and memory than one query."""

ROWS_TO_SORT = 5_000_000
"""Up to here order lines are sorted. To sort more takes longer than all else, and a large file comes in order."""

_INGESTED = ("ingested_lines", "cells", "formats")
_KEY = ("source", "source_row")


def _quiet(message: str) -> None:
    """Say nothing."""


def open_workspace(path: str | Path, config: Config | None = None) -> Workspace:
    """Open a workspace with the engine that the options ask for.

    Examples
    --------
    >>> open_workspace("no-such-shop").tables()
    []
    """
    config = config or Config()
    engine: Any = connect(memory_limit=config.memory_limit, threads=config.threads, spill_folder=config.spill_folder)
    return Workspace(path, connection=engine)


def run(
    workspace: Workspace,
    files: Sequence[str | Path | Frame],
    config: Config | None = None,
    *,
    now: datetime | None = None,
    progress: Progress = _quiet,
    command: str = "run",
) -> None:
    """Go from exports to named segments, and publish all of it at once.

    Parameters
    ----------
    workspace
        Where the tables go.
    files
        Exports, patterns or tables: see `read`. `-` stands for what is piped into standard input.
    config
        Options; by default those of `Config`.
    now
        For the run log, and for rows dated in the future.
    progress
        Told what is being done.
    command
        What the run log says.

    Raises
    ------
    CustomerbaseError
        Something in the data, the options or the workspace does not allow it; the workspace is as it was.

    Examples
    --------
    >>> from customerbase.synthetic import make_shop
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     orders = make_shop(folder, 1_000, 0, write_csv=True).order_lines_csv
    ...     shop = open_workspace(Path(folder, "shop"))
    ...     run(shop, [orders], Config(model="rfm"))
    ...     [entry.name for entry in shop.tables() if entry.suffix == ".parquet"]
    ['assignments', 'features', 'order_lines', 'quarantine']
    """
    config = config or Config()
    with _models_loading(), describe_inputs(files) as inputs, workspace.begin() as begun:
        progress("Reading the export")
        data = _read(workspace, inputs.items, config)
        progress("Cleaning")
        lines, audit = _write_clean(begun, data, config, now)
        progress("Describing the customers")
        described = _write_features(begun, lines, config, workspace, audit.rows_kept)
        progress("Finding the segments")
        write_segmentation(begun, described, config)
        progress("Writing")
        _publish(workspace, begun, lines, config, command, now, inputs=inputs.describe(), drop=_INGESTED)


def ingest(
    workspace: Workspace,
    files: Sequence[str | Path | Frame],
    config: Config | None = None,
    *,
    now: datetime | None = None,
    progress: Progress = _quiet,
) -> None:
    """Read exports into the workspace and stop before cleaning; parameters and errors as in `run`."""
    config = config or Config()
    with describe_inputs(files) as inputs, workspace.begin() as begun:
        progress("Reading the export")
        data = _read(workspace, inputs.items, config)
        begun.write_table("ingested_lines", data.order_lines, order_by=_KEY)
        if data.cells is not None:
            begun.write_table("cells", data.cells, order_by=_KEY)
        begun.write_json("formats", [asdict(each) for each in data.formats])
        _publish(workspace, begun, None, config, "ingest", now, inputs=inputs.describe())


def clean(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = _quiet
) -> None:
    """Clean what `ingest` read: order lines, quarantine and audit; parameters and errors as in `run`."""
    config = config or Config()
    with workspace.begin() as begun:
        ingested = workspace.table("ingested_lines")
        formats = tuple(_format(each) for each in workspace.json("formats"))
        data = Dataset(ingested, workspace.table("cells"), formats)
        progress("Cleaning")
        lines, _ = _write_clean(begun, data, config, now)
        _publish(workspace, begun, lines, config, "clean", now)


def features(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = _quiet
) -> None:
    """Describe the customers at a date from the clean order lines; parameters and errors as in `run`."""
    config = config or Config()
    with workspace.begin() as begun:
        lines = workspace.table("order_lines")
        progress("Describing the customers")
        _write_features(begun, lines, config, workspace, workspace.json("audit")["rows_kept"])
        _publish(workspace, begun, None, config, "features", now)


def segment(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = _quiet
) -> None:
    """Segment the customers of a date by their features; parameters and errors as in `run`."""
    config = config or Config()
    with workspace.begin() as begun:
        described = workspace.table("features", config.as_of)
        progress("Finding the segments")
        write_segmentation(begun, described, config)
        _publish(workspace, begun, None, config, "segment", now)


def demo(
    workspace: Workspace,
    n_lines: int = 50_000,
    config: Config | None = None,
    *,
    now: datetime | None = None,
    progress: Progress = _quiet,
) -> None:
    """Generate a shop of `n_lines` order lines and `run` it; the export stays in the workspace, in the folder `demo`.

    Raises
    ------
    WorkspaceError
        The workspace holds a real shop already.
    """
    from customerbase.synthetic import make_shop

    config = config or Config()
    if any(log["command"] != "demo" for log in workspace.runs):
        raise WorkspaceError(
            f"{workspace.path} holds a shop already. Give the demo a workspace of its own: customerbase -w demo demo."
        )
    with tempfile.TemporaryDirectory() as folder:
        progress("Generating a shop")
        shop = make_shop(folder, n_lines, config.seed, write_csv=True)
        run(workspace, [str(shop.order_lines_csv)], config, now=now, progress=progress, command="demo")
        shutil.rmtree(workspace.path / "demo", ignore_errors=True)
        shutil.copytree(folder, workspace.path / "demo")


def export(
    workspace: Workspace,
    file: str | Path,
    *,
    as_of: str | None = None,
    segments: Sequence[str] = (),
    overwrite: bool = False,
) -> int:
    """Write the segmented customers of a date with their features to a CSV, Parquet or XLSX file; give their number.

    Parameters
    ----------
    workspace
        Where the tables lie.
    file
        The file to write; its suffix says the format.
    as_of
        Date of the segments; by default the latest.
    segments
        Names of the segments that are wanted; none means all.
    overwrite
        Whether a file that stands there may go.

    Raises
    ------
    UsageError
        There is no such segment, or the file cannot be written.
    WorkspaceError
        There are no segments, or not for this date.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = open_workspace(Path(folder, "shop"))
    ...     demo(shop, n_lines=1_000, config=Config(model="rfm"))
    ...     n_customers = export(shop, Path(folder, "customers.csv"))
    ...     n_customers == shop.table("assignments").count().execute()
    True
    """
    from customerbase.report.exports import write_export

    assignments = workspace.table("assignments", as_of)
    stored = workspace.json("segments", as_of)
    names = [each["name"] for each in stored["segments"]]
    wanted_names = [_find_segment(name, names) for name in segments] or names
    described = workspace.table("features", stored["as_of"]).drop("as_of")
    wanted = assignments.filter(assignments.segment.isin(wanted_names))
    table = wanted.join(described, "customer_id").order_by("customer_id")
    write_export(table, file, overwrite=overwrite)
    return int(wanted.count().execute())


def _find_segment(name: str, names: Sequence[str]) -> str:
    found = next((known for known in names if known.casefold() == name.casefold()), None)
    if found is None:
        raise UsageError(f"There is no segment {name!r}. The segments are {', '.join(names)}.")
    return found


def _read(workspace: Workspace, files: Sequence[str | Path | Frame], config: Config) -> Dataset:
    return read(
        *files,
        layout=config.layout,
        mapping=config.columns,
        encoding=config.encoding,
        decimal=config.decimal,
        date_order=config.date_order,
        connection=workspace.connection,
    )


@contextmanager
def _models_loading() -> Iterator[None]:
    """Import the models beside the reading: scikit-learn takes most of a second."""
    models = "customerbase.segmentation.segments"
    loading = threading.Thread(target=importlib.import_module, args=(models,), daemon=True)
    loading.start()
    try:
        yield
    except KeyboardInterrupt:
        raise  # amid an import it can leave Python's import lock taken, for which the thread then waits for ever
    except BaseException:
        loading.join()
        raise
    loading.join()


def _write_clean(begun: Run, data: Dataset, config: Config, now: datetime | None) -> tuple[ir.Table, Audit]:
    cleaned = clean_lines(data, rules=config.rules, today=now.date() if now else None)
    _refuse_nothing_kept(cleaned.audit, data)
    is_large = cleaned.audit.rows_kept > ROWS_TO_SORT
    begun.write_table("order_lines", cleaned.data.order_lines, order_by=_KEY, comes_sorted=is_large)
    begun.write_table("quarantine", cleaned.quarantine, order_by=_KEY)
    begun.write_json("audit", _plain_audit(cleaned.audit))
    return begun.table("order_lines"), cleaned.audit


def _refuse_nothing_kept(audit: Audit, data: Dataset) -> None:
    if audit.rows_kept:
        return
    caught = [outcome for outcome in audit.outcomes if outcome.kind == "quarantined" and outcome.rows]
    reasons = ", ".join(f"{outcome.rows} by the rule '{outcome.rule}'" for outcome in caught)
    sources = ", ".join(each.source for each in audit.formats)
    raise DataError(
        f"None of the {audit.rows_in} rows of {sources} can be used; set aside: {reasons}.{_show_unreadable(data)} "
        "Check which columns were taken and name others (--map customer_id=COLUMN --map ordered_at=COLUMN), or switch "
        "a rule off (--without RULE)."
    )


def _show_unreadable(data: Dataset) -> str:
    """Quote one cell that could not be read, since a format is easier seen than described."""
    lines = data.order_lines
    found = lines.filter(lines.unreadable.notnull()).select("source", "source_row", "unreadable").limit(1)
    bad = found.to_pyarrow().to_pylist()
    if not bad or data.cells is None:
        return ""
    source, row, name = bad[0].values()
    column = next((each.columns.get(name) for each in data.formats if each.source == source), None)
    if column not in data.cells.columns:
        return ""
    cells = data.cells.filter((data.cells.source == source) & (data.cells.source_row == row))
    return f" Row {row} has {cells[column].to_pyarrow()[0].as_py()!r} as {name}."


def _plain_audit(audit: Audit) -> dict[str, Any]:
    outcomes = [{**asdict(outcome), "amount": float(outcome.amount)} for outcome in audit.outcomes]
    return {**asdict(audit), "outcomes": outcomes}


def _format(stored: Mapping[str, Any]) -> Format:
    return Format(**{**stored, "notes": tuple(stored["notes"])})


def _write_features(begun: Run, lines: ir.Table, config: Config, workspace: Workspace, n_rows: int) -> ir.Table:
    as_of = parse_date(config.as_of) if config.as_of else default_as_of(Dataset(lines))
    first = lines.ordered_at.min().to_pyarrow().as_py()
    if first is not None and as_of and first.date() >= as_of:
        raise DataError(f"There is no order before {as_of}: the first is of {first.date()}. Choose a later --as-of.")
    described = _describe(lines, as_of, workspace.connection, -(-n_rows // ROWS_PER_BUCKET))
    begun.write_table("features", described, as_of=as_of, order_by="customer_id")
    return begun.table("features", as_of)


def _describe(lines: ir.Table, as_of: date | None, connection: "Backend", n_buckets: int) -> ir.Table:
    if n_buckets <= 1:
        return customer_features(Dataset(lines), as_of)
    bucket = (lines.customer_id.hash() % n_buckets + n_buckets) % n_buckets  # a hash may be negative
    parts = (customer_features(Dataset(lines.filter(bucket == number)), as_of) for number in range(n_buckets))
    name = ibis.util.gen_name("features")
    connection.create_table(name, next(parts), temp=True)
    for part in parts:
        connection.insert(name, part)
    return connection.table(name)


def _publish(
    workspace: Workspace,
    begun: Run,
    lines: ir.Table | None,
    config: Config,
    command: str,
    now: datetime | None,
    *,
    inputs: Sequence[Mapping[str, Any]] = (),
    drop: Sequence[str] = (),
) -> None:
    """Publish; with new order lines, snapshots of other dates stay if the lines are the same or grew."""
    log: dict[str, Any] = {
        "command": command,
        "started_at": now.isoformat(timespec="seconds") if now else None,
        "inputs": list(inputs),
        "options": asdict(config),
        "versions": list_versions(),
    }
    keep = lines is None or same_or_grew(workspace.input, lines)
    log["dropped_snapshots"] = [] if keep else workspace.dates("features")
    marks = fingerprint(lines) if lines is not None else None
    workspace.publish(begun, keep_snapshots=keep, log=log, fingerprint=marks, drop=drop)
