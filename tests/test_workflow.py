"""The stages, and what must not change their tables: row order, threads, prices, buckets, a kill."""

import datetime as dt
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tests.front_end import data_tables, listing, many_orders, write_orders

from customerbase import describing
from customerbase.errors import DataError, UsageError, WorkspaceError
from customerbase.features.customers import customer_features
from customerbase.report.summary import summarise
from customerbase.schema import MONEY, Dataset
from customerbase.synthetic import Shop
from customerbase.workflow import Config, clean, explore, export, features, ingest, open_workspace, run, segment
from customerbase.workspace import Workspace

RFM = Config(model="rfm")
KEYED = {
    "order_lines": ["source_row"],
    "quarantine": ["source_row"],
    "set_aside": ["source_row"],
    "returns": ["source_row", "purchase_source_row"],
}
"""Table → its columns with numbers of rows."""


def export_of(shop: Shop) -> Path:
    """Give the CSV of a generated shop."""
    assert shop.order_lines_csv is not None
    return shop.order_lines_csv


def run_on(folder: Path, file: Path, config: Config = RFM) -> Workspace:
    """Run into a new workspace, and open what was published."""
    run(open_workspace(folder, config), [file], config)
    return open_workspace(folder, config)


@pytest.fixture(scope="module")
def plain_runs(plain_shops: dict[str, Path]) -> dict[str, Workspace]:
    """The generated shop run as it is, by model: what other ways to run it are held against; to be read."""
    return {model: open_workspace(path) for model, path in plain_shops.items()}


def rows_without(workspace: Workspace, name: str, *columns: str) -> pd.DataFrame:
    """Give a table without some of its columns, in an order that they do not settle."""
    frame: pd.DataFrame = workspace.table(name).drop(*columns).to_pandas()
    return frame.astype(str).sort_values(list(frame.columns)).reset_index(drop=True)


# Invariances


@pytest.mark.parametrize("model", ["kmeans", "rfm"])
def test_shuffled_rows_change_nothing_but_their_numbers(
    plain_runs: dict[str, Workspace], made_shop: Shop, tmp_path: Path, model: str
) -> None:
    """The same tables but for numbers of rows, which a check-up quotes; features, segments and model to the byte."""
    header, *rows = export_of(made_shop).read_text().splitlines()
    order = pd.Series(rows).sample(frac=1, random_state=5)
    file = write_orders(tmp_path / export_of(made_shop).name, list(order), header)
    plain, shuffled = plain_runs[model], run_on(tmp_path / "b", file, Config(model=model))
    before, after = data_tables(plain.path), data_tables(shuffled.path)
    differing = {name for name in before if before[name] != after[name]}
    assert before.keys() == after.keys()
    assert differing == {f"{name}.parquet" for name in KEYED} | {"checkup.json"}
    for name, columns in KEYED.items():
        pd.testing.assert_frame_equal(rows_without(plain, name, *columns), rows_without(shuffled, name, *columns))
    quoted, quoted_shuffled = (re.sub(r"row \d+", "row", str(shop.json("checkup"))) for shop in (plain, shuffled))
    assert quoted == quoted_shuffled


@pytest.mark.parametrize("threads", [None, 1])
@pytest.mark.parametrize("model", ["kmeans", "rfm"])
def test_two_runs_write_the_same_bytes(
    plain_runs: dict[str, Workspace], made_shop: Shop, tmp_path: Path, model: str, threads: int | None
) -> None:
    """Into another workspace, on another day, whatever the number of threads: sums do not depend on who adds them."""
    config, day = Config(model=model, threads=threads), dt.datetime(2031, 5, 1, 12, 30)
    run(open_workspace(tmp_path / "b", config), [export_of(made_shop)], config, now=day)
    assert data_tables(tmp_path / "b") == data_tables(plain_runs[model].path)


