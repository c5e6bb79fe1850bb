"""Files for other tools: the segmented customers, all or by segment, and any table of a workspace."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa

from customerbase.errors import UsageError
from customerbase.workspace import Workspace

__all__ = ["export", "export_by_segment", "export_table"]


def export(
    workspace: Workspace,
    file: str | Path,
    *,
    as_of: str | None = None,
    segments: Sequence[str] = (),
    overwrite: bool = False,
) -> int:
    """Write the segmented customers of a date with their features to a CSV, Parquet or XLSX file; give their number.

    Parameters
    ----------
    workspace
        Where the tables lie.
    file
        The file to write; its suffix says the format.
    as_of
        Date of the segments; by default the latest.
    segments
        Names of the segments that are wanted; none means all.
    overwrite
        Whether a file that stands there may go.

    Raises
    ------
    UsageError
        There is no such segment, or the file cannot be written.
    WorkspaceError
        There are no segments, or not for this date.

    Examples
    --------
    >>> import tempfile
    >>> from customerbase.workflow import Config, demo, open_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = open_workspace(Path(folder, "shop"))
    ...     demo(shop, n_lines=1_000, config=Config(model="rfm"))
    ...     n_customers = export(shop, Path(folder, "customers.csv"))
    ...     n_customers == shop.table("assignments").count().execute()
    True
    """
    from customerbase.report.exports import write_export

    assignments = workspace.table("assignments", as_of)
    stored = workspace.json("segments", as_of)
    names = [each["name"] for each in stored["segments"]]
    wanted_names = [_find_segment(name, names) for name in segments] or names
    described = workspace.table("features", stored["as_of"]).drop("as_of")
    wanted = assignments.filter(assignments.segment.isin(wanted_names))
    table = wanted.join(described, "customer_id").order_by("customer_id")
    write_export(table, file, overwrite=overwrite)
    return int(wanted.count().execute())


def export_by_segment(
    workspace: Workspace, file: str | Path, *, as_of: str | None = None, overwrite: bool = False
) -> dict[Path, int]:
    """Write one file per segment, named after the file that is given; give the customers in each.

    Parameters
    ----------
    workspace
        Where the tables lie.
    file
        Such as `customers.xlsx`, which makes `customers-1-champions.xlsx` and so on beside it.
    as_of
        Date of the segments; by default the latest.
    overwrite
        Whether files that stand there may go.

    Raises
    ------
    UsageError
        A file cannot be written.
    WorkspaceError
        There are no segments, or not for this date.

    Examples
    --------
    >>> export_by_segment(Workspace("no-such-shop"), "customers.csv")
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: There are no segments in ./no-such-shop. Run 'customerbase segment' first.
    """
    target = Path(file)
    stored = workspace.json("segments", as_of)
    places = {one["name"]: target.with_name(f"{target.stem}-{_slug(one)}{target.suffix}") for one in stored["segments"]}
    return {
        place: export(workspace, place, as_of=stored["as_of"], segments=[name], overwrite=overwrite)
        for name, place in places.items()
    }


def _slug(one: Mapping[str, Any]) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", one["name"].casefold()).strip("-")
    return f"{one['id']}-{words}".rstrip("-")


def export_table(
    workspace: Workspace, name: str, file: str | Path, *, as_of: str | None = None, overwrite: bool = False
) -> int:
    """Write any table of a workspace to a CSV, Parquet or XLSX file, with typed columns; give its number of rows.

    What only its owner may read stays so.

    Parameters
    ----------
    workspace
        Where the tables lie.
    name
        One of the names that `customerbase tables` lists.
    file
        The file to write; its suffix says the format.
    as_of
        Date of the table; by default the latest.
    overwrite
        Whether a file that stands there may go.

    Raises
    ------
    UsageError
        There is no such table, or the file cannot be written.
    WorkspaceError
        The table is not there for this date.

    Examples
    --------
    >>> export_table(Workspace("no-such-shop"), "audit", "audit.csv")
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: There is nothing in no-such-shop yet. Run 'customerbase run FILE' first.
    """
    from customerbase.report.exports import write_export
    from customerbase.report.listing import find_table, flatten

    found = flatten(find_table(workspace, name, as_of))
    suffix = ".parquet" if isinstance(found, ir.Table) else ".json"
    is_private = not workspace.file(name, as_of, suffix).stat().st_mode & 0o077
    table = found if isinstance(found, ir.Table) else pa.Table.from_pylist(found)
    write_export(table, file, overwrite=overwrite, private=is_private)
    return int(found.count().execute()) if isinstance(found, ir.Table) else len(found)


def _find_segment(name: str, names: Sequence[str]) -> str:
    found = next((known for known in names if known.casefold() == name.casefold()), None)
    if found is None:
        raise UsageError(f"There is no segment {name!r}. The segments are {', '.join(names)}.")
    return found
