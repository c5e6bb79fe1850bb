"""Databases: tables and queries of a database become sheets, read where they are."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pyarrow as pa
from ibis.backends import BaseBackend

from customerbase.database.reference import Reference, is_url, parse_url
from customerbase.errors import DataError, UsageError
from customerbase.ingest.sheets import KEY, Sheet, name_columns

if TYPE_CHECKING:
    from customerbase.database.postgres import InPlaceBackend, Relation

__all__ = ["find_reference", "leave_database", "read_database", "refuse_types"]

_ATTACHED = "customerbase_database"
_ROWS_AT_A_TIME = 50_000
_TEXTS = ("text", "character varying", "character", "name", "citext")
_TYPES: dict[str, dt.DataType] = {
    **dict.fromkeys(_TEXTS, dt.string),
    "smallint": dt.int16,
    "integer": dt.int32,
    "bigint": dt.int64,
    "numeric": dt.Decimal(None, None),
    "money": dt.Decimal(None, None),
    "real": dt.float32,
    "double precision": dt.float64,
    "date": dt.date,
    "timestamp without time zone": dt.Timestamp(scale=6),
    "timestamp with time zone": dt.Timestamp(scale=6),
}
"""Type of PostgreSQL → that of a cell; a cell of any other type is read as its text."""
_CASTS = {"money": "numeric", "timestamp with time zone": "timestamp"}


def find_reference(inputs: Sequence[object]) -> Reference | None:
    """Give the database that an input names, as a URL or as an Ibis table of PostgreSQL; None where none does.

    Raises
    ------
    UsageError
        There are other inputs beside it, or the URL says nothing.

    Examples
    --------
    >>> find_reference(["orders.csv"])
    >>> find_reference(["sqlite:///shop.db?table=orders"]).tables
    ('orders',)
    """
    found = [_refer(each) for each in inputs]
    reference = next((each for each in found if each is not None), None)
    if reference is not None and len(inputs) > 1:
        raise UsageError(
            f"{reference.url} cannot be read together with other inputs. Name one database, with several tables where "
            "you need them: ?table=orders&table=items."
        )
    return reference


def _refer(given: object) -> Reference | None:
    if isinstance(given, str) and is_url(given):
        return parse_url(given)
    if isinstance(given, ir.Table) and given.op().find(ibis.expr.operations.DatabaseTable):
        backend = given.get_backend()
        return _refer_to(given, backend) if backend.name == "postgres" else None
    return None


def _refer_to(table: ir.Table, backend: Any) -> Reference:  # noqa: ANN401 - Ibis types its backends loosely
    info, op = backend.con.info, table.op()
    url = f"postgresql://{info.user}@{info.host}:{info.port}/{info.dbname}"
    if isinstance(op, ibis.expr.operations.DatabaseTable):
        schema = op.namespace.database
        return Reference("postgresql", url, (f"{schema}.{op.name}" if schema else op.name,), None, info.password)
    return Reference("postgresql", url, (), str(ibis.to_sql(table)), info.password)


def read_database(reference: Reference, connection: BaseBackend) -> tuple[list[Sheet], BaseBackend]:
    """Give the sheets of a database, and the engine that holds them.

    Those of PostgreSQL are computed on the server, which is asked for no order line. A DuckDB file is opened for
    reading beside the tables of `connection`; what a SQLite file has passes through it, since SQLite has no decimals.

    Raises
    ------
    DataError
        The database cannot be opened or read, or has no such table.
    UsageError
        The driver is not installed.

    Examples
    --------
    >>> from customerbase.engine import connect
    >>> read_database(Reference("sqlite", "sqlite:///no-such.db", ("orders",)), connect())
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: There is no file no-such.db. Check the name, or give another file.
    """
    if reference.engine == "postgresql":
        return _read_server(reference)
    if not Path(reference.path).is_file():
        raise DataError(f"There is no file {reference.path}. Check the name, or give another file.")
    return _READERS[reference.engine](reference, connection), connection


def leave_database(tables: Sequence[ir.Table | None], connection: Any) -> None:  # noqa: ANN401 - typed loosely by Ibis
    """Close what `read_database` has opened: a server's tables, or a file beside those of `connection`."""
    for table in tables:
        backend: Any = None if table is None else table.get_backend()
        if getattr(backend, "is_in_place", False):
            backend.disconnect()
    if _ATTACHED in connection.list_catalogs():
        connection.raw_sql(f"DETACH {_ATTACHED}")


