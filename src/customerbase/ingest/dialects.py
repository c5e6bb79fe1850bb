"""Dialects: how the cell of any export becomes an id or a text."""

import ibis
import ibis.expr.types as ir

__all__ = ["is_empty", "parse_id", "parse_text"]

_SPACES = (" ", "\t", "\r", "\n")


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
    """Strip the few cells that need it: to look at both ends costs a quarter of stripping all."""
    # Every text that begins with a space is smaller than '!'.
    has_space = ibis.or_(text < "!", *(text.endswith(space) for space in _SPACES))
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
    return ibis.ifelse(text.endswith(".0"), text.re_replace(r"^([+-]?[0-9]+)\.0$", r"\1"), text)
