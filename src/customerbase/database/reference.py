"""Reference: which table or query of which database is meant, and never with which password."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

from customerbase.errors import UsageError

__all__ = ["Reference", "is_url", "parse_url", "without_password"]

Engine = Literal["postgresql", "duckdb", "sqlite"]

_SCHEMES: dict[str, Engine] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "duckdb": "duckdb",
    "sqlite": "sqlite",
}
_URL = re.compile(r"^([A-Za-z][A-Za-z0-9+]+)://")
_ASKED = re.compile(r"[?&](?:table|query)=")
_SECRET = ("password", "sslpassword")


@dataclass(frozen=True)
class Reference:
    """What is read of a database: some tables, or what a query gives.

    Parameters
    ----------
    engine
        `postgresql`, `duckdb` or `sqlite`.
    url
        Where the database is: without password, and without what is read of it.
    tables
        Names of tables or views, with their schema where it is not the usual one.
    query
        A SELECT.
    password
        Of the URL. It is in no text of the reference.
    """

    engine: Engine
    url: str
    tables: tuple[str, ...] = ()
    query: str | None = None
    password: str | None = field(default=None, repr=False, compare=False)

    @property
    def path(self) -> str:
        """The file of a DuckDB or SQLite database."""
        return unquote(self.url.partition("://")[2].partition("?")[0].removeprefix("/"))

    def to_dict(self) -> dict[str, Any]:
        """Give what a workspace keeps of it.

        Examples
        --------
        >>> parse_url("postgresql://ann:secret@shop.example/db?table=orders").to_dict()
        {'engine': 'postgresql', 'url': 'postgresql://ann@shop.example/db', 'tables': ['orders'], 'query': None}
        """
        known = asdict(self)
        del known["password"]
        return {**known, "tables": list(self.tables)}

    def __str__(self) -> str:
        what = f"query={self.query}" if self.query else "&".join(f"table={name}" for name in self.tables)
        return f"{self.url}{'&' if '?' in self.url else '?'}{what}"


def is_url(text: object) -> bool:
    """Tell whether an input names a database, and no file.

    Examples
    --------
    >>> is_url("sqlite:///shop.db?table=orders"), is_url("orders.csv"), is_url("C:/orders.csv")
    (True, False, False)
    """
    return isinstance(text, str) and _URL.match(text) is not None


def without_password(text: str) -> str:
    """Give a URL as it may be shown.

    Examples
    --------
    >>> without_password("postgresql://ann:se@cr/et@shop.example/db?table=orders")
    'postgresql://ann@shop.example/db?table=orders'
    """
    parts = _split(text)
    head, has_query, query = parts.asked.partition("query=")
    asked = re.sub(rf"[?&](?:{'|'.join(_SECRET)})=[^&]*", "", head)
    return f"{parts.scheme}://{parts.shown}{_write_options(parts.options)}{asked}{has_query}{query}"


def parse_url(text: str) -> Reference:
    """Read the URL of a database: what is read of it stands behind a `?`, as `table=NAME` or `query=SELECT …`.

    All that stands behind `query=` belongs to the query.

    Raises
    ------
    UsageError
        It is no such URL, or names nothing to read.

    Examples
    --------
    >>> parse_url("duckdb:///shop.duckdb?table=orders&table=items").tables
    ('orders', 'items')
    >>> parse_url("postgresql://localhost/shop")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: postgresql://localhost/shop names a database and no table. Add ?table=NAME, or ...
    """
    parts, shown = _split(text), without_password(text)
    if parts.scheme not in _SCHEMES:
        raise UsageError(
            f"{shown} begins with {parts.scheme}://, and databases can be postgresql://, duckdb:/// and sqlite:///. "
            "Name a file, or one of these."
        )
    head, has_query, query = parts.asked.partition("query=")
    tables = tuple(unquote(value) for name, _, value in _pairs(head) if name == "table" and value)
    if bool(tables) == bool(query):
        what = "both tables and a query" if tables else f"a database and no {'query' if has_query else 'table'}"
        raise UsageError(f"{shown} names {what}. Add ?table=NAME, or ?query=SELECT …, and not both.")
    engine = _SCHEMES[parts.scheme]
    others = (*parts.options, *(pair for pair in _pairs(head) if pair[0] != "table"))
    hidden = [unquote(value) for name, _, value in others if name in _SECRET]
    url = f"{engine}://{parts.shown}{_write_options(others)}"
    return Reference(engine, url, tables, unquote(query) or None, parts.password or next(iter(hidden), None))


_Pairs = Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class _Parts:
    """A URL: where the database is as it may be shown, options of the driver, and what is asked of it."""

    scheme: str
    shown: str
    password: str | None
    options: _Pairs
    asked: str


def _split(text: str) -> _Parts:
    """Split a URL; a password may hold any sign, as people write it who do not know how to quote it."""
    scheme, _, rest = text.partition("://")
    found = _ASKED.search(rest)
    whole, asked = (rest[: found.start()], rest[found.start() :]) if found else (rest, "")
    user, at, place = whole.rpartition("@")
    name, _, password = user.partition(":")
    place, _, options = place.partition("?")
    return _Parts(scheme.lower(), f"{name}{at}{place}", unquote(password) or None, _pairs(options), asked)


def _pairs(options: str) -> _Pairs:
    return [each.partition("=") for each in options.lstrip("?&").split("&") if each]


def _write_options(options: _Pairs) -> str:
    shown = "&".join("".join(pair) for pair in options if pair[0] not in _SECRET)
    return f"?{shown}" if shown else ""
