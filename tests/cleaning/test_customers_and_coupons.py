"""Cleaning of customers and coupon events: each rule by a hand case, the audit by table, and that no row is lost."""

from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.cleaning import RULES, Cleaned, TableCount, clean
from customerbase.errors import DataError
from customerbase.ingest.reading import read
from customerbase.schema import COUPON_EVENTS, CUSTOMERS, Dataset, Field

UNREADABLE = Field("unreadable", "string", False, "")
NO_LINES = ibis.memtable({"source": ["x"]}).filter(ibis.literal(value=False))


def make_table(contract: tuple[Field, ...], rows: list[dict[str, Any]], **further: str) -> Any:
    """Make a table of a contract; what a row does not say is missing, but for its key and its customer."""
    types = {column.name: column.type for column in (*contract, UNREADABLE)} | further
    sound = [
        dict.fromkeys(types) | {"source": "a.csv", "source_row": number, "customer_id": "ann"} | row
        for number, row in enumerate(rows, start=2)
    ]
    return ibis.memtable(pa.Table.from_pylist(sound, schema=ibis.schema(types).to_pyarrow()))


def customers(*rows: dict[str, Any]) -> Dataset:
    """Make a data set of customers with a measure."""
    return Dataset(NO_LINES, customers=make_table(CUSTOMERS, list(rows), n_clicks="float64"), has_orders=False)


def events(*rows: dict[str, Any]) -> Dataset:
    """Make a data set of coupon events: ann claims X on 1 May, but for what a row says."""
    sound = {"coupon_id": "X", "event": "claimed", "occurred_at": datetime(2024, 5, 1)}
    table = make_table(COUPON_EVENTS, [sound | row for row in rows])
    return Dataset(NO_LINES, coupon_events=table, has_orders=False)


def rules_of(cleaned: Cleaned) -> list[tuple[int, str]]:
    """Give the rows that were set aside, each with its rule."""
    rows = cleaned.quarantine.order_by("source", "source_row").select("source_row", "rule").to_pyarrow().to_pylist()
    return [(row["source_row"], row["rule"]) for row in rows]


def counts_of(cleaned: Cleaned) -> dict[tuple[str, str], tuple[int, int]]:
    """Give rows and customers of each rule that caught something, by table and rule."""
    return {(each.table, each.rule): (each.rows, each.customers) for each in cleaned.audit.outcomes if each.rows}


def test_customers() -> None:
    """A row that cannot be read, one of nobody, and a second one of ann are set aside; the first of ann is kept."""
    cleaned = clean(
        customers(
            {"unreadable": "age"},
            {"customer_id": None},
            {"n_clicks": 3.0},
            {"customer_id": "bob"},
            {"n_clicks": 9.0},
            {"customer_id": None, "unreadable": "age"},
        )
    )
    assert rules_of(cleaned) == [(2, "unreadable"), (3, "guest"), (6, "repeated_customer"), (7, "unreadable")]
    assert cleaned.data.customers is not None
    assert cleaned.data.customers.order_by("source_row").n_clicks.to_list()[:1] == [3.0]
    assert cleaned.data.customers.columns == (*(column.name for column in CUSTOMERS), "n_clicks")
    assert (cleaned.audit.rows_in, cleaned.audit.rows_kept) == (6, 2)
    assert counts_of(cleaned) == {
        ("customers", "unreadable"): (2, 1),
        ("customers", "guest"): (1, 0),
        ("customers", "repeated_customer"): (1, 1),
    }
    assert {each.amount for each in cleaned.audit.outcomes} == {None}


def test_the_first_customer_is_that_of_source_and_row() -> None:
    """Whatever the order in which the rows come."""
    rows = [
        {"source": "b.csv", "source_row": 2, "n_clicks": 1.0},
        {"source": "a.csv", "source_row": 9, "n_clicks": 2.0},
        {"source": "a.csv", "source_row": 3, "n_clicks": 3.0},
    ]
    for order in (rows, rows[::-1]):
        kept = clean(customers(*order)).data.customers
        assert kept is not None
        assert kept.n_clicks.to_list() == [3.0]


def test_coupon_events_are_counted_by_their_rows() -> None:
    """A burnt coupon is one row with two events; an equal row is set aside, and so is what cannot be read."""
    burnt = {"event": "burnt", "occurred_at": datetime(2024, 5, 3)}
    cleaned = clean(
        events(
            {"source_row": 2},
            {"source_row": 2, **burnt},
            {"source_row": 3},
            {"source_row": 3, **burnt},
            {"source_row": 4, "event": None, "unreadable": "event"},
            {"source_row": 5, "customer_id": None},
            {"source_row": 6, "customer_id": "bob"},
        )
    )
    assert (cleaned.audit.rows_in, cleaned.audit.rows_kept) == (5, 2)
    assert counts_of(cleaned) == {
        ("coupon_events", "unreadable"): (1, 1),
        ("coupon_events", "guest"): (1, 0),
        ("coupon_events", "repeated_event"): (1, 1),
    }
    assert cleaned.data.coupon_events is not None
    kept = cleaned.data.coupon_events.order_by("source_row", "occurred_at")
    assert kept.source_row.to_list() == [2, 2, 6]
    assert kept.columns == tuple(column.name for column in COUPON_EVENTS)


