"""The verb that lays all schemes side by side: how far they agree, and which says most of what comes next."""

import typer

from customerbase.options import AsCsv, AsJson, AsTable, NSegments, Seed, StoredAsOf, check_one
from customerbase.session import Session

__all__ = ["concordance"]


def concordance(
    context: typer.Context,
    as_of: StoredAsOf = None,
    n_segments: NSegments = None,
    seed: Seed = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    as_table: AsTable = False,
) -> None:
    """Hold all RFM schemes and k-means against each other: do they agree, and whom do all call champions."""
    from customerbase.report.agreement import describe_concordance
    from customerbase.terminal import print_value

    check_one(as_json, as_csv, as_table)
    session = context.ensure_object(Session)
    config = session.config(as_of=as_of, n_segments=n_segments, seed=seed)
    session.refuse_nothing(session.open(config).tables())
    workspace = session.work("concordance", config)
    pairs = workspace.table("concordance", as_of).order_by("place").drop("place")
    if as_json or as_csv or as_table:
        print_value(pairs, as_json, as_csv)
    elif not session.quiet:
        facts = workspace.json("concordance_facts", as_of)
        print_value([{name: row[name] for name in row if name != "place"} for row in facts["schemes"]], False, False)
        for sentence in describe_concordance(facts, pairs.to_pyarrow().to_pylist()):
            session.tell(sentence)
        session.tell("See:", "{} show concordance, {} show concordance_crosstab, and {} show champions.")
