import numpy as np
import pyarrow as pa
import pytest

from customerbase.synthetic.catalogue import make_catalogue
from customerbase.synthetic.chunks import draw_chunks
from customerbase.synthetic.parameters import ShopParameters
from customerbase.synthetic.population import make_population
from customerbase.synthetic.tables import order_line_table


@pytest.fixture(scope="module")
def tables() -> list[pa.Table]:
    """The lines of a shop that is streamed in chunks of about 3,000."""
    parameters = ShopParameters(n_lines=20_000)
    catalogue = make_catalogue(np.random.default_rng(0), 200)
    chunks = draw_chunks(parameters, make_population(parameters), catalogue, lines_per_chunk=3_000)
    return [order_line_table(chunk, catalogue, parameters) for chunk in chunks]


def test_chunks_make_up_the_shop(tables: list[pa.Table]) -> None:
    """Chunks are of about the size wanted, and together exactly the lines."""
    assert sum(table.num_rows for table in tables) == 20_000
    assert all(1_500 < table.num_rows < 6_000 for table in tables[:-1])


@pytest.mark.parametrize("name", ["order_id", "customer_id"])
def test_numbers_go_on_from_chunk_to_chunk(tables: list[pa.Table], name: str) -> None:
    """No document and no customer stands in two chunks."""
    distinct = [set(table[name].drop_null().to_pylist()) for table in tables]
    assert len(set.union(*distinct)) == sum(map(len, distinct))


def test_lines_of_a_chunk_are_earliest_first(tables: list[pa.Table]) -> None:
    """Within a chunk the lines are in the sequence of time."""
    for table in tables:
        assert (np.diff(table["ordered_at"].to_numpy()) >= np.timedelta64(0)).all()