def refuse_types(sheet: Sheet, numbers: Sequence[str], times: Sequence[str]) -> None:
    """Refuse columns of a database that are to be numbers or times, and are of a type that never is.

    Raises
    ------
    DataError
        Names the column and its type.

    Examples
    --------
    >>> cells = ibis.memtable({"paid": [True]})
    >>> refuse_types(Sheet("orders", "duckdb", ("paid",), ("paid",), cells), ["paid"], [])
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: The column 'paid' of orders is of the type boolean, and must be a number or a ...
    """
    for columns, kind, fits in ((numbers, "a number", _is_number), (times, "a date or a time", _is_time)):
        for column in columns:
            known = sheet.cells[column].type()
            if column in sheet.types or not (known.is_string() or fits(known)):
                raise DataError(
                    f"The column {column!r} of {sheet.source} is of the type {sheet.types.get(column, known)}, and "
                    f"must be {kind} or a text. Cast it in a query, ?query=SELECT …, or take another one: "
                    "--map NAME=COLUMN."
                )


def _is_number(kind: dt.DataType) -> bool:
    return bool(kind.is_numeric() and not kind.is_boolean())


def _is_time(kind: dt.DataType) -> bool:
    return bool(_is_number(kind) or kind.is_date() or kind.is_timestamp())


def _read_server(reference: Reference) -> tuple[list[Sheet], BaseBackend]:
    try:
        from customerbase.database.postgres import connect_postgres
    except ImportError as error:
        raise UsageError(
            "PostgreSQL needs the package psycopg, which is not installed. Run pip install 'customerbase[postgres]'."
        ) from error
    backend = connect_postgres(reference)
    relations = [backend.find_query(reference.query)] if reference.query else []
    relations += [backend.find_table(name) for name in reference.tables]
    return [_open_relation(relation, backend) for relation in relations], backend


def _open_relation(relation: "Relation", backend: "InPlaceBackend") -> Sheet:
    header = tuple(column.name for column in relation.columns)
    columns = name_columns(header)
    kinds = [column.type for column in relation.columns]
    written = {
        name: _write(f'q."c{place}"', kind) for place, (name, kind) in enumerate(zip(columns, kinds, strict=True), 1)
    }
    schema = ibis.schema({name: _TYPES.get(kind, dt.string) for name, kind in zip(columns, kinds, strict=True)})
    table = backend.open(relation, written, schema)
    _refuse_empty(relation.name, table)
    key = columns[header.index(relation.key)] if relation.key else None
    place = ibis.null("int64") if key is None else table[key].cast("int64")
    cells = table.mutate(source=ibis.literal(relation.name), source_row=place).select(*KEY, *columns)
    strange = {name: kind for name, kind in zip(columns, kinds, strict=True) if kind not in _TYPES}
    zoned = [name for name, kind in zip(columns, kinds, strict=True) if kind == "timestamp with time zone"]
    notes = [f"times in the column {name!r} are those on the clock in {backend.time_zone}" for name in zoned]
    return Sheet(relation.name, "postgresql", header, columns, cells, tuple(notes), types=strange, is_in_place=True)


def _write(column: str, kind: str) -> str:
    target = _CASTS.get(kind, "text" if _TYPES.get(kind, dt.string).is_string() and kind != "text" else None)
    return f"{column}::{target}" if target else column


def _refuse_empty(name: str, table: ir.Table) -> None:
    if not table.limit(1).count().to_pyarrow().as_py():
        raise DataError(f"{name} has no rows. Name a table with orders.")


def _read_duckdb(reference: Reference, connection: Any) -> list[Sheet]:  # noqa: ANN401 - Ibis types its backends loosely
    try:
        connection.raw_sql(f"DETACH DATABASE IF EXISTS {_ATTACHED}")  # of an input before
        connection.raw_sql(f"ATTACH '{_quote(reference.path)}' AS {_ATTACHED} (READ_ONLY)")
    except duckdb.Error as error:
        raise DataError(
            f"{reference.path} cannot be opened as a DuckDB file: it is another one, damaged, or being written. "
            "Close what writes it, or copy it."
        ) from error
    try:
        if reference.query:
            return [_keep_query(reference.query, connection)]
        return [_open_table(name, reference, connection) for name in reference.tables]
    except BaseException:
        connection.raw_sql(f"DETACH {_ATTACHED}")
        raise


def _keep_query(query: str, connection: Any) -> Sheet:  # noqa: ANN401
    """Keep what a query gives for as long as the connection is open, so that its rows have places."""
    before = (connection.current_catalog, connection.current_database)
    name = ibis.util.gen_name("query")
    connection.raw_sql(f"USE {_ATTACHED}")
    try:
        connection.raw_sql(f"CREATE TEMP TABLE {name} AS SELECT * FROM ({query.strip().rstrip(';')})")  # noqa: S608
    except duckdb.Error as error:
        raise DataError(f"The query cannot be run: {_first_line(error)}. Try it in the database first.") from error
    finally:
        connection.raw_sql(f'USE "{before[0]}"."{before[1]}"')
    return _take("query", "duckdb", connection.table(name, database=("temp", "main")))


