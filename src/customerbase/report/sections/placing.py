"""Placing newcomers: how surely segments are found again, by what, and by which rules."""

from collections.abc import Iterator

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.charts.feature_words import feature_words
from customerbase.report.charts.theme import plain_rows
from customerbase.report.material import Material
from customerbase.report.numerals import write

__all__ = ["describe_placing"]


def describe_placing(material: Material) -> Iterator[Block]:
    """Show fidelity, confusion, importances, and the segments as rules."""
    fidelity = material.rows("fidelity")
    best = max(fidelity, key=lambda row: row["fidelity"])
    yield Paragraph(
        "Classifiers that learn the segments from some of the customers find those of the others again: "
        f"{best['method']} for {write(best['fidelity'], 'share')} of them. That is fidelity to these segments, not "
        "proof that they are real."
    )
    confusion = plain_rows(material.table("confusion").to_pyarrow())
    places = {name: number for number, name in enumerate(material.colors)}
    confusion.sort(key=lambda row: (places[row["segment"]], places[row["repeated_as"]]))
    columns: tuple[Column, ...] = (
        Column("segment", "segment"),
        Column("repeated_as", "placed in"),
        Column("customers", "customers", "count"),
        Column("share", "of the segment", "share"),
    )
    table = Table("Segments found again", columns, confusion, "confusion")
    yield Picture("confusion", lambda: charts.confusion_grid(confusion), table, is_wide=True)
    importances = material.rows("importances")
    rows = [{**row, "words": feature_words(row["feature"])} for row in importances]
    columns = (Column("words", "figure"), Column("importance", "loss without it", "share"))
    table = Table("What placing rests on", columns, rows, "importances")
    yield Picture("importances", lambda: charts.feature_importances(importances), table)
    columns = (
        Column("segment", "segment"),
        Column("rule", "who"),
        Column("customers", "customers", "count"),
        Column("purity", "of them in the segment", "share"),
        Column("coverage", "of the segment", "share"),
    )
    rules = material.rows("surrogate_rules")
    sampled, n_customers = sum(row["customers"] for row in rules), material.summary["n_customers"]
    if sampled < n_customers:
        yield Paragraph(f"The rules are counted on {sampled:,} of the {n_customers:,} customers, drawn at random.")
    yield Table("The segments as rules", columns, rules, "surrogate_rules")
