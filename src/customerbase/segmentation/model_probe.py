"""Made-up customers on whom a model file is tried: out of what a model has learnt, never out of a customer."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from customerbase.errors import UsageError
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS
from customerbase.segmentation.value_tree import ValueTree

__all__ = ["make_probe"]

Marks = dict[str, npt.NDArray[np.float64]]


def make_probe(model: BaseEstimator, n_rows: int = 32) -> pd.DataFrame:
    """Make up customers that reach over the whole range of a model, out of its learnt bounds and nothing else.

    Parameters
    ----------
    model
        A fitted `RFM` or `ValueTree`, or a fitted pipeline of `make_clusterer`.
    n_rows
        How many customers to make up.

    Returns
    -------
    pandas.DataFrame
        One column for each that the model looks at; the same rows for the same model.

    Raises
    ------
    UsageError
        The model is none of them.

    Examples
    --------
    >>> probe = make_probe(RFM(edges={"frequency": [1, 2, 3, 5]}).fit([[3.0, 4.0, 80.0], [60.0, 1.0, 20.0]]))
    >>> probe.shape, list(probe.columns)
    ((32, 3), ['recency_days', 'frequency', 'monetary'])
    """
    rng = np.random.default_rng(0)
    marks = _learnt_marks(model)
    shares = rng.uniform(size=(n_rows, len(marks)))
    numbers = {name: _between(each, share) for (name, each), share in zip(marks.items(), shares.T, strict=True)}
    categories = {name: rng.choice(values, n_rows) for name, values in _categories(model).items()}
    return pd.DataFrame({**numbers, **categories})


def _learnt_marks(model: BaseEstimator) -> Marks:
    """Give the values of each column at which the model is known to change its mind, ascending."""
    if isinstance(model, RFM):
        return {name: np.asarray(model.edges_[name]) for name in RFM_COLUMNS}
    if isinstance(model, ValueTree) and model.columns is not None:
        limits = {name: model.lower_[:, place] for place, name in enumerate(model.columns)}
        return {name: np.array([0.0, *column[np.isfinite(column)]]) for name, column in limits.items()}
    if isinstance(model, Pipeline) and isinstance(model[0], ColumnTransformer):
        return _marks_of_steps(model[0].named_transformers_["numbers"])
    if isinstance(model, Pipeline) and {"select", "fill"} <= set(model.named_steps):
        return _marks_of_steps(model)
    raise UsageError(
        f"A model file holds an RFM, a ValueTree or a pipeline of make_clusterer. Got {type(model).__name__} instead."
    )


def _marks_of_steps(model: Pipeline) -> Marks:
    steps: dict[str, Any] = dict(model.steps)
    rows = [steps["fill"].medians_]
    if "winsorize" in steps:
        rows += [steps["winsorize"].lower_bounds_, steps["winsorize"].upper_bounds_]
    if "log" in steps:
        rows += [steps["log"].scale_]
    if "rank" in steps:
        rows += list(np.quantile(steps["rank"].quantiles_, [0, 0.25, 0.5, 0.75, 1], axis=0))
    if "standardize" in steps and not {"log", "rank", "power"} & set(steps):
        scaler = steps["standardize"]
        center = scaler.mean_ if hasattr(scaler, "mean_") else scaler.center_
        rows += [center - 2 * scaler.scale_, center + 2 * scaler.scale_]
    if len(rows) < 3:
        rows += [0 * rows[0], 10 * rows[0]]
    return dict(zip(steps["select"].columns, np.sort(np.array(rows), axis=0).T, strict=True))


def _categories(model: BaseEstimator) -> dict[str, list[str]]:
    """Give the values that each column of text may have, and one that nobody has had."""
    if not isinstance(model, Pipeline) or not isinstance(model[0], ColumnTransformer):
        return {}
    names = next(columns for name, _, columns in model[0].transformers_ if name == "categories")
    found = model[0].named_transformers_["categories"].categories_
    return {
        name: [*(str(value) for value in values if not pd.isna(value)), "?"]
        for name, values in zip(names, found, strict=True)
    }


def _between(marks: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Place shares from 0 to 1 on a scale with equal room for each stretch between marks, and one beyond each end."""
    marks = np.unique(marks)
    beyond = max(float(np.ptp(marks)), 1.0) / 10
    scale = np.array([marks[0] - beyond, *marks, marks[-1] + beyond])
    values: npt.NDArray[np.float64] = np.interp(shares, np.linspace(0, 1, len(scale)), scale)
    return values
