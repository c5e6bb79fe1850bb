"""Coupons and engagement in a report: whole months, merchants, yes and no, and who is in no segment."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.once import make_once

from customerbase.report.base_words import describe_part
from customerbase.report.blocks import Block, Paragraph, Picture
from customerbase.report.by_segment import yes_no_features, yes_shares_of
from customerbase.report.charts import coupon_merchants, coupon_months, feature_distribution, profile_heat_map
from customerbase.report.coupon_tables import claims_by_merchant, count_coupon_months, say_coupon_end
from customerbase.report.material import Material
from customerbase.report.sections.differences import describe_differences
from customerbase.report.sections.incoming import describe_export
from customerbase.report.sections.usage import describe_coupons, describe_engagement
from customerbase.workflow import Config, open_workspace, run

START = date(2024, 1, 1)


@pytest.fixture(scope="module")
def coupons(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """Give a club: 32 members claim twice in 100 days, two never, and half of the coupons are burnt until day 140."""

    def make(folder: Path) -> None:
        members = ["customer_id,Gender,Age,Visits", *(f"m{number:02},f,{20 + number},{number}" for number in range(34))]
        lines = ["customer_id,Coupon,Claimed on,Status,Redeemed on,Merchant"]
        for number in range(200):
            claimed = START + timedelta(days=number // 2)
            burnt = claimed + timedelta(days=41) if number % 2 else None
            who, merchant = number % 32, "Zo" if number % 32 < 24 else "Al"
            lines.append(f"m{who:02},C{number},{claimed},{'redeemed' if burnt else 'active'},{burnt or ''},{merchant}")
        (folder / "customers.csv").write_text("\n".join(members) + "\n")
        (folder / "coupons.csv").write_text("\n".join(lines) + "\n")
        shop = open_workspace(folder / "club")
        run(shop, [folder / "customers.csv", folder / "coupons.csv"], Config(n_segments=2))

    return Material(open_workspace(make_once(tmp_path_factory, "club", make) / "club"))


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """Give a file of 60 customers, of whom 20 are good and answer, and two more who have done nothing."""

    def make(folder: Path) -> None:
        lines = ["customer_id,recency,frequency,monetary,sessions,campaign_response,cart_abandonment"]
        for number in range(60):
            figures = (5 + number % 3, 40 + number, 900 + number) if number < 20 else (200 + number, 1, 10 + number)
            lines.append(f"c{number:02},{','.join(map(str, figures))},{number},{int(number < 15)},{0.01 * number:.2f}")
        lines += ["x1,9,0,0,1,0,0.5", "x2,9,0,0,1,0,0.5"]
        (folder / "people.csv").write_text("\n".join(lines) + "\n")
        run(open_workspace(folder / "shop"), [folder / "people.csv"], Config(n_segments=2))

    return Material(open_workspace(make_once(tmp_path_factory, "visits", make) / "shop"))


def texts(blocks: list[Block]) -> str:
    return " ".join(block.text for block in blocks if isinstance(block, Paragraph))


def pictures(blocks: list[Block]) -> dict[str, Picture]:
    return {block.name: block for block in blocks if isinstance(block, Picture)}


def title_of(picture: Picture) -> str:
    return " ".join(picture.make().title.text)


def test_months_are_counted_whole_and_claims_end_where_they_end(coupons: Material) -> None:
    """Two claims a day until 9 April, one burnt a day from 11 February to 20 May: claims of April are not whole."""
    blocks = list(describe_coupons(coupons))
    months = pictures(blocks)["coupon_months"]
    shown = [(f"{row['month']:%m}", row["claimed"], row["burnt"], row["whole"]) for row in months.table.rows]
    assert shown == [
        ("01", 62, 0, "claims and burns"),
        ("02", 58, 19, "claims and burns"),
        ("03", 62, 31, "claims and burns"),
        ("04", 18, 30, "burns"),
        ("05", None, 20, "–"),
    ]
    assert texts(blocks).startswith("Claims end on 9 April 2024; burns on 20 May 2024.")
    assert "April 2024 has 18 claims on 9 days: 2.0 a day, against 2.0 in January 2024" in texts(blocks)
    assert title_of(months) == "Of the whole months January 2024 saw the most claims: 62 coupons"


def test_a_month_that_is_not_whole_is_grey_and_never_the_most() -> None:
    """July has 392 claims in 14 days; August has no number of claims, and not 0."""
    daily = pd.Series(18, pd.date_range("2024-01-01", "2024-09-30"))
    claimed = daily[:"2024-07-14"].copy()
    claimed["2024-07-01":] += 10
    days = {"claimed": claimed, "burnt": daily}
    rows = count_coupon_months(days)
    chart = coupon_months(rows)
    points = [point for values in chart.to_dict()["datasets"].values() for point in values]
    assert " ".join(chart.title.text) == "Of the whole months January 2024 saw the most claims: 558 coupons"
    claims = {point["hint"]: point["is_whole"] for point in points if point["what"] == "claimed"}
    assert list(claims.items())[-2:] == [
        ("June 2024: 540 claimed", True),
        ("July 2024: 392 claimed (not whole)", False),
    ]
    assert [point["n"] for point in points if point["hint"].startswith("August")] == [558]
    assert "28.0 a day, against 18.0 in January 2024" in (say_coupon_end(days, rows) or "")


def test_months_of_some_customers_are_whole_as_the_export_is() -> None:
    """A few customers with one claim in January and one burning in May: the claims have ended with the export's."""
    daily = pd.Series(2, pd.date_range("2024-01-01", "2024-05-20"))
    few = {"claimed": daily["2024-01-05":"2024-01-05"], "burnt": daily["2024-05-02":"2024-05-02"]}
    rows = count_coupon_months(few, {"claimed": daily[:"2024-04-09"], "burnt": daily})
    assert [(row["claimed"], row["burnt"]) for row in rows] == [(2, 0), (0, 0), (0, 0), (0, 0), (None, 2)]
    assert [row["is_whole_claimed"] for row in rows] == [True, True, True, False, False]


