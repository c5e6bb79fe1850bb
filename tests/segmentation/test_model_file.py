"""Model files: the same model back, the same bytes, no customer inside, and one line for whatever is wrong."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import DBSCAN, OPTICS
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.clustering import CLUSTERERS, make_clusterer, single_thread
from customerbase.segmentation.model_archive import DIGEST_LENGTH, _digest, hash_members, pack, unpack
from customerbase.segmentation.model_file import FORMAT_VERSION, dump_model, load_model, make_probe, read_card
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS

CARD = {"as_of": "2011-12-10", "n_customers": 400}

MODELS: dict[str, Callable[[], BaseEstimator]] = {
    "rfm": RFM,
    "rfm cells": lambda: RFM(n_bins=3, edges={"recency_days": [30, 180]}, scheme=None),
    "rfm edges of numpy": lambda: RFM(edges={"monetary": np.array([10.0, 50.0, 100.0, 500.0])}),
    **{name: partial(make_clusterer, name) for name in CLUSTERERS},
    "four columns": lambda: make_clusterer(
        n_segments=3, columns=["monetary", "tenure_days", "frequency", "recency_days"]
    ),
    "power, not winsorised": lambda: make_clusterer(n_segments=3, transform="power", winsorize=None),
    "ranks, robust": lambda: make_clusterer(n_segments=3, transform="quantile", scale="robust"),
    "raw": lambda: make_clusterer(n_segments=3, transform="none", winsorize=(0, 0.99), scale="none"),
    "two components": lambda: make_clusterer(n_segments=3, pca=2),
    "share of variance": lambda: make_clusterer("ward", n_segments=3, scale="robust", pca=0.9),
    "encoded": lambda: make_clusterer(n_segments=3, columns=["monetary", "frequency"], one_hot=["gender", "city"]),
    "encoded, components": lambda: make_clusterer(
        "gaussian_mixture", n_segments=3, columns=["monetary"], one_hot=["gender"], pca=2
    ),
    "own clusterer": lambda: make_clusterer(OPTICS(min_samples=20)),
}
INDUCTIVE = {"ward", "average", "complete", "dbscan", "hdbscan", "share of variance", "own clusterer"}


def make_customers(n_customers: int, random_state: int) -> pd.DataFrame:
    rng = np.random.default_rng(random_state)
    frequency = rng.geometric(0.25, n_customers).astype(float)
    return pd.DataFrame(
        {
            "recency_days": np.ceil(rng.exponential(200, n_customers)),
            "frequency": frequency,
            "monetary": np.round(frequency * rng.lognormal(5, 1, n_customers) - 20, 2),
            "tenure_days": np.floor(rng.exponential(300, n_customers)),
            "gender": rng.choice(np.array(["f", "m", None], dtype=object), n_customers),
            "city": rng.choice(["Rome", "Oslo", "Bonn"], n_customers),
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
    return fit(request.param, customers)


def fit(name: str, customers: pd.DataFrame) -> BaseEstimator:
    """Fit a model; those of RFM take the whole frame of numbers."""
    model = MODELS[name]()
    return model.fit(customers if hasattr(model, "steps") else customers[list(RFM_COLUMNS)])


@pytest.fixture(scope="module")
def content(customers: pd.DataFrame) -> bytes:
    """Write a k-means model."""
    model = make_clusterer(n_segments=3).fit(customers)
    return dump_model(model, make_probe(model), CARD)


def dump(model: BaseEstimator) -> bytes:
    return dump_model(model, make_probe(model), CARD)


def change(content: bytes, name: str, edit: Callable[[Any], object]) -> bytes:
    """Forge a file: edit one of its JSON members in place, and mend the digest."""
    members = unpack(content)
    tree = json.loads(members[name])
    edit(tree)
    return forge({**members, name: json.dumps(tree).encode()})


def forge(members: dict[str, bytes]) -> bytes:
    """Pack members as an able forger would: with the hash of the content mended in the card, where there is one."""
    rest = {name: member for name, member in members.items() if name != "card.json"}
    card = json.loads(members["card.json"])
    if "content_sha256" in card:
        card["content_sha256"] = hash_members(rest)
    return pack({**rest, "card.json": json.dumps(card).encode()})


def change_array(content: bytes, name: str, edit: Callable[[np.ndarray], Any]) -> bytes:
    """Forge a file: edit one of its arrays, and mend the digest."""
    members = unpack(content)
    buffer = io.BytesIO()
    np.save(buffer, edit(np.load(io.BytesIO(members[name]))))
    return forge({**members, name: buffer.getvalue()})


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
    if "OPTICS" not in str(
        model
    ):  # a clusterer that is not on the list is not written: its points are all that it learnt
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


@pytest.mark.parametrize("name", MODELS)
def test_no_customer_is_inside(name: str, customers: pd.DataFrame) -> None:
    """No array has the row of a customer as it came; prepared, it is in the sample of the inductive methods alone."""
    model = fit(name, customers)
    prepared = np.asarray(model[:-1].transform(customers)) if hasattr(model, "steps") else None
    raw = customers.select_dtypes("number").to_numpy()
    for member_name, member in unpack(dump(model)).items():
        if member_name.endswith(".npy"):
            array = np.load(io.BytesIO(member))
            assert not has_row(array, raw)
            is_sample = name in INDUCTIVE and member_name.endswith("points_.npy")
            assert prepared is None or has_row(array, prepared) == is_sample or name == "own clusterer"


def has_row(array: np.ndarray, rows: np.ndarray) -> bool:
    """Whether an array has one of the rows."""
    if array.ndim != 2 or array.shape[1] != rows.shape[1]:
        return False
    return bool((abs(array[:, None, :] - rows[None, :, :]) < 1e-9).all(axis=2).any())


def test_probe_reaches_several_segments_and_is_made_up(model: BaseEstimator, customers: pd.DataFrame) -> None:
    """The probe rows tell most segments apart, are the same each time, and hold no customer."""
    probe = make_probe(model)
    reached, all_segments = set(model.predict(probe)), set(model.predict(customers))
    assert len(reached & all_segments) >= min(len(all_segments), 8) / 2
    pd.testing.assert_frame_equal(probe, make_probe(model))
    assert customers[list(probe.columns)].merge(probe, on=list(probe.columns)).empty


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
        with pytest.raises(
            DataError, match=f"has format {FORMAT_VERSION + 1}, and this customerbase reads {FORMAT_VERSION}"
        ):
            read(newer)


def test_a_forged_type_is_refused(content: bytes) -> None:
    """A type that is not on the list is never looked up, let alone made."""
    forged = change(content, "model.json", lambda tree: tree["steps"][0][1].update(type="subprocess.Popen"))
    with pytest.raises(DataError, match=r"holds a 'subprocess.Popen'. It may hold: ColumnSelector, MedianFill"):
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
    with pytest.raises(DataError, match="holds a KMeans with an impossible"):
        load_model(change_array(content, "cluster.cluster_centers_.npy", edit))


def test_pickled_arrays_are_refused(content: bytes) -> None:
    """An array of objects would have to be unpickled: it is not."""
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    members = {**unpack(content), "log.scale_.npy": buffer.getvalue()}
    with pytest.raises(DataError, match="cannot be read"):
        load_model(forge(members))


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
        load_model(pack({"note.json": b"{}"}))


def test_types_that_are_not_on_the_list_are_not_written(customers: pd.DataFrame) -> None:
    """Any other estimator is refused when writing, with the list."""
    X = customers[["recency_days", "frequency", "monetary"]]
    other = make_pipeline(LogisticRegression()).fit(X.to_numpy(), X["frequency"] > 2)
    with pytest.raises(UsageError, match=r"cannot hold a LogisticRegression. It can hold: ColumnSelector"):
        dump_model(other, X.head(1).set_axis([0, 1, 2], axis=1), {})


def test_probe_wants_a_model_with_learnt_bounds() -> None:
    """There is no probe for an estimator that is neither an RFM nor such a pipeline."""
    with pytest.raises(UsageError, match=r"RFM, a ValueTree or a pipeline of make_clusterer. Got DBSCAN instead"):
        make_probe(DBSCAN())


def test_card_with_a_value_that_json_does_not_know_is_refused(customers: pd.DataFrame) -> None:
    """The message names the type."""
    model = RFM().fit(customers)
    with pytest.raises(UsageError, match="set is not a value of JSON"):
        dump_model(model, make_probe(model), {"names": {"a"}})


ARRAYS = [
    ("kmeans", "cluster.cluster_centers_", lambda a: a * np.nan),
    ("kmeans", "cluster.cluster_centers_", lambda a: a * 1e200),
    ("kmeans", "winsorize.lower_bounds_", lambda a: a + 1e9),
    ("kmeans", "log.scale_", lambda a: a * 0),
    ("kmeans", "fill.medians_", lambda a: a[:1]),
    ("kmeans", "standardize.var_", lambda a: -a),
    ("ranks, robust", "rank.quantiles_", lambda a: a[::-1]),
    ("ranks, robust", "standardize.scale_", lambda a: -a),
    ("power, not winsorised", "power.lambdas_", lambda a: a.astype(np.int64)),
    ("two components", "pca.components_", lambda a: a[:, :1]),
    ("two components", "pca.explained_variance_", lambda a: a[:1]),
    ("gaussian_mixture", "cluster.weights_", lambda a: a * 2),
    ("gaussian_mixture", "cluster.means_", lambda a: a[:-1]),
    ("gaussian_mixture", "cluster.covariances_", lambda a: -a),
    ("gaussian_mixture", "cluster.covariances_", lambda a: np.triu(a) * 2),
    ("gaussian_mixture", "cluster.precisions_cholesky_", lambda a: a * 3),
    ("ward", "cluster.points_", lambda a: a[:0]),
    ("ward", "cluster.point_labels_", lambda a: a + 100),
    ("ward", "cluster.point_labels_", lambda a: a.astype(np.float64)),
    ("ward", "cluster.classes_", lambda a: a[::-1]),
    ("hdbscan", "cluster.reaches_", lambda a: -a),
    ("hdbscan", "cluster.spreads_", lambda a: a[1:]),
    ("dbscan", "cluster.classes_", lambda a: a[1:]),
    ("rfm", "edges_.frequency", lambda a: a[::-1]),
    ("rfm", "cell_segments_", lambda a: a + 1000),
    ("rfm", "segment_names_", lambda a: a[:2]),
]


@pytest.mark.parametrize(("name", "path", "edit"), ARRAYS, ids=lambda value: value if isinstance(value, str) else "")
def test_forged_arrays_are_refused(name: str, path: str, edit: Callable[..., Any], customers: pd.DataFrame) -> None:
    """Wrong shapes and kinds, figures that are none or huge, edges that fall: each is named in one line."""
    forged = change_array(dump(fit(name, customers)), f"{path}.npy", edit)
    with pytest.raises(DataError, match=r"with an impossible (\w+_\.|combination of parts)") as error:
        load_model(forged)
    assert "\n" not in str(error.value)


def test_header_that_promises_more_than_there_is_allocates_nothing(content: bytes) -> None:
    """An array that says it has a billion rows is refused by its length."""
    members = unpack(content)
    huge = members["cluster.cluster_centers_.npy"].replace(b"(3, 3), }" + b" " * 9, b"(3000000000, 3), }")
    assert huge != members["cluster.cluster_centers_.npy"]
    with pytest.raises(DataError, match=r"cannot be read \(ValueError\)"):
        load_model(forge({**members, "cluster.cluster_centers_.npy": huge}))


def test_a_pickle_by_the_name_of_a_model_is_never_opened() -> None:
    """Another file under the same name is damaged, as far as anybody can tell."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(DataError, match="damaged or cut short"):
            load_model(pickle.dumps(Bomb(), protocol))


