"""The value tree: planted limits found again, rules as shown, sizes, other dates, and nothing of the future."""

from collections.abc import Callable
from datetime import date
from typing import Any

import ibis
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.boxes import find_boxes
from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.model_file import dump_model, load_model, make_probe
from customerbase.segmentation.segments import assign, segment
from customerbase.segmentation.sensible_figures import nearest_figures, sensible_figures
from customerbase.segmentation.stored_segments import restore, segments_to_json
from customerbase.segmentation.value_tree import VALUE_COLUMNS, ValueTree

THEN, NOW = date(2024, 1, 1), date(2024, 3, 31)


@parametrize_with_checks([ValueTree(columns=None)])  # type: ignore[untyped-decorator]
def test_estimator_contract(estimator: Any, check: Callable[[Any], None]) -> None:
    """Every check of scikit-learn passes."""
    check(estimator)


def make_customers(n: int = 3_000, seed: int = 0, factor: float = 1.0) -> pd.DataFrame:
    """Make customers whose four features do not depend on each other."""
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "recency_days": random.integers(1, 400, n).astype(float),
            "frequency": random.geometric(0.2, n).astype(float),
            "gross_revenue": (factor * random.lognormal(6, 1, n)).round(2),
            "revenue_last_90_days": (factor * random.lognormal(5, 1, n)).round(2),
        }
    )


def plant_spend(customers: pd.DataFrame, seed: int = 1) -> npt.NDArray[np.float64]:
    """Give spend with three true levels: few orders; more than 5 orders and up to, or over, 150 in the last 90 days."""
    many, much = customers.frequency > 5, customers.revenue_last_90_days > 150
    level = np.select([many & much, many], [6.0, 4.0], 1.0)
    return np.asarray(np.expm1(level + np.random.default_rng(seed).normal(0, 0.3, len(customers))).clip(0))


def test_planted_limits_are_found() -> None:
    """The three parts that were planted come out, in words, best first; money to a twentieth of the customers."""
    customers = make_customers()
    model = ValueTree(n_segments=3).fit(customers, plant_spend(customers))
    limit = model.lower_[0, VALUE_COLUMNS.index("revenue_last_90_days")]
    below = float((customers.revenue_last_90_days <= 150).mean())
    assert (customers.revenue_last_90_days <= limit).mean() == pytest.approx(below, abs=0.025)
    assert model.rules_ == (
        f"more than 5 orders and over {limit:,.10g} in the last 90 days",
        f"more than 5 orders and up to {limit:,.10g} in the last 90 days",
        "up to 5 orders",
    )
    assert model.values_ == pytest.approx([6, 4, 1], abs=0.1)


def test_limits_follow_the_customers_of_another_date() -> None:
    """Where all prices have tripled, 150 becomes about 450; orders stay."""
    customers = make_customers()
    model = ValueTree(n_segments=3).fit(customers, plant_spend(customers))
    model.adapt(make_customers(seed=5, factor=3))
    limit = model.lower_[0, VALUE_COLUMNS.index("revenue_last_90_days")]
    assert limit == pytest.approx(450, rel=0.1)
    assert model.lower_[0, VALUE_COLUMNS.index("frequency")] == 5


def test_adapting_to_the_same_customers_changes_nothing() -> None:
    """The limits that were learnt stand at their own ranks."""
    customers = make_customers(seed=2)
    model = ValueTree().fit(customers, plant_spend(customers))
    before = model.predict(customers)
    assert np.mean(model.adapt(customers).predict(customers) == before) > 0.995


@given(st.integers(0, 1_000), st.integers(2, 9), st.sampled_from([0.02, 0.05, 0.2]))
def test_rules_divide_everybody_and_segments_have_their_size(seed: int, n_segments: int, min_share: float) -> None:
    """Each customer fits exactly one rule, and no segment is smaller than asked when it is learnt."""
    customers = make_customers(200, seed)
    model = ValueTree(n_segments, min_share).fit(customers, np.random.default_rng(seed).exponential(50, 200))
    values = customers.to_numpy()[:, None, :]
    fits = ((values > model.lower_) & (values <= model.upper_)).all(axis=2)
    assert (fits.sum(axis=1) == 1).all()
    sizes = np.bincount(model.predict(customers)) / 200
    assert sizes.min() >= min_share - 1e-12
    assert sizes.tolist() == model.shares_.tolist()
    assert len(sizes) <= n_segments
    assert (np.diff(model.values_) <= 0).all()


