"""The commands that hand results on: the report, its charts, and tables for other tools."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from customerbase.errors import UsageError
from customerbase.options import AsJson, Force, StoredAsOf
from customerbase.session import Session

__all__ = ["export", "report"]

# Heavy modules are imported within the commands: --help answers at once.


def report(
    context: typer.Context,
    as_of: StoredAsOf = None,
    with_ids: Annotated[
        bool, typer.Option("--with-ids", help="Name customers; the page is then for you alone.")
    ] = False,
    as_json: AsJson = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    charts: Annotated[
        Path | None,
        typer.Option("--charts", help="Save each chart as PNG, SVG and PDF there instead.", metavar="FOLDER"),
    ] = None,
) -> None:
    """Write the report anew, as one page to send; or print what it says, or save its charts."""
    from customerbase import workflow
    from customerbase.reports import read_report
    from customerbase.terminal import reader_may_leave

    if as_json + as_markdown + (charts is not None) > 1:
        raise UsageError("Choose one of --json, --markdown and --charts.")
    session = context.ensure_object(Session)
    config = session.config(as_of=as_of)
    if charts is not None:
        files = workflow.save_charts(session.open(config), charts, as_of)
        session.tell(f"Wrote {len(files) // 3} charts, each as PNG, SVG and PDF, to {charts}.")
    elif as_json or as_markdown:
        content = read_report(session.open(config), as_of, with_ids=with_ids)
        with reader_may_leave():
            if as_json:
                json.dump(content, sys.stdout, ensure_ascii=False, indent=1)
            else:
                from customerbase.report.content import write_markdown

                sys.stdout.write(write_markdown(content))
            sys.stdout.write("\n")
    else:
        workspace = session.work("report", config, with_ids=with_ids)
        session.tell(f"Wrote {workspace.path / 'report.html'}: one page that opens in any browser.")


def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to write: .csv, .parquet or .xlsx.", metavar="FILE")],
    as_of: StoredAsOf = None,
    name: Annotated[
        list[str] | None, typer.Option("--segment", help="Only this segment. Can be given several times.")
    ] = None,
    per_segment: Annotated[
        bool, typer.Option("--per-segment", help="Write one file per segment, each named after FILE.")
    ] = False,
    table: Annotated[
        str | None, typer.Option("--table", help="Another table instead: see 'customerbase tables'.", metavar="NAME")
    ] = None,
    force: Force = False,
) -> None:
    """Export the segmented customers with their features, or another table, for a spreadsheet or another tool."""
    from customerbase import workflow

    if bool(name) + per_segment + (table is not None) > 1:
        raise UsageError("Choose one of --segment, --per-segment and --table.")
    session = context.ensure_object(Session)
    workspace = session.open(session.config())
    if table is not None:
        n_rows = workflow.export_table(workspace, table, file, as_of=as_of, overwrite=force)
        session.tell(f"Wrote {n_rows:,} rows of {table} to {file}.")
        return
    if per_segment:
        files = workflow.export_by_segment(workspace, file, as_of=as_of, overwrite=force)
        n_customers, where = sum(files.values()), f"{len(files)} files, first {next(iter(files))}"
    else:
        n_customers = workflow.export(workspace, file, as_of=as_of, segments=name or (), overwrite=force)
        where = str(file)
    day = as_of or workspace.dates("segments")[-1]
    session.tell(f"Wrote {n_customers:,} customers, as segmented at {day}, to {where}.")
