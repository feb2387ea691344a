"""Bugs to be planted: a test of the test. They live here and never in what is tested.

Flows in: a name. Flows out: the same code with that bug, for as long as the context lasts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from agents.rules import (
    amendments,
    automations,
    consents,
    crediting,
    earnings,
    occurrences,
    order_records,
    parts,
    renewals,
    subscriptions,
)
from agents.rules.periods import Terms
from agents.rules.proration import Rest
from schemas.money import amount_text, exact
from schemas.names import Side
from streams.engine import RecordBatch
from streams.lanes.arrivals import Arrivals
from tables.entities import EntityState
from tables.taken import Reach, Taken
from tests.simulation.worker import Worker

_lane = Worker._lane  # noqa: SLF001 - to be put back


def _shown(state: EntityState, side: Side) -> dict[str, Any]:
    """What a side shows, as if nothing of ours were on its way to it."""
    known = state.side(side)
    if known.deleted:
        return {}
    return {**known.fields, **state.derived} if side is Side.ERP else dict(known.fields)


async def _hasty(worker: Worker, batch: RecordBatch) -> None:
    """Work that is acknowledged when it comes, before the ledger knows of it."""
    worker.acknowledge(batch)
    await _lane(worker, batch)


def _thankful(fields: dict[str, Any]) -> bool:
    """An invoice counts as paid once anybody has paid a part of it."""
    return exact(fields.get("amount_paid") or "0") > 0


def _last(listed: Sequence[Mapping[str, Any]], name: str, currency: str) -> str | None:
    """What the last bill states, as if it were the only one."""
    return amount_text(listed[-1][name] if listed else "0", currency)


BUGS: dict[str, tuple[Any, str, Any]] = {
    "echo": (EntityState, "shown", _shown),  # the echo check is skipped
    "hasty": (Worker, "_lane", _hasty),  # the acknowledgement comes before the ledger
    "forgetful": (Reach, "has", lambda *_: False),  # a table does not know what it has taken
    "repeating": (Taken, "repeats", lambda *_: False),  # nor of what was written twice that it is one
    "overbilled": (parts, "_so_far", lambda _: Counter()),  # what was billed of a line before is not taken off
    "thankful": (automations, "_paid", _thankful),  # people are thanked for a part of what they owe
    "overslept": (subscriptions, "look", lambda _: None),  # a day begins, and what is due on it is not looked at
    "presumptuous": (consents, "lacking", lambda _: None),  # nobody is asked for a consent
    "unrenewed": (renewals, "tell", lambda *_: None),  # nobody is told that a term ends soon
    "forgiving": (amendments, "follow", lambda *_: None),  # what is amended is not noticed
    "unprorated": (Rest, "days", property(lambda rest: rest.whole)),  # what is left of a period is all of it
    "backdated": (Terms, "under_way", lambda *_: 1),  # periods that had ended before the order are billed
    "unvoided": (earnings, "nothing", lambda fields: fields),  # revenue that counts no more is still shown as it was
    "misreversed": (occurrences, "came", lambda _: "payment_received"),  # money that went out is told as money in
    "unended": (occurrences, "ended", lambda *_: None),  # nobody is told that a document is void
    "unsummed": (order_records, "_sum", _last),  # of an order in parts the last bill is shown as all
    "overcredited": (crediting, "_left", lambda bill: exact(bill["total"])),  # what people have credited is forgotten
    "uncredited": (crediting, "_due", lambda _: False),  # a bill that is called off counts as settled
    "unwaiting": (Arrivals, "over", lambda *_: True),  # what is not found is sent again, though it may be on its way
    "unfenced": (Worker, "leased", property(lambda _: True)),  # a worker believes in its partitions until it is told
}


@contextmanager
def planted(name: str | None) -> Iterator[None]:
    """Plant a bug; None plants none."""
    if name is None:
        yield
        return
    owner, attribute, bug = BUGS[name]
    sound = getattr(owner, attribute)
    setattr(owner, attribute, bug)
    try:
        yield
    finally:
        setattr(owner, attribute, sound)
