"""What a reader sees, whatever happens to the writers."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from customerbase.errors import UsageError, WorkspaceError
from customerbase.workspace import Workspace

CUSTOMERS = pa.table({"customer_id": ["b", "a", "c"], "frequency": [2, 1, 3]})


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "shop", connection=ibis.duckdb.connect(threads=1))


def write_audit(shop: Workspace, error: BaseException | None = None, *, published: bool = True, **log: Any) -> None:
    """Write a small run, publish it, and fail, as wanted."""
    with shop.begin() as run:
        run.write_json("audit", 1)
        if published:
            shop.publish(run, keep_snapshots=True, log=log)
        if error is not None:
            raise error


def publish_features(shop: Workspace, as_of: str, **options: Any) -> None:
    with shop.begin() as run:
        run.write_table("features", CUSTOMERS, as_of=as_of, order_by="customer_id")
        shop.publish(run, **{"keep_snapshots": True, **options})


def listing(folder: Path) -> dict[str, bytes | None]:
    """Every file with its content, and every folder."""
    paths = sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in paths}


def test_opening_a_missing_folder_gives_an_empty_workspace_and_writes_nothing(shop: Workspace) -> None:
    """Opening never writes."""
    assert shop.tables() == []
    assert shop.runs == []
    assert shop.dates("features") == []
    assert not shop.path.exists()


def test_a_published_table_comes_back_in_the_order_of_its_key(shop: Workspace) -> None:
    """What was written can be read, sorted."""
    publish_features(shop, "2011-12-10")
    rows = shop.table("features", dt.date(2011, 12, 10)).to_pyarrow().to_pylist()
    assert [(row["customer_id"], row["frequency"]) for row in rows] == [("a", 1), ("b", 2), ("c", 3)]


def test_each_kind_of_file_has_the_place_that_the_design_gives_it(shop: Workspace) -> None:
    """The layout of a run is fixed."""
    with shop.begin() as run:
        run.write_table("order_lines", CUSTOMERS, order_by=["frequency", "customer_id"])
        run.write_table("features", CUSTOMERS, as_of="2011-12-10", order_by="customer_id")
        run.write_json("audit", {"rows_in": 3})
        run.write_json("segments", [], as_of="2011-12-10")
        run.write_bytes("models", b"\x00", as_of="2011-12-10", suffix=".npz")
        run.write_json("models", {}, as_of="2011-12-10")
        shop.publish(run, keep_snapshots=True)
    assert sorted(name for name, content in listing(shop.path / "runs/0001").items() if content is not None) == [
        "audit.json",
        "features/as_of=2011-12-10.parquet",
        "models/as_of=2011-12-10.json",
        "models/as_of=2011-12-10.npz",
        "order_lines.parquet",
        "run.json",
        "segments/as_of=2011-12-10.json",
    ]
    assert shop.bytes("models", "2011-12-10", ".npz") == b"\x00"
    assert shop.json("audit") == {"rows_in": 3}


def test_the_listing_tells_rows_bytes_and_hash(shop: Workspace) -> None:
    """Each entry describes its file."""
    publish_features(shop, "2011-12-10")
    [entry] = shop.tables()
    assert (entry.name, entry.as_of, entry.run, entry.rows) == ("features", "2011-12-10", "0001", 3)
    assert entry.bytes == shop.file("features").stat().st_size
    assert len(entry.sha256) == 64


def test_without_a_date_the_latest_snapshot_is_given(shop: Workspace) -> None:
    """The default is the latest date, not the last run; 'undated' stands before all dates."""
    for as_of in ("2011-12-10", "2010-12-01", "undated"):
        with shop.begin() as run:
            run.write_json("segments", as_of, as_of=as_of)
            shop.publish(run, keep_snapshots=True)
    assert shop.dates("segments") == ["undated", "2010-12-01", "2011-12-10"]
    assert shop.json("segments") == "2011-12-10"


def test_the_caller_writes_where_path_for_says(shop: Workspace) -> None:
    """DuckDB may copy straight into a run."""
    with shop.begin() as run:
        path = run.path_for("order_lines")
        shop.connection.raw_sql(f"COPY (SELECT 1 AS n) TO '{path}' (FORMAT parquet)")
        shop.publish(run, keep_snapshots=True)
    assert shop.table("order_lines").to_pyarrow().to_pylist() == [{"n": 1}]


def test_a_path_that_nobody_wrote_to_is_refused(shop: Workspace) -> None:
    """A run is not published with a hole."""
    with shop.begin() as run:
        run.path_for("order_lines")
        with pytest.raises(WorkspaceError, match="has no file"):
            shop.publish(run, keep_snapshots=True)
    assert not shop.path.exists()


def test_older_snapshots_stay_when_they_are_kept(shop: Workspace) -> None:
    """Runs at several dates stand side by side."""
    publish_features(shop, "2010-12-01")
    publish_features(shop, "2011-12-10")
    assert [(entry.as_of, entry.run) for entry in shop.tables()] == [("2010-12-01", "0001"), ("2011-12-10", "0002")]
    assert shop.table("features", "2010-12-01").to_pyarrow().num_rows == 3


def test_older_snapshots_go_when_the_input_is_another(shop: Workspace) -> None:
    """Tables of other dates go; tables of no date stay unless they are named."""
    with shop.begin() as run:
        run.write_json("audit", 1)
        run.write_json("notes", 1)
        run.write_table("features", CUSTOMERS, as_of="2010-12-01", order_by="customer_id")
        shop.publish(run, keep_snapshots=True)
    publish_features(shop, "2011-12-10", keep_snapshots=False, drop=["audit"])
    assert [(entry.name, entry.as_of) for entry in shop.tables()] == [("features", "2011-12-10"), ("notes", None)]


def test_the_fingerprint_of_the_input_stays_until_another_is_given(shop: Workspace) -> None:
    """A stage that reads no input leaves the fingerprint alone."""
    publish_features(shop, "2010-12-01", fingerprint={"shop.csv": "9f"})
    publish_features(shop, "2011-12-10")
    assert Workspace(shop.path).input == {"shop.csv": "9f"}


def test_the_log_of_a_run_holds_what_the_caller_says_and_what_was_written(shop: Workspace) -> None:
    """Times come from the caller; the files are added."""
    publish_features(shop, "2011-12-10", log={"command": "features", "started_at": "2026-01-02T03:04:05"})
    [log] = shop.runs
    assert (log["run"], log["command"], log["started_at"]) == ("0001", "features", "2026-01-02T03:04:05")
    assert log["wrote"] == [{"file": "features/as_of=2011-12-10.parquet", "rows": 3, "sha256": shop.tables()[0].sha256}]


def test_a_failed_first_run_leaves_no_folder_behind(tmp_path: Path) -> None:
    """Folders that were made for it go, those that stood there stay."""
    with pytest.raises(ZeroDivisionError):
        write_audit(Workspace(tmp_path / "a/b/shop"), ZeroDivisionError(), published=False)
    assert listing(tmp_path) == {}
    assert tmp_path.exists()


def test_a_failed_run_leaves_a_workspace_as_it_was(shop: Workspace) -> None:
    """To the byte, with every file."""
    publish_features(shop, "2010-12-01")
    before = listing(shop.path)
    with pytest.raises(KeyboardInterrupt):
        write_audit(shop, KeyboardInterrupt(), published=False)
    assert listing(shop.path) == before


def test_an_error_after_publication_does_not_take_it_back(shop: Workspace) -> None:
    """Published is published."""
    with pytest.raises(ZeroDivisionError):
        write_audit(shop, ZeroDivisionError())
    assert Workspace(shop.path).json("audit") == 1


def test_a_run_is_published_once(shop: Workspace) -> None:
    """A second publication, and one after the end, are refused."""
    with shop.begin() as run:
        run.write_json("audit", 1)
        shop.publish(run, keep_snapshots=True)
        with pytest.raises(UsageError, match="Publish a run once"):
            shop.publish(run, keep_snapshots=True)
    with shop.begin() as abandoned:
        pass
    with pytest.raises(UsageError, match="Publish a run once"):
        shop.publish(abandoned, keep_snapshots=True)


def test_a_reader_keeps_its_files_until_one_more_run_has_been_published(shop: Workspace) -> None:
    """Runs of the state before stay for one generation, then they are swept."""
    publish_features(shop, "2011-12-10")
    reader = Workspace(shop.path, connection=shop.connection)
    publish_features(shop, "2011-12-10")
    with shop.begin():
        assert reader.table("features").to_pyarrow().num_rows == 3
    publish_features(shop, "2011-12-10")
    with shop.begin():
        assert not (shop.path / "runs/0001").exists()
        assert (shop.path / "runs/0002").exists()


def test_a_run_that_fails_takes_nothing_of_the_past_away(shop: Workspace) -> None:
    """What no reader needs goes when a run is published, not when one begins."""
    for _ in range(4):
        publish_features(shop, "2011-12-10")
    before = listing(shop.path)
    with pytest.raises(RuntimeError), shop.begin():
        raise RuntimeError
    assert listing(shop.path) == before
    assert {path.name for path in (shop.path / "runs").iterdir()} == {"0003", "0004"}


def test_the_next_run_sweeps_what_an_aborted_one_left(shop: Workspace) -> None:
    """Folders of unknown runs and temporary files go; files of other names stay."""
    publish_features(shop, "2011-12-10")
    (shop.path / "runs/0007").mkdir()
    (shop.path / "runs/0007/half.parquet").write_bytes(b"PAR1")
    (shop.path / ".workspace.json.tmp").write_text("{")
    (shop.path / "customerbase.toml").write_text("")
    publish_features(shop, "2010-12-01")
    names = set(listing(shop.path))
    assert "runs/0007" not in names
    assert ".workspace.json.tmp" not in names
    assert {"customerbase.toml", "runs/0001/run.json", "runs/0002/run.json"} <= names


def test_a_second_writer_is_refused_while_a_reader_works(shop: Workspace) -> None:
    """The lock names the process that holds it, and readers never meet it."""
    publish_features(shop, "2011-12-10")
    with shop.begin():
        with pytest.raises(WorkspaceError) as refusal, Workspace(shop.path).begin():
            pass
        assert str(refusal.value) == (
            f"Another customerbase is writing to {shop.path} (process {os.getpid()}). "
            "Wait for it to end, or use another workspace with -w."
        )
        assert Workspace(shop.path, connection=shop.connection).table("features").to_pyarrow().num_rows == 3
    publish_features(shop, "2010-12-01")


def test_a_refused_writer_does_not_harm_the_first_run_of_a_new_workspace(shop: Workspace) -> None:
    """The refused one removes nothing of the other's."""
    with shop.begin() as run:
        run.write_json("audit", 1)
        with pytest.raises(WorkspaceError, match="Another customerbase"), Workspace(shop.path).begin():
            pass
        shop.publish(run, keep_snapshots=True)
    assert Workspace(shop.path).json("audit") == 1


