"""Conditions: when a guard speaks, in a small closed language. Nothing is ever run that a contract says.

    condition = both { "or" both } ;          both  = one { "and" one } ;
    one       = "not" one | "(" condition ")" | name [ test ] ;
    test      = ("==" | "!=") value | ("<" | "<=" | ">" | ">=") number
              | ["not"] "in" "(" value { "," value } ")" | "is" ["not"] "empty" ;
    value     = text in quotes | number | "true" | "false" ;

A condition is true, false or not known (None). Not known goes through `and`, `or` and `not` as a person would expect:
`false and unknown` is false, `true and unknown` is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Any

Lookup = Callable[[str], Any]  # the value of a name; UNKNOWN where nobody can say
Value = str | Decimal | bool

TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<text>"[^"\n]*"|'[^'\n]*')|(?P<number>-?\d+(?:\.\d+)?\b)|(?P<word>[A-Za-z_][\w.]*)"""
    r"""|(?P<mark>==|!=|<=|>=|<|>|\(|\)|,)"""
)
KEYWORDS = {"and", "or", "not", "in", "is", "empty", "true", "false"}
ORDERINGS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
DEEPEST = 20  # brackets and nots inside each other; more is no condition that people read
MOST_CASES = 20_000  # tried by `can_hold`, in well under a second; a condition with more is taken to be possible


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


class ConditionError(ValueError):
    """A condition that cannot be read: line, column, what was expected, and the place itself."""

    def __init__(self, text: str, at: int, expected: str) -> None:
        """Say it for the place `at` in `text`."""
        before = text[:at]
        line, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
        found = TOKEN.match(text, at)
        seen = repr(found.group()) if found else repr(text[at]) if at < len(text) else "the end"
        shown = text.split("\n")[line - 1]
        super().__init__(
            f"line {line}, column {column}: expected {expected}, found {seen}\n    {shown}\n    {' ' * (column - 1)}^"
        )
        self.line, self.column, self.expected = line, column, expected