def test_coupons_that_go_on_have_no_end() -> None:
    """Both kinds until the last day: every month is whole, and nothing is said."""
    daily = pd.Series(1, pd.date_range("2024-01-01", "2024-02-29"))
    days = {"claimed": daily, "burnt": daily}
    rows = count_coupon_months(days)
    assert [(row["is_whole_claimed"], row["is_whole_burnt"]) for row in rows] == [(True, True)] * 2
    assert say_coupon_end(days, rows) is None
    assert count_coupon_months({}) == []


def test_customers_without_a_coupon_are_told_of(coupons: Material) -> None:
    """Two of the 34 members are in no segment, of which the base, the export and the terminal speak."""
    assert coupons.summary["paragraph"].startswith("32 of 34 customers claimed 200 coupons before 2024-05-21.")
    assert "2 further customers are in no segment: they claimed no coupon." in coupons.summary["paragraph"]
    assert "Of 34 customers in the file, 2 claimed no coupon before the date." in texts(list(describe_export(coupons)))
    assert any(note.startswith("the last coupon is claimed on 2024-04-09") for note in coupons.summary["notes"])
    part = describe_part(coupons.customers.limit(5), coupons.summary)
    assert part.paragraph.startswith("5 customers claimed")


def test_merchants_are_counted_by_customers(coupons: Material) -> None:
    """24 members claim at Zo's and 8 at Al's, as often as they may."""
    rows = claims_by_merchant(coupons, 10)
    totals = {row["merchant"]: row["n_of_all"] for row in rows}
    assert list(totals.items()) == [("Zo", 24), ("Al", 8)]
    assert sum(row["n_customers"] for row in rows) == 32
    assert sum(row["n_claimed"] for row in rows) == 200
    assert title_of(pictures(list(describe_coupons(coupons)))["coupon_merchants"]).endswith(
        "Zo (24) than of any other merchant"
    )
    level = [{**row, "n_customers": 9, "n_of_all": 9} for row in rows]
    assert "No merchant clearly leads" in " ".join(coupon_merchants(level).title.text)


