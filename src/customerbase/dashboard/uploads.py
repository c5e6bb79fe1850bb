"""Uploads: exports that somebody drops onto a page, each run into a workspace of its own by a process of its own."""

import re
import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from customerbase.errors import UsageError
from customerbase.workspace.storage import plain_faults

__all__ = ["SUFFIXES", "Upload", "find_upload", "list_uploads", "plain_name", "start_upload"]

SUFFIXES = (
    "csv", "tsv", "txt", "gz", "zip", "zst", "json", "jsonl", "ndjson", "parquet", "xlsx", "xlsm", "xlsb", "xls", "ods"
)  # fmt: skip
"""What may be uploaded, by the end of its name."""

_PROGRAM = "from customerbase.cli import run_program; run_program()"
_LONGEST_NAME = 60
_LOG = "run.log"
"""What the process says; no export ends like that."""

_uploads: dict[str, "Upload"] = {}
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Upload:
    """One uploaded export: its key in URLs, its name, its workspace, and the process that runs it."""

    key: str
    name: str
    workspace: Path
    process: "subprocess.Popen[bytes]"

    @property
    def is_running(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    @property
    def has_failed(self) -> bool:
        """Whether it ended without publishing a run."""
        return self.process.poll() not in {None, 0}

    @property
    def said(self) -> str:
        """The last line that the process wrote: a step of the work, or its fault."""
        lines = (self.workspace / "upload" / _LOG).read_text(encoding="utf-8", errors="replace").splitlines()
        last = next((line for line in reversed(lines) if line.strip()), "")
        return re.sub(r"^(Error:|\s*[\d.]+ s)\s*", "", last)


def find_upload(key: str) -> Upload | None:
    """Find an upload of this server by its key, which nobody can guess.

    Examples
    --------
    >>> find_upload("../../etc") is None
    True
    """
    return _uploads.get(key)


def list_uploads() -> list[Upload]:
    """List the uploads of this server, the newest first."""
    return list(reversed(_uploads.values()))


def start_upload(
    folder: Path, name: str, content: bytes, memory_limit: str | None = None, threads: int | None = None
) -> Upload:
    """Write an export into a new workspace, and begin to run it there; nothing else is touched.

    Parameters
    ----------
    folder
        Where the workspaces of uploads lie; it is made if need be.
    name
        The name of the file as the browser tells it; no path in it is followed.
    content
        The file.
    memory_limit, threads
        Of DuckDB.

    Raises
    ------
    UsageError
        Another upload is still being run, or the name does not end like an export.
    WorkspaceError
        The disk refuses.
    """
    safe = plain_name(name)
    with _LOCK:
        if any(each.is_running for each in _uploads.values()):
            raise UsageError("Another export is being run. Wait until it is done, and try again.")
        with plain_faults(folder):
            workspace = _make_folder(folder, safe)
            file = workspace / "upload" / safe
            file.write_bytes(content)
            process = _start(workspace, file, memory_limit, threads)
        upload = Upload(secrets.token_urlsafe(12), safe, workspace, process)
        _uploads[upload.key] = upload
        return upload


def plain_name(name: str) -> str:
    """Give a name of a file as it may stand on the disk: the end of it, without a path, in letters and digits.

    Raises
    ------
    UsageError
        It does not end like an export, or nothing stands before that.

    Examples
    --------
    >>> plain_name("../../<b>orders</b>.csv"), plain_name("a file.csv.gz")
    ('b-.csv', 'a-file.csv.gz')
    """
    plain = re.sub(r"[^\w.-]+", "-", Path(name.replace("\\", "/")).name)[-_LONGEST_NAME:].strip("-.")
    if plain.rpartition(".")[2].lower() not in SUFFIXES or not plain.rpartition(".")[0]:
        raise UsageError(f"An export ends in {', '.join(SUFFIXES)}. Got {plain or 'no name'!r} instead.")
    return plain


def _make_folder(folder: Path, name: str) -> Path:
    slug = re.sub(r"[^a-z0-9]+", "-", name.rpartition(".")[0].lower()).strip("-") or "export"
    for number in range(1, 10_000):
        workspace = folder / f"{number:04}-{slug}"
        if not any(folder.glob(f"{number:04}-*")):
            (workspace / "upload").mkdir(parents=True)
            return workspace
    raise UsageError(f"{folder} holds ten thousand uploads. Remove some of them.")


def _start(workspace: Path, file: Path, memory_limit: str | None, threads: int | None) -> "subprocess.Popen[bytes]":
    engine = [*(("--memory-limit", memory_limit) if memory_limit else ())]
    engine += ["--threads", str(threads)] if threads else []
    command = [sys.executable, "-c", _PROGRAM, "-w", str(workspace), "-v", *engine, "run", str(file)]
    with (file.parent / _LOG).open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)  # noqa: S603
