"""Xero's events as hints, and gaps in their sequence.

In: the parsed body, an object with events and their first and last sequence number. Out: hints. Pure but for the
`Sequence`, which remembers the last number seen by this process.
Invariant: a gap asks for a poll; the payload is never trusted for more than an id.
Source: Xero's webhook specification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.command import Event
from schemas.errors import Refused
from schemas.instants import parse_instant, to_millis
from streams.gateway.hints import Hints, named

_KINDS = {"CONTACT": "contact", "INVOICE": "invoice", "CREDITNOTE": "credit_note", "PREPAYMENT": "prepayment",
          "OVERPAYMENT": "overpayment"}  # fmt: skip
KINDS = tuple(_KINDS.values())  # what a poll after a gap reads: what events could have told
SELDOM = ("prepayment", "overpayment")  # of these, what is listed with every fifth round of polls only
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# A poll costs several of perhaps 1,000 calls a day. Polls run every minute anyway, so more than this buys nothing.
POLL_AT_MOST_EVERY = timedelta(minutes=5)


@dataclass(slots=True)
class Sequence:
    """The last event number seen, and when a gap last asked for a poll.

    Each gateway process keeps its own: with several, gaps are seen that are none, which the pause between polls bounds.
    """

    last: int | None = None
    polled_at: datetime | None = None

    def poll_due(self, span: tuple[int, int], now: datetime) -> bool:
        """Whether events before these are missing, and no gap has asked for a poll lately."""
        gap = self.last is not None and span[0] > self.last + 1
        return gap and (self.polled_at is None or now - self.polled_at >= POLL_AT_MOST_EVERY)

    def follow(self, span: tuple[int, int], polled_at: datetime | None) -> None:
        """Take note of events, and of the poll they asked for, now that both are durable."""
        self.last = max(span[1], self.last or 0)
        self.polled_at = polled_at or self.polled_at


def xero_hints(body: Any, organisation: str) -> Hints:
    """Read a request's events. An empty `organisation` means that this deployment does not check it.

    Raises:
        Refused: the body is no object with events (code 400).
    """
    if not isinstance(body, dict) or not isinstance(body.get("events"), list):
        raise Refused("an object with events is expected", code="400")
    hints, span = Hints(), numbers(body)
    first = span[0] if span and span[1] - span[0] + 1 == len(body["events"]) else None
    for place, event in enumerate(body["events"]):
        hints.results[_take(event, organisation, hints, None if first is None else first + place)] += 1
    return hints


def numbers(body: dict[str, Any]) -> tuple[int, int] | None:
    """First and last event number of a request; None where there are no events to count (the intent to receive)."""
    first, last = body.get("firstEventSequence"), body.get("lastEventSequence")
    if not body["events"] or type(first) is not int or type(last) is not int or not 0 < first <= last:
        return None
    return first, last


def _take(event: Any, organisation: str, hints: Hints, number: int | None) -> str:
    if not isinstance(event, dict) or not isinstance(event.get("eventCategory"), str):
        return "malformed"
    kind = _KINDS.get(event["eventCategory"])
    if kind is None or event.get("tenantType", "ORGANISATION") != "ORGANISATION":
        return "ignored"
    if organisation and str(event.get("tenantId")).lower() != organisation.lower():
        return "unknown_connection"
    record = event.get("resourceId")
    if not isinstance(record, str) or not _ID.fullmatch(record):
        return "malformed"
    hints.add(kind, [record], _named(event, number))
    return "accepted"


def _named(event: dict[str, Any], number: int | None) -> Event | None:
    """The event, which has no id: where all of a request are numbered, its number and what it says are its name."""
    try:
        occurred = to_millis(parse_instant(str(event.get("eventDateUtc"))))
    except ValueError:
        return None
    return None if number is None else named(occurred, number, event, made=event.get("eventType") == "CREATE")
