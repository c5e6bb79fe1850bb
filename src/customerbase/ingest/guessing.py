"""Guessing: a plain guess at a header that no layout knows, by the names that columns of that meaning bear."""

import re
from collections.abc import Collection, Sequence

from customerbase.errors import DataError
from customerbase.ingest.layout import Layout, normalise

__all__ = ["SYNONYMS", "guess"]

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
    for name, columns in candidates.items():
        if len(columns) > 1:
            raise DataError(
                f"The columns {' and '.join(map(repr, columns))} could both be {name!r}. "
                f"Pass --map {name}=COLUMN to say which it is."
            )
    return Layout("guessed", {name: columns[0] for name, columns in candidates.items() if columns})


def _candidates(groups: Sequence[str], header: Sequence[str]) -> list[str]:
    for group in groups:
        names = {_plain(name) for name in group.split("|")}
        if found := [column for column in header if _plain(column) in names]:
            return found
    return []


def _plain(column: str) -> str:
    """Give a name without the marks that separate its words: `Customer_ID`, `customer-id` and `CustomerID` are one."""
    return _SEPARATORS.sub("", normalise(column))
