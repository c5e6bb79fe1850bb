"""Who moves between two versions of a file of own segments, in customers and money."""

from dataclasses import asdict, dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.features.customers import is_in_base
from customerbase.schema import MONEY
from customerbase.segmentation.conditions.coverage import money_column
from customerbase.segmentation.conditions.model import Conditions

__all__ = ["Move", "Moves", "compare_conditions"]


@dataclass(frozen=True)
class Move:
    """The customers who stand in one segment by the old file and in one by the new, with their money.

    Examples
    --------
    >>> Move("Sleeping", "Everyone else", 3, 40.0).n_customers
    3
    """

    before: str
    after: str
    n_customers: int
    amount: float | None


@dataclass(frozen=True)
class Moves:
    """How two files of own segments place the same customers.

    `moves` has a row for each pair of segments that shares a customer, those who stay among them, in the order of the
    files. A customer moves whose segment has another name. `money` is the feature that was added up.
    """

    before: tuple[str, ...]
    after: tuple[str, ...]
    n_customers: int
    amount: float | None
    n_moved: int
    amount_moved: float | None
    money: str | None
    moves: tuple[Move, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        plain = {"before": list(self.before), "after": list(self.after), "moves": [asdict(each) for each in self.moves]}
        return asdict(self) | plain


def compare_conditions(features: ir.Table, old: Conditions, new: Conditions) -> Moves:
    r"""Place the same customers by two files of own segments, and count who moves from which segment to which.

    Parameters
    ----------
    features
        One row per customer of one date, as `customer_features` gives it.
    old, new
        Of `read_conditions`. RFM scores that they name are learnt from these customers, unless they were before.

    Raises
    ------
    UsageError
        A condition names a feature there is not, or compares one with a value of another kind, or can never hold.

    Examples
    --------
    >>> features = ibis.memtable({"customer_id": ["a", "b", "c"], "frequency": [9, 6, 1], "monetary": [90., 60., 10.]})
    >>> old, new = (Conditions(f'[segments]\nOften = "frequency > {n}"') for n in (5, 6))
    >>> found = compare_conditions(features, old, new)
    >>> found.n_moved, found.amount_moved
    (1, 60.0)
    >>> [(each.before, each.after, each.n_customers) for each in found.moves]
    [('Often', 'Often', 1), ('Often', 'Everyone else', 1), ('Everyone else', 'Everyone else', 1)]
    """
    base = features.filter(is_in_base(features))
    models = [each if hasattr(each, "file_") else Conditions(each.text).learn(base) for each in (old, new)]
    before, after = (model.segment_names_ for model in models)
    money = money_column(base)
    amount = base[money].cast(MONEY) if money else ibis.literal(0).cast(MONEY)
    placed = base.select(before=models[0].label(base), after=models[1].label(base), amount=amount)
    counted = placed.group_by("before", "after").agg(n=placed.count(), amount=placed.amount.sum().fill_null(0))
    rows = counted.order_by("before", "after").to_pyarrow().to_pylist()
    moved = [row for row in rows if before[row["before"]] != after[row["after"]]]

    def total(some: list[dict[str, Any]]) -> float | None:
        return float(sum(row["amount"] for row in some)) if money else None

    return Moves(
        before=before,
        after=after,
        n_customers=sum(row["n"] for row in rows),
        amount=total(rows),
        n_moved=sum(row["n"] for row in moved),
        amount_moved=total(moved),
        money=money,
        moves=tuple(Move(before[row["before"]], after[row["after"]], row["n"], total([row])) for row in rows),
    )
