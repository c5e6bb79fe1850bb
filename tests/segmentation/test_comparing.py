"""Comparing methods and numbers of segments: each figure made a second way, planted groups, and what is refused."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.cluster.hierarchy import dendrogram, linkage
from scipy.stats import multivariate_normal
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_samples

from customerbase.errors import DataError, UsageError
from customerbase.features.customers import customer_features
from customerbase.segmentation.clustering import CLUSTERERS, FINDS_NUMBER, make_clusterer
from customerbase.segmentation.comparing import working
from customerbase.segmentation.comparing.comparison import Comparison, compare
from customerbase.segmentation.comparing.contender import Constraints, Contender
from customerbase.segmentation.comparing.field import Field, Labels, make_field
from customerbase.segmentation.comparing.gaps import make_boxes, measure_gaps, sum_within
from customerbase.segmentation.comparing.idleness import measure_idle_moves, put_back
from customerbase.segmentation.comparing.later_spend import Outcome, measure_later_spend
from customerbase.segmentation.comparing.learners import cut_tree, learn
from customerbase.segmentation.comparing.merges import list_merges
from customerbase.segmentation.comparing.refits import measure_refits
from customerbase.segmentation.comparing.selection import select
from customerbase.segmentation.inductive import InductiveClusterer
from customerbase.segmentation.out_of_time import REFERENCE_COLUMNS, measure_out_of_time
from customerbase.segmentation.stability import measure_agreement, measure_stability
from customerbase.segmentation.structure import Structure

COLUMNS = ["recency_days", "frequency", "monetary"]
DAY = date(2024, 7, 1)
METHODS = ["kmeans", "gaussian_mixture", "ward", "dbscan", "cells-11"]
CONTINUUM = Structure("continuum", 1, (), ())
ASKED = Constraints(3, 8, 0.03, 0.85)


def tabulate(X: npt.NDArray[np.float64], day: date = DAY, more: Mapping[str, Any] | None = None) -> ir.Table:
    """Make customers whose three default columns are these."""
    frame = pd.DataFrame(X, columns=COLUMNS).assign(
        customer_id=[f"{n:05}" for n in range(len(X))], as_of=day, **(more or {})
    )
    return ibis.memtable(frame)


def plant(n: int = 90, seed: int = 0) -> npt.NDArray[np.float64]:
    """Four groups of customers, far apart in all three columns."""
    rng = np.random.default_rng(seed)
    centers = np.array([[10, 2, 20], [10, 40, 4_000], [300, 2, 4_000], [300, 40, 20]])
    return np.concatenate([center * rng.lognormal(0, 0.1, (n, 3)) for center in centers])


def spread(n: int = 240, seed: int = 1) -> npt.NDArray[np.float64]:
    """Customers of one continuous process: the more active, the more recent, frequent and valuable."""
    rng = np.random.default_rng(seed)
    activity = rng.normal(size=n)
    noise = rng.normal(0, 0.3, (n, 3))
    return np.exp(np.column_stack([4 - activity, 1 + activity, 5 + activity]) + noise)


@pytest.fixture(scope="module")
def field() -> Field:
    return make_field(tabulate(spread()), make_clusterer(), 1_000, 0)


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare(tabulate(plant()), METHODS, [3, 4, 5], n_refits=4)


@pytest.fixture(scope="module")
def labels(field: Field) -> dict[int | None, Labels]:
    return dict(learn("kmeans", field, (3, 4), 0).place(field))


@pytest.mark.parametrize("method", CLUSTERERS)
def test_segments_are_those_of_the_model_itself(method: str, field: Field) -> None:
    """What is compared is what `segment` makes: of trees too, though all numbers share one."""
    placed = learn(method, field, (3, 5), 0).place(field)
    for number, mine in placed.items():
        model = CLUSTERERS[method](number or 2, 0).fit(field.prepared)
        assert measure_agreement(mine, model.predict(field.prepared)) == 1
    assert list(placed) == ([None] if method in FINDS_NUMBER else [3, 5])


def test_a_cut_tree_is_agglomerative_clustering() -> None:
    """Of customers all different, the last merges undone leave the parts that scikit-learn finds."""
    X = np.random.default_rng(0).normal(size=(120, 3))
    for number in (1, 2, 7, 120):
        theirs = AgglomerativeClustering(number, linkage="complete").fit_predict(X)
        assert measure_agreement(cut_tree(linkage(X, "complete"), number), theirs) == 1


def test_figures_are_those_of_scikit_learn(field: Field, labels: dict[int | None, Labels]) -> None:
    """Silhouette, Davies-Bouldin, Calinski-Harabasz and inertia of the common space, of schemes too."""
    result = compare(tabulate(spread()), ["kmeans", "cells-11"], [3, 4], n_refits=2)
    scheme = learn("cells-11", field, (), 0).place(field)[None]
    for one, mine in zip(result.contenders, (labels[3], labels[4], scheme), strict=True):
        assert one.davies_bouldin == pytest.approx(davies_bouldin_score(field.prepared, mine))
        assert one.calinski_harabasz == pytest.approx(calinski_harabasz_score(field.prepared, mine))
        assert one.silhouette == pytest.approx(silhouette_samples(field.prepared, mine).mean())
        assert one.inertia == pytest.approx(sum_within(field.prepared, mine))
        assert one.smallest_share == np.unique(mine, return_counts=True)[1].min() / len(mine)
    inertia = KMeans(4, n_init=10, random_state=0).fit(field.prepared).inertia_
    assert result.contenders[1].inertia == pytest.approx(inertia)


def test_silhouettes_stand_by_customer(found: Comparison) -> None:
    """Sorted by segment and descending within it; each customer once for each contender; their mean is the figure."""
    table = found.silhouettes.to_pandas()
    for place, one in enumerate(found.contenders, start=1):
        mine = table[table.place == place].sort_values("rank")
        assert mine.customer_id.nunique() == len(mine) == 360
        assert mine.silhouette.mean() == pytest.approx(one.silhouette)
        order = list(zip(mine.segment, -mine.silhouette, strict=True))
        assert order == sorted(order)


@pytest.mark.parametrize("method", ["kmeans", "ward"])
def test_refits_are_those_of_measure_stability(method: str, field: Field) -> None:
    """All numbers at once give the figures of one number at a time, on the same draws."""
    placed = learn(method, field, (3, 4), 0).place(field)
    together = measure_refits(method, field, placed, (3, 4), 5, random_state=7)
    for number in (3, 4):
        one = (
            KMeans(number, n_init=2)
            if method == "kmeans"
            else InductiveClusterer(AgglomerativeClustering(number), random_state=0)
        )
        assert together[number] == measure_stability(one, field.prepared, placed[number], 5, random_state=7)


def test_bic_by_hand_and_lowest_at_the_truth(found: Comparison) -> None:
    """BIC is the parameters times ln n less twice the likelihood, and of four planted groups lowest for four."""
    field = make_field(tabulate(plant()), make_clusterer(), 1_000, 0)
    models = learn("gaussian_mixture", field, (3, 4, 5), 0)
    table = found.bic.to_pandas().set_index("n_segments")
    n, d = field.prepared.shape
    for number in (3, 4, 5):
        model = models.models[number]  # type: ignore[attr-defined]
        parts = zip(model.weights_, model.means_, model.covariances_, strict=True)
        density = sum(w * multivariate_normal(mean, cov).pdf(field.prepared) for w, mean, cov in parts)
        likelihood = float(np.log(density).sum())
        n_parameters = number - 1 + number * d + number * d * (d + 1) / 2
        assert table.bic[number] == pytest.approx(n_parameters * np.log(n) - 2 * likelihood)
        assert table.aic[number] == pytest.approx(2 * n_parameters - 2 * likelihood)
        assert table.log_likelihood[number] == pytest.approx(likelihood)
    assert table.bic.idxmin() == 4


def test_the_gap_by_hand(field: Field, labels: dict[int | None, Labels]) -> None:
    """The mean logarithm of what k-means leaves in five even boxes, less that of the customers."""
    boxes = make_boxes(field, random_state=3)
    found = measure_gaps("kmeans", boxes, labels, (3, 4), 0)
    for number in (3, 4):
        left = [KMeans(number, n_init=1, random_state=0).fit(box.prepared).inertia_ for box in boxes.references]
        mine = sum_within(boxes.seen.prepared, labels[number])
        assert found[number][0] == pytest.approx(np.log(left).mean() - np.log(mine))
        assert found[number][1] == pytest.approx(np.log(left).std() * np.sqrt(1.2))
    assert measure_gaps("dbscan", boxes, {}, (3,), 0) == {}


def test_planted_groups_are_chosen(found: Comparison) -> None:
    """Four groups far apart: four segments are chosen, and said to be groups; the gap is largest there."""
    assert (found.chosen.n_segments, found.structure.verdict) == (4, "groups")
    assert "one segment for each group that stands apart" in " ".join(found.reasons)
    assert found.chosen.stability == pytest.approx(1)
    gaps = {one.n_segments: one.gap for one in found.contenders if one.method == "kmeans"}
    assert max(gaps, key=lambda number: gaps[number] or 0) == 4


def test_a_continuum_is_called_one() -> None:
    """Customers without groups are cut all the same, and the words say so."""
    result = compare(tabulate(spread()), ["kmeans"], [3, 4], n_refits=4)
    assert result.structure.verdict == "continuum"
    assert "cuts through a continuum" in result.reasons[-1]
    assert result.chosen.share_of_reference is None
    assert any("no date is given whose next days are over" in note for note in result.notes)


def test_merges_are_the_leaves_of_scipy() -> None:
    """The truncated tree has the leaves, sizes and heights of SciPy's."""
    merges = linkage(np.random.default_rng(2).normal(size=(90, 2)), "ward")
    rows = list_merges(merges, 12)
    theirs = dendrogram(merges, p=12, truncate_mode="lastp", no_plot=True)
    sizes = sorted(int(text.strip("()")) if text.startswith("(") else 1 for text in theirs["ivl"])
    assert sorted(row["n_customers"] for row in rows if row["left"] is None) == sizes
    heights = [row["height"] for row in rows if row["left"] is not None]
    assert heights == pytest.approx(sorted(joint[1] for joint in theirs["dcoord"]))
    assert rows[-1]["n_customers"] == 90


