"""Tidy HTML: results as small tables and cards in a notebook; every text is escaped."""

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["html_card", "html_table"]

_CELL = "padding:3px 14px 3px 0;text-align:{};border-bottom:1px solid rgba(128,128,128,.3)"


def html_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Give a table as HTML; numbers stand flush right.

    Examples
    --------
    >>> text = html_table("Rules", ["rule", "rows"], [["<b>guest</b>", 1234]])
    >>> "&lt;b&gt;guest&lt;/b&gt;" in text, "1,234" in text
    (True, True)
    """
    head = "".join(f'<th style="{_CELL.format("left")}">{escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    caption = f'<caption style="text-align:left;font-weight:600">{escape(title)}</caption>'
    return (
        f'<table style="border-collapse:collapse">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def _cell(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}" if isinstance(value, float) else str(value)
    return f'<td style="{_CELL.format("right" if is_number else "left")}">{escape(text)}</td>'


def html_card(title: str, color: str, lines: Sequence[str]) -> str:
    """Give a card as HTML: a title with a coloured edge, and a line for each text.

    Examples
    --------
    >>> html_card("Loyal", "#0077bb", ["2 customers"]).count("<div")
    3
    """
    style = f"border-left:5px solid {escape(color)};padding:4px 12px;margin:6px 0"
    body = "".join(f"<div>{escape(line)}</div>" for line in lines)
    return f'<div style="{style}"><div style="font-weight:600">{escape(title)}</div>{body}</div>'
