"""From a shop's export to canonical order lines."""
