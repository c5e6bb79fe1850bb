"""The verb that shows a workspace in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from customerbase.errors import UsageError
from customerbase.session import Session

__all__ = ["dashboard"]


def dashboard(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.", min=1, max=65_535)] = 8501,
    uploads: Annotated[
        Path | None,
        typer.Option(
            "--uploads",
            help="Where dropped exports get workspaces of their own; by default beside the workspace.",
            metavar="FOLDER",
        ),
    ] = None,
    max_upload_mb: Annotated[
        int, typer.Option("--max-upload-mb", help="The largest export that can be dropped, in megabytes.", min=1)
    ] = 200,
) -> None:
    """Show the workspace in a browser, to follow every number down to customers; stop it with Ctrl-C."""
    from importlib.util import find_spec

    if find_spec("streamlit") is None:
        raise UsageError("The dashboard needs Streamlit. Install it with: pip install 'customerbase[dashboard]'")
    from customerbase.dashboard.serving import Serving, refuse_taken_port, serve

    session = context.ensure_object(Session)
    workspace = session.workspace
    config = session.config()
    serving = Serving(
        workspace=workspace,
        uploads=uploads or workspace.with_name(f"{workspace.name or 'shop'}-uploads"),
        host=host,
        port=port,
        max_upload_mb=max_upload_mb,
        memory_limit=config.memory_limit,
        threads=config.threads,
    )
    refuse_taken_port(host, port)
    session.tell(f"The dashboard of {workspace} is at {serving.address}. Stop it with Ctrl-C.")
    if not serving.is_local:
        session.tell("Whoever can reach this address sees your customers: there is no password.")
    serve(serving)
