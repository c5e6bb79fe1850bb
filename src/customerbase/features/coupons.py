"""Features of a customer's coupons: how many were claimed and burnt, how soon, where and how lately."""

from datetime import date

import ibis
import ibis.expr.types as ir

__all__ = [
    "burn_rate",
    "coupon_recency_days",
    "favourite_merchant",
    "fold_coupons",
    "mean_days_to_burn",
    "n_burnt",
    "n_claim_days",
    "n_claimed",
    "n_merchants",
]


def fold_coupons(events: ir.Table, as_of: date) -> ir.Table:
    """Fold coupon events into one row per customer: the counts and days of which the features are made.

    Examples
    --------
    >>> events = ibis.memtable({"customer_id": ["ann"] * 3, "coupon_id": ["1", "1", "2"],
    ...                         "event": ["claimed", "burnt", "claimed"],
    ...                         "occurred_at": ["2024-05-01 09:00", "2024-05-04 08:00", "2024-05-02 10:00"],
    ...                         "merchant_id": ["7"] * 3, "merchant_name": ["Bakery"] * 3})
    >>> ann = fold_coupons(events.cast({"occurred_at": "timestamp"}), date(2024, 5, 14))
    >>> ann.select("n_claims", "n_burns", "days_to_burn", "last_event_days", "favourite").to_pyarrow().to_pylist()
    [{'n_claims': 2, 'n_burns': 1, 'days_to_burn': 3, 'last_event_days': 10, 'favourite': 'Bakery'}]
    """
    placed = _place_burns(events)
    is_claim = placed.event == "claimed"
    counts = placed.group_by("customer_id").agg(
        n_claims=placed.count(where=is_claim),
        n_burns=placed.count(where=placed.event == "burnt"),
        n_claim_days=placed.day.nunique(where=is_claim),
        n_timed_burns=placed.count(where=placed.days_to_burn.notnull()),
        days_to_burn=placed.days_to_burn.sum(),
        last_event_days=ibis.literal(as_of).delta(placed.day.max(), unit="day").cast("int64"),
    )
    return counts.left_join(_fold_merchants(placed.filter(is_claim)), "customer_id").drop("customer_id_right")


def _place_burns(events: ir.Table) -> ir.Table:
    """Add to each event its day, and to each burning the days since the customer last claimed that coupon."""
    dated = events.mutate(day=events.occurred_at.date())
    # Backwards in the alphabet, so that of two events at one time the claim stands first.
    until_then = ibis.cumulative_window(
        group_by=[dated.customer_id, dated.coupon_id], order_by=[dated.occurred_at, dated.event.desc()]
    )
    claim_day = ibis.ifelse(dated.event == "claimed", dated.day, ibis.null("date"))
    placed = dated.mutate(claimed_on=claim_day.max().over(until_then))
    days = placed.day.delta(placed.claimed_on, unit="day").cast("int64")
    return placed.mutate(days_to_burn=ibis.ifelse(placed.event == "burnt", days, ibis.null("int64")))


def _fold_merchants(claims: ir.Table) -> ir.Table:
    """Give per customer how many merchants there are, and that of the most claims (of equals, the smallest name)."""
    named = claims.mutate(merchant=claims.merchant_name.coalesce(claims.merchant_id))
    known = named.filter(named.merchant.notnull())
    merchants = known.group_by("customer_id", "merchant").agg(n_claims=known.count())
    # One row per customer and count: the merchant with the largest count is then the same in every engine.
    ties = merchants.group_by("customer_id", "n_claims").agg(smallest=merchants.merchant.min(), n=merchants.count())
    return ties.group_by("customer_id").agg(
        favourite=ties.smallest.argmax(ties.n_claims),
        # DuckDB sums integers to 128 bits, which Parquet can only hold as floating point.
        n_merchants=ties.n.sum().cast("int32").cast("int64"),
    )


def n_claimed(customer: ir.Table) -> ir.Value:
    """Count the coupons claimed; a burnt one was claimed, and one that is burnt on or after `as_of` is only claimed."""
    return customer.n_claims.fill_null(0)


def n_burnt(customer: ir.Table) -> ir.Value:
    """Count the coupons burnt."""
    return customer.n_burns.fill_null(0)


def burn_rate(customer: ir.Table) -> ir.Value:
    """Coupons burnt over coupons claimed; missing where none was claimed.

    Examples
    --------
    >>> burn_rate(ibis.memtable({"n_burns": [3], "n_claims": [4]})).to_list()
    [0.75]
    """
    return customer.n_burns.cast("float64") / customer.n_claims.cast("float64").nullif(0)


def mean_days_to_burn(customer: ir.Table) -> ir.Value:
    """Mean number of days from the last claim of a coupon to its burning; missing where none was burnt.

    Examples
    --------
    >>> mean_days_to_burn(ibis.memtable({"days_to_burn": [9], "n_timed_burns": [2]})).to_list()
    [4.5]
    """
    return customer.days_to_burn.cast("float64") / customer.n_timed_burns.cast("float64").nullif(0)


def coupon_recency_days(customer: ir.Table) -> ir.Value:
    """Whole days from the last coupon claimed or burnt to `as_of`; missing without a coupon."""
    return customer.last_event_days


def n_claim_days(customer: ir.Table) -> ir.Value:
    """Count the days on which coupons were claimed."""
    return customer.n_claim_days.fill_null(0)


def n_merchants(customer: ir.Table) -> ir.Value:
    """Count the different merchants of the coupons claimed, by name, else number; 0 where none is known."""
    return customer.n_merchants.fill_null(0)


def favourite_merchant(customer: ir.Table) -> ir.Value:
    """Name, else number, of the merchant of the most coupons claimed; of equals, the smallest."""
    return customer.favourite
