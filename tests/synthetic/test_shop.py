from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

from customerbase.errors import UsageError
from customerbase.schema import ORDER_LINES
from customerbase.synthetic import Shop, make_shop


def ask(shop: Shop, query: str) -> list[tuple[Any, ...]]:
    """Answer a query over `lines` and `truth`."""
    with duckdb.connect() as connection:
        connection.read_parquet(str(shop.order_lines)).create_view("lines")
        connection.read_parquet(str(shop.customers)).create_view("truth")
        return connection.sql(query).fetchall()


def values(shop: Shop, query: str) -> tuple[Any, ...]:
    """Answer a query that has one row."""
    (row,) = ask(shop, query)
    return row


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    """Two shops of one seed are equal byte for byte, CSV included."""
    one = make_shop(tmp_path / "one", n_lines=5_000, random_state=7, write_csv=True)
    two = make_shop(tmp_path / "two", n_lines=5_000, random_state=7, write_csv=True)
    assert one.order_lines_csv is not None
    for path in (one.order_lines, one.customers, one.order_lines_csv):
        assert path.read_bytes() == (two.order_lines.parent / path.name).read_bytes()


def test_other_seed_other_shop(tmp_path: Path) -> None:
    """Another seed gives other order lines."""
    one = make_shop(tmp_path / "one", n_lines=1_000, random_state=1)
    two = make_shop(tmp_path / "two", n_lines=1_000, random_state=2)
    assert one.order_lines.read_bytes() != two.order_lines.read_bytes()


@pytest.mark.parametrize("n_lines", [1_000, 1_001, 23_456])
@pytest.mark.parametrize("lines_per_order", [1, 20])
def test_number_of_lines_is_exact(tmp_path: Path, n_lines: int, lines_per_order: float) -> None:
    """The file holds exactly the lines that were asked for."""
    shop = make_shop(tmp_path, n_lines=n_lines, lines_per_order=lines_per_order)
    assert values(shop, "SELECT count(*) FROM lines") == (n_lines,)
    assert shop.n_lines == n_lines


def test_counts_are_those_of_the_files(natural: Shop) -> None:
    """Orders, guest orders, returns and customers are counted as they stand in the files."""
    counted = values(
        natural,
        """SELECT count(DISTINCT order_id) FILTER (quantity > 0),
                  count(DISTINCT order_id) FILTER (quantity > 0 AND customer_id IS NULL),
                  count(DISTINCT order_id) FILTER (quantity < 0),
                  count(DISTINCT customer_id) FROM lines""",
    )
    assert counted == (natural.n_orders, natural.n_guest_orders, natural.n_returns, natural.n_customers)


def test_columns_are_canonical(natural: Shop) -> None:
    """The columns are order line fields, under the same names and in the same sequence."""
    names = [row[0] for row in ask(natural, "DESCRIBE lines")]
    assert names == [field.name for field in ORDER_LINES if field.name in names]
    assert {"order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price", "amount"} <= set(names)


def test_amount_is_what_was_paid(natural: Shop) -> None:
    """Each amount is units times price less the discount, in whole pence, and a return gives the discount back."""
    wrong = """SELECT count(*) FROM lines WHERE discount < 0 OR unit_price <= 0 OR quantity = 0
               OR amount <> quantity * unit_price - sign(quantity) * discount OR amount * 100 <> round(amount * 100)"""
    assert values(natural, wrong) == (0,)


def test_order_is_of_one_piece(natural: Shop) -> None:
    """The lines of a document share customer, moment, channel, country and coupon, and no product stands twice."""
    parts = ("customer_id", "ordered_at", "channel", "country", "coupon_code")
    broken = " OR ".join(f"count(DISTINCT coalesce({part}::TEXT, '')) > 1" for part in parts)
    query = f"SELECT order_id FROM lines GROUP BY order_id HAVING {broken} OR count(DISTINCT product_id) < count(*)"
    assert ask(natural, query) == []


def test_lines_are_within_the_period(natural: Shop) -> None:
    """No line is dated before the start, or on the last day or after it."""
    first, last = values(natural, "SELECT min(ordered_at)::DATE, max(ordered_at)::DATE FROM lines")
    assert natural.parameters.start <= first
    assert last < natural.parameters.end


def test_returns_follow_purchases(natural: Shop) -> None:
    """At no moment has a customer returned more of a product than was bought before."""
    running = """SELECT min(held) FROM (SELECT sum(quantity) OVER (PARTITION BY customer_id, product_id
                 ORDER BY ordered_at, quantity DESC ROWS UNBOUNDED PRECEDING) AS held
                 FROM lines WHERE customer_id IS NOT NULL)"""
    assert values(natural, running) == (0,)
    assert natural.n_returns > 100


