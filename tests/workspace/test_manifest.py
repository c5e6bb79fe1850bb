"""What workspace.json may say."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase.errors import UsageError, WorkspaceError
from customerbase.workspace import Workspace
from customerbase.workspace.manifest import Entry, Manifest, read_manifest, table_file, upgrade, write_manifest

ENTRY = Entry("features", "2011-12-10", ".parquet", "0003", 5878, 410_000, "9f")
STATE = Manifest("0003", (ENTRY,), ("0001",), {"shop.csv": "é"})


def test_a_state_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Writing and reading are inverse."""
    write_manifest(tmp_path, STATE)
    assert read_manifest(tmp_path) == STATE
    assert [path.name for path in tmp_path.iterdir()] == ["workspace.json"]


def test_the_same_state_gives_the_same_bytes(tmp_path: Path) -> None:
    """The order of the entries does not matter."""
    other = Entry("audit", None, ".json", "0001", None, 10, "aa")
    contents = []
    for entries in ((ENTRY, other), (other, ENTRY)):
        write_manifest(tmp_path, Manifest("0003", entries))
        contents.append((tmp_path / "workspace.json").read_bytes())
    assert contents[0] == contents[1]


def test_a_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """A workspace is a folder."""
    (tmp_path / "shop").write_text("")
    with pytest.raises(WorkspaceError, match=r"is a file\. A workspace is a folder"):
        Workspace(tmp_path / "shop")


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """Even when nothing else in it can be understood."""
    (tmp_path / "workspace.json").write_text('{"format_version": 2, "tables": {}}')
    with pytest.raises(WorkspaceError, match=r"newer customerbase \(workspace format 2; this one knows up to 1\)"):
        Workspace(tmp_path)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '"text"', "\x00", "{}", '{"format_version": null}', '{"format_version": 0}', "[" * 100_000],
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    """Whatever stands in workspace.json, no traceback."""
    (tmp_path / "workspace.json").write_text(content)
    with pytest.raises(WorkspaceError, match="damaged") as refusal:
        Workspace(tmp_path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "forged",
    [
        {"run": "../../etc"},
        {"name": "../secret"},
        {"suffix": "/../../x"},
        {"as_of": "../x"},
        {"run": 3},
        {"unknown": 1},
    ],
)
def test_a_forged_entry_leads_nowhere(tmp_path: Path, forged: dict[str, Any]) -> None:
    """No name in workspace.json can point out of the workspace."""
    write_manifest(tmp_path, STATE)
    document = json.loads((tmp_path / "workspace.json").read_text())
    document["entries"][0] |= forged
    (tmp_path / "workspace.json").write_text(json.dumps(document))
    with pytest.raises(WorkspaceError, match="damaged"):
        Workspace(tmp_path)


@given(st.text(), st.text(), st.text())
def test_no_name_leads_out_of_the_run(name: str, as_of: str, suffix: str) -> None:
    """A name is refused, or has no sign that a path could be built from."""
    try:
        file = table_file(name, as_of, suffix)
    except UsageError:
        return
    assert ".." not in file
    assert file.count("/") == 1


def test_an_older_format_goes_through_every_step() -> None:
    """Steps follow each other up to the present version."""
    steps = {version: lambda old, version=version: old | {f"step {version}": True} for version in (1, 2)}
    assert upgrade({"format_version": 1}, steps, to=3) == {"format_version": 3, "step 1": True, "step 2": True}
