"""The other tables by hand: guests, missing values, products, codes, columns, concentration, distributions."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import ibis
import pandas as pd
import pytest
from tests.exploration.looking import Rows, clean_lines, column, look

from customerbase.exploration import EXPLORATIONS, explore
from customerbase.exploration.folds import Folds, fold
from customerbase.schema import MONEY, Dataset


def look_at(cells: dict[str, Any]) -> Folds:
    """Fold cells of a file, with no line worth speaking of."""
    table = ibis.memtable({"source": ["a.csv"] * 4, "source_row": [2, 3, 4, 5], **cells})
    return fold(Dataset(clean_lines({}).data.order_lines, cells=table))


def features_of(revenues: list[int | None], **columns: list[Any]) -> ibis.Table:
    """Features of customers with an order each, but for those without a revenue."""
    rows = {"customer_id": [f"c{n}" for n in range(len(revenues))], "frequency": [int(r is not None) for r in revenues]}
    rows |= {"gross_revenue": [Decimal(r or 0) for r in revenues], **columns}
    types = {"customer_id": "string", "frequency": "int64", "gross_revenue": MONEY}
    return ibis.memtable(pd.DataFrame(rows)).cast(types)


def look_at_features(features: ibis.Table) -> dict[str, Rows]:
    lines = Dataset(clean_lines({}).data.order_lines, has_orders=False)
    tables = explore(lines, features=features)
    return {
        name: table.order_by(list(EXPLORATIONS[name].key)).to_pyarrow().to_pylist() for name, table in tables.items()
    }


def test_guests_and_known_customers() -> None:
    """One order of two lines against two of one; what is free is counted and left out of prices and orders."""
    lines: Rows = [
        {"order_id": "1", "unit_price": 2, "quantity": 3, "amount": 6},
        {"order_id": "2", "unit_price": 4, "quantity": 1, "amount": 4},
        {"order_id": "3", "customer_id": None, "unit_price": 8, "quantity": 1, "amount": 8},
        {"order_id": "3", "customer_id": None, "unit_price": 2, "quantity": 1, "amount": 2},
        {"order_id": "4", "customer_id": None, "unit_price": 0, "quantity": 9, "amount": 0},
        {"order_id": "5", "customer_id": None, "quantity": -1, "unit_price": 5, "amount": -5, "is_return": True},
    ]
    guests, known = look(*lines)["guests"]
    assert (guests["buyers"], guests["n_lines"], guests["n_no_price"], guests["n_orders"]) == ("guests", 4, 1, 1)
    assert (guests["revenue_share"], guests["return_rate"], guests["median_unit_price"]) == (0.5, 0.5, 5.0)
    assert (guests["mean_lines_per_order"], guests["mean_order_value"]) == (2.0, 10.0)
    assert (known["n_orders"], known["median_quantity"], known["median_order_value"]) == (2, 2.0, 5.0)


def test_guests_who_are_kept_are_guests() -> None:
    """The rule may be switched off; a repeated or unreadable line is no guest's."""
    rows = look({}, {"customer_id": None}, guest=False)["guests"]
    assert column(rows, "n_lines") == [1, 1]
    assert column(look({}, {"customer_id": None, "unreadable": "quantity"})["guests"], "buyers") == ["known customers"]


def test_what_goes_with_a_missing_customer() -> None:
    """Two lines without one, of which one has no price; of the others none."""
    lines: Rows = [{}, {}, {"customer_id": None}, {"customer_id": None, "unit_price": 0, "amount": 0}]
    tables = look(*lines, {"unreadable": "quantity", "customer_id": None})
    row = next(row for row in tables["missing"] if row["column"] == "customer_id")
    assert (row["n_lines"], row["n_missing"], row["missing_share"], row["amount"]) == (4, 2, 0.5, 5)
    together = [row for row in tables["missing_together"] if row["column"] == "customer_id"]
    assert [(row["condition"], row["share"], row["share_elsewhere"]) for row in together] == [("no_price", 0.5, 0.0)]


def test_a_column_that_is_not_in_the_export_is_not_missing() -> None:
    """None of these lines has a category, a discount, a currency, a country, a channel or a coupon."""
    names = ["customer_id", "order_id", "product_id", "quantity", "unit_price"]
    assert column(look({})["missing"], "column") == names


def test_products_are_ranked_by_revenue_and_of_equals_by_code() -> None:
    """Postage is no product; the name is that on most lines, of equals the smallest."""
    lines: Rows = [
        {"product_id": "P2", "product_name": "Bowl", "amount": 10},
        {"product_id": "P1", "product_name": "Axe", "amount": 4},
        {"product_id": "P1", "product_name": "An axe", "amount": 6},
        {"product_id": "P3", "product_name": None, "amount": 20},
        {"product_id": "POST", "amount": 90},
        {"product_id": "P3", "quantity": -1, "amount": -10, "is_return": True},
        {"product_id": "P4", "quantity": -2, "amount": -3, "is_return": True},
    ]
    tables = look(*lines)
    rows = [(row["product_id"], row["product_name"], row["cumulative_share"]) for row in tables["products"]]
    assert rows == [("P3", None, 0.5), ("P1", "An axe", 0.75), ("P2", "Bowl", 1.0), ("P4", None, 1.0)]
    returned = [(row["product_id"], row["return_value"], row["return_rate"]) for row in tables["returned_products"]]
    assert returned == [("P3", 10, 0.5), ("P4", 3, None)]
    assert tables["categories"] == tables["countries"] == []


def test_units_that_are_not_known_are_missing() -> None:
    """An export with amounts alone says nothing of quantities, and not that they are 0."""
    (row,) = look({"quantity": None, "unit_price": None})["products"]
    assert (row["quantity"], row["quantity_returned"], row["gross_revenue"]) == (None, None, 5)


