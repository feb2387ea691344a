"""Answers of assistants, from a file or asked for, and what came of comparing them, for people and programs.

In: a file of text or of JSON lines, or an assistant. Out: answers; documents and tables.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

import orjson

from console.assistant import Assistant
from console.explain.labels import words
from console.facts.answers import Answer
from console.facts.checking import Checked, Contradiction
from console.facts.sheet import SELLER, FactSheet
from console.facts.spelling import folded
from console.output import Cell, Sheet, money_text, note, value_text
from schemas.errors import Refused
from schemas.money import exact
from schemas.names import Entity

LINES = ".jsonl"


def answers(path: Path, sheets: Sequence[FactSheet]) -> list[Answer]:
    """The answers in a file: one text, or with the ending .jsonl an object a line with answer, about and assistant.

    Raises:
        Refused: the file cannot be read, or a line is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no text in UTF-8. Nothing was compared", code="usage") from error
    except OSError as error:
        raise Refused(
            f"{path} cannot be read: {error.strerror or error}. Nothing was compared", code="usage"
        ) from error
    if path.suffix != LINES:
        return [Answer(text)]
    lines = ((place, line) for place, line in enumerate(text.split("\n"), start=1) if line.strip())
    return [_answer(line, f"{path}:{place}", sheets) for place, line in lines]


def _answer(line: str, place: str, sheets: Sequence[FactSheet]) -> Answer:
    try:
        read = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Refused(f"{place} is no JSON: {error}. Nothing was compared", code="usage") from error
    said = {name: read.get(name, "") for name in ("answer", "about", "assistant")} if isinstance(read, dict) else {}
    if not said or not all(isinstance(each, str) for each in said.values()) or "answer" not in read:
        form = '{"answer": "...", "about": "ARM-7", "assistant": "..."}'
        raise Refused(f"{place} is no answer: it is written {form}. Nothing was compared", code="usage")
    about = named(said["about"], sheets).record if said["about"] else ""
    return Answer(said["answer"], about, said["assistant"])


def named(asked: str, sheets: Sequence[FactSheet]) -> FactSheet:
    """The sheet that is meant by a record's id, a name or a SKU.

    Raises:
        Refused: none is, or several.
    """
    found = [each for each in sheets if asked == each.record]
    found = found or [each for each in sheets if folded(asked) in _called(each)]
    if len(found) != 1:
        why = f"{len(found)} have" if found else "nothing has"
        raise Refused(f"{why} a fact sheet as {asked!r}. Nothing was compared. Next: revmark facts", code="usage")
    return found[0]


def _called(sheet: FactSheet) -> Iterator[str]:
    sku = sheet.value("sku")
    return (folded(each) for each in (*sheet.names, *([str(sku)] if sku else [])))


def asked(
    assistant: Assistant, sheets: Sequence[FactSheet], about: Sequence[str], limit: int, keep: Path | None
) -> list[Answer]:
    """What an assistant answers about the seller and the products, or about what is named.

    Each answer is kept before the next question is asked. Customers are asked about only when they are named: who they
    are is nobody else's business.

    Raises:
        Refused: nothing can be asked about, the file cannot be written, or the assistant refuses.
        Transient: it does not answer; what was kept so far is there.
    """
    chosen = [named(each, sheets) for each in about] or [
        each for each in sheets if each.entity is Entity.PRODUCT or each.record == SELLER
    ]
    if not chosen:
        raise Refused("there is neither a seller nor a product to ask about. Nothing was asked", code="usage")
    more = ", and --limit asks about more" if len(chosen) > limit else ""
    asks = f"asking {assistant.model} at {assistant.host} about {min(len(chosen), limit):,} of {len(chosen):,}"
    note(f"{asks}; names and SKUs leave this machine{more}")
    seller = next((each for each in sheets if each.record == SELLER), None)
    return asyncio.run(_collected(assistant, chosen[:limit], seller, keep))


async def _collected(
    assistant: Assistant, chosen: Sequence[FactSheet], seller: FactSheet | None, keep: Path | None
) -> list[Answer]:
    found: list[Answer] = []
    with ExitStack() as stack:
        file = stack.enter_context(_writable(keep)) if keep is not None else None
        async for answer in assistant.answers(chosen, seller):
            found.append(answer)
            if file is not None:
                line = {"answer": answer.text, "about": answer.about, "assistant": answer.assistant}
                file.write(orjson.dumps(line).decode() + "\n")
                file.flush()
    return found


def _writable(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8", newline="\n")
    except OSError as error:
        raise Refused(
            f"answers cannot be kept in {path}: {error.strerror or error}. Nothing was asked", code="usage"
        ) from error


def document(found: Checked) -> dict[str, Any]:
    """As JSON; amounts are decimal strings."""
    return {
        "sentences": found.sentences,
        "agreed": found.agreed,
        "silent": found.silent,
        "contradictions": [
            {
                "record": each.record, "label": each.label, "fact": each.fact, "said": each.said, "value": each.value,
                "currency": each.currency or None, "owner": each.owner, "sentence": each.sentence,
                "assistant": each.assistant or None,
            }
            for each in found.contradictions
        ],
        "not_compared": [
            {
                "sentence": each.sentence, "facts": list(each.facts), "why": each.why,
                "assistant": each.assistant or None,
            }
            for each in found.uncompared
        ],
    }  # fmt: skip


def contradictions(found: Checked) -> Sheet:
    """What contradicts a sheet, for people."""
    shown = Sheet(
        ("about", "fact", "said*", "the sheet has*", "owner", "sentence*"), empty="nothing contradicts a sheet"
    )
    for each in found.contradictions:
        sentence = f"{each.assistant}: {each.sentence}" if each.assistant else each.sentence
        shown.add(each.label, words(each.fact), Cell(each.said, "red"), _value(each), each.owner, sentence)
    return shown


def not_compared(found: Checked) -> Sheet:
    """What was left, for people."""
    shown = Sheet(("not compared, for", "why*", "sentence*"))
    for each in found.uncompared:
        shown.add(", ".join(map(words, each.facts)) or "-", each.why, each.sentence)
    return shown


def summary(found: Checked) -> str:
    """How much was compared, in a sentence."""
    return (
        f"{found.sentences:,} sentences. Statements that agree with a sheet: {found.agreed:,}, that contradict one: "
        f"{len(found.contradictions):,}. Sentences that state something and were not compared: "
        f"{len(found.uncompared):,}, that state nothing a sheet could hold: {found.silent:,}"
    )


def _value(each: Contradiction) -> str:
    values = each.value if isinstance(each.value, list) else [each.value]
    texts = [
        f"{money_text(exact(value), each.currency)} {each.currency}" if each.currency else value_text(value)
        for value in values
    ]
    return ", ".join(texts)