def test_a_run_builds_on_what_another_writer_published_meanwhile(shop: Workspace) -> None:
    """A workspace that was opened long ago does not lose the runs since."""
    opened_early = Workspace(shop.path, connection=shop.connection)
    publish_features(shop, "2010-12-01")
    publish_features(opened_early, "2011-12-10")
    assert opened_early.dates("features") == ["2010-12-01", "2011-12-10"]


@pytest.mark.parametrize(
    ("name", "as_of", "message"),
    [
        (
            "segments",
            "2011-12-10",
            (
                "There are no segments for 2011-12-10 in {shop} (it has 2010-12-01, 2011-06-01). "
                "Run 'customerbase segment --as-of 2011-12-10' first."
            ),
        ),
        ("order_lines", None, "There are no order lines in {shop}. Run 'customerbase clean' first."),
        ("quarantine", None, "There is no quarantine in {shop}. Run 'customerbase clean' first."),
    ],
)
def test_a_missing_table_is_refused_with_the_way_to_get_it(
    shop: Workspace, name: str, as_of: str | None, message: str
) -> None:
    """The dates that exist and the command to run are named."""
    with shop.begin() as run:
        run.write_json("segments", 1, as_of="2010-12-01")
        run.write_json("segments", 1, as_of="2011-06-01")
        shop.publish(run, keep_snapshots=True)
    with pytest.raises(WorkspaceError) as refusal:
        shop.json(name, as_of)
    assert str(refusal.value) == message.format(shop=shop.path)


