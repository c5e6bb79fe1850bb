"""Segmentations of every kind of data set as files of a workspace, and back."""

from datetime import date
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pytest
from tests.front_end import CommandLine

from customerbase.config import Config
from customerbase.errors import UsageError
from customerbase.report.summary import summarise
from customerbase.results import load_segmentation, write_segmentation
from customerbase.segmentation.segments import assign
from customerbase.workflow import export, open_workspace
from customerbase.workspace import Workspace

AUDIT = {
    "rows_in": 60,
    "rows_kept": 60,
    "outcomes": [],
    "formats": [{"source": "crm.csv", "layout": "customers", "grain": "customer"}],
    "tables": [],
}
AS_OF = date(2024, 6, 1)


def make_features(as_of: date | None, **columns: Any) -> ir.Table:
    """Make the features of sixty customers."""
    key = {"customer_id": [f"c{number:02}" for number in range(60)], "as_of": pa.array([as_of] * 60, type=pa.date32())}
    return ibis.memtable(pa.table(key | columns))


def make_coupons(seed: int = 0) -> ir.Table:
    """Make features of coupons alone, the last event forty days ago."""
    random = np.random.default_rng(seed)
    recency = random.integers(40, 300, 60)
    n_claimed = np.where(np.arange(60) < 58, random.integers(1, 9, 60), 0)
    burn_rate = random.uniform(0, 1, 60)
    n_burnt = (burn_rate * n_claimed).round().astype(int)
    return make_features(AS_OF, coupon_recency_days=recency, n_claimed=n_claimed, n_burnt=n_burnt, burn_rate=burn_rate)


def make_file(seed: int = 0) -> ir.Table:
    """Make features of a file: c00 has no recency, c01 neither ordered nor spent, c02 spent without an order."""
    random = np.random.default_rng(seed)
    recency: list[float | None] = random.integers(1, 90, 60).astype(float).tolist()
    return make_features(
        None,
        recency_days=[None, *recency[1:]],
        frequency=[3.0, 0.0, 0.0, *[2.0, 5.0, 9.0] * 19],
        monetary=[9.5, 0.0, 7.0, *random.uniform(1, 99, 57).round(2).tolist()],
    )


def write(folder: Path, features: ir.Table, config: Config | None = None, as_of: str = "undated") -> Workspace:
    """Write features and segments as the workflow does."""
    shop = open_workspace(folder / "shop")
    with shop.begin() as begun:
        begun.write_table("features", features, as_of=as_of, order_by="customer_id")
        begun.write_json("audit", AUDIT)
        write_segmentation(begun, begun.table("features", as_of), config or Config(n_segments=3), print)
        shop.publish(begun, keep_snapshots=True, log={"command": "run"})
    return shop


def test_a_coupon_shop_has_customers_with_a_coupon_and_no_revenue(tmp_path: Path) -> None:
    """The two without a claim are told apart, money is None wherever it stands, and a long silence is asked about."""
    summary = summarise(write(tmp_path, make_coupons(), as_of="2024-06-01"))
    assert (summary["base"], summary["as_of"]) == ("coupons", "2024-06-01")
    assert (summary["n_customers"], summary["n_without_purchase"]) == (58, 2)
    assert (summary["gross_revenue"], summary["monetary"]) == (None, None)
    assert {each["revenue_share"] for each in summary["segments"]} == {None}
    assert summary["notes"] == ["the last coupon is 40 days older than 2024-06-01; is that the date you meant?"]


def test_a_file_of_customers_is_undated(tmp_path: Path) -> None:
    """Who spent without an order belongs to it, who did neither does not; the monetary value is that of the file."""
    shop = write(tmp_path, make_file())
    summary = summarise(shop)
    assert (summary["base"], summary["as_of"], summary["n_customers"]) == ("customers", "undated", 59)
    assert summary["n_without_purchase"] == 1
    assert summary["gross_revenue"] is None
    assert summary["monetary"] == pytest.approx(float(make_file().monetary.sum().execute()))
    assert summary["notes"] == []
    assert sum(each["revenue_share"] for each in summary["segments"]) == pytest.approx(1)


def test_customers_without_a_score_are_told(tmp_path: Path) -> None:
    """RFM fills nothing in: the one whose recency is missing is counted in a note."""
    summary = summarise(write(tmp_path, make_file(), Config(model="rfm")))
    assert summary["n_customers"] == 58
    assert summary["notes"] == [
        "recency_days, frequency or monetary is missing for 1 of the customers, who get no score."
    ]


@pytest.mark.parametrize(("make", "as_of"), [(make_coupons, "2024-06-01"), (make_file, "undated")])
def test_a_segmentation_comes_back_from_its_files(make: Any, as_of: str, tmp_path: Path) -> None:
    """Saved and loaded it places the same customers alike, dated or not."""
    shop = write(tmp_path, make(), as_of=as_of)
    again = load_segmentation(shop)
    assert again.as_of == (AS_OF if as_of != "undated" else None)
    placed = assign(again, shop.table("features")).to_pyarrow()
    assert placed.equals(shop.table("assignments").to_pyarrow().cast(placed.schema))


def test_rfm_of_coupons_is_refused(tmp_path: Path) -> None:
    """In one line, with what would do."""
    with pytest.raises(UsageError, match=r"have no recency_days\. Use --model kmeans\."):
        write(tmp_path, make_coupons(), Config(model="rfm"), as_of="2024-06-01")


def test_front_ends_show_what_is_known(tmp_path: Path, customerbase: CommandLine) -> None:
    """The listing of segments has no column of revenue, and the export has every customer."""
    shop = write(tmp_path, make_coupons(), as_of="2024-06-01")
    assert export(shop, tmp_path / "customers.csv") == 58
    listed = customerbase.good("-w", shop.path, "show", "segments", "--csv").out.splitlines()
    assert "revenue_share" not in listed[0]
    assert len(listed) == 4
    shown = customerbase.good("-w", shop.path, "show", "segments").out
    assert "of revenue" not in shown
    assert customerbase.good("-w", shop.path, "show", "segments", "--json").json[0]["revenue_share"] is None


def test_an_undated_export_can_be_shown_and_written(tmp_path: Path, customerbase: CommandLine) -> None:
    """Undated customers are found without a date, and by the word."""
    shop = write(tmp_path, make_file())
    assert export(shop, tmp_path / "customers.xlsx", as_of="undated") == 59
    rows = customerbase.good("-w", shop.path, "show", "assignments", "--json").json
    assert {row["as_of"] for row in rows} == {None}
