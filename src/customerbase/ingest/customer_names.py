"""Names of columns in files with one row per customer, in eight languages."""

__all__ = ["CUSTOMER_SYNONYMS"]

CUSTOMER_SYNONYMS: dict[str, tuple[str, ...]] = {
    "customer_id": ("cust id | member id | member no | shopper id | account id | contact id | mitgliedsnummer",),
    "gender": (
        """gender | sex | gender name | geschlecht | sexe | genre | género | sexo | sesso | genere | gênero | geslacht |
        płeć""",
    ),
    "age": ("age | age in years | alter | âge | edad | età | idade | leeftijd | wiek",),
    "city": (
        """city | city name | town | stadt | ort | wohnort | ville | ciudad | città | cidade | stad | plaats |
        woonplaats | miasto | miejscowość""",
        "default address city",
    ),
    "country": ("country name", "country code", "default address country", "default address country code"),
    "signed_up_at": (
        """signed up at | sign up date | signup date | signed up | join date | joined | joined at | date joined |
        registration date | registered at | registered on | member since | customer since | date added |
        anmeldedatum | registrierungsdatum | registriert am | angemeldet am | kunde seit | mitglied seit |
        beitrittsdatum | date d'inscription | inscrit le | client depuis | fecha de registro | fecha de alta |
        fecha de inscripción | cliente desde | data di registrazione | data registrazione | data di iscrizione |
        data iscrizione | cliente dal | data de registo | data de registro | data de cadastro | data de inscrição |
        registratiedatum | inschrijfdatum | aanmelddatum | klant sinds | lid sinds | data rejestracji | data dołączenia
        | klient od""",
        """created at | created | creation date | erstellt am | date de création | fecha de creación |
        data di creazione | data de criação | aanmaakdatum | data utworzenia""",
    ),
    "phone": (
        """phone | phone number | telephone | mobile | mobile phone | mobile number | cell phone | telefon |
        telefonnummer | handy | handynummer | mobilnummer | téléphone | numéro de téléphone | portable | teléfono |
        número de teléfono | móvil | telefono | numero di telefono | cellulare | telefone | número de telefone |
        telemóvel | celular | telefoon | telefoonnummer | mobiel | numer telefonu | telefon komórkowy""",
        "default address phone",
    ),
    "consent": (
        """consent | marketing consent | email consent | email marketing consent | accepts marketing |
        accepts email marketing | opt in | marketing opt in | newsletter | einwilligung | werbeeinwilligung |
        consentement | accepte le marketing | consentimiento | acepta marketing | consenso | consenso marketing |
        consentimento | aceita marketing | toestemming | nieuwsbrief | zgoda | zgoda marketingowa""",
    ),
    "recency_days": (
        """recency | days since last purchase | days since last order | days since purchase | rezenz |
        tage seit letztem kauf | tage seit letzter bestellung | récence | jours depuis le dernier achat |
        jours depuis la dernière commande | recencia | días desde la última compra | recenza |
        giorni dall'ultimo acquisto | recência | dias desde a última compra | recentheid |
        dagen sinds laatste aankoop | dagen sinds laatste bestelling | recencja | dni od ostatniego zakupu |
        dni od ostatniego zamówienia""",
    ),
    "frequency": (
        """frequency | orders | order count | orders count | number of orders | n orders | total orders | purchases |
        purchase count | number of purchases | total purchases | frequenz | bestellungen | anzahl bestellungen |
        anzahl der bestellungen | anzahl käufe | fréquence | commandes | nombre de commandes | nombre d'achats |
        frecuencia | pedidos | número de pedidos | número de compras | compras | frequenza | ordini | numero ordini |
        numero di ordini | numero di acquisti | frequência | encomendas | número de encomendas | frequentie |
        bestellingen | aantal bestellingen | aantal aankopen | częstotliwość | zamówienia | liczba zamówień |
        liczba zakupów""",
    ),
    "monetary": (
        """monetary | monetary value | total spent | total spend | total spending | amount spent | lifetime spend |
        spend | total revenue | total sales | total sales amount | gesamtumsatz | ausgaben | gesamtausgaben | monetär |
        chiffre d'affaires | total dépensé | montant dépensé | dépenses totales | total gastado | gasto total |
        importe gastado | totale speso | spesa totale | total gasto | valor gasto | totaal besteed | totale uitgaven |
        totale omzet | suma wydatków | łączne wydatki | wydatki""",
        """amount | total | total amount | revenue | sales | betrag | gesamtbetrag | summe | umsatz | montant |
        montant total | importe | importe total | importo | importo totale | totale | valor | valor total | bedrag |
        totaalbedrag | totaal | omzet | kwota | suma | wartość""",
    ),
    "average_order_value": (
        """average order value | avg order value | mean order value | aov | average basket | average basket value |
        durchschnittlicher bestellwert | durchschnittsbestellwert | panier moyen | valeur moyenne des commandes |
        valor medio de pedido | valor medio del pedido | ticket medio | valore medio ordine |
        valore medio degli ordini | scontrino medio | valor médio do pedido | ticket médio |
        gemiddelde bestelwaarde | gemiddelde orderwaarde | średnia wartość zamówienia""",
    ),
    "n_returns": (
        """returns | return count | number of returns | retouren | anzahl retouren | rücksendungen |
        anzahl rücksendungen | retours | nombre de retours | devoluciones | número de devoluciones | resi |
        numero di resi | devoluções | número de devoluções | aantal retouren | zwroty | liczba zwrotów""",
    ),
    "n_sessions": (
        """sessions | session count | number of sessions | visits | visit count | number of visits | sitzungen |
        anzahl sitzungen | besuche | anzahl besuche | nombre de sessions | visites | nombre de visites | sesiones |
        número de sesiones | visitas | número de visitas | sessioni | numero di sessioni | visite | numero di visite |
        sessões | número de sessões | sessies | aantal sessies | bezoeken | aantal bezoeken | sesje | liczba sesji |
        wizyty | liczba wizyt""",
    ),
    "average_session_minutes": (
        """average session duration | avg session duration | avg session minutes | mean session duration |
        session duration | session minutes | sitzungsdauer | durchschnittliche sitzungsdauer |
        durée moyenne des sessions | durée moyenne de session | duración media de la sesión |
        duración media de sesión | durata media sessione | durata media della sessione | duração média da sessão |
        sessieduur | gemiddelde sessieduur | średni czas sesji | średni czas trwania sesji""",
    ),
    "n_pages": (
        """pages viewed | page views | pages | number of pages | seitenaufrufe | aufgerufene seiten |
        anzahl seitenaufrufe | pages vues | nombre de pages vues | páginas vistas | número de páginas vistas |
        pagine viste | pagine visualizzate | páginas visualizadas | bekeken pagina's | paginaweergaven | odsłony |
        liczba odsłon | wyświetlenia stron""",
    ),
    "n_clicks": (
        """clicks | click count | number of clicks | klicks | anzahl klicks | clics | nombre de clics |
        número de clics | clic | numero di clic | cliques | número de cliques | kliks | klikken | aantal kliks |
        aantal klikken | kliknięcia | liczba kliknięć""",
    ),
    "n_wishlist_adds": (
        """wishlist adds | wishlist additions | wishlist | wishlist items | wishlist count | wunschliste | merkzettel |
        liste de souhaits | ajouts à la liste de souhaits | lista de deseos | añadidos a la lista de deseos |
        lista dei desideri | aggiunte alla lista dei desideri | lista de desejos | adições à lista de desejos |
        verlanglijst | toevoegingen aan verlanglijst | lista życzeń | dodania do listy życzeń""",
    ),
    "campaign_response_rate": (
        """campaign response | campaign response rate | response rate | kampagnenreaktion | reaktionsrate |
        antwortrate | taux de réponse | taux de réponse aux campagnes | tasa de respuesta | respuesta a campañas |
        tasso di risposta | risposta alle campagne | taxa de resposta | resposta a campanhas | responspercentage |
        campagnerespons | wskaźnik odpowiedzi | odpowiedź na kampanie""",
    ),
    "cart_abandonment_rate": (
        """cart abandonment rate | cart abandon rate | cart abandonment | abandoned cart rate |
        basket abandonment rate | warenkorbabbruchrate | warenkorbabbruch | taux d'abandon de panier |
        taux d'abandon du panier | abandon de panier | tasa de abandono del carrito | tasa de abandono de carrito |
        abandono del carrito | tasso di abbandono del carrello | abbandono del carrello |
        taxa de abandono do carrinho | taxa de abandono de carrinho | abandono do carrinho |
        winkelwagenverlating | verlaten winkelwagens | wskaźnik porzuceń koszyka | wskaźnik porzuconych koszyków |
        porzucone koszyki""",
    ),
}
"""Canonical column → its names beside the canonical one; groups as in `guessing.SYNONYMS`, whose names of the customer,
the e-mail address and the country hold here too."""
