"""What a person sees in a terminal of scores and explanations: sentences, and rows to read."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from customerbase.terminal import print_rows, reader_may_leave
from customerbase.workspace import UNDATED

if TYPE_CHECKING:
    from customerbase.scoring import Scored

__all__ = ["print_explanation", "print_foresight", "print_reasons", "print_scored"]


def print_scored(scored: "Scored", place: str) -> None:
    """Print how many customers of an export came into each segment, how sure that is, and what to mind.

    Parameters
    ----------
    scored
        Of `workflow.score`.
    place
        A sentence that says where the customers are to be found.

    Examples
    --------
    >>> import ibis
    >>> from customerbase.scoring import Scored
    >>> table = ibis.memtable({"customer_id": ["ann"]})
    >>> print_scored(Scored("2024-02-01", "2024-01-01", table, (("Loyal", 1),), 1, 0, 1, 0, ()), "Written to a.csv.")
    1 customers as of 2024-02-01, in the segments as of 2024-01-01
    <BLANKLINE>
    segment  customers    share
    Loyal            1  100.00%
    <BLANKLINE>
    1 of them (100.0%) stand on the border of two segments.
    Written to a.csv.
    """
    words = f"{scored.n_customers:,} customers {_dated(scored.as_of)}, in the segments {_dated(scored.learnt_as_of)}"
    if scored.n_incomplete:
        words += f"; {scored.n_incomplete:,} more lack a figure that the model needs"
    rows = [{"segment": name, "customers": n, "share": n / max(scored.n_customers, 1)} for name, n in scored.segments]
    with reader_may_leave():
        sys.stdout.write(f"{words}\n")
        for note in scored.notes:
            sys.stdout.write(f"Note: {note}\n")
        sys.stdout.write("\n")
        print_rows(rows, len(rows))
        sys.stdout.write(f"\n{_say_borderline(scored)}\n{place}\n")


def _say_borderline(scored: "Scored") -> str:
    if scored.n_borderline is None:
        return "This model cannot say who stands on the border of two segments."
    share = scored.n_borderline / max(scored.n_customers, 1)
    return f"{scored.n_borderline:,} of them ({share:.1%}) stand on the border of two segments."


def print_explanation(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Print the rules that come nearest to the segments, how near that is, and what matters.

    Parameters
    ----------
    tables
        The rows of `fidelity`, `importances` and `surrogate_rules`.

    Examples
    --------
    >>> print_explanation({
    ...     "fidelity": [{"method": "random forest", "fidelity": 0.98, "n_customers": 50},
    ...                  {"method": "surrogate tree", "fidelity": 0.875, "n_customers": 50}],
    ...     "importances": [{"feature": "monetary", "importance": 0.4}],
    ...     "surrogate_rules": [{"segment": "Loyal", "rule": "2 to 4 orders", "customers": 30, "purity": 0.9,
    ...                          "coverage": 0.8}]})
    In a few rules, which give 87.5% of 50 customers their own segment:
    <BLANKLINE>
    Loyal (30 customers, 90.0% of them in it; 80.0% of it)
      2 to 4 orders
    <BLANKLINE>
    What matters, by how much less is repeated without it: monetary 0.40
    Fidelity on customers left out: random forest 98.0%
    """
    fidelity = {row["method"]: row for row in tables["fidelity"]}
    tree = fidelity.pop("surrogate tree")
    matters = sorted(tables["importances"], key=lambda row: (-row["importance"], row["feature"]))
    again = sorted(fidelity.values(), key=lambda row: (-row["fidelity"], row["method"]))
    with reader_may_leave():
        who = f"{tree['fidelity']:.1%} of {tree['n_customers']:,} customers"
        sys.stdout.write(f"In a few rules, which give {who} their own segment:\n\n")
        for row in tables["surrogate_rules"]:
            held = f"{row['customers']:,} customers, {row['purity']:.1%} of them in it; {row['coverage']:.1%} of it"
            sys.stdout.write(f"{row['segment']} ({held})\n  {row['rule']}\n")
        words = ", ".join(f"{row['feature']} {row['importance']:.2f}" for row in matters)
        sys.stdout.write(f"\nWhat matters, by how much less is repeated without it: {words}\n")
        words = ", ".join(f"{row['method']} {row['fidelity']:.1%}" for row in again)
        sys.stdout.write(f"Fidelity on customers left out: {words}\n")


def print_reasons(why: Mapping[str, Any]) -> None:
    """Print why one customer is in a segment.

    Parameters
    ----------
    why
        As `explain_one` gives it.

    Examples
    --------
    >>> print_reasons({"customer_id": "ann", "as_of": "2024-01-01", "segment": "Loyal", "confidence": 0.04,
    ...     "next_segment": "Lost", "is_borderline": True, "weighed_by": "distance", "reasons": [
    ...     {"feature": "frequency", "value": 9.0, "percentile_rank": 0.8, "speaks_for": "Loyal", "weight": 0.7}]})
    ann as of 2024-01-01: Loyal, confidence 0.04; next Lost, and on the border of the two
    <BLANKLINE>
    figure     value  more than         speaks for  weight
    frequency  9      80% of customers  Loyal       70%
    """
    words = f"{why['customer_id']} {_dated(why['as_of'] or UNDATED)}: {why['segment']}"
    if why["confidence"] is not None:
        words += f", confidence {why['confidence']:.2f}"
    if why["next_segment"] is not None:
        words += f"; next {why['next_segment']}" + (", and on the border of the two" if why["is_borderline"] else "")
    rows = [_reason_row(reason, why["weighed_by"]) for reason in why["reasons"]]
    with reader_may_leave():
        sys.stdout.write(f"{words}\n\n")
        print_rows(rows, len(rows))


def _reason_row(reason: Mapping[str, Any], weighed_by: str) -> dict[str, Any]:
    rank = reason["percentile_rank"]
    row = {
        "figure": reason["feature"],
        "value": _figure(reason["value"]),
        "more than": "–" if rank is None else f"{rank:.0%} of customers",
    }
    if weighed_by == "distance":
        return {**row, "speaks for": reason["speaks_for"], "weight": f"{reason['weight']:.0%}"}
    return {**row, "another's instead": f"{reason['weight']:.0%} elsewhere"}


def _figure(value: object) -> str:
    if not isinstance(value, float):
        return "–" if value is None else str(value)
    return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"


def print_foresight(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print how well the segment after a year was told from the first weeks, the baselines among the methods.

    Parameters
    ----------
    rows
        The rows of `foresight`.

    Examples
    --------
    >>> print_foresight([{"first_days": 30, "method": "random forest", "n_train": 180, "n_test": 75, "accuracy": 0.5,
    ...                   "balanced_accuracy": 0.4, "macro_f1": 0.35}])
    The segment a year after the first order, told of 75 customers by what was learnt from 180 earlier ones:
    <BLANKLINE>
    first days  method         accuracy  balanced  macro F1
            30  random forest  50.0%     40.0%     0.350
    """
    shown = [
        {
            "first days": row["first_days"],
            "method": row["method"],
            "accuracy": f"{row['accuracy']:.1%}",
            "balanced": f"{row['balanced_accuracy']:.1%}",
            "macro F1": f"{row['macro_f1']:.3f}",
        }
        for row in rows
    ]
    first = rows[0]
    with reader_may_leave():
        sys.stdout.write(
            f"The segment a year after the first order, told of {first['n_test']:,} customers by what was learnt from "
            f"{first['n_train']:,} earlier ones:\n\n"
        )
        print_rows(shown, len(shown))


def _dated(day: str) -> str:
    return day if day == UNDATED else f"as of {day}"
