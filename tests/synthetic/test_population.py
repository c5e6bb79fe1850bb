import numpy as np
import pytest

from customerbase.synthetic.customer_types import SEPARATIONS
from customerbase.synthetic.parameters import ShopParameters
from customerbase.synthetic.population import make_population


@pytest.mark.parametrize("separation", SEPARATIONS)
def test_shares_of_buyers_sum_to_one(separation: str) -> None:
    """Customers of all types and guests together are all buyers, and customers keep the shares of their types."""
    population = make_population(ShopParameters(separation=separation))
    assert population.shares.sum() == pytest.approx(1)
    types = SEPARATIONS[separation].types
    assert sum(t.share for t in types) == pytest.approx(1)
    customers = population.shares[:-1] / population.shares[:-1].sum()
    np.testing.assert_allclose(customers, [t.share for t in types])


@pytest.mark.parametrize("share", [0.0, 0.15, 0.9])
@pytest.mark.parametrize("separation", SEPARATIONS)
def test_rates_are_probabilities(separation: str, share: float) -> None:
    """Whatever the share of coupons, no type uses them more often than 19 times in 20."""
    rates = make_population(ShopParameters(separation=separation, coupon_share=share)).coupon_rates
    assert rates.min() >= 0
    assert rates.max() <= 0.95
    assert (rates > 0).all() == (share > 0)


def test_single_line_orders_are_possible() -> None:
    """With one line per order every type picks one product."""
    assert (make_population(ShopParameters(lines_per_order=1)).picks_per_order == 1).all()
