"""Contender: one method with one number of segments, and every figure that was measured of it."""

from dataclasses import dataclass

__all__ = ["Constraints", "Contender", "spell_method"]

_SPELT = {
    "kmeans": "k-means",
    "minibatch_kmeans": "mini-batch k-means",
    "gaussian_mixture": "Gaussian mixture",
    "ward": "Ward's linkage",
    "average": "average linkage",
    "complete": "complete linkage",
    "dbscan": "DBSCAN",
    "hdbscan": "HDBSCAN",
    "value_tree": "value tree",
}


@dataclass(frozen=True)
class Constraints:
    """What a business asks of segments before it looks at anything else.

    Parameters
    ----------
    fewest, most
        How few and how many segments it can act on.
    least_share
        Share of the customers that the smallest segment must have.
    least_stability
        Mean adjusted Rand index at which segments must be found again from customers drawn anew.

    Examples
    --------
    >>> print(Constraints(3, 8, 0.03, 0.85))
    3 to 8 segments, none under 3% of the customers, found again at 0.85 or more
    """

    fewest: int
    most: int
    least_share: float
    least_stability: float

    def __str__(self) -> str:
        """Say it in words."""
        numbers = f"{self.fewest} to {self.most}" if self.fewest < self.most else f"{self.fewest}"
        return (
            f"{numbers} segments, none under {100 * self.least_share:.3g}% of the customers, found again at "
            f"{self.least_stability:.2f} or more"
        )


@dataclass(frozen=True)
class Contender:
    """One way to segment, measured; None where a figure is undefined or was not measured, as `reason` says.

    All figures of distance are of the common space, also those of methods that do not learn in it. Customers whom a
    method calls unusual count as one more segment.

    Parameters
    ----------
    method
        One of `METHODS`.
    n_asked
        How many segments it was asked for; None for one that finds that out.
    n_segments
        Segments with a customer.
    smallest_share
        Share of the customers that the smallest has.
    unusual_share
        Share of the customers who are in no group.
    silhouette
        Mean over a sample of the customers, from -1 to 1; higher is better.
    davies_bouldin
        From 0; lower is better.
    calinski_harabasz
        From 0; higher is better.
    inertia
        Sum of squared distances of customers to the mean of their segment.
    bic, aic
        Of a mixture: lower is better.
    gap, gap_error
        The gap statistic of Tibshirani, Walther and Hastie (2001), and its standard error.
    stability, stability_lower, stability_upper
        Mean adjusted Rand index of refits on customers drawn anew, and where nine in ten of them lie.
    lowest_jaccard
        Of the segment that is found again worst: customers in both over customers in either, on average.
    n_refits, n_drawn
        How many refits, and how many customers each of them drew.
    spend_eta_squared
        Share of the variance of later spend that lies between segments of an earlier date.
    share_of_reference, reference_lower, reference_upper
        That over what the reference model explains, and where nine in ten draws of customers put it.
    is_as_good
        Whether the best that meets the constraints is ahead of it in the share by no more than chance.
    idle_moved_share
        Share of the idle customers who change segment while they do nothing: see `put_back`.
    objections
        Which constraints it does not meet, in words.
    reason
        Why figures are missing.

    Examples
    --------
    >>> Contender("kmeans", 6, 6, 0.054, 0.0).name
    'k-means with 6 segments'
    >>> Contender("hdbscan", None, 3, 0.1, 0.2).name
    'HDBSCAN (3 segments)'
    """

    method: str
    n_asked: int | None
    n_segments: int
    smallest_share: float
    unusual_share: float
    silhouette: float | None = None
    davies_bouldin: float | None = None
    calinski_harabasz: float | None = None
    inertia: float | None = None
    bic: float | None = None
    aic: float | None = None
    gap: float | None = None
    gap_error: float | None = None
    stability: float | None = None
    stability_lower: float | None = None
    stability_upper: float | None = None
    lowest_jaccard: float | None = None
    n_refits: int = 0
    n_drawn: int = 0
    spend_eta_squared: float | None = None
    share_of_reference: float | None = None
    reference_lower: float | None = None
    reference_upper: float | None = None
    is_as_good: bool | None = None
    idle_moved_share: float | None = None
    objections: tuple[str, ...] = ()
    reason: str = ""

    @property
    def name(self) -> str:
        """The method with its number of segments, in words."""
        segments = f"{self.n_segments} segment{'' if self.n_segments == 1 else 's'}"
        method = spell_method(self.method)
        return f"{method} ({segments})" if self.n_asked is None else f"{method} with {segments}"


def spell_method(method: str) -> str:
    """Give the name of a method as a sentence has it.

    Examples
    --------
    >>> spell_method("gaussian_mixture"), spell_method("klaviyo-6")
    ('Gaussian mixture', 'klaviyo-6')
    """
    return _SPELT.get(method, method)
