"""The feature table: against the oracle, its properties, its SQL in three dialects, and the matrix of a model."""

import importlib
import inspect
import math
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import oracle

from customerbase.cleaning import clean
from customerbase.errors import DataError, UsageError
from customerbase.features.customers import FEATURES, customer_features, default_as_of, matrix, parse_date
from customerbase.schema import MONEY, ORDER_LINES, Dataset

AS_OF = date(2024, 6, 1)
SCALED = {
    "monetary",
    "gross_revenue",
    "return_value",
    "average_order_value",
    "average_unit_price",
    "revenue_last_90_days",
    "revenue_previous_90_days",
    "first_order_value",
}
"""The features that are money: at a hundred times the prices, they are a hundred times as large."""


def make_lines(n_customers: int, seed: int) -> pd.DataFrame:
    """Draw a shop with ties, orders at one time, mixed orders, customers with returns alone, and empty cells."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for customer in range(n_customers):
        only_returns = rng.random() < 0.08
        day = AS_OF
        for _ in range(rng.geometric(0.3)):
            day = day if rng.random() < 0.2 else AS_OF - timedelta(days=int(rng.integers(-20, 400)))
            rows += make_order(rng, f"c{customer:03}", f"{len(rows)}", day, only_returns=only_returns)
    return pd.DataFrame(rows).assign(source="shop", source_row=range(2, len(rows) + 2))


PRODUCTS = np.array(["mug", "pan", "pen", "POST", "cup", None], dtype=object)
CATEGORIES = np.array(["kitchen", "office", None], dtype=object)
COUNTRIES = np.array(["DE", "AT", "FR", None], dtype=object)


def make_order(
    rng: np.random.Generator, customer: str, order: str, day: date, *, only_returns: bool
) -> list[dict[str, Any]]:
    """Draw the lines of one order, all at one of three hours."""
    hour = int(rng.choice([0, 9, 23]))
    lines = []
    for _ in range(rng.integers(1, 6)):
        is_return = only_returns or rng.random() < 0.1
        quantity = int(rng.integers(1, 5)) * (-1 if is_return else 1)
        price = Decimal(int(rng.choice([100, 250, 999, 1995]))) / 100
        lines.append(
            {
                "order_id": order,
                "customer_id": customer,
                "ordered_at": pd.Timestamp(day) + pd.Timedelta(hours=hour),
                "product_id": rng.choice(PRODUCTS, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]),
                "category": rng.choice(CATEGORIES),
                "quantity": Decimal(quantity) if rng.random() > 0.05 else None,
                "discount": Decimal(int(rng.integers(0, 100))) / 100 if rng.random() < 0.3 else None,
                "amount": quantity * price,
                "country": rng.choice(COUNTRIES),
                "is_return": is_return,
            }
        )
    return lines


def make_dataset(frame: pd.DataFrame) -> Dataset:
    """Make order lines of a frame, typed as `read` would."""
    types = dict.fromkeys(("quantity", "discount", "amount"), MONEY) | {"ordered_at": "timestamp(6)"}
    return Dataset(ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False)).cast(types))


@pytest.fixture(scope="module")
def shop() -> pd.DataFrame:
    """300 customers with their lines, after cleaning."""
    cleaned = clean(make_dataset(make_lines(300, seed=11)), rules={"repeated_order": False})
    frame: pd.DataFrame = cleaned.data.order_lines.to_pandas()
    return frame


@pytest.fixture(scope="module")
def found(shop: pd.DataFrame) -> pd.DataFrame:
    """Their features by our code."""
    return describe(shop)


@pytest.fixture(scope="module")
def expected(shop: pd.DataFrame) -> pd.DataFrame:
    """Their features by the oracle."""
    table: pd.DataFrame = oracle.describe(shop, AS_OF)
    return table


def describe(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the features as objects, indexed by customer."""
    rows = customer_features(make_dataset(frame), AS_OF).order_by("customer_id").to_pyarrow().to_pylist()
    return pd.DataFrame(rows, dtype=object).set_index("customer_id")


def is_same(found: Any, expected: Any) -> bool:
    """Tell whether two values of a feature agree; numbers to the last digits of a float."""
    if pd.isna(expected) or pd.isna(found):
        return bool(pd.isna(expected) and pd.isna(found))
    if isinstance(expected, str):
        return bool(found == expected)
    return math.isclose(float(found), float(expected), rel_tol=1e-9, abs_tol=1e-9)


