"""What workspace.json says: for each table and date the run that holds it."""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from customerbase.errors import UsageError, WorkspaceError
from customerbase.workspace.storage import plain_faults, replace_file, shown

__all__ = [
    "FORMAT_VERSION",
    "MANIFEST_FILE",
    "TEMPORARY_FILE",
    "UNDATED",
    "UPGRADES",
    "AsOf",
    "Entry",
    "Manifest",
    "date_text",
    "read_manifest",
    "table_file",
    "upgrade",
    "write_manifest",
]

MANIFEST_FILE = "workspace.json"
TEMPORARY_FILE = ".workspace.json.tmp"
FORMAT_VERSION = 1
UNDATED = "undated"
"""The date of customers whose source has none."""

AsOf = dt.date | str | None

Document = dict[str, Any]
UPGRADES: Mapping[int, Callable[[Document], Document]] = {}
"""From each older format version, the step to the next one. There is no older one yet."""

RUN_NAME = re.compile(r"\d{4,}")
TABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")
SUFFIX = re.compile(r"\.[a-z0-9]+")


@dataclass(frozen=True)
class Entry:
    """One file of the workspace: which table, of which date, in which run.

    `rows` is None for what is not a table. `as_of` is an ISO date, `undated`, or None for what belongs to no date.

    Examples
    --------
    >>> Entry("features", "2011-12-10", ".parquet", "0003", 5878, 410_000, "9f…").file
    'features/as_of=2011-12-10.parquet'
    """

    name: str
    as_of: str | None
    suffix: str
    run: str
    rows: int | None
    bytes: int
    sha256: str

    @property
    def file(self) -> str:
        """Where the file lies within its run's folder."""
        return table_file(self.name, self.as_of, self.suffix)


@dataclass(frozen=True)
class Manifest:
    """The state of a workspace.

    `run` is the run that was published last, `previous_runs` are those that the state before this one still needed,
    and `input` is the fingerprint of what was read.
    """

    run: str | None = None
    entries: tuple[Entry, ...] = ()
    previous_runs: tuple[str, ...] = ()
    input: Mapping[str, Any] = field(default_factory=dict)

    @property
    def used_runs(self) -> frozenset[str]:
        """The runs that this state cannot do without."""
        current = () if self.run is None else (self.run,)
        return frozenset({*(entry.run for entry in self.entries), *current})


def date_text(as_of: AsOf) -> str | None:
    """Return a date as it stands in a file name.

    Parameters
    ----------
    as_of
        A date, an ISO date, `undated`, or None.

    Raises
    ------
    UsageError
        It is none of these.

    Examples
    --------
    >>> date_text(dt.date(2011, 12, 10)), date_text("undated"), date_text(None)
    ('2011-12-10', 'undated', None)
    >>> date_text("tomorrow")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: 'as_of' must be a date such as 2011-12-10. Got 'tomorrow' instead.
    """
    if as_of is None or as_of == UNDATED:
        return UNDATED if as_of else None
    try:
        return dt.date.fromisoformat(str(as_of)).isoformat()
    except ValueError:
        raise UsageError(f"'as_of' must be a date such as 2011-12-10. Got {str(as_of)!r} instead.") from None


def table_file(name: str, as_of: AsOf, suffix: str) -> str:
    """Return where a table lies within the folder of its run.

    Parameters
    ----------
    name
        Lower-case letters, digits and underscores.
    as_of
        The date of a snapshot, or None.
    suffix
        The kind of file, with its dot.

    Raises
    ------
    UsageError
        The name, the date or the suffix cannot be part of a file name.

    Examples
    --------
    >>> table_file("order_lines", None, ".parquet")
    'order_lines.parquet'
    >>> table_file("segments", "2011-12-10", ".json")
    'segments/as_of=2011-12-10.json'
    """
    if not TABLE_NAME.fullmatch(name):
        raise UsageError(f"A table's name has only a-z, 0-9 and _, and starts with a letter. Got {name!r} instead.")
    if not SUFFIX.fullmatch(suffix):
        raise UsageError(f"A suffix is a dot and then a-z or 0-9, such as '.json'. Got {suffix!r} instead.")
    date = date_text(as_of)
    return f"{name}{suffix}" if date is None else f"{name}/as_of={date}{suffix}"


