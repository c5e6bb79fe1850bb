"""From the text of a condition to its tree: a small grammar of its own, in which nothing is ever executed.

condition  = all { "or" all }
all        = one { "and" one }
one        = "not" one | "(" condition ")" | feature [ test ]
test       = operator ( value | feature ) | [ "not" ] "between" value "and" value
           | [ "not" ] "in" "(" value { "," value } ")" | "is" [ "not" ] "missing"
operator   = "=" | "==" | "!=" | "<>" | "≠" | "<" | "<=" | "≤" | ">" | ">=" | "≥"
"""

import re
from dataclasses import dataclass
from datetime import date

from customerbase.errors import UsageError
from customerbase.segmentation.conditions.syntax import (
    KEYWORDS,
    OPERATORS,
    And,
    Between,
    Column,
    Comparison,
    Flag,
    In,
    Missing,
    Node,
    Not,
    Or,
    Value,
)

__all__ = ["MOST_CHARACTERS", "MOST_DEPTH", "parse_condition"]

MOST_CHARACTERS = 5_000
MOST_DEPTH = 30
_MOST_SHOWN = 40
_MOST_DIGITS = 18

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<date>\d{4}-\d{1,2}-\d{1,2}(?![\w.]))
    | (?P<number>[-+]?(?:\d[\d_.,]*[\w.]*|\.\d+))
    | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    | (?P<quoted>`[^`]*`)
    | (?P<name>[^\W\d]\w*)
    | (?P<operator><=|>=|==|!=|<>|[=<>≤≥≠])
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
_SAME = {"==": "=", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">="}
_PLAIN_NUMBER = re.compile(r"[-+]?(?:\d+(?:_\d+)*|\d{1,3}(?:,\d{3})+)?(?:\.\d+)?")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    position: int

    @property
    def word(self) -> str:
        """The keyword or mark that this is; nothing where it is something else."""
        if self.kind == "name":
            return self.text.casefold() if self.text.casefold() in KEYWORDS else ""
        return self.text if self.kind == "mark" else ""


def parse_condition(text: str) -> Node:
    """Read a condition.

    Parameters
    ----------
    text
        At most 5,000 characters, brackets and `not` at most 30 deep. Keywords may have capitals. Numbers have a point
        before the decimals, and `_` or `,` between thousands; texts stand in single or double quotes, a quote within
        doubled; dates are written as YYYY-MM-DD; a feature whose name is no plain word stands in backticks.

    Raises
    ------
    UsageError
        It is no condition; the message says at which character, counted from 1.

    Examples
    --------
    >>> parse_condition("frequency >= 6 and monetary > 1,000")
    And(parts=(Comparison(column='frequency', operator='>=', value=6, position=1),
               Comparison(column='monetary', operator='>', value=1000, position=20)))
    >>> parse_condition("frequency > 5; DROP TABLE customers")
    Traceback (most recent call last):
    ...
    customerbase.errors.UsageError: position 14: ';' has no place in a condition. Compare features with values, ...
    """
    if len(text) > MOST_CHARACTERS:
        raise UsageError(
            f"position {MOST_CHARACTERS + 1}: the condition goes on after {MOST_CHARACTERS:,} characters, and has "
            f"{len(text):,}. Split it into several segments."
        )
    return _Parser(text).parse()


class _Parser:
    """Reads tokens from left to right, one function for each rule of the grammar."""

    def __init__(self, text: str) -> None:
        self.tokens = _split(text)
        self.place = 0
        self.depth = 0

    def parse(self) -> Node:
        if self.now.kind == "end":
            raise UsageError("position 1: the condition is empty. Write one such as recency_days <= 90.")
        node = self.any_of()
        if self.now.kind != "end":
            raise _wrong(self.now, "'and', 'or' or the end")
        return node

    @property
    def now(self) -> _Token:
        return self.tokens[self.place]

    def next(self) -> _Token:
        token = self.now
        self.place += 1
        return token

    def takes(self, word: str) -> bool:
        """Go on if this word comes next."""
        found = self.now.word == word
        self.place += found
        return found

    def wants(self, word: str) -> None:
        if not self.takes(word):
            raise _wrong(self.now, f"'{word}'")

    def any_of(self) -> Node:
        parts = [self.all_of()]
        while self.takes("or"):
            parts.append(self.all_of())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def all_of(self) -> Node:
        parts = [self.one()]
        while self.takes("and"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def one(self) -> Node:
        if self.now.word not in {"not", "("}:
            return self.about_a_feature()
        token = self.next()
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise UsageError(
                f"position {token.position}: brackets and 'not' stand more than {MOST_DEPTH} deep. Write it flatter."
            )
        if token.word == "not":
            node: Node = Not(self.one())
        else:
            node = self.any_of()
            self.wants(")")
        self.depth -= 1
        return node

    def about_a_feature(self) -> Node:
        column, position = self.feature()
        if self.now.kind == "operator":
            return Comparison(column, self.operator(), self.right_side(), position)
        if self.takes("is"):
            is_negated = self.takes("not")
            self.wants("missing")
            return Missing(column, is_negated, position)
        is_negated = self.takes("not")
        if self.takes("between"):
            low = self.value()
            self.wants("and")
            return Between(column, low, self.value(), is_negated, position)
        if self.takes("in"):
            return In(column, self.values(), is_negated, position)
        if is_negated:
            raise _wrong(self.now, "'between' or 'in'")
        return Flag(column, position)

    def feature(self) -> tuple[str, int]:
        if not _is_feature(self.now):
            raise _wrong(self.now, "a feature, such as recency_days,")
        token = self.next()
        return token.text.strip("`"), token.position

    def operator(self) -> str:
        token = self.next()
        return _SAME.get(token.text, token.text)

    def right_side(self) -> Value | Column:
        return Column(self.feature()[0]) if _is_feature(self.now) else self.value()

    def values(self) -> tuple[Value, ...]:
        self.wants("(")
        values = [self.value(in_list=True)]
        while self.takes(","):
            values.append(self.value(in_list=True))
        self.wants(")")
        return tuple(values)

    def value(self, *, in_list: bool = False) -> Value:
        token = self.now
        if token.word in {"true", "false"}:
            self.place += 1
            return token.word == "true"
        if token.kind == "number" and in_list:
            self._split_list(token)
        if self.now.kind not in {"number", "text", "date"}:
            hint = " Texts stand in quotes: 'France'." if token.kind == "name" else ""
            raise _wrong(token, "a value", hint)
        return _read_value(self.next())

    def _split_list(self, token: _Token) -> None:
        """Take the comma that ends a number of a list off it: in a list, a comma parts two values."""
        if re.search(r",\d", token.text):
            raise UsageError(
                f"position {token.position}: {_shown(token)} could be one number or several. In a list, write 1_000 "
                "for thousands and a space after each comma."
            )
        number = token.text.rstrip(",")
        if len(token.text) - len(number) == 1:
            comma = _Token("mark", ",", token.position + len(number))
            self.tokens[self.place : self.place + 1] = [_Token("number", number, token.position), comma]


