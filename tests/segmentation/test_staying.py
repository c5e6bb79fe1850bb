"""Names and colours that stay with a segment through refits, and what is told where they had to change."""

from dataclasses import replace
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linear_sum_assignment

from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.segments import Segmentation, segment
from customerbase.segmentation.staying import keep_names


def shop(day: date = date(2024, 1, 1), prefix: str = "c") -> ir.Table:
    """Three clear groups of forty: recent and rich, of late and poor, old and poor."""
    rng = np.random.default_rng(0)
    centres = ((10, 30, 3_000), (20, 2, 60), (400, 1, 20))
    rows = [
        (recency + rng.integers(9), frequency + rng.integers(2), spend + rng.integers(9))
        for recency, frequency, spend in centres
        for _ in range(40)
    ]
    frame = pd.DataFrame(rows, columns=["recency_days", "frequency", "monetary"])
    frame["customer_id"] = [f"{prefix}{number:03}" for number in range(len(frame))]
    return ibis.memtable(frame.assign(as_of=day, gross_revenue=frame.monetary))


@pytest.fixture(scope="module")
def learnt() -> Segmentation:
    """The three groups as k-means finds them."""
    return segment(shop(), make_clusterer(n_segments=3))


def call(learnt: Segmentation, place: int, **changed: Any) -> Segmentation:
    """Change what a segment was called before."""
    segments = list(learnt.segments)
    segments[place] = replace(segments[place], **changed)
    return replace(learnt, segments=tuple(segments))


def names(found: Segmentation) -> list[str]:
    """List the names in the order of the segments."""
    return [one.name for one in found.segments]


def test_a_refit_that_finds_the_same_is_the_same_object(learnt: Segmentation) -> None:
    """Neither names nor notes change."""
    assert keep_names(learnt, learnt) is learnt


def test_name_and_colour_of_before_are_kept_in_every_column(learnt: Segmentation) -> None:
    """The segment, its rows and those on whose border it lies bear the name; nothing is told, as nothing changed."""
    best = learnt.segments[0]
    before = call(learnt, 0, name=f"{best.name}, more orders", color="#123456")
    found = keep_names(learnt, before)
    assert (found.segments[0].name, found.segments[0].color) == (f"{best.name}, more orders", "#123456")
    assert found.notes == learnt.notes
    for column in ("segment", "next_segment"):
        was, now = (each.assignments.order_by("customer_id").to_pandas()[column] for each in (learnt, found))
        assert now.tolist() == was.replace(best.name, f"{best.name}, more orders").tolist()


def test_the_numbers_of_before_have_no_say(learnt: Segmentation) -> None:
    """Segments that bore other numbers are found by their customers."""
    turned = {1: 3, 2: 1, 3: 2}
    before = replace(
        learnt,
        segments=tuple(replace(one, id=turned[one.id], name=f"{one.name}, kept") for one in learnt.segments),
        assignments=learnt.assignments.mutate(segment_id=learnt.assignments.segment_id.cases(*turned.items(), else_=0)),
    )
    assert names(keep_names(learnt, before)) == [f"{name}, kept" for name in names(learnt)]


def test_a_kind_that_no_longer_fits_is_told(learnt: Segmentation) -> None:
    """The same customers, once called new though they are gone for long: the name changes, and a note says so."""
    last = learnt.segments[2]
    before = call(learnt, 2, name="Newcomers", archetype="new")
    found = keep_names(learnt, before)
    assert names(found) == names(learnt)
    assert found.notes[-1].startswith(f"What was *Newcomers* (40 customers) is now called *{last.name}*: its customers")


def test_a_name_that_moves_to_others_is_told(learnt: Segmentation) -> None:
    """Where other customers now bear a name, a reader of last month's list is warned."""
    first, second = names(learnt)[:2]
    a, b = (replace(one, n_customers=40) for one in learnt.segments[:2])
    before = replace(
        learnt,
        segments=(
            replace(a, name=second, archetype="hibernating"),
            replace(b, name=first, archetype="hibernating"),
            *learnt.segments[2:],
        ),
    )
    notes = keep_names(learnt, before).notes
    assert f"What was *{second}* (40 customers) is now called *{first}*" in " ".join(notes)
    assert (
        f"*{first}* is not the segment that bore this name at 2024-01-01: less than half of both is the same." in notes
    )


def test_no_two_names_are_alike(learnt: Segmentation) -> None:
    """A kept name that a new segment would have had too makes the new one differ."""
    second, third = learnt.segments[1:]
    split = call(learnt, 1, name=third.name, archetype=second.archetype, color=third.color)
    found = keep_names(learnt, replace(split, segments=split.segments[:2]))
    assert names(found)[1] == third.name
    assert len(set(names(found))) == 3
    assert len({one.color for one in found.segments}) == 3


def test_other_customers_are_matched_by_their_profiles(learnt: Segmentation) -> None:
    """With nobody in common, a segment in the same place of its base keeps the name."""
    elsewhere = segment(shop(prefix="x"), make_clusterer(n_segments=3))
    before = call(learnt, 0, name=f"{learnt.segments[0].name}, the first")
    assert names(keep_names(elsewhere, before))[0] == f"{learnt.segments[0].name}, the first"


def test_a_poor_match_keeps_nothing(learnt: Segmentation) -> None:
    """Of whom less than half are in both, the name of before does not stay."""
    scattered = learnt.assignments.to_pandas()
    scattered["segment_id"] = np.arange(len(scattered)) % 3 + 1
    before = call(learnt, 0, name="Old friends")
    found = keep_names(learnt, replace(before, assignments=ibis.memtable(scattered)))
    assert names(found) == names(learnt)
    assert "*Old friends* (40 customers at 2024-01-01) is no longer a segment of its own." in found.notes
    matched = np.array(
        [[(scattered.segment_id[start : start + 40] == number).sum() for number in (1, 2, 3)] for start in (0, 40, 80)]
    )
    rows, columns = linear_sum_assignment(matched, maximize=True)
    assert (matched / (80 - matched))[rows, columns].max() < 0.5
