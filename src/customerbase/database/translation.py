# ruff: noqa: N802, N815, ARG002 - names and parameters are those of Ibis
"""Translation of Ibis expressions into the SQL of PostgreSQL, where Ibis has none or one that means something else."""

from typing import Any, ClassVar, TypeAlias

import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import NULL
from ibis.backends.sql.compilers.postgres import PostgresCompiler

__all__ = ["InPlaceCompiler", "translate_pattern"]

_Sql: TypeAlias = Any
"""A piece of SQL: sqlglot types its classes loosely."""

_CLASSES = (
    (r"[^\p{L}]", "[^[:alpha:]]"),
    (r"\p{L}", "[[:alpha:]]"),
    (r"\p{Sc}", "[$¢£¤¥֏؋৲৳฿៛₠-⃀﷼＄￠￡￥￦]"),
    (r"\b", r"\y"),
)
"""How DuckDB writes a class of characters → how PostgreSQL does."""

_PLAIN_NUMBER = r"^\s*[+-]?(?:\d{1,13}(?:\.\d*)?|\.\d+)\s*$"
_NUMBER = r"^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\s*$"
_INTEGER = r"^\s*[+-]?\d{1,18}\s*$"
_LEAP_YEAR = r"(?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DAY = (
    r"(?:\d{4}[-/](?:0?[13578]|1[02])[-/](?:0?[1-9]|[12]\d|3[01])|\d{4}[-/](?:0?[469]|11)[-/](?:0?[1-9]|[12]\d|30)"
    rf"|\d{{4}}[-/]0?2[-/](?:0?[1-9]|1\d|2[0-8])|{_LEAP_YEAR}[-/]0?2[-/]29)"
)
_TIME = rf"^(?!0000){_DAY}(?:[ T]+(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?\s*$"
"""What may be cast. A text is long to compute, and so it is looked at as seldom as can be."""
_WIDEST_FLOAT = 1e300


def translate_pattern(pattern: str) -> str:
    r"""Write a regular expression as PostgreSQL understands it.

    Examples
    --------
    >>> translate_pattern(r"(^|[^\p{L}])uhr\b")
    '(^|[^[:alpha:]])uhr\\y'
    """
    for here, there in _CLASSES:
        pattern = pattern.replace(here, there)
    return pattern


