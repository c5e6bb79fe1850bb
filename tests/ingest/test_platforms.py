"""Platforms: a small file in each one's real columns, and the order lines that it must give, worked out by hand."""

import csv
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from customerbase.cleaning import Cleaned, clean
from customerbase.errors import DataError
from customerbase.ingest.layouts import LAYOUTS, detect, fit
from customerbase.ingest.reading import read


def split(header: str) -> list[str]:
    """Give the columns of a header as it stands in a file."""
    return header.split(",")


SHOPIFY = split(
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,"
    "Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,"
    "Lineitem price,Lineitem compare at price,Lineitem sku,Lineitem requires shipping,Lineitem taxable,"
    "Lineitem fulfillment status,Billing Name,Billing Street,Billing Address1,Billing Address2,Billing Company,"
    "Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Shipping Name,Shipping Street,"
    "Shipping Address1,Shipping Address2,Shipping Company,Shipping City,Shipping Zip,Shipping Province,"
    "Shipping Country,Shipping Phone,Notes,Note Attributes,Cancelled at,Payment Method,Payment Reference,"
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,Source,"
    "Lineitem discount,Tax 1 Name,Tax 1 Value,Tax 2 Name,Tax 2 Value,Tax 3 Name,Tax 3 Value,Tax 4 Name,Tax 4 Value,"
    "Tax 5 Name,Tax 5 Value,Phone,Receipt Number,Duties,Billing Province Name,Shipping Province Name,Payment ID,"
    "Payment Terms Name,Next Payment Due At,Payment References"
)
WOOCOMMERCE = split(
    "Order Number,Order Status,Order Date,Customer Note,First Name (Billing),Last Name (Billing),Company (Billing),"
    "Address 1&2 (Billing),City (Billing),State Code (Billing),Postcode (Billing),Country Code (Billing),"
    "Email (Billing),Phone (Billing),First Name (Shipping),Last Name (Shipping),Address 1&2 (Shipping),"
    "City (Shipping),State Code (Shipping),Postcode (Shipping),Country Code (Shipping),Payment Method Title,"
    "Cart Discount Amount,Order Subtotal Amount,Shipping Method Title,Order Shipping Amount,Order Refund Amount,"
    "Order Total Amount,Order Total Tax Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost,Coupon Code,"
    "Discount Amount,Discount Amount Tax"
)
MAGENTO = split(
    "ID,Purchase Point,Purchase Date,Bill-to Name,Ship-to Name,Grand Total (Base),Grand Total (Purchased),Status,"
    "Billing Address,Shipping Address,Shipping Information,Customer Email,Customer Group,Subtotal,"
    "Shipping and Handling,Customer Name,Payment Method,Total Refunded"
)
SQUARE = split(
    "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,"
    "Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location,Dining Option,Customer ID,Customer Name,"
    "Customer Reference ID,Unit,Count,GTIN,Itemization Type,Commission,Employee,Fulfillment Note,Channel,Token,"
    "Card Brand,PAN Suffix"
)
SQUARE_TRANSACTIONS = split(
    "Date,Time,Time Zone,Gross Sales,Discounts,Service Charges,Net Sales,Gift Card Sales,Tax,Tip,Partial Refunds,"
    "Total Collected,Source,Card,Card Entry Methods,Cash,Square Gift Card,Other Tender,Other Tender Type,Tender Note,"
    "Fees,Net Total,Transaction ID,Payment ID,Card Brand,PAN Suffix,Device Name,Staff Name,Staff ID,Details,"
    "Description,Event Type,Location,Dining Option,Customer ID,Customer Name,Customer Reference ID,Device Nickname,"
    "Third Party Fees,Deposit ID,Deposit Date,Deposit Details,Fee Percentage Rate,Fee Fixed Rate,Refund Reason,"
    "Discount Name,Transaction Status,Cash App,Order Reference ID,Fulfillment Note,Free Processing Applied,Channel,"
    "Unattributed Tips,Table Info,International Fee"
)
STRIPE = split(
    "id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,"
    "Converted Amount Refunded,Fee,Tax,Converted Currency,Mode,Status,Statement Descriptor,Customer ID,"
    "Customer Description,Customer Email,Captured,Card ID,Card Last4,Card Brand,Card Funding,Card Exp Month,"
    "Card Exp Year,Card Name,Card Address Line1,Card Address Line2,Card Address City,Card Address State,"
    "Card Address Country,Card Address Zip,Card Issue Country,Card Fingerprint,Card CVC Status,Card AVS Zip Status,"
    "Card AVS Line1 Status,Card Tokenization Method,Disputed Amount,Dispute Status,Dispute Reason,Dispute Date (UTC),"
    "Dispute Evidence Due (UTC),Invoice ID,Payment Source Type,Destination,Transfer,Interchange Costs,"
    "Merchant Service Charge,Transfer Group,PaymentIntent ID"
)
ETSY = split(
    "Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Coupon Details,Discount Amount,Shipping Discount,"
    "Order Shipping,Order Sales Tax,Item Total,Currency,Transaction ID,Listing ID,Date Paid,Date Shipped,Ship Name,"
    "Ship Address1,Ship Address2,Ship City,Ship State,Ship Zipcode,Ship Country,Order ID,Variations,Order Type,"
    "Listings Type,Payment Type,InPerson Discount,InPerson Location,VAT Paid by Buyer,SKU"
)
RETAIL = split("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country")
RETAIL_II = split("Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country")
AMAZON = split(
    "amazon-order-id,merchant-order-id,purchase-date,last-updated-date,order-status,fulfillment-channel,sales-channel,"
    "order-channel,url,ship-service-level,product-name,sku,asin,item-status,quantity,currency,item-price,item-tax,"
    "shipping-price,shipping-tax,gift-wrap-price,gift-wrap-tax,item-promotion-discount,ship-promotion-discount,"
    "ship-city,ship-state,ship-postal-code,ship-country,promotion-ids"
)
WOOCOMMERCE_ANALYTICS = split(
    "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales,"
    "Attribution"
)

