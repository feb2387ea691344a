"""Edits: a quarantined value as a person would have it, checked by the models that the topic's reader uses.

In: the value as it lay, what was typed. Out: the bytes to put back, or what is wrong with it and where. Invariants: no
amount becomes a float, a number with a fraction is kept as the text that was typed; key and tenant stay.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from pydantic import ValidationError

from schemas.change import Change, parse_arrival
from schemas.command import Command, parse_work
from schemas.entities import ENTITIES
from schemas.errors import Refused
from schemas.fact import Fact, parse_finding
from schemas.names import Entity
from schemas.revenue import RevenueEvent
from schemas.sighting import Sighting
from schemas.totals import DocumentVersion
from schemas.wire import Wire, decode_platform, encode, faults
from streams.topics import Topics

Translate = Callable[[Change], list[Sighting]]
# What reads each of the topics that agents work on. Nothing is put back on any other.
READERS: dict[str, Callable[[bytes | None], Any]] = {
    "changes": parse_arrival,
    "facts": parse_finding,
    "occurrences": RevenueEvent.from_bytes,
    "documents": DocumentVersion.from_bytes,
    "lanes.hubspot": parse_work,
    "lanes.xero": parse_work,
}


IDENTITY = frozenset({"number", "erp_id", "crm_id", "sku"})  # what one side knows the other's records by


@dataclass(frozen=True, slots=True)
class Reading:
    """How one topic is read: `translators` are those of a contract, empty where none can be read."""

    topic: str
    read: Callable[[bytes | None], Any]
    translators: Mapping[str, Translate]

    def check(self, value: bytes | None) -> Wire:
        """The record that a worker would read now.

        Raises:
            Refused: it would come into quarantine again; the message names the place and what was expected there.
        """
        found: Wire = self.read(value)
        if isinstance(found, Change) and found.platform in self.translators:
            try:
                self.translators[found.platform](found)
            except Refused:
                raise
            except Exception as error:  # as the worker does: what even our translator did not expect
                raise Refused(f"it cannot be translated: {type(error).__name__}", code="unreadable") from error
        if isinstance(found, Fact | Command):
            _canonical(found.entity, found.fields)
        return found


def reading(topics: Topics, topic: str, translators: Mapping[str, Translate]) -> Reading | None:
    """How a topic of this deployment is read; None: no worker of it does."""
    name = next((each.name for each in topics if each.worked and topics.name(each) == topic), None)
    return None if name is None else Reading(topic, READERS[name], translators)


def _canonical(entity: Entity, fields: Mapping[str, Any]) -> None:
    """Fields of our own vocabulary hold what they may hold; a customer's own fields are free."""
    model = ENTITIES.get(entity)
    if model is None:
        return
    known = {name: value for name, value in fields.items() if name in model.model_fields}
    try:
        model.model_validate(known)
    except ValidationError as error:
        raise Refused(f"fields.{faults(error)}", code="malformed") from error


def parse(text: str) -> Any:
    """JSON as a person typed it; numbers with a fraction keep every digit.

    Raises:
        Refused: it is no JSON; the message names line and column.
    """
    try:
        return decode_platform(text)
    except json.JSONDecodeError as error:
        raise Refused(f"no JSON at line {error.lineno}, column {error.colno}: {error.msg}", code="malformed") from error
    except ValueError as error:
        raise Refused(f"no JSON: {error}", code="malformed") from error


def put(document: Any, assignment: str) -> Any:
    """The document with one `path=value` carried out; a path is made of names and places in lists, parted by dots.

    Raises:
        Refused: the path leads nowhere.
    """
    path, equals, text = assignment.partition("=")
    if not equals or not path:
        raise Refused(f"--set takes path=value, as fields.name=Acme, and not {assignment!r}", code="usage")
    found = document
    walked: list[str] = []
    *way, last = path.split(".")
    for step in way:
        found = _step(found, step, walked)
        walked.append(step)
    place: Any = last
    if isinstance(found, list):
        _step(found, last, walked)
        place = int(last)
    elif not isinstance(found, dict):
        raise Refused(f"{'.'.join(walked) or 'the record'} holds nothing that {last} could be set in", code="usage")
    found[place] = _given(text, found[place] if isinstance(found, list) else found.get(place))
    return document


