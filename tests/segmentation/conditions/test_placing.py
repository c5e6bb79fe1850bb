"""Own segments over a feature table: the model, how it covers the customers, and who moves between two files."""

from collections.abc import Callable
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import parametrize_with_checks

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.conditions.coverage import Overlap, check_conditions, describe_coverage, refuse_overlap
from customerbase.segmentation.conditions.model import Conditions
from customerbase.segmentation.conditions.moves import compare_conditions

customers = ibis.memtable(
    pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "recency_days": [5, 10, 200, 300, 90, None],
            "frequency": [9, 6, 8, 1, 2, 0],
            "monetary": [900.0, 600.5, 800.0, 10.0, 20.0, 0.0],
            "gross_revenue": [1000.0, 700.5, 800.0, 10.0, 20.0, 0.0],
        }
    )
)
FILE = """
[segments]
Regulars = "frequency >= 6"
Sleeping = "recency_days > 180"
Rich = "monetary > 1_000_000"
Spenders = "monetary > 700"
"""


@parametrize_with_checks([Conditions()])  # type: ignore[untyped-decorator]
def test_estimator_contract(estimator: Any, check: Callable[[Any], None]) -> None:
    """The model passes every check of scikit-learn."""
    check(estimator)


def test_coverage_by_hand() -> None:
    """Sizes, what earlier segments leave, overlaps and the gap, of the five customers who have bought."""
    found = check_conditions(customers, Conditions(FILE))
    assert (found.n_customers, found.amount, found.money) == (5, 2530.5, "gross_revenue")
    assert [(s.segment, s.n_matched, s.amount_matched, s.n_placed, s.amount_placed) for s in found.segments] == [
        ("Regulars", 3, 2500.5, 3, 2500.5),
        ("Sleeping", 2, 810.0, 1, 10.0),
        ("Rich", 0, 0.0, 0, 0.0),
        ("Spenders", 2, 1800.0, 0, 0.0),
    ]
    assert found.overlaps == (
        Overlap("Regulars", "Sleeping", 1, 800.0),
        Overlap("Regulars", "Spenders", 2, 1800.0),
        Overlap("Sleeping", "Spenders", 1, 800.0),
    )
    assert (found.rest, found.n_unmatched, found.amount_unmatched) == ("Everyone else", 1, 20.0)
    assert describe_coverage(found, most_overlaps=1) == (
        "Nobody meets 'Rich'.",
        (
            "2 customers (gross revenue 1,800.00) meet 'Spenders', and segments before it have all of them. "
            "Move it up, or narrow those."
        ),
        "2 customers (gross revenue 1,800.00) meet both 'Regulars' and 'Spenders'; the first that matches has them.",
        "2 more pairs of segments share customers.",
        "1 customer (20.0%, gross revenue 20.00) meets no condition and is 'Everyone else'.",
    )
    with pytest.raises(DataError, match=r"meet both 'Regulars' and 'Spenders'; 2 more pairs overlap\. Narrow one"):
        refuse_overlap(found)


def test_without_money_only_customers_are_counted() -> None:
    """Of customers whose spend nobody knows, no amounts are told."""
    found = check_conditions(customers.select("customer_id", "recency_days"), Conditions(FILE.split("Rich")[0].replace(
        'Regulars = "frequency >= 6"', "")))  # fmt: skip
    assert (found.money, found.amount, found.segments[0].amount_placed) == (None, None, None)
    assert describe_coverage(found) == ("4 customers (66.7%) meet no condition and are 'Everyone else'.",)


def test_moves_by_hand() -> None:
    """A lower bar takes two customers out of the gap; a renamed segment has moved as a whole."""
    old = Conditions('[segments]\nRegulars = "frequency >= 6"\nSleeping = "recency_days > 250"')
    new = Conditions('[segments]\nRegulars = "frequency >= 2"\nGone = "recency_days > 250"')
    found = compare_conditions(customers, old, new)
    assert [(each.before, each.after, each.n_customers, each.amount) for each in found.moves] == [
        ("Regulars", "Regulars", 3, 2500.5),
        ("Sleeping", "Gone", 1, 10.0),
        ("Everyone else", "Regulars", 1, 20.0),
    ]
    assert (found.n_customers, found.amount, found.n_moved, found.amount_moved) == (5, 2530.5, 2, 30.0)


limits = st.lists(st.tuples(st.sampled_from(["frequency", "recency_days"]), st.integers(0, 20)), min_size=1, max_size=4)


def _file(bars: list[tuple[str, int]]) -> Conditions:
    lines = [f"s{number} = '{name} > {bar}'" for number, (name, bar) in enumerate(bars)]
    return Conditions("\n".join(["[segments]", *lines]))


@given(old=limits, new=limits)
def test_moves_sum_to_sizes(old: list[tuple[str, int]], new: list[tuple[str, int]]) -> None:
    """Rows of the matrix sum to the sizes by the old file, columns to those by the new, in customers and money."""
    moves = compare_conditions(customers, _file(old), _file(new))
    for file, side in ((old, "before"), (new, "after")):
        covered = check_conditions(customers, _file(file))
        sizes = {each.segment: (each.n_placed, each.amount_placed) for each in covered.segments}
        sizes[covered.rest] = (covered.n_unmatched, covered.amount_unmatched)
        assert sum(n for n, _ in sizes.values()) == covered.n_customers == moves.n_customers
        for name, size in sizes.items():
            rows = [each for each in moves.moves if getattr(each, side) == name]
            assert (sum(each.n_customers for each in rows), sum(each.amount or 0 for each in rows)) == size


def test_a_frame_and_a_table_are_placed_alike() -> None:
    """`predict` of a frame gives what the engine gives of the table, text and missing values among them."""
    frame = pd.DataFrame({"country": ["UK", None, "France"], "frequency": [1.0, np.nan, 9.0]})
    model = Conditions("[segments]\nAbroad = \"country != 'UK'\"\nOnce = 'frequency = 1'").fit(frame)
    assert model.predict(frame).tolist() == [1, 2, 0]
    assert model.predict(frame.iloc[2:]).tolist() == [0]


def test_scores_are_learnt_once() -> None:
    """Cut points of the date of learning place the customers of another date, and one customer alone."""
    frame = pd.DataFrame(
        {"recency_days": [1.0, 2, 3, 4, 5], "frequency": [5.0, 4, 3, 2, 1], "monetary": [9.0, 7, 5, 3, 1]}
    )
    model = Conditions("[segments]\nTop = 'r_score = 5 and m_score >= 4'").fit(frame)
    assert model.predict(frame).tolist() == [0, 1, 1, 1, 1]
    assert model.predict(frame.iloc[:1].assign(recency_days=2.0)).tolist() == [1]
    with pytest.raises(UsageError, match="r_score is made of recency_days, frequency, monetary"):
        Conditions(model.text).fit(frame.drop(columns="monetary"))
    with pytest.raises(DataError, match="No customer has recency_days, frequency, monetary"):
        Conditions(model.text).fit(frame.assign(monetary=np.nan))
