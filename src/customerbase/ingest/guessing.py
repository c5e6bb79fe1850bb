"""Guessing: a plain guess at a header that no layout knows, by the names that columns of that meaning bear."""

import re
from collections.abc import Collection, Mapping, Sequence

from customerbase.errors import DataError
from customerbase.ingest.coupon_names import COUPON_SYNONYMS
from customerbase.ingest.customer_names import CUSTOMER_SYNONYMS
from customerbase.ingest.layout import COUPON_COLUMNS, CUSTOMER_COLUMNS, Grain, Layout, normalise

__all__ = ["SYNONYMS", "guess", "guess_coupons", "guess_customers", "has_burn_date"]

SYNONYMS: dict[str, tuple[str, ...]] = {
    "customer_id": (
        """customer id | customer no | customer number | customer | client id | client | buyer id | buyer | user id |
        kundennummer | kundennr | kunden id | kunde | numéro client | id client | code client | id cliente | cliente
        | código cliente
        | código do cliente | codice cliente | número de cliente | klantnummer | klant id | klantid | klant |
        id klienta | numer klienta | klient""",
        """email | e mail | email address | customer email | e mail adresse | adresse e mail | courriel |
        correo electrónico | correo | indirizzo email | endereço de e mail | e mailadres | adres e mail""",
    ),
    "ordered_at": (
        """order date | date of order | ordered at | order time | purchase date | invoice date | transaction date |
        sale date | bestelldatum | kaufdatum | auftragsdatum | rechnungsdatum | date de commande | date d'achat |
        date de facture | fecha de pedido | fecha de compra | fecha del pedido | data ordine | data dell'ordine |
        data acquisto | data do pedido | data da compra | data da encomenda | besteldatum | orderdatum |
        aankoopdatum | data zamówienia | data zakupu""",
        "date | datum | fecha | data | timestamp | created at",
    ),
    "amount": (
        """amount | order total | total | total amount | order amount | line total | revenue | sales | order value |
        betrag | gesamtbetrag | summe | umsatz | gesamtsumme | bestellwert | montant | montant total |
        total commande | importe | importe total | total pedido | importo | importo totale | totale | totale ordine
        | valor | valor total | total do pedido | bedrag | totaalbedrag | totaal | omzet | kwota | suma | wartość |
        wartość zamówienia""",
    ),
    "quantity": (
        """quantity | qty | units | menge | anzahl | stückzahl | quantité | qté | cantidad | quantità | qtà |
        quantidade | qtd | aantal | ilość | liczba""",
    ),
    "unit_price": (
        """unit price | price | item price | price per unit | einzelpreis | stückpreis | preis | prix unitaire | prix |
        precio unitario | precio | prezzo unitario | prezzo | preço unitário | preço | stukprijs | prijs |
        cena jednostkowa | cena""",
    ),
    "order_id": (
        """order id | order no | order number | order | invoice | invoice no | invoice number | transaction id |
        receipt | bestellnummer | bestellung | bestell nr | auftragsnummer | rechnungsnummer | belegnummer |
        numéro de commande | commande | n° commande | numéro de facture | número de pedido | pedido | id pedido |
        número de factura | numero ordine | ordine | id ordine | número do pedido | encomenda | ordernummer |
        bestelnummer | factuurnummer | numer zamówienia | zamówienie | nr zamówienia""",
    ),
    "product_id": (
        """product id | sku | item id | stock code | product code | article number | artikelnummer | artikelnr |
        produkt id | référence | code produit | référence produit | código de producto | referencia |
        codice prodotto | codice articolo | código do produto | artikelcode | productcode | kod produktu |
        id produktu""",
    ),
    "product_name": (
        """product name | product | item | item name | description | article | artikel | artikelbezeichnung | produkt |
        produktname | bezeichnung | produit | nom du produit | désignation | producto | nombre del producto |
        prodotto | nome prodotto | descrizione | produto | nome do produto | productnaam | nazwa produktu""",
    ),
    "category": (
        """category | category name | product category | product category name | department | kategorie | warengruppe |
        catégorie | categoría | categoria |
        categorie | kategoria""",
    ),
    "currency": ("currency | currency code | währung | devise | moneda | divisa | valuta | moeda | waluta",),
    "country": ("country | land | pays | país | paese | kraj",),
    "coupon_code": (
        """coupon code | coupon | discount code | voucher | voucher code | gutschein | gutscheincode | code promo |
        código de descuento | cupón | codice sconto | cupom | kortingscode | kod rabatowy""",
    ),
}
"""Canonical column → names in English, German, French, Spanish, Italian, Portuguese, Dutch and Polish, the plainest
ones first: a name of a later group counts only where none of an earlier one is there."""

