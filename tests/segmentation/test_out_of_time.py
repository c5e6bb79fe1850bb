"""Out-of-time value: by hand, against SciPy, and without a look into the future."""

from datetime import date, timedelta
from typing import Any

import ibis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import f_oneway
from tests.segmentation.test_value_tree import features_of, make_customers, plant_spend, target_of

from customerbase.cleaning import clean
from customerbase.errors import DataError
from customerbase.features.customers import customer_features
from customerbase.features.targets import last_date_with_target, value_target
from customerbase.ingest.reading import read
from customerbase.schema import Dataset
from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.out_of_time import (
    REFERENCE_MODEL,
    OutOfTime,
    best_fifth_share,
    eta_squared,
    evaluate_segmentations,
    measure_out_of_time,
)
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.segments import segment
from customerbase.segmentation.stored_segments import segments_to_json
from customerbase.segmentation.value_tree import ValueTree
from customerbase.synthetic import Shop


def test_eta_squared_by_hand() -> None:
    """1, 2, 3 | 5, 7: means 2 and 6, of all 3.6; between 3·1.6² + 2·2.4² = 19.2 of 23.2."""
    assert eta_squared([1, 2, 3, 5, 7], [1, 1, 1, 2, 2]) == pytest.approx(19.2 / 23.2)
    assert eta_squared([1, 2, 3, 5, 7], [1, 1, 1, 1, 1]) == pytest.approx(0)
    assert eta_squared([1, 2, 3, 5, 7], [1, 2, 3, 4, 5]) == pytest.approx(1)
    assert eta_squared([4, 4, 4], [1, 2, 2]) is None


def test_eta_squared_again_from_an_analysis_of_variance() -> None:
    """SciPy's F of one factor gives the same share: F·df1 / (F·df1 + df2)."""
    random = np.random.default_rng(0)
    labels = random.integers(0, 5, 300)
    values = random.normal(labels * 0.3, 1)
    f = f_oneway(*(values[labels == label] for label in range(5))).statistic
    assert eta_squared(values, labels) == pytest.approx(4 * f / (4 * f + 295))


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3)), min_size=2, max_size=40), st.randoms())
def test_eta_squared_knows_no_order_names_or_units(rows: list[tuple[int, int]], random: Any) -> None:
    """Shuffled rows, other labels and another unit give the same figure, from 0 to 1; finer segments never less."""
    values, labels = map(list, zip(*rows, strict=True))
    expected = eta_squared(values, labels)
    shuffled = random.sample(rows, len(rows))
    again = eta_squared([3 * value + 7 for value, _ in shuffled], [f"s{label}" for _, label in shuffled])
    if expected is None:
        assert again is None
        return
    assert again == pytest.approx(expected, abs=1e-12)
    assert -1e-12 <= expected <= 1 + 1e-12
    finer = eta_squared(values, [label * 2 + number % 2 for number, label in enumerate(labels)])
    assert finer is not None
    assert finer >= expected - 1e-12


def test_best_fifth_by_hand() -> None:
    """Ten customers: the best fifth are two. Of three who are equal at the end of it, each counts in part."""
    amounts = [50, 9, 6, 3, 12, 4, 4, 4, 4, 4]
    assert best_fifth_share(amounts, [9, 5, 5, 5, 1, 1, 1, 1, 1, 1]) == pytest.approx((50 + 18 / 3) / 100)
    assert best_fifth_share(amounts, [0] * 10) == pytest.approx(0.2)
    assert best_fifth_share([0.0] * 5, [1, 2, 3, 4, 5]) is None


