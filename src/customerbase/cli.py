"""The command line: each verb is the shell of one workflow function."""

import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from customerbase.comparison_verb import compare
from customerbase.concordance_verb import concordance
from customerbase.conditions_verb import conditions
from customerbase.dashboard_verb import dashboard
from customerbase.errors import CustomerbaseError
from customerbase.evaluation_verbs import evaluate
from customerbase.interruption import keep_interruptions
from customerbase.options import (
    AsCsv,
    AsJson,
    AsOf,
    AsTable,
    Currency,
    DateOrder,
    Decimal,
    EncodingName,
    Files,
    Force,
    LayoutName,
    Map,
    Model,
    NSegments,
    Prepare,
    Rate,
    SchemeName,
    Seed,
    StoredAsOf,
    With,
    Without,
    check_one,
    parse_map,
    parse_prepare,
    parse_rates,
    parse_rules,
    parse_scheme,
)
from customerbase.placing_verbs import explain, foresee, score
from customerbase.projecting_verb import project
from customerbase.reporting_verbs import export, report
from customerbase.session import Session, find_newest

if TYPE_CHECKING:
    from customerbase.workspace import Workspace

__all__ = ["app", "main", "run_program"]

_STOPPED = 130
"""Exit status of what Ctrl-C stops, as shells have it."""

# Heavy modules are imported within the commands: --help answers at once.

