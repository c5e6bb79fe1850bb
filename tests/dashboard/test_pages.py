"""The pages without a browser: figures, faults in plain words, and what a URL may and may not do."""

import shutil
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from customerbase.dashboard import app_file, elements
from customerbase.dashboard.opening import open_newest
from customerbase.dashboard.pages import PAGES
from customerbase.dashboard.serving import Serving, choose
from customerbase.report.numerals import write
from customerbase.report.sections import SECTIONS
from customerbase.report.summary import summarise
from customerbase.workflow import open_workspace


def _look(workspace: Path, **values: str) -> AppTest:
    """Run a page of a workspace."""
    choose(Serving(workspace, workspace.with_name("uploads")))
    page = AppTest.from_file(str(app_file()), default_timeout=60)
    for name, value in values.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def _said(page: AppTest) -> str:
    return " ".join(each.proto.body for each in page.get("html") if "<style>" not in each.proto.body)


def test_figures_are_those_of_the_report(finished_shop: Path) -> None:
    """The same paragraph and the same six figures."""
    summary = summarise(open_workspace(finished_shop))
    said = _said(_look(finished_shop))
    assert summary["paragraph"] in said
    for figure in summary["figures"]:
        assert f"<dd>{write(figure['value'], figure['kind'])}</dd>" in said


def test_an_earlier_date_can_be_looked_at(finished_shop: Path) -> None:
    """The date of the first run, whose segments are others."""
    summary = summarise(open_workspace(finished_shop), "2023-07-01")
    said = _said(_look(finished_shop, as_of="2023-07-01", page="Segments"))
    assert "as of 2023-07-01" in said
    assert all(f"</span>{one['name']}</h2>" in said for one in summary["segments"])


@pytest.mark.parametrize(
    "values",
    [{"page": "Nowhere"}, {"segment": "Nobody"}, {"as_of": "2000-01-01"}, {"upload": "../shop"}, {"country": "<b>"}],
)
def test_a_url_of_nothing_shows_what_there_is(finished_shop: Path, values: dict[str, str]) -> None:
    """What does not exist is left out of the view."""
    said = _said(_look(finished_shop, **values))
    assert summarise(open_workspace(finished_shop))["paragraph"] in said


def test_a_link_to_somebody_who_is_not_here_says_so(finished_shop: Path) -> None:
    """What stands in it is text."""
    said = _said(_look(finished_shop, segment="Nobody", country="<b>Utopia"))
    assert "There is no segment Nobody at this date: all are shown." in said
    assert "There is no country &lt;b&gt;Utopia at this date: all are shown." in said


@pytest.mark.parametrize(
    "where", ["nonsense", "shoe_size:1:2", "frequency:old:", "frequency:1e999:", "country=Atlantis", "=", "<img src=x>"]
)
def test_conditions_of_nothing_are_left_out(finished_shop: Path, where: str) -> None:
    """A URL may say anything, also of what customers are asked for."""
    n = summarise(open_workspace(finished_shop))["n_customers"]
    page = _look(finished_shop, page="Customers", where=where, order="shoe_size")
    assert f"{n:,} customers" in _said(page)


def test_an_unknown_customer_is_told_so(finished_shop: Path) -> None:
    """In a sentence, with the id as text."""
    assert "There is no customer &lt;i&gt; with a segment" in _said(
        _look(finished_shop, page="Customers", customer="<i>")
    )


def test_an_empty_workspace_says_what_to_do(tmp_path: Path) -> None:
    """There is one page, which takes an export."""
    page = _look(tmp_path / "shop")
    assert "There is nothing in shop yet. Run &#39;customerbase -w" in _said(page)
    assert page.radio[0].options == ["New export"]


def test_a_damaged_workspace_is_told_so(finished_shop: Path, tmp_path: Path) -> None:
    """A manifest that is no JSON, and a table that is cut short."""
    workspace = Path(shutil.copytree(finished_shop, tmp_path / "shop"))
    for file in workspace.rglob("features/*.parquet"):
        file.write_bytes(file.read_bytes()[:100])
    said = _said(_look(workspace))
    assert "is missing or damaged. Restore it from a copy" in said
    assert said.count("<h1") == 1
    (workspace / "workspace.json").write_text("{")
    assert "workspace.json is damaged" in _said(_look(workspace))


