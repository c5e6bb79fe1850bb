"""Published figures of the behaviour file, the coupon workbook and the RFM table of year 1, on the real data."""

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from customerbase.features.customers import customer_features
from customerbase.schema import COUPON_EVENTS, INGESTED_LINES, Dataset
from customerbase.segmentation.clustering import make_clusterer, single_thread
from customerbase.segmentation.naming import name_segments
from customerbase.segmentation.profiles import make_profiles
from customerbase.segmentation.segments import segment

NO_LINES = ibis.table({column.name: column.type for column in INGESTED_LINES}, name="order_lines")
RFM_NAMES = {"Customer_ID": "customer_id", "Recency": "recency_days", "Frequency": "frequency", "Monetary": "monetary"}


def make_file(frame: pd.DataFrame) -> Dataset:
    """Make a data set of one row per customer with recency_days, frequency and monetary."""
    numbers = frame[["recency_days", "frequency", "monetary"]].astype("float64")
    ids = frame.customer_id.astype(str)
    customers = numbers.assign(customer_id=ids, source="file", source_row=range(2, len(frame) + 2))
    return Dataset(NO_LINES, customers=ibis.memtable(customers), has_orders=False)


@pytest.fixture(scope="module")
def behaviour(data_folder: Path) -> pd.DataFrame:
    """The behaviour file with our names."""
    frame: pd.DataFrame = pd.read_csv(data_folder / "behaviour" / "ecommerce_user_segmentation.csv")
    return frame.rename(columns=RFM_NAMES)


@pytest.fixture(scope="module")
def coupons(data_folder: Path) -> Dataset:
    """The transactions of the coupon workbook as events."""
    rows = pd.read_excel(data_folder / "coupons" / "E-commerce_data.xlsx", sheet_name="transactions")
    claimed = pd.DataFrame(
        {
            "source": "workbook",
            "source_row": rows.transaction_id + 1,
            "customer_id": rows.customer_id.astype(str),
            "coupon_id": rows.coupon_name,
            "event": "claimed",
            "occurred_at": rows.transaction_date,
        }
    )
    burnt = claimed.assign(event="burnt", occurred_at=rows.burn_date)[rows.transaction_status == "burned"]
    schema = {column.name: column.type for column in COUPON_EVENTS}
    events = pd.concat([claimed, burnt]).assign(merchant_id=None, merchant_name=None, branch_id=None, city=None)
    return Dataset(NO_LINES, coupon_events=ibis.memtable(events[list(schema)], schema=schema), has_orders=False)


def test_published_groups_of_the_behaviour_file_and_their_names(behaviour: pd.DataFrame) -> None:
    """The published k-means gives the published sizes, and each group the name that its figures deserve."""
    columns = ["recency_days", "frequency", "monetary"]
    capped = behaviour[columns].clip(upper=behaviour[columns].quantile(0.99), axis="columns")
    inverted = capped.assign(recency_days=capped.recency_days.max() - capped.recency_days)
    with single_thread():
        labels = KMeans(4, n_init=10, random_state=42).fit_predict(StandardScaler().fit_transform(inverted))
    profiles = make_profiles(behaviour[columns].astype(float), labels)
    names = [one.name for one in name_segments(list(profiles.values()))]
    assert dict(zip(names, np.bincount(labels).tolist(), strict=True)) == {
        "Hibernating": 1_082,
        "Promising regulars": 5_755,
        "Loyal customers": 2_190,
        "Champions": 973,
    }


def test_base_of_the_behaviour_file(behaviour: pd.DataFrame) -> None:
    """Of 145 customers without an order 143 spent something, and belong to the base."""
    result = segment(customer_features(make_file(behaviour)), make_clusterer(n_segments=4))
    assert sum(one.n_customers for one in result.segments) == 10_000 - 2
    assert (behaviour.frequency == 0).sum() == 145


def test_figures_of_the_coupon_workbook(coupons: Dataset) -> None:
    """989 customers claimed 5,000 coupons and burnt 2,516; the mean burn rate is 0.505."""
    features = customer_features(coupons).to_pandas()
    assert len(features) == 989
    assert (features.n_claimed.sum(), features.n_burnt.sum()) == (5_000, 2_516)
    assert features.burn_rate.mean() == pytest.approx(0.505, abs=5e-4)


def test_segments_of_the_coupon_workbook(coupons: Dataset) -> None:
    """Six segments of claiming and burning, with the names that their figures deserve and no word of money."""
    segments = segment(customer_features(coupons), make_clusterer()).segments
    assert {one.name: one.revenue_share for one in segments} == dict.fromkeys(
        [
            "Coupon regulars",
            "Lapsed coupon regulars",
            "Claim and forget",
            "Choosy coupon users",
            "Former coupon users",
            "Coupon samplers",
        ]
    )
    assert sum(one.n_customers for one in segments) == 989


def test_segments_of_the_year_1_table(data_folder: Path) -> None:
    """Every customer of the table has a segment, and the whole spend is shared out."""
    frame = pd.read_csv(data_folder / "rfm" / "online_retail_ii_year1_clean.csv")
    result = segment(customer_features(make_file(frame.rename(columns={"recency": "recency_days"}))), make_clusterer())
    assert sum(one.n_customers for one in result.segments) == 3_812
    assert sum(one.revenue_share or 0 for one in result.segments) == pytest.approx(1)
    assert {"Champions", "At risk", "Hibernating"} <= {one.name for one in result.segments}
