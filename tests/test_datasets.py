"""Customers and coupon events in a workspace: each stage, who may read the files, and what another input takes away."""

import shutil
import stat
from datetime import datetime, timedelta
from pathlib import Path

import ibis
import pytest
from tests.front_end import CommandLine, data_tables, many_orders, write_orders

from customerbase import describing
from customerbase.errors import DataError, WorkspaceError
from customerbase.provenance import data_grew, fingerprint_data
from customerbase.report.summary import summarise
from customerbase.schema import Dataset
from customerbase.workflow import (
    Config,
    checkup,
    clean,
    explore,
    features,
    ingest,
    open_workspace,
    report,
    run,
    segment,
)
from customerbase.workspace import Workspace

TWO = Config(n_segments=2)


def write_people(path: Path, n: int = 30, factor: int = 1) -> Path:
    """Write customers c0, c1, … with measures that differ."""
    rows = [f"c{each},{1 + each % 17},{1 + each % 5},{factor * (10 + each * each)},{20 + each}" for each in range(n)]
    return write_orders(path, rows, "customer_id,recency,frequency,monetary,age")


def write_coupons(path: Path, n: int = 60, month: int = 5) -> Path:
    """Write coupons of nine customers, half of them burnt."""
    rows = [
        f"c{number % 9},X{number},2024-0{month}-{1 + number % 20:02},"
        + (f"burned,2024-0{month}-{1 + number % 20 + number % 7:02}" if number % 9 < 5 + number % 2 else "claimed,")
        for number in range(n)
    ]
    return write_orders(path, rows, "customer_id,coupon,date,status,burn_date")


def run_on(folder: Path, *files: Path, config: Config = TWO) -> Workspace:
    """Run into a workspace, and open what was published."""
    run(open_workspace(folder, config), files, config)
    return open_workspace(folder, config)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with orders.csv, people.csv and coupons.csv, and workspaces of people, coupons and all: to be copied."""
    folder = tmp_path_factory.mktemp("ready")
    orders = write_orders(folder / "orders.csv", many_orders())
    people, coupons = write_people(folder / "people.csv"), write_coupons(folder / "coupons.csv")
    for name, files in (("people", [people]), ("coupons", [coupons]), ("all", [orders, people, coupons])):
        run_on(folder / name, *files)
    return folder


def names(workspace: Workspace) -> set[str]:
    """Give the names of what a workspace holds."""
    return {each.name for each in workspace.tables()}


def mode(path: Path) -> int:
    """Give who may do what with a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_customers_alone(ready: Path) -> None:
    """They have no date; there are no order lines, and what is advised for want of them is a run."""
    shop = open_workspace(ready / "people")
    own = {name for name in names(shop) if not name.startswith("explore_")}
    made = {"features", "assignments", "borderline", "segments", "models", "projection", "projection_facts", "report"}
    assert own == {"customers", "quarantine", "audit", "checkup"} | made
    assert shop.dates("features") == ["undated"]
    assert shop.table("customers").count().execute() == 30
    summary = summarise(shop)
    assert (summary["rows_in"], summary["rows_kept"], summary["n_customers"]) == (30, 30, 30)
    assert summary["tables"] == [{"table": "customers", "rows_in": 30, "rows_kept": 30}]
    with pytest.raises(WorkspaceError, match="There are no order lines in"):
        shop.table("order_lines")


def test_coupons_alone(ready: Path) -> None:
    """They stand under the day after the last event."""
    shop = open_workspace(ready / "coupons")
    assert names(shop) >= {"coupon_events", "features"}
    assert not names(shop) & {"order_lines", "customers"}
    last = shop.table("coupon_events").occurred_at.max().to_pyarrow().as_py()
    assert shop.dates("features") == [(last.date() + timedelta(days=1)).isoformat()]


