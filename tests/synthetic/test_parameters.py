from datetime import date
from typing import Any

import pytest

from customerbase.errors import UsageError
from customerbase.synthetic import ShopParameters


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("n_lines", 999, "an int >= 1000"),
        ("n_lines", 1e6, "an int >= 1000"),
        ("random_state", -1, "an int >= 0"),
        ("random_state", True, "an int >= 0"),
        ("end", date(2022, 1, 30), "at least 30 days after start"),
        ("separation", "fuzzy", "'natural' or 'clear'"),
        ("lines_per_order", 0.5, "a number in"),
        ("guest_share", 1.0, "a number in"),
        ("return_share", -0.1, "a number in"),
        ("coupon_share", float("nan"), "a number in"),
        ("seasonality", 1.5, "a number in"),
    ],
)
def test_value_out_of_range_is_refused(name: str, value: Any, allowed: str) -> None:
    """The message names the parameter, what is allowed and what came instead."""
    with pytest.raises(
        UsageError, match=f"The '{name}' parameter of make_shop must be {allowed}.* Got {value} instead"
    ):
        ShopParameters(**{name: value})


def test_limits_are_allowed() -> None:
    """The smallest shop, and the largest shares, are fine."""
    largest = ShopParameters(1_000, 0, end=date(2022, 1, 31), guest_share=0.9, return_share=0.5, coupon_share=0.9)
    assert largest.n_days == 30
