"""Write the pages that are made from the code: the data dictionary and the reference of commands.

Run `python docs/generate.py` after a change of a field, a feature, a rule, a layout, a scheme, the playbook or an
option; a test fails while the pages are old.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import ibis
import ibis.expr.types as ir
import typer

from customerbase.cleaning import RULES
from customerbase.cli import app
from customerbase.exploration import EXPLORATIONS
from customerbase.features.customers import COUPON_FEATURES, CUSTOMER_FEATURES, FEATURES, customer_features
from customerbase.ingest.layouts import LAYOUTS, Condition, Layout
from customerbase.schema import COUPON_EVENTS, CUSTOMERS, MEASURES, ORDER_LINES, Dataset, Field
from customerbase.segmentation.playbook import Archetype, load_across, load_playbook
from customerbase.segmentation.schemes import SCHEMES, Scheme

__all__ = ["PAGES", "TWINS", "main"]

HELP_WIDTH = 88

TWINS = {
    "run": "`customerbase.run`",
    "demo": "`customerbase.workflow.demo`",
    "download": "`customerbase.workflow.download`",
    "ingest": "`customerbase.workflow.ingest`",
    "clean": "`customerbase.workflow.clean`",
    "checkup": "`customerbase.check_up`, and `customerbase.workflow.checkup` for a workspace",
    "features": "`customerbase.workflow.features`",
    "segment": "`customerbase.workflow.segment`",
    "project": "`customerbase.project`, and `customerbase.workflow.project` for a workspace",
    "report": "`customerbase.workflow.report`, and `customerbase.workflow.save_charts` for the charts as files",
    "evaluate": "`customerbase.workflow.evaluate`, and `customerbase.measure_out_of_time` for one segmentation",
    "score": "`customerbase.workflow.score`",
    "explain": (
        "`customerbase.workflow.explain`, and `customerbase.explanations.explain_one` for a customer; on tables "
        "`customerbase.explain_segments` and `customerbase.explain_customer`"
    ),
    "foresee": "`customerbase.workflow.foresee`, and `customerbase.foresee_segments` on tables",
    "compare": "`customerbase.compare`, and `customerbase.workflow.compare` for a workspace",
    "concordance": "`customerbase.measure_concordance`, and `customerbase.workflow.concordance` for a workspace",
    "tables": "`customerbase.Workspace.tables`",
    "show": "`customerbase.Workspace.table`, and `customerbase.Workspace.json` for what is no table",
    "explore": "`customerbase.workflow.explore`, and `customerbase.describe_exploration` for the sentences",
    "export": (
        "`customerbase.workflow.export`, `customerbase.workflow.export_by_segment` and "
        "`customerbase.workflow.export_table`"
    ),
    "dashboard": "`customerbase.dashboard.serving.serve`",
    "conditions": "`customerbase.check_conditions`, and `customerbase.compare_conditions` for two files",
}
"""Verb → what does the same in Python."""


def _notice(source: str) -> str:
    return f"<!-- Made by docs/generate.py from {source}: change that, and run it again. -->"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _first_paragraph(described: Callable[..., object]) -> str:
    return " ".join((inspect.getdoc(described) or "").split("\n\n")[0].split())


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _contract(columns: Iterable[Field]) -> str:
    rows = (
        (f"`{column.name}`", f"`{column.type}`", "yes" if column.required else "no", column.help) for column in columns
    )
    return _table(("Column", "Type", "Always there", "Meaning"), rows)


def _rules() -> str:
    rows = (
        (f"`{name}`", _code(rule.tables), rule.kind, "on" if rule.is_on else "off", _first_paragraph(rule.asks))
        for name, rule in RULES.items()
    )
    return _table(("Rule", "Of", "What a yes does", "By default", "The question"), rows)


def _features() -> Iterable[str]:
    lines, events, customers = map(_unbound, (ORDER_LINES, COUPON_EVENTS, (*CUSTOMERS, *MEASURES)))
    for title, registry, dataset in (
        ("Of orders:", FEATURES, Dataset(lines)),
        ("Of coupons:", COUPON_FEATURES, Dataset(lines, coupon_events=events, has_orders=False)),
        (
            "Of a file of one row per customer, those that it has, beside all its other numeric columns:",
            CUSTOMER_FEATURES,
            Dataset(lines, customers=customers, has_orders=False),
        ),
    ):
        types = customer_features(dataset, as_of="2024-01-01").schema()
        rows = ((f"`{name}`", f"`{types[name]}`", _first_paragraph(feature)) for name, feature in registry.items())
        yield from (title, _table(("Column", "Type", "Meaning"), rows))


def _unbound(contract: tuple[Field, ...]) -> ir.Table:
    return ibis.table({column.name: column.type for column in contract}, name="table")


_OTHER_NAMES = {
    "customer": "These columns are known by other names too, in eight languages; other columns of numbers come too.",
    "coupon": "These columns are known by other names too, in eight languages. `event` or `burnt_at` must be there.",
}


def _layout(layout: Layout) -> str:
    rows = (
        (f"`{name}`", _code((column, *layout.spellings.get(name, ()))), "no" if name in layout.optional else "yes")
        for name, column in layout.columns.items()
    )
    facts = [f"### {layout.name}", _table(("Column", "Header in the export", "Needed"), rows)]
    if layout.cancelling:
        facts.append(f"An order whose id begins with {_code(layout.cancelling)} cancels another one.")
    if layout.adjusting:
        facts.append(f"One whose id begins with {_code(layout.adjusting)} is a correction in the books.")
    if layout.amounts:
        facts.append(f"One row per {layout.grain}. Amounts: {layout.amounts}")
    if layout.grain in _OTHER_NAMES:
        facts.append(f"One row per {layout.grain}. {_OTHER_NAMES[layout.grain]}")
    facts += [f"Does not count: {_condition(asked)}." for asked in layout.void_when]
    facts += [f"A return: {_condition(asked)}." for asked in layout.return_when]
    facts += [f"No product, code `{code}`: {_condition(asked)}." for code, asked in layout.not_products]
    if layout.refunded:
        facts.append(f"`{layout.refunded[0]}` ÷ `{layout.refunded[1]}` is the share taken off each line of the order.")
    if layout.goods_total:
        facts.append(
            f"Where `{layout.goods_total}` is less than the lines come to, the rest is taken off each by its share."
        )
    return "\n\n".join(facts)


def _explorations() -> str:
    rows = (
        (f"`{name}`", each.looks_at, _code(each.key), _first_paragraph(each.make))
        for name, each in EXPLORATIONS.items()
    )
    return _table(("Table", "Looks at", "Key", "Meaning"), rows)


def _condition(asked: Condition) -> str:
    return f"`{asked.column}` {'is filled and does not fit' if asked.is_negated else 'fits'} `{asked.pattern}`"


def _scheme(scheme: Scheme) -> str:
    rows = (
        (name, str(len(cells)), _code(sorted(cells, reverse=True)) or "never occurs")
        for name, cells in scheme.segments.items()
    )
    edges = "".join(f" Cut points of `{name}`: {', '.join(f'{p:g}' for p in x)}." for name, x in scheme.edges.items())
    notes = f"{scheme.title}, scores from 1 to {max(scheme.n_bins)}.{edges} {scheme.notes}"
    return "\n\n".join(
        [f"### {scheme.name}", notes, _table(("Segment", "Cells", "Recency, frequency, monetary"), rows)]
    )


def _archetype(archetype: Archetype) -> str:
    strategy = archetype.strategy
    return "\n\n".join(
        [
            f"### {archetype.name}",
            f"{archetype.description} Key `{archetype.key}`, kind {archetype.kind}"
            + (f"; scheme name {_code(archetype.scheme_names)}." if archetype.scheme_names else "."),
            f"**Goal.** {strategy.goal}",
            "\n".join(f"{number}. {action}" for number, action in enumerate(strategy.actions, start=1)),
            f"**Channel.** {strategy.channel}",
            f"**Avoid.** {strategy.avoid}",
            f"**Measure.** {strategy.measure}",
        ]
    )


SECTIONS: Mapping[str, tuple[str, Callable[[], Iterable[str]]]] = {
    "Order lines": (
        (
            "The table `order_lines`: one row per order line that is kept, sorted by `source` and `source_row`. A "
            "column that is not always there is empty where the export has none."
        ),
        lambda: [_contract(ORDER_LINES)],
    ),
    "Customers": (
        (
            "The table `customers`: one row per row of a file of customers that is kept, sorted by `source` and "
            "`source_row`. See [exports](exports.md#customers-and-coupons)."
        ),
        lambda: [
            _contract(CUSTOMERS),
            "Beside these, the measures that the file has, and its other columns of numbers under their own names:",
            _contract(MEASURES),
        ],
    ),
    "Coupon events": (
        "The table `coupon_events`: what happened to coupons, sorted by `source`, `source_row` and time.",
        lambda: [_contract(COUPON_EVENTS)],
    ),
    "Rules": (
        "Asked in this order; the first yes of a rule that is on sets the row aside. See [cleaning](cleaning.md).",
        lambda: [_rules()],
    ),
    "Customer features": (
        (
            "The table `features`: one row per customer with an order line or a coupon event before `as_of`, or per "
            "customer of a file where neither was read, with `customer_id`, `as_of` and these columns as far as the "
            "data have them. Money is in the currency of the export. What is counted from orders goes before a column "
            "of the same name in a file of customers, which stays in the table of customers."
        ),
        _features,
    ),
    "Explorations": (
        (
            "The tables of [explore](explore.md), called `explore_` and this name. Those that look at features have "
            "their date. The key tells the rows apart, and is the order in which they are shown."
        ),
        lambda: [_explorations()],
    ),
    "Layouts": (
        (
            "The exports that are recognised by their header. Money needs a column `amount`, or both `quantity` and "
            "`unit_price`. See [exports](exports.md)."
        ),
        lambda: map(_layout, LAYOUTS.values()),
    ),
    "RFM schemes": (
        "Which name each combination of scores has. See [RFM](rfm.md).",
        lambda: map(_scheme, SCHEMES.values()),
    ),
    "Playbook": (
        (
            "The kinds of customers, and what to do with each. A k-means segment is named after the kind that its "
            "profile resembles; a segment of a scheme keeps its name and takes the strategy of the kind that serves it."
        ),
        lambda: map(_archetype, load_playbook().values()),
    ),
    "Across segments": (
        (
            "What to do across segments. These sentences and those of segments are filled with figures of the shop: a "
            "part in brackets stands only where each figure in it is known (see [names and "
            "strategies](segmentation.md#names-and-strategies))."
        ),
        lambda: ["\n".join(f"{number}. {step}" for number, step in enumerate(load_across(), start=1))],
    ),
}
"""Section of the data dictionary → what is said first, and what makes the rest."""


def make_data_dictionary() -> str:
    """Give the page of all columns, rules, layouts, schemes and kinds of customers."""
    parts = [
        _notice("the package"),
        "# Data dictionary",
        "What each name means. The words are explained in the [glossary](glossary.md).",
    ]
    for title, (introduction, make) in SECTIONS.items():
        parts += [f"## {title}", introduction, *make()]
    return "\n\n".join(parts)


def make_commands() -> str:
    """Give the page of all commands, as their `--help` says."""
    root = typer.main.get_command(app)
    context = root.make_context("customerbase", [], resilient_parsing=True, terminal_width=HELP_WIDTH)
    verbs: Mapping[str, typer.core.TyperCommand] = getattr(root, "commands", {})
    parts = [
        _notice("the options of each command"),
        "# Commands",
        OPTIONS,
        _help(root.get_help(context)),
    ]
    for name, verb in verbs.items():
        own = verb.make_context(name, [], parent=context, resilient_parsing=True, terminal_width=HELP_WIDTH)
        parts += [f"## {name}", _help(verb.get_help(own)), f"In Python: {TWINS[name]}."]
    parts += ["## Exit status", EXIT_STATUS]
    return "\n\n".join(parts)


OPTIONS = """\
The options below stand before the verb and hold for every verb; those of a verb stand after it. What a shop always
wants can be said once, in [customerbase.toml](workspace.md#customerbasetoml)."""

EXIT_STATUS = """\
| Status | Meaning |
| --- | --- |
| 0 | Done. |
| 1 | A fault in the data or the workspace; one line on standard error says which, and what to do. |
| 2 | Wrong usage: an option or a value that is not allowed. |
| 130 | Stopped with Ctrl-C. |

Whatever the status, the workspace holds the state before the command or the one after it, and nothing between."""


def _help(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return f"```text\n{lines}\n```"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": make_commands,
    "data-dictionary.md": make_data_dictionary,
}
"""File in this folder → the function that makes its text."""


def main() -> None:
    """Write every page of `PAGES` beside this file."""
    for name, make in PAGES.items():
        Path(__file__).with_name(name).write_text(f"{make()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
