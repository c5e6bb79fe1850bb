"""What takes long to make: made once, however many workers there are, and copied for each of them."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def make_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Give a copy of the folder that the first worker to ask for it has filled; the others wait for that."""
    own = factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    made, part = root / f"{name}.made", root / f"{name}.part"
    with FileLock(root / f"{name}.lock"):
        if not made.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            make(part)
            part.rename(made)
    return Path(shutil.copytree(made, factory.mktemp(name), dirs_exist_ok=True))
