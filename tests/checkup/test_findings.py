"""Findings by hand: figures, examples and ranking of small cases, and data sets without orders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from customerbase.checkup import Checkup, Finding, check_up
from customerbase.checkup.outliers import limit_products
from customerbase.checkup.periods import list_gaps
from customerbase.cleaning import clean
from customerbase.schema import COUPON_EVENTS, CUSTOMERS, INGESTED_LINES, Dataset, Field

NOON = datetime(2024, 5, 1, 12)
SOUND: dict[str, Any] = {"customer_id": "ann", "ordered_at": NOON, "product_id": "mug", "quantity": 1, "unit_price": 5}


def make_table(contract: tuple[Field, ...], *rows: dict[str, Any]) -> ibis.Table:
    """Make a table of a contract; what a row does not say is empty."""
    types = {column.name: column.type for column in contract}
    made = [
        dict.fromkeys(types) | {"source": "shop.csv", "source_row": number} | row
        for number, row in enumerate(rows, start=2)
    ]
    exact = [
        {name: Decimal(v) if isinstance(v, int) and types[name].startswith("dec") else v for name, v in row.items()}
        for row in made
    ]
    return ibis.memtable(pa.Table.from_pylist(exact, schema=ibis.schema(types).to_pyarrow()))


def make_lines(*lines: dict[str, Any]) -> Dataset:
    """Make ingested lines; each is a sound order of its own but for what it says."""
    rows = []
    for number, line in enumerate(lines, start=2):
        row = {"order_id": str(number)} | SOUND | line
        amount = None if row["unit_price"] is None else row["quantity"] * row["unit_price"]
        rows.append(
            {"amount": amount, "is_return": row["quantity"] < 0, "is_adjustment": False, "is_void": False} | row
        )
    return Dataset(make_table(INGESTED_LINES, *rows))


def check(data: Dataset, **options: Any) -> Checkup:
    """Clean a data set and check it up."""
    cleaned = clean(data, today=date(2024, 6, 1), **options)
    return check_up(cleaned.data, cleaned.set_aside if data.has_orders else None)


def find(*lines: dict[str, Any], **options: Any) -> dict[str, Finding]:
    """Give what is found in some lines by name."""
    return {each.finding: each for each in check(make_lines(*lines), **options).findings}


def figures(finding: Finding) -> tuple[int, int, Decimal | None]:
    """Give rows, customers and amount."""
    return finding.rows, finding.customers, finding.amount


def test_nothing_odd() -> None:
    """A sound order gives no finding."""
    assert find({}) == {}


@pytest.mark.parametrize(
    ("line", "name", "rule"),
    [
        ({"unreadable": "ordered_at", "ordered_at": None}, "unreadable_rows", "unreadable"),
        ({"is_void": True}, "void_orders", "void_order"),
        ({"is_adjustment": True}, "accounting_adjustments", "accounting_adjustment"),
    ],
)
def test_what_a_rule_sets_aside_is_found(line: dict[str, Any], name: str, rule: str) -> None:
    """Rows, customers and money are counted, the row is quoted, and the rule that set it aside is named."""
    found = find({}, {"quantity": 3, **line})
    assert set(found) == {name}
    assert figures(found[name]) == (1, 1, Decimal(15))
    assert "shop.csv row 3: order 3, customer ann, mug, 3 × 5.00 = 15.00" in found[name].example
    assert rule in found[name].done


def test_orders_in_two_files() -> None:
    """The copy is counted with its money; days and orders are named, and the rule that keeps both."""
    lines = [{"source": source, "order_id": "7", "quantity": 2} for source in ("may.csv", "june.csv")]
    found = find(*lines)["repeated_orders"]
    assert figures(found) == (1, 1, Decimal(10))
    assert found.example.startswith("1 orders of 1 days from 2024-05-01 to 2024-05-01; ")
    assert found.option == "--without repeated_order keeps every copy"


def test_guests_against_known_customers() -> None:
    """Lines per order, order value, price and the share of each month are those of the hand."""
    guests = [{"customer_id": None, "order_id": "g", "product_id": code, "quantity": 3} for code in ("mug", "pan")]
    late, april = {"ordered_at": datetime(2024, 5, 30)}, {"ordered_at": datetime(2024, 4, 2)}
    found = find(*guests, {}, late, april)["guests"]
    assert figures(found) == (2, 0, Decimal(30))
    assert found.example == (
        "2 of 5 lines (40.0%); 2.0 lines per order, of known customers 1.0; order value 30.00 against 5.00; "
        "median price about 4.95 against 4.95; share of gross revenue by month: 2024-04 0.0%, 2024-05 75.0%"
    )
    assert found.done == "set aside by the rules guest (2)"


def test_guests_that_are_kept() -> None:
    """With the rule off, guests are found as well."""
    assert find({}, {"customer_id": None}, rules={"guest": False})["guests"].done == "kept"


def test_goods_at_price_0() -> None:
    """What leaves the stock and what is given away are two findings, without money; the most units are quoted first."""
    free = {"unit_price": 0, "customer_id": None}
    found = find({}, {**free, "quantity": -40}, {**free, "quantity": -90}, {"unit_price": 0, "quantity": 2})
    assert figures(found["write_offs"]) == (2, 0, Decimal(0))
    assert found["write_offs"].example.startswith("shop.csv row 4: order 4, mug, -90 ")
    assert figures(found["free_lines"]) == (1, 1, Decimal(0))


def test_returns() -> None:
    """A return that undoes a purchase is told from one that undoes none; who kept nothing is named."""
    back = {"quantity": -1, "ordered_at": datetime(2024, 5, 3)}
    found = find(
        {}, {"product_id": "pan"}, back, {"customer_id": "bob"}, {"customer_id": "bob", **back, "product_id": "x"}
    )
    assert figures(found["matched_returns"]) == (1, 1, Decimal(5))
    assert found["matched_returns"].example == (
        "shop.csv row 4: customer ann returned 1 of mug for 5.00 on 2024-05-03, bought on 2024-05-01 (row 2)"
    )
    assert figures(found["unmatched_returns"]) == (1, 1, Decimal(5))
    assert figures(found["all_returned"]) == (2, 1, Decimal(5))
    assert found["all_returned"].example == "customer bob bought for 5.00 and returned 5.00"


def test_codes_are_listed_and_can_be_corrected() -> None:
    """Codes that are no products are listed with lines and money; `products` corrects what is wrong about one."""
    lines: tuple[dict[str, Any], ...] = (
        {},
        {"product_id": "POST"},
        {"product_id": "post", "quantity": 2},
        {"product_id": "PADS"},
    )
    found = find(*lines)["non_products"]
    assert figures(found) == (3, 1, Decimal(20))
    assert found.example == "POST (2 lines, 15.00), PADS (1 line, 5.00)"
    assert found.option == '"POST" = true under [products] in customerbase.toml, where a code is a product'
    assert find(*lines, products={"pads": True})["non_products"].example == "POST (2 lines, 15.00)"
    assert "MUG (1 line, 5.00)" in find(*lines, products={"mug": False})["non_products"].example


@pytest.mark.parametrize(
    ("name", "is_found"),
    [
        ("Next Day Carriage", True),
        ("Gift Voucher £20.00", True),
        ("Versandkosten", True),
        ("Carriage Clock", False),
        ("Gift Card Assortment", False),
        ("Vintage Postage Stamps", False),
        ("London", False),
    ],
)
def test_names_of_services(name: str, is_found: bool) -> None:
    """A name that ends in a charge or a voucher is no product's; one that only speaks of it is."""
    assert ("unlike_products" in find({}, {"product_id": "x9", "product_name": name})) == is_found


