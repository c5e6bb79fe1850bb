"""Clusterers by density that suggest their own parameters: what counts as dense is learnt from the customers."""

from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import DBSCAN, HDBSCAN
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import validate_data

from customerbase.errors import UsageError

__all__ = ["SuggestedDBSCAN", "SuggestedHDBSCAN", "suggest_eps"]


def suggest_eps(X: npt.ArrayLike, min_samples: int) -> float:
    """Suggest how near a neighbour must be for DBSCAN: the knee of the distances to the k-th nearest customer.

    The distances of all customers to their `min_samples`-th nearest (themselves counted) are sorted; the knee is the
    one furthest below the straight line from the first to the last (Ester et al. 1996; Satopää et al. 2011).

    Parameters
    ----------
    X
        Prepared customers, shape (n_customers, n_columns).
    min_samples
        How many customers make a neighbourhood dense; at most that many customers count.

    Returns
    -------
    float
        In the unit of X, above 0; 1 where all customers are alike.

    Examples
    --------
    >>> suggest_eps([[0.0], [1.0], [2.0], [3.0], [50.0]], min_samples=2)
    1.0
    """
    X = np.asarray(X, dtype=np.float64)
    nearest = NearestNeighbors(n_neighbors=min(min_samples, len(X)), algorithm="kd_tree").fit(X)
    distances = np.sort(nearest.kneighbors(X)[0][:, -1])
    if not distances[-1]:
        return 1.0
    line = np.linspace(distances[0], distances[-1], len(distances))
    knee = distances[np.argmax(line - distances)]
    return float(knee or distances[distances > 0][0])


class SuggestedDBSCAN(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """DBSCAN whose parameters are suggested by the customers that it learns from.

    Parameters
    ----------
    eps
        Distance within which customers are neighbours; None: `suggest_eps`.
    min_samples
        Neighbours, itself counted, that make a customer a core of a group; None: twice the number of columns, at least
        4 (Sander et al. 1998).
    min_cluster_share
        Share of the customers that a group has at least, 0 <= share <= 0.5: those of smaller ones are in no group.

    Attributes
    ----------
    eps_, min_samples_
        What was taken.
    labels_
        Group of each customer, -1 for none; shape (n_customers,).
    core_sample_indices_
        Positions of the cores of groups, ascending.

    Examples
    --------
    >>> SuggestedDBSCAN(min_samples=2).fit_predict([[0.0], [1.0], [2.0], [3.0], [50.0]]).tolist()
    [0, 0, 0, 0, -1]
    """

    def __init__(
        self, eps: float | None = None, min_samples: int | None = None, min_cluster_share: float = 0.01
    ) -> None:
        self.eps = eps
        self.min_samples = min_samples
        self.min_cluster_share = min_cluster_share

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Learn what is dense, and the groups.

        Raises
        ------
        UsageError
            `min_cluster_share` is not a share.
        """
        _check_share(self)
        matrix: npt.NDArray[np.float64] = validate_data(self, X, dtype=np.float64)
        self.min_samples_ = self.min_samples or max(4, 2 * matrix.shape[1])
        self.eps_ = self.eps or suggest_eps(matrix, self.min_samples_)
        found = DBSCAN(eps=self.eps_, min_samples=self.min_samples_, algorithm="kd_tree").fit(matrix)
        sizes = np.bincount(found.labels_[found.labels_ >= 0], minlength=1)
        is_kept = np.append(sizes >= self.min_cluster_share * len(matrix), False)  # the last is for the label -1
        self.labels_ = np.where(is_kept, np.cumsum(is_kept) - 1, -1)[found.labels_]
        cores = found.core_sample_indices_
        self.core_sample_indices_ = cores[self.labels_[cores] >= 0]
        return self


class SuggestedHDBSCAN(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """HDBSCAN whose smallest group is a share of the customers that it learns from.

    Parameters
    ----------
    min_cluster_share
        Share of the customers that a group has at least, 0 <= share <= 0.5; never fewer than five.
    min_samples
        Neighbours by which density is measured; None: 10, or as many as there are customers. More of them make fewer
        and larger groups.

    Attributes
    ----------
    min_cluster_size_
        Customers that a group has at least.
    labels_
        Group of each customer, -1 for none; shape (n_customers,).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.append(np.linspace([0.0, 5.0], [1.0, 6.0], 50).ravel(), 90.0).reshape(-1, 1)
    >>> SuggestedHDBSCAN().fit(X).labels_[[0, 1, 100]].tolist()
    [0, 1, -1]
    """

    def __init__(self, min_cluster_share: float = 0.02, min_samples: int | None = None) -> None:
        self.min_cluster_share = min_cluster_share
        self.min_samples = min_samples

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: ARG002
        """Learn the groups.

        Raises
        ------
        UsageError
            `min_cluster_share` is not a share.
        """
        _check_share(self)
        matrix: npt.NDArray[np.float64] = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        self.min_cluster_size_ = max(5, round(self.min_cluster_share * len(matrix)))
        found = HDBSCAN(
            min_cluster_size=self.min_cluster_size_,
            min_samples=min(self.min_samples or 10, len(matrix)),
            algorithm="kd_tree",
            copy=True,
        )
        self.labels_ = found.fit(matrix).labels_
        return self


def _check_share(estimator: SuggestedDBSCAN | SuggestedHDBSCAN) -> None:
    if not 0 <= estimator.min_cluster_share <= 0.5:
        raise UsageError(
            f"The 'min_cluster_share' parameter of {type(estimator).__name__} must be from 0 to 0.5. "
            f"Got {estimator.min_cluster_share!r} instead."
        )
