"""The tables that every part of the product speaks about: their columns, types and meaning."""

from dataclasses import dataclass, field

import ibis.expr.types as ir

from customerbase.errors import DataError

__all__ = [
    "CARRIED",
    "COUPON_EVENTS",
    "CUSTOMERS",
    "INGESTED_LINES",
    "MEASURES",
    "MONEY",
    "ORDER_LINES",
    "Dataset",
    "Field",
    "Format",
    "check",
    "complete_order_id",
]

CARRIED = "cell "
"""Begins the names of the columns in which a row of a server carries its cells: `cell Price` has that of `Price`."""

MONEY = "decimal(18, 4)"
"""The type of money and quantities: sums do not depend on the order of rows or on the number of threads."""


@dataclass(frozen=True)
class Field:
    """One column of a table.

    Examples
    --------
    >>> Field("country", "string", False, "Country of the customer or of the delivery.").name
    'country'
    """

    name: str
    type: str
    required: bool
    help: str


ORDER_LINES = (
    Field("source", "string", True, "File name, with #sheet for a workbook: where the row stands. Never a path."),
    Field("source_row", "int64", True, "Row of the source as a spreadsheet counts it: the header is row 1."),
    Field("order_id", "string", False, "Order or invoice. Where an export has none: one order per customer and day."),
    Field("customer_id", "string", True, "Who bought; empty for a guest."),
    Field("ordered_at", "timestamp(6)", True, "When the order was placed, in the shop's own time."),
    Field("product_id", "string", False, "Stock code or SKU."),
    Field("product_name", "string", False, "What the customer read."),
    Field("category", "string", False, "Department or category of the product."),
    Field("quantity", MONEY, False, "Units; negative when returned."),
    Field("unit_price", MONEY, False, "Price of one unit."),
    Field("discount", MONEY, False, "Money taken off this line, at least 0; amount is after it."),
    Field("amount", MONEY, True, "Money of the line: as given, else quantity × unit_price − discount."),
    Field("currency", "string", False, "ISO 4217 code."),
    Field("country", "string", False, "Country of the customer or of the delivery."),
    Field("channel", "string", False, "Where the order was placed: web, shop, marketplace."),
    Field("coupon_code", "string", False, "Coupon or discount code of the order."),
    Field("is_return", "boolean", True, "The line has a negative quantity, or stands on a cancelling document."),
    Field("is_product", "boolean", True, "The line sells a product, and not postage, a fee or a correction."),
    Field("is_repeated_line", "boolean", True, "An equal line stands before it in the same order."),
    Field("is_future", "boolean", True, "The line is dated after the day on which it was read."),
)
"""One row per order line that is kept. `is_product`, `is_repeated_line` and `is_future` come from cleaning."""

INGESTED_LINES = (
    *(column for column in ORDER_LINES if column.name not in {"is_product", "is_repeated_line", "is_future"}),
    Field("unreadable", "string", False, "Column whose cell could not be read, or 'line'; empty where all could."),
    Field("is_adjustment", "boolean", False, "The line corrects the books and sells nothing."),
    Field("is_void", "boolean", False, "The order does not count: cancelled, failed, a test, or paid back whole."),
)
"""One row per order line as it was read, before cleaning."""

CUSTOMERS = (
    Field("source", "string", True, "File name, with #sheet for a workbook: where the row stands. Never a path."),
    Field("source_row", "int64", True, "Row of the source as a spreadsheet counts it: the header is row 1."),
    Field("customer_id", "string", True, "Who the row is about; one row per customer."),
    Field("gender", "string", False, "As the export writes it."),
    Field("age", "int64", False, "Age in years."),
    Field("city", "string", False, "City of the customer."),
    Field("country", "string", False, "Country of the customer."),
    Field("signed_up_at", "timestamp(6)", False, "When the customer signed up."),
    Field("email", "string", False, "E-mail address, in small letters."),
    Field("phone", "string", False, "Phone number, as the export writes it."),
    Field("consent", "boolean", False, "Whether the customer agreed to be written to."),
)
"""One row per customer; beside these columns, numeric ones of the export pass through as `float64`: those of `MEASURES`
under their names there, others under their own, in small letters with `_` between words."""