_SEPARATORS = re.compile(r"[\s_.:#-]+")

_ID_NAMES, _EMAIL_NAMES = SYNONYMS["customer_id"]
_ORDER_DATES = SYNONYMS["ordered_at"]

_CUSTOMER_NAMES: dict[str, tuple[str, ...]] = {
    **{name: (name, *CUSTOMER_SYNONYMS.get(name, ())) for name in CUSTOMER_COLUMNS},
    "customer_id": ("customer_id", _ID_NAMES, *CUSTOMER_SYNONYMS["customer_id"], _EMAIL_NAMES),
    "country": ("country", *SYNONYMS["country"], *CUSTOMER_SYNONYMS["country"]),
    "email": ("email", _EMAIL_NAMES),
}
_COUPON_NAMES: dict[str, tuple[str, ...]] = {
    **{name: (name, *COUPON_SYNONYMS.get(name, ())) for name in COUPON_COLUMNS},
    "customer_id": _CUSTOMER_NAMES["customer_id"],
    "coupon_id": ("coupon_id", *COUPON_SYNONYMS["coupon_id"], *SYNONYMS["coupon_code"]),
    "occurred_at": ("occurred_at", *COUPON_SYNONYMS["occurred_at"], *_ORDER_DATES),
    "city": ("city", *COUPON_SYNONYMS["city"], *CUSTOMER_SYNONYMS["city"]),
}
_OF_ORDERS = (*(SYNONYMS[name] for name in ("order_id", "product_id", "product_name", "quantity", "unit_price")),
              _ORDER_DATES[:1])  # fmt: skip
"""Names of columns that a file with one row per customer has not: what lacks a date or money beside them is no such
file, but an export of orders that is not understood."""


def guess(header: Sequence[str], mapped: Collection[str] = (), taken: Collection[str] = ()) -> Layout | None:
    """Guess a layout by the names of the columns; None where customer, date or money is not among them.

    Parameters
    ----------
    header
        Column names of the export.
    mapped
        Canonical names that the caller knows already.
    taken
        Columns that are spoken for.

    Raises
    ------
    DataError
        Two columns could be the same thing.

    Examples
    --------
    >>> guess(["Kundennummer", "Bestelldatum", "Gesamtbetrag", "Filiale"]).columns
    {'customer_id': 'Kundennummer', 'ordered_at': 'Bestelldatum', 'amount': 'Gesamtbetrag'}
    >>> guess(["Kundennummer", "Filiale"])
    """
    spoken_for = {normalise(column) for column in taken}
    free = [column for column in header if normalise(column) not in spoken_for]
    candidates = {name: _candidates(groups, free) for name, groups in SYNONYMS.items() if name not in mapped}
    known = {*mapped, *(name for name, columns in candidates.items() if columns)}
    if not {"customer_id", "ordered_at"} <= known or not ("amount" in known or {"quantity", "unit_price"} <= known):
        return None
    return Layout("guessed", _choose(candidates))


