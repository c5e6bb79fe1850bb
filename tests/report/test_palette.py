"""The colours of segments, as eyes see them that lack one kind of cones."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from customerbase.report.charts.palette import blend, contrast, edge_color, ink_on, on_dark
from customerbase.segmentation.naming import SHADES, shade
from customerbase.segmentation.playbook import load_playbook

Vector = npt.NDArray[np.float64]

# Machado, Oliveira and Fernandes (2009), severity 1: what each kind of eyes makes of linear red, green and blue.
SIGHT = {
    "all cones": np.eye(3),
    "no long waves": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no middle waves": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no short waves": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
JUST_SEEN = 2.3
"""The difference in CIE L*a*b* that an eye just notices (Mahy, Van Eycken and Oosterlinck, 1994)."""


def linear(color: str) -> Vector:
    """Undo the gamma of sRGB."""
    value = np.array(tuple(bytes.fromhex(color[1:]))) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(light: Vector) -> Vector:
    """Place linear light in CIE L*a*b*."""
    ratios = TO_XYZ @ np.clip(light, 0, 1) / WHITE
    bent = np.where(ratios > 216 / 24389, np.cbrt(ratios), (24389 / 27 * ratios + 16) / 116)
    return np.array([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])


def test_the_ruler_knows_red_and_white() -> None:
    """Published places of two colours."""
    assert lab(linear("#ffffff")) == pytest.approx([100, 0, 0], abs=0.01)
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.01)


@pytest.mark.parametrize("sight", SIGHT)
def test_segments_of_one_kind_are_told_apart_by_every_kind_of_eyes(sight: str) -> None:
    """Segments that stand in one chart, three times as far apart as can just be seen."""
    seen = {one.key: (one.kind, lab(SIGHT[sight] @ linear(one.color))) for one in load_playbook().values()}
    for (first, (kind, here)), (second, (other, there)) in combinations(seen.items(), 2):
        if kind == other:
            assert np.linalg.norm(here - there) > 3 * JUST_SEEN, (first, second)


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("look", [str, edge_color, on_dark], ids=["areas", "lines", "dark page"])
def test_kinds_of_coupon_customers_are_told_apart_as_areas_lines_and_by_night(
    sight: str, look: Callable[[str], str]
) -> None:
    """They are few and stand side by side: six times as far apart as can just be seen, however they are drawn."""
    kinds = [one for one in load_playbook().values() if one.kind in {"coupons", "coupon-use"}]
    seen = {one.key: lab(SIGHT[sight] @ linear(look(one.color))) for one in kinds}
    assert len(seen) == 9
    for (first, here), (second, there) in combinations(seen.items(), 2):
        assert np.linalg.norm(here - there) > 6 * JUST_SEEN, (first, second)


def test_a_qualified_name_has_a_shade_that_is_told_from_the_plain_one() -> None:
    """For 'Hibernating, lower spend' beside 'Hibernating', and so for every name and every qualifier."""
    for one in load_playbook().values():
        plain = lab(linear(one.color))
        for words in SHADES:
            assert np.linalg.norm(lab(linear(shade(one.color, (words,)))) - plain) > 3 * JUST_SEEN, (one.key, words)


def test_text_can_be_read_on_every_shade() -> None:
    """Of every grey, and of the hardest way between two hues."""
    for stops in (["#000000", "#ffffff"], ["#0000ff", "#ffff00"], ["#f3f7fa", "#0d3d5c"]):
        for step in range(256):
            color = blend(stops, step / 255)
            assert contrast(color, ink_on(color)) >= 4.5, color
