"""Meanings: what columns hold and what a table is about, as far as names can tell."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from customerbase.errors import DataError
from customerbase.ingest.guessing import SYNONYMS, guess_coupons
from customerbase.ingest.layout import normalise
from customerbase.schema import ORDER_LINES

__all__ = [
    "Meaning",
    "find_meanings",
    "find_nouns",
    "is_called",
    "is_generic",
    "is_key_name",
    "lists_coupons",
    "name_references",
    "plain",
    "subject",
]

_SEPARATORS = re.compile(r"[\s_.:#-]+")
_ID_ENDINGS = ("id", "no", "nr", "number", "nummer", "numero", "code", "key", "sku", "uuid", "ean", "gtin", "mail")
_ID_SUFFIX = re.compile(r"[\s_.-]*(id|no|nr|number|nummer|code|key)$", re.IGNORECASE)
_GENERIC = {"id", "no", "nr", "number", "nummer", "code", "key", "uuid", "guid", "name", "title"}
"""Names that say what a column is only together with the name of its table."""

_NO_NOUNS = {"data", "dataset", "table", "tbl", "export", "list", "all", "dim", "fact", "raw", "sheet", "csv"}
_ENDINGS = (("ies", "y"), ("ses", "s"), ("es", ""), ("s", ""), ("en", ""), ("n", ""), ("e", ""))


@dataclass(frozen=True)
class Meaning:
    """A canonical column that another one may be; `group` is higher for less plain names (`guessing.SYNONYMS`).

    Examples
    --------
    >>> Meaning("customer_id", group=1).name
    'customer_id'
    """

    name: str
    group: int = 0


def plain(column: str) -> str:
    """Give a name without the marks that separate its words: `Customer_ID` and `customer-id` are one.

    Examples
    --------
    >>> plain("Customer_ID")
    'customerid'
    """
    return _SEPARATORS.sub("", normalise(column))


_KNOWN = {plain(column.name): Meaning(column.name) for column in ORDER_LINES} | {
    plain(name): Meaning(canonical, group)
    for canonical, groups in SYNONYMS.items()
    for group, names in enumerate(groups)
    for name in names.split("|")
}


def find_meanings(header: Iterable[str], given: Mapping[str, str]) -> dict[str, Meaning]:
    """Say of the columns of a header what they hold; what the caller gives (canonical → column) goes before.

    Examples
    --------
    >>> find_meanings(["Invoice", "Pcs", "Filiale"], {"quantity": "Pcs"})
    {'Invoice': Meaning(name='order_id', group=0), 'Pcs': Meaning(name='quantity', group=0)}
    """
    said = {normalise(column): Meaning(name) for name, column in given.items()}
    found: dict[str, Meaning] = {}
    for column in header:
        meaning = said.get(normalise(column)) or _KNOWN.get(plain(column))
        if meaning and (normalise(column) in said or meaning.name not in given):
            found[column] = meaning
    return found


def is_generic(column: str) -> bool:
    """Tell whether a name says what a column is only together with the name of its table.

    Examples
    --------
    >>> is_generic("ID"), is_generic("order_id")
    (True, False)
    """
    return not plain(column) or plain(column) in _GENERIC


def is_key_name(column: str) -> bool:
    """Tell whether a column bears a name such as keys do.

    Examples
    --------
    >>> [is_key_name(column) for column in ("branch_id", "Invoice", "StockCode", "Country")]
    [True, True, True, False]
    """
    meaning = _KNOWN.get(plain(column))
    is_id = meaning is not None and meaning.name in {"order_id", "customer_id", "product_id"}
    return is_id or plain(column).endswith(_ID_ENDINGS)


def find_nouns(label: str) -> set[str]:
    """Give the words that the rows of a table may be called by, in the singular as far as endings tell.

    Examples
    --------
    >>> sorted(find_nouns("order_items-2023"))
    ['item', 'items', 'orderitem', 'orderitems']
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label)
    words = [word for word in re.split(r"[\W\d_]+", spaced.casefold()) if word and word not in _NO_NOUNS]
    if not words:
        return set()
    return {form for word in ("".join(words), words[-1]) for form in _forms(word)}


def _forms(word: str) -> set[str]:
    shorter = {word.removesuffix(ending) + instead for ending, instead in _ENDINGS if word.endswith(ending)}
    return {word, *(form for form in shorter if len(form) > 2)}


def lists_coupons(header: Sequence[str]) -> bool:
    """Tell whether a table lists coupons of customers: it says no more of these, though each may stand there but once.

    Examples
    --------
    >>> lists_coupons(["Customer", "Coupon", "Date", "Status"]), lists_coupons(["Customer", "City", "Status"])
    (True, False)
    """
    try:
        return guess_coupons(header) is not None
    except DataError:  # two of its columns could be the same thing of a coupon
        return True


def name_references(nouns: Iterable[str]) -> set[str]:
    """Give the plain names by which other tables may name a row of a table.

    Examples
    --------
    >>> {"customer", "customerid", "customernumber"} <= name_references({"customer"})
    True
    """
    words = ("", "id", "no", "nr", "number", "nummer", "code", "key")
    return {f"{noun}{word}" for noun in nouns for word in words} | {f"id{noun}" for noun in nouns}


def subject(column: str) -> str:
    """Give what a key is the key of.

    Examples
    --------
    >>> subject("merchant_id"), subject("SKU")
    ('merchant', 'SKU')
    """
    return _ID_SUFFIX.sub("", column) or column


def is_called(nouns: Sequence[str] | set[str], canonical: str) -> bool:
    """Tell whether a table bears the name of what a canonical id names: a sheet of orders, of customers.

    Examples
    --------
    >>> is_called({"order"}, "order_id"), is_called({"item"}, "order_id")
    (True, False)
    """
    return any(
        meaning.name == canonical and meaning.group == 0
        for noun in nouns
        for name in (noun, f"{noun}id")
        if (meaning := _KNOWN.get(name)) is not None
    )
