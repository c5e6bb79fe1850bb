"""Serving: what the dashboard shows and to whom, and the server that does it."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from customerbase.dashboard import app_file
from customerbase.dashboard.look import THEME
from customerbase.errors import UsageError

__all__ = ["Serving", "choose", "chosen", "refuse_taken_port", "serve"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_chosen: list["Serving"] = []
"""What this process serves: a page of Streamlit is run as a script, and takes no parameters."""


@dataclass(frozen=True)
class Serving:
    """What is served, and how.

    Parameters
    ----------
    workspace
        The folder that is shown; it is only read.
    uploads
        The folder in which each uploaded export gets a workspace of its own; made when first needed.
    host, port
        Where the server listens.
    max_upload_mb
        The largest file that may be uploaded, in megabytes.
    memory_limit, threads
        Of DuckDB.

    Examples
    --------
    >>> Serving(Path("shop"), Path("shop-uploads")).address
    'http://127.0.0.1:8501'
    """

    workspace: Path
    uploads: Path
    host: str = "127.0.0.1"
    port: int = 8501
    max_upload_mb: int = 200
    memory_limit: str | None = None
    threads: int | None = None

    @property
    def address(self) -> str:
        """What is typed into a browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether this machine alone can see it."""
        return self.host in _LOOPBACK


def choose(serving: Serving) -> None:
    """Say what this process serves."""
    _chosen[:] = [serving]


def chosen() -> Serving:
    """Give what this process serves."""
    return _chosen[0]


def refuse_taken_port(host: str, port: int) -> None:
    """Refuse a port on which something listens already, and a host that is not one of this machine.

    Raises
    ------
    UsageError
        The port is taken or not for everybody, or the host is not known here.

    Examples
    --------
    >>> with socket.create_server(("127.0.0.1", 0)) as taken:
    ...     refuse_taken_port("127.0.0.1", taken.getsockname()[1])
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: Port ... of 127.0.0.1 cannot be used (Address already in use). Choose another ...
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.create_server((host, port), family=family):
            return
    except OSError as fault:
        why = str(fault.strerror).partition(" (")[0]  # Python adds the address, which is said already
        raise UsageError(
            f"Port {port} of {host} cannot be used ({why}). Choose another one with --port, such as "
            f"--port {port + 1 if port < 65_535 else 8501}; --host is an address of this machine."
        ) from fault


def serve(serving: Serving) -> None:
    """Serve the dashboard until it is stopped.

    Nothing is written but what is uploaded, nothing is sent, and no file is served but what the pages show.
    """
    from streamlit.web import bootstrap

    from customerbase.dashboard.opening import end_behind

    choose(serving)
    _get_ready(serving)
    options = _options(serving)
    bootstrap.load_config_options(dict(options))
    try:
        bootstrap.run(str(app_file()), False, [], dict(options))
    finally:
        end_behind()


def _get_ready(serving: Serving) -> None:
    """Load what the first page needs before anybody asks for it."""
    import customerbase.dashboard.pages  # noqa: F401
    from customerbase.dashboard.warming import prepare

    prepare(serving.workspace, serving.memory_limit, serving.threads)


def _options(serving: Serving) -> Mapping[str, Any]:
    """Give the options of Streamlit; its names have dots, and on its command line underscores."""
    options = {
        "server.address": serving.host,
        "server.port": serving.port,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "server.enableStaticServing": False,
        "server.enableXsrfProtection": True,
        "server.enableCORS": True,
        "server.xsrfCookieSameSite": "strict",
        "server.maxUploadSize": serving.max_upload_mb,
        "server.allowedHosts": list(_LOOPBACK) if serving.is_local else [],
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",
        "client.disableDataExport": True,
        "global.developmentMode": False,
        "logger.hideWelcomeMessage": True,
        "logger.level": "error",
        "runner.magicEnabled": False,
        **THEME,
    }
    return {name.replace(".", "_"): value for name, value in options.items()}
