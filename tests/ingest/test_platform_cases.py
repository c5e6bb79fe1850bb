"""Awkward orders of each platform, with the values as it writes them, and the order lines worked out by hand."""

from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.test_platforms import (
    ETSY,
    MAGENTO,
    OLD_SHOPIFY,
    SHOPIFY,
    SQUARE,
    SQUARE_TRANSACTIONS,
    STRIPE,
    WOOCOMMERCE,
    lines_of,
    set_aside,
    write_export,
)

from customerbase.cleaning import clean
from customerbase.errors import DataError
from customerbase.ingest.reading import read

Row = dict[str, object]


def shopify_order(name: str, **first: object) -> Row:
    """Give what stands on the first row of an order of Shopify."""
    return {"Name": name, "Email": "ann@example.com", "Financial Status": "paid", "Currency": "USD",
            "Created at": "2024-05-31 11:13:25 -0500", "Source": "web",
            **{column.replace("_", " "): cell for column, cell in first.items()}}  # fmt: skip


def shopify_line(name: str, quantity: int, price: str, discount: str = "0.00") -> Row:
    """Give the cells of a line of Shopify."""
    return {
        "Lineitem name": name,
        "Lineitem quantity": quantity,
        "Lineitem price": price,
        "Lineitem discount": discount,
    }


def further(name: str) -> Row:
    """Give what stands on the further rows of an order of Shopify."""
    return {"Name": name, "Email": "ann@example.com"}


def test_shopify_discount_on_the_whole_order(tmp_path: Path) -> None:
    """It stands beside the order alone: 52.00 of goods came to 47.00, so each line is lowered to 47/52."""
    rows: list[Row] = [
        {**shopify_order("#1", Subtotal="47.00", Shipping="6.00", Total="53.00", Discount_Code="FALL5",
                         Discount_Amount="5.00"), **shopify_line("Print", 2, "16.00")},
        {**further("#1"), **shopify_line("Bag", 1, "20.00")},
        {**shopify_order("#2", Subtotal="30.00", Total="30.00", Discount_Amount="2.00"),
         **shopify_line("Print", 2, "16.00", "2.00")},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, SHOPIFY, rows)))
    assert lines_of(cleaned, "order_id", "amount", "discount", "coupon_code") == [
        ("#1", Decimal("28.9231"), Decimal("3.0769"), "FALL5"),
        ("#1", Decimal("18.0769"), Decimal("1.9231"), "FALL5"),
        ("#2", Decimal(30), Decimal(2), None),
    ]


def test_shopify_before_there_were_line_discounts(tmp_path: Path) -> None:
    """In the old columns every discount is one on the order."""
    header = [name for name in OLD_SHOPIFY if name != "Lineitem discount"]
    line = {name: cell for name, cell in shopify_line("Print", 1, "16.00").items() if name in header}
    rows = [{**shopify_order("#1", Subtotal="12.00", Total="12.00", Discount_Amount="4.00"), **line}]
    cleaned = clean(read(write_export(tmp_path, header, rows)))
    assert lines_of(cleaned, "amount", "discount") == [(Decimal(12), Decimal(4))]


@pytest.mark.parametrize(
    ("subtotal", "amounts"),
    [
        ("36.00", ["32", "4", "3"]),
        ("27.00", ["24", "3", "3"]),
        ("40.00", ["32", "4", "3"]),
        ("0.00", ["0", "0", "3"]),
        ("", ["32", "4", "3"]),
    ],
    ids=["no discount", "a quarter off", "more than its lines", "free", "not told"],
)
def test_shopify_subtotal_and_a_tip(tmp_path: Path, subtotal: str, amounts: list[str]) -> None:
    """A tip is not among the goods, and nothing is ever raised; what was free for a code stays an order."""
    rows: list[Row] = [
        {**shopify_order("#1", Subtotal=subtotal, Total="50.00"), **shopify_line("Print", 2, "16.00")},
        {**further("#1"), **shopify_line("Card", 1, "4.00")},
        {**further("#1"), **shopify_line("Tip", 1, "3.00")},
    ]
    cleaned = clean(read(write_export(tmp_path, SHOPIFY, rows)))
    assert lines_of(cleaned, "amount") == [(Decimal(amount),) for amount in amounts]


