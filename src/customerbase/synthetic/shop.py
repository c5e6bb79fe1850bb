"""Make a believable shop whose customers are known, of any size, without holding it in memory."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from customerbase.errors import UsageError
from customerbase.synthetic.catalogue import make_catalogue
from customerbase.synthetic.chunks import Chunk, draw_chunks
from customerbase.synthetic.parameters import ShopParameters
from customerbase.synthetic.population import make_population
from customerbase.synthetic.tables import customer_table, order_line_table

__all__ = ["Shop", "make_shop"]

FILES = ("order_lines.parquet", "customers.parquet", "order_lines.csv")
UNIQUE_TEXT = ("order_id", "customer_id")
"""A dictionary of them would cost more than it saves."""
ROWS_PER_GROUP = 250_000
MIN_PRODUCTS, MAX_PRODUCTS = 100, 5_000


@dataclass(frozen=True)
class Shop:
    """A generated shop: where its files lie, what they hold, and the parameters that make it again.

    `n_orders` counts purchases, those of guests included; `n_returns` counts the documents of returns.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = make_shop(folder, n_lines=1_000, guest_share=0)
    >>> shop.n_guest_orders, shop.parameters.random_state
    (0, 0)
    """

    order_lines: Path
    customers: Path
    order_lines_csv: Path | None
    n_lines: int
    n_orders: int
    n_guest_orders: int
    n_returns: int
    n_customers: int
    parameters: ShopParameters


def make_shop(
    folder: str | Path,
    n_lines: int = 100_000,
    random_state: int = 0,
    *,
    start: str | date = "2022-01-01",
    end: str | date = "2024-01-01",
    separation: str = "natural",
    lines_per_order: float = 6.0,
    guest_share: float = 0.15,
    return_share: float = 0.04,
    coupon_share: float = 0.15,
    seasonality: float = 1.0,
    write_csv: bool = False,
) -> Shop:
    """Generate a shop into a folder: its order lines, and the truth about its customers.

    The model is Pareto/NBD with types. A customer of a type has a purchase rate and a dropout rate, each gamma
    distributed about the mean of the type; lives an exponential time from the first purchase on; and buys as a Poisson
    process while alive. That process runs on a seasonal clock, which goes fast in the weeks before Christmas, at noon
    and in the evening, and keeps the yearly mean. Hence the purchases after the first are Poisson with mean
    `purchase_rate_per_year * seasonal_years`, exactly. Dropout knows no season. With `seasonality=0` a
    seasonal year is a calendar year but for the hour of the day.

    `order_lines.parquet` has the columns of an export under their canonical names. Lines are earliest first within
    stretches of about a million, each with buyers of its own; the last buyer is cut short so that `n_lines` is exact.
    Returns stand on later documents (`C…`) with negative quantity; small web orders pay postage (`POST`).
    `customers.parquet` has one row per customer, and none for a guest:

    * `customer_id`, `country`, `favourite_category`; `segment`: the true type;
    * `purchase_rate_per_year`, `dropout_rate_per_year`: the customer's own true rates;
    * `first_purchase_at`, `dropped_out_at` (null: alive at the end), `is_alive`: at the end;
    * `seasonal_years`: from the first purchase to dropout or the end, on the seasonal clock of that type;
    * `n_orders`: the purchases that the file holds;
    * `mean_order_value`: expected money of an order, after discounts, before returns, without postage;
    * `line_return_rate`: chance that a line comes back, if there is time left;
    * `order_coupon_rate`: chance that an order has a coupon.

    Parameters
    ----------
    folder
        Where the files go; made if need be. It must not hold a generated shop yet.
    n_lines
        Order lines, at least 1,000; exactly as many are written.
    random_state
        Seed, at least 0. The same seed and parameters give the same bytes (with the same versions of the libraries).
    start, end
        First day, and the day after the last, as dates or ISO text; at least 30 days apart.
    separation
        `"natural"`: seven types that overlap as people do. `"clear"`: six types that any good clustering recovers from
        frequency, order value, returns and discounts over the default two years.
    lines_per_order
        Mean number of products picked for an order, in [1, 100].
    guest_share
        Share of the orders that have no customer, on average, in [0, 0.9].
    return_share
        Share of the lines bought that come back, on average, in [0, 0.5].
    coupon_share
        Share of the orders with a coupon, on average, in [0, 0.9].
    seasonality
        From 0, where all days are alike, to 1.
    write_csv
        Also write the order lines as `order_lines.csv`, for small shops.

    Returns
    -------
    Shop
        The paths and the counts.

    Raises
    ------
    UsageError
        A parameter is not allowed, or the folder is a file or holds a shop.

    Notes
    -----
    Schmittlein, Morrison and Colombo (1987), "Counting your customers", Management Science 33(1).

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> shop = make_shop(folder.name, n_lines=1_000)
    >>> shop.n_lines, shop.order_lines.name
    (1000, 'order_lines.parquet')
    >>> make_shop(folder.name)
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The folder ... already holds order_lines.parquet. make_shop overwrites nothing. Name
    another folder, or delete that file.
    >>> folder.cleanup()
    """
    parameters = ShopParameters(
        n_lines=n_lines,
        random_state=random_state,
        start=_day("start", start),
        end=_day("end", end),
        separation=separation,
        lines_per_order=lines_per_order,
        guest_share=guest_share,
        return_share=return_share,
        coupon_share=coupon_share,
        seasonality=seasonality,
    )
    shop = _write(_free_folder(Path(folder)), parameters)
    return replace(shop, order_lines_csv=_write_csv(shop.order_lines)) if write_csv else shop


def _day(name: str, value: str | date) -> date:
    try:
        return value if isinstance(value, date) else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise UsageError(
            f"The '{name}' parameter of make_shop must be a date such as 2022-01-01. Got {value!r} instead."
        ) from None


def _free_folder(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file. make_shop writes into a folder. Name another one.")
    for name in FILES:
        if (folder / name).exists():
            raise UsageError(
                f"The folder {folder} already holds {name}. make_shop overwrites nothing. "
                "Name another folder, or delete that file."
            )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(folder: Path, parameters: ShopParameters) -> Shop:
    """Stream chunk after chunk into both files."""
    made = _tables(parameters)
    counts, lines, customers = next(made)
    order_lines_path, customers_path = folder / FILES[0], folder / FILES[1]
    with _parquet(customers_path, customers) as customers_file, _parquet(order_lines_path, lines) as lines_file:
        for more, lines, customers in made:
            lines_file.write_table(lines, ROWS_PER_GROUP)
            customers_file.write_table(customers, ROWS_PER_GROUP)
            counts.update(more)  # to add them would lose a count of 0
    return Shop(order_lines_path, customers_path, None, **counts, parameters=parameters)


def _tables(parameters: ShopParameters) -> Iterator[tuple[Counter[str], pa.Table, pa.Table]]:
    """Make the counts, the order lines and the customers of each chunk. Faults are to be planted here."""
    population = make_population(parameters)
    n_products = min(max(parameters.n_lines // 100, MIN_PRODUCTS), MAX_PRODUCTS)
    catalogue = make_catalogue(np.random.default_rng([parameters.random_state, 0]), n_products)
    for chunk in draw_chunks(parameters, population, catalogue):
        lines = order_line_table(chunk, catalogue, parameters)
        yield _counts(chunk), lines, customer_table(chunk, population, catalogue, parameters)


def _counts(chunk: Chunk) -> Counter[str]:
    n_guests = int(chunk.buyers.is_guest.sum())
    return Counter(
        n_lines=chunk.n_lines,
        n_orders=chunk.n_orders,
        n_guest_orders=n_guests,
        n_returns=chunk.n_returns,
        n_customers=chunk.n_buyers - n_guests,
    )


@contextmanager
def _parquet(path: Path, first: pa.Table) -> Iterator[pq.ParquetWriter]:
    """Open a Parquet file for tables like the first one, and write that; the file gets its name when it is complete."""
    part = path.with_name(f"{path.name}.part")
    by_value = [name for name in first.column_names if name not in UNIQUE_TEXT]
    try:
        with pq.ParquetWriter(
            part, first.schema, use_dictionary=by_value, store_schema=False, store_decimal_as_integer=True
        ) as file:
            file.write_table(first, ROWS_PER_GROUP)
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_csv(order_lines: Path) -> Path:
    """Write the lines once more as shops do: pence with two decimals."""
    path = order_lines.with_suffix(".csv")
    money = ", ".join(f"{name}::DECIMAL(18, 2) AS {name}" for name in ("unit_price", "discount", "amount"))
    with duckdb.connect() as connection:
        lines = connection.read_parquet(str(order_lines)).select(f"* REPLACE ({money})")
        lines.write_csv(str(path))
    return path
