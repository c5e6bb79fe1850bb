"""Times: what a column's cells tell of its dates, and what each of them then is."""

from datetime import datetime, timedelta

import ibis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ingest.cells import cell, column, count, evaluate, read_all

from customerbase.ingest.months import MONTHS
from customerbase.ingest.times import ISO, DateOrder, Form, TimeFormat, decide_time, parse_time, weigh_times


def weigh(*cells: str | None) -> dict[str, int]:
    """Count in a column of cells."""
    return count(column(cells), weigh_times)


def read(text: str, form: TimeFormat) -> datetime | None:
    """Read a cell of a column of that form."""
    value: datetime | None = read_all(column([text]), lambda cells: parse_time(cells, form))[0]
    return value


def decide(*cells: str | None, order: DateOrder | None = None) -> TimeFormat | None:
    """Decide the format of a column of cells."""
    return decide_time(weigh(*cells), order)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2010-12-01", datetime(2010, 12, 1)),
        ("2010-12-01 08:26", datetime(2010, 12, 1, 8, 26)),
        (" 2010-12-01 08:26:00 ", datetime(2010, 12, 1, 8, 26)),
        ("2010-12-01T08:26:00.5", datetime(2010, 12, 1, 8, 26, 0, 500_000)),
        ("2012-02-29", datetime(2012, 2, 29)),
    ],
)
def test_iso_time(text: str, expected: datetime) -> None:
    """Dates and times in ISO form are read."""
    assert evaluate(parse_time(cell(text))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2011",
        "01/12/2010",
        "2011-02-29",
        "2010-13-01",
        "12-01-2010",
        "epoch",
        "infinity",
        "today",
        "40513",
        "0201-01-01",
        "9999-12-31",
        "",
    ],
)
def test_no_iso_time(text: str) -> None:
    """Impossible days, words, spreadsheet numbers and years that no shop has seen are missing."""
    assert evaluate(parse_time(cell(text))) is None


