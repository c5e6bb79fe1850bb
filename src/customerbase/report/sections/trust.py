"""How far the segmentation is to be trusted."""

from collections.abc import Iterator

import ibis

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.charts.theme import plain_rows
from customerbase.report.material import Material
from customerbase.report.numerals import write

__all__ = ["describe_out_of_time"]


def describe_out_of_time(material: Material) -> Iterator[Block]:
    """Show how well segmentations of an earlier date told what was bought next."""
    table = material.table("out_of_time")
    rows = plain_rows(table.order_by(ibis.asc("place")).to_pyarrow())
    first = rows[0]
    yield Paragraph(
        f"Customers were segmented as of {first['as_of']}, and what they bought in the {first['horizon_days']} days "
        f"from then on was held against it: {write(first['buyers_share'], 'share')} of "
        f"{write(first['n_customers'], 'count')} bought."
    )
    columns = (
        Column("segmentation", "segments by"),
        Column("n_segments", "segments", "count"),
        Column("smallest_share", "smallest", "share"),
        Column("spend_eta_squared", "of later spend", "share"),
        Column("buying_eta_squared", "of buying at all", "share"),
        Column("best_fifth_share", "spent by the best fifth", "share"),
    )
    behind = Table("Segmentations held against later spend", columns, rows, "out_of_time")
    yield Picture("out_of_time", lambda: charts.out_of_time(rows), behind)
