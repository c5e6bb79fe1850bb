"""Several tables that belong together: what is joined, what is not, and that no row and no money is made or lost."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.cleaning import clean
from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.layouts import Join, Layout
from customerbase.ingest.readers import read_file
from customerbase.ingest.reading import read
from customerbase.ingest.relations import relate
from customerbase.ingest.sheets import Sheet
from customerbase.schema import Dataset

ORDERS = ["order_id,customer_id,order_date,total", "1,ann,2024-01-01,30", "2,bob,2024-01-02,10", "3,ann,2024-02-01,99"]
ITEMS = ["order_id,product_id,quantity,price", "1,p1,2,10", "1,p2,1,10", "2,p1,1,10", "9,p1,1,10"]
PRODUCTS = ["product_id,name,category,price", "p1,Mug,kitchen,11", "p2,Pan,kitchen,12", "p3,Pen,office,1"]

Tables = Mapping[str, Sequence[str]]


def write(folder: Path, tables: Tables) -> list[Path]:
    """Write each table, given as lines, into a CSV file of its name."""
    paths = [folder / f"{name}.csv" for name in tables]
    for path, lines in zip(paths, tables.values(), strict=True):
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return paths


def read_tables(folder: Path, mapping: Mapping[str, str] | None = None, **tables: Sequence[str]) -> Dataset:
    """Read tables as if they were files of these names."""
    return read(*write(folder, tables), mapping=mapping)


def lines_of(data: Dataset, *columns: str) -> list[tuple[Any, ...]]:
    """Give some columns of the order lines, in the order of the rows."""
    lines = data.order_lines.order_by("source", "source_row").select(*columns)
    return [tuple(row.values()) for row in lines.to_pyarrow().to_pylist()]


def notes_of(data: Dataset, source: str) -> list[str]:
    """Give what was said about a file, but for its delimiter, encoding and columns."""
    (notes,) = (form.notes for form in data.formats if form.source == source)
    return [note for note in notes if not note.startswith(("delimiter", "encoding", "columns guessed", "amounts", "'"))]


def layouts_of(data: Dataset) -> dict[str, str]:
    """Give the layout of each source."""
    return {form.source.removesuffix(".csv"): form.layout for form in data.formats}


def sheet(source: str, /, **columns: Sequence[str | None]) -> Sheet:
    """Make a sheet of text."""
    n_rows = len(next(iter(columns.values())))
    key = {"source": [source] * n_rows, "source_row": list(range(2, n_rows + 2))}
    types = {"source": "string", "source_row": "int64", **dict.fromkeys(columns, "string")}
    cells = ibis.memtable(pd.DataFrame({**key, **columns}), schema=types)
    return Sheet(source, "csv", tuple(columns), tuple(columns), cells)


def test_items_get_their_order_and_product(tmp_path: Path) -> None:
    """An item has customer and date of its order, name and category of its product, and its own money."""
    data = read_tables(tmp_path, orders=ORDERS, items=ITEMS, products=PRODUCTS)
    assert layouts_of(data) == {"items": "guessed", "orders": "joined", "products": "joined"}
    assert lines_of(data, "order_id", "customer_id", "product_name", "category", "amount", "unreadable") == [
        ("1", "ann", "Mug", "kitchen", 20, None),
        ("1", "ann", "Pan", "kitchen", 10, None),
        ("2", "bob", "Mug", "kitchen", 10, None),
        ("9", None, "Mug", "kitchen", 10, "ordered_at"),
    ]


def test_what_did_not_match_is_counted(tmp_path: Path) -> None:
    """Items without an order, orders without items, products that nobody bought; and the total that was not taken."""
    data = read_tables(tmp_path, orders=ORDERS, items=ITEMS, products=PRODUCTS)
    assert notes_of(data, "items.csv") == [
        "joined with orders.csv by order_id; 1 of 4 rows name an order_id that orders.csv has not",
        "joined with products.csv by product_id",
        "total of orders.csv is money of whole orders, and not taken for their items",
    ]
    assert notes_of(data, "orders.csv") == ["joined to items.csv by order_id; 1 of 3 have no row there"]
    assert notes_of(data, "products.csv") == ["joined to items.csv by product_id; 1 of 3 have no row there"]


def test_a_row_that_is_set_aside_shows_its_own_cells(tmp_path: Path) -> None:
    """An item whose order is missing lies in the quarantine as it came, without the columns that it was given."""
    cleaned = clean(read_tables(tmp_path, orders=ORDERS, items=ITEMS, products=PRODUCTS))
    assert (cleaned.audit.rows_in, cleaned.audit.rows_kept) == (4, 3)
    (row,) = cleaned.quarantine.to_pyarrow().to_pylist()
    assert row == {
        "source": "items.csv",
        "source_row": 5,
        "rule": "unreadable",
        "order_id": "9",
        "product_id": "p1",
        "quantity": "1",
        "price": "10",
    }


def test_the_order_of_the_files_does_not_matter(tmp_path: Path) -> None:
    """Whatever is named first, the same lines come out."""
    paths = write(tmp_path, {"orders": ORDERS, "items": ITEMS, "products": PRODUCTS})
    columns = ("order_id", "customer_id", "product_name", "amount")
    assert lines_of(read(*paths), *columns) == lines_of(read(*reversed(paths)), *columns)


def test_a_total_is_not_split_over_items(tmp_path: Path) -> None:
    """Items without money are left out, and what only they name goes with them: the order stands by itself."""
    items = ["order_id,product_id,quantity", "1,p1,2", "1,p2,1", "2,p1,1"]
    data = read_tables(tmp_path, orders=ORDERS, items=items, products=PRODUCTS)
    assert layouts_of(data) == {"orders": "guessed", "items": "none", "products": "none"}
    assert lines_of(data, "order_id", "amount", "product_id") == [("1", 30, None), ("2", 10, None), ("3", 99, None)]
    assert "cannot be split over its items" in notes_of(data, "items.csv")[-1]
    assert notes_of(data, "products.csv") == ["left out with items.csv, which names it"]


def test_an_amount_that_somebody_maps_is_that_of_the_order(tmp_path: Path) -> None:
    """Who says that the amount stands in the orders gets the orders, though the items have prices."""
    orders = ["order_id,customer_id,order_date,paid_in_all", "1,ann,2024-01-01,30", "2,bob,2024-01-02,10"]
    data = read_tables(tmp_path, mapping={"amount": "paid_in_all"}, orders=orders, items=ITEMS[:4])
    assert lines_of(data, "source", "amount") == [("orders.csv", 30), ("orders.csv", 10)]


def test_items_without_any_money_take_the_price_of_their_product(tmp_path: Path) -> None:
    """Where neither item nor order has money there is only the list price; that is said."""
    orders = [line.rsplit(",", 1)[0] for line in ORDERS]
    items = ["order_id,product_id,quantity", "1,p1,2", "2,p2,1"]
    data = read_tables(tmp_path, orders=orders, items=items, products=PRODUCTS)
    assert lines_of(data, "order_id", "amount") == [("1", 22), ("2", 12)]
    assert "its price is what the product costs in products.csv, not what was paid" in notes_of(data, "items.csv")


PAYMENTS = ["payment_id,order_id,amount,status", "7,1,5,ok", "8,1,6.5,ok", "9,2,4,ok", "10,77,1,ok"]


def test_payments_are_summed_where_the_order_has_no_amount(tmp_path: Path) -> None:
    """Two payments are one amount; an order without a payment has none, and a payment without an order is counted."""
    orders = ["id,customer_id,order_date", "1,ann,2024-01-01", "2,bob,2024-01-02", "3,bob,2024-01-02"]
    data = read_tables(tmp_path, orders=orders, payments=PAYMENTS)
    assert lines_of(data, "order_id", "amount", "unreadable") == [
        ("1", Decimal("11.5"), None),
        ("2", 4, None),
        ("3", None, "amount"),
    ]
    assert notes_of(data, "orders.csv") == [
        "the amount of an order is the sum of amount of its rows in payments.csv, whatever their status",
        "1 of 3 orders have no row in payments.csv",
        "id is called order_id here, as other tables call it",
    ]
    assert notes_of(data, "payments.csv")[-1] == "1 of 4 rows name no order that orders.csv has"


def test_a_payment_that_cannot_be_read_spoils_the_sum(tmp_path: Path) -> None:
    """The rest of what was paid is not taken for all of it."""
    orders = ["order_id,customer_id,order_date", "1,ann,2024-01-01", "2,bob,2024-01-02"]
    payments = ["payment_id,order_id,amount", "7,1,5", "8,1,oops", "9,2,4"]
    data = read_tables(tmp_path, orders=orders, payments=payments)
    assert lines_of(data, "amount", "unreadable") == [(None, "amount"), (4, None)]


@pytest.mark.parametrize(("with_items", "reason"), [(False, "orders.csv has the amount"), (True, "items have money")])
def test_payments_are_left_out_where_money_is_known(tmp_path: Path, reason: str, *, with_items: bool) -> None:
    """What was paid for an order is no further money."""
    orders = [line.rsplit(",", 1)[0] for line in ORDERS] if with_items else ORDERS
    more = {"items": ITEMS} if with_items else {}
    data = read(*write(tmp_path, {"orders": orders, "payments": PAYMENTS, **more}))
    assert layouts_of(data)["payments"] == "none"
    assert reason in notes_of(data, "payments.csv")[-1]


def test_one_row_per_order_says_more_of_the_order(tmp_path: Path) -> None:
    """A file of deliveries gives the country of each; one of several reviews per order gives nothing, and says so."""
    shipping = ["order_id,country,carrier", "1,FR,x", "2,DE,y", "3,DE,y"]
    reviews = ["review_id,order_id,score", "1,1,5", "2,1,4", "3,2,1"]
    data = read_tables(tmp_path, orders=ORDERS, shipping=shipping, reviews=reviews)
    assert lines_of(data, "order_id", "country") == [("1", "FR"), ("2", "DE"), ("3", "DE")]
    assert layouts_of(data) == {"orders": "guessed", "shipping": "joined", "reviews": "none"}
    assert notes_of(data, "reviews.csv")[-1].startswith("left out: it says more of the orders in orders.csv")


def test_plain_ids_are_found_by_the_names_of_the_tables(tmp_path: Path) -> None:
    """`order_id` is the `id` of orders, never that of items; `name` is that of what the key names."""
    data = read_tables(
        tmp_path,
        orders=["id,user_id,created_at,status", "1,5,2024-01-01,paid", "2,6,2024-01-02,paid"],
        order_items=[
            "id,order_id,product_id,quantity,price,created_at",
            *("1,1,1,2,10,2024-01-01", "2,1,2,1,3,2024-01-01", "3,2,1,1,10,2024-01-02"),
        ],
        products=["id,name,category_id,brand_id", "1,Mug,1,2", "2,Pan,2,1"],
        categories=["id,name", "1,kitchen", "2,office"],
        brands=["id,name", "1,Acme", "2,Bcme"],
    )
    assert lines_of(data, "order_id", "customer_id", "product_name", "category", "amount") == [
        ("1", "5", "Mug", "kitchen", 20),
        ("1", "5", "Pan", "office", 3),
        ("2", "6", "Mug", "kitchen", 10),
    ]


def test_keys_are_compared_as_ids(tmp_path: Path) -> None:
    """Names of columns in another case or with other marks, and ids that a spreadsheet has turned into 1.0."""
    orders = ["Order-ID,Customer ID,Order Date", "1.0,ann,2024-01-01", "A.2,bob,2024-01-02"]
    items = ["ORDER_ID,sku,quantity,price", "1,a,1,5", "A.2,b,1,6"]
    data = read_tables(tmp_path, orders=orders, items=items)
    assert lines_of(data, "order_id", "customer_id") == [("1", "ann"), ("A.2", "bob")]


def test_alike_files_are_one_table(tmp_path: Path) -> None:
    """Orders and items of two years are joined across the years, and the years never with each other."""
    data = read(
        *write(
            tmp_path,
            {
                "orders-2023": ["order_id,customer_id,order_date", "1,ann,2023-01-01"],
                "orders-2024": ["order_id,customer_id,order_date", "2,bob,2024-01-01"],
                "items-2023": ["order_id,sku,quantity,price", "1,a,1,5", "1,b,1,6"],
                "items-2024": ["order_id,sku,quantity,price", "2,a,1,5", "1,c,1,7"],
            },
        )
    )
    assert lines_of(data, "source", "customer_id", "amount") == [
        ("items-2023.csv", "ann", 5),
        ("items-2023.csv", "ann", 6),
        ("items-2024.csv", "bob", 5),
        ("items-2024.csv", "ann", 7),
    ]
    assert notes_of(data, "items-2024.csv") == ["joined with orders-2023.csv and 1 more by order_id"]


def test_a_parent_with_repeated_keys_is_not_joined(tmp_path: Path) -> None:
    """Two categories for one product: none is taken, no row is made twice, and the reason is told."""
    orders = ["order_id,customer_id,order_date,sku,quantity,price", "1,ann,2024-01-01,a,1,5", "2,bob,2024-01-01,b,1,6"]
    data = read_tables(tmp_path, orders=orders, products=["sku,category", "a,kitchen", "b,office", "a,other"])
    reason = "in products.csv, 3 rows have 2 different values of sku, and rows of one value differ"
    assert lines_of(data, "order_id", "category") == [("1", None), ("2", None)]
    assert notes_of(data, "orders.csv") == [f"not joined with products.csv: {reason}"]
    assert layouts_of(data)["products"] == "none"


def test_orders_with_repeated_keys_stop_with_the_reason(tmp_path: Path) -> None:
    """Without its order an item is nothing: the message says why it has none, though the orders could do alone."""
    orders = [*ORDERS, "1,cem,2024-01-01,7"]
    with pytest.raises(
        DataError, match=r"items\.csv: No known layout .* It was not joined with orders\.csv: in orders"
    ):
        read_tables(tmp_path, orders=orders, items=ITEMS)


def test_equal_rows_of_a_parent_are_one(tmp_path: Path) -> None:
    """An order that was exported twice is joined once, though its number is written as 1 and as 1.0."""
    data = read_tables(tmp_path, orders=[*ORDERS, "1.0,ann,2024-01-01,30"], items=ITEMS)
    assert [row[0] for row in lines_of(data, "customer_id")] == ["ann", "ann", "bob", None]
    assert notes_of(data, "orders.csv")[-1].endswith("equal rows are taken once")


def test_an_empty_key_joins_nothing(tmp_path: Path) -> None:
    """A lookup may have a row without a key, and so may the rows that name it; they are no pair."""
    orders = ["order_id,customer_id,order_date,total,channel_id", "1,ann,2024-01-01,5,1", "2,bob,2024-01-01,6,"]
    data = read_tables(tmp_path, orders=orders, channels=["channel_id,category", "1,web", ",none", "2,shop"])
    assert lines_of(data, "order_id", "category") == [("1", "web"), ("2", None)]
    assert notes_of(data, "orders.csv") == ["joined with channels.csv by channel_id; 1 of 2 rows name none"]
    assert notes_of(data, "channels.csv") == [
        "joined to orders.csv by channel_id; 1 of 2 have no row there; no channel_id in 1 of its rows"
    ]


def test_a_table_is_never_joined_with_itself(tmp_path: Path) -> None:
    """A product may name another product; that is no lookup."""
    orders = ["order_id,customer_id,order_date,sku,quantity,price", "1,ann,2024-01-01,a,1,5", "2,bob,2024-01-01,b,1,6"]
    data = read_tables(tmp_path, orders=orders, products=["sku,parent_sku,category", "a,b,kitchen", "b,,office"])
    assert lines_of(data, "order_id", "product_id", "category") == [("1", "a", "kitchen"), ("2", "b", "office")]


def test_tables_that_name_each_other_end() -> None:
    """Three tables in a circle are not joined with each other, and the one that names them has the first of them."""
    parts = [
        sheet("orders.csv", order_id=["1", "2"], customer_id=["a", "b"], shop_id=["1", "1"]),
        sheet("shops.csv", shop_id=["1", "2", "3"], lead_id=["1", "1", "2"], rent=["5", "6", "6"]),
        sheet("leads.csv", lead_id=["1", "2", "3"], team_id=["1", "1", "2"], wage=["5", "6", "6"]),
        sheet("teams.csv", team_id=["1", "2", "3"], shop_id=["1", "1", "2"], size=["5", "6", "6"]),
    ]
    related = relate(parts, connect())
    assert related[0].header == ("order_id", "customer_id", "shop_id", "lead_id", "rent")
    assert related[1].notes[-1] == "not joined with leads.csv by lead_id: they name each other in a circle"


def test_names_that_collide_get_the_parents_name() -> None:
    """The price of the item wins; a supplier's country is not the customer's, though no other one is there."""
    parts = [
        sheet("items.csv", sku=["a", "a", "b"], price=["1", "2", "3"], customer_id=["x", "x", "y"]),
        sheet("products.csv", sku=["a", "b"], price=["9", "9"], supplier_id=["1", "1"]),
        sheet("suppliers.csv", id=["1", "2"], name=["Acme", "Bcme"], country=["CN", "IN"]),
    ]
    items = relate(parts, connect())[0]
    assert items.header == (
        *("sku", "price", "customer_id"),
        *("price (products)", "supplier_id", "supplier_name", "country (products)"),
    )
    assert items.cells.order_by("source_row")["country (products)"].to_list() == ["CN", "CN", "CN"]


def test_a_column_in_brackets_can_be_mapped(tmp_path: Path) -> None:
    """Who wants the country of the shop as that of the order says so."""
    orders = ["order_id,customer_id,order_date,total,shop_id", "1,ann,2024-01-01,30,1", "2,bob,2024-01-02,10,2"]
    shops = ["shop_id,country", "1,FR", "2,DE"]
    guessed = read_tables(tmp_path, orders=orders, shops=shops)
    mapped = read_tables(tmp_path, mapping={"country": "country (shops)"}, orders=orders, shops=shops)
    assert (lines_of(guessed, "country"), lines_of(mapped, "country")) == ([(None,), (None,)], [("FR",), ("DE",)])


def test_a_known_export_keeps_its_layout(tmp_path: Path) -> None:
    """What a known header has is enough: columns that come from elsewhere cannot change how it is understood."""
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    lines = [header, "C1,a,Mug,-1,2024-01-01,5,7,FR", "2,b,Pan,1,2024-01-01,6,8,DE", "2,a,Mug,1,2024-01-01,5,8,DE"]
    data = read_tables(tmp_path, lines=lines, products=["StockCode,Category", "a,kitchen", "b,office"])
    assert layouts_of(data) == {"lines": "online-retail", "products": "joined"}
    assert lines_of(data, "is_return", "category") == [(True, None), (False, None), (False, None)]


def test_two_shops_with_equal_numbers_stay_apart(tmp_path: Path) -> None:
    """Order 1 of one shop is not order 1 of the other: their customers differ."""
    one = [
        "order_id,customer_id,order_date,amount,channel,note",
        "1,ann,2024-01-01,5,web,x",
        "2,bob,2024-01-01,6,web,y",
    ]
    other = ["order_id,customer_id,order_date,sku,quantity,price", "1,cem,2024-01-01,s,1,4", "2,dan,2024-01-01,t,1,3"]
    data = read_tables(tmp_path, one=one, other=other)
    assert [row[0] for row in lines_of(data, "amount")] == [5, 6, 4, 3]


def test_no_common_column_is_no_relation(tmp_path: Path) -> None:
    """A file that has nothing to do with the others is refused as before; the others come out as they went in."""
    parts = [sheet("a.csv", who=["1"], paid=["2"]), sheet("b.csv", foo=["1"], bar=["2"])]
    assert relate(parts, connect()) == parts
    with pytest.raises(DataError, match=r"other\.csv: No known layout fits these columns: foo, bar"):
        read_tables(tmp_path, orders=ORDERS, other=["foo,bar", "1,2"])


def test_alike_sheets_cost_nothing() -> None:
    """One sheet, or sheets of one kind, are not even looked at."""
    months = [sheet(f"{month}.csv", order_id=["1"], paid=["2"]) for month in range(1, 26)]
    assert relate(months, connect()) == months


def test_customers_stay_a_table_of_their_own() -> None:
    """Orders do not get the columns of their customers; customers get those of their lookups, and are counted."""
    parts = [
        sheet("customers.csv", customer_id=["1", "2", "3"], city_id=["7", "8", "7"]),
        sheet("cities.csv", city_id=["7", "8"], city=["Ulm", "Bonn"]),
        sheet("orders.csv", order_id=["1", "2", "3"], customer_id=["1.0", "1", "9"], total=["5", "6", "7"]),
    ]
    customers, cities, orders = relate(parts, connect())
    assert (customers.header, customers.use) == (("customer_id", "city_id", "city"), "data")
    assert customers.notes == ("joined with cities.csv by city_id", "2 of 3 have no row in orders.csv")
    assert cities.use == "joined"
    assert (orders.header, orders.notes) == (
        ("order_id", "customer_id", "total"),
        ("1 of 3 rows name a customer_id that customers.csv has not",),
    )


def test_customers_with_a_plain_id_are_called_as_the_orders_call_them() -> None:
    """By itself `id` says nothing; a second table of one row per customer says more of the same customers."""
    parts = [
        sheet("customers.csv", id=["1", "2"], city=["Ulm", "Bonn"]),
        sheet("loyalty.csv", customer_id=["2"], tier=["gold"]),
        sheet("orders.csv", order_id=["1", "2"], customer_id=["1", "2"], total=["5", "6"]),
    ]
    customers, loyalty, _ = relate(parts, connect())
    assert customers.header == ("customer_id", "city", "tier")
    assert customers.cells.order_by("source_row").tier.to_list() == [None, "gold"]
    assert loyalty.use == "joined"


TICKETS = ["Ticket,Who,When", "1,ann,2024-01-01", "2,bob,2024-01-02"]
POSITIONS = ["Belongs to,Article,Pcs,Each", "1,a,2,5", "2,b,1,7"]
TILL = Layout(
    "till",
    {"order_id": "Belongs to", "customer_id": "Who", "ordered_at": "When", "quantity": "Pcs", "unit_price": "Each"},
    joins=(Join("positions", "Belongs to", "tickets", "Ticket"),),
)


def test_a_layout_says_what_belongs_together(tmp_path: Path) -> None:
    """Columns whose names have nothing in common are joined because the layout says so."""
    data = read(*write(tmp_path, {"tickets": TICKETS, "positions": POSITIONS}), layout=TILL)
    assert lines_of(data, "order_id", "customer_id", "amount") == [("1", "ann", 10), ("2", "bob", 7)]


def test_what_a_layout_asks_of_an_order_comes_to_its_items(tmp_path: Path) -> None:
    """Half of the order was paid back: half is taken off each item, though these are totals of the order."""
    tickets = ["Ticket,Who,When,Total,Back", "1,ann,2024-01-01,20,10", "2,bob,2024-01-02,7,"]
    layout = Layout(TILL.name, TILL.columns, refunded=("Back", "Total"), joins=TILL.joins)
    data = read(*write(tmp_path, {"tickets": tickets, "positions": [*POSITIONS, "1,c,1,10"]}), layout=layout)
    assert lines_of(data, "order_id", "amount") == [("1", 5), ("2", 7), ("1", 5)]


def test_customers_that_a_layout_joins_are_columns_of_the_orders(tmp_path: Path) -> None:
    """Where each order has a customer number of its own, the person stands in the table of customers."""
    orders = ["order_id,customer_id,bought_at,total", "1,c1,2024-01-01,5", "2,c2,2024-01-02,7"]
    customers = ["customer_id,person,city", "c1,ann,Ulm", "c2,ann,Ulm"]
    layout = Layout(
        "marketplace",
        {"customer_id": "person", "ordered_at": "bought_at", "amount": "total"},
        joins=(Join("orders", "customer_id", "customers"),),
    )
    data = read(*write(tmp_path, {"orders": orders, "customers": customers}), layout=layout)
    assert lines_of(data, "customer_id", "amount") == [("ann", 5), ("ann", 7)]
    assert layouts_of(data) == {"orders": "marketplace", "customers": "joined"}


@pytest.mark.parametrize(
    ("join", "message"),
    [
        (
            Join("lines", "Ticket", "tickets"),
            r"names a table 'lines', and the tables are: tickets\.csv, positions\.csv",
        ),
        (Join("t*", "Ticket", "*"), r"names a table '\*', which could be several of: tickets\.csv"),
        (Join("tickets", "Ticket", "tickets"), "joins 'tickets' with itself"),
        (
            Join("positions", "Ticket", "tickets"),
            r"names a column 'Ticket' of positions\.csv, whose columns are: Belongs",
        ),
        (Join("tickets", "Who", "positions", "Each"), r"cannot be joined with positions\.csv by 'Who': 3 rows have 2"),
    ],
)
def test_a_join_that_cannot_be_made_is_one_line(tmp_path: Path, join: Join, message: str) -> None:
    """The name that is wrong, and those that there are."""
    layout = Layout(TILL.name, TILL.columns, joins=(join,))
    with pytest.raises(DataError, match=message) as caught:
        read(*write(tmp_path, {"tickets": TICKETS, "positions": [*POSITIONS, "2,c,1,7"]}), layout=layout)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        (
            {
                "products": ["product_id,sku,category", "1,a,kitchen", "2,b,office"],
                "sales": ["customer_id,order_date,amount,product_id,sku", "x,2024-01-01,5,1,b", "y,2024-01-01,6,2,b"],
            },
            r"sales\.csv names rows of products\.csv by 'product_id' and by 'sku', and they are not the same rows",
        ),
        (
            {
                "a": ["order_id,customer_id,order_date", "1,ann,2024-01-01", "2,bob,2024-01-01"],
                "b": ["order_id,customer_id,order_date,note,till", "1,ann,2024-01-01,x,1", "2,bob,2024-01-01,y,1"],
                "items": ITEMS[:4],
            },
            r"a\.csv and b\.csv could both be the orders",
        ),
        (
            {"orders": ORDERS, "items": ITEMS, "refunds": ["order_id,sku,amount,why", "1,p1,10,x", "1,p2,1,y"]},
            r"items\.csv and refunds\.csv could both be the items",
        ),
    ],
    ids=["two keys", "two tables of orders", "two tables of items"],
)
def test_two_readings_stop(tmp_path: Path, tables: Tables, message: str) -> None:
    """Nothing is guessed where two things are possible: the message says how to decide."""
    with pytest.raises(DataError, match=message) as caught:
        read(*write(tmp_path, tables))
    assert "[[joins]]" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_thirty_sheets() -> None:
    """Each of the first ones names the next, and has the columns of all after it; the others have nothing to do."""
    names = [f"{letter}.csv" for letter in "abcdefghijklmnopqrstuvwxyzäöüß"]
    parts = [
        sheet(name, **{f"k{n}_id": ["1", "2", "3"], f"{'k' if n < 5 else 'x'}{n + 1}_id": ["1", "1", "2"]})
        for n, name in enumerate(names)
    ]
    first, *others = relate(parts, connect())
    assert first.header == ("k0_id", "k1_id", "k2_id", "k3_id", "k4_id", "k5_id", "x6_id")
    assert [other.use for other in others] == ["joined"] * 5 + ["data"] * 24
    assert first.cells.count().execute() == 3


Lines = list[tuple[int, str, int, int]]
lines = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["a", "b", "c"]), st.integers(1, 3), st.integers(1, 9)),
    min_size=2,
    max_size=12,
)


@settings(max_examples=6)
@given(lines, st.randoms(use_true_random=False), st.sets(st.integers(1, 6), max_size=2))
def test_what_was_split_comes_together_again(
    tmp_path_factory: pytest.TempPathFactory, sold: Lines, random: Any, lost: set[int]
) -> None:
    """Lines split into three tables in any order are the lines again; those of lost orders are set aside."""
    sold = [(1, "a", 1, 1), (1, "b", 1, 1), *sold]
    lost = lost - {1}
    orders = [f"{order},c{order % 3},2024-01-0{order}" for order in {order for order, *_ in sold} - lost]
    products = [f"{sku},name of {sku}" for sku in sorted({sku for _, sku, *_ in sold})]
    for rows in (orders, products):
        random.shuffle(rows)
    items = [",".join(map(str, line)) for line in sold]
    tables = {
        "orders": ["order_id,customer_id,order_date", *orders],
        "items": ["order_id,sku,quantity,price", *items],
        "products": ["sku,product_name", *products],
    }
    folder = tmp_path_factory.mktemp("split")
    if 2 * sum(order not in lost for order, *_ in sold) < len(sold):
        return  # too few match to be orders of these items
    data = read(*write(folder, tables))
    found = lines_of(data, "order_id", "customer_id", "product_name", "amount")
    assert found == [
        (str(order), None if order in lost else f"c{order % 3}", f"name of {sku}", quantity * price)
        for order, sku, quantity, price in sold
    ]
    cleaned = clean(data)
    n_aside = cleaned.quarantine.count().execute()
    assert cleaned.audit.rows_in == len(sold) == cleaned.audit.rows_kept + n_aside
    assert n_aside == sum(order in lost for order, *_ in sold)


@pytest.mark.data
def test_the_coupon_workbook(data_folder: Path) -> None:
    """Transactions get their merchant through their branch, customers their gender and city; eleven bought nothing."""
    connection = connect()
    path = data_folder / "coupons" / "E-commerce_data.xlsx"
    related = {each.source.split("#")[1]: each for each in relate(read_file(path, "a.xlsx", connection), connection)}
    assert {name for name, each in related.items() if each.use == "data"} == {"customers", "transactions"}
    transactions, customers = related["transactions"].cells, related["customers"].cells
    assert related["transactions"].header[-2:] == ("merchant_id", "merchant_name")
    assert related["customers"].header[-2:] == ("gender_name", "city_name")
    assert related["customers"].notes[-1] == "11 of 1,000 have no row in transactions"
    assert (transactions.count().execute(), transactions.merchant_name.count().execute()) == (5_000, 5_000)
    assert (customers.count().execute(), customers.city_name.count().execute()) == (1_000, 1_000)
    branches, merchants = related["branches"].own_cells, related["merchants"].own_cells
    names = merchants.select("merchant_id", expected="merchant_name")
    looked_up = branches.select("branch_id", "merchant_id").join(names, "merchant_id").select("branch_id", "expected")
    both = transactions.select("branch_id", "merchant_name").join(looked_up, "branch_id")
    assert both.filter(both.merchant_name == both.expected).count().execute() == 5_000
