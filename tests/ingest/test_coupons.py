"""Coupon files: recognised in eight languages, a burnt coupon has two events, and no status is guessed at."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from customerbase.errors import DataError
from customerbase.ingest.coupon_names import COUPON_SYNONYMS, STATUSES
from customerbase.ingest.layout import COUPON_COLUMNS
from customerbase.ingest.layouts import detect, fit
from customerbase.ingest.reading import read
from customerbase.schema import COUPON_EVENTS, Dataset

HEADER = "customer_id,coupon,date,status,burn_date"


def write(path: Path, header: str, *rows: str) -> Path:
    """Write a CSV file and give its path."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def events_of(data: Dataset) -> list[tuple[Any, ...]]:
    """Give row, customer, event, day and what could not be read, in order."""
    assert data.coupon_events is not None
    events = data.coupon_events.order_by("source", "source_row", "occurred_at", data.coupon_events.event.desc())
    rows = events.select("source_row", "customer_id", "event", "occurred_at", "unreadable").to_pyarrow().to_pylist()
    return [
        (row["source_row"], row["customer_id"], row["event"], _day(row["occurred_at"]), row["unreadable"])
        for row in rows
    ]


def _day(time: datetime | None) -> str | None:
    return None if time is None else time.date().isoformat()


@pytest.mark.parametrize(
    "header",
    [
        ["Customer ID", "Coupon", "Claim date", "Status", "Redeemed at"],
        ["Kundennummer", "Gutscheincode", "Ausgabedatum", "Status", "Eingelöst am"],
        ["Numéro client", "Code promo", "Date d'émission", "Statut", "Date d'utilisation"],
        ["ID cliente", "Cupón", "Fecha de emisión", "Estado", "Fecha de canje"],
        ["Codice cliente", "Codice coupon", "Data di emissione", "Stato", "Data di utilizzo"],
        ["Código do cliente", "Cupom", "Data de emissão", "Situação", "Data de resgate"],
        ["Klantnummer", "Kortingscode", "Uitgiftedatum", "Status", "Verzilverd op"],
        ["Numer klienta", "Kod kuponu", "Data wydania", "Status", "Data realizacji"],
    ],
    ids=["English", "German", "French", "Spanish", "Italian", "Portuguese", "Dutch", "Polish"],
)
def test_each_language(header: list[str]) -> None:
    """Customer, coupon, date, status and burn date are found in any order; status or burn date may be missing."""
    expected = dict(zip(("customer_id", "coupon_id", "occurred_at", "event", "burnt_at"), header, strict=True))
    fitted = fit([*header[::-1], "Remarks"])
    assert (fitted.name, fitted.grain, fitted.columns) == ("guessed", "coupon", expected)
    for left_out in ("event", "burnt_at"):
        columns = {name: column for name, column in expected.items() if name != left_out}
        assert fit(list(columns.values())).columns == columns


def test_canonical_names_are_a_layout() -> None:
    """A table of events in the product's own names needs no option."""
    assert detect(["customer_id", "coupon_id", "occurred_at", "event", "city"]).name == "coupon-events"


def test_orders_with_a_coupon_are_orders() -> None:
    """A coupon code and a status beside date and money stay what they were; with a burn date, money is a value."""
    order = ["Customer", "Order date", "Total", "Coupon", "Status"]
    assert fit(order).grain == "line"
    assert fit(["Customer", "Date", "Value", "Coupon", "Burn date"]).grain == "coupon"


@pytest.mark.parametrize("event", STATUSES)
def test_every_status(tmp_path: Path, event: str) -> None:
    """All words for a claimed and for a burnt coupon are understood in any case, and none is both."""
    words = [" ".join(word.split()) for word in STATUSES[event].split("|")]
    rows = [f"c{number},X{number},2024-05-01,{word.upper()}" for number, word in enumerate(words)]
    found = events_of(read(write(tmp_path / "coupons.csv", "customer_id,coupon,date,status", *rows)))
    assert {each[4] for each in found} == {None}
    assert [each[2] for each in found] == (["claimed", "burnt"] if event == "burnt" else ["claimed"]) * len(words)
    assert {word.strip() for word in STATUSES["claimed"].split("|")}.isdisjoint(
        {word.strip() for word in STATUSES["burnt"].split("|")}
    )


