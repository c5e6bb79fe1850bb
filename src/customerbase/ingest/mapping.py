"""From the cells of a sheet to canonical order lines, once."""

from collections.abc import Collection, Mapping, Sequence

import ibis
import ibis.expr.types as ir

from customerbase.engine import fence
from customerbase.ingest.dialects import is_empty, parse_id, parse_text
from customerbase.ingest.formats import AskedColumns, SheetFormats
from customerbase.ingest.layout import TIP, Condition, Layout
from customerbase.ingest.numbers import parse_currency, parse_number
from customerbase.ingest.sheets import DAMAGED_LINE, Sheet, carry_cells
from customerbase.ingest.times import parse_time
from customerbase.schema import INGESTED_LINES, MONEY, complete_order_id

__all__ = ["ask_columns", "find_damage", "map_lines"]

_IDS = ("order_id", "customer_id", "product_id")
_NUMBERS = ("quantity", "unit_price", "discount", "amount")
_REFUNDED = ("refunded", "refunded_of")
_GOODS_TOTAL = "goods_total"
_LARGE_PRODUCT = 1e9
_TEXTS = ("product_name", "category", "currency", "country", "channel", "coupon_code")


def ask_columns(sheet: Sheet, layout: Layout) -> AskedColumns:
    """Give the columns of a sheet whose number and date formats have to be known to map its lines.

    Examples
    --------
    >>> header = ("who", "when", "total")
    >>> cells = ibis.memtable({"who": ["ann"], "when": ["2024-05-01"], "total": ["12.50"]})
    >>> layout = Layout("my-shop", {"customer_id": "who", "ordered_at": "when", "amount": "total"})
    >>> asked = ask_columns(Sheet("a.csv", "csv", header, header, cells), layout)
    >>> dict(asked.numbers), dict(asked.times)
    ({'amount': 'total'}, {'ordered_at': 'when'})
    """
    numbers = {name: layout.columns[name] for name in _NUMBERS if name in layout.columns}
    numbers |= dict(zip(_REFUNDED, layout.refunded or (), strict=False))
    numbers |= {_GOODS_TOTAL: layout.goods_total} if layout.goods_total else {}
    return AskedColumns(
        sheet,
        {name: sheet.column(column) for name, column in numbers.items()},
        {"ordered_at": sheet.column(layout.columns["ordered_at"])},
    )


def map_lines(sheet: Sheet, layout: Layout, formats: SheetFormats | None = None) -> ir.Table:
    """Give the order lines of a sheet by a layout whose columns are spelled as in the sheet (`layouts.fit`).

    A cell that must be a number or a time and is none leaves its column empty and its name in `unreadable`. Where the
    layout needs more than one row to understand a row, the cells are those of `complete_cells`. `formats` says how
    numbers and dates are written (`decide_formats`); without it, as programs write them.

    Returns
    -------
    Table
        The columns of `INGESTED_LINES`, one row per row of the sheet; of a server also its cells (`carry_cells`).

    Examples
    --------
    >>> header = ("who", "when", "total")
    >>> cells = ibis.memtable({"source": ["a.csv"] * 2, "source_row": [2, 3], "who": ["ann", "bob"],
    ...                        "when": ["2024-05-01", "soon"], "total": ["12.50", "-3"]})
    >>> layout = Layout("my-shop", {"customer_id": "who", "ordered_at": "when", "amount": "total"})
    >>> lines = map_lines(Sheet("a.csv", "csv", header, header, cells), layout)
    >>> lines.select("customer_id", "is_return", "unreadable").to_pyarrow().to_pylist()
    [{'customer_id': 'ann', 'is_return': False, 'unreadable': None},
     {'customer_id': 'bob', 'is_return': True, 'unreadable': 'ordered_at'}]
    """
    cells = {name: sheet.cells[sheet.column(column)] for name, column in layout.columns.items()}
    formats = formats or SheetFormats()
    parsed = sheet.cells.select(
        "source",
        "source_row",
        **_parse(cells, layout, formats),
        is_damaged=find_damage(sheet),
        **carry_cells(sheet),
        **_ask(sheet, layout, formats),
    )
    if sheet.is_in_place and (formats.numbers or formats.times):
        parsed = fence(parsed)  # to read numbers and times from text is what takes long
    if formats.number("discount").is_percent:
        gross = _multiply(parsed.quantity, parsed.unit_price).abs()
        parsed = parsed.mutate(discount=(gross * parsed.discount).try_cast(MONEY))
    if layout.not_products:
        parsed = parsed.mutate(product_id=parsed.no_product.coalesce(parsed.product_id))
    if layout.return_when:
        parsed = parsed.mutate(**_turn(parsed, ("quantity", "amount")))
    parsed = parsed.mutate(amount=_amount(parsed, cells))
    if layout.goods_total:
        parsed = _lower(parsed)
    money = parsed.mutate(amount=_keep(parsed.amount, parsed, layout))
    lines = money.mutate(
        order_id=_order_id(money, layout),
        unreadable=_unreadable(money),
        is_return=_is_return(money, layout),
        is_adjustment=_starts_with(money.order_id, layout.adjusting),
        is_void=money.is_void | (money.kept_share <= 0).fill_null(False),
    )
    typed = {column.name: lines[column.name].cast(column.type) for column in INGESTED_LINES}
    return lines.select(**typed, **{name: lines[name] for name in carry_cells(sheet)})


