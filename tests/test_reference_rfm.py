"""Online Retail II: customers per name of each RFM scheme, counted a second time in pandas from the export itself, and
the planes in which its customers lie."""

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from tests.retail import Retail
from tests.segmentation.published import PUBLISHED

from customerbase.features.customers import customer_features
from customerbase.segmentation.projection import place_on_projection, project
from customerbase.segmentation.rfm import RFM
from customerbase.segmentation.schemes import load_scheme
from customerbase.segmentation.segments import segment

pytestmark = pytest.mark.data

AS_OF = pd.Timestamp("2011-12-10")

COUNTS = {
    "cells-11": {
        "Champions": 1_131,
        "Loyal": 631,
        "Potential Loyalist": 572,
        "New Customers": 414,
        "Promising": 200,
        "Need Attention": 337,
        "About To Sleep": 204,
        "At Risk": 474,
        "Cannot Lose Them": 106,
        "Hibernating": 1_081,
        "Lost": 728,
    },
    "rf-10": {
        "Champions": 826,
        "Loyal Customers": 1_053,
        "Potential Loyalists": 711,
        "New Customers": 77,
        "Promising": 160,
        "Need Attention": 284,
        "About To Sleep": 424,
        "Can't Lose": 64,
        "At Risk": 640,
        "Hibernating": 1_639,
    },
    "klaviyo-6": {
        "Champions": 1_835,
        "Loyal": 854,
        "Recent": 1_127,
        "Needs attention": 180,
        "At risk": 595,
        "Inactive": 1_287,
    },
    "shopify-11": {
        "Champions": 886,
        "Loyal": 1_217,
        "Active": 683,
        "New": 41,
        "Promising": 93,
        "Needs attention": 277,
        "Almost lost": 338,
        "Previously loyal": 94,
        "At risk": 798,
        "Dormant": 1_451,
    },
    "putler-grid": {
        "Champions": 1_298,
        "Loyal Customers": 1_610,
        "Potential Loyalist": 1_067,
        "Customers Needing Attention": 309,
        "About To Sleep": 426,
        "At Risk": 452,
        "Hibernating": 716,
    },
    "churned-8": {
        "Champion": 1_298,
        "Loyalist": 1_610,
        "Potential": 1_067,
        "Need attention": 309,
        "At risk": 452,
        "Hibernating": 1_142,
    },
    "rsquared-10": {
        "Champions": 467,
        "Potential Loyalist": 2_102,
        "Loyal Customers": 891,
        "Promising": 59,
        "New Customers": 377,
        "Can't Lose Them": 114,
        "At Risk": 88,
        "Need Attention": 81,
        "About To Sleep": 723,
        "Lost": 971,
        "Others": 5,
    },
    "rsquared-10-older": {
        "Champions": 1_271,
        "Loyal Customers": 1_535,
        "Potential Loyalist": 1_049,
        "Need Attention": 261,
        "About To Sleep": 426,
        "At Risk": 421,
        "Lost": 716,
        "Others": 199,
    },
    "pymc-6": {
        "Premium": 1_762,
        "Repeat": 621,
        "Top Spender": 418,
        "At Risk": 1_273,
        "Inactive": 1_352,
        "Other": 452,
    },
}
"""Customers per name at 2011-12-10; names without a customer are left out."""


@pytest.fixture(scope="module")
def customers(data_folder: Path) -> pd.DataFrame:
    """Recency, frequency and money of each customer with a purchase, in pandas alone."""
    columns = ["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID"]
    rows = pd.read_csv(data_folder / "online_retail_II.csv", dtype={"Invoice": str, "StockCode": str})
    rows["InvoiceDate"] = pd.to_datetime(rows["InvoiceDate"], format="%Y-%m-%d %H:%M:%S")
    # The first nine days of December 2010 stand in both sheets: every line of theirs is there an even number of times.
    overlap = rows["InvoiceDate"].between("2010-12-01", "2010-12-10")
    copies = rows[overlap].groupby([*columns, "Description"], dropna=False)
    second = copies.cumcount() >= copies["Country"].transform("size") / 2
    rows = rows.drop(index=second.index[second])
    rows = rows[rows["Customer ID"].notna() & (rows["Price"] > 0) & ~rows["Invoice"].str.startswith("A")]
    bought = rows[(rows["Quantity"] > 0) & ~rows["Invoice"].str.startswith("C")].groupby("Customer ID")
    money = (rows["Quantity"] * rows["Price"]).groupby(rows["Customer ID"]).sum().round(4)
    found = pd.DataFrame(
        {
            "recency_days": (AS_OF - bought["InvoiceDate"].max().dt.normalize()).dt.days,
            "frequency": bought["Invoice"].nunique(),
        }
    )
    return found.join(money.rename("monetary"))


