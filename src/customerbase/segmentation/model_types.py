"""The types that a model file may hold, what is kept of each, and what that may be: an estimator as JSON and arrays."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.cluster import AgglomerativeClustering, KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, PowerTransformer, RobustScaler, StandardScaler

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.inductive import UNUSUAL, InductiveClusterer
from customerbase.segmentation.model_archive import AGAIN
from customerbase.segmentation.preparation import ColumnSelector, MedianFill, QuantileRanks, SignedLog, Winsorizer
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS
from customerbase.segmentation.suggestions import SuggestedDBSCAN, SuggestedHDBSCAN
from customerbase.segmentation.value_tree import ValueTree

__all__ = ["LEARNT", "UNFITTED", "Learnt", "decode", "encode"]

LARGEST = 1e100
"""No figure of a shop is larger; squares of it can still be added."""
MOST_COLUMNS = 10_000

Arrays = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Learnt:
    """What a learnt array may be.

    Parameters
    ----------
    shape
        A name or a number for each dimension; equal names are equal numbers within one estimator, and `n_columns` is
        the number of columns that it takes. None: any.
    kind
        `f` for floats of 64 bits, `i` for integers of 64 bits, `U` for text.
    is_sound
        What must hold for the values beside being finite and no larger than any shop's.
    is_optional
        Whether it may be None.
    is_finite
        Whether values must be finite.

    Examples
    --------
    >>> Learnt(("n_columns",)).kind
    'f'
    """

    shape: tuple[str | int, ...] | None
    kind: str = "f"
    is_sound: Callable[[npt.NDArray[Any]], bool] = lambda array: True  # noqa: ARG005
    is_optional: bool = False
    is_finite: bool = True


def _above_zero(array: npt.NDArray[Any]) -> bool:
    return bool((array > 0).all())


def _not_below_zero(array: npt.NDArray[Any]) -> bool:
    return bool((array >= 0).all())


def _ascends(array: npt.NDArray[Any]) -> bool:
    return bool((np.diff(array, axis=0) >= 0).all())


def _are_labels(array: npt.NDArray[Any]) -> bool:
    return bool(((array >= UNUSUAL) & (array < 1_000_000)).all())


def _are_shares(array: npt.NDArray[Any]) -> bool:
    return bool((array >= 0).all() and abs(array.sum() - 1) < 1e-6)


PER_COLUMN = Learnt(("n_columns",))
SCALE = Learnt(("n_columns",), is_sound=_above_zero)

# What `predict` needs and nothing else: no labels of customers. A new type is one entry here.
LEARNT: dict[type[BaseEstimator], dict[str, Learnt]] = {
    ColumnSelector: {},
    MedianFill: {"medians_": PER_COLUMN},
    Winsorizer: {"lower_bounds_": PER_COLUMN, "upper_bounds_": PER_COLUMN},
    SignedLog: {"scale_": SCALE},
    PowerTransformer: {"lambdas_": PER_COLUMN},
    QuantileRanks: {"quantiles_": Learnt(("n_quantiles", "n_columns"), is_sound=_ascends)},
    StandardScaler: {"mean_": PER_COLUMN, "scale_": SCALE, "var_": Learnt(("n_columns",), is_sound=_not_below_zero)},
    RobustScaler: {"center_": PER_COLUMN, "scale_": SCALE},
    PCA: {
        "mean_": PER_COLUMN,
        "components_": Learnt(("n_components", "n_columns")),
        "explained_variance_": Learnt(("n_components",), is_sound=_not_below_zero),
        "explained_variance_ratio_": Learnt(("n_components",), is_sound=_not_below_zero),
    },
    KMeans: {"cluster_centers_": Learnt(("n_clusters", "n_columns"))},
    MiniBatchKMeans: {"cluster_centers_": Learnt(("n_clusters", "n_columns"))},
    GaussianMixture: {
        "weights_": Learnt(("n_groups",), is_sound=_are_shares),
        "means_": Learnt(("n_groups", "n_columns")),
        "covariances_": Learnt(("n_groups", "n_columns", "n_columns")),
        "precisions_cholesky_": Learnt(("n_groups", "n_columns", "n_columns")),
    },
    InductiveClusterer: {
        "points_": Learnt(("n_points", "n_columns")),
        "point_labels_": Learnt(("n_points",), kind="i", is_sound=_are_labels),
        "classes_": Learnt(("n_classes",), kind="i", is_sound=lambda array: _are_labels(array) and _ascends(array)),
        "reaches_": Learnt(("n_points",), is_sound=_not_below_zero, is_optional=True),
        "spreads_": Learnt(("n_points",), is_sound=_not_below_zero, is_optional=True),
    },
    RFM: {
        "edges_": Learnt(None, is_sound=lambda array: _ascends(array.T)),
        "segment_names_": Learnt(("n_segments",), kind="U"),
        "cell_segments_": Learnt(None, kind="i", is_sound=_not_below_zero),
    },
    ValueTree: {
        "lower_": Learnt(("n_segments", "n_columns"), is_finite=False),
        "upper_": Learnt(("n_segments", "n_columns"), is_finite=False),
        "values_": Learnt(("n_segments",), is_sound=_not_below_zero),
        "shares_": Learnt(("n_segments",), is_sound=_are_shares),
    },
}
"""The types that a model file may hold, and the learnt attributes that are kept of each."""

UNFITTED = {kind.__name__: kind for kind in (AgglomerativeClustering, SuggestedDBSCAN, SuggestedHDBSCAN)}
"""Clusterers that an inductive one may name; what they have learnt is in its points."""

TYPES = {kind.__name__: kind for kind in LEARNT}


def _is_mixture(model: GaussianMixture) -> bool:
    """Check that covariances are symmetric and positive, and that the precisions belong to them."""
    if model.covariance_type != "full":
        return False
    covariances, roots = model.covariances_, model.precisions_cholesky_
    is_symmetric = np.allclose(covariances, covariances.transpose(0, 2, 1))
    products = np.einsum("kji,kjl,klm->kim", roots, covariances, roots)
    return (
        is_symmetric
        and np.allclose(products, np.eye(products.shape[1]), atol=1e-4)
        and bool((np.linalg.eigvalsh(covariances) > 0).all())
    )


def _is_inductive(model: InductiveClusterer) -> bool:
    n_neighbors, can_be_unusual = model.n_neighbors, model.reaches_ is not None
    return (
        isinstance(n_neighbors, int)
        and 1 <= n_neighbors <= 1000
        and len(model.points_) > 0
        and bool(np.isin(model.point_labels_, model.classes_).all())
        and len(np.unique(model.classes_)) == len(model.classes_)
        and can_be_unusual == (model.classes_[0] == UNUSUAL)
        and (can_be_unusual or model.spreads_ is None)
    )


def _is_rfm(model: RFM) -> bool:
    """Check that there are cut points for each score, of all customers or of each group, and a name for each cell."""
    n_bins = model.cell_segments_.shape
    return int(model.cell_segments_.max()) < len(model.segment_names_) and all(
        edges.shape[-1] == n_bins[place] - 1 and edges.shape[:-1] in ((), n_bins[:place])
        for place, edges in enumerate(model.edges_[name] for name in RFM_COLUMNS)
    )


SOUND: dict[type[BaseEstimator], Callable[[Any], bool]] = {
    Winsorizer: lambda model: bool((model.lower_bounds_ <= model.upper_bounds_).all()),
    PowerTransformer: lambda model: model.method == "yeo-johnson" and model.standardize is False,
    KMeans: lambda model: len(model.cluster_centers_) == model.n_clusters,
    MiniBatchKMeans: lambda model: len(model.cluster_centers_) == model.n_clusters,
    PCA: lambda model: model.whiten is False,
    GaussianMixture: _is_mixture,
    InductiveClusterer: _is_inductive,
    RFM: _is_rfm,
    ValueTree: lambda model: bool((model.lower_ <= model.upper_).all()),
}
"""What must hold between the parts of an estimator, before it is asked anything: compiled code trusts them."""


def encode(model: BaseEstimator, arrays: dict[str, npt.NDArray[Any]], prefix: str = "") -> dict[str, object]:
    """Describe a fitted estimator in terms of JSON; its arrays are added to `arrays`.

    Raises
    ------
    UsageError
        It has a type that is not in `LEARNT`.

    Examples
    --------
    >>> arrays = {}
    >>> encode(SignedLog().fit([[1.0], [3.0]]), arrays), arrays
    ({'type': 'SignedLog', 'parameters': {}, 'fitted': {'n_features_in_': 1, 'scale_': {'array': 'scale_'}}},
     {'scale_': array([2.])})
    """
    if isinstance(model, Pipeline):
        return {
            "type": "Pipeline",
            "steps": [[name, encode(step, arrays, f"{prefix}{name}.")] for name, step in model.steps],
        }
    if isinstance(model, ColumnTransformer):
        parts = [
            [name, encode(part, arrays, f"{prefix}{name}."), list(columns)]
            for name, part, columns in model.transformers_
            if name != "remainder"
        ]
        return {"type": "ColumnTransformer", "transformers": parts}
    if isinstance(model, OneHotEncoder):
        categories = zip(model.feature_names_in_, model.categories_, strict=True)
        return {"type": "OneHotEncoder", "categories": [_encode_categories(name, each) for name, each in categories]}
    kind = type(model)
    if kind not in LEARNT:
        raise UsageError(f"A model file cannot hold a {kind.__name__}. It can hold: {', '.join(TYPES)}.")
    parameters = {name: _encode_parameter(value) for name, value in model.get_params(deep=False).items()}
    fitted = {name: _encode_value(getattr(model, name), arrays, f"{prefix}{name}") for name in LEARNT[kind]}
    return {
        "type": kind.__name__,
        "parameters": parameters,
        "fitted": {"n_features_in_": model.n_features_in_, **fitted},
    }


def _encode_parameter(value: object) -> object:
    """Name a clusterer within another by type and parameters; one that is not known is left out: it has learnt."""
    if not isinstance(value, BaseEstimator):
        return value
    name = type(value).__name__
    return {"unfitted": name, "parameters": value.get_params(deep=False)} if name in UNFITTED else None


def _encode_value(value: object, arrays: dict[str, npt.NDArray[Any]], path: str) -> object:
    if isinstance(value, dict):
        return {"dict": {key: _encode_value(item, arrays, f"{path}.{key}") for key, item in value.items()}}
    if isinstance(value, np.ndarray):
        arrays[path] = np.asarray(value, order="C")
        return {"array": path}
    return value


def _encode_categories(name: str, values: npt.NDArray[Any]) -> dict[str, object]:
    known = [str(value) for value in values if not pd.isna(value)]
    missing = {"has_none": any(value is None for value in values), "has_nan": any(value != value for value in values)}
    return {"column": name, "values": known, **missing}


def decode(node: Mapping[str, Any], arrays: Arrays) -> BaseEstimator:
    """Build the estimator that `encode` described, once all its parts are what they may be.

    Raises
    ------
    DataError
        A type is not allowed, or an array has another shape or kind, or values, than it may have.

    Examples
    --------
    >>> node = {"type": "SignedLog", "parameters": {}, "fitted": {"n_features_in_": 1, "scale_": {"array": "m"}}}
    >>> decode(node, {"m": np.array([2.0])}).scale_
    array([2.])
    >>> decode(node, {"m": np.array([0.0])})
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: The model file holds a SignedLog with an impossible scale_. Make the model again ...
    """
    if node["type"] == "Pipeline":
        return Pipeline([(name, decode(step, arrays)) for name, step in node["steps"]])
    if node["type"] == "ColumnTransformer":
        return _decode_columns(node, arrays)
    if node["type"] == "OneHotEncoder":
        return _decode_encoder(node)
    if node["type"] not in TYPES:
        raise DataError(f"The model file holds a {node['type']!r}. It may hold: {', '.join(TYPES)}. {AGAIN}")
    kind = TYPES[node["type"]]
    model = kind(**{name: _decode_parameter(value) for name, value in node["parameters"].items()})
    n_columns = node["fitted"]["n_features_in_"]
    if not isinstance(n_columns, int) or not 1 <= n_columns <= MOST_COLUMNS:
        raise _refuse(kind, "n_features_in_")
    model.n_features_in_ = n_columns
    sizes = {"n_columns": n_columns}
    for name, learnt in LEARNT[kind].items():
        value = _decode_value(node["fitted"][name], arrays)
        if not _may_be(value, learnt, sizes):
            raise _refuse(kind, name)
        setattr(model, name, value)
    if kind in SOUND and not SOUND[kind](model):
        raise _refuse(kind, "combination of parts")
    return _make_ready(model)


def _refuse(kind: type, name: str) -> DataError:
    return DataError(f"The model file holds a {kind.__name__} with an impossible {name}. {AGAIN}")


def _decode_parameter(value: object) -> object:
    if isinstance(value, dict) and "unfitted" in value:
        return UNFITTED[value["unfitted"]](**value["parameters"])
    return value


def _decode_value(value: object, arrays: Arrays) -> object:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    return {key: _decode_value(item, arrays) for key, item in value["dict"].items()}


def _may_be(value: object, learnt: Learnt, sizes: dict[str, int]) -> bool:
    """Check one value, and remember the numbers that its dimensions stand for."""
    if value is None:
        return learnt.is_optional
    if isinstance(value, dict):
        return bool(value) and all(_may_be(item, learnt, sizes) for item in value.values())
    if not isinstance(value, np.ndarray) or not _is_of_kind(value, learnt.kind):
        return False
    if learnt.shape is not None:
        wanted = [
            sizes.setdefault(name, size) if isinstance(name, str) else name
            for name, size in zip(learnt.shape, value.shape, strict=False)
        ]
        if len(learnt.shape) != value.ndim or tuple(wanted) != value.shape:
            return False
    if learnt.kind == "f" and learnt.is_finite and not (np.abs(value) <= LARGEST).all():
        return False
    return learnt.is_sound(value)


def _is_of_kind(array: npt.NDArray[Any], kind: str) -> bool:
    return array.dtype.kind == kind and (kind == "U" or (array.dtype.itemsize == 8 and array.dtype.isnative))


def _decode_columns(node: Mapping[str, Any], arrays: Arrays) -> ColumnTransformer:
    """Build the columns side by side: learnt anew from made-up rows, and then given what was really learnt."""
    parts = [(str(name), decode(part, arrays), list(map(str, columns))) for name, part, columns in node["transformers"]]
    model = ColumnTransformer(parts).fit(_made_up_rows(parts))
    model.transformers_ = parts
    return model


def _made_up_rows(parts: list[tuple[str, BaseEstimator, list[str]]]) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for _, part, names in parts:
        for place, name in enumerate(names):
            values = part.categories_[place][:1] if isinstance(part, OneHotEncoder) else [0.0]
            columns[name] = [*values, *values]
    return pd.DataFrame(columns)


def _decode_encoder(node: Mapping[str, Any]) -> OneHotEncoder:
    columns = {}
    for each in node["categories"]:
        missing = [*([None] if each["has_none"] else []), *([np.nan] if each["has_nan"] else [])]
        columns[str(each["column"])] = np.array([*map(str, each["values"]), *missing], dtype=object)
    if not columns or not all(len(values) for values in columns.values()):
        raise _refuse(OneHotEncoder, "categories_")
    longest = max(map(len, columns.values()))
    rows = pd.DataFrame({name: np.resize(values, longest) for name, values in columns.items()}, dtype=object)
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False).fit(rows)


def _make_ready(model: BaseEstimator) -> BaseEstimator:
    """Set what `predict` wants beside what was learnt."""
    if isinstance(model, KMeans | MiniBatchKMeans):
        model._n_threads = 1  # noqa: SLF001
    if isinstance(model, PCA):
        model.n_components_ = len(model.components_)
    if isinstance(model, GaussianMixture):
        model.converged_ = True
    return model
