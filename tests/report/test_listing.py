"""Tables of a workspace as rows, CSV and JSON."""

import io
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.csv as pv
import pytest

from customerbase.errors import UsageError, WorkspaceError
from customerbase.report.listing import find_table, flatten, list_tables, take_rows, write_csv, write_json
from customerbase.workspace import Workspace

ROWS = pa.table(
    {
        "customer_id": ["00123", 'Ann "A", Ltd', "Ünal\n2", None],
        "monetary": pa.array([Decimal("77183.6000"), Decimal("-0.0500"), Decimal(0), None], pa.decimal128(18, 4)),
        "share": [0.1, 1 / 3, None, 1e-9],
        "first_seen": [date(2011, 12, 9), None, date(1999, 1, 1), date(2024, 2, 29)],
        "ordered_at": [datetime(2011, 12, 9, 12, 50), None, datetime(1999, 1, 1), datetime(2024, 2, 29, 1, 2, 3)],
        "is_return": [True, False, None, True],
    }
)


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    """A workspace with order lines out of order, features of two dates, an audit and segments."""
    workspace = Workspace(tmp_path / "shop")
    lines = pa.table({"n": [1, 2, 3], "source": ["b.csv", "a.csv", "a.csv"], "source_row": [2, 10, 9]})
    with workspace.begin() as run:
        run.write_table("order_lines", lines, order_by="n")
        for as_of, ids in (("2011-12-10", ["b", "a"]), ("2010-12-01", ["c"])):
            run.write_table("features", pa.table({"customer_id": ids}), as_of=as_of, order_by="customer_id")
        run.write_json("audit", {"rows_in": 1, "outcomes": [{"rule": "guest", "rows": 1}]})
        run.write_json("segments", {"as_of": "2011-12-10", "segments": [{"name": "Loyal"}]}, as_of="2011-12-10")
        workspace.publish(run, keep_snapshots=True)
    return workspace


def as_csv(value: Any) -> str:
    stream = io.BytesIO()
    write_csv(value, stream)
    return stream.getvalue().decode()


def as_json(value: Any) -> Any:
    stream = io.StringIO()
    write_json(value, stream)
    return json.loads(stream.getvalue())


def test_the_listing_has_one_row_per_table_and_date(shop: Workspace) -> None:
    """Rows only where the file is a table."""
    found = [(row["name"], row["as_of"], row["kind"], row["rows"], row["run"]) for row in list_tables(shop)]
    assert found == [
        ("audit", None, "json", None, "0001"),
        ("features", "2010-12-01", "parquet", 1, "0001"),
        ("features", "2011-12-10", "parquet", 2, "0001"),
        ("order_lines", None, "parquet", 3, "0001"),
        ("segments", "2011-12-10", "json", None, "0001"),
    ]


def test_tables_come_in_the_order_of_their_key(shop: Workspace) -> None:
    """Order lines by source and row, others by their first column."""
    lines: Any = find_table(shop, "order_lines")
    assert lines.to_pyarrow()["source_row"].to_pylist() == [9, 10, 2]
    features: Any = find_table(shop, "features")
    assert features.to_pyarrow()["customer_id"].to_pylist() == ["a", "b"]
    earlier: Any = find_table(shop, "features", "2010-12-01")
    assert earlier.to_pyarrow()["customer_id"].to_pylist() == ["c"]


def test_segments_are_a_list_and_the_audit_is_whole(shop: Workspace) -> None:
    """As `show segments --json` and `show audit --json` give them."""
    assert find_table(shop, "segments") == [{"name": "Loyal"}]
    assert find_table(shop, "audit") == {"rows_in": 1, "outcomes": [{"rule": "guest", "rows": 1}]}


def test_a_name_or_a_date_that_is_not_there_is_refused(shop: Workspace) -> None:
    """With the names or the dates that there are."""
    with pytest.raises(UsageError, match=r"There is no table 'x'\. There are audit, features, order_lines, segments\."):
        find_table(shop, "x")
    with pytest.raises(
        WorkspaceError, match=r"There are no features for 2009-01-01 .*\(it has 2010-12-01, 2011-12-10\)"
    ):
        find_table(shop, "features", "2009-01-01")


def test_csv_reads_back_as_it_was() -> None:
    """Quotes, line ends, zeros in front, money and dates."""
    back = pv.read_csv(
        io.BytesIO(as_csv(ibis.memtable(ROWS)).encode()),
        parse_options=pv.ParseOptions(newlines_in_values=True),
        convert_options=pv.ConvertOptions(
            column_types=ROWS.schema, strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    assert back.to_pylist() == ROWS.to_pylist()


def test_json_has_numbers_and_iso_dates() -> None:
    """What is missing is null; no number is NaN."""
    assert as_json(ibis.memtable(ROWS))[:2] == [
        {
            "customer_id": "00123",
            "monetary": 77183.6,
            "share": 0.1,
            "first_seen": "2011-12-09",
            "ordered_at": "2011-12-09T12:50:00",
            "is_return": True,
        },
        {
            "customer_id": 'Ann "A", Ltd',
            "monetary": -0.05,
            "share": 1 / 3,
            "first_seen": None,
            "ordered_at": None,
            "is_return": False,
        },
    ]


def test_a_table_without_rows_is_still_csv_and_json() -> None:
    """A header, and an empty list."""
    empty = ibis.memtable(ROWS).limit(0)
    assert as_csv(empty).splitlines() == [",".join(f'"{name}"' for name in ROWS.column_names)]
    assert as_json(empty) == []
    assert take_rows(empty, 5) == ([], 0)


def test_a_workspace_without_tables_lists_nothing() -> None:
    """An empty list has no columns, in CSV too."""
    assert as_csv([]).strip() == ""
    assert as_json([]) == []


def test_plain_values_are_flattened_for_people() -> None:
    """An audit to its outcomes, a segment to its first action, a card to names with texts."""
    segment = {"id": 1, "name": "Loyal", "profile": {"n": 1}, "traits": ["a", "b"]}
    strategy = {"goal": "Keep them.", "actions": ["Thank.", "Ask."]}
    assert flatten({"rows_in": 3, "outcomes": [{"rule": "guest", "rows": 1}]}) == [{"rule": "guest", "rows": 1}]
    assert flatten([{**segment, "strategy": strategy}]) == [
        {"id": 1, "name": "Loyal", "traits": "a; b", "goal": "Keep them.", "first_action": "Thank."}
    ]
    card = flatten({"seed": 0, "model": "rfm", "labels": [1, 2], "quality": None})
    assert card == [
        {"name": "seed", "value": "0"},
        {"name": "model", "value": "rfm"},
        {"name": "labels", "value": "[1, 2]"},
        {"name": "quality", "value": None},
    ]
    assert as_csv(card).splitlines()[1] == '"seed","0"'


def test_the_first_rows_come_with_the_number_of_all() -> None:
    """Of a table and of plain rows."""
    rows, n_rows = take_rows(ibis.memtable(ROWS).order_by("customer_id"), 1)
    assert (rows[0]["customer_id"], rows[0]["monetary"], n_rows) == ("00123", 77183.6, 4)
    assert take_rows([{"a": 1}, {"a": 2}], 5) == ([{"a": 1}, {"a": 2}], 2)
