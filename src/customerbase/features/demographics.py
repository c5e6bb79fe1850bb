"""Features of who a customer is. They describe a segment, and decide no offer."""

import ibis.expr.types as ir

__all__ = ["age", "city", "country", "gender"]


def gender(customer: ir.Table) -> ir.Value:
    """Gender, as the export writes it."""
    return customer.gender


def age(customer: ir.Table) -> ir.Value:
    """Age in years."""
    return customer.age


def city(customer: ir.Table) -> ir.Value:
    """City of the customer."""
    return customer.city


def country(customer: ir.Table) -> ir.Value:
    """Country of the customer."""
    return customer.country
