"""Repetition by hand: equal lines within an order, whole orders that stand twice, and products scanned twice."""

import random
from datetime import datetime
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.repetition import find_repetition
from customerbase.schema import INGESTED_LINES

SCHEMA = ibis.schema({column.name: column.type for column in INGESTED_LINES}).to_pyarrow()
Line = dict[str, Any]


def line(order: str | None, product: str, day: int = 1, source: str = "shop.csv", **cells: Any) -> Line:
    """Make a line of an order of a day in May."""
    time = datetime(2024, 5, day, 10)
    return {
        "source": source,
        "order_id": order,
        "product_id": product,
        "ordered_at": time,
        "customer_id": "ann",
    } | cells


def find(lines: list[Line]) -> list[tuple[Any, ...]] | None:
    """Give row, copy number and number of copies to keep of the lines that have an equal one."""
    rows = [made | {"source_row": row} for row, made in enumerate(lines, start=2)]
    found = find_repetition(ibis.memtable(pa.Table.from_pylist(rows, schema=SCHEMA)))
    if found is None:
        return None
    table = found.select("source_row", "copy_number", "n_to_keep").order_by("source_row").to_pyarrow()
    return [tuple(row.values()) for row in table.to_pylist()]


def count_kept(lines: list[Line]) -> dict[tuple[str, str], int]:
    """Count the lines that are kept, by order and product."""
    set_aside = {row for row, copy_number, n_to_keep in find(lines) or [] if copy_number > n_to_keep}
    kept: dict[tuple[str, str], int] = {}
    for row, made in enumerate(lines, start=2):
        if row not in set_aside:
            kept[made["order_id"], made["product_id"]] = kept.get((made["order_id"], made["product_id"]), 0) + 1
    return kept


def day_of_orders(n_orders: int, n_doubled: int, day: int = 1) -> list[Line]:
    """Make a day of orders with two lines each, of which some stand twice."""
    lines = [line(f"{day}-{order}", product, day) for order in range(n_orders) for product in ("mug", "pan")]
    return lines + [made for made in lines if int(made["order_id"].split("-")[1]) < n_doubled]


def test_no_equal_lines() -> None:
    """Lines that differ in anything but where they stand repeat nothing."""
    assert find([line("1", "mug"), line("1", "pan"), line("2", "mug"), line("1", "mug", country="DE")]) is None
    assert find([]) is None


def test_a_product_scanned_twice() -> None:
    """Both lines stay; the second is the copy."""
    assert find([line("1", "mug"), line("1", "pan"), line("1", "mug")]) == [(2, 1, 2), (4, 2, 2)]


def test_an_order_in_two_sources_is_repeated() -> None:
    """The copy in the second source goes, however few orders its day has."""
    lines = [line("1", product, source=source) for source in ("a.csv", "b.csv") for product in ("mug", "pan")]
    assert find(lines) == [(2, 1, 1), (3, 1, 1), (4, 2, 1), (5, 2, 1)]


def test_an_order_that_stands_in_two_sources_only_in_part() -> None:
    """A line more in one of the sources: the exports differ, and nothing is taken for a repetition."""
    lines = [line("1", "mug", source="a.csv"), line("1", "mug", source="b.csv"), line("1", "pan", source="b.csv")]
    assert count_kept(lines) == {("1", "mug"): 2, ("1", "pan"): 1}


@pytest.mark.parametrize(
    ("n_orders", "n_doubled", "is_repeated"),
    [(5, 5, True), (4, 4, False), (10, 9, True), (10, 8, False), (9, 8, False), (5, 4, False), (20, 18, True)],
)
def test_a_day_that_stands_twice(n_orders: int, n_doubled: int, is_repeated: bool) -> None:
    """At least five orders of which at least 90 % are doubled were appended twice; fewer were scanned twice."""
    kept = count_kept(day_of_orders(n_orders, n_doubled))
    doubled = {kept[f"1-{order}", product] for order in range(n_doubled) for product in ("mug", "pan")}
    assert doubled == {1 if is_repeated else 2}
    assert len(kept) == 2 * n_orders


def test_days_are_judged_one_by_one() -> None:
    """A day that stands twice takes no order of another day with it."""
    kept = count_kept(day_of_orders(6, 6, day=1) + day_of_orders(6, 1, day=2))
    assert {kept[f"1-{order}", "mug"] for order in range(6)} == {1}
    assert kept["2-0", "mug"] == 2


def test_guests_count_among_the_orders_of_a_day() -> None:
    """Four doubled orders of customers and one of a guest make a day of five."""
    lines = day_of_orders(5, 5)
    lines = [made | {"customer_id": None} if made["order_id"] == "1-4" else made for made in lines]
    assert set(count_kept(lines).values()) == {1}


@pytest.mark.parametrize(
    ("mugs", "pans", "kept"),
    [(3, 3, (1, 1)), (2, 4, (1, 2)), (6, 9, (2, 3)), (2, 3, (2, 3)), (1, 2, (1, 2)), (4, 4, (1, 1)), (6, 4, (3, 2))],
)
def test_one_part_in_g_of_a_repeated_order_stays(mugs: int, pans: int, kept: tuple[int, int]) -> None:
    """The greatest common divisor of the counts says how often the whole order stands; counts without one are kept."""
    lines = day_of_orders(20, 20) + [line("x", "mug")] * mugs + [line("x", "pan")] * pans
    found = count_kept(lines)
    assert (found["x", "mug"], found["x", "pan"]) == kept


def test_lines_without_an_order_repeat_nothing() -> None:
    """What belongs to no order cannot be the copy of one."""
    assert find([line(None, "mug", customer_id=None)] * 2) is None


def test_copies_are_numbered_by_place() -> None:
    """Of equal lines the first is the original, source by source and row by row."""
    lines = [line("1", "mug", source=source) for source in ("b.csv", "a.csv", "b.csv")] + [line("1", "pan")]
    assert find(lines) == [(2, 2, 3), (3, 1, 3), (4, 3, 3)]


@settings(max_examples=4)
@given(st.randoms(use_true_random=False))
def test_shuffled_rows_are_kept_the_same(draws: random.Random) -> None:
    """The order of rows decides which of two equal rows is called the copy, and nothing else."""
    lines = (
        day_of_orders(6, 6, day=1) + day_of_orders(3, 2, day=2) + [line("x", "mug", 1)] * 6 + [line("x", "pan", 1)] * 4
    )
    shuffled = draws.sample(lines, len(lines))
    assert count_kept(shuffled) == count_kept(lines)
