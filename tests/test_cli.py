"""The command line: what each verb prints and writes, and how each bad input ends."""

import csv
import io
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from tests.front_end import HEADER, OUTCOME, SEGMENT, CommandLine, data_tables, listing, many_orders, write_orders

from customerbase.features.customers import FEATURES
from customerbase.segmentation.schemes import SCHEMES
from customerbase.synthetic import Shop
from customerbase.workspace import Workspace

CUSTOMERBASE = [sys.executable, "-c", "from customerbase.cli import run_program; run_program()"]
AUDIT = ["rows_in", "rows_kept", "outcomes", "formats", "tables"]


def rows_of(text: str) -> list[dict[str, str]]:
    """Parse CSV with a header."""
    return list(csv.DictReader(io.StringIO(text)))


def cells_of(made_shop: Shop) -> pd.DataFrame:
    """Give the export as pandas reads it."""
    return pd.read_csv(str(made_shop.order_lines_csv), dtype=str)


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """Ninety orders of nine customers, in the folder where the command line is called."""
    return write_orders(tmp_path / "orders.csv", many_orders())


# What each verb does


def test_run_ends_with_a_summary_for_a_manager(customerbase: CommandLine, made_shop: Shop) -> None:
    """Rows in, rows set aside and why, customers, each segment with its first action, and what was written."""
    out = customerbase.good("run", str(made_shop.order_lines_csv)).out
    cells = cells_of(made_shop)
    guests = int(cells.customer_id.isna().sum())
    assert out.startswith("5,000 rows read from order_lines.csv (customerbase)")
    assert f"{guests} set aside ({guests / 5_000:.1%}): name no customer" in out
    assert f"{5_000 - guests:,} kept" in out
    segments = customerbase.good("show", "segments", "--json").json
    assert f"{sum(each['n_customers'] for each in segments):,} customers with a purchase before" in out
    for each in segments:
        assert f"{each['n_customers']:,}" in out
        assert f"{each['revenue_share']:.1%}" in out
        assert each["name"] in out
        assert each["strategy"]["actions"][0].split()[0] in out
    for file in data_tables(Path("shop")):
        assert file in out or file.startswith("explore_")
    assert out.count("explore_") == 1


def test_demo_makes_a_shop_and_its_segments(customerbase: CommandLine) -> None:
    """Without any file; the export stays in the workspace, and the demo can be repeated."""
    for _ in range(2):
        assert customerbase.good("demo", "--n-lines", "1000", "--model", "rfm").out.startswith("1,000 rows read")
    names = {path.name for path in Path("shop/demo").iterdir()}
    assert names == {"order_lines.csv", "order_lines.parquet", "customers.parquet"}


def test_demo_refuses_to_overwrite_a_real_shop(customerbase: CommandLine, small_shop: Path) -> None:
    """The shop stays, to the byte."""
    shutil.copytree(small_shop / "shop", "shop")
    before = listing(Path("shop"))
    answer = customerbase("demo", "--n-lines", "1000")
    assert answer.status == 1
    assert answer.err == (
        "Error: shop holds a shop already. Give the demo a workspace of its own: customerbase -w demo demo.\n"
    )
    assert listing(Path("shop")) == before


def test_the_stages_one_by_one_give_the_bytes_of_run(
    customerbase: CommandLine, made_shop: Shop, plain_shops: dict[str, Path]
) -> None:
    """ingest, clean, features, segment, explore and report write the tables of run, and each says what comes next."""
    file = str(made_shop.order_lines_csv)
    n_guests = int(cells_of(made_shop).customer_id.isna().sum())
    said = [
        customerbase.good("-w", "staged", *words).out
        for words in (["ingest", file], ["clean"], ["features"], ["segment"], ["checkup"], ["explore"], ["report"])
    ]
    n_customers = customerbase.good("-w", "staged", "show", "features", "--csv").out.count("\n") - 1
    assert said[0] == "Read 5,000 rows. Next: customerbase -w staged clean\n"
    assert said[1].startswith(f"Kept {5_000 - n_guests:,} rows and set {n_guests:,} aside.")
    assert said[2] == f"Described {n_customers:,} customers. Next: customerbase -w staged segment\n"
    whole, staged = data_tables(plain_shops["kmeans"]), data_tables(Path("staged"))
    assert {name: staged[name] for name in whole} == whole
    assert set(staged) - set(whole) == {"ingested_lines.parquet", "cells.parquet", "formats.json"}


def test_a_stage_says_which_one_comes_before_it(customerbase: CommandLine) -> None:
    """In an empty workspace each names the command to run first, and leaves no folder."""
    advice = {"clean": "ingest FILE", "features": "clean", "segment": "features", "export e.csv": "segment"}
    for words, first in advice.items():
        answer = customerbase(*words.split())
        assert answer.status == 1
        assert answer.err.endswith(f"Run 'customerbase {first}' first.\n")
    assert list(Path.cwd().iterdir()) == []


