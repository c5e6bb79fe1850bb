"""Columns: the quick profile of each column of the export, before anything was made of it."""

import ibis
import ibis.expr.types as ir

from customerbase.exploration.folds import Folds, count_up

__all__ = ["column_values", "columns"]

_N_MOST_FREQUENT = 5
_NUMBER = r"^[-+]?[0-9]+(\.[0-9]+)?$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"


def columns(folds: Folds) -> ir.Table:
    """Profile each column of the export as it came: how many values, of which kind, and from what to what.

    `kind` is `number` (plain ones, with a decimal point), `date` (year, month and day come first), `text` or `empty`.
    A cell that is empty, or has only blanks, is missing. Of several sources only those count in which the column has a
    value. Minimum and maximum are those of the numbers, or of the texts.
    """
    counted = ibis.union(*folds.values)
    value = counted.value
    number = ibis.ifelse(value.re_search(_NUMBER), value, ibis.null("string")).cast("float64")
    found = counted.group_by("position", "column").agg(
        n_rows=count_up(counted.n_rows),
        n_missing=count_up(counted.n_rows, value.isnull()),
        n_distinct=counted.count(where=value.notnull()),
        are_numbers=number.notnull().all(where=value.notnull()),
        are_dates=value.re_search(_DATE).all(where=value.notnull()),
        least=number.min(),
        most=number.max(),
        first=value.min(),
        last=value.max(),
    )
    kind = ibis.cases(
        (found.n_distinct == 0, "empty"), (found.are_numbers, "number"), (found.are_dates, "date"), else_="text"
    )
    return found.select(
        "position",
        "column",
        "n_rows",
        "n_missing",
        "n_distinct",
        kind=kind,
        missing_share=found.n_missing.cast("float64") / found.n_rows.cast("float64"),
        minimum=ibis.ifelse(kind == "number", _as_text(found.least), found.first),
        maximum=ibis.ifelse(kind == "number", _as_text(found.most), found.last),
    ).select("position", "column", "kind", "n_rows", "n_missing", "missing_share", "n_distinct", "minimum", "maximum")


def _as_text(number: ir.FloatingValue) -> ir.StringValue:
    return number.cast("string").re_replace(r"\.0$", "")


def column_values(folds: Folds) -> ir.Table:
    """Give the five most frequent values of each column of the export as it came; equals by text."""
    most = ibis.union(*(_take_most_frequent(counted) for counted in folds.values))
    order = ibis.window(group_by="position", order_by=[ibis.desc(most.n_rows), most.value])
    rank = ibis.row_number().over(order).cast("int64") + 1
    share = most.n_rows.cast("float64") / most.total.cast("float64")
    return most.select("position", "column", "value", "n_rows", rank=rank, share=share)


def _take_most_frequent(counted: ir.Table) -> ir.Table:
    known = counted.filter(counted.value.notnull())
    most = known.order_by(ibis.desc(known.n_rows), known.value).limit(_N_MOST_FREQUENT)
    return most.cross_join(counted.agg(total=count_up(counted.n_rows)))
