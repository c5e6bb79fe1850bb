"""Keys: by which column the rows of one table name rows of another, as names and values tell."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from customerbase.engine import store
from customerbase.errors import DataError
from customerbase.ingest.dialects import parse_id
from customerbase.ingest.meanings import is_generic, is_key_name, name_references, plain
from customerbase.ingest.sheets import Sheet
from customerbase.ingest.stacks import Stack, are_alike, find_name

__all__ = ["Keys", "Relation", "Relations", "count_differing", "find_relations", "key_of", "relate_by"]

_LEAST_MATCHED = 0.5
"""Share of the rows with a key that must find it in the other table. Two columns of one name that are no key of each
other match hardly at all; a catalogue without the products of the past, or the orders of one year beside the items of
two, still match in most rows."""

_NO_KEYS = {"amount", "quantity", "unit_price", "discount", "ordered_at"}
_KEY_MEANINGS = ("order_id", "product_id", "customer_id")
_MOST_COPIES = 3
"""Rows that stand more often than this are no table that was exported again; looking at all their cells takes long."""


@dataclass(frozen=True)
class Relation:
    """One table, the child, names rows of another, the parent, by a column.

    `child` and `parent` are positions in the list of stacks. Of the `n_rows` of the child, `n_filled` have a key and
    `n_matched` find it; of the `n_keys` of the parent, `n_idle` stand in no row of the child, and `n_empty` rows of
    the parent have none. `is_repeated` says that equal rows of the parent are counted once.
    """

    child: int
    parent: int
    column: str
    key: str
    n_rows: int
    n_filled: int
    n_matched: int
    n_keys: int
    n_idle: int
    n_empty: int
    is_repeated: bool = False
    is_one_to_one: bool = False
    is_declared: bool = False

    @property
    def is_close(self) -> bool:
        """Whether most rows of the child find their key."""
        return self.n_filled > 0 and self.n_matched >= _LEAST_MATCHED * self.n_filled


@dataclass(frozen=True)
class Relations:
    """The relations among tables, and for pairs (child, parent) that look like one why they are none."""

    found: list[Relation] = field(default_factory=list)
    refused: dict[tuple[int, int], str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Doubt:
    """Why a table that looks like the parent of another one is none."""

    child: int
    parent: int
    column: str
    distinct_share: float
    reason: str


@dataclass(frozen=True)
class _Key:
    """How the values of a column are spread; `n_rows_apart` counts those rows that differ in any column."""

    n_rows: int
    n_filled: int
    n_distinct: int
    n_rows_apart: int | None = None

    @property
    def is_unique(self) -> bool:
        n_apart = self.n_filled if self.n_rows_apart is None else self.n_rows_apart
        return 0 < n_apart == self.n_distinct and 2 * self.n_filled >= self.n_rows


class Keys:
    """The keys of some tables, each parsed and described once.

    Examples
    --------
    >>> from customerbase.engine import connect
    >>> from customerbase.ingest.stacks import stack_sheets
    >>> cells = ibis.memtable({"source": ["a"] * 2, "source_row": [2, 3], "order": ["7", "7.0"]})
    >>> stacks = stack_sheets([Sheet("a.csv", "csv", ("order",), ("order",), cells)], {})
    >>> Keys(stacks, connect()).column(0, "order").to_list()
    ['7', '7']
    """

    def __init__(self, stacks: Sequence[Stack], connection: BaseBackend) -> None:
        self.stacks = stacks
        self._connection = connection
        self._parsed: dict[tuple[int, str], ir.StringColumn] = {}
        self._described: dict[tuple[int, str], _Key] = {}

    def parse(self, position: int, columns: Collection[str]) -> None:
        """Parse several columns of a table at once, which costs less than one by one."""
        whole, names = self.stacks[position].whole, dict(enumerate(columns))
        keys = whole.cells.select(**{f"key {number}": key_of(whole, column) for number, column in names.items()})
        parsed = store(self._connection, keys, "keys")
        self._parsed |= {(position, column): parsed[f"key {number}"] for number, column in names.items()}
        counts = _fetch(_spread(parsed, len(names)))
        for number, column in names.items():
            described = _Key(counts["n_rows"], counts[f"n_filled {number}"], counts[f"n_distinct {number}"])
            self._described[position, column] = described

    def column(self, position: int, column: str) -> ir.StringColumn:
        """Give the keys in a column of a table."""
        if (position, column) not in self._parsed:
            self.parse(position, [column])
        return self._parsed[position, column]

    def describe(self, position: int, column: str) -> _Key:
        """Say how the keys in a column of a table are spread."""
        self.column(position, column)
        described = self._described[position, column]
        is_repeated = described.n_distinct < described.n_filled <= _MOST_COPIES * described.n_distinct
        if is_repeated and described.n_rows_apart is None:
            n_apart = _count_apart(self.stacks[position].whole, column)
            described = self._described[position, column] = replace(described, n_rows_apart=n_apart)
        return described


def find_relations(keys: Keys) -> Relations:
    """Find which tables name rows of which others.

    A parent has a column that is filled and never stands twice; the column of the child bears the same name, or that of
    the parent's table (`order`, `order_id` or `order number` for `id` in orders), and finds most of its values there.
    Headers are compared first, so that tables without a common name cost no query.

    Raises
    ------
    DataError
        Two columns of a table name different rows of another one.

    Examples
    --------
    >>> from customerbase.engine import connect
    >>> from customerbase.ingest.stacks import stack_sheets
    >>> key = {"source": ["a"] * 2, "source_row": [2, 3]}
    >>> orders = ibis.memtable({**key, "order": ["7", "8"], "shop_id": ["1", "1"]})
    >>> shops = ibis.memtable({**key, "Shop ID": ["1.0", "2.0"], "city": ["Ulm", "Bonn"]})
    >>> sheets = [Sheet(name, "csv", cells.columns[2:], cells.columns[2:], cells)
    ...           for name, cells in (("orders.csv", orders), ("shops.csv", shops))]
    >>> (found,) = find_relations(Keys(stack_sheets(sheets, {}), connect())).found
    >>> found.column, found.key, found.n_matched, found.n_idle
    ('shop_id', 'Shop ID', 2, 1)
    """
    stacks = keys.stacks
    candidates = {
        (child, parent): list(_pairs(stacks[child], stacks[parent]))
        for child, parent in permutations(range(len(stacks)), 2)
        if not are_alike(stacks[child].sheets[0], stacks[parent].sheets[0])
    }
    wanted: dict[int, dict[str, None]] = {}
    for (child, parent), pairs in candidates.items():
        for column, key in pairs:
            wanted.setdefault(child, {})[column] = wanted.setdefault(parent, {})[key] = None
    for position, columns in wanted.items():
        keys.parse(position, columns)
    relations, doubts = Relations(), []
    for (child, parent), pairs in candidates.items():
        found, doubt = _find_between(keys, child, parent, pairs)
        relations.found.extend(found)
        doubts += [doubt] if doubt and not any(relation.is_close for relation in found) else []
    relations.refused.update({(doubt.child, doubt.parent): doubt.reason for doubt in _tell(doubts, relations.found)})
    return relations


def _tell(doubts: Sequence[_Doubt], found: Sequence[Relation]) -> Iterator[_Doubt]:
    """Leave out what nobody would ask: why the child of a table is not its parent, and why two children are neither."""
    close = {(relation.child, plain(relation.column)) for relation in found if relation.is_close}
    pairs = {frozenset((relation.child, relation.parent)) for relation in found if relation.is_close}
    shares = {(doubt.child, doubt.parent): doubt.distinct_share for doubt in doubts}
    for doubt in doubts:
        is_less = shares.get((doubt.parent, doubt.child), 0) > doubt.distinct_share
        has_parent = (doubt.child, plain(doubt.column)) in close
        if not (is_less or has_parent or frozenset((doubt.child, doubt.parent)) in pairs):
            yield doubt


def relate_by(keys: Keys, child: int, parent: int, column: str, key: str) -> Relation:
    """Give the relation of two tables by a column of the one and a key of the other that somebody names.

    Raises
    ------
    DataError
        The key stands on more than one row.
    """
    described, stacks = keys.describe(parent, key), keys.stacks
    if not described.is_unique:
        raise DataError(
            f"{stacks[child].title} cannot be joined with {stacks[parent].title} by {column!r}: "
            f"{_repeats(described, key)}. Remove what stands twice, or name another key."
        )
    return _count(keys, child, parent, column, key)


def key_of(sheet: Sheet, column: str) -> ir.StringValue:
    """Give the keys of a sheet as they are compared: as ids, and e-mail addresses in any case.

    Examples
    --------
    >>> cells = ibis.memtable({"source": ["a"], "source_row": [2], "order": ["7.0"]})
    >>> key_of(Sheet("a", "csv", ("order",), ("order",), cells), "order").to_list()
    ['7']
    """
    name = find_name(sheet, column)
    if name is None:
        return ibis.null("string")
    key = parse_id(sheet.cells[sheet.column(name)])
    return key.lower() if "mail" in column.casefold() else key


def _find_between(
    keys: Keys, child: int, parent: int, pairs: Sequence[tuple[str, str]]
) -> tuple[list[Relation], _Doubt | None]:
    """Give the relation of a child to a parent, or say why there is none."""
    stack, possible, doubt = keys.stacks[parent], [], None
    for column, key in pairs:
        described = keys.describe(parent, key)
        if not described.is_unique:
            reason = f"in {stack.title}, {_repeats(described, key)}"
        else:
            relation = _count(keys, child, parent, column, key)
            possible += [relation] if relation.is_close or relation.is_one_to_one else []
            reason = "" if relation.is_close else _too_few(relation, stack)
        if reason and _is_strong(stack, key):
            doubt = _Doubt(child, parent, column, described.n_distinct / max(described.n_filled, 1), reason)
    return [_choose(keys.stacks, possible)] if possible else [], doubt


def _pairs(child: Stack, parent: Stack) -> Iterator[tuple[str, str]]:
    """Give the pairs of columns that may be a reference and its key, by their names."""
    references = name_references(parent.nouns)
    keys = [column for column in parent.header if _means(parent, column) not in _NO_KEYS]
    for column in child.header:
        if _means(child, column) in _NO_KEYS or is_generic(column):
            continue
        same = [key for key in keys if plain(key) == plain(column) and _may_be_key(parent, key)]
        if not same and plain(column) in references:
            same = [key for key in keys if is_generic(key) or plain(key) in references]
        yield from ((column, key) for key in same)


def _means(stack: Stack, column: str) -> str | None:
    meaning = stack.meanings.get(column)
    return meaning.name if meaning else None


def _may_be_key(parent: Stack, key: str) -> bool:
    """Tell whether a column may be the table's own key, and not only that of a table which it names in its turn.

    It stands first, or first among those with such names; or the table is about what it names.
    """
    first = next((column for column in parent.header if is_key_name(column)), None)
    return key in {parent.header[0], first} or _is_about(parent, key) is not None or _is_strong(parent, key)


def _is_strong(parent: Stack, key: str) -> bool:
    """Tell whether nothing else than a row of the table can be meant by a key, by its name."""
    is_named = is_generic(key) or plain(key) in name_references(parent.nouns)
    return is_named or _is_about(parent, key) == 0


def _is_about(parent: Stack, key: str) -> int | None:
    """Say how plainly a table is about what a column names; a table of orders has customers, and is about orders."""
    meaning = parent.meanings.get(key)
    about = next((name for name in _KEY_MEANINGS if parent.holds(name)), None)
    return meaning.group if meaning and meaning.name == about else None


def _spread(keys: ir.Table, n_columns: int) -> ir.Table:
    counts = {"n_rows": keys.count()}
    for number in range(n_columns):
        key = keys[f"key {number}"]
        counts |= {f"n_filled {number}": key.count(), f"n_distinct {number}": key.nunique()}
    return keys.agg(**counts)


def _count_apart(sheet: Sheet, column: str) -> int:
    own = find_name(sheet, column)
    others = {
        f"cell {number}": sheet.cells[name] for number, name in enumerate(sheet.columns) if sheet.header[number] != own
    }
    apart = sheet.cells.select(key=key_of(sheet, column), **others)
    return int(apart.filter(apart.key.notnull()).distinct().count().execute())


def _fetch(aggregated: ir.Table) -> dict[str, Any]:
    (row,) = aggregated.to_pyarrow().to_pylist()
    return dict(row)


def _count(keys: Keys, child: int, parent: int, column: str, key: str) -> Relation:
    described = keys.describe(parent, key)
    own, other = keys.column(child, column), keys.column(parent, key)
    rows, known = own.as_table().select(key=own), other.as_table().select(key=other)
    known = known.filter(known.key.notnull()).distinct().mutate(is_known=True)
    joined = rows.left_join(known, "key").select(rows.key, known.is_known)
    found = _fetch(
        joined.agg(
            n_rows=joined.count(),
            n_filled=joined.key.count(),
            n_matched=joined.is_known.count(),
            n_named=joined.key.nunique(where=joined.is_known.notnull()),
        )
    )
    n_idle = described.n_distinct - found.pop("n_named")
    return Relation(
        child,
        parent,
        column,
        key,
        **found,
        n_keys=described.n_distinct,
        n_idle=n_idle,
        n_empty=described.n_rows - described.n_filled,
        is_repeated=described.n_distinct < described.n_filled,
        is_one_to_one=keys.describe(child, column).is_unique,
    )


def _too_few(relation: Relation, parent: Stack) -> str:
    return f"only {relation.n_matched:,} of {relation.n_filled:,} rows name a {relation.column} that {parent.title} has"


def _repeats(key: _Key, name: str) -> str:
    if key.n_filled == 0 or 2 * key.n_filled < key.n_rows:
        return f"{name} is empty in {key.n_rows - key.n_filled:,} of {key.n_rows:,} rows"
    return f"{key.n_filled:,} rows have {key.n_distinct:,} different values of {name}, and rows of one value differ"


def _choose(stacks: Sequence[Stack], relations: Sequence[Relation]) -> Relation:
    """Choose by which of several pairs of columns two tables are joined, as long as they join the same rows."""
    parent = stacks[relations[0].parent]
    close = [relation for relation in relations if relation.is_close] or list(relations)
    strong = [relation for relation in close if _is_strong(parent, relation.key)] or close
    best = max(strong, key=lambda relation: relation.n_matched)
    for other in strong:
        if other is not best and count_differing(stacks, best, other.column, other.key):
            raise DataError(_two_ways(stacks, best, other))
    return best


def count_differing(stacks: Sequence[Stack], relation: Relation, column: str, key: str) -> int:
    """Count the rows of a child that a relation joins with a row that says something else in two further columns.

    Examples
    --------
    >>> from customerbase.engine import connect
    >>> from customerbase.ingest.stacks import stack_sheets
    >>> key = {"source": ["a"] * 2, "source_row": [2, 3]}
    >>> items = ibis.memtable({**key, "order": ["7", "8"], "who": ["ann", "bob"]})
    >>> orders = ibis.memtable({**key, "order": ["7", "8"], "day": ["1", "2"], "client": ["ann", "cem"]})
    >>> sheets = [Sheet(name, "csv", cells.columns[2:], cells.columns[2:], cells)
    ...           for name, cells in (("items.csv", items), ("orders.csv", orders))]
    >>> stacks = stack_sheets(sheets, {})
    >>> count_differing(stacks, relate_by(Keys(stacks, connect()), 0, 1, "order", "order"), "who", "client")
    1
    """
    child, parent = stacks[relation.child].whole, stacks[relation.parent].whole
    rows = child.cells.select(key=key_of(child, relation.column), said=key_of(child, column))
    others = parent.cells.select(key=key_of(parent, relation.key), meant=key_of(parent, key)).distinct()
    joined = rows.join(others, "key")
    return int(joined.filter(joined.said != joined.meant).count().execute())


def _two_ways(stacks: Sequence[Stack], one: Relation, other: Relation) -> str:
    child, parent = stacks[one.child], stacks[one.parent]
    return (
        f"{child.title} names rows of {parent.title} by {one.column!r} and by {other.column!r}, and they are not the "
        f"same rows. Say which it is in a layout file, --layout my-shop.toml: [[joins]] table = {child.label!r}, "
        f"column = {one.column!r}, to = {parent.label!r}."
    )
