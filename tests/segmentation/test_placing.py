"""How sure an assignment is: by hand, against other implementations, and alone as among others."""

from collections.abc import Callable
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import BisectingKMeans, KMeans, MiniBatchKMeans
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import Pipeline

from customerbase.results import list_borderline
from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.placing import BY_CUT_POINTS, BY_DISTANCE, NOBODY, measure_placement, way_of
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.segments import Segmentation, assign, segment

AS_OF = date(2024, 1, 1)
COLUMNS = ["recency_days", "frequency", "monetary"]


def make_features(n_customers: int = 300, seed: int = 0) -> pa.Table:
    """Make a feature table with whole days and orders."""
    random = np.random.default_rng(seed)
    frequency = 1 + random.poisson(random.gamma(0.7, 5.0, n_customers))
    monetary = (frequency * random.lognormal(4, 0.7, n_customers)).round(2)
    return pa.table(
        {
            "customer_id": [f"c{number:05d}" for number in range(n_customers)],
            "as_of": pa.array([AS_OF] * n_customers, type=pa.date32()),
            "recency_days": 1 + random.exponential(120, n_customers).astype(int),
            "frequency": frequency,
            "monetary": monetary,
            "gross_revenue": monetary,
        }
    )


def last_step(estimator: Any) -> Pipeline:
    """Give the default preparation with another last step."""
    return Pipeline([*make_clusterer(n_segments=4).steps[:-1], ("cluster", estimator)])


FEATURES = make_features()
X = FEATURES.to_pandas().set_index("customer_id")[COLUMNS].astype(float)
MODELS: dict[str, Callable[[], Any]] = {
    "kmeans": lambda: make_clusterer(n_segments=4),
    "minibatch": lambda: last_step(MiniBatchKMeans(n_clusters=4, n_init=3, random_state=0)),
    "bisecting": lambda: last_step(BisectingKMeans(n_clusters=4, random_state=0)),
    "ward": lambda: make_clusterer("ward", n_segments=4),
    "dbscan": lambda: make_clusterer("dbscan", n_segments=None),
    "rfm nested": lambda: RFM(n_bins=3, scheme=None, nested=True),
    "rfm tiers": lambda: RFM(scheme=None, weights=(3, 2, 1)),
    "mixture": lambda: last_step(GaussianMixture(n_components=4, random_state=0)),
    "rfm": RFM,
    "rfm cells": lambda: RFM(n_bins=3, scheme=None),
}
LEARNT: dict[str, Segmentation] = {name: segment(ibis.memtable(FEATURES), make()) for name, make in MODELS.items()}
BATCH = {name: assign(learnt, ibis.memtable(FEATURES)).to_pyarrow().to_pylist() for name, learnt in LEARNT.items()}

each_model = pytest.mark.parametrize("name", MODELS)


@each_model
@settings(max_examples=12)
@given(position=st.integers(0, len(X) - 1))
def test_a_customer_alone_gets_what_they_get_among_others(name: str, position: int) -> None:
    """Segment, confidence, next segment and border are the same for one customer and for all at once."""
    alone = assign(LEARNT[name], ibis.memtable(FEATURES.slice(position, 1))).to_pyarrow().to_pylist()
    assert alone == [BATCH[name][position]]


@each_model
def test_the_stored_assignments_are_as_sure_as_those_of_assign(name: str) -> None:
    """`segment` and `assign` write the same columns."""
    assert LEARNT[name].assignments.to_pyarrow().to_pylist() == BATCH[name]


@each_model
def test_the_next_segment_is_a_segment_and_another_one(name: str) -> None:
    """Confidence lies between 0 and 1; whoever is borderline has a next segment, and nobody's is their own."""
    for row in BATCH[name]:
        assert 0 <= row["confidence"] <= 1
        assert row["next_segment"] != row["segment"]
        assert row["next_segment"] is not None or not row["is_borderline"]


