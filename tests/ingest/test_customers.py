"""Files with one row per customer: recognised in eight languages, read by column, and not taken for anything else."""

from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pytest

from customerbase.errors import DataError, UsageError
from customerbase.ingest.customer_names import CUSTOMER_SYNONYMS
from customerbase.ingest.guessing import SYNONYMS
from customerbase.ingest.layout import CUSTOMER_COLUMNS
from customerbase.ingest.layouts import Layout, detect, fit
from customerbase.ingest.reading import read
from customerbase.schema import CUSTOMERS, MEASURES, Dataset

SHOPIFY = [
    "Customer ID", "First Name", "Last Name", "Email", "Accepts Email Marketing", "Default Address Company",
    "Default Address Address1", "Default Address Address2", "Default Address City", "Default Address Province Code",
    "Default Address Country Code", "Default Address Zip", "Default Address Phone", "Phone", "Accepts SMS Marketing",
    "Total Spent", "Total Orders", "Note", "Tax Exempt", "Tags",
]  # fmt: skip
BEHAVIOUR = {
    "Customer_ID": "customer_id",
    "Recency": "recency_days",
    "Frequency": "frequency",
    "Monetary": "monetary",
    "Avg_Order_Value": "average_order_value",
    "Session_Count": "n_sessions",
    "Avg_Session_Duration": "average_session_minutes",
    "Pages_Viewed": "n_pages",
    "Clicks": "n_clicks",
    "Campaign_Response": "campaign_response_rate",
    "Wishlist_Adds": "n_wishlist_adds",
    "Cart_Abandon_Rate": "cart_abandonment_rate",
    "Returns": "n_returns",
}


