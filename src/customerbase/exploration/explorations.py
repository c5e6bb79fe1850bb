"""Explorations: all of them by name, and the function that makes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import ibis.expr.types as ir

from customerbase.exploration.buyers import guests
from customerbase.exploration.columns import column_values, columns
from customerbase.exploration.concentration import concentration, lorenz, order_counts
from customerbase.exploration.distributions import correlations, distributions, histograms
from customerbase.exploration.folds import Folds, fold
from customerbase.exploration.missing import missing, missing_together
from customerbase.exploration.overview import countries, overview
from customerbase.exploration.products import categories, codes, products, returned_products
from customerbase.exploration.seasons import guests_by_month, hours, months, weekdays
from customerbase.schema import Dataset

__all__ = ["EXPLORATIONS", "Exploration", "explore"]


@dataclass(frozen=True)
class Exploration:
    """One table of an exploration.

    `looks_at` says of what it is made: order `lines`, `cells` as they came, or the customers' `features`, whose date it
    then has. `key` are the columns that tell its rows apart, in the order in which they are to be read.
    """

    make: Callable[[Folds], ir.Table]
    looks_at: Literal["lines", "cells", "features"]
    key: tuple[str, ...]


EXPLORATIONS: dict[str, Exploration] = {
    "overview": Exploration(overview, "lines", ("step",)),
    "columns": Exploration(columns, "cells", ("position",)),
    "column_values": Exploration(column_values, "cells", ("position", "rank")),
    "missing": Exploration(missing, "lines", ("column",)),
    "missing_together": Exploration(missing_together, "lines", ("column", "condition")),
    "guests": Exploration(guests, "lines", ("buyers",)),
    "guests_by_month": Exploration(guests_by_month, "lines", ("month",)),
    "months": Exploration(months, "lines", ("month",)),
    "weekdays": Exploration(weekdays, "lines", ("weekday",)),
    "hours": Exploration(hours, "lines", ("hour",)),
    "countries": Exploration(countries, "lines", ("rank",)),
    "products": Exploration(products, "lines", ("rank",)),
    "categories": Exploration(categories, "lines", ("rank",)),
    "returned_products": Exploration(returned_products, "lines", ("rank",)),
    "codes": Exploration(codes, "lines", ("column", "form")),
    "concentration": Exploration(concentration, "features", ("revenue_percent",)),
    "lorenz": Exploration(lorenz, "features", ("customers_percent",)),
    "order_counts": Exploration(order_counts, "features", ("n_orders",)),
    "distributions": Exploration(distributions, "features", ("feature",)),
    "histograms": Exploration(histograms, "features", ("feature", "bin")),
    "correlations": Exploration(correlations, "features", ("feature", "other")),
}
"""Name → what makes the table; a workspace holds it as `explore_` and the name."""


def explore(
    dataset: Dataset, set_aside: ir.Table | None = None, features: ir.Table | None = None
) -> dict[str, ir.Table]:
    """Explore a data set: what was read, what is missing, when and what is sold, who buys how much.

    The lines are read three times, whatever the number of tables.

    Parameters
    ----------
    dataset
        Clean order lines, and the cells as they came.
    set_aside
        The lines that cleaning set aside, with `rule`: see `Cleaned`. Without them nothing is known of guests.
    features
        Features of the customers at a date, as `customer_features` gives them.

    Returns
    -------
    dict
        Name as in `EXPLORATIONS` → a small table: those for which there is something to look at.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.cleaning import clean
    >>> lines = ibis.memtable({"source": ["a"] * 3, "source_row": [2, 3, 4], "order_id": ["1", "2", "3"],
    ...                        "customer_id": ["ann", None, "bob"], "amount": [30, 10, 60],
    ...                        "ordered_at": ["2024-04-30", "2024-05-01", "2024-06-30"]})
    >>> cleaned = clean(Dataset(lines.cast({"ordered_at": "timestamp"})))
    >>> tables = explore(cleaned.data, cleaned.set_aside)
    >>> months = tables["guests_by_month"].order_by("month")
    >>> months.select("n_lines", "guest_share").to_pyarrow().to_pylist()
    [{'n_lines': 1, 'guest_share': 0.0}, {'n_lines': 1, 'guest_share': 1.0}, {'n_lines': 1, 'guest_share': 0.0}]
    """
    at_hand = {"lines": dataset.has_orders, "cells": dataset.cells is not None, "features": features is not None}
    folds = fold(dataset, set_aside, features)
    return {name: each.make(folds) for name, each in EXPLORATIONS.items() if at_hand[each.looks_at]}
