"""The base in words: who the customers are, in one paragraph and six figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir

from customerbase.features.customers import is_in_base
from customerbase.report.blocks import Figure
from customerbase.report.numerals import write
from customerbase.workspace import Workspace
from customerbase.workspace.manifest import UNDATED

__all__ = ["BaseWords", "count_left_out", "describe_base", "describe_part"]

Row = Mapping[str, Any]


@dataclass(frozen=True)
class BaseWords:
    """One paragraph, and six figures or those of them that are known."""

    paragraph: str
    figures: tuple[Figure, ...]


def describe_base(workspace: Workspace, stored: Row, audit: Row) -> BaseWords:
    """Describe the customers of a date.

    Parameters
    ----------
    workspace
        An open workspace.
    stored
        Its `segments` of the date.
    audit
        Its `audit`.
    """
    features = workspace.table("features", stored["as_of"])
    base = describe_part(features.filter(is_in_base(features)), stored, count_left_out(workspace, stored))
    return BaseWords(f"{base.paragraph} {_say_rows(audit)}", base.figures)


def count_left_out(workspace: Workspace, stored: Row) -> int:
    """Count the customers of a file who are in no segment, having no coupon, or neither an order nor any spend.

    Of orders, where the customers are those who ordered, there are none.
    """
    if stored["base"] == "customers":
        return int(stored["n_without_purchase"])
    if stored["base"] == "orders" or all(each.name != "customers" for each in workspace.tables()):
        return 0
    features = workspace.table("features", stored["as_of"])
    people = workspace.table("customers").filter(lambda table: table.customer_id.notnull())
    others = people.anti_join(features.filter(is_in_base(features)), "customer_id")
    return int(others.customer_id.nunique().to_pyarrow().as_py())


def describe_part(customers: ir.Table, stored: Row, n_left_out: int = 0) -> BaseWords:
    """Describe some of the customers of a date, by their features alone.

    Parameters
    ----------
    customers
        Their features; at least one row.
    stored
        `as_of`, `base`, and the `segments` that they are in.
    n_left_out
        Customers of the file beside them, who are in no segment.

    Examples
    --------
    >>> import ibis
    >>> customers = ibis.memtable({"customer_id": ["a"], "monetary": [9.0]})
    >>> loyal = {"name": "Loyal", "share": 1.0, "revenue_share": None}
    >>> describe_part(customers, {"as_of": "undated", "base": "customers", "segments": [loyal]}).paragraph
    '1 customers spent 9.'
    """
    sentences, figures = _BASES[stored["base"]](stored, _totals(customers) | {"n_left_out": n_left_out})
    best = _say_best(stored["segments"]) if len(stored["segments"]) > 1 else []
    others = _say_left_out(n_left_out, stored["base"]) if n_left_out else []
    return BaseWords(" ".join([*sentences, *best, *others]), figures)


def _totals(base: ir.Table) -> dict[str, Any]:
    """Add up and take the middle of what the features know, each as `sum_` or `median_` and the name."""
    sums = (
        "frequency",
        "gross_revenue",
        "return_value",
        "monetary",
        "is_one_time",
        "n_claimed",
        "n_burnt",
        "n_sessions",
    )
    medians = ("average_order_value", "monetary", "recency_days", "mean_days_to_burn", "coupon_recency_days")
    asked: dict[str, Any] = {"n": base.count()}
    asked |= {f"sum_{name}": base[name].sum() for name in sums if name in base.columns}
    asked |= {f"median_{name}": base[name].median() for name in medians if name in base.columns}
    found = base.agg(**asked).to_pyarrow().to_pylist()[0]
    return {name: None if value is None else float(str(value)) for name, value in found.items()}


def _of_orders(stored: Row, totals: Row) -> tuple[list[str], tuple[Figure, ...]]:
    n, orders, gross = totals["n"], totals["sum_frequency"], totals["sum_gross_revenue"]
    returned, once = totals["sum_return_value"], totals["sum_is_one_time"]
    rate = returned / gross if gross else None
    day = "" if stored["as_of"] == UNDATED else f" before {stored['as_of']}"
    sentences = [
        f"{write(n, 'count')} customers placed {write(orders, 'count')} orders{day} and paid {write(gross, 'short')}.",
        f"{write(returned, 'short')} ({write(rate, 'share')}) was sent back or credited.",
        f"{write(once / n, 'share')} of the customers ordered once.",
    ]
    figures = (
        Figure("customers", n, "count"),
        Figure("orders", orders, "count"),
        Figure("revenue before returns", gross, "short"),
        Figure("revenue per order", gross / orders if orders else None, "money"),
        Figure("sent back or credited", rate, "share"),
        Figure("ordered once", once / n, "share"),
    )
    return sentences, figures


def _of_coupons(stored: Row, totals: Row) -> tuple[list[str], tuple[Figure, ...]]:
    n, claimed, burnt = totals["n"], totals["sum_n_claimed"], totals["sum_n_burnt"]
    day = "" if stored["as_of"] == UNDATED else f" before {stored['as_of']}"
    sentences = [
        f"{_say_customers(totals)} claimed {write(claimed, 'count')} coupons{day}.",
        f"{write(burnt, 'count')} of these ({write(burnt / claimed if claimed else None, 'share')}) were burnt.",
    ]
    figures = (
        Figure("customers", n, "count"),
        Figure("coupons claimed", claimed, "count"),
        Figure("coupons burnt", burnt, "count"),
        Figure("of the claimed burnt", burnt / claimed if claimed else None, "share"),
        Figure("median days from claim to burn", totals.get("median_mean_days_to_burn"), "number"),
        Figure("median days since the last coupon", totals.get("median_coupon_recency_days"), "number"),
    )
    return sentences, figures


def _say_customers(totals: Row) -> str:
    n, n_left_out = totals["n"], totals["n_left_out"]
    of = f" of {write(n + n_left_out, 'count')}" if n_left_out else ""
    return f"{write(n, 'count')}{of} customers"


def _say_left_out(n_left_out: int, base: str) -> list[str]:
    are = "customer is" if n_left_out == 1 else "customers are"
    return [f"{write(n_left_out, 'count')} further {are} in no segment: they {_LEFT_OUT[base]}."]


def _of_customers(stored: Row, totals: Row) -> tuple[list[str], tuple[Figure, ...]]:  # noqa: ARG001
    known = (
        Figure("customers", totals["n"], "count"),
        Figure("orders", totals.get("sum_frequency"), "count"),
        Figure("spent", totals.get("sum_monetary"), "short"),
        Figure("median spend", totals.get("median_monetary"), "money"),
        Figure("median days since the last order", totals.get("median_recency_days"), "number"),
        Figure("visits", totals.get("sum_n_sessions"), "count"),
    )
    spent = f" and spent {write(totals['sum_monetary'], 'short')}" if totals.get("sum_monetary") else ""
    orders = f" placed {write(totals['sum_frequency'], 'count')} orders" if totals.get("sum_frequency") else ""
    what = orders + spent if orders else spent.removeprefix(" and") or " are in the file"
    return [f"{_say_customers(totals)}{what}."], tuple(each for each in known if each.value is not None)


def _say_best(segments: Sequence[Row]) -> list[str]:
    known = [one for one in segments if one["revenue_share"] is not None]
    if not known:
        most = max(segments, key=lambda one: one["share"])
        return [
            f"The largest of {len(segments)} segments, {most['name']}, has {write(most['share'], 'share')} of them."
        ]
    best = max(known, key=lambda one: one["revenue_share"])
    size, part = write(best["share"], "share"), write(best["revenue_share"], "share")
    return [f"Of {len(segments)} segments {best['name']}, {size} of the customers, bring the most: {part} of revenue."]


def _say_rows(audit: Row) -> str:
    share = audit["rows_kept"] / audit["rows_in"] if audit["rows_in"] else None
    return (
        f"The export has {write(audit['rows_in'], 'count')} rows, of which {write(audit['rows_kept'], 'count')} "
        f"({write(share, 'share')}) count here."
    )


_LEFT_OUT: Mapping[str, str] = {"coupons": "claimed no coupon", "customers": "neither ordered nor spent anything"}
"""Of what the segments are made → why customers of the file may be in none."""

_BASES: Mapping[str, Callable[[Row, Row], tuple[list[str], tuple[Figure, ...]]]] = {
    "orders": _of_orders,
    "coupons": _of_coupons,
    "customers": _of_customers,
}
"""Of what the segments are made → how the base is described."""
