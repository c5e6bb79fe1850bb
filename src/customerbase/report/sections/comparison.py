"""The comparison: which segmentation would be chosen, why, and what speaks for the others."""

from collections.abc import Iterator
from typing import Any

import ibis

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.material import Material
from customerbase.segmentation.comparing.contender import spell_method

__all__ = ["describe_comparison"]

_FIGURES: tuple[Column, ...] = (
    Column("name", "method, segments"),
    Column("smallest_share", "smallest", "share"),
    Column("silhouette", "silhouette", "number"),
    Column("davies_bouldin", "Davies–Bouldin", "number"),
    Column("stability", "found again at", "number"),
    Column("lowest_jaccard", "the worst segment", "number"),
    Column("share_of_reference", "of the reference model", "share"),
    Column("idle_moved_share", "idle customers moved", "share"),
)


def describe_comparison(material: Material) -> Iterator[Block]:
    """Say what would be chosen and why, and show the tables behind it."""
    facts = material.workspace.json("comparison_facts", material.as_of)
    rows = _name(plain_rows(material.table("comparison").order_by(ibis.asc("place")).to_pyarrow()))
    chosen = next(row for row in rows if row["is_chosen"])
    first, *others = facts["reasons"]
    yield Paragraph(first)
    yield Paragraph(" ".join(others))
    yield _draw_stability(rows, chosen, facts)
    yield _draw_elbow(material, chosen)
    if material.has("bic"):
        yield _draw_bic(material)
    yield from _draw_silhouettes(material, chosen)
    if material.has("dendrogram"):
        yield _draw_dendrogram(material)
    sound = [row for row in rows if not row["objections"]]
    if sound:
        yield Table(f"The {len(sound)} of {len(rows)} that meet the constraints", _FIGURES, sound, "comparison")
    yield Paragraph(
        " ".join(facts["notes"])
        + " All that was compared, with what speaks against it: 'customerbase show comparison'."
    )


def _name(rows: Rows) -> Rows:
    return [{**row, "name": f"{spell_method(row['method'])}, {row['n_segments']}"} for row in rows]


def _draw_stability(rows: Rows, chosen: dict[str, Any], facts: dict[str, Any]) -> Picture:
    """Draw all numbers of the chosen method, and all methods with the chosen number."""
    alike = [row for row in rows if row["method"] == chosen["method"] or row["n_segments"] == chosen["n_segments"]]
    columns = (
        Column("name", "method, segments"),
        Column("stability", "found again at", "number"),
        Column("stability_lower", "from", "number"),
        Column("stability_upper", "to", "number"),
        Column("lowest_jaccard", "the worst segment", "number"),
    )
    table = Table("Found again from customers drawn anew", columns, alike, "comparison")
    least = facts["constraints"]["least_stability"]
    return Picture("stability", lambda: charts.stability_intervals(alike, least), table, is_wide=True)


def _draw_elbow(material: Material, chosen: dict[str, Any]) -> Picture:
    rows = plain_rows(material.table("elbow").order_by(ibis.asc("n_segments")).to_pyarrow())
    number = min(chosen["n_segments"], rows[-1]["n_segments"])
    columns = (
        Column("n_segments", "segments", "count"),
        Column("inertia", "inertia", "number"),
        Column("explained_share", "spread between segments", "share"),
        Column("gap", "gap statistic", "number"),
        Column("gap_error", "its error", "number"),
    )
    table = Table("Spread by the number of segments", columns, rows, "elbow")
    return Picture("elbow", lambda: charts.elbow(rows, number), table)


def _draw_bic(material: Material) -> Picture:
    rows = plain_rows(material.table("bic").order_by(ibis.asc("n_segments")).to_pyarrow())
    columns = (Column("n_segments", "segments", "count"), Column("bic", "BIC", "count"), Column("aic", "AIC", "count"))
    return Picture("bic", lambda: charts.bic_curve(rows), Table("Fit of mixtures", columns, rows, "bic"))


def _draw_dendrogram(material: Material) -> Picture:
    merges = plain_rows(material.table("dendrogram").order_by(ibis.asc("node")).to_pyarrow())
    columns = (
        Column("node", "node", "count"),
        Column("left", "joins", "count"),
        Column("right", "and", "count"),
        Column("height", "at the height", "number"),
        Column("n_customers", "customers", "count"),
    )
    table = Table("The last merges of Ward's tree", columns, merges, "dendrogram")
    return Picture("dendrogram", lambda: charts.dendrogram(merges), table, is_wide=True)


def _draw_silhouettes(material: Material, chosen: dict[str, Any]) -> Iterator[Block]:
    table = material.table("silhouettes")
    mine = table.filter(table.place == chosen["place"]).order_by("rank").drop("customer_id")
    rows = plain_rows(mine.to_pyarrow())
    if not rows:
        return
    by_segment = [
        {
            "segment": segment,
            "n_customers": len(values),
            "mean": sum(values) / len(values),
            "below": sum(value < 0 for value in values) / len(values),
        }
        for segment in dict.fromkeys(row["segment"] for row in rows)
        for values in [[row["silhouette"] for row in rows if row["segment"] == segment]]
    ]
    columns = (
        Column("segment", "segment", "count"),
        Column("n_customers", "customers measured", "count"),
        Column("mean", "mean silhouette", "number"),
        Column("below", "nearer to another", "share"),
    )
    behind = Table(f"Silhouettes of {chosen['name']}", columns, by_segment, "silhouettes")
    yield Picture("silhouettes", lambda: charts.silhouettes(rows), behind, is_wide=True)
