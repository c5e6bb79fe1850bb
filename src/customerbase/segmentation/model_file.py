"""A fitted model as bytes and back: plain arrays of allow-listed types in a zip, without pickle.

The file holds `card.json` (what the model is), `model.json` (its types and parameters), its arrays as `.npy`, and
made-up probe rows with the segments that they must get. The zip's comment is the SHA-256 of all that stands before it.
"""

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from customerbase.errors import DataError
from customerbase.segmentation.model_archive import (
    AGAIN,
    hash_members,
    pack,
    read_array,
    unpack,
    write_array,
    write_json,
)
from customerbase.segmentation.model_probe import make_probe
from customerbase.segmentation.model_types import decode, encode

__all__ = ["FORMAT_VERSION", "check_probe", "dump_model", "load_model", "make_card", "make_probe", "read_card"]

FORMAT_VERSION = 2


def dump_model(model: BaseEstimator, X_probe: pd.DataFrame, card: Mapping[str, object]) -> bytes:
    """Write a fitted model as bytes; the same model gives the same bytes.

    No id of a customer goes into the file, nor the row of one as it was read. Two things come close: a k-means segment
    of one customer has that customer as its centre (look at `Quality.smallest_share`), and a method without a `predict`
    keeps the prepared coordinates of its sample, up to 5,000 customers.

    Parameters
    ----------
    model
        A fitted estimator of a type in `model_types.LEARNT`, or a pipeline of such.
    X_probe
        Made-up customers whose segments `load_model` checks: see `make_probe`. Never a customer's own row.
    card
        Facts of the caller's own for the card, such as `as_of`; values of JSON, or dates.

    Raises
    ------
    UsageError
        The model has a type that a file cannot hold, or the card has a value that JSON does not know.

    Examples
    --------
    >>> from customerbase.segmentation.rfm import RFM
    >>> model = RFM().fit([[3.0, 4.0, 80.0], [60.0, 1.0, 20.0]])
    >>> content = dump_model(model, make_probe(model), {"as_of": "2011-12-10"})
    >>> read_card(content)["type"], read_card(content)["as_of"]
    ('RFM', '2011-12-10')
    >>> load_model(content).predict([[3.0, 4.0, 80.0]]).tolist() == model.predict([[3.0, 4.0, 80.0]]).tolist()
    True
    """
    numbers = X_probe.select_dtypes("number")
    arrays: dict[str, npt.NDArray[Any]] = {
        "probe": numbers.to_numpy(dtype=np.float64),
        "probe_labels": np.asarray(model.predict(X_probe)),
    }
    tree = encode(model, arrays)
    members = {f"{name}.npy": write_array(array) for name, array in arrays.items()}
    members["model.json"] = write_json(tree)
    members["probe.json"] = write_json({name: list(X_probe[name]) for name in X_probe if name not in numbers})
    members["card.json"] = write_json(make_card(model, X_probe, card, members))
    return pack(members)


def make_card(
    model: BaseEstimator, X_probe: pd.DataFrame, card: Mapping[str, object], members: Mapping[str, bytes]
) -> dict[str, object]:
    """Say what a model is: the caller's facts, its type, parameters and columns, versions, and the hash of the rest.

    Examples
    --------
    >>> from customerbase.segmentation.rfm import RFM
    >>> make_card(RFM(), pd.DataFrame({"frequency": [1.0]}), {"seed": 3}, {})["feature_columns"]
    ['frequency']
    """
    steps = dict(model.steps) if isinstance(model, Pipeline) else {"model": model}
    return {
        **card,
        "format_version": FORMAT_VERSION,
        "type": type(model).__name__,
        "parameters": {name: step.get_params(deep=False) for name, step in steps.items()},
        "feature_columns": list(X_probe.columns),
        "versions": {package: version(package) for package in ("customerbase", "numpy", "scikit-learn")},
        "content_sha256": hash_members(members),
    }


def read_card(content: bytes) -> dict[str, Any]:
    """Read what a model file says of itself: format version, type, parameters, columns, versions, the caller's facts.

    Raises
    ------
    DataError
        The file is damaged, or written by another format of customerbase.

    Examples
    --------
    >>> read_card(b"PK")
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: The model file is damaged or cut short. Make the model again with ...
    """
    return _read_card(unpack(content))


def load_model(content: bytes) -> BaseEstimator:
    """Read a model from bytes and try it on the probe rows.

    Nothing is run that the file names: types come from a list, arrays are plain and must be what the type can have
    learnt. The digest is no signature: who can write the file can mend it; what cannot be forged is that the probe rows
    get their segments.

    Returns
    -------
    sklearn.base.BaseEstimator
        It predicts what the model predicted that was written. It has no `labels_`, and is not meant to be fitted on.

    Raises
    ------
    DataError
        The file is damaged, written by another format of customerbase, holds a type that it may not hold or an array
        that cannot be, or places a probe row in another segment than when it was written (as other library versions
        might).

    Examples
    --------
    >>> from customerbase.segmentation.rfm import RFM
    >>> model = RFM().fit([[3.0, 4.0, 80.0], [60.0, 1.0, 20.0]])
    >>> load_model(dump_model(model, make_probe(model), {})).edges_["frequency"]
    array([1., 1., 4., 4.])
    """
    members = unpack(content)
    card = _read_card(members)
    try:
        arrays = {name[:-4]: read_array(member) for name, member in members.items() if name.endswith(".npy")}
        model = decode(json.loads(members["model.json"]), arrays)
        texts = json.loads(members["probe.json"])
        numbers = [name for name in card["feature_columns"] if name not in texts]
        probe = pd.DataFrame(arrays["probe"], columns=numbers).assign(**texts)[card["feature_columns"]]
        check_probe(model.predict(probe), arrays["probe_labels"], card)
    except DataError:
        raise
    except Exception as error:  # a forged file can fail anywhere; whatever it does, a person gets one line
        raise DataError(f"The model file cannot be read ({type(error).__name__}). {AGAIN}") from error
    return model


def check_probe(labels: npt.NDArray[Any], expected: npt.NDArray[Any], card: Mapping[str, Any]) -> None:
    """Refuse a model that places its probe rows elsewhere than when it was written.

    Examples
    --------
    >>> check_probe(np.array([1, 0]), np.array([1, 0]), {})
    """
    if not np.array_equal(labels, expected):
        raise DataError(
            "The model file places its probe rows in other segments than when it was written, with scikit-learn "
            f"{card['versions']['scikit-learn']}; here is {version('scikit-learn')}. {AGAIN}"
        )


def _read_card(members: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads(members["card.json"])
        format_version = int(card["format_version"])
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise DataError(f"The model file has no card that can be read. {AGAIN}") from error
    if format_version != FORMAT_VERSION:
        advice = "Update customerbase, or make" if format_version > FORMAT_VERSION else "Make"
        raise DataError(
            f"The model file has format {format_version}, and this customerbase reads {FORMAT_VERSION}. "
            f"{advice} the model again with 'customerbase segment'."
        )
    rest = {name: member for name, member in members.items() if name != "card.json"}
    if card.get("content_sha256") != hash_members(rest):
        raise DataError(f"The model file's card belongs to another model. {AGAIN}")
    return card
