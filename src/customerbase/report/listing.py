"""A table of the workspace as rows for the terminal, or as CSV or JSON on a stream."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, TextIO

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.csv as pc

from customerbase.errors import UsageError, WorkspaceError
from customerbase.first_look import EXPLORED
from customerbase.workspace import Workspace

__all__ = ["collapse", "find_table", "flatten", "list_tables", "take_rows", "write_csv", "write_json"]

_KEYS = {
    "order_lines": ("source", "source_row"),
    "customers": ("source", "source_row"),
    "coupon_events": ("source", "source_row", "occurred_at", "event"),
    "ingested_customers": ("source", "source_row"),
    "ingested_coupon_events": ("source", "source_row", "occurred_at", "event"),
    "quarantine": ("source", "source_row"),
    "set_aside": ("source", "source_row"),
    "returns": ("source", "source_row"),
    "cells": ("source", "source_row"),
    "out_of_time": ("place",),
    "borderline": ("rank",),
    "confusion": ("segment", "repeated_as"),
    "foresight": ("first_days", "method"),
    "comparison": ("place",),
    "elbow": ("n_segments",),
    "silhouettes": ("place", "rank"),
    "bic": ("n_segments",),
    "stability": ("place", "segment"),
    "dendrogram": ("node",),
    "concordance": ("place",),
    "concordance_crosstab": ("first", "second", "first_segment", "second_segment"),
    **EXPLORED,
}


def list_tables(workspace: Workspace) -> list[dict[str, Any]]:
    """List what a workspace holds, one row per table and date.

    Examples
    --------
    >>> list_tables(Workspace("no-such-shop"))
    []
    """
    return [
        {
            "name": each.name,
            "as_of": each.as_of,
            "kind": each.suffix[1:],
            "rows": each.rows,
            "bytes": each.bytes,
            "run": each.run,
        }
        for each in workspace.tables()
    ]


def collapse(held: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give the rows of `list_tables` to read: without sizes in bytes, and the tables of an exploration as one row.

    Examples
    --------
    >>> entry = {"as_of": None, "kind": "parquet", "rows": 5, "bytes": 900, "run": "0001"}
    >>> collapse([{"name": name, **entry} for name in ("explore_hours", "explore_months", "features")])
    [{'name': 'explore_… (2 tables)', 'as_of': None, 'kind': 'parquet', 'rows': None, 'run': '0001'},
     {'name': 'features', 'as_of': None, 'kind': 'parquet', 'rows': 5, 'run': '0001'}]
    """
    explored = Counter((each["as_of"], each["run"]) for each in held if each["name"] in EXPLORED)
    rows: dict[tuple[str, ...], dict[str, Any]] = {}
    for each in held:
        row = {name: value for name, value in each.items() if name != "bytes"}
        if each["name"] in EXPLORED:
            n_tables = explored[each["as_of"], each["run"]]
            row |= {"name": f"explore_… ({n_tables} tables)", "rows": None}
        rows.setdefault(tuple(map(str, row.values())), row)
    return list(rows.values())


def find_table(
    workspace: Workspace, name: str, as_of: str | None = None
) -> ir.Table | list[dict[str, Any]] | dict[str, Any]:
    """Find what is stored under a name: a table in key order, or plain values.

    Parameters
    ----------
    workspace
        An open workspace.
    name
        One of the names that `list_tables` gives.
    as_of
        Date of the table, YYYY-MM-DD; by default the latest.

    Raises
    ------
    UsageError
        Nothing in the workspace has this name.
    WorkspaceError
        It is not there for this date, or the workspace is empty.

    Examples
    --------
    >>> find_table(Workspace("no-such-shop"), "audit")
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: There is nothing in no-such-shop yet. Run 'customerbase run FILE' first.
    """
    kinds = {each.suffix for each in workspace.tables() if each.name == name}
    if ".parquet" in kinds:
        table = workspace.table(name, as_of)
        return table.order_by(list(_KEYS.get(name, table.columns[:1])))
    if ".json" in kinds:
        value = workspace.json(name, as_of)
        return value["segments"] if name == "segments" else value
    names = sorted({each.name for each in workspace.tables()})
    if not names:
        raise WorkspaceError(f"There is nothing in {workspace.path} yet. Run 'customerbase run FILE' first.")
    raise UsageError(f"There is no table {name!r}. There are {', '.join(names)}.")