class InPlaceCompiler(PostgresCompiler):  # type: ignore[misc]
    r"""Writes SQL that only reads: no table of ours, and no cast that could stop a query.

    Examples
    --------
    >>> import ibis
    >>> cells = ibis.table({"price": "string"}, name="cells")
    >>> InPlaceCompiler().to_sqlglot(cells.price.try_cast("int64")).sql("postgres")
    'SELECT CASE WHEN "t0"."price" ~ \'^\\s*[+-]?\\d{1,18}\\s*$\' THEN CAST("t0"."price" AS BIGINT) ELSE NULL END ...
    """

    __slots__ = ()
    SIMPLE_OPS: ClassVar[dict[type[ops.Value], str]] = {}  # those of Ibis would go before the methods here

    def visit_InMemoryTable(self, op: ops.InMemoryTable, *, name: str, schema: _Sql, data: _Sql) -> _Sql:
        """Write a small table of ours into the query itself."""
        columns = [sg.to_identifier(column, quoted=True) for column in schema]
        values = [tuple(row.values()) for row in data.to_pyarrow(schema).to_pylist()]

        def write(row: tuple[object, ...]) -> _Sql:
            cells = zip(row, schema.types, columns, strict=True)
            return sg.select(*(self.cast(sge.convert(cell), kind).as_(column) for cell, kind, column in cells))

        rows = [write(row) for row in values] or [write((None,) * len(columns)).where(sge.false())]
        stacked: _Sql = rows[0]
        for row in rows[1:]:
            stacked = sge.Union(this=stacked, expression=row, distinct=False)
        return stacked.subquery(name)

    def visit_TryCast(self, op: ops.TryCast, *, arg: _Sql, to: dt.DataType) -> _Sql:
        """Cast what can be cast, and give null for all else; the guard is asked first, since a CASE is in order."""
        if op.arg.dtype.is_string():
            return self._cast_text(arg, to)
        if to.is_decimal() and op.arg.dtype.is_numeric():
            return self._fit(arg, to)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_Cast(self, op: ops.Cast, *, arg: _Sql, to: dt.DataType) -> _Sql:
        """Cast as DuckDB does: a boolean to 0 or 1, a number to text with no more zeros than it has."""
        if op.arg.dtype.is_boolean() and to.is_numeric():
            return self.cast(self.cast(arg, dt.int32), to)
        if op.arg.dtype.is_floating() and to.is_integer():
            return self.cast(self.f.round(arg), to)
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_RegexSearch(self, op: ops.RegexSearch, *, arg: _Sql, pattern: _Sql) -> _Sql:
        """Search with an operator, which servers before 15 have too."""
        return sge.RegexpLike(this=arg, expression=_pattern_of(op))

    def visit_RegexExtract(self, op: ops.RegexExtract, *, arg: _Sql, pattern: _Sql, index: _Sql) -> _Sql:
        """Extract a group; null where nothing fits."""
        whole = sge.convert(f"({translate_pattern(op.pattern.value)})")
        return sge.paren(self.f.regexp_match(arg, whole), copy=False)[index]

    def visit_RegexReplace(self, op: ops.RegexReplace, *, arg: _Sql, pattern: _Sql, replacement: _Sql) -> _Sql:
        """Replace all that fits."""
        return self.f.anon.regexp_replace(arg, _pattern_of(op), replacement, "g")

    def visit_Hash(self, op: ops.Hash, *, arg: _Sql) -> _Sql:
        """Hash the text of a value; that of nothing is 0, and never null."""
        text = arg if op.arg.dtype.is_string() else self.cast(arg, dt.string)
        return self.f.coalesce(self.f.hashtextextended(text, 0), 0)

    def visit_Log(self, op: ops.Log, *, arg: _Sql, base: _Sql) -> _Sql:
        """Take a natural logarithm in floating point, as DuckDB does."""
        if base is None:
            return self.f.anon.ln(self.cast(arg, dt.float64))
        return super().visit_Log(op, arg=arg, base=base)

    def visit_Round(self, op: ops.Round, *, arg: _Sql, digits: _Sql) -> _Sql:
        """Round half away from zero, which PostgreSQL does for decimals alone."""
        return self.cast(self.f.anon.round(self.cast(arg, dt.Decimal(None, None)), digits or 0), op.dtype)

    visit_Ln = visit_Log

    def _cast_text(self, text: _Sql, to: dt.DataType) -> _Sql:
        if to.is_integer():
            return self._cast_integer(text, to)
        if to.is_decimal() or to.is_floating():
            return self._cast_number(text, to)
        return self._cast_time(text, to) if to.is_timestamp() or to.is_date() else self.cast(text, to)

    def _fit(self, number: _Sql, to: dt.Decimal) -> _Sql:
        """Cast a number to a decimal where that has room for it; neither NaN nor infinity has any."""
        limit = sge.Literal.number("9" * (to.precision - to.scale))
        is_inside = sge.Between(this=number, low=-limit, high=limit)
        return self.if_(is_inside, self.cast(number, to), NULL)

    def _cast_number(self, text: _Sql, to: dt.DataType) -> _Sql:
        number = self.cast(text, dt.Decimal(None, None))
        fitting = self._fit(number, to) if to.is_decimal() else self._as_float(number, to)
        cases = (_fits(text, _PLAIN_NUMBER, self.cast(text, to)), _fits(text, _NUMBER, fitting))
        return sge.Case(ifs=list(cases), default=NULL)

    def _as_float(self, number: _Sql, to: dt.DataType) -> _Sql:
        is_inside = self.f.abs(number) < sge.cast(sge.convert(str(_WIDEST_FLOAT)), "numeric")
        return self.if_(is_inside, self.cast(number, to), NULL)

    def _cast_integer(self, text: _Sql, to: dt.DataType) -> _Sql:
        return sge.Case(ifs=[_fits(text, _INTEGER, self.cast(text, to))], default=NULL)

    def _cast_time(self, text: _Sql, to: dt.DataType) -> _Sql:
        return sge.Case(ifs=[_fits(text, _TIME, self.cast(text, to))], default=NULL)


def _fits(text: _Sql, pattern: str, value: _Sql) -> _Sql:
    return sge.If(this=sge.RegexpLike(this=text, expression=sge.convert(pattern)), true=value)


def _pattern_of(op: ops.Value) -> _Sql:
    return sge.convert(translate_pattern(op.pattern.value))
