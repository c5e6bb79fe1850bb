"""The report's page: its numbers are those of the workspace, and what comes from the data is text."""

import html
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.report.hostile import HOSTILE, make_hostile_shop

from customerbase.report.material import Material
from customerbase.report.numerals import write
from customerbase.report.page import make_page, pictures_of
from customerbase.report.sections import SECTIONS, make_sections
from customerbase.workflow import Config, open_workspace
from customerbase.workflow import segment as segment_again
from customerbase.workspace import Workspace


class _Page(HTMLParser):
    """The cells of each table, the figures, the headings and the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str | float]]] = {}
        self.headings: list[tuple[int, str]] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._value: float | None = None
        self._collected = ""
        self._caption = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in {"h1", "h2", "h3", "td", "caption"}:
            self._collected, self._value = "", None
        if tag == "span" and ("class", "source") in attrs:
            self._caption = self._collected.strip()
        if tag == "tr" and self._caption:
            self.tables.setdefault(self._caption, []).append([])
        if tag == "data":
            self._value = float(dict(attrs)["value"] or "nan")

    def handle_data(self, data: str) -> None:
        self._collected += data
        self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"h1", "h2", "h3"}:
            self.headings.append((int(tag[1]), self._collected.strip()))
        if tag == "td" and self._caption:
            self.tables[self._caption][-1].append(self._collected if self._value is None else self._value)
        if tag == "table":
            self._caption = ""

    def rows(self, caption: str) -> list[list[str | float]]:
        return [row for row in self.tables[caption] if row]


@pytest.fixture(scope="session")
def page_text(finished_shop: Path) -> str:
    return make_page(open_workspace(finished_shop))


@pytest.fixture(scope="session")
def hostile_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_hostile_shop(tmp_path_factory)


def stored(path: Path, name: str) -> Any:
    return open_workspace(path).json(name)


def test_segments_on_the_page_are_those_of_the_workspace(finished_shop: Path, page_text: str) -> None:
    """Number, share and revenue share of each, as read out of the page."""
    segments = stored(finished_shop, "segments")["segments"]
    assert _Page(page_text).rows("Segments by size and revenue") == [
        [one["name"], one["n_customers"], one["share"], one["revenue_share"]] for one in segments
    ]


@pytest.mark.parametrize(
    ("caption", "table", "columns"),
    [
        ("Revenue by month", "explore_months", ["n_orders", "gross_revenue"]),
        ("Customers by their number of orders", "explore_order_counts", ["n_orders", "n_customers", "customers_share"]),
        ("Revenue by hour", "explore_hours", ["hour", "n_orders", "gross_revenue", "revenue_share"]),
    ],
)
def test_tables_on_the_page_are_those_of_the_workspace(
    finished_shop: Path, page_text: str, caption: str, table: str, columns: list[str]
) -> None:
    """What stands behind a chart is the table that it names."""
    key = "month" if "month" in table else columns[0]
    rows = open_workspace(finished_shop).table(table).order_by(key).select(*columns).to_pyarrow().to_pylist()
    shown = [row[-0 if key == columns[0] else 1 :] for row in _Page(page_text).rows(caption)]
    assert [row[: len(columns)] for row in shown] == [[float(row[name]) for name in columns] for row in rows]


def test_every_table_of_a_section_stands_on_the_page(finished_shop: Path, page_text: str) -> None:
    """Each number of each block, raw, is that of the page."""
    page = _Page(page_text)
    for section in make_sections(Material(open_workspace(finished_shop))):
        for picture in pictures_of([section]):
            table = picture.table
            expected = [
                [row[column.name] for column in table.columns if column.kind != "text"] for row in table.rows[:120]
            ]
            found = [
                [cell for cell, column in zip(row, table.columns, strict=True) if column.kind != "text"]
                for row in page.rows(table.title)
            ]
            assert found == [[("–" if value is None else float(value)) for value in row] for row in expected]


def test_the_figures_add_up(finished_shop: Path) -> None:
    """Customers and revenue of the paragraph are the sums over the segments' customers."""
    summary = Material(open_workspace(finished_shop)).summary
    features = open_workspace(finished_shop).table("features").to_pandas()
    buyers = features[features.frequency > 0]
    figures = {each["label"]: each["value"] for each in summary["figures"]}
    assert figures["customers"] == len(buyers) == sum(one["n_customers"] for one in summary["segments"])
    assert figures["orders"] == buyers.frequency.sum()
    assert figures["revenue before returns"] == pytest.approx(float(buyers.gross_revenue.sum()), abs=1e-6)


def test_the_best_month_with_the_guests_is_told(finished_shop: Path, page_text: str) -> None:
    """The chart beside it knows of no guests."""
    months = open_workspace(finished_shop).table("explore_guests_by_month").to_pandas()
    assert months.guest_revenue.astype(float).sum() > 0
    best = months[months.is_whole].assign(revenue=months.gross_revenue.astype(float)).nlargest(1, "revenue").iloc[0]
    told = f"With the guests, the shop's best month was {best.month:%B %Y}: {write(best.revenue, 'short')}."
    assert told in html.unescape(page_text)