def test_a_half_written_run_is_not_seen(finished_shop: Path, tmp_path: Path) -> None:
    """What a run writes before it publishes changes nothing."""
    workspace = Path(shutil.copytree(finished_shop, tmp_path / "shop"))
    (workspace / "runs" / "0009" / "features").mkdir(parents=True)
    (workspace / "runs" / "0009" / "features" / "as_of=2030-01-01.parquet").write_bytes(b"PAR1")
    assert summarise(open_workspace(workspace))["paragraph"] in _said(_look(workspace))


def test_a_run_that_is_gone_is_told_so(finished_shop: Path, tmp_path: Path) -> None:
    """Two runs later what nobody needs is swept; one click leads to the newest."""
    workspace = Path(shutil.copytree(finished_shop, tmp_path / "shop"))
    page = _look(workspace)
    for _ in range(2):
        shop = open_workspace(workspace)
        with shop.begin() as run:
            run.write_json("audit", {})
            shop.publish(run, keep_snapshots=False, drop={each.name for each in shop.tables()})
    page.radio[0].set_value("Exploration").run()
    assert "the one that this page showed is gone" in _said(page)
    page.button[-1].click().run()
    assert "run 0004" in _said(page)


def test_every_section_of_the_report_has_a_page(finished_shop: Path) -> None:
    """None of them is lost, whatever is added to the report."""
    from customerbase.dashboard.views.trust import SHOWN_ELSEWHERE

    elsewhere = set(SHOWN_ELSEWHERE)
    assert elsewhere <= set(SECTIONS)
    said = _said(_look(finished_shop, page="Trust"))
    assert all(SECTIONS[key].title in said for key in set(SECTIONS) - elsewhere)


def test_pages_without_data_are_left_out(finished_shop: Path) -> None:
    """A shop without coupons has no page of coupons."""
    options = _look(finished_shop).radio[0].options
    assert set(options) == {*PAGES, "New export"} - {"Coupons", "Engagement"}


def test_all_browsers_share_what_was_computed(finished_shop: Path) -> None:
    """The same state is opened once, another state anew."""
    assert open_newest(finished_shop) is open_newest(finished_shop)


def test_sums_that_cannot_be_made_are_told_until_they_can(
    finished_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of the lines is gone, and comes back."""
    monkeypatch.setattr(elements, "_FEW_LINES", 0)  # so that this shop is added up as large ones are
    shop = Path(shutil.copytree(finished_shop, tmp_path / "shop"))
    name = summarise(open_workspace(shop))["segments"][0]["name"]
    lines = max(shop.glob("runs/*/order_lines.parquet"))
    gone = lines.rename(lines.with_suffix(".gone"))
    page = _look(shop, page="Segments", segment=name)
    _run_until(page, "order_lines.parquet")
    assert "Try again" in [button.label for button in page.button]
    gone.rename(lines)
    _run_until(page, "What they buy")
    assert "order_lines.parquet" not in _said(page)


def _run_until(page: AppTest, words: str) -> None:
    """Run a page as its own clock does in a browser, until it says something."""
    for _ in range(100):
        page.run()
        assert not page.exception
        if words in _said(page):
            return
        time.sleep(0.1)
    raise AssertionError(_said(page))


def test_of_a_segment_what_is_yes_or_no_has_a_share_and_no_rank(finished_shop: Path) -> None:
    """In the profile of a segment, bought once stands with a dash for the rank, and its mean."""
    segment = summarise(open_workspace(finished_shop))["segments"][0]
    said = _said(_look(finished_shop, page="Segments", segment=segment["name"]))
    row = next(part for part in said.split("<tr") if ">bought once<" in part)
    assert "–" in row
    assert str(segment["profile"]["is_one_time"]["percentile_rank"]) not in row
