"""Classifiers (forests, support vectors, regressions) as bytes and back, through skops and an explicit list of types.

The file is an archive like a model's: `card.json`, the parts that skops makes of the classifier under `skops/`, and
probe rows with the classes that they must get.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.model_archive import AGAIN, pack, read_array, unpack, write_array, write_json
from customerbase.segmentation.model_file import check_probe, make_card, read_card

__all__ = ["ALLOWED_LOADERS", "ALLOWED_TYPES", "dump_classifier", "load_classifier"]

ALLOWED_TYPES = frozenset(
    {
        "builtins.dict", "builtins.list", "builtins.str", "builtins.tuple",
        "numpy.bool", "numpy.float64", "numpy.int32", "numpy.int64", "numpy.ndarray",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.svm._classes.SVC",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._tree.Tree",
        *(
            f"customerbase.segmentation.preparation.{name}"
            for name in ("ColumnSelector", "MedianFill", "QuantileRanks", "SignedLog", "Winsorizer")
        ),
    }
)  # fmt: skip
"""The types that a classifier's file may name; skops trusts more of itself."""

ALLOWED_LOADERS = frozenset(
    {"CachedNode", "DictNode", "JsonNode", "ListNode", "NdArrayNode", "ObjectNode", "TreeNode", "TupleNode", "TypeNode"}
)
"""What skops may do with them: make objects, never call functions or methods."""

TRUSTED = sorted(name for name in ALLOWED_TYPES if name.startswith(("customerbase.", "sklearn.tree._tree.")))
"""What skops does not trust of itself: the compiled trees, whose nodes are checked here, and steps of ours."""

PREFIX = "skops/"


def dump_classifier(model: ClassifierMixin | Pipeline, X_probe: pd.DataFrame, card: Mapping[str, object]) -> bytes:
    """Write a fitted classifier as bytes; the same classifier gives the same bytes.

    Parameters
    ----------
    model
        A random forest, decision tree, SVC or logistic regression, or a pipeline of preparation steps that ends in one.
        Support vectors are prepared customers; leaves of a tree say how many customers of each class they hold.
    X_probe
        Made-up customers, with the columns of the model, whose classes `load_classifier` checks.
    card
        Facts of the caller's own for the card.

    Raises
    ------
    UsageError
        The classifier holds a type that is not in `ALLOWED_TYPES`.

    Examples
    --------
    >>> X = pd.DataFrame({"frequency": [1.0, 2.0, 8.0, 9.0]})
    >>> tree = DecisionTreeClassifier(random_state=0).fit(X, ["few", "few", "many", "many"])
    >>> load_classifier(dump_classifier(tree, X + 0.5, {})).predict(X).tolist()
    ['few', 'few', 'many', 'many']
    """
    members = _write_skops(model)
    found = _name_types(json.loads(members[f"{PREFIX}schema.json"]))
    if other := sorted(found - ALLOWED_TYPES - ALLOWED_LOADERS):
        raise UsageError(
            f"A classifier's file cannot hold a {other[0]}. It can hold: {', '.join(sorted(ALLOWED_TYPES))}."
        )
    labels = np.asarray(model.predict(X_probe))
    members["probe.npy"] = write_array(X_probe.to_numpy(dtype=np.float64))
    members["probe_labels.npy"] = write_array(labels.astype(str) if labels.dtype.kind in "OUT" else labels)
    members["card.json"] = write_json(make_card(model, X_probe, card, members))
    return pack(members)


def load_classifier(content: bytes) -> Any:  # noqa: ANN401 - one of several estimators
    """Read a classifier from bytes and try it on the probe rows.

    The types that the file names are read before anything is made of them, and the nodes of trees and the arrays of
    support vectors are checked before compiled code walks them.

    Raises
    ------
    DataError
        The file is damaged, names a type that it may not, holds a tree that cannot be, or answers other than it did.

    Examples
    --------
    >>> load_classifier(b"PK")
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: The model file is damaged or cut short. Make the model again with ...
    """
    members, card = unpack(content), read_card(content)
    try:
        _check_types(json.loads(members[f"{PREFIX}schema.json"]))
        model = skops.io.loads(_zip_skops(members), trusted=TRUSTED)
        _check_soundness(model[-1] if isinstance(model, Pipeline) else model)
        probe = pd.DataFrame(read_array(members["probe.npy"]), columns=card["feature_columns"])
        labels = np.asarray(model.predict(probe))
        expected = read_array(members["probe_labels.npy"])
        check_probe(labels.astype(expected.dtype) if labels.dtype.kind in "OUT" else labels, expected, card)
    except DataError:
        raise
    except Exception as error:  # a forged file can fail anywhere; whatever it does, a person gets one line
        raise DataError(f"The model file cannot be read ({type(error).__name__}). {AGAIN}") from error
    return model


