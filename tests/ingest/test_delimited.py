"""Delimited text: every cell as it stands, the row where it stands, and damage that stays on its own line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from customerbase.cleaning import clean
from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.delimited import _load_fast, _load_line_by_line, _read_start, read_csv
from customerbase.ingest.reading import read
from customerbase.ingest.sheets import name_columns

CONNECTION = connect(threads=1)
HEADER = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
OVERWRITE = [HealthCheck.function_scoped_fixture]
"""Each example writes the same file again."""


def read_cells(path: Path, encoding: str | None = None) -> list[dict[str, Any]]:
    """Give the rows of a file as they are read, without the source."""
    (sheet,) = read_csv(path, path.name, CONNECTION, encoding)
    rows: list[dict[str, Any]] = sheet.cells.drop("source").order_by("source_row").to_pyarrow().to_pylist()
    return rows


def read_text(folder: Path, text: str | bytes) -> list[dict[str, Any]]:
    """Write a file and read it."""
    path = folder / "orders.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_cells(path)


def line(number: int, name: str = "MUG") -> str:
    """Make a sound line of Online Retail II."""
    return f"{number},M{number},{name},1,2010-12-01 08:00:00,2.5,13085.0,France"


def test_every_cell_is_text_with_its_row(tmp_path: Path) -> None:
    """Nothing is parsed: leading zeros, spaces and numbers stay as they were written."""
    rows = read_text(tmp_path, "id,price\n007, 1.50\n1e3,NaN\n")
    assert rows == [{"source_row": 2, "id": "007", "price": " 1.50"}, {"source_row": 3, "id": "1e3", "price": "NaN"}]


@pytest.mark.parametrize("delimiter", [*",;\t|^~:\x1f"])
def test_delimiter_by_the_records(tmp_path: Path, delimiter: str) -> None:
    """The sign that makes as many cells of each record as of the header splits the cells; the others are text."""
    other = ";" if delimiter == "," else ","
    rows = read_text(tmp_path, f"a{delimiter}b\n1{other}5{delimiter}2\n")
    assert rows == [{"source_row": 2, "a": f"1{other}5", "b": "2"}]


def test_what_was_said_and_done_before_the_rows(tmp_path: Path) -> None:
    """Titles above the header are left out with a note; the rows are those of the file, on either way of reading."""
    titles = 'Report of "May"\n\nFrom;2024-05-01\n'
    for blank in ("", "\n"):
        path = tmp_path / "orders.csv"
        path.write_text(f"{titles}who;when;total\nann;2024-05-01;1,5\n{blank}bob;2024-05-02;2\n")
        (sheet,) = read_csv(path, path.name, CONNECTION)
        assert sheet.header == ("who", "when", "total")
        rows = sheet.cells.order_by("source_row").select("source_row", "who").to_pyarrow().to_pylist()
        assert [tuple(row.values()) for row in rows] == [(5, "ann"), (6 + len(blank), "bob")]
        assert sheet.notes[1] == "2 rows above the header left out: 'Report of \"May\"', 'From 2024-05-01'"


def test_a_header_of_several_lines(tmp_path: Path) -> None:
    """Spreadsheets break long names; the header is one row all the same."""
    rows = read_text(tmp_path, '"order\ndate",total\n2024-05-01,7\n')
    assert rows == [{"source_row": 2, "order date": "2024-05-01", "total": "7", "damaged_line": None}]


def test_the_first_line_may_say_the_delimiter(tmp_path: Path) -> None:
    """Excel takes it off and does not count it."""
    path = tmp_path / "orders.csv"
    path.write_bytes(b"\xef\xbb\xbfsep=^\r\na,b^c\r\n1^2\r\n")
    assert read_cells(path) == [{"source_row": 2, "a,b": "1", "c": "2"}]
    assert read_csv(path, path.name, CONNECTION)[0].notes[0] == "delimiter '^', as the first line says"


@pytest.mark.parametrize(
    "text", ["a,b,\n1,2,\n3,4,\n", "a,b\n1,2,\n3,4,\n", "a,b,\n1,2\n3,4\n", "a,b\n1,2,,\n3,4\n", "a,b,\n1,2,\n\n3,4\n"]
)
def test_a_delimiter_at_the_end_of_lines(tmp_path: Path, text: str) -> None:
    """It makes no column and no damage, on whichever lines it stands."""
    rows = read_text(tmp_path, text)
    assert (rows[0]["a"], rows[0]["b"], rows[0].get("damaged_line")) == ("1", "2", None)
    assert {"a", "b"} <= {*rows[0]} <= {"source_row", "a", "b", "damaged_line"}


def test_single_quotes(tmp_path: Path) -> None:
    """They are quotes where every cell of a column has them, or where cells need them."""
    assert read_text(tmp_path, "'a','b'\n'1','it''s, x'\n") == [{"source_row": 2, "a": "1", "b": "it's, x"}]
    assert read_text(tmp_path, "a,b\n1,'x, y'\n2,z\n")[0]["b"] == "x, y"


def test_apostrophes_are_no_quotes(tmp_path: Path) -> None:
    """A name may begin with one, and a cell in double quotes may have two."""
    rows = read_text(tmp_path, "a,b\n'03,'t Hart\n1,\"'x'\"\n2,z\n")
    assert [(row["a"], row["b"]) for row in rows] == [("'03", "'t Hart"), ("1", "'x'"), ("2", "z")]


def test_quotes_behind_a_backslash(tmp_path: Path) -> None:
    """They are text, and so is any other letter behind one with its backslash."""
    rows = read_text(tmp_path, 'a,b\n1,"7\\" single, red"\n2,"C:\\temp"\n3,"x\\\\"\n')
    assert [row["b"] for row in rows] == ['7" single, red', "C:\\temp", "x\\"]


def test_quotes_behind_a_backslash_far_down(tmp_path: Path) -> None:
    """The whole file is looked at before a line is called damaged."""
    rows = read_text(tmp_path, "a,b\n" + '1,"plain"\n' * 120_000 + '2,"7\\" single, red"\n')
    assert rows[-1] == {"source_row": 120_002, "a": "2", "b": '7" single, red', "damaged_line": None}


def test_a_backslash_at_the_end_of_a_quoted_cell(tmp_path: Path) -> None:
    """Where quotes are doubled, it is text like any other."""
    rows = read_text(tmp_path, 'a,b\n"C:\\","say ""x"""\n"D:\\",y\n')
    assert [(row["a"], row["b"]) for row in rows] == [("C:\\", 'say "x"'), ("D:\\", "y")]