CDNOW = split("master_id,sample_id,yyyymmdd,cds,dollars")

HEADERS = {
    "cdnow": CDNOW,
    "online-retail": RETAIL,
    "online-retail-ii": RETAIL_II,
    "shopify-orders": SHOPIFY,
    "woocommerce-orders": WOOCOMMERCE,
    "magento-orders": MAGENTO,
    "square-items": SQUARE,
    "square-transactions": SQUARE_TRANSACTIONS,
    "stripe-payments": STRIPE,
    "etsy-sold-items": ETSY,
}
OLD_SHOPIFY = [name for name in SHOPIFY if name not in {"Outstanding Balance", "Employee", "Location", "Device ID"}]
OLD_SQUARE = SQUARE[:24]


NOT_IN_REFERENCE: dict[str, set[str]] = {
    # Columns that the plugin offers beside its defaults.
    "woocommerce-orders": {"Category", "Currency", "Customer User Email", "Product Name", "Quantity",
                           "Country Name (Billing)"},
    # REFERENCE leaves these out of the list between its dots.
    "square-transactions": {"Event Type", "Location"},
    # The name of the column in newer exports.
    "stripe-payments": {"Created date (UTC)"},
}  # fmt: skip
"""Columns that a layout names and the lists of REFERENCE 4.2 have not."""


def write_export(folder: Path, header: Sequence[str], rows: Sequence[Mapping[str, object]]) -> Path:
    """Write an export with all columns of its platform; what a row does not name is empty."""
    file = folder / "export.csv"
    for row in rows:
        assert set(row) <= set(header), set(row) - set(header)
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return file


