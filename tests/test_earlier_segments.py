"""Names that stay in a workspace: refits at the same and at later dates, and on the real data."""

import shutil
from pathlib import Path

import pytest
from tests.front_end import data_tables

from customerbase.earlier_segments import load_earlier
from customerbase.synthetic import Shop
from customerbase.workflow import Config, features, open_workspace, run, segment
from customerbase.workspace import Workspace


def called(workspace: Workspace, as_of: str) -> dict[str, str]:
    """Name → colour of the segments of a date."""
    return {one["name"]: one["color"] for one in workspace.json("segments", as_of)["segments"]}


def test_a_second_run_gives_the_same_bytes(made_shop: Shop, plain_shops: dict[str, Path], tmp_path: Path) -> None:
    """Matched to itself, a segmentation is what it was."""
    shop = Path(shutil.copytree(plain_shops["kmeans"], tmp_path / "shop"))
    once = data_tables(shop)
    run(open_workspace(shop), [str(made_shop.order_lines_csv)])
    twice = data_tables(shop)
    assert {name for name in once if once[name] != twice[name]} == set()


def test_only_the_same_model_and_dates_before_are_looked_at(plain_shops: dict[str, Path]) -> None:
    """The nearest date before, else nothing; RFM names stand for themselves."""
    workspace = open_workspace(plain_shops["kmeans"])
    (day,) = workspace.dates("segments")
    assert load_earlier(workspace, None, "kmeans", "orders") is None
    later = load_earlier(workspace, workspace.table("features").as_of.max().to_pyarrow().as_py(), "kmeans", "orders")
    assert later is not None
    assert later.as_of is not None
    assert later.as_of.isoformat() == day
    assert load_earlier(workspace, later.as_of.replace(year=2000), "kmeans", "orders") is None
    assert load_earlier(workspace, later.as_of, "ward", "orders") is None
    assert load_earlier(workspace, later.as_of, "kmeans", "coupons") is None


@pytest.mark.data
def test_a_month_later_names_and_colours_stay(data_folder: Path, tmp_path: Path) -> None:
    """Online Retail II at 2011-11-10 and a month later: all six stay, with other labels too; nothing is told."""
    workspace = open_workspace(tmp_path / "shop")
    run(workspace, [data_folder / "online_retail_II.csv"], Config(as_of="2011-11-10"))
    before = called(workspace, "2011-11-10")
    features(workspace, Config(as_of="2011-12-10"))
    for seed in (0, 7):
        segment(workspace, Config(as_of="2011-12-10", seed=seed))
        assert called(workspace, "2011-12-10") == before
        assert not [note for note in workspace.json("segments", "2011-12-10")["notes"] if "called" in note]
    assert len(before) == len(set(before.values())) == 6
