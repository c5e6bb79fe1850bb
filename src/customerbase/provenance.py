"""Provenance: on which files, with which versions, and whether the data of a later run are the same or grew."""

import hashlib
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.ingest.frames import Frame
from customerbase.ingest.reading import expand, split_inputs
from customerbase.ingest.streams import open_inputs

__all__ = ["Inputs", "describe_inputs", "fingerprint", "list_versions", "same_or_grew"]

_LIBRARIES = ("customerbase", "duckdb", "ibis-framework", "numpy", "scikit-learn")
_CONTENT = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "amount")
_MODULUS = 1_000_003


@dataclass(frozen=True)
class Inputs:
    """What a run reads: its `items` as `read` takes them, and what `describe` says of them once all is hashed."""

    items: tuple[str | Path | Frame, ...]
    describe: Callable[[], list[dict[str, Any]]]


@contextmanager
def describe_inputs(inputs: Sequence[str | Path | Frame]) -> Iterator[Inputs]:
    """Hash the files in a thread of its own while others read them; `-` becomes a file of what is piped in.

    A table in memory has a name and a type, and no hash.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".csv") as file, describe_inputs([file.name]) as inputs:
    ...     inputs.describe()[0]["sha256"][:8]
    'e3b0c442'
    """
    with open_inputs(inputs) as opened, ThreadPoolExecutor(1) as pool:
        files, frames = split_inputs(opened.came)
        described = pool.submit(lambda: [_describe_file(part) for path in _expand(files) for part in _parts(path)])
        tables = [_describe_frame(frame, number) for number, frame in enumerate(frames, start=1)]
        yield Inputs(opened.plain, lambda: described.result() + tables)


def _expand(files: Sequence[str | Path]) -> list[Path]:
    return expand(files) if files else []


def _describe_frame(frame: Frame, number: int) -> dict[str, Any]:
    kind = type(frame)
    return {"source": f"table {number}", "type": f"{kind.__module__.split('.')[0]}.{kind.__name__}"}


def _parts(path: Path) -> list[Path]:
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


def _describe_file(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"source": path.name, "bytes": path.stat().st_size, "sha256": digest}


def list_versions() -> dict[str, str]:
    """List the versions on which a result depends.

    Examples
    --------
    >>> "duckdb" in list_versions()
    True
    """
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}


def fingerprint(lines: ir.Table) -> dict[str, Any]:
    """Give what identifies order lines whatever their order: number, sum of hashes, and the time of the last.

    Examples
    --------
    >>> lines = ibis.memtable({"order_id": ["1"], "customer_id": ["ann"], "ordered_at": [datetime(2024, 5, 1)],
    ...                        "product_id": ["mug"], "quantity": [1], "amount": [5]})
    >>> fingerprint(lines)["rows"], fingerprint(lines)["until"]
    (1, '2024-05-01T00:00:00')
    """
    # Weights tell the columns of a row apart, and the square ties them together: values that change places between
    # columns or between rows change the sum.
    parts = [(lines[name].hash() % _MODULUS).cast("int64") * weight for weight, name in enumerate(_CONTENT, start=1)]
    mark = sum(parts[1:], start=parts[0])
    marks = (mark * mark % _MODULUS).sum()
    found = lines.agg(rows=lines.count(), marks=marks, until=lines.ordered_at.max()).to_pyarrow().to_pylist()[0]
    until = found["until"].isoformat() if found["until"] else None
    return {"rows": found["rows"], "marks": str(found["marks"]), "until": until}


def same_or_grew(before: Mapping[str, Any], lines: ir.Table) -> bool:
    """Tell whether order lines hold all that a fingerprint was taken of, and nothing else up to its last time.

    Parameters
    ----------
    before
        What `fingerprint` gave; empty, or without a last time, it fits all lines.
    lines
        The order lines of today.

    Examples
    --------
    >>> may = ibis.memtable({"order_id": ["1"], "customer_id": ["ann"], "ordered_at": [datetime(2024, 5, 1)],
    ...                      "product_id": ["mug"], "quantity": [1], "amount": [5]})
    >>> june = may.mutate(ordered_at=ibis.timestamp("2024-06-01 00:00:00"))
    >>> same_or_grew(fingerprint(may), may.union(june)), same_or_grew(fingerprint(may), june)
    (True, False)
    """
    if not before or before.get("until") is None:
        return True
    until = ibis.literal(datetime.fromisoformat(before["until"])).cast("timestamp(6)")
    return fingerprint(lines.filter(lines.ordered_at <= until)) == dict(before)
