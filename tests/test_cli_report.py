"""The command line: the report, its charts, and tables for other tools."""

import csv
import json
import shutil
import stat
from pathlib import Path

import openpyxl
import pytest
from tests.front_end import CommandLine


@pytest.fixture
def shop(finished_shop: Path, tmp_path: Path) -> str:
    return str(shutil.copytree(finished_shop, tmp_path / "copied"))


def test_a_run_ends_with_a_report(finished_shop: Path) -> None:
    """At the top of the workspace and in the folder of the run, the very same."""
    top = (finished_shop / "report.html").read_bytes()
    assert top.startswith(b"<!doctype html>")
    assert top == (finished_shop / "runs" / "0002" / "report.html").read_bytes()


def test_report_writes_the_page_anew(customerbase: CommandLine, shop: str) -> None:
    """Of the same state the same page; one that names customers is for the owner alone."""
    page = Path(shop, "report.html")
    before = page.read_bytes()
    page.unlink()
    assert customerbase("-w", shop, "report").out == f"Wrote {page}: one page that opens in any browser.\n"
    assert page.read_bytes() == before
    customerbase("-w", shop, "report", "--with-ids")
    assert b"The best customers" in page.read_bytes()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600


def test_report_of_an_earlier_date(customerbase: CommandLine, shop: str) -> None:
    """It shows the segments of that date."""
    customerbase("-w", shop, "report", "--as-of", "2023-07-01")
    assert "As of 2023-07-01" in Path(shop, "report.html").read_text(encoding="utf-8")


def test_json_and_markdown_say_what_the_page_says(customerbase: CommandLine, shop: str) -> None:
    """The summary and all sections; nothing is written."""
    before = Path(shop, "workspace.json").read_bytes()
    content = customerbase("-w", shop, "report", "--json").json
    text = customerbase("-w", shop, "report", "--markdown").out
    page = Path(shop, "report.html").read_text(encoding="utf-8")
    assert content["n_customers"] == sum(one["n_customers"] for one in content["segments"])
    for section in content["sections"]:
        assert f">{section['title']}</h2>" in page
        assert f"## {section['title']}\n" in text
    assert Path(shop, "workspace.json").read_bytes() == before


def test_charts_are_saved_as_png_svg_and_pdf(customerbase: CommandLine, shop: str, tmp_path: Path) -> None:
    """Each chart of the page, of each kind."""
    folder = tmp_path / "charts"
    said = customerbase("-w", shop, "report", "--charts", str(folder)).out
    kinds = {suffix: sorted(path.stem for path in folder.glob(f"*.{suffix}")) for suffix in ("png", "svg", "pdf")}
    assert kinds["png"] == kinds["svg"] == kinds["pdf"]
    assert said == f"Wrote {len(kinds['png'])} charts, each as PNG, SVG and PDF, to {folder}.\n"
    assert (folder / "months.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "months.pdf").read_bytes().startswith(b"%PDF")


def test_only_one_form_of_a_report_at_a_time(customerbase: CommandLine, shop: str) -> None:
    """And only one choice of what to export."""
    refused = customerbase("-w", shop, "report", "--json", "--markdown")
    assert (refused.status, refused.err) == (2, "Error: Choose one of --json, --markdown and --charts.\n")
    refused = customerbase("-w", shop, "export", "a.csv", "--per-segment", "--table", "audit")
    assert (refused.status, refused.err) == (2, "Error: Choose one of --segment, --per-segment and --table.\n")


def test_a_report_wants_segments(customerbase: CommandLine) -> None:
    """The command that makes them is named."""
    refused = customerbase("-w", "nothing", "report")
    assert refused.status == 1
    assert "Run 'customerbase segment' first." in refused.err


def test_export_of_each_segment(customerbase: CommandLine, shop: str, tmp_path: Path) -> None:
    """One file per segment; together they hold every customer once."""
    customerbase("-w", shop, "export", str(tmp_path / "of.csv"), "--per-segment")
    files = sorted(tmp_path.glob("of-*.csv"))
    tables = [list(csv.DictReader(file.read_text(encoding="utf-8").splitlines())) for file in files]
    rows = [row for table in tables for row in table]
    segments = json.loads(next(Path(shop).glob("runs/0002/segments/*.json")).read_text())["segments"]
    assert len(files) == len(segments)
    assert len({row["customer_id"] for row in rows}) == len(rows) == sum(one["n_customers"] for one in segments)
    assert all(len({row["segment"] for row in table}) == 1 for table in tables)


def test_export_of_a_table(customerbase: CommandLine, shop: str, tmp_path: Path) -> None:
    """With typed columns; a table for the owner alone stays so."""
    file = tmp_path / "months.xlsx"
    assert "24 rows of explore_months" in customerbase("-w", shop, "export", str(file), "--table", "explore_months").out
    sheet = openpyxl.load_workbook(file).active
    assert sheet.freeze_panes == "A2"
    assert [sheet["A2"].data_type, sheet["C2"].data_type, sheet["A2"].is_date] == ["d", "n", True]
    customerbase("-w", shop, "export", str(tmp_path / "columns.csv"), "--table", "explore_columns")
    assert stat.S_IMODE((tmp_path / "columns.csv").stat().st_mode) == 0o600
    customerbase("-w", shop, "export", str(tmp_path / "findings.csv"), "--table", "checkup")
    assert (tmp_path / "findings.csv").read_text(encoding="utf-8").startswith('"finding"')
