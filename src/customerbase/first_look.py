"""The first look at a data set: explorations as files of a workspace, and back."""

from typing import Any

import ibis.expr.types as ir

from customerbase.exploration import EXPLORATIONS, explore
from customerbase.features.customers import is_in_base
from customerbase.schema import Dataset
from customerbase.workspace import Run, Workspace
from customerbase.workspace.manifest import UNDATED

__all__ = ["EXPLORED", "EXPLORED_LINES", "is_explored", "load_exploration", "write_exploration"]

_PREFIX = "explore_"

EXPLORED = {f"{_PREFIX}{name}": made.key for name, made in EXPLORATIONS.items()}
"""Name of each table that `write_exploration` writes, as far as there is something to look at → its key."""

EXPLORED_LINES = tuple(f"{_PREFIX}{name}" for name, made in EXPLORATIONS.items() if made.looks_at != "features")
"""Those without a date, which are no longer true of other lines."""


def write_exploration(begun: Run, data: Dataset, set_aside: ir.Table | None, features: ir.Table) -> None:
    """Explore clean data, the lines that were set aside and the features of a date, and write each table.

    Those made of features have their date. Those made of the cells may hold anything that the export does, and are for
    the owner alone.
    """
    as_of = features.as_of.max().to_pyarrow().as_py() or UNDATED
    for name, table in explore(data, set_aside, features.filter(is_in_base(features))).items():
        made = EXPLORATIONS[name]
        begun.write_table(
            f"{_PREFIX}{name}",
            table,
            order_by=made.key,
            as_of=as_of if made.looks_at == "features" else None,
            private=made.looks_at == "cells",
        )


def is_explored(workspace: Workspace, as_of: str | None = None) -> bool:
    """Tell whether a workspace holds an exploration of its lines, and of its features at a date, else the latest."""
    dates, held = workspace.dates("features"), {each.name for each in workspace.tables()}
    date = as_of or (dates[-1] if dates else None)
    has_lines = "order_lines" not in held or f"{_PREFIX}overview" in held
    return has_lines and date in workspace.dates(f"{_PREFIX}distributions")


def load_exploration(workspace: Workspace, as_of: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """Load what there is of an exploration: name as in `EXPLORATIONS` → rows in the order of its key.

    Parameters
    ----------
    workspace
        Where the tables lie.
    as_of
        Date of the features, YYYY-MM-DD; by default the latest.

    Raises
    ------
    WorkspaceError
        There is no exploration of this date.
    """
    held = {each.name for each in workspace.tables()}
    tables = {}
    for name, made in EXPLORATIONS.items():
        if f"{_PREFIX}{name}" in held:
            table = workspace.table(f"{_PREFIX}{name}", as_of if made.looks_at == "features" else None)
            tables[name] = table.order_by(list(made.key)).to_pyarrow().to_pylist()
    return tables
