"""Files of one row per customer: engagement and demographics, alone and beside orders and coupons."""

import importlib
from datetime import date
from typing import Any

import ibis
import ibis.config
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase.errors import DataError, UsageError
from customerbase.features.customers import (
    COUPON_FEATURES,
    CUSTOMER_FEATURES,
    FEATURES,
    base_of,
    customer_features,
    default_as_of,
    is_in_base,
    matrix,
)
from customerbase.schema import COUPON_EVENTS, CUSTOMERS, INGESTED_LINES, MEASURES, ORDER_LINES, Dataset

NO_LINES = ibis.table({column.name: column.type for column in INGESTED_LINES}, name="order_lines")
TYPES = {column.name: column.type for column in (*CUSTOMERS, *MEASURES)}


class SparkOptions(ibis.config.Config):  # type: ignore[misc]
    """The options of Ibis for Spark, which it makes itself where PySpark is installed."""

    treat_nan_as_null: bool = False


def make_customers(**columns: list[Any]) -> ibis.Table:
    """Make a table of customers by column."""
    n_rows = len(columns["customer_id"])
    frame = pd.DataFrame({"source": ["crm.csv"] * n_rows, "source_row": range(2, n_rows + 2), **columns})
    schema = {str(name): TYPES.get(str(name), "float64") for name in frame}
    return ibis.memtable(frame, schema=schema)


def make_file(**columns: list[Any]) -> Dataset:
    """Make a data set of one file of customers."""
    return Dataset(NO_LINES, customers=make_customers(**columns), has_orders=False)


def rows_of(table: ibis.Table) -> list[dict[str, Any]]:
    """Read a table as rows, in the order of the customers."""
    rows: list[dict[str, Any]] = table.order_by("customer_id").to_pyarrow().to_pylist()
    return rows


def test_a_file_alone_by_hand() -> None:
    """All customers are there, undated, with every numeric column; what is no number or no feature stays out."""
    shop = make_file(
        customer_id=["bob", "ann", None], n_clicks=[60.0, 828.0, 9.0], n_sessions=[7.0, 56.0, 9.0],
        n_wishlist_adds=[None, 28.0, 9.0], loyalty_points=[3.5, 4.0, 9.0], gender=["m", "f", "f"], age=[40, None, 3],
        email=["b@x.org", "a@x.org", None], consent=[True, False, True],
    )  # fmt: skip
    features = customer_features(shop)
    assert features.schema()["as_of"].is_date()
    assert rows_of(features) == [
        {
            "customer_id": "ann", "as_of": None, "n_clicks": 828.0, "n_sessions": 56.0, "n_wishlist_adds": 28.0,
            "loyalty_points": 4.0, "engagement_score": 912.0, "gender": "f", "age": None,
        },
        {
            "customer_id": "bob", "as_of": None, "n_clicks": 60.0, "n_sessions": 7.0, "n_wishlist_adds": None,
            "loyalty_points": 3.5, "engagement_score": None, "gender": "m", "age": 40,
        },
    ]  # fmt: skip


def test_measures_of_a_file_are_the_features_of_those_names() -> None:
    """Recency, frequency and monetary value stand as the file has counted them; nothing is made up beside them."""
    shop = make_file(customer_id=["ann"], recency_days=[5.0], frequency=[3.0], monetary=[90.5])
    assert customer_features(shop).columns == ("customer_id", "as_of", "recency_days", "frequency", "monetary")


def test_a_score_needs_all_its_parts() -> None:
    """Without wish lists there is no engagement score, rather than a smaller one."""
    shop = make_file(customer_id=["ann"], n_clicks=[1.0], n_sessions=[2.0])
    assert "engagement_score" not in customer_features(shop).columns


def test_a_file_has_the_date_that_the_caller_gives() -> None:
    """No date can be taken from it; one that is given is the day of which the file tells."""
    shop = make_file(customer_id=["ann"], n_clicks=[1.0])
    assert default_as_of(shop) is None
    assert rows_of(customer_features(shop, "2024-06-01"))[0]["as_of"] == date(2024, 6, 1)


