"""The report in a real browser: nothing is loaded, nothing fails, nothing sticks out, and everybody can read it."""

from pathlib import Path
from typing import Any

import pytest
from tests.report.hostile import make_hostile_shop

_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_hostile_shop(tmp_path_factory) / "report.html"


@pytest.fixture(params=["finished", "hostile"])
def report_file(request: pytest.FixtureRequest, finished_shop: Path, hostile_page: Path) -> Path:
    return finished_shop / "report.html" if request.param == "finished" else hostile_page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_works_without_a_network(chromium: Any, report_file: Path, scheme: str, width: int) -> None:
    """No request, no message in the console, no dialog, and no scrolling sideways, in both modes and on a phone."""
    context = chromium.new_context(offline=True, color_scheme=scheme, viewport={"width": width, "height": 800})
    page = context.new_page()
    seen: list[str] = []
    page.on("console", lambda message: seen.append(message.text))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("dialog", lambda dialog: seen.append(dialog.message))
    page.on("request", lambda asked: seen.append(asked.url) if not asked.url.startswith("file:") else None)
    page.goto(report_file.as_uri())
    page.locator("details").first.evaluate(
        "all => document.querySelectorAll('details').forEach(one => one.open = true)"
    )
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    mark = page.locator(".chart svg [data-tip]").first
    mark.scroll_into_view_if_needed()
    mark.hover(force=True)
    assert page.locator("#tip").inner_text() == mark.get_attribute("data-tip")
    assert seen == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(chromium: Any, report_file: Path, scheme: str) -> None:
    """Axe finds no violation: headings in order, a text for each chart, contrast of 4.5 and more."""
    from axe_playwright_python.sync_playwright import Axe

    context = chromium.new_context(offline=True, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(report_file.as_uri())
    page.locator("details").first.evaluate(
        "all => document.querySelectorAll('details').forEach(one => one.open = true)"
    )
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": _LEVELS}})
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in results.response["violations"]] == []
    context.close()


def test_the_page_can_be_printed(chromium: Any, finished_shop: Path, tmp_path: Path) -> None:
    """As a PDF of a few pages, with charts and without what only a screen can do."""
    context = chromium.new_context(offline=True)
    page = context.new_page()
    page.goto((finished_shop / "report.html").as_uri())
    printed = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("#chart-profiles svg").is_visible()
    context.close()
