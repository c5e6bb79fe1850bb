"""The own figures of each segment: its usual gap between orders, its basket, its products and merchants."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from customerbase.segmentation.contrasts import baskets_agree
from customerbase.segmentation.merchants import find_merchants
from customerbase.segmentation.wording import N_LOOKED_UP, clean_name, clean_names

__all__ = ["OwnFigures", "measure_own_figures"]

TYPICAL_SHARE = 0.05
"""A product is typical of a segment only if at least this share of its customers bought it."""

COUNTRY_LEAD = 0.15
"""A country is told where its share in the segment is at least this much above its share of all customers."""

MOST_HAVE = 0.5
FEWEST_ORDERS = 3
"""A usual gap is told where at least half of the customers have one, and the middle customer has ordered so often."""

MEDIANS = (
    "recency_days",
    "coupon_recency_days",
    "age_days",
    "frequency",
    "monetary",
    "average_order_value",
    "mean_days_between_orders",
    "n_claimed",
    "n_categories",
)


@dataclass(frozen=True)
class OwnFigures:
    """What is known of the customers of one segment beyond their profile; None or nothing where it is not known.

    Parameters
    ----------
    medians
        Of the features of `MEDIANS` that somebody has, in their own units.
    gap_share
        Share of the customers who have a gap between orders.
    burn_share
        Share of all the coupons they claimed that were burnt.
    products
        Names of the products that most of them bought, the first three; as plain text.
    typical
        The product that takes the largest part in what they buy compared with all customers.
    merchants
        Up to three merchants whose coupons clearly more customers claimed than those of any other.
    country, country_share
        The country that is far more common here than among all customers, and its share.

    Examples
    --------
    >>> OwnFigures({"average_order_value": 308.0}, 0.0, None, (), None, (), None, None).products
    ()
    """

    medians: dict[str, float]
    gap_share: float
    burn_share: float | None
    products: tuple[str, ...]
    typical: str | None
    merchants: tuple[str, ...]
    country: str | None
    country_share: float | None

    @property
    def has_rhythm(self) -> bool:
        """Whether the usual gap says something: the middle customer has ordered three times, and gaps are no zero."""
        is_told = self.gap_share >= MOST_HAVE and self.medians.get("frequency", 0.0) >= FEWEST_ORDERS
        return is_told and self.medians.get("mean_days_between_orders", 0.0) >= 1


def measure_own_figures(
    assignments: ir.Table,
    features: ir.Table,
    order_lines: ir.Table | None = None,
    as_of: date | None = None,
    coupon_events: ir.Table | None = None,
) -> dict[int, OwnFigures]:
    """Measure the own figures of each segment, by its number.

    Parameters
    ----------
    assignments
        Of a `Segmentation`.
    features
        The features of the same customers.
    order_lines
        Clean order lines, for the names of products; without them none are known.
    as_of
        The date of the segments: lines and events on or after it are not looked at.
    coupon_events
        Clean coupon events, for the names of merchants; without them none are known.

    Notes
    -----
    A file of one row per customer may say of orders, order value and spend what cannot all be true. Where all orders
    times their value are more than half of the whole spend away from it, no basket is known.

    Examples
    --------
    >>> placed = ibis.memtable({"customer_id": ["a", "b"], "segment_id": [1, 1]})
    >>> features = ibis.memtable({"customer_id": ["a", "b"], "average_order_value": [10.0, 30.0]})
    >>> measure_own_figures(placed, features)[1].medians
    {'average_order_value': 20.0}
    """
    customers = features.inner_join(assignments.select("customer_id", "segment_id"), "customer_id")
    if not _baskets_agree(customers):
        customers = customers.drop("average_order_value")
    summed = {int(row["segment_id"]): row for row in _rows(_sum_up(customers))}
    products, typical = _find_products(assignments, order_lines, as_of)
    merchants = find_merchants(assignments, coupon_events, as_of)
    countries = _find_countries(customers)
    return {
        segment_id: OwnFigures(
            medians={name: float(row[name]) for name in MEDIANS if row.get(name) is not None},
            gap_share=float(row.get("gap_share") or 0.0),
            burn_share=row.get("burn_share"),
            products=products.get(segment_id, ()),
            typical=typical.get(segment_id),
            merchants=merchants.get(segment_id, ()),
            country=countries.get(segment_id, (None, None))[0],
            country_share=countries.get(segment_id, (None, None))[1],
        )
        for segment_id, row in summed.items()
    }


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


def _baskets_agree(customers: ir.Table) -> bool:
    """Tell whether orders times order value make about the spend; counted from lines they do by definition."""
    asked = ("frequency", "average_order_value", "monetary")
    if "gross_revenue" in customers.columns or not set(asked) <= set(customers.columns):
        return True
    orders, basket, spend = (customers[name].cast("float64") for name in asked)
    known = orders.notnull() & basket.notnull() & spend.notnull()
    made, spent = ((orders * basket).sum(where=known), spend.sum(where=known))
    (row,) = _rows(customers.agg(made=made, spent=spent))
    return baskets_agree(row["made"] or 0.0, row["spent"] or 0.0)


def _sum_up(customers: ir.Table) -> ir.Table:
    figures: dict[str, ir.Value] = {
        name: customers[name].cast("float64").median() for name in MEDIANS if name in customers.columns
    }
    if "mean_days_between_orders" in customers.columns:
        figures["gap_share"] = customers.mean_days_between_orders.notnull().cast("float64").mean()
    if {"n_claimed", "n_burnt"} <= set(customers.columns):
        # Whole numbers are added up, so that the order of rows has no say.
        claimed, burnt = (customers[name].sum().cast("float64") for name in ("n_claimed", "n_burnt"))
        figures["burn_share"] = (burnt / claimed.nullif(0)).round(4)
    return customers.group_by("segment_id").agg(n=customers.count(), **figures).order_by("segment_id")


def _find_products(
    assignments: ir.Table, lines: ir.Table | None, as_of: date | None
) -> tuple[dict[int, tuple[str, ...]], dict[int, str]]:
    """Find by segment the products that most customers bought, and the one that is most its own."""
    if lines is None:
        return {}, {}
    bought = lines.filter(~lines.is_return & lines.is_product & lines.product_id.notnull())
    if as_of is not None:
        bought = bought.filter(bought.ordered_at < ibis.literal(as_of).cast("timestamp"))
    counted = _count_buyers(assignments, bought)
    by_reach = counted.sort_values(["n", "product_id"], ascending=[False, True]).groupby("segment_id").head(N_LOOKED_UP)
    common = counted[counted.reach >= TYPICAL_SHARE]
    by_lead = common.sort_values(["lead", "n", "product_id"], ascending=[False, False, True])
    own = by_lead.groupby("segment_id").head(1)
    # Names are looked up for the few codes that are told: to count by them too takes twice the time.
    wanted = sorted({*by_reach.product_id, *own.product_id})
    names = bought.filter(bought.product_id.isin(wanted)).group_by("product_id").agg(name=bought.product_name.max())
    known = {row["product_id"]: row["name"] or row["product_id"] for row in _rows(names)} if wanted else {}
    told: dict[int, list[str]] = {}
    for segment_id, code in zip(by_reach.segment_id, by_reach.product_id, strict=True):
        told.setdefault(int(segment_id), []).append(known[code])
    favourites = {segment_id: clean_names(each) for segment_id, each in told.items()}
    typical = {
        int(segment_id): name[0]
        for segment_id, code in zip(own.segment_id, own.product_id, strict=True)
        if (name := clean_names([known[code]]))
    }
    return favourites, typical


def _count_buyers(assignments: ir.Table, bought: ir.Table) -> pd.DataFrame:
    """Count the customers of each segment who bought a product, as a share of the segment and of all its buyers."""
    pairs = bought.select("customer_id", "product_id").distinct()
    placed = pairs.inner_join(assignments.select("customer_id", "segment_id"), "customer_id")
    counted: pd.DataFrame = placed.group_by("segment_id", "product_id").agg(n=placed.count()).to_pandas()
    sizes = assignments.group_by("segment_id").agg(size=assignments.count()).to_pandas().set_index("segment_id")["size"]
    return counted.assign(
        reach=counted.n / counted.segment_id.map(sizes),
        lead=counted.n / counted.groupby("product_id").n.transform("sum"),
    )


def _find_countries(customers: ir.Table) -> dict[int, tuple[str | None, float | None]]:
    """Find the country that is far more common in a segment than among all customers."""
    if "country" not in customers.columns:
        return {}
    counts = customers.group_by("segment_id", "country").agg(n=customers.count()).to_pandas()
    share = counts.n / counts.groupby("segment_id").n.transform("sum")
    of_all = counts.groupby("country").n.sum() / counts.n.sum()
    lead = share - counts.country.map(of_all)
    found = counts.assign(share=share.round(4), lead=lead).dropna(subset="country")
    found = found[found.lead >= COUNTRY_LEAD].sort_values(["lead", "country"], ascending=[False, True])
    first = found.groupby("segment_id").head(1)
    rows = zip(first.segment_id, first.country, first.share, strict=True)
    return {int(segment_id): (clean_name(country), float(part)) for segment_id, country, part in rows}