def _parse(cells: Mapping[str, ir.Value], layout: Layout, formats: SheetFormats) -> dict[str, ir.Value]:
    """Parse each cell; beside each number, `bad_…` says that the cell holds something else.

    E-mail addresses are compared without their case: one person writes them in several.
    """
    parsed: dict[str, ir.Value] = {}
    for names, parse in ((_IDS, parse_id), (_TEXTS, parse_text)):
        for name in names:
            parsed[name] = parse(cells[name]) if name in cells else ibis.null("string")
    for name in _NUMBERS:
        parsed[name] = parse_number(cells[name], formats.number(name)) if name in cells else ibis.null(MONEY)
    if "customer_id" in cells and "mail" in layout.columns["customer_id"].casefold():
        parsed["customer_id"] = parsed["customer_id"].lower()
    parsed["currency"] = _currency(parsed["currency"].upper(), cells, formats)
    parsed["ordered_at"] = parse_time(cells["ordered_at"], formats.time("ordered_at"))
    for name in _NUMBERS:
        # A condition within a condition: only the few cells without a number are looked at again.
        is_bad = ibis.ifelse(parsed[name].isnull(), ~is_empty(cells[name]), False) if name in cells else False
        parsed[f"bad_{name}"] = ibis.literal(is_bad) if name not in cells else is_bad
    return parsed


def _currency(named: ir.StringValue, cells: Mapping[str, ir.Value], formats: SheetFormats) -> ir.StringValue:
    """Take the currency that is named, else the one that stands beside the money."""
    beside = [
        parse_currency(cells[name])
        for name in ("amount", "unit_price")
        if name in cells and formats.number(name).has_marks
    ]
    return ibis.coalesce(named, *beside) if beside else named


def find_damage(sheet: Sheet) -> ir.BooleanValue:
    """Tell which rows of a sheet are lines that could not be split into cells.

    Examples
    --------
    >>> cells = ibis.memtable({"source": ["a.csv"], "source_row": [2], "damaged_line": ["ann,2024"]})
    >>> cells.select(is_damaged=find_damage(Sheet("a.csv", "csv", (), (), cells))).is_damaged.to_list()
    [True]
    """
    return sheet.cells[DAMAGED_LINE].notnull() if DAMAGED_LINE in sheet.cells.columns else ibis.literal(False)


def _ask(sheet: Sheet, layout: Layout, formats: SheetFormats) -> dict[str, ir.Value]:
    """Ask the layout's questions to each row, and which share of its order the customer has kept (null: unreadable)."""
    asked: dict[str, ir.Value] = {
        "is_void": _meets(sheet, layout.void_when),
        "is_returned": _meets(sheet, layout.return_when),
        "kept_share": _kept_share(sheet, layout.refunded, formats) if layout.refunded else ibis.literal(1.0),
    }
    if layout.not_products:
        codes = ((_meets(sheet, (condition,)), code) for code, condition in layout.not_products)
        asked["no_product"] = ibis.cases(*codes)
    if layout.goods_total:
        goods_total = sheet.cells[sheet.column(layout.goods_total)]
        asked[_GOODS_TOTAL] = parse_number(goods_total, formats.number(_GOODS_TOTAL))
    return asked


def _meets(sheet: Sheet, conditions: Sequence[Condition]) -> ir.BooleanValue:
    met = [_meets_one(parse_text(sheet.cells[sheet.column(asked.column)]), asked) for asked in conditions]
    return ibis.or_(*met) if met else ibis.literal(False)


def _meets_one(text: ir.StringValue, condition: Condition) -> ir.BooleanValue:
    fits = text.fill_null("").lower().re_search(f"^(?:{condition.pattern})$")
    return ~fits & text.notnull() if condition.is_negated else fits


