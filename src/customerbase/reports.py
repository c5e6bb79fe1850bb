"""Reports: the page that goes along with a run, its charts as files, and its content as plain values."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from customerbase.errors import UsageError
from customerbase.workspace import Run, Workspace
from customerbase.workspace.storage import plain_faults, shown

__all__ = ["read_report", "save_charts", "write_report"]

# What draws is imported within the functions: the workflow loads it in a thread while it reads.


def write_report(begun: Run, seen: Workspace, as_of: str | None = None, *, with_ids: bool = False) -> None:
    """Write the report of what a run leaves behind it; one that names customers is for the owner alone.

    Parameters
    ----------
    begun
        The run.
    seen
        The workspace as it will be: see `Workspace.preview`.
    as_of
        Date of the segments; by default the latest.
    with_ids
        Whether customers may be named.
    """
    from customerbase.report.page import make_page

    page = make_page(seen, as_of, version=version("customerbase"), with_ids=with_ids)
    begun.write_text("report", page, suffix=".html", private=with_ids)


def read_report(workspace: Workspace, as_of: str | None = None, *, with_ids: bool = False) -> dict[str, Any]:
    """Give what the report says as plain values: the summary, and the sections with their tables.

    Parameters
    ----------
    workspace
        An open workspace.
    as_of
        Date of the segments; by default the latest.
    with_ids
        Whether customers may be named.

    Raises
    ------
    WorkspaceError
        There are no segments, or not for this date.

    Examples
    --------
    >>> import tempfile
    >>> from customerbase.workflow import Config, demo, open_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = open_workspace(Path(folder, "shop"))
    ...     demo(shop, n_lines=1_000, config=Config(model="rfm"))
    ...     [section["key"] for section in read_report(shop)["sections"]][:4]
    ['base', 'export', 'findings', 'segments']
    """
    from customerbase.report.content import describe_content
    from customerbase.report.material import Material

    return describe_content(Material(workspace, as_of, with_ids=with_ids))


def save_charts(workspace: Workspace, folder: str | Path, as_of: str | None = None) -> list[Path]:
    """Save every chart of the report, with its title, as PNG, SVG and PDF; give the files.

    Parameters
    ----------
    workspace
        An open workspace.
    folder
        Where the files go; it is made if need be, and files of these names in it are replaced.
    as_of
        Date of the segments; by default the latest.

    Raises
    ------
    UsageError
        The folder is a file.
    WorkspaceError
        There are no segments, or not for this date; or the disk refuses.

    Examples
    --------
    >>> save_charts(Workspace("no-such-shop"), "charts")
    Traceback (most recent call last):
    ...
    customerbase.errors.WorkspaceError: There are no segments in ./no-such-shop. Run 'customerbase segment' first.
    """
    from customerbase.report.drawing import FILE_KINDS, save_chart
    from customerbase.report.material import Material
    from customerbase.report.page import pictures_of
    from customerbase.report.sections import make_sections

    target = Path(folder)
    pictures = [(picture.name, picture.make()) for picture in pictures_of(make_sections(Material(workspace, as_of)))]
    if target.exists() and not target.is_dir():
        raise UsageError(f"{shown(target)} is a file. Name a folder for the charts.")
    with plain_faults(target):
        target.mkdir(parents=True, exist_ok=True)
        return [save_chart(chart, target / f"{name}.{kind}") for name, chart in pictures for kind in FILE_KINDS]
