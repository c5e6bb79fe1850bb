"""Interruption: a Ctrl-C that falls into a callback is not lost."""

import _thread
import sys
import threading
from types import TracebackType
from typing import Protocol

__all__ = ["keep_interruptions"]

_AGAIN_AFTER_SECONDS = 0.02


class _Unraisable(Protocol):
    """What Python tells of an exception that it cannot raise."""

    exc_type: type[BaseException]
    exc_value: BaseException | None
    exc_traceback: TracebackType | None
    err_msg: str | None
    object: object


def keep_interruptions() -> None:
    """Interrupt again, a moment later, where Python has to drop a `KeyboardInterrupt`.

    It is raised wherever the main thread happens to be. Within a callback of a weak reference, such as those that drop
    tables which nobody needs any more, Python prints it and goes on: the program would run to its end.
    For a process of the program's own.

    Examples
    --------
    >>> before = sys.unraisablehook
    >>> keep_interruptions()
    >>> sys.unraisablehook = before
    """
    others = sys.unraisablehook

    def interrupt_again(unraisable: _Unraisable) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            # Raised here and now, it would be dropped again.
            threading.Timer(_AGAIN_AFTER_SECONDS, _thread.interrupt_main).start()
        else:
            others(unraisable)

    sys.unraisablehook = interrupt_again
