"""Planning: which tables give their columns to which others, and which are no data of their own."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations

from customerbase.ingest.keys import Keys, Relation, Relations, count_differing, relate_by
from customerbase.ingest.meanings import is_called, lists_coupons, plain
from customerbase.ingest.money import paid_column, place_money
from customerbase.ingest.plan import Plan, reach, unclear
from customerbase.ingest.stacks import Stack

__all__ = ["make_plan"]

_PAYMENTS = {"payment", "payments", "zahlung", "paiement", "pago", "pagamento", "betaling", "płatność"}


def make_plan(
    keys: Keys, related: Relations, given: Mapping[str, str] | None = None, wanted: Collection[str] = ()
) -> Plan:
    """Decide from the relations of tables what becomes of each.

    * The customers stay a table of their own; rows that name them are counted.
    * Orders give their columns to their items where these have money of their own, but never their totals. Where only
      the order has money, it is an order by itself, and its items are left out: nobody knows what each of them cost.
    * Payments are summed where their orders have no amount, and left out where there is one.
    * All other parents are lookups.

    Parameters
    ----------
    keys, related
        All tables, and how they are related.
    given
        Canonical name → column, as far as the caller says it.
    wanted
        Columns of whole orders that a layout asks for by name.

    Raises
    ------
    DataError
        Two tables could be the orders, the items or the payments.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.engine import connect
    >>> from customerbase.ingest.keys import find_relations
    >>> from customerbase.ingest.sheets import Sheet
    >>> from customerbase.ingest.stacks import stack_sheets
    >>> key = {"source": ["a"] * 2, "source_row": [2, 3]}
    >>> orders = ibis.memtable({**key, "order": ["7", "8"], "shop_id": ["1", "1"]})
    >>> shops = ibis.memtable({**key, "shop_id": ["1", "2"], "city": ["Ulm", "Bonn"]})
    >>> keys = Keys(stack_sheets([Sheet(name, "csv", cells.columns[2:], cells.columns[2:], cells)
    ...                           for name, cells in (("orders.csv", orders), ("shops.csv", shops))], {}), connect())
    >>> [(join.child, join.parent) for join in make_plan(keys, find_relations(keys)).joins]
    [(0, 1)]
    """
    plan, stacks, relations = Plan(), keys.stacks, related.found
    plan.customers = _find_customers(stacks, relations)
    plan.orders = _find_orders(stacks, relations, plan.customers)
    _plan_customers(keys, relations, plan)
    lines = _plan_order_tables(keys, relations, plan)
    _plan_lookups(stacks, relations, plan, lines)
    place_money(stacks, plan, lines, given or {}, wanted)
    _drop_circles(stacks, plan)
    _leave_out(stacks, related, plan)
    return plan


def _meaning(stacks: Sequence[Stack], relation: Relation) -> str | None:
    """Give what a relation is about: the canonical id that its columns hold."""
    key = stacks[relation.parent].meanings.get(relation.key)
    column = stacks[relation.child].meanings.get(relation.column)
    names = [meaning.name for meaning in (column, key) if meaning]
    named = next((name for name in names if name in {"order_id", "customer_id", "product_id"}), None)
    return named or ("order_id" if _are_orders(stacks[relation.child], stacks[relation.parent]) else None)


def _are_orders(child: Stack, parent: Stack) -> bool:
    """Tell whether a table says when and by whom the items of another one were ordered, though under a strange key."""
    return parent.holds("customer_id") and parent.holds("ordered_at") and not child.holds("customer_id", "ordered_at")


def _parents(stacks: Sequence[Stack], relations: Iterable[Relation], meaning: str) -> list[int]:
    found = {relation.parent for relation in relations if _meaning(stacks, relation) == meaning}
    return sorted(found)


def _find_customers(stacks: Sequence[Stack], relations: Sequence[Relation]) -> int | None:
    """Find the table with one row per customer: called so, or else about nothing else."""

    def is_about_customers(position: int) -> bool:
        stack = stacks[position]
        is_orders = stack.holds("order_id") or (stack.holds("ordered_at") and stack.holds("amount", "quantity"))
        return is_called(stack.nouns, "customer_id") or not (is_orders or lists_coupons(stack.header))

    declared = {relation.parent for relation in relations if relation.is_declared}
    found = [each for each in _parents(stacks, relations, "customer_id") if is_about_customers(each)]
    ranked = [each for each in found if each not in declared]
    return min(ranked, key=lambda each: not is_called(stacks[each].nouns, "customer_id"), default=None)


def _find_orders(stacks: Sequence[Stack], relations: Sequence[Relation], customers: int | None) -> int | None:
    def rank(position: int) -> tuple[bool, ...]:
        stack = stacks[position]
        is_declared = any(each.is_declared and each.parent == position for each in relations)
        return (
            is_declared,
            is_called(stack.nouns, "order_id"),
            not _is_about_payments(stack),
            stack.holds("customer_id"),
            stack.holds("ordered_at"),
            not stack.holds("product_id", "product_name", "unit_price"),
        )

    candidates = [each for each in _parents(stacks, relations, "order_id") if each != customers]
    ranked = sorted(candidates, key=rank, reverse=True)
    if len(ranked) > 1 and rank(ranked[0]) == rank(ranked[1]):
        raise unclear(stacks, "orders", ranked[:2])
    return ranked[0] if ranked else None


def _is_about_payments(stack: Stack) -> bool:
    return bool(stack.nouns & _PAYMENTS) or any("payment" in plain(column) for column in stack.header)


def _plan_customers(keys: Keys, relations: Sequence[Relation], plan: Plan) -> None:
    stacks = keys.stacks
    for relation in relations:
        if relation.parent != plan.customers or _meaning(stacks, relation) != "customer_id":
            continue
        child = stacks[relation.child]
        holds_orders = child.holds("order_id", "ordered_at", "amount", "quantity")
        if relation.is_one_to_one and not holds_orders and not lists_coupons(child.header):
            _extend(keys, relations, relation, plan)
        elif relation.is_close:
            plan.checks.append(relation)


def _extend(keys: Keys, relations: Sequence[Relation], relation: Relation, plan: Plan) -> None:
    """Give a table the columns of another one that says more of the same rows."""
    back = (relation.parent, relation.child)
    known = next((each for each in relations if (each.child, each.parent) == back), None)
    if relation.is_close or (known and known.is_close):
        plan.joins.append(known or relate_by(keys, *back, relation.key, relation.column))


def _plan_order_tables(keys: Keys, relations: Sequence[Relation], plan: Plan) -> dict[int, Relation]:
    """Plan for all tables that name orders, but for the items, which are given back."""
    stacks = keys.stacks
    lines: dict[int, Relation] = {}
    payments: list[Relation] = []
    for relation in relations:
        if relation.parent != plan.orders or _meaning(stacks, relation) != "order_id":
            continue
        kind = _kind(stacks, relation, plan)
        if kind == "items" and relation.is_close:
            lines[relation.child] = relation
        elif kind == "payments" and relation.is_close:
            payments.append(relation)
        elif kind == "extension":
            _extend(keys, relations, relation, plan)
        elif kind == "other" and relation.is_close:
            plan.left_out[relation.child] = (
                f"left out: it says more of the orders in {stacks[relation.parent].title}, "
                "and has neither items nor payments"
            )
    if len(payments) > 1:
        raise unclear(stacks, "payments", [relation.child for relation in payments])
    plan.paid = payments[0] if payments else None
    return lines


def _kind(stacks: Sequence[Stack], relation: Relation, plan: Plan) -> str:
    """Say what a table is to the orders that it names."""
    child, orders = stacks[relation.child], stacks[relation.parent]
    is_whole = child.holds("customer_id") and child.holds("ordered_at")
    if relation.child == plan.customers or (is_whole and _is_another_shop(stacks, relation)):
        return "own"
    if _is_about_payments(child) and paid_column(child):
        return "payments"
    if child.holds("product_id", "product_name", "quantity", "unit_price") or relation.is_declared:
        return "items"
    if is_whole:
        return "own"
    if child.holds("amount"):
        return "payments"
    is_more = relation.is_one_to_one and not orders.nouns & child.nouns
    return "extension" if is_more else "other"


def _is_another_shop(stacks: Sequence[Stack], relation: Relation) -> bool:
    """Tell whether orders of the same number are by different customers: two shops count from 1."""
    columns = stacks[relation.child].column_of("customer_id"), stacks[relation.parent].column_of("customer_id")
    if columns[0] is None or columns[1] is None or relation.is_declared:
        return False
    return count_differing(stacks, relation, columns[0], columns[1]) > relation.n_matched / 2


def _plan_lookups(
    stacks: Sequence[Stack], relations: Sequence[Relation], plan: Plan, lines: dict[int, Relation]
) -> None:
    special = {plan.orders, plan.customers, *lines, *plan.left_out, *({plan.paid.child} if plan.paid else ())}
    done = {frozenset((each.child, each.parent)) for each in (*plan.joins, *plan.checks, *lines.values())}
    open_ = [
        each
        for each in relations
        if frozenset((each.child, each.parent)) not in done
        and (each.is_declared or (each.parent not in special and not _names_customer(stacks[each.parent])))
        and (each.is_declared or _meaning(stacks, each) in {None, "product_id"})
    ]
    pairs = {(each.child, each.parent): each for each in open_}
    for one, other in combinations(sorted({position for pair in pairs for position in pair}), 2):
        relation = _direct(stacks, pairs, one, other)
        if relation is not None:
            plan.joins.append(relation)
            if not relation.is_declared:
                plan.lookups.add((relation.child, relation.parent))


def _names_customer(stack: Stack) -> bool:
    return any(meaning.name == "customer_id" and meaning.group == 0 for meaning in stack.meanings.values())


def _direct(stacks: Sequence[Stack], pairs: dict[tuple[int, int], Relation], one: int, other: int) -> Relation | None:
    """Give the relation of two tables; of two lookups with one row for each, that to the one which the key is named by.

    Where a third table names both by the same column, it has the columns of both already.
    """
    there, back = pairs.get((one, other)), pairs.get((other, one))
    close = [relation for relation in (there, back) if relation and (relation.is_close or relation.is_declared)]
    if there is None or back is None or not close:
        return close[0] if close else None
    children = [
        {(each.child, plain(each.column)) for each in pairs.values() if each.parent == to} for to in (one, other)
    ]
    if children[0] & children[1]:
        return None

    def is_owner(relation: Relation) -> tuple[bool, ...]:
        parent, child = stacks[relation.parent], stacks[relation.child]
        is_referred_to = any(each.parent == relation.child for each in pairs.values() if each not in (there, back))
        is_first = plain(relation.key) == plain(parent.header[0]), plain(relation.column) != plain(child.header[0])
        return (is_referred_to, relation.is_close, *is_first, relation.n_idle > 0)

    return max((there, back), key=is_owner)


def _drop_circles(stacks: Sequence[Stack], plan: Plan) -> None:
    """Join none of the tables that name each other in a circle."""
    edges = {(relation.child, relation.parent) for relation in plan.joins}
    circular = [each for each in plan.joins if each.child in reach({each.parent}, edges)]
    for relation in circular:
        plan.joins.remove(relation)
        plan.remark(
            relation.child,
            f"not joined with {stacks[relation.parent].title} by {relation.column}: they name each other in a circle",
        )


def _leave_out(stacks: Sequence[Stack], relations: Relations, plan: Plan) -> None:
    """Leave out lookups that only tables without use name, and those without a word of customers, orders or money."""
    edges = {(relation.child, relation.parent) for relation in plan.joins}
    used = reach(set(range(len(stacks))) - plan.used_up - set(plan.left_out), edges)
    for position, _ in [*plan.left_out.items()]:
        for each in sorted(reach({position}, edges) - used - set(plan.left_out)):
            plan.left_out[each] = f"left out with {stacks[position].title}, which names it"
    own = set(range(len(stacks))) - plan.used_up - set(plan.left_out)
    with_customer = {each for each in own if any(stacks[at].holds("customer_id") for at in reach({each}, edges))}
    related = {position for each in relations.found for position in (each.child, each.parent)}
    related |= {position for pair in relations.refused for position in pair}
    for position in sorted((own & related) - with_customer if with_customer else ()):
        if not any(stacks[at].holds("ordered_at", "amount", "quantity") for at in reach({position}, edges)):
            for each in sorted(reach({position}, edges) - reach(with_customer, edges)):
                plan.left_out[each] = "left out: nothing in it, nor in the tables that name it, tells of a customer"
    plan.joins = [each for each in plan.joins if each.child not in plan.left_out]