class Bomb:
    """Goes off when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("the pickle was opened",))


def test_the_card_of_another_model_is_refused(customers: pd.DataFrame, content: bytes) -> None:
    """A card lies beside a model: one that tells of another is not believed."""
    other = unpack(dump(make_clusterer(n_segments=4).fit(customers)))
    with pytest.raises(DataError, match="card belongs to another model"):
        load_model(pack({**unpack(content), "card.json": other["card.json"]}))


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("ward", lambda tree: tree["steps"][-1][1]["parameters"].update(n_neighbors=10**9)),
        ("ward", lambda tree: tree["steps"][-1][1]["parameters"]["clusterer"].update(unfitted="Popen")),
        ("ward", lambda tree: tree["steps"][-1][1]["fitted"].update(n_features_in_=10**9)),
        ("ward", lambda tree: tree["steps"][-1][1]["fitted"].update(points_=None)),
        ("gaussian_mixture", lambda tree: tree["steps"][-1][1]["parameters"].update(covariance_type="tied")),
        ("two components", lambda tree: tree["steps"][-2][1]["parameters"].update(whiten=True)),
        ("encoded", lambda tree: tree["steps"][0][1]["transformers"][1][1].update(categories=[])),
        ("encoded", lambda tree: tree["steps"][0][1]["transformers"][1][1]["categories"][0].update(values=["x"])),
        ("encoded", lambda tree: tree["steps"][0][1].update(transformers=[])),
    ],
)
def test_a_forged_tree_of_any_method_is_one_line(
    name: str, edit: Callable[[Any], Any], customers: pd.DataFrame
) -> None:
    """Numbers of neighbours without bound, unknown types, missing arrays: refused before anything is asked."""
    with pytest.raises(DataError) as error:
        load_model(change(dump(fit(name, customers)), "model.json", edit))
    assert "\n" not in str(error.value)


def test_customers_of_another_data_set_are_refused_by_the_column_that_is_missing(content: bytes) -> None:
    """A model of orders does not place customers of whom visits alone are known."""
    with pytest.raises(DataError, match=r"no column 'recency_days'. They have: n_sessions"):
        load_model(content).predict(pd.DataFrame({"n_sessions": [3.0]}))
