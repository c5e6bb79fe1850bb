"""The command line as the tests call it, exports that they write, and what a workspace holds."""

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from customerbase.cli import main

HEADER = "order_id,customer_id,ordered_at,product_id,quantity,unit_price"
OUTCOME = ["rule", "kind", "rows", "customers", "amount", "share", "table"]
SEGMENT = [
    "id", "name", "color", "n_customers", "share", "revenue_share", "profile", "traits", "archetype", "strategy", "fit",
    "runner_up", "runner_up_fit", "contrasts", "journey",
]  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class CommandLine:
    """Calls `customerbase` in this process."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str | Path) -> Answer:
        """Call it, whatever comes of it."""
        self.monkeypatch.setattr(sys, "argv", ["customerbase", *map(str, words)])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = self.capsys.readouterr()
        return Answer(int(end.value.code or 0), out, err)

    def good(self, *words: str | Path) -> Answer:
        """Call it, and be sure that it went well."""
        answer = self(*words)
        assert answer.status == 0, answer.err
        assert answer.err == ""
        return answer


def write_orders(path: Path, rows: Iterable[str], header: str = HEADER) -> Path:
    """Write a CSV."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def many_orders() -> list[str]:
    """Ninety orders of nine customers in half a year of 2024, one line each."""
    return [
        f"{number},c{number % 9},2024-0{1 + number % 6}-{1 + number % 27:02} 10:00,mug,{1 + number % 3},"
        f"{1 + number % 7}.50"
        for number in range(90)
    ]


def listing(folder: Path) -> dict[str, str]:
    """Give each file below a folder with its hash, and each folder."""
    paths = sorted(folder.rglob("*")) if folder.is_dir() else []
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in paths
    }


def data_tables(workspace: Path) -> dict[str, str]:
    """Give the hash of each file of the present state, checked against what stands on the disk."""
    entries = json.loads((workspace / "workspace.json").read_bytes())["entries"]
    hashes = {}
    for entry in entries:
        date = f"/as_of={entry['as_of']}" if entry["as_of"] else ""
        file = f"{entry['name']}{date}{entry['suffix']}"
        content = (workspace / "runs" / entry["run"] / file).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        hashes[file] = entry["sha256"]
    return hashes