@pytest.mark.parametrize(
    ("line", "is_found"),
    [
        ({"product_id": "TEST001"}, True),
        ({"product_name": "This is a test product."}, True),
        ({"customer_id": "test@shop.org"}, True),
        ({"customer_id": "ann@example.com"}, True),
        ({"product_id": "TESTAROSSA", "product_name": "Pregnancy test kit", "customer_id": "contest"}, False),
    ],
)
def test_test_orders(line: dict[str, Any], is_found: bool) -> None:
    """Test products and test customers are told from words that only contain 'test'."""
    assert ("test_orders" in find({}, line)) == is_found


def test_money_of_several_currencies_is_not_summed_up() -> None:
    """The finding names each currency with its rows; with two others there is no amount, and it goes first."""
    of_guests = [{"customer_id": None, "currency": name} for name in ("USD", "EUR")]
    findings = check(make_lines({"currency": "GBP"}, {"currency": "GBP"}, *of_guests)).findings
    assert [finding.finding for finding in findings] == ["currencies", "guests"]
    assert figures(findings[0]) == (2, 0, None)
    assert findings[0].example.startswith("GBP (2 rows), EUR (1 rows), USD (1 rows); ")
    assert findings[0].to_dict()["amount"] is None


def test_findings_are_ranked_by_money() -> None:
    """The largest amount goes first, whatever its sign."""
    lines = ({"is_adjustment": True, "quantity": -90, "is_return": False}, {"is_void": True, "quantity": 50})
    assert list(find(*lines, {}, {"customer_id": None})) == ["accounting_adjustments", "void_orders", "guests"]


