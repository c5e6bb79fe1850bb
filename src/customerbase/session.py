"""Session: what the options before the verb say, and what every command does with it."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from customerbase.errors import WorkspaceError

if TYPE_CHECKING:
    from customerbase.config import Config
    from customerbase.workspace import Entry, Workspace

__all__ = ["Session", "find_newest"]

# Heavy modules are imported within the methods: --help answers at once.


_FOR_THE_REPORT = frozenset({"compare", "concordance", "evaluate", "explain", "project"})
"""Stages that make a part of the report without writing it."""


@dataclass
class Session:
    """What the options before the verb say."""

    workspace: Path = Path("shop")
    quiet: bool = False
    verbose: bool = False
    memory_limit: str | None = None
    threads: int | None = None
    spill_folder: str | None = None
    opened: "Workspace | None" = None
    answer: Any = None
    has_process: bool = False
    """Whether nothing else goes on in this process, so that options of libraries may be set."""

    def config(self, files: Sequence[str] = (), **given: Any) -> "Config":  # noqa: ANN401 - options are of every type
        """Read the options of the shop, those of this command over them."""
        from customerbase.config import read_config

        engine = {"memory_limit": self.memory_limit, "threads": self.threads, "spill_folder": self.spill_folder}
        return read_config(self.workspace, tuple(Path(file) for file in files), {**engine, **given})

    def open(self, config: "Config") -> "Workspace":
        """Open the workspace with the engine of the options."""
        import ibis

        from customerbase.workflow import open_workspace

        if self.has_process:
            # Engines merge nested queries anyhow. Where Ibis does it for them, whole commands take 3 to 4 % longer.
            ibis.options.sql.fuse_selects = False
        self.opened = open_workspace(self.workspace, config)
        return self.opened

    def close(self) -> None:
        """Close the engine, which takes what it has spilled off the disk."""
        if self.opened is not None:
            self.opened.connection.disconnect()

    def work(self, stage: str, config: "Config", **arguments: Any) -> "Workspace":  # noqa: ANN401
        """Run one stage of the workflow with progress, keep its answer, and give the workspace after it."""
        from customerbase import workflow
        from customerbase.terminal import show_progress

        workspace = self.open(config)
        # The clock is read here and nowhere else.
        with show_progress(quiet=self.quiet, verbose=self.verbose) as progress:
            self.answer = getattr(workflow, stage)(
                workspace, config=config, now=datetime.now().astimezone(), progress=progress, **arguments
            )
        if stage in _FOR_THE_REPORT and not self.quiet and sys.stderr.isatty():
            sys.stderr.write(f"Run '{self.command} report' to have this in the report.\n")
        return workspace

    def summarise(self, workspace: "Workspace", as_of: str | None) -> None:
        """Print the summary of the workspace."""
        from customerbase.report.summary import summarise
        from customerbase.terminal import print_summary, reader_may_leave

        if not self.quiet:
            with reader_may_leave():
                print_summary(summarise(workspace, as_of), self.command)

    def refuse_nothing(self, held: Sequence[object]) -> None:
        """Refuse to show a workspace that holds nothing: its name may be mistyped."""
        if not held:
            raise WorkspaceError(f"There is nothing in {self.workspace} yet. Run '{self.command} run FILE' first.")

    @property
    def command(self) -> str:
        """What is typed before a verb to speak of this workspace."""
        return "customerbase" if self.workspace == Path("shop") else f"customerbase -w {self.workspace}"

    def tell(self, message: str, *verbs: str) -> None:
        """Print a message and the commands that it advises, unless nothing is to be printed."""
        advice = " ".join(verb.replace("{}", self.command) for verb in verbs)
        if not self.quiet:
            from customerbase.terminal import reader_may_leave

            with reader_may_leave():
                sys.stdout.write(f"{message} {advice}".rstrip() + "\n")


def find_newest(workspace: "Workspace", name: str) -> "Entry":
    """Give the entry of a table that this command has written: of several dates, that of the newest run."""
    return max((each for each in workspace.tables() if each.name == name), key=lambda each: int(each.run))
