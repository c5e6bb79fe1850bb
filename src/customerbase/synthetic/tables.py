"""The tables of a generated shop: the order lines as an export has them, and the truth about the customers."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from customerbase.synthetic.buyers import COUNTRIES, mean_order_value
from customerbase.synthetic.catalogue import CATEGORIES, COUPONS, NO_CATEGORY, Catalogue
from customerbase.synthetic.chunks import Chunk
from customerbase.synthetic.orders import CHANNELS, NO_COUPON, seconds
from customerbase.synthetic.parameters import ShopParameters
from customerbase.synthetic.population import DAYS_PER_YEAR, Population

__all__ = ["customer_table", "order_line_table"]

IntArray = npt.NDArray[np.int64]

FIRST_ORDER, FIRST_RETURN, FIRST_CUSTOMER = 1_000_001, 1_000_001, 100_001
CURRENCY = "GBP"


def order_line_table(chunk: Chunk, catalogue: Catalogue, parameters: ShopParameters) -> pa.Table:
    """Give the lines of a chunk the columns of an export, a subset of `schema.ORDER_LINES`."""
    lines, document = chunk.lines, chunk.lines.document
    buyer = chunk.documents.buyer[document]
    columns = {
        "order_id": _document_ids(chunk).take(pa.array(document)),
        "customer_id": _customer_ids(chunk).take(pa.array(buyer)),
        "ordered_at": _timestamps(chunk.documents.second[document], parameters),
        "product_id": _labels(lines.product, catalogue.product_id),
        "product_name": _labels(lines.product, catalogue.product_name),
        "category": _labels(catalogue.category[lines.product], [c.name for c in CATEGORIES], missing=NO_CATEGORY),
        "quantity": pa.array(lines.quantity.astype(np.int32)),
        "unit_price": _money(lines.price_pence),
        "discount": _money(lines.discount_pence),
        "amount": _money(lines.amount_pence),
        "currency": _labels(np.zeros_like(document), [CURRENCY]),
        "country": _labels(chunk.buyers.country[buyer], list(COUNTRIES)),
        "channel": _labels(chunk.documents.channel[document], list(CHANNELS)),
        "coupon_code": _labels(chunk.documents.coupon[document], list(COUPONS), missing=NO_COUPON),
    }
    return pa.table(columns)


def customer_table(chunk: Chunk, population: Population, catalogue: Catalogue, parameters: ShopParameters) -> pa.Table:
    """Lay down what is true of the customers of a chunk; `make_shop` says what the columns mean."""
    buyers = chunk.buyers
    is_alive = buyers.dropped_out_day >= parameters.n_days
    table = pa.table(
        {
            "customer_id": _customer_ids(chunk),
            "segment": _labels(buyers.type, [t.name for t in population.types]),
            "country": _labels(buyers.country, list(COUNTRIES)),
            "purchase_rate_per_year": buyers.purchase_rate,
            "dropout_rate_per_year": buyers.dropout_rate,
            "first_purchase_at": _timestamps(seconds(buyers.first_day), parameters),
            "dropped_out_at": _timestamps(seconds(np.where(is_alive, 0, buyers.dropped_out_day)), parameters, is_alive),
            "is_alive": is_alive,
            "seasonal_years": (buyers.stop - buyers.first) / DAYS_PER_YEAR,
            "n_orders": chunk.orders_per_buyer,
            "mean_order_value": mean_order_value(buyers, catalogue),
            "line_return_rate": buyers.return_rate,
            "order_coupon_rate": buyers.coupon_rate,
            "favourite_category": _labels(buyers.favourite_category, [c.name for c in CATEGORIES]),
        }
    )
    return table.filter(pa.array(~buyers.is_guest))


def _document_ids(chunk: Chunk) -> pa.Array:
    orders = FIRST_ORDER + chunk.orders_before + np.arange(chunk.n_orders)
    returns = FIRST_RETURN + chunk.returns_before + np.arange(chunk.n_returns)
    cancelling = pc.binary_join_element_wise("C", _digits(returns), "")
    return pa.concat_arrays([_digits(orders), cancelling])


def _customer_ids(chunk: Chunk) -> pa.Array:
    ids = _digits(FIRST_CUSTOMER + chunk.buyers_before + np.arange(chunk.n_buyers))
    return pc.if_else(pa.array(chunk.buyers.is_guest), None, ids)


def _digits(numbers: IntArray) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _timestamps(second: IntArray, parameters: ShopParameters, missing: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    moments = np.datetime64(parameters.start, "us") + second * np.timedelta64(1_000_000, "us")
    return pa.array(moments, mask=missing)


def _labels(index: IntArray, names: list[str], missing: int | None = None) -> pa.Array:
    mask = None if missing is None else index == missing
    return pa.DictionaryArray.from_arrays(pa.array(index.astype(np.int16), mask=mask), names)


def _money(pence: IntArray) -> pa.Array:
    """Make decimal(18, 4) of whole pence without a detour over Python: 128 bits each, the lower half first."""
    halves = np.empty((len(pence), 2), dtype="<i8")
    halves[:, 0] = pence * 100
    halves[:, 1] = halves[:, 0] >> 63
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(pence), [None, pa.py_buffer(halves)])