def test_the_shop_of_the_oracle_has_the_awkward_cases(shop: pd.DataFrame, expected: pd.DataFrame) -> None:
    """It has customers without a purchase, orders at one time, mixed orders, and lines on or after the day."""
    purchases = shop[~shop.is_return]
    assert len(expected) > 250
    assert (expected.frequency == 0).sum() > 5
    assert (purchases.groupby(["customer_id", "ordered_at"]).order_id.nunique() > 1).any()
    assert (shop.groupby("order_id").is_return.nunique() > 1).any()
    assert (shop.ordered_at >= pd.Timestamp(AS_OF)).any()


@pytest.mark.parametrize("name", FEATURES)
def test_feature_equals_the_oracle(name: str, found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Each customer's value is that of the definition in pandas."""
    ours = found[name].to_dict()
    pairs = {customer: (ours[customer], value) for customer, value in expected[name].items()}
    assert {customer: pair for customer, pair in pairs.items() if not is_same(*pair)} == {}


def test_customers_are_those_of_the_oracle(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """There is one row for each customer with a line before the day, and no other."""
    assert list(found.index) == list(expected.index)


def test_the_oracle_knows_every_feature() -> None:
    """No feature is without a second opinion."""
    assert list(oracle.ORACLE) == list(FEATURES)


def test_names_are_those_of_the_functions() -> None:
    """A feature is called what its function is called."""
    assert {name: feature.__name__ for name, feature in FEATURES.items()} == {name: name for name in FEATURES}


def test_features_have_docstrings() -> None:
    """The data dictionary takes its text from here: the first line is a sentence."""
    first_lines = {name: (inspect.getdoc(feature) or "").split("\n")[0] for name, feature in FEATURES.items()}
    assert {name for name, text in first_lines.items() if not text.endswith(".")} == set()


@settings(max_examples=5)
@given(st.permutations(range(60)))
def test_shuffled_rows_change_nothing(order: list[int]) -> None:
    """Every feature of every customer is equal, to the last bit."""
    frame = SMALL.iloc[:60]
    pd.testing.assert_frame_equal(describe(frame.iloc[order]), describe(frame))


@settings(max_examples=5)
@given(st.integers(0, 300), st.integers(-1000, 1000))
def test_lines_on_or_after_the_day_change_nothing(days_later: int, cents: int) -> None:
    """What is dated on `as_of` or later was not known at its start."""
    later = SMALL.iloc[:5].assign(
        ordered_at=pd.Timestamp(AS_OF) + pd.Timedelta(days=days_later), order_id="late", amount=Decimal(cents) / 100
    )
    pd.testing.assert_frame_equal(describe(pd.concat([SMALL, later])), DESCRIBED)


def test_a_hundred_times_the_prices_scale_money_and_nothing_else() -> None:
    """Money is a hundred times as much; counts, days, rates, shares and favourites stay."""
    scaled = describe(SMALL.assign(amount=SMALL.amount * 100, discount=SMALL.discount * 100))
    for name in FEATURES:
        factor = 100 if name in SCALED else 1
        ours = scaled[name].to_dict()
        for customer, value in DESCRIBED[name].items():
            expected = value if pd.isna(value) or factor == 1 else float(value) * factor
            assert is_same(ours[customer], expected), (name, customer)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "pyspark"])
def test_features_compile_for_each_engine(dialect: str) -> None:
    """The expression of every feature becomes SQL of DuckDB, PostgreSQL and Spark, all in one query."""
    lines = ibis.table({column.name: column.type for column in ORDER_LINES}, name="order_lines")
    compiler = importlib.import_module(f"ibis.backends.sql.compilers.{dialect}").compiler
    query = compiler.to_sqlglot(customer_features(Dataset(lines), AS_OF))
    assert query.named_selects == ["customer_id", "as_of", *FEATURES]
    assert "order_lines" in query.sql("spark" if dialect == "pyspark" else dialect)


def test_guests_are_nobody() -> None:
    """Lines without a customer make no row, even where the rule `guest` is off."""
    frame = SMALL.assign(customer_id=["ann", *[None] * (len(SMALL) - 1)], ordered_at=pd.Timestamp("2024-01-01"))
    assert list(describe(frame).index) == ["ann"]


def test_as_of_is_a_column(tiny_clean: Dataset) -> None:
    """The key of the table is the customer and the day."""
    features = customer_features(tiny_clean, "2024-04-10")
    assert features.columns == ("customer_id", "as_of", *FEATURES)
    assert set(features.as_of.to_pyarrow().to_pylist()) == {date(2024, 4, 10)}


