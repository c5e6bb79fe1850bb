"""One function per stage: read the workspace, compute, write; and run(), all of them in one go."""

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from customerbase.cleaning import Cleaned
from customerbase.cleaning import clean as clean_tables
from customerbase.comparison import write_comparison
from customerbase.concordance import write_concordance
from customerbase.config import Config
from customerbase.database.reference import Reference
from customerbase.datasets import (
    CLEAN,
    INGESTED,
    load_clean,
    load_ingested,
    refuse_nothing_before,
    refuse_nothing_kept,
    write_clean,
    write_ingested,
)
from customerbase.describing import TARGET_MODELS, describe_customers, describe_known_past
from customerbase.engine import bring, connect
from customerbase.errors import WorkspaceError
from customerbase.evaluation import write_evaluation
from customerbase.explanations import EXPLAINED, explain, foresee
from customerbase.exporting import export, export_by_segment, export_table
from customerbase.features.customers import default_as_of, parse_date
from customerbase.first_look import EXPLORED_LINES, write_exploration
from customerbase.in_place import checking, find_set_aside, refuse_ingest, write_in_place
from customerbase.ingest.databases import find_reference, leave_database
from customerbase.ingest.download import download
from customerbase.ingest.frames import Frame
from customerbase.model_choice import refuse_wrong_conditions
from customerbase.preloading import models_loading
from customerbase.provenance import describe_inputs
from customerbase.reports import save_charts
from customerbase.results import PROJECTED, load_segmentation, write_checkup, write_projection, write_segmentation
from customerbase.schema import Dataset
from customerbase.scoring import score
from customerbase.stages import Progress, publish, quiet, read_files
from customerbase.workspace import UNDATED, Run, Workspace

