"""Exploration: the first look at a data set, as small tables and as sentences."""

from customerbase.explore.explorations import EXPLORATIONS, explore

__all__ = ["EXPLORATIONS", "explore"]
