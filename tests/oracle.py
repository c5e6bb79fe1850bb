"""The oracle: every feature again in pandas, from its definition, one customer at a time and without our code."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pandas as pd

__all__ = ["COUPON_ORACLE", "ORACLE", "CustomerLines", "describe", "describe_coupons"]


@dataclass(frozen=True)
class CustomerLines:
    """The lines of one customer before `as_of`, and what follows from them at once."""

    lines: pd.DataFrame
    as_of: date

    @cached_property
    def bought(self) -> pd.DataFrame:
        return self.lines[~self.lines.is_return.astype(bool)]

    @cached_property
    def returned(self) -> pd.DataFrame:
        return self.lines[self.lines.is_return.astype(bool)]

    @cached_property
    def products(self) -> pd.DataFrame:
        return self.bought[self.bought.is_product.astype(bool)]

    @cached_property
    def orders(self) -> list[tuple[pd.Timestamp, str]]:
        """First purchase line of each purchase order and its id, oldest first."""
        times = self.bought.groupby("order_id").ordered_at.min()
        return sorted((time, str(order)) for order, time in times.items())

    @cached_property
    def days(self) -> list[date]:
        return [time.date() for time, _ in self.orders]

    @cached_property
    def gaps(self) -> list[int]:
        return [(later - earlier).days for earlier, later in zip(self.days, self.days[1:], strict=False)]

    def revenue(self, first_age_days: int, last_age_days: int) -> Decimal:
        """Gross revenue of the orders whose age lies in a window."""
        first_day = self.as_of - timedelta(days=last_age_days)
        last_day = self.as_of - timedelta(days=first_age_days)
        return sum_up(
            amount
            for (_, order), day in zip(self.orders, self.days, strict=True)
            if first_day <= day <= last_day
            for amount in self.bought.amount[self.bought.order_id == order]
        )


def sum_up(values: Iterable[Any]) -> Decimal:
    return sum((value for value in values if not pd.isna(value)), Decimal(0))


def divide(numerator: Any, denominator: Any) -> float | None:
    return None if numerator is None or not denominator else float(numerator) / float(denominator)


def most_lines(values: pd.Series) -> str | None:
    counts = values.dropna().value_counts()
    return None if counts.empty else min(counts.index[counts == counts.max()])


def recency_days(customer: CustomerLines) -> int | None:
    return (customer.as_of - customer.days[-1]).days if customer.days else None


def frequency(customer: CustomerLines) -> int:
    return len(customer.orders)


def monetary(customer: CustomerLines) -> Decimal:
    return gross_revenue(customer) - return_value(customer)


def gross_revenue(customer: CustomerLines) -> Decimal:
    return sum_up(customer.bought.amount)


def return_value(customer: CustomerLines) -> Decimal:
    return -sum_up(customer.returned.amount)


def n_returns(customer: CustomerLines) -> int:
    return int(customer.returned.order_id.nunique())


def return_rate(customer: CustomerLines) -> float | None:
    return divide(return_value(customer), gross_revenue(customer))


def average_order_value(customer: CustomerLines) -> float | None:
    return divide(gross_revenue(customer), frequency(customer))


def average_basket_units(customer: CustomerLines) -> float | None:
    return divide(n_units(customer), frequency(customer))


def average_unit_price(customer: CustomerLines) -> float | None:
    return divide(gross_revenue(customer), n_units(customer))


def n_units(customer: CustomerLines) -> Decimal | None:
    is_unknown = len(customer.bought) > 0 and customer.bought.quantity.isna().all()
    return None if is_unknown else sum_up(customer.bought.quantity)


def n_products(customer: CustomerLines) -> int:
    return int(customer.products.product_id.nunique())


def n_categories(customer: CustomerLines) -> int:
    return int(customer.products.category.nunique())


def favourite_product(customer: CustomerLines) -> str | None:
    return most_lines(customer.products.product_id)


def favourite_category(customer: CustomerLines) -> str | None:
    return most_lines(customer.products.category)


def top_product_share(customer: CustomerLines) -> float | None:
    known = customer.products[customer.products.product_id.notna()]
    revenues = [sum_up(lines.amount) for _, lines in known.groupby("product_id")]
    return divide(max(revenues), sum(revenues)) if revenues else None


def tenure_days(customer: CustomerLines) -> int | None:
    return (customer.days[-1] - customer.days[0]).days if customer.days else None


def age_days(customer: CustomerLines) -> int | None:
    return (customer.as_of - customer.days[0]).days if customer.days else None


def n_repeat_purchase_days(customer: CustomerLines) -> int:
    return max(len(set(customer.days)) - 1, 0)


def mean_days_between_orders(customer: CustomerLines) -> float | None:
    return float(pd.Series(customer.gaps).mean()) if customer.gaps else None


def sd_days_between_orders(customer: CustomerLines) -> float | None:
    return float(pd.Series(customer.gaps).std(ddof=1)) if len(customer.gaps) > 1 else None


def overdue_ratio(customer: CustomerLines) -> float | None:
    return divide(recency_days(customer), mean_days_between_orders(customer))


def n_orders_last_90_days(customer: CustomerLines) -> int:
    return sum(day >= customer.as_of - timedelta(days=90) for day in customer.days)


def revenue_last_90_days(customer: CustomerLines) -> Decimal:
    return customer.revenue(1, 90)


def revenue_previous_90_days(customer: CustomerLines) -> Decimal:
    return customer.revenue(91, 180)


def revenue_trend(customer: CustomerLines) -> float | None:
    last, previous = revenue_last_90_days(customer), revenue_previous_90_days(customer)
    return divide(last - previous, last + previous)


def first_order_value(customer: CustomerLines) -> Decimal | None:
    if not customer.orders:
        return None
    return sum_up(customer.bought.amount[customer.bought.order_id == customer.orders[0][1]])


def is_one_time(customer: CustomerLines) -> bool:
    return frequency(customer) == 1


def weekend_share(customer: CustomerLines) -> float | None:
    return divide(sum(day.weekday() >= 5 for day in customer.days), frequency(customer))


def discount_share(customer: CustomerLines) -> float | None:
    if customer.bought.discount.isna().all():
        return None
    discount = sum_up(customer.bought.discount)
    return divide(discount, gross_revenue(customer) + discount)


def country(customer: CustomerLines) -> str | None:
    if customer.orders:
        countries = customer.lines.country[customer.lines.order_id == customer.orders[-1][1]].dropna()
        if len(countries):
            return str(countries.min())
    # Without a purchase (or a country on the last one): the largest of the countries of the orders.
    by_order = customer.lines.dropna(subset="country").groupby("order_id").country.min()
    return str(by_order.max()) if len(by_order) else None


ORACLE: dict[str, Callable[[CustomerLines], object]] = {
    function.__name__: function
    for function in (
        recency_days,
        frequency,
        monetary,
        gross_revenue,
        return_value,
        n_returns,
        return_rate,
        average_order_value,
        average_basket_units,
        average_unit_price,
        n_units,
        n_products,
        n_categories,
        favourite_product,
        favourite_category,
        top_product_share,
        tenure_days,
        age_days,
        n_repeat_purchase_days,
        mean_days_between_orders,
        sd_days_between_orders,
        overdue_ratio,
        n_orders_last_90_days,
        revenue_last_90_days,
        revenue_previous_90_days,
        revenue_trend,
        first_order_value,
        is_one_time,
        weekend_share,
        discount_share,
        country,
    )
}
"""Name of a feature → its definition over the lines of one customer."""


def describe(lines: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Give every feature of every customer with a line before `as_of`, as objects, indexed by customer."""
    known = lines[(lines.ordered_at < pd.Timestamp(as_of)) & lines.customer_id.notna()]
    rows = {}
    for customer, its_lines in known.groupby("customer_id"):
        described = CustomerLines(its_lines, as_of)
        rows[customer] = {name: feature(described) for name, feature in ORACLE.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(ORACLE), dtype=object)


