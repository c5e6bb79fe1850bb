"""What makes segments, and one customer's: against hand-made cases and the distances themselves."""

from datetime import date
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import Pipeline

from customerbase.errors import DataError
from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.explaining import EXPLAINERS, explain_segments
from customerbase.segmentation.reasons import explain_customer
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.segments import segment

AS_OF = date(2024, 1, 1)


def make_features(n_customers: int, seed: int = 0, **given: Any) -> pa.Table:
    """Make a feature table of whole days and orders."""
    random = np.random.default_rng(seed)
    columns = {
        "recency_days": 1 + random.exponential(120, n_customers).astype(int),
        "frequency": 1 + random.poisson(random.gamma(0.7, 5.0, n_customers)),
        "monetary": random.lognormal(6, 1.0, n_customers).round(2),
        **given,
    }
    ids = [f"c{number:05d}" for number in range(n_customers)]
    dates = pa.array([AS_OF] * n_customers, type=pa.date32())
    return pa.table({"customer_id": ids, "as_of": dates, **columns, "gross_revenue": columns["monetary"]})


FEATURES = make_features(800)
RESULT = segment(ibis.memtable(FEATURES), make_clusterer(n_segments=4))
EXPLAINED = explain_segments(RESULT, ibis.memtable(FEATURES))


def rows_of(table: Any) -> list[dict[str, Any]]:
    """Read a table as rows."""
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


def test_segments_of_kmeans_are_repeated_with_high_fidelity() -> None:
    """Cells around centres are easily learnt again: on customers left out above nine in ten by every model."""
    fidelity = {row["method"]: row for row in rows_of(EXPLAINED.fidelity)}
    assert list(fidelity) == [*EXPLAINERS, "surrogate tree"]
    assert all(fidelity[name]["fidelity"] > 0.9 for name in EXPLAINERS)
    assert all(row["lowest"] <= row["fidelity"] <= row["highest"] for row in fidelity.values())
    assert {row["n_customers"] for row in fidelity.values()} == {800}


def test_the_confusion_counts_every_customer_once() -> None:
    """Rows sum to the segment, the diagonal to the fidelity of the forest."""
    confusion = EXPLAINED.confusion.to_pandas()
    sizes = confusion.groupby("segment").customers.sum().to_dict()
    assert sizes == {one.name: one.n_customers for one in RESULT.segments}
    right = confusion[confusion.segment == confusion.repeated_as].customers.sum()
    assert right / 800 == pytest.approx(rows_of(EXPLAINED.fidelity)[0]["fidelity"], abs=1e-4)


def test_a_column_that_decides_nothing_has_no_importance() -> None:
    """With RFM cuts that only recency passes, shuffling recency breaks the segments and the others do not."""
    far = 1e9
    edges = {"recency_days": [60.0], "frequency": [far], "monetary": [far]}
    features = ibis.memtable(FEATURES)
    result = segment(features, RFM(n_bins=2, scheme=None, edges=edges))
    explained = explain_segments(result, features)
    importances = {row["feature"]: row["importance"] for row in rows_of(explained.importances)}
    assert importances.pop("recency_days") > 0.3
    assert all(abs(each) < 0.02 for each in importances.values())
    rules = {
        row["segment"]: (row["rule"], row["purity"], row["coverage"]) for row in rows_of(explained.surrogate_rules)
    }
    assert rules == {
        "211": ("last bought up to 60 days ago", 1.0, 1.0),
        "111": ("last bought more than 60 days ago", 1.0, 1.0),
    }


def test_rules_hold_every_customer_once_and_what_they_say_is_true() -> None:
    """The rules share the customers out; purity and coverage are those of a second count."""
    rules = pd.DataFrame(rows_of(EXPLAINED.surrogate_rules))
    assert rules.customers.sum() == 800
    assert len(rules) <= 8
    right = (rules.customers * rules.purity).groupby(rules.segment).sum()
    covered = rules.coverage.groupby(rules.segment).sum()
    sizes = pd.Series({one.name: one.n_customers for one in RESULT.segments})
    assert np.allclose(right / sizes[right.index], covered, atol=1e-3)


