"""Model files: the same model back, the same bytes, no customer inside, and one line for whatever is wrong."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import DBSCAN
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.clustering import CLUSTERERS, make_clusterer, single_thread
from customerbase.segmentation.model_file import (
    DIGEST_LENGTH,
    FORMAT_VERSION,
    _digest,
    _pack,
    _unpack,
    dump_model,
    load_model,
    make_probe,
    read_card,
)
from customerbase.segmentation.rfm import RFM

CARD = {"as_of": "2011-12-10", "n_customers": 400}

MODELS: dict[str, Callable[[], BaseEstimator]] = {
    "rfm": RFM,
    "rfm cells": lambda: RFM(n_bins=3, edges={"recency_days": [30, 180]}, scheme=None),
    "rfm edges of numpy": lambda: RFM(edges={"monetary": np.array([10.0, 50.0, 100.0, 500.0])}),
    **{name: partial(make_clusterer, name) for name in CLUSTERERS},
    "four columns": lambda: make_clusterer(
        n_segments=3, columns=["monetary", "tenure_days", "frequency", "recency_days"]
    ),
}


def make_customers(n_customers: int, random_state: int) -> pd.DataFrame:
    rng = np.random.default_rng(random_state)
    frequency = rng.geometric(0.25, n_customers).astype(float)
    return pd.DataFrame(
        {
            "recency_days": np.ceil(rng.exponential(200, n_customers)),
            "frequency": frequency,
            "monetary": np.round(frequency * rng.lognormal(5, 1, n_customers) - 20, 2),
            "tenure_days": np.floor(rng.exponential(300, n_customers)),
        }
    )


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Beside other tests, k-means on all cores would wait for them at every step."""
    with single_thread():
        yield


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return make_customers(400, 0)


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest, customers: pd.DataFrame) -> BaseEstimator:
    return MODELS[request.param]().fit(customers)


@pytest.fixture(scope="module")
def content(customers: pd.DataFrame) -> bytes:
    """Write a k-means model."""
    model = make_clusterer(n_segments=3).fit(customers)
    return dump_model(model, make_probe(model), CARD)


def dump(model: BaseEstimator) -> bytes:
    return dump_model(model, make_probe(model), CARD)


def change(content: bytes, name: str, edit: Callable[[Any], object]) -> bytes:
    """Forge a file: edit one of its JSON members in place, and mend the digest."""
    members = _unpack(content)
    tree = json.loads(members[name])
    edit(tree)
    return _pack({**members, name: json.dumps(tree).encode()})


def change_array(content: bytes, name: str, edit: Callable[[np.ndarray], Any]) -> bytes:
    """Forge a file: edit one of its arrays, and mend the digest."""
    members = _unpack(content)
    buffer = io.BytesIO()
    np.save(buffer, edit(np.load(io.BytesIO(members[name]))))
    return _pack({**members, name: buffer.getvalue()})


def test_model_comes_back_the_same(model: BaseEstimator) -> None:
    """A model that was read places newcomers as the one that was written."""
    newcomers = make_customers(1000, 1)
    np.testing.assert_array_equal(load_model(dump(model)).predict(newcomers), model.predict(newcomers))


def test_preparation_comes_back_the_same(customers: pd.DataFrame) -> None:
    """What a pipeline compares customers by, and the scores of an RFM, are equal to the last bit."""
    clusterer, rfm = make_clusterer().fit(customers), RFM().fit(customers)
    prepared = load_model(dump(clusterer))[:-1].transform(customers)
    np.testing.assert_array_equal(prepared, clusterer[:-1].transform(customers))
    np.testing.assert_array_equal(load_model(dump(rfm)).transform(customers), rfm.transform(customers))
    np.testing.assert_array_equal(load_model(dump(rfm)).segment_names_, rfm.segment_names_)


def test_same_model_gives_the_same_bytes(model: BaseEstimator) -> None:
    """Written twice, and written again after reading, a model has the same bytes."""
    assert dump(model) == dump(model)
    assert dump(load_model(dump(model))) == dump(model)


