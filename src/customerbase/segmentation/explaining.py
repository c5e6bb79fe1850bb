"""What makes the segments: how well simple models repeat them, which features matter, and in a few rules."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from sklearn.base import ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from customerbase.errors import DataError
from customerbase.segmentation.clustering import single_thread
from customerbase.segmentation.fitting import model_columns, take_customers
from customerbase.segmentation.preparation import MedianFill, SignedLog, Winsorizer
from customerbase.segmentation.reasons import refuse_own_segments
from customerbase.segmentation.rules import describe_box
from customerbase.segmentation.segments import Segmentation

__all__ = ["EXPLAINERS", "Explanation", "explain_segments"]

Labels: TypeAlias = npt.NDArray[np.object_]

N_FOLDS = 5
N_REPEATS = 5
"""How often a column is shuffled in each fold."""

MOST_LEAVES = 8
"""Leaves of the surrogate tree; more where there are more segments."""

SMALLEST_LEAF = 0.01
"""Share of the customers that a rule of the surrogate tree holds for at least."""


def _forest(random_state: int) -> Any:  # noqa: ANN401
    return make_pipeline(MedianFill(), RandomForestClassifier(n_estimators=100, random_state=random_state, n_jobs=1))


def _machine(random_state: int) -> Any:  # noqa: ANN401
    return make_pipeline(*_on_one_scale(), SVC(C=10.0, random_state=random_state))


def _regression(random_state: int) -> Any:  # noqa: ANN401
    return make_pipeline(*_on_one_scale(), LogisticRegression(C=10.0, max_iter=1_000, random_state=random_state))


def _on_one_scale() -> tuple[Any, ...]:
    return MedianFill(), Winsorizer(), SignedLog(), StandardScaler()


EXPLAINERS: dict[str, Callable[[int], ClassifierMixin]] = {
    "random forest": _forest,
    "support vector machine": _machine,
    "logistic regression": _regression,
}
"""By what the segments are learnt again: a seed gives a classifier. The first makes confusion and importances."""


@dataclass(frozen=True)
class Explanation:
    """What makes the segments of one date.

    `fidelity`: one row per model with `method`, `fidelity` (share of customers left out whose segment it repeats),
    `balanced_fidelity` (the same as a mean over segments), `lowest` and `highest` (of the folds), `n_customers`.
    `confusion`: `segment`, `repeated_as`, `customers`, `share` of the segment, of the forest on customers left out.
    `importances`: `feature`, `importance` (by how much fidelity falls when the column is shuffled among customers left
    out), `sd` over folds and shuffles. `surrogate_rules`: `rule_id`, `segment`, `rule` in words, `customers`, `purity`
    (share of them who are in the segment) and `coverage` (share of the segment that the rule holds).
    `left_out` names segments of too few customers to be learnt.
    """

    fidelity: ir.Table
    confusion: ir.Table
    importances: ir.Table
    surrogate_rules: ir.Table
    left_out: tuple[str, ...]


def explain_segments(
    segmentation: Segmentation, features: ir.Table, random_state: int = 0, max_customers: int = 5_000
) -> Explanation:
    """Learn the segments again out of the columns that the model looks at, and measure how well that goes.

    The labels come from the very features that they are learnt from, so the share of customers who get theirs back is
    called fidelity: it says how far a model or a rule may stand for the segmentation, and nothing about the future.

    Parameters
    ----------
    segmentation
        With the assignments of one date.
    features
        The features of the same date.
    random_state
        Seed of the sample, the folds and the models.
    max_customers
        Most customers that are looked at, drawn by the seed: a support vector machine takes quadratic time.

    Raises
    ------
    DataError
        There are not two segments of at least five customers.
    UsageError
        The segments are the shop's own conditions.

    Examples
    --------
    >>> from datetime import date
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> from customerbase.segmentation.segments import segment
    >>> days, orders = [5, 6, 7, 8, 9, 10, 300, 310, 320, 330, 340, 350], [9, 8, 9, 8, 9, 8, 1, 1, 1, 1, 1, 1]
    >>> features = ibis.memtable(pa.table({
    ...     "customer_id": list("abcdefghijkl"), "as_of": [date(2024, 1, 1)] * 12, "recency_days": days,
    ...     "frequency": orders, "monetary": orders, "gross_revenue": orders}))
    >>> result = segment(features, make_clusterer(n_segments=2))
    >>> explained = explain_segments(result, features)
    >>> explained.surrogate_rules.select("segment", "rule", "customers").to_pyarrow().to_pylist()
    [{'segment': 'Loyal customers', 'rule': 'more than 4 orders', 'customers': 6},
     {'segment': 'Hibernating', 'rule': 'up to 4 orders', 'customers': 6}]
    """
    refuse_own_segments(segmentation)
    X, y = _sample(segmentation, features, random_state, max_customers)
    names = [one.name for one in segmentation.segments]
    counts = pd.Series(y).value_counts()
    left_out = tuple(name for name in names if 0 < counts.get(name, 0) < N_FOLDS)
    learnt = [name for name in names if counts.get(name, 0) >= N_FOLDS]
    if len(learnt) < 2:
        raise DataError(
            f"There {'is' if len(learnt) == 1 else 'are'} only {len(learnt)} segment{'' if len(learnt) == 1 else 's'} "
            f"of at least {N_FOLDS} customers, and it takes two to tell what makes them. Read more orders."
        )
    is_learnt = np.isin(y, learnt)
    X, y = X[is_learnt], y[is_learnt]
    with single_thread():
        folds = list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=random_state).split(X, y))
        repeated = {name: _repeat(make(random_state), X, y, folds) for name, make in EXPLAINERS.items()}
        tree = _surrogate(len(learnt), random_state)
        repeated["surrogate tree"] = _repeat(tree, X, y, folds)
        forest = next(iter(EXPLAINERS))
        importances = _importances(EXPLAINERS[forest](random_state), X, y, folds, random_state)
        rules = _rules(clone(tree).fit(X, y), X, y, learnt)
    return Explanation(
        fidelity=_table([_fidelity(name, y, guessed, folds) for name, guessed in repeated.items()]),
        confusion=_table(_confusion(y, repeated[forest], learnt)),
        importances=_table(importances),
        surrogate_rules=_table(rules),
        left_out=left_out,
    )


def _sample(
    segmentation: Segmentation, features: ir.Table, random_state: int, max_customers: int
) -> tuple[pd.DataFrame, Labels]:
    """Take the columns of the model, categories as 0 and 1, and the segment, of a seeded sample."""
    X = take_customers(segmentation.model, features)
    numbers, categories = model_columns(segmentation.model, features)
    placed = segmentation.assignments.select("customer_id", "segment").to_pandas().set_index("customer_id")["segment"]
    X = X.loc[X.index.isin(placed.index)]
    if len(X) > max_customers:
        chosen = np.random.default_rng(random_state).choice(len(X), max_customers, replace=False)
        X = X.iloc[np.sort(chosen)]
    columns = X[numbers].astype("float64")
    if categories:
        columns = columns.join(pd.get_dummies(X[categories].astype("object"), prefix_sep=" is ", dtype=float))
    return columns, placed.loc[X.index].to_numpy(dtype=object)


def _repeat(model: Any, X: pd.DataFrame, y: Labels, folds: Sequence[Any]) -> Labels:  # noqa: ANN401
    """Give the segment of each customer as a model says that has not seen them."""
    guessed = np.empty(len(y), dtype=object)
    for train, test in folds:
        guessed[test] = clone(model).fit(X.iloc[train].to_numpy(), y[train]).predict(X.iloc[test].to_numpy())
    return guessed


def _fidelity(method: str, y: Labels, guessed: Labels, folds: Sequence[Any]) -> dict[str, object]:
    shares = [float((y[test] == guessed[test]).mean()) for _, test in folds]
    return {
        "method": method,
        "fidelity": round(float((y == guessed).mean()), 4),
        "balanced_fidelity": round(float(balanced_accuracy_score(y, guessed)), 4),
        "lowest": round(min(shares), 4),
        "highest": round(max(shares), 4),
        "n_customers": len(y),
    }


def _confusion(y: Labels, guessed: Labels, names: Sequence[str]) -> list[dict[str, object]]:
    return [
        {
            "segment": segment,
            "repeated_as": other,
            "customers": (n := int(((y == segment) & (guessed == other)).sum())),
            "share": round(n / int((y == segment).sum()), 4),
        }
        for segment in names
        for other in names
    ]


def _importances(
    model: Any,  # noqa: ANN401
    X: pd.DataFrame,
    y: Labels,
    folds: Sequence[Any],
    random_state: int,
) -> list[dict[str, object]]:
    drops = []
    for train, test in folds:
        fitted = clone(model).fit(X.iloc[train].to_numpy(), y[train])
        found = permutation_importance(
            fitted, X.iloc[test].to_numpy(), y[test], n_repeats=N_REPEATS, random_state=random_state, n_jobs=1
        )
        drops.append(found.importances)
    by_column = np.concatenate(drops, axis=1)
    rows: list[dict[str, object]] = [
        {"feature": name, "importance": round(float(each.mean()), 4), "sd": round(float(each.std()), 4)}
        for name, each in zip(X.columns, by_column, strict=True)
    ]
    return sorted(rows, key=lambda row: (-float(str(row["importance"])), str(row["feature"])))


def _surrogate(n_segments: int, random_state: int) -> Any:  # noqa: ANN401
    tree = DecisionTreeClassifier(
        max_leaf_nodes=max(MOST_LEAVES, n_segments), min_samples_leaf=SMALLEST_LEAF, random_state=random_state
    )
    return make_pipeline(MedianFill(), tree)


def _rules(model: Any, X: pd.DataFrame, y: Labels, names: Sequence[str]) -> list[dict[str, object]]:  # noqa: ANN401
    filled, tree = model[0].transform(X), model[-1]
    leaves = tree.apply(filled)
    said = {leaf: bounds for leaf, bounds in _paths(tree.tree_, list(X.columns)).items() if leaf in set(leaves)}
    rows: list[dict[str, Any]] = []
    for leaf, bounds in said.items():
        inside = leaves == leaf
        segment = str(tree.classes_[tree.tree_.value[leaf][0].argmax()])
        in_segment = int((y[inside] == segment).sum())
        rows.append(
            {
                "segment": segment,
                "rule": _say(bounds, X),
                "customers": int(inside.sum()),
                "purity": round(in_segment / int(inside.sum()), 4),
                "coverage": round(in_segment / int((y == segment).sum()), 4),
            }
        )
    rows.sort(key=lambda row: (names.index(row["segment"]), -row["customers"], row["rule"]))
    return [{"rule_id": number, **row} for number, row in enumerate(rows, start=1)]


def _say(bounds: Mapping[str, tuple[float, float]], X: pd.DataFrame) -> str:
    """Say bounds in words: of whole numbers the whole ones, of large figures no decimals."""
    names = [name for name in X.columns if name in bounds]
    is_whole = {name: bool((X[name].dropna() % 1 == 0).all()) for name in names}
    ends = ([_shown(bounds[name][end], is_whole=is_whole[name]) for name in names] for end in (0, 1))
    return describe_box(names, *ends)


def _shown(bound: float, *, is_whole: bool) -> float:
    if np.isinf(bound):
        return bound
    return float(np.floor(bound)) if is_whole else round(bound, 0 if abs(bound) >= 100 else 2)


def _paths(tree: Any, columns: Sequence[str]) -> dict[int, dict[str, tuple[float, float]]]:  # noqa: ANN401
    """Give each leaf with its bounds by column: above the first, up to the second."""
    found: dict[int, dict[str, tuple[float, float]]] = {}
    waiting: list[tuple[int, dict[str, tuple[float, float]]]] = [(0, {})]
    while waiting:
        node, bounds = waiting.pop()
        if tree.children_left[node] == tree.children_right[node]:
            found[node] = bounds
            continue
        name, edge = columns[tree.feature[node]], float(tree.threshold[node])
        low, high = bounds.get(name, (-np.inf, np.inf))
        waiting.append((tree.children_left[node], {**bounds, name: (low, min(high, edge))}))
        waiting.append((tree.children_right[node], {**bounds, name: (max(low, edge), high)}))
    return found


def _table(rows: Sequence[Mapping[str, object]]) -> ir.Table:
    return ibis.memtable(pa.Table.from_pylist([dict(row) for row in rows]))
