"""A segmentation by the user's own conditions: like any other, at any date, and kept as text."""

from dataclasses import replace
from datetime import date
from typing import Any

import ibis
import pandas as pd
import pytest

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.conditions.model import Conditions
from customerbase.segmentation.own_segments import conditions_card, load_conditions
from customerbase.segmentation.segments import Segmentation, assign, segment
from customerbase.segmentation.stored_segments import restore, segments_to_json

FILE = """
[segments]
Champions = "r_score = 5"
Silent.when = "recency_days > 100"
Silent.archetype = "lost"
Silent.color = "#123456"
Silent.description = "Gone since autumn."
Silent.strategy = { goal = "Say goodbye.", actions = ["Write once."] }
Never = "frequency > 1_000"
"""


def _features(as_of: date = date(2024, 1, 1), shift: int = 0) -> ibis.Table:
    days = [2, 20, 50, 200, 300]
    return ibis.memtable(
        pd.DataFrame(
            {
                "customer_id": ["e", "b", "c", "d", "a"],
                "as_of": [as_of] * 5,
                "recency_days": [day + shift for day in days],
                "frequency": [9, 5, 3, 1, 1],
                "monetary": [900.0, 500.0, 80.0, 20.0, 10.0],
                "gross_revenue": [950.0, 500.0, 80.0, 20.0, 10.0],
            }
        )
    )


@pytest.fixture
def made() -> Segmentation:
    """Five customers in three of the four segments."""
    return segment(_features(), Conditions(FILE))


def _placed(table: ibis.Table) -> dict[str, str]:
    rows = table.to_pyarrow().to_pylist()
    return {row["customer_id"]: row["segment"] for row in rows}


def test_segments_by_hand(made: Segmentation) -> None:
    """Numbers and names are those of the file, sizes and shares those of the customers; nobody is left out."""
    assert [(s.id, s.name, s.n_customers, s.share) for s in made.segments] == [
        (1, "Champions", 1, 0.2),
        (2, "Silent", 2, 0.4),
        (4, "Everyone else", 2, 0.4),
    ]
    assert [s.revenue_share for s in made.segments] == pytest.approx([950 / 1560, 30 / 1560, 580 / 1560])
    assert (made.as_of, made.quality, made.labels) == (date(2024, 1, 1), None, (0, 1, 3))
    assert _placed(made.assignments) == {
        "a": "Silent", "b": "Everyone else", "c": "Everyone else", "d": "Silent", "e": "Champions",
    }  # fmt: skip
    assert made.assignments.columns[-6:-3] == ("r_score", "f_score", "m_score")
    assert made.assignments.columns[-3:] == ("confidence", "next_segment", "is_borderline")
    assert made.assignments.customer_id.to_list() == list("abcde")


def test_what_the_file_says_of_a_segment_goes_first(made: Segmentation) -> None:
    """Description, colour, archetype and parts of the strategy are those of the file; the rest is the playbook's."""
    champions, silent, rest = made.segments
    assert (champions.archetype, champions.color) == ("champions", "#007744")
    assert (silent.archetype, silent.color, silent.traits[0]) == ("lost", "#123456", "Gone since autumn.")
    assert (silent.strategy.goal, silent.strategy.actions) == ("Say goodbye.", ("Write once.",))
    assert silent.strategy.channel
    assert rest.color == "#8c8c8c"
    assert silent.profile["recency_days"].median == 250.0


def test_the_order_of_customers_changes_nothing(made: Segmentation) -> None:
    """Shuffled rows give the same segments and assignments."""
    frame = _features().to_pandas().sample(frac=1, random_state=1)
    again = segment(ibis.memtable(frame), Conditions(FILE))
    assert again.segments == made.segments
    assert again.assignments.to_pyarrow().equals(made.assignments.to_pyarrow())


def test_another_date_and_one_customer_are_placed_by_what_was_learnt(made: Segmentation) -> None:
    """Twenty days later the cut points of the scores are still those that were learnt."""
    later = _features(date(2024, 1, 21), shift=20)
    assert _placed(assign(made, later)) == {
        "a": "Silent", "b": "Everyone else", "c": "Everyone else", "d": "Silent", "e": "Everyone else",
    }  # fmt: skip
    one = assign(made, later.filter(later.customer_id == "d")).to_pyarrow().to_pylist()
    assert [(row["as_of"], row["segment_id"], row["r_score"]) for row in one] == [(date(2024, 1, 21), 2, 1)]
    assert assign(made, later.filter(later.customer_id == "nobody")).count().execute() == 0


def test_a_model_is_its_text_and_a_card(made: Segmentation) -> None:
    """From text and card comes a model that places alike; another text is refused."""
    model: Any = made.model
    card = conditions_card(model, {"as_of": "2024-01-01"})
    back = replace(made, model=load_conditions(model.text.encode(), card))
    later = _features(date(2024, 1, 21), shift=20)
    assert assign(back, later).to_pyarrow().equals(assign(made, later).to_pyarrow())
    with pytest.raises(DataError, match="changed or damaged"):
        load_conditions(model.text.replace("100", "90").encode(), card)
    with pytest.raises(DataError, match="format 2: a newer customerbase wrote it"):
        load_conditions(model.text.encode(), {**card, "format_version": 2})
    restored = restore(segments_to_json(made), made.labels, back.model, made.assignments, made.as_of)
    assert restored.segments == made.segments


def test_overlap_can_be_refused() -> None:
    """With overlap = "error", customers whom two conditions match are told and nothing is made."""
    text = (
        'overlap = "error"\n[segments]\nOften = "frequency > 2"\nMuch = "monetary > 400"\nLong = "recency_days > 100"'
    )
    with pytest.raises(
        DataError, match=r"2 customers \(gross revenue 1,450\.00\) meet both 'Often' and 'Much'\. Narrow"
    ):
        segment(_features(), Conditions(text))
    apart = text.replace("monetary > 400", "monetary between 20 and 60")
    with pytest.raises(DataError, match=r"1 customer .* both 'Much' and 'Long'"):
        segment(_features(), Conditions(apart))
    assert len(segment(_features(), Conditions(text.replace("monetary > 400", "frequency = 2"))).segments) == 2


def test_what_cannot_be_segmented_is_refused() -> None:
    """A feature there is not, a contradiction of whole numbers, and a base without customers get one line."""
    with pytest.raises(UsageError, match=r"Segment 'A', position 1: there is no feature 'recency'\. Did you mean"):
        segment(_features(), Conditions("[segments]\nA = 'recency > 1'"))
    with pytest.raises(UsageError, match="Segment 'A': no customer can meet 'frequency > 1 and frequency < 2'"):
        segment(_features(), Conditions("[segments]\nA = 'frequency > 1 and frequency < 2'"))
    features = _features()
    with pytest.raises(DataError, match="There is no customer to segment"):
        segment(features.filter(features.frequency > 99), Conditions("[segments]\nA = 'frequency > 1'"))
