"""Charts: one function per chart, a table in, an Altair chart out."""

from customerbase.report.charts.agreement import agreement_grid
from customerbase.report.charts.comparing import bic_curve, dendrogram, elbow, silhouettes, stability_intervals
from customerbase.report.charts.customers import customer_orders, customer_standing, favourites, segment_standing
from customerbase.report.charts.placing import confusion_grid, feature_importances
from customerbase.report.charts.profiles import profile_heat_map, snake_plot
from customerbase.report.charts.revenue import hours, lorenz_curve, months, order_counts, weekdays
from customerbase.report.charts.rfm import rfm_grid, score_distribution
from customerbase.report.charts.segments import (
    feature_distribution,
    revenue_per_customer,
    segment_mix,
    segment_shares,
)
from customerbase.report.charts.trade import findings_by_money, returned_products, share_by_month
from customerbase.report.charts.trust import customer_map, out_of_time
from customerbase.report.charts.usage import coupon_merchants, coupon_months, coupons_by_segment, yes_shares

__all__ = [
    "agreement_grid",
    "bic_curve",
    "confusion_grid",
    "coupon_merchants",
    "coupon_months",
    "coupons_by_segment",
    "customer_map",
    "customer_orders",
    "customer_standing",
    "dendrogram",
    "elbow",
    "favourites",
    "feature_distribution",
    "feature_importances",
    "findings_by_money",
    "hours",
    "lorenz_curve",
    "months",
    "order_counts",
    "out_of_time",
    "profile_heat_map",
    "returned_products",
    "revenue_per_customer",
    "rfm_grid",
    "score_distribution",
    "segment_mix",
    "segment_shares",
    "segment_standing",
    "share_by_month",
    "silhouettes",
    "snake_plot",
    "stability_intervals",
    "weekdays",
    "yes_shares",
]
