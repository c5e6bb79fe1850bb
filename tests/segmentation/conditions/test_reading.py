"""Texts of conditions: what the grammar takes, what it refuses and where, and that nothing in it is ever run."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.segmentation.conditions.oracle import conditions

from customerbase.errors import UsageError
from customerbase.segmentation.conditions.reading import MOST_DEPTH, parse_condition
from customerbase.segmentation.conditions.syntax import (
    And,
    Between,
    Column,
    Comparison,
    Flag,
    In,
    Missing,
    Node,
    Not,
    Or,
    write_condition,
)

a, b, c = Flag("a"), Flag("b"), Flag("c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("recency_days<=90", Comparison("recency_days", "<=", 90)),
        ("monetary > 1_000", Comparison("monetary", ">", 1000)),
        ("monetary > 12,345,678.5", Comparison("monetary", ">", 12345678.5)),
        ("revenue_trend >= -.5", Comparison("revenue_trend", ">=", -0.5)),
        ("x == 1", Comparison("x", "=", 1)),
        ("x <> 1", Comparison("x", "!=", 1)),
        ("x ≥ 1 or x ≤ 2 or x ≠ 3", Or((Comparison("x", ">=", 1), Comparison("x", "<=", 2), Comparison("x", "!=", 3)))),
        ("country = 'It''s'", Comparison("country", "=", "It's")),
        ('country = "a ""b"" or c"', Comparison("country", "=", 'a "b" or c')),
        ("as_of < 2024-01-31", Comparison("as_of", "<", date(2024, 1, 31))),
        ("is_one_time = TRUE", Comparison("is_one_time", "=", True)),
        ("revenue_last > revenue_before", Comparison("revenue_last", ">", Column("revenue_before"))),
        ("x between 1,000 and 2,000 and a", And((Between("x", 1000, 2000), a))),
        ("x NOT BETWEEN -1 AND 1", Between("x", -1, 1, is_negated=True)),
        ("x in (1,2, 3)", None),
        ("x in (1, 2_000,'three')", None),
        ("country not in ('UK')", In("country", ("UK",), is_negated=True)),
        ("country is missing", Missing("country")),
        ("country is not missing", Missing("country", is_negated=True)),
        ("`in` = 1", Comparison("in", "=", 1)),
        ("`total spend` = 1", Comparison("total spend", "=", 1)),
        ("a or b and not c", Or((a, And((b, Not(c)))))),
        ("(a or b) and c", And((Or((a, b)), c))),
        ("not a and b", And((Not(a), b))),
        ("not not a", Not(Not(a))),
        ("  a\n and\tb ", And((a, b))),
        ("größe > 3", Comparison("größe", ">", 3)),
    ],
)
def test_conditions_that_are_understood(text: str, expected: Node | None) -> None:
    """Each form of the grammar gives the tree that it should; a list tells commas from thousands or asks."""
    if expected is not None:
        assert parse_condition(text) == expected
    elif "1,2," in text:
        with pytest.raises(UsageError, match=r"position 7: '1,2,' could be one number or several"):
            parse_condition(text)
    else:
        assert parse_condition(text) == In("x", (1, 2000, "three"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "position 1: the condition is empty"),
        ("  \n ", "position 1: the condition is empty"),
        ("frequency > 5; DROP TABLE customers", r"position 14: ';' has no place in a condition"),
        ("frequency > 5 -- all", r"position 15: '-' has no place"),
        ("1 = 1", r"position 1: a feature, such as recency_days, should stand here\. Got '1' instead"),
        ("frequency > 5 or 1=1", r"position 18: a feature"),
        ("__import__('os').system('ls')", r"position 17: '\.' has no place"),
        ("__import__('os')", r"position 11: 'and', 'or' or the end should stand here\. Got '\(' instead"),
        ("frequency > (select 1)", r"position 13: a value should stand here\. Got '\(' instead"),
        ("frequency > 5 union select", r"position 15: 'and', 'or' or the end should stand here\. Got 'union'"),
        ("{frequency}", r"position 1: '\{' has no place"),
        ("frequency >> 3", r"position 12: a value should stand here\. Got '>' instead"),
        ("frequency + 1 > 3", r"position 11: '\+' has no place"),
        ("frequency > 1e9", r"position 13: '1e9' is no number"),
        ("frequency > 1.000,50", r"position 13: '1\.000,50' is no number"),
        ("frequency > 1,00", r"position 13: '1,00' is no number"),
        ("frequency > 0x10", r"position 13: '0x10' is no number"),
        ("frequency > ١٢", r"position 13: '١٢' is no number"),
        ("frequency > 1234567890123456789", r"position 13: .* at most 18 digits"),
        ("as_of > 2024-13-01", r"position 9: '2024-13-01' is no date"),
        ("as_of > 2024-1-1", r"position 9: '2024-1-1' is no date"),
        ("country = 'UK", r"position 11: the quote ' is not closed"),
        ("country = \u202eKU", r"position 11: '\\u202e' has no place"),
        ("country = UK'", r"position 13: the quote ' is not closed"),
        ("country in (UK)", r"position 13: a value should stand here\. Got 'UK' instead\. Texts stand in quotes"),
        ("country in ()", r"position 13: a value should stand here"),
        ("(a and b", r"position 9: '\)' should stand here\. Got the end instead"),
        ("a and b)", r"position 8: 'and', 'or' or the end should stand here"),
        ("a and", r"position 6: a feature"),
        ("x not 3", r"position 7: 'between' or 'in' should stand here"),
        ("x is 3", r"position 6: 'missing' should stand here"),
        ("x between 3 or 4", r"position 13: 'and' should stand here"),
        ("x in (1,000)", r"position 7: '1,000' could be one number or several"),
        ("(" * 5_000, rf"position {MOST_DEPTH + 1}: brackets and 'not' stand more than {MOST_DEPTH} deep"),
        ("not " * 1_000 + "a", rf"more than {MOST_DEPTH} deep"),
        ("a or " * 1_001, r"position 5001: the condition goes on after 5,000 characters, and has 5,005"),
        ("x = " + "9" * 4_000, r"position 5: '9{39}…' is no number"),
    ],
)
def test_texts_that_are_refused(text: str, message: str) -> None:
    """What is no condition gets one line that says where, whatever it tries."""
    with pytest.raises(UsageError, match=message) as refused:
        parse_condition(text)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@given(node=conditions)
def test_a_tree_survives_its_text(node: Node) -> None:
    """Written and read again, a condition is the same."""
    assert parse_condition(write_condition(node)) == node


@given(text=st.text(max_size=60) | st.text("ab()<>=!'\"` ,._-0123456789andornotisbetweenmissing", max_size=60))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    """No text does anything but be read, and then survive being written, or be refused with a position."""
    try:
        node = parse_condition(text)
    except UsageError as error:
        refused = str(error)
        node = None
    if node is None:
        assert refused.startswith("position ")
        assert refused.splitlines() == [refused]
    else:
        assert parse_condition(write_condition(node)) == node
