"""Seasons: revenue and returns by month, weekday and hour, and the share of guests in each month."""

import calendar as weeks
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import ibis
import ibis.expr.types as ir

from customerbase.exploration.folds import GUEST, Folds, add_up, count_up
from customerbase.schema import MONEY

__all__ = ["guests_by_month", "hours", "months", "weekdays"]

_PAUSE_SHARE = 0.95
"""Of the pauses between days with orders, the part that is usual."""

_CALENDAR = {"month": "date", "is_whole": "boolean"}
_WEEK = {"weekday": "int64", "name": "string", "n_days": "int64"}


@dataclass(frozen=True)
class _Calendar:
    """The days over which an export tells something."""

    first: date
    last: date
    pause_days: int

    def months(self) -> list[date]:
        """Give the first day of each month from the first line to the last."""
        n_months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month
        start = self.first.year * 12 + self.first.month - 1
        return [date((start + n) // 12, (start + n) % 12 + 1, 1) for n in range(n_months + 1)]

    def is_whole(self, month: date) -> bool:
        """Tell whether no more days of a month lie beyond the export than usually pass without orders."""
        end = month.replace(day=weeks.monthrange(month.year, month.month)[1])
        return max((self.first - month).days, (end - self.last).days) < self.pause_days


def _find_calendar(folds: Folds) -> _Calendar | None:
    """Find from which day to which the export goes, whatever became of its lines; lines of the future aside."""
    dated = folds.orders.filter(folds.orders.hour.notnull() & ~folds.orders.is_future)
    days: list[date] = sorted(dated.select(day=dated.hour.date()).distinct().to_pyarrow()["day"].to_pylist())
    return _Calendar(days[0], days[-1], _usual_pause(days)) if days else None


def _usual_pause(days: Sequence[date]) -> int:
    """Give the days from one day with orders to the next that 95 % of these pauses do not exceed, at least 1."""
    pauses = sorted((later - earlier).days for earlier, later in pairwise(days))
    return pauses[max(-(-int(_PAUSE_SHARE * 100) * len(pauses) // 100) - 1, 0)] if pauses else 1


def _place_orders(rows: ir.Table) -> ir.Table:
    """Give each purchase order the hour of its first purchase line."""
    bought = rows.filter(~rows.is_return & rows.order_id.notnull())
    return bought.group_by("customer_id", "order_id").agg(hour=bought.hour.min())


def _kept(folds: Folds) -> ir.Table:
    rows = folds.orders
    return rows.filter(rows.rule.isnull() & rows.hour.notnull() & ~rows.is_future)


def months(folds: Folds) -> ir.Table:
    """Fold clean lines by month: every month from the first line of the export to its last; one without orders has 0.

    An order counts in the month of its first purchase line, money in that of its line. `is_whole` is False for a month
    of which the export holds but a part: at its beginning or end, more days are missing than usually (95 %) pass
    between two days with orders. The year before is given, and the change since, where both months are whole.
    """
    found = _find_calendar(folds)
    if found is None:
        return _no_months()
    rows = _kept(folds)
    rows = rows.mutate(month=_month(rows.hour))
    money = rows.group_by("month").agg(
        n_customers=rows.customer_id.nunique(where=~rows.is_return),
        n_lines=count_up(rows.n_lines, ~rows.is_return),
        n_return_lines=count_up(rows.n_lines, rows.is_return),
        gross_revenue=add_up(rows.amount, ~rows.is_return),
        return_value=(-add_up(rows.amount, rows.is_return)).cast(MONEY),
    )
    orders = _place_orders(rows)
    n_orders = orders.group_by(month=_month(orders.hour)).agg(n_orders=orders.count())
    joined = _all_months(found).left_join(money, "month").drop("month_right").left_join(n_orders, "month")
    counts = {name: joined[name].fill_null(0) for name in ("n_orders", "n_customers", "n_lines", "n_return_lines")}
    sums = {name: joined[name].fill_null(0).cast(MONEY) for name in ("gross_revenue", "return_value")}
    return _compare_years(joined.select("month", "is_whole", **counts, **sums))


def _month(time: ir.TimestampValue) -> ir.DateValue:
    return time.truncate("M").date()


def _all_months(found: _Calendar) -> ir.Table:
    rows = [{"month": month, "is_whole": found.is_whole(month)} for month in found.months()]
    return ibis.memtable(rows, schema=_CALENDAR)


def _no_months() -> ir.Table:
    counts = dict.fromkeys(("n_orders", "n_customers", "n_lines", "n_return_lines"), "int64")
    sums = dict.fromkeys(("gross_revenue", "return_value"), MONEY)
    return _compare_years(ibis.memtable([], schema={**_CALENDAR, **counts, **sums}))


def _compare_years(found: ir.Table) -> ir.Table:
    whole = found.filter(found.is_whole)
    before = whole.select(
        month=(whole.month + ibis.interval(years=1)).cast("date"), revenue_year_before=whole.gross_revenue
    )
    joined = found.left_join(before, "month").drop("month_right")
    year_before = ibis.ifelse(joined.is_whole, joined.revenue_year_before, ibis.null(MONEY))
    change = joined.gross_revenue.cast("float64") / year_before.cast("float64").nullif(0) - 1
    rate = joined.return_value.cast("float64") / joined.gross_revenue.cast("float64").nullif(0)
    return joined.mutate(return_rate=rate, revenue_year_before=year_before, revenue_change=change).relocate(
        "return_rate", before="revenue_year_before"
    )


def weekdays(folds: Folds) -> ir.Table:
    """Fold clean lines by weekday, Monday (1) to Sunday (7); `n_days` is how often it came between first and last line.

    A weekday without orders has 0, unless it never came. `revenue_per_day` is revenue over `n_days`.
    """
    found = _find_calendar(folds)
    rows = _kept(folds)
    rows = rows.mutate(weekday=_weekday(rows.hour))
    money = rows.group_by("weekday").agg(gross_revenue=add_up(rows.amount, ~rows.is_return))
    orders = _place_orders(rows)
    n_orders = orders.group_by(weekday=_weekday(orders.hour)).agg(n_orders=orders.count())
    joined = _all_weekdays(found).left_join(money, "weekday").drop("weekday_right").left_join(n_orders, "weekday")
    revenue = joined.gross_revenue.fill_null(0).cast(MONEY)
    return joined.select(
        "weekday",
        "name",
        "n_days",
        n_orders=joined.n_orders.fill_null(0),
        gross_revenue=revenue,
        revenue_share=_share(revenue),
        revenue_per_day=revenue.cast("float64") / joined.n_days.cast("float64"),
    )


def _weekday(time: ir.TimestampValue) -> ir.IntegerValue:
    return time.day_of_week.index().cast("int64") + 1


def _share(revenue: ir.DecimalValue) -> ir.FloatingValue:
    return revenue.cast("float64") / revenue.sum().over(ibis.window()).cast("float64").nullif(0)


def _all_weekdays(found: _Calendar | None) -> ir.Table:
    n_days = [0] * 7
    if found:
        whole, rest = divmod((found.last - found.first).days + 1, 7)
        n_days = [whole] * 7
        for after in range(rest):
            n_days[(found.first + timedelta(days=after)).weekday()] += 1
    rows = [(place + 1, weeks.day_name[place], n) for place, n in enumerate(n_days) if n]
    return ibis.memtable([dict(zip(_WEEK, row, strict=True)) for row in rows], schema=_WEEK)


def hours(folds: Folds) -> ir.Table:
    """Fold clean lines by hour of the day, 0 to 23; no rows where the export has dates without times (all midnight)."""
    rows = _kept(folds)
    money = rows.group_by(hour=_hour(rows.hour)).agg(gross_revenue=add_up(rows.amount, ~rows.is_return))
    orders = _place_orders(rows)
    n_orders = orders.group_by(hour=_hour(orders.hour)).agg(n_orders=orders.count())
    day = ibis.memtable([{"hour": hour} for hour in range(24)], schema={"hour": "int64"})
    day = day.cross_join(money.agg(has_times=(money.hour > 0).any()))
    joined = day.filter(day.has_times).left_join(money, "hour").drop("hour_right").left_join(n_orders, "hour")
    revenue = joined.gross_revenue.fill_null(0).cast(MONEY)
    return joined.select(
        "hour", n_orders=joined.n_orders.fill_null(0), gross_revenue=revenue, revenue_share=_share(revenue)
    )


def _hour(time: ir.TimestampValue) -> ir.IntegerValue:
    return time.hour().cast("int64")


def guests_by_month(folds: Folds) -> ir.Table:
    """Set guests' share of lines, orders and revenue against all buyers', month by month; months as in `months`.

    Guests are the lines that cleaning set aside for want of a customer, beside the clean ones.
    """
    found = _find_calendar(folds)
    rows = folds.orders
    known = rows.filter((rows.rule.isnull() | (rows.rule == GUEST)) & rows.hour.notnull() & ~rows.is_future)
    bought = known.filter(~known.is_return)
    bought = bought.mutate(month=_month(bought.hour), is_guest=bought.customer_id.isnull())
    counted = bought.group_by("month").agg(
        n_lines=count_up(bought.n_lines),
        n_guest_lines=count_up(bought.n_lines, bought.is_guest),
        gross_revenue=add_up(bought.amount),
        guest_revenue=add_up(bought.amount, bought.is_guest),
    )
    every = _all_months(found) if found else ibis.memtable([], schema=_CALENDAR)
    joined = every.left_join(counted, "month")
    counts = {name: joined[name].fill_null(0) for name in ("n_lines", "n_guest_lines")}
    sums = {name: joined[name].fill_null(0).cast(MONEY) for name in ("gross_revenue", "guest_revenue")}
    table = joined.select("month", "is_whole", **counts, **sums)
    share = table.guest_revenue.cast("float64") / table.gross_revenue.cast("float64").nullif(0)
    return table.mutate(guest_share=share)