def test_a_burnt_coupon_was_claimed(tmp_path: Path) -> None:
    """Its row yields both events, each at its own time."""
    rows = ["ann,X,2024-05-01,burned,2024-05-03", "bob,Y,2024-05-02,subscribed,"]
    data = read(write(tmp_path / "coupons.csv", HEADER, *rows))
    assert events_of(data) == [
        (2, "ann", "claimed", "2024-05-01", None),
        (2, "ann", "burnt", "2024-05-03", None),
        (3, "bob", "claimed", "2024-05-02", None),
    ]
    assert (data.has_orders, data.formats[0].grain, data.formats[0].rows) == (False, "coupon", 2)


@pytest.mark.parametrize(
    ("row", "unreadable"),
    [
        ("ann,X,2024-05-01,lost,", "event"),
        ("ann,X,2024-05-01,,", "event"),
        ("ann,X,2024-05-01,pending,2024-05-03", "event"),
        ("ann,X,2024-05-01,claimed,2024-05-03", "event"),
        ("ann,X,2024-05-01,burnt,", "burnt_at"),
        ("ann,X,2024-05-01,burnt,soon", "burnt_at"),
        ("ann,X,2024-05-02,burnt,2024-05-01", "burnt_at"),
        ("ann,X,soon,burnt,2024-05-03", "occurred_at"),
        ("ann,X,,claimed,", "occurred_at"),
        ("ann,,2024-05-01,claimed,", "coupon_id"),
        ("ann,X,2024-05-01", "line"),
    ],
)
def test_rows_that_cannot_be_read(tmp_path: Path, row: str, unreadable: str) -> None:
    """Each says which cell it is, has no event, and stops no other row."""
    found = events_of(read(write(tmp_path / "coupons.csv", HEADER, row, "bob,Y,2024-05-01,claimed,")))
    assert [(each[0], each[2], each[4]) for each in found] == [(2, None, unreadable), (3, "claimed", None)]


def test_burnt_on_the_day_of_the_claim(tmp_path: Path) -> None:
    """A burn date without a time of day may be that of the claim; one with a time may not be before it."""
    rows = [
        "ann,X,2024-05-01 14:00,burnt,2024-05-01",
        "bob,Y,2024-05-01 14:00,burnt,2024-05-01 13:00",
    ]
    data = read(write(tmp_path / "coupons.csv", HEADER, *rows))
    assert [each[4] for each in events_of(data)] == [None, None, "burnt_at"]
    assert data.coupon_events is not None
    ann = data.coupon_events.filter(data.coupon_events.customer_id == "ann")
    assert set(ann.occurred_at.execute()) == {datetime(2024, 5, 1, 14)}


def test_a_burn_date_alone_says_what_is_burnt(tmp_path: Path) -> None:
    """Without a status, a filled burn date is a burnt coupon."""
    rows = ["ann,X,01.05.2024,23.05.2024", "bob,Y,02.05.2024,"]
    data = read(write(tmp_path / "coupons.csv", "Kunde,Gutschein,Datum,Eingelöst am", *rows))
    assert [each[:4] for each in events_of(data)] == [
        (2, "ann", "claimed", "2024-05-01"),
        (2, "ann", "burnt", "2024-05-23"),
        (3, "bob", "claimed", "2024-05-02"),
    ]


def test_a_status_alone_dates_both_events(tmp_path: Path) -> None:
    """Claim and burn have the date of the row, and the notes say so."""
    rows = ["ann,X,2024-05-01,used", "bob,Y,2024-05-02,active"]
    data = read(write(tmp_path / "coupons.csv", "customer_id,coupon,date,status", *rows))
    assert [each[2:4] for each in events_of(data)] == [
        ("claimed", "2024-05-01"),
        ("burnt", "2024-05-01"),
        ("claimed", "2024-05-02"),
    ]
    assert any("no column has burn dates" in note for note in data.formats[0].notes)


def test_a_log_of_events_is_not_claimed_twice(tmp_path: Path) -> None:
    """Where the claim stands on a row of its own, also in another file, the burnt row brings only the burn."""
    header = "customer_id,coupon_id,event,occurred_at"
    may = write(tmp_path / "may.csv", header, "ann,X,claimed,2024-05-01", "bob,X,burnt,2024-05-02")
    june = write(tmp_path / "june.csv", header, "ann,X,burnt,2024-06-01", "cem,X,claimed,2024-06-02")
    assert sorted(each[1:4] for each in events_of(read(may, june))) == [
        ("ann", "burnt", "2024-06-01"),
        ("ann", "claimed", "2024-05-01"),
        ("bob", "burnt", "2024-05-02"),
        ("bob", "claimed", "2024-05-02"),
        ("cem", "claimed", "2024-06-02"),
    ]


