"""Concentration: how unevenly revenue and orders are spread over the customers."""

from collections.abc import Iterable

import ibis
import ibis.expr.types as ir

from customerbase.exploration.folds import Folds
from customerbase.schema import MONEY

__all__ = ["concentration", "lorenz", "order_counts"]

_PERCENTS = (50, 80, 90, 95, 99)


def _rank_customers(buyers: ir.Table) -> ir.Table:
    """Give each customer a rank by revenue, the revenue up to there, and that of all."""
    order = [ibis.desc(buyers.gross_revenue), buyers.customer_id]
    upto = ibis.window(order_by=order, preceding=None, following=0)
    return buyers.select(
        rank=ibis.row_number().over(ibis.window(order_by=order)).cast("int64") + 1,
        reached=buyers.gross_revenue.sum().over(upto),
        total=buyers.gross_revenue.sum().over(ibis.window()),
        n_customers=buyers.count().over(ibis.window()),
    )


def lorenz(folds: Folds) -> ir.Table:
    """Give the share of revenue that the best customers bring, in steps of 1 % of the customers, best first.

    `n_customers` is the number in the step, rounded up; the last step is all customers, those with a purchase. Revenue
    is gross.
    """
    ranked = _rank_customers(folds.buyers)
    steps = _list_integers("customers_percent", range(1, 101))
    joined = steps.cross_join(ranked)
    joined = joined.filter(joined["rank"] == (joined.customers_percent * joined.n_customers + 99) // 100)
    share = joined.reached.cast("float64") / joined.total.cast("float64").nullif(0)
    return joined.select("customers_percent", n_customers=joined["rank"], revenue_share=share)


def concentration(folds: Folds) -> ir.Table:
    """Give how many of the best customers bring half, 80, 90, 95 and 99 % of revenue; customers as in `lorenz`."""
    ranked = _rank_customers(folds.buyers)
    crossed = _list_integers("revenue_percent", _PERCENTS).cross_join(ranked)
    enough = crossed.filter((crossed.reached * 100 >= crossed.total * crossed.revenue_percent) & (crossed.total > 0))
    found = enough.group_by("revenue_percent").agg(n=enough["rank"].min(), of=enough.n_customers.max())
    share = found.n.cast("float64") / found["of"].cast("float64")
    return found.select("revenue_percent", n_customers="n", customers_share=share)


def _list_integers(name: str, values: Iterable[int]) -> ir.Table:
    return ibis.memtable([{name: value} for value in values], schema={name: "int64"})


def order_counts(folds: Folds) -> ir.Table:
    """Count the customers with one purchase order, with two, and so on, and their revenue."""
    buyers = folds.buyers
    counted = buyers.group_by(n_orders=buyers.frequency).agg(
        n_customers=buyers.count(), gross_revenue=buyers.gross_revenue.sum().cast(MONEY)
    )
    n_customers, revenue, every = counted.n_customers, counted.gross_revenue, ibis.window()
    return counted.select(
        "n_orders",
        "n_customers",
        customers_share=n_customers.cast("float64") / n_customers.sum().over(every).cast("float64"),
        gross_revenue="gross_revenue",
        revenue_share=revenue.cast("float64") / revenue.sum().over(every).cast("float64").nullif(0),
    )
