"""Currencies: money of two is never added; with --currency and rates, it is set aside or converted."""

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pytest

from customerbase.checkup import check_up
from customerbase.cleaning import Cleaned, clean
from customerbase.config import Config, read_config
from customerbase.errors import DataError, UsageError
from customerbase.schema import MONEY, Dataset


def orders(*lines: tuple[str, str | None, float]) -> ir.Table:
    """Make one order line of each customer, currency and amount; two pieces at half the amount."""
    rows = [
        {
            "source": "a.csv", "source_row": number, "order_id": str(number), "customer_id": customer,
            "ordered_at": "2024-05-01", "currency": currency, "quantity": 2, "unit_price": amount / 2,
            "amount": amount, "discount": amount / 10,
        }
        for number, (customer, currency, amount) in enumerate(lines, start=2)
    ]  # fmt: skip
    return ibis.memtable(rows).cast({"ordered_at": "timestamp", "currency": "string"})


def settle(*lines: tuple[str, str | None, float], **options: object) -> Cleaned:
    return clean(Dataset(orders(*lines)), **options)  # type: ignore[arg-type]


MIXED = (("ann", "EUR", 10), ("bob", "usd", 20), ("cat", None, 30), ("dan", "GBP", 40))


def test_lines_in_other_currencies_are_set_aside() -> None:
    """The wanted currency stays, lines that name none too; the others wait in the quarantine."""
    cleaned = settle(*MIXED, currency="EUR")
    kept = cleaned.data.order_lines.order_by("customer_id").select("customer_id", "currency", "amount")
    assert kept.to_pyarrow().to_pylist() == [
        {"customer_id": "ann", "currency": "EUR", "amount": Decimal(10)},
        {"customer_id": "cat", "currency": "EUR", "amount": Decimal(30)},
    ]
    aside = cleaned.quarantine.order_by("source_row").select("rule", "currency").to_pyarrow().to_pylist()
    assert aside == [{"rule": "other_currency", "currency": c} for c in ("usd", "GBP")]
    assert [(o.rows, o.customers) for o in cleaned.audit.outcomes if o.rule == "other_currency"] == [(2, 2)]


def test_a_rate_converts_every_amount_of_a_line() -> None:
    """20 USD at 0.92 are 18.40: the price, the amount and the discount alike."""
    cleaned = settle(*MIXED, currency="eur", rates={"USD": "0.92"})
    bob = cleaned.data.order_lines.filter(ibis._.customer_id == "bob")
    assert bob.select("currency", "unit_price", "amount", "discount").to_pyarrow().to_pylist() == [
        {"currency": "EUR", "unit_price": Decimal("9.2"), "amount": Decimal("18.4"), "discount": Decimal("1.84")}
    ]
    assert cleaned.quarantine.count().execute() == 1


def test_the_converted_money_is_exact() -> None:
    """A sum in converted money is that of the converted lines, each rounded to four decimals, halves up."""
    cleaned = settle(*[(f"c{n}", "JPY", 100 + n) for n in range(50)], currency="EUR", rates={"JPY": 0.00613})
    by_hand = sum((Decimal(100 + n) * Decimal("0.00613")).quantize(Decimal("0.0001"), ROUND_HALF_UP) for n in range(50))
    assert cleaned.data.order_lines.amount.cast(MONEY).sum().to_pyarrow().as_py() == by_hand


def test_several_currencies_without_a_choice_name_the_options() -> None:
    """One line says what can be done."""
    with pytest.raises(DataError, match=r"EUR and USD.* --currency EUR, .* --rate USD=RATE"):
        settle(("ann", "EUR", 10), ("bob", "USD", 20))


@pytest.mark.parametrize("rate", [0, -1, "much", "nan", True])
def test_a_rate_is_a_number_above_zero(rate: object) -> None:
    """Anything else is refused with its name."""
    with pytest.raises(UsageError, match="The rate of 'USD' must be a number above 0"):
        settle(*MIXED, currency="EUR", rates={"USD": rate})


def test_without_the_rule_two_currencies_are_refused() -> None:
    """To switch the rule off does not add up their money."""
    with pytest.raises(DataError, match="EUR and GBP among them"):
        settle(("ann", "EUR", 10), ("dan", "GBP", 40), currency="EUR", rules={"other_currency": False})


def test_rates_want_a_currency() -> None:
    """Nobody knows into what they convert."""
    with pytest.raises(UsageError, match="Name it with --currency"):
        Config(rates={"USD": 0.92})


def test_the_options_may_stand_in_the_file(tmp_path: Path) -> None:
    """A table [rates] holds what each currency is worth."""
    (tmp_path / "customerbase.toml").write_text('currency = "EUR"\n[rates]\nUSD = 0.92\n', encoding="utf-8")
    config = read_config(tmp_path)
    assert (config.currency, dict(config.rates)) == ("EUR", {"USD": 0.92})


def test_the_checkup_names_what_was_set_aside() -> None:
    """Lines in other currencies are a finding with the option for it, and no part of any other."""
    cleaned = settle(*MIXED, currency="EUR")
    found = {each.finding: each for each in check_up(cleaned.data, cleaned.set_aside).findings}
    assert found["currencies"].rows == 2
    assert "--rate CODE=WORTH" in str(found["currencies"].option)