def test_a_coupon_that_was_burnt_since_the_export_before(tmp_path: Path) -> None:
    """Of two exports of one coupon, the claim counts once and the burn is kept."""
    (tmp_path / "may.csv").write_text("customer_id,coupon,date,status,burn_date\nann,X,2024-05-01,active,\n")
    (tmp_path / "june.csv").write_text("customer_id,coupon,date,status,burn_date\nann,X,2024-05-01,used,2024-06-01\n")
    cleaned = clean(read(tmp_path / "may.csv", tmp_path / "june.csv"))
    assert cleaned.data.coupon_events is not None
    assert sorted(cleaned.data.coupon_events.event.to_list()) == ["burnt", "claimed"]
    # june.csv stands before may.csv, and has all that may.csv says.
    assert counts_of(cleaned) == {("coupon_events", "repeated_event"): (1, 1)}
    june_later = clean(read(tmp_path / "may.csv", (tmp_path / "june.csv").rename(tmp_path / "z-june.csv")))
    assert june_later.data.coupon_events is not None
    assert sorted(june_later.data.coupon_events.source.to_list()) == ["may.csv", "z-june.csv"]
    assert counts_of(june_later) == {}


@pytest.mark.parametrize("rule", ["unreadable", "guest", "repeated_customer"])
def test_rules_are_switched_off_by_name(rule: str) -> None:
    """The rows are then kept."""
    rows: dict[str, dict[str, Any]] = {
        "unreadable": {"unreadable": "age"},
        "guest": {"customer_id": None},
        "repeated_customer": {},
    }
    cleaned = clean(customers({"customer_id": "bob"}, {}, {**rows[rule], "source": "z.csv"}), rules={rule: False})
    unreadable_again = [(4, "repeated_customer")] if rule == "unreadable" else []
    assert rules_of(cleaned) == unreadable_again
    assert rule not in {each.rule for each in cleaned.audit.outcomes}


def test_the_tables_stand_beside_each_other(tmp_path: Path) -> None:
    """Rows in and kept are over all tables, with the counts of each beside them; shares are of all rows."""
    (tmp_path / "orders.csv").write_text("customer_id,ordered_at,amount\nann,2024-05-01,5\n,2024-05-01,5\n")
    (tmp_path / "people.csv").write_text("customer_id,age\nann,34\nbob,old\ncem,3\ncem,4\n")
    cleaned = clean(read(tmp_path / "orders.csv", tmp_path / "people.csv"))
    assert (cleaned.audit.rows_in, cleaned.audit.rows_kept) == (6, 3)
    assert cleaned.audit.tables == (TableCount("order_lines", 2, 1), TableCount("customers", 4, 2))
    assert counts_of(cleaned) == {
        ("order_lines", "guest"): (1, 0),
        ("order_lines", "is_product"): (1, 1),
        ("customers", "unreadable"): (1, 1),
        ("customers", "repeated_customer"): (1, 1),
    }
    assert {each.share for each in cleaned.audit.outcomes if each.rows} == {1 / 6}
    rows = cleaned.quarantine.order_by("source", "source_row").to_pyarrow().to_pylist()
    assert [(row["source"], row["rule"], row["customer_id"], row["age"]) for row in rows] == [
        ("orders.csv", "guest", None, None),
        ("people.csv", "unreadable", "bob", "old"),
        ("people.csv", "repeated_customer", "cem", "4"),
    ]


def test_without_cells_the_quarantine_has_what_the_tables_have() -> None:
    """Of several tables, as text."""
    both = Dataset(
        NO_LINES,
        customers=make_table(CUSTOMERS, [{"age": 34}, {"age": 35}]),
        coupon_events=make_table(COUPON_EVENTS, [{"source": "b.csv", "customer_id": None, "coupon_id": "X"}]),
        has_orders=False,
    )
    rows = clean(both).quarantine.order_by("source").to_pyarrow().to_pylist()
    assert [(row["rule"], row["age"], row["coupon_id"]) for row in rows] == [
        ("repeated_customer", "35", None),
        ("guest", None, "X"),
    ]