def test_a_date_is_not_asked_of_a_table_that_has_none(shop: Workspace) -> None:
    """No command makes an audit of a date."""
    write_audit(shop)
    with pytest.raises(WorkspaceError, match=r"'audit' in .*shop belongs to no date\. Leave --as-of out\."):
        shop.json("audit", "2011-12-10")
    with pytest.raises(WorkspaceError, match=r"Run 'customerbase clean' first"):
        shop.table("order_lines", "2011-12-10")


def test_a_relative_workspace_is_named_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages say ./shop."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WorkspaceError, match=r"There is no audit in \./shop\. "):
        Workspace("shop").json("audit")


def test_a_file_that_was_cut_short_is_refused(shop: Workspace) -> None:
    """Sizes are compared on every reading."""
    publish_features(shop, "2011-12-10")
    file = shop.file("features")
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(WorkspaceError, match="missing or damaged"):
        shop.table("features")


def test_files_that_were_scribbled_over_are_refused(shop: Workspace) -> None:
    """Same size, another content: still one line."""
    with shop.begin() as run:
        run.write_table("features", CUSTOMERS, as_of="2011-12-10", order_by="customer_id")
        run.write_json("audit", {"rows_in": 3})
        shop.publish(run, keep_snapshots=True)
    for file in (shop.file("features"), shop.file("audit", suffix=".json"), shop.path / "runs/0001/run.json"):
        file.write_bytes(b"x" * file.stat().st_size)
    for read in (lambda: shop.table("features"), lambda: shop.json("audit"), lambda: shop.runs):
        with pytest.raises(WorkspaceError, match="missing or damaged"):
            read()


