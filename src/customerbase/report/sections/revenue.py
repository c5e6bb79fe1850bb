"""Revenue: on how few customers it rests, and when it comes in."""

from collections.abc import Iterator

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.material import Material
from customerbase.report.numerals import write

__all__ = ["describe_concentration", "describe_seasons"]

_ORDERS, _REVENUE = Column("n_orders", "orders", "count"), Column("gross_revenue", "revenue", "money")
_SHARE = Column("revenue_share", "of revenue", "share")


def describe_concentration(material: Material) -> Iterator[Block]:
    """Show the share of revenue by the share of customers, and how many ordered how often."""
    lorenz = material.rows("explore_lorenz")
    if any(row["customers_percent"] == 20 and row["revenue_share"] is not None for row in lorenz):
        tenths = [row for row in lorenz if row["customers_percent"] in {1, 5} or row["customers_percent"] % 10 == 0]
        columns: tuple[Column, ...] = (
            Column("customers_percent", "best customers (%)", "count"),
            Column("n_customers", "customers", "count"),
            _SHARE,
        )
        table = Table("Revenue of the best customers", columns, tenths, "explore_lorenz")
        yield Picture("lorenz", lambda: charts.lorenz_curve(lorenz), table)
    if counts := material.rows("explore_order_counts"):
        columns = (
            _ORDERS,
            Column("n_customers", "customers", "count"),
            Column("customers_share", "of customers", "share"),
            _SHARE,
        )
        table = Table("Customers by their number of orders", columns, counts, "explore_order_counts")
        yield Picture("order_counts", lambda: charts.order_counts(counts), table)


def describe_seasons(material: Material) -> Iterator[Block]:
    """Show revenue by month, day of the week and hour, as far as the export tells them."""
    months = material.rows("explore_months")
    for words in (_say_late(material), _say_guests(material)):
        if words:
            yield Paragraph(words)
    if any(row["gross_revenue"] for row in months):
        columns: tuple[Column, ...] = (
            Column("month", "month from"),
            _ORDERS,
            _REVENUE,
            Column("revenue_year_before", "a year before", "money"),
            Column("revenue_change", "change", "share"),
        )
        table = Table("Revenue by month", columns, months, "explore_months")
        yield Picture("months", lambda: charts.months(months), table)
    days = material.rows("explore_weekdays")
    if any(row["revenue_share"] for row in days):
        columns = (
            Column("name", "day"),
            _ORDERS,
            _REVENUE,
            _SHARE,
            Column("revenue_per_day", "a day", "money"),
        )
        table = Table("Revenue by day of the week", columns, days, "explore_weekdays")
        yield Picture("weekdays", lambda: charts.weekdays(days), table)
    hours = material.rows("explore_hours")
    if len([row for row in hours if row["revenue_share"]]) > 1:  # a single hour is midnight: a date without a time
        table = Table(
            "Revenue by hour", (Column("hour", "hour", "count"), _ORDERS, _REVENUE, _SHARE), hours, "explore_hours"
        )
        yield Picture("hours", lambda: charts.hours(hours), table)


def _say_guests(material: Material) -> str:
    """Say that guests are not counted here, and which month is the best with them."""
    whole = [row for row in material.rows("explore_guests_by_month") if row["is_whole"]]
    if not any(row["guest_revenue"] for row in whole):
        return ""
    best = max(whole, key=lambda row: row["gross_revenue"])
    return (
        f"Known customers alone count here. With the guests, the shop's best month was {best['month']:%B %Y}: "
        f"{write(best['gross_revenue'], 'short')}."
    )


def _say_late(material: Material) -> str:
    """Say that the export goes on after the date of the segments, where it does."""
    last = next((row["last_at"] for row in material.rows("explore_overview") if row["part"] == "kept"), None)
    if last is None or f"{last:%Y-%m-%d}" < material.as_of:
        return ""
    return f"Here the whole export counts, up to {last:%Y-%m-%d}; the segments know what was before {material.as_of}."
