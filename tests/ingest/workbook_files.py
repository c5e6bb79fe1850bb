"""Writers of small workbooks in each format; no library writes XLSB, and ODS is a page of XML."""

import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
import xlwt

Rows = Mapping[int, Sequence[Any]]
"""Row as the spreadsheet counts it → its cells."""

_EPOCH = datetime(1899, 12, 30)


def write_workbook(path: Path, **sheets: Rows) -> Path:
    """Write the sheets in the format of the suffix."""
    {".xlsx": _write_xlsx, ".xls": _write_xls, ".xlsb": _write_xlsb, ".ods": _write_ods}[path.suffix](path, sheets)
    return path


def _write_xlsx(path: Path, sheets: Mapping[str, Rows]) -> None:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in rows.items():
                sheet.write_row(row - 1, 0, cells)


def _write_xls(path: Path, sheets: Mapping[str, Rows]) -> None:
    book = xlwt.Workbook()
    styles = {datetime: xlwt.easyxf(num_format_str="YYYY-MM-DD hh:mm")}
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for row, cells in rows.items():
            for column, cell in enumerate(cells):
                if cell is not None:
                    sheet.write(row - 1, column, cell, styles.get(type(cell), xlwt.Style.default_style))
    book.save(str(path))


def _write_ods(path: Path, sheets: Mapping[str, Rows]) -> None:
    tables = "".join(
        f'<table:table table:name="{escape(name)}">{_ods_rows(rows)}</table:table>' for name, rows in sheets.items()
    )
    write_ods_content(path, tables)


def write_ods_content(path: Path, tables: str, manifest: str = "") -> None:
    """Write an ODS file around the XML of its tables."""
    names = "".join(
        f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{prefix}:1.0"'
        for prefix in ("office", "table", "text")
    )
    content = f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
            f'<manifest:file-entry manifest:full-path="content.xml">{manifest}</manifest:file-entry>'
            "</manifest:manifest>",
        )
        archive.writestr("content.xml", f"<office:document-content{names}>{content}</office:document-content>")


def _ods_rows(rows: Rows) -> str:
    written, last = [], 0
    for row, cells in rows.items():
        if row - last > 1:
            written.append(f'<table:table-row table:number-rows-repeated="{row - last - 1}"/>')
        written.append(f"<table:table-row>{''.join(map(_ods_cell, cells))}</table:table-row>")
        last = row
    return "".join(written)


def _ods_cell(cell: Any) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, bool):
        return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(cell).lower()}"/>'
    if isinstance(cell, datetime):
        return f'<table:table-cell office:value-type="date" office:date-value="{cell.isoformat()}"/>'
    if isinstance(cell, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{cell!r}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'


def _write_xlsb(path: Path, sheets: Mapping[str, Rows]) -> None:
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    targets = [
        ("styles", "styles.bin"),
        *(("worksheet", f"worksheets/sheet{n}.bin") for n in range(1, len(sheets) + 1)),
    ]
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}/{name}" Target="{target}"/>'
        for n, (name, target) in enumerate(targets, start=1)
    )
    bundles = [
        _record(0x9C, struct.pack("<II", 0, n) + _wide(f"rId{n + 1}") + _wide(name))
        for n, name in enumerate(sheets, start=1)
    ]
    # Two formats of cells: number 0 is general, number 22 a date with its time.
    formats = b"".join(_record(0x2F, struct.pack("<HH12x", 0xFFFF, number)) for number in (0, 22))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/_rels/workbook.bin.rels", f"<Relationships>{relations}</Relationships>")
        archive.writestr("xl/styles.bin", _record(0x269, struct.pack("<I", 2)) + formats + _record(0x26A))
        archive.writestr("xl/workbook.bin", _record(0x8F) + b"".join(bundles) + _record(0x90) + _record(0x9D))
        for n, rows in enumerate(sheets.values(), start=1):
            archive.writestr(f"xl/worksheets/sheet{n}.bin", _xlsb_sheet(rows))


def _xlsb_sheet(rows: Rows) -> bytes:
    width = max((len(cells) for cells in rows.values()), default=0)
    extent = struct.pack("<IIII", min(rows, default=1) - 1, max(rows, default=1) - 1, 0, max(width - 1, 0))
    records = [_record(0x81), _record(0x94, extent), _record(0x91)]
    for row, cells in rows.items():
        records.append(_record(0x00, struct.pack("<I13x", row - 1)))
        records += [_xlsb_cell(column, cell) for column, cell in enumerate(cells) if cell is not None]
    return b"".join((*records, _record(0x92), _record(0x82)))


def _xlsb_cell(column: int, cell: Any) -> bytes:
    if isinstance(cell, bool):
        return _record(0x04, struct.pack("<IIB", column, 0, cell))
    if isinstance(cell, datetime):
        days = (cell - _EPOCH).total_seconds() / 86_400
        return _record(0x05, struct.pack("<IId", column, 1, days))
    if isinstance(cell, int | float):
        return _record(0x05, struct.pack("<IId", column, 0, cell))
    return _record(0x06, struct.pack("<II", column, 0) + _wide(cell))


def _record(kind: int, payload: bytes = b"") -> bytes:
    return _number(kind) + _number(len(payload)) + payload


def _number(value: int) -> bytes:
    """Write a number in parts of seven bits, the lowest first."""
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")