def test_tables_of_ones_own_may_lack_what_is_optional() -> None:
    """They get it, with the types of the contract; what is required is named."""
    own = ibis.memtable({"source": ["a"], "source_row": [2], "customer_id": ["ann"], "points": [5]})
    kept = clean(Dataset(NO_LINES, customers=own, has_orders=False)).data.customers
    assert kept is not None
    assert str(kept.schema()["age"]) == "int64"
    assert str(kept.schema()["points"]) == "float64"
    with pytest.raises(DataError, match=r"Table 'coupon_events' has no column 'coupon_id'"):
        clean(Dataset(NO_LINES, coupon_events=own, has_orders=False))
    with pytest.raises(DataError, match=r"has no orders, customers or coupon events"):
        clean(Dataset(NO_LINES, has_orders=False))


CELL = st.sampled_from(["ann", "bob", "", "7.0", "old", "-1", "2024-05-01", "2024-05-02", "31/02/2024", "claimed",
                        "burned", "lost", "0.5", "250", "ja", "perhaps", "é"])  # fmt: skip
ROWS = st.lists(st.lists(CELL, min_size=4, max_size=6), min_size=1, max_size=12)
SWITCHES = st.dictionaries(st.sampled_from(list(RULES)), st.booleans(), max_size=3)


def write_rows(path: Path, header: str, first: str, rows: list[list[str]]) -> Path:
    """Write a file whose first row is sound, so that the kind of each column is plain."""
    path.write_text("\n".join([header, first, *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


@settings(max_examples=15)
@given(ROWS, ROWS, SWITCHES)
def test_no_row_is_lost(
    tmp_path_factory: pytest.TempPathFactory, people: list[list[str]], coupons: list[list[str]], rules: dict[str, bool]
) -> None:
    """Whatever stands in the cells, and whatever the switches: rows in = rows kept + rows set aside, in every table."""
    folder = tmp_path_factory.mktemp("damaged")
    files = [
        write_rows(folder / "people.csv", "customer_id,age,signed up at,response_rate,newsletter",
                   "zoe,34,2024-05-31,0.5,yes", people),
        write_rows(folder / "coupons.csv", "customer_id,coupon,date,status,burn_date",
                   "zoe,X,2024-05-31,burned,2024-05-31", coupons),
    ]  # fmt: skip
    cleaned = clean(read(*files, mapping={"age": "age"}), rules=rules)
    assert cleaned.data.customers is not None
    assert cleaned.data.coupon_events is not None
    kept = {("people.csv", row) for row in cleaned.data.customers.source_row.to_list()}
    kept |= {("coupons.csv", row) for row in cleaned.data.coupon_events.source_row.to_list()}
    aside = [(row["source"], row["source_row"]) for row in cleaned.quarantine.to_pyarrow().to_pylist()]
    assert len(aside) == len(set(aside))
    assert kept.isdisjoint(aside)
    everything = {("people.csv", row) for row in range(2, len(people) + 3)}
    everything |= {("coupons.csv", row) for row in range(2, len(coupons) + 3)}
    assert kept | set(aside) == everything
    assert (cleaned.audit.rows_in, cleaned.audit.rows_kept) == (len(everything), len(kept))
    quarantined = sum(each.rows for each in cleaned.audit.outcomes if each.kind == "quarantined")
    assert quarantined == len(aside)


@settings(max_examples=8)
@given(ROWS)
def test_cleaning_twice_is_cleaning_once(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Clean tables have nothing more to set aside."""
    folder = tmp_path_factory.mktemp("twice")
    people = write_rows(folder / "p.csv", "customer_id,age,signed up at,visits", "zoe,34,2024-05-31,1", rows)
    coupons = write_rows(folder / "c.csv", "customer_id,coupon,date,status", "zoe,X,2024-05-31,burned", rows)
    once = clean(read(people, coupons, mapping={"age": "age"})).data
    twice = clean(once)
    assert twice.quarantine.count().execute() == 0
    for before, after in ((once.customers, twice.data.customers), (once.coupon_events, twice.data.coupon_events)):
        assert before is not None
        assert after is not None
        key = ["source", "source_row", *([] if "event" not in before.columns else ["event"])]
        assert after.order_by(key).to_pyarrow().equals(before.order_by(key).to_pyarrow())


@pytest.mark.data
def test_the_real_files(data_folder: Path) -> None:
    """All rows of the behaviour file, the table of year 1 and the coupon workbook are kept."""
    for name, counts in (
        ("behaviour/ecommerce_user_segmentation.csv", (TableCount("customers", 10_000, 10_000),)),
        ("rfm/online_retail_ii_year1_clean.csv", (TableCount("customers", 3_812, 3_812),)),
        (
            "coupons/E-commerce_data.xlsx",
            (TableCount("customers", 1_000, 1_000), TableCount("coupon_events", 5_000, 5_000)),
        ),
    ):
        assert clean(read(data_folder / name)).audit.tables == counts