@pytest.fixture(scope="module")
def features(retail: Retail) -> ibis.Table:
    """The features of the package at the same date."""
    return customer_features(retail.cleaned.data, "2011-12-10").cache()


def score(values: pd.Series, n_bins: int) -> pd.Series:
    """Bin by the share of customers with a smaller value, so that equal values share a score."""
    return 1 + (values.rank(method="min").astype(int) - 1) * n_bins // len(values)


@pytest.mark.parametrize("name", COUNTS)
def test_customers_per_name(name: str, customers: pd.DataFrame, features: ibis.Table) -> None:
    """The package and pandas find the same number of customers under each name."""
    n_bins = load_scheme(name).n_bins[0]
    scores = customers.apply(score, n_bins=n_bins)
    recency = n_bins + 1 - scores["recency_days"]
    if name == "klaviyo-6":
        days = customers["recency_days"]
        recency = 3 - (days > 180).astype(int) - (days > 365).astype(int)
    cells = zip(recency, scores["frequency"], scores["monetary"], strict=True)
    by_hand = pd.Series([PUBLISHED[name](*cell) for cell in cells]).value_counts().to_dict()
    assert by_hand == COUNTS[name]
    assert sum(by_hand.values()) == 5_878
    found = segment(features, RFM(scheme=name)).segments
    assert {one.name: one.n_customers for one in found} == COUNTS[name]


def test_ntile_splits_equal_frequencies_and_our_scores_do_not(features: ibis.Table) -> None:
    """SQL's NTILE(5) gives customers with 1, 2, 4 or 8 orders two scores, 54.9 % of all; ours one each."""
    rows = features.filter(features.frequency > 0)
    ntile = rows.mutate(score=ibis.ntile(5).over(order_by=[rows.frequency, rows.customer_id]))
    frame = ntile.select("recency_days", "frequency", "monetary", "score").to_pandas().astype(float)
    n_scores = frame.groupby("frequency")["score"].nunique()
    split = n_scores[n_scores > 1].index
    assert split.tolist() == [1, 2, 4, 8]
    assert round(100 * frame["frequency"].isin(split).mean(), 1) == 54.9
    ours = pd.Series(RFM().fit_transform(frame)[:, 1]).groupby(frame["frequency"])
    assert (ours.nunique() == 1).all()
    assert {value: set(scores) for value, scores in ours if value in split} == {1: {1}, 2: {2}, 4: {3}, 8: {4}}


def test_components_of_the_shop(features: ibis.Table) -> None:
    """Worth (frequency and money) is the first axis with 76 % of the variance, recency the second with 20 %."""
    found = project(features)
    assert [round(100 * share, 1) for share in found.explained_variance or ()] == [76.0, 20.0, 4.0]
    assert found.loadings is not None
    assert {name: [round(value, 2) for value in row] for name, row in found.loadings.items()} == {
        "recency_days": [-0.74, 0.68, 0.02],
        "frequency": [0.94, 0.24, 0.25],
        "monetary": [0.92, 0.30, -0.24],
    }
    buyers = features.filter(features.frequency > 0).to_pandas().set_index("customer_id").sort_index()
    Z = found.preparation.transform(buyers)
    values = np.linalg.eigvalsh(np.corrcoef(Z.T))[::-1]
    np.testing.assert_allclose(values / 3, found.explained_variance or (), atol=1e-9)


def test_map_of_the_shop(features: ibis.Table) -> None:
    """2,000 of 5,878 customers: neighbours are true to 0.99, and the shown land within 1 % when placed anew."""
    found = project(features, method="tsne")
    assert found.points.count().execute() == 2_000
    assert found.trustworthiness is not None
    assert found.trustworthiness > 0.99
    shown = found.points.to_pandas().set_index("customer_id")[["x", "y"]]
    again = features.filter(features.customer_id.isin(shown.index.tolist()))
    placed = place_on_projection(found, again).to_pandas().set_index("customer_id")[["x", "y"]].loc[shown.index]
    away = np.linalg.norm(placed - shown, axis=1) / np.ptp(shown.to_numpy(), axis=0).max()
    assert np.quantile(away, 0.98) < 0.01