def _step(found: Any, step: str, walked: list[str]) -> Any:
    try:
        return found[int(step)] if isinstance(found, list) else found[step]
    except (KeyError, IndexError, ValueError, TypeError):
        where = ".".join(walked) or "the record"
        there = ", ".join(found) if isinstance(found, dict) else "nothing"
        there = f"{len(found)} entries, from 0" if isinstance(found, list) else there
        raise Refused(f"{where} has no {step!r} (it has: {there})", code="usage") from None


def _given(text: str, before: Any) -> Any:
    """JSON, or a text as it is; what was a text stays one, so that an amount is not taken for a number."""
    try:
        value = decode_platform(text)
    except ValueError:
        return text
    return text if isinstance(before, str) and not isinstance(value, str | None | dict | list) else value


def edited(reading: Reading, key: bytes | None, document: Any) -> bytes:
    """The bytes to put back.

    Raises:
        Refused: the reader would not take them, or they name another key or tenant.
    """
    value = encode(document)
    belongs, held = _key(reading.check(value)), (key or b"").decode(errors="replace")
    if key is not None and held != belongs:
        raise Refused(f"the record's key is {held!r} and stays; this one belongs under {belongs!r}", code="key")
    return value


def amended(command: Command, document: Any, take: Callable[[Command], object]) -> dict[str, Any]:
    """The fields of a refused command as a person would have them; `take` is what the platform's client makes of it.

    Raises:
        Refused: the fields are others than before, or hold what they may not, or what identifies the record has moved.
    """
    if not isinstance(document, dict) or document.keys() != {"fields"} or not isinstance(document["fields"], dict):
        raise Refused("of a command its `fields` can be edited, and nothing else", code="usage")
    fields: dict[str, Any] = document["fields"]
    others = sorted(fields.keys() ^ command.fields.keys())
    if others:
        raise Refused(f"the command writes other fields: {', '.join(others)} cannot come or go", code="usage")
    for name, value in command.fields.items():
        if fields[name] != value and (name in IDENTITY or (command.kind == "create" and value == command.natural_key)):
            raise Refused(f"fields.{name} is what the record is found by, and stays", code="usage")
    wanted = Command.from_bytes(encode(command.model_dump(mode="json") | {"fields": fields}))
    _canonical(wanted.entity, wanted.fields)
    take(wanted)
    return wanted.fields


def _key(found: Wire) -> str:
    """The key that a record belongs under; tenant and key name the same tenant."""
    tenant = str(getattr(found, "tenant", ""))
    connection, customer = getattr(found, "connection", None), getattr(found, "customer", None)
    if connection is not None:
        return str(connection) if str(connection).startswith(f"{tenant}.") else f"{tenant}.(another connection)"
    if isinstance(found, Change | DocumentVersion) or customer is None:
        return tenant
    return f"{tenant}|{customer}"


def differences(before: bytes | None, after: str) -> list[tuple[str, Any, Any]]:
    """Where two JSON texts differ: the place, what was there and what is there now."""
    now = orjson.loads(after)
    try:
        then = orjson.loads(before or b"null")
    except orjson.JSONDecodeError:
        return [("", None, now)]
    return list(_differing("", then, now))


def _differing(path: str, then: Any, now: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(then, dict) and isinstance(now, dict):
        for name in sorted({*then, *now}):
            yield from _differing(f"{path}.{name}".lstrip("."), then.get(name), now.get(name))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for place, pair in enumerate(zip(then, now, strict=True)):
            yield from _differing(f"{path}.{place}".lstrip("."), *pair)
    elif then != now:
        yield path, then, now
