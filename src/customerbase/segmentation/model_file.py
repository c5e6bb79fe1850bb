"""A fitted model as bytes and back: plain arrays of allow-listed types in a zip, without pickle and without customers.

The file holds `card.json` (what the model is), `model.json` (its types and parameters), its arrays as `.npy`, and
made-up probe rows with the segments that they must get. The zip's comment is the SHA-256 of all that stands before it.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.preparation import ColumnSelector, MedianFill, SignedLog, Winsorizer
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS

__all__ = ["FITTED", "FORMAT_VERSION", "dump_model", "load_model", "make_probe", "read_card"]

FORMAT_VERSION = 1

# What `predict` needs and nothing else: no labels of customers. A new type is one line here.
FITTED: dict[type[BaseEstimator], tuple[str, ...]] = {
    ColumnSelector: ("n_features_in_",),
    Winsorizer: ("n_features_in_", "lower_bounds_", "upper_bounds_"),
    SignedLog: ("n_features_in_", "scale_"),
    MedianFill: ("n_features_in_", "medians_"),
    StandardScaler: ("n_features_in_", "mean_", "scale_", "var_"),
    KMeans: ("n_features_in_", "cluster_centers_"),
    RFM: ("n_features_in_", "edges_", "segment_names_", "cell_segments_"),
}
"""The types that a model file may hold, and the learnt attributes that are kept of each."""

TYPES = {kind.__name__: kind for kind in FITTED}
AGAIN = "Make the model again with 'customerbase segment'."
DIGEST_LENGTH = 64


def make_probe(model: BaseEstimator, n_rows: int = 32) -> pd.DataFrame:
    """Make up customers that reach over the whole range of a model, out of its learnt bounds and nothing else.

    Parameters
    ----------
    model
        A fitted `RFM`, or a fitted pipeline of `make_clusterer`.
    n_rows
        How many customers to make up.

    Returns
    -------
    pandas.DataFrame
        One column for each that the model looks at; the same rows for the same model.

    Examples
    --------
    >>> probe = make_probe(RFM(edges={"frequency": [1, 2, 3, 5]}).fit([[3.0, 4.0, 80.0], [60.0, 1.0, 20.0]]))
    >>> probe.shape, list(probe.columns)
    ((32, 3), ['recency_days', 'frequency', 'monetary'])
    """
    levels = _learnt_levels(model)
    shares = np.random.default_rng(0).uniform(size=(n_rows, len(levels)))
    return pd.DataFrame(
        {name: _between(marks, share) for (name, marks), share in zip(levels.items(), shares.T, strict=True)}
    )


def dump_model(model: BaseEstimator, X_probe: pd.DataFrame, card: Mapping[str, object]) -> bytes:
    """Write a fitted model as bytes; the same model gives the same bytes.

    No row of a customer goes into the file. (A k-means segment of one customer has that customer as its centre all the
    same: look at `Quality.smallest_share`.)

    Parameters
    ----------
    model
        A fitted estimator of a type in `FITTED`, or a pipeline of such.
    X_probe
        Made-up customers whose segments `load_model` checks: see `make_probe`. Never a customer's own row.
    card
        Facts of the caller's own for the card, such as `as_of`; values of JSON, or dates.

    Raises
    ------
    UsageError
        The model has a type that is not in `FITTED`, or the card has a value that JSON does not know.

    Examples
    --------
    >>> model = RFM().fit([[3.0, 4.0, 80.0], [60.0, 1.0, 20.0]])
    >>> content = dump_model(model, make_probe(model), {"as_of": "2011-12-10"})
    >>> read_card(content)["type"], read_card(content)["as_of"]
    ('RFM', '2011-12-10')
    >>> load_model(content).predict([[3.0, 4.0, 80.0]]).tolist() == model.predict([[3.0, 4.0, 80.0]]).tolist()
    True
    """
    arrays = {"probe": X_probe.to_numpy(dtype=np.float64), "probe_labels": np.asarray(model.predict(X_probe))}
    tree = _encode(model, arrays)
    members = {f"{name}.npy": _npy(array) for name, array in arrays.items()}
    members["model.json"] = _json(tree)
    members["card.json"] = _json(_card(model, X_probe, card))
    return _pack(members)


def read_card(content: bytes) -> dict[str, Any]:
    """Read what a model file says of itself: format version, type, parameters, columns, versions, the caller's facts.

    Raises
    ------
    DataError
        The file is damaged, or written by a newer customerbase.

    Examples
    --------
    >>> read_card(b"PK")
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: The model file is damaged or cut short. Make the model again with ...
    """
    return _read_card(_unpack(content))


def load_model(content: bytes) -> BaseEstimator:
    """Read a model from bytes and try it on the probe rows.

    Returns
    -------
    sklearn.base.BaseEstimator
        It predicts what the model predicted that was written. It has no `labels_`, and is not meant to be fitted on.

    Raises
    ------
    DataError
        The file is damaged, written by a newer customerbase, holds a type that is not in `FITTED`, or places a probe
        row in another segment than when it was written (as other library versions might).

    Examples
    --------
    >>> model = RFM().fit([[3.0, 4.0, 80.0], [60.0, 1.0, 20.0]])
    >>> load_model(dump_model(model, make_probe(model), {})).edges_["frequency"]
    array([1., 1., 4., 4.])
    """
    members = _unpack(content)
    card = _read_card(members)
    try:
        arrays = {name[:-4]: _array(member) for name, member in members.items() if name.endswith(".npy")}
        model = _decode(json.loads(members["model.json"]), arrays)
        labels = model.predict(pd.DataFrame(arrays["probe"], columns=card["feature_columns"]))
        _check_probe(labels, arrays["probe_labels"], card)
    except DataError:
        raise
    except Exception as error:  # a forged file can fail anywhere; whatever it does, a person gets one line
        raise DataError(f"The model file cannot be read ({type(error).__name__}). {AGAIN}") from error
    return model


def _check_probe(labels: npt.NDArray[np.int64], expected: npt.NDArray[np.int64], card: dict[str, Any]) -> None:
    if not np.array_equal(labels, expected):
        raise DataError(
            "The model file places its probe rows in other segments than when it was written, with scikit-learn "
            f"{card['versions']['scikit-learn']}; here is {version('scikit-learn')}. {AGAIN}"
        )


def _learnt_levels(model: BaseEstimator) -> dict[str, npt.NDArray[np.float64]]:
    """Give the values of each column at which the model is known to change its mind, ascending."""
    if isinstance(model, RFM):
        return {name: np.asarray(model.edges_[name]) for name in RFM_COLUMNS}
    steps = {type(step): step for _, step in getattr(model, "steps", [])}
    if not {ColumnSelector, Winsorizer, SignedLog} <= set(steps):
        raise UsageError(
            f"A model file holds an RFM or a pipeline of make_clusterer. Got {type(model).__name__} instead. "
            "One with one_hot columns cannot be written either."
        )
    bounds = steps[Winsorizer].lower_bounds_, steps[SignedLog].scale_, steps[Winsorizer].upper_bounds_
    return dict(zip(steps[ColumnSelector].columns, np.sort(np.column_stack(bounds), axis=1), strict=True))


def _between(marks: npt.NDArray[np.float64], shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Place shares from 0 to 1 on a scale with equal room for each stretch between marks, and one beyond each end."""
    marks = np.unique(marks)
    beyond = max(float(np.ptp(marks)), 1.0) / 10
    scale = np.array([marks[0] - beyond, *marks, marks[-1] + beyond])
    values: npt.NDArray[np.float64] = np.interp(shares, np.linspace(0, 1, len(scale)), scale)
    return values


