"""From options to a model: every name, every way of preparation, from the file as from the command line."""

import shutil
from pathlib import Path

import pytest
from tests.front_end import CommandLine, write_orders

from customerbase.config import FINDS_NUMBER, MODELS, Config, read_config
from customerbase.model_choice import make_model
from customerbase.prepare_options import PREPARATIONS, read_preparation
from customerbase.results import load_segmentation
from customerbase.segmentation import clustering, preparing
from customerbase.segmentation.inductive import InductiveClusterer
from customerbase.workspace import Workspace


def test_models_are_those_of_the_registry() -> None:
    """The options name what there is, without loading it: here both are held against each other."""
    assert set(clustering.CLUSTERERS) == set(MODELS) - {"rfm", "value_tree"}
    assert set(clustering.FINDS_NUMBER) == set(FINDS_NUMBER) - {"rfm"}


def test_preparations_are_those_of_the_registry() -> None:
    """So it is with the names of transforms and scales."""
    assert PREPARATIONS["transform"][0] == f"one of {', '.join(preparing.TRANSFORMS)}"
    assert PREPARATIONS["scale"][0] == f"one of {', '.join(preparing.SCALES)}"


@pytest.mark.parametrize("name", clustering.CLUSTERERS)
def test_every_name_makes_its_model(name: str) -> None:
    """With the seed and the number of segments that were asked for."""
    number = None if name in FINDS_NUMBER else 3
    model = make_model(Config(model=name, n_segments=number, seed=9))
    assert model[-1].random_state == 9
    last = model[-1].clusterer if isinstance(model[-1], InductiveClusterer) else model[-1]
    assert number in {None, getattr(last, "n_clusters", None), getattr(last, "n_components", None)}


def test_texts_and_toml_mean_the_same() -> None:
    """What the command line writes as a text and TOML as a value is one and the same."""
    texts = {"columns": "a, b", "one_hot": "c", "transform": "none", "winsorize": "0:0.99", "scale": "none", "pca": "2"}
    values = {"columns": ["a", "b"], "one_hot": ["c"], "transform": "none", "winsorize": [0, 0.99], "scale": "none",
              "pca": 2}  # fmt: skip
    assert read_preparation(texts) == read_preparation(values)
    assert read_preparation({"winsorize": "none", "pca": "0.9"}) == {"winsorize": None, "pca": 0.9}


def test_the_caller_goes_before_the_file_option_by_option(tmp_path: Path) -> None:
    """What is said of preparation on the command line is laid over what the file says; rfm has none."""
    (tmp_path / "customerbase.toml").write_text('[prepare]\nscale = "robust"\npca = 2\n')
    config = read_config(tmp_path, given={"prepare": {"pca": "none"}})
    assert list(make_model(config).named_steps) == ["select", "fill", "winsorize", "log", "standardize", "cluster"]
    assert type(make_model(config).named_steps["standardize"]).__name__ == "RobustScaler"
    assert read_config(tmp_path, given={"model": "rfm"}).prepare == {}


ORDERS = [
    f"{number},c{number % 120},2024-{1 + (number * 7) % 12:02}-{1 + number % 27:02} 10:00,mug,{1 + number % 3},"
    f"{1 + (number % 120) // 2}.50"
    for number in range(600)
]


def test_segment_by_a_method_with_preparation(customerbase: CommandLine, tmp_path: Path) -> None:
    """The summary tells the notes, the file has them and the fidelity, and the model is read again."""
    for words in (["ingest", str(write_orders(tmp_path / "orders.csv", ORDERS))], ["clean"], ["features"]):
        customerbase.good(*words)
    said = customerbase.good(
        "segment", "--model", "ward", "--n-segments", "3", "--prepare", "columns=monetary,recency_days"
    )
    stored = Workspace("shop").json("segments")
    assert stored["fidelity"]["n_sample"] == 60
    assert len(stored["notes"]) == 1
    assert f"Note: {stored['notes'][0]}"[:100] in said.out
    learnt = load_segmentation(Workspace("shop"))
    assert learnt.notes == tuple(stored["notes"])
    assert learnt.fidelity is not None
    card = Workspace("shop").json("models")
    assert card["feature_columns"] == ["monetary", "recency_days"]
    assert [each["name"] for each in card["segments"]] == [each["name"] for each in stored["segments"]]
    assert card["training_window"] == {"first": "2024-01-01", "last": "2024-12-27"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--prepare", "scale"), "--prepare must be written as NAME=VALUE, such as scale=robust. Got 'scale'"),
        (("--prepare", "scale=huge"), "The option 'prepare' has scale = 'huge', which must be one of standard"),
        (("--prepare", "size=3"), "The option 'prepare' knows columns, one_hot, transform, winsorize, scale, pca."),
        (("--model", "hdbscan", "--n-segments", "3"), "not for the model hdbscan, which finds out for itself"),
        (("--model", "rfm", "--prepare", "pca=2"), "The option 'prepare' is not for the model rfm"),
    ],
)
def test_wrong_options_are_one_line(customerbase: CommandLine, words: tuple[str, ...], message: str) -> None:
    """Before anything is read, with status 2."""
    answer = customerbase("segment", *words)
    assert answer.status == 2
    assert message in answer.err
    assert answer.err.count("\n") == 1


def test_a_column_that_is_not_there_is_one_line(customerbase: CommandLine, small_shop: Path) -> None:
    """The message lists those that there are."""
    shutil.copytree(small_shop / "shop", "shop")
    answer = customerbase("segment", "--prepare", "columns=monetary,mood")
    assert answer.status == 2
    assert "There is no numeric feature 'mood'. They are recency_days" in answer.err
