"""Asking: what a list of customers is asked for, as its widgets hold it and as it stands in the URL."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import streamlit as st

from customerbase.dashboard.people import Condition

__all__ = [
    "CONDITIONS",
    "LONGEST_SEARCH",
    "ORDER",
    "SEARCH",
    "fill_in",
    "forget_widgets",
    "held",
    "keys_of",
    "parse",
    "put_by",
    "spell",
    "take_up",
    "told",
]

SEARCH, CONDITIONS, ORDER = "search", "where", "order"
"""Keys of the widgets, which are the names in the URL."""

_FIRST_ORDER, _PUT_BY = "first_order", "put_by"

LONGEST_SEARCH = 200
_MOST_CONDITIONS = 50


def keys_of(feature: str) -> tuple[str, str, str]:
    """Name the widgets of a condition: its least and its most, or its values."""
    return f"{feature}.least", f"{feature}.most", f"{feature}.is"


def spell(condition: Condition) -> list[str]:
    """Write a condition as the URL holds it: bounds as `feature:least:most`, each value as `feature=value`.

    Examples
    --------
    >>> spell(Condition("frequency", 20.0, None)), spell(Condition("country", values=("Spain", "EIRE")))
    (['frequency:20:'], ['country=Spain', 'country=EIRE'])
    >>> spell(Condition("country"))
    ['country=']
    """
    if condition.least is not None or condition.most is not None:
        bounds = ("" if bound is None else f"{bound:.15g}" for bound in (condition.least, condition.most))
        return [":".join((condition.feature, *bounds))]
    return [f"{condition.feature}={value}" for value in condition.values or ("",)]


def parse(texts: Iterable[str], features: Sequence[str]) -> tuple[Condition, ...]:
    """Read conditions that `spell` wrote; what is none, or of no feature, is left out.

    Examples
    --------
    >>> parse(["frequency:20:", "country=Spain", "country=EIRE", "shoe_size:1:2", "age:old:"],
    ...       ["frequency", "country", "age"])
    (Condition(feature='frequency', least=20.0, most=None, values=()),
     Condition(feature='country', least=None, most=None, values=('Spain', 'EIRE')),
     Condition(feature='age', least=None, most=None, values=()))
    """
    found: dict[str, Condition] = {}
    for text in texts:
        feature = next((name for name in features if text.startswith((f"{name}=", f"{name}:"))), None)
        if feature is None:
            continue
        rest = text[len(feature) + 1 :]
        if text[len(feature)] == ":":
            least, _, most = rest.partition(":")
            found[feature] = Condition(feature, _number(least), _number(most))
        else:
            before = found.get(feature, Condition(feature)).values
            found[feature] = Condition(feature, values=(*before, rest) if rest else before)
    return tuple(found.values())[:_MOST_CONDITIONS]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < 1e15 else None  # beyond it, a field of the page holds no number


def told() -> dict[str, list[str]]:
    """Give what the URL says of a list."""
    return {name: st.query_params.get_all(name) for name in (SEARCH, CONDITIONS, ORDER)}


def held() -> dict[str, list[str]]:
    """Give what the widgets of a list hold, as the URL is to say it; where they are not there yet, what it says."""
    state = st.session_state
    if SEARCH not in state:
        return told()
    texts: list[str] = []
    for feature in state.get(CONDITIONS, []):
        least, most, values = keys_of(feature)
        texts += spell(Condition(feature, state.get(least), state.get(most), tuple(state.get(values, ()))))
    order = state.get(ORDER)
    is_said = order is not None and order != state.get(_FIRST_ORDER)
    return {SEARCH: [state[SEARCH]] if state[SEARCH] else [], CONDITIONS: texts, ORDER: [order] if is_said else []}


def fill_in(
    features: Mapping[str, Callable[[], Sequence[str]] | None], orders: Sequence[str], first: str | None
) -> None:
    """Let the widgets, where they are not there yet, hold what the URL says; before they are shown.

    Parameters
    ----------
    features
        What there can be conditions on → what gives its values, or None for a number.
    orders
        By what the list can be ordered.
    first
        The order that need not be said.
    """
    state = st.session_state
    state[_FIRST_ORDER] = first
    if SEARCH in state:
        return
    asked = told()
    conditions = parse(asked[CONDITIONS], list(features))
    state[SEARCH] = "".join(asked[SEARCH][-1:])[:LONGEST_SEARCH]
    state[CONDITIONS] = [each.feature for each in conditions]
    state[ORDER] = next((order for order in asked[ORDER] if order in orders), first)
    for each in conditions:
        least, most, values = keys_of(each.feature)
        if list_values := features[each.feature]:
            state[values] = [value for value in list_values() if value in each.values]
        else:
            state[least], state[most] = each.least, each.most


def forget_widgets() -> None:
    """Let the widgets hold what the URL says when they are shown next."""
    st.session_state.pop(SEARCH, None)


def put_by() -> None:
    """Keep what the widgets hold, since they go when another page is shown."""
    state = st.session_state
    names = [SEARCH, CONDITIONS, ORDER, *(key for feature in state[CONDITIONS] for key in keys_of(feature))]
    state[_PUT_BY] = {name: state[name] for name in names if name in state}


def take_up() -> None:
    """Let the widgets hold again what they held last; from the callback of another widget."""
    for name, value in st.session_state.get(_PUT_BY, {}).items():
        st.session_state[name] = value
