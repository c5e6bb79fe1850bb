"""Streams: what is piped into standard input, kept as a file for as long as it is read."""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from customerbase.errors import CustomerbaseError, DataError, UsageError
from customerbase.ingest.compression import PACKERS, decompress
from customerbase.ingest.recognition import recognise

__all__ = ["STANDARD_INPUT", "Inputs", "open_inputs"]

STANDARD_INPUT = "-"
_NAME = "stdin"


@dataclass(frozen=True)
class Inputs:
    """What a command reads: `came` with the bytes as they came, `plain` with them unpacked."""

    came: tuple[Any, ...]
    plain: tuple[Any, ...]


@contextmanager
def open_inputs(inputs: Sequence[Any]) -> Iterator[Inputs]:
    """Put a file called `stdin` where an input is `-`: what standard input holds.

    Raises
    ------
    DataError
        Nothing came, or what came is damaged.
    UsageError
        Standard input is a terminal.

    Examples
    --------
    >>> with open_inputs(["may.csv"]) as opened:
    ...     opened.plain
    ('may.csv',)
    """
    if STANDARD_INPUT not in [each for each in inputs if isinstance(each, str)]:
        yield Inputs(tuple(inputs), tuple(inputs))
        return
    with tempfile.TemporaryDirectory(prefix="customerbase-") as folder:
        try:
            came = _store(Path(folder, _NAME))
            plain = _unpack(came, Path(folder, "plain"))
            yield Inputs(_put(inputs, came), _put(inputs, plain))
        except CustomerbaseError as error:
            # Nobody knows the folder, and nobody needs to.
            raise type(error)(re.sub(rf"{re.escape(folder)}\S*[/\\]", "", str(error))) from error


def _put(inputs: Sequence[Any], file: Path) -> tuple[Any, ...]:
    return tuple(file if isinstance(each, str) and each == STANDARD_INPUT else each for each in inputs)


def _store(file: Path) -> Path:
    if sys.stdin.isatty():
        raise UsageError(
            "The input '-' stands for what is piped in, and nothing is: "
            "try 'customerbase run - < orders.csv', or name the file."
        )
    with file.open("wb") as out:
        shutil.copyfileobj(sys.stdin.buffer, out)
    if not file.stat().st_size:
        raise DataError("Nothing came through the pipe: stdin is empty. Check the command before it.")
    return file


def _unpack(file: Path, folder: Path) -> Path:
    suffix = recognise(file)
    if suffix not in PACKERS:
        return file
    folder.mkdir()
    unpacked, _ = decompress(file, folder, suffix)
    return unpacked.rename(folder / _NAME)
