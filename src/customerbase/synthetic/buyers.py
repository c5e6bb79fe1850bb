"""Who buys in a generated shop: customers and guests, each with true rates of purchase and dropout."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from customerbase.synthetic.catalogue import CATEGORIES, COUPONS, Catalogue
from customerbase.synthetic.population import DAYS_PER_YEAR, Population
from customerbase.synthetic.seasons import PROFILES

__all__ = ["COUNTRIES", "FAVOURITE_SHARE", "Buyers", "draw_buyers", "mean_order_value"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FAVOURITE_SHARE = 0.45
"""Share of what a buyer picks that comes from the favourite category without looking at the others."""
COUNTRIES = {
    "United Kingdom": 0.82,
    "Germany": 0.04,
    "France": 0.04,
    "Ireland": 0.04,
    "Netherlands": 0.02,
    "Spain": 0.02,
    "Belgium": 0.01,
    "Switzerland": 0.01,
}
"""Where buyers live, with their shares."""


@dataclass(frozen=True)
class Buyers:
    """Buyers as columns, guests among them; rates are per year.

    `first_day` and `dropped_out_day` count calendar days since the start. `first` and `stop` are the first purchase and
    the end of buying (dropout, or the end of the period) in seasonal days, on the clock of the buyer's own season.
    """

    type: IntArray
    is_guest: npt.NDArray[np.bool_]
    season: IntArray
    purchase_rate: FloatArray
    dropout_rate: FloatArray
    first_day: FloatArray
    dropped_out_day: FloatArray
    first: FloatArray
    stop: FloatArray
    picks_per_order: FloatArray
    units_per_pick: FloatArray
    favourite_category: IntArray
    country: IntArray
    return_rate: FloatArray
    coupon_rate: FloatArray

    @property
    def expected_repeat_orders(self) -> FloatArray:
        """Purchases after the first that the true rate implies: rate times seasonal years."""
        return self.purchase_rate / DAYS_PER_YEAR * (self.stop - self.first)


def draw_buyers(rng: np.random.Generator, population: Population, n_buyers: int) -> Buyers:
    """Draw buyers with their true rates and habits: gamma distributed rates, exponential lifetimes.

    Parameters
    ----------
    rng
        Where the chance comes from.
    population
        The types to draw from.
    n_buyers
        Customers and guests together.

    Examples
    --------
    >>> from customerbase.synthetic.parameters import ShopParameters
    >>> from customerbase.synthetic.population import make_population
    >>> buyers = draw_buyers(np.random.default_rng(0), make_population(ShopParameters()), 100)
    >>> bool((buyers.first_day < buyers.dropped_out_day).all())
    True
    """
    types, separation = population.types, population.separation
    kind = rng.choice(len(types), n_buyers, p=population.shares)
    season = np.array([list(PROFILES).index(t.season) for t in types])[kind]
    purchase_rate = _about(rng, np.array([t.purchases_per_year for t in types])[kind], separation.rate_shape)
    dropout_rate = _about(rng, np.array([t.dropouts_per_year for t in types])[kind], separation.rate_shape)
    first = separation.acquired(rng.random(n_buyers)) * np.array([s.total for s in population.seasons])[season]
    first_day = population.calendar(season, first)
    dropped_out_day = first_day + rng.exponential(DAYS_PER_YEAR / dropout_rate)
    extra_units = np.array([t.units_per_line for t in types])[kind] - 1
    return Buyers(
        type=kind,
        is_guest=kind == len(types) - 1,
        season=season,
        purchase_rate=purchase_rate,
        dropout_rate=dropout_rate,
        first_day=first_day,
        dropped_out_day=dropped_out_day,
        first=first,
        stop=population.seasonal(season, dropped_out_day),
        picks_per_order=1 + _about(rng, population.picks_per_order[kind] - 1, separation.basket_shape),
        units_per_pick=1 + _about(rng, extra_units, separation.basket_shape),
        favourite_category=rng.choice(len(CATEGORIES), n_buyers, p=[c.share for c in CATEGORIES]),
        country=rng.choice(len(COUNTRIES), n_buyers, p=list(COUNTRIES.values())),
        return_rate=population.return_rates[kind],
        coupon_rate=population.coupon_rates[kind],
    )


def mean_order_value(buyers: Buyers, catalogue: Catalogue) -> FloatArray:
    """Money that an order of each buyer brings on average: after discounts, before returns, without postage."""
    anywhere = catalogue.mean_price_pence @ np.array([category.share for category in CATEGORIES])
    favourite = catalogue.mean_price_pence[buyers.favourite_category]
    price = FAVOURITE_SHARE * favourite + (1 - FAVOURITE_SHARE) * anywhere
    paid_share: FloatArray = 1 - buyers.coupon_rate * float(np.mean(list(COUPONS.values()))) / 100
    value: FloatArray = buyers.picks_per_order * buyers.units_per_pick * price / 100 * paid_share
    return value


def _about(rng: np.random.Generator, mean: FloatArray, shape: float) -> FloatArray:
    """One gamma distributed value of this shape about each mean."""
    return mean * rng.gamma(shape, 1 / shape, len(mean))