def test_confidence_by_centres_is_done_by_hand() -> None:
    """With centres at 0 and 10: at 0 sure, at 4 a third nearer, halfway on the border."""
    model = KMeans(n_clusters=2, n_init=1, random_state=0).fit([[0.0], [10.0]])
    rows = pd.DataFrame([[0.0], [4.0], [5.0]])
    placed = measure_placement(model, rows, model.predict(rows.to_numpy()), {0, 1})
    assert placed.confidence.tolist() == [1.0, round(1 - 4 / 6, 4), 0.0]
    assert placed.is_borderline.tolist() == [False, False, True]


def test_confidence_by_centres_is_that_of_scikit_learns_distances() -> None:
    """`transform` gives the distances: the two smallest make confidence and next label."""
    model: Any = LEARNT["kmeans"].model
    distances = model.transform(X)
    order = distances.argsort(axis=1)
    nearest = np.sort(distances, axis=1)
    placed = measure_placement(model, X, model.predict(X), range(4))
    np.testing.assert_allclose(placed.confidence, 1 - nearest[:, 0] / nearest[:, 1], atol=1e-4)
    assert placed.next_labels.tolist() == order[:, 1].tolist()
    assert (placed.is_borderline == (placed.confidence < BY_DISTANCE)).all()


def test_confidence_of_a_mixture_is_its_own_probability() -> None:
    """The largest probability is the confidence, the second the next; half as likely is the border."""
    model: Any = LEARNT["mixture"].model
    probabilities = np.sort(model.predict_proba(X), axis=1)
    placed = measure_placement(model, X, model.predict(X), range(4))
    np.testing.assert_allclose(placed.confidence, probabilities[:, -1], atol=1e-4)
    clear = np.abs(probabilities[:, -2] / probabilities[:, -1] - 0.5) > 0.001
    assert (placed.is_borderline == (probabilities[:, -2] >= 0.5 * probabilities[:, -1]))[clear].all()


@pytest.mark.parametrize("name", ["rfm", "rfm cells", "rfm nested", "rfm tiers"])
def test_no_smaller_change_of_one_figure_moves_an_rfm_customer(name: str) -> None:
    """By brute force: a change smaller than the confidence leaves the segment, one a little larger does not."""
    model: Any = LEARNT[name].model
    labels = model.predict(X)
    placed = measure_placement(model, X, labels, range(len(model.segment_names_)))
    smallest = np.ones(len(X))
    for column in COLUMNS:
        unit = 0.01 if column == "monetary" else 1.0
        for factor in np.concatenate([np.linspace(0.02, 1, 99), 1 / np.linspace(0.02, 1, 99)]):
            moved = (X[column] * factor / unit).round() * unit
            change = (moved - X[column]).abs() / np.maximum(moved, X[column])
            is_other = model.predict(X.assign(**{column: moved})) != labels
            smallest = np.where(is_other, np.minimum(smallest, change), smallest)
    assert (placed.confidence <= smallest + 1e-4).all()
    assert np.mean(smallest - placed.confidence < 0.03) > 0.95  # the grid is no finer than that
    assert (placed.is_borderline == (placed.confidence < BY_CUT_POINTS)).all()


def test_rfm_is_done_by_hand() -> None:
    """At 95 days with a cut at 96 the smallest way out is two days more: a change of 2/97; of one order, a half."""
    edges = {"recency_days": [96.0], "frequency": [1.0], "monetary": [100.0]}
    model = RFM(n_bins=2, scheme=None, edges=edges).fit(X)
    rows = pd.DataFrame({"recency_days": [95.0, 400.0], "frequency": [1.0, 1.0], "monetary": [1.0, 1.0]})
    placed = measure_placement(model, rows, model.predict(rows), range(8))
    assert placed.confidence.tolist() == [round(2 / 97, 4), 0.5]
    assert [str(model.segment_names_[label]) for label in placed.next_labels] == ["111", "121"]


