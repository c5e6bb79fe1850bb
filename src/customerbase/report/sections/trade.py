"""The trade: products and countries by segment, guests, and returns."""

from collections.abc import Iterator

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.by_segment import mix_of
from customerbase.report.charts.theme import Rows
from customerbase.report.material import Material
from customerbase.report.numerals import write

__all__ = ["describe_guests", "describe_products", "describe_returns"]

_N_NAMES = 8


def describe_products(material: Material) -> Iterator[Block]:
    """Show which segments buy the best-selling products, and where they live."""
    for column, what, title in (
        ("product_id", "product", "Best-selling products by segment"),
        ("country", "country", "Largest countries by segment"),
    ):
        rows = mix_of(material, column, _N_NAMES)
        if len({row["name"] for row in rows}) > 1:
            yield _mix_picture(rows, what, title)


def _mix_picture(rows: Rows, what: str, title: str) -> Picture:
    columns = (
        Column("name", what),
        Column("segment", "segment"),
        Column("revenue", "revenue", "money"),
        Column("share", f"of the {what}", "share"),
    )
    table = Table(title, columns, rows, "order_lines, assignments")
    name = {"product": "products_by_segment", "country": "countries_by_segment"}[what]
    return Picture(name, lambda: charts.segment_mix(rows, what), table)


def describe_guests(material: Material) -> Iterator[Block]:
    """Compare guests, who are in no segment, with known customers."""
    buyers = {row["buyers"]: row for row in material.rows("explore_guests")}
    guests = buyers.get("guests")
    if not guests or not guests["n_orders"]:
        yield Paragraph("Every order names its customer.")
        return
    yield Paragraph(
        f"Guests placed {write(guests['n_orders'], 'count')} orders and brought "
        f"{write(guests['revenue_share'], 'share')} of revenue. Nobody "
        "knows whether two of their orders are of one person, so they are in no segment."
    )
    columns: tuple[Column, ...] = (
        Column("buyers", "who"),
        Column("n_orders", "orders", "count"),
        Column("gross_revenue", "revenue", "money"),
        Column("revenue_share", "of revenue", "share"),
        Column("median_order_value", "median order", "money"),
        Column("median_lines_per_order", "lines per order", "number"),
        Column("median_unit_price", "median price", "money"),
        Column("return_rate", "sent back or credited", "share"),
    )
    if "goods_return_rate" in guests:  # the first workspaces were made without it
        columns = (*columns, Column("goods_return_rate", "of goods", "share"))
    yield Table("Guests and known customers", columns, list(buyers.values()), "explore_guests")
    months = material.rows("explore_guests_by_month")
    if _n_whole(months, "guest_share") > 1:
        columns = (
            Column("month", "month from"),
            Column("gross_revenue", "revenue", "money"),
            Column("guest_revenue", "of guests", "money"),
            Column("guest_share", "share of guests", "share"),
        )
        table = Table("Guests by month", columns, months, "explore_guests_by_month")
        yield Picture("guests", lambda: charts.share_by_month(months, "guest_share", "guests"), table)


def describe_returns(material: Material) -> Iterator[Block]:
    """Show what was sent back by month, and of which products."""
    months = material.rows("explore_months")
    if not any(row["return_value"] for row in months):
        yield Paragraph("Nothing was sent back.")
        return
    if _n_whole(months, "return_rate") > 1:
        columns: tuple[Column, ...] = (
            Column("month", "month from"),
            Column("gross_revenue", "revenue", "money"),
            Column("return_value", "sent back or credited", "money"),
            Column("return_rate", "of revenue", "share"),
        )
        table = Table("Returns by month", columns, months, "explore_months")
        yield Picture("returns", lambda: charts.share_by_month(months, "return_rate", "returns"), table)
    known = [row for row in material.rows("explore_returned_products") if row["return_share"]][:_N_NAMES]
    rows = [{**row, "name": str(row["product_name"] or row["product_id"])} for row in known]
    if rows:
        columns = (
            Column("name", "product"),
            Column("return_value", "sent back", "money"),
            Column("return_share", "of goods returned", "share"),
            Column("return_rate", "of its revenue", "share"),
        )
        table = Table("Products with the most value sent back", columns, rows, "explore_returned_products")
        yield Picture("returned_products", lambda: charts.returned_products(rows), table)


def _n_whole(months: Rows, column: str) -> int:
    return sum(row["is_whole"] and row[column] is not None for row in months)
