"""A generated shop whose customers are known: their segment, and their true purchase and dropout rates."""

from customerbase.synthetic.faults import FAULTS, Planted, plant
from customerbase.synthetic.parameters import ShopParameters
from customerbase.synthetic.shop import Shop, make_shop

__all__ = ["FAULTS", "Planted", "Shop", "ShopParameters", "make_shop", "plant"]