def test_spaces_around_quotes(tmp_path: Path) -> None:
    """The space between delimiter and quote belongs to neither, on either way of reading."""
    for blank in ("", "\n"):
        rows = read_text(tmp_path, f'"a", "b"\n"1", "x, y"\n{blank}"2", "z"\n')
        assert [(row["a"], row["b"]) for row in rows] == [("1", "x, y"), ("2", "z")]


def test_a_name_that_stands_twice(tmp_path: Path) -> None:
    """Both columns are kept; which of them is meant is not guessed."""
    assert read_text(tmp_path, "who,total,total\nann,1,2\n")[0] == {
        "source_row": 2,
        "who": "ann",
        "total": "1",
        "total (2)": "2",
    }


def test_bytes_of_zero(tmp_path: Path) -> None:
    """What fills up cells in some systems is left out and counted."""
    path = tmp_path / "orders.csv"
    path.write_bytes(b"a,b\n1\0\0,2\n")
    (sheet,) = read_csv(path, path.name, CONNECTION)
    assert read_cells(path) == [{"source_row": 2, "a": "1", "b": "2"}]
    assert "2 bytes of zero left out" in sheet.notes


def test_very_long_lines(tmp_path: Path) -> None:
    """A cell of some megabytes is read whole, quoted or not."""
    long = "x" * 2_500_000
    rows = read_text(tmp_path, f'a,b\n1,{long}\n2,"{long}, y"\n3,4\n')
    assert [len(row["b"]) for row in rows] == [2_500_000, 2_500_003, 1]