def read_manifest(folder: Path) -> Manifest:
    """Return the state of a workspace; a folder that is missing or has no workspace.json is empty.

    Parameters
    ----------
    folder
        The workspace.

    Raises
    ------
    WorkspaceError
        The path is a file, workspace.json is damaged, or a newer version wrote it.

    Examples
    --------
    >>> read_manifest(Path("no-such-shop")).entries
    ()
    """
    with plain_faults(folder):
        if folder.exists() and not folder.is_dir():
            raise WorkspaceError(f"{shown(folder)} is a file. A workspace is a folder: choose another one with -w.")
        try:
            content = (folder / MANIFEST_FILE).read_bytes()
        except FileNotFoundError:
            return Manifest()
    return _parse(content, folder)


def _parse(content: bytes, folder: Path) -> Manifest:
    try:
        document = json.loads(content)
        version = int(document["format_version"])
        if version <= FORMAT_VERSION:
            return _manifest(upgrade(document))
    except (KeyError, TypeError, ValueError, RecursionError) as fault:
        raise WorkspaceError(
            f"{shown(folder / MANIFEST_FILE)} is damaged ({type(fault).__name__}). "
            "Restore it from a copy, or start again in another workspace with -w."
        ) from fault
    raise WorkspaceError(
        f"{shown(folder)} was written by a newer customerbase (workspace format {version}; this one knows up to "
        f"{FORMAT_VERSION}). Upgrade customerbase, or use another workspace with -w."
    )


def upgrade(
    document: Document, upgrades: Mapping[int, Callable[[Document], Document]] = UPGRADES, to: int = FORMAT_VERSION
) -> Document:
    """Return a document of an older format in the present one; the next run writes it so.

    Parameters
    ----------
    document
        The content of workspace.json.
    upgrades
        From each older version, the step to the next.
    to
        The version to reach.

    Raises
    ------
    KeyError
        There is no step from a version.

    Examples
    --------
    >>> steps = {1: lambda old: {"entries": old["tables"]}}
    >>> upgrade({"format_version": 1, "tables": []}, steps, to=2)
    {'entries': [], 'format_version': 2}
    """
    for version in range(int(document["format_version"]), to):
        document = upgrades[version](document) | {"format_version": version + 1}
    return document


def _manifest(document: Document) -> Manifest:
    """Check every name on the way in: a forged file must not lead out of the workspace."""
    entries = tuple(Entry(**entry) for entry in document["entries"])
    manifest = Manifest(document["run"], entries, tuple(document["previous_runs"]), dict(document["input"]))
    for entry in entries:
        table_file(entry.name, entry.as_of, entry.suffix)
    for run in (*manifest.used_runs, *manifest.previous_runs):
        if not RUN_NAME.fullmatch(run):
            raise ValueError(run)
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Publish a state: one atomic replacement of workspace.json.

    Parameters
    ----------
    folder
        The workspace.
    manifest
        The state that it is to show.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_manifest(Path(folder), Manifest(run="0001"))
    ...     read_manifest(Path(folder)).run
    '0001'
    """
    document = {
        "format_version": FORMAT_VERSION,
        "run": manifest.run,
        "previous_runs": sorted(manifest.previous_runs),
        "input": dict(manifest.input),
        "entries": [asdict(entry) for entry in sorted(manifest.entries, key=lambda entry: entry.file)],
    }
    temporary = folder / TEMPORARY_FILE
    temporary.write_text(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
    replace_file(folder / MANIFEST_FILE, temporary)
