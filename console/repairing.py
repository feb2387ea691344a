"""Repairing: a person has a difference of a night put right, as far as the contract lets Revmark do it.

In: a variance's id, the audits kept on this machine. Out: readings on the lanes. Invariant: nothing is written to a
platform from here: the lanes read the records, the workers judge them anew, and what the contract wants is written
through the ledger as ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agents.rules.rereading import wanted
from console.projection.delivery import topics_of
from console.word import Place, place
from schemas.audit import Audit, Discrepancy
from schemas.command import Read
from schemas.errors import Refused
from streams.settings import Settings

LEAST = 4  # digits of an id: fewer name a variance by accident


@dataclass(frozen=True, slots=True)
class Found:
    """A variance, and the audit that found it."""

    audit: Audit
    variance: Discrepancy


def find(settings: Settings, name: str) -> Found:
    """The variance of that name, of the newest audit that has it.

    Raises:
        Refused: there is none, or more than one; where a report cannot be read, it may be the one that has it.
    """
    name = name.strip().lower()
    if len(name) < LEAST:
        raise Refused(f"{name!r} is too short for a variance: at least {LEAST} digits of its id", code="usage")
    found: dict[str, Found] = {}
    unread: Refused | None = None
    for path in sorted((settings.state / "reconcile").glob("*.json")):
        try:
            audit = _audit(path)
        except Refused as error:
            unread = unread or error
            continue
        found |= {each.id: Found(audit, each) for each in audit.discrepancies if each.id.startswith(name)}
    if not found and unread is not None:
        raise unread
    if not found:
        raise Refused(
            f"no variance of the nights that were reconciled here is called {name}: it may have been settled since. "
            "Next: revmark reconcile --night YYYY-MM-DD",
            code="unknown",
        )
    if len(found) > 1:
        raise Refused(f"{name} may be any of {', '.join(sorted(found))}. Next: say more of it", code="ambiguous")
    return next(iter(found.values()))


def _audit(path: Path) -> Audit:
    try:
        return Audit.from_bytes(path.read_bytes())
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}", code="usage") from error
    except Refused as error:  # of another version, or cut short
        raise Refused(
            f"{path} is no report of a night that can be read: {error.message}. Nothing was done. "
            f"Next, to make it anew: revmark reconcile --night {path.stem}",
            code="usage",
        ) from error


def readings(settings: Settings, variance: Discrepancy, at: datetime) -> list[Read]:
    """What the lanes are asked to read."""
    return [
        Read(
            tenant=settings.tenant, connection=str(settings.connection(platform)), kind=kind, record_ids=ids, anew=True,
            at=at,
        )
        for platform, kinds in wanted(variance).items()
        for kind, ids in kinds.items()
    ]  # fmt: skip


async def repair(settings: Settings, variance: Discrepancy) -> list[Place]:
    """Have the records behind a variance read and judged anew; where the readings lie.

    Raises:
        Transient: the broker does not answer; saying it again does no harm.
    """
    topics = topics_of(settings)
    return [
        await place(settings, topics.lane(each.connection.rpartition(".")[2]), each.connection, each)
        for each in readings(settings, variance, datetime.now(UTC))
    ]
