"""The value tree and the evaluation at the command line and in a workspace."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from tests.front_end import CommandLine, data_tables, many_orders, write_orders

from customerbase.evaluation import own_models
from customerbase.results import load_segmentation
from customerbase.segmentation.segments import assign
from customerbase.synthetic import Shop
from customerbase.workflow import Config, open_workspace, run

NAMES = ["reference model", "kmeans", "rfm", "rfm cells", "value_tree"]


@pytest.fixture(scope="module")
def tree_shop(made_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of a generated shop, segmented by a value tree."""
    path = tmp_path_factory.mktemp("tree") / "shop"
    run(open_workspace(path), [str(made_shop.order_lines_csv)], Config(model="value_tree", n_segments=4))
    return path


def test_run_shows_the_rule_of_each_segment(customerbase: CommandLine, made_shop: Shop) -> None:
    """In the summary in place of the first action, in `show segments` beside the traits, and as JSON."""
    out = customerbase.good("run", str(made_shop.order_lines_csv), "--model", "value_tree", "--n-segments", "4").out
    segments = customerbase.good("show", "segments", "--json").json
    assert 2 <= len(segments) <= 4
    shown = customerbase.good("show", "segments").out
    for each in segments:
        assert each["rule"] in out
        assert f"Rule: {each['rule'].split()[0]}" in shown
    card = customerbase.good("show", "models", "--json").json
    assert (card["model"], card["type"]) == ("value_tree", "ValueTree")


def test_the_stage_alone_gives_the_bytes_of_run(
    customerbase: CommandLine, plain_shops: dict[str, Path], tree_shop: Path
) -> None:
    """`segment --model value_tree` after a run of k-means writes the assignments and rules of a run with it."""
    shutil.copytree(plain_shops["kmeans"], "shop")
    customerbase.good("segment", "--model", "value_tree", "--n-segments", "4")
    customerbase.good("report")
    whole, staged = data_tables(tree_shop), data_tables(Path("shop"))
    assert {name for name in whole if whole[name] != staged[name]} == set()


def test_the_stored_tree_places_its_customers_again(tree_shop: Path) -> None:
    """From the model file alone, everybody gets the segment that is stored."""
    workspace = open_workspace(tree_shop)
    learnt = load_segmentation(workspace)
    placed = assign(learnt, workspace.table("features")).to_pyarrow().to_pylist()
    assert placed == workspace.table("assignments").order_by("customer_id").to_pyarrow().to_pylist()
    assert all(one.rule for one in learnt.segments)


def test_evaluate_prints_and_stores_a_table(customerbase: CommandLine, tree_shop: Path, tmp_path: Path) -> None:
    """The reference model first, then every model; read, as CSV and as JSON the same figures."""
    own = shutil.copytree(tree_shop, tmp_path / "own")  # the tests of this file share the other
    printed = customerbase.good("-w", own, "evaluate", "--csv").out
    rows = list(csv.DictReader(io.StringIO(printed)))
    names = [row["segmentation"] for row in rows]
    assert set(NAMES) <= set(names)
    assert names[0] == NAMES[0]
    for row in rows:
        assert 0 < float(row["spend_eta_squared"]) < 1
        assert 0 < float(row["buyers_share"]) < 1
        reference = float(rows[0]["spend_eta_squared"])
        assert float(row["share_of_reference"]) == pytest.approx(float(row["spend_eta_squared"]) / reference)
    stored = open_workspace(own).table("out_of_time").order_by("place").to_pyarrow().to_pylist()
    assert [each["segmentation"] for each in stored] == names
    shown = customerbase.good("-w", own, "show", "out_of_time", "--json").json
    assert [each["place"] for each in shown] == list(range(1, len(rows) + 1))
    # The shop's own segments and scores stand behind the reference model, and change no other figure.
    file = tmp_path / "mine.toml"
    file.write_text("[segments]\nGood = 'frequency > 3 and recency_days < 90'\n")
    again = json.loads(customerbase.good("-w", own, "evaluate", "--json", "--model", file, "--scheme", "klaviyo-6").out)
    assert [each["segmentation"] for each in again] == [names[0], "mine.toml", "rfm, klaviyo-6", *names[1:]]
    assert again[1]["n_segments"] == 2
    assert 0 < again[1]["spend_eta_squared"] < 1
    others = [each["spend_eta_squared"] for each in again if each["segmentation"] in names]
    assert others == [float(row["spend_eta_squared"]) for row in rows]