def flatten(value: ir.Table | Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> ir.Table | list[dict[str, Any]]:
    """Give rows of single values: the outcomes of an audit, segments with their first action, else names with values.

    Examples
    --------
    >>> flatten([{"name": "Loyal", "traits": ["buys often", "buys much"], "profile": {}}])
    [{'name': 'Loyal', 'traits': 'buys often; buys much'}]
    >>> flatten({"seed": 0, "labels": [1, 2]})
    [{'name': 'seed', 'value': '0'}, {'name': 'labels', 'value': '[1, 2]'}]
    """
    if isinstance(value, ir.Table):
        return value
    if isinstance(value, Mapping):
        # One column has one type: values are texts.
        rows = value.get("outcomes") or [{"name": name, "value": _text(cell)} for name, cell in value.items()]
        return [_flat_row(row) for row in rows]
    rows = [_flat_row(row) for row in value]
    if all(row.get("revenue_share") is None for row in rows):  # nothing is known of money: no column of dashes
        return [{name: cell for name, cell in row.items() if name != "revenue_share"} for row in rows]
    return rows


def _text(cell: object) -> str | None:
    return cell if cell is None or isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)


def _flat_row(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, cell in row.items():
        if name == "strategy":
            flat |= {"goal": cell["goal"], "first_action": cell["actions"][0]}
        elif name in {"traits", "contrasts"}:
            flat[name] = "; ".join(cell)
        elif name != "profile":
            flat[name] = json.dumps(cell, ensure_ascii=False) if isinstance(cell, list | dict) else cell
    return flat


def take_rows(value: ir.Table | Sequence[Mapping[str, Any]], n_rows: int) -> tuple[list[dict[str, Any]], int]:
    """Take the first rows of a table as plain dicts, and count all of them.

    Examples
    --------
    >>> take_rows([{"name": "audit"}, {"name": "features"}], 1)
    ([{'name': 'audit'}], 2)
    """
    if isinstance(value, ir.Table):
        rows = [_plain(row) for row in value.limit(n_rows).to_pyarrow().to_pylist()]
        return rows, int(value.count().execute())
    return [dict(row) for row in value[:n_rows]], len(value)


def write_csv(value: ir.Table | Sequence[Mapping[str, Any]], stream: BinaryIO) -> None:
    """Write all rows as CSV in UTF-8.

    Examples
    --------
    >>> import io
    >>> stream = io.BytesIO()
    >>> write_csv([{"name": "features", "rows": 26}], stream)
    >>> print(stream.getvalue().decode(), end="")
    "name","rows"
    "features",26
    """
    if not isinstance(value, ir.Table):
        pc.write_csv(pa.Table.from_pylist([dict(row) for row in value]), stream)
        return
    with value.to_pyarrow_batches() as batches, pc.CSVWriter(stream, batches.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def write_json(value: ir.Table | Sequence[Mapping[str, Any]] | Mapping[str, Any], stream: TextIO) -> None:
    """Write a value as JSON, or all rows of a table as a list of objects.

    Examples
    --------
    >>> import io, ibis
    >>> stream = io.StringIO()
    >>> write_json(ibis.memtable({"customer_id": ["ann", "bob"], "frequency": [3, 1]}), stream)
    >>> print(stream.getvalue(), end="")
    [
    {"customer_id": "ann", "frequency": 3},
    {"customer_id": "bob", "frequency": 1}
    ]
    """
    if not isinstance(value, ir.Table):
        json.dump(value, stream, ensure_ascii=False, indent=1)
        stream.write("\n")
        return
    separator = "["
    for row in _rows(value):
        stream.write(f"{separator}\n{json.dumps(row, ensure_ascii=False)}")
        separator = ","
    stream.write("[]\n" if separator == "[" else "\n]\n")


def _rows(table: ir.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_pyarrow_batches():
        for row in batch.to_pylist():
            yield _plain(row)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in row.items()}


def _plain_value(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date | datetime) else value