def _kept_share(sheet: Sheet, columns: tuple[str, str], formats: SheetFormats) -> ir.FloatingValue:
    refunded, total = (sheet.cells[sheet.column(column)] for column in columns)
    form, form_of_total = (formats.number(name) for name in _REFUNDED)
    paid_back = parse_number(refunded, form).abs()
    share = 1 - paid_back.cast("float64") / parse_number(total, form_of_total).abs().cast("float64").nullif(0)
    return ibis.ifelse(is_empty(refunded) | (paid_back == 0), 1.0, share)


def _turn(lines: ir.Table, names: Sequence[str]) -> dict[str, ir.Value]:
    """Give what is returned a negative sign, which not all exports write."""
    return {name: ibis.ifelse(lines.is_returned, -lines[name].abs(), lines[name]).cast(MONEY) for name in names}


def _lower(lines: ir.Table) -> ir.Table:
    """Take off each line its share of a discount on the whole order, which its goods show that came to less."""
    of_goods = ibis.ifelse(lines.product_id.fill_null("") == TIP, ibis.null(MONEY), lines.amount)
    of_order = ibis.window(group_by=[lines.source, lines.order_id])
    summed = lines.mutate(of_goods=of_goods).mutate(of_order=lambda table: table.of_goods.sum().over(of_order))
    is_lower = (summed.goods_total >= 0) & (summed.goods_total < summed.of_order)
    share = summed.goods_total.cast("float64") / summed.of_order.cast("float64")
    lowered = (summed.of_goods.cast("float64") * share).try_cast(MONEY)
    is_one = (is_lower & summed.order_id.notnull() & lowered.notnull()).fill_null(False)
    return summed.mutate(
        amount=ibis.ifelse(is_one, lowered, summed.amount),
        discount=ibis.ifelse(is_one, summed.discount.fill_null(0) + summed.amount - lowered, summed.discount).cast(
            MONEY
        ),
    )


def _keep(amount: ir.DecimalValue, lines: ir.Table, layout: Layout) -> ir.DecimalValue:
    """Take off the share of the order that was paid back; an amount of which nothing was stays exact."""
    if not layout.refunded:
        return amount
    kept = (amount.cast("float64") * lines.kept_share).try_cast(MONEY)
    return ibis.ifelse(lines.kept_share == 1.0, amount, kept)


def _amount(lines: ir.Table, cells: Collection[str]) -> ir.DecimalValue:
    """Take the amount as given; else quantity × unit_price, less the discount (which a return gives back)."""
    gross = _multiply(lines.quantity, lines.unit_price)
    is_discounted = "discount" in cells
    computed = gross - lines.quantity.sign() * lines.discount.fill_null(0) if is_discounted else gross
    return lines.amount.coalesce(computed) if "amount" in cells else computed


def _multiply(quantity: ir.DecimalValue, unit_price: ir.DecimalValue) -> ir.DecimalValue:
    """Multiply exactly; null where money has no room for the product.

    DuckDB multiplies within 18 digits, 8 of them decimals, and stops at a product of 10,000,000,000. With 38 digits it
    takes a hundred times as long, so only the few large products do.
    """
    is_small = (quantity.cast("float64") * unit_price.cast("float64")).abs() < _LARGE_PRODUCT
    exact = (quantity * unit_price).cast("decimal(18, 8)").cast(MONEY)
    return ibis.ifelse(is_small, exact, (quantity.cast("decimal(38, 4)") * unit_price).try_cast(MONEY))


def _order_id(lines: ir.Table, layout: Layout) -> ir.StringValue:
    """Give the order of each row; where a row is an order and none is named, further ones of a day are counted.

    The count follows what was bought, so that the order of the rows changes no id.
    """
    completed = complete_order_id(lines)
    if layout.grain == "line" or "order_id" in layout.columns:
        return completed
    same_day = ibis.window(group_by=completed, order_by=[lines.amount, lines.quantity, lines.source_row])
    number = ibis.row_number().over(same_day) + 1
    return ibis.ifelse(number == 1, completed, completed + " (" + number.cast("string") + ")")


def _unreadable(lines: ir.Table) -> ir.StringValue:
    return ibis.cases(
        (lines.is_damaged, "line"),
        (lines.ordered_at.isnull(), "ordered_at"),
        *((lines[f"bad_{name}"], name) for name in _NUMBERS),
        (lines.amount.isnull() & ~lines.is_void, "amount"),
    )


def _is_return(lines: ir.Table, layout: Layout) -> ir.BooleanValue:
    signed = lines.quantity.coalesce(lines.amount)
    return (signed < 0).fill_null(False) | lines.is_returned | _starts_with(lines.order_id, layout.cancelling)


def _starts_with(ids: ir.StringValue, prefixes: tuple[str, ...]) -> ir.BooleanValue:
    starts = [ids.startswith(prefix).fill_null(False) for prefix in prefixes]
    return ibis.or_(*starts) if starts else ibis.literal(False)
