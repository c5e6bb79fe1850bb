"""Conditions evaluated row by row in Python, and conditions and rows for Hypothesis to draw."""

import operator
from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import strategies as st

from customerbase.segmentation.conditions.syntax import (
    OPERATORS,
    And,
    Between,
    Column,
    Comparison,
    Flag,
    In,
    Missing,
    Node,
    Not,
    Or,
)

KINDS = {
    "frequency": "integer",
    "n_returns": "integer",
    "monetary": "number",
    "return_rate": "number",
    "country": "text",
    "is_one_time": "boolean",
    "as_of": "date",
}
_COMPARE = dict(
    zip(OPERATORS, (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge), strict=True)
)

numbers = st.integers(-4, 4) | st.integers(-8, 8).map(lambda number: number / 2)
texts = st.sampled_from(["UK", "France", "it's", 'a "b"', "", "Ελλάδα", "and"])
dates = st.sampled_from([date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 1)])
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-4, 4),
    "number": numbers,
    "text": texts,
    "boolean": st.booleans(),
    "date": dates,
}
_LITERALS = {**_VALUES, "integer": numbers}
negated = st.booleans()


def _compare(kind: str, operators: tuple[str, ...]) -> st.SearchStrategy[Node]:
    names = st.sampled_from([name for name, known in KINDS.items() if known == kind])
    return st.builds(Comparison, names, st.sampled_from(operators), _LITERALS[kind])


def _among(kind: str) -> st.SearchStrategy[Node]:
    names = st.sampled_from([name for name, known in KINDS.items() if known == kind])
    return st.builds(In, names, st.lists(_LITERALS[kind], min_size=1, max_size=3).map(tuple), negated)


def _between(kind: str) -> st.SearchStrategy[Node]:
    names = st.sampled_from([name for name, known in KINDS.items() if known == kind])
    return st.builds(Between, names, _LITERALS[kind], _LITERALS[kind], negated)


_numeric = st.sampled_from(["frequency", "n_returns", "monetary", "return_rate"])
alone = st.one_of(
    *(_compare(kind, OPERATORS) for kind in ("integer", "number", "date")),
    *(_compare(kind, ("=", "!=")) for kind in ("text", "boolean")),
    *(_among(kind) for kind in _VALUES),
    *(_between(kind) for kind in ("integer", "number", "date")),
    st.builds(Missing, st.sampled_from(list(KINDS)), negated),
    st.just(Flag("is_one_time")),
)
features = alone | st.builds(Comparison, _numeric, st.sampled_from(OPERATORS), st.builds(Column, _numeric))


def _larger(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, parts) | st.builds(And, several) | st.builds(Or, several)


conditions: st.SearchStrategy[Node] = st.recursive(features, _larger, max_leaves=6)
_two = st.sampled_from(["frequency", "monetary"])
_of_two = st.one_of(
    st.builds(Comparison, _two, st.sampled_from(OPERATORS), numbers),
    st.builds(In, _two, st.lists(numbers, min_size=1, max_size=3).map(tuple), negated),
    st.builds(Between, _two, numbers, numbers, negated),
    st.builds(Missing, _two, negated),
)
conditions_on_two: st.SearchStrategy[Node] = st.recursive(_of_two, _larger, max_leaves=6)
"""On a whole number and a number, so that all values that matter can be tried."""

rows = st.fixed_dictionaries({name: st.none() | _VALUES[kind] for name, kind in KINDS.items()})


def holds(node: Node, row: Mapping[str, Any]) -> bool:
    """Tell whether a condition holds for one customer; a comparison with nothing does not."""
    if isinstance(node, Not):
        return not holds(node.part, row)
    if isinstance(node, And):
        return all(holds(part, row) for part in node.parts)
    if isinstance(node, Or):
        return any(holds(part, row) for part in node.parts)
    value = row[node.column]
    if isinstance(node, Missing):
        return (value is None) != node.is_negated
    if value is None:
        return False
    if isinstance(node, Flag):
        return bool(value)
    if isinstance(node, In):
        return any(value == each for each in node.values) != node.is_negated
    if isinstance(node, Between):
        return bool(node.low <= value <= node.high) != node.is_negated
    other = row[node.value.name] if isinstance(node.value, Column) else node.value
    return other is not None and bool(_COMPARE[node.operator](value, other))
