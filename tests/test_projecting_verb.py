"""The verb `project`, and `--scheme`: what they print, what they write, and what they refuse."""

import shutil
from pathlib import Path

import pytest
from tests.front_end import CommandLine


@pytest.fixture
def shop(small_shop: Path, tmp_path: Path) -> Path:
    """A workspace of nine customers at two dates, to write into."""
    return Path(shutil.copytree(small_shop / "shop", tmp_path / "shop"))


@pytest.mark.usefixtures("shop")
def test_components_are_there_after_a_run(customerbase: CommandLine) -> None:
    """Each customer with a segment has a place at each date, and the facts say what the axes show."""
    for day in ("2024-04-01", "2024-05-01"):
        places = customerbase.good("show", "projection", "--as-of", day, "--json").json
        assigned = customerbase.good("show", "assignments", "--as-of", day, "--json").json
        assert [each["customer_id"] for each in places] == [each["customer_id"] for each in assigned]
        assert list(places[0]) == ["customer_id", "as_of", "x", "y"]
        facts = customerbase.good("show", "projection_facts", "--as-of", day, "--json").json
        assert facts["method"] == "pca"
        assert sum(facts["explained_variance"]) == pytest.approx(1)
        assert list(facts["loadings"]) == ["recency_days", "frequency", "monetary"]


@pytest.mark.usefixtures("shop")
def test_a_map_stands_beside_the_components(customerbase: CommandLine, shop: Path) -> None:
    """`project --method tsne` writes tables of its own, the report shows both, and another segmentation drops them."""
    before = customerbase.good("show", "projection", "--csv").out
    answer = customerbase.good("project", "--method", "tsne", "--seed", "1")
    assert answer.out.startswith("Laid 9 of 9 customers out by tsne, with a trustworthiness of ")
    assert answer.out.endswith("show tsne, and customerbase show tsne_facts.\n")
    assert customerbase.good("show", "tsne_facts", "--json").json["method"] == "tsne"
    assert len(customerbase.good("show", "tsne", "--json").json) == 9
    assert customerbase.good("show", "projection", "--csv").out == before
    customerbase.good("report")
    page = (shop / "report.html").read_text(encoding="utf-8")
    assert "Two directions show" in page
    assert "Neighbours on the map are neighbours in truth" in page
    assert "by pca: x shows" in customerbase.good("project").out
    assert customerbase.good("show", "projection", "--csv").out == before
    customerbase.good("segment")
    assert "There is no table 'tsne'" in customerbase("show", "tsne").err
    customerbase.good("report")
    assert "project --method tsne --as-of 2024-05-01" in (shop / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("shop")
def test_an_earlier_date_and_a_sample(customerbase: CommandLine) -> None:
    """Only the date that is named is laid out anew."""
    assert customerbase.good("project", "--as-of", "2024-04-01", "--max-customers", "5").out.startswith("Laid 5 of 9 ")
    assert len(customerbase.good("show", "projection", "--as-of", "2024-05-01", "--json").json) == 9


@pytest.mark.usefixtures("shop")
def test_what_project_refuses(customerbase: CommandLine) -> None:
    """A method that there is not, and a date without segments."""
    assert customerbase("project", "--method", "umap").status == 2
    answer = customerbase("project", "--as-of", "2023-01-01")
    assert answer.status == 1
    assert "There are no segments for 2023-01-01" in answer.err


@pytest.mark.usefixtures("shop")
def test_a_published_scheme(customerbase: CommandLine) -> None:
    """`--scheme` alone asks for RFM, and the names are those of the scheme."""
    customerbase.good("segment", "--scheme", "klaviyo-6")
    names = {each["name"] for each in customerbase.good("show", "segments", "--json").json}
    assert names <= {"Champions", "Loyal", "Recent", "Needs attention", "At risk", "Inactive"}
    scores = customerbase.good("show", "assignments", "--json").json
    assert {each[name] for each in scores for name in ("r_score", "f_score", "m_score")} <= {1, 2, 3}
    assert customerbase.good("show", "models", "--json").json["parameters"]["model"]["scheme"] == "klaviyo-6"


@pytest.mark.usefixtures("shop")
def test_a_scheme_and_settings_of_ones_own(customerbase: CommandLine, shop: Path) -> None:
    """[rfm] names a file that lies beside it; the model holds what it says, and no path."""
    (shop / "ours.toml").write_text('otherwise = "Rest"\n[segments]\nVIP = { r = "3", f = "2" }\n', encoding="utf-8")
    (shop / "customerbase.toml").write_text(
        'model = "rfm"\n[rfm]\nscheme = "ours.toml"\nedges = { recency_days = [1, 9, 30, 90] }\n', encoding="utf-8"
    )
    customerbase.good("segment")
    assert {each["segment"] for each in customerbase.good("show", "assignments", "--json").json} <= {"VIP", "Rest"}
    card = customerbase.good("show", "models", "--json").json
    assert card["parameters"]["model"]["scheme"] == {
        "name": "ours", "otherwise": "Rest", "segments": {"VIP": {"r": "3", "f": "2"}}
    }  # fmt: skip
    assert card["parameters"]["model"]["edges"] == {"recency_days": [1, 9, 30, 90]}
    customerbase.good("segment", "--scheme", "none")
    cells = {each["segment"] for each in customerbase.good("show", "assignments", "--json").json}
    assert all(len(cell) == 3 and cell.isdigit() for cell in cells)


@pytest.mark.usefixtures("shop")
def test_weights_make_tiers(customerbase: CommandLine, shop: Path) -> None:
    """[rfm] with weights and no scheme: quantiles of the weighted score."""
    (shop / "customerbase.toml").write_text('model = "rfm"\n[rfm]\nweights = [3, 2, 1]\n', encoding="utf-8")
    customerbase.good("segment")
    names = [each["name"] for each in customerbase.good("show", "segments", "--json").json]
    assert names[0] == "Tier 1"
    assert set(names) <= {f"Tier {number}" for number in range(1, 6)}


def test_what_a_scheme_refuses(customerbase: CommandLine, tmp_path: Path) -> None:
    """Before anything is read: a name that there is not, k-means with a scheme, a file with a gap."""
    answer = customerbase("run", "orders.csv", "--scheme", "cells-12")
    assert answer.status == 2
    assert "There is no RFM scheme 'cells-12'. Choose one of: cells-11, rf-10, klaviyo-6" in answer.err
    answer = customerbase("run", "orders.csv", "--scheme", "rf-10", "--model", "kmeans")
    assert answer.err == "Error: --scheme is for --model rfm. Got --model kmeans instead: leave one of them out.\n"
    (tmp_path / "ours.toml").write_text('[segments]\nVIP = { r = "2-5" }\nLost = { r = "1", f = "1-4" }\n', "utf-8")
    answer = customerbase("run", "orders.csv", "--scheme", "ours.toml")
    assert "RFM scheme ours: no segment covers 155, 154, 153, 152, 151. Add each to one, or say" in answer.err
