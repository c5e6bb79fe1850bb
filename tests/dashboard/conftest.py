"""One dashboard for all tests of this folder."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.dashboard.served import Looking, serve_in_process


@dataclass(frozen=True)
class Served:
    """A workspace that may be written to, and where it is shown."""

    workspace: Path
    home: Path
    address: str


@pytest.fixture(scope="package")
def served(
    chromium: Any,  # noqa: ARG001  (without a browser there is nobody to serve)
    finished_shop: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """A copy of the finished shop in the dashboard, which takes exports of 1 MB."""
    folder = tmp_path_factory.mktemp("served")
    workspace = Path(shutil.copytree(finished_shop, folder / "shop"))
    with serve_in_process(workspace, folder / "home", "--max-upload-mb", "1") as address:
        yield Served(workspace, folder / "home", address)


@pytest.fixture
def looking(served: Served, chromium: Any) -> Iterator[Looking]:
    """A fresh browser on the first page; at the end nothing may have gone wrong in it."""
    context = chromium.new_context(viewport={"width": 1280, "height": 1000}, accept_downloads=True)
    look = Looking(context.new_page(), served.address)
    yield look
    context.close()
    assert look.seen == []