@pytest.mark.parametrize("name", ["shop[1]*", "it's", "both ' and \"", "Läden & Söhne"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    """Quotes and signs that DuckDB takes for patterns are only names."""
    shop = Workspace(tmp_path / name, connection=ibis.duckdb.connect(threads=1))
    publish_features(shop, "2011-12-10")
    assert shop.table("features").to_pyarrow().num_rows == 3


def test_an_error_that_the_disk_did_not_make_passes_through(shop: Workspace) -> None:
    """Only what a disk refuses is translated."""
    with pytest.raises(FileNotFoundError), shop.begin():
        (shop.path / "no such file").read_bytes()


def test_a_path_below_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    """Neither opening nor writing shows a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="goes through a file"), Workspace(tmp_path / "file/shop").begin():
        pass


@contextmanager
def as_nobody() -> Iterator[None]:
    """Give up root's rights for a while, since root may write everywhere."""
    if sys.platform == "win32":
        pytest.skip("permissions of POSIX are tested")
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_folder_without_permission_is_refused_in_one_line(tmp_path: Path) -> None:
    """Nothing is written where nothing may be written."""
    tmp_path.chmod(0o500)
    with (
        as_nobody(),
        pytest.raises(WorkspaceError, match=r"^No permission for .*shop\. Change its permissions"),
        Workspace(tmp_path / "shop").begin(),
    ):
        pass


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False, capture_output=True
        ).returncode
    ):
        pytest.skip("a small disk can only be mounted by root")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_leaves_the_workspace_untouched(small_disk: Path) -> None:
    """DuckDB's own failure and Python's end in one line, and room comes back."""
    shop = Workspace(small_disk / "shop", connection=ibis.duckdb.connect(threads=1))
    publish_features(shop, "2010-12-01")
    before = listing(small_disk)
    noise = pa.table({"n": pa.array([os.urandom(8).hex() for _ in range(60_000)])})
    with pytest.raises(WorkspaceError, match="The disk is full"), shop.begin() as run:
        run.write_table("features", noise, as_of="2011-12-10", order_by="n")
    with pytest.raises(WorkspaceError, match="The disk is full"), shop.begin() as run:
        run.write_bytes("models", os.urandom(300_000))
    with pytest.raises(WorkspaceError, match="The disk is full"), shop.begin() as run:
        (run.folder / "by hand").write_bytes(os.urandom(300_000))
    assert listing(small_disk) == before


