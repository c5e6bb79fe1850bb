from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase.synthetic.parameters import ShopParameters
from customerbase.synthetic.seasons import PROFILES, make_season

YEAR = ShopParameters(start=date(2023, 1, 1), end=date(2024, 1, 1))


@pytest.mark.parametrize("profile", PROFILES)
def test_year_keeps_its_length(profile: str) -> None:
    """A common year is as long on the seasonal clock as on the calendar, to half a percent."""
    assert make_season(profile, YEAR).total == pytest.approx(365, rel=0.005)


@given(day=st.floats(0, 365))
def test_clocks_are_inverse(day: float) -> None:
    """A day that is read on the seasonal clock and back is the same day."""
    season = make_season("everyday", YEAR)
    assert season.calendar(season.seasonal(np.array([day])))[0] == pytest.approx(day, abs=1e-6)


def test_end_stands_for_what_is_later() -> None:
    """A moment after the period has the seasonal time of the end."""
    season = make_season("gifts", YEAR)
    assert season.seasonal(np.array([1e9]))[0] == season.total


def test_gifts_are_bought_before_christmas() -> None:
    """On the clock of gift buyers, November and December are most of the year."""
    season = make_season("gifts", YEAR)
    november = season.seasonal(np.array([304.0]))[0]
    assert (season.total - november) / season.total > 0.7


def test_all_days_are_alike_without_season() -> None:
    """With seasonality 0 every calendar day is one seasonal day."""
    season = make_season("gifts", ShopParameters(seasonality=0))
    days = np.arange(731.0)
    np.testing.assert_allclose(season.seasonal(days), days, atol=1e-6)
