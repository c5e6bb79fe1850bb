"""Fixtures of all tests: a tiny shop worked out by hand, and the real data where they stand beside the checkout."""

import gc
import os
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import ibis
import pandas as pd
import pytest
from hypothesis import settings
from tests.front_end import CommandLine, many_orders, write_orders
from tests.once import make_once
from tests.retail import Retail, read_retail
from tests.server import Server, find_binaries, start_server

from customerbase.cleaning import clean
from customerbase.report.artist import artists_staying
from customerbase.schema import MONEY, Dataset
from customerbase.synthetic import Shop, make_shop
from customerbase.workflow import Config, open_workspace, run

settings.register_profile("customerbase", deadline=None, max_examples=40, derandomize=True)
settings.load_profile("customerbase")

_CHECKOUT = Path(__file__).resolve().parents[1]
_CHROMIUM = Path("/usr/bin/chromium")


def pytest_collection_finish() -> None:
    """Leave thousands of tests and all that they import out of every collection of garbage."""
    gc.collect()
    gc.freeze()


def skip_without(resource: str, reason: str) -> NoReturn:
    """Skip a test for want of a resource, or fail it where CUSTOMERBASE_REQUIRE names the resource."""
    required = os.environ.get("CUSTOMERBASE_REQUIRE", "").split(",")
    if resource in required:
        pytest.fail(f"CUSTOMERBASE_REQUIRE names {resource!r}, but {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def one_artist() -> Iterator[None]:
    """One process of a worker draws the charts of all its tests: to start one takes as long as to draw a report."""
    with artists_staying():
        yield


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of the real data: CUSTOMERBASE_DATA, or ../shared/data beside the checkout."""
    folder = Path(os.environ.get("CUSTOMERBASE_DATA", _CHECKOUT.parent / "shared" / "data"))
    file = folder / "online_retail_II.csv"
    if not file.is_file():
        skip_without("data", f"there is no {file}; set CUSTOMERBASE_DATA to the folder of the real data")
    return folder


@pytest.fixture(scope="session")
def retail(data_folder: Path) -> Retail:
    """Online Retail II, read once and cleaned once for all tests of a worker."""
    return read_retail(data_folder)


@pytest.fixture(scope="session")
def reference() -> str:
    """Text of the collection of facts: ../shared/REFERENCE.md beside the checkout."""
    file = _CHECKOUT.parent / "shared" / "REFERENCE.md"
    if not file.is_file():
        skip_without("reference", f"there is no {file} to hold headers against")
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of our own, with a role that may do nothing but what a test grants."""
    binaries = find_binaries()
    if binaries is None:
        skip_without("postgres", "there is no PostgreSQL server to start; install Debian's package postgresql")
    with start_server(binaries) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser, one for all tests of a worker: Playwright cannot be started a second time beside itself."""
    if not _CHROMIUM.exists():
        skip_without("chromium", f"there is no {_CHROMIUM} to look at pages with")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=["--no-sandbox"])
        yield browser
        browser.close()


TINY_SHOP = [
    # order, customer, time, product, category, quantity, price, country
    ("1", "ann", "2024-01-01 10:00", "mug", "kitchen", 2, "5.00", "DE"),
    ("1", "ann", "2024-01-01 10:00", "pan", "kitchen", 1, "20.00", "DE"),
    ("2", "ann", "2024-01-11 12:00", "mug", "kitchen", 4, "5.00", "DE"),
    ("3", "ann", "2024-01-31 09:00", "pen", "office", 10, "1.00", "AT"),
    ("C4", "ann", "2024-02-05 09:00", "pan", "kitchen", -1, "20.00", "AT"),
    ("5", "bob", "2024-01-06 18:00", "pan", "kitchen", 1, "20.00", "FR"),
    ("5", "bob", "2024-01-06 18:00", "POST", None, 1, "4.00", "FR"),
    ("C6", "cem", "2024-01-20 08:00", "mug", "kitchen", -2, "5.00", "TR"),
    ("7", None, "2024-01-21 08:00", "mug", "kitchen", 3, "5.00", "DE"),
    ("8", "bob", "2024-01-22 08:00", "pan", "kitchen", 1, "0.00", "FR"),
]


@pytest.fixture
def tiny_shop() -> Dataset:
    """Ten order lines of three customers and a guest, as they come out of `read`: small enough to do by hand."""
    rows = [
        {
            "source": "tiny.csv",
            "source_row": row,
            "order_id": order,
            "customer_id": customer,
            "ordered_at": datetime.fromisoformat(time),
            "product_id": product,
            "product_name": product,
            "category": category,
            "quantity": Decimal(quantity),
            "unit_price": Decimal(price),
            "amount": quantity * Decimal(price),
            "country": country,
            "is_return": quantity < 0,
        }
        for row, (order, customer, time, product, category, quantity, price, country) in enumerate(TINY_SHOP, start=2)
    ]
    lines = ibis.memtable(pd.DataFrame(rows))
    money = dict.fromkeys(("quantity", "unit_price", "amount"), MONEY)
    return Dataset(lines.cast({"source_row": "int64", "ordered_at": "timestamp(6)", **money}))


@pytest.fixture
def tiny_clean(tiny_shop: Dataset) -> Dataset:
    """The tiny shop after cleaning: eight lines of three customers."""
    return clean(tiny_shop).data


@pytest.fixture(scope="session")
def made_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A generated shop of 5,000 lines, as CSV too."""
    return make_shop(tmp_path_factory.mktemp("made"), n_lines=5_000, random_state=3, write_csv=True)


@pytest.fixture(scope="session")
def plain_shops(made_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A workspace of that shop by model, k-means or RFM, of one run with no other option: to be read, or copied."""

    def make(folder: Path) -> None:
        for model in ("kmeans", "rfm"):
            run(open_workspace(folder / model), [str(made_shop.order_lines_csv)], Config(model=model))

    folder = make_once(tmp_path_factory, "plain-shops", make)
    return {model: folder / model for model in ("kmeans", "rfm")}


@pytest.fixture(scope="session")
def finished_shop(made_shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of that shop, to be read: RFM on 1 July 2023, then k-means on the day after the last order."""

    def make(folder: Path) -> None:
        for config in (Config(as_of="2023-07-01", model="rfm"), Config()):
            run(open_workspace(folder / "shop"), [str(made_shop.order_lines_csv)], config)

    return make_once(tmp_path_factory, "finished-shop", make) / "shop"


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ninety orders of nine customers, and a workspace of three runs at two dates, to be copied."""

    def make(folder: Path) -> None:
        orders = write_orders(folder / "orders.csv", many_orders())
        for as_of in ("2024-04-01", "2024-05-01", "2024-05-01"):
            run(open_workspace(folder / "shop"), [orders], Config(as_of=as_of, model="rfm"))

    return make_once(tmp_path_factory, "small-shop", make)


@pytest.fixture
def customerbase(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> CommandLine:
    """The command line, called in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return CommandLine(monkeypatch, capsys)
