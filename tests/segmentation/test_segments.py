"""segment() and assign(): sizes, names, numbers and refusals; nothing but the customers decides them."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pytest
from sklearn.cluster import KMeans
from sklearn.pipeline import Pipeline

from customerbase.errors import DataError, UsageError
from customerbase.segmentation import fitting as fitting_module
from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.model_file import dump_model, load_model, make_probe
from customerbase.segmentation.playbook import load_playbook
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.schemes import load_scheme
from customerbase.segmentation.segments import Segmentation, assign, segment
from customerbase.segmentation.stored_segments import restore, segments_to_json

AS_OF = date(2024, 1, 1)
MONEY = pa.decimal128(18, 4)


def make_features(n_customers: int = 400, seed: int = 0, as_of: date = AS_OF) -> pa.Table:
    """Make a feature table like `customer_features`: two in three customers regular, the others of one order."""
    random = np.random.default_rng(seed)
    is_regular = random.random(n_customers) < 0.67
    frequency = np.where(is_regular, 2 + random.poisson(random.gamma(1.0, 6.0, n_customers)), 1)
    tenure_days = np.where(is_regular, random.integers(1, 400, n_customers), 0)
    recency_days = 1 + random.exponential(np.where(is_regular, 90, 250), n_customers).astype(int)
    gross_revenue = [Decimal(f"{value:.2f}") for value in frequency * random.lognormal(4, 0.7, n_customers)]
    returned = random.random(n_customers) < 0.1
    monetary = [value / 2 if back else value for value, back in zip(gross_revenue, returned, strict=True)]
    return pa.table(
        {
            "customer_id": [f"c{number:05d}" for number in range(n_customers)],
            "as_of": pa.array([as_of] * n_customers, type=pa.date32()),
            "recency_days": recency_days,
            "frequency": frequency,
            "monetary": pa.array(monetary, type=MONEY),
            "gross_revenue": pa.array(gross_revenue, type=MONEY),
            "tenure_days": tenure_days,
            "age_days": recency_days + tenure_days,
            "is_one_time": frequency == 1,
        }
    )


def make_customers(*rows: tuple[int, int, float]) -> ir.Table:
    """Make a feature table by hand from recency_days, frequency and monetary."""
    recency_days, frequency, monetary = zip(*rows, strict=True) if rows else ((), (), ())
    columns: dict[str, Any] = {
        "customer_id": pa.array([f"c{number}" for number in range(len(rows))], type=pa.string()),
        "as_of": pa.array([AS_OF] * len(rows), type=pa.date32()),
        "recency_days": pa.array(recency_days, type=pa.int64()),
        "frequency": pa.array(frequency, type=pa.int64()),
        "monetary": pa.array(monetary, type=pa.float64()),
        "gross_revenue": pa.array(monetary, type=pa.float64()),
    }
    return ibis.memtable(pa.table(columns))


def rows_of(table: ir.Table) -> list[dict[str, Any]]:
    """Read a table as rows."""
    rows: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return rows


FEATURES = make_features()
KMEANS = segment(ibis.memtable(FEATURES), make_clusterer())
BY_RFM = segment(ibis.memtable(FEATURES), RFM())

both = pytest.mark.parametrize("result", [KMEANS, BY_RFM], ids=["kmeans", "rfm"])
models = pytest.mark.parametrize("make_model", [make_clusterer, RFM])


@both
def test_sizes_sum_to_the_customers(result: Segmentation) -> None:
    """Every customer with a purchase is in one segment, and the shares of customers and revenue sum to 1."""
    assert sum(one.n_customers for one in result.segments) == FEATURES.num_rows
    assert sum(one.share for one in result.segments) == pytest.approx(1)
    assert sum(one.revenue_share or 0 for one in result.segments) == pytest.approx(1)


@both
def test_segments_agree_with_the_assignments(result: Segmentation) -> None:
    """Counts, numbers and names in the list of segments are those of the table; nobody stands there twice."""
    rows = rows_of(result.assignments)
    ids = [row["customer_id"] for row in rows]
    assert ids == sorted(set(ids))
    for one in result.segments:
        members = [row for row in rows if row["segment_id"] == one.id]
        assert len(members) == one.n_customers
        assert {(row["segment"], row["as_of"]) for row in members} == {(one.name, AS_OF)}


def test_kmeans_segments_are_numbered_by_spend() -> None:
    """The first segment spends the most, the last the least."""
    spend = [one.profile["monetary"].percentile_rank for one in KMEANS.segments]
    assert [one.id for one in KMEANS.segments] == [1, 2, 3, 4, 5, 6]
    assert spend == sorted(spend, reverse=True)


def test_rfm_segments_have_names_and_numbers_of_the_scheme() -> None:
    """The number of a segment is its place in the scheme, whoever is missing."""
    places = {name: place for place, name in enumerate(load_scheme("cells-11").segments, start=1)}
    assert all(places[one.name] == one.id for one in BY_RFM.segments)


def test_rfm_assignments_have_scores_of_their_segment() -> None:
    """The cell of a customer's three scores is one of the cells of the segment."""
    cells = load_scheme("cells-11").segments
    for row in rows_of(BY_RFM.assignments):
        assert f"{row['r_score']}{row['f_score']}{row['m_score']}" in cells[row["segment"]]


