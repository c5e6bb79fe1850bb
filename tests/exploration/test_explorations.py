"""Explorations: every table against its definition in pandas, on a generated shop."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.exploration.oracle import ORACLE, Export, read_export

from customerbase.cleaning import clean
from customerbase.exploration import EXPLORATIONS, explore
from customerbase.features.customers import customer_features
from customerbase.ingest.reading import read
from customerbase.schema import Dataset
from customerbase.synthetic import Shop


@pytest.fixture(scope="session")
def looked_at(made_shop: Shop) -> tuple[dict[str, pd.DataFrame], Export]:
    """The tables of a generated shop, each in the order of its key, and the export from which they come."""
    assert made_shop.order_lines_csv is not None
    cleaned = clean(read(made_shop.order_lines_csv))
    features = customer_features(cleaned.data)
    tables = explore(cleaned.data, cleaned.set_aside, features)
    frames = {name: table.order_by(list(EXPLORATIONS[name].key)).to_pandas() for name, table in tables.items()}
    described = features.drop("as_of").to_pyarrow().to_pylist()
    export = read_export(Path(made_shop.order_lines_csv), pd.DataFrame(described, dtype=object))
    return frames, export


def comparable(frame: pd.DataFrame) -> pd.DataFrame:
    """Give numbers as floats and days as times, so that only what they say is compared."""
    plain = frame.astype(object).where(frame.notna(), None)
    return pd.DataFrame({name: [comparable_cell(cell) for cell in plain[name]] for name in plain})


def comparable_cell(cell: Any) -> Any:
    if isinstance(cell, bool | str) or cell is None:
        return cell
    return float(cell) if not hasattr(cell, "year") else pd.Timestamp(cell)


def test_every_table_has_a_definition() -> None:
    """The oracle knows all tables, in their order."""
    assert list(ORACLE) == list(EXPLORATIONS)


@pytest.mark.parametrize("name", ORACLE)
def test_table(name: str, looked_at: tuple[dict[str, pd.DataFrame], Export]) -> None:
    """Every row and every column of the table is what its definition says."""
    tables, export = looked_at
    expected = pd.DataFrame(ORACLE[name](export))
    assert set(tables[name].columns) == set(expected.columns)
    found, expected = comparable(tables[name]), comparable(expected[list(tables[name].columns)])
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-9, atol=1e-6)


@pytest.mark.parametrize("name", EXPLORATIONS)
def test_key(name: str, looked_at: tuple[dict[str, pd.DataFrame], Export]) -> None:
    """The key tells every two rows apart and has no gaps, and so settles how a table is stored."""
    rows = looked_at[0][name][list(EXPLORATIONS[name].key)]
    assert len(rows) > 0
    assert not rows.duplicated().any()
    assert rows.notna().all(axis=None)


def test_what_is_not_at_hand_has_no_table(tiny_clean: Dataset) -> None:
    """Without cells and features there are the tables of lines alone; without lines, those of features alone."""
    of_lines = {name for name, each in EXPLORATIONS.items() if each.looks_at == "lines"}
    assert set(explore(tiny_clean)) == of_lines
    features = customer_features(tiny_clean, "2024-03-01")
    no_orders = Dataset(tiny_clean.order_lines.limit(0), has_orders=False)
    of_features = {name for name, each in EXPLORATIONS.items() if each.looks_at == "features"}
    assert set(explore(no_orders, features=features)) == of_features