def test_later_spend_is_that_of_measure_out_of_time() -> None:
    """Eta squared is the one of `evaluate`; a copy is as good, labels at random are not, and chance stays in bounds."""
    rng = np.random.default_rng(4)
    X = spread(400, seed=5)
    more = {name: X[:, 2] * rng.lognormal(0, 0.1, 400) for name in REFERENCE_COLUMNS if name not in COLUMNS}
    spent = np.where(X[:, 2] * rng.lognormal(0, 0.5, 400) > 150, X[:, 2], 0.0)
    features, earlier = tabulate(X, more=more), tabulate(X, date(2024, 4, 2), more)
    ids = [f"{n:05}" for n in range(400)]
    target, before = (
        ibis.memtable(pd.DataFrame({"customer_id": ids, "as_of": day, "until": until, "future_revenue": spent}))
        for day, until in ((DAY, date(2024, 9, 29)), (date(2024, 4, 2), DAY))
    )
    field = make_field(features, make_clusterer(), 1_000, 0)
    mine = learn("kmeans", field, (4,), 0).place(field)[4]
    by_chance = rng.permutation(mine)
    outcome = Outcome(features, target, earlier, before)
    found = measure_later_spend(field, outcome, [mine, by_chance, mine + 7], [True, False, False], 0)
    assert found is not None
    assignments = ibis.memtable({"customer_id": list(field.customers.index), "segment_id": mine.tolist()})
    assert found[0].spend_eta_squared == pytest.approx(measure_out_of_time(assignments, target).spend_eta_squared)
    assert [one.is_as_good for one in found] == [True, False, True]
    assert found[0].lower < found[0].share_of_reference < found[0].upper
    assert found[0] == found[2]


