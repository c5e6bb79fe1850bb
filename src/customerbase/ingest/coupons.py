"""From the cells of a coupon file to coupon events."""

import ibis
import ibis.expr.types as ir

from customerbase.ingest.coupon_names import STATUSES
from customerbase.ingest.dialects import is_empty, parse_id, parse_text
from customerbase.ingest.formats import AskedColumns, SheetFormats
from customerbase.ingest.layouts import Layout
from customerbase.ingest.mapping import find_damage
from customerbase.ingest.sheets import KEY, Sheet
from customerbase.ingest.times import parse_time
from customerbase.schema import COUPON_EVENTS

__all__ = ["ask_coupon_columns", "drop_implied_claims", "map_coupon_events"]

_IDS = ("customer_id", "coupon_id", "merchant_id", "branch_id")
_TEXTS = ("merchant_name", "city")
_TIMES = ("occurred_at", "burnt_at")


def ask_coupon_columns(sheet: Sheet, layout: Layout) -> AskedColumns:
    """Give the columns of a sheet whose date formats have to be known to map its coupon events.

    Examples
    --------
    >>> columns = {"customer_id": "who", "coupon_id": "code", "occurred_at": "day", "event": "status"}
    >>> header = tuple(columns.values())
    >>> cells = ibis.memtable(dict.fromkeys(header, ["x"]))
    >>> dict(ask_coupon_columns(Sheet("a.csv", "csv", header, header, cells), Layout("own", columns)).times)
    {'occurred_at': 'day'}
    """
    times = {name: sheet.column(layout.columns[name]) for name in _TIMES if name in layout.columns}
    return AskedColumns(sheet, {}, times)


def map_coupon_events(sheet: Sheet, layout: Layout, formats: SheetFormats | None = None) -> ir.Table:
    """Give the coupon events of a sheet by a layout whose columns are spelled as in the sheet.

    `formats` says how dates are written (`decide_formats`); without it, as programs write them.
    A burnt coupon was claimed: its row yields both events, at the date of the row and at the burn date. Where the
    layout has no burn date, both have the date of the row, and the claim is `is_implied` only.

    Returns
    -------
    Table
        The columns of `COUPON_EVENTS`, `is_implied`, and `unreadable`: the column that could not be read, or 'line'.
        A row that cannot be read yields one row without an event.

    Examples
    --------
    >>> header = ("who", "code", "day", "status", "burnt")
    >>> cells = ibis.memtable({"source": ["a.csv"] * 2, "source_row": [2, 3], "who": ["ann", "bob"], "code": ["X", "Y"],
    ...                        "day": ["2024-05-01"] * 2, "status": ["burned", "lost"], "burnt": ["2024-05-03", ""]})
    >>> columns = {"customer_id": "who", "coupon_id": "code", "occurred_at": "day", "event": "status"}
    >>> layout = Layout("own", {**columns, "burnt_at": "burnt"}, grain="coupon")
    >>> events = map_coupon_events(Sheet("a.csv", "csv", header, header, cells), layout)
    >>> shown = events.order_by("source_row", "occurred_at").select("customer_id", "event", "unreadable")
    >>> shown.to_pyarrow().to_pylist()
    [{'customer_id': 'ann', 'event': 'claimed', 'unreadable': None},
     {'customer_id': 'ann', 'event': 'burnt', 'unreadable': None},
     {'customer_id': 'bob', 'event': None, 'unreadable': 'event'}]
    """
    cells = {name: sheet.cells[sheet.column(column)] for name, column in layout.columns.items()}
    row = sheet.cells.select(
        *KEY,
        **_parse(cells, formats or SheetFormats()),
        is_damaged=find_damage(sheet),
        is_implied="burnt_at" not in cells,
    )
    row = row.mutate(unreadable=_unreadable(row, has_burn_date="burnt_at" in cells))
    happened = ibis.cases(
        (row.unreadable.notnull(), ibis.array([ibis.null("string")])),
        (row.is_burnt, ibis.array(["claimed", "burnt"])),
        else_=ibis.array(["claimed"]),
    )
    event = row.mutate(event=happened.unnest())
    is_burn = (event.event == "burnt").fill_null(False)
    # A burn date without a time of day is the start of the day on which the coupon may have been claimed.
    burnt_at = ibis.greatest(event.burnt_at, event.occurred_at) if "burnt_at" in cells else event.occurred_at
    event = event.mutate(
        occurred_at=ibis.ifelse(is_burn, burnt_at, event.occurred_at),
        is_implied=event.is_implied & event.is_burnt & ~is_burn,
    )
    made = {column.name: event[column.name].cast(column.type) for column in COUPON_EVENTS}
    return event.select(**made, is_implied=event.is_implied, unreadable=event.unreadable)


