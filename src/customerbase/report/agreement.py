"""Agreement: what the schemes side by side say, in sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["describe_concordance"]


def describe_concordance(facts: Mapping[str, Any], agreements: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Say in sentences how far the schemes agree, whom all call champions, and which says most of what comes next.

    Parameters
    ----------
    facts
        The stored `concordance_facts`.
    agreements
        The rows of the stored table `concordance`.

    Examples
    --------
    >>> schemes = [{"segmentation": "rf-10", "n_segments": 10, "spend_eta_squared": 0.28, "buying_eta_squared": 0.2},
    ...            {"segmentation": "kmeans", "n_segments": 6, "spend_eta_squared": 0.3, "buying_eta_squared": 0.2}]
    >>> facts = {"n_customers": 900, "n_champions_of_all": 90, "champions_share": 0.1, "champions_revenue_share": 0.4,
    ...          "n_champions_of_any": 300, "n_contradicted": 2, "tested_at": "2011-09-10", "horizon_days": 90,
    ...          "schemes": schemes}
    >>> for sentence in describe_concordance(facts, [{"first": "a", "second": "b", "adjusted_rand": 0.42}])[1:]:
    ...     print(sentence)
    90 of 900 customers (10.0%) are champions under all schemes, with 40.0% of the revenue; 300 are under at least one.
    2 customers are champions under one scheme, and hibernating or lost under another.
    At 2011-09-10, kmeans (6 segments) says most of the amount bought in the next 90 days: eta squared 0.300.
    At 2011-09-10, kmeans (6 segments) says most of who bought at all in the next 90 days: eta squared 0.200.
    """
    money = facts["champions_revenue_share"]
    share = "" if money is None else f", with {money:.1%} of the revenue"
    champions = (
        f"{facts['n_champions_of_all']:,} of {facts['n_customers']:,} customers ({facts['champions_share']:.1%}) are "
        f"champions under all schemes{share}; {facts['n_champions_of_any']:,} are under at least one."
    )
    torn = (
        f"{facts['n_contradicted']:,} customers are champions under one scheme, and hibernating or lost under another."
    )
    return _describe_agreements(agreements), champions, torn, *_describe_winners(facts)


def _describe_agreements(agreements: Sequence[Mapping[str, Any]]) -> str:
    ordered = sorted(agreements, key=lambda each: each["adjusted_rand"])
    low, middle, high = (ordered[place] for place in (0, (len(ordered) - 1) // 2, -1))
    return (
        f"Of the pairs of schemes, half agree with an adjusted Rand index of at most {middle['adjusted_rand']:.2f} "
        f"(from {low['adjusted_rand']:.2f}: {low['first']} and {low['second']}, "
        f"to {high['adjusted_rand']:.2f}: {high['first']} and {high['second']}); 1 is the same segments."
    )


def _describe_winners(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Say which scheme wins at what; of equal ones the one with fewer segments."""
    if facts["tested_at"] is None:
        return ("The data do not reach far enough to hold the schemes against what was bought next.",)
    said = []
    for figure, what in (("spend_eta_squared", "the amount bought"), ("buying_eta_squared", "who bought at all")):
        known = [each for each in facts["schemes"] if each[figure] is not None]
        if known:
            best = max(known, key=lambda each: (each[figure], -each["n_segments"]))
            said.append(
                f"At {facts['tested_at']}, {best['segmentation']} ({best['n_segments']} segments) says most of {what} "
                f"in the next {facts['horizon_days']} days: eta squared {best[figure]:.3f}."
            )
    return tuple(said)
