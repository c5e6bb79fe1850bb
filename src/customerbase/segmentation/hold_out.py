"""How many customers of a segment to hold out, so that the effect of a plan can be told from chance."""

__all__ = ["FEWEST_HELD_OUT", "describe_control", "describe_hold_out"]

FEWEST_HELD_OUT = 100
"""Of two groups of n customers each, a difference d of a share p shows in four tests out of five where n is at least
16 p (1 - p) / d² (Lehr 1992, Statistics in Medicine 11, 1099-1102): with 100 a share of 30% has to change by 18 points,
and with fewer by more than most plans bring about."""


def describe_hold_out(n_customers: int) -> str | None:
    """Say how many to hold out: a tenth where that makes 100, else 100, at most half; None where half is fewer.

    Examples
    --------
    >>> describe_hold_out(1026), describe_hold_out(316), describe_hold_out(199)
    ('a tenth of them (103 customers)', '100 of them', None)
    """
    if n_customers >= 10 * FEWEST_HELD_OUT:
        return f"a tenth of them ({round(n_customers / 10):,} customers)"
    return f"{FEWEST_HELD_OUT} of them" if n_customers >= 2 * FEWEST_HELD_OUT else None


def describe_control(n_customers: int) -> str:
    """Say what the customers who are treated are compared with: others held out, or where they are too few, before.

    Examples
    --------
    >>> describe_control(316)
    'against 100 of them held out at random'
    >>> describe_control(57)
    'before and after, with care: 57 customers are too few to tell any but a very large effect by holding some out'
    """
    held_out = describe_hold_out(n_customers)
    if held_out is None:
        few = "one customer is" if n_customers == 1 else f"{n_customers:,} customers are"
        return f"before and after, with care: {few} too few to tell any but a very large effect by holding some out"
    return f"against {held_out} held out at random"