def test_shopify_discount_and_refund(tmp_path: Path) -> None:
    """A quarter off the order, then half of what was paid, shipping included, paid back."""
    rows: list[Row] = [
        {**shopify_order("#1", Subtotal="30.00", Shipping="10.00", Total="40.00", Refunded_Amount="20.00"),
         "Financial Status": "partially_refunded", **shopify_line("Print", 1, "30.00")},
        {**further("#1"), **shopify_line("Bag", 1, "10.00")},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, SHOPIFY, rows)))
    assert lines_of(cleaned, "amount") == [(Decimal("11.25"),), (Decimal("3.75"),)]


def test_shopify_sale_at_the_till(tmp_path: Path) -> None:
    """Nobody is asked for an e-mail there: a guest, as is a web order without one."""
    rows: list[Row] = [
        {**shopify_order("#1", Subtotal="16.00", Total="16.00"), "Email": "", "Source": "pos", "Location": "Harbour",
         **shopify_line("Print", 1, "16.00")},
        {**shopify_order("#2", Subtotal="16.00", Total="16.00"), "Email": " Ann@Example.com ",
         **shopify_line("Print", 1, "16.00")},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, SHOPIFY, rows)))
    assert set_aside(cleaned) == {2: "guest"}
    assert lines_of(cleaned, "customer_id", "amount") == [("ann@example.com", Decimal(16))]


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        *((status, True) for status in ("authorized", "pending", "paid", "partially_paid", "partially_refunded")),
        *((status, False) for status in ("voided", "refunded", "expired")),
    ],
)
def test_shopify_financial_status(tmp_path: Path, status: str, *, counts: bool) -> None:
    """Of the eight that Shopify knows, three mean that nothing was sold."""
    row = {**shopify_order("#1"), "Financial Status": status, **shopify_line("Print", 1, "16.00")}
    assert set_aside(clean(read(write_export(tmp_path, SHOPIFY, [row])))) == ({} if counts else {2: "void_order"})


def woocommerce_row(order: Row, sku: str, quantity: object, cost: object, coupon: str = "") -> Row:
    """Give a row of WooCommerce: its order's cells, an item and a coupon side by side."""
    return {**order, "SKU": sku, "Item #": 1, "Item Name": sku.title(), "Quantity (- Refund)": quantity,
            "Item Cost": cost, "Coupon Code": coupon}  # fmt: skip


WOOCOMMERCE_ORDER: Row = {
    "Order Number": 71,
    "Order Status": "Completed",
    "Order Date": "2024-05-31 10:30",
    "Email (Billing)": "ann@example.com",
    "Country Code (Billing)": "DE",
    "Cart Discount Amount": 4,
    "Order Total Amount": 40,
}


@pytest.mark.parametrize("repeats_order", [True, False], ids=["on all rows", "on the first row only"])
def test_woocommerce_items_and_coupons_side_by_side(tmp_path: Path, *, repeats_order: bool) -> None:
    """A third coupon has a row without an item; whether the order's cells are repeated is a setting of the plugin."""
    on_further_rows = WOOCOMMERCE_ORDER if repeats_order else {}
    rows = [
        woocommerce_row(WOOCOMMERCE_ORDER, "MUG", 2, "9.50", "MAY"),
        woocommerce_row(on_further_rows, "PAN", 1, 24, "FRIEND"),
        {**on_further_rows, "Coupon Code": "FREESHIP"},
        woocommerce_row({**WOOCOMMERCE_ORDER, "Order Number": 72}, "MUG", 1, 10),
    ]
    cleaned = clean(read(write_export(tmp_path, WOOCOMMERCE, rows)))
    assert lines_of(cleaned, "order_id", "product_id", "amount", "coupon_code", "customer_id") == [
        ("71", "MUG", Decimal(19), "MAY", "ann@example.com"),
        ("71", "PAN", Decimal(24), "FRIEND", "ann@example.com"),
        ("72", "MUG", Decimal(10), None, "ann@example.com"),
    ]
    assert set_aside(cleaned) == {4: "void_order"}


def test_woocommerce_refund_as_a_row(tmp_path: Path) -> None:
    """A negative quantity is a return."""
    rows = [
        woocommerce_row(WOOCOMMERCE_ORDER, "MUG", 2, "9.50"),
        woocommerce_row(WOOCOMMERCE_ORDER, "MUG", -1, "9.50"),
    ]
    cleaned = clean(read(write_export(tmp_path, WOOCOMMERCE, rows)))
    assert lines_of(cleaned, "amount", "is_return") == [(Decimal(19), False), (Decimal("-9.5"), True)]


