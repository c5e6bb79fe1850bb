"""A model and its customers: which columns it looks at, who can be placed by them, learning and placing."""

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from customerbase.errors import DataError, UsageError
from customerbase.features.customers import matrix
from customerbase.segmentation.clustering import COUPON_COLUMNS, DEFAULT_COLUMNS, single_thread
from customerbase.segmentation.inductive import UNUSUAL, InductiveClusterer
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS

__all__ = [
    "Clusterer",
    "asked_number",
    "default_columns",
    "fit_model",
    "model_columns",
    "place_customers",
    "prepare_customers",
    "sample_customers",
    "suit_model",
    "take_customers",
]

BATCH_CUSTOMERS = 100_000
"""Customers placed at a time, so that the model's working copies stay small."""

_NO_MEASURE = re.compile(r"(^|_)(id|code|cluster|segment|label)(_|$)|^engagement_score$")
"""Columns that look like numbers and measure nothing, and a sum of three others."""


class Clusterer(Protocol):
    """What a model must offer: scikit-learn's `fit` and `predict`."""

    def fit(self, X: pd.DataFrame) -> Any:  # noqa: ANN401
        """Learn from customers."""

    def predict(self, X: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Give the label of each customer."""


def default_columns(features: ir.Table) -> tuple[str, ...]:
    """Give the columns by which customers are compared when nobody says which.

    These are recency_days, frequency and monetary where all three are there; else, of coupons, `COUPON_COLUMNS`; else
    all numeric columns but numbers and codes (of a customer, a cluster, a segment), the engagement score, which is a
    sum of three others, and those in which nobody has a value.

    Raises
    ------
    DataError
        No column is left.

    Examples
    --------
    >>> import ibis
    >>> default_columns(ibis.memtable({"customer_id": ["a"], "n_sessions": [3.0], "city_id": [7.0], "gender": ["f"]}))
    ('n_sessions',)
    """
    types = features.schema()
    for columns in (DEFAULT_COLUMNS, COUPON_COLUMNS):
        if set(columns) <= set(types):
            return columns
    numeric = (name for name, type_ in types.items() if type_.is_numeric() or type_.is_boolean())
    measures = [name for name in numeric if not _NO_MEASURE.search(name)]
    if not (found := _filled(features, measures)):
        raise DataError(
            f"The customers have no numeric column to be compared by. They have: {', '.join(types)}. "
            "Read orders, coupons or a file with measures."
        )
    return found


def _filled(features: ir.Table, names: Sequence[str]) -> tuple[str, ...]:
    """Keep the columns in which somebody has a value: a contract may have columns that a file has not."""
    if not names:
        return ()
    counts = features.agg(**{name: features[name].count() for name in names}).to_pyarrow().to_pylist()[0]
    return tuple(name for name in names if counts[name])


def suit_model(model: Clusterer, features: ir.Table) -> Clusterer:
    """Copy a model; one that looks at the default columns gets those that suit features without them.

    Raises
    ------
    UsageError
        The model is an `RFM`, and the features lack a column that it scores.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> suit_model(make_clusterer(), ibis.memtable({"customer_id": ["a"], "n_sessions": [3.0]}))[0].columns
    ('n_sessions',)
    """
    copy: Clusterer = clone(model)
    missing = [name for name in DEFAULT_COLUMNS if name not in features.columns]
    if isinstance(copy, RFM) and missing:
        raise UsageError(
            f"The model rfm scores {', '.join(RFM_COLUMNS)}, and these customers have no {missing[0]}. "
            "Use --model kmeans."
        )
    chosen = getattr(copy[0], "columns", None) if isinstance(copy, Pipeline) else None
    if missing and chosen is not None and tuple(chosen) == DEFAULT_COLUMNS:
        copy[0].set_params(columns=default_columns(features))  # type: ignore[index]
    return copy


def model_columns(model: Clusterer, features: ir.Table) -> tuple[list[str], list[str]]:
    """Give the names of the numeric columns that a model looks at, and of those that it encodes.

    Examples
    --------
    >>> import ibis
    >>> model_columns(RFM(), ibis.memtable({"customer_id": ["a"]}))
    (['recency_days', 'frequency', 'monetary'], [])
    """
    first = model[0] if isinstance(model, Pipeline) else None
    if isinstance(first, ColumnTransformer):
        numbers, categories = (list(columns) for _, _, columns in first.transformers)
        return numbers, categories
    if isinstance(model, RFM):
        return list(RFM_COLUMNS), []
    learnt = getattr(model, "feature_names_in_", None)
    chosen = getattr(model if first is None else first, "columns", None)
    return list(chosen or (default_columns(features) if learnt is None else learnt)), []


def take_customers(model: Clusterer, features: ir.Table, further: Sequence[str] = ()) -> pd.DataFrame:
    """Take the customers of the base whom a model can place, with its columns and further ones.

    A pipeline gets everybody, since a step of it fills what is missing; any other model those who have all its columns.

    Raises
    ------
    DataError
        A customer has an infinite value.

    Examples
    --------
    >>> import ibis
    >>> features = ibis.memtable({"customer_id": ["a", "b"], "recency_days": [3, None], "frequency": [2, 1],
    ...                           "monetary": [9.0, 5.0]})
    >>> list(take_customers(RFM(), features).index)
    ['a']
    """
    numbers, categories = model_columns(model, features)
    X = matrix(features, list(dict.fromkeys([*numbers, *further])), categories)
    _refuse_infinite(X[numbers])
    return X if isinstance(model, Pipeline) else X.dropna(subset=numbers)


def _refuse_infinite(X: pd.DataFrame) -> None:
    is_infinite = np.isinf(X.to_numpy())
    if is_infinite.any():
        row, column = np.argwhere(is_infinite)[0]
        raise DataError(
            f"The column {X.columns[column]} is infinite for the customer {X.index[row]}. Correct it, or leave it "
            "empty: what is missing is filled with the median."
        )


def asked_number(model: Clusterer) -> int | None:
    """Give the number of segments that a model is to make; None where it finds that out itself.

    Examples
    --------
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> [asked_number(make_clusterer(name)) for name in ("kmeans", "gaussian_mixture", "ward", "dbscan")]
    [6, 6, 6, None]
    """
    last = model[-1] if isinstance(model, Pipeline) else None
    last = last.clusterer if isinstance(last, InductiveClusterer) else last
    return getattr(last, "n_clusters", None) or getattr(last, "n_components", None)


def fit_model(model: Clusterer, X: pd.DataFrame, most_customers: int, random_state: int) -> None:
    """Let a model learn from customers, or from a seeded sample of them.

    Raises
    ------
    DataError
        There are more segments than customers, or than kinds of customers.

    Examples
    --------
    >>> X = pd.DataFrame({"recency_days": [3.0, 9.0], "frequency": [2.0, 1.0], "monetary": [9.0, 5.0]})
    >>> model = RFM()
    >>> fit_model(model, X, most_customers=100, random_state=0)
    >>> place_customers(model, X).shape
    (2,)
    """
    sample = sample_customers(X, most_customers, random_state)
    _check_enough_customers(model, sample)
    with single_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # notes.make_notes says it
        model.fit(sample)


def sample_customers(X: pd.DataFrame, n_customers: int, random_state: int) -> pd.DataFrame:
    """Draw customers by a seed, in their order; all of them where there are no more.

    Examples
    --------
    >>> sample_customers(pd.DataFrame({"frequency": [4, 5, 6]}), n_customers=2, random_state=0).frequency.tolist()
    [5, 6]
    """
    if len(X) <= n_customers:
        return X
    chosen = np.random.default_rng(random_state).choice(len(X), n_customers, replace=False)
    return X.iloc[np.sort(chosen)]


def _check_enough_customers(model: Clusterer, X: pd.DataFrame) -> None:
    if not isinstance(model, Pipeline):
        return
    n_segments = asked_number(model) or 2
    if n_segments > len(X):
        customers = "1 customer" if len(X) == 1 else f"{len(X)} customers"
        raise DataError(f"Cannot make {n_segments} segments of {customers}. {_advise_fewer(len(X))}read more orders.")
    prepared = prepare_customers(model, X)
    n_distinct = len(pd.DataFrame(prepared).drop_duplicates())
    if n_segments > n_distinct:
        raise DataError(
            f"Cannot make {n_segments} segments: by {', '.join(X.columns)} the {len(X)} customers are only "
            f"{n_distinct} different {'kind' if n_distinct == 1 else 'kinds'}. "
            f"{_advise_fewer(n_distinct)}use --model rfm."
        )


def prepare_customers(model: Pipeline, X: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Prepare customers anew, to look at them before the clusterer does.

    Raises
    ------
    UsageError
        There are to be more principal components than columns or customers.

    Examples
    --------
    >>> from customerbase.segmentation.clustering import make_clusterer
    >>> prepare_customers(make_clusterer(columns=["frequency"]), pd.DataFrame({"frequency": [1.0, 3.0]})).round(6)
    array([[-1.],
           [ 1.]])
    """
    steps = clone(model)[:-1]
    pca = steps.named_steps.get("pca")
    if pca is None or isinstance(pca.n_components, float):
        prepared: npt.NDArray[np.float64] = steps.fit_transform(X)
        return prepared
    columns = steps[:-1].fit_transform(X)
    if pca.n_components > min(columns.shape):
        raise UsageError(
            f"The 'pca' parameter of make_clusterer must be at most {min(columns.shape)}, the number of columns "
            f"or customers. Got {pca.n_components} instead."
        )
    return np.asarray(columns, dtype=np.float64)


def _advise_fewer(most: int) -> str:
    """Begin an advice; of one customer, or one kind of customers, no number of segments can be made."""
    return f"Ask for at most {most} with --n-segments, or " if most > 1 else "Instead, "


def place_customers(model: Clusterer, X: pd.DataFrame, known: Sequence[int] | None = None) -> npt.NDArray[np.int64]:
    """Give the label of each customer, some at a time.

    Parameters
    ----------
    model
        As it was learnt.
    X
        Customers, as `take_customers` gives them.
    known
        The labels that are segments; a customer whom the model puts into a group that nobody was in is unusual.

    Examples
    --------
    See `fit_model`.
    """
    none: npt.NDArray[np.int64] = np.empty(0, dtype=np.int64)
    with single_thread():
        labels = np.concatenate([none, *(model.predict(batch) for batch in _batches(X))])
    return labels if known is None else np.where(np.isin(labels, known), labels, UNUSUAL)


def _batches(X: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(X), BATCH_CUSTOMERS):
        yield X.iloc[start : start + BATCH_CUSTOMERS]
