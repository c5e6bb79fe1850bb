"""PostgreSQL: a connection that only reads, and sees one state of the database all along."""

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import ibis.expr.schema as sch
import ibis.expr.types as ir
import psycopg
import pyarrow as pa
from ibis.backends.postgres import Backend
from psycopg import sql

from customerbase.database.reference import Reference
from customerbase.database.translation import InPlaceCompiler
from customerbase.errors import DataError

__all__ = ["Column", "InPlaceBackend", "Relation", "connect_postgres", "explain_postgres"]

_APPLICATION = "customerbase"
_SETTINGS = ("SET LOCAL jit = off", "SET LOCAL work_mem = '64MB'")
"""A query of ours is long, and takes longer to compile than to run; its sorts are large."""


@dataclass(frozen=True)
class Column:
    """A column of a table or a query, and its type as the server calls it."""

    name: str
    type: str


@dataclass(frozen=True)
class Relation:
    """What is read: `name` as it is shown, how to write it down behind FROM, its columns, and its key.

    `key` is the one column of a primary key that is an integer; None where there is no such key.
    """

    name: str
    written: sql.Composable
    columns: tuple[Column, ...]
    key: str | None = None


class InPlaceBackend(Backend):  # type: ignore[misc]
    """Ibis over a transaction that only reads: what asks for a table of ours is written into the query itself."""

    compiler = InPlaceCompiler()
    is_in_place = True
    reference: Reference

    def _post_connect(self) -> None:
        """Leave the session as the server has it: its time zone is that of the shop's clock."""

    def _register_in_memory_table(self, op: Any) -> None:  # noqa: ANN401 - Ibis types its operations loosely
        """Do nothing: the compiler writes the table into the query."""

    def _cached_table(self, table: ir.Table) -> ir.CachedTable:
        """Give the table as it is, to be computed where it is used: nothing can be kept on the server."""
        return ir.CachedTable(table.op())

    def _finalize_cached_table(self, name: str) -> None:
        """Do nothing: nothing was kept."""

    def disconnect(self) -> None:
        """Give the snapshot up, and go."""
        self.con.close()

    def find_table(self, name: str) -> Relation:
        """Find a table or a view by its name, with its schema before it or without.

        Raises
        ------
        DataError
            There is none.
        """
        parts = [name] if self._resolve([name]) else name.split(".", 1)
        oid = self._resolve(parts)
        if oid is None:
            raise DataError(f"There is no table {name!r} in the database. {self._list_readable()}")
        written = sql.Identifier(*parts)
        return Relation(name, written, self._describe(sql.SQL("SELECT * FROM {}").format(written)), self._key(oid))

    def find_query(self, query: str) -> Relation:
        """Take what a query gives as a table."""
        written = sql.SQL("({})").format(sql.SQL(query.strip().rstrip(";")))
        return Relation("query", written, self._describe(sql.SQL("SELECT * FROM {} AS q").format(written)))

    def open(self, relation: Relation, columns: dict[str, str], schema: sch.Schema) -> ir.Table:
        """Open a relation as a table: `columns` says how each column of `schema` is made of `c1`, `c2` and so on."""
        names = sql.SQL(", ").join(sql.Identifier(f"c{place}") for place, _ in enumerate(relation.columns, start=1))
        made = sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(sql.SQL(value), sql.Identifier(name)) for name, value in columns.items()
        )
        query = sql.SQL("SELECT {} FROM {} AS q ({})").format(made, relation.written, names)
        return self.sql(query.as_string(self.con), schema=schema)

    def fence(self, table: ir.Table) -> ir.Table:
        """Give a table whose columns are computed once, wherever and however often they are used above it."""
        query = f"SELECT * FROM ({self.compile(table)}) AS computed OFFSET 0"  # noqa: S608 - what Ibis has written
        return self.sql(query, schema=table.schema())

    @property
    def time_zone(self) -> str:
        """The zone in which the server shows times."""
        return str(self._fetch("SHOW timezone")[0][0])

    def _resolve(self, parts: list[str]) -> int | None:
        written = sql.Identifier(*parts).as_string(self.con)
        oid: int | None = self._fetch("SELECT to_regclass(%s)::oid", written)[0][0]
        return oid

    def _list_readable(self) -> str:
        names = [name for (name,) in self._fetch(_READABLE)]
        return f"Those that can be read are: {', '.join(names)}." if names else "There is none that can be read."

    def _key(self, oid: int) -> str | None:
        found = self._fetch(_KEY, oid)
        return str(found[0][0]) if len(found) == 1 and found[0][1] else None

    def _describe(self, query: sql.Composed) -> tuple[Column, ...]:
        """Ask what columns a query has, without running it."""
        with self._explained(), self.con.cursor() as cursor:
            cursor.execute(sql.SQL("{} LIMIT 0").format(query))
            described = cursor.description or []
        types = [self._fetch("SELECT format_type(%s, NULL)", each.type_code)[0][0] for each in described]
        return tuple(Column(each.name, kind) for each, kind in zip(described, types, strict=True))

    def execute(self, expr: ir.Expr, /, **options: Any) -> Any:  # noqa: ANN401 - a table, a column or a value
        """Execute an expression, with faults of the server in one line."""
        with self._explained():
            return super().execute(expr, **options)

    def to_pyarrow(self, expr: ir.Expr, /, **options: Any) -> Any:  # noqa: ANN401 - a table, a column or a value
        """Give what an expression comes to, with faults of the server in one line."""
        table = expr.as_table()
        schema = table.schema()
        # Ibis would declare a cursor, for which the server plans to give a few rows soon, and with one process.
        rows = self._fetch(self.compile(table, **options))
        fetched = pa.Table.from_struct_array(pa.array(rows, schema.as_struct().to_pyarrow()))
        return expr.__pyarrow_result__(fetched.cast(schema.to_pyarrow()))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise DataError(explain_postgres(error, self.reference)) from error

    def _fetch(self, query: str, *values: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - parameters of any type
        with self._explained(), self.con.cursor() as cursor:
            cursor.execute(query, values or None)
            return list(cursor.fetchall())


_READABLE = """SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1 LIMIT 20"""

_KEY = """SELECT a.attname, a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
WHERE i.indrelid = %s AND i.indisprimary"""


def connect_postgres(reference: Reference) -> InPlaceBackend:
    """Connect to a server, in a transaction that only reads and sees the database as it is now until it ends.

    The password is that of the URL; else libpq looks for it: PGPASSWORD, ~/.pgpass, a service file.

    Raises
    ------
    DataError
        The server cannot be reached, or does not let the user in.
    """
    try:
        connection = psycopg.connect(
            reference.url, autocommit=False, fallback_application_name=_APPLICATION, password=reference.password
        )
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for setting in _SETTINGS:  # the first of them begins the transaction, within which Ibis sets its own marks
            connection.execute(setting)
    except psycopg.Error as error:
        raise DataError(_explain_refusal(error, reference)) from None
    backend: InPlaceBackend = InPlaceBackend.from_connection(connection)
    backend.reference = reference
    weakref.finalize(backend, connection.close)
    return backend


def _explain_refusal(error: psycopg.Error, reference: Reference) -> str:
    """Say why there is no connection. What the driver says of a URL may quote any part of it, and is never shown."""
    if isinstance(error, psycopg.ProgrammingError):
        return f"{reference.url} is no URL of a PostgreSQL database. Write postgresql://USER@HOST:PORT/DATABASE."
    said = _first_line(error)
    if "password" in said:
        advice = "Check the password in PGPASSWORD, in ~/.pgpass or in the URL."
    elif "does not exist" in said:
        advice = "Check its name, and that of the user."
    else:
        advice = "Check that the server runs, and its host and port."
    return f"{reference.url} cannot be opened: {said}. {advice}"


def explain_postgres(error: psycopg.Error, reference: Reference) -> str:
    """Say in one line what a fault of the server means and what to do about it."""
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        what = _first_line(error)
        return f"{reference.url} does not let you read: {what}. Ask its owner for GRANT SELECT, which is enough."
    if isinstance(error, psycopg.errors.SyntaxError | psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return f"{reference.url} refuses the query: {_first_line(error)}. Try it in psql first."
    if isinstance(error, psycopg.errors.QueryCanceled):
        return f"{reference.url} has stopped the query: {_first_line(error)}. Raise its limit, or ask for less."
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return f"{reference.url} went away in the middle: {_first_line(error)}. Run it again when the server is back."
    return f"{reference.url} cannot do that: {_first_line(error)}. Cast the column in a query: ?query=SELECT …"


def _first_line(error: psycopg.Error) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[0] if lines else type(error).__name__
    return said.rpartition("FATAL:")[2].strip().rstrip(".")
