"""The report at the top of a workspace: of the current state, whole, or not there."""

import stat
from pathlib import Path

import pytest

from customerbase.workspace import Workspace
from customerbase.workspace.front_page import FRONT_PAGE, TEMPORARY_PAGE, prepare, put_up, take_down
from customerbase.workspace.manifest import read_manifest


def publish(shop: Workspace, text: str | None, *, private: bool = False) -> None:
    with shop.begin() as run:
        if text is not None:
            run.write_text("report", text, suffix=".html", private=private)
        shop.publish(run, keep_snapshots=True, drop=["report"])


def test_the_page_is_that_of_the_state(tmp_path: Path) -> None:
    """A state with a report shows it; one without shows none."""
    shop = Workspace(tmp_path / "shop")
    for text in ("first", "second"):
        publish(shop, text)
        assert (shop.path / FRONT_PAGE).read_text() == text
    publish(shop, None)
    assert not (shop.path / FRONT_PAGE).exists()


def test_a_private_page_stays_private(tmp_path: Path) -> None:
    """At the top too, only its owner reads it."""
    shop = Workspace(tmp_path / "shop")
    publish(shop, "named", private=True)
    assert stat.S_IMODE((shop.path / FRONT_PAGE).stat().st_mode) == 0o600


@pytest.mark.parametrize("n_steps", [1, 2])
def test_what_is_cut_short_leaves_no_page_of_another_state(tmp_path: Path, n_steps: int) -> None:
    """Killed between any two steps: the page of the state before, or none; the next run clears up."""
    shop = Workspace(tmp_path / "shop")
    publish(shop, "first")
    state = read_manifest(shop.path)
    prepare(shop.path, state)
    if n_steps == 2:
        take_down(shop.path)
    page = shop.path / FRONT_PAGE
    assert not page.exists() if n_steps == 2 else page.read_text() == "first"
    publish(Workspace(shop.path), None)
    assert not page.exists()
    assert not (shop.path / TEMPORARY_PAGE).exists()


def test_nothing_is_put_up_without_a_page(tmp_path: Path) -> None:
    """Where none was prepared."""
    put_up(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_given_up_leaves_the_page(tmp_path: Path) -> None:
    """Nothing was published, so the page before is still true."""
    shop = Workspace(tmp_path / "shop")
    publish(shop, "first")
    with shop.begin() as run:
        run.write_text("report", "never", suffix=".html")
    assert (shop.path / FRONT_PAGE).read_text() == "first"
