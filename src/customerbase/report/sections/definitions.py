"""How every figure is defined, and who the customers are where they may be named."""

from collections.abc import Iterator
from typing import Any

import ibis

from customerbase.features.customers import COUPON_FEATURES, CUSTOMER_FEATURES, FEATURES
from customerbase.report.blocks import Block, Column, Paragraph, Table
from customerbase.report.charts.feature_words import feature_words
from customerbase.report.charts.theme import plain_rows
from customerbase.report.material import Material

__all__ = ["describe_customers", "describe_definitions"]

_N_CUSTOMERS = 20

_TERMS = {
    "as of": "The date of this report, exclusive: what was known at the start of that day.",
    "order, purchase": "An order with at least one line that is not a return.",
    "return": "A line with a negative quantity, or one on a document that cancels another.",
    "revenue": "The amount of purchase lines, before returns; net spend takes returns off.",
    "guest": "An order without a customer. Guests are counted, and are in no segment.",
    "percentile rank": "The share of all customers below a customer, counting half of those with the same value.",
    "average customer": "Of counts, amounts and shares the mean of all customers; of days the customer in the middle.",
    "fit": "1 less the usual distance between the percentile ranks of a segment and those of its kind; 1 is the same.",
    "standard deviation": "The usual distance from the mean of all customers.",
    "found again, adjusted Rand": "How alike two ways to sort the same customers are: 1 is the same, 0 is chance.",
    "silhouette": "How much nearer customers are to their own segment than to the next one: 1 is best, 0 is a cut.",
    "Davies–Bouldin": "How wide segments are against how far they lie apart; lower is better.",
    "variance told, eta squared": "The part of the differences in a figure that goes with the segment: 0 none, 1 all.",
    "confidence": "How sure a customer's segment is: 0 on the border of two, 1 at the heart of one.",
    "money at stake": "The amount of the rows that a finding concerns. Findings overlap, so they do not add up.",
    "coupon burnt": "A coupon that was claimed and then used.",
}
"""Terms of the page that are no features."""


def describe_definitions(material: Material) -> Iterator[Block]:
    """Define the terms of the page, and every feature that the customers have."""
    terms = [{"term": term, "meaning": meaning} for term, meaning in _TERMS.items()]
    yield Table("Terms", (Column("term", "term"), Column("meaning", "meaning")), terms)
    known: dict[str, Any] = {**FEATURES, **COUPON_FEATURES, **CUSTOMER_FEATURES}
    rows = [
        {"name": name, "words": feature_words(name), "meaning": _first_paragraph(known[name])}
        for name in material.customers.columns
        if name in known
    ]
    columns = (Column("words", "figure"), Column("name", "column"), Column("meaning", "meaning"))
    yield Table("Features of customers", columns, rows, "features")
    seed = "the same rows and the same seed give the same page."
    yield Paragraph(f"All figures come from the tables of one run; {seed}")


def _first_paragraph(described: object) -> str:
    return " ".join((described.__doc__ or "").split("\n\n")[0].replace("`", "").split())


def describe_customers(material: Material) -> Iterator[Block]:
    """Name the customers who spent most; only where ids were asked for."""
    value = next(
        (name for name in ("monetary", "n_claimed", "engagement_score") if name in material.customers.columns), None
    )
    shown = [
        name for name in ("recency_days", "frequency", "monetary", "n_claimed") if name in material.customers.columns
    ]
    if value is None:
        return
    columns = (
        Column("customer_id", "customer"),
        Column("segment", "segment"),
        *(Column(name, feature_words(name), "money" if name == "monetary" else "number") for name in shown),
    )
    best = material.customers.order_by([ibis.desc(value), "customer_id"]).limit(_N_CUSTOMERS)
    rows = plain_rows(best.select("customer_id", "segment", *shown).to_pyarrow())
    yield Table(
        f"The {len(rows)} customers with the highest {feature_words(value)}", columns, rows, "features, assignments"
    )
