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

from customerbase.engine import bring
from customerbase.ingest.databases import find_reference
from customerbase.ingest.frames import Frame
from customerbase.ingest.reading import expand, split_inputs
from customerbase.ingest.streams import open_inputs
from customerbase.schema import Dataset

__all__ = [
    "Inputs",
    "data_grew",
    "describe_inputs",
    "fingerprint",
    "fingerprint_data",
    "list_versions",
    "same_or_grew",
]

_LIBRARIES = ("customerbase", "duckdb", "ibis-framework", "numpy", "scikit-learn")
_CONTENT = ("order_id", "customer_id", "ordered_at", "product_id", "quantity", "amount")
_CONTENT_OF_EVENTS = ("customer_id", "coupon_id", "event", "occurred_at")
_MODULUS = 1_000_003


@dataclass(frozen=True)
class Inputs:
    """What a run reads: its `items` as `read` takes them, and what `describe` says of them once all is hashed."""

    items: tuple[str | Path | Frame, ...]
    describe: Callable[[], list[dict[str, Any]]]


@contextmanager
def describe_inputs(inputs: Sequence[str | Path | Frame]) -> Iterator[Inputs]:
    """Hash the files in a thread of its own while others read them; `-` becomes a file of what is piped in.

    A table in memory has a name and a type, and no hash; a database its URL, without password.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile(suffix=".csv") as file, describe_inputs([file.name]) as inputs:
    ...     inputs.describe()[0]["sha256"][:8]
    'e3b0c442'
    """
    if reference := find_reference(inputs):
        said = {"source": str(reference), **reference.to_dict()}
        yield Inputs(tuple(inputs), lambda: [said])
        return
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


def fingerprint(lines: ir.Table, content: Sequence[str] = _CONTENT, time: str = "ordered_at") -> dict[str, Any]:
    """Give what identifies order lines whatever their order: number, sum of hashes, and the time of the last.

    Parameters
    ----------
    lines
        Order lines, or rows of another table with times.
    content
        The columns that tell its rows apart.
    time
        The column that says when each was.

    Examples
    --------
    >>> lines = ibis.memtable({"order_id": ["1"], "customer_id": ["ann"], "ordered_at": [datetime(2024, 5, 1)],
    ...                        "product_id": ["mug"], "quantity": [1], "amount": [5]})
    >>> fingerprint(lines)["rows"], fingerprint(lines)["until"]
    (1, '2024-05-01T00:00:00')
    """
    # Weights tell the columns of a row apart, and the square ties them together: values that change places between
    # columns or between rows change the sum.
    parts = [(lines[name].hash() % _MODULUS).cast("int64") * weight for weight, name in enumerate(content, start=1)]
    mark = sum(parts[1:], start=parts[0])
    marks = (mark * mark % _MODULUS).sum()
    found = lines.agg(rows=lines.count(), marks=marks, until=lines[time].max()).to_pyarrow().to_pylist()[0]
    until = found["until"].isoformat() if found["until"] else None
    return {"rows": found["rows"], "marks": str(found["marks"]), "until": until}


def same_or_grew(
    before: Mapping[str, Any], lines: ir.Table, content: Sequence[str] = _CONTENT, time: str = "ordered_at"
) -> bool:
    """Tell whether order lines hold all that a fingerprint was taken of, and nothing else up to its last time.

    Parameters
    ----------
    before
        What `fingerprint` gave; empty, or without a last time, it fits all lines.
    lines
        The order lines of today.
    content, time
        As for `fingerprint`.

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
    return fingerprint(lines.filter(lines[time] <= until), content, time) == dict(before)


def fingerprint_data(data: Dataset) -> dict[str, Any]:
    """Give what identifies the tables of a data set that have times: that of its order lines, and of its coupon events.

    Examples
    --------
    >>> events = ibis.memtable({"customer_id": ["ann"], "coupon_id": ["X"], "event": ["claimed"],
    ...                         "occurred_at": [datetime(2024, 5, 1)]})
    >>> fingerprint_data(Dataset(events, coupon_events=events, has_orders=False))["coupon_events"]["rows"]
    1
    """
    marks = fingerprint(data.order_lines) if data.has_orders else {}
    if data.coupon_events is not None:
        marks["coupon_events"] = fingerprint(data.coupon_events, _CONTENT_OF_EVENTS, "occurred_at")
    return marks


def data_grew(before: Mapping[str, Any], customers: ir.Table | None, data: Dataset) -> bool:
    """Tell whether a data set holds all that there was before, and nothing else up to the last time of that.

    Parameters
    ----------
    before
        What `fingerprint_data` gave.
    customers
        The customers of before; each of their rows must be there still, as it was.
    data
        The data set of today. A kind of table that there was not before is growth.

    Examples
    --------
    >>> ann = ibis.memtable({"source": ["a.csv"], "source_row": [2], "customer_id": ["ann"], "age": [34]})
    >>> older = ann.mutate(age=35)
    >>> data_grew({}, ann, Dataset(ann, customers=ann)), data_grew({}, ann, Dataset(ann, customers=older))
    (True, False)
    """
    orders = {name: mark for name, mark in before.items() if name != "coupon_events"}
    events = before.get("coupon_events")
    if (orders and not data.has_orders) or (events and data.coupon_events is None):
        return False
    if customers is not None and not _holds(data.customers, customers):
        return False
    return (not orders or same_or_grew(orders, data.order_lines)) and (
        not events
        or data.coupon_events is None
        or same_or_grew(events, data.coupon_events, _CONTENT_OF_EVENTS, "occurred_at")
    )


def _holds(customers: ir.Table | None, before: ir.Table) -> bool:
    names = [name for name in before.columns if name not in {"source", "source_row"}]
    if customers is None or not set(names) <= set(customers.columns):
        return False
    today = bring(customers).select(*names).cast({name: before.schema()[name] for name in names})
    gone = ibis.difference(before.select(*names), today, distinct=True)
    return not gone.count().execute()
