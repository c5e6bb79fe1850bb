"""The field: the customers of one date as every method sees them, prepared and as they are."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from customerbase.features.customers import matrix
from customerbase.segmentation.clustering import single_thread
from customerbase.segmentation.fitting import (
    model_columns,
    prepare_customers,
    sample_customers,
    suit_model,
    take_customers,
)
from customerbase.segmentation.learning import join_target
from customerbase.segmentation.numbering import VALUES
from customerbase.segmentation.rfm import RFM_COLUMNS
from customerbase.segmentation.value_tree import VALUE_COLUMNS

__all__ = ["Field", "Labels", "Matrix", "Past", "choose_rows", "make_field", "make_past"]

Matrix = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
Past = tuple[pd.DataFrame, Matrix]
"""Customers of an earlier date, and what each spent in the days after it: what a value tree learns from."""


@dataclass(frozen=True)
class Field:
    """Customers of one date.

    Parameters
    ----------
    customers
        Their features as they are, by `customer_id`.
    columns
        Which of them the common space is made of.
    steps
        The preparation, as learnt from these customers.
    prepared
        The common space, shape (n_customers, n_columns).
    past
        What a value tree learns from; None where nothing is known of it.
    """

    customers: pd.DataFrame
    columns: tuple[str, ...]
    steps: Any
    prepared: Matrix
    past: Past | None = None

    def take(self, rows: npt.NDArray[np.intp]) -> "Field":
        """Take some of the customers; what was learnt stays."""
        return replace(self, customers=self.customers.iloc[rows], prepared=self.prepared[rows])

    def alter(self, customers: pd.DataFrame) -> "Field":
        """Give the same preparation other customers."""
        return replace(self, customers=customers, prepared=self.steps.transform(customers[list(self.columns)]))

    @property
    def value(self) -> Matrix:
        """What stands for the value of each customer: by it segments are numbered."""
        name = next((name for name in VALUES if name in self.customers), self.columns[0])
        return self.customers[name].fillna(0.0).to_numpy(dtype=np.float64)

    def has(self, columns: tuple[str, ...]) -> bool:
        """Tell whether all customers have a value in each of these columns."""
        return set(columns) <= set(self.customers) and not self.customers[list(columns)].isna().any(axis=None)


def make_field(
    features: ir.Table, model: Pipeline, most_customers: int, random_state: int, past: Past | None = None
) -> Field:
    """Take the customers of a date, or a seeded sample of them, and learn their preparation.

    Parameters
    ----------
    features
        As `segment` takes them.
    model
        A pipeline of `make_clusterer`, for its preparation.
    most_customers, random_state
        Most customers to take, and the seed of their sample.
    past
        What a value tree learns from.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> features = ibis.memtable({"customer_id": ["a", "b"], "recency_days": [3, 9], "frequency": [2, 1],
    ...                           "monetary": [9.0, 5.0]})
    >>> make_field(features, make_clusterer(), 100, 0).prepared.round(6).tolist()
    [[-1.0, 1.0, 1.0], [1.0, -1.0, -1.0]]
    """
    suited: Any = suit_model(model, features)
    numbers, categories = model_columns(suited, features)
    columns = (*numbers, *categories)
    types = features.schema()
    further = [name for name in (*RFM_COLUMNS, *VALUE_COLUMNS, *VALUES) if name in types and types[name].is_numeric()]
    customers = sample_customers(take_customers(suited, features, further), most_customers, random_state)
    with single_thread():
        if customers.empty:
            return Field(customers, columns, None, np.empty((0, len(columns))), past)
        prepare_customers(suited, customers[list(columns)])  # refuses more principal components than there can be
        steps = suited[:-1].fit(customers[list(columns)])
        return Field(customers, columns, steps, steps.transform(customers[list(columns)]), past)


def make_past(
    features: ir.Table,
    target: ir.Table,
    most_customers: int,
    random_state: int,
    known_at: date | None = None,
) -> Past | None:
    """Take what a value tree learns from; None where the features lack one of its columns.

    Parameters
    ----------
    features, target
        Of one date: see `join_target`.
    most_customers, random_state
        Most customers to take, and the seed of their sample.
    known_at
        The date at which the target must be over.

    Raises
    ------
    UsageError
        The two are of different dates, or the target reaches beyond `known_at`.

    Examples
    --------
    >>> import ibis
    >>> table = ibis.memtable({"customer_id": ["a"]})
    >>> make_past(table, table, 100, 0) is None
    True
    """
    if not set(VALUE_COLUMNS) <= set(features.columns):
        return None
    joined = join_target(features, target, known_at)
    taken = sample_customers(matrix(joined, [*VALUE_COLUMNS, "future_revenue"]), most_customers, random_state)
    taken = taken.dropna()
    return taken[list(VALUE_COLUMNS)], taken["future_revenue"].to_numpy(dtype=np.float64)


def choose_rows(n_customers: int, n_most: int, random_state: int) -> npt.NDArray[np.intp]:
    """Draw positions of customers by a seed, ascending; all where there are no more.

    Examples
    --------
    >>> choose_rows(3, 2, 0).tolist(), choose_rows(3, 5, 0).tolist()
    ([1, 2], [0, 1, 2])
    """
    if n_customers <= n_most:
        return np.arange(n_customers)
    return np.sort(np.random.default_rng(random_state).choice(n_customers, n_most, replace=False))
