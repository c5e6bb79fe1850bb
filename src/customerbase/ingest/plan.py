"""A plan: what is to be done with each of several tables."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from customerbase.errors import DataError
from customerbase.ingest.keys import Relation
from customerbase.ingest.stacks import Stack

__all__ = ["Plan", "reach", "unclear"]


@dataclass
class Plan:
    """What is to be done with each table; numbers are positions in the list of stacks.

    `joins` give the columns of the parent to the child, those in `withheld` excepted; `lookups` are the pairs (child,
    parent) among them whose parents say nothing of orders themselves; `checks` are only counted. By `paid`, the values
    of `paid_column` are summed for their orders. `customers` and `orders` are those tables, and `items` have taken the
    orders; those of `priced` take the price of the product. `left_out` and `remarks` are told in the formats.

    Examples
    --------
    >>> plan = Plan(joins=[Relation(0, 1, "shop", "id", 9, 9, 9, 3, 0, 0)])
    >>> plan.used_up
    {1}
    """

    joins: list[Relation] = field(default_factory=list)
    checks: list[Relation] = field(default_factory=list)
    lookups: set[tuple[int, int]] = field(default_factory=set)
    paid: Relation | None = None
    paid_column: str = ""
    customers: int | None = None
    orders: int | None = None
    items: set[int] = field(default_factory=set)
    withheld: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    priced: set[int] = field(default_factory=set)
    left_out: dict[int, str] = field(default_factory=dict)
    remarks: dict[int, list[str]] = field(default_factory=dict)

    def remark(self, position: int, text: str) -> None:
        """Tell something about a table."""
        self.remarks.setdefault(position, []).append(text)

    @property
    def used_up(self) -> set[int]:
        """The tables whose columns others have."""
        return {relation.parent for relation in self.joins} | ({self.paid.child} if self.paid else set())


def reach(starts: set[int], edges: set[tuple[int, int]]) -> set[int]:
    """Give the tables that can be got to along edges (child, parent), the starts included.

    Examples
    --------
    >>> sorted(reach({0}, {(0, 2), (2, 3), (1, 4)}))
    [0, 2, 3]
    """
    reached = set(starts)
    while further := {parent for child, parent in edges if child in reached} - reached:
        reached |= further
    return reached


def unclear(stacks: Sequence[Stack], what: str, positions: Sequence[int]) -> DataError:
    """Make the error that two tables could be the same thing.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.ingest.sheets import Sheet
    >>> sheets = [Sheet(source, "csv", (), (), ibis.memtable({"a": [1]})) for source in ("a.csv", "b.csv")]
    >>> str(unclear([Stack((sheet,), (), {}) for sheet in sheets], "orders", [0, 1]))[:45]
    'a.csv and b.csv could both be the orders. Lea'
    """
    one, other = (stacks[position] for position in positions[:2])
    return DataError(
        f"{one.title} and {other.title} could both be the {what}. Leave one of the two out, or say in a layout file, "
        f"--layout my-shop.toml, which tables belong together: [[joins]] table = TABLE, column = COLUMN, to = TABLE."
    )
