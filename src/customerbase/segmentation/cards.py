"""Cards: segments as they stand in a notebook."""

from typing import Any

from customerbase.segmentation.spoken_figures import BESIDE
from customerbase.tidy_html import html_card, html_table

__all__ = ["segment_html", "segmentation_html"]


def segment_html(one: Any) -> str:  # noqa: ANN401  (a Segment, whose module imports this one)
    """Give a segment as a card: size, revenue, traits, what sets it apart and the goal of its strategy."""
    revenue = "" if one.revenue_share is None else f", {one.revenue_share:.1%} of revenue"
    size = f"{one.n_customers:,} customers ({one.share:.1%}){revenue}"
    apart = [f"{BESIDE}: {'; '.join(one.contrasts)}."] if one.contrasts else []
    return html_card(one.name, one.color, [size, "; ".join(one.traits), *apart, one.strategy.goal])


def segmentation_html(result: Any) -> str:  # noqa: ANN401  (a Segmentation)
    """Give the segments of a segmentation as a table."""
    rows = [
        (
            one.name,
            one.n_customers,
            f"{one.share:.1%}",
            "–" if one.revenue_share is None else f"{one.revenue_share:.1%}",
        )
        for one in result.segments
    ]
    title = f"{len(rows)} segments" + (f" as of {result.as_of}" if result.as_of else "")
    return html_table(title, ["segment", "customers", "share", "revenue"], rows)
