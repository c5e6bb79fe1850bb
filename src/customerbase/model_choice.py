"""The unfitted model that the options of a shop ask for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from customerbase.config import Config, is_condition_file
from customerbase.prepare_options import read_preparation

if TYPE_CHECKING:
    from customerbase.segmentation.choice import Choice

__all__ = ["choose_number", "make_model", "refuse_wrong_conditions"]

# The models are imported within the function: the workflow loads them in a thread while it reads.


def make_model(config: Config) -> Any:  # noqa: ANN401 - a pipeline, an RFM, a ValueTree or own segments
    """Make the model that the options ask for, to be given to `segment`.

    Examples
    --------
    >>> make_model(Config(model="ward", prepare={"columns": ["frequency", "monetary"], "scale": "robust"}))[0].columns
    ('frequency', 'monetary')
    """
    from customerbase.segmentation.clustering import DEFAULT_N_SEGMENTS, make_clusterer
    from customerbase.segmentation.conditions.model import read_conditions
    from customerbase.segmentation.rfm import make_rfm
    from customerbase.segmentation.value_tree import ValueTree

    if is_condition_file(config.model):
        return read_conditions(config.model)
    if config.model == "rfm":
        return make_rfm(config.rfm)
    if config.model == "value_tree":
        return ValueTree(config.n_segments or DEFAULT_N_SEGMENTS)
    return make_clusterer(config.model, config.n_segments, random_state=config.seed, **read_preparation(config.prepare))


def choose_number(
    described: ir.Table,
    model: Any,  # noqa: ANN401
    config: Config,
    progress: Callable[[str], None],
) -> "Choice | None":
    """Let k-means take the number of segments that suits the customers, where nobody gave one; None: nothing is chosen.

    The number is set in `model`.

    Examples
    --------
    >>> import ibis
    >>> table = ibis.memtable({"customer_id": ["a"]})
    >>> choose_number(table, make_model(Config(n_segments=4)), Config(n_segments=4), print) is None
    True
    """
    from customerbase.segmentation.choice import choose_n_segments

    if config.model != "kmeans" or config.n_segments is not None or not config.choose:
        return None
    progress("Choosing the number of segments")
    choice = choose_n_segments(described, model, random_state=config.seed)
    if choice:
        model.set_params(cluster__n_clusters=choice.n_segments)
    return choice


def refuse_wrong_conditions(config: Config) -> None:
    """Refuse a file of own segments that is wrong, before anything else is done; any other model is let pass.

    Raises
    ------
    UsageError
        The file is not there, or a condition in it cannot be read, or can never hold.

    Examples
    --------
    >>> refuse_wrong_conditions(Config(model="no-such-file.toml"))
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: no-such-file.toml cannot be read: No such file or directory. Name a TOML file ...
    """
    if is_condition_file(config.model):
        from customerbase.segmentation.conditions.file import read_text

        read_text(config.model)
