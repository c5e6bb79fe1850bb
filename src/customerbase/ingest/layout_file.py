"""Layout files: a user's own layout as TOML, with all that a `Layout` can say."""

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args, get_type_hints

import duckdb

from customerbase.errors import UsageError
from customerbase.ingest.layout import MAPPABLE, Condition, Join, Layout

__all__ = ["is_layout_file", "read_layout"]


def is_layout_file(layout: str) -> bool:
    """Tell whether a layout is given as a file, and not by the name of a known one.

    Examples
    --------
    >>> is_layout_file("my-shop.toml"), is_layout_file("online-retail")
    (True, False)
    """
    return layout.lower().endswith(".toml")


def read_layout(path: Path) -> Layout:
    r"""Read a layout from a TOML file; its name is that of the file unless it says another one.

    Raises
    ------
    UsageError
        The file is missing or no TOML, or says something that no layout has.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "my-shop.toml")
    ...     _ = file.write_text('cancelling = ["C"]\n[columns]\ncustomer_id = "Client"\n[[void_when]]\n'
    ...                         'column = "Status"\npattern = "cancelled|failed"\n')
    ...     layout = read_layout(file)
    >>> layout.name, layout.columns, layout.cancelling, layout.void_when[0].pattern
    ('my-shop', {'customer_id': 'Client'}, ('C',), 'cancelled|failed')
    """
    said = _parse(path)
    try:
        checked: dict[str, Any] = {key: _check(key, value) for key, value in said.items()}
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    if not checked.get("columns"):
        raise UsageError(f"{path} needs a table [columns] with lines such as customer_id = 'Client'.")
    return Layout(**{"name": path.stem, **checked})


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}. Correct that line.") from error
    except OSError as error:
        raise UsageError(f"The layout file {path} cannot be read: {error.strerror}. Check the name.") from error


def _check(key: str, value: object) -> object:
    if key not in _CHECKS:
        raise UsageError(f"A layout has no {key!r}. It has {', '.join(_CHECKS)}.")
    return _CHECKS[key](key, value)


def _wrong(key: str, must: str, value: object) -> UsageError:
    return UsageError(f"{key!r} must be {must}. Got {value!r} instead.")


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(key, "a text", value)
    return value


def _flag(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, "true or false", value)
    return value


def _texts(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise _wrong(key, "a list of texts", value)
    return tuple(value)


def _pair(key: str, value: object) -> tuple[str, ...]:
    texts = _texts(key, value)
    if len(texts) != 2:
        raise _wrong(key, "two columns: what was paid back, and what the order came to", value)
    return texts


def _grain(key: str, value: object) -> object:
    allowed = get_args(get_type_hints(Layout)["grain"])
    if value not in allowed:
        raise _wrong(key, f"one of {', '.join(allowed)}", value)
    return value


def _canonical(key: str, name: str) -> str:
    if name not in MAPPABLE:
        raise UsageError(f"{key!r} knows the names {', '.join(MAPPABLE)}. Got {name!r} instead.")
    return name


def _names(key: str, value: object) -> frozenset[str]:
    return frozenset(_canonical(key, name) for name in _texts(key, value))


def _table(key: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _wrong(key, f"a table, [{key}]", value)
    return value


def _columns(key: str, value: object) -> dict[str, str]:
    return {_canonical(key, name): _text(f"{key}.{name}", column) for name, column in _table(key, value).items()}


def _spellings(key: str, value: object) -> dict[str, tuple[str, ...]]:
    return {_canonical(key, name): _texts(f"{key}.{name}", columns) for name, columns in _table(key, value).items()}


def _entries(key: str, value: object, needed: tuple[str, ...], optional: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Give the entries of an array of tables, each with all that it needs and nothing that it cannot have."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _wrong(key, f"one or more tables, [[{key}]]", value)
    for each in value:
        for name in each:
            if name not in (*needed, *optional):
                raise UsageError(f"[[{key}]] has no {name!r}. It has {', '.join((*needed, *optional))}.")
        for name in needed:
            if name not in each:
                raise UsageError(f"[[{key}]] needs {name!r}. Got {each!r} instead.")
    return value


def _condition(key: str, entry: Mapping[str, object]) -> Condition:
    pattern = _text(f"{key}.pattern", entry["pattern"])
    try:
        duckdb.connect().execute("SELECT regexp_matches('', ?)", [f"^(?:{pattern})$"])
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"[[{key}]] has the pattern {pattern!r}, which is no regular expression: {reason}") from error
    column = _text(f"{key}.column", entry["column"])
    return Condition(column, pattern, _flag(f"{key}.is_negated", entry.get("is_negated", False)))


def _conditions(key: str, value: object) -> tuple[Condition, ...]:
    return tuple(_condition(key, entry) for entry in _entries(key, value, ("column", "pattern"), ("is_negated",)))


def _not_products(key: str, value: object) -> tuple[tuple[str, Condition], ...]:
    entries = _entries(key, value, ("code", "column", "pattern"), ("is_negated",))
    return tuple((_text(f"{key}.code", entry["code"]), _condition(key, entry)) for entry in entries)


def _joins(key: str, value: object) -> tuple[Join, ...]:
    entries = _entries(key, value, ("table", "column", "to"), ("key",))
    return tuple(Join(**{name: _text(f"{key}.{name}", text) for name, text in entry.items()}) for entry in entries)


_CHECKS: dict[str, Callable[[str, object], object]] = {
    "name": _text,
    "columns": _columns,
    "optional": _names,
    "cancelling": _texts,
    "adjusting": _texts,
    "spellings": _spellings,
    "grain": _grain,
    "amounts": _text,
    "void_when": _conditions,
    "return_when": _conditions,
    "not_products": _not_products,
    "refunded": _pair,
    "goods_total": _text,
    "is_filled_down": _flag,
    "time_of_day": _text,
    "percentages": _names,
    "joins": _joins,
}
"""Key of the file → what checks its value and turns it into that of the `Layout`."""