def test_stage_by_stage_is_one_run(ready: Path, tmp_path: Path) -> None:
    """Ingest, clean, checkup, features, segment, explore and report write what run writes, byte for byte."""
    files = [ready / f"{name}.csv" for name in ("orders", "people", "coupons")]
    whole = data_tables(ready / "all")
    shop = open_workspace(tmp_path / "b", TWO)
    ingest(shop, files, TWO)
    assert {"ingested_lines", "ingested_customers", "ingested_coupon_events", "cells", "formats"} == names(shop)
    clean(shop, TWO)
    checkup(shop, TWO)
    features(shop, TWO)
    segment(shop, TWO)
    explore(shop, TWO)
    report(shop, TWO)
    stages = data_tables(tmp_path / "b")
    assert {name: stages[name] for name in whole} == whole
    assert {name for name in stages if name not in whole} == {
        "ingested_lines.parquet", "ingested_customers.parquet", "ingested_coupon_events.parquet", "cells.parquet",
        "formats.json",
    }  # fmt: skip


def test_buckets_split_every_table(ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many rows are folded a bucket at a time: features and segments are those of one query."""
    for name in ("all", "people", "coupons"):
        shop = open_workspace(Path(shutil.copytree(ready / name, tmp_path / name)), TWO)
        whole = data_tables(shop.path)
        with monkeypatch.context() as patched:
            patched.setattr(describing, "ROWS_PER_BUCKET", 11)
            features(shop, TWO)
            segment(shop, TWO)
        again = data_tables(shop.path)
        assert again == {name: whole[name] for name in whole if name != "report.html"}


def test_the_order_of_files_and_rows_changes_no_feature(tmp_path: Path) -> None:
    """Nor what is found; source and row change, and the order in which files are named."""
    people, coupons = write_people(tmp_path / "people.csv"), write_coupons(tmp_path / "coupons.csv")
    before = data_tables(run_on(tmp_path / "a", people, coupons).path)
    for file in (people, coupons):
        header, *rows = file.read_text().splitlines()
        file.write_text("\n".join([header, *rows[::-1]]) + "\n")
    after = data_tables(run_on(tmp_path / "b", coupons, people).path)
    assert {name for name in before if before[name] != after[name]} == {
        "customers.parquet", "coupon_events.parquet", "quarantine.parquet", "audit.json", "explore_columns.parquet",
        "explore_column_values.parquet", "report.html",
    }  # fmt: skip


def test_files_with_addresses_are_for_the_owner_alone(ready: Path, tmp_path: Path) -> None:
    """Customers, what was set aside of them, and their cells; others are as the umask allows."""
    file = tmp_path / "people.csv"
    rows = [f"c{number},{number},c{number}@example.com" for number in range(12)]
    file.write_text("\n".join(["customer_id,visits,email", *rows, "c1,many,x@example.com"]) + "\n")
    shop = run_on(tmp_path / "a", file)
    assert {mode(shop.file(name)) for name in ("customers", "quarantine")} == {0o600}
    shop = open_workspace(tmp_path / "b")
    ingest(shop, [file])
    assert {mode(shop.file(name)) for name in ("ingested_customers", "cells")} == {0o600}
    assert mode(open_workspace(ready / "people").file("customers")) != 0o600


def test_another_kind_of_input_takes_the_old_tables_away(ready: Path, tmp_path: Path) -> None:
    """A workspace holds the tables of its last input only."""
    shop = open_workspace(Path(shutil.copytree(ready / "all", tmp_path / "shop")))
    assert names(shop) >= {"order_lines", "customers", "coupon_events"}
    shop = run_on(tmp_path / "shop", ready / "people.csv")
    assert "order_lines" not in names(shop)
    assert shop.dates("features") == ["undated"]
    ingest(shop, [write_coupons(tmp_path / "coupons.csv")])
    clean(shop)
    assert names(shop) & {"order_lines", "customers", "coupon_events"} == {"coupon_events"}


@pytest.mark.parametrize("kind", ["customers", "coupons"])
def test_another_file_drops_the_snapshots_of_before(tmp_path: Path, kind: str) -> None:
    """The same file, or one that grew, keeps them; other rows drop them, and the summary says so."""
    write = write_people if kind == "customers" else write_coupons
    path = tmp_path / "shop"
    early, late = Config(n_segments=2, as_of="2024-06-01"), Config(n_segments=2, as_of="2024-07-01")
    first = write(tmp_path / "first.csv", 60)
    run_on(path, first, config=early)
    grown = tmp_path / "grown.csv"
    grown.write_text(first.read_text() + ("new,1,1,5,50\n" if kind == "customers" else "new,Y,2024-06-10,claimed,\n"))
    assert run_on(path, grown, config=late).dates("features") == ["2024-06-01", "2024-07-01"]
    others = {"customers": lambda path: write_people(path, 60, 7), "coupons": lambda path: write_coupons(path, 40, 4)}
    other = others[kind](tmp_path / "other.csv")
    shop = run_on(path, other, config=Config(n_segments=2, as_of="2024-08-01"))
    assert shop.dates("features") == ["2024-08-01"]
    dropped = "these data are others than before, so the results of 2024-06-01, 2024-07-01 were dropped."
    assert dropped in summarise(shop)["notes"]


def test_what_counts_as_growth() -> None:
    """A new kind of table is growth, one that is gone is not; measures that changed are others."""
    people = ibis.memtable({"source": ["a"], "source_row": [2], "customer_id": ["ann"], "age": [34]})
    lines = ibis.memtable({"order_id": ["1"], "customer_id": ["ann"], "ordered_at": [datetime(2024, 5, 1)],
                           "product_id": ["mug"], "quantity": [1], "amount": [5]})  # fmt: skip
    events = ibis.memtable({"customer_id": ["ann"], "coupon_id": ["X"], "event": ["claimed"],
                            "occurred_at": [datetime(2024, 5, 1)]})  # fmt: skip
    later = events.mutate(occurred_at=ibis.timestamp("2024-06-01 00:00:00"))
    orders = fingerprint_data(Dataset(lines))
    both = fingerprint_data(Dataset(lines, coupon_events=events))
    assert data_grew(orders, None, Dataset(lines, customers=people, coupon_events=events))
    assert data_grew(both, None, Dataset(lines, coupon_events=events.union(later)))
    assert not data_grew(both, None, Dataset(lines, coupon_events=later))
    assert not data_grew(both, None, Dataset(lines))
    assert not data_grew(orders, None, Dataset(lines, coupon_events=events, has_orders=False))
    assert not data_grew(orders, people, Dataset(lines))
    assert data_grew(orders, people, Dataset(lines, customers=people.mutate(source=ibis.literal("b"), points=1)))
    assert not data_grew(orders, people, Dataset(lines, customers=people.drop("age")))
    assert not data_grew(orders, people, Dataset(lines, customers=people.mutate(age=35)))


def test_nothing_before_the_date(tmp_path: Path) -> None:
    """The message says what the first thing is."""
    with pytest.raises(DataError, match=r"There is no coupon event before 2024-01-01: the first is of 2024-05-01"):
        run_on(tmp_path / "shop", write_coupons(tmp_path / "c.csv"), config=Config(as_of="2024-01-01"))


def test_nothing_can_be_used(tmp_path: Path) -> None:
    """The rules, and a cell that could not be read, are quoted."""
    file = tmp_path / "coupons.csv"
    file.write_text("customer_id,coupon,date,status\nann,X,2024-05-01,lost\n,X,2024-05-01,used\n")
    with pytest.raises(DataError, match=r"None of the 2 rows .* 1 by the rule 'guest'\. Row 2 has 'lost' as event\."):
        run_on(tmp_path / "shop", file)


def test_the_command_line(customerbase: CommandLine, tmp_path: Path) -> None:
    """Each verb counts rows as the files do, and each table can be shown and exported."""
    people, coupons = write_people(tmp_path / "people.csv"), write_coupons(tmp_path / "coupons.csv")
    assert customerbase.good("ingest", people, coupons).out.startswith("Read 90 rows.")
    assert customerbase.good("clean").out.startswith("Kept 90 rows and set 0 aside.")
    customerbase.good("features")
    customerbase.good("segment", "--n-segments", "2")
    assert len(customerbase.good("show", "customers", "--json").json) == 30
    assert {row["event"] for row in customerbase.good("show", "coupon_events", "--json").json} == {"claimed", "burnt"}
    tables = {row["table"] for row in customerbase.good("show", "audit", "--json").json["outcomes"]}
    assert tables == {"customers", "coupon_events"}
    listed = {row["name"] for row in customerbase.good("tables", "--json").json}
    assert listed >= {"customers", "coupon_events", "ingested_customers"}
    customerbase.good("export", "segments.csv")
    refused = customerbase("run", people, "--map", "gender=sex")
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "There is no column 'sex' to take as 'gender'" in refused.err
