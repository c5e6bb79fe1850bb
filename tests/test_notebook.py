"""Notebooks: the example runs, and results show as tables and cards in which every text is escaped."""

import ast
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pytest

from customerbase.checkup import Checkup, Finding
from customerbase.cleaning import Audit, RuleOutcome
from customerbase.tidy_html import html_card, html_table

_NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "examples").glob("*.ipynb"))
HOSTILE = "<img src=x onerror=alert(1)>"


def _run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell, and give the value of its last expression as a notebook would show it."""
    tree = ast.parse(source)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "cell", "exec"), names)
        return None
    exec(compile(ast.Module(tree.body[:-1], []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


@pytest.mark.parametrize("path", _NOTEBOOKS, ids=lambda path: path.name)
def test_the_cells_of_a_notebook_run_and_show_something(path: Path) -> None:
    """One after the other; what a cell ends with is a table, a card or a chart."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {}
    shown = [_run_cell("".join(cell["source"]), names) for cell in cells if cell["cell_type"] == "code"]
    results = [each for each in shown if each is not None]
    assert len(results) >= 5
    for each in results:
        assert hasattr(each, "_repr_html_") or hasattr(each, "_repr_mimebundle_")
    assert "Champions" in results[2]._repr_html_()
    assert results[3].name in results[3]._repr_html_()


def test_notebooks_hold_no_results() -> None:
    """They are run by whoever opens them."""
    for path in _NOTEBOOKS:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert all(not cell["outputs"] for cell in cells if cell["cell_type"] == "code")


def test_texts_of_the_data_are_escaped() -> None:
    """In tables, cards, audits and findings."""
    finding = Finding("guests", 2, 1, Decimal("9.5"), HOSTILE, HOSTILE, None)
    outcome = RuleOutcome("guest", "quarantined", 1234, 0, Decimal("9.5"), 0.5)
    texts = [
        html_table(HOSTILE, [HOSTILE], [[HOSTILE]]),
        html_card(HOSTILE, HOSTILE, [HOSTILE]),
        finding._repr_html_(),
        Checkup((finding,), ibis.memtable({"amount": [1]}))._repr_html_(),
    ]
    for text in texts:
        assert "<img" not in text
        assert "&lt;img" in text
    assert "1,234" in Audit(4, 3, (outcome,), ())._repr_html_()
