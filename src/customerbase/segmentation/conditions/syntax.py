"""A condition as a tree, and its text: what a person may say about a customer's features."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

__all__ = [
    "KEYWORDS",
    "OPERATORS",
    "And",
    "Atom",
    "Between",
    "Column",
    "Comparison",
    "Flag",
    "In",
    "Missing",
    "Node",
    "Not",
    "Or",
    "Value",
    "atoms",
    "write_condition",
    "write_value",
]

OPERATORS = ("=", "!=", "<", "<=", ">", ">=")
KEYWORDS = frozenset({"and", "or", "not", "between", "in", "is", "missing", "true", "false"})


@dataclass(frozen=True)
class Column:
    """A feature that stands on the right of a comparison.

    Examples
    --------
    >>> Column("revenue_previous_90_days").name
    'revenue_previous_90_days'
    """

    name: str


Value: TypeAlias = int | float | str | bool | date


@dataclass(frozen=True)
class Comparison:
    """`column operator value`; false where one side is missing.

    Examples
    --------
    >>> write_condition(Comparison("recency_days", "<=", 90))
    'recency_days <= 90'
    """

    column: str
    operator: str
    value: Value | Column
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Between:
    """`column between low and high`, both included; false where it is missing, negated or not.

    Examples
    --------
    >>> write_condition(Between("recency_days", 30, 90))
    'recency_days between 30 and 90'
    """

    column: str
    low: Value
    high: Value
    is_negated: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class In:
    """`column in (values)`; false where it is missing, negated or not.

    Examples
    --------
    >>> write_condition(In("country", ("France", "Spain"), is_negated=True))
    "country not in ('France', 'Spain')"
    """

    column: str
    values: tuple[Value, ...]
    is_negated: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Missing:
    """`column is missing`, or `is not missing`.

    Examples
    --------
    >>> write_condition(Missing("country"))
    'country is missing'
    """

    column: str
    is_negated: bool = False
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Flag:
    """A feature that is true or false, alone; false where it is missing.

    Examples
    --------
    >>> write_condition(Flag("is_one_time"))
    'is_one_time'
    """

    column: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Not:
    """The opposite of a condition: true also where the condition is false for want of a value.

    Examples
    --------
    >>> write_condition(Not(Flag("is_one_time")))
    'not is_one_time'
    """

    part: "Node"


@dataclass(frozen=True)
class And:
    """All of two or more conditions.

    Examples
    --------
    >>> write_condition(And((Flag("is_one_time"), Comparison("monetary", ">", 100))))
    'is_one_time and monetary > 100'
    """

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Or:
    """At least one of two or more conditions.

    Examples
    --------
    >>> write_condition(And((Flag("a"), Or((Flag("b"), Flag("c"))))))
    'a and (b or c)'
    """

    parts: tuple["Node", ...]


Atom: TypeAlias = Comparison | Between | In | Missing | Flag
Node: TypeAlias = Atom | Not | And | Or


def atoms(node: Node) -> Iterator[Atom]:
    """Give the comparisons of a condition, from left to right.

    Examples
    --------
    >>> [atom.column for atom in atoms(Or((Flag("a"), Not(Flag("b")))))]
    ['a', 'b']
    """
    if isinstance(node, Not):
        yield from atoms(node.part)
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from atoms(part)
    else:
        yield node


def write_condition(node: Node) -> str:
    """Give the text of a condition; read again it is the same condition.

    Examples
    --------
    >>> write_condition(Not(Or((Comparison("frequency", ">", 5), Missing("country", is_negated=True)))))
    'not (frequency > 5 or country is not missing)'
    """
    if isinstance(node, Not):
        return f"not {_enclosed(node.part)}"
    if isinstance(node, And):
        return " and ".join(_enclosed(part) for part in node.parts)
    if isinstance(node, Or):
        return " or ".join(_enclosed(part) if isinstance(part, Or) else write_condition(part) for part in node.parts)
    return _write_atom(node)


def _enclosed(node: Node) -> str:
    text = write_condition(node)
    return f"({text})" if isinstance(node, And | Or) else text


def _write_atom(atom: Atom) -> str:
    column = _write_column(atom.column)
    no = "not " if getattr(atom, "is_negated", False) else ""
    if isinstance(atom, Comparison):
        right = _write_column(atom.value.name) if isinstance(atom.value, Column) else write_value(atom.value)
        return f"{column} {atom.operator} {right}"
    if isinstance(atom, Between):
        return f"{column} {no}between {write_value(atom.low)} and {write_value(atom.high)}"
    if isinstance(atom, In):
        return f"{column} {no}in ({', '.join(map(write_value, atom.values))})"
    return f"{column} is {no}missing" if isinstance(atom, Missing) else column


def _write_column(name: str) -> str:
    is_plain = name.isidentifier() and name.casefold() not in KEYWORDS
    return name if is_plain else f"`{name}`"


def write_value(value: Value) -> str:
    """Give the text of a value: dates as YYYY-MM-DD, texts in quotes, numbers without an exponent.

    Examples
    --------
    >>> [write_value(value) for value in (1000, 0.25, 1e-7, True, date(2024, 1, 31), "it's")]
    ['1000', '0.25', '0.0000001', 'true', '2024-01-31', "'it''s'"]
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value) if isinstance(value, int) else _write_float(value)


def _write_float(value: float) -> str:
    text = format(Decimal(repr(value)), "f")
    return text if "." in text else f"{text}.0"
