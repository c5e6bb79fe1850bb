"""Platforms: the exports that are known by their header, and those that cannot do."""

from customerbase.ingest.layout import COUPON_COLUMNS, CUSTOMER_COLUMNS, ORDER_COLUMNS, TIP, Condition, Layout

__all__ = ["LAYOUTS", "REFUSED"]

_GIFT_CARD = "GIFT CARD"
"""A code that cleaning knows to be no product, as `TIP` is."""

_WOOCOMMERCE_VOID = (
    r"(wc-)?(pending([ -]payment)?|failed|cancelled|refunded|(checkout-)?draft|trash)"
    "|(zahlung ausstehend|ausstehende zahlung|fehlgeschlagen|storniert|(rück)?erstattet|entwurf)"
    "|((en )?attente( de)? paiement|échouée?|échec|annulée?|remboursée?|brouillon)"
    "|(pendiente de pago|fallido|cancelado|reembolsado|borrador)"
    "|(in attesa di pagamento|fallito|annullato|cancellato|rimborsato|bozza)"
    "|(pagamento pendente|aguarda(r|ndo) pagamento|malsucedido|falhad[ao]|cancelad[ao]|reembolsad[ao]|rascunho)"
    "|(wachtend op betaling|in afwachting van betaling|mislukt|geannuleerd|terugbetaald|concept)"
    "|(oczekujące na płatność|nieudane|niepowodzenie|anulowane|zwrócone|szkic)"
)
"""The plugin writes the name of a status in the shop's language: English, German, French, Spanish, Italian, Portuguese,
Dutch and Polish here. What waits for a transfer ('On hold') counts, as does a status that a shop has made itself."""

_UCI_AMOUNTS = "Quantity × price; postage and fees are lines of their own, which are no products."