def test_empty_segments_of_a_scheme_are_left_out_and_can_be_entered() -> None:
    """Five customers fill five segments; a newcomer may still enter another, under the number that the scheme gives."""
    base = make_customers((1, 9, 900.0), (20, 3, 150.0), (40, 2, 80.0), (90, 1, 30.0), (300, 1, 10.0))
    result = segment(base, RFM())
    names = ["Champions", "Loyal", "Potential Loyalist", "Hibernating", "Lost"]
    assert [(one.id, one.name) for one in result.segments] == list(zip((1, 2, 3, 10, 11), names, strict=True))
    (newcomer,) = rows_of(assign(result, make_customers((300, 9, 900.0))))
    assert (newcomer["segment_id"], newcomer["segment"]) == (9, "Cannot Lose Them")


def test_customers_without_a_purchase_get_no_segment() -> None:
    """A customer who only returned something is in the features and in no segment."""
    features = make_customers((5, 3, 90.0), (1, 0, -20.0), (200, 1, 10.0), (220, 1, 12.0))
    rows = rows_of(segment(features, make_clusterer(n_segments=2)).assignments)
    assert [row["customer_id"] for row in rows] == ["c0", "c2", "c3"]


@models
def test_shuffled_customers_change_nothing(make_model: Callable[[], Any]) -> None:
    """Assignments and segments are equal whatever the order of the feature table."""
    order = np.random.default_rng(1).permutation(FEATURES.num_rows)
    first, second = (segment(ibis.memtable(t), make_model()) for t in (FEATURES, FEATURES.take(order)))
    assert rows_of(first.assignments) == rows_of(second.assignments)
    assert first.segments == second.segments


@models
def test_prices_change_no_segment_and_no_name(make_model: Callable[[], Any]) -> None:
    """With all prices multiplied by 100 every customer stays in the segment of the same name."""
    scaled = FEATURES
    for name in ("monetary", "gross_revenue"):
        column = pa.array([100 * value.as_py() for value in FEATURES[name]], type=MONEY)
        scaled = scaled.set_column(scaled.schema.get_field_index(name), name, column)
    first, second = (segment(ibis.memtable(t), make_model()) for t in (FEATURES, scaled))
    assert rows_of(first.assignments) == rows_of(second.assignments)


def test_relabelled_clusters_change_nothing() -> None:
    """Seeds that find the same clusters under other labels give the same segments, numbers, names and colours."""
    far_apart = make_customers(*[(5 + i, 20 + i, 9e3 + i) for i in range(9)], *[(90 + i, 5, 5e2 + i) for i in range(9)],
                               *[(700 + i, 1, 20.0 + i) for i in range(9)])  # fmt: skip
    results = [segment(far_apart, make_clusterer(n_segments=3, random_state=seed)) for seed in range(6)]
    assert len({result.labels for result in results}) > 1
    assert all(result.segments == results[0].segments for result in results)
    assert all(rows_of(result.assignments) == rows_of(results[0].assignments) for result in results)


@both
def test_assigning_the_same_customers_gives_the_same_table(result: Segmentation) -> None:
    """To place those from whom the model was learnt is to read the assignments again, schema and all."""
    again = assign(result, ibis.memtable(FEATURES))
    assert again.to_pyarrow().equals(result.assignments.to_pyarrow())


@both
def test_one_customer_is_placed_as_in_a_batch(result: Segmentation) -> None:
    """Company has no say in where a customer belongs, nor has the date."""
    batch = make_features(50, seed=7, as_of=date(2024, 4, 1))
    placed = rows_of(assign(result, ibis.memtable(batch)))
    alone = [rows_of(assign(result, ibis.memtable(batch.slice(place, 1))))[0] for place in range(0, 50, 10)]
    assert alone == placed[::10]
    assert {row["as_of"] for row in placed} == {date(2024, 4, 1)}


