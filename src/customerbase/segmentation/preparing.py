"""The part of a clustering pipeline before the clusterer: which steps make which columns comparable."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, PowerTransformer, RobustScaler, StandardScaler

from customerbase.errors import UsageError
from customerbase.segmentation.preparation import ColumnSelector, MedianFill, QuantileRanks, SignedLog, Winsorizer

__all__ = ["SCALES", "TRANSFORMS", "ScaleName", "TransformName", "make_preparation"]

TransformName = Literal["signed_log", "power", "quantile", "none"]
ScaleName = Literal["standard", "robust", "none"]

TRANSFORMS: dict[str, tuple[str, Callable[[], BaseEstimator]] | None] = {
    "signed_log": ("log", SignedLog),
    "power": ("power", lambda: PowerTransformer(method="yeo-johnson", standardize=False)),
    "quantile": ("rank", QuantileRanks),
    "none": None,
}
"""What bends the scale of each column, by name: the step's name, and what makes it."""

SCALES: dict[str, Callable[[], BaseEstimator] | None] = {
    "standard": StandardScaler,
    "robust": RobustScaler,
    "none": None,
}
"""What makes columns weigh the same, by name: mean and standard deviation, or median and quartiles."""


def make_preparation(
    columns: Sequence[str],
    one_hot: Sequence[str] = (),
    *,
    transform: str = "signed_log",
    winsorize: tuple[float, float] | None = (0.01, 0.99),
    scale: str = "standard",
    pca: float | None = None,
) -> list[tuple[str, BaseEstimator]]:
    """Make the unfitted steps before a clusterer; parameters and errors as in `make_clusterer`.

    Examples
    --------
    >>> [name for name, step in make_preparation(["frequency", "monetary"], winsorize=None, pca=1)]
    ['select', 'fill', 'log', 'standardize', 'pca']
    """
    _check_choice("transform", transform, TRANSFORMS)
    _check_choice("scale", scale, SCALES)
    steps: list[tuple[str, BaseEstimator]] = [
        ("select", ColumnSelector(_checked_columns("columns", columns))),
        ("fill", MedianFill()),
    ]
    if winsorize is not None:
        steps.append(("winsorize", Winsorizer(*_checked_quantiles(winsorize))))
    if bent := TRANSFORMS[transform]:
        steps.append((bent[0], bent[1]()))
    if scaler := SCALES[scale]:
        steps.append(("standardize", scaler()))
    if one_hot:
        steps = [("prepare", _encode_beside(Pipeline(steps), columns, _checked_columns("one_hot", one_hot)))]
    if pca is not None:
        steps.append(("pca", PCA(_checked_components(pca), svd_solver="full")))
    return steps


def _encode_beside(numbers: Pipeline, columns: Sequence[str], one_hot: Sequence[str]) -> ColumnTransformer:
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer([("numbers", numbers, list(columns)), ("categories", encoder, list(one_hot))])


def _check_choice(parameter: str, value: object, choices: Mapping[str, object]) -> None:
    if value not in choices:
        raise UsageError(
            f"The '{parameter}' parameter of make_clusterer must be one of: {', '.join(choices)}. "
            f"Got {value!r} instead."
        )


def _checked_columns(parameter: str, columns: Sequence[str]) -> tuple[str, ...]:
    if isinstance(columns, str) or not columns or len(set(columns)) < len(columns):
        raise UsageError(
            f"The '{parameter}' parameter of make_clusterer must be names of columns, at least one and each once. "
            f"Got {columns!r} instead."
        )
    return tuple(columns)


def _checked_quantiles(winsorize: Sequence[float]) -> tuple[float, float]:
    try:
        lower, upper = map(float, winsorize)
    except (TypeError, ValueError):
        lower, upper = 1.0, 0.0
    if not 0 <= lower < upper <= 1:
        raise UsageError(
            "The 'winsorize' parameter of make_clusterer must be two quantiles, 0 <= lower < upper <= 1, or None. "
            f"Got {winsorize!r} instead."
        )
    return lower, upper


def _checked_components(pca: float) -> float:
    is_number = isinstance(pca, int | float) and not isinstance(pca, bool)
    if not is_number or not (0 < pca < 1 or (isinstance(pca, int) and pca >= 1)):
        raise UsageError(
            "The 'pca' parameter of make_clusterer must be an int >= 1 (components), a share of the variance between 0 "
            f"and 1, or None. Got {pca!r} instead."
        )
    return pca