def test_a_disk_that_fills_up_at_publication_leaves_nothing_new(small_disk: Path) -> None:
    """The log of the run is the last straw."""
    shop = Workspace(small_disk / "shop", connection=ibis.duckdb.connect(threads=1))
    with pytest.raises(WorkspaceError, match="The disk is full"):
        write_audit(shop, options="x" * 300_000)
    assert listing(small_disk) == {}


def test_a_limit_on_the_size_of_files_is_a_disk_without_room(shop: Workspace) -> None:
    """What ulimit -f cuts off is refused like a full disk."""
    resource = pytest.importorskip("resource", reason="limits of POSIX are tested")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, limits[1]))
    try:
        with pytest.raises(WorkspaceError, match="largest file"), shop.begin() as run:
            run.write_bytes("models", bytes(1_000_001))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not shop.path.exists()


KILLED = """
import os, random, signal, sys, time
import pyarrow as pa
from customerbase.engine import connect
from customerbase.workspace import Workspace

def publish(shop, number):
    with shop.begin() as run:
        table = pa.table({"number": [number] * 5_000, "row": list(range(5_000))})
        run.write_table("features", table, as_of="2011-12-10", order_by="row")
        run.write_json("audit", number)
        shop.publish(run, keep_snapshots=True, fingerprint={"number": number})

def write_for_ever(path, signal_start):
    shop = Workspace(path, connection=connect(threads=1))
    os.write(signal_start, b"1")
    for number in range(shop.input.get("number", 0) + 1, 1_000_000):
        publish(shop, number)

first = Workspace(sys.argv[1] + "-first", connection=connect(threads=1))
publish(first, 1)  # imports all that a child needs
before = time.perf_counter()
publish(first, 2)
seconds_per_run = time.perf_counter() - before
moments = random.Random(7)
for attempt in range(12):
    start, signal_start = os.pipe()
    child = os.fork()
    if child == 0:
        write_for_ever(sys.argv[1], signal_start)
    os.read(start, 1)
    while attempt == 0 and not Workspace(sys.argv[1]).tables():
        time.sleep(0.01)  # once a state is published, whatever else keeps the machine busy
    time.sleep(moments.uniform(0, 4 * seconds_per_run))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    shop = Workspace(sys.argv[1])
    for entry in shop.tables():
        shop.file(entry.name, entry.as_of, entry.suffix)
    print(shop.input.get("number", 0), shop.json("audit") if shop.tables() else 0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX are sent")
def test_a_killed_writer_leaves_the_old_state_or_the_new_one(shop: Workspace) -> None:
    """All files of a state belong together, at twelve random moments, and the next run works."""
    command = [sys.executable, "-c", KILLED, str(shop.path)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    states = [tuple(map(int, line.split())) for line in lines]
    assert all(fingerprint == audit for fingerprint, audit in states)
    assert states == sorted(states)
    assert states[-1] > (0, 0)
    publish_features(shop, "2012-01-01")
    assert set(shop.table("features", "2011-12-10").to_pyarrow()["number"].to_pylist()) == {states[-1][0]}