def test_a_data_set_of_nothing_is_refused() -> None:
    """Neither orders nor coupons nor customers make no customer."""
    with pytest.raises(DataError, match="has no orders, coupon events or customers"):
        customer_features(Dataset(NO_LINES, has_orders=False))


def test_what_is_counted_from_orders_goes_before_the_file(tiny_clean: Dataset) -> None:
    """Ann's three orders stand, not the file's 99; the file adds what orders do not know, and nobody who never came."""
    file = make_customers(
        customer_id=["ann", "zoe"], frequency=[99.0, 1.0], n_sessions=[56.0, 3.0], country=["CH", "CH"],
        gender=["f", "f"],
    )  # fmt: skip
    features = customer_features(Dataset(tiny_clean.order_lines, customers=file), "2024-04-10")
    assert features.columns == ("customer_id", "as_of", *FEATURES, "n_sessions", "gender")
    found = {row["customer_id"]: row for row in rows_of(features)}
    assert {name: row["frequency"] for name, row in found.items()} == {"ann": 3, "bob": 1, "cem": 0}
    assert (found["ann"]["n_sessions"], found["bob"]["n_sessions"], found["ann"]["country"]) == (56.0, None, "AT")


def test_orders_alone_have_the_same_features_as_beside_other_tables(tiny_clean: Dataset) -> None:
    """A file and coupons of other people change no figure of an order."""
    events = coupon_events(("zoe", "2024-01-02"), ("ann", "2024-01-03"))
    file = make_customers(customer_id=["zoe"], n_clicks=[1.0])
    alone = customer_features(tiny_clean, "2024-04-10")
    beside = customer_features(Dataset(tiny_clean.order_lines, customers=file, coupon_events=events), "2024-04-10")
    those = beside.filter(beside.customer_id != "zoe").select(alone.columns)
    assert those.schema() == alone.schema()
    assert rows_of(those) == rows_of(alone)


def coupon_events(*claims: tuple[str, str]) -> ibis.Table:
    """Make a claim of each (customer, day)."""
    schema = {column.name: column.type for column in COUPON_EVENTS}
    frame = pd.DataFrame(claims, columns=["customer_id", "occurred_at"]).assign(
        source="coupons.csv", source_row=2, coupon_id="k", event="claimed", merchant_id="1", merchant_name=None,
        branch_id=None, city=None,
    )  # fmt: skip
    return ibis.memtable(frame.assign(occurred_at=pd.to_datetime(frame.occurred_at))[list(schema)], schema=schema)


def test_orders_and_coupons_meet(tiny_clean: Dataset) -> None:
    """Who has a coupon and no line never bought; who has no coupon claimed none; the day is that of the orders."""
    shop = Dataset(tiny_clean.order_lines, coupon_events=coupon_events(("zoe", "2024-01-02"), ("ann", "2024-03-01")))
    features = customer_features(shop)
    assert features.columns == ("customer_id", "as_of", *FEATURES, *COUPON_FEATURES)
    found = {row["customer_id"]: row for row in rows_of(features)}
    names = ("frequency", "monetary", "recency_days", "n_claimed", "burn_rate", "coupon_recency_days", "n_merchants")
    assert {customer: tuple(row[name] for name in names) for customer, row in found.items()} == {
        "ann": (3, 40, 6, 0, None, None, 0),  # the claim of 1 March lies after the last order
        "bob": (1, 24, 31, 0, None, None, 0),
        "cem": (0, -10, None, 0, None, None, 0),
        "zoe": (0, 0, None, 1, 0.0, 35, 1),
    }
    assert base_of(features) == "orders"
    assert list(matrix(features, ["n_claimed"]).index) == ["ann", "bob"]


