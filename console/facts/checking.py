"""Answers against fact sheets: the sentences that contradict one, and what could not be compared.

In: answers, fact sheets. Out: contradictions with their sentence, sentences that were not compared and why, how much
was. Pure and deterministic: rules over the words of a sentence, and no judgement of what it may mean. What is denied,
past, conditional or said of several at once is told as not compared; silence about a fact contradicts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.facts.answers import Answer, sentences
from console.facts.claims import claims
from console.facts.judging import judged
from console.facts.mentions import Names
from console.facts.sheet import Fact, FactSheet
from schemas.names import Entity

LONGEST = 1_000  # letters of a sentence: what is longer is a table or a dump, and patterns would take their time
OF: Mapping[str, Entity] = {"price": Entity.PRODUCT, "sku": Entity.PRODUCT}  # every other fact is a company's
_DENIED = re.compile(
    r"\b(?:not|never|no longer|neither|nor|cannot|without|unknown|unsure)\b|n['\u2019]t\b", re.IGNORECASE
)
_PAST = re.compile(r"\b(?:was|were|formerly|previously|used to|until|once|had been|in the past)\b", re.IGNORECASE)
_PERHAPS = re.compile(r"\b(?:if|would|could|might|may be|perhaps|possibly|probably|likely|I think|assum\w+)\b")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A sentence that says otherwise than a sheet; `said` is the part of it that does."""

    record: str
    label: str
    fact: str
    said: str
    value: Any
    owner: str
    sentence: str
    currency: str = ""
    assistant: str = ""


@dataclass(frozen=True, slots=True)
class Uncompared:
    """A sentence that states something a sheet could hold, and was not compared."""

    sentence: str
    facts: tuple[str, ...]
    why: str
    assistant: str = ""


@dataclass(slots=True)
class Checked:
    """What came of it. `agreed` counts statements that a sheet bears out, `silent` sentences that state nothing."""

    contradictions: list[Contradiction] = field(default_factory=list)
    uncompared: list[Uncompared] = field(default_factory=list)
    agreed: int = 0
    sentences: int = 0
    silent: int = 0


def check(answers: Iterable[Answer], sheets: Iterable[FactSheet]) -> Checked:
    """Compare answers with sheets."""
    known = list(sheets)
    names, by_record, found = Names(known), {each.record: each for each in known}, Checked()
    for answer in answers:
        for sentence in sentences(answer.text):
            found.sentences += 1
            _sentence(found, answer, sentence, names, by_record.get(answer.about))
    return found


def _sentence(found: Checked, answer: Answer, sentence: str, names: Names, about: FactSheet | None) -> None:
    if len(sentence) > LONGEST:
        found.uncompared.append(Uncompared(sentence[:LONGEST], (), "it is too long for a sentence", answer.assistant))
        return
    stated = claims(sentence)
    found.silent += not stated
    left: dict[str, list[str]] = {}
    if why := _unsure(sentence):
        left = {why: list(stated)} if stated else {}
    else:
        subjects = names.subjects(sentence) if stated else {}
        if about is not None:
            subjects.setdefault(about.entity, [about])
        for fact, texts in stated.items():
            for why in _stated(found, answer, sentence, subjects, fact, texts):
                left.setdefault(why, []).append(fact)
    for why, facts in left.items():
        found.uncompared.append(Uncompared(sentence, tuple(dict.fromkeys(facts)), why, answer.assistant))


def _stated(
    found: Checked,
    answer: Answer,
    sentence: str,
    subjects: Mapping[Entity, Sequence[FactSheet]],
    fact: str,
    texts: Sequence[str],
) -> Iterator[str]:
    """Compare what a sentence states of one fact; yields why what is left is not compared."""
    of = subjects.get(OF.get(fact, Entity.COMPANY), ())
    if len(of) != 1:
        yield "it names several at once" if of else "it names nobody who has a sheet"
        return
    held = of[0].fact(fact) or (of[0].fact("name") if fact == "legal_name" else None)
    if held is None:
        yield f"the sheet of {of[0].label} does not say"
        return
    for text, verdict in judged(fact, texts, held, of[0], sentence):
        if verdict is True:
            found.agreed += 1
        elif verdict is False:
            found.contradictions.append(_contradiction(of[0], held, fact, text, sentence, answer.assistant))
        else:
            yield verdict


def _unsure(sentence: str) -> str:
    if _DENIED.search(sentence):
        return "it denies something"
    if _PAST.search(sentence):
        return "it speaks of the past"
    return "it is not sure" if _PERHAPS.search(sentence) else ""


def _contradiction(sheet: FactSheet, held: Fact, fact: str, said: str, sentence: str, assistant: str) -> Contradiction:
    value = held.value if held.settled else list(held.values)
    return Contradiction(sheet.record, sheet.label, fact, said, value, held.owner, sentence, held.currency, assistant)
