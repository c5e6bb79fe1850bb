"""Documentation: everything is documented, and what the pages show is what happens."""

import dataclasses
import re
import runpy
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from customerbase.checkup import FINDINGS
from customerbase.cleaning import RULES
from customerbase.cli import app
from customerbase.config import Config, read_config
from customerbase.exploration import EXPLORATIONS
from customerbase.features.customers import COUPON_FEATURES, CUSTOMER_FEATURES, FEATURES
from customerbase.ingest.layouts import LAYOUTS
from customerbase.schema import COUPON_EVENTS, CUSTOMERS, MEASURES, ORDER_LINES
from customerbase.segmentation.playbook import load_playbook
from customerbase.segmentation.schemes import SCHEMES
from customerbase.synthetic import make_shop
from customerbase.workflow import open_workspace, run

_CHECKOUT = Path(__file__).resolve().parents[1]
_DOCS = _CHECKOUT / "docs"
_PAGES = (_CHECKOUT / "README.md", _CHECKOUT / "CHANGELOG.md", *sorted(_DOCS.glob("*.md")))
_GENERATED: dict[str, Any] = runpy.run_path(str(_DOCS / "generate.py"))["PAGES"]
_EXAMPLES: dict[str, Any] = runpy.run_path(str(_DOCS / "examples.py"))

