"""Frames: tables that are in memory, of pandas, Polars, Arrow or Ibis, with the types that they have."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeAlias

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from ibis.backends import BaseBackend
from pyarrow.interchange import from_dataframe

from customerbase.errors import DataError, UsageError
from customerbase.ingest.headers import tidy_header
from customerbase.ingest.sheets import KEY, Sheet, name_columns

__all__ = ["Frame", "engine_of", "read_frame"]


class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


class _Interchange(Protocol):
    def __dataframe__(self) -> Any: ...  # noqa: ANN401 - a protocol without types


Frame: TypeAlias = pd.DataFrame | ir.Table | _ArrowStream | _Interchange
"""A table of pandas, Polars, Arrow, Ibis or DuckDB, or anything that speaks their protocols."""


def engine_of(frames: Sequence[Frame]) -> BaseBackend | None:
    """Give the DuckDB connection of the first Ibis table, so that it need not be copied; None where there is none.

    Examples
    --------
    >>> shop = ibis.duckdb.connect()
    >>> engine_of([shop.sql("SELECT 7 AS amount")]) is shop
    True
    """
    engines = (frame.get_backend() for frame in frames if isinstance(frame, ir.Table))
    return next((engine for engine in engines if engine.name == "duckdb"), None)


def read_frame(frame: Frame, source: str, connection: BaseBackend) -> list[Sheet]:
    """Take a table as one sheet; its first row is row 1, and the index of a pandas frame is no column.

    Cells keep their types. Times in a time zone become the time on the clock there, categories their values, and a
    column of several types becomes text.

    Raises
    ------
    DataError
        The table has no rows.
    UsageError
        It is no table.

    Examples
    --------
    >>> from customerbase.engine import connect
    >>> orders = pd.DataFrame({"Invoice": [536365, "C7"], "Price": [2.55, 1.0]}, index=[7, 9])
    >>> read_frame(orders, "table 1", connect())[0].cells.to_pyarrow().to_pylist()
    [{'source': 'table 1', 'source_row': 1, 'Invoice': '536365', 'Price': 2.55},
     {'source': 'table 1', 'source_row': 2, 'Invoice': 'C7', 'Price': 1.0}]
    """
    header, table, notes = _take(frame, connection)
    header = tidy_header(header)
    columns = name_columns(header)
    if isinstance(table, pa.Table):
        named: Any = table.rename_columns(list(columns))
    else:
        named = table.select(**{column: table[name] for name, column in zip(table.columns, columns, strict=True)})
    stored = connection.create_table(ibis.util.gen_name("cells"), named, temp=True)
    if stored.count().execute() == 0:
        raise DataError(f"{source} has no rows. Give a table with orders.")
    cells = stored.mutate(source=ibis.literal(source), source_row=stored.rowid() + 1).select(*KEY, *columns)
    return [Sheet(source, "table", header, columns, cells, tuple(notes))]


def _take(frame: Frame, connection: BaseBackend) -> tuple[Sequence[str], pa.Table | ir.Table, list[str]]:
    if isinstance(frame, ir.Table):
        if frame.get_backend() is connection:
            return frame.columns, frame, []
        return _take_arrow(frame.to_pyarrow())
    if isinstance(frame, pd.DataFrame):
        names: list[Any] = list(frame.columns)
        header = [" ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in names]
        arrays = [_to_arrow(frame.iloc[:, at]) for at in range(len(header))]
        _, table, notes = _take_arrow(pa.table(arrays, names=header))
        return header, table, notes
    if hasattr(frame, "__arrow_c_stream__"):
        return _take_arrow(pa.table(frame))
    if hasattr(frame, "__dataframe__"):
        return _take_arrow(from_dataframe(frame))
    raise UsageError(
        "An input of read() must be a file, or a table of pandas, Polars, Arrow or Ibis. "
        f"Got {type(frame).__name__!r} instead."
    )


def _to_arrow(series: "pd.Series[Any]") -> pa.Array | pa.ChunkedArray:
    """Turn a column of pandas into Arrow; one that no type fits, such as numbers among text, becomes text."""
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        texts = [None if pd.api.types.is_scalar(cell) and pd.isna(cell) else str(cell) for cell in series]
        return pa.array(texts, pa.string())


def _take_arrow(table: pa.Table) -> tuple[Sequence[str], pa.Table, list[str]]:
    zones = {
        name: column.type.tz
        for name, column in zip(table.column_names, table.columns, strict=True)
        if _has_zone(column)
    }
    notes = [f"times in the column {name!r} are those on the clock in {zone}" for name, zone in zones.items()]
    return table.column_names, pa.table(list(map(_plain, table.columns)), names=table.column_names), notes


def _has_zone(column: pa.ChunkedArray) -> bool:
    return pa.types.is_timestamp(column.type) and column.type.tz is not None


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give a column in a type that the engine has."""
    if isinstance(column.type, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.cast(kind.value_type))
    if _has_zone(column):
        return pc.local_timestamp(column)
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if pa.types.is_decimal256(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    return column
