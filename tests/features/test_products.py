"""Features of products on the tiny shop and on hand-made baskets."""

from typing import Any

import ibis
import pandas as pd

from customerbase.features import products
from customerbase.features.customers import customer_features
from customerbase.schema import Dataset

BY_HAND: dict[str, tuple[Any, Any, Any]] = {
    # ann: mug on two lines (10 + 20), pan on one (20), pen on one (10); bob: a pan, and postage, which is no product.
    "n_products": (3, 1, 0),
    "n_categories": (2, 1, 0),
    "favourite_product": ("mug", "pan", None),
    "favourite_category": ("kitchen", "kitchen", None),
    "top_product_share": (30 / 60, 1.0, None),
}


def describe_basket(*items: tuple[str | None, str | None, int], is_return: bool = False) -> dict[str, Any]:
    """Give the features of a customer with one order of (product, category, amount)."""
    frame = pd.DataFrame(items, columns=["product_id", "category", "amount"])
    table = ibis.memtable(frame).cast({"product_id": "string", "category": "string", "amount": "decimal(18, 4)"})
    lines = table.mutate(
        customer_id=ibis.literal("ann"),
        order_id=ibis.literal("1"),
        ordered_at=ibis.timestamp("2024-01-01"),
        quantity=ibis.literal(1).cast("decimal(18, 4)"),
        discount=ibis.null("decimal(18, 4)"),
        country=ibis.null("string"),
        is_return=ibis.literal(is_return),
        is_product=True,
    )
    row: dict[str, Any] = customer_features(Dataset(lines), "2024-02-01").to_pyarrow().to_pylist()[0]
    return row


def test_features_by_hand(tiny_clean: Dataset) -> None:
    """Each feature has the values for ann, bob and cem that a person works out."""
    features = customer_features(tiny_clean, "2024-04-10").order_by("customer_id").to_pyarrow().to_pydict()
    wrong = {name: features[name] for name, expected in BY_HAND.items() if tuple(features[name]) != expected}
    assert not wrong


def test_every_feature_of_products_is_worked_out_by_hand() -> None:
    """The table above lacks no function of the module, but for the fold."""
    assert set(BY_HAND) == set(products.__all__) - {"fold_products"}


def test_of_equal_counts_the_smallest_is_the_favourite() -> None:
    """Two lines each: the value that comes first in the alphabet wins, whatever the order of rows."""
    items = [("pen", "office", 1), ("mug", "kitchen", 1), ("mug", "kitchen", 1), ("pen", "office", 9)]
    for basket in (items, items[::-1]):
        ann = describe_basket(*basket)
        assert (ann["favourite_product"], ann["favourite_category"]) == ("mug", "kitchen")


def test_the_favourite_has_the_most_lines_and_the_top_product_the_most_revenue() -> None:
    """Three cheap pens are the favourite; the one pan brings 20 of the 23."""
    ann = describe_basket(("pen", None, 1), ("pen", None, 1), ("pen", None, 1), ("pan", None, 20))
    assert (ann["favourite_product"], ann["top_product_share"]) == ("pen", 20 / 23)


def test_a_product_in_two_categories_counts_once_among_products() -> None:
    """Its lines are added over the categories before products are compared."""
    ann = describe_basket(
        ("mug", "gifts", 2), ("mug", "kitchen", 2), ("pan", "kitchen", 3), ("pan", "kitchen", 3), ("mug", None, 2)
    )
    assert (ann["n_products"], ann["n_categories"], ann["favourite_product"]) == (2, 2, "mug")
    assert ann["top_product_share"] == 0.5


def test_lines_without_a_product_are_in_no_share() -> None:
    """Only lines that name a product take part."""
    ann = describe_basket((None, None, 50), ("mug", None, 5))
    assert (ann["n_products"], ann["favourite_product"], ann["top_product_share"]) == (1, "mug", 1)


def test_products_without_revenue_have_no_top_share() -> None:
    """A share of nothing is missing."""
    assert describe_basket(("mug", None, 0))["top_product_share"] is None


def test_returned_products_are_not_bought() -> None:
    """A customer with returns alone has no products."""
    ann = describe_basket(("mug", "kitchen", -5), is_return=True)
    assert (ann["n_products"], ann["n_categories"], ann["favourite_product"]) == (0, 0, None)


def test_categories_without_products() -> None:
    """An export that knows categories but no product codes has a favourite category."""
    ann = describe_basket((None, "office", 5), (None, "kitchen", 1), (None, "office", 1))
    assert (ann["n_categories"], ann["favourite_category"], ann["n_products"]) == (2, "office", 0)
