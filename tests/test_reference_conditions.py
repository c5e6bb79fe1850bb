"""Own segments on Online Retail II, against pandas on the same features."""

from itertools import combinations

import ibis
import pandas as pd
import pytest
from tests.retail import Retail

import customerbase as cb

pytestmark = pytest.mark.data

FILE = """
[segments]
"Big regulars" = "frequency >= 6 and monetary > 1_000 and recency_days <= 90"
New = "age_days <= 60"
"UK champions" = "r_score = 5 and f_score >= 4 and country = 'United Kingdom'"
Abroad = "country not in ('United Kingdom', 'EIRE') and recency_days between 0 and 180"
Sleeping = "recency_days > 180"
"""


def _by_hand(features: pd.DataFrame) -> dict[str, pd.Series]:
    """Do the conditions in pandas; scores by ranks: a value stands in the bin of the share that is strictly smaller."""

    def bins(values: pd.Series) -> pd.Series:
        return 1 + ((values.rank(method="min") - 1) * 5 // len(values)).astype(int)

    r, f = 6 - bins(features.recency_days), bins(features.frequency)
    uk = features.country == "United Kingdom"
    return {
        "Big regulars": (features.frequency >= 6) & (features.monetary > 1000) & (features.recency_days <= 90),
        "New": features.age_days <= 60,
        "UK champions": (r == 5) & (f >= 4) & uk,
        "Abroad": ~features.country.isin(["United Kingdom", "EIRE"]) & (features.recency_days <= 180),
        "Sleeping": features.recency_days > 180,
    }


def test_own_segments_of_online_retail(retail: Retail) -> None:
    """Sizes, overlaps, the gap and assignments are those of pandas."""
    table = ibis.memtable(cb.customer_features(retail.cleaned.data).to_pyarrow())
    result = cb.segment(table, cb.Conditions(FILE))
    features = table.filter(table.frequency > 0).order_by("customer_id").to_pandas()
    features = features.astype({"monetary": float, "gross_revenue": float})
    matched = _by_hand(features)
    covered = cb.check_conditions(table, cb.Conditions(FILE))
    assert {each.segment: each.n_matched for each in covered.segments} == {n: m.sum() for n, m in matched.items()}
    assert {each.segment: each.n_matched for each in covered.segments} == {
        "Big regulars": 1361, "New": 354, "UK champions": 757, "Abroad": 330, "Sleeping": 2401,
    }  # fmt: skip
    for each in covered.segments:
        assert each.amount_matched == pytest.approx(features.gross_revenue[matched[each.segment]].sum())
    shared = {(a, b): int((matched[a] & matched[b]).sum()) for a, b in combinations(matched, 2)}
    assert {(each.first, each.second): each.n_customers for each in covered.overlaps} == {
        k: n for k, n in shared.items() if n
    }
    expected = pd.Series("Everyone else", index=features.index)
    for name, mask in reversed(matched.items()):
        expected[mask] = name
    assert result.assignments.segment.to_list() == expected.to_list()
    assert covered.n_unmatched == 1501
