"""Products: what sells most, what comes back most, and what codes look like."""

import ibis
import ibis.expr.types as ir

from customerbase.exploration.folds import Folds, add_up, count_up
from customerbase.schema import MONEY

__all__ = ["categories", "codes", "products", "returned_products"]

_N_TOP = 100
_N_FORMS = 50
_OF_FORMS = ("form", "n_codes", "n_lines", "gross_revenue", "return_value", "example")


def products(folds: Folds) -> ir.Table:
    """Rank the products of clean lines by revenue, the first hundred; lines that sell no product (postage) stay out.

    `product_name` is the name on the most lines of the product, of equals the smallest. `cumulative_share` is the share
    of this product and all before it in the revenue of all products.
    """
    return _rank(_fold_products(folds), "gross_revenue", "revenue").limit(_N_TOP)


def returned_products(folds: Folds) -> ir.Table:
    """Rank the products of clean lines by the value of their returns, the first hundred that came back at all."""
    sold = _fold_products(folds)
    return _rank(sold.filter(sold.return_value > 0), "return_value", "return").limit(_N_TOP)


def categories(folds: Folds) -> ir.Table:
    """Rank the categories of clean lines by revenue; no rows where the export has none."""
    sold = folds.products.filter(folds.products.rule.isnull() & folds.products.category.notnull())
    return _rank(_add_up(sold, "category"), "gross_revenue", "revenue")


def _fold_products(folds: Folds) -> ir.Table:
    rows = folds.products
    sold = rows.filter(rows.rule.isnull() & rows.is_product & rows.product_id.notnull())
    named = sold.group_by("product_id", "product_name", "category").agg(n=sold.n_lines.sum())
    order = ibis.window(group_by="product_id", order_by=[ibis.desc(named.n), named.product_name, named.category])
    first = named.mutate(place=ibis.row_number().over(order))
    first = first.filter(first.place == 0).select("product_id", "product_name", "category")
    return first.join(_add_up(sold, "product_id"), "product_id")


def _add_up(sold: ir.Table, by: str) -> ir.Table:
    bought, has_quantity = ~sold.is_return, sold.quantity.notnull().any()
    return sold.group_by(by).agg(
        n_lines=count_up(sold.n_lines, bought),
        quantity=ibis.ifelse(has_quantity, add_up(sold.quantity, bought), ibis.null(MONEY)),
        gross_revenue=add_up(sold.amount, bought),
        quantity_returned=ibis.ifelse(has_quantity, -add_up(sold.quantity, sold.is_return), ibis.null(MONEY)).cast(
            MONEY
        ),
        return_value=(-add_up(sold.amount, sold.is_return)).cast(MONEY),
    )


def _rank(counted: ir.Table, by: str, what: str) -> ir.Table:
    key = counted.columns[0]
    order = [ibis.desc(counted[by]), counted[key]]
    upto = ibis.window(order_by=order, preceding=None, following=0)
    total = counted[by].sum().over(ibis.window()).cast("float64").nullif(0)
    shares = {
        f"{what}_share": counted[by].cast("float64") / total,
        "cumulative_share": counted[by].sum().over(upto).cast("float64") / total,
        "return_rate": counted.return_value.cast("float64") / counted.gross_revenue.cast("float64").nullif(0),
    }
    ranked = counted.mutate(rank=ibis.row_number().over(ibis.window(order_by=order)).cast("int64") + 1, **shares)
    return ranked.relocate("rank", before=key).order_by("rank")


def codes(folds: Folds) -> ir.Table:
    """Count the forms of the ids of orders and customers and of the codes of products, over all lines that were read.

    A form is the letters with which a code begins, then 9 for each digit, A and a for each further letter; other signs
    stand for themselves. `example` is the smallest code of a form. Of more than fifty forms, those on the fewest lines
    are put together as `(others)`.
    """
    columns = {"order_id": folds.orders, "customer_id": folds.orders, "product_id": folds.products}
    return ibis.union(*(_count_forms(rows, column) for column, rows in columns.items()))


def _count_forms(rows: ir.Table, column: str) -> ir.Table:
    known = rows.filter(rows[column].notnull())
    codes = known.group_by(code=known[column]).agg(
        n_lines=known.n_lines.sum(),
        gross_revenue=add_up(known.amount, ~known.is_return),
        return_value=(-add_up(known.amount, known.is_return)).cast(MONEY),
    )
    forms = _add_up_codes(codes.mutate(form=_form(codes.code)).mutate(n_codes=1))
    order = ibis.window(order_by=[ibis.desc(forms.n_lines), forms.form])
    placed = forms.mutate(place=ibis.row_number().over(order))
    named = placed.mutate(form=ibis.ifelse(placed.place < _N_FORMS, placed.form, "(others)"), code=placed.example)
    return _add_up_codes(named).select(column=ibis.literal(column), **{name: ibis._[name] for name in _OF_FORMS})


def _form(code: ir.StringValue) -> ir.StringValue:
    first = code.re_extract("^[A-Za-z]*", 0)
    masked = code.substr(first.length()).re_replace("[0-9]", "9")
    has_letters = masked.re_search("[A-Za-z]")
    return first + ibis.ifelse(has_letters, masked.re_replace("[A-Z]", "A").re_replace("[a-z]", "a"), masked)


def _add_up_codes(codes: ir.Table) -> ir.Table:
    return codes.group_by("form").agg(
        n_codes=count_up(codes.n_codes),
        n_lines=count_up(codes.n_lines),
        gross_revenue=add_up(codes.gross_revenue),
        return_value=add_up(codes.return_value),
        example=codes.code.min(),
    )
