"""Findings: what the tables of an exploration say, in short sentences."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

__all__ = ["describe_exploration"]

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]

_SKEWED = 2
_SAME = 0.95
_TELLING = 0.01
_TIMES = 2
_MOST_NAMED = 3
_CONDITIONS = {
    "is_return": "are returns",
    "negative_quantity": "have a negative quantity",
    "no_price": "have a price of 0 or less",
}


def describe_exploration(tables: Tables) -> dict[str, list[str]]:
    """Say in sentences what the tables show; each is computed, and left out where there is nothing to say.

    Parameters
    ----------
    tables
        Name as in `EXPLORATIONS` → its rows as dicts, in the order of its key.

    Returns
    -------
    dict
        Name of a table → what it says; tables that say nothing are left out.

    Examples
    --------
    >>> lorenz = [{"customers_percent": 20, "n_customers": 2, "revenue_share": 0.77}]
    >>> half = [{"revenue_percent": 80, "n_customers": 3, "customers_share": 0.3}]
    >>> describe_exploration({"lorenz": lorenz, "concentration": half})
    {'concentration': ['A fifth of the customers bring 77.0% of revenue.', '30.0% of them (3) bring 80% of it.']}
    """
    said = {name: list(describe(tables)) for name, describe in _DESCRIBERS.items() if tables.get(name)}
    return {name: sentences for name, sentences in said.items() if sentences}


def _overview(tables: Tables) -> Iterator[str]:
    parts = {row["part"]: row for row in tables["overview"]}
    read, kept = parts["read"], parts["kept"]
    if not read["n_lines"]:
        return
    span = f", from {read['first_at']:%Y-%m-%d} to {read['last_at']:%Y-%m-%d}" if read["first_at"] else ""
    yield f"{_count(read['n_lines'], 'line')} of {_count(read['n_orders'], 'order')} read{span}."
    share = kept["n_lines"] / read["n_lines"]
    yield f"{_count(kept['n_lines'], 'line')} ({share:.1%}) of {_count(kept['n_customers'], 'customer')} kept."
    bought, returned = parts["kept_purchases"]["amount"], -parts["kept_returns"]["amount"]
    if bought:
        yield f"They bought for {bought:,.2f} and returned for {returned:,.2f} ({returned / bought:.1%} of it)."


def _columns(tables: Tables) -> Iterator[str]:
    same = [row["column"] for row in tables["columns"] if row["n_distinct"] == 1 and not row["n_missing"]]
    empty = [row["column"] for row in tables["columns"] if not row["n_distinct"]]
    if same:
        yield f"One value in all rows: {_list(same)}."
    if empty:
        yield f"No value in any row: {_list(empty)}."


def _missing(tables: Tables) -> Iterator[str]:
    found = [row for row in tables["missing"] if row["n_missing"]]
    for row in sorted(found, key=lambda row: (-row["n_missing"], row["column"]))[:_MOST_NAMED]:
        what = f"{row['missing_share']:.1%} of the lines ({row['n_missing']:,}) have no {row['column']}"
        yield f"{what}{_goes_with(row['column'], tables.get('missing_together', ()))}."


def _goes_with(column: str, together: Sequence[Row]) -> str:
    """Name what is true of some of the lines without a value, and at most half as often of the others."""
    own = [row for row in together if row["column"] == column and row["share"] >= _TELLING]
    telling = [row for row in own if row["share"] >= _TIMES * row["share_elsewhere"]]
    if not telling:
        return ""
    most = max(telling, key=lambda row: row["share"] - row["share_elsewhere"])
    what = _CONDITIONS.get(most["condition"], f"have no {most['condition']}")
    return f"; {most['share']:.1%} of these {what}, and {most['share_elsewhere']:.1%} of the others"


def _guests(tables: Tables) -> Iterator[str]:
    buyers = {row["buyers"]: row for row in tables["guests"]}
    guests, known = buyers.get("guests"), buyers.get("known customers")
    if not guests or not known or not guests["n_orders"] or not known["n_orders"]:
        return
    yield f"Guests bring {guests['revenue_share']:.1%} of revenue{_range_of_guests(tables)}."
    for what, name in (("order", "order_value"), ("unit price", "unit_price"), ("quantity of a line", "quantity")):
        own, others = guests[f"median_{name}"], known[f"median_{name}"]
        if own is not None and others is not None and own != others:
            yield f"A guest's median {what} is {own:,.2f}, a known customer's {others:,.2f}."


def _range_of_guests(tables: Tables) -> str:
    shares = [row for row in tables.get("guests_by_month", ()) if row["is_whole"] and row["guest_share"] is not None]
    if len(shares) <= 1:
        return ""
    least, most = (choose(shares, key=lambda row: row["guest_share"]) for choose in (min, max))
    return (
        f", from {least['guest_share']:.1%} in {_name(least['month'])} to {most['guest_share']:.1%} in "
        f"{_name(most['month'])}"
    )


def _months(tables: Tables) -> Iterator[str]:
    rows = tables["months"]
    whole = [row for row in rows if row["is_whole"]]
    yield from _best_month(whole)
    yield from _year_on_year(whole)
    rated = [row for row in whole if row["return_rate"]]
    if rated:
        most = max(rated, key=lambda row: row["return_rate"])
        yield f"Returns were highest in {_name(most['month'])}: {most['return_rate']:.1%} of revenue."
    if idle := [_name(row["month"]) for row in whole if not row["n_orders"]]:
        yield f"There is no order in {_list(idle)}."
    if partial := [_name(row["month"]) for row in rows if not row["is_whole"]]:
        yield f"Not whole in the export, and compared with no other month: {_list(partial)}."


def _best_month(whole: Sequence[Row]) -> Iterator[str]:
    if len(whole) > 1:
        least, most = (choose(whole, key=lambda row: row["gross_revenue"]) for choose in (min, max))
        yield (
            f"{_name(most['month'])} brought the most revenue ({most['gross_revenue']:,.2f}), {_name(least['month'])} "
            f"the least ({least['gross_revenue']:,.2f}), of whole months."
        )


def _year_on_year(whole: Sequence[Row]) -> Iterator[str]:
    compared = [row for row in whole if row["revenue_change"] is not None]
    if not compared:
        return
    last = compared[-1]
    before = _name(last["month"].replace(year=last["month"].year - 1))
    yield f"{_name(last['month'])} brought {_change(last['revenue_change'])} {before}."
    year = compared[-12:]
    if len(year) == 12 and (year[-1]["month"] - year[0]["month"]).days < 365:
        now, then = (sum(row[name] for row in year) for name in ("gross_revenue", "revenue_year_before"))
        change = _change(float(now / then) - 1)
        yield f"The twelve months up to {_name(last['month'])} brought {change} the twelve before."


def _change(change: float) -> str:
    return f"{abs(change):.1%} {'more' if change >= 0 else 'less'} than"


def _weekdays(tables: Tables) -> Iterator[str]:
    rows = [row for row in tables["weekdays"] if row["n_orders"]]
    if len(rows) > 1:
        least, most = (choose(rows, key=lambda row: row["revenue_per_day"]) for choose in (min, max))
        yield (
            f"A {most['name']} brings most ({most['revenue_per_day']:,.2f} on average), a {least['name']} least "
            f"({least['revenue_per_day']:,.2f})."
        )
    for row in tables["weekdays"]:
        if rows and not row["n_orders"]:
            yield f"Nothing was bought on any of the {row['n_days']:,} {row['name']}s."


def _hours(tables: Tables) -> Iterator[str]:
    shares = [row["revenue_share"] or 0.0 for row in tables["hours"]]
    for n_hours in range(1, len(shares) + 1):
        sums = [sum(shares[start : start + n_hours]) for start in range(len(shares) - n_hours + 1)]
        if max(sums) >= 0.5:
            start = sums.index(max(sums))
            yield f"{max(sums):.1%} of revenue falls between {start}:00 and {start + n_hours}:00."
            return


def _countries(tables: Tables) -> Iterator[str]:
    first, *others = tables["countries"]
    if first["revenue_share"] is None:
        return
    yield f"{first['country']} brings {first['revenue_share']:.1%} of revenue."
    if others:
        rest = "the rest" if len(others) == 1 else f"most of {len(others):,} others"
        yield f"{others[0]['country']} brings {rest} ({others[0]['revenue_share']:.1%})."


def _products(tables: Tables) -> Iterator[str]:
    rows = tables["products"]
    if rows[0]["revenue_share"] is None:
        return
    yield f"Best seller: {_product(rows[0])}, with {rows[0]['gross_revenue']:,.2f} ({rows[0]['revenue_share']:.1%})."
    if len(rows) > 10:
        yield f"The ten best sellers bring {rows[9]['cumulative_share']:.1%} of the revenue of all products."


def _returned_products(tables: Tables) -> Iterator[str]:
    first = tables["returned_products"][0]
    rate = f", {first['return_rate']:.1%} of its revenue" if first["return_rate"] is not None else ""
    yield f"Most came back of {_product(first)}: {first['return_value']:,.2f}{rate}."


def _product(row: Row) -> str:
    return f"{row['product_name']} ({row['product_id']})" if row["product_name"] else str(row["product_id"])


def _categories(tables: Tables) -> Iterator[str]:
    first, *others = tables["categories"]
    if others and first["revenue_share"] is not None:
        of = f"{len(others) + 1:,} categories ({first['revenue_share']:.1%} of revenue)"
        yield f"{first['category']} is the largest of {of}."


def _codes(tables: Tables) -> Iterator[str]:
    for column, what in (("order_id", "Order ids"), ("customer_id", "Customer ids"), ("product_id", "Product codes")):
        forms = [row for row in tables["codes"] if row["column"] == column]
        if len(forms) > 1:
            most = max(forms, key=lambda row: row["n_lines"])
            share = most["n_lines"] / sum(row["n_lines"] for row in forms)
            yield f"{what} have {len(forms):,} forms; {share:.1%} of lines have {most['form']} ({most['example']})."


def _concentration(tables: Tables) -> Iterator[str]:
    fifth = next((row for row in tables.get("lorenz", ()) if row["customers_percent"] == 20), None)
    if fifth and fifth["revenue_share"] is not None:
        yield f"A fifth of the customers bring {fifth['revenue_share']:.1%} of revenue."
    most = next((row for row in tables["concentration"] if row["revenue_percent"] == 80), None)
    if fifth and most:
        yield f"{most['customers_share']:.1%} of them ({most['n_customers']:,}) bring 80% of it."


def _order_counts(tables: Tables) -> Iterator[str]:
    rows = tables["order_counts"]
    n_customers = sum(row["n_customers"] for row in rows)
    if rows[0]["n_orders"] == 1:
        yield (
            f"{rows[0]['n_customers']:,} of {n_customers:,} customers ({rows[0]['customers_share']:.1%}) bought once; "
            f"the most orders of one customer are {rows[-1]['n_orders']:,}."
        )


def _distributions(tables: Tables) -> Iterator[str]:
    rows = [row for row in tables["distributions"] if row["skew"] is not None]
    skewed = sorted((row for row in rows if abs(row["skew"]) >= _SKEWED), key=lambda row: -abs(row["skew"]))
    if skewed:
        most = skewed[0]
        yield (
            f"{len(skewed)} of {len(rows)} features are skewed (by {_SKEWED} or more), most of all {most['feature']}: "
            f"its mean is {most['mean']:,.2f}, its median {most['median']:,.2f}."
        )


def _correlations(tables: Tables) -> Iterator[str]:
    same = [row for row in tables["correlations"] if abs(row["spearman"] or 0) >= _SAME]
    if same:
        best = sorted(same, key=lambda row: -abs(row["spearman"]))
        named = [f"{row['feature']} and {row['other']}" for row in best]
        pairs = _count(len(same), "pair")
        yield f"{pairs} of features with nearly the same order (rank correlation of at least {_SAME}): {_list(named)}."


def _name(month: date) -> str:
    return f"{month:%B %Y}"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _list(names: Sequence[str]) -> str:
    """Name the first few, and count the others."""
    shown = [str(name) for name in names[:_MOST_NAMED]]
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]


_DESCRIBERS: Mapping[str, Callable[[Tables], Iterator[str]]] = {
    "overview": _overview,
    "columns": _columns,
    "missing": _missing,
    "guests": _guests,
    "months": _months,
    "weekdays": _weekdays,
    "hours": _hours,
    "countries": _countries,
    "products": _products,
    "categories": _categories,
    "returned_products": _returned_products,
    "codes": _codes,
    "concentration": _concentration,
    "order_counts": _order_counts,
    "distributions": _distributions,
    "correlations": _correlations,
}
"""Name of a table → what says its sentences, in the order in which they are told."""