def lines_of(cleaned: Cleaned, *columns: str) -> list[tuple[Any, ...]]:
    """Give columns of the order lines that were kept, by row."""
    table = cleaned.data.order_lines.order_by("source_row").select(*columns).to_pyarrow()
    return list(zip(*(table[name].to_pylist() for name in columns), strict=True))


def set_aside(cleaned: Cleaned) -> dict[int, str]:
    """Give the rule that caught each row that was set aside."""
    rows = cleaned.quarantine.select("source_row", "rule").to_pyarrow().to_pylist()
    return {row["source_row"]: row["rule"] for row in rows}


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name in HEADERS])
def test_header_of_the_platform_is_recognised(name: str) -> None:
    """The whole header of the platform has this layout, every column that the layout names, and its rules."""
    fitted = fit(HEADERS[name])
    layout = LAYOUTS[name]
    assert fitted.name == name
    assert set(layout.columns) - set(fitted.columns) <= layout.optional & {"category", "currency"}
    for rules in ("void_when", "return_when", "not_products", "refunded", "time_of_day"):
        assert getattr(fitted, rules) == getattr(layout, rules)
    assert layout.amounts


@pytest.mark.parametrize(
    ("name", "header"), [("shopify-orders", OLD_SHOPIFY), ("square-items", OLD_SQUARE)], ids=["shopify", "square"]
)
def test_header_of_another_year_is_recognised(name: str, header: Sequence[str]) -> None:
    """Columns that came later may be missing, in any order and case."""
    assert detect([column.upper() for column in reversed(header)]).name == name


def test_shopify(tmp_path: Path) -> None:
    """Cells of an order hold for all its rows; cancelled, test and refunded orders do not count."""
    first = {"Currency": "EUR", "Financial Status": "paid", "Billing Country": "FR", "Source": "web"}
    ann = {"Name": "#1001", "Email": "ann@example.com"}
    rows: list[dict[str, object]] = [
        {**ann, **first, "Created at": "2024-05-01 11:13:25", "Total": 45, "Refunded Amount": 0,
         "Discount Code": "MAY", "Lineitem quantity": 2, "Lineitem name": "Mug", "Lineitem price": 10,
         "Lineitem sku": "MUG", "Lineitem discount": 1},
        {**ann, "Lineitem quantity": 1, "Lineitem name": "Gift Card - €20", "Lineitem price": 20,
         "Lineitem discount": 0},
        {**ann, "Lineitem quantity": 1, "Lineitem name": "Tip", "Lineitem price": 3, "Lineitem discount": 0},
        {"Name": "#1002", "Email": "ben@example.com", **first, "Created at": "2024-05-02 09:00:00",
         "Cancelled at": "2024-05-03 09:00:00", "Total": 10, "Lineitem quantity": 1, "Lineitem price": 10},
        {"Name": "#1002", "Email": "ben@example.com", "Lineitem quantity": 1, "Lineitem price": 4},
        {"Name": "#1003", "Email": "cy@example.com", **first, "Created at": "2024-05-02 09:00:00", "Total": 10,
         "Payment Method": "(for testing) Bogus Gateway", "Lineitem quantity": 1, "Lineitem price": 10},
        {"Name": "#1004", "Email": "dee@example.com", **first, "Financial Status": "partially_refunded",
         "Created at": "2024-05-04 09:00:00", "Total": 40, "Refunded Amount": 10,
         "Lineitem quantity": 1, "Lineitem name": "Pan", "Lineitem price": 30, "Lineitem sku": "PAN"},
        {"Name": "#1004", "Email": "dee@example.com", "Lineitem quantity": 1, "Lineitem name": "Mug",
         "Lineitem price": 10, "Lineitem sku": "MUG"},
        {"Name": "#1005", "Email": "eve@example.com", **first, "Financial Status": "refunded", "Refunded Amount": 10,
         "Created at": "2024-05-04 09:00:00", "Total": 10, "Lineitem quantity": 1, "Lineitem price": 10},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, SHOPIFY, rows)))
    assert lines_of(cleaned, "order_id", "customer_id", "product_id", "amount", "is_product", "currency") == [
        ("#1001", "ann@example.com", "MUG", Decimal(19), True, "EUR"),
        ("#1001", "ann@example.com", "GIFT CARD", Decimal(20), False, "EUR"),
        ("#1001", "ann@example.com", "TIP", Decimal(3), False, "EUR"),
        ("#1004", "dee@example.com", "PAN", Decimal("22.5"), True, "EUR"),
        ("#1004", "dee@example.com", "MUG", Decimal("7.5"), True, "EUR"),
    ]
    assert lines_of(cleaned, "coupon_code", "country", "channel")[1] == ("MAY", "FR", "web")
    days = [str(day.date()) for (day,) in lines_of(cleaned, "ordered_at")]
    assert days == ["2024-05-01"] * 3 + ["2024-05-04"] * 2
    assert set_aside(cleaned) == dict.fromkeys((5, 6, 7, 10), "void_order")


