"""Features of orders on the tiny shop, each worked out by hand at 2024-04-10."""

import math
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
import pytest

from customerbase.features import orders
from customerbase.features.customers import customer_features
from customerbase.schema import Dataset

AS_OF = date(2024, 4, 10)
"""11 January is the 90th day before it, 10 January the 91st."""

MISSING = None

BY_HAND: dict[str, tuple[Any, Any, Any]] = {
    # ann bought on 1, 11 and 31 January (30 + 20 + 10 of money, 3 + 4 + 10 units) and returned 20 on 5 February;
    # bob bought 24 on Saturday 6 January, postage included; cem only returned 10.
    "recency_days": (70, 95, MISSING),
    "frequency": (3, 1, 0),
    "monetary": (60 - 20, 24, -10),
    "gross_revenue": (60, 24, 0),
    "return_value": (20, 0, 10),
    "n_returns": (1, 0, 1),
    "return_rate": (20 / 60, 0, MISSING),
    "average_order_value": (60 / 3, 24, MISSING),
    "average_basket_units": (17 / 3, 2, MISSING),
    "average_unit_price": (60 / 17, 12, MISSING),
    "n_units": (17, 2, 0),
    "tenure_days": (30, 0, MISSING),
    "age_days": (100, 95, MISSING),
    "n_repeat_purchase_days": (2, 0, 0),
    "mean_days_between_orders": ((10 + 20) / 2, MISSING, MISSING),
    "sd_days_between_orders": (math.sqrt(25 + 25), MISSING, MISSING),
    "overdue_ratio": (70 / 15, MISSING, MISSING),
    "n_orders_last_90_days": (2, 0, 0),
    "revenue_last_90_days": (20 + 10, 0, 0),
    "revenue_previous_90_days": (30, 24, 0),
    "revenue_trend": ((30 - 30) / 60, -1, MISSING),
    "first_order_value": (30, 24, MISSING),
    "is_one_time": (False, True, False),
    "weekend_share": (0, 1, MISSING),
    "discount_share": (MISSING, MISSING, MISSING),
    "country": ("AT", "FR", "TR"),
}


def describe_customer(*lines: dict[str, Any], as_of: str = "2024-04-10") -> dict[str, Any]:
    """Give the features of the one customer whose lines these are; what a line leaves out is missing."""
    defaults = {
        "customer_id": "ann",
        "quantity": 1,
        "amount": 10,
        "discount": None,
        "country": None,
        "product_id": "mug",
    }
    frame = pd.DataFrame(
        [{**defaults, "category": None, "is_return": False, "is_product": True, **line} for line in lines]
    )
    types = {"ordered_at": "timestamp(6)", "country": "string", "category": "string", "order_id": "string"}
    table = ibis.memtable(frame).cast(types | dict.fromkeys(("quantity", "amount", "discount"), "decimal(18, 4)"))
    table = table.mutate(is_future=False)
    row: dict[str, Any] = customer_features(Dataset(table), as_of).to_pyarrow().to_pylist()[0]
    return row


def test_features_by_hand(tiny_clean: Dataset) -> None:
    """Each feature has the values for ann, bob and cem that a person works out."""
    features = customer_features(tiny_clean, AS_OF).order_by("customer_id").to_pyarrow().to_pydict()
    wrong = {name: features[name] for name, expected in BY_HAND.items() if tuple(features[name]) != expected}
    assert not wrong


def test_every_feature_of_orders_is_worked_out_by_hand() -> None:
    """The table above lacks no function of the module, but for the two folds."""
    assert set(BY_HAND) == set(orders.__all__) - {"fold_customers", "fold_orders"}


def test_an_order_with_a_returned_line_is_a_purchase_and_a_return() -> None:
    """One line kept and one sent back: the order counts once in frequency and once in n_returns."""
    ann = describe_customer(
        {"order_id": "1", "ordered_at": "2024-01-01"},
        {"order_id": "1", "ordered_at": "2024-01-01", "quantity": -1, "amount": -4, "is_return": True},
    )
    assert (ann["frequency"], ann["n_returns"], ann["monetary"]) == (1, 1, Decimal(6))


def test_recency_counts_days_of_the_calendar() -> None:
    """An order in the last minute before `as_of` is one day old, whatever its hour."""
    assert describe_customer({"order_id": "1", "ordered_at": "2024-04-09 23:59:59.999999"})["recency_days"] == 1