WOOCOMMERCE_COUNTS = [
    "Completed", "Processing", "On hold", "wc-completed", "wc-on-hold", "Shipped", "Abgeschlossen",
    "In Bearbeitung", "In Wartestellung", "Terminée", "En cours", "En attente", "Completado", "Procesando",
    "En espera", "Completato", "In lavorazione", "Sospeso", "Concluído", "Processando", "Aguardando",
    "Afgerond", "In behandeling", "In de wacht", "Zrealizowane", "W trakcie realizacji",
    "Wstrzymane (oczekujące na płatność)",
]  # fmt: skip
WOOCOMMERCE_VOID = [
    "Pending payment", "pending", "wc-pending", "Failed", "Cancelled", "Refunded", "Draft",
    "wc-checkout-draft", "Zahlung ausstehend", "Storniert", "Fehlgeschlagen", "Rückerstattet", "Erstattet",
    "Attente paiement", "En attente de paiement", "Annulée", "Remboursée", "Échouée", "Échec",
    "Pendiente de pago", "Cancelado", "Reembolsado", "Fallido", "In attesa di pagamento", "Annullato",
    "Rimborsato", "Fallito", "Pagamento pendente", "Cancelada", "Reembolsada", "Malsucedido", "Falhada",
    "Wachtend op betaling", "Geannuleerd", "Terugbetaald", "Mislukt", "Oczekujące na płatność", "Anulowane",
    "Zwrócone", "Nieudane",
]  # fmt: skip


def test_woocommerce_status_in_the_language_of_the_shop(tmp_path: Path) -> None:
    """The names that WooCommerce gives its statuses in eight languages; what is on hold, or the shop's own, counts."""
    statuses = [*WOOCOMMERCE_COUNTS, *WOOCOMMERCE_VOID]
    rows = [
        woocommerce_row({**WOOCOMMERCE_ORDER, "Order Number": number, "Order Status": status}, "MUG", 1, 10)
        for number, status in enumerate(statuses)
    ]
    aside = set_aside(clean(read(write_export(tmp_path, WOOCOMMERCE, rows))))
    assert [statuses[row - 2] for row in sorted(aside)] == WOOCOMMERCE_VOID
    assert set(aside.values()) == {"void_order"}


def test_magento_status(tmp_path: Path) -> None:
    """The predefined statuses, by name and by code: those void that are cancelled, paid back, refused or not paid."""
    counts = ["Received", "Processing", "processing", "Payment Review", "Pending", "pending", "On Hold", "holded",
              "Complete", "complete", "PayPal Canceled Reversal", ""]  # fmt: skip
    void = ["Suspected Fraud", "fraud", "Pending Payment", "pending_payment", "Closed", "closed", "Canceled",
            "canceled", "Rejected", "rejected", "Pending PayPal", "pending_paypal", "PayPal Reversed",
            "paypal_reversed"]  # fmt: skip
    rows: list[Row] = [
        {"ID": f"{number:09}", "Purchase Date": "May 31, 2024 10:30:00 AM", "Customer Email": "ann@example.com",
         "Status": status, "Grand Total (Base)": "50.0000", "Grand Total (Purchased)": "50.0000"}
        for number, status in enumerate([*counts, *void])
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, MAGENTO, rows)))
    assert [(counts + void)[row - 2] for row in sorted(set_aside(cleaned))] == void
    assert set(set_aside(cleaned).values()) == {"void_order"}
    assert lines_of(cleaned, "ordered_at", "amount")[0][1] == Decimal(50)
    assert {str(time) for (time,) in lines_of(cleaned, "ordered_at")} == {"2024-05-31 10:30:00"}


def test_magento_orders_in_two_currencies(tmp_path: Path) -> None:
    """Amounts are in the shop's own currency; a refund is a share of what was paid, in whichever that was."""
    base: Row = {"Purchase Date": "2024-05-31 10:30:00", "Customer Email": "ann@example.com", "Status": "Complete"}
    rows: list[Row] = [
        {**base, "ID": "000000001", "Grand Total (Base)": "$50.00", "Grand Total (Purchased)": "€45.00"},
        {**base, "ID": "000000002", "Grand Total (Base)": "$50.00", "Grand Total (Purchased)": "$50.00",
         "Total Refunded": "$10.00"},
        {**base, "ID": "000000003", "Grand Total (Base)": "$50.00", "Grand Total (Purchased)": "€45.00",
         "Total Refunded": "€9.00"},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, MAGENTO, rows)))
    assert lines_of(cleaned, "order_id", "amount") == [
        ("000000001", Decimal(50)),
        ("000000002", Decimal(40)),
        ("000000003", Decimal(40)),
    ]


