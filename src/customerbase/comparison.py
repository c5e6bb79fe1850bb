"""Comparison in a workspace: methods and numbers of segments side by side, as tables and in words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from customerbase.config import Config
from customerbase.datasets import load_clean
from customerbase.describing import describe_customers, describe_past
from customerbase.errors import DataError, UsageError
from customerbase.features.targets import last_date_with_target, value_target
from customerbase.prepare_options import read_preparation
from customerbase.workspace import UNDATED, Run, Workspace

if TYPE_CHECKING:
    from customerbase.segmentation.comparing.comparison import Comparison
    from customerbase.segmentation.comparing.later_spend import Outcome

__all__ = ["COMPARED", "SHOWN", "read_numbers", "shorten_rows", "write_comparison"]

# The models are imported within the functions, as in `results`.

COMPARED: Mapping[str, tuple[str, ...]] = {
    "comparison": ("place",),
    "elbow": ("n_segments",),
    "silhouettes": ("place", "rank"),
    "bic": ("n_segments",),
    "stability": ("place", "segment"),
    "dendrogram": ("node",),
}
"""The tables of a comparison, and the columns by which they are sorted."""


def read_numbers(text: str) -> tuple[int, ...]:
    """Read numbers of segments: one, several, or from one to another.

    Raises
    ------
    UsageError
        It is neither.

    Examples
    --------
    >>> read_numbers("3-8"), read_numbers("4,6"), read_numbers("5")
    ((3, 4, 5, 6, 7, 8), (4, 6), (5,))
    >>> read_numbers("some")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: --n-segments must be numbers from 2 to 50 such as 3-8, 4,6 or 5. Got 'some' instead.
    """
    first, dash, last = text.partition("-")
    try:
        numbers = tuple(range(int(first), int(last) + 1)) if dash else tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < _LEAST or max(numbers) > _MOST:
        raise UsageError(
            f"--n-segments must be numbers from {_LEAST} to {_MOST} such as 3-8, 4,6 or 5. Got {text!r} instead."
        )
    return numbers


_LEAST, _MOST = 2, 50


def write_comparison(
    begun: Run,
    workspace: Workspace,
    config: Config,
    progress: Callable[[str], None],
    **asked: Any,  # noqa: ANN401 - see `compare`
) -> None:
    """Compare methods and numbers of segments on the customers of a date, and write the tables of `COMPARED`.

    Parameters
    ----------
    begun, workspace
        The run, and what it reads.
    config
        Options: the date, the preparation, the horizon and the seed.
    progress
        Told what is being done.
    asked
        Parameters of `segmentation.comparing.comparison.compare`; one that is None is left to it.

    Raises
    ------
    WorkspaceError
        There are no features, or not for this date.
    UsageError
        A parameter has a value that is not allowed.
    DataError
        There are too few customers.
    """
    from customerbase.segmentation.comparing.comparison import compare

    features = workspace.table("features", config.as_of).cache()
    progress("Describing the customers of an earlier date")
    as_of: date | None = features.as_of.max().to_pyarrow().as_py()
    outcome, why = _find_outcome(workspace, config, features, as_of)
    found = compare(
        features,
        random_state=config.seed,
        outcome=outcome,
        prepare=read_preparation(config.prepare),
        progress=progress,
        **{name: value for name, value in asked.items() if value is not None},
    )
    day = as_of or UNDATED
    for name, keys in COMPARED.items():
        begun.write_table(name, getattr(found, name), as_of=day, order_by=keys)
    tested_at = outcome.target.as_of.max().to_pyarrow().as_py().isoformat() if outcome else None
    begun.write_json("comparison_facts", _plain(found, config, tested_at, why), as_of=day)


def _find_outcome(
    workspace: Workspace, config: Config, features: ir.Table, as_of: date | None
) -> tuple["Outcome | None", str]:
    """Describe this date if its next days are known, else the last of which they are; or say why there is none."""
    from customerbase.segmentation.comparing.later_spend import Outcome

    if as_of is None or all(each.name != "audit" for each in workspace.tables()):
        return None, "The customers have no date, so nothing is known of what they bought next."
    data, n_rows, days = load_clean(workspace), int(workspace.json("audit")["rows_kept"]), config.horizon_days
    try:
        day = min(as_of, last_date_with_target(data, days))
        past = describe_past(data, day, days, workspace.connection, n_rows)
        target = value_target(data, day, days).cache()
    except DataError as error:
        return None, f"What customers bought next is not known: {error}"
    described = features if day == as_of else describe_customers(data, day, workspace.connection, n_rows).cache()
    return Outcome(described, target, past.features, past.target), ""


def _plain(found: "Comparison", config: Config, tested_at: str | None, why: str) -> dict[str, Any]:
    from customerbase.segmentation.comparing.remarks import NOT_VALUED

    return {
        "as_of": found.as_of.isoformat() if found.as_of else UNDATED,
        "n_customers": found.n_customers,
        "n_compared": found.n_compared,
        "n_silhouettes": found.n_silhouettes,
        "chosen": {"method": found.chosen.method, "n_segments": found.chosen.n_segments},
        "is_sound": not found.chosen.objections,
        "reasons": list(found.reasons),
        "structure": found.structure.verdict,
        "constraints": vars(found.constraints),
        "tested_at": tested_at,
        "horizon_days": config.horizon_days,
        "notes": [why if why and note == NOT_VALUED else note for note in found.notes],
    }


SHOWN = (
    "method",
    "n_segments",
    "smallest_share",
    "silhouette",
    "stability",
    "stability_lower",
    "stability_upper",
    "share_of_reference",
    "idle_moved_share",
)
"""Columns of the comparison that fit on a terminal."""


def shorten_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Shorten the rows of a comparison for a terminal; the one that would be chosen has a star.

    Examples
    --------
    >>> row = dict.fromkeys((*SHOWN, "objections"), 0.5)
    >>> shorten_rows([{**row, "method": "ward", "is_chosen": True}])[0]["method"]
    'ward *'
    """
    return [
        {name: f"{row[name]} *" if name == "method" and row["is_chosen"] else row[name] for name in SHOWN}
        for row in rows
    ]
