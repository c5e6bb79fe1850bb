"""From the cells of a sheet with one row per customer to the table of customers."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.errors import DataError
from customerbase.ingest.dialects import is_empty, parse_id, parse_text
from customerbase.ingest.formats import AskedColumns, SheetFormats
from customerbase.ingest.layouts import Layout
from customerbase.ingest.mapping import find_damage
from customerbase.ingest.numbers import PLAIN, NumberFormat, write_plainly
from customerbase.ingest.sheets import KEY, Sheet, carry_cells
from customerbase.ingest.times import parse_time
from customerbase.schema import CUSTOMERS, MEASURES

__all__ = ["ask_customer_columns", "complete_customers", "map_customers", "tell_percentages"]

_TYPES = {column.name: column.type for column in CUSTOMERS if column.name not in KEY}
_RATES = tuple(column.name for column in MEASURES if column.name.endswith("_rate"))
_RESERVED = {*KEY, *_TYPES, "as_of", "unreadable", "rule"}

_WEAK = {"customer_id", "city", "country", "email", "phone", "monetary"}
"""What exports of orders have too: alone, it does not make a file with one row per customer."""

_MOST_REPEATED, _MOST_REPEATED_OF_WEAK = 0.5, 0.1
"""Share of rows that may name a customer again; what is more, and nobody said so, has not one row per customer."""

_NUMBER = r"^\s*[+-]?\p{Sc}?\s?(?:\d+|\d{1,3}(?:[.,'’\s]\d{3})+)?(?:[.,]\d+)?(?:[eE][+-]?\d+)?\s*[%\p{Sc}]?\s*$"

_LEAST_NUMBERS = 0.9
"""Share of the filled cells that must be numbers for a column to be one of numbers, and the others mistakes."""

_MEASURES_NOTHING = re.compile(
    r"(?:.*_)?(?:id|code|no|nr)|cluster.*|segment.*|group|label|class|index|unnamed.*|column_\d+"
    r"|zip|postcode|postal|plz|postleitzahl|cap|cep"
)
"""Names of columns, as `_snake` writes them, whose numbers count or measure nothing."""

_CONSENT = {
    True: """yes | y | true | 1 | subscribed | ja | j | wahr | oui | o | vrai | sí | si | s | sì | verdadero | vero |
        sim | verdadeiro | waar | tak | t | prawda""",
    False: """no | n | false | 0 | unsubscribed | never subscribed | not subscribed | nein | falsch | non | faux |
        falso | não | nao | nee | onwaar | nie | fałsz""",
}


def complete_customers(sheet: Sheet, layout: Layout, *, is_told: bool = False) -> tuple[Sheet, Layout]:
    """Add to a layout the columns of numbers that it does not know, by a look at the cells.

    Parameters
    ----------
    sheet
        The cells.
    layout
        A layout of grain `customer`, spelled as in the sheet.
    is_told
        The caller says that there is one row per customer; otherwise the rows have to look like that.

    Returns
    -------
    tuple
        The sheet with notes on the columns that were not taken, and the layout with the further ones.

    Raises
    ------
    DataError
        Nothing is said of the customers, or they stand on several rows each.

    Examples
    --------
    >>> header = ("id", "Sex", "ShoeSize", "Segment", "city_id")
    >>> cells = ibis.memtable([{"source": "a.csv", "source_row": 2, "id": "ann", "Sex": "f", "ShoeSize": "38",
    ...                         "Segment": "gold", "city_id": "7"}])
    >>> layout = Layout("own", {"customer_id": "id", "gender": "Sex"}, grain="customer")
    >>> sheet, completed = complete_customers(Sheet("a.csv", "csv", header, header, cells), layout)
    >>> completed.columns
    {'customer_id': 'id', 'gender': 'Sex', 'shoe_size': 'ShoeSize'}
    >>> sheet.notes
    ("columns of codes, not taken: 'city_id'", "columns of text, not taken: 'Segment'")
    """
    unknown = [name for name in dict.fromkeys(sheet.header) if name not in layout.columns.values()]
    numbers = _find_numbers(sheet, unknown)
    codes = [name for name in numbers if not name.strip() or _MEASURES_NOTHING.fullmatch(_snake(name))]
    texts = [name for name in unknown if name not in numbers]
    columns = dict(layout.columns)
    for name in numbers:
        if name not in codes:
            columns[_new_name(name, columns)] = name
    if set(columns) == {"customer_id"}:
        raise DataError(
            f"Beside the customer, these columns hold no numbers and nothing that is known: {', '.join(sheet.header)}. "
            "Pass --map NAME=COLUMN to say what they are, such as --map city=COLUMN."
        )
    if not is_told:
        _refuse_several_rows(sheet, layout, _MOST_REPEATED if set(layout.columns) - _WEAK else _MOST_REPEATED_OF_WEAK)
    notes = [
        f"columns of {kind}, not taken: {', '.join(map(repr, names))}"
        for kind, names in (("codes", codes), ("text", texts))
        if names
    ]
    return replace(sheet, notes=(*sheet.notes, *notes)), replace(layout, columns=columns)


def _find_numbers(sheet: Sheet, names: Sequence[str]) -> list[str]:
    """Give the columns whose filled cells are numbers, nearly all of them."""
    cells = {name: sheet.cells[sheet.column(name)] for name in names}
    asked: dict[str, ir.Value] = {}
    for number, cell in enumerate(cells.values()):
        if isinstance(cell, ir.StringValue):
            asked[f"filled_{number}"] = cell.count(where=~is_empty(cell))
            asked[f"numbers_{number}"] = cell.count(where=~is_empty(cell) & cell.re_search(_NUMBER))
    found = sheet.cells.agg(**asked).to_pyarrow().to_pylist()[0] if asked else {}
    return [
        name
        for number, (name, cell) in enumerate(cells.items())
        if cell.type().is_numeric()
        or (found.get(f"filled_{number}") and found[f"numbers_{number}"] >= _LEAST_NUMBERS * found[f"filled_{number}"])
    ]


def _snake(name: str) -> str:
    """Write a name in small letters with _ between words."""
    parted = re.sub(r"(?<=[^\W\d_])(?<=[^A-Z])(?=[A-Z])", "_", name.strip())
    return re.sub(r"\W+|_+", "_", parted).strip("_").lower()


def _new_name(name: str, taken: Sequence[str] | dict[str, str]) -> str:
    snake = _snake(name) or "number"
    numbered = (f"{snake}_{number}" for number in range(2, len(taken) + 3))
    return next(each for each in (snake, *numbered) if each not in taken and each not in _RESERVED)


def _refuse_several_rows(sheet: Sheet, layout: Layout, most: float) -> None:
    customer = _parse_customer(sheet.cells[sheet.column(layout.columns["customer_id"])], layout)
    counts = sheet.cells.agg(rows=customer.count(), customers=customer.nunique()).to_pyarrow().to_pylist()[0]
    repeated = counts["rows"] - counts["customers"]
    if repeated > most * counts["rows"]:
        raise DataError(
            f"These columns would make a file with one row per customer, but {repeated:,} of {counts['rows']:,} rows "
            "name a customer again. Pass --map ordered_at=COLUMN --map amount=COLUMN if they are orders, or --layout "
            "customers if not."
        )


def ask_customer_columns(sheet: Sheet, layout: Layout) -> AskedColumns:
    """Give the columns of a sheet whose number and date formats have to be known to map its customers.

    Examples
    --------
    >>> header = ("id", "Visits", "Since")
    >>> cells = ibis.memtable({"id": ["ann"], "Visits": ["3"], "Since": ["2024-05-01"]})
    >>> layout = Layout("own", {"customer_id": "id", "n_sessions": "Visits", "signed_up_at": "Since"}, grain="customer")
    >>> asked = ask_customer_columns(Sheet("a.csv", "csv", header, header, cells), layout)
    >>> dict(asked.numbers), dict(asked.times)
    ({'n_sessions': 'Visits'}, {'signed_up_at': 'Since'})
    """
    columns = {name: sheet.column(column) for name, column in layout.columns.items()}
    numbers = {name: column for name, column in columns.items() if name == "age" or name not in _TYPES}
    return AskedColumns(sheet, numbers, {name: columns[name] for name in ("signed_up_at",) if name in columns})


def tell_percentages(sheet: Sheet, layout: Layout, formats: SheetFormats | None = None) -> Layout:
    """Add to a layout which of its rates are written as percentages: those with a value above 1.

    Examples
    --------
    >>> header = ("id", "Cart abandon rate")
    >>> cells = ibis.memtable({"source": ["a.csv"] * 2, "source_row": [2, 3], "id": ["ann", "bob"],
    ...                        "Cart abandon rate": ["17.6", "0.5"]})
    >>> layout = Layout("own", {"customer_id": "id", "cart_abandonment_rate": "Cart abandon rate"}, grain="customer")
    >>> tell_percentages(Sheet("a.csv", "csv", header, header, cells), layout).percentages
    frozenset({'cart_abandonment_rate'})
    """
    rates = {name: sheet.cells[sheet.column(layout.columns[name])] for name in _RATES if name in layout.columns}
    formats = formats or SheetFormats()
    asked = {name: (_to_float(cell, formats.number(name)) > 1).any() for name, cell in rates.items()}
    found: dict[str, Any] = sheet.cells.agg(**asked).to_pyarrow().to_pylist()[0] if asked else {}
    return replace(layout, percentages=layout.percentages | {name for name, is_percent in found.items() if is_percent})


def map_customers(sheet: Sheet, layout: Layout, formats: SheetFormats | None = None) -> ir.Table:
    """Give the customers of a sheet by a layout whose columns are spelled as in the sheet.

    `formats` says how numbers and dates are written (`decide_formats`); without it, as programs write them.
    A cell that must be a number, a date or a consent and is none leaves its column empty and its name in `unreadable`.

    Returns
    -------
    Table
        The columns of `CUSTOMERS`, the further ones of the layout as `float64`, and `unreadable`: one row per row of
        the sheet.

    Examples
    --------
    >>> header = ("id", "Visits", "Newsletter")
    >>> cells = ibis.memtable({"source": ["a.csv"] * 2, "source_row": [2, 3], "id": ["13085.0", "bob"],
    ...                        "Visits": ["12", "many"], "Newsletter": ["ja", ""]})
    >>> layout = Layout("own", {"customer_id": "id", "n_sessions": "Visits", "consent": "Newsletter"})
    >>> customers = map_customers(Sheet("a.csv", "csv", header, header, cells), layout)
    >>> customers.select("customer_id", "n_sessions", "consent", "unreadable").to_pyarrow().to_pylist()
    [{'customer_id': '13085', 'n_sessions': 12.0, 'consent': True, 'unreadable': None},
     {'customer_id': 'bob', 'n_sessions': None, 'consent': None, 'unreadable': 'n_sessions'}]
    """
    cells = {name: sheet.cells[sheet.column(column)] for name, column in layout.columns.items()}
    how = formats or SheetFormats()
    parsed = {name: _parse(name, cell, layout, how) for name, cell in cells.items()}
    bad = [
        (parsed[name].isnull() & ~is_empty(cell), name) for name, cell in cells.items() if _TYPES.get(name) != "string"
    ]
    if "age" in parsed:
        parsed["age"] = parsed["age"].floor()
    known = {name: parsed.get(name, ibis.null(type_)).cast(type_) for name, type_ in _TYPES.items()}
    further = {name: value.cast("float64") for name, value in parsed.items() if name not in _TYPES}
    carried = carry_cells(sheet)
    return sheet.cells.select(
        *KEY, **known, **further, **carried, unreadable=ibis.cases((find_damage(sheet), "line"), *bad)
    )


def _parse(name: str, cell: ir.Value, layout: Layout, formats: SheetFormats) -> ir.Value:
    if name == "customer_id":
        return _parse_customer(cell, layout)
    if name == "consent":
        return _parse_consent(cell)
    if name == "signed_up_at":
        return parse_time(cell, formats.time(name))
    if name in {"email", "phone"}:
        return parse_id(cell).lower()
    if name in _TYPES and name != "age":
        return parse_text(cell)
    number = _to_float(cell, formats.number(name))
    return _to_share(number, is_percent=name in layout.percentages) if name in _RATES else number


def _parse_customer(cell: ir.Value, layout: Layout) -> ir.StringValue:
    """Give the customer's id; an apostrophe before it tells a spreadsheet that it is a text."""
    customer = parse_id(cell)
    customer = ibis.ifelse(customer.startswith("'"), customer.substr(1), customer)
    return customer.lower() if "mail" in layout.columns["customer_id"].casefold() else customer


def _parse_consent(cell: ir.Value) -> ir.BooleanValue:
    if isinstance(cell, ir.BooleanValue):
        return cell
    text = parse_id(cell).lower()
    words = {is_yes: [word.strip() for word in said.split("|")] for is_yes, said in _CONSENT.items()}
    return ibis.cases((text.isin(words[True]), True), (text.isin(words[False]), False))


def _to_share(rate: ir.FloatingValue, *, is_percent: bool) -> ir.FloatingValue:
    share = rate / 100 if is_percent else rate
    return ibis.ifelse(share.between(0, 1), share, ibis.null("float64"))


def _to_float(cell: ir.Value, form: NumberFormat = PLAIN) -> ir.FloatingValue:
    """Give a number with all its digits, which money has no room for; null where the cell is none."""
    plain = write_plainly(cell, form) if isinstance(cell, ir.StringValue) else cell
    number = plain.try_cast("float64")
    number = number / 100 if form.is_percent and isinstance(cell, ir.StringValue) else number
    return ibis.ifelse(number.isinf() | number.isnan(), ibis.null("float64"), number)
