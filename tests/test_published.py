"""Segmentations that others published come out of the code that the documentation shows."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

_PAGE = Path(__file__).resolve().parents[1] / "docs" / "published.md"

pytestmark = pytest.mark.data


@pytest.fixture(scope="module")
def results(data_folder: Path) -> dict[str, Any]:
    """What the names of the page's code hold in the end."""
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(data_folder)
        for block in re.findall(r"^```py\n(.*?)^```$", _PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            exec(compile(block, _PAGE.name, "exec"), names)
    return names


def sizes(segmentation: Any) -> list[int]:
    return sorted(segment.n_customers for segment in segmentation.segments)


def test_the_behaviour_file_has_the_published_labels(results: dict[str, Any], data_folder: Path) -> None:
    """Each of the 10,000 customers is in the published cluster; only the numbers of the clusters differ."""
    published = pd.read_csv(data_folder / "behaviour" / "ecommerce_segmented_customers.csv").set_index("Customer_ID")
    customers = results["features"].select("customer_id").execute()
    labels = pd.Series(results["behaviour"], index=customers.customer_id.astype(published.index.dtype))
    together = pd.crosstab(labels, published.Cluster.loc[labels.index])
    assert sorted(together.to_numpy()[together.to_numpy() > 0].tolist()) == [973, 1_082, 2_190, 5_755]


def test_the_means_of_the_behaviour_file_are_the_published_ones(results: dict[str, Any]) -> None:
    """Recency, frequency and monetary value by cluster, cut at the 99th percentile."""
    columns = ["recency_days", "frequency", "monetary"]
    table = results["features"].select(columns).execute().astype(float)
    capped = table.clip(upper=table.quantile(0.99), axis=1)
    means = capped.groupby(results["behaviour"]).mean().sort_values("monetary")
    expected = [[135.0, 4.6, 49], [50.4, 17.8, 755], [19.5, 49.1, 3_465], [7.5, 74.9, 7_574]]
    assert np.allclose(means.to_numpy(), expected, rtol=0.011)


def test_the_coupon_workbook_has_the_published_sizes(results: dict[str, Any]) -> None:
    """With the mistaken burn rate; with the true one the sizes are others, and the silhouette is lower."""
    mistaken, corrected = results["mistaken"], results["corrected"]
    assert sizes(mistaken) == [50, 94, 182, 236, 427]
    assert sizes(corrected) == [69, 191, 212, 240, 277]
    assert round(mistaken.quality.silhouette, 3) == 0.458
    assert round(corrected.quality.silhouette, 3) == 0.379


def test_the_year_of_retail_has_the_published_sizes(results: dict[str, Any]) -> None:
    """One start finds the published clusters, ten find tighter ones."""
    one, ten = results["one_start"], results["ten_starts"]
    assert sizes(one) == [506, 904, 921, 1_481]
    assert sizes(ten) == [493, 905, 919, 1_495]
    assert ten.quality.inertia < one.quality.inertia
