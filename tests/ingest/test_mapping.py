"""From cells to order lines: what is computed, what counts as a return, and what cannot be read."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import ibis
import pytest

from customerbase.ingest.layouts import LAYOUTS, Layout, fit
from customerbase.ingest.mapping import map_lines
from customerbase.ingest.sheets import DAMAGED_LINE, Sheet
from customerbase.schema import INGESTED_LINES

SOUND = {
    "order_id": "7",
    "customer_id": "ann",
    "ordered_at": "2024-05-01 10:00:00",
    "quantity": "2",
    "unit_price": "2.50",
}


def map_row(layout: str | Layout | None = None, **cells: str | None) -> dict[str, Any]:
    """Map one row of text cells, whose header is the names given."""
    columns = tuple(name for name in cells if name != DAMAGED_LINE)
    typed = dict.fromkeys(cells, "string")
    table = ibis.memtable(
        [{"source": "orders.csv", "source_row": 2, **cells}],
        schema={"source": "string", "source_row": "int64", **typed},
    )
    lines = map_lines(Sheet("orders.csv", "csv", columns, columns, table), fit(columns, layout))
    row: dict[str, Any] = lines.to_pyarrow().to_pylist()[0]
    return row


def test_a_sound_row() -> None:
    """Text becomes ids, times and exact money, once; what the export has not is missing."""
    row = map_row(**SOUND, product_id=" 85048.0 ", country=" France ")
    assert row == dict.fromkeys(column.name for column in INGESTED_LINES) | {
        "source": "orders.csv",
        "source_row": 2,
        "order_id": "7",
        "customer_id": "ann",
        "ordered_at": datetime(2024, 5, 1, 10),
        "product_id": "85048",
        "quantity": Decimal("2.0000"),
        "unit_price": Decimal("2.5000"),
        "amount": Decimal("5.0000"),
        "country": "France",
        "is_return": False,
        "is_adjustment": False,
        "is_void": False,
    }


def test_columns_have_the_types_of_the_contract() -> None:
    """Every source gives the same columns of the same types, so that sources can be stacked."""
    table = ibis.memtable([{"source": "a", "source_row": 2, **SOUND}])
    lines = map_lines(Sheet("a", "csv", tuple(SOUND), tuple(SOUND), table), fit(tuple(SOUND)))
    assert lines.schema() == ibis.schema({column.name: column.type for column in INGESTED_LINES})


@pytest.mark.parametrize("cell", ["NaN", "inf", "1e309", "12,50", "1_000", "two"])
@pytest.mark.parametrize("column", ["quantity", "unit_price", "discount", "amount"])
def test_a_cell_that_is_no_number_is_named(column: str, cell: str) -> None:
    """The row says which of its cells could not be read, and that cell is empty."""
    row = map_row(**{**SOUND, column: cell})
    assert (row["unreadable"], row[column]) == (column, None if column != "amount" else Decimal(5))


@pytest.mark.parametrize("cell", ["31/02/2011", "soon", "", None])
def test_a_cell_that_is_no_time_is_named(cell: str | None) -> None:
    """An order without a time cannot be used."""
    assert map_row(**{**SOUND, "ordered_at": cell})["unreadable"] == "ordered_at"


def test_the_first_column_that_cannot_be_read_is_named() -> None:
    """Of two bad cells, the time comes before the quantity."""
    assert map_row(**{**SOUND, "ordered_at": "?", "quantity": "?"})["unreadable"] == "ordered_at"


def test_an_empty_number_is_not_damaged_but_gives_no_amount() -> None:
    """A line without a price has no amount: that is what cannot be read."""
    assert map_row(**{**SOUND, "unit_price": " "})["unreadable"] == "amount"


@pytest.mark.parametrize(
    ("quantity", "price", "unreadable"),
    [("1000000", "1000000", None), ("99999999999", "1000", None), ("99999999999", "99999999999", "amount")],
)
def test_an_amount_out_of_range_is_unreadable(quantity: str, price: str, unreadable: str | None) -> None:
    """Quantity and price fit the type; where their product does not, the row says so, and none stops the reading."""
    row = map_row(**{**SOUND, "quantity": quantity, "unit_price": price})
    assert row["unreadable"] == unreadable
    assert row["amount"] == (None if unreadable else Decimal(quantity) * Decimal(price))


def test_a_damaged_line_is_a_row() -> None:
    """It has no cells, and says so."""
    row = map_row(**dict.fromkeys(SOUND), **{DAMAGED_LINE: "7,ann"})
    assert (row["unreadable"], row["amount"]) == ("line", None)


def test_a_given_amount_wins() -> None:
    """What the shop says was paid goes before quantity × price; where it says nothing, they are multiplied."""
    assert map_row(**SOUND, amount="4.20")["amount"] == Decimal("4.20")
    assert map_row(**SOUND, amount="")["amount"] == Decimal(5)


@pytest.mark.parametrize(("quantity", "expected"), [("2", "4.5"), ("-2", "-4.5")])
def test_discount_is_taken_off_and_given_back(quantity: str, expected: str) -> None:
    """Half a pound off two mugs at 2.50; when they come back, that half is not paid out."""
    row = map_row(**{**SOUND, "quantity": quantity}, discount="0.5")
    assert row["amount"] == Decimal(expected)


def test_a_negative_quantity_is_a_return() -> None:
    """So is a negative amount where there is no quantity."""
    assert map_row(**{**SOUND, "quantity": "-1"})["is_return"]
    assert map_row(customer_id="ann", ordered_at="2024-05-01", amount="-3")["is_return"]
    assert not map_row(**SOUND, amount="-3")["is_return"]


def retail(invoice: str, customer: str = "13085.0", quantity: str = "1") -> dict[str, Any]:
    """Map a line of Online Retail II."""
    cells = {
        "order_id": invoice,
        "product_id": "1",
        "quantity": quantity,
        "ordered_at": "2010-12-01",
        "unit_price": "1",
    }
    columns = LAYOUTS["online-retail-ii"].columns
    return map_row(**{columns[name]: cell for name, cell in {**cells, "customer_id": customer}.items()})


def test_cancelling_and_adjusting_documents() -> None:
    """An invoice C… returns, an invoice A… corrects the books, and neither is told by the customer's id."""
    assert [(retail(order)["is_return"], retail(order)["is_adjustment"]) for order in ("C1", "A1", "1")] == [
        (True, False),
        (False, True),
        (False, False),
    ]
    assert not retail("1", customer="C13085")["is_return"]


def test_an_id_of_a_spreadsheet_is_the_id() -> None:
    """13085.0 is customer 13085."""
    assert retail("1")["customer_id"] == "13085"


def test_without_an_order_id_a_customer_has_one_order_a_day() -> None:
    """Column or cell missing: the customer and the day make the order; a guest has none."""
    cells = {"customer_id": "ann", "ordered_at": "2024-05-01 23:00", "amount": "3"}
    assert map_row(**cells)["order_id"] == "ann 2024-05-01"
    assert map_row(**cells, order_id=" ")["order_id"] == "ann 2024-05-01"
    assert map_row(**{**cells, "customer_id": ""})["order_id"] is None


@pytest.mark.parametrize("customer", ["A1", "C1"])
def test_a_made_order_id_is_no_document(customer: str) -> None:
    """The first letter of a customer's id neither cancels nor adjusts an order that has no id."""
    row = retail("", customer=customer)
    assert (row["order_id"], row["is_return"], row["is_adjustment"]) == (f"{customer} 2010-12-01", False, False)