@pytest.mark.parametrize("model", ["kmeans", "rfm"])
def test_prices_in_pennies_make_the_same_segments(
    plain_runs: dict[str, Workspace], made_shop: Shop, tmp_path: Path, model: str
) -> None:
    """A hundred times the price: everybody stays in the same segment, with the same name and the same share."""
    lines = pd.read_csv(export_of(made_shop), dtype=str)
    for column in ("unit_price", "discount", "amount"):
        lines[column] = (lines[column].astype(float) * 100).round().astype("Int64").astype(str)
    lines.to_csv(tmp_path / "order_lines.csv", index=False)
    pounds = plain_runs[model]
    pennies = run_on(tmp_path / "b", tmp_path / "order_lines.csv", Config(model=model))
    assert pennies.json("segments")["gross_revenue"] == pytest.approx(100 * pounds.json("segments")["gross_revenue"])
    pd.testing.assert_frame_equal(pennies.table("assignments").to_pandas(), pounds.table("assignments").to_pandas())
    kept = ("id", "name", "color", "archetype", "n_customers", "share")
    assert [{name: each[name] for name in kept} for each in pennies.json("segments")["segments"]] == [
        {name: each[name] for name in kept} for each in pounds.json("segments")["segments"]
    ]
    advice = [
        [re.sub(r"GBP [\d.,]*\d", "GBP", str(each["strategy"])) for each in shop.json("segments")["segments"]]
        for shop in (pounds, pennies)
    ]
    assert "GBP" in str(advice[0])
    assert advice[0] == advice[1]


def test_buckets_of_customers_give_the_same_bytes(
    plain_runs: dict[str, Workspace], made_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many lines are folded a bucket at a time: features and segments are those of one query."""
    whole = data_tables(plain_runs["rfm"].path)
    monkeypatch.setattr(describing, "ROWS_PER_BUCKET", 700)
    assert data_tables(run_on(tmp_path / "b", export_of(made_shop)).path) == whole


def test_parquet_and_csv_give_the_same_features(
    plain_runs: dict[str, Workspace], made_shop: Shop, tmp_path: Path
) -> None:
    """The layout is the same, and so is every figure."""
    from_csv = data_tables(plain_runs["rfm"].path)
    from_parquet = data_tables(run_on(tmp_path / "b", made_shop.order_lines).path)
    dated = {name for name in from_csv if "as_of=" in name}
    assert len(dated) == 14
    assert {name: from_parquet[name] for name in dated} == {name: from_csv[name] for name in dated}


def test_tables_are_stored_with_the_types_that_were_computed(plain_runs: dict[str, Workspace]) -> None:
    """No count and no money is written as floating point."""
    shop = plain_runs["rfm"]
    lines = shop.table("order_lines")
    assert shop.table("features").schema() == customer_features(Dataset(lines), "2023-07-01").schema()
    assert {str(lines.schema()[name]) for name in ("quantity", "unit_price", "amount")} == {MONEY}


# A kill

KILLED = """
import os, random, signal, sys, time
import sklearn.cluster, sklearn.preprocessing
import customerbase.segmentation.segments, customerbase.report.exports
from customerbase.workflow import Config, open_workspace, run
from tests.front_end import data_tables
from pathlib import Path

file, folder = sys.argv[1], Path(sys.argv[2])

def start(as_of):
    child = os.fork()
    if child == 0:
        config = Config(as_of=as_of, threads=1)
        run(open_workspace(folder, config), [file], config)
        os._exit(0)
    return child

def state():
    return data_tables(folder) if (folder / "workspace.json").exists() else {}

began = time.perf_counter()
assert os.waitpid(start("2023-07-01"), 0)[1] == 0
seconds = time.perf_counter() - began
moments = random.Random(11)
for number in range(5):
    before = state()
    child = start(f"2023-0{1 + number}-01")
    time.sleep(moments.uniform(0, seconds))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    after = state()
    dates = sorted({name for name in after if name.startswith("features/")} - set(before))
    print(number, "old" if after == before else f"new {dates} {len(after) - len(before)}")
assert os.waitpid(start("2023-10-01"), 0)[1] == 0
print(len(list((folder / "runs").iterdir())))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX are sent")
def test_a_killed_run_leaves_the_old_state_or_the_new_one(made_shop: Shop, tmp_path: Path) -> None:
    """Each file of the state has its hash at five random moments, and the next run works and sweeps."""
    command = [sys.executable, "-c", KILLED, str(export_of(made_shop)), str(tmp_path / "shop")]
    checkout = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, cwd=checkout)
    assert done.returncode == 0, done.stderr
    *outcomes, n_runs = done.stdout.splitlines()
    n_dated = sum("as_of=2023-07-01" in name for name in data_tables(tmp_path / "shop"))
    allowed = [
        {f"{number} old", f"{number} new ['features/as_of=2023-0{1 + number}-01.parquet'] {n_dated}"}
        for number in range(5)
    ]
    assert [outcome in each for outcome, each in zip(outcomes, allowed, strict=True)] == [True] * 5
    published = open_workspace(tmp_path / "shop")
    assert {"2023-07-01", "2023-10-01"} <= set(published.dates("segments"))
    in_use = {entry.run for entry in published.tables()}
    assert (
        len(in_use) <= int(n_runs) <= len(in_use) + 1
    )  # the order lines of the state before may have one of their own


