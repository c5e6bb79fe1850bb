"""Properties of all readers: what is written comes back, and no damage gets past in silence or as a traceback."""

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ingest.workbook_files import write_workbook

from customerbase.cleaning import clean
from customerbase.engine import connect, explain
from customerbase.errors import CustomerbaseError
from customerbase.ingest.delimited import read_csv
from customerbase.ingest.readers import READERS, TEXT_READERS
from customerbase.ingest.reading import read

CONNECTION = connect(threads=1)
OVERWRITE = [HealthCheck.function_scoped_fixture]
"""Each example writes the same file again."""

HEADER = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price", "country"]
ROWS = [
    [
        str(n),
        f"c{n % 5}",
        f"2024-0{1 + n % 6}-{10 + n} 10:00:00",
        'mug, "7"' if n % 4 == 0 else "pan",
        str(n % 7),
        "2.50",
        "Côte",
    ]
    for n in range(1, 19)
]
LETTERS = {
    "utf-8": st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]),
    "windows-1252": st.characters(codec="cp1252", exclude_categories=["C"]),
    "windows-1250": st.characters(codec="cp1250", exclude_categories=["C"]),
    "latin-1": st.characters(codec="latin-1", exclude_categories=["C"]),
    "mac-roman": st.characters(codec="mac-roman", exclude_categories=["C"]),
}
LETTERS |= dict.fromkeys(["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"], LETTERS["utf-8"])
"""Encoding → the characters that it has."""
STYLES = {
    "minimal": {"quoting": csv.QUOTE_MINIMAL},
    "all": {"quoting": csv.QUOTE_ALL},
    "single": {"quoting": csv.QUOTE_ALL, "quotechar": "'"},
    "backslash": {"quoting": csv.QUOTE_ALL, "doublequote": False, "escapechar": "\\"},
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[list[str]]]:
    """Draw an encoding and a table of the letters that it has, some of them those that delimit, quote and escape."""
    encoding = draw(st.sampled_from(sorted(LETTERS)))
    n_columns = draw(st.integers(2, 4))
    cells = st.text(LETTERS[encoding] | st.sampled_from(",;\t|^~:\x1f\"'\\ "), max_size=6)
    return encoding, draw(st.lists(st.lists(cells, min_size=n_columns, max_size=n_columns), min_size=1, max_size=6))


@settings(max_examples=60, suppress_health_check=OVERWRITE)
@given(
    table=tables(),
    delimiter=st.sampled_from(",;\t|^~:\x1f"),
    style=st.sampled_from(sorted(STYLES)),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_table_of_text_comes_back(
    tmp_path: Path, table: tuple[str, list[list[str]]], delimiter: str, style: str, end: str
) -> None:
    """Any table in any delimiter, quoting, line end and encoding has the same cells when it is read."""
    encoding, rows = table
    text = io.StringIO()
    names = [f"column{number}" for number in range(len(rows[0]))]
    if style == "backslash":
        # Where nothing but a backslash stands behind one, none of them need be more than text.
        rows = [['say "x" now'] * len(names), *rows]
    csv.writer(text, delimiter=delimiter, lineterminator=end, **STYLES[style]).writerows([names, *rows])  # type: ignore[arg-type]
    expected = [(row, cells) for row, cells in enumerate(rows, start=2) if any(cells)]
    if not expected:
        return
    path = tmp_path / "orders.csv"
    path.write_bytes(text.getvalue().encode(encoding))
    (sheet,) = read_csv(path, path.name, CONNECTION, None if encoding.startswith("utf") else encoding)
    found = sheet.cells.order_by("source_row").to_pyarrow().to_pylist()
    assert [row["source_row"] for row in found] == [row for row, _ in expected]
    assert [[row[name] or "" for name in names] for row in found] == [cells for _, cells in expected]


def read_or_refuse(path: Path) -> int | None:
    """Read and clean a file: give the number of its rows, none of which may be lost, or None where it is refused."""
    try:
        cleaned = clean(read(path, connection=CONNECTION))
        n_aside = cleaned.quarantine.count().execute()
    except (CustomerbaseError, duckdb.Error) as error:
        refusal = error
    else:
        assert cleaned.audit.rows_in == cleaned.audit.rows_kept + n_aside
        assert cleaned.data.order_lines.count().execute() == cleaned.audit.rows_kept
        return cleaned.audit.rows_in
    # Parquet is read where it lies, so that a page's damage shows late.
    message = str(refusal) if isinstance(refusal, CustomerbaseError) or path.suffix != ".parquet" else explain(refusal)
    assert message is not None
    assert len(message.splitlines()) == 1
    assert "orders" in message or path.suffix == ".parquet"
    return None


SUFFIXES = [*TEXT_READERS, *READERS, ".csv.gz", ".csv.zip", ".csv.zst", ".json.gz", ""]


@settings(max_examples=60, suppress_health_check=OVERWRITE)
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=60).map(str.encode)
    | st.text(alphabet='{}[]",:\\ \nab1', max_size=60).map(str.encode),
    suffix=st.sampled_from(SUFFIXES),
)
def test_random_bytes_are_read_or_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    """Whatever stands in a file of whatever name, it ends in rows or in one line that says what is wrong."""
    path = tmp_path / f"orders{suffix}"
    path.write_bytes(content)
    read_or_refuse(path)