def test_forms_of_codes() -> None:
    """The letters at the beginning stay; what follows is told by its kind."""
    codes = ["C1", "A1", "A2", "85123A", "gift_01", "x-Y z9"]
    rows = [row for row in look(*({"product_id": code} for code in codes))["codes"] if row["column"] == "product_id"]
    found = {row["form"]: (row["n_codes"], row["example"]) for row in rows}
    assert found == {
        "C9": (1, "C1"), "A9": (2, "A1"), "99999A": (1, "85123A"), "gift_99": (1, "gift_01"), "x-A a9": (1, "x-Y z9")
    }  # fmt: skip


def test_many_forms_are_put_together() -> None:
    """The fifty on most lines stay; no line is lost."""
    codes = [chr(ord("a") + n // 26) + chr(ord("a") + n % 26) for n in range(60)]
    lines = [{"product_id": code} for code in [*codes, codes[-1]]]
    rows = {row["form"]: row for row in look(*lines)["codes"] if row["column"] == "product_id"}
    assert len(rows) == 51
    assert (rows["(others)"]["n_codes"], rows["(others)"]["n_lines"]) == (10, 10)
    assert rows[codes[-1]]["n_lines"] == 2


def test_kinds_of_columns() -> None:
    """Numbers are ordered as numbers; blanks are nothing; one odd cell makes a column text."""
    cells = {
        "number": ["10", "9", "", "-1.50"],
        "date": ["2024-01-02 10:00", "2023-12-31", None, None],
        "mixed": ["10", "9", "n/a", "9"],
        "empty": ["", None, "  ", ""],
    }
    rows = EXPLORATIONS["columns"].make(look_at(cells)).order_by("position").to_pyarrow().to_pylist()
    found = [(row["column"], row["kind"], row["n_missing"], row["minimum"], row["maximum"]) for row in rows]
    assert found == [
        ("number", "number", 1, "-1.5", "10"),
        ("date", "date", 2, "2023-12-31", "2024-01-02 10:00"),
        ("mixed", "text", 0, "10", "n/a"),
        ("empty", "empty", 4, None, None),
    ]
    values = EXPLORATIONS["column_values"].make(look_at(cells)).filter(lambda row: row.column == "mixed")
    assert values.order_by("rank").value.to_list() == ["9", "10", "n/a"]


def test_a_column_counts_in_the_sources_that_have_it() -> None:
    """Of two files, the one without the column misses nothing."""
    sources = ["a.csv", "a.csv", "b.csv", "b.csv"]
    folds = look_at({"source": sources, "note": ["x", None, None, None], "id": ["1", "2", "3", "4"]})
    rows = EXPLORATIONS["columns"].make(folds).order_by("position").to_pyarrow().to_pylist()
    assert [(row["column"], row["n_rows"], row["n_missing"]) for row in rows] == [("note", 2, 1), ("id", 4, 0)]


def test_concentration_of_four_customers() -> None:
    """70, 20, 10 and 0 pounds: one customer brings half, two bring 90 %; who never bought is not counted."""
    tables = look_at_features(features_of([20, None, 70, 0, 10]))
    counts = {row["revenue_percent"]: row["n_customers"] for row in tables["concentration"]}
    assert counts == {50: 1, 80: 2, 90: 2, 95: 3, 99: 3}
    shares = {row["customers_percent"]: (row["n_customers"], row["revenue_share"]) for row in tables["lorenz"]}
    assert [shares[percent] for percent in (1, 25, 26, 75, 100)] == [(1, 0.7), (1, 0.7), (2, 0.9), (3, 1.0), (4, 1.0)]


@pytest.mark.parametrize("revenues", [[], [None], [0, 0]])
def test_concentration_of_nothing(revenues: list[int | None]) -> None:
    """Without revenue nobody brings a share of it."""
    tables = look_at_features(features_of(revenues))
    assert tables["concentration"] == []
    assert {row["revenue_share"] for row in tables["lorenz"]} <= {None}


def test_distributions_and_correlations_take_whatever_is_numeric() -> None:
    """Of a file of customers too, without orders; missing values stay out, and so do features that never vary."""
    columns = {"age": [20, 30, 40, None], "n_clicks": [1.0, 2.0, 4.0, 9.0], "same": [1, 1, 1, 1], "city": ["A"] * 4}
    features = ibis.memtable({"customer_id": ["d", "c", "b", "a"], **columns})
    tables = look_at_features(features)
    rows = {row["feature"]: row for row in tables["distributions"]}
    assert list(rows) == ["age", "n_clicks", "same"]
    assert (rows["age"]["n_missing"], rows["age"]["mean"], rows["age"]["skew"]) == (1, 30.0, 0.0)
    assert rows["same"]["skew"] is None
    (pair,) = tables["correlations"]
    assert (pair["feature"], pair["other"], pair["n_customers"], pair["spearman"]) == ("age", "n_clicks", 3, 1.0)
    assert pair["pearson"] == pytest.approx(0.981981)
    assert {row["feature"] for row in tables["histograms"]} == {"age", "n_clicks"}
    assert tables["lorenz"] == tables["order_counts"] == []


def test_histograms_count_every_customer_once() -> None:
    """Also those beyond the quantiles, in the first and the last bin."""
    values = [float(n) for n in range(200)] + [1e6, -1e6]
    features = ibis.memtable({"customer_id": [str(n) for n in range(202)], "value": values})
    rows = look_at_features(features)["histograms"]
    assert sum(column(rows, "n_customers")) == 202
    assert (rows[0]["lower"], rows[-1]["upper"], len(rows)) == (-1e6, 1e6, 20)
    assert all(one["upper"] == other["lower"] for one, other in pairwise(rows))