def test_events_come_back_as_they_were(tmp_path: Path) -> None:
    """What was read and written as canonical events is the same when it is read again."""
    rows = ["ann,X,2024-05-01,burned,2024-05-03", "bob,Y,2024-05-02,subscribed,", "ann,Z,2024-05-02,burned,2024-05-02"]
    once = read(write(tmp_path / "coupons.csv", HEADER, *rows)).coupon_events
    assert once is not None
    names = ("customer_id", "coupon_id", "event", "occurred_at")
    once.select(*names).to_csv(tmp_path / "events.csv")
    again = read(tmp_path / "events.csv").coupon_events
    assert again is not None
    key = list(names)
    assert again.select(*names).order_by(key).to_pyarrow().equals(once.select(*names).order_by(key).to_pyarrow())


def test_a_mapping_of_coupons(tmp_path: Path) -> None:
    """Each name can be mapped; a column that is not there is named."""
    file = write(tmp_path / "c.csv", "a,b,c,d", "ann,X,2024-05-01,used")
    columns = {"customer_id": "a", "coupon_id": "b", "occurred_at": "c", "event": "d"}
    assert len(events_of(read(file, mapping=columns))) == 2
    with pytest.raises(DataError, match=r"There is no column 'e' to take as 'event'"):
        read(file, mapping={**columns, "event": "e"})
    with pytest.raises(DataError, match=r"These columns make no file of coupons: a, b, c, d"):
        read(file, mapping={"customer_id": "a", "coupon_id": "b"})


def test_all_three_kinds_in_one_call(tmp_path: Path) -> None:
    """Each sheet goes into the table of its kind."""
    orders = write(tmp_path / "orders.csv", "customer_id,ordered_at,amount", "ann,2024-05-01,5")
    people = write(tmp_path / "people.csv", "customer_id,age", "ann,34")
    coupons = write(tmp_path / "coupons.csv", HEADER, "ann,X,2024-05-01,burnt,2024-05-03")
    data = read(coupons, people, orders)
    assert [form.grain for form in data.formats] == ["coupon", "customer", "line"]
    assert data.customers is not None
    assert data.coupon_events is not None
    assert [table.count().execute() for table in (data.order_lines, data.customers, data.coupon_events)] == [1, 1, 2]
    assert data.cells is not None
    assert data.cells.count().execute() == 3


def test_columns_have_the_types_of_the_contract(tmp_path: Path) -> None:
    """Whatever the file has."""
    import ibis

    events = read(write(tmp_path / "coupons.csv", HEADER, "7.0,8.0,2024-05-01,burnt,2024-05-03")).coupon_events
    assert events is not None
    contract = {column.name: ibis.dtype(column.type) for column in COUPON_EVENTS}
    assert dict(events.schema().items()) == {**contract, "unreadable": ibis.dtype("string")}
    assert set(events.customer_id.execute()) == {"7"}


def test_no_name_means_two_things() -> None:
    """Each name stands for one column of a coupon file."""
    assert set(COUPON_SYNONYMS) <= set(COUPON_COLUMNS)
    meanings: dict[str, set[str]] = {}
    for column, groups in COUPON_SYNONYMS.items():
        for name in (name for group in groups for name in group.split("|")):
            meanings.setdefault("".join(name.split()), set()).add(column)
    assert {name: columns for name, columns in meanings.items() if len(columns) > 1} == {}


@pytest.mark.data
def test_the_coupon_workbook(data_folder: Path) -> None:
    """5,000 rows are 5,000 claims and 2,516 burns of 989 customers; 1,000 customers stand beside them."""
    data = read(data_folder / "coupons/E-commerce_data.xlsx")
    assert data.coupon_events is not None
    assert data.customers is not None
    counts = data.coupon_events.event.value_counts(name="n").to_pyarrow().to_pylist()
    assert {each["event"]: each["n"] for each in counts} == {"claimed": 5_000, "burnt": 2_516}
    assert data.coupon_events.unreadable.notnull().sum().execute() == 0
    assert data.coupon_events.customer_id.nunique().execute() == 989
    assert data.customers.count().execute() == 1_000
