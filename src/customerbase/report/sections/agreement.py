"""Schemes side by side: how far they agree, whom all call champions, and which says most of what comes next."""

from collections.abc import Iterator

import ibis

from customerbase.report import charts
from customerbase.report.agreement import describe_concordance
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.charts.theme import plain_rows
from customerbase.report.material import Material

__all__ = ["describe_agreement"]

_PAIRS = (Column("first", "scheme"), Column("second", "and"), Column("adjusted_rand", "adjusted Rand", "number"))
_SCHEMES: tuple[Column, ...] = (
    Column("segmentation", "scheme"),
    Column("n_segments", "segments", "count"),
    Column("smallest_share", "smallest", "share"),
    Column("n_champions", "champions", "count"),
    Column("n_lost", "lost or hibernating", "count"),
    Column("spend_eta_squared", "of later spend", "share"),
    Column("buying_eta_squared", "of buying at all", "share"),
)


def describe_agreement(material: Material) -> Iterator[Block]:
    """Say and show what `concordance` found."""
    facts = material.workspace.json("concordance_facts", material.as_of)
    rows = plain_rows(material.table("concordance").order_by(ibis.asc("place")).to_pyarrow())
    yield Paragraph(" ".join(describe_concordance(facts, rows)))
    behind = Table("How far each two schemes agree", _PAIRS, rows, "concordance")
    yield Picture("agreement", lambda: charts.agreement_grid(rows), behind, is_wide=True)
    yield Table("Each scheme on these customers", _SCHEMES, facts["schemes"], "concordance_facts")
