"""Files of classifiers: the same answers back, the same bytes, and nothing walked that could lead astray."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.classifier_file import dump_classifier, load_classifier
from customerbase.segmentation.model_archive import hash_members, pack, unpack
from customerbase.segmentation.model_file import load_model, read_card
from customerbase.segmentation.preparation import MedianFill, SignedLog, Winsorizer

CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "forest": lambda: make_pipeline(MedianFill(), RandomForestClassifier(n_estimators=5, random_state=0)),
    "bare forest": lambda: RandomForestClassifier(n_estimators=3, class_weight="balanced", random_state=0),
    "tree": lambda: DecisionTreeClassifier(max_leaf_nodes=6, random_state=0),
    "machine": lambda: make_pipeline(MedianFill(), Winsorizer(), SignedLog(), StandardScaler(), SVC(C=10.0)),
    "regression": lambda: make_pipeline(StandardScaler(), LogisticRegression(C=10.0, max_iter=1000)),
}


def make_customers(random_state: int) -> tuple[pd.DataFrame, np.ndarray]:
    X = pd.DataFrame(np.random.default_rng(random_state).normal(size=(200, 3)), columns=["a", "b", "c"])
    return X, np.array(["low", "high", "odd"])[(X["a"] > 0).to_numpy().astype(int) + (X["b"] > 1).to_numpy()]


@pytest.fixture(params=CLASSIFIERS)
def model(request: pytest.FixtureRequest) -> Any:
    return CLASSIFIERS[request.param]().fit(*make_customers(0))


def dump(model: Any) -> bytes:
    return dump_classifier(model, make_customers(1)[0].head(30), {"as_of": "2024-01-01"})


def forge(content: bytes, name: str, edit: Callable[[Any], Any]) -> bytes:
    """Edit an array or the schema, and mend hash and digest."""
    members = unpack(content)
    if name.endswith(".json"):
        tree = json.loads(members[name])
        edit(tree)
        members[name] = json.dumps(tree).encode()
    else:
        buffer = io.BytesIO()
        np.save(buffer, edit(np.load(io.BytesIO(members[name]))))
        members[name] = buffer.getvalue()
    card = json.loads(members.pop("card.json"))
    card["content_sha256"] = hash_members(members)
    return pack({**members, "card.json": json.dumps(card).encode()})


def test_classifier_comes_back_the_same(model: Any) -> None:
    """Newcomers get the same classes, and the same bytes are written again, in this or another process."""
    content, (X, _) = dump(model), make_customers(2)
    loaded = load_classifier(content)
    assert loaded.predict(X).tolist() == model.predict(X).tolist()
    assert dump(model) == content == dump(loaded)
    assert read_card(content)["feature_columns"] == ["a", "b", "c"]


def test_damage_is_one_line(model: Any) -> None:
    """Flipped or cut anywhere, a file is refused."""
    content = dump(model)
    for position in range(0, len(content), len(content) // 50):
        flipped = bytearray(content)
        flipped[position] ^= 1
        for damaged in (bytes(flipped), content[:position]):
            with pytest.raises(DataError, match="damaged or cut short"):
                load_classifier(damaged)


def test_other_types_are_not_written() -> None:
    """What is not on the list is named."""
    with pytest.raises(UsageError, match=r"cannot hold a sklearn.dummy.DummyClassifier"):
        dump(DummyClassifier().fit(*make_customers(0)))


@pytest.mark.parametrize(
    "edit",
    [
        lambda node: node.update(__class__="Popen", __module__="subprocess"),
        lambda node: node.update(__loader__="FunctionNode"),
        lambda node: node.update(__loader__="MethodNode"),
    ],
)
def test_other_types_and_calls_are_not_made(edit: Callable[[Any], Any]) -> None:
    """A file that names a process, a function or a method is refused before anything is made."""
    content = dump(CLASSIFIERS["tree"]().fit(*make_customers(0)))
    with pytest.raises(DataError, match=r"names '(subprocess.Popen|FunctionNode|MethodNode)', which it may not"):
        load_classifier(forge(content, "skops/schema.json", edit))


def change(field: str, value: float) -> Callable[[np.ndarray], np.ndarray]:
    def edit(nodes: np.ndarray) -> np.ndarray:
        changed = nodes.copy()
        changed[field][0] = value
        return changed

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        change("left_child", 0),
        change("left_child", 10_000),
        change("right_child", -1),
        change("right_child", -5),
        change("feature", 3),
        change("feature", -2),
        change("threshold", np.nan),
        lambda nodes: nodes[:-1],
    ],
)
def test_trees_that_lead_astray_are_never_walked(edit: Callable[[np.ndarray], np.ndarray]) -> None:
    """A loop, a child or a column that is not there would crash the process: each is refused."""
    content = dump(CLASSIFIERS["tree"]().fit(*make_customers(0)))
    nodes = next(name for name, member in unpack(content).items() if b"left_child" in member and name.endswith(".npy"))
    with pytest.raises(DataError, match=r"impossible DecisionTreeClassifier|cannot be read"):
        load_classifier(forge(content, nodes, edit))


def test_support_vectors_of_another_number_are_refused() -> None:
    """The compiled code would read beyond them."""
    content = dump(CLASSIFIERS["machine"]().fit(*make_customers(0)))
    arrays = {
        name: np.load(io.BytesIO(m))
        for name, m in unpack(content).items()
        if name.startswith("skops/") and m[:1] != b"{"
    }
    for name, array in arrays.items():
        if array.ndim == 2:
            with pytest.raises(DataError, match=r"impossible SVC|cannot be read"):
                load_classifier(forge(content, name, lambda array: array[:, :-1]))


def test_other_answers_than_written_are_refused() -> None:
    """A regression whose coefficients were turned round gives other classes to the probe rows."""
    content = dump(CLASSIFIERS["regression"]().fit(*make_customers(0)))
    name = next(
        name for name, m in unpack(content).items() if m[1:6] == b"NUMPY" and np.load(io.BytesIO(m)).shape == (3, 3)
    )
    with pytest.raises(DataError, match="probe rows in other segments"):
        load_classifier(forge(content, name, lambda array: -array))


def test_model_and_classifier_are_not_taken_for_each_other(model: Any) -> None:
    """Each reader refuses the other's file in one line."""
    with pytest.raises(DataError, match="cannot be read"):
        load_model(dump(model))
