"""Dialects: how the text of a cell becomes an id, an amount of money or a time."""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from customerbase.schema import MONEY

__all__ = ["is_empty", "parse_id", "parse_number", "parse_text", "parse_time"]

_SPACES = " \t\r\n"
_FIRST_YEAR, _LAST_YEAR = 1900, 2199
"""A year outside is a typing error; it would pass as a date and spoil every recency."""


def is_empty(cell: ir.Value) -> ir.BooleanValue:
    """Tell whether a cell holds nothing, or nothing but spaces.

    Examples
    --------
    >>> is_empty(ibis.memtable({"price": ["6.95", "  ", None]}).price).to_list()
    [False, True, True]
    """
    if isinstance(cell, ir.StringValue):
        return cell.isnull() | (cell.strip() == "")
    return cell.isnull()


def parse_text(cell: ir.Value) -> ir.StringValue:
    """Give the text of a cell without spaces around it; empty text is missing.

    Examples
    --------
    >>> parse_text(ibis.memtable({"country": [" France ", "  "]}).country).to_list()
    ['France', None]
    """
    text = cell if isinstance(cell, ir.StringValue) else cell.cast("string")
    return _strip(text).nullif("")


def _strip(text: ir.StringValue) -> ir.StringValue:
    """Strip the few cells that need it: looking at both ends costs a third of stripping all."""
    has_space = ibis.or_(*(text.startswith(space) | text.endswith(space) for space in _SPACES))
    return ibis.ifelse(has_space, text.strip(), text)


def parse_id(cell: ir.Value) -> ir.StringValue:
    """Give an id as text; spreadsheets and data frames write the id 13085 as `13085.0`, which is the same id.

    Examples
    --------
    >>> cells = ibis.memtable({"id": ["13085.0", " C1 ", "v1.0"]})
    >>> parse_id(cells.id).execute().tolist()
    ['13085', 'C1', 'v1.0']
    """
    text = parse_text(cell)
    if cell.type().is_integer():
        return text
    whole = text.substr(0, text.length() - 2)
    is_number = whole.try_cast("int64").notnull() & ~whole.contains("_")
    return ibis.ifelse(text.endswith(".0"), ibis.ifelse(is_number, whole, text), text)


def parse_number(cell: ir.Value) -> ir.DecimalValue:
    """Give a number as an exact decimal, or null where the cell is none.

    Examples
    --------
    >>> cells = ibis.memtable({"price": ["6.95", "-1", "NaN", "inf", "1e309", "1_000", "12,50"]})
    >>> [None if price is None else float(price) for price in parse_number(cells.price).to_list()]
    [6.95, -1.0, None, None, None, None, None]
    """
    if isinstance(cell, ir.StringValue):
        # DuckDB reads 1_000 as a thousand; no export writes that, so it is a damaged cell.
        return cell.contains("_").ifelse(ibis.null("string"), cell).try_cast(MONEY)
    return cell.try_cast(MONEY)


def parse_time(cell: ir.Value) -> ir.TimestampValue:
    """Give a date or time in ISO form as a timestamp, or null where the cell is none.

    Examples
    --------
    >>> cells = ibis.memtable({"day": ["2010-12-01 08:26:00", "31/02/2011", "epoch", "0201-01-01"]})
    >>> parse_time(cells.day).isnull().to_list()
    [False, True, True, True]
    """
    if isinstance(cell, ir.StringValue):
        # The engine knows words such as 'epoch' and 'infinity'; a date begins with a digit.
        text = cell.strip()
        cell = ibis.ifelse(text.substr(0, 1).between("0", "9"), text, ibis.null("string"))
    time = _to_timestamp(cell)
    return ibis.ifelse(time.year().between(_FIRST_YEAR, _LAST_YEAR), time, ibis.null("timestamp(6)"))


def _to_timestamp(cell: ir.Value) -> ir.TimestampValue:
    if cell.type().is_numeric():
        return ibis.null(dt.Timestamp(scale=6))
    return cell.try_cast(dt.Timestamp(scale=6))
