"""Tables: what a comparison keeps, as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from customerbase.segmentation.comparing.contender import Contender
from customerbase.segmentation.comparing.field import Field, Labels
from customerbase.segmentation.comparing.gaps import Boxes, measure_gaps, sum_within
from customerbase.segmentation.comparing.learners import Cuts, learn
from customerbase.segmentation.comparing.measuring import Measured
from customerbase.segmentation.comparing.merges import list_merges

__all__ = ["list_bic", "list_contenders", "list_dendrogram", "list_elbow", "list_silhouettes", "list_stability"]

_SCHEMAS: Mapping[str, Mapping[str, pa.DataType]] = {
    "bic": {
        "n_segments": pa.int64(),
        "bic": pa.float64(),
        "aic": pa.float64(),
        "log_likelihood": pa.float64(),
        "n_parameters": pa.int64(),
    },
    "dendrogram": {
        "node": pa.int64(),
        "left": pa.int64(),
        "right": pa.int64(),
        "height": pa.float64(),
        "n_customers": pa.int64(),
    },
}


def _tabulate(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=pa.schema(list(_SCHEMAS[name].items())))


def list_contenders(contenders: Sequence[Contender], chosen: int | None) -> pa.Table:
    """List the contenders with all their figures, one row each, in the order of methods.

    Examples
    --------
    >>> list_contenders([Contender("kmeans", 3, 3, 0.1, 0.0)], 0).select(["place", "is_chosen"]).to_pylist()
    [{'place': 1, 'is_chosen': True}]
    """
    types = {"n_asked": pa.int64(), "is_as_good": pa.bool_(), "objections": pa.string(), "reason": pa.string()}
    rows = [
        {"place": place + 1, "is_chosen": place == chosen, **asdict(one), "objections": "; ".join(one.objections)}
        for place, one in enumerate(contenders)
    ]
    names = list(rows[0]) if rows else []
    columns = {name: [row[name] for row in rows] for name in names}
    known = {"place": pa.int64(), "is_chosen": pa.bool_(), "method": pa.string(), "n_segments": pa.int64(),
             "n_refits": pa.int64(), "n_drawn": pa.int64(), **types}  # fmt: skip
    return pa.table({name: pa.array(values, known.get(name, pa.float64())) for name, values in columns.items()})


def list_silhouettes(measured: Sequence[Measured], customer_ids: Sequence[str], rows: Labels) -> pa.Table:
    """List the silhouette of each customer of the sample for each contender, sorted by segment, the highest first.

    Examples
    --------
    See `compare`.
    """
    parts = []
    ids = np.asarray(customer_ids, dtype=object)[rows]
    for place, one in enumerate(measured, start=1):
        if not len(one.silhouettes):
            continue
        segments = one.segments[rows]
        order = np.lexsort((np.arange(len(rows)), -one.silhouettes, segments))
        parts.append(
            pa.table(
                {
                    "place": pa.array([place] * len(order), pa.int64()),
                    "method": pa.array([one.contender.method] * len(order), pa.string()),
                    "n_segments": pa.array([one.contender.n_segments] * len(order), pa.int64()),
                    "segment": pa.array(segments[order], pa.int64()),
                    "rank": pa.array(np.arange(1, len(order) + 1), pa.int64()),
                    "customer_id": pa.array(ids[order], pa.string()),
                    "silhouette": pa.array(one.silhouettes[order], pa.float64()),
                }
            )
        )
    return pa.concat_tables(parts)


def list_stability(measured: Sequence[Measured]) -> pa.Table:
    """List how well each segment of each contender is found again, beside its adjusted Rand index.

    Examples
    --------
    See `compare`.
    """
    rows = [
        {
            "place": place,
            "method": one.contender.method,
            "n_segments": one.contender.n_segments,
            "segment": number,
            "share": float(np.mean(one.segments == number)),
            "jaccard": jaccard,
            "stability": one.contender.stability,
            "stability_lower": one.contender.stability_lower,
            "stability_upper": one.contender.stability_upper,
            "n_refits": one.contender.n_refits,
            "n_drawn": one.contender.n_drawn,
        }
        for place, one in enumerate(measured, start=1)
        for number, jaccard in enumerate(one.jaccard, start=1)
    ]
    return pa.Table.from_pylist(rows)


def list_elbow(field: Field, boxes: Boxes, most: int, random_state: int) -> pa.Table:
    """List the inertia of k-means for each number of segments from one on, with the gap statistic.

    Parameters
    ----------
    field, boxes
        The customers, and as many spread evenly.
    most
        The largest number.
    random_state
        Seed of k-means.

    Returns
    -------
    `n_segments, inertia, explained_share` (of the spread of all customers), `gap, gap_error`.

    Examples
    --------
    See `compare`.
    """
    numbers = range(1, most + 1)
    labels = learn("kmeans", field, numbers, random_state).place(field)
    gaps = measure_gaps("kmeans", boxes, labels, numbers, random_state)
    inertias = [sum_within(field.prepared, labels[number]) for number in numbers]
    rows = [
        {
            "n_segments": number,
            "inertia": inertia,
            "explained_share": 1 - inertia / inertias[0] if inertias[0] else 0.0,
            "gap": gaps[number][0],
            "gap_error": gaps[number][1],
        }
        for number, inertia in zip(numbers, inertias, strict=True)
    ]
    return pa.Table.from_pylist(rows)


def list_bic(measured: Sequence[Measured], field: Field) -> pa.Table:
    """List BIC and AIC of mixtures by number of segments; no row where none was tried.

    Returns
    -------
    `n_segments, bic, aic, log_likelihood` (of all customers) and `n_parameters`.

    Examples
    --------
    See `compare`.
    """
    d = field.prepared.shape[1]
    rows = []
    for one in measured:
        key, bic, aic = one.contender.n_asked, one.contender.bic, one.contender.aic
        if key is None or bic is None or aic is None:
            continue
        n_parameters = key - 1 + key * d + key * d * (d + 1) // 2
        rows.append(
            {
                "n_segments": key,
                "bic": bic,
                "aic": aic,
                "log_likelihood": n_parameters - aic / 2,
                "n_parameters": n_parameters,
            }
        )
    return _tabulate("bic", rows)


def list_dendrogram(measured: Sequence[Measured]) -> pa.Table:
    """List the last merges of Ward's tree; no row where it was not made.

    Examples
    --------
    See `list_merges`.
    """
    ward = next((one.learnt for one in measured if one.contender.method == "ward"), None)
    return _tabulate("dendrogram", list_merges(ward.merges) if isinstance(ward, Cuts) else [])