def _text(delimiter: str = ",") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows([HEADER, *ROWS])
    return text.getvalue().encode()


def _json() -> bytes:
    return json.dumps([dict(zip(HEADER, row, strict=True)) for row in ROWS]).encode()


def _zip(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("orders.csv", content)
    return out.getvalue()


def _zstd(content: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.output_stream(out, compression="zstd") as packed:
        packed.write(content)
    return bytes(out.getvalue())


def _parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({name: [row[at] for row in ROWS] for at, name in enumerate(HEADER)}), out)
    return out.getvalue()


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give the orders in each format, by suffix."""
    folder = tmp_path_factory.mktemp("sound")
    rows = dict(enumerate([HEADER, *ROWS], start=1))
    return {
        ".csv": _text(),
        ".tsv": _text("\t"),
        ".json": _json(),
        ".jsonl": b"\n".join(json.dumps(dict(zip(HEADER, row, strict=True))).encode() for row in ROWS),
        ".parquet": _parquet(),
        ".csv.gz": gzip.compress(_text(), mtime=0),
        ".csv.zip": _zip(_text()),
        ".csv.zst": _zstd(_text()),
        **{
            suffix: write_workbook(folder / f"sound{suffix}", May=rows).read_bytes()
            for suffix in (".xlsx", ".xls", ".xlsb", ".ods")
        },
    }


@pytest.mark.parametrize(
    "suffix",
    [
        ".csv",
        ".tsv",
        ".json",
        ".jsonl",
        ".parquet",
        ".csv.gz",
        ".csv.zip",
        ".csv.zst",
        ".xlsx",
        ".xls",
        ".xlsb",
        ".ods",
    ],
)
def test_a_sound_file_of_each_format(tmp_path: Path, sound: dict[str, bytes], suffix: str) -> None:
    """All have the same rows."""
    path = tmp_path / f"orders{suffix}"
    path.write_bytes(sound[suffix])
    assert read_or_refuse(path) == len(ROWS)


def _cut(content: bytearray, at: int, _: bytes) -> bytearray:
    return content[:at]


def _overwrite(content: bytearray, at: int, new: bytes) -> bytearray:
    return content[:at] + new + content[at + len(new) :]


def _insert(content: bytearray, at: int, new: bytes) -> bytearray:
    return content[:at] + new + content[at:]


def _remove(content: bytearray, at: int, new: bytes) -> bytearray:
    return content[:at] + content[at + len(new) :]


DAMAGES: list[Callable[[bytearray, int, bytes], bytearray]] = [_cut, _overwrite, _insert, _remove]


@settings(max_examples=70, suppress_health_check=OVERWRITE)
@given(
    suffix=st.sampled_from(
        [
            ".csv",
            ".tsv",
            ".json",
            ".jsonl",
            ".parquet",
            ".csv.gz",
            ".csv.zip",
            ".csv.zst",
            ".xlsx",
            ".xls",
            ".xlsb",
            ".ods",
        ]
    ),
    damages=st.lists(
        st.tuples(
            st.sampled_from(DAMAGES),
            st.floats(0, 1),
            st.binary(min_size=1, max_size=4) | st.sampled_from([b'"', b",", b"\n"]),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_damaged_bytes_are_read_or_refused(
    tmp_path: Path,
    sound: dict[str, bytes],
    suffix: str,
    damages: list[tuple[Callable[[bytearray, int, bytes], bytearray], float, bytes]],
) -> None:
    """Whatever bytes are lost, changed or added: no row goes missing between reading and cleaning."""
    content = bytearray(sound[suffix])
    for damage, place, new in damages:
        content = damage(content, int(place * len(content)), new)
    path = tmp_path / f"orders{suffix}"
    path.write_bytes(content)
    read_or_refuse(path)