def test_shopify_cells_are_kept_as_they_came(tmp_path: Path) -> None:
    """What was filled in from another row is in the order lines, and not among the cells."""
    rows: list[dict[str, object]] = [
        {"Name": "#1", "Email": "ann@example.com", "Created at": "2024-05-01", "Lineitem quantity": 1,
         "Lineitem price": 2},
        {"Name": "#1", "Email": "ann@example.com", "Lineitem quantity": 1, "Lineitem price": 3},
    ]  # fmt: skip
    data = read(write_export(tmp_path, SHOPIFY, rows))
    assert data.cells is not None
    assert data.cells.order_by("source_row")["Created at"].to_list() == ["2024-05-01", None]
    assert data.order_lines.ordered_at.count().execute() == 2


def test_woocommerce(tmp_path: Path) -> None:
    """Quantities are less what came back, an item that came back whole is no line, and failed orders do not count."""
    ann = {"Order Number": 71, "Order Status": "Completed", "Order Date": "2024-05-01 10:30",
           "Email (Billing)": "Ann@Example.com", "Country Code (Billing)": "DE", "Coupon Code": "MAY"}  # fmt: skip
    rows: list[dict[str, object]] = [
        {**ann, "SKU": "MUG", "Item Name": "Mug", "Quantity (- Refund)": 2, "Item Cost": 9.5,
         "Order Refund Amount": 24},
        {**ann, "SKU": "PAN", "Item Name": "Pan", "Quantity (- Refund)": 0, "Item Cost": 24,
         "Order Refund Amount": 24},
        {**ann, "Order Number": 72, "Order Status": "Failed", "SKU": "MUG", "Quantity (- Refund)": 1, "Item Cost": 10},
        {**ann, "Order Number": 73, "Order Status": "wc-pending", "Quantity (- Refund)": 1, "Item Cost": 10},
        {**ann, "Order Number": 74, "Order Status": "On hold", "Email (Billing)": "ann@example.com",
         "Quantity (- Refund)": 1, "Item Cost": 10},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, WOOCOMMERCE, rows)))
    assert lines_of(cleaned, "order_id", "customer_id", "quantity", "amount", "country", "coupon_code") == [
        ("71", "ann@example.com", Decimal(2), Decimal(19), "DE", "MAY"),
        ("74", "ann@example.com", Decimal(1), Decimal(10), "DE", "MAY"),
    ]
    assert set_aside(cleaned) == dict.fromkeys((3, 4, 5), "void_order")


