"""Seasons: whole and partial months, the year before, days and hours, by hand."""

from datetime import date, datetime
from typing import Any

import pytest
from tests.exploration.looking import clean_lines, column, look

from customerbase.exploration import explore


def on(*days: date, amount: int = 5) -> list[dict[str, Any]]:
    return [{"ordered_at": datetime(day.year, day.month, day.day, 10), "amount": amount} for day in days]


def every_day(first: date, last: date) -> list[dict[str, Any]]:
    return on(*(date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)))


def test_a_month_between_first_and_last_without_orders_has_zero() -> None:
    """It was observed, and nothing happened; months before and after were not, and are not there."""
    months = look(*on(date(2024, 1, 31), date(2024, 3, 1)))["months"]
    assert column(months, "month") == [date(2024, 1, 1), date(2024, 2, 1), date(2024, 3, 1)]
    assert column(months, "n_orders") == [1, 0, 1]
    assert column(months, "gross_revenue") == [5, 0, 5]
    assert column(months, "return_rate") == [0, None, 0]


@pytest.mark.parametrize(
    ("first", "last", "is_whole"),
    [
        (date(2024, 1, 1), date(2024, 2, 29), [True, True]),
        (date(2024, 1, 1), date(2024, 2, 28), [True, False]),
        (date(2024, 1, 2), date(2024, 2, 29), [False, True]),
        (date(2024, 1, 5), date(2024, 1, 20), [False]),
    ],
)
def test_months_at_the_ends(first: date, last: date, is_whole: list[bool]) -> None:
    """Where there is an order on every day, a month that lacks one day of the export is not whole."""
    assert column(look(*every_day(first, last))["months"], "is_whole") == is_whole


def test_a_shop_that_rests_has_whole_months() -> None:
    """With an order on every third day, two days without one at the end are usual, and three are not."""
    days = [date.fromordinal(day) for day in range(date(2024, 1, 2).toordinal(), date(2024, 3, 31).toordinal(), 3)]
    assert days[-1] == date(2024, 3, 29)
    assert column(look(*on(*days))["months"], "is_whole") == [True, True, True]
    assert column(look(*on(*days[:-1]))["months"], "is_whole") == [True, True, False]


def test_guests_tell_how_far_the_export_goes() -> None:
    """A month in which only guests bought is whole, and known customers have a true zero in it."""
    known = every_day(date(2024, 1, 1), date(2024, 1, 31))
    guests = [{**line, "customer_id": None} for line in every_day(date(2024, 2, 1), date(2024, 2, 29))]
    tables = look(*known, *guests)
    assert [(row["is_whole"], row["n_orders"]) for row in tables["months"]] == [(True, 31), (True, 0)]
    assert column(tables["guests_by_month"], "guest_share") == [0, 1]


def test_the_year_before_is_compared_where_both_months_are_whole() -> None:
    """March against March; the first and the last month are not whole, so neither is compared."""
    lines = every_day(date(2023, 2, 10), date(2024, 3, 31)) + on(*[date(2024, 3, 5)] * 31)
    months = {row["month"]: row for row in look(*lines)["months"]}
    assert months[date(2024, 2, 1)]["revenue_year_before"] is None
    assert months[date(2024, 2, 1)]["revenue_change"] is None
    march = months[date(2024, 3, 1)]
    assert (march["gross_revenue"], march["revenue_year_before"], march["revenue_change"]) == (310, 155, 1)
    cut = {row["month"]: row for row in look(*lines[:-40], *on(*[date(2024, 3, 5)] * 31))["months"]}
    assert cut[date(2024, 3, 1)]["is_whole"] is False
    assert cut[date(2024, 3, 1)]["revenue_year_before"] is None


def test_a_year_before_without_revenue_gives_no_change() -> None:
    """Nothing can be divided by it; the zero itself is told."""
    months = look(*on(date(2022, 12, 31), date(2023, 3, 1), date(2024, 2, 1), date(2024, 2, 29)))["months"]
    february = next(row for row in months if row["month"] == date(2024, 2, 1))
    assert (february["revenue_year_before"], february["revenue_change"]) == (0, None)


def test_an_order_counts_in_the_month_of_its_first_purchase_line() -> None:
    """Its money in that of each line; a return makes no order."""
    january = {"order_id": "7", "ordered_at": datetime(2024, 1, 31, 23)}
    february = {"order_id": "7", "ordered_at": datetime(2024, 2, 1, 1), "amount": 3}
    back = {"order_id": "8", "ordered_at": datetime(2024, 2, 2), "amount": -2, "quantity": -1, "is_return": True}
    months = look(january, february, back)["months"]
    assert column(months, "n_orders") == [1, 0]
    assert column(months, "gross_revenue") == [5, 3]
    assert column(months, "return_value") == [0, 2]


def test_lines_of_the_future_are_in_no_month() -> None:
    """A date mistyped by a hundred years does not make a thousand months."""
    tables = look(*on(date(2024, 4, 30), date(2124, 5, 1)), today=date(2024, 5, 2))
    assert column(tables["months"], "month") == [date(2024, 4, 1)]
    assert sum(column(tables["weekdays"], "n_orders")) == sum(column(tables["hours"], "n_orders")) == 1


def test_weekdays_are_compared_by_the_days_that_came() -> None:
    """From a Monday to the Tuesday of the next week there are two of these and one of the others."""
    weekdays = look(*on(date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 9), amount=6))["weekdays"]
    assert column(weekdays, "n_days") == [2, 2, 1, 1, 1, 1, 1]
    assert column(weekdays, "name")[0] == "Monday"
    assert column(weekdays, "revenue_per_day") == [6, 3, 0, 0, 0, 0, 0]
    assert column(look(*on(date(2024, 1, 5), date(2024, 1, 6)))["weekdays"], "name") == ["Friday", "Saturday"]


def test_hours_where_there_are_times() -> None:
    """An hour without orders has 0; an export with dates alone has no hours."""
    hours = look({"ordered_at": datetime(2024, 1, 1, 9, 59)}, {"ordered_at": datetime(2024, 1, 2)})["hours"]
    assert [row["hour"] for row in hours if row["n_orders"]] == [0, 9]
    assert len(hours) == 24
    assert look({"ordered_at": datetime(2024, 1, 1)})["hours"] == []


def test_without_a_dated_line_there_is_nothing() -> None:
    """Tables keep their columns and have no rows."""
    line = {"unreadable": "ordered_at", "ordered_at": None}
    tables = look(line)
    assert [tables[name] for name in ("months", "weekdays", "hours", "guests_by_month")] == [[]] * 4
    some, none = (explore(clean_lines(each).data)["months"] for each in ({}, line))
    assert some.schema() == none.schema()
