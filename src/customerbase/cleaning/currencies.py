"""Currencies: money of two is never added; that of others is converted, or its lines are set aside."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import ibis
import ibis.expr.types as ir

from customerbase.errors import DataError, UsageError
from customerbase.schema import MONEY

__all__ = ["check_rates", "find_currency", "refuse_several_currencies", "settle_currency"]

_AMOUNTS = ("amount", "unit_price", "discount")
_RATE = "decimal(18, 8)"
_CODE = re.compile("[A-Z]{3}")


def settle_currency(lines: ir.Table, currency: str | None, rates: Mapping[str, Any] | None = None) -> ir.Table:
    """Convert money to one currency, as far as there are rates, and mark the lines that stay in another.

    Parameters
    ----------
    lines
        Order lines.
    currency
        Code of the currency that is wanted, such as `EUR`; None leaves all as it is. Lines that name none are thought
        to be in it.
    rates
        Code of another currency → what one unit of it is worth in the wanted one. It holds at all dates.

    Returns
    -------
    Table
        The lines with `is_other_currency`; converted ones have the wanted currency, and money rounded to 4 decimals.

    Raises
    ------
    UsageError
        A rate is no number above zero, or there are rates and no currency.

    Examples
    --------
    >>> lines = ibis.memtable({"currency": ["EUR", "USD", "GBP"], "amount": [10, 10, 10]}).cast({"amount": MONEY})
    >>> settled = settle_currency(lines, "EUR", {"USD": 0.9})
    >>> settled.select("currency", "amount", "is_other_currency").to_pyarrow().to_pylist()[1:]
    [{'currency': 'EUR', 'amount': Decimal('9.0000'), 'is_other_currency': False},
     {'currency': 'GBP', 'amount': Decimal('10.0000'), 'is_other_currency': True}]
    """
    known = check_rates(currency, rates or {})
    if currency is None:
        return lines.mutate(is_other_currency=ibis.literal(False))
    wanted = currency.strip().upper()
    code = lines.currency.strip().upper().fill_null(wanted)
    converted = {name: _convert(lines[name], code, known) for name in _AMOUNTS if known and name in lines.columns}
    is_settled = code.isin([wanted, *known])
    return lines.mutate(
        **converted, currency=ibis.ifelse(is_settled, wanted, lines.currency), is_other_currency=~is_settled
    )


def _convert(money: ir.Value, code: ir.StringValue, rates: Mapping[str, Decimal]) -> ir.Value:
    rate = ibis.cases(*((code == other, ibis.literal(rate, _RATE)) for other, rate in rates.items()))
    return ibis.coalesce((money.cast(MONEY) * rate).round(4).cast(MONEY), money.cast(MONEY))


def check_rates(currency: str | None, rates: Mapping[str, Any]) -> dict[str, Decimal]:
    """Give rates as decimals, by the code in upper case.

    Raises
    ------
    UsageError
        A rate is no number above zero, or there are rates and no currency.

    Examples
    --------
    >>> check_rates("EUR", {"usd": "0.92"})
    {'USD': Decimal('0.92')}
    >>> check_rates("EUR", {"USD": 0})
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The rate of 'USD' must be a number above 0: what one unit is worth in EUR. Got 0.
    """
    if rates and not currency:
        raise UsageError("Rates convert to a currency, and none is named. Name it with --currency, such as EUR.")
    return {code.strip().upper(): _to_rate(code, value, currency) for code, value in rates.items()}


def _to_rate(code: str, value: object, currency: str | None) -> Decimal:
    try:
        rate = Decimal(str(value))
    except InvalidOperation:
        rate = Decimal(0)
    if not rate.is_finite() or rate <= 0 or isinstance(value, bool):
        raise UsageError(
            f"The rate of {code!r} must be a number above 0: what one unit is worth in {currency}. Got {value}."
        )
    return rate


def refuse_several_currencies(kept: ir.Table) -> None:
    """Refuse lines that would be kept and are in several currencies.

    Raises
    ------
    DataError
        They are; the message names the options for it.

    Examples
    --------
    >>> refuse_several_currencies(ibis.memtable({"currency": ["EUR", "EUR"]}))
    """
    found = kept.agg(first=kept.currency.min(), last=kept.currency.max()).to_pyarrow().to_pylist()[0]
    if found["first"] != found["last"]:
        raise DataError(
            f"The order lines are in several currencies, {found['first']} and {found['last']} among them, and money of "
            f"two currencies is never added. Keep one with --currency {found['first']}, or convert the others too with "
            f"--rate {found['last']}=RATE."
        )


def find_currency(lines: ir.Table) -> str | None:
    """Give the code of the currency of all order lines; None where one of them names none, or two differ.

    Examples
    --------
    >>> find_currency(ibis.memtable({"currency": ["EUR", "eur "]}))
    'EUR'
    >>> find_currency(ibis.memtable({"currency": ["EUR", None]})) is None
    True
    """
    named = lines.currency.strip().upper()
    found = (
        lines.agg(low=named.min(), high=named.max(), n=named.count(), n_all=lines.count()).to_pyarrow().to_pylist()[0]
    )
    code = found["low"]
    is_one = code is not None and code == found["high"] and found["n"] == found["n_all"]
    return str(code) if is_one and _CODE.fullmatch(code) else None
