"""Records: JSON and JSON Lines, each object a row of text."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
from ibis.backends import BaseBackend

from customerbase.errors import DataError
from customerbase.ingest.encodings import open_text
from customerbase.ingest.headers import tidy_header
from customerbase.ingest.sheets import KEY, Sheet, name_columns

__all__ = ["read_json"]

_BATCH_ROWS = 50_000
_SPACE = re.compile(r"[ \t\r\n]*")
_ARRAY, _LINES = "an array of objects", "an object on each line"


class _Literal(str):
    """A number as it stands in the file: 2.50 stays 2.50, and an id of twenty digits keeps them."""

    __slots__ = ()


_DECODER = json.JSONDecoder(parse_float=_Literal, parse_int=_Literal, parse_constant=_Literal)


def read_json(path: Path, source: str, connection: BaseBackend, encoding: str | None = None) -> list[Sheet]:
    r"""Read an array of objects, or a file with an object on each line, as text; nested values stay JSON.

    Parameters
    ----------
    path
        Where the file lies.
    source
        What it is called in `source`.
    connection
        The engine to read into.
    encoding
        How the file is encoded; by default it is detected.

    Returns
    -------
    list
        One sheet with a column for each key; `source_row` is the line, or the place in the array, counted from 1.

    Raises
    ------
    DataError
        The file is empty, no JSON, or holds anything but objects.

    Examples
    --------
    >>> import tempfile
    >>> from customerbase.engine import connect
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "orders.json")
    ...     _ = file.write_text('[{"Invoice": 536365, "Price": 2.50, "tags": ["new", 1]}]')
    ...     read_json(file, "orders.json", connect())[0].cells.drop("source").to_pyarrow().to_pylist()
    [{'source_row': 1, 'Invoice': '536365', 'Price': '2.50', 'tags': '["new", 1]'}]
    """
    keys: dict[str, int] = {}
    with open_text(path, encoding) as text:
        form, records = _records(text.file, path)
        batches = list(_batches(records, keys))
    if not keys:
        raise DataError(f"{path} holds no objects with cells. Export the orders again.")
    header = tidy_header([*keys])
    columns = name_columns(header)
    rows = pa.concat_tables(batches, promote_options="default").rename_columns(["source_row", *columns])
    table = connection.create_table(ibis.util.gen_name("cells"), rows, temp=True)
    filled = table.filter(ibis.or_(*(table[column].notnull() for column in columns)))
    cells = filled.mutate(source=ibis.literal(source)).select(*KEY, *columns)
    return [Sheet(source, "json", header, columns, cells, (f"JSON, {form}", *text.notes))]


def _records(file: Path, path: Path) -> tuple[str, Iterator[tuple[int, Mapping[str, Any]]]]:
    with file.open(encoding="utf-8-sig") as opened:
        first = next((line.lstrip()[0] for line in opened if line.strip()), None)
    if first is None:
        raise DataError(f"{path} is empty. Export the orders again.")
    return (_ARRAY, _elements(file, path)) if first == "[" else (_LINES, _lines(file, path))


def _lines(file: Path, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with file.open(encoding="utf-8-sig", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if text := line.strip():
                value, end = _decode(text, 0, path, number)
                if end != len(text):
                    raise _damaged(path, number)
                yield number, value


def _elements(file: Path, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    text = file.read_text(encoding="utf-8-sig")
    number, position = 0, _skip(text, text.index("[") + 1)
    while text[position : position + 1] != "]":
        number += 1
        value, end = _decode(text, position, path)
        yield number, value
        position = _skip(text, end)
        if text[position : position + 1] == ",":
            position = _skip(text, position + 1)
        elif text[position : position + 1] != "]":
            raise _damaged(path, _line_at(text, position))
    if (rest := _skip(text, position + 1)) < len(text):
        raise _damaged(path, _line_at(text, rest))


def _decode(text: str, position: int, path: Path, first_line: int = 1) -> tuple[Mapping[str, Any], int]:
    """Decode the object that begins at a position; give it with the position after it."""
    try:
        value, end = _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise _damaged(path, first_line - 1 + _line_at(text, error.pos)) from error
    except RecursionError as error:
        raise _damaged(path, first_line - 1 + _line_at(text, position)) from error
    if not isinstance(value, dict):
        raise _damaged(path, first_line - 1 + _line_at(text, position))
    return value, end


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _line_at(text: str, position: int) -> int:
    return 1 + text.count("\n", 0, position)


def _damaged(path: Path, line: int) -> DataError:
    return DataError(
        f"{path} cannot be read as JSON: line {line} is damaged, or holds something else than objects. "
        "Give an array of objects, or a file with an object on each line."
    )


def _batches(records: Iterator[tuple[int, Mapping[str, Any]]], keys: dict[str, int]) -> Iterator[pa.Table]:
    """Turn records into tables, a column for each key that was met so far, named by its number in `keys`."""
    while batch := list(islice(records, _BATCH_ROWS)):
        for _, record in batch:
            for key in record:
                keys.setdefault(key, len(keys))
        cells = {
            str(n): pa.array([_text(record.get(key)) for _, record in batch], pa.string()) for key, n in keys.items()
        }
        yield pa.table({"source_row": pa.array([number for number, _ in batch], pa.int64()), **cells})


def _text(value: Any) -> str | None:  # noqa: ANN401 (any JSON)
    """Give a cell as text; an empty one is missing, as in every other format."""
    if value is None or value == "":
        return None
    text = str(value) if isinstance(value, str) else _nested(value)
    # Half of a character beyond 16 bits is allowed in JSON, and in no text.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _nested(value: Any) -> str:  # noqa: ANN401 (any JSON)
    """Write a value as JSON again, its numbers as they stood."""
    if isinstance(value, _Literal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_nested(key)}: {_nested(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_nested, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
