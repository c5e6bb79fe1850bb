"""The oracle: every table of an exploration again in pandas, from its definition and from the export itself."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

__all__ = ["ORACLE", "Export", "read_export"]

Rows = list[dict[str, Any]]

MISSABLE = [
    "order_id", "customer_id", "product_id", "product_name", "category", "quantity", "unit_price", "discount",
    "currency", "country", "channel", "coupon_code",
]  # fmt: skip


@dataclass(frozen=True)
class Export:
    """The cells of an export as text, the same as typed lines, and the features of the customers."""

    cells: pd.DataFrame
    lines: pd.DataFrame
    features: pd.DataFrame

    @property
    def kept(self) -> pd.DataFrame:
        return self.lines[self.lines.customer_id.notna()]

    @property
    def bought(self) -> pd.DataFrame:
        return self.kept[~self.kept.is_return]

    @property
    def returned(self) -> pd.DataFrame:
        return self.kept[self.kept.is_return]

    @property
    def months(self) -> list[pd.Timestamp]:
        """First day of each month from the first line to the last; the generated shop has no partial one."""
        first, last = self.lines.ordered_at.min(), self.lines.ordered_at.max()
        return list(pd.date_range(first.normalize().replace(day=1), last, freq="MS"))

    @property
    def numbers(self) -> pd.DataFrame:
        buyers = self.features[self.features.frequency > 0]
        numeric = [name for name in buyers.columns if isinstance(buyers[name].dropna().iloc[0], int | float | Decimal)]
        numeric = [name for name in numeric if not isinstance(buyers[name].iloc[0], bool)]
        return buyers[numeric].astype(float)


def read_export(file: Path, features: pd.DataFrame) -> Export:
    cells = pd.read_csv(file, dtype=str, keep_default_na=False).replace("", None)
    lines = cells.copy()
    for name in ("quantity", "unit_price", "discount", "amount"):
        lines[name] = cells[name].map(Decimal, na_action="ignore")
    lines["ordered_at"] = pd.to_datetime(cells.ordered_at)
    lines["is_return"] = [quantity < 0 for quantity in lines.quantity]
    return Export(cells, lines, features)


def money(lines: pd.DataFrame) -> Decimal:
    return sum(lines.amount, Decimal(0))


def divide(numerator: Any, denominator: Any) -> float | None:
    return float(numerator) / float(denominator) if denominator else None


def overview(export: Export) -> Rows:
    lines, kept = export.lines, export.kept
    parts = [
        ("read", lines), ("with_customer", kept), ("bought_by_customer", export.bought), ("kept", kept),
        ("kept_purchases", export.bought), ("kept_returns", export.returned),
    ]  # fmt: skip
    return [
        {
            "step": step,
            "part": name,
            "n_lines": len(part),
            "n_orders": part.order_id.nunique(),
            "n_customers": part.customer_id.nunique(),
            "n_products": part.product_id.nunique(),
            "n_countries": part.country.nunique(),
            "n_repeated_lines": int(part.duplicated().sum()),
            "n_negative_quantity": int((part.quantity < 0).sum()),
            "n_no_price": int((part.unit_price <= 0).sum()),
            "amount": money(part),
            "first_at": part.ordered_at.min(),
            "last_at": part.ordered_at.max(),
        }
        for step, (name, part) in enumerate(parts, start=1)
    ]


def columns(export: Export) -> Rows:
    rows = []
    for position, name in enumerate(export.cells.columns, start=1):
        known = export.cells[name].dropna()
        numbers = pd.to_numeric(known, errors="coerce")
        is_date = known.str.match(r"\d{4}-\d\d-\d\d").all()
        kind = "number" if numbers.notna().all() else "date" if is_date else "text"
        ends = numbers if kind == "number" else known
        n_missing = len(export.cells) - len(known)
        rows.append(
            {
                "position": position,
                "column": name,
                "kind": kind,
                "n_rows": len(export.cells),
                "n_missing": n_missing,
                "missing_share": n_missing / len(export.cells),
                "n_distinct": known.nunique(),
                "minimum": f"{ends.min():.15g}" if kind == "number" else ends.min(),
                "maximum": f"{ends.max():.15g}" if kind == "number" else ends.max(),
            }
        )
    return rows


def column_values(export: Export) -> Rows:
    rows = []
    for position, name in enumerate(export.cells.columns, start=1):
        counts = export.cells[name].value_counts()
        most = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:5]
        rows += [
            {"position": position, "column": name, "rank": rank, "value": value, "n_rows": n, "share": n / 5_000}
            for rank, (value, n) in enumerate(most, start=1)
        ]
    return rows


def missing(export: Export) -> Rows:
    rows = []
    for name in sorted(MISSABLE):
        without = export.lines[export.lines[name].isna()]
        share = len(without) / len(export.lines)
        if share < 1:
            row = {"column": name, "n_lines": len(export.lines), "n_missing": len(without), "missing_share": share}
            rows.append(row | {"amount": money(without)})
    return rows


def missing_together(export: Export) -> Rows:
    lines = export.lines
    met = {name: lines[name].isna() for name in MISSABLE}
    met |= {
        "is_return": lines.is_return,
        "negative_quantity": lines.quantity < 0,
        "no_price": lines.unit_price <= 0,
    }
    return [
        {
            "column": name,
            "condition": condition,
            "n_missing": int(met[name].sum()),
            "n_together": int((met[name] & met[condition]).sum()),
            "share": met[condition][met[name]].mean(),
            "share_elsewhere": met[condition][~met[name]].mean(),
        }
        for name in sorted(MISSABLE)
        for condition in sorted(met)
        if condition != name and (met[name] & met[condition]).any()
    ]


def guests(export: Export) -> Rows:
    total = money(export.lines[~export.lines.is_return])
    rows = []
    for buyers, is_guest in (("guests", True), ("known customers", False)):
        lines = export.lines[export.lines.customer_id.isna() == is_guest]
        bought, returned = lines[~lines.is_return], -money(lines[lines.is_return])
        goods = lines[lines.product_id != "POST"]
        sizes = bought.groupby("order_id").size()
        values = bought.groupby("order_id").amount.sum().astype(float)
        rows.append(
            {
                "buyers": buyers,
                "n_lines": len(lines),
                "n_no_price": 0,
                "n_orders": bought.order_id.nunique(),
                "gross_revenue": money(bought),
                "revenue_share": divide(money(bought), total),
                "return_value": returned,
                "return_rate": divide(returned, money(bought)),
                "goods_return_rate": divide(-money(goods[goods.is_return]), money(goods[~goods.is_return])),
                "mean_lines_per_order": sizes.mean(),
                "median_lines_per_order": sizes.median(),
                "mean_order_value": values.mean(),
                "median_order_value": values.median(),
                "mean_quantity": bought.quantity.astype(float).mean(),
                "median_quantity": bought.quantity.astype(float).median(),
                "mean_unit_price": bought.unit_price.astype(float).mean(),
                "median_unit_price": bought.unit_price.astype(float).median(),
            }
        )
    return rows


def in_month(lines: pd.DataFrame, month: pd.Timestamp) -> pd.DataFrame:
    found: pd.DataFrame = lines[lines.ordered_at.dt.strftime("%Y-%m") == month.strftime("%Y-%m")]
    return found


def guests_by_month(export: Export) -> Rows:
    rows = []
    for month in export.months:
        bought = in_month(export.lines[~export.lines.is_return], month)
        of_guests = bought[bought.customer_id.isna()]
        rows.append(
            {
                "month": month,
                "is_whole": True,
                "n_lines": len(bought),
                "n_guest_lines": len(of_guests),
                "gross_revenue": money(bought),
                "guest_revenue": money(of_guests),
                "guest_share": divide(money(of_guests), money(bought)),
            }
        )
    return rows


def months(export: Export) -> Rows:
    rows: dict[pd.Timestamp, dict[str, Any]] = {}
    for month in export.months:
        bought, returned = in_month(export.bought, month), in_month(export.returned, month)
        before = rows.get(month - pd.DateOffset(years=1), {}).get("gross_revenue")
        rows[month] = {
            "month": month,
            "is_whole": True,
            "n_orders": bought.order_id.nunique(),
            "n_customers": bought.customer_id.nunique(),
            "n_lines": len(bought),
            "n_return_lines": len(returned),
            "gross_revenue": money(bought),
            "return_value": -money(returned),
            "return_rate": divide(-money(returned), money(bought)),
            "revenue_year_before": before,
            "revenue_change": divide(money(bought) - before, before) if before else None,
        }
    return list(rows.values())


def weekdays(export: Export) -> Rows:
    days = pd.date_range(export.lines.ordered_at.min().normalize(), export.lines.ordered_at.max(), freq="D")
    rows = []
    for weekday, name in enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")):
        bought = export.bought[export.bought.ordered_at.dt.day_of_week == weekday]
        n_days = int((days.day_of_week == weekday).sum())
        row = {"weekday": weekday + 1, "name": name, "n_days": n_days, "n_orders": bought.order_id.nunique()}
        row |= {"gross_revenue": money(bought), "revenue_share": divide(money(bought), money(export.bought))}
        rows.append(row | {"revenue_per_day": divide(money(bought), n_days)})
    return rows


def hours(export: Export) -> Rows:
    rows = []
    for hour in range(24):
        bought = export.bought[export.bought.ordered_at.dt.hour == hour]
        row = {"hour": hour, "n_orders": bought.order_id.nunique(), "gross_revenue": money(bought)}
        rows.append(row | {"revenue_share": divide(money(bought), money(export.bought))})
    return rows


def ranked(rows: Rows, by: str, what: str, key: str) -> Rows:
    """Rank rows, and add the share of each in all of them and that of all up to it."""
    rows = sorted(rows, key=lambda row: (-row[by], row[key]))
    total, reached = sum(row[by] for row in rows), Decimal(0)
    for rank, row in enumerate(rows, start=1):
        reached += row[by]
        row |= {"rank": rank, f"{what}_share": divide(row[by], total), "cumulative_share": divide(reached, total)}
    return rows


def countries(export: Export) -> Rows:
    rows = []
    for country in export.kept.country.dropna().unique():
        bought = export.bought[export.bought.country == country]
        returned = export.returned[export.returned.country == country]
        row = {"country": country, "n_orders": bought.order_id.nunique(), "n_customers": bought.customer_id.nunique()}
        row |= {"gross_revenue": money(bought), "return_value": -money(returned)}
        rows.append(row | {"average_order_value": divide(money(bought), row["n_orders"])})
    rows = ranked(rows, "gross_revenue", "revenue", "country")
    return [{name: value for name, value in row.items() if name != "cumulative_share"} for row in rows]


def sold(export: Export, by: str) -> Rows:
    rows = []
    is_product = export.kept.product_id != "POST"
    for value, lines in export.kept[is_product].groupby(by):
        bought, returned = lines[~lines.is_return], lines[lines.is_return]
        row = {
            by: value,
            "n_lines": len(bought),
            "quantity": sum(bought.quantity, Decimal(0)),
            "gross_revenue": money(bought),
            "quantity_returned": -sum(returned.quantity, Decimal(0)),
            "return_value": -money(returned),
            "return_rate": divide(-money(returned), money(bought)),
        }
        if by == "product_id":
            row |= {name: lines[name].iloc[0] for name in ("product_name", "category")}
        rows.append(row)
    return rows


def products(export: Export) -> Rows:
    return ranked(sold(export, "product_id"), "gross_revenue", "revenue", "product_id")[:100]


def returned_products(export: Export) -> Rows:
    rows = [row for row in sold(export, "product_id") if row["return_value"] > 0]
    return ranked(rows, "return_value", "return", "product_id")[:100]


def categories(export: Export) -> Rows:
    return ranked(sold(export, "category"), "gross_revenue", "revenue", "category")


def form(code: str) -> str:
    rest = code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    masked = ("9" if s.isdigit() else "A" if s.isupper() else "a" if s.islower() else s for s in rest)
    return code[: len(code) - len(rest)] + "".join(masked)


def codes(export: Export) -> Rows:
    rows = []
    for column in ("customer_id", "order_id", "product_id"):
        known = export.lines[export.lines[column].notna()]
        for shape, lines in known.groupby(known[column].map(form)):
            rows.append(
                {
                    "column": column,
                    "form": shape,
                    "n_codes": lines[column].nunique(),
                    "n_lines": len(lines),
                    "gross_revenue": money(lines[~lines.is_return]),
                    "return_value": -money(lines[lines.is_return]),
                    "example": lines[column].min(),
                }
            )
    return rows


def revenues(export: Export) -> list[Decimal]:
    buyers = export.features[export.features.frequency > 0]
    return sorted(buyers.gross_revenue, reverse=True)


def concentration(export: Export) -> Rows:
    values, rows = revenues(export), []
    for percent in (50, 80, 90, 95, 99):
        n = next(n for n in range(1, len(values) + 1) if sum(values[:n]) * 100 >= sum(values) * percent)
        rows.append({"revenue_percent": percent, "n_customers": n, "customers_share": n / len(values)})
    return rows


def lorenz(export: Export) -> Rows:
    values, rows = revenues(export), []
    for percent in range(1, 101):
        n = -(-percent * len(values) // 100)
        share = divide(sum(values[:n]), sum(values))
        rows.append({"customers_percent": percent, "n_customers": n, "revenue_share": share})
    return rows


def order_counts(export: Export) -> Rows:
    buyers = export.features[export.features.frequency > 0]
    total = sum(buyers.gross_revenue)
    return [
        {
            "n_orders": n,
            "n_customers": len(group),
            "customers_share": len(group) / len(buyers),
            "gross_revenue": sum(group.gross_revenue),
            "revenue_share": divide(sum(group.gross_revenue), total),
        }
        for n, group in buyers.groupby("frequency")
    ]


def distributions(export: Export) -> Rows:
    rows = []
    for name in sorted(map(str, export.numbers)):
        values = export.numbers[name].dropna().to_numpy()
        quantiles = dict(
            zip(
                ("p01", "p05", "p25", "median", "p75", "p95", "p99"),
                np.quantile(values, [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]),
                strict=True,
            )
        )
        rows.append(
            {
                "feature": name,
                "n_customers": len(values),
                "n_missing": len(export.numbers) - len(values),
                "n_zero": int((values == 0).sum()),
                "n_negative": int((values < 0).sum()),
                "mean": values.mean(),
                "standard_deviation": values.std(ddof=1),
                "skew": stats.skew(values, bias=False) if len(set(values)) > 1 else None,
                "minimum": values.min(),
                "maximum": values.max(),
                **quantiles,
            }
        )
    return rows


def histograms(export: Export) -> Rows:
    rows = []
    for name in sorted(map(str, export.numbers)):
        values = export.numbers[name].dropna().to_numpy()
        low, high = np.quantile(values, 0.01), np.quantile(values, 0.99)
        if low == high:
            low, high = values.min(), values.max()
        edges = np.linspace(low, high, 21)
        for place in range(20 if values.min() < values.max() else 0):
            lower = -np.inf if place == 0 else edges[place]
            upper = np.inf if place == 19 else edges[place + 1]
            rows.append(
                {
                    "feature": name,
                    "bin": place + 1,
                    "lower": values.min() if place == 0 else lower,
                    "upper": values.max() if place == 19 else upper,
                    "n_customers": int(((values >= lower) & (values < upper)).sum()),
                }
            )
    return rows


def correlations(export: Export) -> Rows:
    numbers, rows = export.numbers, []
    varying = [name for name in numbers.columns if numbers[name].nunique() > 1]
    for one, other in combinations(varying, 2):
        both = numbers[[one, other]].dropna()
        constant = (both.nunique() <= 1).any()
        row = {"feature": one, "other": other, "n_customers": len(both)}
        row["pearson"] = None if constant else stats.pearsonr(both[one], both[other]).statistic
        row["spearman"] = None if constant else stats.spearmanr(both[one], both[other]).statistic
        rows.append(row)
    return sorted(rows, key=lambda row: (row["feature"], row["other"]))


ORACLE: dict[str, Callable[[Export], Rows]] = {
    function.__name__: function
    for function in (
        overview, columns, column_values, missing, missing_together, guests, guests_by_month, months, weekdays, hours,
        countries, products, categories, returned_products, codes, concentration, lorenz, order_counts, distributions,
        histograms, correlations,
    )
}  # fmt: skip
"""Name of a table → its definition."""
