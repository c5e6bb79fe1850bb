"""Markup: what the pages write themselves, as HTML in which everything that comes from the data is escaped."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from customerbase.report.blocks import Column, Figure, Table
from customerbase.report.numerals import write

__all__ = [
    "MAX_ROWS",
    "card",
    "empty",
    "fault",
    "figures",
    "heading",
    "mark",
    "paragraph",
    "plain",
    "plan",
    "steps",
    "table",
]

MAX_ROWS = 120
"""Rows of a table on a page; the rest is in its download."""

_LONGEST_TEXT = 300


def plain(text: object) -> str:
    r"""Give a text for a label of Streamlit, which would take some signs for markup, as it stands.

    Examples
    --------
    >>> print(plain(":red[x] <b> $y$"))
    \:red\[x\] \<b\> \$y\$
    """
    return re.sub(r"([\\`*_{}\[\]<>()#+\-.!|$:~^=&@/])", r"\\\1", str(text))


def heading(text: object, level: int = 2, by: object = "", *, is_small: bool = False) -> Markup:
    """Write a heading, and a line beneath it; a small one looks like the third level, whichever it is of.

    Examples
    --------
    >>> heading("<b>Mug</b>", 3)
    Markup('<div class="cb"><h3>&lt;b&gt;Mug&lt;/b&gt;</h3></div>')
    """
    below = Markup('<p class="{}">{}</p>').format("by" if level == 1 else "reading", by) if by else ""
    look = Markup(' class="small"') if is_small else ""
    return Markup('<div class="cb"><h{}{}>{}</h{}>{}</div>').format(level, look, text, level, below)


def paragraph(text: object, kind: str = "") -> Markup:
    """Write a few sentences; `kind` is `lead`, `reading`, `source` or nothing."""
    return Markup('<div class="cb"><p class="{}">{}</p></div>').format(kind, text)


def empty(text: object) -> Markup:
    """Say why there is nothing, and what to do."""
    return Markup('<div class="cb"><div class="empty" role="status">{}</div></div>').format(text)


def fault(text: object) -> Markup:
    """Say what went wrong, and what to do."""
    return Markup('<div class="cb"><div class="fault" role="alert">{}</div></div>').format(text)


def figures(shown: Sequence[Figure]) -> Markup:
    """Write numbers side by side.

    Examples
    --------
    >>> figures([Figure("orders", 1200, "count")])
    Markup('<div class="cb"><dl class="figures"><div><dt>orders</dt><dd>1,200</dd></div></dl></div>')
    """
    each = Markup("<div><dt>{}</dt><dd>{}</dd></div>")
    inside = Markup("").join(each.format(figure.label, figure.text) for figure in shown)
    return Markup('<div class="cb"><dl class="figures">{}</dl></div>').format(inside)


def mark(number: int | None) -> Markup:
    """Draw the square in the colour of a segment."""
    return Markup('<span class="mark s{}"></span>').format(number) if number is not None else Markup("")


def card(one: Mapping[str, Any], number: int) -> Markup:
    """Write a segment in short: name, size, revenue, traits and the goal."""
    revenue = (
        Markup("<br><strong>{}</strong> of revenue").format(write(one["revenue_share"], "share"))
        if one["revenue_share"] is not None
        else ""
    )
    rule = Markup('<p class="reading">{}</p>').format(one["rule"]) if one.get("rule") else ""
    traits = Markup("").join(Markup("<li>{}</li>").format(trait) for trait in one["traits"])
    return Markup(
        '<div class="cb"><div class="card s{}"><h2 class="small">{}{}</h2>'
        '<p class="size"><strong>{}</strong> customers, {}{}</p>{}'
        '<ul class="traits">{}</ul>{}<p class="goal">{}</p></div></div>'
    ).format(
        number,
        mark(number),
        one["name"],
        write(one["n_customers"], "count"),
        write(one["share"], "share"),
        revenue,
        rule,
        traits,
        _apart(one),
        one["strategy"]["goal"],
    )


def _apart(one: Mapping[str, Any]) -> Markup:
    """Say what sets a segment apart, and how well its kind fits; runs of before did not tell."""
    parts = []
    if one.get("contrasts"):
        parts.append(Markup("<p>Beside the average customer: {}.</p>").format("; ".join(one["contrasts"])))
    if one.get("fit") is not None:
        rival = one["runner_up"]
        next_best = f"; next best kind: {rival}, {write(one['runner_up_fit'], 'number')}" if rival else ""
        parts.append(Markup('<p class="source">Fit {}{}</p>').format(write(one["fit"], "number"), next_best))
    return Markup("").join(parts)


def steps(title: str, told: Sequence[str]) -> Markup:
    """Write a numbered list with its heading."""
    items = Markup("").join(Markup("<li>{}</li>").format(step) for step in told)
    return Markup('<div class="cb"><h3>{}</h3><ol>{}</ol></div>').format(title, items)


def plan(one: Mapping[str, Any]) -> Markup:
    """Write the strategy of a segment in full."""
    told = one["strategy"]
    journey = Markup("<p>{}</p>").format(one["journey"]) if one.get("journey") else ""
    actions = Markup("").join(Markup("<li>{}</li>").format(action) for action in told["actions"])
    return Markup(
        '<div class="cb"><p class="goal">{}</p>{}<ol>{}</ol><dl class="plan"><dt>Where</dt><dd>{}</dd>'
        "<dt>Avoid</dt><dd>{}</dd><dt>Measure</dt><dd>{}</dd></dl></div>"
    ).format(told["goal"], journey, actions, told["channel"], told["avoid"], told["measure"])


def table(shown: Table, marks: Mapping[str, int]) -> Markup:
    """Write a table, its first rows where there are many.

    Parameters
    ----------
    shown
        The table.
    marks
        Name of each segment → its number.
    """
    head = Markup("").join(
        Markup('<th scope="col" class="{}">{}</th>').format(_side(column), column.label) for column in shown.columns
    )
    body = Markup("").join(_row(row, shown.columns, marks) for row in shown.rows[:MAX_ROWS])
    n = len(shown.rows)
    rest = f"The first {MAX_ROWS} of {n:,} rows; all of them are in the download." if n > MAX_ROWS else ""
    return Markup(
        '<div class="cb"><div class="scroll" tabindex="0" role="region" aria-label="{}"><table><thead><tr>{}</tr>'
        '</thead><tbody>{}</tbody></table></div><p class="source">{}</p></div>'
    ).format(shown.title, head, body, rest)


def _side(column: Column) -> str:
    return "" if column.kind == "text" else "n"


def _row(row: Mapping[str, Any], columns: Sequence[Column], marks: Mapping[str, int]) -> Markup:
    cells = [
        Markup('<td class="{}">{}{}</td>').format(
            _side(column),
            mark(marks.get(str(row[column.name]))) if column.name == "segment" else "",
            _clip(write(row[column.name], column.kind)),
        )
        for column in columns
    ]
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def _clip(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text):,} signs)"
