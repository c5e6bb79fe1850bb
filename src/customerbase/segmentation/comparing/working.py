"""Working: methods measured one after the other, or side by side in processes; the figures are the same."""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed

from customerbase.segmentation.comparing.measuring import Measured, Setting, measure_method

__all__ = ["measure_all"]

FEWEST_FOR_PROCESSES = 3_000
"""Of fewer customers, processes take longer to start than they save."""

LONGEST = ("gaussian_mixture", "minibatch_kmeans", "value_tree", "kmeans", "ward", "average", "complete")
"""Methods that take longest are begun first, so that all processes end at about the same time."""

_held: list[Setting] = []
"""In a process of its own: what the methods are measured on."""


def measure_all(
    methods: Sequence[str], setting: Setting, n_jobs: int, progress: Callable[[str], None]
) -> list[Measured]:
    """Measure methods in their order, in `n_jobs` processes where there are enough customers for it.

    Examples
    --------
    See `compare`.
    """
    if min(n_jobs, len(methods)) < 2 or len(setting.field.customers) < FEWEST_FOR_PROCESSES:
        found = {}
        for place, method in enumerate(methods, start=1):
            progress(f"Comparing {method}, {place} of {len(methods)} methods")
            found[method] = measure_method(method, setting)
    else:
        found = _measure_side_by_side(methods, setting, n_jobs, progress)
    return [one for method in methods for one in found[method]]


def _measure_side_by_side(
    methods: Sequence[str], setting: Setting, n_jobs: int, progress: Callable[[str], None]
) -> dict[str, list[Measured]]:
    # A copy of this process would lack the threads that the engine counts on: processes start anew.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(n_jobs, mp_context=context, initializer=_begin, initargs=(setting,)) as pool:
        progress(f"Comparing {len(methods)} methods in {n_jobs} processes")
        ordered = sorted(methods, key=lambda method: LONGEST.index(method) if method in LONGEST else len(LONGEST))
        futures = {pool.submit(_measure, method): method for method in ordered}
        found = {}
        try:
            for future in as_completed(futures):
                found[futures[future]] = future.result()
                progress(f"Compared {futures[future]}, {len(found)} of {len(methods)} methods")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise
    return found


def _begin(setting: Setting) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that began this one
    _held[:] = [setting]


def _measure(method: str) -> list[Measured]:
    return measure_method(method, _held[0])
