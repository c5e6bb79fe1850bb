"""Layouts: recognised in any order and case, mapped by hand, and refused with the next step in the message."""

import random

import pytest

from customerbase.errors import DataError, UsageError
from customerbase.ingest.layouts import LAYOUTS, MAPPABLE, Layout, detect, fit

RETAIL_II = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"]


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("change", [str, str.lower, str.upper, lambda column: f" {column} "])
def test_layout_is_recognised_in_any_order_and_case(name: str, change: type[str]) -> None:
    """A header that a person has sorted or retyped is that of the same export."""
    header = [change(column) for column in LAYOUTS[name].columns.values()]
    random.Random(3).shuffle(header)
    assert detect(header).name == name
    assert sorted(fit(header).columns.values()) == sorted(header)


def test_further_columns_do_no_harm() -> None:
    """What the layout does not know is left aside."""
    assert detect([*RETAIL_II, "Margin", "Notes"]).name == "online-retail-ii"


def test_optional_columns_may_be_missing() -> None:
    """An export without names and countries of Online Retail II is one of these still."""
    header = [column for column in RETAIL_II if column not in {"Description", "Country"}]
    assert set(fit(header).columns) == {"order_id", "product_id", "quantity", "ordered_at", "unit_price", "customer_id"}


def test_names_of_the_product_are_a_layout() -> None:
    """A table with canonical names needs who, when, and how much."""
    assert fit(["customer_id", "ordered_at", "amount"]).name == "customerbase"
    assert fit(["customer_id", "ordered_at", "quantity", "unit_price"]).name == "customerbase"


def test_a_missing_column_is_named_with_what_to_do() -> None:
    """The message has the nearest layout, the column that it lacks, the likeliest typing error, and the option."""
    header = ["CustomerID" if column == "Customer ID" else column for column in RETAIL_II]
    with pytest.raises(DataError) as caught:
        fit(header)
    assert str(caught.value) == (
        f"No known layout fits these columns: {', '.join(header)}. "
        "The nearest is 'online-retail-ii', which also needs 'Customer ID' (did you mean 'CustomerID'?). "
        "Pass --map customer_id=COLUMN to say which it is."
    )


def test_money_is_missing() -> None:
    """Without an amount, both quantity and price are needed."""
    with pytest.raises(DataError, match=r"also needs 'unit_price'.*--map unit_price=COLUMN"):
        fit(["customer_id", "ordered_at", "quantity"])


def test_a_column_twice_is_refused() -> None:
    """Which of the two is meant cannot be known."""
    with pytest.raises(DataError, match=r"The column 'Price', needed for 'unit_price', stands twice in the header"):
        fit([*RETAIL_II, "price"])


def test_a_column_twice_that_nobody_needs() -> None:
    """It is none of our business."""
    assert fit([*RETAIL_II, "Notes", "Notes"]).name == "online-retail-ii"


def test_mapping_goes_before_the_layout() -> None:
    """One column of a known layout is taken from elsewhere; the rest, and what cancels an order, stay."""
    header = [*RETAIL_II[:6], "Client", "Country"]
    fitted = fit(header, mapping={"customer_id": "client"})
    assert fitted.columns["customer_id"] == "Client"
    assert fitted.columns["order_id"] == "Invoice"
    assert fitted.cancelling == ("C",)


def test_a_mapped_column_is_not_taken_twice() -> None:
    """Where the price column is said to hold the amount, it is no unit price any more."""
    fitted = fit(RETAIL_II, mapping={"amount": "Price"})
    assert fitted.columns["amount"] == "Price"
    assert "unit_price" not in fitted.columns


def test_mapping_of_an_unknown_header() -> None:
    """Who, when and how much are enough."""
    fitted = fit(["who", "when", "total"], mapping={"customer_id": "who", "ordered_at": "when", "amount": "total"})
    assert fitted.columns == {"customer_id": "who", "ordered_at": "when", "amount": "total"}
    assert fitted.cancelling == ()


def test_mapping_that_is_not_enough() -> None:
    """The message names what is still missing."""
    with pytest.raises(DataError, match=r"No column is known for ordered_at; .*Pass --map ordered_at=COLUMN"):
        fit(["who", "when", "total"], mapping={"customer_id": "who", "amount": "total"})


def test_mapping_to_a_column_that_is_not_there() -> None:
    """The nearest name is suggested."""
    with pytest.raises(DataError, match=r"There is no column 'Totl' to take as 'amount' \(did you mean 'Total'\?\)"):
        fit(["who", "when", "Total"], mapping={"customer_id": "who", "ordered_at": "when", "amount": "Totl"})


@pytest.mark.parametrize("name", ["customer", "is_return", "source_row"])
def test_mapping_of_an_unknown_name(name: str) -> None:
    """Only columns that an export can have may be mapped, and all of them are listed."""
    with pytest.raises(UsageError, match=rf"--map knows the names order_id, .*Got '{name}' instead"):
        fit(RETAIL_II, mapping={name: "Country"})


def test_a_layout_by_name() -> None:
    """It must be known, and its columns must be there."""
    assert fit(RETAIL_II, "online-retail-ii").name == "online-retail-ii"
    with pytest.raises(DataError, match=r"The layout 'online-retail' needs the column 'InvoiceNo' and"):
        fit(RETAIL_II, "online-retail")
    with pytest.raises(UsageError, match=r"one of customerbase, online-retail, .*. Got 'shop' instead"):
        fit(RETAIL_II, "shop")


def test_a_layout_of_ones_own() -> None:
    """A caller's Layout is used as it is, in any case of its columns."""
    own = Layout("mine", {"customer_id": "Client", "ordered_at": "Day", "amount": "Total"}, cancelling=("R",))
    fitted = fit(["DAY", "CLIENT", "TOTAL"], own)
    assert (fitted.name, fitted.columns["ordered_at"], fitted.cancelling) == ("mine", "DAY", ("R",))


def test_layouts_speak_of_canonical_columns() -> None:
    """Each layout maps names of the contract, and can do without names that it has."""
    for layout in LAYOUTS.values():
        assert set(layout.columns) <= set(MAPPABLE)
        assert layout.optional <= set(layout.columns)


def test_own_layout_keeps_its_rules_under_a_mapping() -> None:
    """A mapping completes a given layout and leaves its cancelling ids as they are."""
    own = Layout("own", {"order_id": "No", "customer_id": "Who", "ordered_at": "Day"}, cancelling=("R",))
    fitted = fit(["No", "Who", "Day", "Sum"], own, {"amount": "Sum"})
    assert (fitted.cancelling, dict(fitted.columns)["amount"]) == (("R",), "Sum")


def test_stray_column_of_a_known_layout_is_not_taken() -> None:
    """An export that shares one name with a known layout is not half read by it."""
    mapping = {"customer_id": "who", "ordered_at": "day", "amount": "total"}
    assert "unit_price" not in fit(["who", "day", "total", "Price"], mapping=mapping).columns
