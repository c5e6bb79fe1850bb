"""Rules in words: the limits of a segment as a person would say them."""

import math
from collections.abc import Sequence

__all__ = ["describe_box"]

# What is counted in whole numbers, with the words for one and for several.
_COUNTED = {
    "recency_days": ("last bought {} day ago", "last bought {} days ago"),
    "frequency": ("{} order", "{} orders"),
    "n_orders_last_90_days": ("{} order in the last 90 days", "{} orders in the last 90 days"),
    "n_products": ("{} product", "{} products"),
    "tenure_days": ("{} day from first to last order", "{} days from first to last order"),
    "age_days": ("first bought {} day ago", "first bought {} days ago"),
}
_MONEY = {
    "monetary": "{} after returns",
    "gross_revenue": "{} spent in all",
    "revenue_last_90_days": "{} in the last 90 days",
    "average_order_value": "{} an order",
    "return_value": "{} sent back",
}
_NONE = {
    "n_orders_last_90_days": "no order in the last 90 days",
    "revenue_last_90_days": "nothing in the last 90 days",
    "return_value": "nothing sent back",
}
"""Said where the upper limit is 0; below that nothing is possible."""
_SOME = {
    "n_orders_last_90_days": "an order in the last 90 days",
    "revenue_last_90_days": "a purchase in the last 90 days",
    "return_value": "something sent back",
}
"""Said where all that is asked is more than 0."""


def describe_box(names: Sequence[str], lower: Sequence[float], upper: Sequence[float]) -> str:
    """Say the limits of a segment in words.

    Parameters
    ----------
    names
        Names of the features.
    lower, upper
        Limits of each: above the lower, up to and with the upper; infinite where there is none.

    Examples
    --------
    >>> describe_box(["frequency", "revenue_last_90_days"], [5, 1150], [math.inf, math.inf])
    'more than 5 orders and over 1,150 in the last 90 days'
    >>> describe_box(["recency_days", "frequency", "monetary"], [30, 0, 0.5], [90, 1, 20])
    'last bought 31 to 90 days ago, exactly 1 order and over 0.5 up to 20 after returns'
    """
    said = [
        _say(name, low, high)
        for name, low, high in zip(names, lower, upper, strict=True)
        if math.isfinite(low) or math.isfinite(high)
    ]
    if not said:
        return "everybody"
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"


def _say(name: str, low: float, high: float) -> str:
    if high == 0 and name in _NONE:
        return _NONE[name]
    if low == 0 and math.isinf(high) and name in _SOME:
        return _SOME[name]
    if name in _COUNTED:
        last = high if math.isfinite(high) else low
        return _COUNTED[name][last != 1].format(_say_count(low, high))
    amount = _say_amount(low, high)
    return _MONEY[name].format(amount) if name in _MONEY else f"{name.replace('_', ' ')} {amount}"


def _say_count(low: float, high: float) -> str:
    if math.isinf(high):
        return f"more than {_number(low)}"
    if math.isinf(low):
        return f"up to {_number(high)}"
    return f"exactly {_number(high)}" if low + 1 == high else f"{_number(low + 1)} to {_number(high)}"


def _say_amount(low: float, high: float) -> str:
    parts = [f"over {_number(low)}"] if math.isfinite(low) else []
    parts += [f"up to {_number(high)}"] if math.isfinite(high) else []
    return " ".join(parts)


def _number(value: float) -> str:
    return f"{value:,.10g}"