LAYOUTS: dict[str, Layout] = {
    "customerbase": Layout(
        "customerbase",
        {name: name for name in ORDER_COLUMNS},
        optional=frozenset(ORDER_COLUMNS) - {"customer_id", "ordered_at"},
    ),
    "online-retail": Layout(
        "online-retail",
        {
            "order_id": "InvoiceNo",
            "product_id": "StockCode",
            "product_name": "Description",
            "quantity": "Quantity",
            "ordered_at": "InvoiceDate",
            "unit_price": "UnitPrice",
            "customer_id": "CustomerID",
            "country": "Country",
        },
        optional=frozenset({"product_name", "country"}),
        cancelling=("C",),
        adjusting=("A",),
        amounts=_UCI_AMOUNTS,
    ),
    "online-retail-ii": Layout(
        "online-retail-ii",
        {
            "order_id": "Invoice",
            "product_id": "StockCode",
            "product_name": "Description",
            "quantity": "Quantity",
            "ordered_at": "InvoiceDate",
            "unit_price": "Price",
            "customer_id": "Customer ID",
            "country": "Country",
        },
        optional=frozenset({"product_name", "country"}),
        cancelling=("C",),
        adjusting=("A",),
        amounts=_UCI_AMOUNTS,
    ),
    "cdnow": Layout(
        "cdnow",
        {"customer_id": "master_id", "ordered_at": "yyyymmdd", "quantity": "cds", "amount": "dollars"},
        grain="order",
        amounts="Dollars of the transaction, as given.",
    ),
    "shopify-orders": Layout(
        "shopify-orders",
        {
            "order_id": "Name",
            "customer_id": "Email",
            "ordered_at": "Created at",
            "product_id": "Lineitem sku",
            "product_name": "Lineitem name",
            "quantity": "Lineitem quantity",
            "unit_price": "Lineitem price",
            "discount": "Lineitem discount",
            "currency": "Currency",
            "country": "Billing Country",
            "channel": "Source",
            "coupon_code": "Discount Code",
        },
        optional=frozenset({"product_id", "product_name", "discount", "currency", "country", "channel", "coupon_code"}),
        spellings={"country": ("Shipping Country",)},
        amounts=(
            "Price × quantity less the line's own discount and its share of a discount on the whole order; without "
            "shipping. Tax is in them where the shop's prices have it."
        ),
        void_when=(
            Condition("Cancelled at", ".+"),
            Condition("Financial Status", "voided|refunded|expired"),
            Condition("Payment Method", ".*bogus.*"),
        ),
        not_products=(
            (_GIFT_CARD, Condition("Lineitem name", "gift card.*")),
            (TIP, Condition("Lineitem name", "tip")),
        ),
        refunded=("Refunded Amount", "Total"),
        goods_total="Subtotal",
        is_filled_down=True,
    ),
    "woocommerce-orders": Layout(
        "woocommerce-orders",
        {
            "order_id": "Order Number",
            "customer_id": "Email (Billing)",
            "ordered_at": "Order Date",
            "product_id": "SKU",
            "product_name": "Item Name",
            "category": "Category",
            "quantity": "Quantity (- Refund)",
            "unit_price": "Item Cost",
            "currency": "Currency",
            "country": "Country Code (Billing)",
            "coupon_code": "Coupon Code",
        },
        optional=frozenset({"product_id", "product_name", "category", "currency", "country", "coupon_code"}),
        spellings={
            "customer_id": ("Customer User Email",),
            "product_name": ("Product Name",),
            "quantity": ("Quantity",),
            "country": ("Country Name (Billing)", "Country Code (Shipping)"),
        },
        amounts=(
            "Item cost × quantity: after discounts, without tax and shipping. Of 'Quantity (- Refund)', what was sent "
            "back is off already; money that was paid back for no item is not."
        ),
        void_when=(
            Condition("Order Status", _WOOCOMMERCE_VOID),
            Condition("Quantity (- Refund)", r"(0([.,]0*)?)?"),  # sent back whole, or a row of a further coupon alone
        ),
        is_filled_down=True,
    ),
    "magento-orders": Layout(
        "magento-orders",
        {
            "order_id": "ID",
            "customer_id": "Customer Email",
            "ordered_at": "Purchase Date",
            "amount": "Grand Total (Base)",
            "channel": "Purchase Point",
        },
        optional=frozenset({"channel"}),
        grain="order",
        amounts="What the order came to in the shop's own currency: with tax and shipping, after discounts.",
        void_when=(
            Condition(
                "Status",
                "cancell?ed|closed|rejected|pending[ _](payment|paypal)|(suspected )?fraud|paypal[ _]reversed",
            ),
        ),
        refunded=("Total Refunded", "Grand Total (Purchased)"),
    ),
    "square-items": Layout(
        "square-items",
        {
            "order_id": "Transaction ID",
            "customer_id": "Customer ID",
            "ordered_at": "Date",
            "product_id": "SKU",
            "product_name": "Item",
            "category": "Category",
            "quantity": "Qty",
            "amount": "Net Sales",
            "channel": "Location",
        },
        optional=frozenset({"product_id", "category", "channel"}),
        amounts="Net sales of the item: after discounts, without tax and tips.",
        return_when=(Condition("Event Type", "refund"),),
        not_products=(
            (_GIFT_CARD, Condition("Itemization Type", "gift[ _]card.*")),
            (_GIFT_CARD, Condition("Item", "gift card.*")),
        ),
        time_of_day="Time",
    ),
    "square-transactions": Layout(
        "square-transactions",
        {
            "order_id": "Transaction ID",
            "customer_id": "Customer ID",
            "ordered_at": "Date",
            "amount": "Net Sales",
            "channel": "Location",
        },
        optional=frozenset({"channel"}),
        grain="order",
        amounts="Net sales of the transaction: after discounts, without tax, tips, service charges and gift cards.",
        return_when=(Condition("Event Type", "refund"),),
        time_of_day="Time",
    ),
    "stripe-payments": Layout(
        "stripe-payments",
        {
            "order_id": "id",
            "customer_id": "Customer ID",
            "ordered_at": "Created (UTC)",
            "amount": "Converted Amount",
            "currency": "Converted Currency",
            "country": "Card Address Country",
        },
        optional=frozenset({"currency", "country"}),
        spellings={
            "customer_id": ("Customer Email",),
            "ordered_at": ("Created date (UTC)",),
            "country": ("Card Issue Country",),
        },
        grain="order",
        amounts=(
            "What was paid, in the currency of the account: with tax, shipping and tips, after discounts, before fees."
        ),
        void_when=(
            Condition("Status", "paid|succeeded|partial(ly)? refund(ed)?|disputed", is_negated=True),
            Condition("Dispute Status", "lost|charge_refunded"),
            Condition("Mode", "test"),
            Condition("Captured", "false"),
        ),
        refunded=("Converted Amount Refunded", "Converted Amount"),
    ),
    "etsy-sold-items": Layout(
        "etsy-sold-items",
        {
            "order_id": "Order ID",
            "customer_id": "Buyer",
            "ordered_at": "Sale Date",
            "product_id": "Listing ID",
            "product_name": "Item Name",
            "quantity": "Quantity",
            "unit_price": "Price",
            "discount": "Discount Amount",
            "currency": "Currency",
            "country": "Ship Country",
            "channel": "Order Type",
            "coupon_code": "Coupon Code",
        },
        optional=frozenset({"product_id", "product_name", "discount", "currency", "country", "channel", "coupon_code"}),
        amounts="Price × quantity less the coupon's discount; without shipping and sales tax.",
    ),
    "customers": Layout(
        "customers",
        {name: name for name in CUSTOMER_COLUMNS},
        optional=frozenset(CUSTOMER_COLUMNS) - {"customer_id"},
        grain="customer",
    ),
    "coupon-events": Layout(
        "coupon-events",
        {name: name for name in COUPON_COLUMNS},
        optional=frozenset(COUPON_COLUMNS) - {"customer_id", "coupon_id", "occurred_at"},
        grain="coupon",
    ),
}
"""Name → layout. A new one is an entry here; of two that fit, the one with more of its columns found is taken."""

REFUSED: tuple[tuple[frozenset[str], str], ...] = (
    (
        frozenset({"amazon-order-id", "purchase-date"}),
        (
            "This is an order report of Amazon, and it names no buyer: nobody can be told to be a customer again. "
            "Export the orders from the shop's own system, or add a column with the buyer and name it with "
            "--map customer_id=COLUMN."
        ),
    ),
    (
        frozenset({"order #", "n. revenue (formatted)", "customer type"}),
        (
            "This is the CSV of WooCommerce's own analytics, and it has neither the customer's id or e-mail nor a line "
            "per product. Export the orders with the plugin 'Advanced Order Export' (one row per item) instead."
        ),
    ),
)
"""Columns that tell an export, normalised, and why it cannot do."""
