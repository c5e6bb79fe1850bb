"""When buyers order: Poisson purchases on the seasonal clock, from the first purchase to dropout."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from customerbase.synthetic.buyers import Buyers
from customerbase.synthetic.catalogue import COUPONS
from customerbase.synthetic.population import Population

__all__ = ["CHANNELS", "NO_COUPON", "SECONDS_PER_DAY", "Documents", "place_orders", "seconds"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SECONDS_PER_DAY = 86_400
CHANNELS = ("web", "shop", "marketplace")
NO_COUPON = len(COUPONS)


@dataclass(frozen=True)
class Documents:
    """Orders or returns as columns: row of the buyer, seconds since the start, index of coupon and of channel."""

    buyer: IntArray
    second: IntArray
    coupon: IntArray
    channel: IntArray


def place_orders(rng: np.random.Generator, buyers: Buyers, population: Population) -> Documents:
    """Draw all orders of the buyers, earliest first.

    Given their number, the moments of a Poisson process are uniform: here from the first purchase to the stop, in
    seasonal time.
    """
    n_repeats = rng.poisson(buyers.expected_repeat_orders)
    repeated = np.repeat(np.arange(len(n_repeats)), n_repeats)
    moment = buyers.first[repeated] + rng.random(len(repeated)) * (buyers.stop - buyers.first)[repeated]
    buyer = np.concatenate([np.arange(len(n_repeats)), repeated])
    second = seconds(population.calendar(buyers.season[buyer], np.concatenate([buyers.first, moment])))
    by_time = np.argsort(second, kind="stable")
    buyer = buyer[by_time]
    return Documents(
        buyer, second[by_time], _coupons(rng, buyers, buyer), _channels(rng, population, buyers.type[buyer])
    )


def seconds(days: FloatArray) -> IntArray:
    """Whole seconds, as shops write them.

    Examples
    --------
    >>> seconds(np.array([0.5])).tolist()
    [43200]
    """
    return np.floor(days * SECONDS_PER_DAY).astype(np.int64)


def _coupons(rng: np.random.Generator, buyers: Buyers, buyer: IntArray) -> IntArray:
    has_coupon = rng.random(len(buyer)) < buyers.coupon_rate[buyer]
    return np.where(has_coupon, rng.integers(0, NO_COUPON, len(buyer)), NO_COUPON)


def _channels(rng: np.random.Generator, population: Population, kind: IntArray) -> IntArray:
    upper = np.cumsum([t.channel_shares for t in population.types], axis=1)[:, :-1]
    return np.asarray((rng.random(len(kind))[:, None] >= upper[kind]).sum(axis=1))
