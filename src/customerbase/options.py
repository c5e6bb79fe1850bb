"""Options that several commands of the command line share."""

from typing import Annotated

import typer

__all__ = [
    "AsCsv",
    "AsJson",
    "AsOf",
    "AsTable",
    "DateOrder",
    "Decimal",
    "EncodingName",
    "Files",
    "Force",
    "LayoutName",
    "Map",
    "Model",
    "NSegments",
    "Seed",
    "StoredAsOf",
    "With",
    "Without",
]

Files = Annotated[
    list[str],
    typer.Argument(help="CSV, JSON, Parquet or XLSX files, folders of Parquet parts, or patterns.", metavar="FILE..."),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="Date of the snapshot, exclusive; by default the day after the last order.",
        metavar="YYYY-MM-DD",
    ),
]
StoredAsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Date of the snapshot; by default the latest that there is.", metavar="YYYY-MM-DD"),
]
Model = Annotated[str | None, typer.Option("--model", help="kmeans (default) or rfm.", metavar="rfm|kmeans")]
NSegments = Annotated[
    int | None, typer.Option("--n-segments", help="Number of k-means segments, at least 2; by default 6.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of all that is drawn; by default 0.")]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Which column of the export holds what: order_id=COLUMN. Can be given several times.",
        metavar="NAME=COLUMN",
    ),
]
LayoutName = Annotated[
    str | None, typer.Option("--layout", help="Name of a known layout; by default it is recognised.")
]
EncodingName = Annotated[str | None, typer.Option("--encoding", help="Encoding of text files; else detected.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the file.")]
Decimal = Annotated[
    str | None,
    typer.Option(
        "--decimal", help="Sign before the decimals, where a column leaves it open (1,234).", metavar="point|comma"
    ),
]
DateOrder = Annotated[
    str | None,
    typer.Option(
        "--date-order",
        help="Order in dates, where a column leaves it open (01/02/2024).",
        metavar="day-first|month-first|year-first",
    ),
]
With = Annotated[
    list[str] | None,
    typer.Option("--with", help="Switch a cleaning rule on. Can be given several times.", metavar="RULE"),
]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", help="Switch a cleaning rule off. Can be given several times.", metavar="RULE"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
AsTable = Annotated[bool, typer.Option("--table", help="Print a table to read (the default).")]