@both
def test_an_empty_batch_gives_an_empty_table(result: Segmentation) -> None:
    """Nobody to place is no fault, and the columns keep their types."""
    nobody = assign(result, make_customers()).to_pyarrow()
    assert nobody.num_rows == 0
    assert nobody.schema == result.assignments.to_pyarrow().schema


@models
def test_the_callers_model_is_not_changed(make_model: Callable[[], Any]) -> None:
    """The model that was passed in stays unfitted."""
    model = make_model()
    segment(ibis.memtable(FEATURES), model)
    fitted = model[-1] if isinstance(model, Pipeline) else model
    assert not [name for name in vars(fitted) if name.endswith("_")]


@both
def test_a_saved_segmentation_places_customers_alike(result: Segmentation) -> None:
    """Model bytes and segments through JSON give back the same segments and the same places."""
    content = dump_model(result.model, make_probe(result.model), {"as_of": AS_OF})
    saved = json.loads(json.dumps(segments_to_json(result)))
    again = restore(saved, list(result.labels), load_model(content), result.assignments, AS_OF, result.quality)
    newcomers = ibis.memtable(make_features(60, seed=3))
    assert again.segments == result.segments
    assert assign(again, newcomers).to_pyarrow().equals(assign(result, newcomers).to_pyarrow())


def test_segments_as_json_have_the_promised_keys() -> None:
    """The keys are those that `show segments --json` promises."""
    keys = (
        "id name color n_customers share revenue_share profile traits archetype strategy fit runner_up runner_up_fit "
        "contrasts journey"
    )
    first = segments_to_json(KMEANS)[0]
    assert list(first) == keys.split()
    assert list(first["strategy"]) == ["goal", "actions", "channel", "avoid", "measure"]
    assert first["profile"]["recency_days"].keys() == {"percentile_rank", "median", "mean"}


def test_a_name_keeps_its_colour_at_another_date() -> None:
    """Colours go with names, not with numbers."""
    later = segment(ibis.memtable(make_features(300, seed=5)), make_clusterer(n_segments=4))
    colors = {one.name: one.color for one in KMEANS.segments}
    shared = [one for one in later.segments if one.name in colors]
    assert shared
    assert all(one.color == colors[one.name] for one in shared)


def test_quality_is_measured_for_clusters_alone() -> None:
    """k-means has quality figures in its own space; RFM compares no distances."""
    assert KMEANS.quality is not None
    assert KMEANS.quality.smallest_share == min(one.share for one in KMEANS.segments)
    assert BY_RFM.quality is None


def test_the_model_learns_from_a_seeded_sample() -> None:
    """With more customers than the model may learn from, equal seeds agree, another differs, and all are placed."""
    runs = [
        segment(ibis.memtable(FEATURES), make_clusterer(), random_state=seed, max_fit_customers=60)
        for seed in (0, 0, 1)
    ]
    first, second, other = (rows_of(run.assignments) for run in runs)
    assert first == second != other
    assert len(other) == FEATURES.num_rows


def test_batches_join_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Placing customers seven at a time is placing them at once."""
    monkeypatch.setattr(fitting_module, "BATCH_CUSTOMERS", 7)
    assert rows_of(assign(KMEANS, ibis.memtable(FEATURES))) == rows_of(KMEANS.assignments)


def test_a_plain_scikit_learn_model_is_welcome() -> None:
    """An estimator of one's own sees recency, frequency and spend, and its clusters are named too."""
    result = segment(ibis.memtable(FEATURES), KMeans(3, n_init=1, random_state=0))
    assert result.model.n_features_in_ == 3  # type: ignore[attr-defined]
    assert len({one.name for one in result.segments}) == 3


@pytest.mark.parametrize("model", [RFM(), make_clusterer(n_segments=2)], ids=["rfm", "kmeans"])
@pytest.mark.parametrize("features", [make_customers(), make_customers((3, 0, -5.0))], ids=["none", "no purchase"])
def test_no_purchase_is_refused(features: ir.Table, model: Any) -> None:
    """Without a purchase there is nobody to segment."""
    with pytest.raises(DataError, match="no customer with a purchase"):
        segment(features, model)


