"""The command that lays customers out in a plane."""

from typing import TYPE_CHECKING, Annotated

import typer

from customerbase.options import Seed, StoredAsOf
from customerbase.session import Session

if TYPE_CHECKING:
    from customerbase.workspace import Workspace

__all__ = ["project"]


def project(
    context: typer.Context,
    method: Annotated[
        str,
        typer.Option(
            "--method",
            help="pca (components, all customers) or tsne (neighbours, a sample of 2,000).",
            metavar="pca|tsne",
        ),
    ] = "pca",
    max_customers: Annotated[
        int | None, typer.Option("--max-customers", help="Most customers to show, each segment with its share.")
    ] = None,
    as_of: StoredAsOf = None,
    seed: Seed = None,
) -> None:
    """Lay the segmented customers out in a plane, for a picture."""
    session = context.ensure_object(Session)
    config = session.config(as_of=as_of, seed=seed)
    workspace = session.work("project", config, method=method, max_customers=max_customers)
    from customerbase.results import PROJECTED

    points, facts = PROJECTED[method]
    said = _describe(workspace, as_of or workspace.dates("segments")[-1], method)
    session.tell(said, f"See: {{}} show {points}, and {{}} show {facts}.")


def _describe(workspace: "Workspace", day: str, method: str) -> str:
    from customerbase.results import PROJECTED

    table, name = PROJECTED[method]
    facts = workspace.json(name, day)
    n_shown = workspace.table(table, day).count().execute()
    said = f"Laid {n_shown:,} of {facts['n_customers']:,} customers out by {facts['method']}"
    if facts["method"] == "pca":
        x, y = [*facts["explained_variance"], 0.0][:2]
        return f"{said}: x shows {x:.1%} of the variance and y {y:.1%}."
    return (
        f"{said}, with a trustworthiness of {facts['trustworthiness']:.3f}: 1 is a map whose neighbours are all true."
    )
