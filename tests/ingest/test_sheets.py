"""Names of columns: unique in an engine that does not tell case apart, never those that the product needs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customerbase.ingest.sheets import name_columns


@pytest.mark.parametrize("name", ["source", "Source_Row", "damaged_line", "RULE", "rowid"])
def test_names_of_the_product_are_set_apart(name: str) -> None:
    """A column of the export never hides one of ours, whatever its case."""
    assert name_columns([name]) == (f"{name} (cell)",)


@given(
    st.lists(
        st.sampled_from(["a", "A", "a (2)", "A (3)", "", " a ", "column 2", "source", "Source (cell)"]), max_size=9
    )
)
def test_names_are_unique_whatever_the_header(header: list[str]) -> None:
    """No two columns share a name, even where the header has numbered names of its own."""
    names = [name.casefold() for name in name_columns(header)]
    assert len(names) == len(header) == len(set(names))
    assert all(names)
