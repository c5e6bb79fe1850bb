"""The kinds of customers and what to do with each; what is said about them stands in `playbook.toml`."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import numpy as np

from customerbase.errors import DataError

__all__ = [
    "KINDS",
    "Archetype",
    "Requirement",
    "Strategy",
    "load_across",
    "load_playbook",
    "parse_playbook",
]

KINDS = (
    "life-cycle",
    "coupon-use",
    "behaviour",
    "coupons",
    "engagement",
    "everyone",
    "plain",
    "scheme",
    "unusual",
)
"""Life-cycle kinds are named by distance, and where nothing is known of orders the kinds of coupon use; the next three
only where their features clearly say so; the plain kind where no other suits, and the unusual one for those whom a
clusterer leaves without a group."""


_BRACKETS = re.compile(r"\[[^\[\]|]*(?:\|([^\[\]]*))?\]")


@dataclass(frozen=True)
class Strategy:
    """What to do with a kind of customer: a goal, three to five actions, where, what to avoid, what to measure.

    Examples
    --------
    >>> load_playbook()["new"].strategy.goal
    'Win the next order soon.'
    """

    goal: str
    actions: tuple[str, ...]
    channel: str
    avoid: str
    measure: str


@dataclass(frozen=True)
class Requirement:
    """What a statistic of a profile must be before a segment may bear a name.

    A feature that the shop does not have shows nothing: the requirement then fails, unless `holds_if_unknown`.

    Examples
    --------
    >>> Requirement("age_days", at_most=0.35).statistic
    'percentile_rank'
    """

    feature: str
    statistic: str = "percentile_rank"
    at_least: float = -np.inf
    at_most: float = np.inf
    holds_if_unknown: bool = False


@dataclass(frozen=True)
class Archetype:
    """A kind of customer: how it shows in a profile, and the strategy for it.

    `prototype` holds mean percentile ranks by feature; `scheme_names` the names of published schemes that it serves.
    `wording` is the strategy with parts in brackets that a segment's own figures fill; `strategy` is what stands where
    none of them is known.

    Examples
    --------
    >>> load_playbook()["champions"].name
    'Champions'
    """

    key: str
    name: str
    kind: str
    description: str
    color: str
    scheme_names: tuple[str, ...]
    prototype: Mapping[str, float]
    requires: tuple[Requirement, ...]
    strategy: Strategy
    wording: Strategy


@cache
def load_playbook() -> Mapping[str, Archetype]:
    """Return the archetypes that come with the package, by key.

    Examples
    --------
    >>> list(load_playbook())[:3]
    ['champions', 'loyal', 'potential_loyalists']
    """
    return parse_playbook((files("customerbase.segmentation") / "playbook.toml").read_text(encoding="utf-8"))


def parse_playbook(text: str) -> Mapping[str, Archetype]:
    """Return the archetypes of a playbook, by key, in the order of the text.

    Parameters
    ----------
    text
        TOML: one `[[archetype]]` table for each kind of customer, in the form of `playbook.toml`.

    Raises
    ------
    DataError
        The text is no TOML, an entry is incomplete, or a key, a name, a colour or an action stands twice.

    Examples
    --------
    >>> parse_playbook("archetype = 3")
    Traceback (most recent call last):
    ...
    customerbase.errors.DataError: The playbook has no [[archetype]] entries. Give each kind of customer one.
    """
    try:
        entries = tomllib.loads(text).get("archetype")
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"The playbook cannot be read as TOML: {error}. Mend that line.") from error
    if not isinstance(entries, list):
        raise DataError("The playbook has no [[archetype]] entries. Give each kind of customer one.")
    archetypes = tuple(_parse_archetype(entry) for entry in entries)
    _check_unique(archetypes)
    return MappingProxyType({archetype.key: archetype for archetype in archetypes})


def _parse_archetype(entry: Mapping[str, Any]) -> Archetype:
    try:
        wording = Strategy(**{**entry["strategy"], "actions": tuple(entry["strategy"]["actions"])})
        strategy = Strategy(**{part: _without_brackets(said) for part, said in vars(wording).items()})
        archetype = Archetype(
            **{
                **entry,
                "scheme_names": tuple(entry["scheme_names"]),
                "prototype": MappingProxyType(entry["prototype"]),
                "requires": tuple(Requirement(**requirement) for requirement in entry["requires"]),
                "strategy": strategy,
                "wording": wording,
            }
        )
    except (KeyError, TypeError) as error:
        raise DataError(
            f"The playbook's entry '{entry.get('key')}' is incomplete or has an unknown part: {error}. "
            "Give it the parts that the other entries have."
        ) from error
    if archetype.kind not in KINDS or not 3 <= len(strategy.actions) <= 5:
        raise DataError(
            f"The playbook's entry '{archetype.key}' has kind '{archetype.kind}' and {len(strategy.actions)} actions. "
            f"A kind is one of {', '.join(KINDS)}, and a strategy has 3 to 5 actions."
        )
    return archetype


def _without_brackets(said: Any) -> Any:  # noqa: ANN401 - a sentence or several
    return _BRACKETS.sub(r"\1", said) if isinstance(said, str) else tuple(_BRACKETS.sub(r"\1", one) for one in said)


@cache
def load_across() -> tuple[str, ...]:
    """Return what is to be done across segments: sentences with parts in brackets, to be filled.

    Examples
    --------
    >>> len(load_across())
    8
    """
    text = (files("customerbase.segmentation") / "playbook.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["across"])


def _check_unique(archetypes: Sequence[Archetype]) -> None:
    parts = {
        "key": [archetype.key for archetype in archetypes],
        "name": [archetype.name for archetype in archetypes],
        "color": [archetype.color for archetype in archetypes],
        "scheme name": [name for archetype in archetypes for name in archetype.scheme_names],
        "action": [action for archetype in archetypes for action in archetype.strategy.actions],
    }
    for part, values in parts.items():
        value, n = Counter(values).most_common(1)[0] if values else ("", 0)
        if n > 1:
            raise DataError(f"The playbook has the {part} '{value}' {n} times. Each may stand once: change the others.")
