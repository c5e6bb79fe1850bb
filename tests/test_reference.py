"""Published and counted figures of Online Retail II, to the row and the penny, on the real data."""

import functools
import operator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest
from tests.retail import Retail

from customerbase.checkup import FINDINGS, Finding, check_up
from customerbase.cleaning import RuleOutcome, clean
from customerbase.engine import connect
from customerbase.features.customers import customer_features
from customerbase.ingest.reading import read
from customerbase.schema import Dataset

pytestmark = pytest.mark.data


@pytest.fixture(scope="session", params=["2011-12-10", "2011-09-10"])
def features_at(retail: Retail, request: pytest.FixtureRequest) -> tuple[str, pd.DataFrame]:
    """The features of all customers at a date."""
    columns = ["recency_days", "frequency", "monetary", "gross_revenue", "return_value", "tenure_days"]
    features = customer_features(retail.cleaned.data, request.param).select("customer_id", *columns)
    return request.param, features.to_pandas().set_index("customer_id")


def to_pence(amount: Any) -> Decimal:
    """Round an exact amount to the penny; the export has a few prices of a tenth of one."""
    return Decimal(amount).quantize(Decimal("0.01"))


def outcome(retail: Retail, rule: str) -> RuleOutcome:
    """Give what one rule did."""
    return next(found for found in retail.cleaned.audit.outcomes if found.rule == rule)


def test_raw(retail: Retail) -> None:
    """Every row comes in, with every customer and every penny."""
    lines = retail.ingested.order_lines
    sums = lines.agg(rows=lines.count(), customers=lines.customer_id.nunique(), amount=lines.amount.sum())
    found = sums.to_pyarrow().to_pylist()[0]
    assert (found["rows"], found["customers"], to_pence(found["amount"])) == (1_067_371, 5_942, Decimal("19287250.57"))
    assert retail.cleaned.audit.rows_in == 1_067_371


@pytest.mark.parametrize(
    ("rule", "rows", "customers", "amount"),
    [
        ("unreadable", 0, 0, "0"),
        ("repeated_order", 22_523, 622, "377488.45"),
        ("void_order", 0, 0, "0"),
        ("other_currency", 0, 0, "0"),
        ("accounting_adjustment", 6, 0, "-147614.08"),
        ("guest", 235_281, 0, "2713707.16"),
        ("no_price", 70, 51, "0.00"),
        ("is_return", 18_446, 2_572, "-1087882.14"),
    ],
)
def test_rule(retail: Retail, rule: str, rows: int, customers: int, amount: str) -> None:
    """The rule catches these rows, customers and pounds."""
    found = outcome(retail, rule)
    assert (found.rows, found.customers, to_pence(found.amount)) == (rows, customers, Decimal(amount))
    assert found.share == rows / 1_067_371


def test_guests_are_22_percent(retail: Retail) -> None:
    """A fact such as this is reported, not lost."""
    assert round(100 * outcome(retail, "guest").share, 2) == 22.04


def test_kept(retail: Retail) -> None:
    """809,491 rows of 5,939 customers stay; of these, 791,045 are purchases of 5,878."""
    lines = retail.cleaned.data.order_lines
    sums = {
        "rows": lines.count(),
        "customers": lines.customer_id.nunique(),
        "amount": lines.amount.sum(),
        "purchases": lines.count(where=~lines.is_return),
        "buyers": lines.customer_id.nunique(where=~lines.is_return),
        "invoices": lines.order_id.nunique(where=~lines.is_return),
        "bought": lines.amount.sum(where=~lines.is_return),
        "returns_off_c": lines.count(where=lines.is_return & ~(lines.order_id.startswith("C") & (lines.quantity < 0))),
        "repeated_lines": lines.count(where=lines.is_repeated_line),
    }
    found = lines.agg(**sums).to_pyarrow().to_pylist()[0]
    assert {name: to_pence(value) if isinstance(value, Decimal) else value for name, value in found.items()} == {
        "rows": 809_491,
        "customers": 5_939,
        "amount": Decimal("16343669.04"),
        "purchases": 791_045,
        "buyers": 5_878,
        "invoices": 36_969,
        "bought": Decimal("17431551.18"),
        "returns_off_c": 0,
        "repeated_lines": 11_676,
    }
    assert retail.cleaned.audit.rows_kept == 809_491


def test_quarantine_has_every_row_set_aside(retail: Retail) -> None:
    """Rows in = rows kept + rows set aside, and no row is set aside twice."""
    aside = retail.cleaned.quarantine
    assert aside.count().execute() == aside.source_row.nunique().execute() == 1_067_371 - 809_491