def _card(model: BaseEstimator, X_probe: pd.DataFrame, card: Mapping[str, object]) -> dict[str, object]:
    steps = dict(model.steps) if isinstance(model, Pipeline) else {"model": model}
    return {
        **card,
        "format_version": FORMAT_VERSION,
        "type": type(model).__name__,
        "parameters": {name: step.get_params(deep=False) for name, step in steps.items()},
        "feature_columns": list(X_probe.columns),
        "versions": {package: version(package) for package in ("customerbase", "numpy", "scikit-learn")},
    }


def _read_card(members: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads(members["card.json"])
        format_version = int(card["format_version"])
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise DataError(f"The model file has no card that can be read. {AGAIN}") from error
    if format_version > FORMAT_VERSION:
        raise DataError(
            f"The model file has format {format_version}, and this customerbase reads up to {FORMAT_VERSION}. "
            "Update customerbase, or make the model again with 'customerbase segment'."
        )
    return card


def _encode(model: BaseEstimator, arrays: dict[str, npt.NDArray[Any]], prefix: str = "") -> dict[str, object]:
    """Describe an estimator in terms of JSON; its arrays are added to `arrays`."""
    if isinstance(model, Pipeline):
        return {"type": "Pipeline", "steps": [[name, _encode(step, arrays, f"{name}.")] for name, step in model.steps]}
    kind = type(model)
    if kind not in FITTED:
        raise UsageError(f"A model file cannot hold a {kind.__name__}. It can hold: {', '.join(TYPES)}.")
    fitted = {name: _encode_value(getattr(model, name), arrays, f"{prefix}{name}") for name in FITTED[kind]}
    return {"type": kind.__name__, "parameters": model.get_params(deep=False), "fitted": fitted}


def _encode_value(value: object, arrays: dict[str, npt.NDArray[Any]], path: str) -> object:
    if isinstance(value, dict):
        return {"dict": {key: _encode_value(item, arrays, f"{path}.{key}") for key, item in value.items()}}
    if isinstance(value, np.ndarray):
        arrays[path] = value
        return {"array": path}
    return value


def _decode(node: dict[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> BaseEstimator:
    """Build the estimator that `_encode` described."""
    if node["type"] == "Pipeline":
        return Pipeline([(name, _decode(step, arrays)) for name, step in node["steps"]])
    if node["type"] not in TYPES:
        raise DataError(f"The model file holds a {node['type']!r}. It may hold: {', '.join(TYPES)}. {AGAIN}")
    kind = TYPES[node["type"]]
    model = kind(**node["parameters"])
    for name in FITTED[kind]:
        setattr(model, name, _decode_value(node["fitted"][name], arrays))
    if isinstance(model, KMeans):
        _make_ready(model)
    return model


def _decode_value(value: object, arrays: Mapping[str, npt.NDArray[Any]]) -> object:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    return {key: _decode_value(item, arrays) for key, item in value["dict"].items()}


def _make_ready(model: KMeans) -> None:
    """Set what `KMeans.predict` wants beside the centres; its compiled code trusts their shape, so check it."""
    centers = model.cluster_centers_
    if centers.dtype != np.float64 or centers.shape != (model.n_clusters, model.n_features_in_):
        raise ValueError("cluster_centers_")
    model.cluster_centers_ = np.ascontiguousarray(centers)
    model._n_threads = 1  # noqa: SLF001


def _npy(array: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _array(member: bytes) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = np.load(io.BytesIO(member), allow_pickle=False)
    return array


def _json(value: object) -> bytes:
    try:
        return json.dumps(value, default=_plain, sort_keys=True, indent=1, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"The model's card or parameters cannot be written as JSON: {error}. Leave that out."
        ) from error


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not a value of JSON")


def _pack(members: Mapping[str, bytes]) -> bytes:
    """Zip without compression or times, in the order of names, with the digest as its comment."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), members[name])
        archive.comment = b"0" * DIGEST_LENGTH
    body = buffer.getvalue()[:-DIGEST_LENGTH]
    return body + _digest(body)


def _unpack(content: bytes) -> dict[str, bytes]:
    if _digest(content[:-DIGEST_LENGTH]) != content[-DIGEST_LENGTH:]:
        raise DataError(f"The model file is damaged or cut short. {AGAIN}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {entry.filename: _member(archive, entry) for entry in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"The model file is not one of customerbase. {AGAIN}") from error


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Read one member; a compressed one is not ours, and could grow without bound."""
    if entry.compress_type != zipfile.ZIP_STORED:
        raise ValueError(entry.filename)
    return archive.read(entry)


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()
