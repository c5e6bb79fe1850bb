"""Segment generated customers by every method; print seconds, peak memory and the fidelity of the inductive ones.

`python -m benchmarks.methods` generates the shop, describes its customers, and runs each method in its own process;
`python -m benchmarks.methods METHOD FEATURES.parquet` and `python -m benchmarks.methods CUSTOMERS FOLDER` are these.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.__main__ import measure, row
from customerbase.segmentation.clustering import CLUSTERERS, make_clusterer
from customerbase.segmentation.segments import segment

LINES_PER_CUSTOMER = 16
"""Of a generated shop with 1.5 lines per order; a few more than it takes."""


def make_features(n_customers: int, folder: Path) -> None:
    """Generate a shop, and write the features of so many of its customers."""
    from customerbase.synthetic import make_shop
    from customerbase.workflow import Config, clean, features, ingest, open_workspace

    shop = make_shop(folder / "made", n_customers * LINES_PER_CUSTOMER, lines_per_order=1.5)
    workspace = open_workspace(folder / "shop", Config(memory_limit="3GB"))
    ingest(workspace, [shop.order_lines])
    clean(workspace)
    features(workspace)
    described = workspace.table("features")
    customers = described.filter(described.frequency > 0).order_by("customer_id").limit(n_customers)
    customers.to_parquet(folder / "features.parquet")


def run_method(name: str, path: str) -> None:
    """Segment the customers, and say what took how long."""
    import ibis

    started = time.perf_counter()
    table = ibis.read_parquet(path)

    def say(message: str) -> None:
        print(f"{time.perf_counter() - started:7.2f} s  {message}", flush=True)

    say("Reading")
    result = segment(table, make_clusterer(name), progress=say)
    say(f"{len(result.segments)} segments, {result.assignments.count().execute():,} customers")
    for note in result.notes:
        say(note)


def main() -> None:
    """Run all methods."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.methods", description=__doc__)
    parser.add_argument("--customers", type=int, nargs="*", default=[100_000, 1_000_000])
    options = parser.parse_args()
    for n_customers in options.customers:
        with tempfile.TemporaryDirectory() as folder:
            print(f"\n{n_customers:,} customers of a generated shop; ratio to k-means", flush=True)
            # In a process of its own: a child's peak memory is never below that of its parent.
            measure([sys.executable, "-m", "benchmarks.methods", str(n_customers), folder])
            path = Path(folder) / "features.parquet"
            base = None
            for name in CLUSTERERS:
                measured = measure([sys.executable, "-m", "benchmarks.methods", name, str(path)])
                base = base or measured
                row(name, measured, base)
                print(measured.output, flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] in CLUSTERERS:
        run_method(sys.argv[1], sys.argv[2])
    elif len(sys.argv) == 3 and sys.argv[1].isdecimal():
        make_features(int(sys.argv[1]), Path(sys.argv[2]))
    else:
        main()