def test_magento(tmp_path: Path) -> None:
    """A row is an order without lines; the share that was paid back is taken off in the shop's own currency."""
    ann = {"Purchase Point": "Main Website", "Purchase Date": "2024-05-01 10:30:00",
           "Customer Email": "ann@example.com", "Status": "Complete", "Grand Total (Base)": 50,
           "Grand Total (Purchased)": 60}  # fmt: skip
    rows: list[dict[str, object]] = [
        {**ann, "ID": "000000001"},
        {**ann, "ID": "000000002", "Total Refunded": 15},
        {**ann, "ID": "000000003", "Total Refunded": 60},
        {**ann, "ID": "000000004", "Status": "Canceled"},
        {**ann, "ID": "000000005", "Customer Email": ""},
    ]
    cleaned = clean(read(write_export(tmp_path, MAGENTO, rows)))
    assert lines_of(cleaned, "order_id", "amount", "product_id", "quantity", "is_return") == [
        ("000000001", Decimal(50), None, None, False),
        ("000000002", Decimal("37.5"), None, None, False),
    ]
    assert set_aside(cleaned) == {4: "void_order", 5: "void_order", 6: "guest"}


def test_magento_as_it_is_exported_by_default(tmp_path: Path) -> None:
    """The hidden column with the customer's e-mail is named."""
    file = write_export(tmp_path, MAGENTO[:8], [{"ID": "1", "Purchase Date": "2024-05-01"}])
    with pytest.raises(DataError, match=r"The nearest is 'magento-orders', which also needs 'Customer Email'"):
        read(file)


def test_square_items(tmp_path: Path) -> None:
    """Day and time are two columns, a refund is a return whatever its signs, and a gift card is no product."""
    ann = {"Date": "2026-01-05", "Time": "10:15:00", "Category": "Drinks", "Transaction ID": "T1",
           "Event Type": "Payment", "Location": "Harbour", "Customer ID": "ANN",
           "Itemization Type": "Physical Good"}  # fmt: skip
    rows: list[dict[str, object]] = [
        {**ann, "Item": "Tea", "Qty": 2, "SKU": "TEA", "Gross Sales": 8, "Discounts": -1, "Net Sales": 7, "Tax": 0.7},
        {**ann, "Item": "Voucher", "Qty": 1, "Net Sales": 25, "Itemization Type": "Gift Card"},
        {**ann, "Item": "Tea", "Qty": 1, "SKU": "TEA", "Net Sales": 3.5, "Event Type": "Refund",
         "Transaction ID": "T2", "Time": "10:20:00"},
        {**ann, "Item": "Tea", "Qty": -1, "SKU": "TEA", "Net Sales": -3.5, "Event Type": "Refund",
         "Transaction ID": "T3", "Time": ""},
        {**ann, "Item": "Tea", "Qty": 1, "Net Sales": 4, "Customer ID": ""},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, SQUARE, rows)))
    assert lines_of(cleaned, "order_id", "product_id", "quantity", "amount", "is_return", "is_product") == [
        ("T1", "TEA", Decimal(2), Decimal(7), False, True),
        ("T1", "GIFT CARD", Decimal(1), Decimal(25), False, False),
        ("T2", "TEA", Decimal(-1), Decimal("-3.5"), True, True),
        ("T3", "TEA", Decimal(-1), Decimal("-3.5"), True, True),
    ]
    times = [str(time) for (time,) in lines_of(cleaned, "ordered_at")]
    assert times == ["2026-01-05 10:15:00"] * 2 + ["2026-01-05 10:20:00", "2026-01-05 00:00:00"]
    assert set_aside(cleaned) == {6: "guest"}


def test_square_transactions(tmp_path: Path) -> None:
    """A row is an order; net sales have neither tax nor tip."""
    ann = {
        "Date": "2026-01-05",
        "Time": "10:15:00",
        "Transaction ID": "T1",
        "Customer ID": "ANN",
        "Location": "Harbour",
    }
    rows: list[dict[str, object]] = [
        {**ann, "Net Sales": 7, "Tax": 0.7, "Tip": 2, "Total Collected": 9.7, "Event Type": "Payment"},
        {**ann, "Net Sales": -7, "Transaction ID": "T2", "Event Type": "Refund"},
    ]
    cleaned = clean(read(write_export(tmp_path, SQUARE_TRANSACTIONS, rows)))
    assert lines_of(cleaned, "order_id", "customer_id", "amount", "is_return", "channel") == [
        ("T1", "ANN", Decimal(7), False, "Harbour"),
        ("T2", "ANN", Decimal(-7), True, "Harbour"),
    ]