__all__ = [
    "Config",
    "checkup",
    "clean",
    "compare",
    "concordance",
    "demo",
    "download",
    "evaluate",
    "explain",
    "explore",
    "export",
    "export_by_segment",
    "export_table",
    "features",
    "foresee",
    "ingest",
    "open_workspace",
    "project",
    "report",
    "run",
    "save_charts",
    "score",
    "segment",
]


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
    progress: Progress = quiet,
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
    ['assignments', 'borderline', ..., 'projection', 'quarantine', 'returns', 'set_aside']
    """
    config = config or Config()
    refuse_wrong_conditions(config)
    reference = find_reference(files)
    with models_loading(), describe_inputs(files) as inputs, workspace.begin() as begun, ExitStack() as opened:
        progress("Reading the export")
        data = read_files(workspace, inputs.items, config)
        opened.callback(leave_database, (data.order_lines, data.customers), workspace.connection)
        progress("Cleaning")
        cleaned, result = _write_clean(begun, data, config, now, reference)
        n_rows = result.audit.rows_kept
        progress("Not checked up, on a server" if cleaned.is_in_place else "Checking the export")
        with checking(begun, cleaned, n_rows, is_held=reference is None):
            progress("Describing the customers")
            described = _write_features(begun, cleaned, config, workspace, n_rows)
            progress("Finding the segments")
            past = describe_known_past(cleaned, described, config, workspace.connection, n_rows)
            write_segmentation(begun, described, config, progress, past, workspace, cleaned)
            progress("Exploring")
            set_aside = find_set_aside(begun, cleaned, result)
            write_exploration(begun, replace(cleaned, cells=data.cells), set_aside, described)
        progress("Writing the report")
        drop = (*INGESTED, *CLEAN, *EXPLORED_LINES, *EXPLAINED, *PROJECTED["tsne"])
        publish(workspace, begun, cleaned, config, command, now, inputs=inputs.describe(), drop=drop, with_ids=False)


def ingest(
    workspace: Workspace,
    files: Sequence[str | Path | Frame],
    config: Config | None = None,
    *,
    now: datetime | None = None,
    progress: Progress = quiet,
) -> None:
    """Read exports into the workspace and stop before cleaning; parameters and errors as in `run`."""
    config = config or Config()
    refuse_ingest(find_reference(files))
    with describe_inputs(files) as inputs, workspace.begin() as begun:
        progress("Reading the export")
        data = read_files(workspace, inputs.items, config)
        write_ingested(begun, data)
        publish(workspace, begun, None, config, "ingest", now, inputs=inputs.describe(), drop=INGESTED)


def clean(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> None:
    """Clean what `ingest` read, and write tables, quarantine and audit; parameters and errors as in `run`."""
    config = config or Config()
    with workspace.begin() as begun:
        data = load_ingested(workspace)
        progress("Cleaning")
        cleaned, _ = _write_clean(begun, data, config, now)
        publish(
            workspace,
            begun,
            cleaned,
            config,
            "clean",
            now,
            drop=(*CLEAN, *EXPLORED_LINES, *EXPLAINED, *PROJECTED["tsne"]),
        )


def checkup(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> None:
    """Check up what `clean` kept and what it set aside; parameters and errors as in `run`."""
    config = config or Config()
    with workspace.begin() as begun:
        data = load_clean(workspace)
        progress("Checking the export")
        write_checkup(begun, data, workspace)
        publish(workspace, begun, None, config, "checkup", now)


def features(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> None:
    """Describe the customers at a date from the clean tables; parameters and errors as in `run`."""
    config = config or Config()
    with workspace.begin() as begun:
        data = load_clean(workspace)
        progress("Describing the customers")
        _write_features(begun, data, config, workspace, workspace.json("audit")["rows_kept"])
        publish(workspace, begun, None, config, "features", now)


def segment(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> None:
    """Segment the customers of a date by their features; parameters and errors as in `run`."""
    config = config or Config()
    with workspace.begin() as begun:
        described = workspace.table("features", config.as_of)
        progress("Finding the segments")
        past = None
        if config.model in TARGET_MODELS:
            n_rows = workspace.json("audit")["rows_kept"]
            past = describe_known_past(load_clean(workspace), described, config, workspace.connection, n_rows)
        holds_lines = any(each.name == "order_lines" for each in workspace.tables())
        data = load_clean(workspace) if holds_lines else None
        write_segmentation(begun, described, config, progress, past, workspace, data)
        publish(workspace, begun, None, config, "segment", now, drop=(*EXPLAINED, *PROJECTED["tsne"]))


def project(
    workspace: Workspace,
    method: str = "pca",
    max_customers: int | None = None,
    config: Config | None = None,
    *,
    now: datetime | None = None,
    progress: Progress = quiet,
) -> None:
    """Lay the segmented customers of a date out in a plane: see `customerbase.project`; else as in `run`."""
    config = config or Config()
    with workspace.begin() as begun:
        learnt = load_segmentation(workspace, config.as_of)
        described = workspace.table("features", learnt.as_of.isoformat() if learnt.as_of else UNDATED)
        progress("Laying the customers out")
        write_projection(begun, described, learnt, method, max_customers, config.seed)
        publish(workspace, begun, None, config, "project", now)


def explore(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> None:
    """Explore what `clean` kept and set aside, and the features of a date; parameters and errors as in `run`.

    The columns of the export are profiled where its cells are at hand: in `run`, and after `ingest`.
    """
    config = config or Config()
    with workspace.begin() as begun:
        data, described = load_clean(workspace), workspace.table("features", config.as_of)
        held = {each.name for each in workspace.tables()}
        cells, set_aside = (workspace.table(name) if name in held else None for name in ("cells", "set_aside"))
        progress("Exploring")
        write_exploration(begun, replace(data, cells=cells), set_aside, described)
        publish(workspace, begun, None, config, "explore", now)


def evaluate(
    workspace: Workspace,
    config: Config | None = None,
    *,
    own: Sequence[str | Path] = (),
    now: datetime | None = None,
    progress: Progress = quiet,
) -> None:
    """Hold every segmentation of an earlier date against what was bought next: the table `out_of_time`.

    `own` are files of own segments; else parameters and errors as in `run`. By default the date is the last whose next
    `horizon_days` the data still cover.
    """
    config = config or Config()
    with workspace.begin() as begun:
        write_evaluation(begun, workspace, config, progress, own)
        publish(workspace, begun, None, config, "evaluate", now)


def report(
    workspace: Workspace,
    config: Config | None = None,
    *,
    with_ids: bool = False,
    now: datetime | None = None,
    progress: Progress = quiet,
) -> None:
    """Write the report of a date anew as report.html; one `with_ids` names customers, for the owner alone."""
    config = config or Config()
    with workspace.begin() as begun:
        progress("Writing the report")
        publish(workspace, begun, None, config, "report", now, with_ids=with_ids)


def concordance(
    workspace: Workspace, config: Config | None = None, *, now: datetime | None = None, progress: Progress = quiet
) -> None:
    """Hold all RFM schemes and k-means against each other: tables `concordance`…, `champions`; else as in `run`."""
    config = config or Config()
    with workspace.begin() as begun:
        write_concordance(begun, workspace, config, progress)
        publish(workspace, begun, None, config, "concordance", now)


def compare(
    workspace: Workspace,
    config: Config | None = None,
    *,
    now: datetime | None = None,
    progress: Progress = quiet,
    **asked: Any,  # noqa: ANN401 - of `customerbase.compare`
) -> None:
    """Compare methods and numbers of segments: tables `comparison`, `elbow`, `silhouettes`…; else as in `run`.

    `asked` are parameters of `customerbase.compare`, such as `methods` and `n_segments`.
    """
    config = config or Config()
    with workspace.begin() as begun:
        write_comparison(begun, workspace, config, progress, **asked)
        publish(workspace, begun, None, config, "compare", now)


def demo(
    workspace: Workspace,
    n_lines: int = 50_000,
    config: Config | None = None,
    *,
    now: datetime | None = None,
    progress: Progress = quiet,
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


def _write_clean(
    begun: Run, data: Dataset, config: Config, now: datetime | None, reference: Reference | None = None
) -> tuple[Dataset, Cleaned]:
    cleaned = clean_tables(
        data,
        rules=config.rules,
        today=now.date() if now else None,
        products=config.products,
        currency=config.currency,
        rates=config.rates,
    )
    refuse_nothing_kept(cleaned.audit, data)
    if reference is not None:
        return write_in_place(begun, cleaned, reference), cleaned
    return write_clean(begun, cleaned), cleaned


def _write_features(begun: Run, data: Dataset, config: Config, workspace: Workspace, n_rows: int) -> ir.Table:
    as_of = parse_date(config.as_of) if config.as_of else default_as_of(data)
    if config.as_of:
        refuse_nothing_before(data, as_of)
    described = describe_customers(data, as_of, workspace.connection, n_rows)
    begun.write_table("features", bring(described), as_of=as_of or UNDATED, order_by="customer_id")
    return begun.table("features", as_of or UNDATED)
