"""The types of customer as one shop has them: fitted to the shares and the basket size that were asked for."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from customerbase.synthetic.customer_types import GUEST, SEPARATIONS, CustomerType, Separation
from customerbase.synthetic.parameters import ShopParameters
from customerbase.synthetic.seasons import PROFILES, Season, make_season

__all__ = ["DAYS_PER_YEAR", "Population", "make_population"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DAYS_PER_YEAR = 365.25
N_QUANTILES = 200
MAX_RATE = 0.95
N_ROUNDS = 100


@dataclass(frozen=True)
class Population:
    """The types of buyer, guests last, and what is true of each: one entry per type in every array.

    `shares` are of buyers; `orders_per_buyer` is the mean over all of them.

    Examples
    --------
    >>> make_population(ShopParameters()).types[-1].name
    'guest'
    """

    separation: Separation
    types: tuple[CustomerType, ...]
    seasons: tuple[Season, ...]
    shares: FloatArray
    picks_per_order: FloatArray
    return_rates: FloatArray
    coupon_rates: FloatArray
    orders_per_buyer: float

    def calendar(self, season: IntArray, seasonal_days: FloatArray) -> FloatArray:
        """Calendar days since the start, each read from the clock of its own season."""
        return np.choose(season, [s.calendar(seasonal_days) for s in self.seasons])

    def seasonal(self, season: IntArray, calendar_days: FloatArray) -> FloatArray:
        """Seasonal days, each on the clock of its own season; the end stands for what is later."""
        return np.choose(season, [s.seasonal(calendar_days) for s in self.seasons])


def make_population(parameters: ShopParameters) -> Population:
    """Scale the weights of the types so that the whole shop meets the parameters on average.

    Examples
    --------
    >>> population = make_population(ShopParameters(guest_share=0))
    >>> float(population.shares[-1])
    0.0
    """
    separation = SEPARATIONS[parameters.separation]
    seasons = tuple(make_season(profile, parameters) for profile in PROFILES)
    types = (*separation.types, GUEST)
    orders = np.array([_mean_orders(t, separation, seasons[list(PROFILES).index(t.season)]) for t in types])
    shares = _shares(types, orders, parameters.guest_share)
    importance = shares * orders
    extra_picks = _scaled([t.basket_weight for t in types], parameters.lines_per_order - 1, importance)
    lines = importance * (1 + extra_picks)
    return Population(
        separation=separation,
        types=types,
        seasons=seasons,
        shares=shares,
        picks_per_order=1 + extra_picks,
        return_rates=_rates([t.return_weight for t in types], parameters.return_share, lines),
        coupon_rates=_rates([t.coupon_weight for t in types], parameters.coupon_share, importance),
        orders_per_buyer=float(shares @ orders),
    )


def _mean_orders(kind: CustomerType, separation: Separation, season: Season) -> float:
    """Orders of a type within the period: the first, and those that its mean rate implies while it is alive.

    A gamma distributed dropout rate of mean m and shape k leaves (1 + m t / k) ** -k alive after t years.
    """
    first = season.calendar(separation.acquired((np.arange(N_QUANTILES) + 0.5) / N_QUANTILES) * season.total)
    years = (np.arange(len(season.elapsed) // 24) + 0.5 - first[:, None]) / DAYS_PER_YEAR
    shape = separation.rate_shape
    alive = np.where(years > 0, (1 + kind.dropouts_per_year * years.clip(0) / shape) ** -shape, 0)
    return 1 + kind.purchases_per_year / DAYS_PER_YEAR * float((alive @ np.diff(season.elapsed[::24])).mean())


def _shares(types: tuple[CustomerType, ...], orders: FloatArray, guest_share: float) -> FloatArray:
    """Shares of buyers, such that guests place `guest_share` of the orders."""
    per_customer = np.array([t.share for t in types])
    per_customer[-1] = guest_share / (1 - guest_share) * (per_customer @ orders)
    shares: FloatArray = per_customer / per_customer.sum()
    return shares


def _scaled(weights: list[float], mean: float, importance: FloatArray) -> FloatArray:
    scaled: FloatArray = np.array(weights) * mean / np.average(weights, weights=importance)
    return scaled


def _rates(weights: list[float], mean: float, importance: FloatArray) -> FloatArray:
    """Scale weights to rates of at most `MAX_RATE`; what is cut off a high one goes to the others."""
    rates = _scaled(weights, mean, importance)
    for _ in range(N_ROUNDS if mean > 0 else 0):
        rates = _scaled(list(np.minimum(rates, MAX_RATE)), mean, importance)
    return np.minimum(rates, MAX_RATE)
