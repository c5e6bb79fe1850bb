"""read(): the exports of a shop become one data set."""

import glob
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from customerbase.engine import connect
from customerbase.errors import DataError
from customerbase.ingest.customers import complete_customers
from customerbase.ingest.databases import find_reference, read_database
from customerbase.ingest.formats import SheetFormats
from customerbase.ingest.frames import Frame, engine_of, read_frame
from customerbase.ingest.layout import COUPON_COLUMNS, ORDER_COLUMNS, find_column
from customerbase.ingest.layout_file import is_layout_file, read_layout
from customerbase.ingest.layouts import Layout, columns_of, find_layout, fit
from customerbase.ingest.numbers import DecimalSign
from customerbase.ingest.readers import read_file
from customerbase.ingest.relations import relate
from customerbase.ingest.sheets import KEY, Sheet
from customerbase.ingest.tables import Fitted, map_sheets
from customerbase.ingest.times import DateOrder
from customerbase.ingest.workbooks import WORKBOOKS
from customerbase.schema import INGESTED_LINES, Dataset, Format

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
    r"""Read exports into one data set: orders, files with one row per customer, coupon files, or several of these.

    Parameters
    ----------
    inputs
        CSV, JSON, Parquet, XLSX, XLSB, XLS or ODS files, folders of Parquet parts, patterns such as `orders-*.csv`, or
        tables of pandas, Polars, Arrow or Ibis, called `table 1` and so on. Of a workbook, all sheets of its layout
        are read; the others are named in the formats. Or one database, as `postgresql://user@host/db?table=orders`,
        `duckdb:///shop.duckdb?table=orders`, `sqlite:///shop.db?query=SELECT …`, or an Ibis table of PostgreSQL.
    layout
        A `Layout`, the name of a known one, or a TOML file with one of your own; without one it is recognised by the
        header. Beside one of orders, files of customers and coupons are recognised still, and the other way round.
        Files that belong together (orders, items, products) are joined, as far as names and values tell how.
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
        Order lines, customers and coupon events, as far as they came, with what could not be read marked in
        `unreadable`; the cells as they came, and how each source was understood.

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
    sheets, connection = _open(inputs, connection, encoding)
    sheets = _relate(sheets, connection, layout, mapping or {}, decimal)
    _check_mapped(sheets, mapping or {})
    fitted, ignored = _fit_all([sheet for sheet in sheets if sheet.use == "data"], layout, mapping)
    tables, mapped = map_sheets(fitted, connection, decimal, date_order)
    described = [_describe(*each, mapping or {}) for each in mapped] + [_describe_ignored(each) for each in ignored]
    described += [_describe_used(sheet) for sheet in sheets if sheet.use != "data"]
    return Dataset(
        tables.get("order_lines", _NO_LINES),
        _stack_cells([sheet for sheet, _ in fitted]),
        tuple(described),
        customers=tables.get("customers"),
        coupon_events=tables.get("coupon_events"),
        has_orders="order_lines" in tables,
        is_in_place=sheets[0].is_in_place,
    )


def _open(
    inputs: Sequence[str | Path | Frame], connection: BaseBackend | None, encoding: str | None
) -> tuple[list[Sheet], BaseBackend]:
    """Open what was given, and give the engine that holds it."""
    if reference := find_reference(inputs):
        return read_database(reference, connection or connect())
    files, frames = split_inputs(inputs)
    connection = connection or engine_of(frames) or connect()
    paths = expand(files) if files or not frames else []
    sheets = [sheet for path, source in _name_sources(paths) for sheet in read_file(path, source, connection, encoding)]
    for number, frame in enumerate(frames, start=1):
        sheets += read_frame(frame, f"table {number}", connection)
    return sheets, connection


_NO_LINES = ibis.memtable([], schema={column.name: column.type for column in INGESTED_LINES})


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


def _check_mapped(sheets: Sequence[Sheet], mapping: Mapping[str, str]) -> None:
    """Refuse a mapped column that no sheet has; where there is but one sheet, fitting says it better."""
    headers = [sheet.header for sheet in sheets]
    for name, column in mapping.items():
        if len(headers) > 1 and not any(find_column(column, header) for header in headers):
            raise DataError(
                f"No sheet has the column {column!r} that is to be taken as {name!r}. "
                f"The columns are: {', '.join(dict.fromkeys(each for header in headers for each in header))}."
            )


def _fit_all(
    sheets: Sequence[Sheet], layout: Layout | None, mapping: Mapping[str, str] | None
) -> tuple[list[Fitted], list[Sheet]]:
    """Fit a layout to each sheet; a sheet of a workbook that fits none is left out, as long as another one fits."""
    fitted: list[Fitted] = []
    refused: list[tuple[Sheet, DataError]] = []
    for sheet in sheets:
        try:
            fitted.append(_fit(sheet, layout, mapping))
        except DataError as error:
            refused.append((sheet, error))
    workbooks = {sheet.source.split("#")[0] for sheet, _ in fitted if f".{sheet.reader}" in WORKBOOKS}
    for sheet, reason in refused:
        if sheet.source.split("#")[0] not in workbooks:
            unjoined = [f" It was {note}." for note in sheet.notes if note.startswith("not joined")]
            raise DataError(f"{sheet.source}: {reason}{''.join(unjoined)}") from reason
    _refuse_unused(fitted, layout, mapping)
    return _know_by_email(fitted), [sheet for sheet, _ in refused]


def _fit(sheet: Sheet, layout: Layout | None, mapping: Mapping[str, str] | None) -> Fitted:
    try:
        found = fit(sheet.header, layout, mapping)
    except DataError:
        other = _fit_other_kind(sheet.header, layout, mapping)
        if other is None:
            raise
        found = other
    if found.grain != "customer":
        return sheet, found
    told = {name for name in mapping or {} if name in found.columns} - {*ORDER_COLUMNS, *COUPON_COLUMNS}
    return complete_customers(sheet, found, is_told=bool(told) or (layout is not None and _is_kind(found, layout)))


def _is_kind(layout: Layout, other: Layout) -> bool:
    return columns_of(layout) == columns_of(other)


def _fit_other_kind(header: Sequence[str], wanted: Layout | None, mapping: Mapping[str, str] | None) -> Layout | None:
    """Fit a sheet to which the layout that is wanted does not apply: orders may come with their customers."""
    try:
        other = fit(header, None, mapping) if wanted else None
    except DataError:
        return None
    return other if other and wanted and not _is_kind(other, wanted) else None


def _refuse_unused(fitted: Sequence[Fitted], layout: Layout | None, mapping: Mapping[str, str] | None) -> None:
    """Refuse a layout that was asked for and fits no sheet."""
    if layout and fitted and not any(_is_kind(found, layout) for _, found in fitted):
        fit(fitted[0][0].header, layout, mapping)


def _know_by_email(fitted: Sequence[Fitted]) -> list[Fitted]:
    """Take the e-mail address for the customer where the orders do, which do not know the ids of the other file."""
    others = [found for _, found in fitted if found.grain != "customer"]
    if not others or not all(_is_email(found.columns["customer_id"]) for found in others):
        return list(fitted)
    return [_take_email(*each) for each in fitted]


def _is_email(column: str) -> bool:
    return "mail" in column.casefold()


def _take_email(sheet: Sheet, layout: Layout) -> Fitted:
    if layout.grain != "customer" or "email" not in layout.columns or _is_email(layout.columns["customer_id"]):
        return sheet, layout
    column = layout.columns["email"]
    note = f"customers known by {column!r}, as in the orders, and not by {layout.columns['customer_id']!r}"
    return replace(sheet, notes=(*sheet.notes, note)), replace(
        layout, columns={**layout.columns, "customer_id": column}
    )


def _describe(sheet: Sheet, layout: Layout, written: SheetFormats, mapping: Mapping[str, str]) -> Format:
    return Format(
        sheet.source,
        sheet.reader,
        layout.name,
        int(sheet.own_cells.count().execute()),
        dict(layout.columns),
        (*sheet.notes, *written.notes, *_notes(sheet, layout, mapping)),
        layout.grain,
    )


def _notes(sheet: Sheet, layout: Layout, mapping: Mapping[str, str]) -> list[str]:
    notes = []
    if layout.name == "guessed":
        known = {name: column for name, column in layout.columns.items() if name in columns_of(layout)}
        taken = ", ".join(f"{name} from {column!r}" for name, column in known.items())
        notes.append(f"columns guessed by their names: {taken}; pass --map NAME=COLUMN where that is wrong")
    foreign = [name for name in mapping if name not in columns_of(layout) and find_column(mapping[name], sheet.header)]
    if foreign:
        notes.append(f"a row is one {layout.grain}, so nothing was mapped to {', '.join(foreign)}")
    if layout.percentages:
        columns = ", ".join(repr(layout.columns[name]) for name in sorted(layout.percentages))
        notes.append(f"percentages, divided by 100: {columns}")
    if "average_session_minutes" in layout.columns:
        notes.append(f"taken as minutes: {layout.columns['average_session_minutes']!r}")
    if layout.grain == "coupon" and "burnt_at" not in layout.columns:
        notes.append("no column has burn dates: a burnt coupon was burnt at the date of its row, and claimed then too "
                     "unless another row has its claim")  # fmt: skip
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