def make_coupon_features(n_customers: int = 200, seed: int = 0) -> pa.Table:
    """Make features of coupons alone: half claim much, and half of each half burns most."""
    random = np.random.default_rng(seed)
    n_claimed = np.where(np.arange(n_customers) % 2, 2, 9) + random.integers(0, 3, n_customers)
    rate = np.where(np.arange(n_customers) % 4 < 2, 0.2, 0.8) + random.uniform(0, 0.1, n_customers)
    return pa.table(
        {
            "customer_id": [f"c{number:05d}" for number in range(n_customers)],
            "as_of": pa.array([AS_OF] * n_customers, type=pa.date32()),
            "coupon_recency_days": random.integers(1, 300, n_customers),
            "n_claimed": n_claimed,
            "burn_rate": rate,
            "gender": ["f" if number % 3 else "m" for number in range(n_customers)],
        }
    )


def make_file_features(**columns: Any) -> ir.Table:
    """Make features of a file of sixty customers, undated."""
    n_customers = 60
    random = np.random.default_rng(2)
    is_high = np.arange(n_customers) % 2
    plain = {
        "customer_id": [f"c{number:02d}" for number in range(n_customers)],
        "as_of": pa.nulls(n_customers, type=pa.date32()),
        "income": np.where(is_high, 90.0, 20.0) + random.uniform(0, 5, n_customers),
        "spending_score": np.where(is_high, 20.0, 80.0) + random.uniform(0, 5, n_customers),
        "cluster": random.integers(0, 9, n_customers).astype(float),
    }
    return ibis.memtable(pa.table(plain | columns))


def test_coupons_alone_make_segments_of_claiming_and_burning() -> None:
    """Nothing is said of money, the order is that of the coupons claimed, and the names speak of coupons."""
    result = segment(ibis.memtable(make_coupon_features()), make_clusterer(n_segments=4))
    assert {one.revenue_share for one in result.segments} == {None}
    claimed = [one.profile["n_claimed"].percentile_rank for one in result.segments]
    assert claimed == sorted(claimed, reverse=True)
    kinds = {load_playbook()[one.archetype].kind for one in result.segments}
    assert kinds <= {"coupons", "coupon-use"}
    assert result.model[0].columns == ("coupon_recency_days", "n_claimed", "burn_rate")  # type: ignore[index]
    again = assign(result, ibis.memtable(make_coupon_features()))
    assert rows_of(again) == rows_of(result.assignments)


def test_a_file_of_other_columns_makes_undated_segments_named_by_what_stands_out() -> None:
    """Codes and ages that nobody has measure nothing; of two opposite groups each is called by its extremes."""
    nobody = pa.nulls(60, type=pa.int64())
    result = segment(make_file_features(age=nobody), make_clusterer(n_segments=2))
    assert result.as_of is None
    assert {row["as_of"] for row in rows_of(result.assignments)} == {None}
    assert result.model[0].columns == ("income", "spending_score")  # type: ignore[index]
    assert {frozenset(one.name.lower().split(", ")) for one in result.segments} == {
        frozenset({"high income", "low spending score"}),
        frozenset({"low income", "high spending score"}),
    }
    assert len({one.color for one in result.segments}) == 2
    assert all("income" in " ".join(one.traits) for one in result.segments)


def test_a_file_with_money_shares_it_out() -> None:
    """Without gross revenue the monetary value of the file is what is shared."""
    random = np.random.default_rng(0)
    columns = {name: random.integers(1, 90, 60).astype(float) for name in ("recency_days", "frequency", "monetary")}
    result = segment(make_file_features(**columns), make_clusterer(n_segments=3))
    assert sum(one.revenue_share or 0 for one in result.segments) == pytest.approx(1)
    assert result.model[0].columns == ("recency_days", "frequency", "monetary")  # type: ignore[index]


def test_what_is_missing_is_filled_by_a_pipeline_and_never_by_scores() -> None:
    """k-means places everybody; RFM those alone of whom it knows all three, also at another date."""
    recency: list[float | None] = [None, *(float(number) for number in range(59))]
    columns = {"recency_days": recency, "frequency": [2.0, 3.0] * 30, "monetary": [9.0, 5.0, 80.0] * 20}
    features = make_file_features(**columns)
    by_kmeans, by_rfm = segment(features, make_clusterer(n_segments=3)), segment(features, RFM())
    assert sum(one.n_customers for one in by_kmeans.segments) == 60
    assert sum(one.n_customers for one in by_rfm.segments) == 59
    assert "c00" not in {row["customer_id"] for row in rows_of(assign(by_rfm, features))}


