"""The concordance at the command line and in a workspace."""

import csv
import io
import json
import shutil
from pathlib import Path

from tests.front_end import CommandLine

from customerbase.segmentation.schemes import SCHEMES


def test_concordance_prints_and_stores_its_tables(customerbase: CommandLine, plain_shops: dict[str, Path]) -> None:
    """A row for each pair; read, as CSV and as JSON the same figures; sentences for a reader."""
    shutil.copytree(plain_shops["kmeans"], "shop")
    rows = list(csv.DictReader(io.StringIO(customerbase.good("concordance", "--csv").out)))
    names = [*SCHEMES, "kmeans"]
    n_pairs = len(names) * (len(names) - 1) // 2
    assert len(rows) == n_pairs
    assert {row["first"] for row in rows} | {row["second"] for row in rows} == set(names)
    again = json.loads(customerbase.good("concordance", "--json").out)
    assert [float(row["adjusted_rand"]) for row in rows] == [each["adjusted_rand"] for each in again]
    assert len(customerbase.good("show", "concordance", "--json").json) == n_pairs
    facts = customerbase.good("show", "concordance_facts", "--json").json
    assert [each["segmentation"] for each in facts["schemes"]] == names
    assert all(0 <= each["buying_eta_squared"] <= 1 for each in facts["schemes"])
    champions = customerbase.good("show", "champions", "--json").json
    assert len(champions) == facts["n_champions_of_any"]
    assert sum(each["is_champion_of_all"] for each in champions) == facts["n_champions_of_all"]
    cells = customerbase.good("show", "concordance_crosstab", "--json").json
    assert sum(each["n_customers"] for each in cells) == n_pairs * facts["n_customers"]
    said = customerbase.good("concordance").out
    assert "are champions under all schemes" in said
    assert f"At {facts['tested_at']}" in said
    sections = {each["key"]: each["blocks"] for each in customerbase.good("report", "--json").json["sections"]}
    text, chart, schemes = sections["agreement"]
    assert text["text"] in said.replace("\n", " ")
    assert [row["adjusted_rand"] for row in chart["table"]["rows"]] == [each["adjusted_rand"] for each in again]
    assert [row["n_champions"] for row in schemes["rows"]] == [each["n_champions"] for each in facts["schemes"]]


def test_a_date_whose_next_days_are_known_is_tested_itself(
    customerbase: CommandLine, plain_shops: dict[str, Path]
) -> None:
    """With --as-of half a year before the end, the schemes are held against the days after that date."""
    shutil.copytree(plain_shops["kmeans"], "shop")
    last = customerbase.good("tables", "--json").json
    end = max(each["as_of"] for each in last if each["name"] == "features")
    earlier = f"{int(end[:4]) - 1}{end[4:]}"
    customerbase.good("features", "--as-of", earlier)
    customerbase.good("concordance", "--as-of", earlier)
    facts = customerbase.good("show", "concordance_facts", "--as-of", earlier, "--json").json
    assert (facts["as_of"], facts["tested_at"]) == (earlier, earlier)


def test_concordance_refuses_what_is_not_there(customerbase: CommandLine) -> None:
    """One line, and what to do."""
    answer = customerbase("-w", "none", "concordance")
    assert (answer.status, answer.err.count("\n")) == (1, 1)
    assert answer.err.startswith("Error: There is nothing in none yet.")
