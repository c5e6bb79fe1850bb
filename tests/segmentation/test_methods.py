"""Every method from features to named segments: recovery, newcomers, unusual customers, notes, and bad input."""

from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import DBSCAN
from sklearn.metrics import adjusted_rand_score
from tests.segmentation.test_segments import AS_OF, make_customers, make_features, rows_of

from customerbase.cleaning import clean
from customerbase.errors import DataError, UsageError
from customerbase.features.customers import customer_features
from customerbase.ingest.reading import read
from customerbase.segmentation.clustering import CLUSTERERS, make_clusterer
from customerbase.segmentation.inductive import InductiveClusterer
from customerbase.segmentation.model_file import dump_model, load_model, make_probe
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.segments import Segmentation, assign, segment
from customerbase.segmentation.stored_segments import restore, segments_to_json
from customerbase.synthetic import make_shop

methods = pytest.mark.parametrize("name", CLUSTERERS)
FEATURES = ibis.memtable(make_features(600))


def make_two_groups(n_far: int = 6) -> Any:
    """Two tight groups of 60 customers, and some who are like nobody."""
    rng = np.random.default_rng(0)
    recent = [(int(rng.integers(8, 12)), int(rng.integers(18, 22)), rng.uniform(900, 1100)) for _ in range(60)]
    gone = [(int(rng.integers(380, 420)), int(rng.integers(1, 3)), rng.uniform(20, 25)) for _ in range(60)]
    far = [(1 + 150 * number, 150, 10.0 ** (number - 1)) for number in range(n_far)]
    return make_customers(*recent, *gone, *far)


DENSE = make_clusterer(InductiveClusterer(DBSCAN(eps=0.5, min_samples=5)), winsorize=None)
TWO_GROUPS = segment(make_two_groups(), DENSE)


@methods
def test_a_customer_alone_is_assigned_as_in_the_batch(name: str) -> None:
    """By every method, from the first date to a later one, newcomers too."""
    result = segment(FEATURES, make_clusterer(name))
    others = make_features(10, seed=8)
    together = rows_of(assign(result, ibis.memtable(others)))
    alone = [rows_of(assign(result, ibis.memtable(others.slice(place, 1))))[0] for place in range(10)]
    assert alone == together
    assert rows_of(assign(result, FEATURES)) == rows_of(result.assignments)


@methods
def test_shuffled_customers_change_nothing(name: str) -> None:
    """Sizes, names, notes and assignments are those of the rows in any order."""
    table = make_features(600)
    shuffled = segment(ibis.memtable(table.take(np.random.default_rng(1).permutation(600))), make_clusterer(name))
    result = segment(FEATURES, make_clusterer(name))
    assert shuffled.segments == result.segments
    assert shuffled.notes == result.notes
    assert rows_of(shuffled.assignments) == rows_of(result.assignments)


@methods
def test_a_saved_model_places_customers_alike(name: str) -> None:
    """Through a file and back, with the same names and numbers."""
    result = segment(FEATURES, make_clusterer(name))
    model: Any = load_model(dump_model(result.model, make_probe(result.model), {}))
    saved = restore(segments_to_json(result), result.labels, model, result.assignments, AS_OF, result.quality,
                    result.fidelity, result.notes)  # fmt: skip
    others = ibis.memtable(make_features(100, seed=3))
    assert rows_of(assign(saved, others)) == rows_of(assign(result, others))
    assert (saved.notes, saved.fidelity) == (result.notes, result.fidelity)


def test_true_segments_of_a_generated_shop_are_recovered(tmp_path: Path) -> None:
    """Six types that lie clear of each other: the default finds them in recency, frequency and monetary value."""
    shop = make_shop(tmp_path, n_lines=60_000, separation="clear")
    features = customer_features(clean(read(shop.order_lines)).data, as_of="2024-01-01")
    result = segment(features, make_clusterer())
    found = pd.DataFrame(rows_of(result.assignments)).merge(pd.read_parquet(shop.customers), on="customer_id")
    assert len(found) > 300
    assert adjusted_rand_score(found["segment_y"], found["segment_x"]) >= 0.8


def test_unusual_customers_are_a_segment_of_their_own_at_the_end() -> None:
    """They have a name, an archetype and a strategy, the last number, and no say in the quality."""
    *usual, unusual = TWO_GROUPS.segments
    assert [one.n_customers for one in usual] == [60, 60]
    assert (unusual.id, unusual.name, unusual.archetype, unusual.n_customers) == (3, "Unusual customers", "unusual", 6)
    assert len(unusual.strategy.actions) >= 3
    assert TWO_GROUPS.labels[-1] == -1
    assert TWO_GROUPS.quality is not None
    assert TWO_GROUPS.quality.smallest_share == 0.5
    named = {row["customer_id"]: row["segment"] for row in rows_of(TWO_GROUPS.assignments)}
    assert [named[f"c{number}"] for number in range(120, 126)] == ["Unusual customers"] * 6


def test_a_newcomer_can_be_unusual_where_nobody_was() -> None:
    """The name and the next number are there before they are needed."""
    result = segment(make_two_groups(n_far=0), DENSE)
    assert [one.id for one in result.segments] == [1, 2]
    newcomer = rows_of(assign(result, make_customers((9000, 5000, 1e9))))[0]
    assert (newcomer["segment_id"], newcomer["segment"]) == (3, "Unusual customers")


def test_one_group_only_is_said() -> None:
    """What a method by density finds in one continuum is one group: a note, and segments all the same."""
    result = segment(FEATURES, make_clusterer(InductiveClusterer(DBSCAN(eps=0.8)), winsorize=None))
    assert [one.name for one in result.segments][-1] == "Unusual customers"
    assert [one.name for one in result.segments][:-1] == ["Usual customers"]
    assert "The method found one group only: by density the customers are one continuum." in " ".join(result.notes)