# Snapshots


def test_dates_stay_side_by_side_while_the_input_grows(tmp_path: Path) -> None:
    """More lines after the last: the older snapshot stays. Another history: it goes."""
    lines = many_orders()
    until_may = [line for line in lines if line.split(",")[2][:7] < "2024-05"]
    run_on(tmp_path / "shop", write_orders(tmp_path / "orders.csv", until_may), Config(model="rfm", as_of="2024-04-01"))
    grown = run_on(
        tmp_path / "shop", write_orders(tmp_path / "orders.csv", lines), Config(model="rfm", as_of="2024-07-01")
    )
    assert grown.dates("segments") == ["2024-04-01", "2024-07-01"]
    other = run_on(
        tmp_path / "shop", write_orders(tmp_path / "orders.csv", lines[1:]), Config(model="rfm", as_of="2024-07-02")
    )
    assert other.dates("segments") == ["2024-07-02"]


def test_another_cleaning_takes_the_snapshots_of_the_old_one(tmp_path: Path) -> None:
    """What was segmented before no longer follows from the order lines."""
    lines = [*many_orders(), "900,,2024-03-01 10:00,mug,1,5"]
    file = write_orders(tmp_path / "orders.csv", lines)
    config = Config(model="rfm", as_of="2024-06-01")
    ingest(open_workspace(tmp_path / "shop"), [file], config)
    for stage in (clean, features, segment):
        stage(open_workspace(tmp_path / "shop"), config)
    assert open_workspace(tmp_path / "shop").dates("segments") == ["2024-06-01"]
    clean(open_workspace(tmp_path / "shop"), Config(rules={"guest": False}))
    cleaned = open_workspace(tmp_path / "shop")
    assert cleaned.dates("segments") == []
    assert cleaned.json("audit")["rows_kept"] == 91


def test_a_new_date_can_be_described_without_reading_again(small_shop: Path, tmp_path: Path) -> None:
    """`features`, `segment` and `explore` at a date add its snapshot, equal to that of a whole run."""
    whole = run_on(tmp_path / "whole", small_shop / "orders.csv", Config(model="rfm", as_of="2024-03-01"))
    shutil.copytree(small_shop / "shop", tmp_path / "shop")
    config = Config(model="rfm", as_of="2024-03-01")
    features(open_workspace(tmp_path / "shop"), config)
    segment(open_workspace(tmp_path / "shop"), config)
    explore(open_workspace(tmp_path / "shop"), config)
    added = data_tables(tmp_path / "shop")
    dated = {name: value for name, value in data_tables(whole.path).items() if "as_of=" in name}
    assert {name: added[name] for name in dated} == dated


# Log and failure


def test_the_log_of_a_run_says_what_ran_on_what(small_shop: Path, tmp_path: Path) -> None:
    """Command, start, files with their hashes and without their folder, options and versions."""
    now = dt.datetime(2024, 8, 1, 9, 30, tzinfo=dt.UTC)
    run(open_workspace(tmp_path / "shop"), [small_shop / "orders.csv"], RFM, now=now)
    log = open_workspace(tmp_path / "shop").runs[0]
    assert log["command"] == "run"
    assert log["started_at"] == "2024-08-01T09:30:00+00:00"
    assert [each["source"] for each in log["inputs"]] == ["orders.csv"]
    assert log["inputs"][0]["bytes"] == (small_shop / "orders.csv").stat().st_size
    assert log["options"]["model"] == "rfm"
    assert {"customerbase", "duckdb", "python"} <= set(log["versions"])
    assert str(small_shop) not in json.dumps(log)


def test_lines_of_the_future_are_marked_and_do_not_move_the_date(tmp_path: Path) -> None:
    """The day of the run says what the future is; the default date is the day after the last line before it."""
    file = write_orders(tmp_path / "orders.csv", [*many_orders(), "900,c1,2031-01-01 10:00,mug,1,5"])
    run(open_workspace(tmp_path / "shop"), [file], RFM, now=dt.datetime(2024, 8, 1))
    shop = open_workspace(tmp_path / "shop")
    assert shop.dates("segments") == ["2024-06-28"]
    assert shop.table("order_lines").is_future.sum().execute() == 1


