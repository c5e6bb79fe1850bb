"""The first look: explorations in a workspace, and what the command says."""

import stat
from pathlib import Path

import pytest
from tests.front_end import CommandLine

from customerbase.errors import WorkspaceError
from customerbase.exploration import EXPLORATIONS
from customerbase.exploration.findings import describe_exploration
from customerbase.first_look import is_explored, load_exploration
from customerbase.workflow import Config, clean, explore, features, ingest, open_workspace, run


def test_a_run_looks_at_everything(finished_shop: Path) -> None:
    """All tables are there at each date, and their types are those that were computed."""
    shop = open_workspace(finished_shop)
    assert list(load_exploration(shop)) == list(load_exploration(shop, "2023-07-01")) == list(EXPLORATIONS)
    assert is_explored(shop)
    assert is_explored(shop, "2023-07-01")
    assert not is_explored(shop, "2023-07-02")
    for name in EXPLORATIONS:
        types = shop.table(f"explore_{name}").schema()
        counts = [type_ for column, type_ in types.items() if column.startswith("n_") or column == "rank"]
        assert all(type_.is_integer() for type_ in counts), name
        assert all(str(types[column]) == "decimal(18, 4)" for column in ("amount", "gross_revenue") if column in types)


def test_what_may_hold_anything_is_for_the_owner(finished_shop: Path) -> None:
    """The profile of the columns shows cells of the export."""
    shop = open_workspace(finished_shop)
    for name, each in EXPLORATIONS.items():
        is_private = stat.S_IMODE(shop.file(f"explore_{name}").stat().st_mode) == 0o600
        assert is_private == (each.looks_at == "cells"), name


def test_each_date_has_its_features(finished_shop: Path) -> None:
    """Customers are more at the later date; the lines are the same."""
    early, late = (load_exploration(open_workspace(finished_shop), date) for date in ("2023-07-01", None))
    assert early["months"] == late["months"]
    assert early["lorenz"][-1]["n_customers"] < late["lorenz"][-1]["n_customers"]


def test_other_lines_make_the_exploration_untrue(small_shop: Path, tmp_path: Path) -> None:
    """After `clean` there is none until it is made again; the features of a date keep theirs as long as they hold."""
    shop = open_workspace(tmp_path / "shop")
    config = Config(model="rfm", as_of="2024-05-01")
    ingest(shop, [small_shop / "orders.csv"])
    for stage in (clean, features, explore):
        stage(open_workspace(tmp_path / "shop"), config)
    assert is_explored(open_workspace(tmp_path / "shop"))
    clean(open_workspace(tmp_path / "shop"), config)
    assert not is_explored(open_workspace(tmp_path / "shop"))
    for stage in (features, explore):
        stage(open_workspace(tmp_path / "shop"), config)
    assert is_explored(open_workspace(tmp_path / "shop"))


def test_files_of_customers_have_features_alone(tmp_path: Path) -> None:
    """Nothing is said of orders that nobody read."""
    rows = [f"c{n},{n % 7 + 1},{n * 3 % 11 + 1},{n * n % 97 + 5}" for n in range(40)]
    export = tmp_path / "customers.csv"
    export.write_text("\n".join(["customer_id,recency_days,frequency,monetary", *rows]))
    shop = open_workspace(tmp_path / "shop")
    run(shop, [export], Config(model="rfm"))
    found = load_exploration(shop)
    assert {EXPLORATIONS[name].looks_at for name in found} == {"cells", "features"}
    assert [row["feature"] for row in found["distributions"]] == ["frequency", "monetary", "recency_days"]
    assert is_explored(shop)


def test_explore_says_what_was_found(customerbase: CommandLine, finished_shop: Path) -> None:
    """Every sentence, in words, as JSON and as CSV; nothing is computed again, and nothing written."""
    before = sorted(finished_shop.rglob("*"))
    found = describe_exploration(load_exploration(open_workspace(finished_shop)))
    rows = [{"table": f"explore_{name}", "finding": each} for name, said in found.items() for each in said]
    assert customerbase.good("-w", finished_shop, "explore", "--json").json == rows
    assert customerbase.good("-w", finished_shop, "explore", "--csv").out.count("\n") == len(rows) + 1
    out = " ".join(customerbase.good("-w", finished_shop, "explore").out.split())
    assert all(" ".join(row["finding"].split()) in out for row in rows)
    assert sorted(finished_shop.rglob("*")) == before
    table = customerbase.good("-w", finished_shop, "show", "explore_months", "--json").json
    assert [row["month"] for row in table] == sorted(row["month"] for row in table)


def test_explore_wants_something_to_look_at(customerbase: CommandLine, small_shop: Path) -> None:
    """Without a workspace, and without features, it says what to run first."""
    assert "There is nothing in shop yet. Run 'customerbase run FILE' first." in customerbase("explore").err
    customerbase.good("ingest", small_shop / "orders.csv")
    customerbase.good("clean")
    answer = customerbase("explore")
    message = "Error: There are no features in ./shop. Run 'customerbase features' first.\n"
    assert (answer.status, answer.err) == (1, message)
    answer = customerbase("explore", "--json", "--csv")
    assert (answer.status, answer.err) == (2, "Error: Choose one of --json, --csv and --table.\n")


def test_a_missing_table_is_advised(small_shop: Path, tmp_path: Path) -> None:
    """It names the command that makes it."""
    ingest(open_workspace(tmp_path / "shop"), [small_shop / "orders.csv"])
    with pytest.raises(WorkspaceError, match=r"There are no explore months in .*\. Run 'customerbase explore' first\."):
        open_workspace(tmp_path / "shop").table("explore_months")
