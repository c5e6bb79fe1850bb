"""The customers as points of a plane: by components, and by neighbours."""

from collections.abc import Iterator, Mapping
from typing import Any

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.material import Material
from customerbase.report.numerals import write
from customerbase.workspace.manifest import UNDATED

__all__ = ["describe_map"]

_MOST_POINTS = 1_200
_HINTS = ("recency_days", "frequency", "monetary", "n_claimed")


def describe_map(material: Material) -> Iterator[Block]:
    """Draw a sample of the customers on each plane that `project` laid out."""
    facts = material.workspace.json("projection_facts", material.as_of)
    yield _picture(material, "map", "projection", facts)
    rows = [
        {"words": feature_words(name), "x": values[0], "y": values[1] if len(values) > 1 else None}
        for name, values in facts["loadings"].items()
    ]
    columns = (Column("words", "figure"), Column("x", "with x", "score"), Column("y", "with y", "score"))
    yield Table("What the directions stand for: correlations", columns, rows, "projection_facts")
    if material.has("tsne"):
        facts = material.workspace.json("tsne_facts", material.as_of)
        yield Paragraph(
            "The same customers on a map that keeps neighbours together (t-SNE). Its axes mean nothing, nor do the "
            "sizes of its islands or the gaps between them."
        )
        yield _picture(material, "neighbour_map", "tsne", facts)
    else:
        date = "" if material.as_of == UNDATED else f" --as-of {material.as_of}"
        yield Paragraph(
            "A map that keeps neighbours together (t-SNE) has not been made. Run 'customerbase project --method tsne"
            f"{date}', and then 'customerbase report'."
        )


def _picture(material: Material, name: str, table: str, facts: Mapping[str, Any]) -> Picture:
    points = _points(material, table)
    title, x_title, y_title = _words(facts)
    counts = [{"segment": name, "n_points": sum(row["segment"] == name for row in points)} for name in material.colors]
    columns = (Column("segment", "segment"), Column("n_points", "points drawn", "count"))
    behind = Table("Points on the map", columns, counts, f"{table}, assignments")
    n = facts["n_customers"]
    return Picture(name, lambda: charts.customer_map(points, x_title, y_title, title, n), behind, is_wide=True)


def _words(facts: Mapping[str, Any]) -> tuple[str, str, str]:
    if facts["explained_variance"]:
        shares = [*facts["explained_variance"], 0.0][:2]
        both, n = write(sum(shares), "share"), len(facts["loadings"])
        axes = [
            f"{name} component ({write(share, 'share')})"
            for name, share in zip(("first", "second"), shares, strict=True)
        ]
        return f"Two directions show {both} of how the customers differ in {n} figures", axes[0], axes[1]
    trust = f"{facts['trustworthiness']:.3f}"
    return f"Neighbours on the map are neighbours in truth to a degree of {trust} (of 1)", "t-SNE 1", "t-SNE 2"


def _points(material: Material, table: str) -> Rows:
    """Sample points by a hash of the customer, so that the order of rows has no say; nobody is named."""
    shown = [name for name in _HINTS if name in material.customers.columns]
    points = material.table(table).select("customer_id", "x", "y")
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
