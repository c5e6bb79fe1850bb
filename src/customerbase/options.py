"""Options that several commands of the command line share, and what their values mean."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from customerbase.errors import UsageError

__all__ = [
    "AsCsv",
    "AsJson",
    "AsOf",
    "AsTable",
    "Currency",
    "DateOrder",
    "Decimal",
    "EncodingName",
    "Files",
    "Force",
    "LayoutName",
    "Map",
    "Model",
    "NSegments",
    "Prepare",
    "Rate",
    "SchemeName",
    "Seed",
    "StoredAsOf",
    "With",
    "Without",
    "check_one",
    "parse_map",
    "parse_prepare",
    "parse_rates",
    "parse_rules",
    "parse_scheme",
]

Files = Annotated[
    list[str],
    typer.Argument(
        help="CSV, JSON, Parquet, XLSX, XLSB, XLS or ODS files, folders of Parquet parts, patterns, - for a pipe, "
        "or the URL of a database.",
        metavar="FILE...",
    ),
]
AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        help="Date of the snapshot, exclusive; by default the day after the last order, else the last coupon.",
        metavar="YYYY-MM-DD",
    ),
]
StoredAsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Date of the snapshot; by default the latest that there is.", metavar="YYYY-MM-DD"),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help="kmeans (default), minibatch_kmeans, gaussian_mixture, ward, average, complete, dbscan, hdbscan, "
        "rfm, value_tree, or a TOML file of your own segments.",
        metavar="NAME|FILE.toml",
    ),
]
NSegments = Annotated[
    int | None,
    typer.Option(
        "--n-segments",
        help="At least 2; by default k-means chooses, others make 6. Not for dbscan, hdbscan and rfm.",
    ),
]
Prepare = Annotated[
    list[str] | None,
    typer.Option(
        "--prepare",
        help="How features are prepared: columns=a,b, one_hot=a,b, transform=signed_log|power|quantile|none, "
        "winsorize=0.01:0.99, scale=standard|robust|none, pca=2. Can be given several times.",
        metavar="NAME=VALUE",
    ),
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
    str | None,
    typer.Option("--layout", help="Name of a known layout, or a TOML file with one; by default it is recognised."),
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
Currency = Annotated[
    str | None,
    typer.Option("--currency", help="Keep this currency alone, and those with a rate.", metavar="CODE"),
]
Rate = Annotated[
    list[str] | None,
    typer.Option(
        "--rate",
        help="What one unit of another currency is worth in that of --currency: USD=0.92. Can be given several times.",
        metavar="CODE=WORTH",
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", help="Switch a cleaning rule off. Can be given several times.", metavar="RULE"),
]
SchemeName = Annotated[
    str | None,
    typer.Option(
        "--scheme",
        help="RFM segments: a published scheme, a TOML file of your own, or none for each combination of scores.",
        metavar="NAME|FILE",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
AsTable = Annotated[bool, typer.Option("--table", help="Print a table to read (the default).")]


def parse_map(pairs: Sequence[str] | None) -> dict[str, str] | None:
    """Give the columns that `--map` names, by canonical name; None where it was not given.

    Examples
    --------
    >>> parse_map(["order_id=Invoice", "amount=Total = all"])
    {'order_id': 'Invoice', 'amount': 'Total = all'}
    """
    return _parse_pairs("--map", "NAME=COLUMN, such as order_id=Invoice", pairs)


def parse_rates(pairs: Sequence[str] | None) -> dict[str, str] | None:
    """Give the rates that `--rate` names, by code; None where it was not given.

    Examples
    --------
    >>> parse_rates(["USD=0.92"])
    {'USD': '0.92'}
    """
    return _parse_pairs("--rate", "CODE=WORTH, such as USD=0.92", pairs)


def parse_prepare(pairs: Sequence[str] | None) -> dict[str, str] | None:
    """Give what `--prepare` says, by name; None where it was not given.

    Examples
    --------
    >>> parse_prepare(["columns=frequency,monetary", "pca=2"])
    {'columns': 'frequency,monetary', 'pca': '2'}
    """
    return _parse_pairs("--prepare", "NAME=VALUE, such as scale=robust", pairs)


def _parse_pairs(option: str, form: str, pairs: Sequence[str] | None) -> dict[str, str] | None:
    options = {}
    for pair in pairs or ():
        name, equals, value = pair.partition("=")
        if not (name and equals and value):
            raise UsageError(f"{option} must be written as {form}. Got {pair!r} instead.")
        options[name.strip()] = value
    return options or None


def parse_rules(switch_on: Sequence[str] | None, switch_off: Sequence[str] | None) -> dict[str, bool] | None:
    """Give whether each rule that `--with` or `--without` names is on; None where neither was given.

    Examples
    --------
    >>> parse_rules(["drop_repeated_lines"], ["guest"])
    {'drop_repeated_lines': True, 'guest': False}
    """
    rules = {**dict.fromkeys(switch_on or (), True), **dict.fromkeys(switch_off or (), False)}
    return rules or None


def parse_scheme(scheme: str | None, model: str | None) -> dict[str, Any]:
    """Give the options that `--scheme` stands for: it asks for the model rfm.

    Examples
    --------
    >>> parse_scheme("klaviyo-6", None)
    {'model': 'rfm', 'rfm': {'scheme': 'klaviyo-6'}}
    >>> parse_scheme(None, "kmeans")
    {'model': 'kmeans'}
    """
    if scheme is None:
        return {"model": model}
    if model not in (None, "rfm"):
        raise UsageError(f"--scheme is for --model rfm. Got --model {model} instead: leave one of them out.")
    return {"model": "rfm", "rfm": {"scheme": scheme}}


def check_one(*formats: bool) -> None:
    """Refuse several of `--json`, `--csv` and `--table`.

    Examples
    --------
    >>> check_one(False, True, False)
    """
    if sum(formats) > 1:
        raise UsageError("Choose one of --json, --csv and --table.")
