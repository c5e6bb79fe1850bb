"""Returns matched to purchases: hand cases, and what must hold of any lines."""

from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.checkup.matching import MOST_PURCHASES, match_returns
from customerbase.schema import MONEY

SOUND = {"source": "shop.csv", "customer_id": "ann", "product_id": "mug", "unit_price": 5.0, "day": 0}


def make_lines(*lines: dict[str, Any]) -> ir.Table:
    """Make lines; each is sound but for what it says, and returned where its quantity (or amount) is negative."""
    rows = [{"source_row": row} | SOUND | line for row, line in enumerate(lines, start=2)]
    frame = pd.DataFrame(rows)
    if "amount" not in frame:
        frame["amount"] = frame.quantity * frame.unit_price
    if "quantity" not in frame:
        frame["quantity"], frame["unit_price"] = None, None
    frame["ordered_at"] = [datetime(2024, 5, 1) + timedelta(days=int(day)) for day in frame.pop("day")]
    frame["is_return"] = frame.quantity.fillna(frame.amount) < 0
    types = dict.fromkeys(("quantity", "unit_price", "amount"), MONEY) | dict.fromkeys(
        ("customer_id", "product_id"), "string"
    )
    return ibis.memtable(frame).cast({**types, "ordered_at": "timestamp(6)", "source_row": "int64"})


def match(*lines: dict[str, Any]) -> dict[int, int | None]:
    """Give the row of each return with that of its purchase."""
    rows = match_returns(make_lines(*lines)).to_pyarrow().to_pylist()
    return {row["source_row"]: row["purchase_source_row"] for row in rows}


def test_the_latest_earlier_purchase_is_undone() -> None:
    """Neither an older purchase nor a later one is taken."""
    assert match({"quantity": 2}, {"quantity": 2, "day": 3}, {"quantity": -1, "day": 4}, {"quantity": 2, "day": 5}) == {
        4: 3
    }


def test_a_purchase_at_the_same_price_goes_first() -> None:
    """The latest purchase at another price stands back, and is taken where there is no other."""
    bought = ({"quantity": 2}, {"quantity": 2, "unit_price": 4.0, "day": 3})
    assert match(*bought, {"quantity": -1, "day": 4}) == {4: 2}
    assert match(*bought, {"quantity": -1, "unit_price": 3.0, "day": 4}) == {4: 3}


def test_as_many_units_must_be_left() -> None:
    """Two returns of the whole purchase undo two purchases; a third, and one of more than was bought, undo none."""
    bought = ({"quantity": 2}, {"quantity": 2, "day": 1})
    assert match(*bought, *({"quantity": -2, "day": day} for day in (2, 3, 4))) == {4: 3, 5: 2, 6: None}
    assert match(*bought, {"quantity": -3, "day": 2}) == {4: None}


def test_parts_of_a_purchase_come_back_one_by_one() -> None:
    """Returns of one and two of three bought undo the same purchase."""
    assert match({"quantity": 3}, {"quantity": -1, "day": 1}, {"quantity": -2, "day": 2}) == {3: 2, 4: 2}


def test_the_larger_return_goes_first() -> None:
    """The smaller one finds an older purchase, where the larger one finds none."""
    bought = ({"quantity": 1}, {"quantity": 3, "day": 1})
    assert match(*bought, {"quantity": -1, "day": 2}, {"quantity": -3, "day": 3}) == {4: 2, 5: 3}


def test_others_match_nothing() -> None:
    """Another customer's purchase, another product's, a later one: none of them is undone."""
    others = ({"customer_id": "bob"}, {"product_id": "pan"}, {"day": 9})
    assert match(*({"quantity": 1} | other for other in others), {"quantity": -1, "day": 2}) == {5: None}


def test_guests_are_left_out() -> None:
    """Nobody knows what a guest has bought."""
    assert match({"quantity": 1, "customer_id": None}, {"quantity": -1, "customer_id": None, "day": 1}) == {}


def test_of_one_moment_the_purchase_comes_first() -> None:
    """In an export of days, what was bought and brought back on one day is matched."""
    assert match({"quantity": -1}, {"quantity": 1}) == {2: 3}


def test_without_quantities_money_is_matched() -> None:
    """Where an export has amounts alone, a refund undoes a purchase of as much money at least."""
    assert match({"amount": 10.0}, {"amount": 3.0, "day": 1}, {"amount": -5.0, "day": 2}) == {4: 2}


def test_without_products_orders_are_matched() -> None:
    """Where an export names no products, all that a customer bought is one."""
    assert match({"amount": 10.0, "product_id": None}, {"amount": -10.0, "product_id": None, "day": 2}) == {3: 2}


def test_a_return_looks_back_at_so_many_purchases() -> None:
    """Of a customer who stands for a whole till, the latest purchases are looked at and no more."""
    bought = [{"quantity": 2}, *({"quantity": 1, "day": day} for day in range(1, MOST_PURCHASES + 1))]
    assert match(*bought[:-1], {"quantity": -2, "day": 999}) == {MOST_PURCHASES + 2: 2}
    assert match(*bought, {"quantity": -2, "day": 999}) == {MOST_PURCHASES + 3: None}


LINES = st.lists(
    st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from(["ann", "bob", None]),
            "product_id": st.sampled_from(["mug", "pan", None]),
            "quantity": st.integers(-4, 6).filter(bool),
            "unit_price": st.sampled_from([4.0, 5.0]),
            "day": st.integers(0, 9),
        }
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=25)
@given(LINES)
def test_what_holds_of_any_lines(lines: list[dict[str, Any]]) -> None:
    """Every return is reported once, and undoes at most what its customer bought of the product before."""
    by_row = dict(enumerate(lines, start=2))
    matched = match(*lines)
    assert set(matched) == {row for row, line in by_row.items() if line["quantity"] < 0 and line["customer_id"]}
    left = {row: line["quantity"] for row, line in by_row.items()}
    for row, purchase in matched.items():
        if purchase is not None:
            returned, bought = by_row[row], by_row[purchase]
            assert [returned[name] for name in ("customer_id", "product_id")] == [
                bought[name] for name in ("customer_id", "product_id")
            ]
            assert bought["day"] <= returned["day"]
            left[purchase] += returned["quantity"]
            assert left[purchase] >= 0


@settings(max_examples=10)
@given(LINES, st.randoms())
def test_the_order_of_rows_changes_nothing(lines: list[dict[str, Any]], random: Any) -> None:
    """Shuffled lines give the same matches."""
    rows = [{"source_row": row, **line} for row, line in enumerate(lines, start=2)]
    shuffled = random.sample(rows, len(rows))
    assert match(*rows) == match(*shuffled)
