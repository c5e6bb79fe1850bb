import numpy as np
import pytest

from customerbase.synthetic.catalogue import CATEGORIES, CHOICES, NO_CATEGORY, make_catalogue


@pytest.mark.parametrize("n_products", [100, 8_640])
def test_ids_and_names_are_unique(n_products: int) -> None:
    """No two products share an id or a name, postage included."""
    catalogue = make_catalogue(np.random.default_rng(0), n_products)
    assert len(set(catalogue.product_id)) == len(set(catalogue.product_name)) == n_products + 1


def test_choices_keep_to_their_category() -> None:
    """What can be chosen in a category belongs to it, so postage is never chosen."""
    catalogue = make_catalogue(np.random.default_rng(0), 1_000)
    for category, products in enumerate(catalogue.choices):
        assert set(catalogue.category[products]) == {category}
    assert catalogue.category[catalogue.postage] == NO_CATEGORY == len(CATEGORIES)


def test_popularity_has_a_long_tail() -> None:
    """Every product of a category can be chosen, the first ten times as often as the last."""
    catalogue = make_catalogue(np.random.default_rng(0), 1_000)
    chosen = np.bincount(catalogue.choices[0])
    chosen = np.sort(chosen[chosen > 0])
    assert len(chosen) == 100
    assert chosen[-1] > 10 * chosen[0]
    assert chosen.sum() == CHOICES


def test_mean_price_is_that_of_the_choices() -> None:
    """The mean price of a category is the average price over its table of choices."""
    catalogue = make_catalogue(np.random.default_rng(0), 200)
    assert catalogue.mean_price_pence[3] == pytest.approx(
        np.mean([catalogue.price_pence[p] for p in catalogue.choices[3]])
    )
