"""Options: from the file of a shop and from the caller."""

import re
from pathlib import Path
from typing import Any

import pytest

from customerbase.config import CONFIG_FILE, Config, read_config
from customerbase.errors import UsageError, WorkspaceError


def write(folder: Path, text: str) -> Path:
    """Write a file of options into a folder."""
    folder.mkdir(exist_ok=True)
    (folder / CONFIG_FILE).write_text(text, encoding="utf-8")
    return folder


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    """k-means with seed 0, on all that is read."""
    assert read_config(tmp_path / "shop", (tmp_path / "orders.csv",)) == Config()
    assert (Config().model, Config().seed, Config().n_segments, Config().as_of) == ("kmeans", 0, None, None)


def test_every_option_can_stand_in_the_file(tmp_path: Path) -> None:
    """Dates, tables and texts as TOML writes them."""
    text = """
        as_of = 2011-12-10
        model = "kmeans"
        n_segments = 4
        seed = 7
        layout = "online-retail"
        prepare = { scale = "robust", winsorize = [0, 0.99], columns = ["monetary"] }
        memory_limit = "2GB"
        threads = 2
        spill_folder = "spill"
        columns = { order_id = "Receipt" }
        rules = { guest = false, drop_repeated_lines = true }
    """
    assert read_config(write(tmp_path, text)) == Config(
        as_of="2011-12-10",
        model="kmeans",
        n_segments=4,
        seed=7,
        layout="online-retail",
        prepare={"scale": "robust", "winsorize": [0, 0.99], "columns": ["monetary"]},
        memory_limit="2GB",
        threads=2,
        spill_folder="spill",
        columns={"order_id": "Receipt"},
        rules={"guest": False, "drop_repeated_lines": True},
    )


def test_the_file_of_a_scheme_lies_beside_that_of_the_options(tmp_path: Path) -> None:
    """Wherever the command runs; what the caller names is looked for where the command runs."""
    (tmp_path / "ours.toml").write_text('otherwise = "Rest"\n[segments]\nVIP = ["555"]\n', encoding="utf-8")
    shop = write(tmp_path, '[rfm]\nscheme = "ours.toml"\nnested = true\n')
    assert read_config(shop).rfm == {"scheme": str(tmp_path / "ours.toml"), "nested": True}
    assert read_config(shop, given={"rfm": {"scheme": "rf-10"}}).rfm == {"scheme": "rf-10", "nested": True}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ('rfm = "klaviyo-6"', "must be a table of scheme, n_bins, edges, nested, weights. Got 'klaviyo-6' instead"),
        ("[rfm]\nbins = 4", "must be a table of scheme, n_bins, edges, nested, weights. Got {'bins': 4} instead"),
        ("[rfm]\nn_bins = 4", "RFM scheme 'cells-11' is made for n_bins=5. Got n_bins=4 instead"),
        ("[rfm]\nedges = [1, 2]", "must be a table of column = cut points"),
        ('[rfm]\nedges = { frequency = ["a"] }', "must have 4 ascending numbers for 'frequency'"),
    ],
)
def test_options_of_rfm_are_checked_before_anything_is_read(tmp_path: Path, options: str, message: str) -> None:
    """One line with the file, the value and what is allowed."""
    with pytest.raises(UsageError, match=re.escape(message)):
        read_config(write(tmp_path, options))


def test_the_file_of_the_workspace_goes_before_that_beside_the_files(tmp_path: Path) -> None:
    """One file is read, not both; of several exports, the first one's folder counts."""
    exports = write(tmp_path / "exports", "seed = 1\nthreads = 1\n")
    write(tmp_path / "others", "seed = 3")
    files = (exports / "may.csv", tmp_path / "others/june.csv")
    assert read_config(tmp_path / "shop", files).seed == 1
    shop = write(tmp_path / "shop", "seed = 2")
    assert read_config(shop, files) == Config(seed=2)


def test_what_the_caller_gives_goes_before_the_file(tmp_path: Path) -> None:
    """None stands for an option that was not given; zero is one that was."""
    shop = write(tmp_path, 'seed = 5\nmodel = "rfm"\nthreads = 2')
    found = read_config(shop, given={"seed": 0, "model": None, "threads": 1})
    assert found == Config(seed=0, model="rfm", threads=1)