def test_shuffled_fit_of_rfm_gives_the_same_bytes(customers: pd.DataFrame) -> None:
    """What an RFM learns does not depend on the order of customers."""
    assert dump(RFM().fit(customers)) == dump(RFM().fit(customers.sample(frac=1, random_state=0)))


def test_card_says_what_the_model_is(content: bytes) -> None:
    """The card has the caller's facts, and the format, type, parameters, columns and versions."""
    card = read_card(content)
    assert card["as_of"] == "2011-12-10"
    assert (card["format_version"], card["type"]) == (FORMAT_VERSION, "Pipeline")
    assert card["feature_columns"] == ["recency_days", "frequency", "monetary"]
    assert card["parameters"]["cluster"]["n_clusters"] == 3
    assert set(card["versions"]) == {"customerbase", "numpy", "scikit-learn"}


def test_card_takes_dates(customers: pd.DataFrame) -> None:
    """A date is written as ISO 8601."""
    model = RFM().fit(customers)
    assert read_card(dump_model(model, make_probe(model), {"as_of": date(2011, 12, 10)}))["as_of"] == "2011-12-10"


def test_file_is_a_zip_of_json_and_plain_arrays(content: bytes) -> None:
    """Anybody can open it: JSON and arrays, nothing compressed, no times, names in order."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        assert archive.testzip() is None
    names = [entry.filename for entry in entries]
    assert names == sorted(names)
    assert {name.rsplit(".", 1)[1] for name in names} == {"json", "npy"}
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}


def test_no_customer_is_inside(model: BaseEstimator, customers: pd.DataFrame) -> None:
    """No array has a row per customer, and none has the row of one, raw or prepared."""
    prepared = model[:-1].transform(customers) if hasattr(model, "steps") else customers
    for name, member in _unpack(dump(model)).items():
        if name.endswith(".npy"):
            array = np.load(io.BytesIO(member))
            assert len(customers) not in array.shape
            for rows in (customers.to_numpy(), np.asarray(prepared)):
                if array.ndim == 2 and array.shape[1] == rows.shape[1]:
                    assert not (array[:, None, :] == rows[None, :, :]).all(axis=2).any()


def test_probe_reaches_several_segments_and_is_made_up(model: BaseEstimator, customers: pd.DataFrame) -> None:
    """The probe rows tell most segments apart, are the same each time, and hold no customer."""
    probe = make_probe(model)
    reached, all_segments = set(model.predict(probe)), set(model.predict(customers))
    assert len(reached & all_segments) >= min(len(all_segments), 8) / 2
    pd.testing.assert_frame_equal(probe, make_probe(model))
    assert customers.merge(probe, on=list(probe.columns)).empty


def test_probe_of_customers_who_are_all_alike_is_not_those_customers() -> None:
    """Where every customer is the same, the probe rows still are not that customer."""
    alike = pd.DataFrame({"recency_days": [3.0] * 5, "frequency": [1.0] * 5, "monetary": [20.0] * 5})
    assert alike.merge(make_probe(RFM().fit(alike))).empty


def test_any_flipped_byte_is_seen(content: bytes) -> None:
    """Wherever one byte has changed, the file is refused in one line."""
    for position in range(0, len(content), 97):
        flipped = bytearray(content)
        flipped[position] ^= 1
        with pytest.raises(DataError, match="damaged or cut short") as error:
            load_model(bytes(flipped))
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("kept", [0, 1, 10, 63, 64, 65, 500, -1])
def test_a_file_cut_short_is_seen(content: bytes, kept: int) -> None:
    """Empty, a few bytes, or one byte too few: one line, from the card as from the model."""
    for read in (load_model, read_card):
        with pytest.raises(DataError, match="damaged or cut short"):
            read(content[:kept])


def test_a_newer_format_is_refused(content: bytes) -> None:
    """A file of a later customerbase is answered with both versions."""
    newer = change(content, "card.json", lambda card: card.update(format_version=FORMAT_VERSION + 1))
    for read in (load_model, read_card):
        with pytest.raises(DataError, match=f"has format {FORMAT_VERSION + 1}, and this customerbase reads up to 1"):
            read(newer)


def test_a_forged_type_is_refused(content: bytes) -> None:
    """A type that is not on the list is never looked up, let alone made."""
    forged = change(content, "model.json", lambda tree: tree["steps"][0][1].update(type="subprocess.Popen"))
    with pytest.raises(DataError, match=r"holds a 'subprocess.Popen'. It may hold: ColumnSelector, Winsorizer"):
        load_model(forged)


def test_other_predictions_than_written_are_refused(content: bytes) -> None:
    """A model that was altered, digest and all, fails on its probe rows."""
    altered = change_array(content, "cluster.cluster_centers_.npy", lambda centers: centers[::-1])
    with pytest.raises(DataError, match="probe rows in other segments than when it was written, with scikit-learn"):
        load_model(altered)


@pytest.mark.parametrize(
    ("member", "edit"),
    [
        ("model.json", lambda tree: tree.pop("steps")),
        ("model.json", lambda tree: tree["steps"][5][1]["parameters"].update(made_up=1)),
        ("model.json", lambda tree: tree["steps"][3][1]["fitted"].update(scale_={"array": "nowhere"})),
        ("model.json", lambda tree: tree["steps"][5][1]["parameters"].update(n_clusters=2)),
        ("card.json", lambda card: card.pop("feature_columns")),
        ("card.json", lambda card: card.update(feature_columns=["a", "b"])),
        ("card.json", lambda card: card.clear()),
        ("card.json", lambda card: card.update(format_version=None)),
    ],
)
def test_a_forged_tree_or_card_is_one_line(content: bytes, member: str, edit: Callable[[Any], Any]) -> None:
    """Missing parts, unknown parameters and arrays, wrong numbers of columns: each is refused in one line."""
    with pytest.raises(DataError) as error:
        load_model(change(content, member, edit))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "edit",
    [
        lambda centers: centers[:, :1],
        lambda centers: centers[:-1],
        lambda centers: centers.ravel(),
        lambda centers: centers.astype(np.float32),
    ],
)
def test_centres_of_a_wrong_shape_never_reach_compiled_code(content: bytes, edit: Callable[..., Any]) -> None:
    """A forged matrix of centres is refused before k-means reads beyond it."""
    with pytest.raises(DataError, match="cannot be read"):
        load_model(change_array(content, "cluster.cluster_centers_.npy", edit))


def test_pickled_arrays_are_refused(content: bytes) -> None:
    """An array of objects would have to be unpickled: it is not."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    members = {**_unpack(content), "log.scale_.npy": buffer.getvalue()}
    with pytest.raises(DataError, match="cannot be read"):
        load_model(_pack(members))


