"""read(): the exports of a shop become one data set."""

import glob
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from customerbase.engine import connect, store
from customerbase.errors import DataError
from customerbase.ingest.completion import complete_cells
from customerbase.ingest.formats import SheetFormats, decide_formats
from customerbase.ingest.frames import Frame, engine_of, read_frame
from customerbase.ingest.layout_file import is_layout_file, read_layout
from customerbase.ingest.layouts import Layout, find_layout, fit
from customerbase.ingest.mapping import ask_columns, map_lines
from customerbase.ingest.numbers import DecimalSign
from customerbase.ingest.readers import read_file
from customerbase.ingest.relations import relate
from customerbase.ingest.sheets import KEY, Sheet
from customerbase.ingest.times import DateOrder
from customerbase.ingest.workbooks import WORKBOOKS
from customerbase.schema import Dataset, Format

__all__ = ["expand", "read", "split_inputs"]


def read(
    *inputs: str | Path | Frame,
    layout: Layout | str | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    decimal: DecimalSign | None = None,
    date_order: DateOrder | None = None,
    connection: BaseBackend | None = None,
) -> Dataset:
    r"""Read order exports into one data set.

    Parameters
    ----------
    inputs
        CSV, JSON, Parquet, XLSX, XLSB, XLS or ODS files, folders of Parquet parts, patterns such as `orders-*.csv`, or
        tables of pandas, Polars, Arrow or Ibis, called `table 1` and so on. Of a workbook, all sheets of its layout
        are read; the others are named in the formats.
    layout
        A `Layout`, the name of a known one, or a TOML file with one of your own; without one it is recognised by the
        header. Files that belong together (orders, items, products) are joined, as far as names and values tell how.
    mapping
        Canonical name → column of the export, for headers that no layout knows.
    encoding
        How the text files are encoded, such as `windows-1252`; by default it is detected, and told in the formats.
    decimal
        `point` or `comma`: the sign before the decimals, where a column leaves it open (1,234).
    date_order
        `day-first`, `month-first` or `year-first`, where a column of dates leaves it open (01/02/2024).
    connection
        The engine to read into; without one, that of the first Ibis table, else DuckDB in memory.

    Returns
    -------
    Dataset
        Order lines with what could not be read marked in `unreadable`, the cells as they came, and how each source was
        understood.

    Raises
    ------
    DataError
        A file is missing, damaged, empty, or has no layout that fits; or a column leaves open how it is written.
    UsageError
        An unknown layout, an unknown encoding, or an unknown canonical name in `mapping`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "orders.csv")
    ...     _ = file.write_text("who,when,total\nann,2024-05-01,12.50\n")
    ...     data = read(file, mapping={"customer_id": "who", "ordered_at": "when", "amount": "total"})
    >>> data.order_lines.select("customer_id", "order_id", "source_row").execute().to_dict("records")
    [{'customer_id': 'ann', 'order_id': 'ann 2024-05-01', 'source_row': 2}]
    """
    layout = _find_layout(layout)
    files, frames = split_inputs(inputs)
    connection = connection or engine_of(frames) or connect()
    paths = expand(files) if files or not frames else []
    sheets = [sheet for path, source in _name_sources(paths) for sheet in read_file(path, source, connection, encoding)]
    for number, frame in enumerate(frames, start=1):
        sheets += read_frame(frame, f"table {number}", connection)
    sheets = _relate(sheets, connection, layout, mapping or {}, decimal)
    fitted, ignored = _fit_all([sheet for sheet in sheets if sheet.use == "data"], layout, mapping)
    lines, written = _map_all(fitted, connection, decimal, date_order)
    described = (_describe(sheet, found, how) for (sheet, found), how in zip(fitted, written, strict=True))
    used = (_describe_used(sheet) for sheet in sheets if sheet.use != "data")
    formats = (*described, *map(_describe_ignored, ignored), *used)
    return Dataset(lines, _stack_cells([sheet for sheet, _ in fitted]), formats)


def _map_all(
    fitted: Sequence[tuple[Sheet, Layout]],
    connection: BaseBackend,
    decimal: DecimalSign | None,
    date_order: DateOrder | None,
) -> tuple[ir.Table, list[SheetFormats]]:
    """Map all sheets to lines; where a cell cannot be read, by formats that all rows have a say in."""
    completed = [(complete_cells(sheet, found), found) for sheet, found in fitted]
    asked = [ask_columns(sheet, found) for sheet, found in completed]

    def stack(formats: Sequence[SheetFormats]) -> ir.Table:
        mapped = [map_lines(sheet, found, how) for (sheet, found), how in zip(completed, formats, strict=True)]
        return ibis.union(*mapped) if len(mapped) > 1 else mapped[0]

    formats = decide_formats(asked, decimal, date_order)
    if all(sheet.reader == "parquet" and sheet.raw is None for sheet, _ in fitted):
        # Parquet is read where it lies, so that a file larger than memory passes through.
        return stack(formats), formats
    lines = store(connection, stack(formats), "ingested_lines")
    if lines.filter(lines.unreadable.notnull()).count().execute():
        by_all_rows = decide_formats(asked, decimal, date_order, head_rows=None)
        if by_all_rows != formats:
            connection.drop_table(lines.op().name)
            formats = by_all_rows
            lines = store(connection, stack(formats), "ingested_lines")
    return lines, formats


