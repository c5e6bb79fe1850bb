"""Measure the product against its rivals in one run; print seconds, memory and ratios.

Seconds of a shared machine say little; ratios of one run say more. Each measurement is a process of its own, so that
its peak memory is its own.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CLI = (sys.executable, "-c", "from customerbase.cli import run_program; run_program()")


@dataclass(frozen=True)
class Measured:
    """Wall and processor seconds and peak memory of one process, with what it printed."""

    wall_seconds: float
    cpu_seconds: float
    peak_gib: float
    output: str


def measure(command: Sequence[str]) -> Measured:
    """Run a process to its end, and refuse to call a failure a measurement."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=CHECKOUT)
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - started
        output.seek(0)
        text = output.read()
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{text}")
    return Measured(wall_seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20, text)


def row(name: str, measured: Measured, base: Measured | None = None) -> None:
    """Print one line of a table, as a ratio to its base."""
    ratio = f"{measured.wall_seconds / base.wall_seconds:7.2f} ×" if base else ""
    used = f"{measured.wall_seconds:8.2f} s {measured.cpu_seconds:8.2f} s cpu {measured.peak_gib:6.2f} GiB"
    print(f"{name:32s} {used} {ratio}", flush=True)


def run_export(export: Path, folder: Path) -> Measured:
    """Measure the whole `run` of an export into a new workspace."""
    return measure([*CLI, "-v", "-w", str(folder / f"shop {export.name}"), "run", str(export)])


def bench_run(data: Path, folder: Path) -> None:
    """Measure the whole run on Online Retail II, its stages, and the notebook that does the same."""
    print("\nThe whole run on Online Retail II; ratio to the notebook")
    export = data / "online_retail_II.csv"
    notebook = measure([sys.executable, "-m", "benchmarks.notebook", str(export), str(folder / "notebook")])
    row("notebook, CSV", notebook, notebook)
    csv = run_export(export, folder)
    row("customerbase run, CSV", csv, notebook)
    row("customerbase run, XLSX", run_export(data / "online_retail_II.xlsx", folder), notebook)
    row(
        "import of scikit-learn alone (how fast is this machine?)",
        measure([sys.executable, "-c", "import sklearn.cluster"]),
        notebook,
    )
    print("\nStages of the run on the CSV, seconds since its start")
    print("\n".join(line for line in csv.output.splitlines() if " s  " in line))


def bench_reading(data: Path) -> None:
    """Measure reading alone against DuckDB with all columns as text, in one process."""
    print("\nReading the CSV; ratio to DuckDB with the same columns as text")
    print(measure([sys.executable, "-m", "benchmarks.reading", str(data / "online_retail_II.csv")]).output.strip())


def bench_features(lines: Path) -> None:
    """Measure the features against hand-written SQL of the same columns, twice each in turn."""
    print("\nFeatures of 10 M generated lines; ratio to hand-written SQL")
    for _ in range(2):
        by_hand = measure([sys.executable, "-m", "benchmarks.features", "sql", str(lines)])
        row("hand-written SQL", by_hand, by_hand)
        row("customer_features", measure([sys.executable, "-m", "benchmarks.features", "ibis", str(lines)]), by_hand)
    print(measure([sys.executable, "-m", "benchmarks.features", "compare", str(lines)]).output.strip())


def bench_sizes(sizes: Sequence[int], folder: Path) -> dict[int, Path]:
    """Measure generating and running shops of several sizes, in millions of lines."""
    print("\nGenerated shops from Parquet, whole run; ratio to 10 M lines")
    exports, measured = {}, {}
    for size in sizes:
        code = f"from customerbase.synthetic import make_shop; make_shop({str(folder / f'{size}M')!r}, {size}_000_000)"
        row(f"make_shop, {size} M lines", measure([sys.executable, "-c", code]))
        exports[size] = folder / f"{size}M" / "order_lines.parquet"
        measured[size] = run_export(exports[size].rename(folder / f"{size}M.parquet"), folder)
        row(f"customerbase run, {size} M lines", measured[size], measured.get(10))
    return {size: folder / f"shop {size}M.parquet" for size in sizes}


def main() -> None:
    """Run the benchmarks that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    default = Path(os.environ.get("CUSTOMERBASE_DATA", CHECKOUT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=default, help="folder with online_retail_II.csv and .xlsx")
    parser.add_argument("--sizes", type=int, nargs="*", default=[1, 10, 50], help="millions of generated lines")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if (options.data / "online_retail_II.csv").is_file():
            bench_reading(options.data)
            bench_run(options.data, folder)
        else:
            print(f"Online Retail II is not in {options.data}: its benchmarks are left out.")
        workspaces = bench_sizes(options.sizes, folder)
        if 10 in workspaces:
            bench_features(next(workspaces[10].glob("runs/*/order_lines.parquet")))


if __name__ == "__main__":
    main()