def _parse(cells: dict[str, ir.Value], formats: SheetFormats) -> dict[str, ir.Value]:
    parsed: dict[str, ir.Value] = {}
    for names, parse in ((_IDS, parse_id), (_TEXTS, parse_text)):
        for name in names:
            parsed[name] = parse(cells[name]) if name in cells else ibis.null("string")
    for name in _TIMES:
        parsed[name] = parse_time(cells[name], formats.time(name)) if name in cells else ibis.null("timestamp(6)")
    has_burn_date = ~is_empty(cells["burnt_at"]) if "burnt_at" in cells else ibis.literal(False)
    status = _parse_status(cells["event"]) if "event" in cells else ibis.ifelse(has_burn_date, "burnt", "claimed")
    return {
        **parsed,
        "status": status,
        "is_burnt": (status == "burnt").fill_null(False),
        "has_burn_date": has_burn_date,
    }


def _parse_status(cell: ir.Value) -> ir.StringValue:
    text = parse_text(cell).lower().re_replace(r"[\s_-]+", " ")
    said = {event: [word.strip() for word in words.split("|")] for event, words in STATUSES.items()}
    return ibis.cases(*((text.isin(words), event) for event, words in said.items()))


def _unreadable(row: ir.Table, *, has_burn_date: bool) -> ir.StringValue:
    is_before = (row.burnt_at < row.occurred_at) & (row.burnt_at != row.occurred_at.truncate("D"))
    return ibis.cases(
        (row.is_damaged, "line"),
        (row.occurred_at.isnull(), "occurred_at"),
        (row.coupon_id.isnull(), "coupon_id"),
        (row.status.isnull(), "event"),
        (row.burnt_at.isnull() & (row.has_burn_date | (row.is_burnt & has_burn_date)), "burnt_at"),
        (row.has_burn_date & ~row.is_burnt, "event"),
        (is_before.fill_null(False), "burnt_at"),
    )


def drop_implied_claims(events: ir.Table) -> ir.Table:
    """Drop a claim that only follows from a burnt coupon where the claim itself stands on another row.

    A file that lists what happened, one row per event, has both; in one that lists coupons, a burnt one has one row.

    Examples
    --------
    >>> events = ibis.memtable({"customer_id": ["ann"] * 3, "coupon_id": ["X"] * 3, "occurred_at": [1, 2, 2],
    ...                         "event": ["claimed", "claimed", "burnt"], "is_implied": [False, True, False]})
    >>> drop_implied_claims(events).order_by("occurred_at").event.to_list()
    ['claimed', 'burnt']
    """
    claims = events.filter((events.event == "claimed") & ~events.is_implied)
    first = claims.group_by("customer_id", "coupon_id").agg(first_claim=claims.occurred_at.min())
    joined = events.left_join(first, ["customer_id", "coupon_id"])
    is_claimed = (joined.first_claim <= joined.occurred_at).fill_null(False)
    return joined.filter(~(joined.is_implied & is_claimed)).select(*(n for n in events.columns if n != "is_implied"))
