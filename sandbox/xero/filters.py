"""The ``where`` and ``order`` languages, as far as clients of revenue data use them.

``where``: paths, ``== != > >= < <=``, ``AND OR && ||``, parentheses, ``Guid("...")``,
``DateTime(2026,9,1)``, ``null``, and ``.Contains() .StartsWith() .EndsWith() .ToLower() .ToUpper()``.
Text compares without case [REC]. What cannot be read is 400 ``QueryParseException``.
"""

import operator
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sandbox.xero.problems import BadQuery
from sandbox.xero.wire import Bare, Record, midnight

Test = Callable[[Record], bool]
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<op>==|!=|>=|<=|&&|\|\||[=<>(),!])
    |(?P<path>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*))""",
    re.VERBOSE,
)
_CASE = re.compile(r"\.To(?:Lower|Upper|String)\(\)")  # no need of them where text compares without case
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_METHODS: dict[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def value_at(record: Record, path: str) -> Any:
    """The value under a dotted path, None where the path ends early."""
    here: Any = record
    for part in path.split("."):
        if not isinstance(here, dict):
            return None
        here = here.get(part)
    return here


def _plain(value: object) -> object:
    """One form for comparing: lower text, instants, exact numbers."""
    match value:
        case str():
            return value.casefold()
        case int() if not isinstance(value, bool):
            return Decimal(value)
        case Bare():
            return value.moment
        case date() if not isinstance(value, datetime):
            return midnight(value)
        case _:
            return value


class _Parser:
    """Recursive descent; each method eats tokens and gives a test."""

    def __init__(self, text: str, known: frozenset[str]) -> None:
        text = _CASE.sub("", text)
        self._text = text
        self._known = known
        self._tokens: list[tuple[str, str]] = []
        position = 0
        while position < len(text.rstrip()):
            found = _TOKEN.match(text, position)
            if found is None:
                raise BadQuery(f"Syntax error at index {position} in '{text}'")
            kind = str(found.lastgroup)
            self._tokens.append((kind, found[kind]))
            position = found.end()
        self._at = 0

    def parse(self) -> Test:
        test = self._either()
        if self._at < len(self._tokens):
            raise self._error()
        return test

    def _error(self) -> BadQuery:
        rest = self._tokens[self._at][1] if self._at < len(self._tokens) else "the end"
        return BadQuery(f"Syntax error near {rest} in '{self._text}'")

    def _take(self, *words: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1].upper() in words:
            self._at += 1
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise self._error()

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise self._error()
        self._at += 1
        return self._tokens[self._at - 1]

    def _either(self) -> Test:
        tests = [self._both()]
        while self._take("OR", "||"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda record: any(test(record) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take("AND", "&&"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda record: all(test(record) for test in tests)

    def _one(self) -> Test:
        if self._take("!"):
            inner = self._one()
            return lambda record: not inner(record)
        if self._take("("):
            test = self._either()
            self._need(")")
            return test
        kind, path = self._next()
        if kind != "path":
            self._at -= 1
            raise self._error()
        return self._condition(path)

    def _condition(self, path: str) -> Test:
        parts = [part for part in path.split(".") if part != "Value"]
        method = parts.pop().lower() if len(parts) > 1 and parts[-1].lower() in _METHODS else None
        field = self._field(".".join(parts))
        if method is not None:
            self._need("(")
            kind, text = self._next()
            if kind != "text":
                raise self._error()
            self._need(")")
            return _has(field, _METHODS[method], _unquoted(text).casefold())
        if self._at < len(self._tokens) and self._tokens[self._at][1] in _COMPARE:
            return _compared(field, _COMPARE[self._next()[1]], _plain(self._literal()))
        return lambda record: value_at(record, field) is True

    def _field(self, path: str) -> str:
        if path.split(".", maxsplit=1)[0] not in self._known:
            raise BadQuery(f"No property or field '{path.split('.', maxsplit=1)[0]}' exists")
        return path

    def _literal(self) -> object:
        kind, text = self._next()
        if kind == "text":
            return _unquoted(text)
        if kind == "number":
            return Decimal(text)
        match text.lower():
            case "true":
                return True
            case "false":
                return False
            case "null":
                return None
            case "guid" | "datetime" | "datetime.parse":
                return self._made(text.lower())
            case _:
                self._at -= 1
                raise self._error()

    def _made(self, kind: str) -> object:
        self._need("(")
        words: list[str] = []
        while not self._take(")"):
            words.append(self._next()[1])
            self._take(",")
        try:
            if kind == "guid":
                return _unquoted(words[0])
            if kind == "datetime.parse":
                return datetime.fromisoformat(_unquoted(words[0])).replace(tzinfo=UTC)
            year, month, day, *clock = (int(word) for word in words)
            hour, minute, second = ([*clock, 0, 0, 0])[:3]
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except (IndexError, TypeError, ValueError):
            raise BadQuery(f"Invalid {kind} in '{self._text}'") from None


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


def _has(field: str, method: Callable[[str, str], bool], wanted: str) -> Test:
    return lambda record: isinstance(value := value_at(record, field), str) and method(value.casefold(), wanted)


def _compared(field: str, compare: Callable[[Any, Any], bool], wanted: object) -> Test:
    def test(record: Record) -> bool:
        value = _plain(value_at(record, field))
        if compare is operator.eq or compare is operator.ne:
            return compare(value, wanted)
        try:
            return value is not None and wanted is not None and compare(value, wanted)
        except TypeError:
            raise BadQuery(f"{field} cannot be compared with {wanted}") from None

    return test


def where(text: str, known: frozenset[str]) -> Test:
    """A predicate from a ``where`` parameter."""
    return _Parser(text, known).parse()


def ordered(records: Iterable[Record], text: str, known: frozenset[str]) -> Sequence[Record]:
    """Sort by ``Field ASC, Other DESC``; records without a value come first."""
    result = list(records)
    for clause in reversed(text.split(",")):
        words = clause.split()
        if not words or len(words) > 2 or words[0].split(".")[0] not in known:  # noqa: PLR2004 - field, direction
            raise BadQuery(f"Cannot order by '{clause.strip()}'")
        direction = words[1].upper() if len(words) > 1 else "ASC"
        if direction not in {"ASC", "DESC", "ASCENDING", "DESCENDING"}:
            raise BadQuery(f"Cannot order by '{clause.strip()}'")

        def rank(record: Record, field: str = words[0]) -> tuple[bool, Any]:
            value = _plain(value_at(record, field))
            return value is not None, value if value is not None else 0

        result.sort(key=rank, reverse=direction.startswith("DESC"))
    return result
