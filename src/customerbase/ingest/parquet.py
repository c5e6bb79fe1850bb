"""Parquet: files with types of their own, read where they lie and never copied."""

import glob
from collections.abc import Sequence
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends import BaseBackend

from customerbase.errors import DataError
from customerbase.ingest.sheets import KEY, Sheet, name_columns

__all__ = ["read_parquet"]

_PART = "file of the row"


def read_parquet(path: Path, source: str, connection: BaseBackend) -> list[Sheet]:
    """Open a Parquet file, or a folder of parts with the same columns, as one sheet; its first row is row 1.

    Raises
    ------
    DataError
        The file is damaged or no Parquet file, or has no rows.

    Examples
    --------
    >>> import tempfile
    >>> from customerbase.engine import connect
    >>> engine = connect()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "orders.parquet")
    ...     ibis.memtable({"Invoice": ["536365"], "Price": [2.55]}).to_parquet(file)
    ...     read_parquet(file, "orders.parquet", engine)[0].cells.to_pyarrow().to_pylist()
    [{'source': 'orders.parquet', 'source_row': 1, 'Invoice': '536365', 'Price': 2.55}]
    """
    parts = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not parts:
        raise DataError(f"The folder {path} holds no Parquet file. Name a folder with *.parquet in it, or the files.")
    try:
        table = _open(parts, connection)
        n_rows = int(table.count().execute())
        schemas = [set(pq.read_schema(part).names) for part in parts]
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path} cannot be read as Parquet: it is cut off or damaged. Export or copy it again."
        ) from error
    if n_rows == 0:
        raise DataError(f"{path} has a header but no rows. Export the orders again.")
    _refuse_other_columns(parts, schemas)
    header = tuple(name for name in table.columns if name not in {"file_row_number", _PART})
    columns = name_columns(header)
    # Parts of two folders may share their names, so that a part is named with its folder, as a sheet with its workbook.
    part = f"{source}#" + table[_PART].re_extract(r"([^/\\]+)$", 1)
    cells = table.select(
        source=part if path.is_dir() else ibis.literal(source),
        source_row=(table.file_row_number + 1).cast("int64"),
        **{column: table[name] for name, column in zip(header, columns, strict=True)},
    )
    return [Sheet(source, "parquet", header, columns, cells.select(*KEY, *columns))]


def _open(parts: Sequence[Path], connection: BaseBackend) -> ibis.Table:
    # DuckDB would take the brackets in a name such as orders[1].parquet for a pattern.
    names = [glob.escape(str(part)) for part in parts]
    return connection.read_parquet(names, file_row_number=True, filename=_PART)


def _refuse_other_columns(parts: Sequence[Path], schemas: Sequence[set[str]]) -> None:
    """Refuse a part that has not the columns of the first: it would fail only when it is read."""
    for part, names in zip(parts, schemas, strict=True):
        if differing := schemas[0] ^ names:
            raise DataError(
                f"{part} and {parts[0].name} differ in the columns {', '.join(sorted(differing))}. "
                "Write all parts of a folder with the same columns, or name the files one by one."
            )
