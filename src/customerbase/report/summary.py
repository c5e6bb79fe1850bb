"""The summary of a workspace as a plain dict: what the terminal, the page and the JSON all show."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from customerbase.first_look import EXPLORED
from customerbase.report.base_words import count_left_out, describe_base
from customerbase.workspace import Entry, Workspace
from customerbase.workspace.front_page import FRONT_PAGE

__all__ = ["REASONS", "summarise"]

_LONG_SILENCE_DAYS = 31

REASONS = {
    "unreadable": "could not be read (a damaged line, or a cell that is no number or date)",
    "repeated_order": "repeat an order that stands in the export already",
    "void_order": "belong to orders that do not count (cancelled, failed, a test, or paid back whole)",
    "other_currency": "are in another currency than the one wanted, and have no rate",
    "accounting_adjustment": "correct the books and sell nothing",
    "guest": "name no customer",
    "no_price": "have no price",
    "drop_repeated_lines": "repeat a line of the same order",
    "repeated_customer": "name a customer again (of each, the first row is kept)",
    "repeated_event": "say again what happened to a coupon",
    "is_return": "are returns",
    "is_product": "sell a product",
    "is_repeated_line": "are equal to another line of their order (kept: it may be a second piece)",
    "is_future": "are dated in the future",
}
"""What a rule found, after 'n rows …'."""


def summarise(workspace: Workspace, as_of: str | None = None) -> dict[str, Any]:
    """Summarise what a workspace holds for a date: rows in and set aside, customers, segments.

    Parameters
    ----------
    workspace
        An open workspace.
    as_of
        Date of the segments; by default the latest.

    Raises
    ------
    WorkspaceError
        There are no segments, or not for this date.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from customerbase.workflow import Config, demo, open_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = open_workspace(pathlib.Path(folder, "shop"))
    ...     demo(shop, n_lines=1_000, config=Config(model="rfm"))
    ...     summary = summarise(shop)
    >>> summary["model"], summary["rows_in"]
    ('rfm', 1000)
    """
    stored = workspace.json("segments", as_of)
    audit = workspace.json("audit")
    base = describe_base(workspace, stored, audit)
    n_left_out = count_left_out(workspace, stored)
    return {
        "workspace": str(workspace.path),
        "paragraph": base.paragraph,
        "figures": [{"label": each.label, "value": each.value, "kind": each.kind} for each in base.figures],
        "as_of": stored["as_of"],
        "model": stored["model"],
        "rows_in": audit["rows_in"],
        "rows_kept": audit["rows_kept"],
        "tables": audit["tables"],
        "set_aside": _reasons(audit, "quarantined"),
        "marked": _reasons(audit, "marked"),
        "sources": audit["formats"],
        "findings": _findings(workspace),
        **{name: stored[name] for name in ("base", "n_customers", "n_without_purchase", "gross_revenue", "monetary")},
        "n_left_out": n_left_out,
        "n_in_file": stored["n_customers"] + stored["n_incomplete"] + n_left_out,
        "notes": [*_notes(stored, audit, workspace.runs[-1]), *_note_coupons(workspace), *_note_database(workspace)],
        "segments": stored["segments"],
        "across": stored.get("across", []),
        "files": _list_files(workspace, stored["as_of"]),
    }


def _notes(stored: Mapping[str, Any], audit: Mapping[str, Any], log: Mapping[str, Any]) -> list[str]:
    """Say what a reader should not overlook."""
    notes = []
    days = stored["days_since_last_order"]
    if stored["base"] != "customers" and days > _LONG_SILENCE_DAYS:
        last = "order" if stored["base"] == "orders" else "coupon"
        notes.append(f"the last {last} is {days:,} days older than {stored['as_of']}; is that the date you meant?")
    if n := stored["n_incomplete"]:
        notes.append(f"recency_days, frequency or monetary is missing for {n:,} of the customers, who get no score.")
    if dropped := log.get("dropped_snapshots"):
        what = "order lines" if _tables(audit) == ["order_lines"] else "data"
        notes.append(f"these {what} are others than before, so the results of {', '.join(dropped)} were dropped.")
    return [*notes, *_choice(stored), *stored.get("notes", ())]


def _choice(stored: Mapping[str, Any]) -> list[str]:
    """Say how many segments were chosen and why, and whether the customers form groups."""
    choice = stored.get("choice")
    return [choice["reasons"][0], choice["structure_reason"]] if choice else []


def _note_database(workspace: Workspace) -> list[str]:
    """Say that the order lines are not here, and what could not be asked of them where they are."""
    held = {each.name for each in workspace.tables()}
    if "database" not in held:
        return []
    left_out = "" if "checkup" in held else "; the check-up, which looks at single lines, was left out"
    return [f"the order lines stay in {workspace.json('database')['url']}{left_out}."]


def _note_coupons(workspace: Workspace) -> list[str]:
    """Say that days since the last coupon are longer for all where one kind of event ends before the other."""
    is_checked = any(each.name == "checkup" for each in workspace.tables())
    found = workspace.json("checkup") if is_checked else []
    return [
        f"{each['example'].split('; ')[0]}. Days since the last coupon count these days too: 'lately' and 'longer ago' "
        "are said beside the other customers."
        for each in found
        if each["finding"] == "coupons_that_end"
    ]


def _tables(audit: Mapping[str, Any]) -> list[str]:
    return [each["table"] for each in audit["tables"]]


def _reasons(audit: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Give what each rule found in words; of several tables, each is named."""
    has_several = len(_tables(audit)) > 1
    return [
        {**outcome, "reason": REASONS[outcome["rule"]] + (f" ({outcome['table']})" if has_several else "")}
        for outcome in audit["outcomes"]
        if outcome["kind"] == kind and outcome["rows"]
    ]


def _findings(workspace: Workspace) -> list[dict[str, Any]]:
    """Give what the check-up found, the most money first, with its figures; nothing where there was none."""
    is_checked = any(each.name == "checkup" for each in workspace.tables())
    found = workspace.json("checkup") if is_checked else []
    return [{name: each[name] for name in ("finding", "rows", "customers", "amount")} for each in found]


def _list_files(workspace: Workspace, as_of: str) -> list[str]:
    """List the files of the current state that belong to a date or to all dates."""
    entries = [entry for entry in workspace.tables() if entry.as_of in {None, as_of}]
    return list(dict.fromkeys(str(_shorten(entry, workspace)) for entry in entries))


def _shorten(entry: Entry, workspace: Workspace) -> Path:
    """Give the path of a file, and one pattern for all tables of an exploration."""
    path = workspace.file(entry.name, entry.as_of, entry.suffix)
    if entry.file == FRONT_PAGE:
        return workspace.path / FRONT_PAGE
    if entry.name not in EXPLORED:
        return path
    return (path.parent if entry.as_of is None else path.parent.parent) / "explore_*"
