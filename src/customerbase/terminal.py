"""What a person sees in a terminal: progress, summaries, tables, and faults in one line."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from customerbase.segmentation.spoken_figures import BESIDE

__all__ = [
    "print_checkup",
    "print_fault",
    "print_findings",
    "print_rows",
    "print_segments",
    "print_summary",
    "print_value",
    "reader_may_leave",
    "show_progress",
]

Progress = Callable[[str], None]

_N_ROWS = 20
_WIDEST_COLUMN = 60


class _Output(Console):
    """Standard output, whose reader may leave: the caller sees to that."""

    def on_broken_pipe(self) -> None:
        raise  # Rich calls this where it has caught the error, and would end the process


def _output() -> Console:
    # In a pipe there is no width to fit into: a table there is as wide as its cells.
    return _Output(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 160)


def print_fault(message: str) -> None:
    """Print a fault as one line on standard error.

    Examples
    --------
    >>> from contextlib import redirect_stderr
    >>> with redirect_stderr(sys.stdout):
    ...     print_fault("No file was given. Name at least one CSV, Parquet or XLSX file.")
    Error: No file was given. Name at least one CSV, Parquet or XLSX file.
    """
    line = " ".join(message.split())
    sys.stderr.write(f"Error: {line}\n")


@contextmanager
def show_progress(*, quiet: bool, verbose: bool) -> Iterator[Progress]:
    """Give a function that shows what is being done: a spinner on a terminal, seconds when verbose, else nothing.

    Examples
    --------
    >>> with show_progress(quiet=True, verbose=False) as progress:
    ...     progress("Reading the export")
    """
    console = Console(stderr=True, highlight=False)
    started = time.perf_counter()
    if verbose:
        yield lambda message: console.print(f"{time.perf_counter() - started:6.2f} s  {message}")
    elif quiet or not console.is_terminal:
        yield _show_nothing
    else:
        with console.status("Starting") as status:
            yield lambda message: status.update(f"{message} …")


def _show_nothing(message: str) -> None:
    """Show nothing."""


def print_summary(summary: Mapping[str, Any], command: str = "customerbase") -> None:
    """Print what came in, what was set aside and why, the customers, and the segments with their first action.

    Parameters
    ----------
    summary
        As `report.summary.summarise` gives it.
    command
        What is typed before a verb to speak of this workspace.

    Examples
    --------
    >>> loyal = {"name": "Loyal", "n_customers": 2, "share": 1.0, "revenue_share": 1.0,
    ...          "strategy": {"actions": ["Thank."]}}
    >>> print_summary({"sources": [{"source": "a.csv", "layout": "online-retail"}], "rows_in": 4, "rows_kept": 3,
    ...                "set_aside": [{"rows": 1, "share": 0.25, "reason": "name no customer"}], "marked": [],
    ...                "base": "orders", "n_customers": 2, "n_without_purchase": 0, "n_left_out": 0,
    ...                "as_of": "2011-12-10", "gross_revenue": 99.5, "segments": [loyal],
    ...                "workspace": "shop", "files": [], "notes": [],
    ...                "findings": [{"finding": "guests", "amount": 9.5}]})
    4 rows read from a.csv (online-retail)
               3 kept (75.0%)
               1 set aside (25.0%): name no customer
                 (each with its rule and its cells: customerbase show quarantine)
    1 thing is worth a look, first guests (9.50 at stake): customerbase checkup
    <BLANKLINE>
    2 customers with a purchase before 2011-12-10, gross revenue 99.50
    <BLANKLINE>
    Segment  Customers    Share  Revenue  First action
    Loyal            2   100.0%   100.0%  Thank.
    <BLANKLINE>
    Written to shop:
    """
    console = _output()
    sources = ", ".join(f"{each['source']} ({each['layout']})" for each in summary["sources"])
    kept_share = summary["rows_kept"] / max(summary["rows_in"], 1)
    console.print(Text(f"{summary['rows_in']:,} rows read from {sources}"))
    console.print(f"{summary['rows_kept']:>12,} kept ({kept_share:.1%})")
    for outcome in summary["set_aside"]:
        console.print(Text(f"{outcome['rows']:>12,} set aside ({outcome['share']:.1%}): {outcome['reason']}"))
    if summary["set_aside"]:
        console.print(Text(f"{'':>12} (each with its rule and its cells: {command} show quarantine)"))
    for outcome in summary["marked"]:
        if outcome["rule"] != "is_product":
            console.print(Text(f"{outcome['rows']:>12,} of those kept {outcome['reason']}"))
    if summary["findings"]:
        console.print(Text(f"{_describe_findings(summary['findings'])}: {command} checkup"))
    console.print()
    console.print(_describe_base(summary))
    for note in summary["notes"]:
        console.print(Text(f"Note: {note}"))
    console.print()
    console.print(_segment_table(summary["segments"]))
    console.print()
    console.print(Text(f"Written to {summary['workspace']}:"))
    for path in summary["files"]:
        console.print(Text(f"  {path}"), soft_wrap=True)


def _describe_findings(findings: Sequence[Mapping[str, Any]]) -> str:
    """Say how much the check-up found, and where the most money lies."""
    first = findings[0]
    money = "" if not first["amount"] else f" ({abs(first['amount']):,.2f} at stake)"
    things = "1 thing is" if len(findings) == 1 else f"{len(findings)} things are"
    return f"{things} worth a look, first {first['finding'].replace('_', ' ')}{money}"


_BASES = {
    "orders": ("with a purchase ", "have only returns"),
    "coupons": ("with a coupon ", "claimed no coupon"),
    "customers": ("", "neither ordered nor spent anything"),
}
"""What a base is made of, and what its table says of the customers who do not belong to it."""


def _describe_base(summary: Mapping[str, Any]) -> str:
    """Say how many customers there are, at which date, what they spent, and how many more got no segment."""
    who, others = _BASES[summary["base"]]
    when = "(undated)" if summary["as_of"] == "undated" else f"before {summary['as_of']}"
    if summary["base"] == "customers" and when != "(undated)":
        when = f"as of {summary['as_of']}"
    words = f"{summary['n_customers']:,} customers {who}{when}"
    if summary["gross_revenue"] is not None:
        words += f", gross revenue {summary['gross_revenue']:,.2f}"
    elif summary["monetary"] is not None:
        words += f", monetary value {summary['monetary']:,.2f}"
    without = summary["n_without_purchase"] or summary["n_left_out"]
    return f"{words}; {without:,} more {others}" if without else words


def print_findings(findings: Mapping[str, Sequence[str]], command: str = "customerbase") -> None:
    """Print what an exploration has found, table by table.

    Parameters
    ----------
    findings
        As `exploration.findings.describe_exploration` gives them.
    command
        What is typed before a verb to speak of this workspace.

    Examples
    --------
    >>> print_findings({"order_counts": ["2 of 5 customers (40.0%) bought once."]})
    Order counts
      2 of 5 customers (40.0%) bought once.
    <BLANKLINE>
    The figures: customerbase show explore_order_counts
    """
    console = _output()
    for name, sentences in findings.items():
        console.print(Text(name.replace("_", " ").capitalize(), "bold"))
        for sentence in sentences:
            console.print(Padding(Text(sentence), (0, 0, 0, 2), expand=False))
        console.print()
    if findings:
        console.print(Text(f"The figures: {command} show explore_{next(iter(findings))}"))


def print_checkup(findings: Sequence[Mapping[str, Any]]) -> None:
    """Print each finding of a check-up with its figures, an example, what was done and what can be.

    Parameters
    ----------
    findings
        As `customerbase checkup --json` gives them.

    Examples
    --------
    >>> print_checkup([{"finding": "future_dates", "rows": 2, "customers": 1, "amount": 1250.5,
    ...                 "example": "as late as 2091-01-01", "done": "kept", "option": "--as-of DATE"}])
    Future dates: 2 rows, 1 customer, 1,250.50 at stake
      Seen: as late as 2091-01-01
      Done: kept
      Option: --as-of DATE
    <BLANKLINE>
    """
    console = _output()
    if not findings:
        console.print("Nothing odd was found.")
    for each in findings:
        amount = "money that cannot be summed up" if each["amount"] is None else f"{abs(each['amount']):,.2f}"
        figures = f": {_count(each['rows'], 'row')}, {_count(each['customers'], 'customer')}, {amount} at stake"
        console.print(Text.assemble((each["finding"].replace("_", " ").capitalize(), "bold"), figures))
        for name, part in (("Seen", "example"), ("Done", "done"), ("Option", "option")):
            if each[part]:
                console.print(Padding(Text(f"{name}: {each[part]}"), (0, 0, 0, 2), expand=False))
        console.print()


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def print_segments(segments: Sequence[Mapping[str, Any]], across: Sequence[str] = ()) -> None:
    """Print each segment with what it looks like and its whole strategy, and then what to do across segments.

    Parameters
    ----------
    segments
        As `customerbase show segments --json` gives them.
    across
        Sentences, as a `Segmentation` has them.

    Examples
    --------
    >>> strategy = {"goal": "Keep them.", "actions": ["Thank."], "channel": "Post.", "avoid": "Noise.",
    ...             "measure": "Orders."}
    >>> print_segments([{"name": "Loyal", "n_customers": 2, "share": 1.0, "revenue_share": 1.0,
    ...                  "traits": ["bought recently", "many orders"], "strategy": strategy,
    ...                  "contrasts": ["spent 3.1 times as much"], "fit": 0.94,
    ...                  "runner_up": "Champions", "runner_up_fit": 0.81}])
    Loyal: 2 customers (100.0%), 100.0% of revenue
      bought recently; many orders
      Beside the average customer (medians of days, means of counts and amounts): spent 3.1 times as much
      Fit of the kind: 0.94; next best kind: Champions, 0.81
      Goal: Keep them.
      Do: Thank.
      Channel: Post.
      Avoid: Noise.
      Measure: Orders.
    <BLANKLINE>
    """
    console = _output()
    for each in segments:
        size = f"{each['n_customers']:,} customers ({each['share']:.1%})"
        if each["revenue_share"] is not None:
            size += f", {each['revenue_share']:.1%} of revenue"
        console.print(Text.assemble((each["name"], "bold"), f": {size}"))
        strategy = each["strategy"]
        rule = [f"Rule: {each['rule']}"] if each.get("rule") else []
        lines = [
            *rule,
            "; ".join(each["traits"]),
            *_say_apart(each),
            f"Goal: {strategy['goal']}",
            *(f"Do: {do}" for do in strategy["actions"]),
        ]
        lines += [f"{part.capitalize()}: {strategy[part]}" for part in ("channel", "avoid", "measure")]
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))
        console.print()
    if across:
        console.print(Text("Across all segments", "bold"))
        for line in across:
            console.print(Padding(Text(f"Do: {line}"), (0, 0, 0, 2), expand=False))


def _say_apart(segment: Mapping[str, Any]) -> Iterator[str]:
    """Say what sets a segment apart and how well its kind fits, where it was told when the segment was made."""
    if segment.get("contrasts"):
        yield f"{BESIDE}: {'; '.join(segment['contrasts'])}"
    if segment.get("journey"):
        yield str(segment["journey"])
    if segment.get("fit") is not None:
        next_best = (
            f"; next best kind: {segment['runner_up']}, {segment['runner_up_fit']:.2f}" if segment["runner_up"] else ""
        )
        yield f"Fit of the kind: {segment['fit']:.2f}{next_best}"


def _segment_table(segments: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Segment", no_wrap=True)
    has_revenue = all(each["revenue_share"] is not None for each in segments)
    for name in ("Customers", "Share", "Revenue") if has_revenue else ("Customers", "Share"):
        table.add_column(name, justify="right", no_wrap=True)
    has_rules = any(each.get("rule") for each in segments)
    table.add_column("Rule" if has_rules else "First action")
    for each in segments:
        revenue = [f"{each['revenue_share']:.1%}"] if has_revenue else []
        size = [f"{each['n_customers']:,}", f"{each['share']:.1%}", *revenue]
        table.add_row(Text(each["name"]), *size, Text(each["rule"] if has_rules else each["strategy"]["actions"][0]))
    return table


def print_rows(rows: Sequence[Mapping[str, Any]], n_rows: int) -> None:
    """Print the first rows of a table of `n_rows`.

    Examples
    --------
    >>> print_rows([{"name": "features", "rows": 26}], n_rows=9)
    name      rows
    features    26
    1 of 9 rows; --csv and --json give all of them.
    """
    console = _output()
    if not rows:
        console.print("No rows.")
        return
    cells = {name: [_cell(name, row[name]) for row in rows] for name in rows[0]}
    shown = _fitting(cells, console.width)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in shown:
        is_number = any(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)
        table.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row_cells in zip(*(cells[name] for name in shown), strict=True):
        table.add_row(*map(Text, row_cells))
    console.print(table)
    if n_rows > len(rows) or len(shown) < len(cells):
        what = f"{len(rows):,} of {n_rows:,} rows" if n_rows > len(rows) else f"{n_rows:,} rows"
        what += f" and {len(shown)} of {len(cells)} columns" if len(shown) < len(cells) else ""
        console.print(f"{what}; --csv and --json give all of them.")


def _fitting(cells: Mapping[str, Sequence[str]], width: int) -> list[str]:
    """Give the first columns that fit into a width unbroken, but never none."""
    shown: list[str] = []
    for name, texts in cells.items():
        width -= min(max(map(len, (name, *texts))), _WIDEST_COLUMN) + 2
        if width < 0 and shown:
            break
        shown.append(name)
    return shown


def _cell(name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        if name.endswith("share"):
            return f"{value:.2%}"
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.2f}"
    return str(value)


def print_value(value: Any, as_json: bool, as_csv: bool) -> None:  # noqa: ANN401 - a table, rows, or one value
    """Print a table, rows or one value: all of it as JSON or CSV, or the first rows to read."""
    from customerbase.report.listing import flatten, take_rows, write_csv, write_json

    with reader_may_leave():
        if as_json:
            write_json(value, sys.stdout)
        elif as_csv:
            write_csv(flatten(value), sys.stdout.buffer)
        else:
            print_rows(*take_rows(flatten(value), _N_ROWS))


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Print to a pipe whose reader (head, less) may have seen enough; that is no fault."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python says so when it closes standard output, unless that leads nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
