"""RFM schemes: every published cell, written out a second time; and schemes of a user's own, checked."""

from pathlib import Path
from typing import Any

import pytest
from tests.segmentation.published import PUBLISHED, in_grid, putler

from customerbase.errors import UsageError
from customerbase.segmentation.schemes import SCHEMES, Scheme, cells, load_scheme, parse_scheme


def names_of(scheme: Scheme) -> dict[str, str]:
    """Give the name of each cell."""
    return {cell: name for name, held in scheme.segments.items() for cell in held}


@pytest.mark.parametrize("name", SCHEMES)
def test_every_cell_has_its_published_name(name: str) -> None:
    """The data of each scheme say what the publication says, worked out here a second time."""
    scheme = load_scheme(name)
    expected = {cell: PUBLISHED[name](*map(int, cell)) for cell in cells(scheme.n_bins)}
    assert names_of(scheme) == expected
    assert sum(map(len, scheme.segments.values())) == len(expected)


def test_shopify_is_the_grid_of_ten_with_other_names() -> None:
    """The inferred cells are those of rf-10, with (F + M) / 2 for the frequency score."""
    names = {
        "new": "New", "potential": "Active", "champions": "Champions", "promising": "Promising", "loyal": "Loyal",
        "sleep": "Almost lost", "attention": "Needs attention", "hibernate": "Dormant", "risk": "At risk",
        "lose": "Previously loyal",
    }  # fmt: skip
    found = names_of(load_scheme("shopify-11"))
    assert found == {cell: names[in_grid(int(cell[0]), (int(cell[1]) + int(cell[2]) + 1) // 2)] for cell in found}


@pytest.mark.parametrize(
    ("name", "never"),
    [
        ("putler-grid", {"Recent/New Customers", "Promising", "Can't Lose Them", "Lost"}),
        ("churned-8", {"New", "Lost"}),
        ("rsquared-10-older", {"New Customers", "Promising", "Can't Lose Them"}),
        ("rsquared-10", set()),
    ],
)
def test_names_that_never_occur(name: str, never: set[str]) -> None:
    """Where the first match decides, a name whose cells all went before stays without one."""
    assert {segment for segment, held in load_scheme(name).segments.items() if not held} == never


def test_another_copy_of_putlers_rules_has_the_same_cells() -> None:
    """Potential Loyalist up to 5 in place of 3 changes nothing, as Loyal Customers go before it."""
    scheme = load_scheme("putler-grid")
    other = [putler(r, f, m) if f + m <= 6 or r < 3 else ("Champions" if r >= 4 and f + m >= 8 else "Loyal Customers")
             for r, f, m in (map(int, cell) for cell in cells(5))]  # fmt: skip
    assert [names_of(scheme)[cell] for cell in cells(5)] == other


def test_klaviyo_has_fixed_cut_points_for_recency() -> None:
    """180 and 365 days are the same at every shop."""
    assert load_scheme("klaviyo-6").edges == {"recency_days": (180.0, 365.0)}


def test_unknown_scheme_lists_the_known_ones() -> None:
    """A misspelt scheme is answered with those that there are."""
    with pytest.raises(UsageError) as error:
        load_scheme("cells-12")
    assert str(error.value) == (
        "There is no RFM scheme 'cells-12'. Choose one of: cells-11, rf-10, klaviyo-6, shopify-11, putler-grid, "
        "churned-8, rsquared-10, rsquared-10-older, pymc-6; or give a TOML file of your own."
    )


OWN = """
title = "Our three"
n_bins = [3, 2, 2]
otherwise = "Rest"
edges = { recency_days = [30, 90] }
[segments]
VIP = ["322", { r = "2-3", fm = "1.5" }]
Gone = { r = 1 }
[archetypes]
VIP = "champions"
"""


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    """Cells and ranges can be mixed, axes can have different numbers of bins, and the name is that of the file."""
    file = tmp_path / "ours.toml"
    file.write_text(OWN, encoding="utf-8")
    scheme = load_scheme(file)
    assert scheme == Scheme(
        name="ours",
        title="Our three",
        n_bins=(3, 2, 2),
        segments={
            "VIP": frozenset({"322", "321", "312", "221", "212"}),
            "Gone": frozenset({"122", "121", "112", "111"}),
            "Rest": frozenset({"311", "222", "211"}),
        },
        edges={"recency_days": (30.0, 90.0)},
        archetypes={"VIP": "champions"},
    )
    assert load_scheme(scheme) is scheme


def test_ranges_of_a_weighted_score() -> None:
    """The axis score is the weighted mean: (2r + f + m) / 4 for these weights."""
    said = {"n_bins": 3, "weights": [2, 1, 1], "segments": {"Top": {"score": "2.5-3"}}, "otherwise": "Rest"}
    found = parse_scheme(said, "mine").segments["Top"]
    assert found == {cell for cell in cells(3) if 2 * int(cell[0]) + int(cell[1]) + int(cell[2]) >= 10}


TWO: dict[str, Any] = {"n_bins": 2, "segments": {"Good": {"r": "2"}, "Bad": {"r": "1"}}}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            TWO | {"segments": {"Good": {"r": "2"}, "Bad": ["111", "112"]}},
            'no segment covers 122, 121. Add each to one, or say otherwise = "Others".',
        ),
        (
            TWO | {"segments": {"Good": {"r": "2"}, "Bad": {"f": "1-2"}}},
            "both 'Good' and 'Bad' cover 222, 221, 212, 211. Leave each cell in one, or say first_match = true.",
        ),
        (
            TWO | {"segments": {"All": ["333"]}},
            "'All' lists '333', which is no cell. The cells go from 111 to 222.",
        ),
        (
            TWO | {"segments": {"All": {"r": "1-2"}, "None": {"r": "3-4"}}},
            "'None' covers no cell of 111 to 222. Correct its range.",
        ),
        (
            TWO | {"segments": {"All": {"recency": 1}}},
            ("'All' must be cells such as \"555\", or ranges of r, f, m, fm, score such as { r = \"4-5\" }. Got "
             "{'recency': 1} instead."),
        ),
        (
            TWO | {"segments": {"All": {"r": "2-1"}}},
            "'All' must have a score or a range for r, such as \"5\" or \"4-5\". Got '2-1' instead.",
        ),
        (TWO | {"segments": {}}, 'It needs a table [segments] with lines such as VIP = { r = "4-5", fm = "4-5" }.'),
        (TWO | {"n_bins": 12}, "The entry 'n_bins' must be an int from 2 to 9, or three of them. Got 12 instead."),
        (TWO | {"first_match": "yes"}, "The entry 'first_match' must be true or false. Got 'yes' instead."),
        (
            TWO | {"weights": [1, -1, 1]},
            "The entry 'weights' must be three numbers >= 0, not all of them 0. Got [1, -1, 1] instead.",
        ),
        (
            TWO | {"edges": {"recency": [3]}},
            ("The entry 'edges' must be a table of column = cut points, of the columns recency_days, frequency, "
             "monetary. Got {'recency': [3]} instead."),
        ),
    ],
)  # fmt: skip
def test_a_faulty_scheme_is_refused_in_one_line(said: dict[str, Any], message: str) -> None:
    """The line names the scheme, the cells or the value, and the way out."""
    with pytest.raises(UsageError) as error:
        parse_scheme(said, "mine")
    assert str(error.value) == f"RFM scheme mine: {message}"


def test_long_lists_of_cells_are_cut_short() -> None:
    """Of 100 cells that no segment covers, eight are named and the others counted."""
    with pytest.raises(UsageError, match="no segment covers 455, 454, 453, 452, 451, 445, 444, 443 and 92 more"):
        parse_scheme({"segments": {"Best": {"r": "5"}}}, "mine")


def test_an_unknown_entry_and_an_unknown_kind_list_what_there_is() -> None:
    """A slip of the pen is answered with the entries, and a strategy that does not exist with the kinds."""
    with pytest.raises(UsageError, match=r"There is no entry 'bins'. The entries are name, title, notes, n_bins"):
        parse_scheme(TWO | {"bins": 2}, "mine")
    with pytest.raises(UsageError, match="one of champions, loyal, potential_loyalists"):
        parse_scheme(TWO | {"archetypes": {"Good": "vip"}}, "mine")


@pytest.mark.parametrize(
    ("text", "message"), [(None, "cannot be read: No such file or directory"), ("n_bins = ", "is not valid TOML")]
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str | None, message: str) -> None:
    """A missing file and one that is no TOML give one line each."""
    file = tmp_path / "ours.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_scheme(file)
