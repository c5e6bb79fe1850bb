"""Content: what the report says, as plain values for JSON and as Markdown."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from customerbase.report.blocks import Block, Cards, Figures, Paragraph, Picture, Strategies, Table
from customerbase.report.drawing import title_of
from customerbase.report.material import Material
from customerbase.report.numerals import write
from customerbase.report.sections import make_sections
from customerbase.segmentation.spoken_figures import BESIDE

__all__ = ["describe_content", "write_markdown"]

Content = Mapping[str, Any]

_MARKUP = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_{}[]<>#|!"})


def describe_content(material: Material) -> dict[str, Any]:
    """Give the summary of a workspace and the sections of its report as plain values.

    Parameters
    ----------
    material
        What the workspace holds.

    Returns
    -------
    dict
        The keys of `summarise`, and `sections`: each with `key`, `title` and `blocks`, which have a `kind`.
    """
    sections = [
        {"key": made.key, "title": made.title, "blocks": [_plain_block(block, material) for block in made.blocks]}
        for made in make_sections(material)
    ]
    return {**material.summary, "sections": sections}


def _plain_block(block: Block, material: Material) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"kind": "paragraph", "text": block.text}
        case Figures():
            return {"kind": "figures", "figures": [vars(figure) for figure in block.figures]}
        case Table():
            return {"kind": "table", **_plain_table(block)}
        case Picture():
            return {
                "kind": "chart",
                "name": block.name,
                "title": title_of(block.make()),
                "table": _plain_table(block.table),
            }
        case Cards():
            return {"kind": "segments", "of": list(material.colors)}
        case Strategies():
            return {"kind": "strategies", "of": list(material.colors), "across": list(block.across)}


def _plain_table(table: Table) -> dict[str, Any]:
    names = [column.name for column in table.columns]
    return {
        "title": table.title,
        "source": table.source,
        "columns": [vars(column) for column in table.columns],
        "rows": [{name: _plain_value(row[name]) for name in names} for row in table.rows],
    }


def _plain_value(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value


def write_markdown(content: Content) -> str:
    r"""Write the content of a report as Markdown; what comes from the data is never markup.

    Parameters
    ----------
    content
        Of `describe_content`.

    Examples
    --------
    >>> paragraph = {"kind": "paragraph", "text": "Two <b>customers</b>."}
    >>> section = {"key": "base", "title": "The customer base", "blocks": [paragraph]}
    >>> print(write_markdown({"n_customers": 2, "segments": [{}], "sections": [section]}))
    # 2 customers in 1 segments
    <BLANKLINE>
    ## The customer base
    <BLANKLINE>
    Two \<b\>customers\</b\>.
    """
    parts = [f"# {content['n_customers']:,} customers in {len(content['segments'])} segments"]
    segments = {one.get("name"): one for one in content["segments"]}
    for section in content["sections"]:
        parts.append(f"## {section['title']}")
        parts += [text for block in section["blocks"] for text in _WRITERS[block["kind"]](block, segments)]
    return "\n\n".join(parts)


def _text(value: object) -> str:
    return " ".join(str(value).split()).translate(_MARKUP)


def _paragraph(block: Content, segments: Content) -> Iterator[str]:  # noqa: ARG001
    yield _text(block["text"])


def _figures(block: Content, segments: Content) -> Iterator[str]:  # noqa: ARG001
    yield "\n".join(f"* {figure['label']}: {write(figure['value'], figure['kind'])}" for figure in block["figures"])


def _table(block: Content, segments: Content) -> Iterator[str]:  # noqa: ARG001
    yield f"**{_text(block['title'])}**"
    columns = block["columns"]
    rows = [[_text(column["label"]) for column in columns], ["---"] * len(columns)]
    rows += [[_text(write(row[column["name"]], column["kind"])) for column in columns] for row in block["rows"]]
    yield "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _chart(block: Content, segments: Content) -> Iterator[str]:
    yield f"### {_text(block['title'])}"
    yield from _table(block["table"], segments)


def _segments(block: Content, segments: Content) -> Iterator[str]:
    for name in block["of"]:
        one = segments[name]
        revenue = "" if one["revenue_share"] is None else f", {write(one['revenue_share'], 'share')} of revenue"
        size = f"{write(one['n_customers'], 'count')} customers ({write(one['share'], 'share')}){revenue}"
        yield f"### {_text(name)}\n\n{size}: {_text('; '.join(one['traits']))}."
        yield from _apart(one)


def _apart(one: Content) -> Iterator[str]:
    """Say what sets a segment apart, and how well its kind fits; runs of before did not tell."""
    if one.get("contrasts"):
        yield f"{BESIDE}: {_text('; '.join(one['contrasts']))}."
    if one.get("fit") is not None:
        rival = one["runner_up"]
        next_best = f"; next best kind: {_text(rival)}, {write(one['runner_up_fit'], 'number')}" if rival else ""
        yield f"Fit of the kind: {write(one['fit'], 'number')}{next_best}."


def _strategies(block: Content, segments: Content) -> Iterator[str]:
    for name in block["of"]:
        plan = segments[name]["strategy"]
        yield f"### {_text(name)}\n\n**{_text(plan['goal'])}**"
        if segments[name].get("journey"):
            yield _text(segments[name]["journey"])
        yield "\n".join(f"{number}. {_text(action)}" for number, action in enumerate(plan["actions"], start=1))
        told: Sequence[str] = ("channel", "avoid", "measure")
        yield "\n".join(f"* {what.capitalize()}: {_text(plan[what])}" for what in told)
    if block["across"]:
        yield "### Across all segments"
        yield "\n".join(f"{number}. {_text(step)}" for number, step in enumerate(block["across"], start=1))


_WRITERS: Mapping[str, Callable[[Content, Content], Iterator[str]]] = {
    "paragraph": _paragraph,
    "figures": _figures,
    "table": _table,
    "chart": _chart,
    "segments": _segments,
    "strategies": _strategies,
}
"""Kind of a block → how it is written."""
