"""A dashboard as a process of its own, and a browser that looks at it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

__all__ = ["Looking", "free_port", "serve_in_process"]

_PROGRAM = "from customerbase.cli import run_program; run_program()"
_WITHIN = 60_000


def free_port() -> int:
    """Give a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def serve_in_process(workspace: Path, home: Path, *options: str) -> Iterator[str]:
    """Serve a workspace as a process of its own; give the address. Its home is an empty folder."""
    port = free_port()
    command = [sys.executable, "-c", _PROGRAM, "-w", str(workspace), "dashboard", "--port", str(port), *options]
    log = home.with_suffix(".log")
    home.mkdir()
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env={**os.environ, "HOME": str(home)})
    try:
        for _ in range(600):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


@dataclass
class Looking:
    """A page in a browser, and all that went wrong on it."""

    page: Any
    address: str
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(_WITHIN)
        self.page.on("console", lambda said: self.seen.append(said.text) if said.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self.seen.append(str(error)))
        self.page.on("dialog", lambda dialog: self.seen.append(dialog.message))
        self.page.on("request", lambda asked: self._note(asked.url))

    def _note(self, url: str) -> None:
        mine = self.address.partition("://")[2]
        if (
            url.partition("://")[0] in {"http", "https", "ws", "wss"}
            and url.partition("://")[2].partition("/")[0] != mine
        ):
            self.seen.append(url)

    def open(self, **values: str) -> "Looking":
        """Open the address with these values in the URL."""
        self.page.goto(f"{self.address}/?{urlencode(values)}" if values else self.address)
        self.page.wait_for_selector(".cb h1, .cb .fault")
        return self.settle()

    def settle(self) -> "Looking":
        """Wait until the server has answered, each element has been drawn, and nothing has moved for a moment."""
        self.page.evaluate("window.quietSince = null")
        self.page.wait_for_function(
            """() => {
                const app = document.querySelector('[data-testid=stApp]');
                const isUnfinished = app.querySelector('[data-stale=true], [data-testid=stSkeleton]');
                const isQuiet = app.dataset.testScriptState === 'notRunning' && !isUnfinished;
                window.quietSince = isQuiet ? window.quietSince ?? performance.now() : null;
                return isQuiet && performance.now() - window.quietSince > 400;
            }"""
        )
        return self

    def go(self, title: str) -> "Looking":
        """Go to a page by its name."""
        self.page.locator(".st-key-page [role=radiogroup] label", has_text=title).click()
        self.page.wait_for_function("title => document.querySelector('.cb h1')?.textContent === title", arg=title)
        return self.settle()

    def pick(self, key: str, value: str) -> "Looking":
        """Choose a value in the filter."""
        self.page.locator(f".st-key-{key} input").click()
        self.page.get_by_role("option", name=value, exact=True).click()
        self.page.wait_for_function(
            "value => document.querySelector('.cb p.by')?.textContent.includes(value)", arg=value
        )
        return self.settle()

    def text(self, selector: str) -> str:
        """Give the text of the first element."""
        return str(self.page.locator(selector).first.inner_text())

    def download(self, button: Any, folder: Path) -> Path:
        """Click, and give the file that comes."""
        with self.page.expect_download() as coming:
            button.click()
        file: Path = folder / coming.value.suggested_filename
        coming.value.save_as(file)
        return file
