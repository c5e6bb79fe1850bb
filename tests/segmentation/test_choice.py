"""The choice of a number of segments: the rules by hand, planted groups, noise and shuffled customers."""

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest

from customerbase.errors import UsageError
from customerbase.segmentation.choice import Option, choose_n_segments, decide
from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.structure import Structure

CONTINUUM = Structure("continuum", 1, (), ())
FIVE_WILL_DO = (
    "5 segments, the most up to 6 that will do: of customers drawn anew they are found again at 0.95 (adjusted "
    "Rand, 1 is the same), and the smallest has 8.0% of the customers."
)
SIX_WILL_NOT_DO = (
    "6 will not do: the smallest has 2.0% of the customers, less than 3% and they are found again at 0.70 alone, "
    "less than 0.85."
)
COLUMNS = ["recency_days", "frequency", "monetary"]


def option(n_segments: int, stability: float, smallest_share: float = 0.1) -> Option:
    return Option(n_segments, smallest_share, stability, stability - 0.1, min(stability + 0.1, 1))


def tabulate(X: np.ndarray, order: np.ndarray | None = None) -> ir.Table:
    """Make customers whose three default columns are these, as they stand or in another order of rows."""
    frame = pd.DataFrame(X, columns=COLUMNS).assign(customer_id=[f"{n:05}" for n in range(len(X))])
    return ibis.memtable(frame if order is None else frame.iloc[order].reset_index(drop=True))


@pytest.mark.parametrize(
    ("options", "chosen", "is_sound"),
    [
        ([option(5, 0.95), option(6, 0.85), option(7, 0.99)], 6, True),
        ([option(5, 0.95), option(6, 0.849), option(7, 0.99)], 5, True),
        ([option(5, 0.95), option(6, 0.95, 0.029)], 5, True),
        ([option(5, 0.5), option(6, 0.95, 0.03)], 6, True),
        ([option(5, 0.5), option(6, 0.6), option(7, 0.9), option(8, 0.95)], 7, True),
        ([option(5, 0.5), option(6, 0.6), option(7, 0.55)], 6, False),
        ([option(3, 0.6), option(4, 0.6)], 3, False),
    ],
    ids=["six", "unstable six", "small six", "at the limits", "above six", "none", "a tie"],
)
def test_the_rules_by_hand(options: list[Option], chosen: int, is_sound: bool) -> None:
    """Up to six the most that will do, else the next above, else the most stable; the order of options is no matter."""
    for given in (options, options[::-1]):
        choice = decide(given, CONTINUUM)
        assert (choice.n_segments, choice.is_sound) == (chosen, is_sound)
        assert choice.stability == next(one.stability for one in options if one.n_segments == chosen)


def test_groups_that_stand_apart_come_first() -> None:
    """Four groups make four segments, though six are stable too; if four will not do, six are made."""
    groups, six = Structure("groups", 4, (), ()), option(6, 0.9)
    assert decide([option(4, 0.99), six], groups).n_segments == 4
    assert "one for each group that stands apart" in decide([option(4, 0.99), six], groups).reasons[0]
    assert decide([option(4, 0.99, 0.01), six], groups).n_segments == 6


def test_reasons_carry_the_figures() -> None:
    """What was chosen and what will not do each have a sentence; where nothing will do, the first is a warning."""
    fine = decide([option(5, 0.95, 0.08), option(6, 0.7, 0.02)], CONTINUUM)
    assert fine.reasons == (
        FIVE_WILL_DO,
        SIX_WILL_NOT_DO,
    )
    assert fine.structure_reason.startswith("The customers form no groups that stand apart")
    warned = decide([option(5, 0.5)], CONTINUUM)
    assert warned.reasons[0].startswith(
        "No number of segments will do: 5 are the most stable, but they are found again"
    )


def test_planted_groups_are_found() -> None:
    """Of four groups far apart four are made: they come back whole, and a fifth part of a group does not."""
    rng = np.random.default_rng(0)
    centers = np.array([[10, 2, 20], [10, 40, 4_000], [300, 2, 4_000], [300, 40, 20]])
    X = np.concatenate([center * rng.lognormal(0, 0.1, (250, 3)) for center in centers])
    choice = choose_n_segments(tabulate(X), make_clusterer())
    assert choice is not None
    assert (choice.n_segments, choice.is_sound, choice.structure) == (4, True, "groups")
    assert choice.stability is not None
    assert choice.stability > 0.999


def test_a_round_cloud_is_warned_of() -> None:
    """Customers without any structure are cut otherwise each time: no number is sound, and the words say so."""
    X = np.random.default_rng(1).normal(size=(800, 3))
    choice = choose_n_segments(tabulate(X), make_clusterer(transform="none"))
    assert choice is not None
    assert (choice.is_sound, choice.structure) == (False, "none")
    assert [one.n_segments for one in choice.options] == [3, 4, 5, 6, 7, 8]
    assert "no structure" in choice.structure_reason


def test_the_order_of_customers_is_no_matter() -> None:
    """Shuffled rows and another number in the model give the same choice; another seed may give other figures."""
    rng = np.random.default_rng(2)
    X = rng.lognormal(2, 1, (400, 3))
    first = choose_n_segments(tabulate(X), make_clusterer())
    assert first == choose_n_segments(tabulate(X, rng.permutation(400)), make_clusterer(n_segments=3))


def test_few_customers_get_six_unmeasured_and_fewer_none() -> None:
    """Below a hundred it says that nothing was measured; below six, or six kinds, `segment` has its own words."""
    X = np.random.default_rng(3).lognormal(2, 1, (99, 3))
    choice = choose_n_segments(tabulate(X), make_clusterer())
    assert choice is not None
    assert (choice.n_segments, choice.stability, choice.options) == (6, None, ())
    assert "of 99 customers, fewer than 100" in choice.reasons[0]
    assert choose_n_segments(tabulate(X[:5]), make_clusterer()) is None
    assert choose_n_segments(tabulate(np.repeat(X[:5], 40, axis=0)), make_clusterer()) is None


def test_it_is_for_k_means_alone() -> None:
    """Any other model is refused."""
    for model in (RFM(), make_clusterer("gaussian_mixture")):
        with pytest.raises(UsageError, match=r"must be a pipeline that ends with k-means"):
            choose_n_segments(tabulate(np.ones((9, 3))), model)


def test_what_was_measured_on_a_sample_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest share of a sample is not that of all customers."""
    rng = np.random.default_rng(0)
    features = ibis.memtable(
        {
            "customer_id": [f"{n}" for n in range(150)],
            "recency_days": rng.uniform(1, 99, 150),
            "frequency": np.arange(150) % 9 + 1,
            "monetary": rng.lognormal(3, 1, 150),
        }
    )
    sampled = " This was measured on 120 of the 150 customers, drawn at random."
    whole = choose_n_segments(features, make_clusterer(), [3])
    monkeypatch.setattr("customerbase.segmentation.choice.MOST_CUSTOMERS", 120)
    part = choose_n_segments(features, make_clusterer(), [3])
    assert whole
    assert part
    assert not whole.reasons[0].endswith(sampled)
    assert part.reasons[0].endswith(sampled)
