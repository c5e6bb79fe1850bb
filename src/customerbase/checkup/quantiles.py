"""Quantiles of values that come with their counts."""

import pandas as pd

__all__ = ["weighted_quantiles"]


def weighted_quantiles(counted: pd.DataFrame, by: str, value: str, **shares: float) -> pd.DataFrame:
    """Give of each group the least values that these shares of its lines do not exceed, and `n_lines`.

    Parameters
    ----------
    counted
        Values with `n_lines`, how often each occurs.
    by
        The column of the groups, and the index of the result.
    value
        The column of which quantiles are wanted.
    shares
        Name of each quantile → its share, from 0 to 1.

    Examples
    --------
    >>> counted = pd.DataFrame({"code": ["mug"] * 3, "price": [4, 5, 9], "n_lines": [1, 3, 1]})
    >>> weighted_quantiles(counted, "code", "price", middle=0.5, most=1).loc["mug"].to_list()
    [5, 5, 9]
    """
    values = counted.groupby([by, value], as_index=False).n_lines.sum()  # sorted by both
    of_group = values.groupby(by).n_lines
    n_up_to, n_all = of_group.cumsum(), of_group.transform("sum")
    least = {
        name: values[n_up_to >= share * n_all].drop_duplicates(by).set_index(by)[value]
        for name, share in shares.items()
    }
    return pd.DataFrame({"n_lines": of_group.sum(), **least})
