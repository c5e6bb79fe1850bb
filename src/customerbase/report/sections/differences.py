"""The segments: cards, what each brings, and how they differ."""

from collections.abc import Iterator, Sequence

from customerbase.report import charts
from customerbase.report.blocks import Block, Cards, Column, Paragraph, Picture, Strategies, Table
from customerbase.report.by_segment import profile_rows, spread_of, standardised_means, sums_of, yes_no_features
from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.charts.theme import Rows
from customerbase.report.material import Material

__all__ = ["describe_differences", "describe_segments", "describe_strategies"]

_SPREADS = (
    "recency_days",
    "frequency",
    "monetary",
    "average_order_value",
    "coupon_recency_days",
    "n_claimed",
    "burn_rate",
    "mean_days_to_burn",
)
"""Features whose spread is shown, those that there are."""

_MOST_SNAKE = 8


def describe_segments(material: Material) -> Iterator[Block]:
    """Show each segment as a card, and its share of customers and revenue."""
    n = f"{len(material.segments)} segments"
    how = "the scores of a published RFM scheme" if material.summary["model"] == "rfm" else "their likeness"
    yield Paragraph(
        f"{material.summary['n_customers']:,} customers{material.day} fall into {n} by {how}. Where one ends "
        "and the next begins is a cut: a customer near it could stand on either side. Beside the average customer "
        "stand medians of days, and means of counts and amounts."
    )
    yield Cards(material.segments)
    rows = [
        {
            "segment": one["name"],
            "color": one["color"],
            "n_customers": one["n_customers"],
            "share": one["share"],
            "revenue_share": one["revenue_share"],
        }
        for one in material.segments
    ]
    columns = [Column("segment", "segment"), Column("n_customers", "customers", "count")]
    columns.append(Column("share", "of customers", "share"))
    title = "Segments by size"
    if any(row["revenue_share"] is not None for row in rows):
        columns.append(Column("revenue_share", "of revenue", "share"))
        title += " and revenue"
    table = Table(title, tuple(columns), rows, "segments")
    yield Picture("segment_shares", lambda: charts.segment_shares(rows), table)
    yield from _values(material)


def _values(material: Material) -> Iterator[Block]:
    """Chart what a customer of each segment brought, where money is known."""
    money = next((name for name in ("gross_revenue", "monetary") if name in material.customers.columns), None)
    if money is None:
        return
    n_customers = {one["name"]: one["n_customers"] for one in material.segments}
    rows = [
        {**row, "revenue_per_customer": float(row[money] or 0) / n_customers[row["segment"]]}
        for row in sums_of(material, (money,))
    ]
    columns = (
        Column("segment", "segment"),
        Column(money, feature_words(money), "money"),
        Column("revenue_per_customer", "per customer", "money"),
    )
    table = Table("Revenue per customer", columns, rows, "features, assignments")
    yield Picture("revenue_per_customer", lambda: charts.revenue_per_customer(rows), table)


def describe_differences(material: Material) -> Iterator[Block]:
    """Show profiles as a heat map and as lines, and the spread of the main features."""
    profiles = profile_rows(material)
    yes_no = yes_no_features(material, list(dict.fromkeys(row["feature"] for row in profiles)))
    if ranked := [row for row in profiles if row["feature"] not in yes_no]:
        table = _profile_table(profiles, yes_no)
        yield Picture("profiles", lambda: charts.profile_heat_map(ranked, yes_no), table, is_wide=True)
    if means := _first_features(standardised_means(material)):
        columns = (
            Column("segment", "segment"),
            Column("words", "feature"),
            Column("mean", "mean", "number"),
            Column("standardised_mean", "standard deviations from the mean of all", "score"),
        )
        rows = [{**row, "words": feature_words(row["feature"])} for row in means]
        table = Table("Means by segment", columns, rows, "segments, explore_distributions")
        yield Picture("snake", lambda: charts.snake_plot(means), table, is_wide=True)
    there = [feature for feature in _SPREADS if feature in material.customers.columns]
    for feature, rows in spread_of(material, there).items():
        yield _spread_picture(feature, rows)


def _profile_table(profiles: Rows, yes_no: Sequence[str]) -> Table:
    rows = [
        {
            **row,
            "words": feature_words(row["feature"]),
            "percentile_rank": None if row["feature"] in yes_no else row["percentile_rank"],
        }
        for row in profiles
    ]
    columns = (
        Column("segment", "segment"),
        Column("words", "feature"),
        Column("percentile_rank", "mean percentile rank", "share"),
        Column("median", "median", "number"),
        Column("mean", "mean", "number"),
    )
    return Table("Profiles by segment", columns, rows, "segments")


def _first_features(means: Rows) -> Rows:
    shown = list(dict.fromkeys(row["feature"] for row in means))[:_MOST_SNAKE]
    kept = [row for row in means if row["feature"] in shown]
    return kept if len(shown) > 1 else []


def _spread_picture(feature: str, rows: Rows) -> Picture:
    kind = feature_kind(feature)
    columns = (
        Column("segment", "segment"),
        Column("p05", "5 % below", kind),
        Column("p25", "25 % below", kind),
        Column("median", "median", kind),
        Column("p75", "75 % below", kind),
        Column("p95", "95 % below", kind),
    )
    table = Table(f"Spread of {feature_words(feature)} by segment", columns, rows, "features, assignments")
    return Picture(f"spread_{feature}", lambda: charts.feature_distribution(rows, feature), table)


def describe_strategies(material: Material) -> Iterator[Block]:
    """Give the strategy of each segment in full, and what to do across segments."""
    yield Strategies(material.segments, material.summary["across"])
