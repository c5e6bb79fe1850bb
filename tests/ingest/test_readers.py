"""Readers: a suffix in any case finds its reader."""

from pathlib import Path

import pytest

from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.compression import PACKERS
from customerbase.ingest.readers import READERS, TEXT_READERS, read_file


@pytest.mark.parametrize("name", ["orders.CSV", "orders.txt", "orders.Tsv"])
def test_suffix_in_any_case(tmp_path: Path, name: str) -> None:
    """Text files of any name are read as delimited text."""
    (tmp_path / name).write_text("a\tb\n1\t2\n")
    (sheet,) = read_file(tmp_path / name, name, connect())
    assert (sheet.reader, sheet.header) == ("csv", ("a", "b"))


def test_unknown_suffix_lists_the_known(tmp_path: Path) -> None:
    """Whoever gives another format learns which there are."""
    (tmp_path / "orders.docx").write_text("[]")
    with pytest.raises(DataError) as caught:
        read_file(tmp_path / "orders.docx", "orders.docx", connect())
    assert all(suffix in str(caught.value) for suffix in (*TEXT_READERS, *READERS, *PACKERS))


@pytest.mark.parametrize("name", ["orders.parquet.gz", "orders.gz", "orders.xlsx.zst"])
def test_only_text_may_be_packed(tmp_path: Path, name: str) -> None:
    """Workbooks and Parquet are packed by themselves."""
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match="files can be"):
        read_file(tmp_path / name, name, connect())