def test_an_interval_is_that_of_resampled_customers() -> None:
    """One draw by hand: the customers written out as often as they were drawn."""
    from customerbase.segmentation.comparing.later_spend import _correlate, _draw, _explain
    from customerbase.segmentation.out_of_time import eta_squared

    rng = np.random.default_rng(0)
    y, x, mine = rng.normal(size=50), rng.normal(size=50), rng.integers(0, 3, 50)
    drawn = _draw(50, 0)
    assert (drawn.sum(axis=0) == 50).all()
    rows = np.repeat(np.arange(50), drawn[:, 7].astype(int))
    assert _explain(mine, y, drawn)[7] == pytest.approx(eta_squared(y[rows], mine[rows]))
    assert _correlate(x, y, drawn)[7] == pytest.approx(np.corrcoef(x[rows], y[rows])[0, 1] ** 2)


def test_idle_customers_are_as_they_were(shop_lines: Any) -> None:
    """Put back by thirty days, those who did nothing have the features that the orders give at the earlier date."""
    now = customer_features(shop_lines, "2024-06-01").cache()
    then = customer_features(shop_lines, "2024-05-02").to_pandas().set_index("customer_id")
    pair = put_back(make_field(now, make_clusterer(), 10_000, 0), 30)
    assert pair is not None
    idle, earlier = pair
    assert 0 < len(idle.customers) < 9
    names = ["recency_days", "frequency", "monetary", "gross_revenue"]
    pd.testing.assert_frame_equal(
        earlier.customers[names], then.loc[earlier.customers.index, names].astype("float64"), check_names=False
    )


