"""Compression: a packed export is read as if it were not, and damage is told in one line."""

import gzip
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.compression import inner_suffix
from customerbase.ingest.readers import read_file

CONTENT = "name;city\nZoé;Besançon\nAndré;Nîmes\n".encode("windows-1252")


def pack(path: Path, content: bytes = CONTENT) -> Path:
    """Write a packed file by its suffix and give its path."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("__MACOSX/._orders.csv", b"\0")
            archive.writestr("folder/orders.csv", content)
    else:
        packed = gzip.compress(content) if path.suffix == ".gz" else pa.compress(content, "zstd", asbytes=True)
        path.write_bytes(packed)
    return path


@pytest.mark.parametrize("name", ["orders.csv.gz", "orders.csv.zst", "orders.csv.zip", "orders.zip"])
def test_a_packed_file_is_read(tmp_path: Path, name: str) -> None:
    """Its encoding is found as that of any other, and the note says how it was packed."""
    (sheet,) = read_file(pack(tmp_path / name), name, connect())
    rows = sheet.cells.order_by("source_row").to_pyarrow().to_pylist()
    assert rows == [
        {"source": name, "source_row": 2, "name": "Zoé", "city": "Besançon"},
        {"source": name, "source_row": 3, "name": "André", "city": "Nîmes"},
    ]
    assert sheet.notes[-1].startswith("unpacked with ")


def test_gzip_in_two_parts(tmp_path: Path) -> None:
    """Packed files that were glued together are one file."""
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n"))
    (sheet,) = read_file(path, path.name, connect())
    assert sorted(sheet.cells.a.to_list()) == ["1", "3"]


@pytest.mark.parametrize("name", ["orders.csv.gz", "orders.csv.zst", "orders.csv.zip"])
@pytest.mark.parametrize("cut", [10, -10])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, cut: int) -> None:
    """A download that broke off is no smaller export."""
    path = pack(tmp_path / name, b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(5_000)))
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match="cannot be unpacked: it is damaged or cut off"):
        read_file(path, name, connect())


@pytest.mark.parametrize("names", [(), ("a.csv", "b.csv")])
def test_an_archive_holds_one_file(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Which of several is meant is not guessed."""
    path = tmp_path / "orders.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    with pytest.raises(DataError, match=f"holds {len(names)} files"):
        inner_suffix(path)
