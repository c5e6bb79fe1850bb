"""A file of own segments as a model like any other: fit learns the cut points of RFM scores, predict places."""

from pathlib import Path
from typing import Any, Self

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from customerbase.errors import DataError, UsageError
from customerbase.segmentation.conditions.checking import check_condition, column_kinds, find_contradiction
from customerbase.segmentation.conditions.compiling import compile_condition, feature_values, score_values
from customerbase.segmentation.conditions.file import about_segment, parse_file, read_text
from customerbase.segmentation.conditions.syntax import Column, Comparison, atoms
from customerbase.segmentation.rfm import RFM, RFM_COLUMNS, SCORE_COLUMNS

__all__ = ["Conditions", "read_conditions"]


class Conditions(BaseEstimator):  # type: ignore[misc]
    r"""The user's own segments: the text of the file is the model, and the engine evaluates it.

    A customer belongs to the first segment whose condition holds, and where none does to the last one, "Everyone else".
    Nothing is learnt but the cut points of RFM scores, where a condition names one (`r_score`, `f_score`, `m_score`):
    those of `RFM()` with its quantiles.

    Parameters
    ----------
    text
        Of a file of own segments: see `file.parse_file`.

    Attributes
    ----------
    file_
        What the text says.
    score_edges_
        Cut points by feature, as `RFM.edges_` has them; None where no condition names a score.

    Examples
    --------
    >>> model = Conditions('[segments]\nSleeping = "recency_days > 180"')
    >>> customers = pd.DataFrame({"recency_days": [200.0, 9.0]})
    >>> model.fit(customers).predict(customers)
    array([0, 1])
    >>> model.segment_names_
    ('Sleeping', 'Everyone else')
    """

    def __init__(self, text: str = "[segments]\nPositive = 'x0 > 0'") -> None:
        self.text = text

    def fit(self, X: npt.ArrayLike | pd.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Read the text, hold it against the features, and learn the cut points of scores that it names.

        Parameters
        ----------
        X
            One row per customer: a DataFrame with the features, or an array, whose columns are x0, x1 and so on.
        y
            Not used; there for pipelines.

        Raises
        ------
        UsageError
            The text is wrong, or names a feature there is not, or compares one with a value of another kind.
        """
        return self.learn(_as_table(self._frame(X, reset=True)))

    def predict(self, X: npt.ArrayLike | pd.DataFrame) -> npt.NDArray[np.int64]:
        """Place customers: positions in `segment_names_`, shape (n_customers,)."""
        check_is_fitted(self)
        table = _as_table(self._frame(X))
        labels = table.select("row", label=self.label(table)).order_by("row").to_pyarrow()["label"]
        found: npt.NDArray[np.int64] = labels.to_numpy().astype(np.int64)
        return found

    @property
    def segment_names_(self) -> tuple[str, ...]:
        """Names of the segments in order; `predict` gives positions in it."""
        return self.file_.names

    @property
    def names_scores(self) -> bool:
        """Whether a condition names an RFM score."""
        return not self.columns().isdisjoint(SCORE_COLUMNS)

    def learn(self, features: ir.Table) -> Self:
        """Do as `fit`, of a table of Ibis that holds the customers to learn from.

        Raises
        ------
        UsageError
            As `fit`.
        """
        self.file_ = parse_file(self.text)
        self.check(features)
        self.score_edges_ = _learn_edges(features) if self.names_scores else None
        return self

    def columns(self) -> set[str]:
        """Give the features and scores that the conditions name."""
        found = [atom for each in self.file_.segments for atom in atoms(each.condition)]
        others = {a.value.name for a in found if isinstance(a, Comparison) and isinstance(a.value, Column)}
        return {atom.column for atom in found} | others

    def check(self, features: ir.Table) -> None:
        """Hold the conditions against the features there are.

        Raises
        ------
        UsageError
            A condition names a feature there is not, or compares one with a value of another kind, or can never hold.
        """
        kinds = column_kinds(features)
        for each in self.file_.segments:
            try:
                check_condition(each.condition, kinds)
            except UsageError as error:
                raise UsageError(about_segment(each.name, error)) from error
            if found := find_contradiction(each.condition, kinds):
                raise UsageError(f"Segment {each.name!r}: no customer can meet {found!r}. Correct one of its limits.")

    def values(self, features: ir.Table) -> dict[str, ir.Value]:
        """Give features, and RFM scores where a condition names one, as the conditions compare them."""
        values = feature_values(features)
        return values if self.score_edges_ is None else values | score_values(values, self.score_edges_)

    def matches(self, features: ir.Table) -> list[ir.BooleanValue]:
        """Give, for each segment but the last one, whether its condition holds."""
        values = self.values(features)
        return [compile_condition(each.condition, values) for each in self.file_.segments]

    def label(self, features: ir.Table) -> ir.IntegerValue:
        """Give the position in `segment_names_` of each customer's segment."""
        matches = self.matches(features)
        found: ir.IntegerValue = ibis.cases(
            *((match, number) for number, match in enumerate(matches)), else_=len(matches)
        )
        return found.cast("int64")

    def _frame(self, X: Any, *, reset: bool = False) -> pd.DataFrame:  # noqa: ANN401 - an array or a frame
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        array = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=True)
        return pd.DataFrame(array, columns=[f"x{number}" for number in range(array.shape[1])])


def _learn_edges(features: ir.Table) -> dict[str, list[float]]:
    """Learn the cut points of `RFM()` from the customers who have all that it scores."""
    rows = features.select(**{name: features[name].cast("float64") for name in RFM_COLUMNS}).to_pandas().dropna()
    if rows.empty:
        raise DataError(f"No customer has {', '.join(RFM_COLUMNS)}, so there are no scores. Leave the scores out.")
    return {name: edges.tolist() for name, edges in RFM().fit(rows).edges_.items()}


def _as_table(frame: pd.DataFrame) -> ir.Table:
    return ibis.memtable(frame.reset_index(drop=True).assign(row=np.arange(len(frame))))


def read_conditions(path: str | Path) -> Conditions:
    r"""Read a file of own segments, as a model for `segment`.

    Parameters
    ----------
    path
        A TOML file: see the page on own segments.

    Raises
    ------
    UsageError
        The file is not there, or is wrong; the message says where.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "my-segments.toml")
    ...     _ = file.write_text('[segments]\nSleeping = "recency_days > 180"\n')
    ...     print(read_conditions(file).text)
    [segments]
    Sleeping = "recency_days > 180"
    <BLANKLINE>
    """
    return Conditions(read_text(path))
