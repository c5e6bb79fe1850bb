"""The verb that evaluates: what segmentations say of what customers bought next."""

from typing import Annotated, Any

import typer

from customerbase.errors import UsageError
from customerbase.options import AsCsv, AsJson, AsTable, NSegments, SchemeName, Seed, check_one
from customerbase.session import Session, find_newest

__all__ = ["evaluate"]


def evaluate(
    context: typer.Context,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="Date that is segmented; by default the last whose next days the data still cover.",
            metavar="YYYY-MM-DD",
        ),
    ] = None,
    horizon_days: Annotated[
        int | None, typer.Option("--horizon-days", help="How many days to look ahead; by default 90.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            help="TOML file of own segments, to be compared too. Can be given several times.",
            metavar="FILE.toml",
        ),
    ] = None,
    scheme: SchemeName = None,
    n_segments: NSegments = None,
    seed: Seed = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_table: AsTable = False,
) -> None:
    """Hold every segmentation of an earlier date against what its customers bought next."""
    from customerbase.terminal import print_value

    check_one(as_json, as_csv, as_table)
    own = _refuse_methods(model or [])
    session = context.ensure_object(Session)
    rfm = {"scheme": scheme} if scheme else None
    config = session.config(as_of=as_of, horizon_days=horizon_days, n_segments=n_segments, seed=seed, rfm=rfm)
    session.refuse_nothing(session.open(config).tables())
    workspace = session.work("evaluate", config, own=own)
    table: Any = (
        workspace.table("out_of_time", find_newest(workspace, "out_of_time").as_of).order_by("place").drop("place")
    )
    if not session.quiet or as_json or as_csv:
        print_value(table, as_json, as_csv)


def _refuse_methods(files: list[str]) -> list[str]:
    """Refuse the name of a method where a file is wanted."""
    for file in files:
        if not file.lower().endswith(".toml"):
            raise UsageError(
                f"--model of evaluate must be a TOML file of own segments. Got {file!r} instead: leave it out: all "
                "methods are compared."
            )
    return files