page = pytest.mark.parametrize("page", _PAGES, ids=lambda path: path.name)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _blocks(text: str, *languages: str) -> list[str]:
    return re.findall(rf"^```(?:{'|'.join(languages)})\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def _commands(text: str) -> Iterator[list[str]]:
    lines = [line.removeprefix("$ ") for block in _blocks(text, "sh", "console") for line in block.splitlines()]
    lines += re.findall(r"`(customerbase [^`…]*)`", text)
    for line in lines:
        words = shlex.split(line) if line.startswith("customerbase ") else []
        if words[1:]:
            yield words[1:]


def _parse(words: list[str]) -> None:
    """Parse a command as the command line does, without running it."""
    root: Any = typer.main.get_command(app)
    context = root.make_context("customerbase", list(words))
    name, verb, rest = root.resolve_command(context, context._protected_args + context.args)
    if rest:  # a verb that a sentence only names needs no file
        verb.make_context(name, rest, parent=context)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the sample files of the docs."""
    shutil.copytree(_EXAMPLES["SAMPLES"], tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the first command of a page leaves, for those that begin alike."""
    return tmp_path_factory.mktemp("begun")


@pytest.fixture(scope="session")
def prepared_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a generated export, orders.csv, and a workspace made of it, shop."""
    folder = tmp_path_factory.mktemp("docs")
    export = make_shop(folder / "made", n_lines=5_000, write_csv=True).order_lines_csv
    assert export is not None
    export.rename(folder / "orders.csv")
    shutil.rmtree(folder / "made")
    run(open_workspace(folder / "shop"), [folder / "orders.csv"])
    return folder


@pytest.mark.parametrize("name", _GENERATED)
def test_generated_pages_are_up_to_date(name: str) -> None:
    """A page that is made from the code says what the code says; else run `python docs/generate.py`."""
    assert _read(_DOCS / name) == f"{_GENERATED[name]()}\n"


@pytest.mark.parametrize("path", _EXAMPLES["PAGES"], ids=lambda path: path.name)
def test_console_blocks_show_what_is_printed(path: Path, folder: Path, begun: Path) -> None:
    """Each command of a page prints what stands beneath it; else run `python docs/examples.py`."""
    assert _EXAMPLES["refresh"](_read(path), folder, begun) == _read(path)


@pytest.mark.parametrize(
    "page", [path for path in _PAGES if _blocks(_read(path), "python")], ids=lambda path: path.name
)
def test_python_blocks_run(
    page: Path, folder: Path, prepared_shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Python blocks of a page run one after the other."""
    shutil.copytree(prepared_shop, folder, dirs_exist_ok=True)
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    for block in _blocks(_read(page), "python"):
        exec(compile(block, page.name, "exec"), names)
    assert capsys.readouterr().err == ""


@page
def test_commands_can_be_parsed(page: Path) -> None:
    """Every command that a page names has that verb and these options."""
    for words in _commands(_read(page)):
        if words != ["--help"]:
            _parse(words)


def test_a_wrong_command_is_found() -> None:
    """The check above refuses an option and a verb that do not exist."""
    for text in ("`customerbase tables --xml`", "```sh\ncustomerbase analyse\n```"):
        (words,) = _commands(text)
        with pytest.raises(Exception, match=r"No such (option|command)"):
            _parse(words)


@page
def test_pages_name_no_place_of_a_machine(page: Path) -> None:
    """No page holds an absolute path or the address of a package index."""
    found = re.findall(r"(?<![\w.)])(?:/(?:home|root|tmp|work|Users|mnt|opt|var)/\S*|[A-Z]:\\\S*)", _read(page))
    assert found == []
    assert re.findall(r"https?://\S*(?:pypi|pythonhosted|index|simple)\S*", _read(page)) == []


@pytest.mark.parametrize("page", [path for path in _PAGES if _blocks(_read(path), "toml")], ids=lambda path: path.name)
def test_toml_blocks_are_valid_options(page: Path, tmp_path: Path) -> None:
    """Every TOML block of a page is a customerbase.toml that is accepted."""
    for block in _blocks(_read(page), "toml"):
        (tmp_path / "customerbase.toml").write_text(block, encoding="utf-8")
        assert read_config(tmp_path) != Config()


def test_pages_of_the_site_are_in_its_navigation() -> None:
    """Every page in docs stands in the navigation of the site."""
    navigation = _read(_CHECKOUT / "mkdocs.yml").split("\nnav:\n")[1]
    assert {path.name for path in _DOCS.glob("*.md")} == set(re.findall(r": (\S+\.md)", navigation))


def test_every_verb_is_documented() -> None:
    """Each verb has a section of its own, and an example on another page."""
    verbs = set(getattr(typer.main.get_command(app), "commands", {}))
    used = {word for path in _PAGES if path.name != "commands.md" for words in _commands(_read(path)) for word in words}
    assert verbs == set(re.findall(r"^## (\w+)$", _read(_DOCS / "commands.md"), re.MULTILINE))
    assert verbs <= used


def test_every_option_of_the_file_is_documented() -> None:
    """The table of customerbase.toml has one row for each option, and no other."""
    table = _read(_DOCS / "workspace.md").split("| Option |")[1]
    options = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert options == [option.name for option in dataclasses.fields(Config)]


def test_every_rule_is_documented() -> None:
    """Each rule has a section of its own on the page of cleaning, in the order in which rules are asked."""
    assert re.findall(r"^### (\w+)$", _read(_DOCS / "cleaning.md"), re.MULTILINE) == list(RULES)


def test_every_finding_is_documented() -> None:
    """Each finding has a section of its own on the page of the check-up, in the order in which they are looked for."""
    assert re.findall(r"^### (\w+)$", _read(_DOCS / "checkup.md"), re.MULTILINE) == list(FINDINGS)


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("Order lines", [column.name for column in ORDER_LINES]),
        ("Rules", list(RULES)),
        ("Explorations", list(EXPLORATIONS)),
        ("Customers", [column.name for column in (*CUSTOMERS, *MEASURES)]),
        ("Coupon events", [column.name for column in COUPON_EVENTS]),
        ("Customer features", [*FEATURES, *COUPON_FEATURES, *CUSTOMER_FEATURES]),
    ],
    ids=["order lines", "rules", "explorations", "customers", "coupon events", "features"],
)
def test_every_column_is_in_the_data_dictionary(section: str, names: list[str]) -> None:
    """Each field, rule and feature has a row with a meaning."""
    text = _read(_DOCS / "data-dictionary.md").split(f"\n## {section}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|.*\| (\S[^|]*) \|$", text, re.MULTILINE)
    assert [name for name, _ in rows] == names


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("Layouts", list(LAYOUTS)),
        ("RFM schemes", list(SCHEMES)),
        ("Playbook", [archetype.name for archetype in load_playbook().values()]),
    ],
    ids=["layouts", "schemes", "playbook"],
)
def test_every_entry_is_in_the_data_dictionary(section: str, names: list[str]) -> None:
    """Each layout, scheme and kind of customer has a section of its own."""
    text = f"{_read(_DOCS / 'data-dictionary.md')}\n".split(f"\n## {section}\n")[1].split("\n## ")[0]
    assert re.findall(r"^### (.+)$", text, re.MULTILINE) == names


def test_every_command_has_a_python_twin() -> None:
    """The twin that the page of commands names for each verb exists."""
    twins: dict[str, str] = runpy.run_path(str(_DOCS / "generate.py"))["TWINS"]
    assert set(twins) == set(getattr(typer.main.get_command(app), "commands", {}))
    for text in twins.values():
        for name in re.findall(r"`([\w.]+)`", text):
            assert callable(_resolve(name)), name


def _resolve(name: str) -> object:
    import customerbase.dashboard.serving
    import customerbase.workflow

    found: object = customerbase
    for part in name.split(".")[1:]:
        found = getattr(found, part)
    return found
