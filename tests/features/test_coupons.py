"""Features of coupons: by hand, against the oracle, and their properties."""

import importlib
import math
from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import oracle

from customerbase.errors import DataError
from customerbase.features.customers import (
    COUPON_FEATURES,
    base_of,
    customer_features,
    default_as_of,
    is_in_base,
    matrix,
)
from customerbase.schema import COUPON_EVENTS, INGESTED_LINES, Dataset

AS_OF = date(2024, 6, 1)
TYPES = {column.name: column.type for column in COUPON_EVENTS}
NO_LINES = ibis.table({column.name: column.type for column in INGESTED_LINES}, name="order_lines")


def make_dataset(events: pd.DataFrame) -> Dataset:
    """Make a data set of coupon events alone."""
    complete = events.assign(**{name: None for name in TYPES if name not in events})
    return Dataset(NO_LINES, coupon_events=ibis.memtable(complete[list(TYPES)], schema=TYPES), has_orders=False)


def make_events(*rows: tuple[str | None, str, str, str, str | None, str | None]) -> Dataset:
    """Make events by hand of (customer, coupon, event, time, merchant's number, merchant's name)."""
    columns = ["customer_id", "coupon_id", "event", "occurred_at", "merchant_id", "merchant_name"]
    frame = pd.DataFrame(rows, columns=columns).assign(source="coupons", source_row=range(2, len(rows) + 2))
    return make_dataset(frame.assign(occurred_at=pd.to_datetime(frame.occurred_at)))


def draw_events(n_customers: int, seed: int) -> pd.DataFrame:
    """Draw coupons with repeated claims, burnings at the time of the claim or after the day, and nameless merchants."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for number in range(n_customers):
        for _ in range(rng.geometric(0.25)):
            merchant = int(rng.integers(1, 5))
            claimed_at = pd.Timestamp(AS_OF) - pd.Timedelta(hours=int(rng.integers(-100, 9_000)))
            coupon = {
                "customer_id": f"c{number:03}",
                "coupon_id": f"k{rng.integers(1, 4)}",
                "merchant_id": str(merchant) if rng.random() < 0.9 else None,
                "merchant_name": f"m{merchant}" if rng.random() < 0.6 else None,
            }
            rows.append({**coupon, "event": "claimed", "occurred_at": claimed_at})
            if rng.random() < 0.5:
                burnt_at = claimed_at + pd.Timedelta(hours=int(rng.integers(0, 4)) * 200)
                rows.append({**coupon, "event": "burnt", "occurred_at": burnt_at})
    return pd.DataFrame(rows).assign(source="coupons", source_row=range(2, len(rows) + 2))


def describe(events: pd.DataFrame) -> pd.DataFrame:
    """Give the features as objects, indexed by customer."""
    rows = customer_features(make_dataset(events), AS_OF).order_by("customer_id").to_pyarrow().to_pylist()
    return pd.DataFrame(rows, dtype=object).set_index("customer_id")


EVENTS = draw_events(60, seed=4)
DESCRIBED = describe(EVENTS)
EXPECTED = oracle.describe_coupons(EVENTS, AS_OF)


def is_same(found: Any, expected: Any) -> bool:
    """Tell whether two values of a feature agree."""
    if pd.isna(expected) or isinstance(expected, str):
        return bool(found == expected or (pd.isna(found) and pd.isna(expected)))
    return math.isclose(found, expected, rel_tol=1e-12)


@pytest.mark.parametrize("name", COUPON_FEATURES)
def test_feature_equals_the_oracle(name: str) -> None:
    """Each customer's value is that of the definition in pandas."""
    ours = DESCRIBED[name].to_dict()
    pairs = {customer: (ours[customer], value) for customer, value in EXPECTED[name].items()}
    assert {customer: pair for customer, pair in pairs.items() if not is_same(*pair)} == {}


def test_the_oracle_knows_every_feature_and_customer() -> None:
    """No feature and no customer is without a second opinion, and the awkward cases are among them."""
    assert list(oracle.COUPON_ORACLE) == list(COUPON_FEATURES)
    assert list(DESCRIBED.index) == list(EXPECTED.index)
    assert (EVENTS.occurred_at >= pd.Timestamp(AS_OF)).any()
    assert (EXPECTED.n_burnt == 0).any()
    assert EVENTS.duplicated(["customer_id", "coupon_id", "event"]).any()


def test_by_hand() -> None:
    """Ann claimed four and burnt two, after 3 and 0 days; the bakery has two claims, the others one each."""
    shop = make_events(
        ("ann", "1", "claimed", "2024-05-01 20:00", "7", "Bakery"),
        ("ann", "1", "burnt", "2024-05-04 08:00", "7", "Bakery"),
        ("ann", "2", "claimed", "2024-05-01 09:00", "7", "Bakery"),
        ("ann", "3", "claimed", "2024-05-08 09:00", "8", None),
        ("ann", "3", "burnt", "2024-05-08 09:00", "8", None),
        ("ann", "4", "claimed", "2024-05-20 09:00", None, None),
        ("bob", "5", "claimed", "2024-05-31 23:59", None, None),
    )
    ann, bob = customer_features(shop, AS_OF).order_by("customer_id").to_pyarrow().to_pylist()
    assert ann == {
        "customer_id": "ann", "as_of": AS_OF, "coupon_recency_days": 12, "n_claimed": 4, "n_burnt": 2, "burn_rate": 0.5,
        "mean_days_to_burn": 1.5, "n_claim_days": 3, "n_merchants": 2, "favourite_merchant": "Bakery",
    }  # fmt: skip
    assert bob == {
        "customer_id": "bob", "as_of": AS_OF, "coupon_recency_days": 1, "n_claimed": 1, "n_burnt": 0, "burn_rate": 0.0,
        "mean_days_to_burn": None, "n_claim_days": 1, "n_merchants": 0, "favourite_merchant": None,
    }  # fmt: skip


