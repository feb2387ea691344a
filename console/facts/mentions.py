"""Mentions: which companies and products a sentence speaks of.

In: fact sheets, a sentence. Out: the sheets that it names. Pure. A name is looked for by its words, without case,
accents and the form of a company; a name of one word only where it is written as a name is. Where a longer name holds a
shorter one, the longer counts; a name that runs on into another capital (Acme, in Acme Robotics) is another's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agents.rules.duplicates import bare, is_form, name_key
from console.facts.sheet import FactSheet
from console.facts.spelling import compact, domain_key
from schemas.names import Entity

LEAST = 3  # letters of a name or a SKU that is looked for
LEAST_DIGITS = 5  # of a SKU without letters: shorter ones are numbers of something
_WORD = re.compile(r"[^\W_]+")
_CODE = re.compile(r"[^\W_][\w./-]*")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    record: str

    def inside(self, other: _Span) -> bool:
        return (other.start <= self.start and self.end <= other.end) and (self.end - self.start) < (
            other.end - other.start
        )


class Names:
    """All that sheets are called, to be found in sentences."""

    def __init__(self, sheets: Iterable[FactSheet]) -> None:
        self._sheets = {each.record: each for each in sheets}
        self._names: defaultdict[str, set[tuple[tuple[str, ...], str]]] = defaultdict(set)
        self._codes: defaultdict[str, set[str]] = defaultdict(set)
        self._domains: defaultdict[str, set[str]] = defaultdict(set)
        for each in self._sheets.values():
            for name in each.names:
                words = tuple(word for word in name_key(name).split() if word != "and")
                if len("".join(words)) >= LEAST:
                    self._names[words[0]].add((words, each.record))
            for value in (fact.value for fact in each.facts if fact.name == "sku" and fact.value):
                if _telling(code := compact(str(value))):
                    self._codes[code].add(each.record)
            if domain := each.value("domain"):
                self._domains[domain_key(domain)].add(each.record)

    def subjects(self, sentence: str) -> dict[Entity, list[FactSheet]]:
        """The companies and the products that a sentence names."""
        spans = [*self._named(sentence), *self._coded(sentence)]
        outer = {span.record for span in spans if not any(span.inside(other) for other in spans)}
        found: defaultdict[Entity, list[FactSheet]] = defaultdict(list)
        for record in sorted(outer):
            found[self._sheets[record].entity].append(self._sheets[record])
        return dict(found)

    def _named(self, sentence: str) -> Iterator[_Span]:
        words = [
            _Word(match[0], bare(match[0]), match.start(), match.end())
            for match in _WORD.finditer(sentence)
            if match[0].casefold() != "and"
        ]
        for place, word in enumerate(words):
            for name, record in self._names.get(word.key, ()):
                last = place + len(name)
                if tuple(each.key for each in words[place:last]) != name:
                    continue
                if len(name) == 1 and word.text.islower():
                    continue
                if not _runs_on(sentence, words, last):
                    yield _Span(word.start, words[last - 1].end, record)

    def _coded(self, sentence: str) -> Iterator[_Span]:
        for match in _CODE.finditer(sentence):
            text = match[0].rstrip("./-")
            for record in self._codes.get(compact(text), ()):
                yield _Span(match.start(), match.start() + len(text), record)
            named = domain_key(text)
            for record in self._domains.get(named, ()):
                yield _Span(match.start(), match.start() + len(text), record)


def _telling(code: str) -> bool:
    return len(code) >= (LEAST_DIGITS if code.isdecimal() else LEAST)


def _runs_on(sentence: str, words: list[_Word], last: int) -> bool:
    """Whether another word of a name follows. A company's form ends one."""
    if last >= len(words):
        return False
    before, after = words[last - 1], words[last]
    joined = sentence[before.end : after.start] in {" ", "-"}
    return joined and after.text[0].isupper() and not is_form(after.key)
