"""Run the commands in the console blocks of a page, and put what they print beneath them.

Run `python docs/examples.py` after a change of what a command prints; a test fails while a page shows something else.
"""

import hashlib
import io
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from customerbase.cli import main as customerbase

__all__ = ["PAGES", "SAMPLES", "main", "refresh"]

FOLDER = Path(__file__).parent
SAMPLES = FOLDER / "samples"
_NAMES = (
    "tutorial.md",
    "exports.md",
    "cleaning.md",
    "checkup.md",
    "explore.md",
    "segmentation.md",
    "rfm.md",
    "own-segments.md",
    "newcomers.md",
    "explaining.md",
    "report.md",
    "workspace.md",
)
PAGES = (
    FOLDER.parent / "README.md",
    *(FOLDER / name for name in _NAMES),
)
"""Each page starts in a folder of its own that holds the files of `samples`."""

WIDTH = 110
N_LINES = 24
_BLOCK = re.compile(r"(?<=```console\n).*?(?=\n```)", re.DOTALL)
_CONTINUED = " " * 16
_FULL = 130
_LABEL = re.compile(r"  [A-Z][\w ]*: ")
"""A line of at least so many signs may go on in the next one, unless that begins with a label."""


def refresh(page: str, folder: Path, begun: Path) -> str:
    """Give a page with the commands of its console blocks run in a folder of samples, one after the other.

    Several pages begin with the same command: what it prints and leaves is kept in the folder `begun` for the next one.
    """
    with chdir(folder):
        commands = _commands("\n".join(_BLOCK.findall(page)))
        said = iter([_begin(commands[0], begun)] if commands else [])
        return _BLOCK.sub(lambda block: "\n".join(_run_block(block[0], said)), page)


def _commands(block: str) -> list[str]:
    return [line for line in block.splitlines() if line.startswith("$ ")]


def _run_block(block: str, said: Iterator[str]) -> list[str]:
    """Run the commands of a block but for one whose output is known."""
    outputs = ((command, next(said, None)) for command in _commands(block))
    return [
        line for command, known in outputs for line in (command, *_shorten(_run(command) if known is None else known))
    ]


def _begin(command: str, begun: Path) -> str:
    kept = begun / hashlib.sha256(command.encode()).hexdigest()
    if not kept.exists():
        said = _run(command)
        shutil.copytree(".", kept / "folder")
        (kept / "said").write_text(said, encoding="utf-8")
    shutil.copytree(kept / "folder", ".", dirs_exist_ok=True)
    return (kept / "said").read_text(encoding="utf-8")


def _run(command: str) -> str:
    words = shlex.split(command.removeprefix("$ "))
    if words[0] == "head":
        lines = Path(words[2]).read_text(encoding="utf-8").splitlines()
        return "\n".join(lines[: -int(words[1])])
    # Standard output and error as one stream, which has bytes beneath it as the real ones have.
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with mock.patch.object(sys, "argv", words), redirect_stdout(stream), redirect_stderr(stream):
        try:
            customerbase()
        except SystemExit:
            stream.seek(0)
    return stream.read()


def _shorten(output: str) -> list[str]:
    """Cut long lines, and leave out those that only go on with a cut one, and the end; a message stays whole."""
    lines: list[str] = []
    is_full = False
    for line in map(str.rstrip, output.splitlines()):
        is_cut = bool(lines) and lines[-1].endswith("…")
        goes_on = is_full and line.startswith("  ") and not _LABEL.match(line)
        if is_cut and (line.startswith(_CONTINUED) or goes_on):
            continue
        is_full = len(line) >= _FULL
        is_long = len(line) > WIDTH and not line.startswith("Error:")
        lines.append(f"{line[: WIDTH - 1].rstrip()}…" if is_long else line)
    return lines if len(lines) <= N_LINES else [*lines[:N_LINES], "…"]


def main() -> None:
    """Refresh every page of `PAGES`."""
    with tempfile.TemporaryDirectory() as begun:
        for page in PAGES:
            with tempfile.TemporaryDirectory() as folder:
                shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
                text = page.read_text(encoding="utf-8")
                page.write_text(refresh(text, Path(folder), Path(begun)), encoding="utf-8")


if __name__ == "__main__":
    main()
