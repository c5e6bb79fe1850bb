"""Faults planted in the order lines of a generated shop, to see whether they are found."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from customerbase.errors import UsageError
from customerbase.synthetic.baskets import MEAN_RETURN_DELAY_DAYS, WHOLE_LINE_RATE

__all__ = ["FAULTS", "Planted", "plant"]

IntArray = npt.NDArray[np.int64]

_MIN_ORDERS_OF_DAY = 5
_SEVERAL = 2
_TEST_PRICE = Decimal("4.50")


@dataclass(frozen=True)
class Planted:
    """Order lines with faults: `rows` are the positions of the faulty ones, `undone` those that planted returns undo.

    Rows that a fault takes away are not there to be named.
    """

    lines: pa.Table
    rows: IntArray
    undone: IntArray | None = None


def plant(lines: pa.Table, fault: str, n: int, random_state: int = 0) -> Planted:
    """Plant faults of a kind in the order lines of a generated shop.

    Parameters
    ----------
    lines
        Order lines of `make_shop`; they stay as they are.
    fault
        One of `FAULTS`.
    n
        How many: lines, days (`repeated_orders`, `missing_days`, `partial_month`), customers (`all_returned`,
        `persons_with_several_ids`, `ids_of_several_forms`, `ids_in_several_countries`) or hours (`time_zone`).
    random_state
        Seed of what is drawn.

    Raises
    ------
    UsageError
        There is no such fault, or the shop has no room for so many.

    Examples
    --------
    >>> import tempfile
    >>> import pyarrow.parquet as pq
    >>> from customerbase.synthetic import make_shop
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lines = pq.read_table(make_shop(folder, n_lines=1_000).order_lines)
    >>> planted = plant(lines, "far_out_prices", 3)
    >>> planted.lines.num_rows, len(planted.rows)
    (1000, 3)
    """
    if fault not in FAULTS:
        raise UsageError(f"There is no fault {fault!r}. The faults are {', '.join(FAULTS)}.")
    frame = lines.to_pandas()
    frame["is_planted"], frame["undoes"] = False, -1
    faulty = FAULTS[fault](frame, n, np.random.default_rng(random_state)).reset_index(drop=True)
    rows = np.flatnonzero(faulty.is_planted)
    undone = faulty.undoes.to_numpy()[rows]
    planted = pa.Table.from_pandas(faulty[lines.column_names], schema=lines.schema, preserve_index=False)
    return Planted(planted, rows, undone if (undone >= 0).all() else None)


def _draw(frame: pd.DataFrame, n: int, rng: np.random.Generator, where: pd.Series | None = None) -> pd.Index:
    """Draw purchases of products by known customers, each at most once."""
    pool = frame.index[(frame.quantity > 0) & (frame.product_id != "POST") & frame.customer_id.notna()]
    return _draw_from(pool if where is None else pool.intersection(frame.index[where]), n, rng)


def _draw_from(pool: pd.Index, n: int, rng: np.random.Generator) -> pd.Index:
    if len(pool) < n:
        raise UsageError(f"The shop has room for {len(pool)} such faults, not for {n}. Make a larger one.")
    return pool[np.sort(rng.choice(len(pool), n, replace=False))]


def _draw_customers(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.Index:
    """Draw customers who ordered several times."""
    n_orders = frame.groupby("customer_id").order_id.nunique()
    return _draw_from(n_orders.index[n_orders >= _SEVERAL], n, rng)


def _append(frame: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, more.assign(is_planted=True)], ignore_index=True)


def _change(frame: pd.DataFrame, rows: pd.Index, **columns: Any) -> pd.DataFrame:  # noqa: ANN401 - values or columns
    changed = frame.copy()
    for name, values in {**columns, "is_planted": True}.items():
        changed.loc[rows, name] = values
    return changed


def _set(frame: pd.DataFrame, **columns: Any) -> pd.DataFrame:  # noqa: ANN401 - values or columns
    return frame.assign(**columns)


def _last_orders(frame: pd.DataFrame, customers: pd.Index) -> pd.Index:
    """Give the lines of the last order of each customer."""
    last = frame.groupby("customer_id").order_id.last()
    return frame.index[frame.order_id.isin(last[customers])]


def _repeat_days(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    day = frame.ordered_at.dt.normalize()
    n_orders = frame.groupby(day).order_id.nunique()
    days = _draw_from(n_orders.index[n_orders >= _MIN_ORDERS_OF_DAY], n, rng)
    whole = frame.order_id[~day.isin(days)]
    return _append(frame, frame[day.isin(days) & ~frame.order_id.isin(whole)])


def _repeat_lines(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    return _append(frame, frame.loc[_draw(frame, n, rng)])


def _return(bought: pd.DataFrame, quantity: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Take back some units of lines, on documents of their own, as long after as `make_shop` has it."""
    days = pd.to_timedelta(np.floor(1 + rng.exponential(MEAN_RETURN_DELAY_DAYS, len(bought))), unit="D")
    numbers = pd.Series(range(len(bought)), bought.index)
    return _set(
        bought,
        order_id="CX" + bought.order_id + "-" + numbers.astype(str),
        ordered_at=bought.ordered_at + days,
        quantity=-quantity,
        discount=Decimal(0),
        amount=-bought.unit_price * quantity,
        undoes=bought.index,
    )


