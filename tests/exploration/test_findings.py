"""Findings: each sentence from rows made by hand, and nothing said where there is nothing to say."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.exploration.looking import Rows, look

from customerbase.exploration.findings import describe_exploration


def say(name: str, rows: Rows, **others: Rows) -> list[str]:
    """Give what one table says."""
    return describe_exploration({name: rows, **others}).get(name, [])


def part(name: str, n_lines: int, amount: str) -> dict[str, Any]:
    times = {"first_at": datetime(2024, 1, 2, 9), "last_at": datetime(2024, 3, 4, 10)}
    return {"part": name, "n_lines": n_lines, "n_orders": 7, "n_customers": 3, "amount": Decimal(amount), **times}


def month(year: int, number: int, revenue: str, **more: Any) -> dict[str, Any]:
    row = {"month": date(year, number, 1), "is_whole": True, "n_orders": 1, "gross_revenue": Decimal(revenue)}
    return row | {"return_rate": None, "revenue_change": None, "revenue_year_before": None} | more


def test_overview() -> None:
    """What was read, what was kept, and what came back."""
    rows = [
        part("read", 1_200, "0"),
        part("kept", 900, "0"),
        part("kept_purchases", 0, "800"),
        part("kept_returns", 0, "-80"),
    ]
    assert say("overview", rows) == [
        "1,200 lines of 7 orders read, from 2024-01-02 to 2024-03-04.",
        "900 lines (75.0%) of 3 customers kept.",
        "They bought for 800.00 and returned for 80.00 (10.0% of it).",
    ]


def test_columns_that_say_nothing() -> None:
    """Those with one value in all rows, and those with none."""
    names = ("currency", "shop", "country", "till", "note", "id")
    rows = [{"column": name, "n_distinct": 1, "n_missing": 0} for name in names[:4]]
    rows += [{"column": "note", "n_distinct": 0, "n_missing": 9}, {"column": "id", "n_distinct": 9, "n_missing": 0}]
    assert say("columns", rows) == [
        "One value in all rows: currency, shop, country and 1 more.",
        "No value in any row: note.",
    ]


@pytest.mark.parametrize(
    ("share", "elsewhere", "says"),
    [
        (0.5, 0.25, "; 50.0% of these are returns, and 25.0% of the others"),
        (0.5, 0.3, ""),
        (0.005, 0.0, ""),
    ],
)
def test_missing_values_and_what_goes_with_them(share: float, elsewhere: float, says: str) -> None:
    """Said where it is true at least twice as often as elsewhere, and of one line in a hundred."""
    rows = [
        {"column": "customer_id", "n_missing": 250, "missing_share": 0.25},
        {"column": "quantity", "n_missing": 0, "missing_share": 0.0},
    ]
    together = [{"column": "customer_id", "condition": "is_return", "share": share, "share_elsewhere": elsewhere}]
    said = say("missing", rows, missing_together=together)
    assert said == [f"25.0% of the lines (250) have no customer_id{says}."]


def test_guests() -> None:
    """Their share over the whole months, and where they differ."""
    guest = {"buyers": "guests", "n_orders": 2, "revenue_share": 0.125, "median_order_value": 40.0}
    guest |= {"median_unit_price": 3.5, "median_quantity": 1.0}
    known = guest | {"buyers": "known customers", "median_order_value": 1_000.0, "median_unit_price": None}
    shares = [(1, 0.25, True), (2, 0.5, True), (3, 0.0, False), (4, None, True)]
    months = [{"month": date(2024, n, 1), "guest_share": s, "is_whole": is_whole} for n, s, is_whole in shares]
    assert say("guests", [guest, known], guests_by_month=months) == [
        "Guests bring 12.5% of revenue, from 25.0% in January 2024 to 50.0% in February 2024.",
        "A guest's median order is 40.00, a known customer's 1,000.00.",
    ]
    assert say("guests", [known]) == []


def test_months() -> None:
    """The best and the weakest, the year before, returns, and what is idle or partial."""
    rows = [
        month(2023, 1, "100", return_rate=0.125),
        month(2023, 2, "50", return_rate=0.25),
        month(2023, 3, "0", n_orders=0),
        month(2024, 1, "200", revenue_change=1.0, revenue_year_before=Decimal(100)),
        month(2024, 2, "40", revenue_change=-0.2, revenue_year_before=Decimal(50)),
        month(2024, 3, "999", is_whole=False),
    ]
    assert say("months", rows) == [
        "January 2024 brought the most revenue (200.00), March 2023 the least (0.00), of whole months.",
        "February 2024 brought 20.0% less than February 2023.",
        "Returns were highest in February 2023: 25.0% of revenue.",
        "There is no order in March 2023.",
        "Not whole in the export, and compared with no other month: March 2024.",
    ]


def test_twelve_months_against_the_twelve_before() -> None:
    """Said only where all twelve follow each other and have a year before."""
    rows = [month(2024, n, "30", revenue_change=0.5, revenue_year_before=Decimal(20)) for n in range(1, 13)]
    said = "The twelve months up to December 2024 brought 50.0% more than the twelve before."
    assert said in say("months", rows)
    assert not any("twelve" in sentence for sentence in say("months", [month(2023, 12, "1"), *rows[1:]]))


def test_weekdays_and_hours() -> None:
    """The best and the weakest day, days on which nothing happens, and the hours of half of the revenue."""
    days = [("Monday", 9, 50.0), ("Tuesday", 9, 20.0), ("Sunday", 0, 0.0)]
    rows = [{"name": name, "n_days": 52, "n_orders": n, "revenue_per_day": revenue} for name, n, revenue in days]
    assert say("weekdays", rows) == [
        "A Monday brings most (50.00 on average), a Tuesday least (20.00).",
        "Nothing was bought on any of the 52 Sundays.",
    ]
    shares = {9: 0.25, 10: 0.25, 11: 0.375, 20: 0.125}
    rows = [{"hour": hour, "revenue_share": shares.get(hour, 0.0)} for hour in range(24)]
    assert say("hours", rows) == ["62.5% of revenue falls between 10:00 and 12:00."]


def test_rankings() -> None:
    """The first of countries, products, categories and products that came back."""
    rows = [{"country": "DE", "revenue_share": 0.75}, {"country": "FR", "revenue_share": 0.25}]
    assert say("countries", rows) == ["DE brings 75.0% of revenue.", "FR brings the rest (25.0%)."]
    assert say("countries", [*rows, {"country": "IT"}])[1] == "FR brings most of 2 others (25.0%)."
    assert say("countries", rows[:1]) == ["DE brings 75.0% of revenue."]
    row = {"product_id": "7", "product_name": "Mug", "gross_revenue": Decimal(1_500), "revenue_share": 0.25}
    assert say("products", [row]) == ["Best seller: Mug (7), with 1,500.00 (25.0%)."]
    row = {"product_id": "7", "product_name": None, "return_value": Decimal(9), "return_rate": None}
    assert say("returned_products", [row]) == ["Most came back of 7: 9.00."]
    rows = [{"category": "Toys", "revenue_share": 0.5}, {"category": "Art", "revenue_share": 0.5}]
    assert say("categories", rows) == ["Toys is the largest of 2 categories (50.0% of revenue)."]
    assert say("categories", rows[:1]) == []


def test_forms_of_codes() -> None:
    """Only where there are several."""
    rows = [
        {"column": "order_id", "form": "9", "n_lines": 4, "example": "1"},
        {"column": "product_id", "form": "99", "n_lines": 3, "example": "10"},
        {"column": "product_id", "form": "POST", "n_lines": 1, "example": "POST"},
    ]
    assert say("codes", rows) == ["Product codes have 2 forms; 75.0% of lines have 99 (10)."]


def test_features() -> None:
    """One-time buyers, the most skewed feature, and features that say the same."""
    rows: Rows = [{"n_orders": 1, "n_customers": 1, "customers_share": 0.25}, {"n_orders": 9, "n_customers": 3}]
    said = "1 of 4 customers (25.0%) bought once; the most orders of one customer are 9."
    assert say("order_counts", rows) == [said]
    rows = [
        {"feature": "age", "skew": -0.5, "mean": 40.0, "median": 40.0},
        {"feature": "monetary", "skew": 9.0, "mean": 2_000.0, "median": 800.0},
        {"feature": "empty", "skew": None, "mean": None, "median": None},
    ]
    said = "1 of 2 features are skewed (by 2 or more), most of all monetary: its mean is 2,000.00, its median 800.00."
    assert say("distributions", rows) == [said]
    rows = [
        {"feature": "a", "other": "b", "spearman": -0.99},
        {"feature": "a", "other": "c", "spearman": 0.5},
        {"feature": "b", "other": "c", "spearman": None},
    ]
    said = "1 pair of features with nearly the same order (rank correlation of at least 0.95): a and b."
    assert say("correlations", rows) == [said]


def test_nothing_is_said_of_nothing() -> None:
    """Lines that could not be read, and one line of one customer."""
    assert describe_exploration({}) == {}
    unreadable = look({"unreadable": "ordered_at", "ordered_at": None, "amount": None})
    assert list(describe_exploration(unreadable)) == ["overview"]
    said = "1 line of 1 order read, from 2024-05-01 to 2024-05-01."
    assert describe_exploration(look({}))["overview"][0] == said
