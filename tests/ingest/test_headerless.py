"""Files without a header: CDNOW by its form, and any other refused."""

from decimal import Decimal
from pathlib import Path

import pytest
from tests.front_end import CommandLine
from tests.ingest.test_platforms import lines_of, set_aside

from customerbase.cleaning import clean
from customerbase.errors import DataError
from customerbase.ingest.reading import read

SAMPLE = [
    " 00004 0001 19970101  2   29.33",
    " 00004 0001 19970118  2   29.73",
    " 00021 0002 19970101  3   63.34",
    " 00050 0003 19970101  1    0.00",
]
MASTER = [" ".join((line.split()[0], *line.split()[2:])) for line in SAMPLE]
NAMES = " customer_id  date number_of_cds  dollar_value"
LINES = [
    ("00004", "1997-01-01", Decimal(2), Decimal("29.33")),
    ("00004", "1997-01-18", Decimal(2), Decimal("29.73")),
    ("00021", "1997-01-01", Decimal(3), Decimal("63.34")),
]


def write(folder: Path, lines: list[str], name: str = "cdnow.txt", end: str = "\r\n") -> Path:
    """Write lines as they are."""
    file = folder / name
    file.write_bytes("".join(f"{line}{end}" for line in lines).encode())
    return file


@pytest.mark.parametrize(
    ("lines", "first_row"),
    [(SAMPLE, 1), (MASTER, 1), ([NAMES, *MASTER], 2), ([NAMES.replace("date", "sample_id date"), *SAMPLE], 2)],
    ids=["sample", "master", "master with names", "sample with names"],
)
@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["CRLF", "LF"])
def test_its_forms(tmp_path: Path, lines: list[str], first_row: int, end: str) -> None:
    """The 1/10 sample and the master file, with and without a line of names; the id among all is the customer."""
    cleaned = clean(read(write(tmp_path, lines, end=end)))
    found = lines_of(cleaned, "customer_id", "ordered_at", "quantity", "amount", "source_row")
    assert [(who, str(when.date()), cds, dollars) for who, when, cds, dollars, _ in found] == LINES
    assert [row for *_, row in found] == [first_row, first_row + 1, first_row + 2]
    assert set_aside(cleaned) == {first_row + 3: "no_price"}
    (form,) = cleaned.audit.formats
    assert form.layout == "cdnow"


def test_each_row_is_an_order(tmp_path: Path) -> None:
    """Those of one customer and day are numbered by what was bought, so that their place in the file is nothing."""
    day = [" 00004 0001 19970101  2   29.33", " 00004 0001 19970101  1   12.00", " 00004 0001 19970101  1   12.00"]
    expected = {
        ("00004 1997-01-01", Decimal("12.00")),
        ("00004 1997-01-01 (2)", Decimal("12.00")),
        ("00004 1997-01-01 (3)", Decimal("29.33")),
    }
    for lines in (day, day[::-1]):
        cleaned = clean(read(write(tmp_path, lines)))
        assert set(lines_of(cleaned, "order_id", "amount")) == expected


def test_master_and_sample_together(tmp_path: Path) -> None:
    """The sample's transactions stand in the master file too, and count once."""
    files = write(tmp_path, MASTER, "master.txt"), write(tmp_path, SAMPLE[:2], "sample.txt")
    cleaned = clean(read(*files))
    assert len(lines_of(cleaned, "order_id")) == 3
    assert sorted(cleaned.quarantine.rule.to_list()) == ["no_price", "repeated_order", "repeated_order"]


def test_damaged_lines_are_kept(tmp_path: Path) -> None:
    """A line with other cells, or a cell that is no number or date, is set aside as it stands."""
    lines = [*SAMPLE[:3] * 8, "00004 0001 19970101", "00004 0001 19970230 1 9.99", "", "00004 0001 19970301 x 9.99"]
    cleaned = clean(read(write(tmp_path, lines)), rules={"repeated_order": False})
    assert set_aside(cleaned) == dict.fromkeys((25, 26, 28), "unreadable")
    cells = cleaned.quarantine.order_by("source_row").to_pyarrow().to_pylist()
    assert cells[0]["damaged_line"] == "00004 0001 19970101"
    assert (cells[1]["yyyymmdd"], cells[2]["cds"]) == ("19970230", "x")


@pytest.mark.parametrize(
    "lines",
    [
        ["1 2 3 4 5", "2 3 4 5 6"],
        ["00004 0001 19971301 2 29.33"],
        ["00004 0001 19970101 2"],
        ["1;2024-05-01 10:00;9.99", "2;2024-05-02 11:00;1.00"],
        ["0.1,0.2", "0.3,0.4"],
        ["19970101"],
    ],
    ids=["other numbers", "no such month", "no dollars", "orders without names", "decimals", "one column"],
)
def test_other_numbers_are_refused(tmp_path: Path, lines: list[str]) -> None:
    """One line says that the names of the columns are missing."""
    with pytest.raises(DataError, match=r"cdnow\.txt: The first line holds numbers alone.*Write a line") as caught:
        read(write(tmp_path, lines * 2))
    assert "\n" not in str(caught.value)


@pytest.mark.data
def test_the_published_figures(data_folder: Path, customerbase: CommandLine) -> None:
    """6,919 transactions of 2,357 customers for 244,091.94; eight of them, of one customer each, for nothing."""
    file = data_folder / "cdnow" / "CDNOW_sample.txt"
    lines = read(file).order_lines
    figures = lines.agg(
        rows=lines.count(), orders=lines.order_id.nunique(), customers=lines.customer_id.nunique(),
        amount=lines.amount.sum(), days=(lines.customer_id + lines.ordered_at.date().cast("string")).nunique(),
    )  # fmt: skip
    assert figures.to_pyarrow().to_pylist() == [
        {"rows": 6_919, "orders": 6_919, "customers": 2_357, "amount": Decimal("244091.9400"), "days": 6_696}
    ]
    out = customerbase.good("run", file).out
    assert "6,919 rows read from CDNOW_sample.txt (cdnow)" in out
    assert "6,911 kept" in out
    assert "2,349 customers with a purchase before 1998-07-01, gross revenue 244,091.94" in out
