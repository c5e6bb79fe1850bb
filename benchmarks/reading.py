"""Read an export in one process: `python -m benchmarks.reading FILE` prints seconds of processor and ratios."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from customerbase.engine import connect, store
from customerbase.ingest.delimited import read_csv
from customerbase.ingest.formats import decide_formats
from customerbase.ingest.layouts import fit
from customerbase.ingest.mapping import ask_columns
from customerbase.ingest.numbers import parse_number
from customerbase.ingest.reading import read
from customerbase.ingest.times import parse_time

ROUNDS = 5


def as_text(file: Path) -> None:
    """Let DuckDB read all columns as text into a table."""
    duckdb.connect().read_csv(str(file), all_varchar=True).create("cells")


def as_cells(file: Path) -> None:
    """Read the cells: encoding, delimiter and every line checked."""
    read_csv(file, file.name, connect())


def as_typed_cells(file: Path) -> None:
    """Read the cells, decide how they are written, and cast numbers and dates."""
    connection = connect()
    sheet = read_csv(file, file.name, connection)[0]
    asked = ask_columns(sheet, fit(sheet.header))
    formats = decide_formats([asked])[0]
    numbers = {
        column: parse_number(sheet.cells[column], formats.number(name)) for name, column in asked.numbers.items()
    }
    times = {column: parse_time(sheet.cells[column], formats.time(name)) for name, column in asked.times.items()}
    store(connection, sheet.cells.select(**numbers, **times), "typed")


def as_lines(file: Path) -> None:
    """Read the order lines: formats decided, every cell cast, what cannot be read marked."""
    read(file)


def measure(step: Callable[[Path], None], file: Path) -> float:
    """Give the processor seconds of a step."""
    started = time.process_time()
    step(file)
    return time.process_time() - started


def main() -> None:
    """Measure the steps in turn, so that a busy machine is busy for all, and print the best of each."""
    file = Path(sys.argv[1])
    steps = (as_text, as_cells, as_typed_cells, as_lines)
    seconds = {
        step: min(times)
        for step, times in zip(
            steps, zip(*([measure(step, file) for step in steps] for _ in range(ROUNDS)), strict=True), strict=True
        )
    }
    for step in steps:
        print(f"{step.__doc__}  {seconds[step]:.2f} s cpu, {seconds[step] / seconds[as_text]:.2f} ×")


if __name__ == "__main__":
    main()
