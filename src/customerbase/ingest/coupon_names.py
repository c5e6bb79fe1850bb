"""Names of columns and of statuses in coupon files, in eight languages."""

__all__ = ["COUPON_SYNONYMS", "STATUSES"]

COUPON_SYNONYMS: dict[str, tuple[str, ...]] = {
    "coupon_id": (
        """coupon no | coupon number | coupon name | voucher id | voucher number | gutscheinnummer | gutschein id |
        gutscheinname | couponnummer | code coupon | code du coupon | numéro de coupon | bon de réduction |
        código de cupón | número de cupón | id cupón | nombre del cupón | codice coupon | codice buono | id coupon |
        buono sconto | código do cupom | código do cupão | número do cupom | cupão | kortingsbon | code kortingsbon |
        kupon | kod kuponu | numer kuponu | nazwa kuponu""",
    ),
    "occurred_at": (
        """claimed at | claimed on | claim date | date claimed | date of claim | subscription date | subscribed at |
        issue date | issued at | issued on | activation date | activated at | event date | event time | ausgabedatum |
        ausgestellt am | aktivierungsdatum | aktiviert am | angefordert am | date d'émission | date d'activation |
        émis le | activé le | fecha de emisión | fecha de activación | data di emissione | data di attivazione |
        emesso il | data de emissão | data de ativação | emitido em | uitgiftedatum | uitgegeven op | activatiedatum |
        data wydania | data aktywacji | data pobrania""",
    ),
    "event": (
        """coupon status | voucher status | transaction status | coupon event | gutscheinstatus | couponstatus |
        statut du coupon | estado del cupón | stato del coupon | stato coupon | estado do cupom | estado do cupão |
        status kuponu""",
        """status | state | event type | ereignis | zustand | statut | état | événement | estado | evento | stato |
        situação | gebeurtenis | stan | zdarzenie""",
    ),
    "burnt_at": (
        """burn date | burned at | burnt on | burned on | date burned | date burnt | redemption date | redeemed at |
        redeemed on | date redeemed | used at | used on | date used | usage date | einlösedatum | einlösungsdatum |
        eingelöst am | verwendet am | date d'utilisation | utilisé le | fecha de canje | fecha de uso | canjeado el |
        data di utilizzo | data utilizzo | data di riscatto | utilizzato il | riscattato il | data de utilização |
        data de uso | data de resgate | utilizado em | resgatado em | inwisseldatum | ingewisseld op | verzilverd op |
        gebruikt op | data realizacji | data wykorzystania | zrealizowano dnia | wykorzystano dnia""",
    ),
    "merchant_id": (
        """merchant no | merchant number | partner id | retailer id | händler id | händlernummer | id marchand |
        id partenaire | id comerciante | id comercio | id esercente | id lojista | handelaar id | id sprzedawcy |
        id partnera""",
    ),
    "merchant_name": (
        """merchant | partner | partner name | retailer | händler | händlername | marchand | nom du marchand |
        commerçant | partenaire | comerciante | comercio | nombre del comercio | esercente | nome esercente | lojista |
        nome do lojista | handelaar | naam handelaar | sprzedawca | nazwa sprzedawcy""",
    ),
    "branch_id": (
        """branch | branch no | branch number | store id | store no | filiale | filial id | filialnummer |
        succursale | id succursale | sucursal | id sucursal | id filiale | filial | id filial | filiaal |
        filiaalnummer | vestiging | oddział | id oddziału""",
    ),
    "city": ("branch city | city of the branch",),
}
"""Canonical column → its names beside the canonical one; groups as in `guessing.SYNONYMS`, whose names of the customer,
the coupon and the date hold here too."""

STATUSES: dict[str, str] = {
    "claimed": """claimed | subscribed | issued | active | activated | collected | clipped | saved | granted |
        assigned | unused | not used | not redeemed | not burned | not burnt | beansprucht | angefordert |
        ausgestellt | ausgegeben | aktiv | aktiviert | abonniert | gesichert | nicht eingelöst | réclamé | souscrit |
        émis | actif | activé | obtenu | non utilisé | reclamado | solicitado | suscrito | emitido | activo |
        activado | obtenido | no usado | no canjeado | richiesto | sottoscritto | emesso | attivo | attivato |
        ottenuto | non utilizzato | reivindicado | subscrito | ativo | ativado | obtido | não utilizado | não usado |
        geclaimd | uitgegeven | actief | geactiveerd | niet gebruikt | niet ingewisseld | odebrany | pobrany |
        wydany | aktywny | aktywowany | niewykorzystany""",
    "burnt": """burnt | burned | redeemed | used | consumed
        | eingelöst | verwendet | benutzt | genutzt
        | utilisé | brûlé | consommé
        | canjeado | usado | utilizado | redimido | consumido | quemado
        | riscattato | utilizzato | usato | consumato | bruciato
        | resgatado | queimado
        | ingewisseld | verzilverd | gebruikt | verbrand
        | zrealizowany | wykorzystany | użyty | spalony""",
}
"""Event → the statuses that say so. Any other status is not understood, and never guessed at."""
