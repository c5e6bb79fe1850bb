"""Features of the products that a customer buys; lines that sell no product (postage, fees) stay out."""

import ibis.expr.types as ir

from customerbase.schema import MONEY

__all__ = [
    "favourite_category",
    "favourite_product",
    "fold_products",
    "n_categories",
    "n_products",
    "top_product_share",
]


def fold_products(lines: ir.Table) -> ir.Table:
    """Fold purchase lines into one row per customer: what and how many different things were bought.

    Examples
    --------
    >>> import ibis
    >>> lines = ibis.memtable({"customer_id": ["ann"] * 3, "product_id": ["pan", "mug", "mug"],
    ...                        "category": ["kitchen"] * 3, "amount": [20, 5, 5],
    ...                        "is_return": [False] * 3, "is_product": [True] * 3})
    >>> folded = fold_products(lines)
    >>> folded.select("favourite_product", "n_products", "n_categories").to_pyarrow().to_pylist()
    [{'favourite_product': 'mug', 'n_products': 2, 'n_categories': 1}]
    """
    bought = lines.filter(~lines.is_return & lines.is_product)
    items = bought.group_by("customer_id", "product_id", "category").agg(
        n_lines=bought.count(), revenue=bought.amount.sum()
    )
    products = _fold_favourite(items, "product_id")
    categories = _fold_favourite(items, "category")
    # An export may have categories and no products, or the other way round.
    folded = products.outer_join(categories, "customer_id")
    return folded.select(
        customer_id=products.customer_id.coalesce(categories.customer_id),
        n_products=products.n_values,
        favourite_product=products.favourite,
        top_product_revenue=products.top_revenue,
        product_revenue=products.revenue,
        n_categories=categories.n_values,
        favourite_category=categories.favourite,
    )


def _fold_favourite(items: ir.Table, column: str) -> ir.Table:
    """Give per customer the value with most lines (of equals, the smallest), how many there are, and their revenue."""
    known = items.filter(items[column].notnull())
    values = known.group_by("customer_id", column).agg(n_lines=known.n_lines.sum(), revenue=known.revenue.sum())
    # One row per customer and count: the value with the largest count is then the same in every engine and row order.
    ties = values.group_by("customer_id", "n_lines").agg(
        smallest=values[column].min(),
        n_values=values.count(),
        revenue=values.revenue.sum(),
        top_revenue=values.revenue.max(),
    )
    return ties.group_by("customer_id").agg(
        favourite=ties.smallest.argmax(ties.n_lines),
        # DuckDB sums integers to 128 bits, which Parquet can only hold as floating point.
        n_values=ties.n_values.sum().cast("int32").cast("int64"),
        revenue=ties.revenue.sum().cast(MONEY),
        top_revenue=ties.top_revenue.max().cast(MONEY),
    )


def n_products(customer: ir.Table) -> ir.Value:
    """Count the different products bought."""
    return customer.n_products.fill_null(0)


def n_categories(customer: ir.Table) -> ir.Value:
    """Count the different categories bought; 0 where the export has none."""
    return customer.n_categories.fill_null(0)


def favourite_product(customer: ir.Table) -> ir.Value:
    """Product on the most purchase lines; of equals, the smallest id."""
    return customer.favourite_product


def favourite_category(customer: ir.Table) -> ir.Value:
    """Category on the most purchase lines; of equals, the smallest name."""
    return customer.favourite_category


def top_product_share(customer: ir.Table) -> ir.Value:
    """Share of the product revenue that the product with the largest revenue brings; missing without a product.

    Examples
    --------
    >>> import ibis
    >>> top_product_share(ibis.memtable({"top_product_revenue": [20], "product_revenue": [80]})).to_list()
    [0.25]
    """
    return customer.top_product_revenue.cast("float64") / customer.product_revenue.cast("float64").nullif(0)
