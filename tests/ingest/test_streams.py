"""Streams: what comes through a pipe is known by its first bytes, called stdin, and logged as it came."""

import gzip
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.front_end import HEADER, CommandLine, many_orders
from tests.ingest.workbook_files import write_workbook

from customerbase.workflow import open_workspace

ROWS = [HEADER.split(","), *(row.split(",") for row in many_orders())]
CSV = "\n".join(map(",".join, ROWS)).encode()


def parquet() -> bytes:
    """Write the orders as Parquet."""
    out = io.BytesIO()
    pq.write_table(pa.table({name: [row[at] for row in ROWS[1:]] for at, name in enumerate(ROWS[0])}), out)
    return out.getvalue()


def workbook(suffix: str, folder: Path) -> bytes:
    """Write the orders as a workbook."""
    return write_workbook(folder / f"o{suffix}", May=dict(enumerate(ROWS, start=1))).read_bytes()


def zipped(content: bytes) -> bytes:
    """Pack content alone into a ZIP file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("orders", content)
    return out.getvalue()


def zstd(content: bytes) -> bytes:
    """Pack content with Zstandard."""
    out = pa.BufferOutputStream()
    with pa.output_stream(out, compression="zstd") as packed:
        packed.write(content)
    return bytes(out.getvalue())


def as_json() -> bytes:
    """Write the orders as an array of objects."""
    import json

    return json.dumps([dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]], indent=1).encode()


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch, customerbase: CommandLine) -> Callable[..., Any]:
    """Run the command with standard input from a pipe."""

    def run(content: bytes, *words: str) -> Any:
        read_end, write_end = os.pipe()
        with os.fdopen(write_end, "wb") as out:
            out.write(content)
        with os.fdopen(read_end, encoding="utf-8") as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            return customerbase("ingest", "-", *words)

    return run


KINDS: dict[str, Callable[[Path], bytes]] = {
    "csv": lambda _: CSV,
    "csv.gz": lambda _: gzip.compress(CSV),
    "csv.zst": lambda _: zstd(CSV),
    "csv.zip": lambda _: zipped(CSV),
    "utf-16": lambda _: CSV.decode().encode("utf-16"),
    "json": lambda _: as_json(),
    "json.gz": lambda _: gzip.compress(as_json()),
    "parquet": lambda _: parquet(),
    "parquet.gz": lambda _: gzip.compress(parquet()),
    "xlsx": lambda folder: workbook(".xlsx", folder),
    "xlsx.gz": lambda folder: gzip.compress(workbook(".xlsx", folder)),
    "xls": lambda folder: workbook(".xls", folder),
    "xlsb": lambda folder: workbook(".xlsb", folder),
    "ods": lambda folder: workbook(".ods", folder),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_piped_is_known_by_its_first_bytes(pipe: Callable[..., Any], tmp_path: Path, kind: str) -> None:
    """All rows are there, with `stdin` for a source, and the log has the bytes as they came."""
    folder = tmp_path / "made"
    folder.mkdir()
    content = KINDS[kind](folder)[:60_000]  # a pipe holds no more
    answer = pipe(content)
    assert (answer.status, answer.err) == (0, "")
    shop = open_workspace("shop")
    lines = shop.table("ingested_lines")
    sources = lines.source.value_counts().to_pyarrow().to_pylist()
    source = "stdin#May" if kind.split(".")[0] in {"xlsx", "xls", "xlsb", "ods"} else "stdin"
    assert [tuple(row.values()) for row in sources] == [(source, 90)]
    digest = hashlib.sha256(content).hexdigest()
    assert shop.runs[-1]["inputs"] == [{"source": "stdin", "bytes": len(content), "sha256": digest}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Error: Nothing came through the pipe: stdin is empty. Check the command before it."),
        (CSV.split(b"\n")[0], "Error: stdin has a header but no rows. Export the orders again."),
        (gzip.compress(CSV)[:-20], "Error: stdin cannot be unpacked: it is damaged or cut off."),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "Error: stdin is not a table of text"),
    ],
)
def test_what_cannot_be_read(pipe: Callable[..., Any], content: bytes, message: str) -> None:
    """One line says so, without the name of a file that nobody knows."""
    answer = pipe(content)
    assert answer.status == 1
    assert answer.err.startswith(message)
    assert len(answer.err.splitlines()) == 1


def test_a_terminal_is_no_pipe(monkeypatch: pytest.MonkeyPatch, customerbase: CommandLine) -> None:
    """Nobody types a table; the message says how it is meant."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal())
    answer = customerbase("run", "-")
    assert answer.status == 2
    assert answer.err.startswith("Error: The input '-' stands for what is piped in, and nothing is")


def test_a_run_in_a_shell(tmp_path: Path) -> None:
    """A whole run on Parquet from a pipe, which is read for as long as the run takes."""
    command = [sys.executable, "-c", "from customerbase.cli import main; main()", "run", "-", "--model", "rfm"]
    done = subprocess.run(command, input=parquet(), capture_output=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"90 rows read from stdin (customerbase)")
