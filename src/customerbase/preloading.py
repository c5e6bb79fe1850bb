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
        _finish(loading)
        raise
    _finish(loading)


def _load() -> None:
    importlib.import_module("customerbase.report.artist").call_artist()
    importlib.import_module("customerbase.segmentation.segments")
    importlib.import_module("customerbase.report.page")


def _finish(loading: threading.Thread) -> None:
    loading.join()
    importlib.import_module("customerbase.report.artist").send_artist_home()
