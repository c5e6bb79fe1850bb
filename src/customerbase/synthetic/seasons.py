"""When a shop sells: the seasonal clock, on which purchases come at a constant rate."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from customerbase.synthetic.parameters import ShopParameters

__all__ = ["PROFILES", "Season", "make_season"]

FloatArray = npt.NDArray[np.float64]

DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
PROFILES = {
    "everyday": (0.85, 0.85, 0.90, 0.95, 0.95, 0.90, 0.90, 0.85, 1.00, 1.10, 1.40, 1.70),
    "gifts": (0.05, 0.70, 0.20, 0.10, 0.50, 0.10, 0.05, 0.05, 0.10, 0.40, 3.00, 6.50),
}
"""How busy the months are, January first; only the ratios count."""
WEEKDAYS = (1.05, 1.05, 1.05, 1.10, 1.05, 0.90, 0.80)
"""Monday first."""
HOURS = (
    0.2,
    0.1,
    0.05,
    0.05,
    0.05,
    0.1,
    0.3,
    0.7,
    1,
    1.4,
    1.6,
    1.7,
    1.8,
    1.6,
    1.5,
    1.4,
    1.4,
    1.3,
    1.3,
    1.5,
    1.6,
    1.4,
    0.9,
    0.5,
)


@dataclass(frozen=True)
class Season:
    """A seasonal clock, which runs fast when the shop is busy; both clocks show days since the start.

    `elapsed` is the seasonal time at the start of every hour of the calendar, and at the end.

    Examples
    --------
    >>> season = make_season("everyday", ShopParameters())
    >>> december = season.seasonal(np.array([334.0, 365.0]))  # the first of December, New Year
    >>> bool(december[1] - december[0] > 45)
    True
    """

    elapsed: FloatArray

    @property
    def total(self) -> float:
        """Seasonal days of the whole period."""
        return float(self.elapsed[-1])

    @property
    def hours(self) -> FloatArray:
        """Calendar days at each point of `elapsed`."""
        return np.arange(len(self.elapsed)) / 24

    def seasonal(self, calendar_days: FloatArray) -> FloatArray:
        """Seasonal days at these calendar days; a moment after the end stands for the end."""
        return np.interp(calendar_days, self.hours, self.elapsed)

    def calendar(self, seasonal_days: FloatArray) -> FloatArray:
        """Calendar days at these seasonal days."""
        return np.interp(seasonal_days, self.elapsed, self.hours)


def make_season(profile: str, parameters: ShopParameters) -> Season:
    """Build the clock of one profile of months, over the period of a shop.

    Over a common year seasonal and calendar time agree to within half a percent, so that a rate per seasonal year is
    a rate per year. With `seasonality=0` they differ by the hour of the day only.

    Parameters
    ----------
    profile
        A key of `PROFILES`.
    parameters
        Gives the period and the strength of the season.

    Examples
    --------
    >>> round(make_season("gifts", ShopParameters(seasonality=0)).total)
    730
    """
    dates = np.datetime64(parameters.start, "D") + np.arange(parameters.n_days)
    months = dates.astype("datetime64[M]").astype(int) % 12
    weekdays = (dates.astype(int) + 3) % 7  # 1 January 1970 was a Thursday
    busy = _mean_one(PROFILES[profile], DAYS_IN_MONTH)[months] * _mean_one(WEEKDAYS)[weekdays]
    days = 1 + parameters.seasonality * (busy - 1)
    hours = np.outer(days, _mean_one(HOURS) / 24).ravel()
    return Season(np.concatenate([[0.0], hours.cumsum()]))


def _mean_one(weights: tuple[float, ...], counts: tuple[int, ...] | None = None) -> FloatArray:
    return np.array(weights) / np.average(weights, weights=counts)
