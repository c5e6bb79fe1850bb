"""Features of what a customer does beside buying, as a file of one row per customer has counted it."""

import ibis.expr.types as ir

__all__ = [
    "ENGAGEMENT_PARTS",
    "average_session_minutes",
    "campaign_response_rate",
    "cart_abandonment_rate",
    "engagement_score",
    "n_clicks",
    "n_pages",
    "n_sessions",
    "n_wishlist_adds",
]

ENGAGEMENT_PARTS = ("n_clicks", "n_sessions", "n_wishlist_adds")
"""What the engagement score adds up; a file that lacks one of them has no score."""


def n_sessions(customer: ir.Table) -> ir.Value:
    """Count the visits."""
    return customer.n_sessions


def average_session_minutes(customer: ir.Table) -> ir.Value:
    """Mean length of a visit in minutes."""
    return customer.average_session_minutes


def n_pages(customer: ir.Table) -> ir.Value:
    """Count the pages viewed."""
    return customer.n_pages


def n_clicks(customer: ir.Table) -> ir.Value:
    """Count the clicks."""
    return customer.n_clicks


def n_wishlist_adds(customer: ir.Table) -> ir.Value:
    """Count the products put on a wish list."""
    return customer.n_wishlist_adds


def engagement_score(customer: ir.Table) -> ir.Value:
    """Clicks, sessions and wish-list adds added up; missing where one of them is.

    Examples
    --------
    >>> import ibis
    >>> customer = ibis.memtable({"n_clicks": [828.0], "n_sessions": [56.0], "n_wishlist_adds": [28.0]})
    >>> engagement_score(customer).to_list()
    [912.0]
    """
    return customer.n_clicks + customer.n_sessions + customer.n_wishlist_adds


def campaign_response_rate(customer: ir.Table) -> ir.Value:
    """Share of campaigns that were answered, from 0 to 1."""
    return customer.campaign_response_rate


def cart_abandonment_rate(customer: ir.Table) -> ir.Value:
    """Share of baskets that were left, from 0 to 1."""
    return customer.cart_abandonment_rate
