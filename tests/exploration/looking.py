"""What the tests of explorations look at: a few order lines, each a sound one but for what it says."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa

from customerbase.cleaning import Cleaned, clean
from customerbase.exploration import explore
from customerbase.schema import INGESTED_LINES, Dataset

__all__ = ["Rows", "clean_lines", "column", "look"]

Rows = list[dict[str, Any]]

_TYPES = {column.name: column.type for column in INGESTED_LINES}
_SOUND = {
    "source": "shop.csv", "customer_id": "ann", "ordered_at": datetime(2024, 5, 1), "product_id": "mug", "quantity": 1,
    "unit_price": 5, "amount": 5, "is_return": False, "is_adjustment": False,
}  # fmt: skip


def clean_lines(*lines: dict[str, Any], today: date | None = None, **rules: bool) -> Cleaned:
    """Clean a few ingested lines."""
    rows = []
    for row, line in enumerate(lines, start=2):
        made = dict.fromkeys(_TYPES) | _SOUND | {"source_row": row, "order_id": str(row)} | line
        rows.append({name: _typed(name, value) for name, value in made.items()})
    table = pa.Table.from_pylist(rows, schema=ibis.schema(_TYPES).to_pyarrow())
    return clean(Dataset(ibis.memtable(table)), today=today, rules=rules)


def _typed(name: str, value: Any) -> Any:
    return Decimal(value) if isinstance(value, int) and _TYPES[name].startswith("decimal") else value


def look(*lines: dict[str, Any], today: date | None = None, **rules: bool) -> dict[str, Rows]:
    """Explore a few lines: the rows of each table, in the order of its first column."""
    cleaned = clean_lines(*lines, today=today, **rules)
    return {
        name: table.order_by(table.columns[0]).to_pyarrow().to_pylist()
        for name, table in explore(cleaned.data, cleaned.set_aside).items()
    }


def column(rows: Rows, name: str) -> list[Any]:
    """Give one column of some rows."""
    return [row[name] for row in rows]
