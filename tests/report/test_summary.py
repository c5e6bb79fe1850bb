"""The summary that every front end shows."""

import json
from pathlib import Path

import pytest

from customerbase.cleaning import RULES
from customerbase.errors import WorkspaceError
from customerbase.report.summary import REASONS, summarise
from customerbase.workflow import open_workspace


def test_every_rule_has_words() -> None:
    """None is shown by its name alone, and no words are left of a rule that is gone."""
    assert set(REASONS) == set(RULES)


def test_the_summary_agrees_with_the_tables(finished_shop: Path) -> None:
    """Rows in = kept + set aside; customers and revenue are those of the features."""
    shop = open_workspace(finished_shop)
    summary = summarise(shop)
    features = shop.table("features").to_pandas()
    buyers = features[features.frequency > 0]
    assert summary["rows_in"] == 5_000
    assert summary["rows_in"] == summary["rows_kept"] + sum(each["rows"] for each in summary["set_aside"])
    assert summary["rows_kept"] == shop.table("order_lines").count().execute()
    assert summary["n_customers"] == len(buyers) == sum(each["n_customers"] for each in summary["segments"])
    assert summary["n_without_purchase"] == len(features) - len(buyers)
    assert summary["gross_revenue"] == pytest.approx(float(features.gross_revenue.sum()))


def test_only_rules_that_found_something_are_told(finished_shop: Path) -> None:
    """Each with its words."""
    summary = summarise(open_workspace(finished_shop))
    assert [(each["rule"], each["reason"]) for each in summary["set_aside"]] == [("guest", "name no customer")]
    assert all(each["rows"] > 0 and each["kind"] == "marked" for each in summary["marked"])
    assert "is_future" not in {each["rule"] for each in summary["marked"]}


def test_the_files_are_those_of_the_date(finished_shop: Path) -> None:
    """All that belongs to it or to no date, each where it says."""
    summary = summarise(open_workspace(finished_shop), "2023-07-01")
    assert (summary["as_of"], summary["model"]) == ("2023-07-01", "rfm")
    assert all(list(Path(file).parent.glob(Path(file).name)) for file in summary["files"])
    names = [Path(file).relative_to(finished_shop).as_posix().removeprefix("runs/") for file in summary["files"]]
    assert names == [
        "0001/assignments/as_of=2023-07-01.parquet",
        "0002/audit.json",
        "0001/borderline/as_of=2023-07-01.parquet",
        "0002/checkup.json",
        "0002/explore_*",
        "0001/explore_*",
        "0001/features/as_of=2023-07-01.parquet",
        "0001/models/as_of=2023-07-01.json",
        "0001/models/as_of=2023-07-01.model",
        "0002/order_lines.parquet",
        "0001/projection/as_of=2023-07-01.parquet",
        "0001/projection_facts/as_of=2023-07-01.json",
        "0002/quarantine.parquet",
        "report.html",
        "0002/returns.parquet",
        "0001/segments/as_of=2023-07-01.json",
        "0002/set_aside.parquet",
    ]


def test_the_summary_is_plain(finished_shop: Path) -> None:
    """It goes through JSON and comes back equal, since the page and the service print it too."""
    summary = summarise(open_workspace(finished_shop))
    assert json.loads(json.dumps(summary)) == {**summary, "segments": json.loads(json.dumps(summary["segments"]))}


def test_without_segments_there_is_no_summary(tmp_path: Path) -> None:
    """The way to get them is named."""
    with pytest.raises(WorkspaceError, match=r"There are no segments in .* Run 'customerbase segment' first"):
        summarise(open_workspace(tmp_path / "shop"))