@given(st.permutations(range(60)))
def test_order_of_rows_has_no_say(order: list[int]) -> None:
    """Shuffled customers give the same limits."""
    customers = make_customers(60, 3)
    spend = plant_spend(customers)
    model, shuffled = ValueTree().fit(customers, spend), ValueTree().fit(customers.iloc[order], spend[order])
    assert model.lower_.tolist() == shuffled.lower_.tolist()
    assert model.upper_.tolist() == shuffled.upper_.tolist()


def test_two_parts_are_those_of_a_regression_tree() -> None:
    """One split is that of scikit-learn, and more splits leave no more variance than its greedy ones."""
    random = np.random.default_rng(4)
    codes = random.integers(0, 12, (500, 3))
    y = codes[:, 0] * codes[:, 1] + random.normal(0, 5, 500)
    for n_parts in (2, 4, 6):
        tree = DecisionTreeRegressor(max_leaf_nodes=n_parts, min_samples_leaf=25, random_state=0).fit(codes, y)
        theirs = variance_within(y, tree.apply(codes))
        boxes = find_boxes(codes, y, n_parts, 25)
        labels = np.array(
            [
                next(i for i, box in enumerate(boxes) if all(a <= c <= b for c, (a, b) in zip(row, box, strict=True)))
                for row in codes
            ]
        )
        ours = variance_within(y, labels)
        assert ours == pytest.approx(theirs) if n_parts == 2 else ours <= theirs + 1e-9