@pytest.mark.parametrize(
    ("columns", "base"),
    [
        ({"frequency": [0.0, 2.0, 0.0, None], "monetary": [5.0, 0.0, 0.0, None]}, ["a", "b"]),
        ({"monetary": [5.0, 0.0, -1.0, None]}, ["a"]),
        ({"n_clicks": [5.0, 0.0, -1.0, None]}, ["a", "b", "c", "d"]),
        ({"gross_revenue": [5.0, 0.0, 1.0, None], "n_claimed": [0.0] * 4}, ["a", "b", "c", "d"]),
    ],
    ids=["frequency or monetary", "monetary", "neither", "names of other tables"],
)
def test_the_base_of_a_file(columns: dict[str, list[float | None]], base: list[str]) -> None:
    """Those who ordered or spent, since some spent without an order; where neither is known, everybody."""
    features = customer_features(make_file(customer_id=["a", "b", "c", "d"], **columns))
    assert base_of(features) == "customers"
    assert list(matrix(features).index) == base
    assert features.filter(~is_in_base(features)).count().execute() == 4 - len(base)


def test_matrix_hands_on_categories() -> None:
    """Texts stay as they are, for an encoder; a name that is unknown is refused."""
    features = customer_features(make_file(customer_id=["b", "a"], n_clicks=[1.0, 2.0], gender=["m", None]))
    frame = matrix(features, ["n_clicks"], ["gender"])
    assert frame.index.to_list() == ["a", "b"]
    assert frame.gender.isna().to_list() == [True, False]
    with pytest.raises(UsageError, match=r"There is no feature 'city'. They are n_clicks, gender\."):
        matrix(features, ["n_clicks"], ["city"])


@given(st.permutations(range(6)))
def test_shuffled_rows_change_nothing(order: list[int]) -> None:
    """The order of the file has no say."""
    ids, clicks = list("abcdef"), [3.0, 1.0, None, 7.0, 2.0, 5.0]
    shuffled = make_file(customer_id=[ids[i] for i in order], n_clicks=[clicks[i] for i in order])
    plain = make_file(customer_id=ids, n_clicks=clicks)
    assert rows_of(customer_features(shuffled)) == rows_of(customer_features(plain))


def test_names_and_docstrings_of_the_registries() -> None:
    """A feature is called what its function is called, and says in a sentence what it is."""
    for registry in (COUPON_FEATURES, CUSTOMER_FEATURES):
        assert {name: feature.__name__ for name, feature in registry.items()} == {name: name for name in registry}
        assert all((feature.__doc__ or "").split("\n")[0].endswith(".") for feature in registry.values())


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "pyspark"])
def test_all_tables_compile_to_one_query(dialect: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders, coupons and customers together become SQL of DuckDB, PostgreSQL and Spark; so does a file alone."""
    # Without PySpark installed Ibis does not know its options, and asks for one where a column is a float.
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    tables = {
        name: ibis.table({column.name: column.type for column in fields}, name=name)
        for name, fields in (
            ("order_lines", ORDER_LINES),
            ("coupon_events", COUPON_EVENTS),
            ("customers", (*CUSTOMERS, *MEASURES)),
        )
    }
    compiler = importlib.import_module(f"ibis.backends.sql.compilers.{dialect}").compiler
    query = compiler.to_sqlglot(customer_features(Dataset(**tables), date(2024, 6, 1)))
    sql = query.sql("spark" if dialect == "pyspark" else dialect)
    assert all(name in sql for name in tables)
    assert query.named_selects[: 2 + len(FEATURES) + len(COUPON_FEATURES)] == [
        "customer_id", "as_of", *FEATURES, *COUPON_FEATURES,
    ]  # fmt: skip
    assert len(set(query.named_selects)) == len(query.named_selects)
    alone = compiler.to_sqlglot(customer_features(Dataset(NO_LINES, customers=tables["customers"], has_orders=False)))
    assert set(CUSTOMER_FEATURES) <= set(alone.named_selects)
