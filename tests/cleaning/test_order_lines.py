"""Cleaning of order lines: each rule by a hand case and its switch, their order, the audit, and that no row is lost."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.cleaning import RULES, Cleaned, clean
from customerbase.errors import DataError, UsageError
from customerbase.ingest.reading import read
from customerbase.schema import INGESTED_LINES, ORDER_LINES, Dataset

TYPES = {column.name: column.type for column in INGESTED_LINES}
SCHEMA = ibis.schema(TYPES).to_pyarrow()


def make_dataset(*lines: dict[str, Any]) -> Dataset:
    """Make ingested lines; each is a sound one but for what it says."""
    rows = []
    for row, line in enumerate(lines, start=2):
        sound = dict.fromkeys(TYPES) | {
            "source": "shop.csv",
            "source_row": row,
            "order_id": str(row),
            "customer_id": "ann",
        }
        sound |= {"ordered_at": datetime(2024, 5, 1), "product_id": "mug", "quantity": 1, "unit_price": 5, "amount": 5}
        sound |= {"is_return": False, "is_adjustment": str(line.get("order_id")).startswith("A")}
        made = sound | line
        rows.append(
            {
                name: Decimal(v) if isinstance(v, int) and TYPES[name].startswith("dec") else v
                for name, v in made.items()
            }
        )
    return Dataset(ibis.memtable(pa.Table.from_pylist(rows, schema=SCHEMA)))


def rule_by_row(cleaned: Cleaned) -> dict[int, str]:
    """Give the rule of each row that was set aside."""
    rows = cleaned.quarantine.select("source_row", "rule").to_pyarrow().to_pylist()
    return {row["source_row"]: row["rule"] for row in rows}


def marked(cleaned: Cleaned, mark: str) -> list[bool]:
    """Give a mark of the rows kept, in their order."""
    values: list[bool] = cleaned.data.order_lines.order_by("source_row")[mark].to_list()
    return values


def counts(cleaned: Cleaned) -> dict[str, tuple[int, int, Decimal | None]]:
    """Give rows, customers and amount of each rule that caught something."""
    return {out.rule: (out.rows, out.customers, out.amount) for out in cleaned.audit.outcomes if out.rows}


CAUGHT: dict[str, tuple[dict[str, Any], ...]] = {
    "unreadable": ({"unreadable": "quantity", "quantity": None},),
    "repeated_order": ({"source": "a.csv", "order_id": "1"}, {"source": "b.csv", "order_id": "1"}),
    "void_order": ({"is_void": True},),
    "other_currency": ({"currency": "USD"},),
    "accounting_adjustment": ({"is_adjustment": True},),
    "guest": ({"customer_id": None},),
    "no_price": ({"unit_price": 0, "amount": 0},),
    "drop_repeated_lines": ({"order_id": "1"}, {"order_id": "1"}),
}
"""Rule → lines of which it catches the last, and no other rule catches one."""


@pytest.mark.parametrize("rule", CAUGHT)
def test_rule_catches_its_case(rule: str) -> None:
    """The last row is set aside under the rule's name, and a sound one is kept."""
    lines = CAUGHT[rule]
    cleaned = clean(make_dataset(*lines, {}), rules={rule: True}, currency="EUR")
    assert rule_by_row(cleaned) == {len(lines) + 1: rule}
    assert cleaned.audit.rows_kept == len(lines)


@pytest.mark.parametrize("rule", [rule for rule in CAUGHT if rule != "other_currency"])
def test_rule_is_switched_off_by_name(rule: str) -> None:
    """Its rows are then kept, and it is not in the audit."""
    cleaned = clean(make_dataset(*CAUGHT[rule], {}), rules={rule: False})
    assert cleaned.audit.rows_kept == len(CAUGHT[rule]) + 1
    assert rule not in {outcome.rule for outcome in cleaned.audit.outcomes}


def test_every_rule_that_sets_aside_has_a_case() -> None:
    """The table of cases lacks none."""
    assert list(CAUGHT) == [
        name for name, rule in RULES.items() if rule.kind == "quarantined" and "order_lines" in rule.tables
    ]


