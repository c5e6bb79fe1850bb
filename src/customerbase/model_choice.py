"""The unfitted model that the options of a shop ask for."""

from typing import Any

from customerbase.config import Config
from customerbase.prepare_options import read_preparation

__all__ = ["make_model"]

# The models are imported within the function: the workflow loads them in a thread while it reads.


def make_model(config: Config) -> Any:  # noqa: ANN401 - a pipeline, an RFM or a ValueTree
    """Make the model that the options ask for, to be given to `segment`.

    Examples
    --------
    >>> make_model(Config(model="ward", prepare={"columns": ["frequency", "monetary"], "scale": "robust"}))[0].columns
    ('frequency', 'monetary')
    """
    from customerbase.segmentation.clustering import DEFAULT_N_SEGMENTS, make_clusterer
    from customerbase.segmentation.rfm import make_rfm
    from customerbase.segmentation.value_tree import ValueTree

    if config.model == "rfm":
        return make_rfm(config.rfm)
    if config.model == "value_tree":
        return ValueTree(config.n_segments or DEFAULT_N_SEGMENTS)
    return make_clusterer(config.model, config.n_segments, random_state=config.seed, **read_preparation(config.prepare))
