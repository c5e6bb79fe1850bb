"""Figures of all customers are those of the report, and those of some customers are counted again with pandas."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from customerbase.dashboard.elements import make_blocks
from customerbase.dashboard.narrowing import Shown, list_countries
from customerbase.dashboard.opening import Opened, open_newest
from customerbase.dashboard.people import (
    Condition,
    explain_place,
    favourites_of,
    find_people,
    lines_of,
    orders_of,
    person,
    standing_of,
)
from customerbase.dashboard.sales import sales_of
from customerbase.dashboard.views.quality import list_rules, take_rows
from customerbase.explanations import explain_one
from customerbase.report.blocks import Block, Picture, Table
from customerbase.report.material import Material
from customerbase.report.sections import SECTIONS, make_section


@pytest.fixture(scope="module")
def opened(finished_shop: Path) -> Opened:
    return open_newest(finished_shop)


@pytest.fixture(scope="module")
def as_of(opened: Opened) -> str:
    return opened.workspace.dates("segments")[-1]


@pytest.fixture(scope="module")
def lines(opened: Opened, as_of: str) -> pd.DataFrame:
    """The order lines of customers with a segment, with it and with their country."""
    frame = opened.workspace.table("order_lines").to_pandas()
    features = opened.workspace.table("features", as_of).select("customer_id", of_country="country").to_pandas()
    placed = opened.workspace.table("assignments", as_of).select("customer_id", "segment").to_pandas()
    joined: pd.DataFrame = frame.merge(placed, on="customer_id").merge(features, on="customer_id")
    return joined


def _tables(blocks: tuple[Block, ...]) -> list[Table]:
    return [
        block.table if isinstance(block, Picture) else block for block in blocks if isinstance(block, Picture | Table)
    ]


@pytest.mark.parametrize("key", list(SECTIONS))
def test_figures_of_all_customers_are_those_of_the_report(opened: Opened, as_of: str, key: str) -> None:
    """Section by section, whatever way they are computed here."""
    mine = _tables(make_blocks(Shown(opened, as_of), key))
    told = _tables(make_section(SECTIONS[key], Material(opened.workspace, as_of, with_ids=True)))
    assert [(table.title, list(table.rows)) for table in mine] == [(table.title, list(table.rows)) for table in told]


def _narrowed(opened: Opened, as_of: str, **values: str) -> tuple[Shown, Any]:
    shown = Shown(opened, as_of, **values)
    return shown, shown.customers.to_pandas()


def test_sizes_and_shares_of_a_country(opened: Opened, as_of: str) -> None:
    """Each segment counts its customers there, and shares add up to 1."""
    country = list_countries(Shown(opened, as_of))[0]
    shown, customers = _narrowed(opened, as_of, country=country)
    assert 0 < len(customers) < Shown(opened, as_of).summary["n_customers"]
    assert {one["name"]: one["n_customers"] for one in shown.segments} == customers.segment.value_counts().to_dict()
    assert sum(one["share"] for one in shown.segments) == pytest.approx(1)
    assert sum(one["revenue_share"] for one in shown.segments) == pytest.approx(1)
    figures = {each["label"]: each["value"] for each in shown.summary["figures"]}
    assert figures["orders"] == customers.frequency.sum()
    assert figures["revenue before returns"] == pytest.approx(float(customers.gross_revenue.sum()))


def test_months_of_a_segment_in_a_country(opened: Opened, as_of: str, lines: pd.DataFrame) -> None:
    """Revenue, returns and orders of each month, counted again from the lines."""
    whole = Shown(opened, as_of)
    country, segment = list_countries(whole)[0], next(iter(whole.colors))
    rows = Shown(opened, as_of, country, segment).rows("explore_months")
    mine = lines[(lines.segment == segment) & (lines.of_country == country) & ~lines.is_future]
    mine = mine.assign(month=mine.ordered_at.dt.to_period("M").dt.start_time.dt.date)
    revenue = mine[~mine.is_return].groupby("month").amount.sum()
    returned = -mine[mine.is_return].groupby("month").amount.sum()
    first = mine[~mine.is_return].groupby(["customer_id", "order_id"]).month.min().value_counts()
    assert [row["month"] for row in rows] == [row["month"] for row in whole.rows("explore_months")]
    for row in rows:
        assert row["gross_revenue"] == pytest.approx(float(revenue.get(row["month"], 0)))
        assert row["return_value"] == pytest.approx(float(returned.get(row["month"], 0)))
        assert row["n_orders"] == first.get(row["month"], 0)


@pytest.mark.parametrize("name", ["explore_months", "explore_weekdays", "explore_hours", "explore_order_counts"])
def test_the_segments_together_are_the_whole(opened: Opened, as_of: str, name: str) -> None:
    """Orders and revenue of all segments add up to those of the exploration."""
    whole = Shown(opened, as_of)
    parts = [Shown(opened, as_of, None, segment).rows(name) for segment in whole.colors]
    counted = "n_customers" if name == "explore_order_counts" else "n_orders"
    for column in (counted, "gross_revenue"):
        told = sum(row[column] for row in whole.rows(name))
        assert sum(row[column] for rows in parts for row in rows) == pytest.approx(told)


def test_favourites_of_a_segment(opened: Opened, as_of: str, lines: pd.DataFrame) -> None:
    """The products with the most revenue before the date."""
    segment = next(iter(Shown(opened, as_of).colors))
    rows = favourites_of(Shown(opened, as_of, None, segment), "product_id", 5)
    bought = lines[(lines.segment == segment) & ~lines.is_return & lines.is_product & (lines.ordered_at < as_of)]
    revenue = bought.groupby("product_id").amount.sum().astype(float).sort_values(ascending=False)
    assert [row["product_id"] for row in rows] == list(revenue.index[:5])
    assert rows[0]["share"] == pytest.approx(revenue.iloc[0] / revenue.sum())


def test_people_are_found_by_id_and_by_figures(opened: Opened, as_of: str) -> None:
    """Each condition takes some away; the highest come first."""
    shown = Shown(opened, as_of)
    customers = shown.customers.to_pandas()
    some = customers.customer_id.iloc[0][:3]
    countries = tuple(customers.country.dropna().unique()[:1])
    conditions = [Condition("frequency", least=2, most=5), Condition("country", values=countries)]
    found = find_people(shown, some.upper(), conditions, "monetary").to_pandas()
    wanted = customers[
        customers.customer_id.str.contains(some, case=False, regex=False)
        & customers.frequency.between(2, 5)
        & customers.country.isin(countries)
    ]
    assert set(found.customer_id) == set(wanted.customer_id)
    assert found.monetary.is_monotonic_decreasing


def test_one_customer_in_full(opened: Opened, as_of: str, lines: pd.DataFrame) -> None:
    """Figures, orders, lines, ranks, and the reasons that `explain --customer` gives."""
    shown = Shown(opened, as_of)
    base = shown.customers.to_pandas()
    customer_id = base.sort_values("frequency").customer_id.iloc[-1]
    one = person(shown, customer_id)
    mine = lines[lines.customer_id == customer_id]
    assert one is not None
    assert sum(row["amount"] for row in orders_of(shown, customer_id)) == pytest.approx(float(mine.amount.sum()))
    assert len(lines_of(shown, customer_id)) == min(len(mine), 500)
    ranks = {row["feature"]: row for row in standing_of(shown, one)}
    recency = base.recency_days
    expected = ((recency < one["recency_days"]).sum() + (recency == one["recency_days"]).sum() / 2) / len(base)
    assert ranks["recency_days"]["percentile_rank"] == pytest.approx(expected)
    assert ranks["recency_days"]["median"] == recency.median()
    assert explain_place(shown, customer_id) == explain_one(opened.workspace, customer_id)
    assert person(shown, "nobody") is None


def test_the_quarantine_is_searched(opened: Opened, as_of: str) -> None:
    """By rule, and by a part of any cell."""
    whole = Shown(opened, as_of)
    aside = opened.workspace.table("quarantine").to_pandas()
    assert list_rules(whole) == sorted(aside.rule.unique())
    rule, text = aside.rule.iloc[0], str(aside.source_row.iloc[0])
    n, rows = take_rows(whole, rule, text)
    matches = aside.astype("string").apply(lambda cells: cells.str.lower().str.contains(text, regex=False)).any(axis=1)
    expected = aside[(aside.rule == rule) & matches.fillna(False)]
    assert n == len(expected) > 0
    assert [row["source_row"] for row in rows] == sorted(expected.source_row)[:500]


def test_sums_are_made_once(opened: Opened, as_of: str) -> None:
    """And given back when they are dropped."""
    sales = sales_of(opened, as_of)
    assert sales.table("hours").equals(sales.table("hours"))
    assert sales_of(opened, as_of) is sales
    assert sales.has("hours")