def test_headings_go_down_step_by_step(page_text: str) -> None:
    """There is one h1, and no level is left out."""
    levels = [level for level, _ in _Page(page_text).headings]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_each_chart_has_a_title_a_text_a_source_and_a_table(page_text: str) -> None:
    """Nothing is shown by colour and position alone."""
    figures = re.findall(r"<figure.*?</figure>", page_text, re.DOTALL)
    assert len(figures) >= 15
    for figure in figures:
        assert re.search(r"<h3>[^<]{10,}</h3>", figure)
        assert re.search(r'<svg role="img" aria-label="[^"]{20,}"', figure)
        assert "<details><summary>" in figure
        assert re.search(r'class="source">Source: [^<]+; table \w', figure)


def test_the_page_refers_to_nothing_outside(page_text: str) -> None:
    """No element loads anything, and the policy would not let it."""
    page = _Page(page_text)
    for tag, attributes in page.elements:
        assert "src" not in attributes
        assert tag not in {"link", "iframe", "img", "object", "base", "form"}
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in page_text
    assert "default-src 'none'" in page_text
    assert len(page_text.encode()) < 1_000_000


def test_the_same_workspace_gives_the_same_page(finished_shop: Path, page_text: str) -> None:
    """Down to the byte: the page has no time and nothing random."""
    assert make_page(open_workspace(finished_shop)) == page_text


def test_customers_are_named_only_where_it_is_asked_for(finished_shop: Path, page_text: str) -> None:
    """Neither ids nor examples of the check-up stand on the page that is sent."""
    ids = open_workspace(finished_shop).table("features").customer_id.to_pyarrow().to_pylist()
    words = set(re.findall(r"[\w-]+", html.unescape(re.sub(r"<[^>]*>|value=\"[^\"]*\"", " ", page_text))))
    assert len(ids) > 100
    assert words & set(ids) == set()
    named = make_page(open_workspace(finished_shop), with_ids=True)
    shown = _Page(named).rows("The 20 customers with the highest net spend")
    assert len(shown) == 20
    assert {row[0] for row in shown} <= set(ids)


def test_hostile_names_are_text(hostile_shop: Path) -> None:
    """Names of products and countries make no element, no attribute and no script, and are still to be read."""
    text = (hostile_shop / "report.html").read_text(encoding="utf-8")
    page = _Page(text)
    tags = [tag for tag, _ in page.elements]
    assert tags.count("script") == 1
    assert {"img", "b", "i"} & set(tags) == set()
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    shown = " ".join(" ".join(page.texts).split())
    for name in HOSTILE:
        assert " ".join(name.split())[:20] in shown
    assert "49 " not in shown.split("{{ 7 * 7 }}")[1][:3]
    assert "x" * 400 not in text


def test_hostile_names_are_no_markup_in_charts(hostile_shop: Path, tmp_path: Path) -> None:
    """An SVG with such names can be read as XML, and has no element beside its own."""
    from xml.etree import ElementTree as ET

    from customerbase.workflow import save_charts

    files = [path for path in save_charts(open_workspace(hostile_shop), tmp_path) if path.suffix == ".svg"]
    assert files
    for path in files:
        names = {element.tag.split("}")[1] for element in ET.parse(path).iter()}
        assert names <= {
            "svg",
            "g",
            "path",
            "text",
            "tspan",
            "line",
            "rect",
            "defs",
            "clipPath",
            "title",
            "linearGradient",
            "stop",
        }


def test_hostile_names_are_no_markup_in_markdown(hostile_shop: Path) -> None:
    """Every sign that Markdown or HTML would take for markup is escaped."""
    from customerbase.report.content import write_markdown
    from customerbase.reports import read_report

    text = write_markdown(read_report(open_workspace(hostile_shop)))
    assert re.findall(r"(?<!\\)<", text) == []
    assert "onerror" in text


def test_a_section_whose_table_is_missing_names_the_command(small_shop: Path, tmp_path: Path) -> None:
    """After `segment` at another date there is no exploration of it."""
    import shutil

    path = shutil.copytree(small_shop / "shop", tmp_path / "shop")
    shop = Workspace(path)
    with shop.begin() as begun:
        shop.publish(begun, keep_snapshots=True, log={"command": "test"}, drop=["explore_lorenz"])
    text = make_page(open_workspace(path))
    assert "Run &#39;customerbase explore&#39;, and then &#39;customerbase report&#39;." in text.replace(
        " --as-of 2024-05-01", ""
    )


def test_sections_have_keys_and_titles_of_their_own() -> None:
    """Each can be linked to."""
    assert all(re.fullmatch(r"[a-z]+", key) for key in SECTIONS)
    assert len({section.title for section in SECTIONS.values()}) == len(SECTIONS)


def test_the_report_stands_at_the_top_until_the_state_changes(small_shop: Path, tmp_path: Path) -> None:
    """A report is of the current state, or there is none."""
    import shutil

    path = shutil.copytree(small_shop / "shop", tmp_path / "shop")
    shop = open_workspace(path)
    assert (path / "report.html").read_bytes() == shop.bytes("report", suffix=".html")
    segment_again(shop, Config(model="rfm"))
    assert not (path / "report.html").exists()
    assert "report" not in {entry.name for entry in open_workspace(path).tables()}