def test_repeated_invoices(retail: Retail) -> None:
    """1,088 invoices of eight days stand twice, all between 1 and 9 December 2010, and half of their rows go."""
    copies = retail.cleaned.quarantine.filter(lambda rows: rows.rule == "repeated_order")
    days = copies.InvoiceDate.substr(0, 10)
    found = copies.agg(invoices=copies.Invoice.nunique(), days=days.nunique(), first=days.min(), last=days.max())
    assert found.to_pyarrow().to_pylist() == [
        {"invoices": 1_088, "days": 8, "first": "2010-12-01", "last": "2010-12-09"}
    ]


def test_guests_are_counted_by_invoice(retail: Retail) -> None:
    """Guests' lines stand on 8,746 invoices, and 5,954 of them have the price 0."""
    guests = retail.cleaned.quarantine.filter(lambda rows: rows.rule == "guest")
    price = guests.Price.cast("float64")
    found = guests.agg(invoices=guests.Invoice.nunique(), free=guests.count(where=price == 0))
    assert found.to_pyarrow().to_pylist() == [{"invoices": 8_746, "free": 5_954}]


def test_codes_that_are_no_products(retail: Retail) -> None:
    """Twelve codes among the kept lines sell no product."""
    lines = retail.cleaned.data.order_lines
    fees = lines.filter(~lines.is_product)
    found = fees.group_by(code=fees.product_id.upper().strip()).agg(n=fees.count()).to_pyarrow().to_pylist()
    assert {row["code"]: row["n"] for row in found} == {
        "POST": 1_983,
        "M": 1_089,
        "C2": 254,
        "D": 170,
        "ADJUST": 61,
        "BANK CHARGES": 37,
        "PADS": 18,
        "DOT": 16,
        "CRUK": 16,
        "TEST001": 13,
        "ADJUST2": 3,
        "TEST002": 1,
    }


CUSTOMERS = {
    "2011-12-10": {
        "with_purchase": 5_878,
        "mean_recency": 201.8668,
        "median_recency": 96,
        "mean_frequency": 6.2894,
        "max_frequency": 398,
        "one_purchase": 1_623,
        "gross_revenue": Decimal("17431551.18"),
        "return_value": Decimal("1026832.47"),
        "median_monetary": 841.96,
        "negative": 20,
        "zero": 21,
    },
    "2011-09-10": {
        "with_purchase": 5_281,
        "mean_recency": 207.8142,
        "median_recency": 164,
        "mean_frequency": 5.7457,
        "max_frequency": 309,
        "one_purchase": 1_576,
        "gross_revenue": Decimal("13975530.46"),
        "return_value": Decimal("737244.64"),
        "median_monetary": 763.05,
        "negative": 22,
        "zero": 15,
    },
}


def test_customers_at_two_dates(features_at: tuple[str, pd.DataFrame]) -> None:
    """Counts, recency, frequency and money of the customers with a purchase are those of the reference."""
    as_of, features = features_at
    buyers = features[features.frequency > 0]
    money = buyers.monetary.astype(float)
    found: dict[str, Any] = {
        "with_purchase": len(buyers),
        "mean_recency": round(float(buyers.recency_days.mean()), 4),
        "median_recency": buyers.recency_days.median(),
        "mean_frequency": round(float(buyers.frequency.mean()), 4),
        "max_frequency": buyers.frequency.max(),
        "one_purchase": int((buyers.frequency == 1).sum()),
        "gross_revenue": to_pence(buyers.gross_revenue.sum()),
        "return_value": to_pence(buyers.return_value.sum()),
        "median_monetary": round(float(money.median()), 2),
        "negative": int((money < 0).sum()),
        "zero": int((money == 0).sum()),
    }
    assert found == CUSTOMERS[as_of]


SIX = {
    "12346": (326, 12, "-64.68", "77556.46", "77621.14", 400),
    "12347": (3, 8, "4921.53", "4921.53", "0.00", 402),
    "12748": (1, 336, "47976.73", "54598.04", "6621.31", 735),
    "13085": (158, 8, "1459.46", "2433.28", "973.82", 581),
    "14646": (2, 151, "523342.07", "528602.52", "5260.45", 736),
    "18102": (1, 145, "570380.61", "580987.04", "10606.43", 738),
}


@pytest.mark.parametrize("customer", SIX)
@pytest.mark.parametrize("features_at", ["2011-12-10"], indirect=True)
def test_customer(customer: str, features_at: tuple[str, pd.DataFrame]) -> None:
    """Recency, frequency, money, gross revenue, returns and tenure of the customer are exact."""
    recency, frequency, monetary, gross, returned, tenure = SIX[customer]
    expected = [recency, frequency, Decimal(monetary), Decimal(gross), Decimal(returned), tenure]
    assert features_at[1].T[customer].to_list() == expected


def test_workbook_has_the_same_order_lines(retail: Retail, data_folder: Path) -> None:
    """The XLSX gives the same order lines as the CSV, but for where they stand."""
    book = read(data_folder / "online_retail_II.xlsx", connection=connect())
    assert [form.rows for form in book.formats] == [525_461, 541_910]
    assert fingerprint(book.order_lines) == fingerprint(retail.ingested.order_lines)