@dataclass(frozen=True)
class CustomerEvents:
    """The coupon events of one customer before `as_of`."""

    events: pd.DataFrame
    as_of: date

    @cached_property
    def claims(self) -> pd.DataFrame:
        return self.events[self.events.event == "claimed"]

    @cached_property
    def burnt(self) -> pd.DataFrame:
        return self.events[self.events.event == "burnt"]

    @cached_property
    def merchants(self) -> pd.Series:
        return self.claims.merchant_name.fillna(self.claims.merchant_id)


def coupon_recency_days(customer: CustomerEvents) -> int:
    last: date = customer.events.occurred_at.max().date()
    return (customer.as_of - last).days


def n_claimed(customer: CustomerEvents) -> int:
    return len(customer.claims)


def n_burnt(customer: CustomerEvents) -> int:
    return len(customer.burnt)


def burn_rate(customer: CustomerEvents) -> float | None:
    return divide(n_burnt(customer), n_claimed(customer))


def mean_days_to_burn(customer: CustomerEvents) -> float | None:
    days = []
    for _, burning in customer.burnt.iterrows():
        same = customer.claims[customer.claims.coupon_id == burning.coupon_id]
        before = same.occurred_at[same.occurred_at <= burning.occurred_at]
        if len(before):
            days.append((burning.occurred_at.date() - before.max().date()).days)
    return divide(sum(days), len(days))


def n_claim_days(customer: CustomerEvents) -> int:
    return int(customer.claims.occurred_at.dt.date.nunique())


def n_merchants(customer: CustomerEvents) -> int:
    return int(customer.merchants.nunique())


def favourite_merchant(customer: CustomerEvents) -> str | None:
    return most_lines(customer.merchants)


COUPON_ORACLE: dict[str, Callable[[CustomerEvents], object]] = {
    function.__name__: function
    for function in (
        coupon_recency_days,
        n_claimed,
        n_burnt,
        burn_rate,
        mean_days_to_burn,
        n_claim_days,
        n_merchants,
        favourite_merchant,
    )
}
"""Name of a feature → its definition over the coupon events of one customer."""


def describe_coupons(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Give every feature of every customer with an event before `as_of`, as objects, indexed by customer."""
    known = events[(events.occurred_at < pd.Timestamp(as_of)) & events.customer_id.notna()]
    rows = {
        customer: {name: feature(CustomerEvents(its_events, as_of)) for name, feature in COUPON_ORACLE.items()}
        for customer, its_events in known.groupby("customer_id")
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(COUPON_ORACLE), dtype=object)
