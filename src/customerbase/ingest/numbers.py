"""Numbers: how a column writes them, told from its cells, and the exact decimal of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import ibis
import ibis.expr.types as ir

from customerbase.ingest.dialects import is_empty
from customerbase.schema import MONEY

__all__ = [
    "PLAIN",
    "DecimalSign",
    "NumberFormat",
    "decide_number",
    "parse_currency",
    "parse_number",
    "tell_decimal",
    "weigh_numbers",
    "write_plainly",
]

DecimalSign = Literal["point", "comma"]

_MARKS = {"point": (".", ","), "comma": (",", ".")}
"""DecimalSign sign → itself and the sign that may then part thousands."""
_SPACES = "  \u00a0\u202f\u2009'’"  # the first in a pattern, so that none is taken for an end
_SIGNS = "-−"

_CODES = """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR
ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG
SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD
XOF XPF YER ZAR ZMW ZWG"""
"""The codes of ISO 4217."""
_SIGNS_OF_CURRENCY = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₺": "TRY", "₩": "KRW", "₴": "UAH", "₪": "ILS", "₫": "VND",
    "zł": "PLN", "kč": "CZK", "ft": "HUF", "r$": "BRL", "us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD",
    "ca$": "CAD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "fr": "CHF", "sfr": "CHF",
}  # fmt: skip
"""Sign → code; one that stands for several currencies, such as $ or kr, is kept as it is."""
_CURRENCY = rf"(?:{'|'.join(_CODES.split())}|[A-Z]{{0,3}}\p{{Sc}}|[Zz]ł|[Kk]č|[Kk]r\b\.?|Ft\b|S?[Ff]r\b\.?)"


@dataclass(frozen=True)
class NumberFormat:
    """How a column writes its numbers.

    `decimal` is the sign before the decimals. With `has_marks`, cells may have thousands parted by the other sign,
    spaces or apostrophes, a currency, brackets or a trailing minus for what is negative; with `is_percent` they end
    with %.

    Examples
    --------
    >>> NumberFormat("comma", has_marks=True).decimal
    'comma'
    """

    decimal: DecimalSign = "point"
    has_marks: bool = False
    is_percent: bool = False

    @property
    def note(self) -> str:
        """Say it in words.

        Examples
        --------
        >>> NumberFormat("comma", is_percent=True).note
        'decimal comma, percent'
        """
        return f"decimal {self.decimal}" + (", percent" if self.is_percent else "")


PLAIN = NumberFormat()
"""Digits, a point before the decimals, a minus before what is negative: as programs write numbers."""


def parse_number(cell: ir.Value, form: NumberFormat = PLAIN) -> ir.DecimalValue:
    """Give a number as an exact decimal, or null where the cell is none.

    Examples
    --------
    >>> cells = ibis.memtable({"price": ["6.95", "-1", "NaN", "inf", "1e309", "1_000", "12,50"]})
    >>> [None if price is None else float(price) for price in parse_number(cells.price).to_list()]
    [6.95, -1.0, None, None, None, None, None]
    >>> cells = ibis.memtable({"price": ["1.234,50 €", "(12,00)", "7,5-", "12.50"]})
    >>> german = NumberFormat("comma", has_marks=True)
    >>> [None if price is None else float(price) for price in parse_number(cells.price, german).to_list()]
    [1234.5, -12.0, -7.5, None]
    """
    if not isinstance(cell, ir.StringValue):
        return cell.try_cast(MONEY)
    number = write_plainly(cell, form).try_cast(MONEY)
    return (number / 100).cast(MONEY) if form.is_percent else number


def write_plainly(cell: ir.StringValue, form: NumberFormat) -> ir.StringValue:
    """Give the text of a number as programs write it, null where the format has no such number.

    Examples
    --------
    >>> cells = ibis.memtable({"price": ["1.234,50 €", "12.50"]})
    >>> write_plainly(cells.price, NumberFormat("comma", has_marks=True)).to_list()
    ['1234.50', None]
    """
    if form.has_marks or form.is_percent:
        return _unmark(cell, form)
    if form.decimal == "comma":
        return (cell.contains(".") | cell.contains("_")).ifelse(ibis.null("string"), cell.replace(",", "."))
    # DuckDB reads 1_000 as a thousand; no export writes that, so it is a damaged cell.
    return cell.contains("_").ifelse(ibis.null("string"), cell)


def _unmark(cell: ir.StringValue, form: NumberFormat) -> ir.StringValue:
    decimal, thousands = _MARKS[form.decimal]
    group = f"[{_SPACES}{thousands}]"
    # 1,234,567 and, as India writes it, 12,34,567: the last group has three digits.
    body = rf"(?:\d{{1,3}}(?:{group}\d{{2,3}})*{group}\d{{3}}|\d*)(?:\{decimal}\d*)?"
    percent = r"\s*%" if form.is_percent else ""
    pattern = rf"^\s*(?:[+{_SIGNS}]?\s*{body}\s*[{_SIGNS}]?|\(\s*{body}\s*\)){percent}\s*$"
    bare = cell.re_replace(_CURRENCY, "")
    digits = bare.re_replace(rf"[^0-9\{decimal}]", "").replace(decimal, ".")
    signed = ibis.ifelse(bare.re_search(f"[{_SIGNS}(]"), ibis.literal("-"), "") + digits
    return ibis.ifelse(bare.re_search(pattern) & digits.re_search("[0-9]"), signed, ibis.null("string"))


def parse_currency(cell: ir.Value) -> ir.StringValue:
    """Give the currency that a cell with money names: its code, else its sign; null where it names none.

    Examples
    --------
    >>> parse_currency(ibis.memtable({"price": ["12,50 €", "USD 5", "$8.00", "7"]}).price).to_list()
    ['EUR', 'USD', '$', None]
    """
    if not isinstance(cell, ir.StringValue):
        return ibis.null("string")
    found = cell.re_extract(f"({_CURRENCY})", 1).lower().rstrip().replace(".", "")
    return found.substitute(_SIGNS_OF_CURRENCY).upper().nullif("")


def weigh_numbers(cell: ir.StringValue) -> dict[str, ir.Value]:
    """Count in a column what tells its format; the names are those that `decide_number` asks for.

    Examples
    --------
    >>> cells = ibis.memtable({"price": ["1.234,50 €", "7,5", "1.000", "3", ""]})
    >>> cells.agg(**weigh_numbers(cells.price)).to_pyarrow().to_pylist()[0]
    {'n_filled': 4, 'n_point': 0, 'n_comma': 2, 'n_open_point': 1, 'n_open_comma': 0, 'n_not_plain_point': 2,
     'n_not_plain_comma': 2, 'n_percent': 0}
    """
    has_digit = cell.re_search("[0-9]")
    is_point, is_comma = (
        write_plainly(cell, NumberFormat(decimal)).try_cast("float64").notnull() for decimal in ("point", "comma")
    )
    counted = {
        "n_filled": ~is_empty(cell),
        "n_point": cell.re_search(_conclusive("point")),
        "n_comma": cell.re_search(_conclusive("comma")),
        "n_open_point": cell.re_search(_open(".")),
        "n_open_comma": cell.re_search(_open(",")),
        "n_not_plain_point": has_digit & ~is_point,
        "n_not_plain_comma": has_digit & ~is_comma,
        "n_percent": cell.re_search(r"[0-9]\s*%\s*$"),
    }
    return {name: cell.count(where=asked) for name, asked in counted.items()}


_FROM, _TO = r"(?:^|[^0-9.,])", r"(?:$|[^0-9.,])"


def _conclusive(decimal: DecimalSign) -> str:
    """Give the pattern of numbers that only one decimal sign allows: 12.5, 0.125, 1234.567, 1,234.5, 1,234,567."""
    sign, other = (rf"\{mark}" for mark in _MARKS[decimal])
    one = rf"\d*{sign}(?:\d{{1,2}}|\d{{4,}})|(?:0|\d{{4,}}){sign}\d{{3}}"
    grouped = rf"\d{{1,3}}(?:{other}\d{{2,3}})*{other}\d{{3}}{sign}\d*|\d{{1,3}}(?:{other}\d{{2,3}})+{other}\d{{3}}"
    return f"{_FROM}(?:{one}|{grouped}){_TO}"


def _open(mark: str) -> str:
    """Give the pattern of numbers such as 1.234, which is a thousand and more, or one and a bit."""
    return rf"{_FROM}[1-9]\d{{0,2}}\{mark}\d{{3}}{_TO}"


LEAST_SHARE = 0.05
"""Cells that tell a decimal sign up to this share may be damage: other columns are asked first."""


def tell_decimal(
    counts: Mapping[str, int], least_share: float = LEAST_SHARE, *, is_typed: bool = False
) -> DecimalSign | None:
    """Give the decimal sign that the cells of a column tell by themselves; None where too few do.

    Parameters
    ----------
    counts
        Of `weigh_numbers`.
    least_share
        The part of the filled cells that have to tell it.
    is_typed
        As for `decide_number`.

    Examples
    --------
    >>> counts = {"n_filled": 9, "n_point": 0, "n_comma": 3, "n_open_point": 0}
    >>> tell_decimal(counts), tell_decimal({**counts, "n_filled": 900})
    ('comma', None)
    """
    n_point = counts["n_point"] + (counts["n_open_point"] if is_typed else 0)
    n_comma = counts["n_comma"]
    if max(n_point, n_comma) < max(least_share * counts["n_filled"], 1):
        return None
    return "point" if n_point >= n_comma else "comma"


def decide_number(
    counts: Mapping[str, int], *, elsewhere: DecimalSign | None = None, is_typed: bool = False
) -> NumberFormat | None:
    """Decide the format of a column by what was counted in its cells; None where they leave it open.

    Parameters
    ----------
    counts
        Of `weigh_numbers`.
    elsewhere
        The decimal sign of other columns, or as the caller says: it decides what the cells leave open.
    is_typed
        The cells come from a format that has numbers of its own and writes them with a point: 1.234 is then no
        thousand.

    Examples
    --------
    >>> counts = {"n_filled": 9, "n_point": 0, "n_comma": 0, "n_open_point": 2, "n_open_comma": 0,
    ...           "n_not_plain_point": 0, "n_not_plain_comma": 2, "n_percent": 0}
    >>> decide_number(counts)
    >>> decide_number(counts, elsewhere="comma")
    NumberFormat(decimal='comma', has_marks=True, is_percent=False)
    """
    decimal = tell_decimal(counts, is_typed=is_typed) or elsewhere or tell_decimal(counts, 0, is_typed=is_typed)
    if decimal is None and counts["n_open_point"] + counts["n_open_comma"] > 0:
        return None
    decimal = decimal or "point"
    has_marks = counts[f"n_not_plain_{decimal}"] > 0
    is_percent = 2 * counts["n_percent"] > counts["n_filled"]
    return NumberFormat(decimal, has_marks, is_percent)
