"""Coupons and engagement, for the data sets that know of them."""

from collections.abc import Iterator, Mapping
from typing import Any

import ibis

from customerbase.checkup.coupons import count_coupon_days
from customerbase.report import charts
from customerbase.report.blocks import Block, Column, Paragraph, Picture, Table
from customerbase.report.by_segment import spread_of, sums_of, yes_shares_of
from customerbase.report.charts.feature_words import feature_kind, feature_words, yes_words
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.coupon_tables import (
    KINDS,
    claims_by_merchant,
    count_coupon_months,
    coupon_events_of,
    say_coupon_end,
)
from customerbase.report.material import Material
from customerbase.segmentation.wording import join_words

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
    yield from _months(material)
    if merchants := claims_by_merchant(material, _N_MERCHANTS):
        columns = (
            Column("merchant", "merchant"),
            Column("segment", "segment"),
            Column("n_customers", "customers who claimed", "count"),
            Column("n_claimed", "coupons claimed", "count"),
        )
        table = Table("Customers who claimed, by merchant", columns, merchants, "coupon_events, assignments")
        yield Picture("coupon_merchants", lambda: charts.coupon_merchants(merchants), table)
    if burnt := _merchants(material):
        columns = (
            Column("merchant", "merchant"),
            Column("claimed", "claimed", "count"),
            Column("burnt", "burnt", "count"),
        )
        yield Table("Merchants whose coupons are burnt most", columns, burnt, "coupon_events")


def _months(material: Material) -> Iterator[Block]:
    """Show coupons by month, whole and not, and say where one kind of event ends before the other."""
    whole = count_coupon_days(coupon_events_of(material, is_whole=True))
    months = count_coupon_months(count_coupon_days(coupon_events_of(material)), whole)
    if end := say_coupon_end(whole, months):
        yield Paragraph(end)
    if len(months) > 1:
        columns = (
            Column("month", "month from"),
            Column("claimed", "claimed", "count"),
            Column("burnt", "burnt", "count"),
            Column("whole", "whole for"),
        )
        rows = [{**row, "whole": _whole_for(row)} for row in months]
        table = Table("Coupons by month", columns, rows, "coupon_events")
        yield Picture("coupon_months", lambda: charts.coupon_months(months), table)


def _whole_for(row: Mapping[str, Any]) -> str:
    return " and ".join(words for kind, words in KINDS.items() if row[f"is_whole_{kind}"]) or "–"


def _merchants(material: Material) -> Rows:
    events = coupon_events_of(material)
    named = events.mutate(merchant=ibis.coalesce(events.merchant_name, events.merchant_id))
    known = named.filter(named.merchant.notnull())
    kinds = {kind: known.count(where=known.event == kind) for kind in KINDS}
    counts = known.group_by("merchant").agg(**kinds)
    order = [ibis.desc("burnt"), ibis.desc("claimed"), "merchant"]
    return plain_rows(counts.order_by(order).limit(_N_MERCHANTS).to_pyarrow())


def describe_engagement(material: Material) -> Iterator[Block]:
    """Show how visits, clicks and the like spread within each segment; of what is only yes or no, how many a yes."""
    there = [feature for feature in ENGAGEMENT if feature in material.customers.columns]
    yield Paragraph(_introduce(material))
    shares = yes_shares_of(material, there)
    spreads = spread_of(material, [feature for feature in there if feature not in shares])
    for feature in there:
        if feature in shares:
            yield _picture_of_shares(feature, shares[feature])
        elif feature in spreads:
            yield _picture_of_spread(feature, spreads[feature])


def _introduce(material: Material) -> str:
    made_by = set(material.workspace.json("models", material.as_of).get("feature_columns", ()))
    text = "What the file says of visits and clicks."
    if not made_by or made_by & set(ENGAGEMENT):
        return text
    named = join_words(tuple(feature_words(feature) for feature in sorted(made_by)))
    return (
        f"{text} The segments were not made of it but of {named}. Where customers who buy more also visit and click "
        "more, a difference here is to be expected: it describes the segments, and is no independent proof of them."
    )


def _picture_of_shares(feature: str, rows: Rows) -> Picture:
    columns = (Column("segment", "segment"), Column("share", yes_words(feature), "share"))
    title = f"Customers with a yes by segment: {yes_words(feature)}"
    table = Table(title, columns, rows, "features, assignments")
    return Picture(f"engagement_{feature}", lambda: charts.yes_shares(rows, feature), table)


def _picture_of_spread(feature: str, rows: Rows) -> Picture:
    kind = feature_kind(feature)
    quantiles = [
        Column(name, label, kind) for name, label in (("p05", "5 % below"), ("median", "median"), ("p95", "95 % below"))
    ]
    title = f"Spread of {feature_words(feature)} by segment"
    table = Table(title, (Column("segment", "segment"), *quantiles), rows, "features, assignments")
    return Picture(f"engagement_{feature}", lambda: charts.feature_distribution(rows, feature), table)