def test_another_zip_with_a_right_digest_is_not_a_model() -> None:
    """Compressed members, and a zip without a card, are refused: they are not what this module writes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("card.json", "{}")
        archive.comment = b"0" * DIGEST_LENGTH
    body = buffer.getvalue()[:-DIGEST_LENGTH]
    with pytest.raises(DataError, match="not one of customerbase"):
        load_model(body + _digest(body))
    with pytest.raises(DataError, match="no card that can be read"):
        load_model(_pack({"note.json": b"{}"}))


def test_types_that_are_not_on_the_list_are_not_written(customers: pd.DataFrame) -> None:
    """Any other estimator is refused when writing, with the list."""
    X = customers[["recency_days", "frequency", "monetary"]]
    other = make_pipeline(LogisticRegression()).fit(X.to_numpy(), X["frequency"] > 2)
    with pytest.raises(UsageError, match=r"cannot hold a LogisticRegression. It can hold: ColumnSelector"):
        dump_model(other, X.head(1).set_axis([0, 1, 2], axis=1), {})


def test_probe_wants_a_model_with_learnt_bounds() -> None:
    """There is no probe for an estimator that is neither an RFM nor such a pipeline."""
    with pytest.raises(UsageError, match=r"RFM or a pipeline of make_clusterer. Got DBSCAN instead"):
        make_probe(DBSCAN())


def test_card_with_a_value_that_json_does_not_know_is_refused(customers: pd.DataFrame) -> None:
    """The message names the type."""
    model = RFM().fit(customers)
    with pytest.raises(UsageError, match="set is not a value of JSON"):
        dump_model(model, make_probe(model), {"names": {"a"}})