@dataclass(frozen=True, slots=True)
class Question:
    """One name against something; `kind` is truth, one_of, empty, or an ordering."""

    name: str
    kind: str
    values: tuple[Value, ...] = ()

    def holds(self, look: Lookup) -> bool | None:
        """Whether it is so; None: nobody can say."""
        shown = look(self.name)
        if shown is UNKNOWN:
            return None
        if self.kind == "empty":
            return shown is None or shown in ("", []) or (isinstance(shown, dict) and not any(shown.values()))
        if self.kind == "truth":
            return shown if isinstance(shown, bool) else (False if shown is None else None)
        if self.kind == "one_of":
            return any(_equal(shown, value) for value in self.values)
        amount, bound = _amount(shown), self.values[0]
        if amount is None or not isinstance(bound, Decimal):
            return False if shown is None or shown == "" else None
        return ORDERINGS[self.kind](amount, bound)


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    part: Node

    def holds(self, look: Lookup) -> bool | None:
        """Whether it is so."""
        found = self.part.holds(look)
        return None if found is None else not found


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts joined by one word: `decided_by` is False for `and`, True for `or`."""

    decided_by: bool
    parts: tuple[Node, ...]

    def holds(self, look: Lookup) -> bool | None:
        """Whether it is so."""
        found = [part.holds(look) for part in self.parts]
        if self.decided_by in found:
            return self.decided_by
        return None if None in found else not self.decided_by


Node = Question | Not | Joined


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """Read a condition.

    Raises:
        ConditionError: it is none.
    """
    reader = _Reader(text, list(_tokens(text)))
    node = reader.condition()
    if reader.kind != "end":
        raise reader.error("'and', 'or' or the end")
    return node


def questions(node: Node) -> Iterator[Question]:
    """All questions of a condition."""
    if isinstance(node, Question):
        yield node
    else:
        for part in [node.part] if isinstance(node, Not) else node.parts:
            yield from questions(part)


def can_hold(node: Node) -> bool:
    """Whether there is any case in which the condition is true: every name is tried with all values that matter."""
    tried: dict[str, list[Any]] = {}
    for each in questions(node):
        values = tried.setdefault(each.name, [None])
        values += [True, False] if each.kind == "truth" else [*each.values, "anything else"]
        values += [value + step for value in each.values if isinstance(value, Decimal) for step in (-1, 1)]
    count = 1
    for values in tried.values():
        count *= len(values)
    if count > MOST_CASES:
        return True
    return any(node.holds(dict(zip(tried, case, strict=True)).__getitem__) for case in product(*tried.values()))


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if found is None:
            raise ConditionError(text, at, "a name, a value, a comparison or a bracket")
        if found.lastgroup != "space":
            yield str(found.lastgroup), found.group(), at
        at = found.end()
    yield "end", "", len(text.rstrip())


@dataclass(slots=True)
class _Reader:
    """Reads tokens from left to right; one function for each line of the grammar."""

    text: str
    tokens: list[tuple[str, str, int]]
    place: int = 0
    depth: int = 0

    @property
    def kind(self) -> str:
        return self.tokens[self.place][0]

    @property
    def word(self) -> str:
        return "" if self.kind == "text" else self.tokens[self.place][1]

    def error(self, expected: str) -> ConditionError:
        return ConditionError(self.text, self.tokens[self.place][2], expected)

    def took(self, word: str) -> bool:
        if self.word != word:
            return False
        self.place += 1
        return True

    def need(self, word: str) -> None:
        if not self.took(word):
            raise self.error(repr(word))

    def condition(self) -> Node:
        return self._joined("or", lambda: self._joined("and", self._one, decided_by=False), decided_by=True)

    def _joined(self, word: str, part: Callable[[], Node], *, decided_by: bool) -> Node:
        parts = [part()]
        while self.took(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(decided_by, tuple(parts))

    def _one(self) -> Node:
        if self.word in {"not", "("}:
            return self._nested()
        if self.kind != "word" or self.word in KEYWORDS:
            raise self.error("a name, as customer.ordered or erp.name, 'not' or '('")
        name = self.word
        self.place += 1
        return self._test(name)

    def _nested(self) -> Node:
        if self.depth == DEEPEST:
            raise self.error(f"at most {DEEPEST} brackets and nots inside each other")
        self.depth += 1
        if self.took("not"):
            found: Node = Not(self._one())
        else:
            self.need("(")
            found = self.condition()
            self.need(")")
        self.depth -= 1
        return found

    def _test(self, name: str) -> Node:
        if self.took("=="):
            return Question(name, "one_of", (self._value(),))
        if self.took("!="):
            return Not(Question(name, "one_of", (self._value(),)))
        if self.word in ORDERINGS:
            kind = self.word
            self.place += 1
            if self.kind != "number":
                raise self.error("a number")
            return Question(name, kind, (self._value(),))
        if self.took("is"):
            wanted = not self.took("not")
            self.need("empty")
            return Question(name, "empty") if wanted else Not(Question(name, "empty"))
        if self.took("not"):
            self.need("in")
            return Not(Question(name, "one_of", self._values()))
        return Question(name, "one_of", self._values()) if self.took("in") else Question(name, "truth")

    def _values(self) -> tuple[Value, ...]:
        self.need("(")
        values = [self._value()]
        while self.took(","):
            values.append(self._value())
        self.need(")")
        return tuple(values)

    def _value(self) -> Value:
        kind, shown, _ = self.tokens[self.place]
        if kind not in {"text", "number"} and shown not in {"true", "false"}:
            raise self.error("a text in quotes, a number, true or false")
        self.place += 1
        if kind == "text":
            return shown[1:-1]
        return Decimal(shown) if kind == "number" else shown == "true"


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        return None
    return Decimal(str(value))


def _equal(shown: Any, value: Value) -> bool:
    if isinstance(value, Decimal):
        return _amount(shown) == value
    return bool(shown == value)
