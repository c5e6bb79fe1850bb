"""Coupons and engagement, for the data sets that know of them."""

from collections.abc import Iterator

import ibis

from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.by_segment import spread_of, sums_of
from customerbase.report.charts.feature_words import feature_kind, feature_words
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.material import Material
from customerbase.workspace.manifest import UNDATED

__all__ = ["ENGAGEMENT", "describe_coupons", "describe_engagement"]

ENGAGEMENT = (
    "engagement_score",
    "n_sessions",
    "average_session_minutes",
    "n_pages",
    "n_clicks",
    "n_wishlist_adds",
    "campaign_response_rate",
    "cart_abandonment_rate",
)
"""Features of engagement, in the order in which they are shown."""

_N_MERCHANTS = 10


def describe_coupons(material: Material) -> Iterator[Block]:
    """Show coupons claimed and burnt by segment, by month and by merchant."""
    rows = sums_of(material, ("n_claimed", "n_burnt"))
    if any(row["n_claimed"] for row in rows):
        for row in rows:
            row["burn_rate"] = row["n_burnt"] / row["n_claimed"] if row["n_claimed"] else None
        columns: tuple[Column, ...] = (
            Column("segment", "segment"),
            Column("n_claimed", "claimed", "count"),
            Column("n_burnt", "burnt", "count"),
            Column("burn_rate", "burnt of claimed", "share"),
        )
        table = Table("Coupons by segment", columns, rows, "features, assignments")
        yield Picture("coupons", lambda: charts.coupons_by_segment(rows), table)
    months = _count_by(material, "month")
    if len(months) > 1:
        columns = (
            Column("month", "month from"),
            Column("claimed", "claimed", "count"),
            Column("burnt", "burnt", "count"),
        )
        table = Table("Coupons by month", columns, months, "coupon_events")
        yield Picture("coupon_months", lambda: charts.coupon_months(months), table)
    if merchants := _merchants(material):
        columns = (
            Column("merchant", "merchant"),
            Column("claimed", "claimed", "count"),
            Column("burnt", "burnt", "count"),
        )
        yield Table("Merchants whose coupons are burnt most", columns, merchants, "coupon_events")


def _count_by(material: Material, unit: str) -> Rows:
    events = _events(material)
    dated = events.filter(events.occurred_at.notnull())
    named = dated.mutate(**{unit: dated.occurred_at.truncate("M").date()})
    return plain_rows(_counts(named, unit).order_by(unit).to_pyarrow())


def _merchants(material: Material) -> Rows:
    events = _events(material)
    named = events.mutate(merchant=ibis.coalesce(events.merchant_name, events.merchant_id))
    counts = _counts(named.filter(named.merchant.notnull()), "merchant")
    order = [ibis.desc("burnt"), ibis.desc("claimed"), "merchant"]
    return plain_rows(counts.order_by(order).limit(_N_MERCHANTS).to_pyarrow())


def _events(material: Material) -> ibis.Table:
    events = material.table("coupon_events")
    if material.as_of == UNDATED:
        return events
    return events.filter(events.occurred_at < ibis.date(material.as_of).cast("timestamp"))


def _counts(events: ibis.Table, by: str) -> ibis.Table:
    kinds = {kind: events.count(where=events.event == kind) for kind in ("claimed", "burnt")}
    return events.group_by(by).agg(**kinds)


def describe_engagement(material: Material) -> Iterator[Block]:
    """Show how visits, clicks and the like spread within each segment."""
    there = [feature for feature in ENGAGEMENT if feature in material.customers.columns]
    yield Paragraph(
        "What the file says of visits and clicks. It did not make the segments, which follow recency, frequency and "
        "spend, so what differs here is a finding."
        if {"recency_days", "frequency", "monetary"} <= set(material.customers.columns)
        else "What the file says of visits and clicks."
    )
    for feature, rows in spread_of(material, there).items():
        kind = feature_kind(feature)
        quantiles = [
            Column(name, label, kind)
            for name, label in (("p05", "5 % below"), ("median", "median"), ("p95", "95 % below"))
        ]
        title = f"Spread of {feature_words(feature)} by segment"
        table = Table(title, (Column("segment", "segment"), *quantiles), rows, "features, assignments")
        yield _picture(feature, rows, table)


def _picture(feature: str, rows: Rows, table: Table) -> Picture:
    return Picture(f"engagement_{feature}", lambda: charts.feature_distribution(rows, feature), table)