# show and tables


def test_the_audit_has_its_shape(customerbase: CommandLine, finished_shop: Path, made_shop: Shop) -> None:
    """Rows in, rows kept, outcomes with six keys each, and formats; rows in = kept + set aside."""
    audit = customerbase.good("-w", finished_shop, "show", "audit", "--json").json
    assert list(audit) == AUDIT
    assert all(list(outcome) == OUTCOME for outcome in audit["outcomes"])
    set_aside = sum(outcome["rows"] for outcome in audit["outcomes"] if outcome["kind"] == "quarantined")
    assert audit["rows_in"] == 5_000 == audit["rows_kept"] + set_aside
    guests = next(outcome for outcome in audit["outcomes"] if outcome["rule"] == "guest")
    without_name = cells_of(made_shop).query("customer_id.isna()")
    assert guests["rows"] == len(without_name)
    assert guests["share"] == pytest.approx(len(without_name) / 5_000)
    assert guests["amount"] == pytest.approx(without_name.amount.astype(float).sum())
    assert [each["source"] for each in audit["formats"]] == ["order_lines.csv"]


def test_segments_have_their_shape(customerbase: CommandLine, finished_shop: Path) -> None:
    """The same keys each; customers and revenue add up."""
    segments = customerbase.good("-w", finished_shop, "show", "segments", "--json").json
    assert [list(each) for each in segments] == [SEGMENT] * 3
    assert [each["id"] for each in segments] == [1, 2, 3]
    assert sum(each["share"] for each in segments) == pytest.approx(1)
    assert sum(each["revenue_share"] for each in segments) == pytest.approx(1)
    for each in segments:
        assert {"goal", "actions", "channel", "avoid", "measure"} <= set(each["strategy"])
        assert 3 <= len(each["strategy"]["actions"]) <= 5


def test_features_and_assignments_have_one_row_per_customer(
    customerbase: CommandLine, finished_shop: Path, made_shop: Shop
) -> None:
    """The key comes first, then the date, and every feature is a column."""
    cells = cells_of(made_shop).dropna(subset="customer_id")
    features = rows_of(customerbase.good("-w", finished_shop, "show", "features", "--csv").out)
    assert list(features[0]) == ["customer_id", "as_of", *FEATURES]
    assert [row["customer_id"] for row in features] == sorted(cells.customer_id.unique())
    assignments = rows_of(customerbase.good("-w", finished_shop, "show", "assignments", "--csv").out)
    assert list(assignments[0])[:4] == ["customer_id", "as_of", "segment_id", "segment"]
    buyers = cells[cells.quantity.astype(float) > 0].customer_id.unique()
    assert [row["customer_id"] for row in assignments] == sorted(buyers)


def test_the_three_ways_of_printing_show_the_same_rows(customerbase: CommandLine, finished_shop: Path) -> None:
    """JSON and CSV give all of them, the table the first twenty and says so."""
    show = ["-w", str(finished_shop), "show", "assignments"]
    as_json = customerbase.good(*show, "--json").json
    as_csv = rows_of(customerbase.good(*show, "--csv").out)
    as_table = customerbase.good(*show, "--table").out
    texts = [{name: "" if value is None else str(value) for name, value in row.items()} for row in as_json]
    assert [{**row, "is_borderline": row["is_borderline"].lower()} for row in texts] == as_csv
    assert as_table.splitlines()[0].split() == list(as_csv[0])
    assert [line.split()[0] for line in as_table.splitlines()[1:21]] == [row["customer_id"] for row in as_csv[:20]]
    assert as_table.splitlines()[21] == f"20 of {len(as_csv)} rows; --csv and --json give all of them."
    assert customerbase.good(*show).out == as_table


@pytest.mark.parametrize(
    "name", ["order_lines", "quarantine", "audit", "features", "assignments", "segments", "models"]
)
@pytest.mark.parametrize("option", ["--json", "--csv", "--table"])
def test_every_table_can_be_shown_in_every_way(
    customerbase: CommandLine, finished_shop: Path, name: str, option: str
) -> None:
    """No table has a cell that one of the ways cannot print."""
    assert customerbase.good("-w", finished_shop, "show", name, option).out.count("\n") > 1