def test_a_feature_of_orders_that_is_missing_is_filled() -> None:
    """A model of one's own columns, such as the gap between orders, places those too who have one order."""
    table = FEATURES.append_column("overdue_ratio", pa.array([None, 1.5, 0.5, 3.0] * 100, type=pa.float64()))
    model = make_clusterer(n_segments=3, columns=["recency_days", "overdue_ratio"])
    assert sum(one.n_customers for one in segment(ibis.memtable(table), model).segments) == 400


def test_rfm_says_what_it_wants() -> None:
    """Scores need the three columns: one line says which is missing and what would do."""
    with pytest.raises(UsageError, match=r"rfm scores recency_days, frequency, monetary, and these customers have no"):
        segment(ibis.memtable(make_coupon_features()), RFM())


def test_customers_without_a_number_are_refused() -> None:
    """A file of names and codes alone compares nobody."""
    features = make_file_features().drop("income", "spending_score")
    with pytest.raises(
        DataError, match=r"no numeric column to be compared by\. They have: customer_id, as_of, cluster"
    ):
        segment(features, make_clusterer(n_segments=2))


def test_a_category_is_encoded_within_the_model() -> None:
    """Gender parts customers where a model is told to look at it; a value that was never seen is no fault."""
    features = make_coupon_features()
    model = make_clusterer(n_segments=2, columns=["burn_rate"], one_hot=["gender"])
    result = segment(ibis.memtable(features), model)
    assert sum(one.n_customers for one in result.segments) == 200
    other = features.slice(0, 1).set_column(5, "gender", pa.array(["x"]))
    assert len(rows_of(assign(result, ibis.memtable(other)))) == 1
    assert "gender" in make_probe(result.model)


def test_shuffled_coupons_change_nothing() -> None:
    """Neither assignments nor segments."""
    table = make_coupon_features()
    order = np.random.default_rng(1).permutation(table.num_rows)
    first, second = (segment(ibis.memtable(t), make_clusterer()) for t in (table, table.take(order)))
    assert rows_of(first.assignments) == rows_of(second.assignments)
    assert first.segments == second.segments


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (ibis.memtable(make_coupon_features().slice(0, 0)), "no customer with a coupon"),
        (make_file_features(monetary=[0.0] * 60), "no customer to segment who ordered or spent"),
    ],
    ids=["coupons", "file"],
)
def test_an_empty_base_is_refused_in_its_own_words(features: ir.Table, message: str) -> None:
    """What is missing is said in the terms of what was read."""
    with pytest.raises(DataError, match=message):
        segment(features, make_clusterer(n_segments=2))


def test_a_dated_and_an_undated_table_are_not_one_base() -> None:
    """Stacked, they are two snapshots."""
    table = make_coupon_features(20)
    both = pa.concat_tables([table, table.set_column(1, "as_of", pa.nulls(20, type=pa.date32()))])
    with pytest.raises(DataError, match="several dates, from 2024-01-01 to undated"):
        segment(ibis.memtable(both), make_clusterer(n_segments=2))


def test_more_segments_than_customers_are_refused() -> None:
    """The message says both numbers and what would be possible."""
    features = make_customers((1, 2, 3.0), (4, 5, 6.0), (7, 8, 9.0))
    with pytest.raises(DataError, match=r"Cannot make 6 segments of 3 customers\. Ask for at most 3"):
        segment(features, make_clusterer(n_segments=6))


def test_too_few_kinds_of_customers_are_refused() -> None:
    """Ten customers of two kinds cannot make three segments."""
    with pytest.raises(DataError, match="the 10 customers are only 2 different kinds"):
        segment(make_customers(*[(1, 2, 3.0), (90, 1, 2.0)] * 5), make_clusterer(n_segments=3))


def test_one_customer_can_be_scored() -> None:
    """RFM gives a segment to a base of one."""
    (only,) = segment(make_customers((3, 2, 50.0)), RFM()).segments
    assert (only.n_customers, only.share, only.revenue_share) == (1, 1.0, 1.0)


def test_several_dates_are_refused() -> None:
    """Stacked snapshots are not one base."""
    two = pa.concat_tables([make_features(5), make_features(5, as_of=date(2024, 4, 1))])
    with pytest.raises(DataError, match="several dates, from 2024-01-01 to 2024-04-01"):
        segment(ibis.memtable(two), RFM())
