"""Sentences with parts in brackets that stand only where the figures in them are known."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from string import Formatter

from customerbase.segmentation.playbook import Archetype, Strategy

__all__ = ["clean_name", "clean_names", "fields_of", "fill_sentence", "fill_strategy", "join_words"]

_OPTIONAL = re.compile(r"\[(?:(\w+)\?)?([^\[\]|]*)(?:\|([^\[\]]*))?\]")
_FACT = re.compile(r"\[(\w+)\?")
_LONGEST_NAME = 60
N_FAVOURITES = 3
N_LOOKED_UP = 6
"""Some codes share a name, and of some names nothing is left: more are looked up than are told."""


def fill_sentence(wording: str, figures: Mapping[str, str]) -> str:
    """Fill a sentence: a part in brackets stands where every figure named in it is known, and else vanishes.

    Parameters
    ----------
    wording
        A sentence such as `Write[ on day {write_day}].` A part such as `[rhythm?their day|some day]` asks for a figure
        that it does not name, and says what stands otherwise.
    figures
        Texts by name. They are taken as they are: brackets and braces in them mean nothing.

    Examples
    --------
    >>> wording = "Set a threshold a fifth above their usual basket[ of {basket}]."
    >>> fill_sentence(wording, {"basket": "308"}), fill_sentence(wording, {})
    ('Set a threshold a fifth above their usual basket of 308.', 'Set a threshold a fifth above their usual basket.')
    >>> fill_sentence("Win the [mostly_once?second|next] order.", {})
    'Win the next order.'
    """

    def fill(match: re.Match[str]) -> str:
        fact, part, otherwise = match.groups()
        asked = fields_of(part) | ({fact} if fact else set())
        return part.format_map(figures) if asked <= set(figures) else otherwise or ""

    return _OPTIONAL.sub(fill, wording)


def fields_of(wording: str) -> set[str]:
    """Give the names of the figures and facts that a sentence asks for.

    Examples
    --------
    >>> fields_of("Write[ on day {write_day}].")
    {'write_day'}
    """
    return {name for _, name, _, _ in Formatter().parse(wording) if name} | set(_FACT.findall(wording))


def fill_strategy(strategy: Strategy, archetype: Archetype, figures: Mapping[str, str]) -> Strategy:
    """Fill the sentences of a strategy that are the archetype's own; what the user has written stays as it is.

    Examples
    --------
    >>> from customerbase.segmentation.playbook import load_playbook
    >>> loyal = load_playbook()["potential_loyalists"]
    >>> fill_strategy(loyal.strategy, loyal, {"basket": "308", "basket_more": "370"}).actions[0]
    'Set a free-delivery threshold at 370, a fifth above their usual basket of 308.'
    """
    pairs = zip(_sentences(archetype.strategy), _sentences(archetype.wording), strict=True)
    filled = {plain: fill_sentence(wording, figures) for plain, wording in pairs}
    single = {part: filled.get(text, text) for part, text in vars(strategy).items() if part != "actions"}
    return replace(strategy, **single, actions=tuple(filled.get(text, text) for text in strategy.actions))


def _sentences(strategy: Strategy) -> tuple[str, ...]:
    return (strategy.goal, *strategy.actions, strategy.channel, strategy.avoid, strategy.measure)


def clean_name(name: str) -> str:
    r"""Give a name of the data as one line of plain text: no control signs, no more than 60 letters.

    Examples
    --------
    >>> clean_name("WHITE  HANGING\nHEART\u202e")
    'WHITE HANGING HEART'
    """
    visible = "".join(sign if unicodedata.category(sign)[0] != "C" else " " for sign in name)
    text = " ".join(visible.split())
    return text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1].rstrip()}…"


def clean_names(names: Sequence[str]) -> tuple[str, ...]:
    """Give the first three names as plain text, each once and without those of which nothing is left.

    Examples
    --------
    >>> clean_names(["Mug", " Mug", "", "Pan"])
    ('Mug', 'Pan')
    """
    found = dict.fromkeys(filter(None, (clean_name(str(name)) for name in names[:N_LOOKED_UP])))
    return tuple(found)[:N_FAVOURITES]


def join_words(words: tuple[str, ...]) -> str:
    """Join names as a sentence does.

    Examples
    --------
    >>> join_words(("a", "b", "c")), join_words(("a",))
    ('a, b and c', 'a')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