@pytest.fixture(scope="module")
def shop_lines() -> Any:
    """Ninety orders of nine customers, the first three of whom stop before May."""
    from customerbase.cleaning import clean
    from customerbase.schema import Dataset

    rows = [
        {"source": "a", "source_row": number, "order_id": str(number), "customer_id": f"c{number % 9}",
         "ordered_at": pd.Timestamp(2024, 1 + number % (3 if number % 9 < 3 else 5), 1 + number % 27),
         "amount": 5.0 + number % 7}
        for number in range(90)
    ]  # fmt: skip
    return clean(Dataset(ibis.memtable(pd.DataFrame(rows)))).data


class BySixty:
    """Places customers by whether they have been idle for more than sixty days."""

    def place(self, field: Field) -> dict[int | None, Labels]:
        return {2: (field.customers.recency_days > 60).to_numpy().astype(np.int64)}


def test_who_moves_without_doing_anything_by_hand() -> None:
    """Of those idle for 40, 70, 80 and 200 days, two were below sixty a month ago; the one of 10 days is not idle."""
    days = np.array([10.0, 40.0, 70.0, 80.0, 200.0])
    field = make_field(tabulate(np.column_stack([days, days, days])), make_clusterer(), 100, 0)
    pair = put_back(field, 30)
    assert pair is not None
    assert pair[1].customers.recency_days.tolist() == [10, 40, 50, 170]
    assert measure_idle_moves("kmeans", BySixty(), pair) == {2: 0.5}
    assert measure_idle_moves("value_tree", BySixty(), pair) is None
    assert put_back(replace(field, columns=("frequency",))) is None


def contender(method: str, n: int, stability: float, *objections: str, **more: Any) -> Contender:
    """A contender whose other figures do not matter."""
    figures = {"stability": stability, "stability_lower": 0.8, "stability_upper": 0.99, "n_asked": n, **more}
    return Contender(
        method=method, n_segments=n, smallest_share=0.1, unusual_share=0.0, objections=objections, **figures
    )


VALUED = {"share_of_reference": 0.9, "reference_lower": 0.8, "reference_upper": 1.0}


@pytest.mark.parametrize(
    ("contenders", "structure", "chosen", "said"),
    [
        ([contender("a", 4, 0.9), contender("b", 6, 0.86), contender("c", 7, 0.99)], CONTINUUM, 1, "is not known"),
        ([contender("a", 6, 0.9), contender("b", 6, 0.95)], CONTINUUM, 1, "most stable"),
        ([contender("a", 7, 0.9), contender("b", 8, 0.95)], CONTINUUM, 0, "is not known"),
        ([contender("a", 5, 0.9), contender("b", 6, 0.95, "it is odd")], CONTINUUM, 0, "1 of 2 meet"),
        ([contender("a", 4, 0.9), contender("b", 6, 0.9)], Structure("groups", 4, (), ()), 0, "each group"),
        (
            [contender("a", 6, 0.9, is_as_good=False, **VALUED), contender("b", 5, 0.9, is_as_good=True, **VALUED)],
            CONTINUUM, 1, "All others that meet them say less of it, by more than chance.",
        ),
        (
            [contender("a", 5, 0.9, is_as_good=True, **VALUED), contender("b", 6, 0.9, is_as_good=True, **VALUED)],
            CONTINUUM, 1, "a with 5 segments says as much of it: a difference within the intervals is none.",
        ),
        ([contender("a", 5, 0.4, "it is odd"), contender("b", 6, 0.5, "it is odd")], CONTINUUM, 1, "None meets"),
        ([contender("a", 13, 0.9, "it is odd"), contender("b", 6, 0.5, "it is odd")], CONTINUUM, 1, "asked for, b"),
        (
            [contender("a", 5, 0.9, silhouette=0.3), contender("b", 2, 0.9, "it makes 2 segments", silhouette=0.7)],
            CONTINUUM, 0, "The highest silhouette, 0.70, is that of b with 2 segments; it makes 2 segments.",
        ),
    ],
    ids=[
        "up to six", "stable", "above six", "objection", "groups", "value", "equals", "none", "no number",
        "silhouette",
    ],
)  # fmt: skip
def test_the_choice_by_hand(contenders: list[Contender], structure: Structure, chosen: int, said: str) -> None:
    """Constraints first, then groups, then value with its chance, then the most up to six, then stability."""
    place, sentences = select(contenders, structure, ASKED, 90)
    assert place == chosen
    assert said in " ".join(sentences)
    assert sentences[-1] == structure.reason


