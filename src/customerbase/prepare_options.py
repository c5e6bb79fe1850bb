"""Options of preparation, from `--prepare NAME=VALUE` or from the table `[prepare]`: what they may be and mean."""

from collections.abc import Callable, Mapping
from typing import Any

from customerbase.errors import UsageError

__all__ = ["PREPARATIONS", "read_preparation"]


def read_preparation(given: Mapping[str, object]) -> dict[str, Any]:
    """Read options of preparation as parameters of `make_clusterer`.

    Parameters
    ----------
    given
        Option → value, as TOML has it or as a text: `columns` and `one_hot` (names, in a text with commas between);
        `transform` and `scale` (a name); `winsorize` (two quantiles, in a text with a colon between, or `none`); `pca`
        (a number of components, a share of the variance, or `none`).

    Raises
    ------
    UsageError
        An option or its value is not known.

    Examples
    --------
    >>> read_preparation({"columns": "frequency,monetary", "winsorize": "0:0.99", "pca": "2"})
    {'columns': ('frequency', 'monetary'), 'winsorize': (0.0, 0.99), 'pca': 2}
    >>> read_preparation({"transform": "log"})
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: The option 'prepare' has transform = 'log', which must be one of signed_log, ...
    """
    parameters = {}
    for name, value in given.items():
        if name not in PREPARATIONS:
            raise UsageError(f"The option 'prepare' knows {', '.join(PREPARATIONS)}. Got {name!r} instead.")
        allowed, read = PREPARATIONS[name]
        try:
            parameters[name] = read(value)
        except (TypeError, ValueError) as error:
            raise UsageError(f"The option 'prepare' has {name} = {value!r}, which must be {allowed}.") from error
    return parameters


def _read_names(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    names = tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else tuple(value)
    if not names or not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise ValueError
    return names


def _read_quantiles(value: Any) -> tuple[float, float] | None:  # noqa: ANN401
    if value == "none":
        return None
    lower, upper = map(float, value.split(":") if isinstance(value, str) else value)
    if not 0 <= lower < upper <= 1:
        raise ValueError
    return lower, upper


def _read_components(value: Any) -> float | None:  # noqa: ANN401
    if value == "none":
        return None
    number = float(value)
    if isinstance(value, bool) or not (0 < number < 1 or (number >= 1 and number.is_integer())):
        raise ValueError
    return number if number < 1 else int(number)


def _one_of(*choices: str) -> tuple[str, Callable[[Any], Any]]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError
        return value

    return f"one of {', '.join(choices)}", read


PREPARATIONS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "columns": ("names of different columns such as frequency,monetary", _read_names),
    "one_hot": ("names of different columns such as gender,country", _read_names),
    "transform": _one_of("signed_log", "power", "quantile", "none"),
    "winsorize": ("two quantiles from 0 to 1 such as 0.01:0.99, or none", _read_quantiles),
    "scale": _one_of("standard", "robust", "none"),
    "pca": ("a number of components of at least 1, a share of the variance between 0 and 1, or none", _read_components),
}
"""What can be said of preparation: by name, what is allowed in words, and what reads it."""