def test_default_day_is_that_after_the_last_line(tiny_clean: Dataset) -> None:
    """The last line that is kept is the return of 5 February."""
    assert default_as_of(tiny_clean) == date(2024, 2, 6)
    assert customer_features(tiny_clean).as_of.min().to_pyarrow().as_py() == date(2024, 2, 6)


def test_default_day_ignores_lines_of_the_future(tiny_shop: Dataset) -> None:
    """A line dated after the day of reading does not move it."""
    cleaned = clean(tiny_shop, today=date(2024, 1, 31))
    assert default_as_of(cleaned.data) == date(2024, 2, 1)


def test_default_day_needs_a_line(tiny_clean: Dataset) -> None:
    """Without a line there is no day, and the message says where to look."""
    with pytest.raises(DataError, match=r"No order line is left after cleaning.*audit"):
        default_as_of(Dataset(tiny_clean.order_lines.filter(ibis.literal(value=False))))


def test_a_time_counts_as_its_day() -> None:
    """A timestamp of pandas stands for its day, as a date does."""
    assert parse_date(pd.Timestamp("2011-12-10 15:00")) == date(2011, 12, 10)
    assert type(parse_date(pd.Timestamp("2011-12-10"))) is date


def test_a_word_is_no_day() -> None:
    """The message has the form that is wanted and what came."""
    with pytest.raises(UsageError, match=r"YYYY-MM-DD. Got 'today' instead"):
        parse_date("today")


def test_matrix_is_sorted_floats_of_purchasers(tiny_clean: Dataset) -> None:
    """Cem, who only returned, stays out; the rows stand in the order of the ids, and every column is a float."""
    frame = matrix(customer_features(tiny_clean, "2024-04-10").order_by(ibis.desc("customer_id")))
    assert list(frame.index) == ["ann", "bob"]
    assert frame.index.name == "customer_id"
    assert set(frame.dtypes) == {np.dtype("float64")}
    assert np.isnan(frame.loc["bob", "overdue_ratio"])  # type: ignore[arg-type]
    assert frame.is_one_time.to_list() == [0.0, 1.0]


def test_matrix_has_the_columns_asked_for(tiny_clean: Dataset) -> None:
    """The columns come in the order in which they were named."""
    frame = matrix(customer_features(tiny_clean, "2024-04-10"), ["monetary", "recency_days"])
    assert frame.to_dict("list") == {"monetary": [40.0, 24.0], "recency_days": [70.0, 95.0]}


@pytest.mark.parametrize("column", ["favourite_product", "no_such"])
def test_matrix_refuses_what_is_no_number(column: str, tiny_clean: Dataset) -> None:
    """A name that is unknown, or of text, is named with the features there are."""
    with pytest.raises(UsageError, match=rf"no numeric feature '{column}'\. They are recency_days, frequency"):
        matrix(customer_features(tiny_clean, "2024-04-10"), [column])


def make_orders(*orders: tuple[str, str, str, int]) -> Dataset:
    """Make clean lines of (customer, order, time, amount); a negative amount is a return."""
    frame = pd.DataFrame(orders, columns=["customer_id", "order_id", "ordered_at", "amount"])
    frame = frame.assign(
        source="shop", source_row=range(2, len(frame) + 2), ordered_at=pd.to_datetime(frame.ordered_at)
    )
    return clean(Dataset(ibis.memtable(frame).cast({"ordered_at": "timestamp(6)"}))).data


def test_one_order() -> None:
    """The smallest shop has one customer with a recency of one day."""
    frame = matrix(customer_features(make_orders(("ann", "1", "2024-01-01 10:00", 5))))
    assert frame[["recency_days", "frequency", "monetary"]].to_numpy().tolist() == [[1, 1, 5]]


def test_all_orders_on_one_day() -> None:
    """All customers have the same recency, and tenure 0."""
    shop = make_orders(
        ("ann", "1", "2024-01-01 10:00", 5), ("bob", "2", "2024-01-01 11:00", 7), ("bob", "3", "2024-01-01 11:00", 7)
    )
    frame = matrix(customer_features(shop))
    assert frame[["recency_days", "frequency", "tenure_days"]].to_numpy().tolist() == [[1, 1, 0], [1, 2, 0]]


def test_all_orders_returned() -> None:
    """Customers stay in the table, and none enters a model."""
    features = customer_features(
        make_orders(("ann", "C1", "2024-01-01 10:00", -5), ("bob", "C2", "2024-01-02 10:00", -7))
    )
    assert features.count().execute() == 2
    assert matrix(features).empty


SMALL = clean(make_dataset(make_lines(20, seed=5)), rules={"repeated_order": False}).data.order_lines.to_pandas()
DESCRIBED = describe(SMALL)
