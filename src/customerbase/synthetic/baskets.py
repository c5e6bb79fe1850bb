"""What stands on the documents of a shop: the products of an order, postage, and what comes back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from customerbase.synthetic.buyers import FAVOURITE_SHARE, Buyers
from customerbase.synthetic.catalogue import CATEGORIES, CHOICES, COUPONS, Catalogue
from customerbase.synthetic.orders import CHANNELS, NO_COUPON, SECONDS_PER_DAY, Documents, seconds
from customerbase.synthetic.seasons import Season

__all__ = ["Lines", "add_postage", "fill_baskets", "take_back"]

IntArray = npt.NDArray[np.int64]

POSTAGE_BELOW_PENCE = 3_000
WHOLE_LINE_RATE = 0.75
MEAN_RETURN_DELAY_DAYS = 12.0


@dataclass(frozen=True)
class Lines:
    """Lines as columns: row of document and product, units (negative: returned), pence per unit, pence off.

    Examples
    --------
    >>> quantity, price_pence, discount_pence = np.array([[2, -1], [500, 500], [100, 50]])
    >>> Lines(*np.zeros((2, 2), int), quantity, price_pence, discount_pence).amount_pence.tolist()
    [900, -450]
    """

    document: IntArray
    product: IntArray
    quantity: IntArray
    price_pence: IntArray
    discount_pence: IntArray

    @property
    def amount_pence(self) -> IntArray:
        """Units times price, less the discount, which a return gives back."""
        given_back = self.quantity < 0
        return self.quantity * self.price_pence + (2 * given_back - 1) * self.discount_pence


def fill_baskets(rng: np.random.Generator, orders: Documents, buyers: Buyers, catalogue: Catalogue) -> Lines:
    """Draw the product lines of the orders: picks per order and units per pick are geometric.

    A product picked twice in an order gives one line with the units of both.
    """
    n_picks = rng.geometric(1 / buyers.picks_per_order[orders.buyer])
    order = np.repeat(np.arange(len(n_picks)), n_picks)
    favourite = buyers.favourite_category[orders.buyer[order]]
    picked = np.sort(order * len(catalogue.product_id) + _pick(rng, favourite, catalogue))
    starts = np.flatnonzero(np.diff(picked, prepend=-1))
    order, product = np.divmod(picked, len(catalogue.product_id))
    units = rng.geometric(1 / buyers.units_per_pick[orders.buyer[order]])
    quantity = np.add.reduceat(units, starts)
    order, product = order[starts], product[starts]
    price = catalogue.price_pence[product]
    percent = np.array([*COUPONS.values(), 0])[orders.coupon[order]]
    return Lines(order, product, quantity, price, (quantity * price * percent + 50) // 100)


def add_postage(lines: Lines, orders: Documents, catalogue: Catalogue) -> Lines:
    """Make a line of postage for every small web order."""
    value = np.bincount(lines.document, weights=lines.amount_pence, minlength=len(orders.buyer))
    order = np.flatnonzero((value < POSTAGE_BELOW_PENCE) & (orders.channel == CHANNELS.index("web")))
    product = np.full_like(order, catalogue.postage)
    return Lines(order, product, np.ones_like(order), catalogue.price_pence[product], np.zeros_like(order))


def take_back(
    rng: np.random.Generator, lines: Lines, orders: Documents, buyers: Buyers, season: Season
) -> tuple[Documents, Lines]:
    """Draw the returns: of each line at most what was bought, on one document per order, at least a day later.

    Nothing comes back after the end of the period.
    """
    delay_days = 1 + rng.exponential(MEAN_RETURN_DELAY_DAYS, len(orders.buyer))
    moment = season.seasonal(orders.second / SECONDS_PER_DAY) + delay_days
    return_rate = np.where(moment < season.total, buyers.return_rate[orders.buyer], 0)
    line = np.flatnonzero(rng.random(len(lines.document)) < return_rate[lines.document])
    order, document = np.unique(lines.document[line], return_inverse=True)
    no_coupon = np.full_like(order, NO_COUPON)
    second = seconds(season.calendar(moment[order]))
    returns = Documents(orders.buyer[order], second, no_coupon, orders.channel[order])
    bought = lines.quantity[line]
    quantity = np.where(rng.random(len(line)) < WHOLE_LINE_RATE, bought, rng.integers(1, bought + 1))
    discount = lines.discount_pence[line] * quantity // bought
    return returns, Lines(document, lines.product[line], -quantity, lines.price_pence[line], discount)


def _pick(rng: np.random.Generator, favourite: IntArray, catalogue: Catalogue) -> npt.NDArray[np.int32]:
    """Draw one product per pick, from the favourite category or from all of them."""
    anywhere = np.repeat(np.arange(len(CATEGORIES)), [round(100 * category.share) for category in CATEGORIES])
    chance = rng.random(len(favourite)) / (1 - FAVOURITE_SHARE)
    category = np.where(chance < 1, anywhere[(chance % 1 * len(anywhere)).astype(np.int64)], favourite)
    return catalogue.choices[category, rng.integers(0, CHOICES, len(favourite))]