def _write_skops(model: BaseEstimator) -> dict[str, bytes]:
    """Give the parts that skops makes, numbered in order where it has the addresses of objects.

    Addresses of plain values (None, texts, numbers) are shared by chance, so that each of these gets a number of its
    own; an object that stands twice is a CachedNode the second time.
    """
    with zipfile.ZipFile(io.BytesIO(skops.io.dumps(model))) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    schema = json.loads(parts["schema.json"])
    numbers: dict[int, int] = {}
    n_nodes = 0
    members: dict[str, bytes] = {}
    for node in _walk(schema):
        if "__id__" in node:
            address = node["__id__"]
            if node.get("__loader__") != "CachedNode":
                numbers[address] = n_nodes
                n_nodes += 1
            node["__id__"] = numbers[address]
        if "file" in node:
            name = f"{node['__id__']}.npy"
            members[PREFIX + name] = _normalise(parts[node["file"]])
            node["file"] = name
    # The order of keys is kept: an object that stands twice is described the first time.
    return {**members, f"{PREFIX}schema.json": json.dumps(schema, indent=1).encode()}


def _normalise(content: bytes) -> bytes:
    """Write an array row by row, with zeros between the fields of records, where else is what memory had."""
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.names is None:
        return write_array(np.asarray(array, order="C"))
    clean = np.zeros(array.shape, array.dtype)
    for name in array.dtype.names:
        clean[name] = array[name]
    return write_array(clean)


def _zip_skops(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, member in members.items():
            if name.startswith(PREFIX):
                if name.endswith(".npy"):
                    _check_array(member)
                archive.writestr(name.removeprefix(PREFIX), member)
    return buffer.getvalue()


def _check_array(content: bytes) -> None:
    """Refuse an array of numbers that says it is larger than it is; records of trees have a check of their own."""
    buffer = io.BytesIO(content)
    np.lib.format.read_magic(buffer)
    shape, _, dtype = np.lib.format.read_array_header_1_0(buffer)
    n_bytes = len(content) - buffer.tell()
    if dtype.hasobject or int(np.prod(shape, dtype=object)) * dtype.itemsize != n_bytes:
        raise ValueError("header of the array")


def _walk(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _walk(each)


def _name_types(schema: object) -> set[str]:
    """Name all types and loaders that a schema has."""
    nodes = [node for node in _walk(schema) if "__class__" in node or "__loader__" in node]
    types = {f"{node.get('__module__')}.{node.get('__class__')}" for node in nodes}
    return types | {str(node.get("__loader__")) for node in nodes}


def _check_types(schema: object) -> None:
    if other := sorted(_name_types(schema) - ALLOWED_TYPES - ALLOWED_LOADERS):
        raise DataError(f"The model file names {other[0]!r}, which it may not. {AGAIN}")


def _check_soundness(model: object) -> None:
    """Check what compiled code would trust."""
    if isinstance(model, RandomForestClassifier):
        parts: list[Any] = model.estimators_
        is_sound = bool(parts) and all(_is_tree(part, model.n_features_in_, len(model.classes_)) for part in parts)
    elif isinstance(model, DecisionTreeClassifier):
        is_sound = _is_tree(model, model.n_features_in_, len(model.classes_))
    elif isinstance(model, SVC):
        is_sound = _are_support_vectors(model)
    else:
        is_sound = isinstance(model, LogisticRegression) and bool(np.isfinite(model.coef_).all())
    if not is_sound:
        raise DataError(f"The model file holds an impossible {type(model).__name__}. {AGAIN}")


def _is_tree(model: object, n_columns: int, n_classes: int) -> bool:
    """Check that each node leads to later ones or is a leaf, and asks a column that there is."""
    if not isinstance(model, DecisionTreeClassifier) or not 1 <= n_columns <= 10_000:
        return False
    state = model.tree_.__getstate__()
    nodes, values = state["nodes"], state["values"]
    n_nodes = state["node_count"]
    left, right = nodes["left_child"], nodes["right_child"]
    is_leaf = left == -1
    places = np.arange(n_nodes)
    inner = ~is_leaf
    return (
        n_nodes == len(nodes) > 0
        and model.tree_.n_features == n_columns
        and values.shape == (n_nodes, 1, n_classes)
        and bool(((right == -1) == is_leaf).all())
        and bool((left[inner] > places[inner]).all() and (right[inner] > places[inner]).all())
        and bool((left < n_nodes).all() and (right < n_nodes).all())
        and bool(((nodes["feature"][inner] >= 0) & (nodes["feature"][inner] < n_columns)).all())
        and bool(np.isfinite(nodes["threshold"]).all() and np.isfinite(values).all())
    )


def _are_support_vectors(model: SVC) -> bool:
    """Check that the arrays of a support vector machine belong together."""
    n_classes, vectors, counts = len(model.classes_), model.support_vectors_, model._n_support  # noqa: SLF001
    n_pairs = n_classes * (n_classes - 1) // 2
    return (
        model._sparse is False  # noqa: SLF001
        and model.kernel in {"linear", "rbf", "poly", "sigmoid"}
        and n_classes >= 2
        and vectors.dtype == np.float64
        and vectors.shape == (len(model.support_), model.n_features_in_)
        and counts.shape == (n_classes,)
        and bool((counts >= 0).all())
        and int(counts.sum()) == len(vectors)
        and model._dual_coef_.shape == (n_classes - 1, len(vectors))
        and model.dual_coef_.shape == (n_classes - 1, len(vectors))
        and model._intercept_.shape == (n_pairs,)
        and all(np.isfinite(part).all() for part in (vectors, model._dual_coef_, model._intercept_))
        and model.probability in {False, "deprecated"}
    )
