"""Relations: several tables that belong together become sheets that can be understood by themselves."""

import fnmatch
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ibis.backends import BaseBackend

from customerbase.engine import store
from customerbase.errors import DataError
from customerbase.ingest.joining import Naming, attach, choose_names, is_complete, sum_payments
from customerbase.ingest.keys import Keys, Relation, Relations, find_relations, relate_by
from customerbase.ingest.layout import Join, normalise
from customerbase.ingest.meanings import is_generic, plain
from customerbase.ingest.numbers import DecimalSign
from customerbase.ingest.plan import Plan
from customerbase.ingest.planning import make_plan
from customerbase.ingest.sheets import Sheet
from customerbase.ingest.stacks import Stack, label, stack_sheets

__all__ = ["relate"]


def relate(
    sheets: Sequence[Sheet],
    connection: BaseBackend,
    joins: Sequence[Join] = (),
    columns: Mapping[str, str] | None = None,
    wanted: Collection[str] = (),
    decimal: DecimalSign | None = None,
) -> list[Sheet]:
    """Join the sheets that belong together: items with their orders and products, orders with their branches.

    Parameters
    ----------
    sheets
        What was read, in any order.
    connection
        The engine that holds it.
    joins
        Which tables belong together, where names and values do not tell.
    columns
        Canonical name → column, as far as the caller says it.
    wanted
        Columns of whole orders that a layout asks for by name, such as what was paid back.
    decimal
        What the caller says of numbers, where payments are summed and leave it open.

    Returns
    -------
    list
        The sheets, in the same order. Each keeps its rows; where it names rows of another one, it has the columns of
        that one too. `use` tells those that were used up and those that are left out, and the notes say what happened
        and what did not match. Without any relation, they are the sheets that came in.

    Raises
    ------
    DataError
        A join that cannot be made, or two readings that are both possible.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.engine import connect
    >>> engine, key = connect(), {"source": ["a"] * 2, "source_row": [2, 3]}
    >>> orders = ibis.memtable({**key, "order": ["7", "8"], "shop_id": ["1", "9"], "customer": ["ann", "bob"]})
    >>> shops = ibis.memtable({**key, "Shop ID": ["1.0", "2.0"], "city": ["Ulm", "Bonn"]})
    >>> related = relate([Sheet(name, "csv", cells.columns[2:], cells.columns[2:], cells)
    ...                   for name, cells in (("orders.csv", orders), ("shops.csv", shops))], engine)
    >>> related[0].header
    ('order', 'shop_id', 'customer', 'city')
    >>> related[0].notes
    ('joined with shops.csv by shop_id; 1 of 2 rows name a shop_id that shops.csv has not',)
    >>> related[1].use, related[1].notes
    ('joined', ('joined to orders.csv by Shop ID; 1 of 2 have no row there',))
    """
    given = columns or {}
    stacks = stack_sheets(sheets, given)
    if len(stacks) == 1 and not joins:
        return list(sheets)
    keys = Keys(stacks, connection)
    relations = _declare(keys, find_relations(keys), joins)
    if not relations.found and not relations.refused:
        return list(sheets)
    plan = make_plan(keys, relations, given, wanted)
    work = _Work(stacks, plan, relations, given, connection, decimal)
    done = {id(sheet): _finish(sheet, position, work) for position, each in enumerate(stacks) for sheet in each.sheets}
    return [done[id(sheet)] for sheet in sheets]


def _declare(keys: Keys, relations: Relations, joins: Sequence[Join]) -> Relations:
    stacks = keys.stacks
    found, refused = list(relations.found), dict(relations.refused)
    for join in joins:
        child, parent = _find_stack(stacks, join.table), _find_stack(stacks, join.to)
        if child == parent:
            raise DataError(f"[[joins]] joins {join.table!r} with itself. Name two different tables.")
        column, key = _find_column(stacks[child], join.column), _find_column(stacks[parent], join.key or join.column)
        found = [each for each in found if {each.child, each.parent} != {child, parent}]
        found.append(replace(relate_by(keys, child, parent, column, key), is_declared=True))
        refused.pop((child, parent), None)
    return Relations(found, refused)


def _find_stack(stacks: Sequence[Stack], name: str) -> int:
    found = [position for position, stack in enumerate(stacks) if _is_called(stack, name)]
    if len(found) != 1:
        problem = "which could be several of" if found else "and the tables are"
        raise DataError(
            f"[[joins]] names a table {name!r}, {problem}: {', '.join(stack.title for stack in stacks)}. "
            "Write a file's or a sheet's name."
        )
    return found[0]


def _is_called(stack: Stack, name: str) -> bool:
    names = {stack.label, *(sheet.source for sheet in stack.sheets), *map(label, stack.sheets)}
    return any(fnmatch.fnmatchcase(each.casefold(), name.casefold()) for each in names)


def _find_column(stack: Stack, column: str) -> str:
    found = next((name for name in stack.header if plain(name) == plain(column)), None)
    if found is None:
        raise DataError(
            f"[[joins]] names a column {column!r} of {stack.title}, whose columns are: {', '.join(stack.header)}."
        )
    return found


@dataclass(frozen=True)
class _Work:
    """What the joins are made of, and the parents that are ready."""

    stacks: Sequence[Stack]
    plan: Plan
    relations: Relations
    given: Mapping[str, str]
    connection: BaseBackend
    decimal: DecimalSign | None
    ready: dict[int, Sheet] = field(default_factory=dict)


