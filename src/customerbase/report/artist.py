"""Artist: a process of its own that draws charts, while this one goes on.

What draws them holds Python's lock while it does, so that a thread would keep all others waiting.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import vl_convert

__all__ = ["Artist", "artist_at_work", "artists_staying", "call_artist", "send_artist_home"]


class Artist:
    """Draws in another process; whatever becomes of that, here.

    Examples
    --------
    >>> artist = Artist()
    >>> artist.draw({"data": {"values": [{}]}, "mark": "point"})[:4]
    '<svg'
    >>> artist.leave()
    """

    def __init__(self) -> None:
        command = [sys.executable, "-P", __file__]
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )

    def draw(self, spec: Mapping[str, Any]) -> str:
        """Draw a Vega-Lite specification as SVG: the same whichever process does it."""
        try:
            return self._ask(json.dumps(spec))
        except (OSError, ValueError):
            self.leave()
            return vl_convert.vegalite_to_svg(dict(spec))

    def _ask(self, spec: str) -> str:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise OSError("there is no other process")
        process.stdin.write(spec.encode() + b"\n")
        process.stdin.flush()
        n_bytes = int(process.stdout.readline())  # of nothing, where the process has ended
        return process.stdout.read(n_bytes).decode()

    @property
    def is_there(self) -> bool:
        """Whether the other process draws, as far as is known here."""
        return self._process is not None

    def leave(self) -> None:
        """End the other process."""
        if self._process is not None:
            self._process.kill()
            with suppress(OSError):  # of what was still to be written
                self._process.communicate()
            self._process = None


_waiting: list[Artist] = []
_stays: list[None] = []
"""As many as there are `artists_staying` at the moment."""


def call_artist() -> None:
    """Start the process before there is something to draw: its engine takes half a second to start.

    Examples
    --------
    >>> call_artist()
    >>> send_artist_home()
    """
    if not _waiting:
        _waiting.append(Artist())


def send_artist_home() -> None:
    """End a process that was called and has had nothing to draw."""
    while _waiting and not _stays:
        _waiting.pop().leave()


@contextmanager
def artist_at_work() -> Iterator[Artist]:
    """Give the process that was called, or another one, and end it afterwards unless artists are staying.

    Examples
    --------
    >>> with artist_at_work() as artist:
    ...     artist.draw({"data": {"values": [{}]}, "mark": "point"})[:4]
    '<svg'
    """
    artist = _waiting.pop() if _waiting else Artist()
    try:
        yield artist
    finally:
        if _stays and artist.is_there:
            _waiting.append(artist)
        else:
            artist.leave()


@contextmanager
def artists_staying() -> Iterator[None]:
    """Let a process that has drawn wait for what is drawn next: many reports in a row need one start of its engine.

    Examples
    --------
    >>> with artists_staying():
    ...     with artist_at_work() as first:
    ...         pass
    ...     with artist_at_work() as second:
    ...         first is second
    True
    """
    _stays.append(None)
    try:
        yield
    finally:
        _stays.pop()
        send_artist_home()


def _draw_what_comes() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that began this one
    vl_convert.vegalite_to_svg({"data": {"values": [{}]}, "mark": "point"})
    for spec in sys.stdin.buffer:
        svg = vl_convert.vegalite_to_svg(json.loads(spec)).encode()
        sys.stdout.buffer.write(b"%d\n" % len(svg) + svg)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _draw_what_comes()