def test_tables_lists_what_there_is_at_both_dates(customerbase: CommandLine, finished_shop: Path) -> None:
    """With date, kind, rows and run."""
    found = customerbase.good("-w", finished_shop, "tables", "--json").json
    assert [list(each) for each in found] == [["name", "as_of", "kind", "rows", "bytes", "run"]] * len(found)
    last = found[1]["as_of"]
    dates = [(each["name"], each["as_of"], each["run"]) for each in found if each["kind"] == "parquet"]
    explored = [each for each in dates if each[0].startswith("explore_")]
    assert explored[:2] == [("explore_categories", None, "0002"), ("explore_codes", None, "0002")]
    assert ("explore_lorenz", "2023-07-01", "0001") in explored
    assert ("explore_lorenz", last, "0002") in explored
    assert [each for each in dates if each not in explored] == [
        ("assignments", "2023-07-01", "0001"),
        ("assignments", last, "0002"),
        ("borderline", "2023-07-01", "0001"),
        ("borderline", last, "0002"),
        ("features", "2023-07-01", "0001"),
        ("features", last, "0002"),
        ("order_lines", None, "0002"),
        ("projection", "2023-07-01", "0001"),
        ("projection", last, "0002"),
        ("quarantine", None, "0002"),
        ("returns", None, "0002"),
        ("set_aside", None, "0002"),
    ]
    assert customerbase.good("-w", finished_shop, "tables", "--csv").out.count("\n") == len(found) + 1
    assert "2023-07-01" in customerbase.good("-w", finished_shop, "tables").out


def test_two_dates_stand_side_by_side(customerbase: CommandLine, finished_shop: Path) -> None:
    """The latest is shown unless a date is asked for; RFM names are those of the scheme."""
    show = ["-w", str(finished_shop), "show", "segments", "--json"]
    latest, early = customerbase.good(*show).json, customerbase.good(*show, "--as-of", "2023-07-01").json
    assert len(latest) == 3
    assert {each["name"] for each in early} <= set(SCHEMES["cells-11"].segments)
    assert sum(each["n_customers"] for each in early) < sum(each["n_customers"] for each in latest)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ("show nothing", 2, "There is no table 'nothing'. There are assignments, audit, borderline, checkup, "),
        ("show features --as-of 2001-01-01", 1, "There are no features for 2001-01-01 in "),
        ("show features --as-of soon", 2, "'as_of' must be a date such as 2011-12-10. Got 'soon' instead."),
        ("show audit --as-of 2023-07-01", 1, "'audit' in "),
        ("show audit --json --csv", 2, "Choose one of --json, --csv and --table."),
        ("tables --csv --table", 2, "Choose one of --json, --csv and --table."),
        ("segment --as-of 2001-01-01", 1, "There are no features for 2001-01-01 in "),
        ("features --as-of 2001-01-01", 1, "There is no order before 2001-01-01: the first is of 2022-01-01. "),
        ("export e.doc", 2, "An export is csv, parquet or xlsx. Got 'doc' instead."),
        ("export e.csv --segment Nobody", 2, "There is no segment 'Nobody'. The segments are "),
        ("export nowhere/e.csv", 2, "There is no folder ./nowhere. "),
        ("export e.csv --as-of 2001-01-01", 1, "There are no assignments for 2001-01-01 in "),
        ("nonsense", 2, "No such command 'nonsense'. See 'customerbase --help'."),
        ("show audit --nonsense", 2, "No such option: --nonsense. See 'customerbase --help'."),
        ("show", 2, "Missing argument 'NAME'. See 'customerbase --help'."),
        ("run", 2, "Missing argument 'FILE...'. See 'customerbase --help'."),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(
    customerbase: CommandLine, finished_shop: Path, words: str, status: int, message: str
) -> None:
    """Tables, dates, segments, verbs and options; nothing is written."""
    before = listing(finished_shop)
    answer = customerbase("-w", finished_shop, *words.split())
    assert answer.status == status
    assert answer.err.startswith(f"Error: {message}")
    assert (answer.err.count("\n"), answer.out) == (1, "")
    assert listing(finished_shop) == before
    assert list(Path.cwd().iterdir()) == []


# What is printed while it works


def test_quiet_prints_nothing(customerbase: CommandLine, orders: Path) -> None:
    """Neither summary nor progress, by any verb that works."""
    for words in (["run", orders, "--model", "rfm"], ["ingest", orders], ["clean"], ["features"], ["export", "e.csv"]):
        if words[0] == "export":
            customerbase.good("segment", "--model", "rfm")
        assert customerbase.good("--quiet", *words).out == ""
    assert Path("e.csv").is_file()


def test_verbose_prints_each_step_with_its_second(customerbase: CommandLine, orders: Path) -> None:
    """On standard error, beside the summary."""
    answer = customerbase("-v", "run", orders, "--model", "rfm")
    steps = [line.split(" s  ")[1] for line in answer.err.splitlines()]
    assert steps == [
        "Reading the export",
        "Cleaning",
        "Checking the export",
        "Describing the customers",
        "Finding the segments",
        "Learning segments of 9 customers",
        "Placing 9 customers",
        "Describing the segments",
        "Exploring",
        "Writing the report",
    ]
    assert answer.status == 0
    assert answer.out.startswith("90 rows read from orders.csv")


