"""What a finding says, and how the lines behind it are counted and quoted."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.tidy_html import html_card

__all__ = ["N_EXAMPLES", "Count", "Finding", "count_lines", "money", "quote_line", "quote_lines", "units"]

N_EXAMPLES = 3
"""How many of the costliest cases are quoted."""

_TEXT_LENGTH = 40


@dataclass(frozen=True)
class Finding:
    """One odd thing about an export.

    `rows` and `customers` are order lines, or rows of another table, and known customers that it concerns, `amount`
    is the money at stake: None where it would be a sum of several currencies. `example` quotes the costliest cases,
    `done` says what was done about it and `option` what can be; None where there is nothing to decide.

    Examples
    --------
    >>> Finding("future_dates", 2, 1, Decimal("9.5"), "row 7", "kept", None).to_dict()["amount"]
    9.5
    """

    finding: str
    rows: int
    customers: int
    amount: Decimal | None
    example: str
    done: str
    option: str | None

    def _repr_html_(self) -> str:
        lines = [f"{self.rows:,} rows, {self.customers:,} customers, {money(self.amount)}", self.example, self.done]
        return html_card(self.finding, "#2f6f8f", [*lines, *([self.option] if self.option else [])])

    def to_dict(self) -> dict[str, Any]:
        """Give the finding as plain values, for JSON."""
        return {**vars(self), "amount": None if self.amount is None else float(self.amount)}


@dataclass(frozen=True)
class Count:
    """Rows, customers and money of some lines; `turnover` counts what was returned as positive too."""

    rows: int
    customers: int
    amount: Decimal
    turnover: Decimal


def count_lines(lines: ir.Table) -> Count:
    """Count lines.

    Examples
    --------
    >>> count_lines(ibis.memtable({"customer_id": ["ann", "ann"], "amount": [Decimal("5.00"), Decimal("-2.00")]}))
    Count(rows=2, customers=1, amount=Decimal('3.00'), turnover=Decimal('7.00'))
    """
    counts = lines.agg(
        rows=lines.count(),
        customers=lines.customer_id.nunique(),
        amount=lines.amount.sum().fill_null(0),
        turnover=lines.amount.abs().sum().fill_null(0),
    )
    return Count(**counts.to_pyarrow().to_pylist()[0])


def quote_lines(lines: ir.Table, by: str = "amount") -> str:
    """Quote the lines with the most money, or with the most of another column.

    Examples
    --------
    >>> line = dict.fromkeys(("order_id", "product_name", "quantity", "unit_price", "customer_id", "product_id"))
    >>> rows = [{"source": "a.csv", "source_row": row, "amount": Decimal(row), **line} for row in (7, 9)]
    >>> lines = ibis.memtable(rows).cast({name: "string" for name in line})
    >>> quote_lines(lines)
    'a.csv row 9: 9.00; a.csv row 7: 7.00'
    """
    size = lines[by].abs()
    columns = ("order_id", "customer_id", "product_id", "product_name", "quantity", "unit_price", "amount")
    # The numbers of rows come last, so that shuffled rows are quoted alike.
    order = [ibis.desc(ibis.coalesce(size, 0)), *columns, "source", "source_row"]
    chosen = lines.order_by(order).limit(N_EXAMPLES)
    rows = chosen.select("source", "source_row", *columns).to_pyarrow().to_pylist()
    return "; ".join(quote_line(row) for row in rows)


def quote_line(row: Mapping[str, Any]) -> str:
    """Put a line into words.

    Examples
    --------
    >>> quote_line({"source": "a.csv", "source_row": 7, "order_id": "C9", "customer_id": "ann", "product_id": "mug",
    ...             "product_name": "Mug", "quantity": Decimal("-2.0000"), "unit_price": Decimal("5"), "amount": -10})
    'a.csv row 7: order C9, customer ann, mug Mug, -2 × 5.00 = -10.00'
    """
    product = " ".join(str(row[name]) for name in ("product_id", "product_name") if row[name])
    parts = [f"{what} {row[name]}" for what, name in (("order", "order_id"), ("customer", "customer_id")) if row[name]]
    parts += [product[:_TEXT_LENGTH]] if product else []
    sums = [f"{units(row['quantity'])} × {money(row['unit_price'])} ="] if row["quantity"] and row["unit_price"] else []
    if not sums and row["quantity"]:
        sums = [f"{units(row['quantity'])} for"]
    parts.append(" ".join([*sums, money(row["amount"])]))
    return f"{row['source']} row {row['source_row']}: {', '.join(parts)}"


def money(amount: Any) -> str:  # noqa: ANN401 - Decimal, int or None
    """Write an amount of money.

    Examples
    --------
    >>> money(Decimal("1234.5000"))
    '1,234.50'
    """
    return "no amount" if amount is None else f"{amount:,.2f}"


def units(quantity: Decimal) -> str:
    """Write a quantity without needless decimals.

    Examples
    --------
    >>> units(Decimal("-80995.0000")), units(Decimal("0.25"))
    ('-80,995', '0.25')
    """
    return f"{quantity:,.4f}".rstrip("0").rstrip(".")