def test_rules_that_are_off_from_the_start() -> None:
    """Only the dropping of repeated lines must be asked for."""
    assert [name for name, rule in RULES.items() if not rule.is_on] == ["drop_repeated_lines"]


def test_rules_are_called_as_their_functions() -> None:
    """The name in the audit is that of the function, which says what it asks."""
    assert {name: rule.asks.__name__ for name, rule in RULES.items()} == {name: name for name in RULES}


def test_the_first_yes_wins() -> None:
    """A row that every rule would catch is caught by the first, and by the next when that is off."""
    everything = {"unreadable": "discount", "is_void": True, "is_adjustment": True, "customer_id": None}
    everything |= {"unit_price": 0, "amount": 0}
    order = ["unreadable", "void_order", "accounting_adjustment", "guest", "no_price"]
    for number, rule in enumerate(order):
        off = dict.fromkeys(order[:number], False)
        assert rule_by_row(clean(make_dataset(everything, {}), rules=off)) == {2: rule}


def test_a_repeated_order_of_a_guest_is_a_repeated_order() -> None:
    """The copy is set aside as a copy, the original as a guest's."""
    lines = ({"source": source, "order_id": "1", "customer_id": None} for source in ("a.csv", "b.csv"))
    assert rule_by_row(clean(make_dataset(*lines, {}))) == {2: "guest", 3: "repeated_order"}


def test_unknown_rule() -> None:
    """The message lists the rules that there are."""
    with pytest.raises(UsageError, match=r"There is no rule 'guests'\. The rules are unreadable, repeated_order, "):
        clean(make_dataset({}), rules={"guests": False})


def test_what_has_no_price() -> None:
    """A price of zero or less, given or implied by amount and quantity; a full discount is none, nor is a return."""
    cases: list[tuple[dict[str, Any], bool]] = [
        ({"unit_price": 0, "amount": 0}, False),
        ({"unit_price": -1, "amount": -1}, False),
        ({"unit_price": None, "quantity": 2, "amount": -4}, False),
        ({"unit_price": None, "quantity": -2, "amount": -4, "is_return": True}, True),
        ({"unit_price": None, "quantity": None, "amount": 0}, False),
        ({"unit_price": None, "quantity": None, "amount": -4, "is_return": True}, True),
        ({"unit_price": 5, "discount": 5, "amount": 0}, True),
        ({"unit_price": 0, "amount": 4}, True),
    ]
    set_aside = rule_by_row(clean(make_dataset(*(line for line, _ in cases))))
    assert set_aside == {row: "no_price" for row, (_, is_kept) in enumerate(cases, start=2) if not is_kept}


FEES = ["POST", "post", "M", "m", "D", "d ", " C2", "ADJUST", "ADJUST2", "BANK CHARGES", "bank charges ", "PADS", "DOT"]
FEES += ["CRUK", "TEST001", "S", "B", "AMAZONFEE"]
PRODUCTS = ["85123A", "SP1002", "MUG", "DOTCOMGIFTSHOP", "POSTCARD", "C2X", "gift_0001_20", "TESTER", None]


@pytest.mark.parametrize(("codes", "is_product"), [(FEES, False), (PRODUCTS, True)])
def test_codes_that_sell_a_product(codes: list[str | None], is_product: bool) -> None:
    """Fees are known in any case and with spaces; codes that only begin like one are products, and so is no code."""
    marks = marked(clean(make_dataset(*({"product_id": code} for code in codes))), "is_product")
    assert dict(zip(codes, marks, strict=True)) == dict.fromkeys(codes, is_product)


def test_lines_of_the_future_are_marked() -> None:
    """A line is of the future when its day is after the day of reading, whatever its hour; it is kept."""
    times = [datetime(2024, 5, 1, 23, 59), datetime(2024, 5, 2)]
    dataset = make_dataset(*({"ordered_at": time} for time in times))
    assert marked(clean(dataset, today=date(2024, 5, 1)), "is_future") == [False, True]
    assert marked(clean(dataset), "is_future") == [False, False]