def variance_within(y: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> float:
    """Give the sum of squares within parts."""
    return float(sum(((y[labels == label] - y[labels == label].mean()) ** 2).sum() for label in np.unique(labels)))


def test_a_first_split_that_is_not_the_best_alone_is_found() -> None:
    """An exclusive or: no single limit tells anything apart, two together everything."""
    codes = np.array([[a, b] for a in (0, 1) for b in (0, 1) for _ in range(25)] + [[0, 0]])
    y = np.array([float(a != b) for a, b in codes])
    boxes = find_boxes(codes, y, 4, 10)
    assert sorted(boxes) == [((a, a), (b, b)) for a in (0, 1) for b in (0, 1)]


def test_sensible_figures() -> None:
    """Whole numbers stay whole, either sign, and neighbours are at most 5 % apart from 1 on."""
    assert sensible_figures(np.array([-2.0, 3.0])).tolist() == [-2, -1, 0, 1, 2, 3]
    figures = sensible_figures(np.array([0.5, 2_000.5]))
    large = figures[figures >= 1]
    assert (large[1:] / large[:-1]).max() <= 1.05 + 1e-12
    assert {1_150, 1_200, 0.5, 97, 105} <= set(figures.tolist())
    assert sensible_figures(np.zeros(3)).tolist() == [0]


def test_the_roundest_of_equal_figures_is_taken() -> None:
    """Between 97 and 130 nobody stands: the limit is 100; where most have nothing, it is 0."""
    assert nearest_figures(np.array([97.0, 130.5]), np.array([1])).tolist() == [100]
    assert nearest_figures(np.array([0.0, 0.0, 0.37, 5.0]), np.array([2])).tolist() == [0]


def test_a_model_file_keeps_the_rules() -> None:
    """The same limits, words and segments after writing and reading."""
    customers = make_customers(seed=7)
    model = ValueTree().fit(customers, plant_spend(customers)).adapt(make_customers(seed=8))
    again = load_model(dump_model(model, make_probe(model), {}))
    assert again.rules_ == model.rules_
    newcomers = make_customers(seed=9)
    assert again.predict(newcomers).tolist() == model.predict(newcomers).tolist()


def features_of(customers: pd.DataFrame, as_of: date) -> ibis.Table:
    """Give customers as a feature table."""
    ids = [f"c{number:05}" for number in range(len(customers))]
    return ibis.memtable(customers.assign(customer_id=ids, as_of=as_of, monetary=customers.gross_revenue))


def target_of(spend: npt.NDArray[np.float64], as_of: date = THEN, until: date = NOW) -> ibis.Table:
    """Give spend as a target."""
    ids = [f"c{number:05}" for number in range(len(spend))]
    return ibis.memtable(
        pd.DataFrame(
            {"customer_id": ids, "as_of": as_of, "until": until, "future_revenue": spend, "has_future_order": spend > 0}
        )
    )


def test_segments_carry_their_rules() -> None:
    """Names come from profiles; each has its rule, also after saving; placing again gives the same segments."""
    customers = make_customers()
    earlier, target = features_of(customers, THEN), target_of(plant_spend(customers))
    now = features_of(make_customers(seed=6), NOW)
    result = segment(now, ValueTree(n_segments=3), earlier=earlier, target=target)
    assert sorted(one.rule or "" for one in result.segments) == sorted(result.model.rules_)  # type: ignore[attr-defined]
    assert len({one.name for one in result.segments}) == 3
    saved = segments_to_json(result)
    assert all(each["rule"] for each in saved)
    again = restore(saved, result.labels, result.model, result.assignments, result.as_of)
    assert again.segments == result.segments
    placed = assign(result, now).to_pandas()
    pd.testing.assert_frame_equal(placed, result.assignments.to_pandas())
    frequent = now.to_pandas().set_index("customer_id").frequency[placed.customer_id] > 5
    many = {one.name for one in result.segments if "more than 5 orders" in (one.rule or "")}
    assert (placed.segment.isin(many).to_numpy() == frequent.to_numpy()).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"ValueTree learns from what customers bought next. Pass earlier=customer_features"),
        (
            {"until": date(2024, 4, 1)},
            r"reaches to 2024-03-31, and the customers are segmented at the start of 2024-03-31",
        ),
        (
            {"as_of": date(2024, 1, 2)},
            r"features are of 2024-01-01 and the target of 2024-01-02. Make both at one date",
        ),
    ],
    ids=["none", "future", "other date"],
)
def test_a_target_that_does_not_fit_is_refused(arguments: dict[str, date], message: str) -> None:
    """Missing, reaching into the future of the segments, or of another date than the features."""
    customers = make_customers(100)
    tables = {"earlier": features_of(customers, THEN), "target": target_of(plant_spend(customers), **arguments)}
    with pytest.raises(UsageError, match=message):
        segment(features_of(customers, NOW), ValueTree(), **(tables if arguments else {}))


def test_a_target_in_vain_is_refused() -> None:
    """k-means would not look at it."""
    customers = make_customers(100)
    with pytest.raises(UsageError, match="Pipeline learns from the features alone"):
        segment(features_of(customers, NOW), make_clusterer(), target=target_of(plant_spend(customers)))


def test_customers_who_are_all_alike_are_refused() -> None:
    """There is no rule to find."""
    customers = pd.concat([make_customers(1)] * 50, ignore_index=True)
    with pytest.raises(DataError, match="No rule divides these customers"):
        segment(
            features_of(customers, NOW),
            ValueTree(),
            earlier=features_of(customers, THEN),
            target=target_of(np.ones(50)),
        )


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_segments": 1}, "'n_segments' parameter of ValueTree must be an int >= 2. Got 1 instead"),
        ({"min_share": 0.6}, r"'min_share' parameter of ValueTree must be 0 < min_share <= 0.5. Got 0.6 instead"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, Any], message: str) -> None:
    """With the value that was given."""
    customers = make_customers(20)
    with pytest.raises(UsageError, match=message):
        ValueTree(**parameters).fit(customers, plant_spend(customers))


def test_negative_spend_and_other_columns_are_refused() -> None:
    """A target is at least 0; an array has the columns of the model."""
    customers = make_customers(20)
    with pytest.raises(UsageError, match=r"at least 0. Got -1.0 instead"):
        ValueTree().fit(customers, np.full(20, -1.0))
    with pytest.raises(UsageError, match=r"must have 4 columns: recency_days.* Got 2 instead"):
        ValueTree().fit(np.ones((20, 2)), np.ones(20))
