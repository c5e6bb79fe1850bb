"""From the tree of a condition to an expression of Ibis, so that the engine evaluates it over the feature table."""

import operator
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.segmentation.conditions.syntax import (
    And,
    Atom,
    Between,
    Column,
    Comparison,
    Flag,
    In,
    Missing,
    Node,
    Not,
    Or,
    Value,
)
from customerbase.segmentation.rfm import RFM_COLUMNS, SCORE_COLUMNS

__all__ = ["compile_condition", "feature_values", "score_values"]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def feature_values(features: ir.Table) -> dict[str, ir.Value]:
    """Give the columns of a feature table as conditions compare them: NaN is missing, and a time is its day.

    Examples
    --------
    >>> values = feature_values(ibis.memtable({"customer_id": ["a"], "burn_rate": [float("nan")]}))
    >>> values["burn_rate"].isnull().to_list()
    [True]
    """
    return {name: _comparable(features[name]) for name in features.columns}


def _comparable(column: Any) -> ir.Value:  # noqa: ANN401 - Ibis types its columns by kind
    type_ = column.type()
    if type_.is_timestamp():
        return column.date()
    return column.isnan().ifelse(ibis.null("float64"), column) if type_.is_floating() else column


def score_values(values: Mapping[str, ir.Value], edges: Mapping[str, Sequence[float]]) -> dict[str, ir.Value]:
    """Give the RFM scores that learnt cut points make of features, computed by the engine.

    Parameters
    ----------
    values
        Of `feature_values`.
    edges
        Cut points by feature: `RFM.edges_`. The scores are those of its `transform`; a customer who lacks a feature
        lacks its score.

    Examples
    --------
    >>> edges = {"recency_days": [3, 3, 60, 60], "frequency": [1, 1, 4, 4], "monetary": [20, 20, 80, 80]}
    >>> table = ibis.memtable({"recency_days": [3, 60], "frequency": [4, None], "monetary": [80.0, 20.0]})
    >>> made = score_values(feature_values(table), edges)
    >>> made["r_score"].to_list(), made["f_score"].notnull().to_list()
    ([5, 3], [True, False])
    """
    made: dict[str, ir.Value] = {}
    for name, score in zip(RFM_COLUMNS, SCORE_COLUMNS, strict=True):
        column: Any = values[name]
        # A cut point is the last value of its bin; one float is one number, in whichever type the engine has it.
        value = column.cast("float64")
        higher = reduce(operator.add, [(value > float(edge)).ifelse(1, 0) for edge in edges[name]])
        found = len(edges[name]) + 1 - higher if name == "recency_days" else higher + 1
        made[score] = column.isnull().ifelse(ibis.null("int64"), found.cast("int64"))
    return made


def compile_condition(node: Node, values: Mapping[str, ir.Value]) -> ir.BooleanValue:
    """Make a condition an expression that is true or false, and never missing.

    A comparison of a missing value is false, whichever it is but `is missing`; `not (…)` turns what stands in it round.

    Parameters
    ----------
    node
        Of `parse_condition`, with what `check_condition` accepts.
    values
        Of `feature_values`, and of `score_values` where scores are asked for.

    Examples
    --------
    >>> from customerbase.segmentation.conditions.reading import parse_condition
    >>> table = ibis.memtable({"frequency": [9, 1, None]})
    >>> texts = ("frequency > 5", "frequency not between 5 and 9", "not frequency > 5")
    >>> [compile_condition(parse_condition(text), feature_values(table)).to_list() for text in texts]
    [[True, False, False], [False, True, False], [False, True, True]]
    """
    if isinstance(node, Not):
        return ~compile_condition(node.part, values)
    if isinstance(node, And | Or):
        parts = [compile_condition(part, values) for part in node.parts]
        return _join(parts, operator.and_ if isinstance(node, And) else operator.or_)
    if isinstance(node, Missing):
        column = values[node.column]
        return column.notnull() if node.is_negated else column.isnull()
    answer: ir.BooleanValue = _compare(node, values).fill_null(False)
    return answer


def _join(parts: Sequence[Any], how: Callable[[Any, Any], Any]) -> ir.BooleanValue:
    """Join in halves: engines walk a chain of hundreds by recursion."""
    if len(parts) == 1:
        found: ir.BooleanValue = parts[0]
        return found
    middle = len(parts) // 2
    joined: ir.BooleanValue = how(_join(parts[:middle], how), _join(parts[middle:], how))
    return joined


def _compare(atom: Atom, values: Mapping[str, ir.Value]) -> Any:  # noqa: ANN401
    column: Any = values[atom.column]
    if isinstance(atom, Flag):
        return column
    if isinstance(atom, In):
        found = _join([column == _literal(value) for value in atom.values], operator.or_)
        return ~found if atom.is_negated else found
    if isinstance(atom, Between):
        found = (column >= _literal(atom.low)) & (column <= _literal(atom.high))
        return ~found if atom.is_negated else found
    assert isinstance(atom, Comparison)  # noqa: S101 - tells the type checker what is left
    right = values[atom.value.name] if isinstance(atom.value, Column) else _literal(atom.value)
    return _COMPARE[atom.operator](column, right)


def _literal(value: Value) -> ir.Scalar:
    return ibis.literal(value)
