"""Own segments from the command line: run and segment with a file, check it, compare versions of it."""

import json
import shutil
from pathlib import Path

import pytest
from tests.front_end import CommandLine, data_tables, listing

import customerbase as cb
from customerbase.config import Config, read_config

FILE = """[segments]
"Big spenders" = "monetary > 60"
Often = "frequency >= 10 and r_score >= 2 and age_days > 0"
"""


@pytest.fixture
def shop(small_shop: Path, tmp_path: Path) -> Path:
    """A workspace of nine customers, with a file of own segments beside it."""
    shutil.copytree(small_shop, tmp_path, dirs_exist_ok=True)
    (tmp_path / "mine.toml").write_text(FILE, encoding="utf-8")
    (tmp_path / "new.toml").write_text(FILE.replace("60", "45"), encoding="utf-8")
    return tmp_path / "shop"


def test_segment_by_a_file(customerbase: CommandLine, shop: Path) -> None:
    """The summary shows the file's segments with gap and overlaps; the model is its text, and places alike."""
    answer = customerbase.good("segment", "--model", "mine.toml")
    assert "meet no condition and" in answer.out
    stored = cb.Workspace(shop).json("segments")
    assert stored["model"] == "conditions"
    assert [each["name"] for each in stored["segments"]] == ["Big spenders", "Often", "Everyone else"]
    assert sum(each["n_placed"] for each in stored["coverage"]["segments"]) + stored["coverage"]["n_unmatched"] == 9
    assert cb.Workspace(shop).bytes("models", None, ".model").decode() == FILE
    learnt = cb.load_segmentation(cb.Workspace(shop))
    workspace = cb.Workspace(shop)
    again = cb.assign(learnt, workspace.table("features")).to_pyarrow()
    assert again.to_pylist() == workspace.table("assignments").order_by("customer_id").to_pyarrow().to_pylist()


def test_segment_gives_the_same_bytes(customerbase: CommandLine, shop: Path) -> None:
    """The same file and features give the same files; another model takes their place whole."""
    customerbase.good("segment", "--model", "mine.toml")
    first = data_tables(shop)
    customerbase.good("segment", "--model", "mine.toml")
    assert data_tables(shop) == first
    customerbase.good("segment", "--model", "rfm")
    assert customerbase("conditions", "--stored", "mine.toml").err == (
        "Error: The segments in shop are of the model rfm. Name two files instead of --stored.\n"
    )
    assert set(data_tables(shop)) == set(first)


def test_customers_of_own_segments_can_be_laid_out(customerbase: CommandLine, shop: Path) -> None:
    """A sample of the plane has its share of each segment, though these look at columns of their own."""
    customerbase.good("segment", "--model", "mine.toml")
    customerbase.good("project", "--max-customers", "5")
    assert cb.Workspace(shop).table("projection").count().execute() == 5


def test_run_refuses_a_wrong_file_before_it_reads(customerbase: CommandLine, shop: Path) -> None:
    """A wrong file stops `run` at once with one line, even where the export is not there."""
    Path("mine.toml").write_text(FILE.replace("> 60", "> 60; DROP TABLE x"), encoding="utf-8")
    before = listing(shop)
    answer = customerbase("run", "no-such-export.csv", "--model", "mine.toml")
    assert answer.status == 2
    assert answer.err.startswith("Error: mine.toml: Segment 'Big spenders', position 14: ';' has no place")
    assert len(answer.err.splitlines()) == 1
    assert listing(shop) == before


def test_run_with_a_file_that_the_options_name(customerbase: CommandLine, shop: Path) -> None:
    """A file that customerbase.toml names lies beside it, and is taken by `run`."""
    Path("mine.toml").rename(shop / "mine.toml")
    (shop / "customerbase.toml").write_text('model = "mine.toml"\n', encoding="utf-8")
    customerbase.good("run", "orders.csv", "--as-of", "2024-05-01")
    assert cb.Workspace(shop).json("segments")["model"] == "conditions"
    assert read_config(shop, given={"model": "rfm"}) == Config(model="rfm")


def test_check_a_file(customerbase: CommandLine, shop: Path) -> None:
    """`conditions` shows sizes, overlaps and the gap, for people and for programs, and writes nothing."""
    before = listing(shop)
    answer = customerbase.good("conditions", "new.toml")
    assert answer.out.splitlines()[0].split() == ["segment", "meet", "customers", "share", "gross_revenue"]
    found = customerbase.good("conditions", "new.toml", "--json").json
    features = cb.Workspace(shop).table("features").to_pandas()
    spend = features.monetary.astype(float)
    assert found["segments"][0]["n_matched"] == (spend > 45).sum() == 5
    assert found["segments"][0]["amount_matched"] == pytest.approx(
        features.gross_revenue.astype(float)[spend > 45].sum()
    )
    rows = customerbase.good("conditions", "new.toml", "--csv").out.splitlines()
    assert rows[0] == '"segment","meet","customers","share","gross_revenue"'
    assert len(rows) == 4
    Path("new.toml").write_text('overlap = "error"\n' + FILE.replace("60", "45"), encoding="utf-8")
    assert (
        "1 customer (gross revenue 46.00) meets both 'Big spenders' and 'Often'"
        in customerbase("conditions", "new.toml").err
    )
    assert listing(shop) == before


def test_compare_two_files(customerbase: CommandLine, shop: Path) -> None:
    """`conditions OLD NEW` shows who moves in customers and money; `--stored` takes the old one of the workspace."""
    answer = customerbase.good("conditions", "mine.toml", "new.toml")
    spend = cb.Workspace(shop).table("features").to_pandas().monetary.astype(float)
    n_moved = int(((spend > 45) & (spend <= 60)).sum())
    assert answer.out.startswith(f"{n_moved} of 9 customers")
    assert "Customers\nfrom" in answer.out
    assert "Gross revenue\nfrom" in answer.out
    moves = customerbase.good("conditions", "mine.toml", "new.toml", "--json").json
    assert sum(each["n_customers"] for each in moves["moves"]) == 9
    customerbase.good("segment", "--model", "mine.toml")
    stored = customerbase.good("conditions", "--stored", "new.toml", "--json")
    assert json.loads(stored.out) == moves
    assert customerbase("conditions", "--stored", "mine.toml", "new.toml").err == (
        "Error: Choose one of --stored and a second file.\n"
    )


def test_options_that_do_not_go_together(customerbase: CommandLine, shop: Path) -> None:
    """A number of segments is not for own segments, and a missing file is told."""
    assert shop.is_dir()
    answer = customerbase("segment", "--model", "mine.toml", "--n-segments", "4")
    assert answer.err.startswith(
        "Error: The option 'n_segments' is not for the model mine.toml, whose segments are those that"
    )
    assert "no-file.toml cannot be read: No such file" in customerbase("segment", "--model", "no-file.toml").err
    assert "value_tree, a TOML file of own segments. Got 'x'" in customerbase("segment", "--model", "x").err
