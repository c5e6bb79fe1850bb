"""Contracts: names that are unique and explained, and a check that says what is missing."""

import ibis
import pytest

from customerbase.errors import DataError
from customerbase.schema import INGESTED_LINES, MONEY, ORDER_LINES, Field, check, complete_order_id


@pytest.mark.parametrize("contract", [ORDER_LINES, INGESTED_LINES])
def test_columns_are_unique_typed_and_explained(contract: tuple[Field, ...]) -> None:
    """Every column has a name of its own, a type that the engine knows, and a sentence."""
    assert len({column.name for column in contract}) == len(contract)
    assert ibis.schema({column.name: column.type for column in contract})
    assert all(column.help.endswith(".") for column in contract)


def test_money_is_exact() -> None:
    """No column of money or quantity is a float: sums do not depend on the order of rows."""
    types = {column.name: column.type for column in ORDER_LINES}
    assert {types[name] for name in ("quantity", "unit_price", "discount", "amount")} == {MONEY}
    assert not any(type_.startswith("float") for type_ in types.values())


def test_check_passes_a_table_with_what_is_required() -> None:
    """Optional columns may be missing, and further ones are welcome."""
    required = {column.name: column.type for column in ORDER_LINES if column.required}
    check(ibis.table(required | {"margin": "float64"}, name="lines"), ORDER_LINES, "order_lines")


@pytest.mark.parametrize("missing", [column.name for column in ORDER_LINES if column.required])
def test_check_names_the_missing_column(missing: str) -> None:
    """The message has the column, its type, the columns there are, and what to do."""
    types = {column.name: column.type for column in ORDER_LINES if column.name != missing}
    with pytest.raises(DataError, match=rf"Table 'order_lines' has no column '{missing}' \(.*\)\. It has: .* Build it"):
        check(ibis.table(types, name="lines"), ORDER_LINES, "order_lines")


def test_a_guest_without_an_order_id_has_no_order() -> None:
    """Nobody's lines of a day are not one order."""
    lines = ibis.memtable({"order_id": [None], "customer_id": [None], "day": ["2024-05-01"]})
    typed = lines.select(
        order_id=lines.order_id.cast("string"),
        customer_id=lines.customer_id.cast("string"),
        ordered_at=lines.day.cast("timestamp"),
    )
    assert complete_order_id(typed).to_list() == [None]
