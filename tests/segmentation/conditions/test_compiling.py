"""Conditions in the engine: for every customer what plain Python says, missing values among them."""

from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.segmentation.conditions.oracle import conditions, holds, rows

from customerbase.segmentation.conditions.compiling import compile_condition, feature_values, score_values
from customerbase.segmentation.conditions.reading import parse_condition
from customerbase.segmentation.conditions.syntax import Node
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS, SCORE_COLUMNS

SCHEMA = pa.schema(
    {
        "frequency": pa.int64(),
        "n_returns": pa.int32(),
        "monetary": pa.decimal128(18, 4),
        "return_rate": pa.float64(),
        "country": pa.string(),
        "is_one_time": pa.bool_(),
        "as_of": pa.date32(),
    }
)


def _table(customers: list[dict[str, Any]]) -> ibis.Table:
    amounts = (each["monetary"] for each in customers)
    typed = [
        {**each, "monetary": None if amount is None else Decimal(str(amount))}
        for each, amount in zip(customers, amounts, strict=True)
    ]
    return ibis.memtable(pa.Table.from_pylist(typed, schema=SCHEMA))


@given(node=conditions, customers=st.lists(rows, min_size=1, max_size=6))
def test_the_engine_says_what_python_says(node: Node, customers: list[dict[str, Any]]) -> None:
    """Each condition is true or false, never missing, and the same as evaluated by hand."""
    table = _table(customers)
    found = table.select(held=compile_condition(node, feature_values(table))).to_pyarrow()["held"].to_pylist()
    assert found == [holds(node, customer) for customer in customers]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("return_rate > 0.1", [True, False, False, False]),
        ("return_rate != 0.5", [False, True, False, False]),
        ("return_rate not in (0.1)", [True, False, False, False]),
        ("return_rate not between 0.2 and 0.6", [False, True, False, False]),
        ("not return_rate > 0.1", [False, True, True, True]),
        ("return_rate is missing", [False, False, True, True]),
    ],
)
def test_missing_by_hand(text: str, expected: list[bool]) -> None:
    """A comparison of nothing, or of NaN, is false whichever it is; `not` before it turns that round."""
    table = ibis.memtable(pa.table({"return_rate": pa.array([0.5, 0.1, None, float("nan")])}))
    held = compile_condition(parse_condition(text), feature_values(table))
    assert table.select(held=held).to_pyarrow()["held"].to_pylist() == expected


def test_a_time_is_compared_as_its_day() -> None:
    """A time in the afternoon lies on its day, and not after it."""
    table = ibis.memtable(pd.DataFrame({"signed_up_at": pd.to_datetime(["2024-01-31 15:00", "2024-02-01 00:00"])}))
    held = compile_condition(parse_condition("signed_up_at <= 2024-01-31"), feature_values(table))
    assert held.to_list() == [True, False]


def test_many_parts_are_no_depth() -> None:
    """A condition as long as is allowed goes through the engine."""
    table = ibis.memtable({"x": [7, 700]})
    text = " or ".join(f"x = {number}" for number in range(400))
    assert compile_condition(parse_condition(text), feature_values(table)).to_list() == [True, False]


@given(values=st.lists(st.tuples(*[st.integers(0, 9)] * 3), min_size=1, max_size=30))
def test_scores_are_those_of_rfm(values: list[tuple[int, int, int]]) -> None:
    """The engine gives the scores of `RFM.transform` by the learnt cut points, ties and all."""
    frame = pd.DataFrame(values, columns=list(RFM_COLUMNS)).astype(float)
    model = RFM().fit(frame)
    edges = {name: marks.tolist() for name, marks in model.edges_.items()}
    made = score_values(feature_values(table := ibis.memtable(frame)), edges)
    found = table.select(**{name: made[name] for name in SCORE_COLUMNS}).to_pandas()
    assert np.array_equal(found.to_numpy(), model.transform(frame))
