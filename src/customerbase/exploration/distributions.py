"""Distributions: each feature by itself, and how features go together."""

from itertools import combinations
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir
import numpy as np

from customerbase.exploration.folds import Folds

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["correlations", "distributions", "histograms"]

_QUANTILES = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}
_MOST_CUSTOMERS = 10_000
_N_BINS = 20
_DECIMALS = 6
"""Of skew and correlations: more would differ between machines, and say nothing."""

_STATISTICS = ("mean", "standard_deviation", "skew", "minimum", *_QUANTILES, "maximum")
_DISTRIBUTIONS = {
    "feature": "string", "n_customers": "int64", "n_missing": "int64", "n_zero": "int64", "n_negative": "int64",
    **dict.fromkeys(_STATISTICS, "float64"),
}  # fmt: skip
_HISTOGRAMS = {"feature": "string", "bin": "int64", "lower": "float64", "upper": "float64", "n_customers": "int64"}
_CORRELATIONS = {
    "feature": "string", "other": "string", "n_customers": "int64", "pearson": "float64", "spearman": "float64",
}  # fmt: skip


def distributions(folds: Folds) -> ir.Table:
    """Describe each numeric feature over the customers with a purchase: location, spread, quantiles and skew.

    `standard_deviation` and `skew` are those of a sample (adjusted Fisher-Pearson), quantiles are interpolated.
    `n_customers` have a value, `n_missing` none. Features of which nobody has a value are left out.
    """
    frame = folds.numbers
    rows = [{"feature": name, **_describe(frame[name])} for name in frame.columns if frame[name].notna().any()]
    return ibis.memtable(rows, schema=_DISTRIBUTIONS)


def _describe(values: "pd.Series[float]") -> dict[str, Any]:
    known = values.dropna()
    found: dict[str, float] = dict(zip(_QUANTILES, known.quantile([*_QUANTILES.values()]).to_list(), strict=True))
    found |= {"mean": known.mean(), "standard_deviation": known.std(), "minimum": known.min(), "maximum": known.max()}
    skew: Any = known.skew() if known.nunique() > 1 else np.nan
    found["skew"] = round(float(skew), _DECIMALS)
    counts = {"n_customers": len(known), "n_missing": len(values) - len(known)}
    counts |= {"n_zero": int((known == 0).sum()), "n_negative": int((known < 0).sum())}
    return counts | {name: None if np.isnan(found[name]) else float(found[name]) for name in _STATISTICS}


def histograms(folds: Folds) -> ir.Table:
    """Count customers in twenty bins of each feature, of equal width from the 1 % to the 99 % quantile.

    The first bin reaches down to the minimum and the last up to the maximum, so that no customer is left out and a
    few large ones do not squeeze all others into one bin. A value on an edge is in the bin above it. Features with
    fewer than two values are left out.
    """
    frame = folds.numbers
    rows = [row for name in frame.columns for row in _bin(name, frame[name].dropna().to_numpy())]
    return ibis.memtable(rows, schema=_HISTOGRAMS)


def _bin(name: str, values: "np.ndarray[Any, np.dtype[np.float64]]") -> list[dict[str, Any]]:
    if len(values) == 0 or values.min() == values.max():
        return []
    low, high = np.quantile(values, [0.01, 0.99])
    if low == high:
        low, high = values.min(), values.max()
    edges = np.linspace(low, high, _N_BINS + 1)
    placed = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _N_BINS - 1)
    counts = np.bincount(placed, minlength=_N_BINS)
    edges[0], edges[-1] = values.min(), values.max()
    rows = zip(range(1, _N_BINS + 1), edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    return [dict(zip(_HISTOGRAMS, (name, *row), strict=True)) for row in rows]


def correlations(folds: Folds) -> ir.Table:
    """Correlate each two numeric features over the customers who have both, and their ranks (Spearman).

    Features that do not vary are left out. Of more than 10,000 customers, every second, third … in the order of their
    ids is taken.
    """
    frame = folds.numbers
    frame = frame.iloc[:: max(-(-len(frame) // _MOST_CUSTOMERS), 1)]
    frame = frame.loc[:, [name for name in frame.columns if frame[name].nunique() > 1]]
    has = frame.notna().to_numpy().astype("int64")
    n_both, pearson, spearman = has.T @ has, frame.corr().to_numpy(), frame.corr("spearman").to_numpy()
    rows = [
        (*pair, int(n_both[place]), _plain(pearson[place]), _plain(spearman[place]))
        for pair, place in zip(combinations(frame.columns, 2), combinations(range(frame.shape[1]), 2), strict=True)
    ]
    return ibis.memtable([dict(zip(_CORRELATIONS, row, strict=True)) for row in rows], schema=_CORRELATIONS)


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), _DECIMALS)