MEASURES = (
    Field("recency_days", "float64", False, "Days since the last purchase, as the export counts them."),
    Field("frequency", "float64", False, "Number of purchase orders."),
    Field("monetary", "float64", False, "Money spent, net or gross as the export has it."),
    Field("average_order_value", "float64", False, "Money per order."),
    Field("n_returns", "float64", False, "Number of returns."),
    Field("n_sessions", "float64", False, "Number of visits."),
    Field("average_session_minutes", "float64", False, "Mean length of a visit in minutes."),
    Field("n_pages", "float64", False, "Pages viewed."),
    Field("n_clicks", "float64", False, "Clicks."),
    Field("n_wishlist_adds", "float64", False, "Products put on a wish list."),
    Field("campaign_response_rate", "float64", False, "Share of campaigns that were answered, from 0 to 1."),
    Field("cart_abandonment_rate", "float64", False, "Share of baskets that were left, from 0 to 1."),
)
"""What a file of one row per customer may have counted already."""

COUPON_EVENTS = (
    Field("source", "string", True, "File name, with #sheet for a workbook: where the row stands. Never a path."),
    Field("source_row", "int64", True, "Row of the source; a burnt coupon yields two events of one row."),
    Field("customer_id", "string", True, "Whose coupon it is."),
    Field("coupon_id", "string", True, "Code or number of the coupon."),
    Field("event", "string", True, "claimed or burnt; a burnt coupon was claimed and has both."),
    Field("occurred_at", "timestamp(6)", True, "When it was claimed, or burnt."),
    Field("merchant_id", "string", False, "Number of the merchant where the coupon holds."),
    Field("merchant_name", "string", False, "Name of the merchant."),
    Field("branch_id", "string", False, "Branch where the coupon holds."),
    Field("city", "string", False, "City of the branch, where the export has one."),
)
"""One row per thing that happened to a coupon."""


@dataclass(frozen=True)
class Format:
    """What was understood of one source, for the audit.

    `notes` says in words what was decided about it (delimiter, encoding, number and date formats); `grain` says what a
    row is: a line, an order, a customer or a coupon, and nothing where the source was left out.
    """

    source: str
    reader: str
    layout: str
    rows: int
    columns: dict[str, str]
    notes: tuple[str, ...] = ()
    grain: str = ""


@dataclass(frozen=True)
class Dataset:
    """The tables that were read, as Ibis expressions.

    `order_lines` has the columns of `ORDER_LINES`, and no rows where `has_orders` is False; `customers` those of
    `CUSTOMERS`, with further numeric ones, and `coupon_events` those of `COUPON_EVENTS`: None where nothing of the kind
    was read. `cells` has the cells as they came, by `source` and `source_row`; `formats` says how each source was
    understood.

    A data set `is_in_place` when its tables are those of a server that is only read: rows have no place of their own
    (`source_row` is a key or null), carry their cells, and nothing can be kept beside them.
    """

    order_lines: ir.Table
    cells: ir.Table | None = None
    formats: tuple[Format, ...] = field(default=())
    customers: ir.Table | None = None
    coupon_events: ir.Table | None = None
    has_orders: bool = True
    is_in_place: bool = False


def complete_order_id(lines: ir.Table) -> ir.StringValue:
    """Give the order of each line; where none is named, a customer has one order per day.

    Examples
    --------
    >>> import ibis
    >>> lines = ibis.memtable({"order_id": ["7", None], "customer_id": ["ann", "ann"], "day": ["2024-05-01"] * 2})
    >>> complete_order_id(lines.mutate(ordered_at=lines.day.cast("timestamp"))).to_list()
    ['7', 'ann 2024-05-01']
    """
    return lines.order_id.coalesce(lines.customer_id + " " + lines.ordered_at.date().cast("string"))


def check(table: ir.Table, contract: tuple[Field, ...], name: str) -> None:
    """Refuse a table that lacks a required column of a contract.

    Parameters
    ----------
    table
        The table to look at; types are not compared.
    contract
        The columns that it is to have.
    name
        What the message calls it.

    Raises
    ------
    DataError
        Names the column and the type that it must have.

    Examples
    --------
    >>> import ibis
    >>> lines = ibis.memtable({"source": ["shop.csv"]})
    >>> check(lines, ORDER_LINES, "order_lines")
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: Table 'order_lines' has no column 'source_row' (int64). It has: source. ...
    """
    schema = table.schema()
    for column in contract:
        if column.name not in schema:
            if not column.required:
                continue
            raise DataError(
                f"Table '{name}' has no column '{column.name}' ({column.type}). It has: {', '.join(schema)}. "
                "Build it with customerbase.read(), or add the column."
            )
