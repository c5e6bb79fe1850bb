"""The types of customer that a generated shop has: how often they buy, for how long, how much and how."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["GUEST", "SEPARATIONS", "CustomerType", "Separation"]


@dataclass(frozen=True)
class CustomerType:
    """One true segment. Rates are means over its customers; weights are relative to the other types.

    Examples
    --------
    >>> GUEST.purchases_per_year
    0.0
    """

    name: str
    share: float
    purchases_per_year: float
    dropouts_per_year: float
    basket_weight: float
    units_per_line: float
    return_weight: float = 1.0
    coupon_weight: float = 1.0
    season: str = "everyday"
    channel_shares: tuple[float, float, float] = (0.75, 0.15, 0.10)


@dataclass(frozen=True)
class Separation:
    """The types of a shop, and how much the customers of one type differ.

    Individual rates and basket sizes are gamma distributed about the mean of the type with this shape. The first
    purchases fall into the first `acquisition` part of the period, `acquisition_shape` > 1 more of them early.

    Examples
    --------
    >>> len(SEPARATIONS["natural"].types)
    7
    """

    types: tuple[CustomerType, ...]
    rate_shape: float
    basket_shape: float
    acquisition: float
    acquisition_shape: float

    def acquired(self, quantile: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Part of the seasonal time that has passed when this quantile of the buyers have made their first purchase."""
        return self.acquisition * quantile**self.acquisition_shape


GUEST = CustomerType("guest", 0.0, 0.0, 1.0, 0.8, 1.6)
"""One order each, without a customer id."""

NATURAL = (
    CustomerType("loyal regular", 0.13, 15.0, 0.25, 1.2, 1.8, 0.8, 0.7),
    CustomerType("occasional buyer", 0.32, 4.5, 0.5, 0.9, 1.6, 1.0, 0.8),
    CustomerType("one-time buyer", 0.14, 0.5, 4.0, 0.7, 1.4, 1.0, 1.2),
    CustomerType("bulk buyer", 0.06, 8.0, 0.3, 2.4, 7.0, 0.4, 0.3, channel_shares=(0.55, 0.4, 0.05)),
    CustomerType("coupon hunter", 0.14, 6.0, 0.6, 0.8, 1.6, 1.0, 5.0),
    CustomerType("returner", 0.07, 7.0, 0.5, 1.1, 1.5, 7.0, 1.0, channel_shares=(0.9, 0.02, 0.08)),
    CustomerType("gift buyer", 0.14, 2.5, 0.3, 1.0, 1.8, 1.2, 1.0, "gifts"),
)

CLEAR = (
    CustomerType("loyal regular", 0.15, 36.0, 0.001, 1.6, 2.5, 0.2, 0.05),
    CustomerType("one-time buyer", 0.22, 0.001, 0.001, 0.5, 1.2, 0.2, 0.05),
    CustomerType("bulk buyer", 0.15, 8.0, 0.001, 3.0, 120.0, 0.2, 0.05, channel_shares=(0.55, 0.4, 0.05)),
    CustomerType("coupon hunter", 0.16, 15.0, 0.001, 0.4, 1.2, 0.2, 10.0),
    CustomerType("returner", 0.16, 8.0, 0.001, 1.8, 6.0, 8.0, 0.05, channel_shares=(0.9, 0.02, 0.08)),
    CustomerType("gift buyer", 0.16, 4.0, 0.001, 0.6, 1.5, 0.2, 0.05, "gifts"),
)

SEPARATIONS = {
    "natural": Separation(NATURAL, rate_shape=2.0, basket_shape=4.0, acquisition=1.0, acquisition_shape=1.5),
    "clear": Separation(CLEAR, rate_shape=100.0, basket_shape=100.0, acquisition=0.08, acquisition_shape=1.0),
}
"""`natural` types overlap as people do; `clear` ones must be recovered by any good clustering."""
