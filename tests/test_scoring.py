"""score, explain and foresee at the command line and in Python: placed without learning, and refused in one line."""

import json
import re
import shutil
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pytest
from tests.front_end import CommandLine, listing, write_orders

from customerbase.cleaning import clean
from customerbase.features.customers import customer_features
from customerbase.ingest.reading import read
from customerbase.results import load_segmentation
from customerbase.segmentation.segments import assign
from customerbase.synthetic import Shop
from customerbase.workflow import Config, open_workspace, run, score

DAY = "2023-10-01"


@pytest.fixture(scope="module")
def folder(made_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with old.csv and new.csv, an export cut at a day, all of it as all.csv, and a workspace of the old."""
    folder = tmp_path_factory.mktemp("scoring")
    lines = pd.read_csv(str(made_shop.order_lines_csv), dtype=str)
    shutil.copy(str(made_shop.order_lines_csv), folder / "all.csv")
    time = next(name for name in lines.columns if "date" in name.lower() or "_at" in name)
    lines[lines[time] < DAY].to_csv(folder / "old.csv", index=False)
    lines[lines[time] >= DAY].to_csv(folder / "new.csv", index=False)
    run(open_workspace(folder / "shop"), [folder / "old.csv"], Config(as_of=DAY))
    return folder


@pytest.fixture
def shop(folder: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to write into."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def placed(table: ibis.Table) -> list[dict[str, object]]:
    """Read who is where and how sure that is."""
    names = ("customer_id", "as_of", "segment_id", "segment", "confidence", "next_segment", "is_borderline")
    rows: list[dict[str, object]] = table.select(*names).order_by("customer_id").to_pyarrow().to_pylist()
    return rows


def test_a_file_alone_is_placed_as_assign_places_its_features(shop: Path) -> None:
    """Score is reading, cleaning, features of the day after the last order, and assign."""
    workspace = open_workspace(shop / "shop")
    scored = score(workspace, [shop / "new.csv"])
    features = customer_features(clean(read(shop / "new.csv")).data)
    expected = assign(load_segmentation(workspace), features)
    assert placed(workspace.table("scored")) == placed(expected)
    assert scored.n_customers == len(placed(expected))
    assert sum(n for _, n in scored.segments) == scored.n_customers


def test_appended_it_is_placed_as_with_the_whole_history(shop: Path) -> None:
    """Old lines stored and new ones appended give what the file of all lines gives, for the customers of the new."""
    workspace = open_workspace(shop / "shop")
    scored = score(workspace, [shop / "new.csv"], append=True)
    who = {row["customer_id"] for row in clean(read(shop / "new.csv")).data.order_lines.to_pyarrow().to_pylist()}
    features = customer_features(clean(read(shop / "all.csv")).data)
    expected = assign(
        load_segmentation(workspace), features.filter(features.customer_id.isin(sorted(filter(None, who))))
    )
    assert placed(scored.table) == placed(expected)


def test_what_is_stored_already_is_counted_once(shop: Path) -> None:
    """A file that overlaps with the stored lines gives what the new part of it gives, for the customers of that."""
    workspace = open_workspace(shop / "shop")
    new = {row["customer_id"]: row for row in placed(score(workspace, [shop / "new.csv"], append=True).table)}
    overlapping = score(workspace, [shop / "all.csv"], append=True)
    rows = {row["customer_id"]: row for row in placed(overlapping.table)}
    assert {name: rows[name] for name in new} == new
    assert any("lines are of orders that are stored already" in note for note in overlapping.notes)


def test_known_customers_are_named_with_the_segment_that_they_had(shop: Path) -> None:
    """`is_known` and `known_segment` are those of the stored tables."""
    workspace = open_workspace(shop / "shop")
    score(workspace, [shop / "new.csv"])
    stored = workspace.table("assignments", DAY).to_pandas().set_index("customer_id").segment
    described = set(workspace.table("features", DAY).customer_id.to_pandas())
    rows = workspace.table("scored").to_pyarrow().to_pylist()
    assert {row["is_known"] for row in rows} == {True, False}
    for row in rows:
        assert row["is_known"] == (row["customer_id"] in described)
        assert row["known_segment"] == stored.get(row["customer_id"])
        assert row["learnt_as_of"] == DAY


def test_a_short_window_known_customers_and_a_strange_range_are_noted(shop: Path) -> None:
    """Each note says what to do; a longer window of ordinary figures has none of the first and the last."""
    workspace = open_workspace(shop / "shop")
    alone = score(workspace, [shop / "new.csv"]).notes
    assert any(note.startswith("The history reaches back") and "--append" in note for note in alone)
    assert any("were known when the segments were learnt" in note for note in alone)
    appended = score(workspace, [shop / "new.csv"], append=True).notes
    assert not any(note.startswith("The history reaches back") for note in appended)
    far = score(workspace, [shop / "new.csv"], Config(as_of="2040-01-01"), append=True).notes
    assert any(note.startswith("100.0% of the customers have a recency_days outside of") for note in far)


def test_with_an_output_the_workspace_stays_as_it_is(shop: Path, customerbase: CommandLine) -> None:
    """The file has the customers with their features; nothing is published."""
    before = listing(shop / "shop")
    answer = customerbase.good("-w", shop / "shop", "score", shop / "new.csv", "--output", shop / "scored.csv")
    assert listing(shop / "shop") == before
    rows = pd.read_csv(shop / "scored.csv", dtype={"customer_id": str})
    assert {"segment", "confidence", "next_segment", "is_known", "monetary", "frequency"} <= set(rows.columns)
    assert f"{len(rows):,} customers as of " in answer.out
    assert answer.out.endswith(f"Written to {shop / 'scored.csv'}.\n")


def test_the_command_prints_counts_and_its_table_as_json(shop: Path, customerbase: CommandLine) -> None:
    """Shares sum to one; `--json` gives each customer; the table can be shown."""
    told = customerbase.good("-w", shop / "shop", "score", shop / "new.csv", "--append").out
    assert "stand on the border of two segments" in told
    rows = customerbase.good("-w", shop / "shop", "score", shop / "new.csv", "--append", "--json").json
    assert rows == customerbase.good("-w", shop / "shop", "show", "scored", "--json").json
    assert rows


COUPONS = "coupon_id,customer_id,claimed_at,burnt_at\nA,ann,2024-01-01,2024-01-05\nB,bob,2024-01-02,\n"
MEASURES = "customer_id,recency,frequency,monetary,session_count\nann,3,4,50,9\nbob,30,1,5,2\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (COUPONS, "learnt from orders, and file.csv has coupons without orders. Score a file of the same kind"),
        (MEASURES, "learnt from orders, and file.csv has one row per customer. Score a file of the same kind"),
        ("", "file.csv is empty."),
        ("order_id,customer_id,ordered_at,quantity\n1,ann,2024-01-01,2\n", "No known layout fits these columns"),
    ],
    ids=["coupons", "customers", "empty", "no amount"],
)
def test_a_file_that_does_not_fit_is_refused_in_one_line(
    shop: Path, customerbase: CommandLine, content: str, message: str
) -> None:
    """Nothing is written, and the line says what is wrong with the file."""
    before = listing(shop / "shop")
    (shop / "file.csv").write_text(content, encoding="utf-8")
    answer = customerbase("-w", shop / "shop", "score", shop / "file.csv")
    assert answer.status == 1
    assert message in answer.err
    assert answer.err.count("\n") == 1
    assert listing(shop / "shop") == before


def test_a_column_that_the_model_needs_is_named(tmp_path: Path, customerbase: CommandLine) -> None:
    """Segments by visits and clicks cannot place a file without clicks, nor one in which nobody has any."""
    rows = [f"c{number},{number % 7 + 1},{number * 3 % 50}" for number in range(40)]
    (tmp_path / "all.csv").write_text("\n".join(["customer_id,sessions,clicks", *rows]), encoding="utf-8")
    customerbase.good("-w", "shop", "--quiet", "run", tmp_path / "all.csv", "--n-segments", "2")
    for content in ("customer_id,sessions\nann,3\nbob,4\n", "customer_id,sessions,clicks\nann,3,\nbob,4,\n"):
        (tmp_path / "few.csv").write_text(content, encoding="utf-8")
        answer = customerbase("-w", "shop", "score", tmp_path / "few.csv")
        assert answer.status == 1
        assert "and few.csv has no n_clicks. Add it to the file, or name its column with --map." in answer.err


def test_without_a_model_or_with_a_damaged_one_nothing_is_placed(shop: Path, customerbase: CommandLine) -> None:
    """No workspace, no such date, a file cut short, and one that was edited: one line each."""
    new = shop / "new.csv"
    assert "There are no segments in ./nowhere." in customerbase("-w", "nowhere", "score", new).err
    answer = customerbase("-w", shop / "shop", "score", new, "--learnt", "2001-01-01")
    assert "There are no segments for 2001-01-01" in answer.err
    (file,) = (shop / "shop").rglob("*.model")
    content = file.read_bytes()
    file.write_bytes(content[:-50])
    assert "is missing or damaged" in customerbase("-w", shop / "shop", "score", new).err
    (asked,) = re.findall(rb'"n_clusters": (\d)', content)[:1]
    file.write_bytes(content.replace(b'"n_clusters": ' + asked, b'"n_clusters": 9'))
    answer = customerbase("-w", shop / "shop", "score", new)
    assert "The model file is damaged or cut short" in answer.err
    assert answer.err.count("\n") == 1


def test_explanations_are_stored_and_go_when_segments_are_made_anew(shop: Path, customerbase: CommandLine) -> None:
    """`explain` computes once, and again after `segment`."""
    first = customerbase.good("-w", shop / "shop", "explain", "--json").json
    assert set(first) == {"fidelity", "importances", "surrogate_rules"}
    held = [each["name"] for each in customerbase.good("-w", shop / "shop", "tables", "--json").json]
    assert {"fidelity", "confusion", "importances", "surrogate_rules"} <= set(held)
    before = listing(shop / "shop")
    assert "In a few rules, which give" in customerbase.good("-w", shop / "shop", "explain").out
    assert listing(shop / "shop") == before
    customerbase.good("-w", shop / "shop", "segment", "--model", "rfm")
    held = [each["name"] for each in customerbase.good("-w", shop / "shop", "tables", "--json").json]
    assert "fidelity" not in held
    names = {
        row["segment"] for row in customerbase.good("-w", shop / "shop", "explain", "--json").json["surrogate_rules"]
    }
    assert names <= {one.name for one in load_segmentation(open_workspace(shop / "shop")).segments}


def test_one_customer_is_explained(shop: Path, customerbase: CommandLine) -> None:
    """The words, the JSON and the CSV say the same; an unknown customer is refused."""
    table = open_workspace(shop / "shop").table("borderline")
    customer = table.customer_id.min().to_pyarrow().as_py()
    out = customerbase.good("-w", shop / "shop", "explain", "--customer", customer).out
    why = customerbase.good("-w", shop / "shop", "explain", "--customer", customer, "--json").json
    assert out.startswith(f"{customer} as of {DAY}: {why['segment']}, confidence {why['confidence']:.2f}; next ")
    assert "and on the border of the two" in out
    assert {each["feature"] for each in why["reasons"]} == {"recency_days", "frequency", "monetary"}
    assert customerbase.good("-w", shop / "shop", "explain", "--customer", customer, "--csv").out.count("\n") == 4
    assert customerbase("-w", shop / "shop", "explain", "--customer", "zoe").status == 1


def test_own_segments_are_scored_without_a_confidence_and_need_no_explanation(
    shop: Path, customerbase: CommandLine
) -> None:
    """A condition is met or not: nothing is said of borders, and nothing is to be explained."""
    (shop / "own.toml").write_text('[segments]\nSleeping = "recency_days > 60"\n', encoding="utf-8")
    customerbase.good("-w", shop / "shop", "--quiet", "segment", "--model", shop / "own.toml")
    told = customerbase.good("-w", shop / "shop", "score", shop / "new.csv", "--append").out
    assert "This model cannot say who stands on the border of two segments." in told
    rows = customerbase.good("-w", shop / "shop", "show", "scored", "--json").json
    assert {row["confidence"] for row in rows} == {None}
    assert "Own segments say themselves who belongs to them" in customerbase("-w", shop / "shop", "explain").err


def test_too_short_an_export_foresees_nothing(tmp_path: Path, customerbase: CommandLine) -> None:
    """One line says how long it must be."""
    orders = [f"{number},c{number % 9},2024-01-{1 + number % 27:02} 10:00,mug,1,5.50" for number in range(90)]
    write_orders(tmp_path / "orders.csv", orders)
    customerbase.good("-w", "till", "--quiet", "run", tmp_path / "orders.csv", "--model", "rfm")
    answer = customerbase("-w", "till", "foresee")
    assert answer.status == 1
    assert "The orders span 27 days" in answer.err


def test_the_model_card_and_the_scored_table_hold_plain_values(shop: Path, customerbase: CommandLine) -> None:
    """What is printed as JSON is JSON, dates as text."""
    rows = json.loads(customerbase.good("-w", shop / "shop", "score", shop / "new.csv", "--json").out)
    assert date.fromisoformat(rows[0]["as_of"]) > date.fromisoformat(DAY)
