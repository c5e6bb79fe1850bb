"""The verb that compares: methods and numbers of segments side by side, and which of them would be chosen."""

import os
from typing import Annotated

import typer

from customerbase.options import AsCsv, AsJson, AsTable, Prepare, Seed, StoredAsOf, check_one, parse_prepare
from customerbase.session import Session

__all__ = ["compare"]

_MOST_PROCESSES = 2


Methods = Annotated[
    str | None,
    typer.Option(
        "--methods",
        help="Names with commas between them; by default all clusterers, RFM schemes and value_tree.",
        metavar="NAME,…",
    ),
]
Numbers = Annotated[str, typer.Option("--n-segments", help="How many segments you can act on.", metavar="FROM-TO")]
LeastShare = Annotated[
    float | None,
    typer.Option("--least-share", help="Share of the customers that each segment must have; by default 0.03."),
]
LeastStability = Annotated[
    float | None,
    typer.Option("--least-stability", help="Adjusted Rand at which it must be found again; by default 0.85."),
]
NRefits = Annotated[int | None, typer.Option("--n-refits", help="How often customers are drawn anew; by default 50.")]
HorizonDays = Annotated[int | None, typer.Option("--horizon-days", help="How many days to look ahead; by default 90.")]


def compare(
    context: typer.Context,
    methods: Methods = None,
    n_segments: Numbers = "3-8",
    least_share: LeastShare = None,
    least_stability: LeastStability = None,
    n_refits: NRefits = None,
    horizon_days: HorizonDays = None,
    as_of: StoredAsOf = None,
    prepare: Prepare = None,
    seed: Seed = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_table: AsTable = False,
) -> None:
    """Compare methods and numbers of segments in one space, and say which would be chosen under your constraints."""
    from customerbase.comparison import read_numbers, shorten_rows
    from customerbase.terminal import print_rows, print_value

    check_one(as_json, as_csv, as_table)
    numbers = read_numbers(n_segments)
    session = context.ensure_object(Session)
    config = session.config(as_of=as_of, horizon_days=horizon_days, prepare=parse_prepare(prepare), seed=seed)
    session.refuse_nothing(session.open(config).tables())
    workspace = session.work(
        "compare",
        config,
        methods=None if methods is None else [name.strip() for name in methods.split(",")],
        n_segments=numbers,
        least_share=least_share,
        least_stability=least_stability,
        n_refits=n_refits,
        n_jobs=min(_MOST_PROCESSES, os.cpu_count() or 1),
    )
    table = workspace.table("comparison", as_of).order_by("place")
    if as_json or as_csv or as_table:
        print_value(table, as_json, as_csv)
    elif not session.quiet:
        rows = shorten_rows(table.to_pyarrow().to_pylist())
        print_rows(rows, len(rows))
        facts = workspace.json("comparison_facts", as_of)
        for sentence in (*facts["reasons"], *(f"Note: {note}" for note in facts["notes"])):
            session.tell(sentence)
        session.tell("See:", "{} show comparison, {} show elbow, silhouettes, bic, stability and dendrogram.")