def test_repeated_lines_are_marked_and_kept() -> None:
    """A product scanned twice is marked the second time."""
    cleaned = clean(make_dataset({"order_id": "1"}, {"order_id": "1"}, {"order_id": "1", "quantity": 2, "amount": 10}))
    assert marked(cleaned, "is_repeated_line") == [False, True, False]


def test_marks_that_are_off() -> None:
    """No row is marked then, and the columns are there still."""
    lines = ({"order_id": "1", "product_id": "POST", "is_return": True},) * 2
    off = {"is_return": False, "is_product": True, "is_repeated_line": False, "is_future": False}
    cleaned = clean(make_dataset(*lines), rules=dict.fromkeys(off, False), today=date(2020, 1, 1))
    assert cleaned.data.order_lines.select(*off).to_pyarrow().to_pylist() == [off, off]


def test_audit_counts_rows_customers_and_money() -> None:
    """Two customers lose three lines without a price, a guest one of 7; returns are marked among the rows kept."""
    no_price = {"unit_price": 0, "amount": 0}
    cleaned = clean(
        make_dataset(
            {"customer_id": "ann", **no_price},
            {"customer_id": "ann", **no_price},
            {"customer_id": "bob", **no_price},
            {"customer_id": None, "amount": 7},
            {"customer_id": "bob", "quantity": -1, "amount": -5, "is_return": True},
            {"customer_id": "bob", "product_id": "POST", "amount": 3},
        )
    )
    assert (cleaned.audit.rows_in, cleaned.audit.rows_kept) == (6, 2)
    assert counts(cleaned) == {
        "guest": (1, 0, Decimal(7)),
        "no_price": (3, 2, Decimal(0)),
        "is_return": (1, 1, Decimal(-5)),
        "is_product": (1, 1, Decimal(-5)),
    }
    assert [out.share for out in cleaned.audit.outcomes if out.rule == "no_price"] == [3 / 6]


def test_tiny_shop(tiny_shop: Dataset) -> None:
    """Of ten lines, one is a guest's and one has no price."""
    cleaned = clean(tiny_shop)
    assert rule_by_row(cleaned) == {10: "guest", 11: "no_price"}
    assert counts(cleaned)["is_return"] == (2, 2, Decimal(-30))
    assert cleaned.data.order_lines.columns == tuple(column.name for column in ORDER_LINES)


def test_no_lines() -> None:
    """An empty table is clean: nothing came in, nothing is kept."""
    cleaned = clean(Dataset(make_dataset({}).order_lines.filter(ibis.literal(value=False))))
    assert (cleaned.audit.rows_in, cleaned.audit.rows_kept, counts(cleaned)) == (0, 0, {})
    assert cleaned.data.order_lines.count().execute() == cleaned.quarantine.count().execute() == 0


def test_quarantine_has_the_cells_as_they_came(tmp_path: Path) -> None:
    """What is set aside can be sent back to the shop: its own columns, its own text, with row and rule."""
    path = tmp_path / "orders.csv"
    path.write_text('who,when,total,note\nann,2024-05-01,1,x\n bob ,31/02/2011,"12,50",\n,2024-05-02,007,y\nann,2024\n')
    data = read(path, mapping={"customer_id": "who", "ordered_at": "when", "amount": "total"})
    rows = clean(data).quarantine.order_by("source_row").to_pyarrow().to_pylist()
    cells = {"who": None, "when": None, "total": None, "note": None, "damaged_line": None}
    assert rows == [
        {"source": "orders.csv", "source_row": row, "rule": rule, **cells, **own}
        for row, rule, own in (
            (3, "unreadable", {"who": " bob ", "when": "31/02/2011", "total": "12,50"}),
            (4, "guest", {"when": "2024-05-02", "total": "007", "note": "y"}),
            (5, "unreadable", {"damaged_line": "ann,2024"}),
        )
    ]


