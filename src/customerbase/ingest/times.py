"""Times: how a column writes its dates, told from its cells, and the time of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from customerbase.ingest.dialects import is_empty, parse_text
from customerbase.ingest.months import MONTHS

__all__ = ["ISO", "DateOrder", "TimeFormat", "decide_time", "parse_time", "to_text", "weigh_times"]

_FIRST_YEAR, _LAST_YEAR = 1900, 2199
"""A year outside is a typing error; it would pass as a date and spoil every recency."""
_TIMESTAMP = dt.Timestamp(scale=6)

DateOrder = Literal["day-first", "month-first", "year-first"]
Form = Literal[
    "iso", "day-first", "month-first", "year-first", "named-month", "compact", "serial", "seconds", "milliseconds"
]


@dataclass(frozen=True)
class TimeFormat:
    """How a column writes its times; beside its own form, a cell may always have the ISO form.

    With `has_words`, more than digits may follow the day: AM and PM, zones, offsets, points between hours and minutes.

    Examples
    --------
    >>> TimeFormat("day-first").note
    'the day before the month, as in 31/12/2024'
    """

    form: Form = "iso"
    has_words: bool = False

    @property
    def note(self) -> str:
        """Say it in words."""
        return _NOTES[self.form]


_NOTES: dict[Form, str] = {
    "iso": "ISO dates, as in 2024-12-31",
    "day-first": "the day before the month, as in 31/12/2024",
    "month-first": "the month before the day, as in 12/31/2024",
    "year-first": "the year first, with two digits, as in 24-12-31",
    "named-month": "months by name, as in 31 Dec 2024",
    "compact": "dates without signs, as in 20241231",
    "serial": "days as a spreadsheet counts them, as in 45657",
    "seconds": "seconds since 1970, in UTC",
    "milliseconds": "milliseconds since 1970, in UTC",
}

ISO = TimeFormat()

_SIGN = r"\s?[./\s-]\s?"
_YEAR_LAST = rf"^(\d{{1,2}}){_SIGN}(\d{{1,2}}){_SIGN}"
_END = r"($|[^0-9])"
_DAY = r"(\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?"
_OF = r"(?:(?:of|de|del)\s+)?"
_NAME = r"\p{L}{3,}\.?"
_NAMED_DAY_FIRST = rf"^{_DAY}[\s/-]*{_OF}{_NAME}[\s,/-]*{_OF}(?:\d{{4}}|\d{{2}}){_END}"
_NAMED_MONTH_FIRST = rf"^{_NAME}[\s/-]*{_DAY},?[\s/-]+\d{{4}}{_END}"
_WEEKDAY = r"^\p{L}{2,}\.?,\s*"
_COMPACT = r"^((?:19|20)\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_COMPACT_CELL = rf"{_COMPACT}(?:[T ]?\d{{2}}:?\d{{2}}(?::?\d{{2}})?)?(?:\.0)?$"
_SERIAL = r"^[2-7]\d{4}(?:[.,]\d+)?$"
_SECONDS, _MILLISECONDS = r"^1\d{9}(?:\.\d+)?$", r"^1\d{12}(?:\.0)?$"
_ISO_DAY = r"^\d{4}[-/.\s]\d{1,2}[-/.\s]\d{1,2}(?:$|[^0-9])"
_OFFSET = r":\d{2}\S*\s*(Z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}:?\d{2}|[+-]\d{2})$"
_PLAIN_TAIL = r"^[^T\s,]+(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
_PLAIN_NAMED_TAIL = r"\d{2}(?: \d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$"
_CLOCK_WORDS = (
    (r"[\s,]+(?:(?:um|at|à|a las|alle|às|om|o)\s+)?(\d{1,2}[:.hH]\d{2}|\d{1,2}\s*[AaPp]\.?[Mm])", r" \1"),
    (r"(\s\d{1,2})[.hH](\d{2})(?:\.(\d{2}))?(\s|$)", r"\1:\2:\3\4"),
    (r":(\s|$)", r"\1"),
    (r"\s*Uhr$", ""),
    (r"(:\d{2}(?:\.\d+)?)\s*\(?(?:Z|UTC|GMT|[A-LN-Z][A-Z]{1,4}|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?)\)?$", r"\1"),
    (r"(\s\d{1,2})\s*([AaPp])\.?\s?[Mm]\.?$", r"\1:00 \2M"),
)
"""What follows the day, step by step brought to hours, minutes and seconds with AM or PM behind."""
_HALF = r"\s*([AaPp])\.?\s?[Mm]\.?(?:\s*\(?[A-Z+-].*)?$"


def to_text(cell: ir.Value) -> ir.StringValue:
    """Give a cell as text; the number 20241231.0 of a data frame is 20241231."""
    text = cell.cast("string").re_replace("[\u00a0\u202f]", " ").strip().nullif("")
    return text.re_replace(r"\.0$", "") if cell.type().is_numeric() else text


def parse_time(cell: ir.Value, form: TimeFormat = ISO) -> ir.TimestampValue:
    """Give a date or time as a timestamp, or null where the cell is none; an offset is left off, not added.

    Examples
    --------
    >>> parse_time(ibis.memtable({"day": ["2010-12-01 08:26:00", "31/02/2011", "epoch", "0201-01-01"]}).day).to_list()
    [datetime.datetime(2010, 12, 1, 8, 26), None, None, None]
    >>> cells = ibis.memtable({"day": ["31/12/24 11:05 PM", "2024-12-31", "12/31/2024"]})
    >>> parse_time(cells.day, TimeFormat("day-first", has_words=True)).to_list()
    [datetime.datetime(2024, 12, 31, 23, 5), datetime.datetime(2024, 12, 31, 0, 0), None]
    """
    if not (isinstance(cell, ir.StringValue) or cell.type().is_numeric()):
        time = cell.try_cast(_TIMESTAMP)
    elif form == ISO:
        text = parse_text(cell)
        time = ibis.ifelse(text.substr(0, 1).between("0", "9"), text, ibis.null("string")).try_cast(_TIMESTAMP)
    elif form.form in _COUNTED:
        time = _COUNTED[form.form](to_text(cell))
    else:
        time = _cast(to_text(cell), form)
    return ibis.ifelse(time.year().between(_FIRST_YEAR, _LAST_YEAR), time, ibis.null("timestamp(6)"))


def _cast(text: ir.StringValue, form: TimeFormat) -> ir.TimestampValue:
    """Bring the text to ISO form by replacing, one step on the other, and cast it."""
    written = _write_day(text, form)
    if not form.has_words:
        return _cast_iso(written)
    for pattern, replacement in _CLOCK_WORDS:
        written = written.re_replace(pattern, replacement)
    half, is_twelve = text.re_extract(_HALF, 1).lower(), written.contains(" 12:")
    shift = ibis.cases(((half == "p") & ~is_twelve, 12), ((half == "a") & is_twelve, -12), else_=0)
    return (_cast_iso(written.re_replace(_HALF, "")) + shift.as_interval("h")).cast(_TIMESTAMP)


def _cast_iso(text: ir.StringValue) -> ir.TimestampValue:
    # The engine knows words such as 'epoch' and 'infinity'; a date begins with a digit.
    return text.re_replace(r"^[^0-9].*$", "").try_cast(_TIMESTAMP)


_YEARS_OF = ((r"(\d{4})", ""), (r"([0-6]\d)", "20"), (r"([7-9]\d)", "19"))
"""Patterns of years, and the century of each."""


def _write_day(text: ir.StringValue, form: TimeFormat) -> ir.StringValue:
    """Rearrange the day of each cell as ISO has it; what follows the day stays."""
    match form.form:
        case "day-first" | "month-first":
            order = r"\2-\1" if form.form == "day-first" else r"\1-\2"
            for year, century in _YEARS_OF:
                text = text.re_replace(rf"{_YEAR_LAST}{year}{_END}", rf"{century}\3-{order}\4")
        case "year-first":
            for year, century in _YEARS_OF[1:]:
                parts = rf"^{year}{_SIGN}(\d{{1,2}}){_SIGN}(\d{{1,2}}){_END}"
                text = text.re_replace(parts, rf"{century}\1-\2-\3\4")
        case "compact":
            text = text.re_replace(rf"{_COMPACT}[T ]?(\d{{2}}):?(\d{{2}}):?(\d{{2}})?$", r"\1-\2-\3 \4:\5:\6")
            text = text.re_replace(rf"{_COMPACT}$", r"\1-\2-\3").re_replace(":$", "")
        case "named-month":
            text = _write_named_day(text)
        case _ if form.has_words:
            text = text.re_replace(r"^(\d{4})\.(\d{1,2})\.(\d{1,2})\.?", r"\1-\2-\3")
        case _:
            pass
    return text


def _write_named_day(text: ir.StringValue) -> ir.StringValue:
    text = text.re_replace(_WEEKDAY, "")
    for number in range(1, 13):
        names = "|".join(name for name, month in MONTHS.items() if month == number)
        text = text.re_replace(rf"(?i)(^|[^\p{{L}}])(?:{names})\.?($|[^\p{{L}}])", rf"\1@{number}@\2")
    text = text.re_replace(rf"^@(\d+)@[\s/-]*{_DAY},?[\s/-]+(\d{{4}}){_END}", r"\3-\1-\2\4")
    for year, century in _YEARS_OF:
        parts = rf"^{_DAY}[\s/-]*{_OF}@(\d+)@[\s,/-]*{_OF}{year}{_END}"
        text = text.re_replace(parts, rf"{century}\3-\2-\1\4")
    return text


def _from_serial(text: ir.StringValue) -> ir.TimestampValue:
    days = ibis.ifelse(text.re_search(_SERIAL), text.replace(",", "."), ibis.null("string")).try_cast("float64")
    # To the second: a day is a number of sixteen digits there.
    return (ibis.timestamp("1899-12-30 00:00:00") + (days * 86_400).round().cast("int64").as_interval("s")).cast(
        _TIMESTAMP
    )


def _from_epoch(text: ir.StringValue, pattern: str, unit: str) -> ir.TimestampValue:
    count = ibis.ifelse(text.re_search(pattern), text, ibis.null("string")).try_cast("float64").cast("int64")
    return count.as_timestamp(unit).cast(_TIMESTAMP)


_COUNTED: dict[Form, Callable[[ir.StringValue], ir.TimestampValue]] = {
    "serial": _from_serial,
    "seconds": lambda text: _from_epoch(text, _SECONDS, "s"),
    "milliseconds": lambda text: _from_epoch(text, _MILLISECONDS, "ms"),
}


def weigh_times(cell: ir.Value) -> dict[str, ir.Value]:
    """Count in a column what tells its format; the names are those that `decide_time` asks for.

    Examples
    --------
    >>> cells = ibis.memtable({"day": ["31/12/2024", "01/02/2024", "2024-12-31", "soon"]})
    >>> counts = cells.agg(**weigh_times(cells.day)).to_pyarrow().to_pylist()[0]
    >>> {name: count for name, count in counts.items() if count}
    {'n_filled': 4, 'n_iso': 1, 'n_day_first': 1, 'n_open': 1}
    """
    text = to_text(cell)
    parts = rf"{_YEAR_LAST}(\d{{4}}|\d{{2}}){_END}"
    first, second, third = (text.re_extract(parts, group).try_cast("int64") for group in (1, 2, 3))
    is_short = text.re_search(rf"{_YEAR_LAST}\d{{2}}{_END}")
    is_iso = text.re_search(_ISO_DAY)
    is_named = text.re_replace(_WEEKDAY, "").re_search(f"{_NAMED_DAY_FIRST}|{_NAMED_MONTH_FIRST}")
    counted = {
        "n_filled": ~is_empty(text),
        "n_iso": is_iso,
        "n_day_first": first.between(13, 31) & (second <= 12),
        "n_month_first": second.between(13, 31) & (first <= 12),
        "n_year_first": is_short & (first > 31),
        "n_open": (first <= 12) & (second <= 12) & (first != second),
        "n_same": (first <= 12) & (first == second),
        "n_named": is_named,
        "n_compact": text.re_search(_COMPACT_CELL),
        "n_serial": text.re_search(_SERIAL),
        "n_seconds": text.re_search(_SECONDS),
        "n_milliseconds": text.re_search(_MILLISECONDS),
        "n_worded": ((first.notnull() | is_iso) & ~text.re_search(_PLAIN_TAIL))
        | (is_named & ~text.re_search(_PLAIN_NAMED_TAIL)),
        "n_offset": text.re_search(_OFFSET),
    }
    return {
        **{name: text.count(where=asked) for name, asked in counted.items()},
        "span_first": (first.max(where=is_short) - first.min(where=is_short)).fill_null(0),
        "span_third": (third.max(where=is_short) - third.min(where=is_short)).fill_null(0),
    }


_FORMS: tuple[tuple[Form, str], ...] = (
    ("named-month", "n_named"),
    ("compact", "n_compact"),
    ("serial", "n_serial"),
    ("seconds", "n_seconds"),
    ("milliseconds", "n_milliseconds"),
    ("year-first", "n_year_first"),
)
_LEAST_SHARE = 0.05
"""Cells of another form than most are damage up to this share of the column; beyond, the column holds two forms."""
_YEARS = 10
"""Two-digit years of an export span no more than this, and days of the month do."""


def decide_time(counts: Mapping[str, int], order: DateOrder | None = None) -> TimeFormat | None:
    """Decide the format of a column by what was counted in its cells; None where they leave it open or hold two.

    Parameters
    ----------
    counts
        Of `weigh_times`.
    order
        What the caller says of dates that leave it open.

    Examples
    --------
    >>> cells = ibis.memtable({"day": ["01/02/2024", "03/04/2024"]})
    >>> counts = cells.agg(**weigh_times(cells.day)).to_pyarrow().to_pylist()[0]
    >>> decide_time(counts)
    >>> decide_time(counts, "month-first")
    TimeFormat(form='month-first', has_words=False)
    """
    has_words = counts["n_worded"] > 0
    n_year_last = sum(counts[name] for name in ("n_day_first", "n_month_first", "n_open", "n_same"))
    form, most = max(((form, counts[name]) for form, name in _FORMS), key=lambda each: each[1])
    if form == "year-first" and most:
        most += n_year_last  # the cells whose year could be a day as well
        n_year_last = 0
    if max(most, n_year_last) < max(_LEAST_SHARE * counts["n_filled"], 1):
        return TimeFormat("iso", has_words)
    if most > n_year_last:
        return TimeFormat(form, has_words)
    decided = _decide_order(counts) or order
    return TimeFormat(decided, has_words) if decided else None


def _decide_order(counts: Mapping[str, int]) -> DateOrder | None:
    n_day, n_month = counts["n_day_first"], counts["n_month_first"]
    looks_year_first = not n_month and counts["span_first"] <= _YEARS < counts["span_third"]
    if looks_year_first or min(n_day, n_month) > _LEAST_SHARE * (n_day + n_month):
        return None
    if n_day == n_month:
        return None if counts["n_open"] else "day-first"  # 05/05/2024 is the same day in either order
    return "day-first" if n_day > n_month else "month-first"