def test_shuffled_customers_change_nothing(found: Comparison) -> None:
    """The same tables come of the same customers in another order."""
    frame = tabulate(plant()).to_pandas().sample(frac=1, random_state=3)
    again = compare(ibis.memtable(frame.reset_index(drop=True)), METHODS, [3, 4, 5], n_refits=4)
    for name in ("comparison", "elbow", "silhouettes", "bic", "stability", "dendrogram"):
        assert getattr(again, name).to_pyarrow().equals(getattr(found, name).to_pyarrow()), name


def test_processes_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two methods side by side give the figures of one after the other."""
    monkeypatch.setattr(working, "FEWEST_FOR_PROCESSES", 100)
    features = tabulate(spread())
    one, two = (compare(features, ["rf-10", "klaviyo-6"], [3], n_refits=2, n_jobs=n).contenders for n in (1, 2))
    assert one == two


def test_methods_that_cannot_be_tried_are_told() -> None:
    """Without a past there is no value tree; of customers without money no scheme of RFM."""
    result = compare(tabulate(plant()), ["kmeans", "value_tree"], [3, 4], n_refits=2)
    assert any(note.startswith("value tree was left out") for note in result.notes)
    with pytest.raises(DataError, match=r"Nothing can be compared: it learns from what customers bought next"):
        compare(tabulate(plant()), ["value_tree"], [3])
    visits = ibis.memtable({"customer_id": [f"{n:03}" for n in range(120)], "n_sessions": np.arange(120.0) ** 1.5})
    result = compare(visits.mutate(as_of=ibis.null("date")), ["kmeans", "cells-11"], [3], n_refits=2)
    assert [one.method for one in result.contenders] == ["kmeans"]
    assert result.contenders[0].idle_moved_share is None
    assert "no customer is known to have been idle" in result.contenders[0].reason


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"methods": ["magic"]}, r"'methods' parameter of compare must be of: kmeans, .*\. Got 'magic' instead"),
        ({"methods": []}, r"must be of: kmeans"),
        ({"methods": ["ward", "ward"]}, r"names one twice: ward, ward"),
        ({"n_segments": [1, 3]}, r"'n_segments' parameter of compare must be numbers of at least 2\. Got \[1, 3\]"),
        ({"n_segments": []}, r"at least 2"),
        ({"least_share": 0.6}, r"'least_share' parameter of compare must be from 0 to 0.5\. Got 0.6"),
        ({"least_stability": 1.1}, r"'least_stability' parameter of compare must be from 0 to 1\. Got 1.1"),
        ({"n_refits": 1}, r"'n_refits' parameter of compare must be an int >= 2\. Got 1"),
        ({"max_customers": 50}, r"'max_customers' parameter of compare must be an int >= 100\. Got 50"),
    ],
)
def test_wrong_parameters_are_refused(asked: dict[str, Any], message: str) -> None:
    """One line each, before anything is computed."""
    with pytest.raises(UsageError, match=message):
        compare(tabulate(plant(2)), **asked)


def test_too_few_customers_are_refused() -> None:
    """Of fewer than a hundred nothing can be said, nor of fewer kinds than segments."""
    with pytest.raises(DataError, match=r"There are 8 customers to compare segmentations on"):
        compare(tabulate(plant(2)))
    with pytest.raises(DataError, match=r"Cannot make 5 segments: by recency_days, .* only 4 different kinds"):
        compare(tabulate(np.repeat(plant(1), 30, axis=0)), n_segments=[5])


def test_a_sample_is_told_of() -> None:
    """Of more customers than are to be compared a sample is, and a note says so."""
    result = compare(tabulate(spread()), ["kmeans"], [3], n_refits=2, max_customers=200)
    assert (result.n_customers, result.n_compared) == (240, 200)
    assert result.notes[0] == "200 customers, drawn at random of 240, were compared."
    assert "<table" in result._repr_html_()