SQUARE_ROW: Row = {
    "Date": "2026-01-31",
    "Time": "10:15:00",
    "Time Zone": "Pacific Time (US & Canada)",
    "Category": "Drinks",
    "Item": "Tea",
    "Qty": "1.0",
    "SKU": "TEA",
    "Gross Sales": "$4.00",
    "Discounts": "$0.00",
    "Net Sales": "$4.00",
    "Tax": "$0.40",
    "Transaction ID": "T1",
    "Event Type": "Payment",
    "Customer ID": "ANN",
    "Itemization Type": "Physical Good",
}


def test_square_items_as_they_are_written(tmp_path: Path) -> None:
    """Modifiers and discounts are in net sales, refunds have their own transaction, and time is that of the till."""
    rows: list[Row] = [
        {**SQUARE_ROW, "Modifiers Applied": "Oat milk ($0.75), Large ($1.00)", "Gross Sales": "$5.75",
         "Discounts": "-$0.75", "Net Sales": "$5.00"},
        {**SQUARE_ROW, "Item": "Custom Amount", "SKU": "", "Gross Sales": "$1,250.00", "Net Sales": "$1,250.00",
         "Itemization Type": "Custom Amount"},
        {**SQUARE_ROW, "Qty": "-1.0", "Gross Sales": "-$4.00", "Net Sales": "-$4.00", "Transaction ID": "T2",
         "Event Type": "Refund"},
        {**SQUARE_ROW, "Qty": "1.0", "Gross Sales": "-$4.00", "Net Sales": "-$4.00", "Transaction ID": "T3",
         "Event Type": "Refund", "Customer ID": ""},
        {**SQUARE_ROW, "Item": "Card", "SKU": "", "Net Sales": "$25.00", "Itemization Type": "GIFT_CARD_ACTIVATION"},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, SQUARE, rows)))
    assert lines_of(cleaned, "order_id", "product_id", "quantity", "amount", "is_return") == [
        ("T1", "TEA", Decimal(1), Decimal(5), False),
        ("T1", None, Decimal(1), Decimal(1250), False),
        ("T2", "TEA", Decimal(-1), Decimal(-4), True),
        ("T1", "GIFT CARD", Decimal(1), Decimal(25), False),
    ]
    assert set_aside(cleaned) == {5: "guest"}
    assert {str(time) for (time,) in lines_of(cleaned, "ordered_at")} == {"2026-01-31 10:15:00"}


def test_square_items_without_customers(tmp_path: Path) -> None:
    """An export without the column is refused, and the column is named."""
    header = [name for name in SQUARE if not name.startswith("Customer")]
    row = {name: cell for name, cell in SQUARE_ROW.items() if name in header}
    with pytest.raises(DataError, match=r"The nearest is 'square-items', which also needs 'Customer ID'"):
        read(write_export(tmp_path, header, [row]))


def test_square_transactions_as_they_are_written(tmp_path: Path) -> None:
    """Tips, taxes and service charges stay out; a refund is a row, so 'Partial Refunds' is not taken off again."""
    sale: Row = {"Date": "01/31/2026", "Time": "2:30:00 PM", "Time Zone": "Eastern Time (US & Canada)",
                 "Gross Sales": "$60.00", "Discounts": "-$10.00", "Service Charges": "$5.00", "Net Sales": "$50.00",
                 "Tax": "$4.00", "Tip": "$10.00", "Partial Refunds": "-$12.00", "Total Collected": "$69.00",
                 "Transaction ID": "T1", "Event Type": "Payment", "Location": "Main", "Customer ID": "ANN",
                 "Transaction Status": "Complete"}  # fmt: skip
    refund: Row = {**sale, "Net Sales": "-$12.00", "Partial Refunds": "$0.00", "Transaction ID": "T2",
                   "Event Type": "Refund", "Time": "2:45:00 PM"}  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, SQUARE_TRANSACTIONS, [sale, refund])))
    lines = lines_of(cleaned, "order_id", "amount", "is_return", "ordered_at")
    assert [(*line[:3], str(line[3])) for line in lines] == [
        ("T1", Decimal(50), False, "2026-01-31 14:30:00"),
        ("T2", Decimal(-12), True, "2026-01-31 14:45:00"),
    ]