def _split(text: str) -> list[_Token]:
    tokens = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise _no_token(text, place)
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind], match.start(kind) + 1))
        place = match.end()
    return [*tokens, _Token("end", "", len(text) + 1)]


def _no_token(text: str, place: int) -> UsageError:
    place += len(text[place:]) - len(text[place:].lstrip())
    sign = text[place]
    if sign in "'\"`":
        return UsageError(f"position {place + 1}: the quote {sign} is not closed. Close it.")
    return UsageError(
        f"position {place + 1}: {sign!r} has no place in a condition. Compare features with values, "
        f"by {' '.join(OPERATORS)}, between, in or is missing, and join them by and, or, not."
    )


def _is_feature(token: _Token) -> bool:
    return token.kind == "quoted" or (token.kind == "name" and not token.word)


def _shown(token: _Token) -> str:
    if token.kind == "end":
        return "the end"
    text = token.text
    return repr(text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…")


def _wrong(token: _Token, wanted: str, hint: str = "") -> UsageError:
    return UsageError(f"position {token.position}: {wanted} should stand here. Got {_shown(token)} instead.{hint}")


def _read_value(token: _Token) -> Value:
    if token.kind == "text":
        quote = token.text[0]
        return token.text[1:-1].replace(quote * 2, quote)
    return _read_date(token) if token.kind == "date" else _read_number(token)


def _read_date(token: _Token) -> date:
    try:
        return date.fromisoformat(token.text)
    except ValueError:
        raise UsageError(
            f"position {token.position}: {_shown(token)} is no date. Write it as YYYY-MM-DD, such as 2024-01-31."
        ) from None


def _read_number(token: _Token) -> int | float:
    digits = token.text.replace("_", "").replace(",", "")
    n_digits = sum(sign.isdigit() for sign in digits)
    if not (token.text.isascii() and _PLAIN_NUMBER.fullmatch(token.text)) or n_digits > _MOST_DIGITS:
        raise UsageError(
            f"position {token.position}: {_shown(token)} is no number. Write it as 1000, 1_000, 1,000 or 0.25, with at "
            f"most {_MOST_DIGITS} digits."
        )
    return float(digits) if "." in digits else int(digits)
