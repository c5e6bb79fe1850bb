"""Order lines that stay in their database: what of them a workspace holds, and how they are checked up."""

from contextlib import AbstractContextManager, nullcontext

import ibis.expr.types as ir

from customerbase.cleaning import Cleaned
from customerbase.database.reference import Reference
from customerbase.datasets import names_persons, plain_audit, take_clean
from customerbase.describing import ROWS_PER_BUCKET
from customerbase.engine import bring, store
from customerbase.errors import UsageError
from customerbase.results import write_checkup
from customerbase.schema import Dataset
from customerbase.stages import in_parallel
from customerbase.workspace import Run

__all__ = ["checking", "find_set_aside", "refuse_ingest", "write_in_place"]

_KEY = ("source", "source_row")


def write_in_place(begun: Run, cleaned: Cleaned, reference: Reference) -> Dataset:
    """Write what was set aside, the audit, the customers, and where the order lines are; give the tables to go on with.

    The lines that were kept are computed in the database each time that they are asked for, or lie in a table of the
    engine for as long as it runs. They are never written.
    """
    data, is_private = cleaned.data, names_persons(cleaned.data)
    begun.write_json("database", reference.to_dict())
    begun.write_json("audit", plain_audit(cleaned.audit))
    _write(begun, "quarantine", cleaned.quarantine, is_private=is_private)
    if data.has_orders:
        _write(begun, "set_aside", cleaned.set_aside, is_private=False)
    if data.customers is not None:
        _write(begun, "customers", data.customers, is_private=is_private)
    if data.coupon_events is not None:
        _write(begun, "coupon_events", data.coupon_events, is_private=False)
    if data.is_in_place or not data.has_orders:
        return data
    lines = store(data.order_lines.get_backend(), data.order_lines, "order_lines")
    return Dataset(lines, customers=data.customers, coupon_events=data.coupon_events)


def checking(begun: Run, data: Dataset, n_rows: int, *, is_held: bool) -> AbstractContextManager[None]:
    """Check clean data up beside what is done in the context; of many lines before it, to spare the memory.

    Lines that are not held in the workspace are checked up before it as well, without their returns, since a second
    thread would not find them; and those on a server not at all, where single lines are not to be had.
    """
    if data.is_in_place:
        return nullcontext()
    if is_held and n_rows <= ROWS_PER_BUCKET:
        return in_parallel(lambda twin: write_checkup(twin, take_clean(twin, data), twin), begun)
    write_checkup(begun, data, begun, with_returns=is_held)
    return nullcontext()


def find_set_aside(begun: Run, data: Dataset, cleaned: Cleaned) -> ir.Table | None:
    """Give the lines that were set aside where the others are: an engine cannot look into two places at once."""
    if not data.has_orders:
        return None
    return cleaned.set_aside if data.is_in_place else begun.table("set_aside")


def refuse_ingest(reference: Reference | None) -> None:
    """Refuse to copy the order lines of a database into a workspace.

    Raises
    ------
    UsageError
        There is a database.

    Examples
    --------
    >>> refuse_ingest(None)
    """
    if reference is not None:
        raise UsageError(
            f"{reference.url} is a database, and its order lines stay there: ingest would copy them. "
            "Use 'customerbase run URL', or export them to a file."
        )


def _write(begun: Run, name: str, table: ir.Table, *, is_private: bool) -> None:
    # Rows of a server have no place: all their columns tell in which order they are written.
    key = (*_KEY, *(column for column in table.columns if column not in _KEY))
    begun.write_table(name, bring(table), order_by=key, private=is_private)