def test_of_equal_merchants_the_smallest_name_is_the_favourite() -> None:
    """Whatever the order of the rows, and burnings have no say."""
    rows = [("ann", str(n), "claimed", "2024-05-01", None, name) for n, name in enumerate("cabb")]
    rows += [("ann", str(n), "claimed", "2024-05-02", None, name) for n, name in enumerate("cc", start=4)]
    rows += [("ann", "1", "burnt", "2024-05-03", None, "a"), ("ann", "9", "claimed", "2024-05-02", None, "b")]
    favourites = [
        customer_features(make_events(*order), AS_OF).favourite_merchant.to_pyarrow().to_pylist()
        for order in (rows, rows[::-1])
    ]
    assert favourites == [["b"], ["b"]]


def test_a_coupon_burnt_after_the_day_is_claimed_and_not_burnt() -> None:
    """On the day itself nobody knows that it will be burnt."""
    shop = make_events(
        ("ann", "1", "claimed", "2024-05-31", None, None), ("ann", "1", "burnt", "2024-06-01", None, None)
    )
    at = {day: customer_features(shop, day).n_burnt.to_pyarrow().to_pylist() for day in ("2024-06-01", "2024-06-02")}
    assert at == {"2024-06-01": [0], "2024-06-02": [1]}


def test_a_burning_counts_from_the_last_claim_of_that_coupon() -> None:
    """A code may be claimed twice; another customer's claim is none of hers."""
    shop = make_events(
        ("ann", "code", "claimed", "2024-05-01", None, None),
        ("ann", "code", "claimed", "2024-05-10", None, None),
        ("bob", "code", "claimed", "2024-05-12", None, None),
        ("ann", "code", "burnt", "2024-05-14", None, None),
    )
    days = customer_features(shop, AS_OF).order_by("customer_id").mean_days_to_burn.to_pyarrow().to_pylist()
    assert days == [4.0, None]


@settings(max_examples=5)
@given(st.permutations(range(60)))
def test_shuffled_rows_change_nothing(order: list[int]) -> None:
    """Every feature of every customer is equal, to the last bit."""
    pd.testing.assert_frame_equal(describe(EVENTS.iloc[order]), describe(EVENTS.iloc[:60]))


@settings(max_examples=5)
@given(st.integers(0, 300), st.sampled_from(["claimed", "burnt"]))
def test_events_on_or_after_the_day_change_nothing(days_later: int, event: str) -> None:
    """What happens on `as_of` or later was not known at its start."""
    later = EVENTS.iloc[:5].assign(occurred_at=pd.Timestamp(AS_OF) + timedelta(days=days_later), event=event)
    pd.testing.assert_frame_equal(describe(pd.concat([EVENTS, later])), DESCRIBED)


def test_rates_and_counts_agree() -> None:
    """No more is burnt than was claimed, and the base are those who claimed."""
    assert (DESCRIBED.n_burnt <= DESCRIBED.n_claimed).all()
    assert DESCRIBED.burn_rate.between(0, 1).all()
    features = customer_features(make_dataset(EVENTS), AS_OF)
    assert base_of(features) == "coupons"
    assert list(matrix(features, ["n_claimed"]).index) == list(DESCRIBED.index[DESCRIBED.n_claimed > 0])


def test_events_of_nobody_make_no_row() -> None:
    """A coupon without a customer is nobody's."""
    shop = make_events(
        ("ann", "1", "claimed", "2024-05-01", None, None), (None, "2", "claimed", "2024-05-01", None, None)
    )
    assert customer_features(shop, AS_OF).customer_id.to_pyarrow().to_pylist() == ["ann"]


def test_burnings_alone_are_in_no_base() -> None:
    """A log that has lost the claim has a customer with a rate that nobody knows."""
    features = customer_features(make_events(("ann", "1", "burnt", "2024-05-01", None, None)), AS_OF)
    assert features.select("n_claimed", "n_burnt", "burn_rate", "mean_days_to_burn").to_pyarrow().to_pylist() == [
        {"n_claimed": 0, "n_burnt": 1, "burn_rate": None, "mean_days_to_burn": None}
    ]
    assert features.filter(is_in_base(features)).count().execute() == 0


def test_default_day_is_that_after_the_last_event() -> None:
    """Without an order the last event decides, and without an event nothing does."""
    shop = make_events(("ann", "1", "claimed", "2024-05-01 23:00", None, None))
    assert default_as_of(shop) == date(2024, 5, 2)
    assert customer_features(shop).coupon_recency_days.to_pyarrow().to_pylist() == [1]
    with pytest.raises(DataError, match="No coupon event is left after cleaning"):
        default_as_of(make_events())


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "pyspark"])
def test_features_compile_for_each_engine(dialect: str) -> None:
    """The expression of every feature becomes SQL of DuckDB, PostgreSQL and Spark, all in one query."""
    events = ibis.table(TYPES, name="coupon_events")
    compiler = importlib.import_module(f"ibis.backends.sql.compilers.{dialect}").compiler
    query = compiler.to_sqlglot(customer_features(Dataset(NO_LINES, coupon_events=events, has_orders=False), AS_OF))
    assert query.named_selects == ["customer_id", "as_of", *COUPON_FEATURES]
    assert "coupon_events" in query.sql("spark" if dialect == "pyspark" else dialect)
