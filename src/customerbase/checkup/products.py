"""Findings about codes: those that are no products, those unlike one, and products under several."""

import pandas as pd

from customerbase.checkup.finding import N_EXAMPLES, Finding, count_lines, money, quote_lines
from customerbase.checkup.folds import CheckupInput

__all__ = ["find_codes_of_several_forms", "find_non_products", "find_test_orders", "find_unlike_products"]

_MOST_LISTED = 40
_LEAST_LINES = 10
_LEAST_PRICES = 6
_TOP_PRICE_SHARE = 0.2
"""Even a product of many prices sells at one of them more often than this; what is priced anew each time does not."""

_SERVICES = (
    r"(?:^|\W)(?:postage|shipping|carriage|freight|handling|delivery(?: (?:fee|charge))?|surcharge|commission"
    r"|charges?|fees?|gift (?:card|voucher|certificate)|vouchers?|discount|bad debt|donation|deposit|tip"
    r"|versand(?:kosten)?|porto|gutschein|rabatt|pfand|spende|trinkgeld"
    r"|frais de (?:port|livraison)|livraison|remise|(?:carte|chèque) cadeau|pourboire|don"
    r"|gastos de envío|envío|descuento|tarjeta regalo|propina|spedizione|sconto|buono regalo|mancia"
    r"|verzendkosten|korting|cadeaubon|fooi|frete|desconto|vale presente|wysyłka|dostawa|rabat)\W*[\d.,]*$"
)
"""Names that end in what is charged or taken off, and not sold: 'next day carriage', but no carriage clock."""

_TEST_CODE = r"^TEST[\W_\d]*$"
_TEST_NAME = r"(?:^|\W)test (?:product|item|order|article)(?:\W|$)|^test$|do not (?:ship|send)"
_TEST_CUSTOMER = r"^test[\W_\d]*$|^test[\w.+-]*@|@(?:test|example)\.|(?:^|[\W_])test[\W_]?(?:user|customer|account)"


def find_non_products(seen: CheckupInput) -> Finding | None:
    """Find codes of postage, fees, corrections, donations and the like among the lines that were kept."""
    codes = _sum_codes(seen.products[~seen.products.is_product & ~seen.products.is_guest])
    if codes.empty:
        return None
    count = count_lines(seen.kept.filter(~seen.kept.is_product))
    done = "kept as money, and left out of product features (is_product is false)"
    option = f'"{codes.index[0]}" = true under [products] in customerbase.toml, where a code is a product'
    return Finding("non_products", count.rows, count.customers, count.turnover, _list(codes), done, option)


def find_unlike_products(seen: CheckupInput) -> Finding | None:
    """Find codes that are taken for products, but bear the name of a service or have another price nearly each time."""
    sold = seen.products[seen.products.is_product]
    is_service = seen.names.name.str.lower().str.contains(_SERVICES, regex=True, na=False)
    suspects = {*seen.names.product_id[is_service], *_take_priced_anew(sold)} & {*sold.product_id}
    if not suspects:
        return None
    codes = _sum_codes(sold[sold.product_id.isin(suspects)])
    lines = seen.traded.filter(seen.traded.is_product & (seen.traded.amount != 0))
    count = count_lines(lines.filter(lines.product_id.isin(sorted(suspects))))
    option = f'"{codes.index[0]}" = false under [products] in customerbase.toml, where a code is none'
    return Finding(
        "unlike_products", count.rows, count.customers, count.turnover, _list(codes), "kept as products", option
    )


def find_test_orders(seen: CheckupInput) -> Finding | None:
    """Find lines of test products or of customers called a test."""
    names, ids = seen.names, seen.customers.customer_id
    is_test = names.product_id.str.strip().str.upper().str.contains(_TEST_CODE)
    is_test |= names.name.str.lower().str.contains(_TEST_NAME, na=False)
    codes = names.product_id[is_test].to_list()
    called = seen.customers.filter(ids.lower().re_search(_TEST_CUSTOMER)).customer_id
    testers = sorted(set(called.to_pyarrow().to_pylist()))
    if not codes and not testers:
        return None
    lines = seen.traded
    is_of_test = lines.product_id.isin(codes).fill_null(False) | lines.customer_id.isin(testers).fill_null(False)
    found = lines.filter(is_of_test)
    count = count_lines(found)
    named = [f"code {code}" for code in codes[:N_EXAMPLES]] + [f"customer {each}" for each in testers[:N_EXAMPLES]]
    example = "; ".join([*named, quote_lines(found)])
    option = "leave them out of the export"
    return Finding("test_orders", count.rows, count.customers, count.turnover, example, "kept as money", option)


def find_codes_of_several_forms(seen: CheckupInput) -> Finding | None:
    """Find codes that differ from a more frequent one only in case, spaces around, zeros before or '.0' after."""
    codes = seen.products.groupby("product_id", as_index=False).n_lines.sum()
    plain = codes.product_id.str.strip().str.upper().str.replace(r"\.0$", "", regex=True)
    codes = codes.assign(form=plain.str.replace(r"^0+(?=[0-9A-Z])", "", regex=True))
    codes = codes.sort_values(["n_lines", "product_id"], ascending=[False, True])
    codes["usual"] = codes.groupby("form").product_id.transform("first")
    rare = codes[codes.product_id != codes.usual]
    if rare.empty:
        return None
    lines = seen.traded.filter(seen.traded.amount != 0)
    count = count_lines(lines.filter(lines.product_id.isin(rare.product_id.to_list())))
    most = zip(rare.product_id, rare.n_lines, rare.usual, strict=True)
    listed = [f"{code!r} ({_lines(n_lines)}) beside {usual!r}" for code, n_lines, usual in most]
    return Finding(
        "codes_of_several_forms",
        count.rows,
        count.customers,
        count.turnover,
        "; ".join(listed[:N_EXAMPLES]),
        "kept as different products",
        "write them alike in the shop, and export again",
    )


def _take_priced_anew(products: pd.DataFrame) -> list[str]:
    """Take the codes whose most frequent price stands on few of their lines."""
    priced = products[products.price_bin.notna() & (products.product_id != "")]
    prices = priced.groupby(["product_id", "price_bin"], as_index=False).n_lines.sum()
    codes = prices.groupby("product_id").n_lines.agg(["count", "sum", "max"])
    is_anew = (codes["sum"] >= _LEAST_LINES) & (codes["count"] >= _LEAST_PRICES)
    return [str(code) for code in codes.index[is_anew & (codes["max"] < _TOP_PRICE_SHARE * codes["sum"])]]


def _sum_codes(products: pd.DataFrame) -> pd.DataFrame:
    """Sum up codes, the most money first, without the differences of case and spaces."""
    codes = products.groupby("product_id")[["n_lines", "turnover"]].sum()
    sums = codes.groupby(codes.index.str.strip().str.upper()).sum().round(4)  # the last bits depend on the order
    return sums.sort_values("turnover", ascending=False, kind="stable")


def _lines(n_lines: int) -> str:
    return "1 line" if n_lines == 1 else f"{n_lines:,} lines"


def _list(codes: pd.DataFrame) -> str:
    rows = zip(codes.index, codes.n_lines, codes.turnover, strict=True)
    listed = [f"{code} ({_lines(n_lines)}, {money(turnover)})" for code, n_lines, turnover in rows]
    rest = len(listed) - _MOST_LISTED
    return ", ".join(listed[:_MOST_LISTED]) + (f" and {rest:,} more" if rest > 0 else "")
