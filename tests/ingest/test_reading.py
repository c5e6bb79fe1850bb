"""read(): several files, patterns, names of sources, and refusals in one line."""

from pathlib import Path
from typing import Any

import pytest

from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.reading import expand, read

MAPPING = {"customer_id": "who", "ordered_at": "when", "amount": "total"}


def write(path: Path, *rows: str, header: str = "who,when,total") -> Path:
    """Write a CSV file and give its path."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def read_rows(*files: Path | str) -> list[dict[str, Any]]:
    """Give source, row and customer of each line that is read."""
    lines = read(*files, mapping=MAPPING).order_lines.order_by("source", "source_row")
    rows: list[dict[str, Any]] = lines.select("source", "source_row", "customer_id").to_pyarrow().to_pylist()
    return rows


def test_several_files_are_stacked(tmp_path: Path) -> None:
    """Each row says which file it stands in, without the folder."""
    may = write(tmp_path / "may.csv", "ann,2024-05-01,1")
    june = write(tmp_path / "june.csv", "bob,2024-06-01,2", "cem,2024-06-02,3")
    assert read_rows(may, june) == [
        {"source": "june.csv", "source_row": 2, "customer_id": "bob"},
        {"source": "june.csv", "source_row": 3, "customer_id": "cem"},
        {"source": "may.csv", "source_row": 2, "customer_id": "ann"},
    ]


def test_a_pattern_names_its_files(tmp_path: Path) -> None:
    """Files that fit are read in the order of their names, each once though it is named twice."""
    files = [write(tmp_path / name, "ann,2024-05-01,1") for name in ("b-1.csv", "a-1.csv", "c-2.csv")]
    assert expand([str(tmp_path / "*-1.csv"), files[0]]) == [files[1], files[0]]
    assert [row["source"] for row in read_rows(str(tmp_path / "?-1.csv"))] == ["a-1.csv", "b-1.csv"]


def test_a_name_with_brackets_is_a_file(tmp_path: Path) -> None:
    """A browser saves the second download as orders[1].csv."""
    assert [row["source"] for row in read_rows(write(tmp_path / "orders[1].csv", "ann,2024-05-01,1"))] == [
        "orders[1].csv"
    ]


@pytest.mark.parametrize("second", ["orders.csv", "Orders.csv"])
def test_two_files_of_one_name_are_told_apart(tmp_path: Path, second: str) -> None:
    """The second gets a number where the names are equal, and neither hides the other."""
    one = write(tmp_path / "2023" / "orders.csv", "ann,2023-05-01,1")
    two = write(tmp_path / "2024" / second, "bob,2024-05-01,2")
    sources = {"orders.csv": "ann", "orders.csv (2)" if second == "orders.csv" else second: "bob"}
    assert {row["source"]: row["customer_id"] for row in read_rows(one, two)} == sources


def test_no_source_holds_a_path(tmp_path: Path) -> None:
    """Neither the rows nor what is said about them tell where the files lay."""
    data = read(write(tmp_path / "secret" / "orders.csv", "ann,2024-05-01,1"), mapping=MAPPING)
    assert "secret" not in repr(data.formats)
    assert "secret" not in repr(data.order_lines.to_pyarrow().to_pylist())
    assert data.cells is not None
    assert "secret" not in repr(data.cells.to_pyarrow().to_pylist())


def test_two_sets_in_one_engine_stay_apart(tmp_path: Path) -> None:
    """Reading a second export changes nothing in the first."""
    connection = connect()
    one = read(write(tmp_path / "2023" / "orders.csv", "ann,2023-05-01,1"), mapping=MAPPING, connection=connection)
    two = read(write(tmp_path / "2024" / "orders.csv", "bob,2024-05-01,2"), mapping=MAPPING, connection=connection)
    assert one.order_lines.customer_id.to_list() == ["ann"]
    assert two.order_lines.customer_id.to_list() == ["bob"]


def test_cells_of_two_files_are_stacked_by_name(tmp_path: Path) -> None:
    """A column that one file writes in capitals is one column; one that it has not is empty there."""
    one = write(tmp_path / "one.csv", "ann,2024-05-01,1,x", header="who,when,total,note")
    two = write(tmp_path / "two.csv", "2,bob,2024-05-02", header="TOTAL,Who,when")
    cells = read(one, two, mapping=MAPPING).cells
    assert cells is not None
    assert cells.order_by("source").to_pyarrow().to_pylist() == [
        {"source": "one.csv", "source_row": 2, "who": "ann", "when": "2024-05-01", "total": "1", "note": "x"},
        {"source": "two.csv", "source_row": 2, "who": "bob", "when": "2024-05-02", "total": "2", "note": None},
    ]


def test_files_of_two_layouts(tmp_path: Path) -> None:
    """Each file is understood by its own header."""
    one = write(tmp_path / "one.csv", "ann,2024-05-01,1", header="customer_id,ordered_at,amount")
    header = "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID"
    two = write(tmp_path / "two.csv", "C9,M,-2,2024-05-02,1.5,13085.0", header=header)
    data = read(one, two)
    assert [(form.source, form.layout, form.rows) for form in data.formats] == [
        ("one.csv", "customerbase", 1),
        ("two.csv", "online-retail", 1),
    ]
    rows = data.order_lines.order_by("source").select("customer_id", "amount", "is_return").to_pyarrow().to_pylist()
    assert [tuple(row.values()) for row in rows] == [("ann", 1, False), ("13085", -3, True)]


def test_formats_say_what_was_understood(tmp_path: Path) -> None:
    """The audit can show for each canonical name the column that it was taken from."""
    (form,) = read(write(tmp_path / "orders.csv", "ann,2024-05-01,1"), mapping=MAPPING).formats
    assert (form.source, form.reader, form.layout, form.rows, form.columns) == (
        "orders.csv",
        "csv",
        "mapped",
        1,
        MAPPING,
    )


def test_bad_rows_do_not_stop_the_others(tmp_path: Path) -> None:
    """Each row says for itself what could not be read."""
    rows = [
        "ann,2024-05-01,1",
        "bob,31/02/2011,2",
        "cem,2024-05-03,NaN",
        "dan,2024-05-04",
        "eva,2024-05-05,1e309",
        "fay,2024-05-06,6",
    ]
    lines = read(write(tmp_path / "orders.csv", *rows), mapping=MAPPING).order_lines.order_by("source_row")
    assert lines.unreadable.to_list() == [None, "ordered_at", "amount", "line", "amount", None]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-such.csv", r"There is no file .*no-such\.csv"),
        ("no-such-*.csv", r"No file fits the pattern .*no-such-\*\.csv"),
        ("orders.docx", r"has the suffix '\.docx'; files can be \.csv"),
        ("empty", r"holds no Parquet file"),
        ("other.csv", r"other\.csv: No known layout fits these columns: a, b"),
    ],
)
def test_refusals(tmp_path: Path, name: str, message: str) -> None:
    """A file that cannot be read is named in one line that says what to do."""
    (tmp_path / "orders.docx").write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=message) as caught:
        read(tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1


def test_no_file() -> None:
    """Something must be named."""
    with pytest.raises(DataError, match="No file was given"):
        read()