def test_progress_is_shown_on_a_terminal_only(orders: Path) -> None:
    """A terminal sees the step that is being done; what goes into a pipe has no colours."""
    pty = pytest.importorskip("pty", reason="terminals of POSIX are tested")
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    command = [*CUSTOMERBASE, "-w", str(orders.with_name("shop")), "run", str(orders), "--model", "rfm"]
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, stderr=follower)
    os.close(follower)
    seen = os.read(leader, 100_000).decode()
    os.close(leader)
    assert "Reading the export …" in seen
    assert b"\x1b" not in done.stdout


def test_a_reader_that_has_seen_enough_ends_a_pipe_in_silence(finished_shop: Path) -> None:
    """As in `| head -1`: exit status 0, and nothing on standard error."""
    command = [*CUSTOMERBASE, "-w", str(finished_shop), "show", "order_lines", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"[\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_fault_reaches_the_shell(tmp_path: Path) -> None:
    """As a process of its own: one line on standard error, nothing on standard output, status 1 or 2."""
    for words, status in ((["show", "audit"], 1), (["run"], 2)):
        done = subprocess.run([*CUSTOMERBASE, *words], check=False, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == status
        assert (done.stderr.startswith("Error: "), done.stderr.count("\n"), done.stdout) == (True, 1, "")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX are sent")
def test_ctrl_c_stops_in_one_line(made_shop: Shop, tmp_path: Path) -> None:
    """With the exit status that shells know, and no workspace is begun."""
    command = [*CUSTOMERBASE, "-v", "-w", str(tmp_path / "shop"), "run", str(made_shop.order_lines_csv)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "Describing the customers" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "Error: Stopped. The workspace is as it was before."
    assert "Traceback" not in err
    assert not (tmp_path / "shop").exists()


def test_help_names_every_verb(customerbase: CommandLine) -> None:
    """And leaves no workspace."""
    out = customerbase.good("--help").out
    for verb in ("run", "demo", "download", "ingest", "clean", "features", "segment", "tables", "show", "export"):
        assert f"\n  {verb} " in out
    assert list(Path.cwd().iterdir()) == []


# Options


def test_flags_go_before_the_file_of_options(customerbase: CommandLine, orders: Path) -> None:
    """customerbase.toml beside the files or in the workspace; the workspace's own wins, and a flag beats both."""
    Path("customerbase.toml").write_text('model = "rfm"\n')
    count = ["-w", "shop", "show", "segments", "--json"]
    customerbase.good("run", orders)
    assert customerbase.good("show", "models", "--json").json["model"] == "rfm"
    Path("shop/customerbase.toml").write_text("n_segments = 3\nas_of = 2024-06-01\n")
    customerbase.good("run", orders)
    assert len(customerbase.good(*count, "--as-of", "2024-06-01").json) == 3
    customerbase.good("segment", "--n-segments", "2")
    assert len(customerbase.good(*count, "--as-of", "2024-06-01").json) == 2
    customerbase.good("features", "--as-of", "2024-05-01")
    customerbase.good("segment", "--as-of", "2024-05-01", "--n-segments", "4")
    assert len(customerbase.good(*count, "--as-of", "2024-05-01").json) == 4


def test_an_unknown_option_in_the_file_is_refused(customerbase: CommandLine, orders: Path) -> None:
    """With the options that there are."""
    Path("customerbase.toml").write_text("segments = 3\n")
    answer = customerbase("run", orders)
    assert answer.status == 2
    assert "customerbase.toml has an unknown option 'segments'. The options are as_of, choose, columns, " in answer.err
    assert not Path("shop").exists()


def test_any_header_can_be_mapped(customerbase: CommandLine) -> None:
    """With --map, once per column; without it the nearest layout is named."""
    header = "Receipt,Who,When,Article,Pieces,Each"
    file = write_orders(Path("own.csv"), many_orders(), header)
    assert customerbase("run", file).err.startswith("Error: own.csv: No known layout fits these columns: Receipt, ")
    names = HEADER.split(",")
    pairs = [word for pair in zip(names, header.split(","), strict=True) for word in ("--map", "=".join(pair))]
    customerbase.good("-w", "mapped", "run", file, "--model", "rfm", *pairs)
    customerbase.good("-w", "known", "ingest", write_orders(Path("own.csv"), many_orders()))
    customerbase.good("-w", "known", "clean")
    assert data_tables(Path("mapped"))["order_lines.parquet"] == data_tables(Path("known"))["order_lines.parquet"]


def test_a_layout_can_be_named(customerbase: CommandLine, orders: Path) -> None:
    """A known one is taken, one that does not fit and one that does not exist are refused."""
    customerbase.good("ingest", orders, "--layout", "customerbase")
    before = listing(Path("shop"))
    assert (
        "The layout 'online-retail' needs the column " in customerbase("run", orders, "--layout", "online-retail").err
    )
    assert customerbase("run", orders, "--layout", "mine").status == 2
    assert listing(Path("shop")) == before


def test_rules_can_be_switched(customerbase: CommandLine) -> None:
    """`--without guest` keeps the guests, `--with drop_repeated_lines` drops what is repeated."""
    guests = [f"{number},,2024-03-01 10:00,mug,1,5" for number in (900, 902)]
    lines = [*many_orders(), *guests, *["901,c1,2024-03-02 10:00,mug,1,5"] * 2]
    file = write_orders(Path("orders.csv"), lines)

    def rows_kept(*words: str) -> int:
        customerbase.good(*words)
        return int(customerbase.good("show", "audit", "--json").json["rows_kept"])

    switched = ("--without", "guest", "--with", "drop_repeated_lines")
    assert rows_kept("run", str(file), "--model", "rfm", *switched) == 93
    customerbase.good("ingest", file)
    assert rows_kept("clean") == 92
    assert rows_kept("clean", "--without", "guest") == 94
    assert rows_kept("clean", "--with", "drop_repeated_lines") == 91
    assert customerbase("run", file, "--with", "nonsense").err.startswith("Error: There is no rule 'nonsense'. ")


def test_export_writes_the_same_customers_in_each_format(customerbase: CommandLine, finished_shop: Path) -> None:
    """CSV, Parquet and XLSX: one row per customer in a segment, with its features."""
    export = ["-w", str(finished_shop), "export"]
    said = customerbase.good(*export, "all.csv").out
    rows = rows_of(Path("all.csv").read_text())
    assert said == f"Wrote {len(rows)} customers, as segmented at 2024-01-01, to all.csv.\n"
    assert {"customer_id", "as_of", "segment_id", "segment", "monetary", "country"} <= set(rows[0])
    customerbase.good(*export, "all.parquet")
    customerbase.good(*export, "all.xlsx")
    ids = [row["customer_id"] for row in rows]
    assert pq.read_table("all.parquet")["customer_id"].to_pylist() == ids
    sheet = openpyxl.load_workbook("all.xlsx").active
    assert [cell.value for cell in sheet["A"][1:]] == ids


def test_export_takes_only_the_segments_that_are_named(customerbase: CommandLine, finished_shop: Path) -> None:
    """And does not overwrite a file without --force."""
    names = [each["name"] for each in customerbase.good("-w", finished_shop, "show", "segments", "--json").json]
    export = ["-w", str(finished_shop), "export", "some.csv", "--segment", names[0], "--segment", names[2]]
    customerbase.good(*export)
    assert {row["segment"] for row in rows_of(Path("some.csv").read_text())} == {names[0], names[2]}
    Path("some.csv").write_text("mine")
    refused = customerbase(*export)
    assert refused.status == 2
    assert refused.err.startswith("Error: ./some.csv exists already. Overwrite it with --force")
    assert Path("some.csv").read_text() == "mine"
    customerbase.good(*export, "--force")
    assert Path("some.csv").read_text() != "mine"


# Bad input: one line, status 1 or 2, no traceback, an untouched workspace


def encrypted_workbook() -> bytes:
    """Give what a spreadsheet program writes with a password: an OLE file with an encrypted package."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6)
    return header + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(900)


def truncated_parquet(shop: Shop) -> bytes:
    """Give the first half of a Parquet file."""
    content = shop.order_lines.read_bytes()
    return content[: len(content) // 2]


def damaged_parquet(shop: Shop) -> bytes:
    """Give a Parquet file whose footer is whole, and whose pages are not."""
    content = shop.order_lines.read_bytes()
    return content[:1_000] + bytes(3_000) + content[4_000:]


def as_text(header: str, rows: list[str]) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


BAD_FILES: dict[str, tuple[str, Callable[[Shop], bytes | None], str]] = {
    "no such file": ("none.csv", lambda _: None, "There is no file none.csv."),
    "no such pattern": ("none-*.csv", lambda _: None, "No file fits the pattern none-*.csv."),
    "unknown suffix": ("bad.doc", lambda _: b"text", "bad.doc has the suffix '.doc'"),
    "empty file": ("bad.csv", lambda _: b"", "bad.csv is empty."),
    "blank lines": ("bad.csv", lambda _: b"\n\n\n", "bad.csv is empty."),
    "empty Parquet": ("bad.parquet", lambda _: b"", "bad.parquet cannot be read as Parquet"),
    "empty XLSX": ("bad.xlsx", lambda _: b"", "bad.xlsx cannot be read as an XLSX workbook."),
    "headers only": ("bad.csv", lambda _: as_text(HEADER, []), "bad.csv has a header but no rows."),
    "picture": ("bad.csv", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "bad.csv is not a table of text"),
    "truncated Parquet": ("bad.parquet", truncated_parquet, "bad.parquet cannot be read as Parquet"),
    "damaged Parquet": ("bad.parquet", damaged_parquet, "bad.parquet is damaged"),
    "password": ("bad.xlsx", lambda _: encrypted_workbook(), "bad.xlsx is protected by a password."),
    "missing column": (
        "bad.csv",
        lambda _: as_text("order_id,customer_id,ordered_at,quantity", ["1,ann,2024-01-01,2"]),
        "bad.csv: No known layout fits these columns",
    ),
    "column twice": (
        "bad.csv",
        lambda _: as_text(HEADER.replace("product_id", "customer_id"), many_orders()),
        "bad.csv: The column 'customer_id', needed for 'customer_id', stands twice",
    ),
    "no customer": (
        "bad.csv",
        lambda _: as_text(HEADER, ["1,,2024-01-01 10:00,mug,1,5"] * 9),
        "None of the 9 rows of bad.csv can be used; set aside: 9 by the rule 'guest'.",
    ),
    "no date": (
        "bad.csv",
        lambda _: as_text(HEADER, ["1,ann,soon,mug,1,5"] * 9),
        "None of the 9 rows of bad.csv can be used; set aside: 9 by the rule 'unreadable'.",
    ),
}

BAD_OPTIONS: dict[str, tuple[str, str, int, str]] = {
    # before the verb, after the file, exit status, message
    "before the first order": ("", "--as-of 2024-01-01", 1, "There is no order before 2024-01-01: "),
    "no such day": ("", "--as-of 2024-02-30", 2, "The date must be written as YYYY-MM-DD. Got '2024-02-30'"),
    "date in words": ("", "--as-of yesterday", 2, "The date must be written as YYYY-MM-DD. Got 'yesterday'"),
    "empty date": ("", "--as-of=", 2, "The date must be written as YYYY-MM-DD. Got ''"),
    "too many segments": ("", "--n-segments 10", 1, "Cannot make 10 segments of 9 customers. Ask for at most 9"),
    "one segment": ("", "--n-segments 1", 2, "The option 'n_segments' must be an int >= 2. Got 1"),
    "segments in words": ("", "--n-segments few", 2, "Invalid value for '--n-segments'"),
    "segments of RFM": ("", "--model rfm --n-segments 4", 2, "The option 'n_segments' is not for the model rfm"),
    "unknown model": ("", "--model k-means", 2, "The option 'model' must be one of kmeans, minibatch_kmeans"),
    "negative seed": ("", "--seed -1", 2, "The option 'seed' must be an int >= 0. Got -1"),
    "large seed": ("", "--seed 4294967296", 2, "The option 'seed' must be at most 4,294,967,295."),
    "half a map": ("", "--map order_id", 2, "--map must be written as NAME=COLUMN"),
    "map to no column": ("", "--map order_id=Nr", 1, "orders.csv: There is no column 'Nr' to take as 'order_id'"),
    "map of no name": ("", "--map order=order_id", 2, "--map knows the names order_id, "),
    "memory in words": ("--memory-limit much", "", 2, "The option 'memory_limit' must be an amount such as 4GB."),
    "no memory": ("--memory-limit=", "", 2, "The option 'memory_limit' must be an amount such as 4GB."),
    "negative memory": ("--memory-limit=-1GB", "", 2, "The option 'memory_limit' must be an amount such as 4GB."),
    "too little memory": ("--memory-limit 1KB", "", 1, "The work does not fit into the memory limit."),
    "no thread": ("--threads 0", "", 2, "The option 'threads' must be an int >= 1. Got 0"),
    "threads in words": ("--threads two", "", 2, "Invalid value for '--threads'"),
    "too many threads": ("--threads 1025", "", 2, "The option 'threads' must be at most 1,024. Got 1025"),
    "spill into a file": ("--spill-folder orders.csv", "", 2, "The option 'spill_folder' must be a folder"),
}


@contextmanager
def untouched(small_shop: Path) -> Iterator[tuple[str, str]]:
    """Give a workspace of three runs and a path of none, and see that neither has changed at the end."""
    shutil.copytree(small_shop, ".", dirs_exist_ok=True)
    before = listing(Path.cwd())
    yield "shop", "new/shop"
    assert listing(Path.cwd()) == before


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_in_one_line(
    customerbase: CommandLine, small_shop: Path, made_shop: Shop, case: str
) -> None:
    """Said with what to do; the workspace stays to the byte, and a new one is not begun."""
    name, content, message = BAD_FILES[case]
    if (made := content(made_shop)) is not None:
        Path(name).write_bytes(made)
    with untouched(small_shop) as workspaces:
        for workspace in workspaces:
            answer = customerbase("-w", workspace, "run", name)
            assert answer.status == 1
            assert answer.err.startswith(f"Error: {message}") or f" {message}" in answer.err.replace(
                f"{Path.cwd()}/", ""
            )
            assert (answer.err.count("\n"), answer.out) == (1, "")
            assert "Unexpected" not in answer.err


@pytest.mark.parametrize("case", BAD_OPTIONS)
def test_a_bad_option_is_refused_in_one_line(customerbase: CommandLine, small_shop: Path, case: str) -> None:
    """Said with the value and what is allowed; the workspace stays to the byte, and a new one is not begun."""
    before, after, status, message = BAD_OPTIONS[case]
    with untouched(small_shop) as workspaces:
        for workspace in workspaces:
            answer = customerbase("-w", workspace, *before.split(), "run", "orders.csv", *after.split())
            assert answer.status == status
            assert answer.err.startswith(f"Error: {message}")
            assert (answer.err.count("\n"), answer.out) == (1, "")


def test_a_folder_without_parquet_is_refused(customerbase: CommandLine, small_shop: Path) -> None:
    """An export in parts is a folder of Parquet files."""
    Path("parts").mkdir()
    with untouched(small_shop) as workspaces:
        for workspace in workspaces:
            answer = customerbase("-w", workspace, "run", "parts")
            assert (answer.status, answer.err.count("\n")) == (1, 1)
            assert answer.err.startswith("Error: The folder parts holds no Parquet file.")


@pytest.mark.parametrize("words", ["run orders.csv", "tables", "show audit", "clean", "export e.csv", "demo"])
def test_a_workspace_that_is_a_file_is_refused(customerbase: CommandLine, orders: Path, words: str) -> None:
    """By every verb; the file stays."""
    before = orders.read_bytes()
    answer = customerbase("-w", "orders.csv", *words.split())
    assert (answer.status, answer.out) == (1, "")
    assert answer.err == "Error: ./orders.csv is a file. A workspace is a folder: choose another one with -w.\n"
    assert orders.read_bytes() == before


@pytest.mark.parametrize("words", ["run orders.csv", "tables", "show audit", "clean", "export e.csv", "demo"])
def test_a_workspace_of_a_newer_version_is_refused(customerbase: CommandLine, small_shop: Path, words: str) -> None:
    """By every verb, and nothing of it changes."""
    shutil.copytree(small_shop, ".", dirs_exist_ok=True)
    state = Path("shop/workspace.json")
    state.write_text(json.dumps({**json.loads(state.read_text()), "format_version": 99}))
    before = listing(Path.cwd())
    answer = customerbase(*words.split())
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith("Error: ./shop was written by a newer customerbase (workspace format 99;")
    assert answer.err.count("\n") == 1
    assert listing(Path.cwd()) == before


def test_a_second_writer_is_refused(customerbase: CommandLine, small_shop: Path) -> None:
    """While the first works; readers are not disturbed."""
    shutil.copytree(small_shop, ".", dirs_exist_ok=True)
    with Workspace("shop").begin():
        before = listing(Path("shop"))
        answer = customerbase("run", "orders.csv")
        assert answer.status == 1
        assert answer.err == (
            f"Error: Another customerbase is writing to ./shop (process {os.getpid()}). "
            "Wait for it to end, or use another workspace with -w.\n"
        )
        assert listing(Path("shop")) == before
        assert customerbase.good("show", "audit", "--json").json["rows_in"] == 90
    customerbase.good("ingest", "orders.csv")


def test_a_full_disk_leaves_the_workspace_untouched(customerbase: CommandLine, made_shop: Shop, tmp_path: Path) -> None:
    """Old tables stay, room comes back, and the message names the file."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if mount is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root")
    try:
        write_orders(tmp_path / "orders.csv", many_orders())
        customerbase.good("-w", "disk/shop", "run", "orders.csv", "--model", "rfm")
        room, before = shutil.disk_usage(disk).free, listing(disk)
        (disk / "ballast").write_bytes(bytes(room - 100_000))
        for workspace in ("disk/shop", "disk/new"):
            answer = customerbase("-w", workspace, "run", str(made_shop.order_lines_csv))
            assert (answer.status, answer.out, answer.err.count("\n")) == (1, "", 1)
            assert answer.err.startswith("Error: The disk is full: ")
        (disk / "ballast").unlink()
        assert listing(disk) == before
        assert shutil.disk_usage(disk).free == room
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("most_bytes", [10_000, 40_000])
def test_a_limit_on_the_size_of_files_is_a_full_disk(
    customerbase: CommandLine, small_shop: Path, made_shop: Shop, most_bytes: int
) -> None:
    """Wherever it strikes, as with `ulimit -f`."""
    with untouched(small_shop) as workspaces:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, limits[1]))
        try:
            answers = [customerbase("-w", each, "run", str(made_shop.order_lines_csv)) for each in workspaces]
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        for answer in answers:
            assert (answer.status, answer.out, answer.err.count("\n")) == (1, "", 1)
            assert "grew beyond the largest file that is allowed here" in answer.err


