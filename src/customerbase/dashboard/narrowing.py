"""Narrowing: the tables of a workspace for the customers of one country or segment, as the report reads them."""

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.dashboard.opening import Opened
from customerbase.dashboard.sales import sales_of
from customerbase.dashboard.seasons import ANEW
from customerbase.engine import keep
from customerbase.features.customers import is_in_base
from customerbase.report.base_words import describe_part
from customerbase.report.charts.theme import Rows, plain_rows
from customerbase.report.material import Material
from customerbase.report.summary import summarise

__all__ = ["Shown", "list_countries"]

_MOST_COUNTRIES = 300

_OF_CUSTOMERS = ("order_lines", "coupon_events", "assignments", "borderline", "projection", "tsne")
"""Tables of which only the rows of the customers in question count."""


class Shown(Material):
    """The customers of a date, or those of one country or segment among them.

    What is not narrowed is what the report reads; what is, is computed anew from the features and the order lines.

    Parameters
    ----------
    opened
        The workspace.
    as_of
        Date of the segments.
    country, segment
        Whom to take; None for all.

    Raises
    ------
    WorkspaceError
        There are no segments, or not for this date.
    """

    # No property is a cached one: all instances of it have one lock, and what a thread waits for while it holds that
    # may be held by another one that waits for the lock.

    def __init__(self, opened: Opened, as_of: str, country: str | None = None, segment: str | None = None) -> None:
        super().__init__(opened.workspace, as_of, with_ids=True)
        self.opened = opened
        self.country, self.segment = country, segment
        self.key = (as_of, country, segment)

    @property
    def n_lines(self) -> int:
        """The number of order lines of the shop."""
        return next((each.rows or 0 for each in self.workspace.tables() if each.name == "order_lines"), 0)

    @property
    def is_narrowed(self) -> bool:
        """Whether these are not all customers of the date."""
        return bool(self.country or self.segment)

    @property
    def summary(self) -> Mapping[str, Any]:
        """As `summarise` gives it; of some customers with their sizes, shares and figures."""
        whole = self.whole
        return self.opened.remember(("narrowed", *self.key), self._narrow) if self.is_narrowed else whole

    @property
    def whole(self) -> Mapping[str, Any]:
        """As `summarise` gives it, of all customers of the date."""
        return self.opened.remember(("summary", self._wanted), lambda: summarise(self.workspace, self._wanted))

    @property
    def marks(self) -> Mapping[str, int]:
        """Name of each segment of the date → its number, by which its colour goes."""
        return {one["name"]: number for number, one in enumerate(self.whole["segments"])}

    @property
    def as_of(self) -> str:
        """Date of the segments, or `undated`."""
        return str(self.whole["as_of"])

    @property
    def everybody(self) -> ir.Table:
        """The features of all customers of the date who have a segment; in memory, since every page asks for them."""
        features = self.opened.table("features", self.as_of)
        placed = self.opened.table("assignments", self.as_of).select("customer_id", "segment")
        joined = features.filter(is_in_base(features)).inner_join(placed, "customer_id")
        return self.opened.remember(("everybody", self.as_of), lambda: keep(joined))

    @property
    def customers(self) -> ir.Table:
        """The features of the customers in question, with `segment`."""
        return self.opened.remember(("customers", *self.key), self._take_customers)

    def _take_customers(self) -> ir.Table:
        customers = self.everybody
        if self.country:
            customers = customers.filter(customers.country == self.country)
        return customers.filter(customers.segment == self.segment) if self.segment else customers

    def narrow(self, sums: ir.Table) -> ir.Table:
        """Take of the sums of `Sales` those of the customers in question."""
        if self.country:
            sums = sums.filter(sums.of_country == self.country)
        return sums.filter(sums.segment == self.segment) if self.segment else sums

    def sales(self, column: str) -> ir.Table:
        """Add the purchases before the date up as the report does, from sums that were made once."""
        name = {"product_id": "products", "country": "places"}[column]
        sums = self.narrow(sales_of(self.opened, self.as_of).table(name))
        sums = sums.filter(sums.n_before > 0)
        label = sums.product_name if column == "product_id" else sums.country
        return sums.group_by([column, "segment"]).agg(revenue=sums.revenue_before.sum(), name=label.max())

    def table(self, name: str) -> ir.Table:
        """Give a table as an Ibis expression; of those with customers, the rows of the customers in question."""
        table = self.opened.table(name, self._date_of(name))
        if self.is_narrowed and name in _OF_CUSTOMERS:
            return table.semi_join(self.customers.select("customer_id"), "customer_id")
        return table

    def rows(self, name: str) -> Rows:
        """Give a small table as rows; where there is a way, of the customers in question."""
        if not self.is_narrowed or name not in ANEW or not self.has(name):
            return self.opened.remember(("rows", name, self.as_of), lambda: Material.rows(self, name))
        return self.opened.remember(("rows", name, *self.key), lambda: ANEW[name](self))

    def _narrow(self) -> Mapping[str, Any]:
        whole = self.whole
        segments = self._narrow_segments(whole)
        n = sum(one["n_customers"] for one in segments)
        narrowed = {**whole, "segments": segments, "n_customers": n, "notes": []}
        if not n:
            return {**narrowed, "paragraph": "There are no such customers.", "figures": []}
        words = describe_part(self.customers, narrowed)
        figures = [{"label": each.label, "value": each.value, "kind": each.kind} for each in words.figures]
        return {**narrowed, "paragraph": words.paragraph, "figures": figures}

    def _narrow_segments(self, whole: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Count anew how large each segment is, and what it brings; those without a customer are left out."""
        money = next((name for name in ("gross_revenue", "monetary") if name in self.customers.columns), None)
        asked: dict[str, Any] = {"n": self.customers.count()}
        if money:
            asked["revenue"] = self.customers[money].sum()
        counted = self.customers.group_by("segment").agg(**asked).order_by(ibis.asc("segment"))
        found = {row["segment"]: row for row in plain_rows(counted.to_pyarrow())}
        n_all = sum(row["n"] for row in found.values())
        total = sum(row["revenue"] or 0 for row in found.values()) if money else 0
        return [
            {
                **one,
                "n_customers": (row := found[one["name"]])["n"],
                "share": row["n"] / n_all,
                "revenue_share": (row["revenue"] or 0) / total if one["revenue_share"] is not None and total else None,
            }
            for one in whole["segments"]
            if one["name"] in found
        ]


def list_countries(whole: Shown) -> list[str]:
    """List the countries of the customers, that of the most customers first; few, or nothing."""
    if "country" not in whole.customers.columns:
        return []

    def count() -> list[str]:
        customers = whole.customers
        counted = customers.filter(customers.country.notnull()).group_by("country").agg(n=lambda each: each.count())
        largest = counted.order_by([ibis.desc("n"), "country"]).limit(_MOST_COUNTRIES)
        return [str(name) for name in largest.to_pyarrow()["country"].to_pylist()]

    return whole.opened.remember(("countries", whole.as_of), count)
