"""By segment: small tables for charts, computed from the features and the order lines of a workspace."""

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.material import Material
from customerbase.workspace.manifest import UNDATED

__all__ = [
    "count_scores",
    "mix_of",
    "profile_rows",
    "rfm_cells",
    "score_customers",
    "spread_of",
    "standardised_means",
    "sums_of",
]

_QUANTILES = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
_SCORES = ("r_score", "f_score", "m_score")


def profile_rows(material: Material) -> Rows:
    """Give the profiles of the segments as one row per segment and feature."""
    return [
        {"segment": one["name"], "color": one["color"], "feature": feature, **figures}
        for one in material.segments
        for feature, figures in one["profile"].items()
    ]


def standardised_means(material: Material) -> Rows:
    """Give the mean of each segment and feature, in standard deviations from the mean of all customers."""
    known = {row["feature"]: row for row in material.rows("explore_distributions") if row["standard_deviation"]}
    return [
        {
            "segment": row["segment"],
            "color": row["color"],
            "feature": row["feature"],
            "mean": row["mean"],
            "standardised_mean": (row["mean"] - known[row["feature"]]["mean"])
            / known[row["feature"]]["standard_deviation"],
        }
        for row in profile_rows(material)
        if row["feature"] in known
    ]


def spread_of(material: Material, features: Sequence[str]) -> dict[str, Rows]:
    """Give five quantiles of each feature by segment, in one query."""
    asked = {
        f"{feature}__{name}": material.customers[feature].cast("float64").quantile(at)
        for feature in features
        for name, at in _QUANTILES.items()
    }
    found = _by_name(material, material.customers.group_by("segment").agg(**asked)) if asked else []
    spreads = {
        feature: [
            {
                "segment": row["segment"],
                "color": row["color"],
                **{name: row[f"{feature}__{name}"] for name in _QUANTILES},
            }
            for row in found
        ]
        for feature in features
    }
    return {
        feature: known
        for feature, rows in spreads.items()
        if (known := [row for row in rows if row["median"] is not None])
    }


def sums_of(material: Material, features: Sequence[str]) -> Rows:
    """Add features up by segment."""
    sums = {feature: material.customers[feature].sum() for feature in features}
    return _by_name(material, material.customers.group_by("segment").agg(**sums))


def _by_name(material: Material, table: ir.Table) -> Rows:
    """Give one row per segment in the order of their numbers, with colours."""
    found = {row["segment"]: row for row in plain_rows(table.to_pyarrow())}
    return [{**found[name], "color": color} for name, color in material.colors.items() if name in found]


def mix_of(material: Material, column: str, n_names: int) -> Rows:
    """Give the shares of the segments in the revenue of the largest products or countries before the date.

    Parameters
    ----------
    material
        With `order_lines` and `assignments`.
    column
        `product_id` or `country`.
    n_names
        How many of the largest.
    """
    lines = material.table("order_lines")
    bought = lines.filter(~lines.is_return, lines[column].notnull())
    if material.as_of != UNDATED:
        bought = bought.filter(bought.ordered_at < ibis.date(material.as_of).cast("timestamp"))
    if column == "product_id":
        bought = bought.filter(bought.is_product)
    placed = bought.inner_join(material.table("assignments").select("customer_id", "segment"), "customer_id")
    name = placed.product_name.max() if column == "product_id" else placed[column].max()
    sums = placed.group_by([column, "segment"]).agg(revenue=placed.amount.sum(), name=name)
    totals = sums.group_by(column).agg(total=sums.revenue.sum(), label=sums.name.max())
    largest = totals.filter(totals.total > 0).order_by([ibis.desc("total"), column]).limit(n_names)
    joined = sums.inner_join(largest, column).select(column, "segment", "revenue", "total", "label")
    return _shares(material, plain_rows(joined.to_pyarrow()), column)


def _shares(material: Material, rows: Rows, column: str) -> Rows:
    places = {name: number for number, name in enumerate(material.colors)}
    names = _distinct_names(rows, column)
    ordered = sorted(rows, key=lambda row: (-row["total"], str(row[column]), places[row["segment"]]))
    return [
        {
            "name": names[row[column]],
            "segment": row["segment"],
            "color": material.colors[row["segment"]],
            "revenue": row["revenue"],
            "share": row["revenue"] / row["total"],
        }
        for row in ordered
    ]


def _distinct_names(rows: Rows, column: str) -> dict[Any, str]:
    """Name products by their names, and by their codes too where two have one name."""
    labels = {row[column]: str(row["label"] or row[column]) for row in rows}
    values = list(labels.values())
    return {key: f"{label} ({key})" if values.count(label) > 1 else label for key, label in labels.items()}


def score_customers(material: Material) -> Any:  # noqa: ANN401  (a DataFrame)
    """Score the customers by recency, frequency and spend: a frame of scores, revenue and names.

    The names are the segments where these come of RFM, else those of the published 11-name scheme.
    """
    from customerbase.segmentation.rfm import RFM, RFM_COLUMNS

    numbers = {name: material.customers[name].cast("float64") for name in (*RFM_COLUMNS, "gross_revenue")}
    customers = material.customers.select("customer_id", "segment", **numbers).order_by("customer_id").to_pandas()
    model = RFM().fit(customers[list(RFM_COLUMNS)])
    scored = customers[["segment"]].assign(revenue=customers.gross_revenue)
    scored[list(_SCORES)] = model.transform(customers[list(RFM_COLUMNS)])
    is_own = material.summary["model"] == "rfm"
    scored["name_of"] = (
        scored.segment
        if is_own
        else [str(model.segment_names_[label]) for label in model.predict(customers[list(RFM_COLUMNS)])]
    )
    return scored


def rfm_cells(scored: Any) -> Rows:  # noqa: ANN401
    """Count customers, revenue and names by recency and frequency score, of `score_customers`."""
    total, n_all = float(scored.revenue.sum()), len(scored)
    return [
        {
            "r_score": int(r_score),
            "f_score": int(f_score),
            "n_customers": len(cell),
            "customers_share": len(cell) / n_all,
            "revenue_share": float(cell.revenue.sum()) / total if total else 0.0,
            "name": str(cell.name_of.value_counts().sort_index().idxmax()),
        }
        for (r_score, f_score), cell in sorted(
            scored.groupby(["r_score", "f_score"]), key=lambda pair: (-pair[0][0], -pair[0][1])
        )
    ]


def count_scores(scored: Any) -> Rows:  # noqa: ANN401
    """Count customers by score, of `score_customers`."""
    return [
        {"score": score, "value": int(value), "n_customers": int(n), "share": int(n) / len(scored)}
        for score in _SCORES
        for value, n in scored[score].value_counts().sort_index().items()
    ]
