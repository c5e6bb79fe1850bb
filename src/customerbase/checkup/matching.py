"""Returns matched to the purchases that they undo."""

import ibis
import ibis.expr.types as ir

from customerbase.engine import keep

__all__ = ["match_returns"]

MOST_PURCHASES = 64
"""How many of a customer's purchases of a product a return looks back at: one customer may stand for all of a till."""

_KEY = ("source", "source_row")
_GOODS = ("customer_id", "product")
_RETURN = (*_GOODS, "return_number")
_PURCHASE = (*_GOODS, "purchase_number")


def match_returns(lines: ir.Table) -> ir.Table:
    """Match each return to the latest earlier purchase of the same customer and product that has as many units left.

    Purchases at the price of the return go first. Where several returns want one purchase, the larger go first: the
    smaller find another one more easily. A return that takes back more than any one purchase has left matches none.
    Units are the quantity; where a line has none, its money.

    Parameters
    ----------
    lines
        Clean order lines; the returns of guests are left out, since nobody knows what they bought.

    Returns
    -------
    Table
        One row per return: `source`, `source_row`, `customer_id`, `product_id`, `returned_at`, `quantity` and `amount`
        (both positive), and of the purchase `purchase_source`, `purchase_source_row` and `purchased_at`, which are null
        where it matches none.

    Examples
    --------
    >>> from customerbase.schema import MONEY
    >>> lines = ibis.memtable({"source": ["a"] * 3, "source_row": [2, 3, 4], "customer_id": ["ann"] * 3,
    ...                        "product_id": ["mug"] * 3, "quantity": [5, 2, -3], "unit_price": [4, 4, 4],
    ...                        "amount": [20, 8, -12], "is_return": [False, False, True],
    ...                        "ordered_at": ["2024-05-01", "2024-05-02", "2024-05-03"]})
    >>> lines = lines.cast({"ordered_at": "timestamp", "quantity": MONEY, "unit_price": MONEY, "amount": MONEY})
    >>> match_returns(lines).purchase_source_row.to_list()
    [2]
    """
    events = keep(_number_events(lines))
    returns, purchases = events.filter(events.is_return), events.filter(~events.is_return)
    pairs, matched = keep(_pair(returns, purchases)), []
    while pairs.count().execute():
        taken = keep(_take(pairs))
        matched.append(taken)
        pairs = keep(_leave(pairs, taken))
    return keep(_report(returns, purchases, matched))


def _number_events(lines: ir.Table) -> ir.Table:
    """Give the numbers of purchases and returns of each customer and product in time.

    A return has the number of the last purchase before it. Of one moment (some exports have days alone), the purchase
    is thought to come first.
    """
    known = lines.filter(lines.customer_id.notnull()).select(
        *_KEY,
        "customer_id",
        "ordered_at",
        "is_return",
        "quantity",
        product=lines.product_id.fill_null(""),
        units=lines.quantity.coalesce(lines.amount).abs(),
        price=lines.unit_price.fill_null(0),
        amount=lines.amount.abs(),
    )
    concerned = known.semi_join(known.filter(known.is_return), _GOODS)
    so_far = ibis.window(
        group_by=_GOODS, order_by=["ordered_at", "is_return", "units", "price", *_KEY], preceding=None, following=0
    )
    return concerned.mutate(
        return_number=concerned.count(where=concerned.is_return).over(so_far),
        purchase_number=concerned.count(where=~concerned.is_return).over(so_far),
    )


def _pair(returns: ir.Table, purchases: ir.Table) -> ir.Table:
    """Pair each return with the purchases that it might undo."""
    first = ibis.greatest(returns.purchase_number - MOST_PURCHASES + 1, 1)
    earlier = returns.select(
        *_RETURN,
        "units",
        "price",
        purchase_number=ibis.range(first, returns.purchase_number + 1).unnest(),
    )
    joined = earlier.join(purchases.select(*_PURCHASE, bought="units", bought_at="price"), _PURCHASE)
    pairs = joined.mutate(is_same_price=joined.price == joined.bought_at, n_left=joined.bought)
    return pairs.filter(pairs.units <= pairs.n_left).select(
        *_PURCHASE, "return_number", "units", "n_left", "is_same_price"
    )


def _take(pairs: ir.Table) -> ir.Table:
    """Let each return choose a purchase, and give it to one after the other, as far as its units go."""
    choice = ibis.window(group_by=_RETURN, order_by=[ibis.desc("is_same_price"), ibis.desc("purchase_number")])
    chosen = pairs.mutate(rank=ibis.row_number().over(choice))
    chosen = chosen.filter(chosen["rank"] == 0)
    first = [ibis.desc("is_same_price"), ibis.desc("units"), "return_number"]
    turn = ibis.window(group_by=_PURCHASE, order_by=first, preceding=None, following=0)
    summed = chosen.mutate(n_wanted=chosen.units.sum().over(turn))
    return summed.filter(summed.n_wanted <= summed.n_left).select(*_PURCHASE, "return_number", "units")


def _leave(pairs: ir.Table, taken: ir.Table) -> ir.Table:
    """Give the pairs that are still open, with what is left of the purchases."""
    used = taken.group_by(_PURCHASE).agg(n_used=taken.units.sum())
    left = pairs.anti_join(taken, _RETURN).left_join(used, _PURCHASE)
    left = left.mutate(n_left=left.n_left - left.n_used.fill_null(0))
    return left.filter(left.units <= left.n_left).select(*pairs.columns)


def _report(returns: ir.Table, purchases: ir.Table, matched: list[ir.Table]) -> ir.Table:
    rows = returns.select(*_KEY, *_RETURN, "quantity", "amount", returned_at="ordered_at")
    if not matched:
        nothing = {"purchase_source": "string", "purchase_source_row": "int64", "purchased_at": "timestamp(6)"}
        found = rows.mutate(**{name: ibis.null(kind) for name, kind in nothing.items()})
    else:
        pairs = ibis.union(*matched) if len(matched) > 1 else matched[0]
        bought = purchases.select(
            *_PURCHASE, purchase_source="source", purchase_source_row="source_row", purchased_at="ordered_at"
        )
        undone = pairs.select(*_PURCHASE, "return_number").join(bought, _PURCHASE).drop("purchase_number")
        found = rows.left_join(undone, _RETURN)
    return found.select(
        *_KEY,
        "customer_id",
        product_id=found["product"].nullif(""),
        returned_at="returned_at",
        quantity=found.quantity.abs(),
        amount="amount",
        purchase_source="purchase_source",
        purchase_source_row="purchase_source_row",
        purchased_at="purchased_at",
    )
