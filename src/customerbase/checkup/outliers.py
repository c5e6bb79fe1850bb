"""Findings about quantities and prices that are far out of what is usual for the product; none is ever dropped."""

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from customerbase.checkup.finding import Finding, count_lines, quote_lines
from customerbase.checkup.folds import BINS_PER_E, CheckupInput
from customerbase.checkup.quantiles import weighted_quantiles
from customerbase.engine import keep

__all__ = ["find_far_out_prices", "find_far_out_quantities", "limit_products"]

ROBUST_Z = 6.0
IQR_FENCES = 3.0
LEAST_LINES = 20
"""Of a product with fewer lines nothing is usual: those of the whole shop say what is."""

MOST_TIMES_USUAL = 20
"""Of a customer with as many lines, a quantity is usual up to so many times the median."""

_DEVIATIONS_PER_MAD, _IQR_OF_DEVIATION = 1.4826, 1.349
_LEAST_DEVIATION = {"quantity": 1.0, "price": 0.5}
"""In factors of e. Most products sell by the piece and at one price: any other would be infinitely far out."""


def find_far_out_quantities(seen: CheckupInput) -> Finding | None:
    """Find lines whose quantity is far out for the product by robust z and by IQR, both of the logarithm."""
    return _find(seen, "quantity")


def find_far_out_prices(seen: CheckupInput) -> Finding | None:
    """Find lines whose price is far out for the product by robust z and by IQR, both of the logarithm."""
    return _find(seen, "price")


def limit_products(bins: pd.DataFrame, least_deviation: float) -> pd.DataFrame:
    """Give the `low` and `high` of each product beyond which a value is far out; of a rare one, those of all products.

    Parameters
    ----------
    bins
        `product`, `size` and `n_lines`, how often a size occurs.
    least_deviation
        What counts as one deviation at least, in the unit of `size`.

    Examples
    --------
    >>> bins = pd.DataFrame({"product": ["mug", "mug"], "size": [0, 90], "n_lines": [60, 1]})
    >>> limit_products(bins, 10).loc["mug"].to_list()
    [-60.0, 60.0]
    """
    whole = bins.groupby("size", as_index=False)[["n_lines"]].sum().assign(product="all")
    own, shop = _limit(bins, least_deviation), _limit(whole, least_deviation)
    limits = own[["low", "high"]].copy()
    limits.loc[own.n_lines < LEAST_LINES] = shop.loc["all", ["low", "high"]].to_numpy()
    return limits


def _limit(bins: pd.DataFrame, least_deviation: float) -> pd.DataFrame:
    """Give what is far out by neither method: six robust deviations from the median, three IQR from the quartiles."""
    middle = weighted_quantiles(bins, "product", "size", q1=0.25, median=0.5, q3=0.75)
    away = bins.assign(distance=(bins["size"] - bins["product"].map(middle["median"])).abs())
    mad = weighted_quantiles(away, "product", "distance", mad=0.5).mad
    deviation = np.maximum(_DEVIATIONS_PER_MAD * mad, least_deviation)
    iqr = np.maximum(middle.q3 - middle.q1, _IQR_OF_DEVIATION * least_deviation)
    low = np.minimum(middle["median"] - ROBUST_Z * deviation, middle.q1 - IQR_FENCES * iqr)
    high = np.maximum(middle["median"] + ROBUST_Z * deviation, middle.q3 + IQR_FENCES * iqr)
    return pd.DataFrame({"n_lines": middle.n_lines, "low": low, "high": high})


def _find(seen: CheckupInput, measure: str) -> Finding | None:
    far = _take_far_out(seen.products, f"{measure}_bin", BINS_PER_E * _LEAST_DEVIATION[measure])
    if far.empty:
        return None
    lines = seen.traded.filter(seen.traded.is_product & (seen.traded.amount != 0))
    size = {"quantity": lines.quantity, "price": lines.unit_price}[measure].cast("float64").abs()
    coded = lines.mutate(code=lines.product_id.fill_null(""), size=size)
    # Few products are concerned, and to compare sizes takes less time than to take logarithms again.
    joined = coded.join(ibis.memtable(far), "code")
    found = keep(
        joined.filter((joined.size > 0) & ~joined.size.between(joined.least, joined.most)).drop("least", "most")
    )
    if measure == "quantity":
        found = keep(_leave_out_usual(found, lines))
    count = count_lines(found)
    if not count.rows:
        return None
    return Finding(
        "far_out_quantities" if measure == "quantity" else "far_out_prices",
        count.rows,
        count.customers,
        count.turnover,
        f"{_method(measure)}; {quote_lines(found)}",
        "kept: no outlier is dropped; segments are learnt from winsorised values",
        "correct them in the shop, and export again",
    )


def _take_far_out(products: pd.DataFrame, name: str, least_deviation: float) -> pd.DataFrame:
    """Take the products that have a bin far out, by `code`, with the `least` and `most` that are not."""
    known = products[products.is_product & products[name].notna()]
    if known.empty:
        return pd.DataFrame({"code": []})
    numbers, codes = pd.factorize(known.product_id)
    sized = pd.DataFrame({"product": numbers, "size": known[name], "n_lines": known.n_lines})
    bins = sized.groupby(["product", "size"], as_index=False)[["n_lines"]].sum()
    limits = limit_products(bins, least_deviation)
    ends = bins.groupby("product")["size"].agg(["min", "max"])
    far = limits[(ends["min"] < limits.low) | (ends["max"] > limits.high)]
    # The outer edges of the last bins within the limits: a bin holds what rounds to it.
    low, high = np.ceil(far.low) - 0.5, np.floor(far.high) + 0.5
    return pd.DataFrame(
        {"code": codes[far.index], "least": np.exp(low / BINS_PER_E), "most": np.exp(high / BINS_PER_E)}
    )


def _leave_out_usual(found: ir.Table, lines: ir.Table) -> ir.Table:
    """Leave out lines of customers who take about as much of anything: a shop's few wholesalers are no outliers."""
    theirs = lines.semi_join(found, "customer_id")
    usual = theirs.group_by("customer_id").agg(
        n_lines=theirs.count(), middle=theirs.quantity.cast("float64").abs().median()
    )
    joined = found.left_join(usual, "customer_id")
    is_usual = (joined.n_lines >= LEAST_LINES) & (joined.quantity.abs() <= MOST_TIMES_USUAL * joined.middle)
    return joined.filter(~is_usual.fill_null(False)).select(*found.columns)


def _method(measure: str) -> str:
    own = f", and over {MOST_TIMES_USUAL} times what the customer usually takes" if measure == "quantity" else ""
    return (
        f"robust z of log {measure} over {ROBUST_Z:g} and beyond {IQR_FENCES:g} IQR from the quartiles, per product "
        f"(of all products where one has under {LEAST_LINES} lines){own}"
    )
