"""The wheel: it holds what the package needs and nothing else, and it works where there is no checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from customerbase.synthetic import make_shop

_CHECKOUT = Path(__file__).resolve().parents[1]


def _run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with what is installed."""
    folder = tmp_path_factory.mktemp("wheel")
    _run("-m", "build", "--wheel", "--no-isolation", "--outdir", folder, _CHECKOUT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_wheel_holds_the_package_alone(wheel: Path) -> None:
    """The wheel has every file of the package, the licence, and neither tests nor data."""
    package = _CHECKOUT / "src"
    expected = {
        path.relative_to(package).as_posix()
        for path in (package / "customerbase").rglob("*")
        if path.is_file() and path.suffix in {".py", ".toml", ".typed", ".html", ".css", ".js"}
    }
    names = set(zipfile.ZipFile(wheel).namelist())
    held = {name for name in names if ".dist-info/" not in name}
    assert held == expected
    assert {"customerbase/py.typed", "customerbase/segmentation/playbook.toml"} <= held
    assert "customerbase/segmentation/schemes.toml" in held
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_wheel_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Installed from the wheel, the command goes from an export to segments."""
    site = tmp_path / "site"
    _run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index",
         "--target", site, wheel, cwd=tmp_path)  # fmt: skip
    orders = make_shop(tmp_path / "made", n_lines=1_000, write_csv=True).order_lines_csv
    assert orders is not None
    home = _run("-c", "import customerbase; print(customerbase.__file__)", cwd=tmp_path, PYTHONPATH=str(site))
    assert Path(home.strip()).is_relative_to(site)
    command = "from customerbase.cli import main; main()"
    printed = _run("-c", command, "-w", "shop", "run", orders, "--model", "rfm", cwd=tmp_path, PYTHONPATH=str(site))
    assert printed.startswith("1,000 rows read from order_lines.csv (customerbase)")
    assert "Champions" in printed
    assert (tmp_path / "shop" / "workspace.json").is_file()
