"""What the stages of the workflow have in common: whom they tell, how they read exports, and how they publish."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from customerbase.config import Config
from customerbase.ingest.frames import Frame
from customerbase.ingest.reading import read
from customerbase.provenance import data_grew, fingerprint_data, list_versions
from customerbase.reports import write_report
from customerbase.schema import Dataset
from customerbase.workspace import Run, Workspace

__all__ = ["Progress", "in_parallel", "publish", "quiet", "read_files"]

Progress = Callable[[str], None]
"""Told what is being done."""


def quiet(message: str) -> None:
    """Say nothing.

    Examples
    --------
    >>> quiet("Reading the export")
    """


@contextmanager
def in_parallel(work: Callable[[Run], None], begun: Run) -> Iterator[None]:
    """Work on a run in a second thread, beside what is done in the context; a fault of either ends both.

    While Python writes the next query down, the engine answers the last one of the other.

    Examples
    --------
    >>> import ibis, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = Run(Path(folder), ibis.duckdb.connect())
    ...     with in_parallel(lambda twin: print(twin.folder == run.folder), run):
    ...         pass
    True
    """
    twin, faults = begun.in_parallel(), list[BaseException]()

    def catch() -> None:
        try:
            work(twin)
        except BaseException as fault:  # it is raised again where the thread ends
            faults.append(fault)

    thread = threading.Thread(target=catch, daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        twin.interrupt()
        raise
    finally:
        thread.join()
    if faults:
        raise faults[0]


def read_files(workspace: Workspace, files: Sequence[str | Path | Frame], config: Config) -> Dataset:
    """Read exports as the options say, with the engine of a workspace.

    Examples
    --------
    See `customerbase.read`.
    """
    return read(
        *files,
        layout=config.layout,
        mapping=config.columns,
        encoding=config.encoding,
        decimal=config.decimal,
        date_order=config.date_order,
        connection=workspace.connection,
    )


def publish(
    workspace: Workspace,
    begun: Run,
    data: Dataset | None,
    config: Config,
    command: str,
    now: datetime | None,
    *,
    inputs: Sequence[Mapping[str, Any]] = (),
    drop: Sequence[str] = (),
    with_ids: bool | None = None,
) -> None:
    """Publish a run, with a report unless `with_ids` is None; the report before goes.

    With new data, snapshots of other dates stay if the data are the same or grew.

    Parameters
    ----------
    workspace, begun
        Where it is published, and the run.
    data
        The clean data, where the run has read some; else None.
    config, command, now, inputs
        For the run log.
    drop
        Names of tables that are no longer true.
    with_ids
        Whether customers may be named in the report; None for no report.

    Examples
    --------
    See `Workspace.publish`.
    """
    log: dict[str, Any] = {
        "command": command,
        "started_at": now.isoformat(timespec="seconds") if now else None,
        "inputs": list(inputs),
        "options": asdict(config),
        "versions": list_versions(),
    }
    keep = data is None or data_grew(workspace.input, _held_customers(workspace), data)
    log["dropped_snapshots"] = [] if keep else workspace.dates("features")
    marks = fingerprint_data(data) if data is not None else None
    drop = (*drop, "report")
    if with_ids is not None:
        seen = workspace.preview(begun, keep_snapshots=keep, log=log, drop=drop)
        write_report(begun, seen, config.as_of, with_ids=with_ids)
    workspace.publish(begun, keep_snapshots=keep, log=log, fingerprint=marks, drop=drop)


def _held_customers(workspace: Workspace) -> ir.Table | None:
    is_there = any(each.name == "customers" for each in workspace.tables())
    return workspace.table("customers") if is_there else None
