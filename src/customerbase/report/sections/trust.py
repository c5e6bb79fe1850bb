"""The map of customers, and how far the segmentation is to be trusted."""

from collections.abc import Iterator
from typing import Any

import ibis

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.material import Material
from customerbase.report.numerals import write

__all__ = ["describe_map", "describe_out_of_time"]

_MOST_POINTS = 1_200
_HINTS = ("recency_days", "frequency", "monetary", "n_claimed")


def describe_map(material: Material) -> Iterator[Block]:
    """Draw a sample of the customers on the plane that `project` laid out."""
    facts = material.workspace.json("projection_facts", material.as_of)
    points = _points(material)
    title, x_title, y_title = _words(facts)
    counts = [{"segment": name, "n_points": sum(row["segment"] == name for row in points)} for name in material.colors]
    columns: tuple[Column, ...] = (Column("segment", "segment"), Column("n_points", "points drawn", "count"))
    table = Table("Points on the map", columns, counts, "projection, assignments")
    n = facts["n_customers"]
    yield Picture("map", lambda: charts.customer_map(points, x_title, y_title, title, n), table, is_wide=True)
    if facts["loadings"]:
        rows = [
            {"words": feature_words(name), "x": values[0], "y": values[1] if len(values) > 1 else None}
            for name, values in facts["loadings"].items()
        ]
        columns = (Column("words", "figure"), Column("x", "with x", "score"), Column("y", "with y", "score"))
        yield Table("What the directions stand for: correlations", columns, rows, "projection_facts")


def _words(facts: Any) -> tuple[str, str, str]:  # noqa: ANN401  (whatever was stored)
    if facts["explained_variance"]:
        shares = [*facts["explained_variance"], 0.0][:2]
        both = write(sum(shares), "share")
        axes = [
            f"{name} component ({write(share, 'share')})"
            for name, share in zip(("first", "second"), shares, strict=True)
        ]
        return f"Two directions show {both} of how the customers differ", axes[0], axes[1]
    trust = f"{facts['trustworthiness']:.2f}"
    return f"Neighbours on the map are neighbours in truth to a degree of {trust} (of 1)", "t-SNE 1", "t-SNE 2"


def _points(material: Material) -> Rows:
    """Sample points by a hash of the customer, so that the order of rows has no say; nobody is named."""
    shown = [name for name in _HINTS if name in material.customers.columns]
    points = material.table("projection").select("customer_id", "x", "y")
    joined = material.customers.select("customer_id", "segment", *shown).inner_join(points, "customer_id")
    chosen = joined.order_by([joined.customer_id.hash(), "customer_id"]).limit(_MOST_POINTS)
    rows = plain_rows(chosen.drop("customer_id").to_pyarrow())
    places = {name: number for number, name in enumerate(material.colors)}
    return [
        {
            "x": row["x"],
            "y": row["y"],
            "segment": row["segment"],
            "color": material.colors[row["segment"]],
            "hint": "; ".join(
                [row["segment"], *(f"{feature_words(name)} {write(row[name], feature_kind(name))}" for name in shown)]
            ),
        }
        for row in sorted(rows, key=lambda row: (places[row["segment"]], row["x"], row["y"]))
    ]


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