def test_a_finding_as_plain_values() -> None:
    """The keys are those that `checkup --json` promises."""
    assert list(find({"customer_id": None}, {})["guests"].to_dict()) == [
        "finding",
        "rows",
        "customers",
        "amount",
        "example",
        "done",
        "option",
    ]


@pytest.mark.parametrize("other", ["007", "7.0", " 7", "#7", "ann", "7b0e6a3c-0000-4000-8000-1234567890ab"])
def test_ids_of_several_forms(other: str) -> None:
    """Ids that mean the same, and one that is unlike all others, are found beside a usual one."""
    found = find({"customer_id": "7"}, {"customer_id": "8"}, {"customer_id": other})["ids_of_several_forms"]
    assert f"{other} beside 7 (5.00)" in found.example.split("; ")


def test_ids_of_one_form() -> None:
    """Names with and without digits are one form, as are numbers of any length."""
    assert find({"customer_id": "ann"}, {"customer_id": "bob12"}) == {}
    assert find({"customer_id": "7"}, {"customer_id": "70000"}) == {}


def test_one_person_under_several_addresses() -> None:
    """Case, dots and what follows a plus make no other person; another domain does."""
    addresses = ("ann.lee@mail.org", "AnnLee@mail.org", "annlee+shop@mail.org", "annlee@post.org")
    found = find(*({"customer_id": each} for each in addresses))
    assert figures(found["persons_with_several_ids"]) == (3, 3, Decimal(15))


def test_one_address_of_several_customers() -> None:
    """The addresses of a file of customers count too, with the money of their orders."""
    lines = make_lines({"customer_id": "1"}, {"customer_id": "2", "quantity": 4})
    people = make_table(CUSTOMERS, *({"customer_id": each, "email": "ann@mail.org"} for each in ("1", "2", "3")))
    findings = check(Dataset(lines.order_lines, customers=people)).findings
    assert [figures(each) for each in findings if each.finding == "persons_with_several_ids"] == [(2, 3, Decimal(25))]


def test_one_customer_in_several_countries() -> None:
    """All lines of the customer count, and the countries are named."""
    found = find({"country": "DE"}, {"country": "AT"}, {"country": "DE"}, {"customer_id": "bob", "country": "FR"})
    assert figures(found["ids_in_several_countries"]) == (3, 1, Decimal(15))
    assert found["ids_in_several_countries"].example == "ann in AT, DE (15.00)"


def test_data_without_orders() -> None:
    """Files of customers and of coupons are checked for what can be odd about them."""
    people = make_table(CUSTOMERS, *({"customer_id": each, "email": "ann@mail.org"} for each in ("1", "2")))
    nothing = make_table(INGESTED_LINES)
    only_people = check(Dataset(nothing, customers=people, has_orders=False))
    assert [figures(each) for each in only_people.findings] == [(0, 2, Decimal(0))]
    claim = {"customer_id": "1", "coupon_id": "X", "event": "claimed", "occurred_at": NOON}
    events = make_table(COUPON_EVENTS, claim)
    assert check(Dataset(nothing, coupon_events=events, has_orders=False)).findings == ()


def test_gaps_in_the_calendar() -> None:
    """Days without orders are found where there are many; a day that is always closed and a slow time are no gap."""
    days = pd.date_range("2024-01-01", "2024-06-30")
    n_orders = pd.Series(20.0, days).where(days.day_of_week != 6, 0)
    assert list_gaps(n_orders).empty
    n_orders["2024-03-11":"2024-03-13"] = 0.0
    (gap,) = list_gaps(n_orders).to_dict("records")
    assert (str(gap["first"].date()), str(gap["last"].date()), gap["n_days"]) == ("2024-03-10", "2024-03-13", 4)
    assert 45 < gap["expected"] < 65
    assert list_gaps(n_orders / 20).empty
    stray = pd.Series(0.0, pd.date_range("1900-01-01", "2024-06-30"))
    stray.iloc[[0, -1]] = 1
    assert list_gaps(stray).empty


def test_limits_of_a_product() -> None:
    """Six deviations and three IQR bound what is usual; a rare product has the bounds of all."""
    bins = pd.DataFrame(
        {"product": ["mug"] * 5 + ["pan"], "size": [0, 10, 20, 30, 40, 20], "n_lines": [10, 20, 40, 20, 10, 1]}
    )
    limits = limit_products(bins, least_deviation=1)
    # Median 20; median distance 10, so a deviation of 14.826; quartiles 10 and 30, so fences at -50 and 90.
    assert limits.low.to_list() == pytest.approx([20 - 6 * 14.826] * 2)
    assert limits.high.to_list() == pytest.approx([20 + 6 * 14.826] * 2)