def _return_some(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    bought = frame.loc[_draw(frame, n, rng)]
    part = rng.integers(1, bought.quantity.to_numpy() + 1)
    whole = rng.random(n) < WHOLE_LINE_RATE
    return _append(frame, _return(bought, bought.quantity.where(whole, part), rng))


def _return_others(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    bought = frame.loc[_draw(frame, n, rng)]
    returns = _return(bought, bought.quantity, rng)
    return _append(frame, returns.assign(product_id="X" + returns.product_id, undoes=-1))


def _return_all(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    bought = frame[frame.customer_id.isin(_draw_customers(frame, n, rng)) & (frame.quantity > 0)]
    return _append(frame, _return(bought, bought.quantity, rng).assign(amount=-bought.amount))


def _test(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    tests = frame.loc[_draw(frame, n, rng)]
    numbers = pd.Series(range(n), tests.index).astype(str)
    return _append(
        frame,
        _set(
            tests,
            order_id="T" + tests.order_id + "-" + numbers,
            product_id="TEST001",
            product_name="This is a test product.",
            quantity=1,
            unit_price=_TEST_PRICE,
            discount=Decimal(0),
            amount=_TEST_PRICE,
        ),
    )


def _serve(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Add lines of a service under a code that looks like any other, at another price each time."""
    orders = frame.loc[_draw(frame, n, rng)]
    price = [Decimal(f"{amount:.2f}") for amount in rng.lognormal(2.0, 1.5, n) + 0.5]
    served = {"product_id": "29999", "product_name": "Made To Measure", "quantity": 1, "discount": Decimal(0)}
    return _append(frame, _set(orders, **served, unit_price=price, amount=price))


def _write_off(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    goods = frame.loc[_draw(frame, n, rng)]
    numbers = pd.Series(range(n), goods.index).astype(str)
    lost = {"customer_id": None, "unit_price": Decimal(0), "discount": Decimal(0), "amount": Decimal(0)}
    return _append(frame, _set(goods, **lost, quantity=-goods.quantity, order_id="W" + numbers))


def _give_away(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    nothing = dict.fromkeys(("unit_price", "discount", "amount"), Decimal(0))
    return _change(frame, _draw(frame, n, rng), **nothing)


def _misspell_codes(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    often = frame.groupby("product_id").product_id.transform("size") > _SEVERAL * n
    rows = _draw(frame, n, rng, often)
    return _change(frame, rows, product_id="0" + frame.product_id[rows])


def _raise_quantities(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = _draw(frame, n, rng)
    chosen = frame.loc[rows]
    return _change(frame, rows, quantity=chosen.quantity * 5_000, amount=chosen.amount * 5_000)


def _raise_prices(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = _draw(frame, n, rng)
    chosen = frame.loc[rows]
    money = {name: chosen[name] * 100 for name in ("unit_price", "discount", "amount")}
    return _change(frame, rows, **money)


def _change_currency(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    return _change(frame, _draw_from(frame.index[frame.customer_id.isna()], n, rng), currency="USD")


def _shift_hours(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:  # noqa: ARG001 - no chance in it
    return _change(frame, frame.index, ordered_at=frame.ordered_at + pd.to_timedelta(n, unit="h"))


def _put_into_future(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = _draw(frame, n, rng)
    return _change(frame, rows, ordered_at=frame.ordered_at[rows] + pd.DateOffset(years=60))


def _lose_days(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Lose days in a row, from the middle half of the time."""
    day = frame.ordered_at.dt.normalize()
    n_days = (day.max() - day.min()).days
    first = day.min() + pd.to_timedelta(int(rng.integers(n_days // 4, 3 * n_days // 4)), unit="D")
    kept: pd.DataFrame = frame[(day < first) | (day >= first + pd.to_timedelta(n, unit="D"))]
    return kept


def _lose_end(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:  # noqa: ARG001 - no chance in it
    day = frame.ordered_at.dt.normalize()
    kept: pd.DataFrame = frame[day <= day.max() - pd.to_timedelta(n, unit="D")]
    return kept


def _respell_addresses(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Take addresses for ids, and write those of some customers in another way in their last order."""
    addressed = frame.assign(customer_id="buyer" + frame.customer_id + "@mail.org")
    rows = _last_orders(addressed, _draw_customers(addressed, n, rng))
    return _change(addressed, rows, customer_id=addressed.customer_id[rows].str.replace("buyer", "Buy.er"))


def _respell_ids(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = _last_orders(frame, _draw_customers(frame, n, rng))
    return _change(frame, rows, customer_id="00" + frame.customer_id[rows])


def _move(frame: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    return _change(frame, _last_orders(frame, _draw_customers(frame, n, rng)), country="Iceland")


FAULTS: dict[str, Callable[[pd.DataFrame, int, np.random.Generator], pd.DataFrame]] = {
    "repeated_orders": _repeat_days,
    "repeated_lines": _repeat_lines,
    "test_orders": _test,
    "write_offs": _write_off,
    "free_lines": _give_away,
    "matched_returns": _return_some,
    "unmatched_returns": _return_others,
    "all_returned": _return_all,
    "unlike_products": _serve,
    "codes_of_several_forms": _misspell_codes,
    "far_out_quantities": _raise_quantities,
    "far_out_prices": _raise_prices,
    "currencies": _change_currency,
    "time_zone": _shift_hours,
    "future_dates": _put_into_future,
    "missing_days": _lose_days,
    "partial_month": _lose_end,
    "persons_with_several_ids": _respell_addresses,
    "ids_of_several_forms": _respell_ids,
    "ids_in_several_countries": _move,
}
"""Name of a finding → how faults of its kind are planted."""
