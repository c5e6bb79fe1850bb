"""Sales: the order lines added up once by groups of customers, so that every filter is answered from few rows.

A group is the customers of one segment and country. What is added up: products, countries of the lines, hours, orders.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.dashboard.opening import Opened, begin_behind, is_ending
from customerbase.engine import branch
from customerbase.exploration.folds import add_up
from customerbase.features.customers import is_in_base
from customerbase.workspace import Workspace
from customerbase.workspace.manifest import UNDATED

__all__ = ["SUMS", "Sales", "sales_of"]

_MOST_KEPT = 6
_BUILDING = threading.Lock()
_LISTING = threading.Lock()
"""Held for a moment only: whoever asks whether sums are there does not wait for them."""

_sales: dict[tuple[str, str], "Sales"] = {}


class Sales:
    """The sums of one date of a workspace, each made when it is first asked for.

    Parameters
    ----------
    opened
        The workspace.
    as_of
        Date of the segments.
    """

    def __init__(self, opened: Opened, as_of: str) -> None:
        self._opened, self._as_of = opened, as_of
        self._names: dict[str, str] = {}
        self._begun: set[str] = set()
        self._fault: Exception | None = None

    def table(self, name: str) -> ir.Table:
        """Give one of `SUMS`, with `segment` and `country` of the customers."""
        engine, names = self._opened.workspace.connection, [self.make(each) for each in (name, "group_names")]
        made, named = self._opened.ask(lambda: [engine.table(each) for each in names])
        return made.inner_join(named, "group_id")

    def has(self, *names: str) -> bool:
        """Tell whether these are made, so that nobody has to wait for them."""
        return {"group_names", *names} <= self._names.keys()

    def begin(self, *names: str) -> None:
        """Begin to make these in a thread, also when the last attempt has failed.

        Raises
        ------
        Exception
            Whatever the last attempt has failed with, until one succeeds.
        """
        with _LISTING:
            missing = [name for name in names if name not in {*self._begun, *self._names}]
            self._begun.update(missing)
            fault = self._fault
        if missing:
            begin_behind(partial(self._make_all, missing))
        if fault:
            raise fault

    def _make_all(self, names: Sequence[str]) -> None:
        fault = None
        try:
            for name in names:
                if not is_ending():
                    self.make(name)
        except Exception as found:  # it is raised where a page waits
            fault = found
        with _LISTING:
            self._begun.difference_update(names)
            self._fault = fault

    def drop(self) -> None:
        """Give the memory of all of them back."""
        engine: Any = branch(self._opened.workspace.connection)
        for name in self._names.values():
            engine.drop_table(name, force=True)
        engine.disconnect()

    def make(self, name: str) -> str:
        """Make a table of sums, over a connection of this thread's own, and give its name in the engine."""
        with _BUILDING:
            for each in ("groups", "group_names", name):
                self._build(each)
            return self._names[name]

    def _build(self, name: str) -> None:
        if name not in self._names:
            engine: Any = branch(self._opened.workspace.connection)
            try:
                seen = Workspace(self._opened.workspace.path, connection=engine)
                groups = engine.table(self._names["groups"]) if self._names else None
                kept = ibis.util.gen_name(name)
                engine.create_table(kept, _sum(name, seen, self._as_of, groups))
            finally:
                engine.disconnect()
            self._names[name] = kept


def sales_of(opened: Opened, as_of: str) -> Sales:
    """Give the sums of a date, the same ones to all threads."""
    with _LISTING:
        key = (opened.state, as_of)
        if key not in _sales:
            while len(_sales) >= _MOST_KEPT:
                _sales.pop(next(iter(_sales))).drop()
            _sales[key] = Sales(opened, as_of)
        return _sales[key]


def _sum(name: str, workspace: Workspace, as_of: str, groups: ir.Table | None) -> ir.Table:
    if groups is None:
        return _group(workspace, as_of)
    if name == "group_names":
        return groups.group_by("group_id").agg(segment=groups.segment.max(), of_country=groups.of_country.max())
    lines = workspace.table("order_lines").inner_join(groups.select("customer_id", "group_id"), "customer_id")
    return SUMS[name](lines, as_of)


def _group(workspace: Workspace, as_of: str) -> ir.Table:
    features = workspace.table("features", as_of)
    country = features.country if "country" in features.columns else ibis.null("string")
    known = features.filter(is_in_base(features)).select("customer_id", of_country=country)
    placed = known.inner_join(workspace.table("assignments", as_of).select("customer_id", "segment"), "customer_id")
    order = ibis.window(order_by=[placed.segment, placed.of_country])
    return placed.select("customer_id", "segment", "of_country", group_id=ibis.dense_rank().over(order).cast("int16"))


def _before(lines: ir.Table, as_of: str) -> ir.BooleanValue:
    if as_of == UNDATED:
        return ibis.literal(True)
    return lines.ordered_at < ibis.date(as_of).cast("timestamp")


def _products(lines: ir.Table, as_of: str) -> ir.Table:
    sold = lines.filter(lines.is_product & lines.product_id.notnull())
    bought = ~sold.is_return
    is_early = bought & _before(sold, as_of)
    return sold.group_by("group_id", "product_id").agg(
        n_before=sold.count(where=is_early),
        revenue_before=add_up(sold.amount, is_early),
        revenue=add_up(sold.amount, bought),
        return_value=-add_up(sold.amount, sold.is_return),
        product_name=sold.product_name.max(where=is_early),
    )


def _places(lines: ir.Table, as_of: str) -> ir.Table:
    bought = lines.filter(~lines.is_return & lines.country.notnull() & _before(lines, as_of))
    return bought.group_by("group_id", "country").agg(n_before=bought.count(), revenue_before=add_up(bought.amount))


def _hours(lines: ir.Table, as_of: str) -> ir.Table:  # noqa: ARG001
    dated = lines.filter(lines.ordered_at.notnull() & ~lines.is_future)
    dated = dated.mutate(hour=dated.ordered_at.truncate("h"))
    return dated.group_by("group_id", "hour").agg(
        revenue=add_up(dated.amount, ~dated.is_return), return_value=-add_up(dated.amount, dated.is_return)
    )


def _orders(lines: ir.Table, as_of: str) -> ir.Table:  # noqa: ARG001
    bought = lines.filter(~lines.is_return & lines.ordered_at.notnull() & ~lines.is_future & lines.order_id.notnull())
    orders = bought.group_by("group_id", "customer_id", "order_id").agg(hour=bought.ordered_at.min().truncate("h"))
    return orders.group_by("group_id", "hour").agg(n_orders=orders.count())


SUMS: Mapping[str, Callable[[ir.Table, str], ir.Table]] = {
    "products": _products,
    "places": _places,
    "hours": _hours,
    "orders": _orders,
}
"""Name → what adds the lines of customers, with their `group_id`, up; all but the groups themselves."""
