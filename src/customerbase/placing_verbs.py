"""The commands about placing and its reasons: which segment is a customer in, how sure is that, and why."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from customerbase.options import (
    AsCsv,
    AsJson,
    AsOf,
    AsTable,
    DateOrder,
    Decimal,
    EncodingName,
    Files,
    Force,
    LayoutName,
    Map,
    Seed,
    StoredAsOf,
    With,
    Without,
    check_one,
    parse_map,
    parse_rules,
)
from customerbase.session import Session

if TYPE_CHECKING:
    from customerbase.scoring import Scored

__all__ = ["explain", "foresee", "score"]


def score(
    context: typer.Context,
    files: Files,
    as_of: AsOf = None,
    learnt: Annotated[
        str | None,
        typer.Option("--learnt", help="Date of the segments; by default the latest.", metavar="YYYY-MM-DD"),
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="Count the stored history of the same customers too.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="Write a .csv, .parquet or .xlsx, and leave the workspace.", metavar="FILE"),
    ] = None,
    force: Force = False,
    layout: LayoutName = None,
    encoding: EncodingName = None,
    decimal: Decimal = None,
    date_order: DateOrder = None,
    columns: Map = None,
    switch_on: With = None,
    switch_off: Without = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_table: AsTable = False,
) -> None:
    """Place the customers of another export with the stored model, without learning anew."""
    from customerbase.terminal import print_value
    from customerbase.verdicts import print_scored

    check_one(as_json, as_csv, as_table)
    session = context.ensure_object(Session)
    config = session.config(
        files, as_of=as_of, layout=layout, encoding=encoding, decimal=decimal, date_order=date_order,
        columns=parse_map(columns), rules=parse_rules(switch_on, switch_off),
    )  # fmt: skip
    session.work("score", config, files=files, learnt=learnt, append=append, output=output, overwrite=force)
    scored: Scored = session.answer
    if as_json or as_csv or as_table:
        print_value(scored.table, as_json, as_csv)
    elif not session.quiet:
        place = f"Written to {output}." if output else "Each of them: customerbase show scored"
        print_scored(scored, place)


def explain(
    context: typer.Context,
    customer: Annotated[
        str | None, typer.Option("--customer", help="Say why this customer is in a segment.", metavar="ID")
    ] = None,
    as_of: StoredAsOf = None,
    seed: Seed = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_table: AsTable = False,
) -> None:
    """Say what makes the segments: rules, features, and how well simple models repeat them."""
    from customerbase.explanations import explain_one, is_explained
    from customerbase.terminal import print_value
    from customerbase.verdicts import print_explanation, print_reasons

    check_one(as_json, as_csv, as_table)
    session = context.ensure_object(Session)
    config = session.config(as_of=as_of, seed=seed)
    workspace = session.open(config)
    if customer is not None:
        why = explain_one(workspace, customer, config)
        if as_json:
            print_value(why, as_json, as_csv)
        elif as_csv or as_table:
            print_value(why["reasons"], as_json, as_csv)
        else:
            print_reasons(why)
        return
    if seed is not None or not is_explained(workspace, config.as_of):
        workspace = session.work("explain", config)
    tables = {
        name: workspace.table(name, config.as_of).order_by(key).to_pyarrow().to_pylist()
        for name, key in (("fidelity", "method"), ("importances", "feature"), ("surrogate_rules", "rule_id"))
    }
    if as_json:
        print_value(tables, as_json, as_csv)
    elif as_csv or as_table:
        print_value(tables["surrogate_rules"], as_json, as_csv)
    else:
        print_explanation(tables)


def foresee(
    context: typer.Context,
    seed: Seed = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_table: AsTable = False,
) -> None:
    """Test how well the segment after a year can be told from a customer's first 30 and 90 days."""
    from customerbase.terminal import print_value
    from customerbase.verdicts import print_foresight

    check_one(as_json, as_csv, as_table)
    session = context.ensure_object(Session)
    config = session.config(seed=seed)
    workspace = session.open(config)
    if seed is not None or all(each.name != "foresight" for each in workspace.tables()):
        workspace = session.work("foresee", config)
    table = workspace.table("foresight").order_by("first_days", "method")
    if as_json or as_csv or as_table:
        print_value(table, as_json, as_csv)
    else:
        print_foresight(table.to_pyarrow().to_pylist())
