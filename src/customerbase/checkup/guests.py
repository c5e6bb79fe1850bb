"""The finding about guests: how much they buy, and how they differ from known customers."""

from decimal import Decimal

import numpy as np
import pandas as pd

from customerbase.checkup.finding import Finding
from customerbase.checkup.folds import BINS_PER_E, CheckupInput
from customerbase.checkup.quantiles import weighted_quantiles

__all__ = ["find_guests", "guest_months"]

_MOST_MONTHS = 36
"""So many are listed one by one."""


def find_guests(seen: CheckupInput) -> Finding | None:
    """Find lines without a customer, but for copies of orders, and how they differ from those of known customers."""
    came_once = seen.marks[seen.marks.rule != "repeated_order"]
    guests = came_once[came_once.is_guest]
    if guests.empty:
        return None
    n_lines, n_guest_lines = int(came_once.rows.sum()), int(guests.rows.sum())
    parts = [f"{n_guest_lines:,} of {n_lines:,} lines ({n_guest_lines / n_lines:.1%})"]
    parts += [*_compare_baskets(seen.hours), *_compare_prices(seen.products), *_describe_months(seen.hours)]
    rules = ", ".join(f"{rule} ({rows:,})" for rule, rows in guests.groupby("rule").rows.sum().items())
    return Finding(
        "guests",
        n_guest_lines,
        0,
        sum(guests.amount, Decimal(0)),
        "; ".join(parts),
        f"set aside by the rules {rules}" if rules else "kept",
        "--map customer_id=COLUMN, where another column (an e-mail address) names them; --without guest keeps them",
    )


def guest_months(hours: pd.DataFrame) -> pd.DataFrame:
    """Give the gross revenue of each month, that of guests, and their share.

    Parameters
    ----------
    hours
        As in `CheckupInput`.

    Examples
    --------
    >>> hours = pd.DataFrame({"hour": pd.to_datetime(["2024-05-01 10:00"] * 2), "is_guest": [True, False],
    ...                       "n_orders": [1, 1], "n_lines": [1, 1], "gross": [1.0, 3.0]})
    >>> guest_months(hours).share.to_dict()
    {'2024-05': 0.25}
    """
    month = hours.hour.dt.strftime("%Y-%m")
    gross = hours.gross.groupby(month).sum()
    of_guests = hours.gross.where(hours.is_guest, 0).groupby(month).sum()
    return pd.DataFrame({"gross": gross, "of_guests": of_guests, "share": of_guests / gross})


def _compare_baskets(hours: pd.DataFrame) -> list[str]:
    sums = hours.groupby("is_guest")[["n_orders", "n_lines", "gross"]].sum()
    if len(sums) < 2:
        return []
    lines, value = sums.n_lines / sums.n_orders, sums.gross / sums.n_orders
    return [
        f"{lines[True]:,.1f} lines per order, of known customers {lines[False]:,.1f}",
        f"order value {value[True]:,.2f} against {value[False]:,.2f}",
    ]


def _compare_prices(products: pd.DataFrame) -> list[str]:
    sold = products[products.is_product & products.price_bin.notna()]
    bins = weighted_quantiles(sold, "is_guest", "price_bin", middle=0.5).middle
    if len(bins) < 2:
        return []
    price = np.exp(bins / BINS_PER_E)
    return [f"median price about {price[True]:,.2f} against {price[False]:,.2f}"]


def _describe_months(hours: pd.DataFrame) -> list[str]:
    if hours.empty:
        return []
    share = guest_months(hours).share
    if len(share) > _MOST_MONTHS:
        span = f"from {share.min():.1%} ({share.idxmin()}) to {share.max():.1%} ({share.idxmax()})"
        return [f"share of gross revenue by month {span}"]
    return ["share of gross revenue by month: " + ", ".join(f"{month} {part:.1%}" for month, part in share.items())]