def test_orders_of_a_table_without_order_ids() -> None:
    """A caller's own table may lack every optional column: a customer then has one order per day."""
    rows = [{"source": "shop", "source_row": row, "customer_id": "ann", "amount": 5} for row in (2, 3, 4)]
    days = pd.to_datetime(["2024-05-01 08:00", "2024-05-01 09:00", "2024-05-02 10:00"])
    cleaned = clean(Dataset(ibis.memtable(pd.DataFrame(rows).assign(ordered_at=days))))
    lines = cleaned.data.order_lines.order_by("source_row")
    assert lines.order_id.to_list() == ["ann 2024-05-01", "ann 2024-05-01", "ann 2024-05-02"]
    assert {name: str(type_) for name, type_ in lines.schema().items()} == {
        column.name: str(ibis.dtype(column.type)) for column in ORDER_LINES
    }


def test_a_negative_amount_of_ones_own_table_is_a_return() -> None:
    """Where a caller does not say what is a return, the sign does."""
    lines = make_dataset({"amount": -5}, {}).order_lines.drop("is_return")
    assert marked(clean(Dataset(lines)), "is_return") == [True, False]


def test_a_table_without_a_needed_column() -> None:
    """The column is named."""
    with pytest.raises(DataError, match="has no column 'customer_id'"):
        clean(Dataset(make_dataset({}).order_lines.drop("customer_id")))


LINES = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.sampled_from(["a.csv", "b.csv"]),
            "order_id": st.sampled_from(["1", "2", "A3", None]),
            "customer_id": st.sampled_from(["ann", "bob", None]),
            "ordered_at": st.sampled_from([datetime(2024, 5, 1), datetime(2024, 5, 2)]),
            "product_id": st.sampled_from(["mug", "POST", None]),
            "unit_price": st.sampled_from([0, 5, None]),
            "unreadable": st.sampled_from([None, None, None, "quantity"]),
        }
    ),
    min_size=1,
    max_size=14,
)
SWITCHES = st.dictionaries(st.sampled_from(list(RULES)), st.booleans(), max_size=3)


@settings(max_examples=8)
@given(LINES, SWITCHES)
def test_no_row_is_lost(lines: list[dict[str, Any]], rules: dict[str, bool]) -> None:
    """Whatever the rows and the switches: rows in = rows kept + rows set aside, each under one rule."""
    cleaned = clean(make_dataset(*lines), rules=rules)
    kept = cleaned.data.order_lines.source_row.to_list()
    set_aside = rule_by_row(cleaned)
    assert sorted([*kept, *set_aside]) == list(range(2, len(lines) + 2))
    assert (cleaned.audit.rows_in, cleaned.audit.rows_kept) == (len(lines), len(kept))
    by_rule = pd.Series(list(set_aside.values()), dtype=object).value_counts().to_dict()
    assert by_rule == {out.rule: out.rows for out in cleaned.audit.outcomes if out.kind == "quarantined" and out.rows}


@settings(max_examples=8)
@given(LINES, SWITCHES)
def test_cleaning_twice_is_cleaning_once(lines: list[dict[str, Any]], rules: dict[str, bool]) -> None:
    """Clean lines have nothing more to set aside, and their marks stay."""
    once = clean(make_dataset(*lines), rules=rules).data
    twice = clean(once, rules=rules)
    assert twice.quarantine.count().execute() == 0
    key = ["source", "source_row"]
    assert twice.data.order_lines.order_by(key).to_pyarrow().equals(once.order_lines.order_by(key).to_pyarrow())


def test_what_other_rules_leave_of_an_order_is_no_repetition() -> None:
    """A mug stands in two files, a free pan of that order in one: no repeated order, and none when the pan has gone."""
    mugs = ({"source": source, "order_id": "1"} for source in ("a.csv", "b.csv"))
    once = clean(make_dataset(*mugs, {"source": "a.csv", "order_id": "1", "unit_price": 0, "amount": 0}))
    assert rule_by_row(once) == {4: "no_price"}
    assert clean(once.data).audit.rows_kept == 2


def test_two_currencies_are_never_added() -> None:
    """Order lines in euros and in pounds are refused; a guest's pounds, which are set aside, do no harm."""
    assert clean(make_dataset({"currency": "EUR"}, {"customer_id": None, "currency": "GBP"})).audit.rows_kept == 1
    with pytest.raises(DataError, match="EUR and GBP"):
        clean(make_dataset({"currency": "EUR"}, {"customer_id": "bob", "currency": "GBP"}))
