"""By segment: small tables for charts, computed from the features and the order lines of a workspace."""

import functools
import operator
from collections import Counter
from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np

from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.material import Material

__all__ = [
    "count_scores",
    "mix_of",
    "profile_rows",
    "rfm_cells",
    "score_customers",
    "spread_of",
    "standardised_means",
    "sums_of",
    "yes_no_features",
    "yes_shares_of",
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
    places = [*_QUANTILES.values()]
    asked = {feature: material.customers[feature].cast("float64").quantile(places) for feature in features}
    found = _by_name(material, material.customers.group_by("segment").agg(**asked)) if asked else []
    spreads = {
        feature: [
            {"segment": row["segment"], "color": row["color"], **dict(zip(_QUANTILES, row[feature], strict=True))}
            for row in found
            if row[feature] is not None
        ]
        for feature in features
    }
    return {feature: rows for feature, rows in spreads.items() if rows}


def yes_no_features(material: Material, features: Sequence[str]) -> list[str]:
    """Tell which features are only 0 or 1, or true or false, of all customers; counts that happen to be are not meant.

    Of such a feature a median, quantiles or ranks say nothing, for nearly all customers stand at one place.
    """
    asked = {
        feature: material.everybody[feature].cast("float64").isin([0.0, 1.0]).all()
        for feature in features
        if feature in material.everybody.columns and not feature.startswith("n_") and feature != "frequency"
    }
    found = material.everybody.agg(**asked).to_pyarrow().to_pylist()[0] if asked else {}
    return [feature for feature, is_yes_no in found.items() if is_yes_no]


def yes_shares_of(material: Material, features: Sequence[str]) -> dict[str, Rows]:
    """Give the share of customers with a 1 by segment, of each feature that is only 0 or 1."""
    asked = {
        feature: material.customers[feature].cast("float64").mean() for feature in yes_no_features(material, features)
    }
    found = _by_name(material, material.customers.group_by("segment").agg(**asked)) if asked else []
    return {
        feature: [
            {"segment": row["segment"], "color": row["color"], "share": row[feature]}
            for row in found
            if row[feature] is not None
        ]
        for feature in asked
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
    sums = material.sales(column)
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


def score_customers(material: Material) -> Rows:
    """Score the customers by recency, frequency and spend: customers and revenue by the three scores and the name.

    The names are the segments where these come of RFM, else those of the published 11-name scheme. Few rows come of it,
    whatever the number of customers.
    """
    from customerbase.segmentation.rfm import RFM_COLUMNS
    from customerbase.segmentation.scores import plan_scores, share_out_cells

    plan = plan_scores()
    names, table = share_out_cells(plan, np.empty((0, 3), dtype=np.int64))
    edges = _edges(material.everybody, RFM_COLUMNS, plan.n_bins[0])
    customers = material.customers
    scores = {
        score: _score(customers[name].cast("float64"), edges[name], is_reversed=name == "recency_days")
        for name, score in zip(RFM_COLUMNS, _SCORES, strict=True)
    }
    scored = customers.select("gross_revenue", "segment", **scores)
    by = [*_SCORES, "segment"] if material.summary["model"] == "rfm" else list(_SCORES)
    counted = scored.group_by(by).agg(n_customers=scored.count(), revenue=scored.gross_revenue.sum())
    rows = plain_rows(counted.order_by(by).to_pyarrow())
    return [
        {"name_of": str(names[table[tuple(row[score] - 1 for score in _SCORES)]]), **row}
        if "segment" not in row
        else {**row, "name_of": row["segment"]}
        for row in rows
    ]


def _score(value: ir.NumericValue, edges: Sequence[float], *, is_reversed: bool) -> ir.IntegerValue:
    """Count from 1 the bin of each value: a cut point belongs to the bin below it; few days are good."""
    n_below = functools.reduce(operator.add, [(value > edge).cast("int64") for edge in edges])
    return (len(edges) + 1 - n_below) if is_reversed else (n_below + 1)


def _edges(everybody: ir.Table, columns: Sequence[str], n_bins: int) -> dict[str, list[float]]:
    """Give the smallest values that at least 1/n, 2/n … of the customers do not exceed, as `RFM` learns them."""
    values = everybody.select(**{name: everybody[name].cast("float64") for name in columns})
    places = {f"place of {name}": ibis.row_number().over(order_by=values[name]) + 1 for name in columns}
    placed = values.mutate(**places, n=values.count().over())
    asked = {
        f"{name} {step}": placed[name].min(where=placed[f"place of {name}"] * n_bins >= placed.n * step)
        for name in columns
        for step in range(1, n_bins)
    }
    found = placed.agg(**asked).to_pyarrow().to_pylist()[0]
    return {name: [float(found[f"{name} {step}"]) for step in range(1, n_bins)] for name in columns}


def rfm_cells(scored: Rows) -> Rows:
    """Count customers, revenue and names by recency and frequency score, of `score_customers`.

    Examples
    --------
    >>> scores = {"r_score": 5, "f_score": 4, "m_score": 3}
    >>> rfm_cells([{**scores, "name_of": "Loyal", "n_customers": 2, "revenue": 9.0}])[0]["name"]
    'Loyal'
    """
    total, n_all = sum(row["revenue"] for row in scored), sum(row["n_customers"] for row in scored)
    cells: dict[tuple[int, int], Rows] = {}
    for row in scored:
        cells.setdefault((row["r_score"], row["f_score"]), []).append(row)
    return [
        {
            "r_score": r_score,
            "f_score": f_score,
            "n_customers": sum(row["n_customers"] for row in cell),
            "customers_share": sum(row["n_customers"] for row in cell) / n_all,
            "revenue_share": sum(row["revenue"] for row in cell) / total if total else 0.0,
            "name": _most_called(cell),
        }
        for (r_score, f_score), cell in sorted(cells.items(), key=lambda pair: (-pair[0][0], -pair[0][1]))
    ]


def _most_called(cell: Rows) -> str:
    counts: Counter[str] = Counter()
    for row in cell:
        counts[row["name_of"]] += row["n_customers"]
    return min(counts, key=lambda name: (-counts[name], name))


def count_scores(scored: Rows) -> Rows:
    """Count customers by score, of `score_customers`.

    Examples
    --------
    >>> scores = {"r_score": 5, "f_score": 4, "m_score": 3}
    >>> count_scores([{**scores, "name_of": "Loyal", "n_customers": 2, "revenue": 9.0}])[0]
    {'score': 'r_score', 'value': 5, 'n_customers': 2, 'share': 1.0}
    """
    n_all = sum(row["n_customers"] for row in scored)
    counts: dict[str, Counter[int]] = {score: Counter() for score in _SCORES}
    for row in scored:
        for score in _SCORES:
            counts[score][row[score]] += row["n_customers"]
    return [
        {"score": score, "value": value, "n_customers": n, "share": n / n_all}
        for score in _SCORES
        for value, n in sorted(counts[score].items())
    ]
