"""Blocks: what a section of the report is made of, as plain values; page, Markdown and JSON print the same."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from customerbase.report.numerals import write

__all__ = ["Block", "Cards", "Column", "Figure", "Figures", "Paragraph", "Picture", "Strategies", "Table"]


@dataclass(frozen=True)
class Paragraph:
    """A few sentences."""

    text: str


@dataclass(frozen=True)
class Figure:
    """One number with what it counts."""

    label: str
    value: float | int | None
    kind: str

    @property
    def text(self) -> str:
        """The number as a reader meets it."""
        return write(self.value, self.kind)


@dataclass(frozen=True)
class Figures:
    """Numbers side by side."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True)
class Column:
    """One column of a table: a key of its rows, a heading, and the kind of numeral."""

    name: str
    label: str
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """A table with its heading; `source` names the table of the workspace from which it comes."""

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Mapping[str, Any]]
    source: str = ""


@dataclass(frozen=True)
class Picture:
    """A chart and the table behind it.

    `name` is that of a file with the chart; `make` makes the chart of the table's rows.
    """

    name: str
    make: Callable[[], Any]
    table: Table
    is_wide: bool = False


@dataclass(frozen=True)
class Cards:
    """One card for each segment: name, size, revenue, traits and the goal."""

    segments: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Strategies:
    """The strategy of each segment in full, and what to do across segments."""

    segments: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    across: Sequence[str] = ()


Block: TypeAlias = Paragraph | Figures | Table | Picture | Cards | Strategies