def test_tables_are_merged_name_by_name(tmp_path: Path) -> None:
    """A flag changes the column or rule that it names, and leaves the others."""
    shop = write(tmp_path, 'columns = { order_id = "A", amount = "B" }\nrules = { guest = false }')
    found = read_config(shop, given={"columns": {"amount": "C"}, "rules": {"no_price": False}})
    assert found.columns == {"order_id": "A", "amount": "C"}
    assert found.rules == {"guest": False, "no_price": False}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"model": "k-means"},
            r"'model' must be one of kmeans, .*, value_tree, a TOML file of own segments\. Got 'k-means'",
        ),
        ({"model": 3}, r"'model' must be one of kmeans, .*, value_tree, a TOML file of own segments\. Got 3"),
        (
            {"n_segments": 4, "model": "my.toml"},
            r"is not for the model my\.toml, whose segments are those that it names",
        ),
        ({"n_segments": 1}, r"'n_segments' must be an int >= 2\. Got 1"),
        ({"n_segments": "4"}, r"'n_segments' must be an int >= 2\. Got '4'"),
        ({"n_segments": True}, r"'n_segments' must be an int >= 2\. Got True"),
        ({"n_segments": 4, "model": "rfm"}, r"'n_segments' is not for the model rfm, whose segments"),
        ({"n_segments": 4, "model": "dbscan"}, r"'n_segments' is not for the model dbscan, which finds"),
        ({"prepare": {"scale": "robust"}, "model": "rfm"}, r"'prepare' is not for the model rfm"),
        ({"prepare": 3}, r"'prepare' must be a table"),
        ({"prepare": {"scaler": "robust"}}, r"'prepare' knows columns, .*Got 'scaler'"),
        ({"prepare": {"scale": "big"}}, r"scale = 'big', which must be one of standard, robust, none"),
        ({"prepare": {"columns": []}}, r"columns = \[\], which must be names of different columns"),
        ({"prepare": {"columns": "a,a"}}, r"columns = 'a,a', which must be names"),
        ({"prepare": {"winsorize": "0.9:0.1"}}, r"winsorize = '0.9:0.1', which must be two quantiles"),
        ({"prepare": {"winsorize": [0.01]}}, r"winsorize = \[0.01\], which must be two quantiles"),
        ({"prepare": {"pca": 2.5}}, r"pca = 2.5, which must be a number of components"),
        ({"prepare": {"pca": True}}, r"pca = True, which must be"),
        ({"seed": -1}, r"'seed' must be an int >= 0\. Got -1"),
        ({"seed": 2**32}, r"'seed' must be at most 4,294,967,295\. Got 4294967296"),
        ({"seed": 1.5}, r"'seed' must be an int >= 0\. Got 1\.5"),
        ({"threads": 0}, r"'threads' must be an int >= 1\. Got 0"),
        ({"threads": "two"}, r"'threads' must be an int >= 1\. Got 'two'"),
        ({"as_of": "yesterday"}, r"The date must be written as YYYY-MM-DD\. Got 'yesterday'"),
        ({"as_of": ""}, r"The date must be written as YYYY-MM-DD\. Got ''"),
        ({"memory_limit": 4}, r"'memory_limit' must be a text\. Got 4"),
        ({"spill_folder": 4}, r"'spill_folder' must be a text\. Got 4"),
        ({"layout": ["a"]}, r"'layout' must be a text\. Got \['a'\]"),
        ({"columns": "order_id"}, r"'columns' must be a table of name = str\. Got 'order_id'"),
        ({"columns": {"order_id": 1}}, r"'columns' must be a table of name = str\. Got"),
        ({"rules": {"guest": "no"}}, r"'rules' must be a table of name = bool\. Got"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(options: dict[str, Any], message: str) -> None:
    """With the name, what is allowed, and the value."""
    with pytest.raises(UsageError, match=message):
        Config(**options)


def test_a_refused_value_of_the_file_names_the_file(tmp_path: Path) -> None:
    """One of the caller does not."""
    with pytest.raises(UsageError, match=r"customerbase\.toml: The option 'seed' must be an int >= 0\. Got 'x'"):
        read_config(write(tmp_path, 'seed = "x"'))
    with pytest.raises(UsageError, match=r"^The option 'seed' must be an int >= 0"):
        read_config(tmp_path / "shop", given={"seed": -1})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"seed 5", r"customerbase\.toml is not valid TOML: .* Correct that line\."),
        (b"seed = '\xff'", r"customerbase\.toml is not valid TOML: "),
        (b"seeds = 5", r"customerbase\.toml has an unknown option 'seeds'\. The options are as_of, choose, columns, "),
    ],
)
def test_a_file_that_is_no_toml_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """So is one with an option that does not exist."""
    (tmp_path / CONFIG_FILE).write_bytes(content)
    with pytest.raises(UsageError, match=message):
        read_config(tmp_path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its options are not dropped in silence."""

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    write(tmp_path, "seed = 5")
    monkeypatch.setattr(Path, "read_text", refuse)  # root may read whatever the mode says
    with pytest.raises(WorkspaceError, match=r"customerbase\.toml cannot be read: Permission denied"):
        read_config(tmp_path)


def test_a_layout_file_lies_beside_the_file_of_options(tmp_path: Path) -> None:
    """What the file of options names is looked for beside it; what the caller names, where the caller is."""
    shop = write(tmp_path / "shop", 'layout = "my-shop.toml"')
    assert read_config(shop).layout == str(shop / "my-shop.toml")
    assert read_config(shop, given={"layout": "other.toml"}).layout == "other.toml"
    assert read_config(write(tmp_path / "two", 'layout = "online-retail"')).layout == "online-retail"
