"""Whether conditions make sense of the features there are: names, kinds of values, and contradictions."""

import difflib
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import Any

import ibis.expr.types as ir

from customerbase.errors import UsageError
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
    atoms,
    write_condition,
    write_value,
)
from customerbase.segmentation.rfm import RFM_COLUMNS, SCORE_COLUMNS

__all__ = ["KINDS", "can_hold", "check_condition", "column_kinds", "find_contradiction"]

KINDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "score": "a score from 1 to 5",
    "text": "a text",
    "date": "a date",
}
"""Kinds of features, and what is said of them."""

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_NUMBERS = ("integer", "number", "score")
_EXAMPLES = {"text": "'France'", "date": "2024-01-31", "boolean": "true"}
_MOST_STEPS = 20_000
"""Steps of a search for values that meet a condition; what takes longer counts as free of contradiction."""


def column_kinds(features: ir.Table) -> dict[str, str]:
    """Give the kind of each feature that a condition may name: a key of `KINDS`.

    Examples
    --------
    >>> import ibis
    >>> column_kinds(ibis.memtable({"customer_id": ["a"], "frequency": [1], "monetary": [9.5]}))
    {'customer_id': 'text', 'frequency': 'integer', 'monetary': 'number'}
    """
    kinds = {name: kind for name, type_ in features.schema().items() if (kind := _kind(type_))}
    has_scores = set(RFM_COLUMNS) <= set(kinds)
    return kinds | (dict.fromkeys(SCORE_COLUMNS, "score") if has_scores else {})


def _kind(type_: Any) -> str | None:  # noqa: ANN401 - Ibis types its data types loosely
    if type_.is_boolean():
        return "boolean"
    if type_.is_numeric():
        return "integer" if type_.is_integer() else "number"
    if type_.is_string():
        return "text"
    return "date" if type_.is_date() or type_.is_timestamp() else None


def check_condition(node: Node, kinds: Mapping[str, str]) -> None:
    """Refuse a condition that names a feature there is not, or compares one with a value of another kind.

    Parameters
    ----------
    node
        Of `parse_condition`.
    kinds
        Of `column_kinds`.

    Raises
    ------
    UsageError
        With the position and, for a misspelt name, the nearest one.

    Examples
    --------
    >>> from customerbase.segmentation.conditions.reading import parse_condition
    >>> check_condition(parse_condition("recency_day <= 90"), {"recency_days": "integer"})
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: position 1: there is no feature 'recency_day'. Did you mean 'recency_days'?
    """
    for atom in atoms(node):
        _check_name(atom.column, kinds, atom.position)
        kind = kinds[atom.column]
        if isinstance(atom, Comparison) and isinstance(atom.value, Column):
            _check_name(atom.value.name, kinds, atom.position)
            _check_alike(atom, atom.value, kinds)
        if isinstance(atom, Flag) and kind != "boolean":
            raise UsageError(
                f"position {atom.position}: {atom.column} is {KINDS[kind]} and needs a test, such as "
                f"{atom.column} = {_EXAMPLES.get(kind, '1')}."
            )
        if isinstance(atom, Comparison | Between) and _orders(atom) and kind in {"text", "boolean"}:
            raise UsageError(
                f"position {atom.position}: {atom.column} is {KINDS[kind]}, which has no order. Use =, != or in."
            )
        for value in _values(atom):
            if _kind_of(value) != ("number" if kind in _NUMBERS else kind):
                raise UsageError(
                    f"position {atom.position}: {atom.column} is {KINDS[kind]}, and {write_value(value)} is "
                    f"{KINDS[_kind_of(value)]}. Write {KINDS[kind]}, such as {_EXAMPLES.get(kind, '1')}."
                )


def _check_name(name: str, kinds: Mapping[str, str], position: int) -> None:
    if name in kinds:
        return
    if name in SCORE_COLUMNS:
        raise UsageError(
            f"position {position}: {name} is made of {', '.join(RFM_COLUMNS)}, and these customers lack one of them."
        )
    folded = {known.casefold(): known for known in kinds}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    shown = repr(name if len(name) <= 60 else f"{name[:59]}…")
    advice = f"Did you mean {folded[near[0]]!r}?" if near else f"They are {', '.join(kinds)}."
    raise UsageError(f"position {position}: there is no feature {shown}. {advice}")


def _check_alike(atom: Comparison, other: Column, kinds: Mapping[str, str]) -> None:
    left, right = (("number" if kinds[name] in _NUMBERS else kinds[name]) for name in (atom.column, other.name))
    if left != right:
        raise UsageError(
            f"position {atom.position}: {atom.column} is {KINDS[left]} and {other.name} is {KINDS[right]}. "
            "Compare features of one kind, or write a text in quotes."
        )


def _orders(atom: Comparison | Between) -> bool:
    return isinstance(atom, Between) or atom.operator not in {"=", "!="}


def _values(atom: Atom) -> tuple[Value, ...]:
    if isinstance(atom, Between):
        return (atom.low, atom.high)
    if isinstance(atom, In):
        return atom.values
    return (atom.value,) if isinstance(atom, Comparison) and not isinstance(atom.value, Column) else ()


