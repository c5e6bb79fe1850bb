"""How faithful placing by nearest neighbours is to the method itself, and how much hangs on the sample."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import Pipeline

from customerbase.errors import UsageError
from customerbase.segmentation.inductive import InductiveClusterer, sort_rows

__all__ = ["Fidelity", "measure_fidelity"]

N_LEFT_OUT = 5
"""One in so many customers is left out."""
N_COMPARED = 10_000
"""Most customers of whom two samples are asked."""


@dataclass(frozen=True)
class Fidelity:
    """How far a method without a `predict` can be trusted on those whom it did not see.

    Parameters
    ----------
    accuracy
        Of customers left out, the share who are placed in the group that the method itself puts them in.
    agreement
        How alike two disjoint samples segment the same customers: adjusted Rand index, 1 the same, 0 as by chance.
    n_sample
        Customers in each of the two samples.
    n_left_out
        Customers of whom `accuracy` tells.

    Examples
    --------
    >>> Fidelity(accuracy=0.98, agreement=0.45, n_sample=5000, n_left_out=1000).accuracy
    0.98
    """

    accuracy: float
    agreement: float
    n_sample: int
    n_left_out: int


def measure_fidelity(
    model: Pipeline | InductiveClusterer, X: npt.ArrayLike | pd.DataFrame, random_state: int = 0
) -> Fidelity:
    """Measure an inductive method on customers whom it has not seen.

    Two disjoint samples of m customers are drawn, m being `max_fit_customers` or, of fewer customers, half of them.

    * Accuracy: the method itself segments the first sample, A ∪ B, where B is a fifth of it, drawn at random. Then B is
      placed by the nearest neighbours out of A alone, with the labels that A has got. The accuracy is the share of B
      who come where the method itself has put them. It says how well the neighbours stand in for the method.
    * Agreement: the method learns from each sample, and each of the two models places the same customers, up to 10,000
      drawn from all. The agreement is the adjusted Rand index (Hubert and Arabie 1985) of the two. It says how much of
      the segments is owed to the sample, and can be low where accuracy is high: on customers who form a continuum,
      another sample is cut elsewhere.

    Parameters
    ----------
    model
        An `InductiveClusterer`, or a fitted pipeline that ends in one. Its preparation is kept as it was learnt; its
        clusterer is copied and learnt anew.
    X
        Customers as the model takes them, at least 10.
    random_state
        Seed of the samples, at least 0. The order of the customers has no say.

    Raises
    ------
    UsageError
        The model has a way of its own to place newcomers, or there are fewer than 10 customers.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (60, 2)), rng.normal(20, 1, (60, 2))])
    >>> measure_fidelity(InductiveClusterer(), X)
    Fidelity(accuracy=1.0, agreement=1.0, n_sample=60, n_left_out=12)
    """
    inductive = model[-1] if isinstance(model, Pipeline) else model
    if not isinstance(inductive, InductiveClusterer):
        raise UsageError(
            "The 'model' parameter of measure_fidelity must end in an InductiveClusterer. "
            f"Got {type(inductive).__name__} instead, which places newcomers itself."
        )
    prepared = np.asarray(model[:-1].transform(X) if isinstance(model, Pipeline) else X, dtype=np.float64)
    if len(prepared) < 2 * N_LEFT_OUT:
        raise UsageError(
            f"The 'X' parameter of measure_fidelity must have at least {2 * N_LEFT_OUT} customers. "
            f"Got {len(prepared)} instead."
        )
    rng = np.random.default_rng(random_state)
    shuffled = rng.permutation(sort_rows(prepared))
    n_sample = min(inductive.max_fit_customers, len(shuffled) // 2)
    first, second = clone(inductive), clone(inductive)
    first.learn(shuffled[:n_sample])
    second.learn(shuffled[n_sample : 2 * n_sample]).remember(shuffled[n_sample : 2 * n_sample])
    n_left_out = n_sample // N_LEFT_OUT
    first.remember(shuffled[:n_sample], slice(n_left_out, None))
    left_out = first.predict(shuffled[:n_left_out])
    accuracy = float(np.mean(left_out == first.sample_labels_[:n_left_out]))
    compared = shuffled[-N_COMPARED:]
    first.remember(shuffled[:n_sample])
    agreement = float(adjusted_rand_score(first.predict(compared), second.predict(compared)))
    return Fidelity(accuracy, agreement, n_sample, n_left_out)
