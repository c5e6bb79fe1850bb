"""Preloading: heavy modules are imported beside the reading of an export, which leaves Python idle."""

import importlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["models_loading"]


@contextmanager
def models_loading() -> Iterator[None]:
    """Import the models and what draws beside the reading: scikit-learn alone takes most of a second."""
    loading = threading.Thread(target=_load, daemon=True)
    loading.start()
    try:
        yield
    except KeyboardInterrupt:
        raise  # amid an import it can leave Python's import lock taken, for which the thread then waits for ever
    except BaseException:
        loading.join()
        raise
    loading.join()


def _load() -> None:
    importlib.import_module("customerbase.segmentation.segments")
    importlib.import_module("customerbase.report.drawing").warm_up()
    importlib.import_module("customerbase.report.page")