def test_prices_do_not_change_how_sure_it_is() -> None:
    """All prices times 100 give the same confidence, for k-means and RFM."""
    scaled = FEATURES
    for column in ("monetary", "gross_revenue"):
        hundredfold = pa.array(np.asarray(scaled[column]) * 100)
        scaled = scaled.set_column(scaled.schema.get_field_index(column), column, hundredfold)
    for name in ("kmeans", "rfm"):
        again = segment(ibis.memtable(scaled), MODELS[name]()).assignments.to_pandas()
        before = pd.DataFrame(BATCH[name])
        assert again.segment.tolist() == before.segment.tolist()
        np.testing.assert_allclose(again.confidence, before.confidence, atol=2e-4)


def test_borderline_customers_are_those_whom_other_samples_place_elsewhere() -> None:
    """In 20 refits on resampled customers those on the border keep their segment clearly less often than the others."""
    features = make_features(2_000, seed=4).to_pandas()[COLUMNS].astype(float)
    model = make_clusterer(n_segments=3).fit(features)
    labels = model.predict(features)
    placed = measure_placement(model, features, labels, range(3))
    random, kept = np.random.default_rng(0), np.zeros(len(features))
    for _ in range(20):
        refit = make_clusterer(n_segments=3).fit(features.iloc[random.integers(0, len(features), len(features))])
        again = refit.predict(features)
        names = {label: np.bincount(labels[again == label], minlength=3).argmax() for label in range(3)}
        kept += labels == np.array([names[label] for label in again])
    is_borderline = placed.is_borderline
    assert 0.02 < is_borderline.mean() < 0.3
    assert kept[is_borderline].mean() / 20 < 0.9
    assert kept[~is_borderline].mean() / 20 > 0.97


class _Halves(KMeans):  # type: ignore[misc]
    """Places by the sign of the first column, and has neither centres nor probabilities."""

    def fit(self, X: pd.DataFrame, y: object = None) -> "_Halves":  # noqa: ARG002
        """Learn nothing."""
        self.feature_names_in_ = np.array(X.columns)
        return self

    def predict(self, X: pd.DataFrame) -> Any:
        """Give 0 or 1."""
        return (X["recency_days"].to_numpy() > 60).astype(np.int64)


def test_a_model_that_cannot_say_leaves_the_columns_empty() -> None:
    """No confidence, no next segment, nobody on the border."""
    result = segment(ibis.memtable(FEATURES), _Halves())
    assert way_of(result.model) is None
    assert set(result.assignments.to_pandas().confidence.isna()) == {True}
    assert result.assignments.filter(result.assignments.next_segment.notnull()).count().execute() == 0
    assert list_borderline(result.assignments, ibis.memtable(FEATURES)).count().execute() == 0


def test_one_probability_alone_has_no_next() -> None:
    """Where the others have no probability there is no next one; unusual has a confidence too, and is never next."""

    class Sure:
        classes_ = np.array([NOBODY, 0, 1])

        def predict_proba(self, X: pd.DataFrame) -> Any:
            return np.array([[0.0, 1.0, 0.0], [0.3, 0.4, 0.3], [0.9, 0.1, 0.0]])[: len(X)]

    model: Any = Sure()
    placed = measure_placement(model, pd.DataFrame(index=range(3)), np.array([0, 0, NOBODY]), {NOBODY, 0, 1})
    assert placed.next_labels.tolist() == [NOBODY, 1, 0]
    assert placed.is_borderline.tolist() == [False, True, False]
    assert placed.confidence.tolist() == [1.0, 0.4, 0.9]


def test_the_list_of_borderline_customers_begins_with_the_most_valuable() -> None:
    """It holds those on the border and nobody else, by spend."""
    table: ir.Table = list_borderline(LEARNT["kmeans"].assignments, ibis.memtable(FEATURES))
    rows = table.to_pyarrow().to_pylist()
    assert {row["customer_id"] for row in rows} == {
        row["customer_id"] for row in BATCH["kmeans"] if row["is_borderline"]
    }
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    spend = [row["monetary"] for row in rows]
    assert spend == sorted(spend, reverse=True)
