"""Hinted: the records that a batch of reads asks for, by kind, with what asked for them.

Pure. In: reads, of webhooks and of agents. Out: a `Hint` for each record, in the order in which they were asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.command import Event, Read
from streams.platforms.interface import Mention, Seen

Hinted = dict[str, dict[str, "Hint"]]  # by kind and id


@dataclass(slots=True)
class Hint:
    """Why a record is read.

    `events` are those that name it, by their names. `blind`: it has to be read whatever was heard, for not everything
    that asks for it has a name. `again`: it is told even if it shows nothing new, for an agent waits for it. `anew`: it
    is judged then as well, for a person wants it.
    """

    events: dict[str, Event] = field(default_factory=dict)
    blind: bool = False
    again: bool = False
    anew: bool = False


def hinted(reads: Iterable[Read]) -> Hinted:
    """What is asked for, each record once."""
    found: Hinted = {}
    for read in reads:
        for record_id in read.record_ids:
            hint = _hint(found, read.kind, record_id, (read.events or {}).get(record_id, ()))
            hint.again = hint.again or read.events is None
            hint.anew = hint.anew or read.anew
    return found


def mentioned(mentions: Iterable[Mention]) -> Hinted:
    """What a feed mentions, each record once, in order."""
    found: Hinted = {}
    for each in mentions:
        _hint(found, each.kind, each.record_id, each.events)
    return found


def _hint(found: Hinted, kind: str, record_id: str, events: Sequence[Event]) -> Hint:
    hint = found.setdefault(kind, {}).setdefault(record_id, Hint())
    hint.events.update((event.name, event) for event in events)
    hint.blind = hint.blind or not events
    return hint


def answers(events: Mapping[str, Event], kind: str, record_id: str, found: Sequence[Seen], *, alone: bool) -> list[str]:
    """The events of a record that a reading answers: what it found is as new as they are, by the platform's clock.

    A replica that lags shows less than its platform has told. What came back as other records, as a line item does as
    its deals, counts where nothing else was asked for.
    """
    own = [seen for seen in found if (seen.kind, seen.record_id) == (kind, record_id)]
    shown = own or (found if alone else [])
    if not shown or any(seen.deleted for seen in shown):
        return []
    oldest = min(seen.version for seen in shown)
    return [name for name, event in events.items() if event.occurred <= oldest]