def fingerprint(lines: ir.Table) -> dict[str, Any]:
    """Count the lines and add up a hash of all that they say, whatever their order and place."""
    content = lines.drop("source", "source_row")
    cells = (content[name].cast("string").fill_null("∅") for name in content.columns)
    hashed = functools.reduce(operator.add, (cell + "|" for cell in cells)).hash().cast("decimal(38, 0)")
    found: dict[str, Any] = content.agg(rows=content.count(), total=hashed.sum()).to_pyarrow().to_pylist()[0]
    return found


def test_rows_in_another_order_give_the_same_audit(retail: Retail) -> None:
    """Every figure stays when the rows of the file stand in another order."""
    lines = retail.ingested.order_lines
    place = ibis.row_number().over(ibis.window(order_by=lines.source_row.hash())).cast("int64") + 2
    shuffled = clean(Dataset(lines.mutate(source_row=place).order_by("source_row").cache()))
    assert shuffled.audit.rows_kept == retail.cleaned.audit.rows_kept
    assert shuffled.audit.outcomes == retail.cleaned.audit.outcomes
    assert fingerprint(shuffled.data.order_lines) == fingerprint(retail.cleaned.data.order_lines)


@pytest.fixture(scope="session")
def checkup(retail: Retail) -> dict[str, Finding]:
    """What is odd about the CSV, by name."""
    findings = check_up(retail.cleaned.data, retail.cleaned.set_aside.cache()).findings
    return {finding.finding: finding for finding in findings}


@pytest.mark.parametrize(
    ("name", "rows", "customers", "amount"),
    [
        ("repeated_orders", 22_523, 622, "377488.45"),
        ("accounting_adjustments", 6, 0, "-147614.08"),
        ("guests", 235_287, 0, "2566093.08"),
        ("repeated_lines", 11_676, 1_594, "53677.75"),
        ("write_offs", 3_393, 0, "0.00"),
        ("free_lines", 2_631, 51, "0.00"),
        ("partial_month", 25_526, 686, "433686.01"),
        ("all_returned", 818, 41, "321659.23"),
        ("non_products", 3_661, 1_128, "681482.69"),
    ],
)
def test_finding(checkup: dict[str, Finding], name: str, rows: int, customers: int, amount: str) -> None:
    """The check-up finds these rows, customers and pounds, unprompted."""
    found = checkup[name]
    assert (found.rows, found.customers, to_pence(found.amount)) == (rows, customers, Decimal(amount))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("repeated_orders", "1,088 orders of 8 days from 2010-12-01 to 2010-12-09"),
        ("accounting_adjustments", "Adjust bad debt, 1 × -53,594.36"),
        ("guests", "235,287 of 1,044,848 lines (22.5%); 73.6 lines per order, of known customers 21.4"),
        (
            "matched_returns",
            "customer 12346 returned 74,215 of 23166 for 77,183.60 on 2011-01-18, bought on 2011-01-18",
        ),
        ("all_returned", "customer 12346 bought for 77,556.46 and returned 77,621.14"),
        ("far_out_quantities", "80,995 × 2.08 = 168,469.60"),
        ("far_out_quantities", "-80,995 × 2.08 = -168,469.60"),
        ("far_out_prices", "60 × 649.50 = 38,970.00"),
        ("non_products", "M (1,089 lines, "),
        ("non_products", "POST (1,983 lines, "),
        ("non_products", "BANK CHARGES (37 lines, "),
        ("unlike_products", "23444 (80 lines, 1,215.00)"),
        ("partial_month", "2011-12-09: 22 days"),
        ("missing_days", "2009-12-24 to 2010-01-03 (11 days)"),
        ("test_orders", "code TEST001; code TEST002"),
    ],
)
def test_finding_says(checkup: dict[str, Finding], name: str, said: str) -> None:
    """The best known oddities of the file are quoted."""
    assert said in checkup[name].example


def test_returns_are_matched(retail: Retail, checkup: dict[str, Finding]) -> None:
    """Every return of a known customer is reported, seven in eight of them with the purchase that they undo."""
    assert checkup["matched_returns"].rows + checkup["unmatched_returns"].rows == outcome(retail, "is_return").rows
    assert checkup["matched_returns"].rows == 16_032


def test_nothing_else_is_odd(checkup: dict[str, Finding]) -> None:
    """Shop time, one currency, ids of one form, no future: there is nothing to find."""
    absent = {"unreadable_rows", "void_orders", "currencies", "time_zone", "future_dates", "persons_with_several_ids"}
    of_other_tables = {"coupons_that_end", "contradicting_spend"}
    assert set(FINDINGS) - set(checkup) == absent | {"ids_of_several_forms"} | of_other_tables