def test_own_models_of_the_options(tmp_path: Path) -> None:
    """Own segments by the name of their file, or its path where two are alike; RFM and preparation as they are set."""
    files = [tmp_path / folder / "mine.toml" for folder in ("one", "two")]
    for file in files:
        file.parent.mkdir()
        file.write_text("[segments]\nGood = 'frequency > 3'\n")
    assert list(own_models(Config(model=str(files[0])))) == ["mine.toml"]
    assert list(own_models(Config(model=str(files[0])), files)) == [str(file) for file in files]
    assert list(own_models(Config(rfm={"n_bins": 3, "scheme": None}))) == ["rfm, own options"]
    assert list(own_models(Config(model="ward", prepare={"pca": 1}))) == ["ward, own preparation"]
    assert own_models(Config()) == {}


def test_evaluate_refuses_what_is_no_file_of_own_segments(customerbase: CommandLine, tree_shop: Path) -> None:
    """The name of a method, a file that is not there, a condition on nothing: one line each, and nothing changes."""
    broken = tree_shop.parent / "broken.toml"
    broken.write_text("[segments]\nGood = 'frequencies > 3'\n")
    cases = {
        "kmeans": "--model of evaluate must be a TOML file of own segments. Got 'kmeans' instead",
        "none.toml": "none.toml cannot be read",
        str(broken): "",
    }
    before = open_workspace(tree_shop).tables()
    for file, message in cases.items():
        answer = customerbase("-w", tree_shop, "evaluate", "--model", file)
        assert answer.status == 2
        assert answer.err.startswith(f"Error: {message}")
        assert answer.err.count("\n") == 1
    assert open_workspace(tree_shop).tables() == before


def test_evaluate_refuses_what_it_cannot_know(customerbase: CommandLine, tree_shop: Path) -> None:
    """A date too late, one too early, no days, nothing there: one line each."""
    cases = {
        ("evaluate", "--as-of", "2023-12-01"): (
            1,
            "The 90 days from 2023-12-01 on reach to 2024-02-28, and",
        ),
        ("evaluate", "--as-of", "2010-02-01"): (
            1,
            "Nobody is known at 2009-11-03, 90 days before 2010-02-01",
        ),
        ("evaluate", "--horizon-days", "0"): (2, "The option 'horizon_days' must be an int >= 1. Got 0 instead."),
    }
    for words, (status, message) in cases.items():
        answer = customerbase("-w", tree_shop, *words)
        assert answer.status == status
        assert answer.err.startswith(f"Error: {message}")
        assert answer.err.count("\n") == 1
    answer = customerbase("-w", "none", "evaluate")
    assert (answer.status, answer.err.count("\n")) == (1, 1)
    assert answer.err.startswith("Error: There is nothing in none yet.")


def test_a_shop_without_a_past_has_no_tree(customerbase: CommandLine, tmp_path: Path) -> None:
    """Where nobody was known a horizon before, it says when there will be; no workspace is begun."""
    orders = write_orders(tmp_path / "orders.csv", many_orders())
    answer = customerbase("run", orders, "--model", "value_tree", "--as-of", "2024-02-01")
    assert answer.status == 1
    assert answer.err.startswith("Error: Nobody is known at 2023-11-03, 90 days before 2024-02-01")
    assert not Path("shop", "workspace.json").exists()
