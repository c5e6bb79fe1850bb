"""Remarks: what a reader of a comparison should know of how it was made."""

from collections.abc import Mapping, Sequence
from datetime import date

from customerbase.segmentation.comparing.contender import spell_method
from customerbase.segmentation.comparing.idleness import IDLE_DAYS
from customerbase.segmentation.comparing.measuring import Setting
from customerbase.segmentation.comparing.refits import MOST_DRAWN, MOST_DRAWN_OF_SLOW, count_drawn

__all__ = ["NOT_VALUED", "make_remarks"]

NOT_VALUED = "What segments say of later spend was not measured: no date is given whose next days are over."


def make_remarks(
    setting: Setting,
    n_customers: int,
    refused: Mapping[str, str],
    tried: Sequence[str],
    asked: Sequence[int],
    tested_at: date | None,
) -> tuple[str, ...]:
    """Say what was sampled and what was left out.

    Parameters
    ----------
    setting
        What was measured on what.
    n_customers
        Customers of the base.
    refused
        Methods that could not be tried, and why.
    tried, asked
        The other methods, and the numbers of segments that were asked for.
    tested_at
        The date at which later spend was looked at.

    Examples
    --------
    See `compare`.
    """
    n_compared = len(setting.field.customers)
    notes = []
    if n_compared < n_customers:
        notes.append(f"{n_compared:,} customers, drawn at random of {n_customers:,}, were compared.")
    if len(setting.rows) < n_compared:
        notes.append(f"Silhouettes and gaps are of {len(setting.rows):,} customers drawn at random.")
    n_fast, n_slow = (min(most, n_compared) for most in (MOST_DRAWN, MOST_DRAWN_OF_SLOW))
    slow = [spell_method(method) for method in tried if count_drawn(method, n_compared) < n_fast]
    notes.append(
        f"Each of {setting.n_refits} refits learns from {n_fast:,} customers drawn anew"
        + (f", that of {', '.join(slow)} from {n_slow:,}: fewer make segments look less stable." if slow else ".")
    )
    if setting.idle is not None:
        n_idle = len(setting.idle[0].customers)
        notes.append(
            f"{n_idle:,} of the customers did nothing in the last {IDLE_DAYS} days: idle_moved_share says how many of "
            "these one and the same model has in another segment than at the beginning of these days."
        )
    if setting.tested is None:
        notes.append(NOT_VALUED)
    elif setting.tested is not setting.field:
        notes.append(
            f"What they say of later spend is that of segments learnt anew at {tested_at}, whose next days are over."
        )
    notes += [f"{spell_method(method)} was left out: {why}." for method, why in refused.items()]
    if left_out := [str(number) for number in asked if number not in setting.numbers]:
        notes.append(f"{', '.join(left_out)} segments were left out: there are fewer kinds of customers.")
    return tuple(notes)
