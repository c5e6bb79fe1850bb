"""Published figures of Online Retail and Online Retail II, out of the commands that the page of explorations shows."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.data

_PAGE = Path(__file__).resolve().parents[1] / "docs" / "explore.md"

Found = dict[str, dict[str, pd.DataFrame]]


@pytest.fixture(scope="module")
def found(data_folder: Path) -> Found:
    """What the blocks of the page leave behind, run where the real data are."""
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(data_folder)
        for block in re.findall(r"^```py\n(.*?)^```$", _PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            exec(compile(block, _PAGE.name, "exec"), names)
    return names


def part(found: Found, run: str, name: str) -> dict[str, Any]:
    """Give one row of an overview, money to the penny."""
    rows = found[run]["overview"]
    row = rows[rows.part == name].iloc[0]
    return {column: row[column] for column in map(str, rows)} | {"amount": row["amount"].quantize(Decimal("0.01"))}


PARTS = [
    ("whole", "read", {"n_lines": 1_067_371, "n_orders": 53_628, "n_customers": 5_942, "n_repeated_lines": 34_335}),
    ("whole", "read", {"n_negative_quantity": 22_950, "n_no_price": 6_207}),
    ("whole", "with_customer", {"n_lines": 824_364, "n_customers": 5_942}),
    ("whole", "bought_by_customer", {"n_lines": 805_620, "n_customers": 5_881}),
    ("whole", "kept_purchases", {"n_lines": 805_549, "n_customers": 5_878, "n_orders": 36_969, "n_products": 4_631}),
    ("whole", "kept_purchases", {"n_countries": 41, "amount": Decimal("17743429.18")}),
    ("without_repeated_lines", "kept_purchases", {"n_lines": 779_425, "amount": Decimal("17374804.27")}),
    ("by_default", "kept_purchases", {"n_lines": 791_045, "n_orders": 36_969, "amount": Decimal("17431551.18")}),
    ("first_edition", "read", {"n_lines": 541_909, "n_orders": 25_900, "n_customers": 4_372, "n_products": 4_070}),
    ("first_edition", "read", {"n_countries": 38, "n_repeated_lines": 5_268, "n_negative_quantity": 10_624}),
    ("first_edition", "read", {"n_no_price": 2_517, "first_at": pd.Timestamp(2010, 12, 1, 8, 26)}),
    ("first_edition", "with_customer", {"n_lines": 406_829, "n_customers": 4_372, "amount": Decimal("8300065.81")}),
    ("first_edition", "with_customer", {"n_repeated_lines": 406_829 - 401_604}),
    ("first_edition", "bought_by_customer", {"n_lines": 397_924, "n_customers": 4_339}),
    ("first_edition", "kept_purchases", {"n_lines": 397_884, "n_customers": 4_338, "n_orders": 18_532}),
    ("first_edition", "kept_purchases", {"n_products": 3_665, "n_countries": 37, "amount": Decimal("8911407.90")}),
    ("first_edition_without_repeated_lines", "kept_purchases", {"n_lines": 392_692, "amount": Decimal("8887208.89")}),
]


@pytest.mark.parametrize(("run", "name", "expected"), PARTS)
def test_part(found: Found, run: str, name: str, expected: dict[str, Any]) -> None:
    """Lines, orders, customers, codes, countries and money of a part are the published ones."""
    row = part(found, run, name)
    assert {column: row[column] for column in expected} == expected


@pytest.mark.parametrize(
    ("run", "n_missing", "share"), [("whole", 243_007, "22.77%"), ("first_edition", 135_080, "24.93%")]
)
def test_lines_without_a_customer(found: Found, run: str, n_missing: int, share: str) -> None:
    """The much quoted figure."""
    rows = found[run]["missing"].set_index("column")
    assert rows.n_missing["customer_id"] == n_missing
    assert f"{rows.missing_share['customer_id']:.2%}" == share


@pytest.mark.parametrize(("run", "cancelled", "adjusted"), [("whole", 19_494, 6), ("first_edition", 9_288, 3)])
def test_forms_of_invoices(found: Found, run: str, cancelled: int, adjusted: int) -> None:
    """Cancellations and adjustments are told by the letter with which their invoice begins."""
    rows = found[run]["codes"]
    n_lines = rows[rows.column == "order_id"].set_index("form").n_lines
    assert (n_lines["C999999"], n_lines["A999999"]) == (cancelled, adjusted)


@pytest.mark.parametrize(
    ("run", "once", "share", "most", "median"),
    [
        ("whole", 1_623, "27.6%", 398, 3),
        ("by_default", 1_623, "27.6%", 398, 3),
        ("first_edition", 1_493, "34.4%", 209, 2),
    ],
)
def test_orders_of_a_customer(found: Found, run: str, once: int, share: str, most: int, median: int) -> None:
    """How many bought once, the median, and the most."""
    counts = found[run]["order_counts"].set_index("n_orders").sort_index()
    assert (counts.n_customers[1], f"{counts.customers_share[1]:.1%}", counts.index[-1]) == (once, share, most)
    assert found[run]["distributions"].set_index("feature")["median"]["frequency"] == median
