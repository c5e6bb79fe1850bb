"""Figures as a person says them, so that no rounding makes them say more than they do."""

__all__ = ["BESIDE", "say_number", "say_percent", "say_share"]

BESIDE = "Beside the average customer (medians of days, means of counts and amounts)"
"""What the contrasts of a segment go on from, in each place where they are shown."""


def say_number(value: float) -> str:
    """Write a figure with the digits that matter: none from 100 on, one from 1 on, else two.

    Examples
    --------
    >>> say_number(9.5), say_number(12878.4), say_number(0.25), say_number(87.0)
    ('9.5', '12,878', '0.25', '87')
    """
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 1 else 2
    return f"{value:,.{digits}f}".removesuffix(".00").removesuffix(".0")


def say_percent(share: float) -> str:
    """Write a share, from 0 to 1, in percent: 0% and 100% are said of exactly nothing and exactly all.

    Examples
    --------
    >>> say_percent(0.28), say_percent(0.0029), say_percent(0.9999), say_percent(1.0)
    ('28%', '0.3%', '99.99%', '100%')
    """
    to_either_end = min(share, 1 - share)
    if to_either_end <= 0 or to_either_end >= 0.005:
        return f"{share:.0%}"
    return f"{share:.1%}" if to_either_end >= 0.0005 else f"{share:.2%}"


def say_share(share: float) -> str:
    """Say a share, from 0 to 1: "none" is exactly nothing, and "all" exactly all.

    Examples
    --------
    >>> say_share(0.0), say_share(3 / 1026), say_share(0.28), say_share(0.997), say_share(1.0)
    ('none', 'hardly any (0.3%)', '28%', 'nearly all (99.7%)', 'all')
    """
    if share in (0, 1):
        return "all" if share else "none"
    if 0 < share < 0.005:
        return f"hardly any ({say_percent(share)})"
    return f"nearly all ({say_percent(share)})" if 0.995 <= share < 1 else say_percent(share)