# Odd shops: a result, or a plain refusal


def order(number: int | str, customer: str, day: int, quantity: int = 1) -> str:
    return f"{number},{customer},2024-01-{day:02} 10:00,mug,{quantity},5"


ALIKE = "Cannot make 6 segments: by recency_days, frequency, monetary"
ODD_SHOPS: dict[str, tuple[list[str], str, int]] = {
    # lines, what k-means says, customers in a segment of RFM
    "one customer": ([order(day, "ann", day) for day in range(1, 6)], "Cannot make 6 segments of 1 customer. ", 1),
    "one order": ([order(1, "ann", 1)], "Cannot make 6 segments of 1 customer. Instead, read more orders.", 1),
    "two customers": ([order(1, "ann", 1), order(2, "bob", 9, 3)], "Cannot make 6 segments of 2 customers. ", 2),
    "one day": (
        [order(number, f"c{number % 7}", 1) for number in range(30)],
        f"{ALIKE} the 7 customers are only 2 different kinds. Ask for at most 2 with --n-segments, or use --model rfm.",
        7,
    ),
    "all alike": (
        [order(number, f"c{number}", 1) for number in range(9)],
        f"{ALIKE} the 9 customers are only 1 different kind. Instead, use --model rfm.",
        9,
    ),
    "all returned": (
        [
            line
            for number in range(7)
            for line in (order(number, f"c{number}", 1 + number), order(f"C{number}", f"c{number}", 20, -1))
        ],
        "",
        7,
    ),
}


