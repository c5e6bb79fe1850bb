"""What a caller may choose about a generated shop, checked."""

from dataclasses import dataclass
from datetime import date

from customerbase.errors import UsageError
from customerbase.synthetic.customer_types import SEPARATIONS

__all__ = ["ShopParameters"]

MIN_LINES = 1_000
MIN_DAYS = 30
LARGEST = {"guest_share": 0.9, "return_share": 0.5, "coupon_share": 0.9, "seasonality": 1.0}


@dataclass(frozen=True)
class ShopParameters:
    """What was asked of `make_shop`, which says what each parameter means.

    Raises
    ------
    UsageError
        A parameter has a value that is not allowed.

    Examples
    --------
    >>> ShopParameters(n_lines=5_000).n_days
    730
    >>> ShopParameters(n_lines=10)
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The 'n_lines' parameter of make_shop must be an int >= 1000. Got 10 instead.
    """

    n_lines: int = 100_000
    random_state: int = 0
    start: date = date(2022, 1, 1)
    end: date = date(2024, 1, 1)
    separation: str = "natural"
    lines_per_order: float = 6.0
    guest_share: float = 0.15
    return_share: float = 0.04
    coupon_share: float = 0.15
    seasonality: float = 1.0

    def __post_init__(self) -> None:
        _check_whole("n_lines", self.n_lines, MIN_LINES)
        _check_whole("random_state", self.random_state, 0)
        if self.n_days < MIN_DAYS:
            raise _refusal("end", f"at least {MIN_DAYS} days after start ({self.start})", self.end)
        if self.separation not in SEPARATIONS:
            raise _refusal("separation", " or ".join(map(repr, SEPARATIONS)), self.separation)
        if not 1 <= self.lines_per_order <= 100:
            raise _refusal("lines_per_order", "a number in [1, 100]", self.lines_per_order)
        for name, largest in LARGEST.items():
            if not 0 <= getattr(self, name) <= largest:
                raise _refusal(name, f"a number in [0, {largest:g}]", getattr(self, name))

    @property
    def n_days(self) -> int:
        """Days from `start` to `end`."""
        return (self.end - self.start).days


def _check_whole(name: str, value: object, smallest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < smallest:
        raise _refusal(name, f"an int >= {smallest}", value)


def _refusal(name: str, allowed: str, value: object) -> UsageError:
    return UsageError(f"The '{name}' parameter of make_shop must be {allowed}. Got {value} instead.")
