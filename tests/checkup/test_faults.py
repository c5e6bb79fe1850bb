"""Planted faults: each kind is found in several sizes, and nothing is found where nothing was planted."""

from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customerbase.checkup import FINDINGS, Checkup, check_up
from customerbase.cleaning import clean
from customerbase.errors import UsageError
from customerbase.schema import MONEY, Dataset
from customerbase.synthetic import FAULTS, make_shop, plant

TODAY = date(2025, 1, 1)
REAL = {"guests", "non_products"}
"""What a generated shop without returns really has."""


@pytest.fixture(scope="session")
def sound_lines(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """The order lines of a generated shop without returns."""
    shop = make_shop(tmp_path_factory.mktemp("sound"), n_lines=12_000, random_state=4, return_share=0)
    return pq.read_table(shop.order_lines)


def check_lines(lines: pa.Table) -> Checkup:
    """Clean order lines as if they had been read, and check them up."""
    table = ibis.memtable(lines.append_column("source_row", pa.array(np.arange(lines.num_rows))))
    money = dict.fromkeys(("quantity", "unit_price", "discount", "amount"), MONEY)
    typed = table.cast({"source_row": "int64", **money})
    read = typed.mutate(source=ibis.literal("shop.csv"), is_return=typed.quantity < 0)
    cleaned = clean(Dataset(read.cache()), today=TODAY)
    return check_up(Dataset(cleaned.data.order_lines.cache()), cleaned.set_aside.cache())


SIZES = {
    "repeated_orders": (1, 3),
    "unlike_products": (12, 60),
    "time_zone": (6, 9, 12),
    "missing_days": (10, 30),
    "partial_month": (6, 12),
}
"""Kind → how many are planted, where it is not one and forty."""

FOLLOWS = {
    "all_returned": {"matched_returns", "unmatched_returns"},  # where much comes back, a few are matched wrongly
    "time_zone": {"partial_month"},  # the last evening falls into the next month
}
"""Kind → what else may be found with it."""

OF_CUSTOMERS = {"all_returned", "persons_with_several_ids", "ids_of_several_forms", "ids_in_several_countries"}
LOST = {"missing_days", "partial_month"}


@pytest.mark.parametrize(("fault", "n"), [(fault, n) for fault in FAULTS for n in SIZES.get(fault, (1, 40))])
def test_planted_faults_are_found(sound_lines: pa.Table, fault: str, n: int) -> None:
    """The kind that was planted is found, with all its rows or customers, and no other."""
    planted = plant(sound_lines, fault, n, random_state=n)
    found = {finding.finding: finding for finding in check_lines(planted.lines).findings}
    assert fault in found
    assert set(found) - REAL - FOLLOWS.get(fault, set()) == {fault}
    if fault in OF_CUSTOMERS:
        assert found[fault].customers == n * (2 if "several" in fault and "countries" not in fault else 1)
    elif fault not in LOST | {"time_zone"}:
        assert found[fault].rows == len(planted.rows)


@pytest.mark.parametrize(
    "parameters",
    [
        {"n_lines": 5_000, "random_state": 1},
        {"n_lines": 20_000, "random_state": 2, "separation": "clear", "seasonality": 0.0},
        {"n_lines": 40_000, "random_state": 3, "start": "2021-03-01", "end": "2023-09-01", "lines_per_order": 2.0},
    ],
    ids=["small", "clear", "many orders"],
)
def test_nothing_is_found_where_nothing_was_planted(tmp_path: Path, parameters: dict[str, Any]) -> None:
    """A generated shop has guests, postage and returns, each of which matches its purchase; some keep nothing."""
    lines = pq.read_table(make_shop(tmp_path, **parameters).order_lines)
    found = {finding.finding for finding in check_lines(lines).findings}
    assert found <= REAL | {"matched_returns", "all_returned"}


@pytest.mark.parametrize("n", [50, 800])
def test_returns_match_their_purchases(sound_lines: pa.Table, n: int) -> None:
    """At least 95 % of the returns are matched to the purchase that they undo."""
    planted = plant(sound_lines, "matched_returns", n, random_state=n)
    returns = check_lines(planted.lines).returns.order_by("source_row").to_pandas()
    assert returns.source_row.to_list() == planted.rows.tolist()
    assert (returns.purchase_source_row == planted.undone).mean() >= 0.95


def test_faults_are_findings() -> None:
    """What can be planted in order lines is called as it is found."""
    by_hand = {"unreadable_rows", "void_orders", "accounting_adjustments", "guests", "non_products"}
    of_other_tables = {"coupons_that_end", "contradicting_spend"}
    assert set(FINDINGS) - set(FAULTS) == by_hand | of_other_tables


def test_planting_is_seeded(sound_lines: pa.Table) -> None:
    """The same seed plants the same faults, another one others."""
    one, same, other = (plant(sound_lines, "far_out_prices", 5, random_state=seed) for seed in (1, 1, 2))
    assert one.lines.equals(same.lines)
    assert one.rows.tolist() != other.rows.tolist()


def test_what_cannot_be_planted(sound_lines: pa.Table) -> None:
    """An unknown fault is refused with those that there are, and too many with how many there can be."""
    with pytest.raises(UsageError, match=r"There is no fault 'theft'\. The faults are repeated_orders, "):
        plant(sound_lines, "theft", 1)
    with pytest.raises(UsageError, match=r"The shop has room for \d+ such faults, not for 99999\. Make a larger one\."):
        plant(sound_lines, "far_out_prices", 99_999)