def expand(files: Sequence[str | Path]) -> list[Path]:
    """Give the paths that names and patterns stand for, each once.

    Raises
    ------
    DataError
        Nothing was given, or no file fits a pattern.

    Examples
    --------
    >>> [path.name for path in expand(["may.csv", "june.csv", "may.csv"])]
    ['may.csv', 'june.csv']
    """
    if not files:
        raise DataError("No file was given. Name at least one CSV, JSON, Parquet, XLSX, XLS or ODS file.")
    paths: list[Path] = []
    for file in files:
        matches = [Path(match) for match in sorted(glob.glob(str(file)))] if glob.has_magic(str(file)) else []  # noqa: PTH207
        if not matches and glob.has_magic(str(file)) and not Path(file).exists():
            raise DataError(f"No file fits the pattern {file}. Check the folder and the pattern.")
        paths += matches or [Path(file)]
    return list(dict.fromkeys(paths))


def split_inputs(inputs: Sequence[str | Path | Frame]) -> tuple[list[str | Path], list[Frame]]:
    """Tell files and patterns from tables.

    Examples
    --------
    >>> split_inputs(["may.csv", ibis.memtable({"amount": [7]})])[0]
    ['may.csv']
    """
    files = [each for each in inputs if isinstance(each, str | Path)]
    return files, [each for each in inputs if not isinstance(each, str | Path)]


def _name_sources(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """Name each file without its folder; of two with one name, the second gets a number."""
    seen: Counter[str] = Counter()
    named = []
    for path in paths:
        name = path.resolve().name
        seen[name] += 1
        named.append((path, name if seen[name] == 1 else f"{name} ({seen[name]})"))
    return named


def _find_layout(layout: Layout | str | None) -> Layout | None:
    if isinstance(layout, str):
        return read_layout(Path(layout)) if is_layout_file(layout) else find_layout(layout)
    return layout


def _relate(
    sheets: Sequence[Sheet],
    connection: BaseBackend,
    layout: Layout | None,
    mapping: Mapping[str, str],
    decimal: DecimalSign | None,
) -> list[Sheet]:
    if layout is None:
        return relate(sheets, connection, columns=mapping, decimal=decimal)
    wanted = [column for column in (*(layout.refunded or ()), layout.goods_total) if column]
    return relate(sheets, connection, layout.joins, {**layout.columns, **mapping}, wanted, decimal)


def _fit_all(
    sheets: Sequence[Sheet], layout: Layout | None, mapping: Mapping[str, str] | None
) -> tuple[list[tuple[Sheet, Layout]], list[Sheet]]:
    """Fit a layout to each sheet; a sheet of a workbook that fits none is left out, as long as another one fits."""
    fitted: list[tuple[Sheet, Layout]] = []
    refused: list[tuple[Sheet, DataError]] = []
    for sheet in sheets:
        try:
            fitted.append((sheet, fit(sheet.header, layout, mapping)))
        except DataError as error:
            refused.append((sheet, error))
    workbooks = {sheet.source.split("#")[0] for sheet, _ in fitted if f".{sheet.reader}" in WORKBOOKS}
    for sheet, reason in refused:
        if sheet.source.split("#")[0] not in workbooks:
            unjoined = [f" It was {note}." for note in sheet.notes if note.startswith("not joined")]
            raise DataError(f"{sheet.source}: {reason}{''.join(unjoined)}") from reason
    return fitted, [sheet for sheet, _ in refused]


def _describe(sheet: Sheet, layout: Layout, written: SheetFormats) -> Format:
    return Format(
        sheet.source,
        sheet.reader,
        layout.name,
        int(sheet.own_cells.count().execute()),
        dict(layout.columns),
        (*sheet.notes, *written.notes, *_notes(layout)),
    )


def _notes(layout: Layout) -> list[str]:
    notes = []
    if layout.name == "guessed":
        taken = ", ".join(f"{name} from {column!r}" for name, column in layout.columns.items())
        notes.append(f"columns guessed by their names: {taken}; pass --map NAME=COLUMN where that is wrong")
    if layout.amounts:
        notes.append(f"amounts: {layout.amounts}")
    return notes


def _describe_ignored(sheet: Sheet) -> Format:
    note = f"left out: its columns fit no layout ({', '.join(sheet.header)})"
    return Format(sheet.source, sheet.reader, "none", 0, {}, (*sheet.notes, note))


def _describe_used(sheet: Sheet) -> Format:
    return Format(sheet.source, sheet.reader, "joined" if sheet.use == "joined" else "none", 0, {}, sheet.notes)


def _columns_of_cells(sheet: Sheet) -> list[str]:
    return [name for name in sheet.own_cells.columns if name not in KEY]


def _stack_cells(sheets: Sequence[Sheet]) -> ir.Table:
    """Stack the cells of all sheets as text; a column that a sheet has not is empty there, and case makes no other."""
    names: dict[str, str] = {}
    for sheet in sheets:
        for name in _columns_of_cells(sheet):
            names.setdefault(name.casefold(), name)

    def as_text(sheet: Sheet) -> ir.Table:
        own = {name.casefold(): sheet.own_cells[name].cast("string") for name in _columns_of_cells(sheet)}
        texts = {name: own.get(key, ibis.null("string")) for key, name in names.items()}
        return sheet.own_cells.select(*KEY, **texts)

    stacked = [as_text(sheet) for sheet in sheets]
    return ibis.union(*stacked) if len(stacked) > 1 else stacked[0]
