"""Online Retail II, the real data that most of our figures are held against."""

from dataclasses import dataclass, replace
from pathlib import Path

from customerbase.cleaning import Cleaned, clean
from customerbase.engine import connect
from customerbase.ingest.reading import read
from customerbase.schema import Dataset


@dataclass(frozen=True)
class Retail:
    """Online Retail II as it came and as it was cleaned."""

    ingested: Dataset
    cleaned: Cleaned


def read_retail(data_folder: Path) -> Retail:
    """Read the CSV and clean it, and keep what comes of it."""
    ingested = read(data_folder / "online_retail_II.csv", connection=connect())
    cleaned = clean(ingested)
    held = {name: getattr(cleaned, name).cache() for name in ("quarantine", "set_aside")}
    return Retail(ingested, replace(cleaned, data=Dataset(cleaned.data.order_lines.cache()), **held))
