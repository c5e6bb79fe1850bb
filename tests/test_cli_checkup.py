"""The verb `checkup`: what it prints, where it takes it from, and the correction of a code."""

import shutil
from pathlib import Path

import pytest
from tests.front_end import CommandLine, many_orders, write_orders

from customerbase.workflow import Config, open_workspace, run

KEYS = ["finding", "rows", "customers", "amount", "example", "done", "option"]


@pytest.fixture(scope="module")
def odd_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an export of ninety orders, and three of a guest, of postage, and of a code like a product's."""
    folder = tmp_path_factory.mktemp("odd")
    odd = [f"{name},{who},2024-03-01 10:00,{code},1,5" for name, who, code in (("g", "", "mug"), ("p", "c1", "POST"))]
    orders = write_orders(folder / "orders.csv", [*many_orders(), *odd, "x,c1,2024-03-01 10:00,wrap,2,40"])
    run(open_workspace(folder / "shop"), [orders], Config(model="rfm"))
    return folder


@pytest.fixture
def orders(odd_shop: Path, tmp_path: Path) -> Path:
    """That export, in the folder where the command line is called, with a workspace in which it was run."""
    return Path(shutil.copytree(odd_shop, tmp_path, dirs_exist_ok=True), "orders.csv")


@pytest.mark.usefixtures("orders")
def test_findings_as_json(customerbase: CommandLine) -> None:
    """A list of objects with seven keys each, the most money first; `show checkup` has the same."""
    findings = customerbase.good("checkup", "--json").json
    assert [list(each) for each in findings] == [KEYS] * len(findings)
    amounts = [abs(each["amount"]) for each in findings]
    assert amounts == sorted(amounts, reverse=True)
    assert {"guests", "non_products"} <= {each["finding"] for each in findings}
    assert customerbase.good("show", "checkup", "--json").json == findings


@pytest.mark.usefixtures("orders")
def test_findings_to_read(customerbase: CommandLine) -> None:
    """Each finding is printed with its figures, an example, what was done and what can be; --csv has a row for each."""
    out = customerbase.good("checkup").out
    assert "Guests: 1 row, 0 customers, 5.00 at stake\n  Seen: 1 of 93 lines (1.1%); " in out
    assert "  Done: set aside by the rules guest (1)\n  Option: --map customer_id=COLUMN" in out
    assert customerbase.good("checkup", "--csv").out.startswith('"finding","rows","customers","amount",')


def test_a_workspace_without_a_checkup_gets_one(customerbase: CommandLine, orders: Path) -> None:
    """After `clean`, which takes away the check-up of what was there before, it is made when it is asked for."""
    before = customerbase.good("checkup", "--json").json
    customerbase.good("ingest", orders)
    customerbase.good("clean")
    assert '"checkup"' not in customerbase.good("tables", "--json").out
    assert customerbase.good("checkup", "--json").json == before
    assert '"checkup"' in customerbase.good("tables", "--json").out


def test_a_code_is_corrected(customerbase: CommandLine, orders: Path) -> None:
    """What [products] says goes before the rule, in the order lines as in the check-up."""
    Path("customerbase.toml").write_text('[products]\nwrap = false\n"post" = true\n', encoding="utf-8")
    customerbase.good("run", orders, "--model", "rfm")
    findings = {each["finding"]: each for each in customerbase.good("checkup", "--json").json}
    assert findings["non_products"]["example"] == "WRAP (1 line, 80.00)"


def test_what_is_refused(customerbase: CommandLine) -> None:
    """An empty workspace, two formats at once, and a code that is neither a product nor none."""
    assert customerbase("checkup").err == ("Error: There is nothing in shop yet. Run 'customerbase run FILE' first.\n")
    assert customerbase("checkup", "--json", "--csv").status == 2
    Path("customerbase.toml").write_text('[products]\nwrap = "no"\n', encoding="utf-8")
    answer = customerbase("run", "orders.csv")
    assert answer.status == 2
    assert "The option 'products' must be a table of name = bool." in answer.err
