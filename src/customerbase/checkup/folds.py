"""What the check-up looks at: the order lines, and small tables that they are folded into, each in one pass."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd

from customerbase.checkup.matching import match_returns
from customerbase.engine import keep

__all__ = ["BINS_PER_E", "CheckupInput", "fold", "put_into_bins"]

BINS_PER_E = 20
"""Quantities and prices are counted in bins, so that they are few: 20 for each factor of e, each 5 % wide."""

_NOT_TRADED = (
    "unreadable",
    "repeated_order",
    "void_order",
    "other_currency",
    "accounting_adjustment",
    "drop_repeated_lines",
)
_MARKS = ("rule", "is_guest", "is_return", "is_repeated_line", "is_future", "is_free", "currency")


@dataclass(frozen=True)
class CheckupInput:
    """Order lines and what they come to.

    Parameters
    ----------
    lines
        All order lines, with the `rule` that caught each: null for those kept.
    traded
        Those of them that stand for a purchase or a return: neither copies nor corrections of the books.
    kept
        Those of them that were kept.
    free
        Those traded at the price 0.
    marks
        Rows and amount for each combination of marks: rule, is_guest, is_return, is_repeated_line, is_future, is_free,
        currency.
    hours
        Orders that brought money, by hour and whether a guest's: n_orders, n_lines, gross.
    products
        Traded lines with money by product_id (empty where there is none), is_product, is_guest and the bins of quantity
        and price: n_lines, turnover (what was returned counted as positive too).
    names
        One name of each product_id that brought money.
    customers
        Kept lines by customer_id and country: n_lines, gross, returned.
    returns
        Each return and the purchase that it undoes: see `match_returns`.
    people
        The table of customers, where the data set has one.
    coupons
        The table of coupon events, where the data set has one.
    """

    lines: ir.Table
    traded: ir.Table
    kept: ir.Table
    free: ir.Table
    marks: pd.DataFrame
    hours: pd.DataFrame
    products: pd.DataFrame
    names: pd.DataFrame
    customers: ir.Table
    returns: ir.Table
    people: ir.Table | None = None
    coupons: ir.Table | None = None


@contextmanager
def fold(lines: ir.Table, people: ir.Table | None = None, coupons: ir.Table | None = None) -> Iterator[CheckupInput]:
    """Fold order lines into the tables of a check-up, which are there as long as the context is open.

    Parameters
    ----------
    lines
        Order lines with `rule`.
    people
        A table of customers.
    coupons
        A table of coupon events.
    """
    marked = lines.mutate(is_guest=lines.customer_id.isnull(), is_free=_is_free(lines))
    engine, name = ibis.get_backend(marked), ibis.util.gen_name("checkup")
    # Ibis takes longer to write a query down than the engine to answer it: the less there is to write, the better.
    view = engine.create_view(name, marked)
    try:
        yield _fold(view, people, coupons)
    finally:
        engine.drop_view(name)


def _fold(lines: ir.Table, people: ir.Table | None, coupons: ir.Table | None) -> CheckupInput:
    traded, kept = lines.filter(~lines.rule.fill_null("").isin(_NOT_TRADED)), lines.filter(lines.rule.isnull())
    return CheckupInput(
        lines,
        traded,
        kept,
        keep(traded.filter(traded.is_free)),
        _count_marks(lines),
        _count_hours(traded),
        _fold_products(traded),
        _fold_names(traded),
        keep(_fold_customers(kept)),
        match_returns(kept),
        people,
        coupons,
    )


def put_into_bins(lines: ir.Table) -> ir.Table:
    """Add the bins of quantity and price; null where there is none, or it is zero.

    Examples
    --------
    >>> put_into_bins(ibis.memtable({"quantity": [-1.0, 0.0], "unit_price": [2.72, None]})).price_bin.to_list()
    [20, None]
    """
    return lines.mutate(quantity_bin=_bin(lines.quantity), price_bin=_bin(lines.unit_price))


def _bin(numbers: ir.NumericColumn) -> ir.IntegerColumn:
    size = numbers.cast("float64").abs().nullif(0)
    return (size.ln() * BINS_PER_E).round().cast("int64")


def _is_free(lines: ir.Table) -> ir.BooleanValue:
    """Tell which lines have a price that is zero, and no money."""
    return ((lines.unit_price <= 0) & (lines.amount == 0)).fill_null(False)


def _count_marks(lines: ir.Table) -> pd.DataFrame:
    counts = lines.group_by(*_MARKS).agg(rows=lines.count(), amount=lines.amount.sum().fill_null(0))
    return pd.DataFrame(counts.to_pyarrow().to_pylist(), columns=[*_MARKS, "rows", "amount"])


def _count_hours(traded: ir.Table) -> pd.DataFrame:
    sold = traded.filter(~traded.is_return & (traded.amount > 0) & ~traded.is_future)
    # A guest of an export without order ids has none: each line counts as an order.
    order = sold.order_id.coalesce(sold.source + sold.source_row.cast("string"))
    orders = sold.group_by(order=order).agg(
        ordered_at=sold.ordered_at.min(), is_guest=sold.is_guest.all(), n_lines=sold.count(), gross=sold.amount.sum()
    )
    hours = orders.group_by(hour=orders.ordered_at.truncate("h"), is_guest=orders.is_guest).agg(
        n_orders=orders.count(), n_lines=orders.n_lines.sum(), gross=orders.gross.sum().cast("float64")
    )
    return _load(hours, "hour", "is_guest")


def _fold_products(traded: ir.Table) -> pd.DataFrame:
    paid = traded.filter(traded.amount != 0)
    paid = paid.mutate(product_id=paid.product_id.fill_null(""))
    counts = ("product_id", "is_product", "is_guest", "quantity", "unit_price")
    # Grouped as they are first: to take a million logarithms costs as much as all else.
    exact = paid.group_by(*counts).agg(n_lines=paid.count(), turnover=paid.amount.abs().sum())
    binned = put_into_bins(exact)
    products: pd.DataFrame = (
        binned.group_by("product_id", "is_product", "is_guest", "quantity_bin", "price_bin")
        .agg(n_lines=binned.n_lines.sum(), turnover=binned.turnover.sum().cast("float64"))
        .to_pandas()
    )
    return products


def _fold_names(traded: ir.Table) -> pd.DataFrame:
    named = traded.filter((traded.amount != 0) & traded.product_id.notnull())
    return _load(named.group_by("product_id").agg(name=named.product_name.min()), "product_id")


def _load(table: ir.Table, *keys: str) -> pd.DataFrame:
    """Load a small table in the order of its key, so that sums of floating-point numbers are always the same."""
    loaded: pd.DataFrame = table.to_pandas()
    return loaded.sort_values(list(keys), ignore_index=True)


def _fold_customers(kept: ir.Table) -> ir.Table:
    known = kept.filter(kept.customer_id.notnull())
    return known.group_by("customer_id", "country").agg(
        n_lines=known.count(),
        gross=known.amount.sum(where=~known.is_return).fill_null(0),
        returned=(-known.amount.sum(where=known.is_return)).fill_null(0),
    )
