"""Idleness: how many customers change segment while they do nothing, since their last order grows old."""

from collections.abc import Mapping

import numpy as np

from customerbase.segmentation.comparing.field import Field
from customerbase.segmentation.comparing.learners import Key, Learnt
from customerbase.segmentation.rfm import RFM_COLUMNS
from customerbase.segmentation.value_tree import VALUE_COLUMNS

__all__ = ["IDLE_DAYS", "measure_idle_moves", "put_back"]

IDLE_DAYS = 30

RECENCIES = ("recency_days", "coupon_recency_days")
AGES = (*RECENCIES, "age_days")
"""Columns that grow by a day each day."""

NOT_KNOWN = ("last_90_days", "previous_90_days", "trend", "overdue_ratio")
"""Parts of the names of columns that change with time too, though by how much the orders alone can tell."""


def put_back(field: Field, idle_days: int = IDLE_DAYS) -> tuple[Field, Field] | None:
    """Take the customers who did nothing in the last days, as they are and as they were before these days.

    Of one who has not ordered in that time, everything was as it is now, but what counts days since an event.

    Parameters
    ----------
    field
        The customers.
    idle_days
        How many days.

    Returns
    -------
    The idle customers now, and then; None where no column says since when a customer has been idle, or nobody is.

    Examples
    --------
    See `compare`.
    """
    recency = next((name for name in RECENCIES if name in field.columns), None)
    if recency is None:
        return None
    rows = np.flatnonzero(field.customers[recency].to_numpy() > idle_days)
    if not len(rows):
        return None
    now = field.take(rows)
    ages = [name for name in AGES if name in now.customers]
    return now, now.alter(now.customers.assign(**{name: now.customers[name] - idle_days for name in ages}))


def measure_idle_moves(method: str, learnt: Learnt, pair: tuple[Field, Field] | None) -> Mapping[Key, float] | None:
    """Give by number of segments the share of idle customers who changed segment, placed by one model at both dates.

    Parameters
    ----------
    method, learnt
        The method, and what it has learnt at the later date.
    pair
        Of `put_back`.

    Returns
    -------
    None where there is nobody, or where the method looks at a column whose past the features do not tell.

    Examples
    --------
    See `compare`.
    """
    if pair is None or any(part in name for name in _looks_at(method, pair[0]) for part in NOT_KNOWN):
        return None
    now, then = (learnt.place(field) for field in pair)
    return {key: float(np.mean(now[key] != then[key])) for key in now}


def _looks_at(method: str, field: Field) -> tuple[str, ...]:
    from customerbase.segmentation.schemes import SCHEMES

    return VALUE_COLUMNS if method == "value_tree" else RFM_COLUMNS if method in SCHEMES else field.columns
