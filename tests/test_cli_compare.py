"""The comparison at the command line, in a workspace and in the report."""

import csv
import io
from pathlib import Path

import pytest
from tests.front_end import CommandLine, data_tables, write_orders

from customerbase.comparison import COMPARED

ORDERS = [
    f"{number},c{number * number // 7 % 151},{2022 + number % 2}-{1 + (number * 7) % 12:02}-{1 + number % 27:02} 10:00,"
    f"mug,{1 + number % 3},{1 + (number * 13) % 151 / 2}"
    for number in range(900)
]
"""Two years of the orders of 143 customers, some of whom order much more often than others."""

QUICK = ("--methods", "kmeans,gaussian_mixture,ward,klaviyo-6", "--n-segments", "3,4", "--n-refits", "2")


def test_compare_prints_stores_and_reports(customerbase: CommandLine, tmp_path: Path) -> None:
    """A row for each method and number; tables, sentences, a section with charts; and why later spend is not known."""
    customerbase.good("run", write_orders(tmp_path / "orders.csv", ORDERS))
    before = customerbase.good("report", "--json").json["sections"]
    (advice,) = next(each["blocks"] for each in before if each["key"] == "comparison")
    assert "Run 'customerbase compare --as-of " in advice["text"]

    rows = list(csv.DictReader(io.StringIO(customerbase.good("compare", *QUICK, "--csv").out)))
    methods = ["kmeans", "kmeans", "gaussian_mixture", "gaussian_mixture", "ward", "ward", "klaviyo-6"]
    assert [row["method"] for row in rows] == methods
    held = data_tables(Path("shop"))
    said = customerbase.good("compare", *QUICK).out
    assert data_tables(Path("shop")) == held
    facts = customerbase.good("show", "comparison_facts", "--json").json
    for sentence in (*facts["reasons"], *facts["notes"]):
        assert sentence in said
    assert facts["tested_at"] < facts["as_of"]
    stored = customerbase.good("show", "comparison", "--json").json
    assert [float(row["stability"]) for row in rows] == [row["stability"] for row in stored]
    assert sum(row["is_chosen"] for row in stored) == 1
    assert all(0 < row["reference_lower"] <= row["reference_upper"] for row in stored)
    for name in COMPARED:
        assert customerbase.good("show", name, "--json").json, name

    after = customerbase.good("report", "--json").json["sections"]
    blocks = next(each["blocks"] for each in after if each["key"] == "comparison")
    charts = [block["name"] for block in blocks if block["kind"] == "chart"]
    assert charts == ["stability", "elbow", "bic", "silhouettes", "dendrogram"]
    assert blocks[0]["text"] == facts["reasons"][0]
    assert "customer_id" not in str(blocks)

    words = ("--methods", "rf-10,value_tree", "--n-segments", "3", "--n-refits", "2", "--horizon-days", "3000")
    said = customerbase.good("compare", *words).out
    assert "What customers bought next is not known: Nobody is known at" in said
    assert "value tree was left out: it learns from what customers bought next" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--n-segments", "few"),
            "--n-segments must be numbers from 2 to 50 such as 3-8, 4,6 or 5. Got 'few' instead.",
        ),
        (("--n-segments", "8-3"), "Got '8-3' instead."),
        (("--n-segments", "1-3"), "Got '1-3' instead."),
        (("--n-segments", "2-51"), "Got '2-51' instead."),
        (("--json", "--csv"), "Choose one of --json, --csv and --table."),
        ((), "There is nothing in none yet."),
    ],
)
def test_compare_refuses_in_one_line(customerbase: CommandLine, words: tuple[str, ...], message: str) -> None:
    """Before anything is computed."""
    answer = customerbase("-w", "none", "compare", *words)
    assert answer.status in {1, 2}
    assert message in answer.err
    assert answer.err.count("\n") == 1