def test_the_burnt_share_is_one_everywhere(coupons: Material) -> None:
    """The table, the traits and the journey of each segment give the share of all its coupons."""
    (table,) = (block.table for name, block in pictures(list(describe_coupons(coupons))).items() if name == "coupons")
    shares = {row["segment"]: f"{row['burn_rate']:.0%}" for row in table.rows}
    for one in coupons.segments:
        assert any(f": {shares[one['name']]} of all they claimed" in trait for trait in one["traits"])
        assert f"Of all coupons claimed {shares[one['name']]} were burnt." in one["journey"]


def test_yes_or_no_is_shown_as_a_share(visits: Material) -> None:
    """15 of the 20 good customers answered, and none of the 40 others; counts and rates are no yes or no."""
    features = ["campaign_response_rate", "cart_abandonment_rate", "n_sessions", "no_such"]
    assert yes_no_features(visits, features) == ["campaign_response_rate"]
    shares = yes_shares_of(visits, features)["campaign_response_rate"]
    assert [row["share"] for row in shares] == [0.75, 0.0]
    blocks = list(describe_engagement(visits))
    assert title_of(pictures(blocks)["engagement_campaign_response_rate"]).startswith("Answered the campaign: 75.0% of")


def test_engagement_is_no_proof_of_the_segments(visits: Material) -> None:
    """What the segments are made of is named, and no more is claimed."""
    text = texts(list(describe_engagement(visits)))
    assert "not made of it but of orders, net spend and days since the last order" in text
    assert "no independent proof" in text
    assert "finding" not in text


def test_customers_who_have_done_nothing_are_told_of(visits: Material) -> None:
    """60 of the 62 rows are in a segment; the other two are said to be left out, and why."""
    assert visits.summary["paragraph"].startswith("60 of 62 customers placed")
    said = texts(list(describe_export(visits)))
    assert "Of 62 customers in the file, 2 neither ordered nor spent anything." in said
    assert "about the other 60" in said


def test_ranks_of_yes_and_no_are_left_out_of_the_heat_map(visits: Material) -> None:
    """The chart says so, and the table gives the share in place of the rank."""
    chosen = pictures(list(describe_differences(visits)))["profiles"]
    rows = [row for row in chosen.table.rows if row["feature"] == "campaign_response_rate"]
    assert [(row["percentile_rank"], row["mean"]) for row in rows] == [(None, 0.75), (None, 0.0)]
    chart: dict[str, Any] = chosen.make().to_dict()
    cells = [cell for values in chart["datasets"].values() for cell in values]
    assert {cell["words"] for cell in cells} >= {"orders", "share of carts abandoned"}
    assert "share of campaigns answered" not in {cell["words"] for cell in cells}
    assert "Only yes or no, so without a rank" in " ".join(chart["title"]["subtitle"])


def test_a_heat_map_without_yes_and_no_does_not_speak_of_it() -> None:
    """Nothing was left out."""
    row = {"segment": "Loyal", "feature": "frequency", "percentile_rank": 0.9, "median": 2.0}
    assert "yes or no" not in " ".join(profile_heat_map([row]).title.subtitle)


@pytest.mark.parametrize(("feature", "kind"), [("cart_abandonment_rate", "share"), ("n_clicks", "count")])
def test_shares_stand_on_a_linear_axis_to_a_hundred_percent(feature: str, kind: str) -> None:
    """However far apart they are; counts so far apart are logarithmic."""
    row = {"segment": "A", "color": "#007744", "p05": 0.01, "p25": 0.1, "median": 0.2, "p75": 0.4, "p95": 0.9}
    x = feature_distribution([row], feature).to_dict()["layer"][0]["encoding"]["x"]
    assert x["scale"].get("type") == (None if kind == "share" else "log")
    assert x["scale"].get("domain") == ([0, 1] if kind == "share" else None)


def test_of_orders_bought_once_has_no_rank(finished_shop: Path) -> None:
    """A rank among ties would put a segment of which nobody bought once at a third."""
    chosen = pictures(list(describe_differences(Material(open_workspace(finished_shop)))))["profiles"]
    ranks = {row["percentile_rank"] for row in chosen.table.rows if row["feature"] == "is_one_time"}
    assert ranks == {None}
