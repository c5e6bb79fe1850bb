"""The same work as a careful analyst would write it in a notebook, with pandas and scikit-learn alone.

Run as a script: `python -m benchmarks.notebook EXPORT.csv FOLDER`. Rules and features are those of customerbase.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

NO_PRODUCT = r"(?i)^(?:POST|DOT|M|D|C2|ADJUST\d*|B|S|SAMPLES?|BANK CHARGES|AMAZONFEE|CRUK|PADS|TEST\d*)$"


def read(path: str) -> pd.DataFrame:
    """Read Online Retail II with the names of customerbase."""
    lines = pd.read_csv(path, dtype={"Invoice": str, "StockCode": str}, parse_dates=["InvoiceDate"])
    lines = lines.rename(
        columns={
            "Invoice": "order_id",
            "StockCode": "product_id",
            "Description": "product_name",
            "Quantity": "quantity",
            "InvoiceDate": "ordered_at",
            "Price": "unit_price",
            "Customer ID": "customer_id",
            "Country": "country",
        }
    )
    lines["amount"] = lines.quantity * lines.unit_price
    lines["is_return"] = lines.order_id.str.startswith("C") | (lines.quantity < 0)
    return lines


def find_repeated(lines: pd.DataFrame) -> pd.Series:
    """Mark the second copy of whole orders: days of which at least 90 % of the orders stand twice."""
    content = [name for name in lines.columns if name != "source_row"]
    copy_number = lines.groupby(content, dropna=False).cumcount() + 1
    counts = lines.groupby(content, dropna=False).ordered_at.transform("size")
    divisor = counts.groupby(lines.order_id).agg(lambda values: np.gcd.reduce(values.to_numpy()))
    days = lines.groupby("order_id").ordered_at.min().dt.date
    per_day = pd.DataFrame({"day": days, "is_double": divisor >= 2}).groupby("day").is_double.agg(["mean", "size"])
    repeated_days = per_day.index[(per_day["size"] >= 5) & (per_day["mean"] >= 0.9)]
    is_repeated = (days.isin(repeated_days) & (divisor >= 2)).reindex(lines.order_id).to_numpy()
    divisor_of_line = divisor.reindex(lines.order_id).to_numpy()
    return pd.Series(is_repeated & (copy_number.to_numpy() > counts.to_numpy() / divisor_of_line), index=lines.index)


def clean(lines: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set aside what customerbase sets aside."""
    rule = pd.Series(None, index=lines.index, dtype=object)
    for name, caught in {
        "no_price": lines.unit_price <= 0,
        "guest": lines.customer_id.isna(),
        "accounting_adjustment": lines.order_id.str.startswith("A"),
        "repeated_order": find_repeated(lines),
    }.items():
        rule[caught] = name
    kept = lines[rule.isna()].copy()
    kept["customer_id"] = kept.customer_id.astype(int).astype(str)
    kept["is_product"] = ~kept.product_id.str.match(NO_PRODUCT)
    return kept, lines[rule.notna()].assign(rule=rule)


def describe(lines: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Make the features of customerbase that this export allows."""
    lines = lines[lines.ordered_at < as_of]
    bought, returned = lines[~lines.is_return], lines[lines.is_return]
    orders = bought.groupby(["customer_id", "order_id"]).agg(
        at=("ordered_at", "min"), gross=("amount", "sum"), units=("quantity", "sum"), country=("country", "min")
    )
    orders = orders.reset_index().sort_values(["customer_id", "at", "order_id"])
    orders["day"] = orders["at"].dt.normalize()
    orders["age"] = (as_of - orders.day).dt.days
    orders["gap"] = orders.groupby("customer_id").day.diff().dt.days
    orders["is_weekend"] = orders.day.dt.day_of_week >= 5
    groups = orders.groupby("customer_id")
    features = groups.agg(
        recency_days=("age", "min"),
        age_days=("age", "max"),
        frequency=("order_id", "size"),
        gross_revenue=("gross", "sum"),
        n_units=("units", "sum"),
        first_order_value=("gross", "first"),
        country=("country", "last"),
        n_repeat_purchase_days=("gap", lambda gaps: (gaps > 0).sum()),
        sd_days_between_orders=("gap", "std"),
        mean_days_between_orders=("gap", "mean"),
        weekend_share=("is_weekend", "mean"),
    )
    features["return_value"] = -returned.groupby("customer_id").amount.sum().reindex(features.index).fillna(0)
    features["n_returns"] = returned.groupby("customer_id").order_id.nunique().reindex(features.index).fillna(0)
    features["monetary"] = features.gross_revenue - features.return_value
    features["return_rate"] = features.return_value / features.gross_revenue
    features["average_order_value"] = features.gross_revenue / features.frequency
    features["average_basket_units"] = features.n_units / features.frequency
    features["average_unit_price"] = features.gross_revenue / features.n_units
    features["tenure_days"] = features.age_days - features.recency_days
    features["overdue_ratio"] = features.recency_days / features.mean_days_between_orders
    recent, earlier = orders[orders.age <= 90], orders[orders.age.between(91, 180)]
    features["n_orders_last_90_days"] = recent.groupby("customer_id").size().reindex(features.index).fillna(0)
    features["revenue_last_90_days"] = recent.groupby("customer_id").gross.sum().reindex(features.index).fillna(0)
    features["revenue_previous_90_days"] = earlier.groupby("customer_id").gross.sum().reindex(features.index).fillna(0)
    total = features.revenue_last_90_days + features.revenue_previous_90_days
    features["revenue_trend"] = (features.revenue_last_90_days - features.revenue_previous_90_days) / total
    features["is_one_time"] = features.frequency == 1
    products = (
        bought[bought.is_product]
        .groupby(["customer_id", "product_id"])
        .agg(n=("amount", "size"), money=("amount", "sum"))
    )
    products = products.reset_index()
    features["n_products"] = products.groupby("customer_id").size().reindex(features.index).fillna(0)
    favourites = products.sort_values(["customer_id", "n", "product_id"], ascending=[True, False, True])
    features["favourite_product"] = favourites.groupby("customer_id").product_id.first().reindex(features.index)
    money = products.groupby("customer_id").money
    features["top_product_share"] = (money.max() / money.sum()).reindex(features.index)
    return features.reset_index()


def segment(features: pd.DataFrame) -> pd.DataFrame:
    """Cluster on recency, frequency and monetary value."""
    X = features[["recency_days", "frequency", "monetary"]].astype(float)
    X = X.clip(X.quantile(0.01), X.quantile(0.99), axis=1)
    signed_log = np.sign(X) * np.log1p(X.abs() / X.abs().median())
    prepared = StandardScaler().fit_transform(signed_log)
    labels = KMeans(6, n_init=10, random_state=0).fit_predict(prepared)
    print("silhouette", silhouette_score(prepared, labels, sample_size=2_000, random_state=0))
    return features[["customer_id"]].assign(segment=labels)


def main(path: str, folder: str) -> None:
    """Do the whole work and write its tables."""
    kept, aside = clean(read(path))
    features = describe(kept, kept.ordered_at.max().normalize() + pd.Timedelta(days=1))
    tables = {"order_lines": kept, "quarantine": aside, "features": features, "assignments": segment(features)}
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(Path(folder) / f"{name}.parquet")
    print(len(kept), "rows kept,", len(features), "customers,", round(features.gross_revenue.sum(), 2), "gross revenue")


if __name__ == "__main__":
    main(*sys.argv[1:])
