"""Published RFM schemes: complete, without overlap, and refused when they are not."""

import pytest

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.schemes import SCHEMES, _read_scheme, cells, load_scheme


@pytest.mark.parametrize("name", sorted(SCHEMES))
def test_each_cell_has_exactly_one_segment(name: str) -> None:
    """All combinations of scores are covered, none of them twice."""
    scheme = load_scheme(name)
    listed = [cell for segment in scheme.segments.values() for cell in segment]
    assert sorted(listed) == sorted(cells(scheme.n_bins))
    assert len(listed) == scheme.n_bins**3


def test_eleven_names_have_the_published_sizes() -> None:
    """The 125 cells are shared out as in the published table."""
    sizes = {name: len(segment) for name, segment in load_scheme("cells-11").segments.items()}
    assert sizes == {
        "Champions": 7,
        "Loyal": 8,
        "Potential Loyalist": 24,
        "New Customers": 7,
        "Promising": 16,
        "Need Attention": 8,
        "About To Sleep": 8,
        "At Risk": 22,
        "Cannot Lose Them": 8,
        "Hibernating": 11,
        "Lost": 6,
    }


@pytest.mark.parametrize(
    ("cell", "segment"),
    [("555", "Champions"), ("543", "Loyal"), ("323", "Potential Loyalist"), ("311", "New Customers"),
     ("525", "Promising"), ("324", "Need Attention"), ("251", "About To Sleep"), ("124", "At Risk"),
     ("113", "Cannot Lose Them"), ("332", "Hibernating"), ("151", "Lost")],
)  # fmt: skip
def test_cells_stand_where_the_published_table_has_them(cell: str, segment: str) -> None:
    """One cell of each segment, as published."""
    assert cell in load_scheme("cells-11").segments[segment]


def test_unknown_scheme_lists_the_known_ones() -> None:
    """A misspelt scheme is answered with those that there are."""
    with pytest.raises(UsageError, match=r"no RFM scheme 'cells-12'. Choose one of: cells-11"):
        load_scheme("cells-12")


@pytest.mark.parametrize(
    ("listed", "wrong"),
    [
        (["222", "221", "212", "211", "122", "121", "112"], "111"),
        ([*cells(2), "222"], "222"),
        ([*cells(2), "333"], "333"),
    ],
)
def test_table_with_a_gap_an_overlap_or_a_stranger_is_refused(listed: list[str], wrong: str) -> None:
    """The message names the cell that is missing, doubled or out of range."""
    entry = {"title": "t", "n_bins": 2, "notes": "", "segments": {"All": listed}}
    with pytest.raises(DataError, match=rf"Missing, unknown or repeated: {wrong}\."):
        _read_scheme("mine", entry)