def test_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    """A file of a spreadsheet begins with three bytes that are no text."""
    assert read_text(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n") == [{"source_row": 2, "a": "1", "b": "2"}]
    assert read_text(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n\n3,4\n")[1] == {
        "source_row": 4,
        "a": "3",
        "b": "4",
        "damaged_line": None,
    }


def test_line_ends_of_windows(tmp_path: Path) -> None:
    """The carriage return belongs to the line end, not to the last cell."""
    assert read_text(tmp_path, "a,b\r\n1,2\r\n3,4") == [
        {"source_row": 2, "a": "1", "b": "2"},
        {"source_row": 3, "a": "3", "b": "4"},
    ]


def test_mixed_line_ends(tmp_path: Path) -> None:
    """Files glued together of two systems keep every row."""
    assert [(row["source_row"], row["b"]) for row in read_text(tmp_path, "a,b\r\n1,2\n3,4\r\n5,6\n")] == [
        (2, "2"),
        (3, "4"),
        (4, "6"),
    ]


def test_line_ends_of_old_systems(tmp_path: Path) -> None:
    """Carriage returns alone end lines, and blank lines among them keep the numbering."""
    rows = read_text(tmp_path, "a,b\r1,2\r\r3,4\r")
    assert [(row["source_row"], row["a"], row["b"]) for row in rows] == [(2, "1", "2"), (4, "3", "4")]


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_last_line_may_lack_its_end(tmp_path: Path, end: str) -> None:
    """No row is lost or made at the end of the file."""
    assert [row["a"] for row in read_text(tmp_path, f"a,b\n1,2\n3,4{end}")] == ["1", "3"]


def test_quoted_cells(tmp_path: Path) -> None:
    """Delimiters and doubled quotes within quotes are text."""
    assert read_text(tmp_path, 'a,b\n"x, y","7"" single"\n')[0] == {"source_row": 2, "a": "x, y", "b": '7" single'}


@pytest.mark.parametrize("first", [True, False])
def test_a_cell_of_several_lines_counts_as_one_row(tmp_path: Path, first: bool) -> None:
    """A spreadsheet numbers records, not lines; the rows after it stand where a spreadsheet shows them."""
    cells = '"two\nlines",x' if first else 'x,"two\nlines"'
    rows = read_text(tmp_path, f"a,b\n{cells}\n3,4\n")
    assert [(row["source_row"], row["a" if first else "b"]) for row in rows] == [
        (2, "two\nlines"),
        (3, "3" if first else "4"),
    ]
    assert not any(row["damaged_line"] for row in rows)


def test_blank_lines_keep_the_numbering(tmp_path: Path) -> None:
    """Blank lines are no rows, but a spreadsheet counts them."""
    assert [row["source_row"] for row in read_text(tmp_path, "a,b\n\n1,2\n\n\n3,4\n\n")] == [3, 6]


def test_rows_without_a_cell_are_no_rows(tmp_path: Path) -> None:
    """A spreadsheet leaves lines of delimiters at its end; whether another line is damaged changes nothing."""
    sound = read_text(tmp_path, "a,b\n1,2\n,\n3,4\n,\n")
    damaged = read_text(tmp_path, "a,b\n1,2\n,\n3,4\n,\n\n")
    assert [row["source_row"] for row in sound] == [row["source_row"] for row in damaged] == [2, 4]


@pytest.mark.parametrize("bad", ["1", "1,2,3", '1,"2"x'])
def test_a_line_with_other_cells_than_the_header_is_damaged(tmp_path: Path, bad: str) -> None:
    """Its text is kept as it came, without cells; the lines around it are whole."""
    rows = read_text(tmp_path, f"a,b\n1,2\n{bad}\n5,6\n")
    assert [(row["source_row"], row["a"], row["damaged_line"]) for row in rows] == [
        (2, "1", None),
        (3, None, bad),
        (4, "5", None),
    ]


def test_one_unclosed_quote_damages_only_its_own_line(tmp_path: Path) -> None:
    """The five lines after it are read, each with its own row, though one of them has quotes too."""
    path = tmp_path / "orders.csv"
    bad = line(3).replace("MUG", '"MUG')
    after = [line(4), line(5), line(6, '"PAN, LARGE"'), line(7, 'RECORD 7" SINGLE'), line(8)]
    path.write_text("\n".join([HEADER, line(2), bad, *after]) + "\n")
    rows = read_cells(path)
    assert [(row["source_row"], row["Invoice"]) for row in rows] == [
        (n, None if n == 3 else str(n)) for n in range(2, 9)
    ]
    assert rows[1]["damaged_line"] == bad
    assert rows[4]["Description"] == "PAN, LARGE"


def test_an_unclosed_quote_on_the_last_line(tmp_path: Path) -> None:
    """It damages that line and no other."""
    rows = read_text(tmp_path, 'a,b\n1,2\n3,"4\n')
    assert [(row["source_row"], row["damaged_line"]) for row in rows] == [(2, None), (3, '3,"4')]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        ("\u2028\u00a0\n".encode(), "is empty"),
        (b"a,b\n", "has a header but no rows"),
        (b"a,b", "has a header but no rows"),
        (b"a,b\n\n\n", "has a header but no rows"),
        (b'""\n', "has a header but no rows"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00", "is not a table of text"),
        (b"a,b\n\xc3\xa9,caf\xe9\n", "line 2 has other bytes"),
        (b"\xc3\xa9,caf\xe9\n1,2\n", "line 1 has other bytes"),
        (b"\xef\xbb\xbfa,b\n1,2\n\n\xff,4\n", "line 4 has other bytes"),
        (b'a,"b\n1,2\n', "a header that cannot be split"),
        (b"x" * 200_000, "has a header but no rows"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    """The message names the file and what is wrong with it."""
    with pytest.raises(DataError, match=message) as caught:
        read_text(tmp_path, content)
    assert "orders.csv" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_bytes_that_are_no_text_far_down_in_a_file(tmp_path: Path) -> None:
    """A file is checked to its end, not only in its first megabyte."""
    with pytest.raises(DataError, match="line 150002 has other bytes"):
        read_text(tmp_path, b"\xef\xbb\xbfa,b\n" + b"1,23456\n" * 150_000 + b"1,\xff\n")


def test_what_was_decided_is_noted(tmp_path: Path) -> None:
    """Delimiter, encoding, and whether the file had to be read line by line are in the notes."""
    path = tmp_path / "orders.csv"
    path.write_text("a;b\n1;2\n")
    assert read_csv(path, "orders.csv", CONNECTION)[0].notes == ("delimiter ';'", "encoding UTF-8")
    path.write_text("a;b\n1\n1;2\n")
    assert "line by line" in read_csv(path, "orders.csv", CONNECTION)[0].notes[-1]


@settings(max_examples=60, suppress_health_check=OVERWRITE)
@given(lines=st.lists(st.text(alphabet='",ab \\\r', max_size=10), min_size=1, max_size=5))
def test_both_ways_of_reading_see_the_same_cells(tmp_path: Path, lines: list[str]) -> None:
    """Whatever the engine takes for sound has the same cells when it is read line by line."""
    path = tmp_path / "orders.csv"
    path.write_bytes("\n".join(["x,y", "1,2", *lines]).encode())
    start = _read_start(path, path)
    columns = name_columns(start.header)
    fast = _load_fast(path, columns, start, CONNECTION)
    if fast is None:
        return
    both = [
        table.select("source_row", *columns) for table in (fast, _load_line_by_line(path, columns, start, CONNECTION))
    ]
    found = [table.order_by("source_row").to_pyarrow().to_pylist() for table in both]
    assert [row for row in found[0] if any(row[name] for name in columns)] == found[1]


SOUND = (
    "\n".join([HEADER, *(line(n, '"PAN, ""BIG"""' if n % 3 == 0 else "MUG") for n in range(2, 14))]).encode() + b"\n"
)


@settings(max_examples=12, suppress_health_check=OVERWRITE)
@given(
    damage=st.lists(
        st.tuples(st.integers(len(HEADER) + 1, len(SOUND) - 1), st.sampled_from(b'",\n\r \x00A\xff7')),
        min_size=1,
        max_size=4,
    )
)
@example(damage=[(len(HEADER) + 5, ord('"'))])
def test_damaged_bytes_lose_no_row(tmp_path: Path, damage: list[tuple[int, int]]) -> None:
    """Whatever bytes are overwritten: rows in = rows kept + rows set aside, or the file is refused in plain words."""
    content = bytearray(SOUND)
    for position, byte in damage:
        content[position] = byte
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    try:
        data = read(path, connection=CONNECTION)
    except DataError:
        return
    audit = clean(data).audit
    set_aside = sum(outcome.rows for outcome in audit.outcomes if outcome.kind == "quarantined")
    assert audit.rows_in == audit.rows_kept + set_aside
    assert audit.rows_kept >= 12 - 3 * len(damage)


@pytest.mark.parametrize("bad", [0, 499, 999])
def test_one_damaged_line_among_a_thousand(tmp_path: Path, bad: int) -> None:
    """It costs that line alone, wherever it stands."""
    lines = [line(number) if number != bad else f'{number},"' for number in range(1000)]
    found = read_text(tmp_path, "\n".join([HEADER, *lines]))
    assert [row["source_row"] - 2 for row in found if row["damaged_line"]] == [bad]
    assert len(found) == 1000
