"""The comparison on Online Retail II: what is chosen there, and the idle customers as the orders have them."""

from datetime import timedelta

import pandas as pd
import pytest
from tests.retail import Retail

from customerbase.features.customers import customer_features, parse_date
from customerbase.features.targets import value_target
from customerbase.segmentation.clustering import make_clusterer
from customerbase.segmentation.comparing.comparison import compare
from customerbase.segmentation.comparing.field import make_field
from customerbase.segmentation.comparing.idleness import put_back
from customerbase.segmentation.comparing.later_spend import Outcome

pytestmark = pytest.mark.data


def test_six_segments_of_k_means_are_chosen(retail: Retail) -> None:
    """They are found again and none is small; five say as much of later spend, and eight are not found again."""
    features, tested, earlier = (
        customer_features(retail.cleaned.data, day).cache() for day in ("2011-12-10", "2011-09-11", "2011-06-13")
    )
    targets = [value_target(retail.cleaned.data, day).cache() for day in ("2011-09-11", "2011-06-13")]
    outcome = Outcome(tested, targets[0], earlier, targets[1])
    found = compare(features, ["kmeans"], [5, 6, 8], outcome=outcome)
    five, six, eight = found.contenders
    assert found.chosen is six
    assert found.structure.verdict == "continuum"
    assert (six.stability or 0) >= 0.85
    assert six.smallest_share == pytest.approx(316 / 5_878)
    assert five.is_as_good
    assert eight.objections == ("it is found again at 0.83 alone",)


def test_idle_customers_are_as_the_orders_have_them(retail: Retail) -> None:
    """Of those who bought nothing in thirty days, all but those with a return in that time are as they were."""
    day = parse_date("2011-12-10")
    pair = put_back(make_field(customer_features(retail.cleaned.data, day), make_clusterer(), 10_000, 0), 30)
    assert pair is not None
    put = pair[1].customers
    then = customer_features(retail.cleaned.data, day - timedelta(days=30)).to_pandas().set_index("customer_id")
    then = then.loc[put.index, ["recency_days", "frequency", "monetary"]].astype("float64")
    pd.testing.assert_frame_equal(put[["recency_days", "frequency"]], then[["recency_days", "frequency"]])
    is_same = (put.monetary - then.monetary).abs() < 0.005
    assert len(put) == 4_250
    assert is_same.mean() > 0.97
    assert (put.monetary[~is_same] < then.monetary[~is_same]).all()