def _finish(sheet: Sheet, position: int, work: _Work) -> Sheet:
    notes = (*sheet.notes, *_notes(position, work))
    if position in work.plan.left_out:
        return replace(sheet, use="left out", notes=notes)
    if position in work.plan.used_up:
        return replace(sheet, use="joined", notes=notes)
    called = _call_key(sheet, position, work)
    notes += tuple(f"{old} is called {new} here, as other tables call it" for old, new in called.items())
    header = tuple(called.get(name, name) for name in sheet.header)
    return replace(_complete(replace(sheet, header=header), position, work, called), notes=notes)


def _call_key(sheet: Sheet, position: int, work: _Work) -> dict[str, str]:
    """Give a plain `id` the name by which other tables name it: by itself it says nothing."""
    spoken_for = set(map(normalise, work.given.values()))
    for relation in work.relations.found:
        if relation.parent != position or not is_generic(relation.key) or normalise(relation.key) in spoken_for:
            continue
        if relation.is_close and relation.key in sheet.header and relation.column not in sheet.header:
            return {relation.key: relation.column}
    return {}


def _complete(sheet: Sheet, position: int, work: _Work, called: Mapping[str, str] | None = None) -> Sheet:
    """Give a sheet the columns of all that it names; `called` has the new names of its own ones."""
    own = called or {}
    for relation in work.plan.joins:
        if relation.child == position:
            parent = _ready(relation.parent, work)
            by = replace(relation, column=own.get(relation.column, relation.column))
            names = choose_names(sheet, parent, by, work.stacks[relation.parent].label, _naming(relation, work))
            sheet = attach(sheet, parent, by, names)
    paid = work.plan.paid
    if paid and paid.parent == position:
        sums = sum_payments(work.stacks[paid.child].whole, paid.column, work.plan.paid_column, work.decimal)
        is_meant = work.plan.paid_column in work.stacks[paid.child].meanings
        by = replace(paid, column=own.get(paid.key, paid.key), key="order", is_repeated=False)
        sheet = attach(sheet, sums, by, {"paid": work.plan.paid_column if is_meant else "amount"})
    return sheet


def _ready(position: int, work: _Work) -> Sheet:
    """Give a parent with the columns of its own parents, made once for all that name it."""
    if position not in work.ready:
        whole = work.stacks[position].whole
        completed = _complete(whole, position, work)
        if completed is not whole:
            completed = replace(completed, cells=store(work.connection, completed.cells, "joined"))
        work.ready[position] = completed
    return work.ready[position]


def _naming(relation: Relation, work: _Work) -> Naming:
    child, plan = work.stacks[relation.child], work.plan
    pair = (relation.child, relation.parent)
    is_of_orders = relation.child in {plan.orders, *plan.items} or (
        child.holds("customer_id") and relation.child != plan.customers
    )
    return Naming(
        work.given,
        plan.withheld.get(pair, ()),
        is_lookup=is_of_orders and pair in plan.lookups,
        is_priced=relation.child in plan.priced,
        is_complete=is_complete(child),
    )


def _notes(position: int, work: _Work) -> list[str]:
    stacks, plan = work.stacks, work.plan
    notes = []
    for relation in plan.joins:
        if relation.child == position:
            notes.append(_told_of_child(relation, stacks))
        if relation.parent == position:
            notes.append(_told_of_parent(relation, stacks))
    for relation in plan.checks:
        if relation.child == position and relation.n_filled > relation.n_matched:
            notes.append(_unmatched(relation, stacks))
        if relation.parent == position and relation.n_idle:
            notes.append(f"{relation.n_idle:,} of {relation.n_keys:,} have no row in {stacks[relation.child].title}")
    if plan.paid and plan.paid.child == position:
        notes.append(f"joined to {stacks[plan.paid.parent].title} by {plan.paid.column}")
    notes += plan.remarks.get(position, [])
    for (child, parent), reason in work.relations.refused.items():
        if position in {child, parent}:
            notes.append(f"not joined with {stacks[parent if position == child else child].title}: {reason}")
    return notes + ([plan.left_out[position]] if position in plan.left_out else [])


def _told_of_child(relation: Relation, stacks: Sequence[Stack]) -> str:
    parts = [f"joined with {stacks[relation.parent].title} by {relation.column}"]
    if relation.n_filled > relation.n_matched:
        parts.append(_unmatched(relation, stacks))
    if relation.n_rows > relation.n_filled:
        parts.append(f"{relation.n_rows - relation.n_filled:,} of {relation.n_rows:,} rows name none")
    return "; ".join(parts)


def _unmatched(relation: Relation, stacks: Sequence[Stack]) -> str:
    article = "an" if relation.column[:1].lower() in set("aeiou") else "a"
    return (
        f"{relation.n_filled - relation.n_matched:,} of {relation.n_rows:,} rows name {article} {relation.column} "
        f"that {stacks[relation.parent].title} has not"
    )


def _told_of_parent(relation: Relation, stacks: Sequence[Stack]) -> str:
    parts = [f"joined to {stacks[relation.child].title} by {relation.key}"]
    if relation.n_idle:
        parts.append(f"{relation.n_idle:,} of {relation.n_keys:,} have no row there")
    if relation.n_empty:
        parts.append(f"no {relation.key} in {relation.n_empty:,} of its rows")
    if relation.is_repeated:
        parts.append("equal rows are taken once")
    return "; ".join(parts)