def test_no_group_at_all_is_said() -> None:
    """Everybody is unusual, there is no quality to measure, and newcomers are unusual too."""
    result = segment(FEATURES, make_clusterer(InductiveClusterer(DBSCAN(eps=1e-9))))
    assert [(one.id, one.name, one.share) for one in result.segments] == [(1, "Unusual customers", 1.0)]
    assert result.quality is None
    assert any("found no group at all. Use --model kmeans" in note for note in result.notes)
    assert {row["segment"] for row in rows_of(assign(result, ibis.memtable(make_features(5, seed=2))))} == {
        "Unusual customers"
    }


def test_a_sample_is_said_with_both_figures() -> None:
    """How many were learnt from, how faithful the placing is, and how much hangs on the sample."""
    features = ibis.memtable(make_features(600))
    model = make_clusterer("ward").set_params(cluster__max_fit_customers=200)
    result = segment(features, model)
    assert result.fidelity is not None
    assert result.notes[0].startswith("The method learnt from a sample of 200 of the 600 customers; the others")
    assert result.notes[1].startswith(f"Of 40 customers left out, {result.fidelity.accuracy:.1%} are placed where")
    assert f"two samples of 200 agree at {result.fidelity.agreement:.2f}" in result.notes[1]


def test_a_sample_of_any_method_is_said() -> None:
    """k-means learns from a sample too where customers are many, and has no fidelity to show."""
    result = segment(FEATURES, make_clusterer(n_segments=3), max_fit_customers=500)
    assert result.notes == (
        "The method learnt from a sample of 500 of the 600 customers; the others are placed with what was learnt.",
    )
    assert result.fidelity is None


class Numbering(ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Gives labels from the frequency: those of newcomers may be new."""

    def fit(self, X: Any, y: object = None) -> "Numbering":  # noqa: ARG002
        """Learn nothing."""
        self.n_features_in_ = 3
        return self

    def predict(self, X: Any) -> Any:
        """Put customers of one order into 7, those of two into 5, and so on."""
        return np.where(X[:, 1] < 2, 7, np.where(X[:, 1] < 100, 5, 90))


def test_a_group_that_nobody_was_in_is_unusual_for_newcomers() -> None:
    """A label that was never seen names no segment; labels need not be numbers from 0 either."""
    model = make_clusterer(Numbering(), transform="none", winsorize=None, scale="none")
    result = segment(make_customers((5, 1, 10.0), (9, 1, 12.0), (3, 8, 90.0)), model)
    assert sorted(result.labels) == [5, 7]
    rows = rows_of(assign(result, make_customers((5, 1, 10.0), (5, 900, 10.0))))
    assert [row["segment"] == "Unusual customers" for row in rows] == [False, True]


@methods
def test_too_few_customers_are_one_line(name: str) -> None:
    """One customer, and many who are all alike, cannot be parted by any method."""
    for rows in ([(5, 3, 20.0)], [(5, 3, 20.0)] * 40):
        with pytest.raises(DataError, match=r"Cannot make \d segments") as error:
            segment(make_customers(*rows), make_clusterer(name))
        assert "\n" not in str(error.value)


@methods
def test_a_constant_column_is_told_and_does_no_harm(name: str) -> None:
    """It tells nobody apart: the notes say so."""
    rows = [(day, 3, 10.0 * (1 + day % 7)) for day in range(1, 120)]
    result = segment(make_customers(*rows), make_clusterer(name))
    assert "frequency is the same for all customers, so it tells nobody apart." in result.notes
    assert sum(one.n_customers for one in result.segments) == 119


@methods
def test_missing_values_are_filled(name: str) -> None:
    """A customer of whom nothing but the orders is known gets a segment."""
    table = make_features(200)
    holes = pa.array([None if number % 10 == 0 else value for number, value in
                      enumerate(table["recency_days"].to_pylist())], type=pa.int64())  # fmt: skip
    place = table.schema.get_field_index("recency_days")
    result = segment(ibis.memtable(table.set_column(place, "recency_days", holes)), make_clusterer(name))
    assert sum(one.n_customers for one in result.segments) == 200


@pytest.mark.parametrize("model", [make_clusterer(), make_clusterer("dbscan"), RFM()], ids=["kmeans", "dbscan", "rfm"])
def test_an_infinite_value_is_one_line(model: Any) -> None:
    """When learning as when placing, with column and customer."""
    good = make_customers(*[(day, 1 + day % 5, 10.0 * day) for day in range(1, 60)])
    bad = make_customers((5, 3, 20.0), (6, 3, float("inf")))
    with pytest.raises(DataError, match=r"The column monetary is infinite for the customer c1\. Correct it"):
        segment(bad, model)
    with pytest.raises(DataError, match="infinite for the customer c1"):
        assign(segment(good, model), bad)


def test_more_components_than_columns_are_refused() -> None:
    """The message has the largest number that is possible."""
    with pytest.raises(UsageError, match=r"'pca' parameter of make_clusterer must be at most 3.*Got 4"):
        segment(FEATURES, make_clusterer(pca=4))


def test_progress_is_told_step_by_step() -> None:
    """Each step says what it does, with the number of customers."""
    said: list[str] = []
    segment(FEATURES, make_clusterer("ward"), progress=said.append)
    assert said == ["Learning segments of 600 customers", "Placing 600 customers", "Describing the segments"]


def test_segments_without_notes_have_none() -> None:
    """Where there is nothing to say, nothing is said."""
    result: Segmentation = segment(FEATURES, make_clusterer(n_segments=3))
    assert (result.notes, result.fidelity) == ((), None)