app = typer.Typer(
    name="customerbase",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="From a shop's order export to customer segments that can be trusted and acted on.",
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from customerbase import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    workspace: Annotated[Path, typer.Option("-w", "--workspace", help="Folder that holds the results.")] = Path("shop"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but faults.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Print each step with the time since the start.")
    ] = False,
    memory_limit: Annotated[
        str | None, typer.Option(help="Memory that DuckDB may take before it spills to disk, such as 4GB.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Threads of DuckDB; by default all.")] = None,
    spill_folder: Annotated[str | None, typer.Option(help="Where DuckDB spills to.")] = None,
    version: Annotated[  # noqa: ARG001 - the callback has printed it
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Take the options that stand before the verb."""
    session = context.ensure_object(Session)
    session.workspace, session.quiet, session.verbose = workspace, quiet, verbose
    session.memory_limit, session.threads, session.spill_folder = memory_limit, threads, spill_folder


@app.command()
def run(
    context: typer.Context,
    files: Files,
    as_of: AsOf = None,
    model: Model = None,
    scheme: SchemeName = None,
    n_segments: NSegments = None,
    prepare: Prepare = None,
    seed: Seed = None,
    layout: LayoutName = None,
    encoding: EncodingName = None,
    decimal: Decimal = None,
    date_order: DateOrder = None,
    columns: Map = None,
    switch_on: With = None,
    switch_off: Without = None,
    currency: Currency = None,
    rates: Rate = None,
) -> None:
    """Go from exports to named segments, all in one go."""
    session = context.ensure_object(Session)
    config = session.config(
        files, as_of=as_of, **parse_scheme(scheme, model), n_segments=n_segments, prepare=parse_prepare(prepare),
        seed=seed, layout=layout, encoding=encoding, decimal=decimal, date_order=date_order, columns=parse_map(columns),
        rules=parse_rules(switch_on, switch_off), currency=currency, rates=parse_rates(rates),
    )  # fmt: skip
    workspace = session.work("run", config, files=files)
    session.summarise(workspace, config.as_of)


@app.command()
def demo(
    context: typer.Context,
    n_lines: Annotated[
        int, typer.Option("--n-lines", help="Order lines of the generated shop, at least 1,000.")
    ] = 50_000,
    model: Model = None,
    scheme: SchemeName = None,
    n_segments: NSegments = None,
    prepare: Prepare = None,
    seed: Seed = None,
) -> None:
    """Generate a shop and go the whole way with it."""
    session = context.ensure_object(Session)
    config = session.config(
        **parse_scheme(scheme, model), n_segments=n_segments, prepare=parse_prepare(prepare), seed=seed
    )
    workspace = session.work("demo", config, n_lines=n_lines)
    session.summarise(workspace, None)


@app.command()
def download(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the data set: online-retail-ii.", metavar="NAME")],
    folder: Annotated[Path, typer.Argument(help="Where the file goes.", metavar="FOLDER")] = Path(),
    force: Force = False,
) -> None:
    """Download a public data set to try things on, and verify it."""
    from customerbase import workflow
    from customerbase.ingest.download import describe
    from customerbase.terminal import show_progress

    session = context.ensure_object(Session)
    with show_progress(quiet=session.quiet, verbose=session.verbose) as progress:
        file = workflow.download(name, folder, overwrite=force, progress=progress)
    session.tell(f"Wrote {file}: {describe(name)}", "Next: {} run " + shlex.quote(str(file)))


@app.command()
def ingest(
    context: typer.Context,
    files: Files,
    layout: LayoutName = None,
    encoding: EncodingName = None,
    decimal: Decimal = None,
    date_order: DateOrder = None,
    columns: Map = None,
) -> None:
    """Read exports into the workspace, and stop before cleaning."""
    session = context.ensure_object(Session)
    config = session.config(
        files, layout=layout, encoding=encoding, decimal=decimal, date_order=date_order, columns=parse_map(columns)
    )
    workspace = session.work("ingest", config, files=files)
    n_rows = sum(each["rows"] for each in workspace.json("formats") if each["grain"])
    session.tell(f"Read {n_rows:,} rows.", "Next: {} clean")


@app.command()
def clean(
    context: typer.Context,
    switch_on: With = None,
    switch_off: Without = None,
    currency: Currency = None,
    rates: Rate = None,
) -> None:
    """Clean what was ingested: tables, quarantine and audit."""
    session = context.ensure_object(Session)
    rules = parse_rules(switch_on, switch_off)
    workspace = session.work("clean", session.config(rules=rules, currency=currency, rates=parse_rates(rates)))
    kept, aside = workspace.json("audit")["rows_kept"], _count(workspace, "quarantine")
    session.tell(f"Kept {kept:,} rows and set {aside} aside.", "Why: {} show audit.", "Next: {} features")


@app.command()
def checkup(context: typer.Context, as_json: AsJson = False, as_csv: AsCsv = False, as_table: AsTable = False) -> None:
    """Show what is odd about the export, with the money at stake, and what can be done about it."""
    from customerbase.terminal import print_checkup, print_value

    check_one(as_json, as_csv, as_table)
    session = context.ensure_object(Session)
    config = session.config()
    workspace = session.open(config)
    session.refuse_nothing(workspace.tables())
    if all(each.name != "checkup" for each in workspace.tables()):
        workspace = session.work("checkup", config)
    findings = workspace.json("checkup")
    if as_json or as_csv or as_table:
        print_value(findings, as_json, as_csv)
    else:
        print_checkup(findings)


@app.command()
def features(context: typer.Context, as_of: AsOf = None) -> None:
    """Describe the customers at a date from the clean tables."""
    session = context.ensure_object(Session)
    workspace = session.work("features", session.config(as_of=as_of))
    session.tell(f"Described {_count(workspace, 'features')} customers.", "Next: {} segment")


@app.command()
def segment(
    context: typer.Context,
    as_of: StoredAsOf = None,
    model: Model = None,
    scheme: SchemeName = None,
    n_segments: NSegments = None,
    prepare: Prepare = None,
    seed: Seed = None,
) -> None:
    """Segment the customers of a date by their features."""
    session = context.ensure_object(Session)
    config = session.config(
        as_of=as_of, **parse_scheme(scheme, model), n_segments=n_segments, prepare=parse_prepare(prepare), seed=seed
    )
    workspace = session.work("segment", config)
    session.summarise(workspace, config.as_of)


@app.command()
def tables(context: typer.Context, as_json: AsJson = False, as_csv: AsCsv = False, as_table: AsTable = False) -> None:
    """List the tables of the workspace, with their dates."""
    from customerbase.report.listing import collapse, list_tables
    from customerbase.terminal import print_value

    check_one(as_json, as_csv, as_table)
    session = context.ensure_object(Session)
    held = list_tables(session.open(session.config()))
    if not (as_json or as_csv):
        session.refuse_nothing(held)
        held = collapse(held)
    print_value(held, as_json, as_csv)


@app.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of a table: see 'customerbase tables'.", metavar="NAME")],
    as_of: StoredAsOf = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_table: AsTable = False,
) -> None:
    """Show a table: audit, segments, features, assignments, order_lines, quarantine and others."""
    from customerbase.report.listing import find_table
    from customerbase.terminal import print_segments, print_value

    check_one(as_json, as_csv, as_table)
    session = context.ensure_object(Session)
    workspace = session.open(session.config())
    value = find_table(workspace, name, as_of)
    if name == "segments" and not (as_json or as_csv):
        across = workspace.json("segments", as_of).get("across", [])
        print_segments(cast("list[dict[str, Any]]", value), across)
    else:
        print_value(value, as_json, as_csv)


@app.command()
def explore(
    context: typer.Context,
    as_of: StoredAsOf = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_table: AsTable = False,
) -> None:
    """Say what a first look at the data shows; the figures are in the tables explore_…."""
    from customerbase.exploration.findings import describe_exploration
    from customerbase.first_look import is_explored, load_exploration
    from customerbase.terminal import print_findings, print_value

    check_one(as_json, as_csv, as_table)
    session = context.ensure_object(Session)
    config = session.config(as_of=as_of)
    workspace = session.open(config)
    session.refuse_nothing(workspace.tables())
    if not is_explored(workspace, as_of):
        workspace = session.work("explore", config)
    findings = describe_exploration(load_exploration(workspace, as_of))
    if as_json or as_csv or as_table:
        rows = [{"table": f"explore_{name}", "finding": each} for name, said in findings.items() for each in said]
        print_value(rows, as_json, as_csv)
    else:
        print_findings(findings, session.command)


for _verb in (export, report, project, evaluate, compare, concordance, conditions, score, explain, foresee, dashboard):
    app.command()(_verb)


def _count(workspace: "Workspace", name: str) -> str:
    """Count the rows of a table that this command has written: of several dates, that of the newest run."""
    return f"{find_newest(workspace, name).rows:,}"


def main() -> None:
    """Run the command line: exit status 0; 1 for a fault in the data or the workspace; 2 for wrong usage."""
    sys.exit(_run(Session()))


def run_program() -> None:
    """Run the command line as a process of its own, and leave without taking every library apart: that takes 0.4 s."""
    keep_interruptions()
    session = Session(has_process=True)
    status = _run(session)
    session.close()
    with suppress(BrokenPipeError):  # the reader of a pipe (head, less) has seen enough
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _run(session: Session) -> int:
    # Typer carries a click of its own, whose errors have no public name but as the base of BadParameter.
    usage_error: Any = typer.BadParameter.__base__
    try:
        status = app(sys.argv[1:] or ["--help"], standalone_mode=False, obj=session)
    except CustomerbaseError as error:
        status = _fail(str(error), error.exit_status)
    except usage_error as error:
        status = _fail(f"{error.format_message().rstrip('.')}. See 'customerbase --help'.", 2)
    except (KeyboardInterrupt, typer.Abort):
        status = _STOPPED
    except MemoryError:
        status = _fail(
            "There is not enough memory. Set --memory-limit lower, such as 2GB, so that DuckDB spills to disk.", 1
        )
    except Exception as error:
        status = _fail_unexpectedly(error, session)
    if status == _STOPPED:  # Typer gives this number where it has caught the interruption itself
        _fail("Stopped. The workspace is as it was before.", status)
    return status or 0


def _fail_unexpectedly(error: Exception, session: Session) -> int:
    from customerbase.engine import explain, is_interrupted

    if is_interrupted(error):
        return _STOPPED
    if session.verbose:
        raise error
    first = " ".join(str(error).strip().splitlines()[:1])
    unexpected = f"Unexpected fault ({type(error).__name__}): {first} Run again with -v and report what it prints."
    return _fail(explain(error) or unexpected, 1)


def _fail(message: str, status: int) -> int:
    from customerbase.terminal import print_fault

    print_fault(message)
    return status