def write(path: Path, header: str, *rows: str) -> Path:
    """Write a CSV file and give its path."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def customers_of(data: Dataset) -> list[dict[str, Any]]:
    """Give the customers that were read, without the columns that are empty in every row."""
    assert data.customers is not None
    rows: list[dict[str, Any]] = data.customers.order_by("source", "source_row").to_pyarrow().to_pylist()
    filled = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    return [{name: row[name] for name in filled if name not in {"source", "source_row"}} for row in rows]


def notes_of(data: Dataset) -> str:
    """Give all notes of the formats."""
    return " | ".join(note for form in data.formats for note in form.notes)


@pytest.mark.parametrize(
    "header",
    [
        ["Customer ID", "Gender", "Age", "City", "Total spent", "Number of orders", "Cart abandonment rate"],
        ["Kundennummer", "Geschlecht", "Alter", "Wohnort", "Gesamtumsatz", "Anzahl Bestellungen",
         "Warenkorbabbruchrate"],
        ["Numéro client", "Sexe", "Âge", "Ville", "Total dépensé", "Nombre de commandes", "Taux d'abandon de panier"],
        ["ID cliente", "Género", "Edad", "Ciudad", "Gasto total", "Número de pedidos", "Tasa de abandono del carrito"],
        ["Codice cliente", "Sesso", "Età", "Città", "Spesa totale", "Numero di ordini", "Abbandono del carrello"],
        ["Código do cliente", "Sexo", "Idade", "Cidade", "Total gasto", "Número de encomendas", "Abandono do carrinho"],
        ["Klantnummer", "Geslacht", "Leeftijd", "Woonplaats", "Totaal besteed", "Aantal bestellingen",
         "Winkelwagenverlating"],
        ["Numer klienta", "Płeć", "Wiek", "Miasto", "Suma wydatków", "Liczba zamówień", "Wskaźnik porzuceń koszyka"],
    ],
    ids=["English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch", "Polish"],
)  # fmt: skip
@pytest.mark.parametrize("change", [str, str.upper, lambda name: name.replace(" ", "_")])
def test_each_language(header: list[str], change: Any) -> None:
    """Demographics and measures are found in any order and spelling, and the layout says what a row is."""
    names = ("customer_id", "gender", "age", "city", "monetary", "frequency", "cart_abandonment_rate")
    spelled = [change(column) for column in header]
    fitted = fit(spelled[::-1])
    assert (fitted.name, fitted.grain) == ("guessed", "customer")
    assert fitted.columns == dict(zip(names, spelled, strict=True))


def test_the_header_of_a_behaviour_file() -> None:
    """All twelve measures have their names."""
    assert fit(list(BEHAVIOUR)).columns == {name: column for column, name in BEHAVIOUR.items()}
    assert {column.name for column in MEASURES} < set(BEHAVIOUR.values())


def test_the_customers_of_a_platform(tmp_path: Path) -> None:
    """An apostrophe before an id is none of the id; e-mail in small letters; consent in words; text is not taken."""
    row = ["'6112345", "Ann", "Lee", "Ann@Example.com", "yes", "", "", "", "Berlin", "BE", "DE", "'10115", "",
           "'+49 30 1", "no", "120.50", "3", "", "no", "vip"]  # fmt: skip
    data = read(write(tmp_path / "customers.csv", ",".join(SHOPIFY), ",".join(row)))
    assert customers_of(data) == [
        {
            "customer_id": "6112345",
            "city": "Berlin",
            "country": "DE",
            "email": "ann@example.com",
            "phone": "'+49 30 1",
            "consent": True,
            "frequency": 3.0,
            "monetary": 120.5,
        }
    ]
    assert "'Tags'" in notes_of(data)


def test_canonical_names_are_a_layout() -> None:
    """It needs the customer alone, and what else is there is taken."""
    assert (detect(["customer_id", "gender"]).name, detect(["customer_id", "age"]).grain) == ("customers", "customer")


@pytest.mark.parametrize(
    "header",
    [
        ["customer_id", "ordered_at", "amount", "gender"],
        ["Customer", "Date", "Revenue", "Recency", "Frequency"],
        ["Kundennummer", "Bestelldatum", "Gesamtbetrag", "Alter"],
    ],
)
def test_an_order_date_with_money_is_an_export_of_orders(header: list[str]) -> None:
    """Whatever else stands there; so it was before there were files of customers."""
    assert fit(header).grain == "line"


@pytest.mark.parametrize(
    "header",
    [
        ["customer_id", "ordered_at", "quantity"],
        ["customer_id", "age", "order_id"],
        ["Customer", "Product", "Revenue"],
        ["Customer", "Order date", "City"],
        ["Gender", "Age", "Recency"],
    ],
)
def test_what_looks_like_orders_is_no_file_of_customers(header: list[str]) -> None:
    """What lacks a date or money beside the columns of orders is refused as before, and so is what names nobody."""
    with pytest.raises(DataError, match="No known layout fits"):
        fit(header)


def test_orders_that_are_not_understood_are_not_taken_for_customers(tmp_path: Path) -> None:
    """Where nothing tells but numbers, customers on several rows are refused, and the two ways out are named."""
    file = write(tmp_path / "till.csv", "customer;when;total", "ann;monday;5", "ann;tuesday;6", "bob;monday;7")
    with pytest.raises(DataError, match=r"1 of 3 rows name a customer again\. Pass --map ordered_at=COLUMN .*--layout"):
        read(file)
    visits = write(tmp_path / "visits.csv", "customer_id,age,length", "ann,34,5", "ann,34,6", "ann,34,7")
    with pytest.raises(DataError, match=r"2 of 3 rows name a customer again"):
        read(visits)
    assert len(customers_of(read(file, layout="customers"))) == 3
    assert len(customers_of(read(file, mapping={"monetary": "total"}))) == 3


def test_nothing_but_ids_and_text(tmp_path: Path) -> None:
    """Such a file says nothing of its customers."""
    with pytest.raises(DataError, match=r"names\.csv: Beside the customer, these columns hold no numbers"):
        read(write(tmp_path / "names.csv", "customer_id,nickname,city_id", "1,Annie,7"))


def test_further_columns(tmp_path: Path) -> None:
    """Numbers pass through under a plain name, codes and text do not, and the notes name these."""
    header = "Customer ID,ShoeSize,Loyalty Points (2024),city_id,Cluster,zip,Tier,loyalty_points_2024,empty"
    rows = ["ann,38.5,120,7,2,10115,gold,1,", "bob,,0,3,1,20095,silver,2,"]
    data = read(write(tmp_path / "customers.csv", header, *rows))
    assert customers_of(data) == [
        {"customer_id": "ann", "shoe_size": 38.5, "loyalty_points_2024": 120.0, "loyalty_points_2024_2": 1.0},
        {"customer_id": "bob", "shoe_size": None, "loyalty_points_2024": 0.0, "loyalty_points_2024_2": 2.0},
    ]
    assert "columns of codes, not taken: 'city_id', 'Cluster', 'zip'" in notes_of(data)
    assert "columns of text, not taken: 'Tier', 'empty'" in notes_of(data)
    assert data.customers is not None
    assert {data.customers.schema()[name] for name in ("shoe_size", "loyalty_points_2024")} == {ibis.dtype("float64")}


def test_every_digit_is_kept(tmp_path: Path) -> None:
    """A measure has more decimals than money."""
    data = read(write(tmp_path / "c.csv", "customer_id,clicks", "ann,14.766242160605087"))
    assert customers_of(data)[0]["n_clicks"] == 14.766242160605087


@pytest.mark.parametrize(
    ("cells", "expected", "is_noted"),
    [
        (["17.6", "0.5"], [0.176, 0.005], True),
        (["17.6%", "0.5%"], [0.176, 0.005], False),
        (["0.176", "1"], [0.176, 1.0], False),
        (["17,6", ""], [0.176, None], True),
    ],
)
def test_percentages(tmp_path: Path, cells: list[str], expected: list[float | None], is_noted: bool) -> None:
    """Values above 1, or percent signs, decide for the whole column."""
    rows = [f"ann;{cells[0]}", f"bob;{cells[1]}"]
    data = read(write(tmp_path / "customers.csv", "customer id;cart abandon rate", *rows))
    rates = [row["cart_abandonment_rate"] for row in customers_of(data)]
    assert rates == [None if rate is None else pytest.approx(rate) for rate in expected]
    assert ("percentages, divided by 100" in notes_of(data)) == is_noted


def test_cells_that_cannot_be_read(tmp_path: Path) -> None:
    """A text where a number, a date or a yes must be is named; an empty cell is only missing."""
    rows = [
        "ann,34,2024-05-01,12,yes,0.5",
        "bob,,,,,",
        "cem,old,2024-05-01,12,no,0.5",
        "dan,34,31/02/2024,12,no,0.5",
        "eva,34,2024-05-01,many,no,0.5",
        "fay,34,2024-05-01,12,perhaps,0.5",
        "gus,34,2024-05-01,12,no,-0.5",
        "hal,34.9,2024-05-01,12",
        "ivy,34.0,2024-05-01,1e3,no,1",
    ]
    header = "customer_id,age,signed_up_at,visits,newsletter,response_rate"
    read_rows = customers_of(read(write(tmp_path / "customers.csv", header, *rows)))
    bad = [None, None, "age", "signed_up_at", "n_sessions", "consent", "campaign_response_rate", "line", None]
    assert [row["unreadable"] for row in read_rows] == bad
    assert read_rows[0]["signed_up_at"] == datetime(2024, 5, 1)
    assert (read_rows[8]["age"], read_rows[8]["n_sessions"]) == (34, 1000.0)


def test_one_mistake_leaves_a_column_of_numbers_one(tmp_path: Path) -> None:
    """Of ten cells, one that is no number is a mistake of its row; with two of ten the column is text."""
    rows = [f"c{number},{number},{number}" for number in range(8)]
    data = read(write(tmp_path / "customers.csv", "customer_id,points,house", *rows, "c8,8,8b", "c9,many,9a"))
    read_rows = customers_of(data)
    assert [row["unreadable"] for row in read_rows] == [None] * 9 + ["points"]
    assert "house" not in read_rows[0]


def test_an_email_is_the_customer_where_nothing_else_is(tmp_path: Path) -> None:
    """In small letters, as in an export of orders."""
    (row,) = customers_of(read(write(tmp_path / "customers.csv", "E-Mail,Alter", "Ann@Example.com,34")))
    assert (row["customer_id"], row["email"], row["age"]) == ("ann@example.com", "ann@example.com", 34)


def test_customers_are_known_as_in_the_orders(tmp_path: Path) -> None:
    """Where the orders know nobody but by e-mail address, the file of customers is joined by it, and says so."""
    orders = write(tmp_path / "orders.csv", "email,order date,total", "ann@example.com,2024-05-01,5")
    file = write(tmp_path / "customers.csv", "customer id,email,age", "77,Ann@example.com,34")
    data = read(orders, file)
    assert customers_of(data)[0]["customer_id"] == "ann@example.com"
    assert "customers known by 'email', as in the orders, and not by 'customer id'" in notes_of(data)
    assert customers_of(read(file))[0]["customer_id"] == "77"


def test_a_mapping_of_customers(tmp_path: Path) -> None:
    """Each name can be mapped; what is mapped goes before what is guessed."""
    file = write(tmp_path / "people.csv", "who,years,visits,spent", "ann,34,3,12")
    data = read(file, mapping={"customer_id": "who", "age": "years", "n_clicks": "visits"})
    assert customers_of(data) == [{"customer_id": "ann", "age": 34, "n_clicks": 3.0, "spent": 12.0}]
    assert data.formats[0].layout == "mapped"


def test_a_mapping_serves_orders_and_customers(tmp_path: Path) -> None:
    """Each file takes the names that are its own; of a name that is not, the notes say so."""
    orders = write(tmp_path / "orders.csv", "who,day,sum,years", "ann,2024-05-01,5,1")
    file = write(tmp_path / "people.csv", "who,years", "ann,34")
    data = read(orders, file, mapping={"customer_id": "who", "ordered_at": "day", "amount": "sum", "age": "years"})
    assert data.has_orders
    assert customers_of(data)[0]["age"] == 34
    assert "a row is one line, so nothing was mapped to age" in data.formats[0].notes


def test_wrong_mappings(tmp_path: Path) -> None:
    """An unknown name, a column that no file has, and a column that the only file has not."""
    orders = write(tmp_path / "orders.csv", "customer,order date,total", "ann,2024-05-01,5")
    file = write(tmp_path / "people.csv", "customer_id,years", "ann,34")
    with pytest.raises(UsageError, match=r"--map knows the names order_id, .*gender.*burnt_at\. Got 'shoe' instead"):
        read(file, mapping={"shoe": "years"})
    with pytest.raises(DataError, match=r"No sheet has the column 'yeers' that is to be taken as 'age'"):
        read(orders, file, mapping={"age": "yeers"})
    with pytest.raises(DataError, match=r"There is no column 'yeers' to take as 'age' \(did you mean 'years'\?\)"):
        read(file, mapping={"age": "yeers"})


def test_a_layout_of_orders_leaves_customers_alone(tmp_path: Path) -> None:
    """What is said of the orders does not hold for the file beside them; a layout that fits nothing is refused."""
    orders = write(tmp_path / "orders.csv", "customer_id,ordered_at,amount", "ann,2024-05-01,5")
    file = write(tmp_path / "people.csv", "customer_id,age", "ann,34")
    data = read(orders, file, layout="customerbase")
    assert [form.grain for form in data.formats] == ["line", "customer"]
    own = Layout("own", {"customer_id": "customer_id", "age": "age"}, grain="customer")
    assert [form.layout for form in read(orders, file, layout=own).formats] == ["customerbase", "own"]
    with pytest.raises(DataError, match=r"The layout 'customerbase' needs the column 'ordered_at'"):
        read(file, layout="customerbase")


def test_files_of_customers_are_stacked(tmp_path: Path) -> None:
    """A measure that one of them has not is missing there; there are no order lines."""
    may = write(tmp_path / "may.csv", "customer_id,age,points", "ann,34,5")
    june = write(tmp_path / "june.csv", "customer_id,age,visits", "bob,40,2")
    data = read(may, june)
    assert customers_of(data) == [
        {"customer_id": "bob", "age": 40, "points": None, "n_sessions": 2.0},
        {"customer_id": "ann", "age": 34, "points": 5.0, "n_sessions": None},
    ]
    assert (data.has_orders, data.order_lines.count().execute()) == (False, 0)


def test_typed_columns(tmp_path: Path) -> None:
    """Parquet has types of its own."""
    import pandas as pd

    frame = pd.DataFrame({"customer_id": [13085.0], "age": [34.0], "points": [5], "tier": ["gold"], "consent": [True]})
    frame.to_parquet(tmp_path / "customers.parquet")
    (row,) = customers_of(read(tmp_path / "customers.parquet"))
    assert row == {"customer_id": "13085", "age": 34, "points": 5.0, "consent": True}


def test_no_name_means_two_things() -> None:
    """Each name stands for one column of a file of customers."""
    assert set(CUSTOMER_SYNONYMS) <= set(CUSTOMER_COLUMNS)
    meanings: dict[str, set[str]] = {}
    for column, groups in CUSTOMER_SYNONYMS.items():
        for name in (name for group in groups for name in group.split("|")):
            meanings.setdefault("".join(name.split()), set()).add(column)
    for name in (name for group in SYNONYMS["customer_id"] for name in group.split("|")):
        meanings.setdefault("".join(name.split()), set()).add("customer_id")
    assert {name: columns for name, columns in meanings.items() if len(columns) > 1} == {}


def test_columns_have_the_types_of_the_contract(tmp_path: Path) -> None:
    """Whatever the file has."""
    customers = read(write(tmp_path / "customers.csv", "customer_id,points", "ann,5")).customers
    assert customers is not None
    assert {name: str(type_) for name, type_ in customers.schema().items()} == {
        **{column.name: str(ibis.dtype(column.type)) for column in CUSTOMERS},
        "points": "float64",
        "unreadable": "string",
    }


@pytest.mark.data
def test_the_real_files_of_customers(data_folder: Path) -> None:
    """Ten thousand customers with twelve measures, and 3,812 with three; every row can be read."""
    for name, n_rows, n_measures in (
        ("behaviour/ecommerce_user_segmentation.csv", 10_000, 12),
        ("behaviour/ecommerce_segmented_customers.csv", 10_000, 14),
        ("rfm/online_retail_ii_year1_clean.csv", 3_812, 3),
    ):
        customers = read(data_folder / name).customers
        assert customers is not None
        assert len(customers.columns) == len(CUSTOMERS) + 1 + n_measures
        assert customers.count().execute() == n_rows
        assert customers.unreadable.notnull().sum().execute() == 0
