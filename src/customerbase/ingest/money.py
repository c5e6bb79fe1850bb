"""Money: where that of an order stands, when its items and payments are tables of their own."""

from collections.abc import Collection, Mapping, Sequence

from customerbase.ingest.keys import Relation
from customerbase.ingest.layout import normalise
from customerbase.ingest.meanings import plain
from customerbase.ingest.plan import Plan, reach, unclear
from customerbase.ingest.stacks import Stack

__all__ = ["paid_column", "place_money"]

_MONEY = ("amount", "quantity", "unit_price", "discount")
_PAID = {"paymentvalue", "paymentamount", "amountpaid", "paidamount", "paid"}


def place_money(
    stacks: Sequence[Stack],
    plan: Plan,
    lines: Mapping[int, Relation],
    given: Mapping[str, str],
    wanted: Collection[str] = (),
) -> None:
    """Decide where the money stands: on the items, on the orders, or with the payments.

    Parameters
    ----------
    stacks
        All tables.
    plan
        What is planned so far; it is completed.
    lines
        Position of a table of items → its relation to the orders.
    given
        Canonical name → column, as far as the caller says it.
    wanted
        Columns of whole orders that a layout asks for by name.

    Raises
    ------
    DataError
        Two tables could be the items.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.ingest.sheets import Sheet
    >>> from customerbase.ingest.stacks import stack_sheets
    >>> cells = ibis.memtable({"source": ["a"], "source_row": [2]})
    >>> stacks = stack_sheets([Sheet("orders.csv", "csv", ("order", "total"), (), cells),
    ...                        Sheet("items.csv", "csv", ("order", "sku", "pieces"), (), cells)], {})
    >>> plan = Plan(orders=0)
    >>> place_money(stacks, plan, {1: Relation(1, 0, "order", "order", 9, 9, 9, 3, 0, 0)}, {})
    >>> plan.left_out[1]
    'left out: it carries no money, and what orders.csv says of a whole order cannot be split over its items'
    """
    if plan.orders is None:
        return
    orders = stacks[plan.orders]
    has_amount = orders.holds("amount")
    has_total = has_amount or plan.paid is not None
    is_said = has_amount and "amount" in given
    rich = {position: each for position, each in lines.items() if _has_money(stacks[position], is_said=is_said)}
    taken = rich or ({} if has_total else lines)
    if len(taken) > 1 and not all(relation.is_declared for relation in taken.values()):
        raise unclear(stacks, "items", list(taken))
    for position, relation in lines.items():
        if position not in taken:
            plan.left_out[position] = _why_no_items(stacks, plan, has_amount=has_amount, has_better=bool(rich))
            continue
        plan.joins.insert(0, relation)  # of two columns of one name, that of the order keeps it
        plan.items.add(position)
        _withhold_money(stacks, plan, relation, wanted)
        if position not in rich:
            _take_prices(stacks, plan, position)
    if plan.paid and (has_amount or taken):
        whose = f"{orders.title} has the amount of each order" if has_amount else "the items have money of their own"
        plan.left_out[plan.paid.child] = f"left out: {whose}"
        plan.paid = None
    elif plan.paid:
        _tell_payments(stacks, plan, plan.paid)


def _take_prices(stacks: Sequence[Stack], plan: Plan, position: int) -> None:
    """Let items without money have the price of their products."""
    plan.priced.add(position)
    reached = reach({position}, {pair for pair in plan.lookups if pair[1] != plan.orders}) - {position}
    for parent in sorted(each for each in reached if stacks[each].holds("unit_price")):
        plan.remark(position, f"its price is what the product costs in {stacks[parent].title}, not what was paid")


def _has_money(items: Stack, *, is_said: bool) -> bool:
    """Tell whether items have money of their own, unless somebody says that the amount is that of the order."""
    return items.holds("amount") or (not is_said and items.holds("quantity") and items.holds("unit_price"))


def _why_no_items(stacks: Sequence[Stack], plan: Plan, *, has_amount: bool, has_better: bool) -> str:
    if has_better:
        return "left out: it carries no money, and other items do"
    whose = plan.orders if has_amount or plan.paid is None else plan.paid.child
    total = stacks[whose].title if whose is not None else "the order"
    return f"left out: it carries no money, and what {total} says of a whole order cannot be split over its items"


def _withhold_money(stacks: Sequence[Stack], plan: Plan, relation: Relation, wanted: Collection[str]) -> None:
    """Keep the totals of orders off their items, where they would be counted once for each."""
    orders = stacks[relation.parent]
    kept = {normalise(column) for column in wanted}
    money = [
        column
        for column in orders.header
        if ((meaning := orders.meanings.get(column)) and meaning.name in _MONEY)
        or any(word in plain(column) for word in ("total", "discount"))
    ]
    columns = [column for column in money if normalise(column) not in kept]
    if columns:
        plan.withheld[relation.child, relation.parent] = tuple(columns)
        plan.remark(
            relation.child,
            f"{', '.join(columns)} of {orders.title} {'is' if len(columns) == 1 else 'are'} money of whole orders, and "
            "not taken for their items",
        )


def _tell_payments(stacks: Sequence[Stack], plan: Plan, relation: Relation) -> None:
    payments, orders = stacks[relation.child], stacks[relation.parent]
    plan.paid_column = paid_column(payments) or ""
    statuses = [column for column in payments.header if "status" in plain(column)]
    plan.remark(
        relation.parent,
        f"the amount of an order is the sum of {plan.paid_column} of its rows in {payments.title}"
        + (f", whatever their {statuses[0]}" if statuses else ""),
    )
    without = relation.n_idle
    if without:
        plan.remark(relation.parent, f"{without:,} of {relation.n_keys:,} orders have no row in {payments.title}")
    lost = relation.n_rows - relation.n_matched
    if lost:
        plan.remark(relation.child, f"{lost:,} of {relation.n_rows:,} rows name no order that {orders.title} has")


def paid_column(stack: Stack) -> str | None:
    """Give the column of payments with what was paid.

    Examples
    --------
    >>> paid_column(Stack((), ("order_id", "payment_value"), {}))
    'payment_value'
    """
    named = next((column for column in stack.header if plain(column) in _PAID), None)
    return stack.column_of("amount") or named