def guess_customers(
    header: Sequence[str], mapping: Mapping[str, str] | None = None, *, is_told: bool = False
) -> Layout | None:
    """Guess the layout of a file with one row per customer; None where it names no customer, or looks like orders.

    Parameters
    ----------
    header
        Column names of the export.
    mapping
        Canonical name → column, as far as the caller knows it.
    is_told
        The caller says that there is one row per customer, whatever it looks like.

    Raises
    ------
    DataError
        Two columns could be the same thing.

    Examples
    --------
    >>> guess_customers(["Kundennummer", "Geschlecht", "Umsatz", "Filiale"]).columns
    {'customer_id': 'Kundennummer', 'gender': 'Geschlecht', 'monetary': 'Umsatz'}
    >>> guess_customers(["Kundennummer", "Bestellnummer", "Umsatz"])
    """
    found = _find(_CUSTOMER_NAMES, header, mapping or {})
    free = [column for column in header if column not in {*(mapping or {}).values()}]
    if "customer_id" not in found or (not is_told and any(_candidates(names, free) for names in _OF_ORDERS)):
        return None
    return _name("customers", "customer", _choose(found), mapping or {})


def guess_coupons(header: Sequence[str], mapping: Mapping[str, str] | None = None) -> Layout | None:
    """Guess the layout of a coupon file; None where customer, coupon, date, or both status and burn date are missing.

    Parameters
    ----------
    header
        Column names of the export.
    mapping
        Canonical name → column, as far as the caller knows it.

    Raises
    ------
    DataError
        Two columns could be the same thing.

    Examples
    --------
    >>> guess_coupons(["Kunde", "Gutscheincode", "Datum", "Eingelöst am"]).columns
    {'customer_id': 'Kunde', 'coupon_id': 'Gutscheincode', 'occurred_at': 'Datum', 'burnt_at': 'Eingelöst am'}
    >>> guess_coupons(["Kunde", "Gutscheincode", "Datum"])
    """
    found = _find(_COUPON_NAMES, header, mapping or {})
    if not {"customer_id", "coupon_id", "occurred_at"} <= set(found) or not {"event", "burnt_at"} & set(found):
        return None
    return _name("coupon-events", "coupon", _choose(found), mapping or {})


def has_burn_date(header: Sequence[str]) -> bool:
    """Tell whether a column says when a coupon was burnt; no export of orders has one.

    Examples
    --------
    >>> has_burn_date(["Customer", "Coupon", "Date", "Redeemed at"])
    True
    """
    return bool(_candidates(_COUPON_NAMES["burnt_at"], header))


def _find(
    names: Mapping[str, Sequence[str]], header: Sequence[str], mapping: Mapping[str, str]
) -> dict[str, list[str]]:
    """Give the columns that could be each canonical one; what is mapped is no other one as well."""
    taken = {normalise(column) for column in mapping.values()}
    free = [column for column in header if normalise(column) not in taken]
    found = {name: [mapping[name]] if name in mapping else _candidates(groups, free) for name, groups in names.items()}
    return {name: columns for name, columns in found.items() if columns}


def _choose(candidates: Mapping[str, Sequence[str]]) -> dict[str, str]:
    for name, columns in candidates.items():
        if len(columns) > 1:
            raise DataError(
                f"The columns {' and '.join(map(repr, columns))} could both be {name!r}. "
                f"Pass --map {name}=COLUMN to say which it is."
            )
    return {name: columns[0] for name, columns in candidates.items() if columns}


def _name(known: str, grain: Grain, columns: Mapping[str, str], mapping: Mapping[str, str]) -> Layout:
    """Name a layout: the known one where all columns bear canonical names, mapped where none was guessed."""
    guessed = {name: column for name, column in columns.items() if name not in mapping}
    is_known = all(normalise(column) == name for name, column in guessed.items())
    name = known if is_known and not mapping else "mapped" if is_known else "guessed"
    return Layout(name, columns, grain=grain)


def _candidates(groups: Sequence[str], header: Sequence[str]) -> list[str]:
    for group in groups:
        names = {_plain(name) for name in group.split("|")}
        if found := [column for column in header if _plain(column) in names]:
            return found
    return []


def _plain(column: str) -> str:
    """Give a name without the marks that separate its words: `Customer_ID`, `customer-id` and `CustomerID` are one."""
    return _SEPARATORS.sub("", normalise(column))