STRIPE_ROW: Row = {
    "Created (UTC)": "2024-05-31 10:30:00",
    "Amount": "20.00",
    "Amount Refunded": "0.00",
    "Currency": "usd",
    "Converted Amount": "18.00",
    "Converted Amount Refunded": "0.00",
    "Converted Currency": "eur",
    "Mode": "Live",
    "Status": "Paid",
    "Customer ID": "cus_1",
    "Captured": "true",
}


def test_stripe_refunds_disputes_and_attempts(tmp_path: Path) -> None:
    """A payment counts by what the shop could keep of it."""
    rows: list[Row] = [
        {**STRIPE_ROW, "id": "partly refunded", "Amount Refunded": "5.00", "Converted Amount Refunded": "4.50"},
        {**STRIPE_ROW, "id": "dispute open", "Dispute Status": "needs_response", "Disputed Amount": "20.00"},
        {**STRIPE_ROW, "id": "dispute won", "Dispute Status": "won", "Disputed Amount": "20.00"},
        {**STRIPE_ROW, "id": "other currency", "Currency": "gbp", "Amount": "15.00"},
        {**STRIPE_ROW, "id": "dispute lost", "Dispute Status": "lost", "Disputed Amount": "20.00"},
        {**STRIPE_ROW, "id": "refunded at a worse rate", "Converted Amount Refunded": "18.40"},
        *({**STRIPE_ROW, "id": status, "Status": status} for status in
          ("Failed", "Refunded", "Pending", "canceled", "requires_payment_method", "requires_action", "Uncaptured")),
        {**STRIPE_ROW, "id": "authorised only", "Captured": "FALSE"},
        {**STRIPE_ROW, "id": "test", "Mode": "Test"},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, STRIPE, rows)))
    assert lines_of(cleaned, "order_id", "amount", "currency") == [
        ("partly refunded", Decimal("13.5"), "EUR"),
        ("dispute open", Decimal(18), "EUR"),
        ("dispute won", Decimal(18), "EUR"),
        ("other currency", Decimal(18), "EUR"),
    ]
    assert set_aside(cleaned) == dict.fromkeys(range(6, 17), "void_order")


def test_stripe_default_columns_and_decimal_commas(tmp_path: Path) -> None:
    """The short export of newer years has other names, and a European account writes commas."""
    header = ["id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Captured", "Converted Amount",
              "Converted Amount Refunded", "Converted Currency", "Decline Reason", "Description", "Fee",
              "Refunded date (UTC)", "Statement Descriptor", "Status", "Seller Message", "Taxes On Fee", "Card ID",
              "Customer ID", "Customer Description", "Customer Email", "Invoice ID", "Transfer"]  # fmt: skip
    row = {"id": "ch_1", "Created date (UTC)": "2024-05-31 10:30", "Amount": "1234,50", "Currency": "eur",
           "Converted Amount": "1234,50", "Converted Amount Refunded": "234,50", "Converted Currency": "eur",
           "Status": "Paid", "Captured": "true", "Customer ID": "cus_1"}  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, header, [row])))
    assert lines_of(cleaned, "amount", "currency") == [(Decimal(1000), "EUR")]


def test_etsy_as_it_is_written(tmp_path: Path) -> None:
    """Dates have two digits of the year, money has its sign, and a coupon is taken off the line once."""
    base: Row = {"Sale Date": "08/14/25", "Buyer": "ann_knits", "Order ID": 3001, "Currency": "USD",
                 "Ship Country": "United States", "Order Type": "online", "Order Shipping": "$4.50",
                 "Order Sales Tax": "$0.62", "Coupon Code": "WELCOME10", "Coupon Details": "% off"}  # fmt: skip
    rows: list[Row] = [
        {**base, "Item Name": "Card", "Quantity": 2, "Price": "$5.00", "Discount Amount": "$1.00",
         "Shipping Discount": "$0.00", "Item Total": "$10.00", "Listing ID": 9001, "Transaction ID": 4001},
        {**base, "Item Name": "Sticker", "Quantity": 1, "Price": "$3.00", "Discount Amount": "$0.30",
         "Item Total": "$3.00", "Listing ID": 9002, "Transaction ID": 4002, "Order Type": "in person"},
    ]  # fmt: skip
    cleaned = clean(read(write_export(tmp_path, ETSY, rows)))
    assert lines_of(cleaned, "order_id", "amount", "channel") == [
        ("3001", Decimal(9), "online"),
        ("3001", Decimal("2.7"), "in person"),
    ]
    assert {str(time.date()) for (time,) in lines_of(cleaned, "ordered_at")} == {"2025-08-14"}
