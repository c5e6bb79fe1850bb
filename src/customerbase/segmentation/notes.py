"""What a reader should know of how a segmentation was learnt: samples, groups that there are not, idle columns."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from customerbase.segmentation.fidelity import Fidelity, measure_fidelity
from customerbase.segmentation.fitting import Clusterer, asked_number, sample_customers
from customerbase.segmentation.inductive import UNUSUAL, InductiveClusterer

__all__ = ["check_fidelity", "make_notes"]

FIDELITY_CUSTOMERS = 30_000
"""Most customers out of whom the samples of a fidelity are drawn."""
FEWEST_FOR_FIDELITY = 100
LOW_AGREEMENT = 0.8


def check_fidelity(model: Clusterer, X: pd.DataFrame, random_state: int) -> Fidelity | None:
    """Measure the fidelity of an inductive model; None for any other, and of too few customers for two samples.

    Examples
    --------
    >>> from customerbase.segmentation.rfm import RFM
    >>> check_fidelity(RFM(), pd.DataFrame(), random_state=0)
    """
    last = model[-1] if isinstance(model, Pipeline) else model
    if not isinstance(last, InductiveClusterer) or len(X) < max(FEWEST_FOR_FIDELITY, 4 * (asked_number(model) or 0)):
        return None
    return measure_fidelity(model, sample_customers(X, FIDELITY_CUSTOMERS, random_state), random_state)


def make_notes(
    model: Clusterer, X: pd.DataFrame, labels: npt.NDArray[np.int64], n_learnt: int, fidelity: Fidelity | None
) -> tuple[str, ...]:
    """Say in one sentence each what a reader of the segments should not overlook.

    Parameters
    ----------
    model
        As it was learnt.
    X
        All customers, with the columns that the model looks at.
    labels
        The label of each customer.
    n_learnt
        How many customers the model was given to learn from.
    fidelity
        As `check_fidelity` gives it.

    Examples
    --------
    >>> from customerbase.segmentation.rfm import RFM
    >>> X = pd.DataFrame({"recency_days": [5.0, 5.0], "frequency": [1.0, 2.0]})
    >>> make_notes(RFM(), X, np.array([0, 1]), 2, None)
    ('recency_days is the same for all customers, so it tells nobody apart.',)
    """
    last: Any = model[-1] if isinstance(model, Pipeline) else model
    notes = _idle_columns(X)
    n_learnt = getattr(last, "n_fit_customers_", n_learnt)
    if n_learnt < len(X):
        way = (
            "the others are placed by the nearest of these"
            if isinstance(last, InductiveClusterer)
            else "the others are placed with what was learnt"
        )
        notes.append(f"The method learnt from a sample of {n_learnt:,} of the {len(X):,} customers; {way}.")
    if fidelity is not None:
        notes.append(_describe_fidelity(fidelity))
    if getattr(last, "converged_", True) is False:
        notes.append("The method had not settled when its steps ran out: its segments may differ with another seed.")
    return (*notes, *_missing_groups(last, labels))


def _idle_columns(X: pd.DataFrame) -> list[str]:
    numbers = X.select_dtypes("number")
    idle = [str(name) for name in numbers if len(X) > 1 and numbers[name].nunique() < 2]
    return [f"{name} is the same for all customers, so it tells nobody apart." for name in idle]


def _describe_fidelity(fidelity: Fidelity) -> str:
    words = (
        f"Of {fidelity.n_left_out:,} customers left out, {fidelity.accuracy:.1%} are placed where the method itself "
        f"puts them; two samples of {fidelity.n_sample:,} agree at {fidelity.agreement:.2f} "
        "(adjusted Rand, 1 is the same)"
    )
    return words + (": another sample is cut elsewhere." if fidelity.agreement < LOW_AGREEMENT else ".")


def _missing_groups(last: object, labels: npt.NDArray[np.int64]) -> list[str]:
    """Say it where a method by density finds no groups, or but one."""
    if not isinstance(last, InductiveClusterer) or last.reaches_ is None:
        return []
    n_groups = len(set(labels.tolist()) - {UNUSUAL})
    if n_groups > 1:
        return []
    found = "one group only: by density the customers are one continuum" if n_groups else "no group at all"
    return [f"The method found {found}. Use --model kmeans to cut it into segments."]