def test_stripe(tmp_path: Path) -> None:
    """Payments count when paid, in the currency of the account, less what was paid back."""
    ann = {"Created (UTC)": "2024-05-01 10:30:00", "Amount": 20, "Amount Refunded": 0, "Currency": "usd",
           "Converted Amount": 18, "Converted Amount Refunded": 0, "Converted Currency": "eur", "Mode": "Live",
           "Status": "Paid", "Customer ID": "cus_1", "Customer Email": "ann@example.com",
           "Captured": "true"}  # fmt: skip
    rows: list[dict[str, object]] = [
        {**ann, "id": "ch_1"},
        {**ann, "id": "ch_2", "Currency": "eur", "Amount": 18, "Converted Amount Refunded": 4.5},
        {**ann, "id": "ch_3", "Status": "Failed", "Converted Amount": ""},
        {**ann, "id": "ch_4", "Status": "Refunded", "Converted Amount Refunded": 18},
        {**ann, "id": "ch_5", "Mode": "Test"},
        {**ann, "id": "ch_6", "Captured": "false"},
        {**ann, "id": "ch_7", "Customer ID": ""},
    ]
    cleaned = clean(read(write_export(tmp_path, STRIPE, rows)))
    assert lines_of(cleaned, "order_id", "customer_id", "amount", "currency") == [
        ("ch_1", "cus_1", Decimal(18), "EUR"),
        ("ch_2", "cus_1", Decimal("13.5"), "EUR"),
    ]
    assert set_aside(cleaned) == {**dict.fromkeys((4, 5, 6, 7), "void_order"), 8: "guest"}


def test_a_refund_that_cannot_be_read(tmp_path: Path) -> None:
    """What is left of such an order is not known."""
    row = {"id": "ch_1", "Created (UTC)": "2024-05-01", "Converted Amount": 18, "Status": "Paid",
           "Customer ID": "cus_1", "Converted Amount Refunded": "some"}  # fmt: skip
    assert set_aside(clean(read(write_export(tmp_path, STRIPE, [row])))) == {2: "unreadable"}


def test_etsy(tmp_path: Path) -> None:
    """Two items of one order, of which one has a coupon; the buyer is the user name."""
    ann = {"Sale Date": "2024-05-01", "Buyer": "ann_knits", "Order ID": 900, "Currency": "GBP",
           "Ship Country": "Ireland", "Order Type": "online", "Order Shipping": 3.5, "Order Sales Tax": 1}  # fmt: skip
    rows: list[dict[str, object]] = [
        {**ann, "Item Name": "Yarn", "Quantity": 3, "Price": 6, "Coupon Code": "KNIT", "Discount Amount": 1.8,
         "Item Total": 18, "Listing ID": 11, "Transaction ID": 1},
        {**ann, "Item Name": "Needles", "Quantity": 1, "Price": 8, "Discount Amount": 0, "Item Total": 8,
         "Listing ID": 12, "Transaction ID": 2},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, ETSY, rows)))
    assert lines_of(cleaned, "order_id", "customer_id", "product_id", "discount", "amount", "coupon_code") == [
        ("900", "ann_knits", "11", Decimal("1.8"), Decimal("16.2"), "KNIT"),
        ("900", "ann_knits", "12", Decimal(0), Decimal(8), None),
    ]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (AMAZON, r"an order report of Amazon, and it names no buyer.*Export the orders from the shop's own system"),
        (WOOCOMMERCE_ANALYTICS, r"the CSV of WooCommerce's own analytics.*the plugin 'Advanced Order Export'"),
    ],
    ids=["amazon", "woocommerce analytics"],
)
def test_an_export_without_customers_is_refused(header: Sequence[str], message: str) -> None:
    """The message is one line, and names the export to use instead."""
    with pytest.raises(DataError, match=message) as caught:
        fit(header)
    assert "\n" not in str(caught.value)


