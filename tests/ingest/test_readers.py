"""Readers: a suffix in any case finds its reader."""

from pathlib import Path

import pytest

from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.readers import READERS, read_file


@pytest.mark.parametrize("name", ["orders.CSV", "orders.txt", "orders.Tsv"])
def test_suffix_in_any_case(tmp_path: Path, name: str) -> None:
    """Text files of any name are read as delimited text."""
    (tmp_path / name).write_text("a\tb\n1\t2\n")
    (sheet,) = read_file(tmp_path / name, name, connect())
    assert (sheet.reader, sheet.header) == ("csv", ("a", "b"))


def test_unknown_suffix_lists_the_known(tmp_path: Path) -> None:
    """Whoever gives another format learns which there are."""
    (tmp_path / "orders.json").write_text("[]")
    with pytest.raises(DataError) as caught:
        read_file(tmp_path / "orders.json", "orders.json", connect())
    assert all(suffix in str(caught.value) for suffix in READERS)