def _kind_of(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "text"
    return "date" if isinstance(value, date) else "number"


def find_contradiction(node: Node, kinds: Mapping[str, str]) -> str | None:
    """Give the part of a condition that no customer can meet; None where there is none.

    Parameters
    ----------
    node
        Of `parse_condition`.
    kinds
        Of `column_kinds`; a feature that is not there is taken for one of the kind of its values.

    Examples
    --------
    >>> from customerbase.segmentation.conditions.reading import parse_condition
    >>> find_contradiction(parse_condition("frequency > 5 and monetary > 9 and frequency < 3"), {})
    'frequency > 5 and frequency < 3'
    >>> find_contradiction(parse_condition("frequency > 5 and frequency < 6"), {"frequency": "integer"})
    'frequency > 5 and frequency < 6'
    """
    if can_hold(node, kinds):
        return None
    parts = node.parts if isinstance(node, And) else ()
    pairs = (And(pair) for pair in combinations(parts, 2))
    return write_condition(next((few for few in (*parts, *pairs) if not can_hold(few, kinds)), node))


def can_hold(node: Node, kinds: Mapping[str, str]) -> bool:
    """Tell whether there are values that meet a condition; comparisons of two features are not looked into.

    Every comparison of a feature with values changes its answer only at these, so that it is enough to try them, one
    value between each two of them, one beyond them on each side, and none.

    Examples
    --------
    >>> from customerbase.segmentation.conditions.reading import parse_condition
    >>> [can_hold(parse_condition(text), {}) for text in ("a > 3 and a < 4", "a between 9 and 5", "a > 3 or a < 2")]
    [True, False, True]
    """
    candidates = _candidates(node, kinds)
    everything = {name: frozenset(range(len(values))) for name, values in candidates.items()}
    return _Search(candidates).succeeds(((node, True),), everything)


class _Search:
    def __init__(self, candidates: Mapping[str, Sequence[Value | None]]) -> None:
        self.candidates = candidates
        self.n_steps = 0

    def succeeds(self, pending: tuple[tuple[Node, bool], ...], left: Mapping[str, frozenset[int]]) -> bool:
        """Tell whether the values that are left can give all pending conditions the truth that is wanted of them."""
        while pending:
            self.n_steps += 1
            if self.n_steps > _MOST_STEPS:
                return True
            (node, wanted), *rest = pending
            pending = tuple(rest)
            if isinstance(node, Not):
                pending = ((node.part, not wanted), *pending)
            elif isinstance(node, And | Or):
                parts = tuple((part, wanted) for part in node.parts)
                if isinstance(node, And) is not wanted:
                    return any(self.succeeds((part, *pending), left) for part in parts)
                pending = (*parts, *pending)
            elif node.column in self.candidates and not _compares_columns(node):
                values = self.candidates[node.column]
                kept = frozenset(i for i in left[node.column] if _holds(node, values[i]) is wanted)
                if not kept:
                    return False
                left = {**left, node.column: kept}
        return True


def _compares_columns(atom: Atom) -> bool:
    return isinstance(atom, Comparison) and isinstance(atom.value, Column)


def _holds(atom: Atom, value: Any) -> bool:  # noqa: ANN401 - of the kind of the feature
    """Tell whether a value meets a comparison."""
    if isinstance(atom, Missing):
        return (value is None) is not atom.is_negated
    if value is None:
        return False
    if isinstance(atom, Flag):
        return value is True
    if isinstance(atom, In):
        return (value in atom.values) is not atom.is_negated
    if isinstance(atom, Between):
        return bool(atom.low <= value <= atom.high) is not atom.is_negated
    return bool(_COMPARE[atom.operator](value, atom.value))


def _candidates(node: Node, kinds: Mapping[str, str]) -> dict[str, list[Value | None]]:
    """Give the values to try by feature; a feature of which nothing is known, or of several kinds, has none."""
    named: dict[str, set[Value]] = {}
    for atom in atoms(node):
        named.setdefault(atom.column, set()).update(_values(atom))
    found: dict[str, list[Value | None]] = {}
    for name, values in named.items():
        guesses = {_kind_of(value) for value in values}
        kind = kinds.get(name) or (guesses.pop() if len(guesses) == 1 else None)
        found[name] = [None, *(_samples(kind, values) if kind else ())]
    return {name: values for name, values in found.items() if len(values) > 1}


def _samples(kind: str, values: Iterable[Any]) -> Iterator[Value]:
    if kind == "boolean":
        yield from (True, False)
    elif kind == "score":
        yield from range(1, 6)
    elif kind == "text":
        yield from values
        yield "".join(values) + "…"  # none of them
    else:
        yield from _samples_in_order(kind, sorted(values))


def _samples_in_order(kind: str, values: Sequence[Any]) -> Iterator[Value]:
    if not values:
        yield date(2000, 1, 1) if kind == "date" else 0
        return
    step = timedelta(days=1) if kind == "date" else 1
    if kind == "integer":
        whole = {int(value // 1) + shift for value in values for shift in (-1, 0, 1, 2)}
        yield from whole
        return
    yield from values
    yield from _beyond(values, step)
    for low, high in pairwise(values):
        middle = low + (high - low) / 2
        if low < middle < high:
            yield middle


def _beyond(values: Sequence[Any], step: Any) -> Iterator[Value]:  # noqa: ANN401
    """Give a value below all and one above all, where there are such."""
    for end, sign in ((values[0], -1), (values[-1], 1)):
        try:
            yield end + sign * step
        except OverflowError:  # the first and the last day that there is
            continue