def test_measures_of_two_segments_by_hand() -> None:
    """Five customers, two segments: the one of two spent e−1 and e−1, the other 0, 0 and e²−1."""
    spent = np.expm1([1.0, 1, 0, 0, 2])
    assignments = ibis.memtable({"customer_id": [f"c{n:05}" for n in range(5)], "segment_id": [1, 1, 2, 2, 2]})
    found = measure_out_of_time(assignments, target_of(spent), "mine")
    logarithm_between = 2 * (1 - 0.8) ** 2 + 3 * (2 / 3 - 0.8) ** 2
    assert found.spend_eta_squared == pytest.approx(logarithm_between / 2.8)
    bought_between = 2 * (1 - 0.6) ** 2 + 3 * (1 / 3 - 0.6) ** 2
    assert found.buying_eta_squared == pytest.approx(bought_between / 1.2)
    # The second segment spent 2.13 on average and the first 1.72, so the fifth is one of the second.
    assert found.best_fifth_share == pytest.approx(spent[2:].mean() / spent.sum())
    assert (found.n_segments, found.n_customers, found.buyers_share, found.smallest_share) == (2, 5, 0.6, 0.4)


def test_segments_of_others_are_refused() -> None:
    """Nobody in common: another date or another shop."""
    assignments = ibis.memtable({"customer_id": ["z"], "segment_id": [1]})
    with pytest.raises(DataError, match="no customer in common"):
        measure_out_of_time(assignments, target_of(np.ones(3)))


def test_what_was_planted_comes_out_on_top() -> None:
    """Where three rules alone make the spend, the tree of three gets nearly all of it, RFM less, k-means least."""
    then, now, later = date(2024, 1, 1), date(2024, 3, 31), date(2024, 6, 29)
    tables = []
    for seed, day, until in ((1, then, now), (2, now, later)):
        customers = make_customers(seed=seed)
        spend = plant_spend(customers, seed)
        further = {"return_value", "n_products", "tenure_days", "age_days", "n_orders_last_90_days"}
        described = customers.assign(average_order_value=customers.gross_revenue / customers.frequency)
        tables += [features_of(described.assign(**dict.fromkeys(further, 1.0)), day), target_of(spend, day, until)]
    earlier, earlier_target, features, target = tables
    models = {"tree": ValueTree(3), "kmeans": make_clusterer(n_segments=3), "rfm": RFM()}
    measured = evaluate_segmentations(models, features, target, earlier, earlier_target)
    found = {each.segmentation: each for each in measured}
    assert list(found) == [REFERENCE_MODEL, "tree", "kmeans", "rfm"]
    assert spend_of(found["tree"]) == pytest.approx(0.97, abs=0.02)
    assert found["tree"].n_segments == 3
    assert spend_of(found[REFERENCE_MODEL]) > 0.95
    assert spend_of(found["kmeans"]) < spend_of(found["rfm"]) < spend_of(found["tree"])
    for each in found.values():
        assert each.share_of_reference == pytest.approx(spend_of(each) / spend_of(found[REFERENCE_MODEL]))


def spend_of(found: OutOfTime) -> float:
    """Give the share of the variance, which there is."""
    assert found.spend_eta_squared is not None
    return found.spend_eta_squared


def test_nothing_on_or_after_the_date_changes_a_segment(made_shop: Shop) -> None:
    """With other amounts from the date on, and with all of it gone, tree and segments stay as they were."""
    lines = clean(read(str(made_shop.order_lines_csv))).data.order_lines.cache()
    data = Dataset(lines)
    day = last_date_with_target(data)
    is_later = lines.ordered_at >= ibis.literal(day).cast("timestamp")
    other = lines.mutate(amount=is_later.ifelse(lines.amount * 7 + 1, lines.amount).cast(lines.amount.type()))
    results = [tree_at(Dataset(table), day) for table in (lines, other, lines.filter(~is_later))]
    assert results[0] == results[1] == results[2]
    target = value_target(Dataset(other), day)
    assert target.future_revenue.sum().execute() > value_target(data, day).future_revenue.sum().execute()


def tree_at(data: Dataset, day: date) -> tuple[Any, ...]:
    """Give the segments of a date and who is in which."""
    before = day - timedelta(days=90)
    earlier, target = customer_features(data, before), value_target(data, before)
    result = segment(customer_features(data, day), ValueTree(4), earlier=earlier, target=target)
    return segments_to_json(result), result.assignments.to_pyarrow().to_pylist()