def test_returns_stand_on_cancelling_documents(natural: Shop) -> None:
    """A quantity is negative exactly on documents that begin with C."""
    assert values(natural, "SELECT count(*) FROM lines WHERE (quantity < 0) <> (order_id LIKE 'C%')") == (0,)


def test_truth_has_each_customer_once(natural: Shop) -> None:
    """The truth has one row for each customer of the lines, with the right number of orders."""
    both = """SELECT count(*), sum((t.n_orders <> l.n)::INT) FROM truth AS t FULL JOIN (
                  SELECT customer_id, count(DISTINCT order_id) AS n FROM lines
                  WHERE quantity > 0 AND customer_id IS NOT NULL GROUP BY ALL) AS l USING (customer_id)"""
    assert values(natural, both) == (natural.n_customers, 0)


def test_first_purchase_is_the_true_one(natural: Shop) -> None:
    """The first line of each customer is dated at the first purchase that the truth tells."""
    early = """SELECT count(*) FROM truth JOIN (SELECT customer_id, min(ordered_at) AS first FROM lines GROUP BY ALL)
               USING (customer_id) WHERE first <> first_purchase_at"""
    assert values(natural, early) == (0,)


def test_nobody_buys_after_dropout(natural: Shop) -> None:
    """No purchase is dated after its customer dropped out."""
    late = (
        "SELECT count(*) FROM lines JOIN truth USING (customer_id) WHERE quantity > 0 AND ordered_at > dropped_out_at"
    )
    assert values(natural, late) == (0,)


@pytest.mark.parametrize("name", ["natural", "flat"])
def test_purchases_follow_the_true_rates(name: str, request: pytest.FixtureRequest) -> None:
    """In every type, the purchases after the first are Poisson about true rate times seasonal years."""
    query = "SELECT sum(n_orders - 1), sum(purchase_rate_per_year * seasonal_years) FROM truth GROUP BY segment"
    for observed, expected in ask(request.getfixturevalue(name), query):
        assert abs(float(observed) - expected) < 4 * expected**0.5


def test_individual_purchases_scatter_as_poisson(natural: Shop) -> None:
    """About their own expectation, the purchases of customers have the variance of a Poisson distribution."""
    (ratio,) = values(
        natural,
        """SELECT sum((n_orders - 1 - mean) ** 2) / sum(mean)
           FROM (SELECT n_orders, purchase_rate_per_year * seasonal_years AS mean FROM truth)""",
    )
    assert 0.9 < ratio < 1.1


def test_lifetimes_are_exponential(natural: Shop) -> None:
    """Dropouts are as many as the true dropout rates times the years lived; early and late ones alike."""
    end = f"TIMESTAMP '{natural.parameters.end}'"
    for until_years in (0.25, 5.0):
        observed, expected = values(
            natural,
            f"""SELECT sum((NOT is_alive AND lived <= {until_years})::INT),
                       sum(dropout_rate_per_year * least(lived, {until_years}))
                FROM (SELECT *, epoch(coalesce(dropped_out_at, {end}) - first_purchase_at) / 86400 / 365.25 AS lived
                      FROM truth)""",
        )
        assert abs(float(observed) - expected) < 4 * expected**0.5


def test_seasonal_years_are_years_without_season(flat: Shop) -> None:
    """Without seasonality the seasonal years of a customer are calendar years, to within half a day."""
    (gap,) = values(
        flat,
        """SELECT max(abs(epoch(coalesce(dropped_out_at, TIMESTAMP '2024-01-01') - first_purchase_at) / 86400
                          - seasonal_years * 365.25)) FROM truth""",
    )
    assert gap < 0.5


def test_orders_bring_the_true_value(natural: Shop) -> None:
    """The products of each type's orders bring the true mean order values, to within a tenth."""
    query = """SELECT sum(paid), sum(n_orders * mean_order_value) FROM truth JOIN (
                   SELECT customer_id, sum(amount) AS paid FROM lines WHERE quantity > 0 AND product_id <> 'POST'
                   GROUP BY ALL) USING (customer_id) GROUP BY segment"""
    for observed, expected in ask(natural, query):
        assert float(observed) == pytest.approx(expected, rel=0.1)


def test_shares_are_those_asked_for(tmp_path: Path) -> None:
    """Guests, returns, coupons and basket size come out about as the parameters say."""
    shop = make_shop(
        tmp_path, 60_000, 3, guest_share=0.3, return_share=0.1, coupon_share=0.4, lines_per_order=12, seasonality=0.5
    )
    guests, returns, coupons, lines_per_order = values(
        shop,
        """WITH orders AS (SELECT order_id, any_value(coupon_code) AS coupon, any_value(customer_id) AS customer,
                                  count(*) AS n FROM lines WHERE quantity > 0 AND product_id <> 'POST' GROUP BY ALL)
           SELECT avg((customer IS NULL)::INT), (SELECT sum((quantity < 0)::INT) FROM lines) / sum(n),
                  avg((coupon IS NOT NULL)::INT), avg(n) FROM orders""",
    )
    assert guests == pytest.approx(0.3, abs=0.03)
    assert returns == pytest.approx(0.1, abs=0.015)
    assert coupons == pytest.approx(0.4, abs=0.04)
    assert lines_per_order == pytest.approx(12, rel=0.1)


