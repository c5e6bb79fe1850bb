"""Conditions against the features there are: misspelt names, values of another kind, contradictions."""

from itertools import product

import pytest
from hypothesis import given
from tests.segmentation.conditions.oracle import KINDS, conditions_on_two, holds

from customerbase.errors import UsageError
from customerbase.segmentation.conditions.checking import can_hold, check_condition, find_contradiction
from customerbase.segmentation.conditions.reading import parse_condition
from customerbase.segmentation.conditions.syntax import And, Comparison, Node

SHOP = {**KINDS, "recency_days": "integer", "r_score": "score", "Größe": "number"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("frequency > 1 and recency_day < 9", "position 19: there is no feature 'recency_day'. Did you mean"),
        ("Frequency > 1", "position 1: there is no feature 'Frequency'. Did you mean 'frequency'?"),
        ("größe > 1", "there is no feature 'größe'. Did you mean 'Größe'?"),
        ("zzz > 1", "there is no feature 'zzz'. They are frequency, n_returns, monetary"),
        ("frequency > monetry", "there is no feature 'monetry'. Did you mean 'monetary'?"),
        ("frequеncy > 1", "there is no feature 'frequеncy'. Did you mean 'frequency'?"),
        ("m_score > 1", "m_score is made of recency_days, frequency, monetary, and these customers lack one of them"),
        ("country > 3", "country is a text, which has no order. Use =, != or in."),
        ("country = 3", "country is a text, and 3 is a number. Write a text, such as 'France'."),
        ("frequency = 'many'", "frequency is a whole number, and 'many' is a text. Write a whole number, such as 1."),
        ("country in ('UK', 3)", "country is a text, and 3 is a number"),
        ("as_of > '2024-01-31'", "as_of is a date, and '2024-01-31' is a text. Write a date, such as 2024-01-31."),
        ("is_one_time = 1", "is_one_time is true or false, and 1 is a number. Write true or false, such as true."),
        ("frequency = true", "frequency is a whole number, and true is true or false"),
        ("frequency", "frequency is a whole number and needs a test, such as frequency = 1."),
        ("country = UK", "there is no feature 'UK'"),
        ("country = frequency", "country is a text and frequency is a number. Compare features of one kind"),
        ("is_one_time between true and false", "is_one_time is true or false, which has no order"),
    ],
)  # fmt: skip
def test_conditions_that_make_no_sense(text: str, message: str) -> None:
    """A name or a value that does not fit is told in one line, with the nearest name."""
    with pytest.raises(UsageError) as refused:
        check_condition(parse_condition(text), SHOP)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "contradiction"),
    [
        ("frequency > 5 and frequency < 3", "frequency > 5 and frequency < 3"),
        ("frequency > 5 and monetary > 9 and frequency = 2", "frequency > 5 and frequency = 2"),
        ("frequency > 5 and frequency < 6", "frequency > 5 and frequency < 6"),
        ("monetary > 5 and monetary < 6", None),
        ("recency_days between 90 and 30", "recency_days between 90 and 30"),
        ("r_score > 5", "r_score > 5"),
        ("r_score in (0, 6)", "r_score in (0, 6)"),
        ("country = 'UK' and country in ('France', 'Spain')", "country = 'UK' and country in ('France', 'Spain')"),
        ("country = 'UK' and country != 'France'", None),
        ("country is missing and country != 'UK'", "country is missing and country != 'UK'"),
        ("country is missing and not country = 'UK'", None),
        ("is_one_time and not is_one_time", "is_one_time and not is_one_time"),
        ("not (is_one_time or not is_one_time)", "not (is_one_time or not is_one_time)"),
        ("as_of > 2024-01-01 and as_of < 2024-01-02", "as_of > 2024-01-01 and as_of < 2024-01-02"),
        ("as_of > 9999-12-30 and as_of < 0001-01-02", "as_of > 9999-12-30 and as_of < 0001-01-02"),
        ("(frequency > 5 or monetary > 9) and frequency < 3", None),
        ("(frequency > 5 or frequency = 4) and frequency < 3", "(frequency > 5 or frequency = 4) and frequency < 3"),
        ("frequency > monetary and frequency < monetary", None),
    ],
)
def test_contradictions_by_hand(text: str, contradiction: str | None) -> None:
    """The smallest part that nobody can meet is named; whole numbers, scores and texts are known for what they are."""
    assert find_contradiction(parse_condition(text), SHOP) == contradiction


@given(node=conditions_on_two)
def test_contradictions_are_those_that_no_customer_meets(node: Node) -> None:
    """Tried with every value that could matter, a condition holds for somebody, or is found to be a contradiction."""
    everybody = product([*range(-6, 7), None], [*(number / 4 for number in range(-20, 21)), None])
    is_met = any(holds(node, {"frequency": frequency, "monetary": amount}) for frequency, amount in everybody)
    assert can_hold(node, KINDS) == is_met


def test_a_search_without_end_is_given_up() -> None:
    """What would take too many steps to look into is let pass, and does not hang."""
    parts = " and ".join(f"(x{n} > 1 or y{n} > 1)" for n in range(100))
    node = And((parse_condition(parts), Comparison("z", ">", 5), Comparison("z", "<", 3)))
    assert find_contradiction(node, {}) in {None, "z > 5 and z < 3"}
