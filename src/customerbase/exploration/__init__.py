"""Exploration: the first look at a data set, as small tables and as sentences."""

from customerbase.exploration.explorations import EXPLORATIONS, explore

__all__ = ["EXPLORATIONS", "explore"]