@pytest.mark.parametrize("case", ODD_SHOPS)
def test_an_odd_shop_has_segments_of_rfm(customerbase: CommandLine, case: str) -> None:
    """Each customer with a purchase is in one, whatever the shop."""
    lines, _, n_customers = ODD_SHOPS[case]
    customerbase.good("run", write_orders(Path("orders.csv"), lines), "--model", "rfm")
    segments = customerbase.good("show", "segments", "--json").json
    assert sum(each["n_customers"] for each in segments) == n_customers
    assert sum(each["revenue_share"] for each in segments) == pytest.approx(1)


@pytest.mark.parametrize("case", ODD_SHOPS)
def test_an_odd_shop_has_segments_of_kmeans_or_a_plain_refusal(customerbase: CommandLine, case: str) -> None:
    """The refusal says what can be asked for."""
    lines, message, n_customers = ODD_SHOPS[case]
    answer = customerbase("run", write_orders(Path("orders.csv"), lines))
    if message:
        assert answer.status == 1
        assert answer.err.startswith(f"Error: {message}")
        assert not Path("shop").exists()
    else:
        assert answer.status == 0
        assert customerbase.good("show", "assignments", "--csv").out.count("\n") == n_customers + 1


def test_a_shop_of_returns_only_is_refused(customerbase: CommandLine) -> None:
    """There is nobody to segment, with either model."""
    file = write_orders(Path("orders.csv"), [order(f"C{number}", f"c{number}", 1, -1) for number in range(9)])
    for model in ("kmeans", "rfm"):
        answer = customerbase("run", file, "--model", model)
        assert answer.status == 1
        assert answer.err.startswith("Error: There is no customer with a purchase to segment.")
    assert not Path("shop").exists()


def test_a_cell_that_cannot_be_read_sets_its_row_aside(customerbase: CommandLine) -> None:
    """Each such row stands in the quarantine with its cells as they came, and the rest goes on."""
    plain = dict(zip(HEADER.split(","), ["bad", "c1", "2024-03-01 10:00", "mug", "1", "5"], strict=True))
    cells = ["NaN", "inf", "-inf", "1e309", "12,50", "31/02/2011", "soon", "1.2.3"]
    damaged = [{**plain, column: cell} for column in ("ordered_at", "quantity", "unit_price") for cell in cells]
    rows = [",".join(f'"{cell}"' for cell in row.values()) for row in damaged]
    customerbase.good("run", write_orders(Path("orders.csv"), [*many_orders(), *rows]), "--model", "rfm")
    aside = rows_of(customerbase.good("show", "quarantine", "--csv").out)
    keys = [{"source": "orders.csv", "source_row": str(92 + row), "rule": "unreadable"} for row in range(len(rows))]
    assert aside == [{**key, **row} for key, row in zip(keys, damaged, strict=True)]
    assert customerbase.good("show", "audit", "--json").json["rows_kept"] == 90