def test_a_number_is_no_time() -> None:
    """A typed number is not taken for seconds since 1970."""
    assert evaluate(parse_time(ibis.literal(1_291_192_000, "int64"))) is None


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("01.12.2010 8:26", "day-first", datetime(2010, 12, 1, 8, 26)),
        ("1.12.10", "day-first", datetime(2010, 12, 1)),
        ("31-12-1999 23:59:59", "day-first", datetime(1999, 12, 31, 23, 59, 59)),
        ("31/12/99", "day-first", datetime(1999, 12, 31)),
        ("31/12/69", "day-first", datetime(2069, 12, 31)),
        ("1. 12. 2010", "day-first", datetime(2010, 12, 1)),
        ("12/01/2010 08:26", "month-first", datetime(2010, 12, 1, 8, 26)),
        ("01/31/24", "month-first", datetime(2024, 1, 31)),
        ("24-01-31 10:00", "year-first", datetime(2024, 1, 31, 10)),
        ("20101201", "compact", datetime(2010, 12, 1)),
        ("20101201082600", "compact", datetime(2010, 12, 1, 8, 26)),
        ("20101201T0826", "compact", datetime(2010, 12, 1, 8, 26)),
        ("40513", "serial", datetime(2010, 12, 1)),
        ("40513.3513888889", "serial", datetime(2010, 12, 1, 8, 26)),
        ("40513,5", "serial", datetime(2010, 12, 1, 12)),
        ("1291191960", "seconds", datetime(2010, 12, 1, 8, 26)),
        ("1291191960000", "milliseconds", datetime(2010, 12, 1, 8, 26)),
        ("1 Dec 2010", "named-month", datetime(2010, 12, 1)),
        ("01-Dec-10", "named-month", datetime(2010, 12, 1)),
        ("1. Dezember 2010", "named-month", datetime(2010, 12, 1)),
        ("1er décembre 2010", "named-month", datetime(2010, 12, 1)),
        ("1 de diciembre de 2010", "named-month", datetime(2010, 12, 1)),
        ("December 1, 2010", "named-month", datetime(2010, 12, 1)),
        ("1 grudnia 2010", "named-month", datetime(2010, 12, 1)),
    ],
)
def test_time_of_a_form(text: str, form: Form, expected: datetime) -> None:
    """Each form gives the day, and what plain time follows it."""
    assert read(text, TimeFormat(form)) == expected


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("12/01/2010 8:26 AM", "month-first", datetime(2010, 12, 1, 8, 26)),
        ("12/01/2010 12:05:07 AM", "month-first", datetime(2010, 12, 1, 0, 5, 7)),
        ("12/01/2010, 12:05 pm", "month-first", datetime(2010, 12, 1, 12, 5)),
        ("12/01/2010 11 PM", "month-first", datetime(2010, 12, 1, 23)),
        ("01.12.2010, 8.26 Uhr", "day-first", datetime(2010, 12, 1, 8, 26)),
        ("1. Dezember 2010 um 08:26", "named-month", datetime(2010, 12, 1, 8, 26)),
        ("Dec 1, 2010 8:26 p.m.", "named-month", datetime(2010, 12, 1, 20, 26)),
        ("Wed, 01 Dec 2010 08:26:00 +0000", "named-month", datetime(2010, 12, 1, 8, 26)),
        ("2012-01-01 11:13:25 -0500", "iso", datetime(2012, 1, 1, 11, 13, 25)),
        ("2012-01-01T11:13:25+01:00", "iso", datetime(2012, 1, 1, 11, 13, 25)),
        ("2012-01-01 11:13:25 UTC", "iso", datetime(2012, 1, 1, 11, 13, 25)),
        ("2012.01.01. 11:13", "iso", datetime(2012, 1, 1, 11, 13)),
        ("01.12.2010", "day-first", datetime(2010, 12, 1)),
    ],
)
def test_time_with_words(text: str, form: Form, expected: datetime) -> None:
    """Halves of the day are understood, and offsets leave the clock of the shop as it is."""
    assert read(text, TimeFormat(form, has_words=True)) == expected


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("31/02/2011", "day-first"),
        ("12/31/2010", "day-first"),
        ("31/12/2010", "month-first"),
        ("0/1/2010", "day-first"),
        ("1 Smarch 2010", "named-month"),
        ("20101301", "compact"),
        ("99999", "serial"),
        ("12", "serial"),
        ("soon", "seconds"),
        ("01.12.2010 8:26 o'clock", "day-first"),
        ("01.12.2010 25:00", "day-first"),
        ("01/12/0210", "day-first"),
    ],
)
def test_no_time_of_the_form(text: str, form: Form) -> None:
    """Impossible days and what the form of the column does not allow are missing."""
    assert read(text, TimeFormat(form)) is None
    assert read(text, TimeFormat(form, has_words=True)) is None


def test_iso_cells_are_read_in_every_column() -> None:
    """2010-12-01 can be one day only, whatever the other cells look like."""
    for form in ("day-first", "month-first", "year-first", "named-month", "compact"):
        assert evaluate(parse_time(cell("2010-12-01 08:26"), TimeFormat(form))) == datetime(2010, 12, 1, 8, 26)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("2010-12-01 08:26:00", None, ""), ISO),
        (("2010/12/01",), ISO),
        (("2012-01-01 11:13:25 -0500",), TimeFormat("iso", has_words=True)),
        (("13.01.2010", "01.02.2010"), TimeFormat("day-first")),
        (("01/13/2010", "01/02/2010"), TimeFormat("month-first")),
        (("05/05/2010",), TimeFormat("day-first")),
        (("01/31/24 8:26 AM",), TimeFormat("month-first", has_words=True)),
        (("24-01-31", "99-01-01"), TimeFormat("year-first")),
        (("19970101", "19970118"), TimeFormat("compact")),
        (("40513.35", "40514"), TimeFormat("serial")),
        (("1291191960",), TimeFormat("seconds")),
        (("1291191960123",), TimeFormat("milliseconds")),
        (("1 Dec 2010", "3 May 2011"), TimeFormat("named-month")),
        (("soon", "later"), ISO),
        (("01/02/2010", "03/04/2010"), None),
        (("13/01/2010", "01/13/2010"), None),
        (("14-01-31", "14-02-11", "15-03-01"), None),
    ],
)
def test_form_of_a_column(cells: tuple[str | None, ...], expected: TimeFormat | None) -> None:
    """A day above 12 decides for its column; without one, or with both, it is left open."""
    assert decide(*cells) == expected


