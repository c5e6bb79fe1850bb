"""The dashboard for everybody: headings in order, words for charts and widgets, and contrast of 4.5 and more."""

from collections.abc import Iterator, Mapping

from tests.dashboard.conftest import Served
from tests.dashboard.served import Looking

from customerbase.workflow import open_workspace

_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]

_NOT_OURS: Mapping[str, str] = {
    # Streamlit gives the box for dropped files the role of decoration and a label: it is reached, and named, by the
    # button within it.
    "presentation-role-conflict": "[data-testid=stFileUploaderDropzone]",
}
"""Rule of axe → the one element of Streamlit's own that breaks it and cannot be changed from outside."""

_PALE_TEXTS = """() => {
    const channels = color => color.match(/[\\d.]+/g).map(Number);
    const light = color => channels(color).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const isSeen = style => style.fill.startsWith('rgb') && (channels(style.fill)[3] ?? 1) > 0 && style.opacity > 0;
    const page = getComputedStyle(document.querySelector('.stApp')).backgroundColor;
    const found = [];
    for (const chart of document.querySelectorAll('.stVegaLiteChart svg')) {
        const filled = [...chart.querySelectorAll('path, text')].filter(each => isSeen(getComputedStyle(each)))
            .map(each => [each, each.getBoundingClientRect(), getComputedStyle(each)]);
        filled.forEach(([text, box, style], place) => {
            if (text.tagName !== 'text' || !text.textContent.trim() || !box.width) return;
            const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
            const beneath = filled.slice(0, place).filter(([each, around]) => each.tagName === 'path' &&
                around.left <= x && x <= around.right && around.top <= y && y <= around.bottom);
            const paper = beneath.length ? beneath.at(-1)[2].fill : page;
            const [dark, bright] = [light(style.fill), light(paper)].sort((a, b) => a - b);
            const contrast = (bright + 0.05) / (dark + 0.05);
            if (contrast < 4.5) found.push([text.textContent, style.fill, paper, contrast]);
        });
    }
    return found;
}"""
"""Texts of charts that are too pale for what lies beneath them, at which axe does not look."""


_VIOLATIONS = """([within, runOnly, except]) => axe.run(within, {runOnly, resultTypes: ['violations']})
    .then(({violations}) => violations.flatMap(({id, nodes}) => nodes
        .filter(({target}) => !(id in except && document.querySelector(target[0]).matches(except[id])))
        .map(({html}) => [id, html.slice(0, 300)])))"""
"""What axe finds, as it is told."""


def _states(look: Looking, served: Served) -> Iterator[str]:
    """Go to every page, to one segment with its tabs, and to one customer; of tables folded up the first is opened."""
    unfold = "() => document.querySelectorAll('details').forEach((one, place) => one.open = place === 0)"
    listed = look.open().page.locator(".st-key-page [role=radiogroup] label").all_inner_texts()
    for title in map(str.strip, listed):
        look.go(title).page.evaluate(unfold)
        yield title
    workspace = open_workspace(served.workspace)
    segment = workspace.json("segments")["segments"][0]["name"]
    look.open(page="Segments", segment=segment)
    for tab in ("Profile", "Products and countries", "Strategy"):  # that of its customers is as their own page
        look.page.get_by_role("tab", name=tab).click()
        look.settle().page.evaluate(unfold)
        yield f"{segment}: {tab}"
    customer = workspace.table("assignments").customer_id.min().execute()
    look.open(page="Customers", customer=customer).page.evaluate(unfold)
    yield f"Customer {customer}"


def test_everybody_can_read_every_page(looking: Looking, served: Served) -> None:
    """Axe finds no violation, and no pale text by day and by night; every chart has its words."""
    from axe_playwright_python.sync_playwright import Axe

    page, paper = looking.page, "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    page.add_init_script(Axe().axe_script)
    schemes = ["light", "dark"]
    for state in _states(looking, served):
        charts = page.locator(".stVegaLiteChart:visible")
        found = {
            "axe": page.evaluate(_VIOLATIONS, ["html", _LEVELS, _NOT_OURS]),
            "pale": page.evaluate(_PALE_TEXTS),
            "charts without words": charts.evaluate_all("all => all.map(one => one.ariaLabel).filter(it => !it)"),
        }
        before = page.evaluate(paper)
        schemes.reverse()
        page.emulate_media(color_scheme=schemes[0])
        page.wait_for_function(f"before => {paper} !== before", arg=before)
        found[f"axe, {schemes[0]}"] = page.evaluate(
            _VIOLATIONS, ["[data-testid=stMain]", ["color-contrast"], _NOT_OURS]
        )
        found[f"pale, {schemes[0]}"] = page.evaluate(_PALE_TEXTS)
        assert {what: each for what, each in found.items() if each} == {}, state
