"""Seasons: what the exploration knows of the whole shop, counted anew for some of its customers."""

import calendar
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

from customerbase.dashboard.sales import sales_of
from customerbase.exploration.concentration import lorenz, order_counts
from customerbase.exploration.folds import Folds
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.material import Material

if TYPE_CHECKING:
    from customerbase.dashboard.narrowing import Shown

__all__ = ["ANEW"]

_N_RETURNED = 100


def months(shown: "Shown") -> Rows:
    """Count orders and add revenue and returns up by month; the months are those of the whole shop."""
    found = _by(shown, lambda hour: hour.truncate("M").date())
    whole = Material.rows(shown, "explore_months")
    made = [_month(row, found.get(row["month"], {})) for row in whole]
    revenue = {row["month"]: row["gross_revenue"] for row in made if row["is_whole"]}
    for row in made:
        before = revenue.get(_year_before(row["month"])) if row["is_whole"] else None
        row["revenue_year_before"] = before
        row["revenue_change"] = row["gross_revenue"] / before - 1 if before else None
    return made


def _month(row: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    revenue, returned = found.get("revenue", 0.0), found.get("return_value", 0.0)
    return {
        "month": row["month"],
        "is_whole": row["is_whole"],
        "n_orders": found.get("n_orders", 0),
        "gross_revenue": revenue,
        "return_value": returned,
        "return_rate": returned / revenue if revenue else None,
    }


def _year_before(month: date) -> date:
    return month.replace(year=month.year - 1)


def weekdays(shown: "Shown") -> Rows:
    """Count orders and add revenue up by day of the week."""
    found = _by(shown, lambda hour: hour.day_of_week.index().cast("int64") + 1)
    total = sum(row["revenue"] for row in found.values())
    rows = []
    for row in Material.rows(shown, "explore_weekdays"):
        mine = found.get(row["weekday"], {"revenue": 0.0, "n_orders": 0})
        rows.append(
            {
                "weekday": row["weekday"],
                "name": calendar.day_name[row["weekday"] - 1],
                "n_days": row["n_days"],
                "n_orders": mine["n_orders"],
                "gross_revenue": mine["revenue"],
                "revenue_share": mine["revenue"] / total if total else None,
                "revenue_per_day": mine["revenue"] / row["n_days"],
            }
        )
    return rows


def hours(shown: "Shown") -> Rows:
    """Count orders and add revenue up by hour of the day."""
    found = _by(shown, lambda hour: hour.hour().cast("int64"))
    total = sum(row["revenue"] for row in found.values())
    rows = []
    for row in Material.rows(shown, "explore_hours"):
        mine = found.get(row["hour"], {"revenue": 0.0, "n_orders": 0})
        share = mine["revenue"] / total if total else None
        rows.append(
            {
                "hour": row["hour"],
                "n_orders": mine["n_orders"],
                "gross_revenue": mine["revenue"],
                "revenue_share": share,
            }
        )
    return rows


def _by(shown: "Shown", unit: Callable[[Any], Any]) -> dict[Any, dict[str, Any]]:
    """Add the hours of the customers in question up by a unit of time."""
    sales = sales_of(shown.opened, shown.as_of)
    money, orders = shown.narrow(sales.table("hours")), shown.narrow(sales.table("orders"))
    sums = money.group_by(unit=unit(money.hour)).agg(revenue=money.revenue.sum(), return_value=money.return_value.sum())
    counts = orders.group_by(unit=unit(orders.hour)).agg(n_orders=orders.n_orders.sum().cast("int64"))
    found: dict[Any, dict[str, Any]] = {}
    for table in (sums, counts):
        for row in plain_rows(table.to_pyarrow()):
            found.setdefault(row.pop("unit"), {"revenue": 0.0, "return_value": 0.0, "n_orders": 0}).update(row)
    return found


def returned_products(shown: "Shown") -> Rows:
    """Rank products by the value that came back."""
    sold = shown.narrow(sales_of(shown.opened, shown.as_of).table("products"))
    sums = sold.group_by("product_id").agg(
        return_value=sold.return_value.sum(), gross_revenue=sold.revenue.sum(), product_name=sold.product_name.max()
    )
    total = sums.return_value.sum().over(ibis.window())
    ranked = sums.filter(sums.return_value > 0).mutate(total=total)
    found = plain_rows(ranked.order_by([ibis.desc("return_value"), "product_id"]).limit(_N_RETURNED).to_pyarrow())
    return [
        {
            **row,
            "return_share": row["return_value"] / row["total"] if row["total"] else None,
            "return_rate": row["return_value"] / row["gross_revenue"] if row["gross_revenue"] else None,
        }
        for row in found
    ]


def _of_buyers(make: Callable[[Folds], ir.Table], key: str) -> Callable[["Shown"], Rows]:
    """Make an exploration of the buyers anew."""

    def remake(shown: "Shown") -> Rows:
        buyers = shown.customers.select("customer_id", "frequency", "gross_revenue")
        nothing: Any = None  # of all that it could look at, it looks at the buyers alone
        return plain_rows(make(Folds(nothing, nothing, nothing, (), buyers, nothing)).order_by(key).to_pyarrow())

    return remake


ANEW: Mapping[str, Callable[["Shown"], Rows]] = {
    "explore_months": months,
    "explore_weekdays": weekdays,
    "explore_hours": hours,
    "explore_returned_products": returned_products,
    "explore_lorenz": _of_buyers(lorenz, "customers_percent"),
    "explore_order_counts": _of_buyers(order_counts, "n_orders"),
}
"""Table of an exploration → what makes it of some customers."""
