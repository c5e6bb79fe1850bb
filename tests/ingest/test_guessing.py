"""Guessing: plain names in eight languages are understood, and nothing else is."""

from pathlib import Path

import pytest

from customerbase.errors import DataError
from customerbase.ingest.guessing import SYNONYMS, guess
from customerbase.ingest.layouts import MAPPABLE, fit
from customerbase.ingest.reading import read


@pytest.mark.parametrize(
    "header",
    [
        ["Customer ID", "Order Date", "Total"],
        ["Kundennummer", "Bestelldatum", "Gesamtbetrag"],
        ["Numéro client", "Date de commande", "Montant total"],
        ["ID cliente", "Fecha de pedido", "Importe"],
        ["Codice cliente", "Data ordine", "Totale"],
        ["Código do cliente", "Data do pedido", "Valor total"],
        ["Klantnummer", "Besteldatum", "Totaalbedrag"],
        ["Numer klienta", "Data zamówienia", "Wartość zamówienia"],
    ],
    ids=["English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch", "Polish"],
)
def test_each_language(header: list[str]) -> None:
    """Customer, date and amount are found, and the layout says that it was guessed."""
    fitted = fit([*header, "Remarks"])
    assert fitted.name == "guessed"
    assert fitted.columns == dict(zip(("customer_id", "ordered_at", "amount"), header, strict=True))


@pytest.mark.parametrize("spelled", ["Customer_ID", "customer-id", "CUSTOMERID", " customer id "])
def test_marks_between_words_do_not_matter(spelled: str) -> None:
    """One name has many spellings."""
    assert fit([spelled, "order date", "TOTAL_AMOUNT"]).columns["customer_id"] == spelled


@pytest.mark.parametrize("stranger", ["Customer ID of the agent", "Old customer", "Kundennummernkreis"])
def test_a_part_of_a_name_is_not_enough(stranger: str) -> None:
    """Only whole names are understood."""
    assert guess([stranger, "Order Date", "Total"]) is None


def test_a_public_table_of_retail_sales() -> None:
    """A header that is often met: total, quantity and price stand side by side."""
    header = ["Transaction ID", "Date", "Customer ID", "Gender", "Age", "Product Category", "Quantity",
              "Price per Unit", "Total Amount"]  # fmt: skip
    assert fit(header).columns == {
        "customer_id": "Customer ID",
        "ordered_at": "Date",
        "amount": "Total Amount",
        "quantity": "Quantity",
        "unit_price": "Price per Unit",
        "order_id": "Transaction ID",
        "category": "Product Category",
    }


def test_an_e_mail_address_only_where_there_is_no_id() -> None:
    """A customer's id goes before the e-mail address, which is read where nothing else names the customer."""
    assert fit(["Email", "Customer ID", "Order Date", "Total"]).columns["customer_id"] == "Customer ID"
    assert fit(["Email", "Order Date", "Total"]).columns["customer_id"] == "Email"


def test_two_candidates_are_refused() -> None:
    """Which one is meant cannot be known, and the option that says it is named."""
    with pytest.raises(DataError, match=r"'Total' and 'Revenue' could both be 'amount'. Pass --map amount=COLUMN"):
        fit(["Customer", "Order Date", "Total", "Revenue"])


def test_a_mapping_decides_between_two_candidates() -> None:
    """What is said is taken, and the rest is guessed still."""
    fitted = fit(["Customer", "Order Date", "Total", "Revenue", "Country"], mapping={"amount": "Revenue"})
    assert fitted.name == "guessed"
    assert fitted.columns == {
        "customer_id": "Customer",
        "ordered_at": "Order Date",
        "country": "Country",
        "amount": "Revenue",
    }


def test_a_mapping_that_is_enough_is_taken_as_it_is() -> None:
    """Nothing is guessed beside it."""
    mapping = {"customer_id": "Customer", "ordered_at": "Order Date", "amount": "Revenue"}
    fitted = fit(["Customer", "Order Date", "Total", "Revenue", "Land"], mapping=mapping)
    assert (fitted.name, fitted.columns) == ("mapped", mapping)


def test_what_is_nearly_a_known_layout_is_not_guessed() -> None:
    """Its cancelling ids would be lost without a word."""
    header = ["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Client", "Country"]
    with pytest.raises(DataError, match=r"The nearest is 'online-retail-ii', which also needs 'Customer ID'"):
        fit(header)


def test_what_was_guessed_is_said(tmp_path: Path) -> None:
    """The notes of the format name each column that was taken, and the option that corrects it."""
    file = tmp_path / "orders.csv"
    file.write_text("Kunde,Bestelldatum,Betrag\nann,2024-05-01,12.50\n", encoding="utf-8")
    data = read(file)
    assert data.formats[0].layout == "guessed"
    assert data.formats[0].notes[-1] == (
        "columns guessed by their names: customer_id from 'Kunde', ordered_at from 'Bestelldatum', "
        "amount from 'Betrag'; pass --map NAME=COLUMN where that is wrong"
    )


def test_no_name_means_two_things() -> None:
    """Each name stands for one canonical column, and all of these can be mapped."""
    assert set(SYNONYMS) <= set(MAPPABLE)
    names = [(name.strip(), column) for column, groups in SYNONYMS.items() for g in groups for name in g.split("|")]
    meanings: dict[str, set[str]] = {}
    for name, column in names:
        meanings.setdefault("".join(name.split()), set()).add(column)
    assert {name: columns for name, columns in meanings.items() if len(columns) > 1} == {}