@pytest.mark.parametrize(
    ("day", "last", "previous"),
    [("2024-01-11", 10, 0), ("2024-01-10", 0, 10), ("2023-10-13", 0, 10), ("2023-10-12", 0, 0)],
)
def test_windows_of_90_days(day: str, last: int, previous: int) -> None:
    """The last 90 days go from 1 to 90 days before `as_of`, the previous ones from 91 to 180."""
    ann = describe_customer({"order_id": "1", "ordered_at": day})
    assert (ann["revenue_last_90_days"], ann["revenue_previous_90_days"]) == (last, previous)
    assert ann["n_orders_last_90_days"] == (1 if last else 0)


def test_revenue_trend_of_a_growing_customer() -> None:
    """30 after 10 is a change of 20 on 40."""
    ann = describe_customer(
        {"order_id": "1", "ordered_at": "2023-12-01", "amount": 10},
        {"order_id": "2", "ordered_at": "2024-03-01", "amount": 30},
    )
    assert ann["revenue_trend"] == 0.5


def test_two_orders_on_one_day_have_a_gap_of_zero() -> None:
    """Gaps are 0 and 9 days: the mean is 4.5, the deviation 9 / sqrt(2), and only one later day has a purchase."""
    ann = describe_customer(
        {"order_id": "1", "ordered_at": "2024-01-01 08:00"},
        {"order_id": "2", "ordered_at": "2024-01-01 20:00"},
        {"order_id": "3", "ordered_at": "2024-01-10 08:00"},
    )
    assert ann["mean_days_between_orders"] == 4.5
    assert ann["sd_days_between_orders"] == pytest.approx(9 / math.sqrt(2))
    assert ann["n_repeat_purchase_days"] == 1


def test_all_orders_on_one_day_are_never_overdue() -> None:
    """Without a day between orders there is a mean gap of 0 and no ratio to it."""
    ann = describe_customer(
        {"order_id": "1", "ordered_at": "2024-01-01 08:00"}, {"order_id": "2", "ordered_at": "2024-01-01 20:00"}
    )
    assert (ann["mean_days_between_orders"], ann["overdue_ratio"], ann["sd_days_between_orders"]) == (0, None, None)


def test_equal_gaps_have_no_deviation() -> None:
    """Orders every seven days have a standard deviation of exactly 0."""
    ann = describe_customer(
        *({"order_id": str(week), "ordered_at": f"2024-01-{1 + 7 * week:02}"} for week in range(4)),
    )
    assert ann["sd_days_between_orders"] == 0


def test_first_of_two_orders_at_one_time_is_that_with_the_smaller_id() -> None:
    """A tie in time is broken by the id, and so is the country of the last order."""
    ann = describe_customer(
        {"order_id": "b", "ordered_at": "2024-01-01", "amount": 1, "country": "AT"},
        {"order_id": "a", "ordered_at": "2024-01-01", "amount": 2, "country": "DE"},
    )
    assert (ann["first_order_value"], ann["country"]) == (2, "AT")


def test_discount_share_by_hand() -> None:
    """5 off a price of 20 and nothing off 20: 5 of 40 would have been paid besides."""
    ann = describe_customer(
        {"order_id": "1", "ordered_at": "2024-01-01", "amount": 15, "discount": 5},
        {"order_id": "2", "ordered_at": "2024-01-02", "amount": 20},
    )
    assert ann["discount_share"] == 5 / 40


def test_return_rate_above_one() -> None:
    """What was bought before the export begins can come back: more returned than bought is above 1."""
    ann = describe_customer(
        {"order_id": "1", "ordered_at": "2024-01-01", "amount": 10},
        {"order_id": "C2", "ordered_at": "2024-01-02", "quantity": -1, "amount": -25, "is_return": True},
    )
    assert (ann["return_rate"], ann["monetary"]) == (2.5, -15)


def test_without_quantities_there_is_no_unit_price() -> None:
    """An export of order totals knows no units: their number and their price are missing, and not 0."""
    ann = describe_customer({"order_id": "1", "ordered_at": "2024-01-01", "quantity": None})
    unknown = ("n_units", "average_unit_price", "average_basket_units")
    assert [ann[name] for name in unknown] == [None] * 3
    assert ann["average_order_value"] == 10


def test_weekend_is_saturday_and_sunday() -> None:
    """Of orders on Friday, Saturday, Sunday and Monday, half are on the weekend."""
    days = ("2024-01-05", "2024-01-06", "2024-01-07", "2024-01-08")
    ann = describe_customer(*({"order_id": day, "ordered_at": day} for day in days))
    assert ann["weekend_share"] == 0.5


def test_a_later_return_moves_no_recency() -> None:
    """Recency is of purchases: a return does not make a customer recent."""
    ann = describe_customer(
        {"order_id": "1", "ordered_at": "2024-01-01"},
        {"order_id": "C2", "ordered_at": "2024-04-09", "quantity": -1, "amount": -10, "is_return": True},
    )
    assert ann["recency_days"] == 100
