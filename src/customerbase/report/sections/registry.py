"""SECTIONS: what a report tells, in order; and make_sections(), which tells what a workspace knows of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from customerbase.report.blocks import Block, Paragraph
from customerbase.report.material import OF_ANY_DATE, Material
from customerbase.report.sections.agreement import describe_agreement
from customerbase.report.sections.comparison import describe_comparison
from customerbase.report.sections.definitions import describe_customers, describe_definitions
from customerbase.report.sections.differences import describe_differences, describe_segments, describe_strategies
from customerbase.report.sections.incoming import describe_base, describe_export, describe_findings
from customerbase.report.sections.placing import describe_placing
from customerbase.report.sections.plane import describe_map
from customerbase.report.sections.revenue import describe_concentration, describe_seasons
from customerbase.report.sections.scores import describe_scores
from customerbase.report.sections.trade import describe_guests, describe_products, describe_returns
from customerbase.report.sections.trust import describe_out_of_time
from customerbase.report.sections.usage import ENGAGEMENT, describe_coupons, describe_engagement
from customerbase.workspace.manifest import UNDATED
from customerbase.workspace.verbs import DATED_VERBS, VERBS

__all__ = ["SECTIONS", "MadeSection", "Section", "make_section", "make_sections"]


_NOT_MADE = "This part has not been made."
"""How the advice begins that stands in the place of a part."""


def _always(material: Material) -> bool:  # noqa: ARG001
    return True


def _has_orders(material: Material) -> bool:
    return material.has_orders and material.is_made("order_lines")


def _has_scores(material: Material) -> bool:
    return {"recency_days", "frequency", "monetary", "gross_revenue"} <= set(material.customers.columns)


def _has_coupons(material: Material) -> bool:
    return material.has("coupon_events") and "n_claimed" in material.customers.columns


def _has_engagement(material: Material) -> bool:
    return any(feature in material.customers.columns for feature in ENGAGEMENT)


def _may_name(material: Material) -> bool:
    return material.with_ids


@dataclass(frozen=True)
class Section:
    """One section of a report.

    `needs` names the tables of the workspace without which it cannot be made: where one is missing, the section names
    the command that makes it. `concerns` tells whether a data set has anything to do with it; if not, it is left out.
    """

    title: str
    make: Callable[[Material], Iterator[Block]]
    needs: tuple[str, ...] = ()
    concerns: Callable[[Material], bool] = _always


@dataclass(frozen=True)
class MadeSection:
    """A section with its blocks, and the key under which it can be linked to."""

    key: str
    title: str
    blocks: tuple[Block, ...]


SECTIONS: Mapping[str, Section] = {
    "base": Section("The customer base", describe_base),
    "export": Section("What came in, and what was set aside", describe_export),
    "findings": Section("What to look at in the export", describe_findings, ("checkup",)),
    "segments": Section("The segments", describe_segments),
    "differences": Section("How the segments differ", describe_differences, ("explore_distributions",)),
    "map": Section("The customers on a map", describe_map, ("projection", "projection_facts")),
    "rfm": Section("Recency and frequency", describe_scores, concerns=_has_scores),
    "concentration": Section(
        "On how few customers revenue rests",
        describe_concentration,
        ("explore_lorenz", "explore_order_counts"),
        _has_orders,
    ),
    "seasons": Section(
        "When revenue comes in",
        describe_seasons,
        ("explore_months", "explore_weekdays", "explore_hours"),
        _has_orders,
    ),
    "products": Section("What and where each segment buys", describe_products, concerns=_has_orders),
    "coupons": Section("Coupons", describe_coupons, ("coupon_events",), _has_coupons),
    "engagement": Section("Visits and engagement", describe_engagement, concerns=_has_engagement),
    "guests": Section("Guests", describe_guests, ("explore_guests",), _has_orders),
    "returns": Section("Returns", describe_returns, ("explore_months", "explore_returned_products"), _has_orders),
    "comparison": Section(
        "Which segmentation, and why",
        describe_comparison,
        ("comparison", "elbow", "silhouettes", "bic", "stability", "dendrogram", "comparison_facts"),
    ),
    "trust": Section("How far to trust the segments", describe_out_of_time, ("out_of_time",), _has_orders),
    "agreement": Section("Schemes side by side", describe_agreement, ("concordance", "concordance_facts"), _has_orders),
    "placing": Section(
        "Placing newcomers", describe_placing, ("fidelity", "confusion", "importances", "surrogate_rules")
    ),
    "strategies": Section("What to do with each segment", describe_strategies),
    "customers": Section("The best customers", describe_customers, concerns=_may_name),
    "definitions": Section("How every figure is defined", describe_definitions),
}
"""Key → section, in the order of the page. A section of further tables is one function more, and one line here."""


def make_sections(material: Material) -> Iterator[MadeSection]:
    """Make the sections that concern a data set, one by one; those that have nothing to say are left out.

    Parameters
    ----------
    material
        What the workspace holds.
    """
    for key, section in SECTIONS.items():
        if blocks := make_section(section, material):
            yield MadeSection(key, section.title, blocks)


def make_section(section: Section, material: Material) -> tuple[Block, ...]:
    """Make the blocks of one section; none where it does not concern the data set or has nothing to say."""
    return tuple(_make(section, material)) if section.concerns(material) else ()


def _make(section: Section, material: Material) -> Iterator[Block]:
    missing = [name for name in section.needs if not material.is_made(name)]
    if missing:
        return iter([Paragraph(_advise(missing[0], material.as_of))])
    return section.make(material)


def _advise(table: str, as_of: str) -> str:
    verb = "explore" if table.startswith("explore_") else VERBS[table]
    is_dated = verb in DATED_VERBS and table not in OF_ANY_DATE and as_of != UNDATED
    date = f" --as-of {as_of}" if is_dated else ""
    return f"{_NOT_MADE} Run 'customerbase {verb}{date}', and then 'customerbase report'."