def test_no_guest_no_return_no_coupon(tmp_path: Path) -> None:
    """Shares of 0 leave out guests, returns and coupons."""
    shop = make_shop(tmp_path, n_lines=3_000, guest_share=0, return_share=0, coupon_share=0)
    assert (shop.n_guest_orders, shop.n_returns) == (0, 0)
    assert values(shop, "SELECT count(customer_id), count(coupon_code), sum(discount) FROM lines") == (3_000, 0, 0)


def test_december_is_the_peak(natural: Shop, flat: Shop) -> None:
    """December has more than twice the orders of an average month, and without seasonality less than a third more."""
    share = """SELECT avg((month(ordered_at) = 12)::INT) * 12 FROM (
                   SELECT DISTINCT order_id, ordered_at FROM lines WHERE quantity > 0 AND year(ordered_at) = 2023)"""
    assert values(natural, share)[0] > 2
    assert values(flat, share)[0] < 1.33


def test_most_revenue_comes_from_few(natural: Shop) -> None:
    """The best fifth of the customers bring more than half of the revenue, and some buy just once."""
    (best,) = values(
        natural,
        """SELECT sum(paid) FILTER (fifth = 1) / sum(paid) FROM (
               SELECT sum(amount) AS paid, ntile(5) OVER (ORDER BY paid DESC) AS fifth FROM lines
               WHERE customer_id IS NOT NULL GROUP BY customer_id)""",
    )
    (one_time,) = values(natural, "SELECT avg((n_orders = 1)::INT) FROM truth")
    assert best > 0.5
    assert 0.2 < one_time < 0.4


def test_clear_types_are_recovered(tmp_path: Path) -> None:
    """In a clear shop k-means on logarithms finds the true types again."""
    shop = make_shop(tmp_path, n_lines=60_000, separation="clear")
    rows = ask(
        shop,
        """SELECT segment, n_orders, sum(amount) FILTER (quantity > 0) / n_orders,
                  100 * avg((quantity < 0)::INT), 100 * avg((discount > 0)::INT)
           FROM lines JOIN truth USING (customer_id) GROUP BY customer_id, segment, n_orders ORDER BY customer_id""",
    )
    X = StandardScaler().fit_transform(np.log1p(np.array([row[1:] for row in rows], dtype=float)))
    found = KMeans(6, n_init=10, random_state=0).fit_predict(X)
    assert adjusted_rand_score([row[0] for row in rows], found) > 0.9


def test_csv_has_the_same_lines(natural: Shop) -> None:
    """The CSV holds the same cells as the Parquet file."""
    difference = f"SELECT count(*) FROM (FROM lines EXCEPT ALL FROM read_csv('{natural.order_lines_csv}'))"
    columns = {row[0]: row[1] for row in ask(natural, "DESCRIBE lines")}
    assert values(natural, difference.replace(".csv'", f".csv', columns = {columns}")) == (0,)


def test_money_has_two_decimals_in_csv(natural: Shop) -> None:
    """Prices stand in the CSV as in a shop's own export."""
    assert natural.order_lines_csv is not None
    header, first = natural.order_lines_csv.read_text().split("\n")[:2]
    line = dict(zip(header.split(","), first.split(","), strict=True))
    assert len(line["unit_price"].partition(".")[2]) == 2


def test_folder_is_made(nowhere: Path) -> None:
    """A folder that does not exist is made, with its parents, and holds nothing but the two files."""
    make_shop(nowhere, n_lines=1_000)
    assert sorted(path.name for path in nowhere.iterdir()) == ["customers.parquet", "order_lines.parquet"]


def test_occupied_folder_is_refused(tmp_path: Path) -> None:
    """Nothing is overwritten."""
    (tmp_path / "customers.parquet").write_text("mine")
    with pytest.raises(UsageError, match=r"already holds customers\.parquet\. make_shop overwrites nothing"):
        make_shop(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["customers.parquet"]


def test_file_as_folder_is_refused(tmp_path: Path) -> None:
    """A path that is a file is named."""
    (tmp_path / "shop").write_text("mine")
    with pytest.raises(UsageError, match="shop is a file"):
        make_shop(tmp_path / "shop")


@pytest.mark.parametrize("day", ["2022-13-01", "yesterday", 2022])
def test_unreadable_day_is_refused(nowhere: Path, day: Any) -> None:
    """A start that is no date is named with its value."""
    with pytest.raises(UsageError, match=f"'start' parameter of make_shop must be a date .* Got {day!r}"):
        make_shop(nowhere, start=day)