def test_an_amazon_report_with_a_column_added() -> None:
    """Who has the buyers from elsewhere may say where they stand."""
    mapping = {"customer_id": "buyer", "ordered_at": "purchase-date", "amount": "item-price"}
    assert fit([*AMAZON, "buyer"], mapping=mapping).columns["customer_id"] == "buyer"


def test_the_formats_say_what_amounts_are(tmp_path: Path) -> None:
    """The audit repeats what the money of the layout includes."""
    row = {"Sale Date": "2024-05-01", "Buyer": "ann", "Quantity": 1, "Price": 2, "Order ID": 1}
    (found,) = read(write_export(tmp_path, ETSY, [row])).formats
    assert found.layout == "etsy-sold-items"
    assert f"amounts: {LAYOUTS['etsy-sold-items'].amounts}" in found.notes


def listed_headers(reference: str) -> list[str]:
    """Give the lists of columns in REFERENCE 4.2 as they stand there."""
    section = reference.split("\n### 4.2 ")[1].split("\n## ")[0]
    return [text for text in re.findall(r"`([^`]+)`", section) if text.count(",") >= 5]


def as_pattern(listed: str) -> str:
    """Turn a list into a pattern of a name on each line: what is in brackets may be missing, dots stand for any."""
    marks = {"[": "(?:", "]": ")?", "…": r"(?:.*\n)*"}
    tokens = (token.strip() for token in re.findall(r"[\[\]…]|[^\[\]…,]+", listed))
    return "".join(marks.get(token, re.escape(token) + "\n") for token in tokens if token)


@pytest.mark.parametrize(
    "header",
    [SHOPIFY, OLD_SHOPIFY, WOOCOMMERCE, WOOCOMMERCE_ANALYTICS, MAGENTO, AMAZON, STRIPE, SQUARE, SQUARE_TRANSACTIONS,
     ETSY, RETAIL, RETAIL_II],
    ids=["shopify", "old shopify", "woocommerce", "woocommerce analytics", "magento", "amazon", "stripe",
         "square items", "square transactions", "etsy", "online retail", "online retail ii"],
)  # fmt: skip
def test_headers_are_those_of_the_reference(header: Sequence[str], reference: str) -> None:
    """Each header of these tests is one of the lists of REFERENCE 4.2, name by name and in its order."""
    text = "".join(f"{name}\n" for name in header)
    fitting = [listed for listed in listed_headers(reference) if re.fullmatch(as_pattern(listed), text)]
    assert len(fitting) == 1


_WITHOUT_A_PLATFORM = {"customerbase", "cdnow", "customers", "coupon-events"}


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name not in _WITHOUT_A_PLATFORM])
def test_layouts_name_columns_of_the_reference(name: str, reference: str) -> None:
    """Each column that a layout names, in its rules too, stands in REFERENCE 4.2, or is known to be missing there."""
    layout = LAYOUTS[name]
    named = {*layout.columns.values(), *(other for others in layout.spellings.values() for other in others)}
    named |= {asked.column for asked in (*layout.void_when, *layout.return_when)}
    named |= {asked.column for _, asked in layout.not_products} | set(layout.refunded or ())
    named |= {layout.time_of_day} if layout.time_of_day else set()
    listed = {part for text in listed_headers(reference) for part in re.split(r"[,\[\]]+ ?", text)}
    assert named - listed == NOT_IN_REFERENCE.get(name, set()) - listed
    assert named - set(HEADERS[name]) <= NOT_IN_REFERENCE.get(name, set())
