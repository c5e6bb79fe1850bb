"""Customers as a model compares them, but without the valley that a signed logarithm makes about zero."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from customerbase.segmentation.preparation import SignedLog

__all__ = ["unbend"]

LEAST_OF_EACH_SIGN = 0.05
"""A column has both signs where at least this share of customers is on either side of zero: fewer make no valley."""


def unbend(model: Pipeline, X: pd.DataFrame) -> npt.NDArray[np.float64] | None:
    """Prepare customers as a model does, but leave columns that have both signs on their own scale.

    The signed logarithm is steepest at zero: it draws apart what lies about it, so that values spread evenly on both
    sides seem to be two groups. On their own scale they are one. Columns of one sign are bent as ever, since many
    groups show in the logarithm alone.

    Parameters
    ----------
    model
        A pipeline of `make_clusterer`.
    X
        Customers with its columns.

    Returns
    -------
    numpy.ndarray or None
        Of the shape that the model compares, each column standardised; None where there is nothing to unbend: no signed
        logarithm, no column with both signs, or principal components that mix the columns.

    Examples
    --------
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> model = make_clusterer(columns=["monetary"])
    >>> unbend(model, pd.DataFrame({"monetary": [1.0, 2.0, 9.0]})) is None
    True
    >>> unbend(model, pd.DataFrame({"monetary": [-1.0, 0.0, 1.0]})).round(2).ravel().tolist()
    [-1.22, 0.0, 1.22]
    """
    names = [name for name, _ in model.steps]
    place = next((n for n, (_, step) in enumerate(model.steps) if isinstance(step, SignedLog)), None)
    if place is None or "pca" in names:
        return None
    steps = clone(model)
    own = np.asarray(steps[:place].fit_transform(X), dtype=np.float64)
    has_both = np.minimum((own < 0).mean(axis=0), (own > 0).mean(axis=0)) >= LEAST_OF_EACH_SIGN
    if not has_both.any():
        return None
    bent = np.asarray(steps[place].fit_transform(own), dtype=np.float64)
    mixed = np.where(has_both, own, bent)
    spread = mixed.std(axis=0)
    standardised: npt.NDArray[np.float64] = (mixed - mixed.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return standardised