def _open_table(name: str, reference: Reference, connection: Any) -> Sheet:  # noqa: ANN401
    schema, _, own = name.rpartition(".")
    database = (_ATTACHED, schema or "main")
    names = (
        connection.list_tables(database=database) if database[1] in connection.list_databases(catalog=_ATTACHED) else []
    )
    if own not in names:
        _refuse_table(name, reference, connection.list_tables(database=(_ATTACHED, "main")))
    table = connection.table(own, database=database)
    views = connection.raw_sql(
        f"SELECT view_name FROM duckdb_views() WHERE database_name = '{_ATTACHED}'"  # noqa: S608 - a name of ours
    ).fetchall()
    if (own,) in views:
        return _keep_view(name, table, connection)
    return _take(name, "duckdb", table)


def _keep_view(name: str, view: ir.Table, connection: BaseBackend) -> Sheet:
    return _take(name, "duckdb", connection.create_table(ibis.util.gen_name("view"), view, temp=True))


def _refuse_table(name: str, reference: Reference, names: Sequence[str]) -> None:
    tables = f"The tables are: {', '.join(sorted(names))}." if names else "It has none."
    raise DataError(f"There is no table {name!r} in {reference.path}. {tables}")


def _take(name: str, reader: str, table: ir.Table) -> Sheet:
    """Take a table of DuckDB as a sheet; its first row is row 1."""
    _refuse_empty(name, table)
    header = tuple(table.columns)
    columns = name_columns(header)
    named = {column: table[own] for own, column in zip(header, columns, strict=True)}
    cells = table.select(source=ibis.literal(name), source_row=table.rowid() + 1, **named)
    return Sheet(name, reader, header, columns, cells.select(*KEY, *columns))


def _read_sqlite(reference: Reference, connection: BaseBackend) -> list[Sheet]:
    path = Path(reference.path).absolute()
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            names = [name for (name,) in database.execute(_SQLITE_TABLES)]
            for name in reference.tables:
                if name not in names:
                    _refuse_table(name, reference, names)
            queries = {name: f'SELECT * FROM "{name.replace(chr(34), chr(34) * 2)}"' for name in reference.tables}  # noqa: S608
            if reference.query:
                queries = {"query": reference.query.strip().rstrip(";")}
            return [_pass_through(name, query, database, connection) for name, query in queries.items()]
    except sqlite3.Error as error:
        raise DataError(f"{reference.path} cannot be read as a SQLite file: {_first_line(error)}. Check it.") from error


_SQLITE_TABLES = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"


def _pass_through(name: str, query: str, database: sqlite3.Connection, connection: BaseBackend) -> Sheet:
    """Read what a query gives into a table that is there as long as the connection is open."""
    header = tuple(each[0] for each in database.execute(f"SELECT * FROM ({query}) LIMIT 0").description)  # noqa: S608
    columns = name_columns(header)
    places = [f"c{place}" for place, _ in enumerate(columns, start=1)]
    source = f"(WITH q ({', '.join(places)}) AS ({query}) SELECT * FROM q)"  # noqa: S608 - names of ours, and the query
    kinds = [_tell_type(place, source, database) for place in places]
    cells = [f"CAST({place} AS {_AFFINITIES[kind]})" for place, kind in zip(places, kinds, strict=True)]
    schema = pa.schema(list(zip(columns, kinds, strict=True)))
    rows = database.execute(f"SELECT {', '.join(cells)} FROM {source}")  # noqa: S608 - names of ours, and the query
    batches = pa.RecordBatchReader.from_batches(schema, _batches(rows, schema))
    table = connection.create_table(ibis.util.gen_name("cells"), batches.read_all(), temp=True)
    return _take(name, "sqlite", table)


_AFFINITIES: dict[pa.DataType, str] = {pa.int64(): "INTEGER", pa.float64(): "REAL", pa.string(): "TEXT"}


def _tell_type(column: str, source: str, database: sqlite3.Connection) -> pa.DataType:
    """Tell the type of a column by its cells: SQLite lets any stand in any column."""
    found = {kind for (kind,) in database.execute(f"SELECT DISTINCT typeof({column}) FROM {source}")} - {"null"}  # noqa: S608
    if found and found <= {"integer", "real"}:
        return pa.int64() if found == {"integer"} else pa.float64()
    return pa.string()


def _batches(rows: sqlite3.Cursor, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while block := rows.fetchmany(_ROWS_AT_A_TIME):
        arrays = [pa.array(cells, kind) for cells, kind in zip(zip(*block, strict=True), schema.types, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _quote(text: str) -> str:
    return text.replace("'", "''")


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")


_READERS: dict[str, Callable[[Reference, Any], list[Sheet]]] = {"duckdb": _read_duckdb, "sqlite": _read_sqlite}
"""Engine of a file → its reader."""