def test_a_run_that_fails_late_takes_everything_back(small_shop: Path, tmp_path: Path) -> None:
    """Order lines and features were written when the segments failed: nothing of it is seen or left."""
    shop = open_workspace(Path(shutil.copytree(small_shop / "shop", tmp_path / "shop")))
    before = listing(tmp_path)
    with pytest.raises(DataError, match="Cannot make 50 segments of 9 customers"):
        run(shop, [small_shop / "orders.csv"], Config(n_segments=50))
    assert listing(tmp_path) == before


def test_a_stage_needs_the_one_before(tmp_path: Path) -> None:
    """After `run` nothing that was ingested stays, so that `clean` asks for it."""
    with pytest.raises(WorkspaceError, match=r"There are no ingested lines in .* Run 'customerbase ingest FILE' first"):
        clean(open_workspace(tmp_path / "shop"))
    with pytest.raises(WorkspaceError, match=r"There are no order lines in .* Run 'customerbase clean' first"):
        features(open_workspace(tmp_path / "shop"))
    with pytest.raises(WorkspaceError, match=r"There are no features in .* Run 'customerbase features' first"):
        segment(open_workspace(tmp_path / "shop"))


def test_several_exports_become_one_shop(small_shop: Path, tmp_path: Path) -> None:
    """Two files of half the lines each have the features of one file."""
    lines = many_orders()
    halves = [write_orders(tmp_path / f"half-{half}.csv", lines[half::2]) for half in (0, 1)]
    run(open_workspace(tmp_path / "b"), [str(tmp_path / "half-*.csv")], Config(model="rfm", as_of="2024-05-01"))
    stored = data_tables(tmp_path / "b")
    assert [each["source"] for each in open_workspace(tmp_path / "b").runs[0]["inputs"]] == [
        half.name for half in halves
    ]
    features_file = next(name for name in stored if name.startswith("features/"))
    assert stored[features_file] == data_tables(small_shop / "shop")[features_file]


def test_export_gives_the_number_of_customers(small_shop: Path, tmp_path: Path) -> None:
    """Of a date and of the segments that are named; a segment that is not there is refused."""
    shop = open_workspace(small_shop / "shop")
    segments = shop.json("segments", "2024-04-01")["segments"]
    assert export(shop, tmp_path / "all.csv", as_of="2024-04-01") == 9
    chosen = export(shop, tmp_path / "some.csv", as_of="2024-04-01", segments=[segments[0]["name"]])
    assert chosen == segments[0]["n_customers"]
    with pytest.raises(UsageError, match="There is no segment 'Nobody'"):
        export(shop, tmp_path / "none.csv", segments=["Nobody"])
    assert not (tmp_path / "none.csv").exists()


def test_other_orders_than_before_are_said(tmp_path: Path) -> None:
    """A run names the results of other dates that it drops, and a date long after the last order."""
    first = tmp_path / "first.csv"
    first.write_text("customer_id,ordered_at,amount\nann,2024-05-01,5\nbob,2024-05-02,7\n")
    second = tmp_path / "second.csv"
    second.write_text("customer_id,ordered_at,amount\ncem,2024-05-01,5\ndan,2024-05-02,7\n")
    workspace = open_workspace(tmp_path / "shop")
    run(workspace, [first], Config(model="rfm"))
    run(workspace, [second], Config(model="rfm", as_of="2024-07-01"))
    assert summarise(workspace)["notes"] == [
        "the last order is 60 days older than 2024-07-01; is that the date you meant?",
        "these order lines are others than before, so the results of 2024-05-03 were dropped.",
        "frequency is the same for all customers, so it tells nobody apart.",
    ]


def test_what_cannot_be_read_at_all_is_quoted(tmp_path: Path) -> None:
    """Where no row can be used, the message shows a cell in the way it stands there."""
    export = tmp_path / "kasse.csv"
    export.write_text("Kunde;Datum;Summe\nann;32.13.2024;5\n")
    columns = {"customer_id": "Kunde", "ordered_at": "Datum", "amount": "Summe"}
    with pytest.raises(DataError, match=r"Row 2 has '32\.13\.2024' as ordered_at\."):
        run(open_workspace(tmp_path / "shop"), [export], Config(columns=columns))