def test_the_caller_decides_what_a_column_leaves_open() -> None:
    """The option speaks where the cells do not, and not against them."""
    assert decide("01/02/2010", order="month-first") == TimeFormat("month-first")
    assert decide("14-01-31", "14-02-11", order="year-first") == TimeFormat("year-first")
    assert decide("13/01/2010", order="month-first") == TimeFormat("day-first")


def test_a_stray_date_does_not_decide() -> None:
    """One date in another form among a hundred is damage."""
    assert decide(*["2010-12-01"] * 100, "1/2/2010") == ISO
    assert decide(*["13/01/2010"] * 100, "01/13/2010") == TimeFormat("day-first")


def test_no_month_has_the_name_of_another() -> None:
    """The twelve months of each language are there, and spelled once."""
    assert set(MONTHS.values()) == set(range(1, 13))
    assert all(name == name.lower() and name.isalpha() and len(name) >= 3 for name in MONTHS)


WRITERS = {
    "%Y-%m-%d %H:%M:%S": "iso",
    "%Y-%m-%dT%H:%M:%SZ": "iso",
    "%d.%m.%Y %H:%M:%S": "day-first",
    "%d/%m/%y %H:%M:%S": "day-first",
    "%m/%d/%Y %I:%M:%S %p": "month-first",
    "%m-%d-%y %H:%M:%S": "month-first",
    "%Y%m%d%H%M%S": "compact",
    "%d %B %Y %H:%M:%S": "named-month",
    "%b %d, %Y %I:%M:%S %p": "named-month",
}


@given(
    days=st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2039, 12, 31)), min_size=1, max_size=20),
    pattern=st.sampled_from(sorted(WRITERS)),
)
def test_any_way_to_write_dates_is_told_and_read(days: list[datetime], pattern: str) -> None:
    """The form of a column is told from its cells alone, and gives every time back, to the second."""
    whole = [day.replace(microsecond=0) for day in (*days, datetime(2010, 1, 31), datetime(2035, 7, 14))]
    texts = [day.strftime(pattern) for day in whole]
    form = decide(*texts)
    assert form is not None
    assert form.form == WRITERS[pattern]
    assert read_all(column(texts), lambda texts: parse_time(texts, form)) == whole


@given(days=st.lists(st.integers(min_value=20_000 * 86_400, max_value=79_999 * 86_400), min_size=1, max_size=20))
def test_days_of_a_spreadsheet_come_back(days: list[int]) -> None:
    """A serial number gives its time back, to the second."""
    texts = [repr(seconds / 86_400) for seconds in days]
    expected = [datetime(1899, 12, 30) + timedelta(seconds=seconds) for seconds in days]
    assert decide(*texts) == TimeFormat("serial")
    assert read_all(column(texts), lambda texts: parse_time(texts, TimeFormat("serial"))) == expected


def test_a_number_of_a_typed_column_is_a_day_where_the_column_has_such() -> None:
    """20101201 stays a date in a column of whole numbers or floats."""
    for type_ in ("int64", "float64"):
        days = ibis.memtable({"day": [20101201, 20101202]}, schema={"day": type_}).day
        assert decide_time(count(days, weigh_times)) == TimeFormat("compact")
        assert evaluate(parse_time(days, TimeFormat("compact")).min()) == datetime(2010, 12, 1)
