"""A folder of runs, published atomically: what one run writes is seen whole or not at all."""

from customerbase.workspace.manifest import UNDATED, Entry
from customerbase.workspace.run import Run
from customerbase.workspace.workspace import Workspace

__all__ = ["UNDATED", "Entry", "Run", "Workspace"]
