"""Merges: the upper part of a tree of hierarchical clustering, as a table from which a dendrogram is drawn."""

from typing import Any

import numpy as np

from customerbase.segmentation.comparing.field import Matrix

__all__ = ["N_LEAVES", "list_merges"]

N_LEAVES = 31
"""Parts that are left when the last thirty merges are undone."""


def list_merges(merges: Matrix, n_leaves: int = N_LEAVES) -> list[dict[str, Any]]:
    """List the last merges of a tree, from its leaves to its root.

    Parameters
    ----------
    merges
        As `scipy.cluster.hierarchy.linkage` gives them, shape (n_customers - 1, 4).
    n_leaves
        Parts that are not divided further.

    Returns
    -------
    Rows with `node` (from 1), `left` and `right` (the nodes that it joins; None for a leaf), `height` (the distance
    at which they are joined; 0 for a leaf) and `n_customers`.

    Examples
    --------
    >>> from scipy.cluster.hierarchy import linkage
    >>> for row in list_merges(linkage([[0.0], [1.0], [8.0]], "average"), 2):
    ...     print(row)
    {'node': 1, 'left': None, 'right': None, 'height': 0.0, 'n_customers': 1}
    {'node': 2, 'left': None, 'right': None, 'height': 0.0, 'n_customers': 2}
    {'node': 3, 'left': 1, 'right': 2, 'height': 7.5, 'n_customers': 3}
    """
    n_customers = len(merges) + 1
    n_kept = min(n_leaves, n_customers) - 1
    first = n_customers - 1 - n_kept
    last = merges[first:]
    joined = [int(node) for node in last[:, :2].ravel()]
    leaves = sorted(node for node in joined if node < n_customers + first)
    numbers = {node: number for number, node in enumerate(leaves, start=1)}
    numbers |= {n_customers + first + place: len(leaves) + place + 1 for place in range(n_kept)}
    sizes = np.concatenate([np.ones(n_customers), merges[:, 3]]).astype(np.int64)
    rows: list[dict[str, Any]] = [
        {"node": numbers[node], "left": None, "right": None, "height": 0.0, "n_customers": int(sizes[node])}
        for node in leaves
    ]
    for place, (one, other, height, size) in enumerate(last):
        left, right = sorted((numbers[int(one)], numbers[int(other)]))
        node = numbers[n_customers + first + place]
        rows.append({"node": node, "left": left, "right": right, "height": float(height), "n_customers": int(size)})
    return rows
