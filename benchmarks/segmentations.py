"""What every segmentation of Online Retail II is worth out of time: the table of docs/choosing.md.

At three dates the customers are segmented in every way with 4, 5, 6 and 8 segments, and held against what they bought
in the next 90 days. Printed are the mean share of the reference model's value, and the smallest segment of the three.
"""

import argparse
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sklearn.base import clone

from customerbase.cleaning import clean
from customerbase.engine import connect
from customerbase.evaluation import all_models
from customerbase.features.customers import customer_features
from customerbase.features.targets import HORIZON_DAYS, value_target
from customerbase.ingest.reading import read
from customerbase.schema import Dataset
from customerbase.segmentation.clustering import FINDS_NUMBER
from customerbase.segmentation.out_of_time import REFERENCE_MODEL, OutOfTime, evaluate_segmentations

DATES = (date(2011, 9, 10), date(2011, 6, 10), date(2011, 3, 10))
SIZES = (4, 5, 6, 8)
UNWINSORISED = "kmeans, not winsorised"
FIXED = {*FINDS_NUMBER, "rfm", "rfm cells"}
"""Models whose number of segments nobody chooses."""


@dataclass(frozen=True)
class Tables:
    """Features and target of a date, and of the date a horizon before."""

    features: Any
    target: Any
    earlier: Any
    earlier_target: Any


def make_tables(data: Dataset, as_of: date, horizon_days: int = HORIZON_DAYS) -> Tables:
    before = as_of - timedelta(days=horizon_days)
    made = [each for day in (as_of, before) for each in (customer_features(data, day), value_target(data, day))]
    return Tables(*(table.cache() for table in made))


def make_models(n_segments: int, random_state: int = 0) -> dict[str, Any]:
    """Make all models of the package, and k-means without winsorising."""
    models: dict[str, Any] = dict(all_models(n_segments, random_state))
    plain = clone(models["kmeans"])
    plain.steps = [(name, step) for name, step in plain.steps if name != "winsorize"]
    return {UNWINSORISED: plain, **models}


def measure(tables: Tables, models: Mapping[str, Any]) -> dict[str, OutOfTime]:
    found = evaluate_segmentations(models, tables.features, tables.target, tables.earlier, tables.earlier_target)
    return {each.segmentation: each for each in found}


def print_dates(found: Mapping[date, Mapping[str, OutOfTime]]) -> None:
    print("| at | customers | buy in the next 90 days | reference model | 5×5×5 RFM cells |")
    print("| --- | --- | --- | --- | --- |")
    for day, measured in found.items():
        reference, cells = measured[REFERENCE_MODEL], measured["rfm cells"]
        figures = f"{reference.spend_eta_squared:.3f} | {cells.spend_eta_squared:.3f}"
        print(f"| {day} | {reference.n_customers:,} | {reference.buyers_share:.1%} | {figures} |")


def print_methods(by_size: Mapping[int, Mapping[date, Mapping[str, OutOfTime]]]) -> None:
    sizes = list(by_size)
    print(f"| segmentation | {' | '.join(f'k = {k}' for k in sizes)} |\n| --- |{' --- |' * len(sizes)}")
    names = [name for name in make_models(2) if name not in FIXED]
    for name in names:
        cells = (_say(measured[name] for measured in by_size[k].values()) for k in sizes)
        print(f"| {name} | {' | '.join(cells)} |")
    some = by_size[sizes[0]]
    for name in sorted(FIXED):
        counts = sorted({measured[name].n_segments or 0 for measured in some.values()})
        says = _say(measured[name] for measured in some.values())
        print(f"| {name} ({_say_range(counts)}) | {says} |{' |' * (len(sizes) - 1)}")


def _say_range(counts: Sequence[int]) -> str:
    return f"{counts[0]}" if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"


def _say(found: Iterable[OutOfTime]) -> str:
    measured = list(found)
    share = sum(each.share_of_reference or 0 for each in measured) / len(measured)
    return f"{share:.3f}, {min(each.smallest_share or 0 for each in measured):.1%}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.segmentations", description=__doc__)
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("CUSTOMERBASE_DATA", default)))
    options = parser.parse_args(arguments)
    cleaned = clean(read(options.data / "online_retail_II.csv", connection=connect()))
    tables = {day: make_tables(Dataset(cleaned.data.order_lines.cache()), day) for day in DATES}
    by_size = {k: {day: measure(tables[day], make_models(k)) for day in DATES} for k in SIZES}
    print_dates(by_size[SIZES[0]])
    print()
    print_methods(by_size)


if __name__ == "__main__":
    main()
