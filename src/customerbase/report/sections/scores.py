"""RFM: customers by how recently and how often they bought."""

from collections.abc import Iterator

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.by_segment import count_scores, rfm_cells, score_customers
from customerbase.report.material import Material

__all__ = ["describe_scores"]


def describe_scores(material: Material) -> Iterator[Block]:
    """Show the grid of recency and frequency scores, and how many customers have each score."""
    if material.summary["model"] != "rfm":
        yield Paragraph(
            "For comparison: the same customers by the scores of the published 11-name scheme, which are not the "
            "segments of this report. Scores run from 1 (worst) to 5, each for about a fifth of the customers "
            "as far as equal values, which are never split, allow."
        )
    scored = score_customers(material)
    cells, scores = rfm_cells(scored), count_scores(scored)
    columns: tuple[Column, ...] = (
        Column("r_score", "recency score", "count"),
        Column("f_score", "frequency score", "count"),
        Column("n_customers", "customers", "count"),
        Column("customers_share", "of customers", "share"),
        Column("revenue_share", "of revenue", "share"),
        Column("name", "most are called"),
    )
    table = Table("Customers by recency and frequency score", columns, cells, "features, assignments")
    yield Picture("rfm_grid", lambda: charts.rfm_grid(cells), table, is_wide=True)
    words = {"r_score": "recency", "f_score": "frequency", "m_score": "spend"}
    rows = [{**row, "what": words[row["score"]]} for row in scores]
    columns = (
        Column("what", "score"),
        Column("value", "value", "count"),
        Column("n_customers", "customers", "count"),
        Column("share", "of customers", "share"),
    )
    table = Table("Customers by score", columns, rows, "features")
    yield Picture("scores", lambda: charts.score_distribution(scores), table)
