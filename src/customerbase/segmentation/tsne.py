"""A t-SNE map of customers that takes newcomers in: neighbours stay neighbours, other distances mean nothing."""

from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from openTSNE import TSNE
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from customerbase.errors import UsageError

__all__ = ["FEWEST_CUSTOMERS", "TSNEMap"]

FEWEST_CUSTOMERS = 4
"""Fewer have too few neighbours for a map."""

Matrix = npt.NDArray[np.float64]

INITIAL_SPREAD = 1e-4
"""Standard deviation of the first places along the wider axis, as openTSNE advises."""

PLACING = {"perplexity": 5, "k": 25}
"""Neighbours that a newcomer is drawn to, and those whose median is its first place; fewer on a small map."""


class TSNEMap(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Lays customers out in two dimensions so that neighbours stay neighbours, and places newcomers among them.

    t-distributed stochastic neighbour embedding (van der Maaten and Hinton 2008), as openTSNE computes it with the
    Barnes-Hut approximation, in one thread and from exact neighbours, so that equal customers and an equal seed give
    equal bytes. It starts from the first two principal components. A newcomer is placed by its neighbours among the
    customers learnt from, who stay where they are; so it does not matter who else is placed with it. `transform` places
    the learnt customers too as if they were new, close to their places in `embedding_`.

    Parameters
    ----------
    perplexity
        About how many neighbours each customer is held to, above 0; at most a third of the others.
    n_iter
        Steps after the 250 of early exaggeration, at least 1.
    random_state
        Seed, at least 0.

    Attributes
    ----------
    embedding_
        Places of the customers learnt from, shape (n_customers, 2), centred.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=(40, 3))
    >>> groups = np.repeat([[0.0, 0.0, 0.0], [9.0, 9.0, 9.0]], 20, axis=0) + noise
    >>> model = TSNEMap(perplexity=5).fit(groups)
    >>> model.embedding_.shape, model.transform(groups[:1] + 0.01).shape
    ((40, 2), (1, 2))
    """

    def __init__(self, perplexity: float = 30.0, n_iter: int = 500, random_state: int = 0) -> None:
        self.perplexity = perplexity
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike | pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Learn the map of at least four customers; the time grows with n log n, the neighbours' with n squared.

        Raises
        ------
        UsageError
            A parameter has a value that is not allowed.
        """
        self._check_parameters()
        matrix: Matrix = validate_data(self, X, dtype=np.float64, ensure_min_samples=FEWEST_CUSTOMERS)
        learner = TSNE(
            perplexity=min(self.perplexity, (len(matrix) - 1) / 3),
            n_iter=self.n_iter,
            initialization=_first_places(matrix, self.random_state),
            neighbors="exact",
            negative_gradient_method="bh",
            n_jobs=1,
            random_state=self.random_state,
        )
        self._map = learner.fit(matrix)
        # Once, in place: newcomers are placed on the same centre.
        self._map -= (self._map.max(axis=0) + self._map.min(axis=0)) / 2
        self.embedding_: Matrix = np.array(self._map)
        self._n_features_out = 2
        return self

    def transform(self, X: npt.ArrayLike | pd.DataFrame) -> Matrix:
        """Place customers among those learnt: shape (n_customers, 2)."""
        check_is_fitted(self)
        matrix: Matrix = validate_data(self, X, reset=False, dtype=np.float64)
        most = len(self.embedding_) - 1
        placed = self._map.prepare_partial(
            matrix, perplexity=min(PLACING["perplexity"], most / 3), k=min(PLACING["k"], most)
        )
        placed.optimize(n_iter=250, learning_rate=0.1, exaggeration=1.5, momentum=0.8, max_grad_norm=0.25, inplace=True)
        return np.array(placed)

    def _check_parameters(self) -> None:
        for name, least, is_right in (
            ("perplexity", "a number > 0", _is_number(self.perplexity) and self.perplexity > 0),
            ("n_iter", "an int >= 1", _is_int(self.n_iter) and self.n_iter >= 1),
            ("random_state", "an int >= 0", _is_int(self.random_state) and self.random_state >= 0),
        ):
            if not is_right:
                raise UsageError(
                    f"The '{name}' parameter of TSNEMap must be {least}. Got {getattr(self, name)!r} instead."
                )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool) and bool(np.isfinite(value))


def _is_int(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _first_places(matrix: Matrix, random_state: int) -> Matrix:
    """Give the first two principal components, very close together, and a little noise that parts equal customers."""
    centred = matrix - matrix.mean(axis=0)
    u, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(matrix), 2))
    n_axes = min(2, len(sizes))
    places[:, :n_axes] = u[:, :n_axes] * sizes[:n_axes]
    places *= INITIAL_SPREAD / (places[:, 0].std() or 1.0)
    return places + np.random.default_rng(random_state).normal(scale=INITIAL_SPREAD / 100, size=places.shape)