def test_the_same_customers_and_seed_give_the_same_explanation() -> None:
    """Whatever the order of the rows, and with a sample too."""
    shuffled = FEATURES.take(np.random.default_rng(1).permutation(800))
    for size in (5_000, 300):
        first, second = (
            explain_segments(RESULT, ibis.memtable(table), max_customers=size) for table in (FEATURES, shuffled)
        )
        for name in ("fidelity", "confusion", "importances", "surrogate_rules"):
            assert rows_of(getattr(first, name)) == rows_of(getattr(second, name))
        assert rows_of(first.fidelity)[0]["n_customers"] == min(size, 800)


def test_a_tiny_segment_is_left_out_and_one_segment_is_refused() -> None:
    """Four customers cannot be cut into five folds; and of one segment there is nothing to tell."""
    edges = {"recency_days": [10_000.0], "frequency": [1e9], "monetary": [1e9]}
    days = np.concatenate([np.full(4, 20_000), FEATURES["recency_days"].to_numpy()[4:]])
    features = ibis.memtable(make_features(800, recency_days=days))
    result = segment(features, RFM(n_bins=2, scheme=None, edges=edges))
    with pytest.raises(DataError, match="There is only 1 segment of at least 5 customers"):
        explain_segments(result, features)
    edges["frequency"] = [3.0]
    explained = explain_segments(segment(features, RFM(n_bins=2, scheme=None, edges=edges)), features)
    assert set(explained.left_out) <= {"111", "121"}
    assert explained.left_out


def test_the_pulls_of_a_customer_are_the_difference_of_the_squared_distances() -> None:
    """What speaks for the own segment less what speaks for the next is d2² − d1², as a share of all that pulls."""
    model: Any = RESULT.model
    X = FEATURES.to_pandas().set_index("customer_id")[["recency_days", "frequency", "monetary"]].astype(float)
    prepared, centres = model[:-1].transform(X), model[-1].cluster_centers_
    for position in (0, 17, 444):
        why = explain_customer(RESULT, ibis.memtable(FEATURES), X.index[position])
        first, second = np.argsort(model.transform(X.iloc[[position]])[0])[:2]
        pulls = (prepared[position] - centres[second]) ** 2 - (prepared[position] - centres[first]) ** 2
        signed = {each.feature: each.weight * (1 if each.speaks_for == why.segment else -1) for each in why.reasons}
        assert why.weighed_by == "distance"
        np.testing.assert_allclose([signed[name] for name in X.columns], pulls / np.abs(pulls).sum(), atol=1e-4)
        assert sum(each.weight for each in why.reasons) == pytest.approx(1, abs=1e-3)


def test_of_other_models_figures_are_exchanged() -> None:
    """Only recency decides here: for half of the others' recencies the segment is another, for no other figure."""
    edges = {"recency_days": [60.0], "frequency": [1e9], "monetary": [1e9]}
    features = make_features(201, recency_days=np.array([10] * 101 + [90] * 100))
    result = segment(ibis.memtable(features), RFM(n_bins=2, scheme=None, edges=edges))
    why = explain_customer(result, ibis.memtable(features), "c00000")
    assert why.weighed_by == "exchange"
    assert [(each.feature, each.weight, each.speaks_for) for each in why.reasons] == [
        ("recency_days", 0.5, None),
        ("frequency", 0.0, None),
        ("monetary", 0.0, None),
    ]
    assert why.reasons[0].percentile_rank == pytest.approx(101 / 2 / 201, abs=1e-4)


def test_a_mixture_is_explained_by_exchange_too() -> None:
    """Probabilities do not split up by column."""
    steps = [*make_clusterer().steps[:-1], ("cluster", GaussianMixture(n_components=3, random_state=0))]
    result = segment(ibis.memtable(FEATURES), Pipeline(steps))
    why = explain_customer(result, ibis.memtable(FEATURES), "c00005")
    assert why.weighed_by == "exchange"
    assert all(0 <= each.weight <= 1 for each in why.reasons)


def test_unknown_customers_and_those_without_a_segment_are_refused() -> None:
    """One line says which of the two it is."""
    features = ibis.memtable(make_features(100, frequency=np.array([0] + [2, 9, 5] * 33)))
    result = segment(features, make_clusterer(n_segments=2))
    with pytest.raises(DataError, match="There is no customer 'zoe' in the features of 2024-01-01"):
        explain_customer(result, features, "zoe")
    with pytest.raises(DataError, match="Customer 'c00000' has no segment"):
        explain_customer(result, features, "c00000")
