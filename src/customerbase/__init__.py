"""From a shop's order export to customer segments that can be trusted and acted on."""
