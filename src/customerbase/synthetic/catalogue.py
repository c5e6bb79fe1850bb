"""What a generated shop sells: products with a long tail of popularity and prices, in categories."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["CATEGORIES", "CHOICES", "COUPONS", "NO_CATEGORY", "Catalogue", "Category", "make_catalogue"]

CHOICES = 1 << 15
"""Entries of the popularity table of a category: a uniform choice among them is a product, at its popularity."""


@dataclass(frozen=True)
class Category:
    """A department: its part of what is sold, its median price and the things it sells.

    Examples
    --------
    >>> CATEGORIES[0].name
    'Kitchen'
    """

    name: str
    share: float
    median_price: float
    things: tuple[str, ...]


CATEGORIES = (
    Category("Kitchen", 0.18, 6.0, ("Mug", "Teapot", "Cake Stand", "Apron", "Jug", "Tea Towel")),
    Category("Stationery", 0.15, 2.5, ("Notebook", "Gift Wrap", "Card Set", "Pencil Case", "Sticker Sheet", "Folder")),
    Category("Decoration", 0.14, 5.0, ("Picture Frame", "Bunting", "Wall Clock", "Vase", "Hanging Heart", "Mirror")),
    Category("Bags", 0.11, 8.0, ("Shopper", "Lunch Bag", "Backpack", "Wash Bag", "Purse", "Tote")),
    Category("Toys", 0.10, 7.0, ("Puzzle", "Soft Toy", "Skipping Rope", "Board Game", "Doll", "Spinning Top")),
    Category(
        "Candles", 0.09, 4.0, ("Tealight Set", "Lantern", "Scented Candle", "Candlestick", "Incense", "Night Light")
    ),
    Category("Textiles", 0.08, 14.0, ("Cushion", "Throw", "Table Runner", "Rug", "Napkin Set", "Blanket")),
    Category("Garden", 0.07, 11.0, ("Plant Pot", "Bird Feeder", "Watering Can", "Door Mat", "Parasol", "Trowel")),
    Category("Jewellery", 0.05, 9.0, ("Bracelet", "Necklace", "Earrings", "Brooch", "Ring", "Hair Clip")),
    Category("Lighting", 0.03, 28.0, ("Table Lamp", "Fairy Lights", "Lamp Shade", "Desk Light", "Wall Light", "Torch")),
)
NO_CATEGORY = len(CATEGORIES)
STYLES = (
    "Vintage",
    "Retro",
    "Classic",
    "Rustic",
    "Nordic",
    "Floral",
    "Striped",
    "Spotted",
    "Woodland",
    "Seaside",
    "Parisian",
    "Little",
)
COLOURS = ("Red", "Pink", "Ivory", "Blue", "Green", "Silver", "Gold", "Black", "White", "Mint", "Coral", "Grey")
COUPONS = {"SAVE5": 5, "SAVE10": 10, "SAVE15": 15, "SAVE20": 20}
"""Codes, and the percentage that each takes off an order; all are equally common."""
POSTAGE_PENCE = 395
FIRST_ID = 20_000


@dataclass(frozen=True)
class Catalogue:
    """The products of a shop as columns, postage last, and the tables to choose from them.

    `choices` has one row per category and `CHOICES` columns of product numbers; `mean_price_pence` is the mean price of
    what is chosen in each category. Postage is in no category, and is never chosen.

    Examples
    --------
    >>> make_catalogue(np.random.default_rng(0), 500).product_id[:2]
    ['20000', '20001']
    """

    product_id: list[str]
    product_name: list[str]
    category: npt.NDArray[np.int64]
    price_pence: npt.NDArray[np.int64]
    choices: npt.NDArray[np.int32]
    mean_price_pence: npt.NDArray[np.float64]

    @property
    def postage(self) -> int:
        """The number of the product that stands for postage."""
        return len(self.product_id) - 1


def make_catalogue(rng: np.random.Generator, n_products: int) -> Catalogue:
    """Draw the products of a shop.

    Popularity within a category falls like one over the rank; prices are log-normal about the median of the category.

    Parameters
    ----------
    rng
        Where the chance comes from.
    n_products
        At most 8,640: as many as there are names.

    Examples
    --------
    >>> catalogue = make_catalogue(np.random.default_rng(0), 500)
    >>> len(set(catalogue.product_name)), catalogue.product_id[catalogue.postage]
    (501, 'POST')
    """
    category = np.arange(n_products) % len(CATEGORIES)
    median = np.array([c.median_price for c in CATEGORIES])[category]
    price = 10 * np.maximum(np.rint(10 * median * rng.lognormal(0, 0.6, n_products)), 4).astype(np.int64) - 5
    choices = np.stack([_choices(rng.permutation(np.flatnonzero(category == c))) for c in range(len(CATEGORIES))])
    return Catalogue(
        product_id=[*(str(FIRST_ID + p) for p in range(n_products)), "POST"],
        product_name=[*_names(rng, n_products), "Postage"],
        category=np.append(category, NO_CATEGORY),
        price_pence=np.append(price, POSTAGE_PENCE),
        choices=choices,
        mean_price_pence=price[choices].mean(axis=1),
    )


def _choices(products: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    popularity = np.cumsum(1 / (np.arange(len(products)) + 5))
    quantile = (np.arange(CHOICES) + 0.5) / CHOICES
    return products[np.searchsorted(popularity / popularity[-1], quantile)].astype(np.int32)


def _names(rng: np.random.Generator, n_products: int) -> list[str]:
    looks = rng.permutation([f"{style} {colour}" for style in STYLES for colour in COLOURS])
    names = []
    for product in range(n_products):
        things = CATEGORIES[product % len(CATEGORIES)].things
        look, thing = divmod(product // len(CATEGORIES), len(things))
        names.append(f"{looks[look]} {things[thing]}")
    return names
