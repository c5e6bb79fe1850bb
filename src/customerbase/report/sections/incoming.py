"""What came in: the base in short, what was set aside, and what the check-up found by money."""

from collections.abc import Iterator
from typing import Any

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Figure, Figures, Paragraph, Picture, Table
from customerbase.report.material import Material
from customerbase.report.numerals import write

__all__ = ["describe_base", "describe_export", "describe_findings"]

_N_BARS = 12
_LEFT_OUT = {"coupons": "claimed no coupon before the date", "customers": "neither ordered nor spent anything"}
"""Of what the segments are made → why customers of the file may be in none."""


def describe_base(material: Material) -> Iterator[Block]:
    """Describe the base in one paragraph and six figures, with what should not be overlooked."""
    yield Paragraph(material.summary["paragraph"])
    yield Figures(tuple(Figure(**figure) for figure in material.summary["figures"]))
    for note in material.summary["notes"]:
        yield Paragraph(f"Note: {note}")


def describe_export(material: Material) -> Iterator[Block]:
    """Say which files came in, which rows of them count, and why the others do not."""
    summary = material.summary
    files = ", ".join(f"{each['source']} ({each['layout']})" for each in summary["sources"])
    n_aside = sum(each["rows"] for each in summary["set_aside"])
    aside = f"{write(n_aside, 'count')} were set aside, each with its reason" if n_aside else "none was set aside"
    yield Paragraph(f"Read from {files}. Of {write(summary['rows_in'], 'count')} rows, {aside}.")
    if n_left_out := summary["n_left_out"]:
        n_in_file, why = summary["n_in_file"], _LEFT_OUT[summary["base"]]
        yield Paragraph(
            f"Of {write(n_in_file, 'count')} customers in the file, {write(n_left_out, 'count')} {why}. They are left "
            f"out of the segments, which are about the other {write(n_in_file - n_left_out, 'count')}."
        )
    kept = {"reason": "count in this report", "rows": summary["rows_kept"], "amount": None}
    rows = [{**each, "reason": _sentence(each["reason"])} for each in [kept, *summary["set_aside"]]]
    for row in rows:
        row["share"] = row["rows"] / summary["rows_in"] if summary["rows_in"] else None
    yield Table("Rows that count, and rows that were set aside", _columns("Rows that …"), rows, "audit")
    if summary["marked"]:
        marked = [{**each, "reason": _sentence(each["reason"])} for each in summary["marked"]]
        yield Table("Of the rows that count", _columns("Rows that …"), marked, "audit")


def _columns(first: str) -> tuple[Column, ...]:
    return (
        Column("reason", first),
        Column("rows", "rows", "count"),
        Column("share", "of all rows", "share"),
        Column("amount", "money", "money"),
    )


def _sentence(reason: str) -> str:
    return reason[:1].lower() + reason[1:]


def describe_findings(material: Material) -> Iterator[Block]:
    """Chart what the check-up found by money, and list it with what was done and what can be."""
    found = material.workspace.json("checkup")
    if not found:
        yield Paragraph("Nothing odd was found.")
        return
    columns: list[Column] = [
        Column("what", "finding"),
        Column("rows", "rows", "count"),
        Column("customers", "customers", "count"),
        Column("amount", "money", "money"),
        Column("done", "what was done"),
        Column("option", "what can be done"),
    ]
    if material.with_ids:
        columns.append(Column("example", "examples"))
    rows: list[dict[str, Any]] = [{**each, "what": each["finding"].replace("_", " ")} for each in found]
    table = Table("Findings of the check-up", tuple(columns), rows, "checkup")
    with_money = [row for row in rows if row["amount"]]
    if with_money:
        shown = with_money[:_N_BARS]
        yield Picture("findings", lambda: charts.findings_by_money(shown), table, is_wide=True)
    else:
        yield table
