"""Material: what a workspace holds for one date, as the sections of a report read it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.exploration.explorations import EXPLORATIONS
from customerbase.features.customers import is_in_base
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.summary import summarise
from customerbase.workspace import Workspace
from customerbase.workspace.manifest import UNDATED

__all__ = ["OF_ANY_DATE", "Material"]

OF_ANY_DATE = ("out_of_time",)
"""Tables whose date is one of their own: the latest is shown."""

_PREFIX = "explore_"


class Material:
    """The tables of a workspace at the date of its segments.

    Parameters
    ----------
    workspace
        An open workspace.
    as_of
        Date of the segments; by default the latest.
    with_ids
        Whether customers may be named.

    Raises
    ------
    WorkspaceError
        There are no segments, or not for this date.

    Examples
    --------
    >>> Material(Workspace("no-such-shop")).summary
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: There are no segments in ./no-such-shop. Run 'customerbase segment' first.
    """

    def __init__(self, workspace: Workspace, as_of: str | None = None, *, with_ids: bool = False) -> None:
        self.workspace = workspace
        self.with_ids = with_ids
        self._wanted = as_of
        self._rows: dict[str, Rows] = {}

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """As `summarise` gives it."""
        return summarise(self.workspace, self._wanted)

    @property
    def as_of(self) -> str:
        """Date of the segments, or `undated`."""
        return str(self.summary["as_of"])

    @property
    def day(self) -> str:
        """The date in words that follow 'customers'."""
        return "" if self.as_of == UNDATED else f" before {self.as_of}"

    @property
    def has_orders(self) -> bool:
        """Whether the segments are made of orders."""
        return bool(self.summary["base"] == "orders")

    @property
    def segments(self) -> list[dict[str, Any]]:
        """The segments, in the order of their numbers."""
        return list(self.summary["segments"])

    @property
    def colors(self) -> dict[str, str]:
        """Colour of each segment, in the order of their numbers."""
        return {one["name"]: one["color"] for one in self.segments}

    def has(self, name: str) -> bool:
        """Tell whether a table is there, and has a row."""
        date = self._date_of(name)
        entries = [each for each in self.workspace.tables() if each.name == name and each.as_of == date]
        return any(each.rows != 0 for each in entries)

    def is_made(self, name: str) -> bool:
        """Tell whether a table is there, with or without rows."""
        date = self._date_of(name)
        return any(each.name == name and each.as_of == date for each in self.workspace.tables())

    def table(self, name: str) -> ir.Table:
        """Give a table as an Ibis expression."""
        return self.workspace.table(name, self._date_of(name))

    def rows(self, name: str) -> Rows:
        """Give a small table as rows, in the order of its key; nothing where it is not there."""
        if name not in self._rows:
            self._rows[name] = self._read(name) if self.has(name) else []
        return self._rows[name]

    @property
    def customers(self) -> ir.Table:
        """The features of the customers who have a segment, with `segment`."""
        return self.everybody

    def sales(self, column: str) -> ir.Table:
        """Add the purchases before the date up by `product_id` or `country` of the line, and segment of the buyer.

        Columns are that one, `segment`, `revenue` and the `name` that goes with it.
        """
        lines = self.table("order_lines")
        bought = lines.filter(~lines.is_return, lines[column].notnull())
        if self.as_of != UNDATED:
            bought = bought.filter(bought.ordered_at < ibis.date(self.as_of).cast("timestamp"))
        if column == "product_id":
            bought = bought.filter(bought.is_product)
        placed = bought.inner_join(self.table("assignments").select("customer_id", "segment"), "customer_id")
        name = placed.product_name.max() if column == "product_id" else placed[column].max()
        return placed.group_by([column, "segment"]).agg(revenue=placed.amount.sum(), name=name)

    @cached_property
    def everybody(self) -> ir.Table:
        """The same of all customers of the date, by whom scores are learnt, though others may be left out."""
        features = self.table("features")
        placed = self.table("assignments").select("customer_id", "segment")
        return features.filter(is_in_base(features)).inner_join(placed, "customer_id")

    def _read(self, name: str) -> Rows:
        table = self.table(name)
        known = EXPLORATIONS.get(name.removeprefix(_PREFIX))
        return plain_rows((table.order_by(list(known.key)) if known else table).to_pyarrow())

    def _date_of(self, name: str) -> str | None:
        """Give the date under which a table lies: None for one without dates."""
        dates = self.workspace.dates(name)
        if name in OF_ANY_DATE:
            return dates[-1] if dates else None
        return self.as_of if dates else None
