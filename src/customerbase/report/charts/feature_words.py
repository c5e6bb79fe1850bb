"""Words for features on axes and in titles, each with its unit."""

from collections.abc import Mapping

__all__ = ["FEATURE_WORDS", "feature_kind", "feature_words", "yes_words"]

FEATURE_WORDS: Mapping[str, str] = {
    "recency_days": "days since the last order",
    "frequency": "orders",
    "monetary": "net spend",
    "gross_revenue": "revenue",
    "return_value": "value sent back",
    "n_returns": "lines sent back",
    "return_rate": "share sent back",
    "average_order_value": "average order value",
    "average_basket_units": "units per order",
    "average_unit_price": "price per unit",
    "n_units": "units bought",
    "n_products": "different products",
    "n_categories": "different categories",
    "tenure_days": "days from first to last order",
    "age_days": "days since the first order",
    "mean_days_between_orders": "days between orders",
    "sd_days_between_orders": "spread of days between orders",
    "n_repeat_purchase_days": "days with a later order",
    "n_lines": "lines bought",
    "overdue_ratio": "silence against the usual gap",
    "n_orders_last_90_days": "orders of the last 90 days",
    "revenue_last_90_days": "revenue of the last 90 days",
    "first_order_value": "value of the first order",
    "is_one_time": "bought once",
    "weekend_share": "share of weekend orders",
    "discount_share": "share given as discount",
    "coupon_recency_days": "days since the last coupon",
    "n_claimed": "coupons claimed",
    "n_burnt": "coupons burnt",
    "burn_rate": "share of coupons burnt",
    "mean_days_to_burn": "days from claim to burn",
    "n_claim_days": "days with a claim",
    "n_merchants": "different merchants",
    "n_sessions": "visits",
    "average_session_minutes": "minutes per visit",
    "n_pages": "pages viewed",
    "n_clicks": "clicks",
    "n_wishlist_adds": "wish-list additions",
    "engagement_score": "engagement score",
    "campaign_response_rate": "share of campaigns answered",
    "cart_abandonment_rate": "share of carts abandoned",
    "age": "age in years",
}
"""Name of a feature → what a reader calls it."""

_MONEY = ("monetary", "gross_revenue", "average_order_value", "return_value", "first_order_value")


def feature_words(feature: str) -> str:
    """Say what a feature is; a column of the shop's own is called by its name.

    Examples
    --------
    >>> feature_words("recency_days"), feature_words("Loyalty_Points")
    ('days since the last order', 'Loyalty Points')
    """
    return FEATURE_WORDS.get(feature, " ".join(feature.replace("_", " ").split())[:60])


_YES_WORDS: Mapping[str, str] = {
    "campaign_response_rate": "answered the campaign",
    "cart_abandonment_rate": "abandoned the cart",
    "discount_share": "bought at a discount",
}


def yes_words(feature: str) -> str:
    """Say what is true of a customer with a 1, where a feature is only 0 or 1.

    Examples
    --------
    >>> yes_words("campaign_response_rate"), yes_words("is_one_time"), yes_words("Has_App")
    ('answered the campaign', 'bought once', 'Has App')
    """
    return _YES_WORDS.get(feature, feature_words(feature))


def feature_kind(feature: str) -> str:
    """Give the kind of numeral in which a feature is written.

    Examples
    --------
    >>> feature_kind("burn_rate"), feature_kind("monetary"), feature_kind("frequency")
    ('share', 'money', 'number')
    """
    if feature.endswith(("_rate", "_share")) or feature == "is_one_time":
        return "share"
    return "money" if feature in _MONEY else "number"
