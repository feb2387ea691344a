"""Retrying: a person's word that refused commands may pass now, put among the facts of their customers.

In: refused commands. Out: a retry on `facts` and a settlement on the quarantine topic, in this order: a command line
that dies between the two is repeated, and a retry that is heard twice is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from console.projection.delivery import topics_of
from console.projection.refusals import Refusal
from console.quarantining import Say, State, settlement, tell
from console.word import Place, place
from schemas.ledger import LedgerEntry
from schemas.quarantine import Settlement
from schemas.retry import Retry, retry_id
from streams.settings import Settings


@dataclass(frozen=True, slots=True)
class Asked:
    """A retry that lies on its topic."""

    refused: LedgerEntry
    word: Retry
    place: Place


async def retry(settings: Settings, refused: Sequence[tuple[Refusal, str]], said: Say) -> list[Asked]:
    """Have refused commands judged and tried again, oldest first; each comes with the customer that it is of now.

    What a person has edited of one goes along; where nothing more is said, so does the reason for the edit.

    Raises:
        Transient: the broker does not answer; what was said until then holds.
    """
    topics = topics_of(settings)
    done: list[Asked] = []
    for found, customer in sorted(refused, key=lambda pair: pair[0].entry.command.at):
        command, instead = found.entry.command, found.instead
        say = Say(said.who, said.why or (found.edit.why if found.edit else ""))
        word = Retry(
            tenant=command.tenant,
            customer=customer,
            entity=command.entity,
            id=command.record,
            side=command.side,
            command=command.id,
            fields=["*"] if command.kind == "create" else sorted(command.fields),
            refused={name: command.fields[name] for name in instead},
            instead=instead,
            answer=retry_id(command.id, say.who, say.why, instead),
            who=say.who,
            why=say.why,
            at=datetime.now(UTC),
        )
        # 1 the word
        lies = await place(settings, topics.facts, f"{command.tenant}|{customer}", word)
        # 2 the settlement
        await tell(settings, [_settlement(settings, found, "replayed", say)])
        done.append(Asked(found.entry, word, lies))
    return done


async def drop(settings: Settings, refused: Refusal, say: Say) -> None:
    """Say that a refused command is not needed; the record goes on as it is.

    Raises:
        Transient: the broker does not answer.
    """
    await tell(settings, [_settlement(settings, refused, "dropped", say)])


def _settlement(settings: Settings, refused: Refusal, state: State, say: Say) -> Settlement:
    """A refused command lies in the ledger under a key, at no one offset."""
    topics = topics_of(settings)
    return settlement((topics.name(topics.ledger), -1, -1), state, say, command=refused.name)
