"""Records: every value of JSON as it stands, and a fault with its line."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.reading import read
from customerbase.ingest.records import read_json

CONNECTION = connect(threads=1)


def read_rows(folder: Path, text: str | bytes) -> list[dict[str, Any]]:
    """Write a file and give its rows as they are read, without the source."""
    path = folder / "orders.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (sheet,) = read_json(path, path.name, CONNECTION)
    rows: list[dict[str, Any]] = sheet.cells.drop("source").order_by("source_row").to_pyarrow().to_pylist()
    return rows


def test_an_array_of_objects(tmp_path: Path) -> None:
    """The row is the place in the array; a key that an object has not is empty there."""
    assert read_rows(tmp_path, '[\n{"a": "x"},\n{"b": "y", "a": null}\n]\n') == [
        {"source_row": 1, "a": "x", "b": None},
        {"source_row": 2, "a": None, "b": "y"},
    ]


def test_an_object_on_each_line(tmp_path: Path) -> None:
    """The row is the line; blank lines count and are no rows."""
    assert read_rows(tmp_path, '{"a": "x"}\r\n\r\n{"b": "y"}') == [
        {"source_row": 1, "a": "x", "b": None},
        {"source_row": 3, "a": None, "b": "y"},
    ]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("2.50", "2.50"),
        ("12345678901234567890123", "12345678901234567890123"),
        ("1E3", "1E3"),
        ("NaN", "NaN"),
        ("true", "true"),
        ('"007"', "007"),
        ('""', None),
        ("null", None),
        ('{"id": 1.50, "tags": ["é", null, false]}', '{"id": 1.50, "tags": ["é", null, false]}'),
        ("[]", "[]"),
        (r'"a\ud800b"', "a?b"),
        ("9" * 5_000, "9" * 5_000),
    ],
)
def test_a_value_is_text_as_it_stands(tmp_path: Path, value: str, cell: str | None) -> None:
    """No number is rounded, and what is nested stays JSON."""
    assert read_rows(tmp_path, f'[{{"a": {value}, "b": 1}}]')[0]["a"] == cell


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "windows-1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """JSON is read in any encoding, as other text is."""
    text = '[{"name": "Zoé", "city": "Besançon", "country": "Côte d’Ivoire"}]'
    assert read_rows(tmp_path, text.encode(encoding)) == [
        {"source_row": 1, "name": "Zoé", "city": "Besançon", "country": "Côte d’Ivoire"}
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("[]", "holds no objects"),
        ("[{}]", "holds no objects"),
        ('[\n{"a": 1},\n{"a": }\n]', "line 3 "),
        ('[\n{"a": 1},\n{"a": 2}\n', "line 4 "),
        ('[{"a": 1}\n{"a": 2}]', "line 2 "),
        ('[{"a": 1}]\nx', "line 2 "),
        ('[{"a": 1},\n5]', "line 2 "),
        ('{"a": 1}\n{"a": 2\n', "line 2 "),
        ('{"a": 1}\n[1]\n', "line 2 "),
        ('{"a": 1} {"a": 2}\n', "line 1 "),
        ('{\n"orders": []}\n', "line 1 "),
        ("[" * 100_000, "line 1 "),
        ("hello", "line 1 "),
    ],
)
def test_damage_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    """The message is one line and names the file."""
    with pytest.raises(DataError, match=message) as caught:
        read_rows(tmp_path, text)
    assert "orders.json" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_more_objects_than_are_held_at_a_time(tmp_path: Path) -> None:
    """A key that comes late is a column for all."""
    text = "\n".join([*('{"a": 1}' for _ in range(60_000)), '{"b": 2, "a": 3}'])
    rows = read_rows(tmp_path, text)
    assert (len(rows), rows[0]) == (60_001, {"source_row": 1, "a": "1", "b": None})
    assert rows[-1] == {"source_row": 60_001, "a": "3", "b": "2"}


def test_json_goes_through_read(tmp_path: Path) -> None:
    """A file of JSON Lines is an export as any other."""
    (tmp_path / "orders.jsonl").write_text('{"customer_id": 7, "ordered_at": "2024-05-01", "amount": 2.50}\n')
    data = read(tmp_path / "orders.jsonl")
    assert data.order_lines.customer_id.to_list() == ["7"]
    assert [float(amount) for amount in data.order_lines.amount.to_list()] == [2.5]
    assert data.formats[0].notes[:2] == ("JSON, an object on each line", "encoding UTF-8")


CELL = st.one_of(st.none(), st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.fixed_dictionaries({"a": CELL, "b": CELL}), min_size=1, max_size=6),
    is_array=st.booleans(),
    ascii_only=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"]),
)
def test_what_python_writes_comes_back(
    tmp_path: Path, rows: list[dict[str, str | None]], is_array: bool, ascii_only: bool, encoding: str
) -> None:
    """Any objects of text that the json module writes have the same cells when they are read."""
    lines = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    text = json.dumps(rows, ensure_ascii=ascii_only, indent=1) if is_array else "\n".join(lines)
    expected = [{"source_row": n, **row} for n, row in enumerate(rows, start=1) if any(row.values())]
    if not expected:
        return
    assert read_rows(tmp_path, text.encode(encoding)) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=60), st.text('[]{}":,ae1 \n\\u', max_size=40).map(str.encode)))
def test_random_bytes_raise_nothing_else(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file: rows, or a refusal in plain words."""
    with contextlib.suppress(DataError):
        assert read_rows(tmp_path, content)
