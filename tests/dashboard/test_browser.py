"""The dashboard in a real browser."""

import csv
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import openpyxl
import pytest
from tests.dashboard.conftest import Served
from tests.dashboard.served import Looking
from tests.report.hostile import HOSTILE, write_hostile

from customerbase.report.summary import summarise
from customerbase.workflow import Config, open_workspace, report

TITLES = (
    "Segments",
    "Customers",
    "Exploration",
    "RFM",
    "Trust",
    "Data quality",
    "Definitions",
    "New export",
    "Overview",
)


def _sizes(workspace: Path) -> dict[str, int]:
    return {one["name"]: one["n_customers"] for one in open_workspace(workspace).json("segments")["segments"]}


def test_every_page_opens_without_a_fault(looking: Looking) -> None:
    """No error in the console, no request to anywhere else, and a heading of its own."""
    looking.open()
    listed = looking.page.locator(".st-key-page [role=radiogroup] label").all_inner_texts()
    assert sorted(map(str.strip, listed)) == sorted(TITLES)
    for title in TITLES:
        looking.go(title)
        assert looking.page.locator(".cb .fault").count() == 0
        assert looking.page.locator("[data-testid=stException]").count() == 0


def test_a_phone_in_the_dark_shows_all_of_it(served: Served, chromium: Any) -> None:
    """Nothing sticks out sideways, and no colour of a light page is left in a chart."""
    context = chromium.new_context(viewport={"width": 390, "height": 800}, color_scheme="dark")
    look = Looking(context.new_page(), served.address)
    for title in ("Overview", "Segments", "Trust"):
        look.open(page=title)
        look.page.wait_for_timeout(300)
        assert look.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), title
    look.open()
    ink = "document.defaultView.getComputedStyle(document.querySelector('.stVegaLiteChart svg text')).fill"
    look.page.wait_for_selector(".stVegaLiteChart svg text")
    assert look.page.evaluate(ink) == "rgb(232, 236, 240)"
    assert look.seen == []
    context.close()


def test_a_filter_changes_numbers_and_stands_in_the_url(looking: Looking, served: Served, chromium: Any) -> None:
    """It stays from page to page, and whoever is sent the URL sees the same."""
    sizes = _sizes(served.workspace)
    name, total = next(iter(sizes)), sum(sizes.values())
    looking.open()
    before = looking.text(".cb dl.figures dd")
    looking.pick("segment", name)
    assert before == f"{total:,}"
    assert looking.text(".cb dl.figures dd") == f"{sizes[name]:,}"
    looking.go("RFM")
    assert looking.text(".cb p.by").startswith(f"{sizes[name]:,} of {total:,} customers: {name}")
    url, heading = looking.page.url, looking.text(".cb p.by")
    assert "segment=" in url
    context = chromium.new_context()
    other = Looking(context.new_page(), served.address)
    other.page.goto(url)
    other.page.wait_for_selector(".cb h1")
    other.settle()
    assert (other.text(".cb h1"), other.text(".cb p.by")) == ("RFM", heading)
    assert other.seen == []
    context.close()


def test_two_browsers_have_filters_of_their_own(looking: Looking, served: Served, chromium: Any) -> None:
    """Each sees what its own filter says, at the same time."""
    names = list(_sizes(served.workspace))[:2]
    context = chromium.new_context()
    other = Looking(context.new_page(), served.address)
    looking.page.goto(f"{served.address}/?segment={names[0]}&page=RFM")
    other.page.goto(f"{served.address}/?segment={names[1]}&page=RFM")
    for look, name in ((looking, names[0]), (other, names[1])):
        look.page.wait_for_selector(".cb p.by")
        assert name in look.settle().text(".cb p.by")
    assert other.seen == []
    context.close()


def test_a_segment_leads_to_its_customers_and_on_to_one(looking: Looking, served: Served) -> None:
    """A click on a bar opens a segment, a click on a customer all that is known."""
    sizes = _sizes(served.workspace)
    looking.open()
    looking.page.locator(".stVegaLiteChart svg .mark-rect path").nth(len(sizes)).click()
    looking.page.wait_for_function("document.querySelector('.cb h1')?.textContent === 'Segments'")
    looking.settle()
    name = next(name for name in sizes if name in looking.text(".cb p.by"))
    assert looking.text(".cb .card h2") == name
    looking.page.get_by_role("tab", name="Customers").click()
    grid = looking.page.locator("[data-testid=stDataFrame]").first
    grid.scroll_into_view_if_needed()
    assert f"{sizes[name]:,} customers" in looking.page.get_by_role("tabpanel").inner_text()
    grid.click(position={"x": 90, "y": 52})
    looking.page.wait_for_selector(".cb h2:has-text('Customer ')")
    looking.settle()
    found = looking.text(".cb h2").removeprefix("Customer ")
    assignments = open_workspace(served.workspace).table("assignments")
    placed = assignments.filter(assignments.customer_id == found).segment.execute().to_list()
    assert placed == [name]
    assert looking.page.get_by_text(f"Segment: {name}").is_visible()
    assert re.search(r"[?&]customer=", looking.page.url)
    looking.page.go_back()
    looking.page.wait_for_function("document.querySelector('.cb h1')?.textContent === 'Segments'")


