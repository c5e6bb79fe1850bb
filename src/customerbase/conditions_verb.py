"""The verb `conditions`: looks at files of own segments without segmenting."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from customerbase.errors import UsageError
from customerbase.options import AsCsv, AsJson, AsTable, StoredAsOf, check_one
from customerbase.session import Session

if TYPE_CHECKING:
    from customerbase.segmentation.conditions.model import Conditions
    from customerbase.workspace import Workspace

__all__ = ["conditions"]

# Heavy modules are imported within the functions: --help answers at once.


def conditions(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="TOML file of own segments.", metavar="FILE")],
    new: Annotated[
        Path | None, typer.Argument(help="Another version of it: shows who moves from FILE to NEW.", metavar="NEW")
    ] = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="Show who moves from the segments of the workspace to FILE.")
    ] = False,
    as_of: StoredAsOf = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_table: AsTable = False,
) -> None:
    """Check a file of own segments, or compare two: sizes, overlaps, the gap; who moves. Nothing is written."""
    from customerbase.segmentation.conditions.model import read_conditions

    check_one(as_json, as_csv, as_table)
    if stored and new is not None:
        raise UsageError("Choose one of --stored and a second file.")
    session = context.ensure_object(Session)
    first = read_conditions(file)
    second = read_conditions(new) if new else None
    workspace = session.open(session.config())
    if stored:
        first, second = _load_stored(workspace, as_of), first
    if second is None:
        _show_coverage(workspace, first, as_of, as_json, as_csv)
    else:
        _show_moves(workspace, first, second, as_of, as_json, as_csv)


def _load_stored(workspace: "Workspace", as_of: str | None) -> "Conditions":
    """Load the own segments of the workspace; their scores are those of that date."""
    from customerbase.results import load_segmentation
    from customerbase.segmentation.conditions.model import Conditions

    model = load_segmentation(workspace, as_of).model
    if not isinstance(model, Conditions):
        name = workspace.json("segments", as_of)["model"]
        raise UsageError(
            f"The segments in {workspace.path} are of the model {name}. Name two files instead of --stored."
        )
    return model


def _show_coverage(workspace: "Workspace", own: "Conditions", as_of: str | None, as_json: bool, as_csv: bool) -> None:
    from customerbase.report.conditions import coverage_rows
    from customerbase.segmentation.conditions.coverage import check_conditions, describe_coverage, refuse_overlap
    from customerbase.segmentation.conditions.file import parse_file
    from customerbase.terminal import print_rows, print_value

    coverage = check_conditions(workspace.table("features", as_of), own)
    rows = coverage_rows(coverage)
    if as_json or as_csv:
        print_value(coverage.to_dict() if as_json else rows, as_json, as_csv)
        return
    print_rows(rows, len(rows))
    if parse_file(own.text).overlap == "error":
        refuse_overlap(coverage)
    _print_lines(["", *describe_coverage(coverage, most_overlaps=20)])


def _show_moves(
    workspace: "Workspace", old: "Conditions", new: "Conditions", as_of: str | None, as_json: bool, as_csv: bool
) -> None:
    from customerbase.report.conditions import describe_moves, move_rows
    from customerbase.segmentation.conditions.moves import compare_conditions
    from customerbase.terminal import print_rows, print_value

    moves = compare_conditions(workspace.table("features", as_of), old, new)
    if as_json or as_csv:
        value: Any = moves.to_dict() if as_json else [asdict(each) for each in moves.moves]
        print_value(value, as_json, as_csv)
        return
    _print_lines([describe_moves(moves), "", "Customers"])
    matrix = move_rows(moves, "n_customers")
    print_rows(matrix, len(matrix))
    if moves.money:
        _print_lines(["", moves.money.replace("_", " ").capitalize()])
        matrix = move_rows(moves, "amount")
        print_rows(matrix, len(matrix))


def _print_lines(lines: list[str]) -> None:
    from customerbase.terminal import reader_may_leave

    with reader_may_leave():
        sys.stdout.write("".join(f"{line}\n" for line in lines))
