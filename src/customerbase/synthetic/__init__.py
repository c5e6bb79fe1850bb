"""A generated shop whose customers are known: their segment, and their true purchase and dropout rates."""

from customerbase.synthetic.parameters import ShopParameters
from customerbase.synthetic.shop import Shop, make_shop

__all__ = ["Shop", "ShopParameters", "make_shop"]