def test_conditions_on_customers_stand_in_the_url_and_outlast_a_look_at_one(
    looking: Looking, served: Served, chromium: Any
) -> None:
    """Whoever is sent the URL sees the same list; the ways back from a customer and another page lead to it."""
    features = open_workspace(served.workspace).table("features")
    n_found = features.filter((features.frequency >= 5) & features.customer_id.contains("1")).count().execute()
    looking.open(page="Customers", where="frequency:5:", search="1")
    said = looking.text(".cb p.reading")
    assert said.startswith(f"{n_found:,} customers")
    looking.page.locator(".st-key-frequency-most input").fill("5")
    looking.page.keyboard.press("Enter")
    looking.page.wait_for_function("said => document.querySelector('.cb p.reading').textContent !== said", arg=said)
    url, said = looking.settle().page.url, looking.text(".cb p.reading")
    assert _asked(url) == [("page", "Customers"), ("search", "1"), ("where", "frequency:5:5")]
    other = Looking(chromium.new_context().new_page(), served.address)
    other.page.goto(url)
    other.page.wait_for_selector(".cb h1")
    assert other.settle().text(".cb p.reading") == said
    other.page.context.close()
    button = looking.page.locator("[data-testid=stButton] button", has_text="All customers")
    for go_back in (button.click, looking.page.go_back):
        looking.page.locator("[data-testid=stDataFrame]").first.click(position={"x": 90, "y": 52})
        looking.page.wait_for_selector(".cb h2:has-text('Customer ')")
        looking.settle()
        go_back()
        looking.page.wait_for_selector(".st-key-where")
        assert (_asked(looking.settle().page.url), looking.text(".cb p.reading")) == (_asked(url), said)
    looking.go("RFM").page.go_back()
    looking.page.wait_for_selector(".st-key-where")
    assert (_asked(looking.settle().page.url), looking.text(".cb p.reading")) == (_asked(url), said)


def _asked(url: str) -> list[tuple[str, str]]:
    return sorted(parse_qsl(urlsplit(url).query))


def test_downloads_hold_what_is_shown(looking: Looking, served: Served, tmp_path: Path) -> None:
    """Tables as CSV and XLSX, charts as PNG and SVG, and the customers of a segment with all their figures."""
    sizes = _sizes(served.workspace)
    looking.open(page="Segments")
    offered = looking.page.locator("[data-testid=stDownloadButton] button")
    files = {
        kind: looking.download(offered.filter(has_text=kind.upper()).first, tmp_path)
        for kind in ("csv", "xlsx", "png", "svg")
    }
    assert {file.stem for file in files.values()} == {"segment-shares"}
    rows = list(csv.DictReader(files["csv"].read_text(encoding="utf-8").splitlines()))
    assert {row["segment"]: int(row["customers"]) for row in rows} == sizes
    sheet = openpyxl.load_workbook(files["xlsx"]).active
    assert sheet is not None
    assert [[cell.value for cell in row][:2] for row in sheet.iter_rows(min_row=2)] == [
        list(one) for one in sizes.items()
    ]
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in files["svg"].read_text(encoding="utf-8")
    name = next(iter(sizes))
    looking.open(page="Customers", segment=name)
    file = looking.download(looking.page.locator(".st-key-customers-download-csv button"), tmp_path)
    customers = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert (len(customers), {row["segment"] for row in customers}) == (sizes[name], {name})


def test_a_new_run_is_offered_to_an_open_page(looking: Looking, served: Served) -> None:
    """The page goes on showing what it showed, until somebody wants the new run."""
    looking.open(page="Trust")
    foot = ".cb p.source:has-text('run')"
    before = looking.text(foot)
    workspace = open_workspace(served.workspace)
    report(workspace, Config())
    report(open_workspace(served.workspace), Config())
    offer = looking.page.get_by_role("button", name="Show it")
    offer.wait_for()
    looking.go("Exploration").go("Trust")
    assert looking.text(foot) == before
    offer.click()
    offer.wait_for(state="detached")
    assert looking.settle().text(foot) != before


def test_an_upload_is_run_and_shown_with_names_as_text(looking: Looking, served: Served, tmp_path: Path) -> None:
    """An export whose names are markup, formulas and markdown lands in a workspace of its own, and shows as text."""
    before = sorted(path.name for path in served.workspace.parent.iterdir())
    orders = write_hostile(tmp_path).rename(tmp_path / "their orders.csv")
    looking.open(page="New export")
    looking.page.locator("input[type=file]").set_input_files(orders)
    looking.page.get_by_role("button", name="Check up and run").click()
    looking.page.locator(".cb .empty", has_text="has been run").wait_for(timeout=60_000)
    looking.page.get_by_role("button", name="Show it").click()
    looking.page.wait_for_function("document.querySelector('.cb h1')?.textContent === 'Overview'")
    looking.settle()
    assert looking.text(".cb dl.figures dd") == f"{summarise(open_workspace(_only_upload(served)))['n_customers']:,}"
    looking.go("Exploration")
    for expander in looking.page.locator("[data-testid=stExpander] summary").all():
        expander.click()
    shown = looking.text("[data-testid=stMain]")
    assert all(name in shown for name in HOSTILE if len(name) < 40 and "‮" not in name)
    assert looking.page.locator(".cb img, .cb script, .cb b, .cb i").count() == 0
    assert "upload=" in looking.page.url
    after = sorted(path.name for path in served.workspace.parent.iterdir())
    assert after == sorted([*before, "shop-uploads"])


def _only_upload(served: Served) -> Path:
    (found,) = served.workspace.with_name("shop-uploads").iterdir()
    return found


def test_nothing_is_written_but_uploads(served: Served) -> None:
    """Neither settings nor statistics in the home of whoever serves it."""
    assert [path for path in served.home.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    "path", ["workspace.json", "../workspace.json", "app/static/workspace.json", "media/workspace.json"]
)
def test_no_file_is_served(looking: Looking, path: str) -> None:
    """What is no page is a page of the dashboard, or nothing."""
    answer = looking.page.request.get(f"{looking.address}/{path}")
    assert "format_version" not in answer.text()
