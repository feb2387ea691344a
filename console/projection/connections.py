"""Connections: which one stands still, why, until when; how much waits, and how old the newest is, tier by tier.

In: the lanes' standing rows and the ledger, as the projection has them; the contract's tiers. Out: one picture of each
connection at a moment. Invariant: what no lane has told yet is not guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson

from console.explain.contract import Unreadable, read
from console.projection.store import Store
from schemas.contract.model import Tiers
from schemas.instants import from_millis, parse_instant
from schemas.names import Entity
from streams.platforms.shares import SHARES
from streams.settings import Settings

State = Literal["going", "parked", "reads wait"]
TIERS = (1, 2, 3)
_WAITING = (
    "SELECT connection, json_extract(body, '$.command.tier') AS tier, count(*) AS n,"
    " min(json_extract(body, '$.command.at')) AS oldest"
    " FROM ledger WHERE state IN ('waiting', 'unknown', 'claimed') GROUP BY 1, 2"
)


_UNKNOWN = (
    "SELECT connection, json_extract(body, '$.until') AS until"
    " FROM ledger WHERE state = 'unknown' AND json_extract(body, '$.until') IS NOT NULL"
)


_FOR_A_PERSON = (
    "SELECT count(*) AS n FROM connections"
    " WHERE json_extract(body, '$.person') = 1 AND json_extract(body, '$.until') IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of a connection. `newest` is when the newest record of it that was shown had been changed."""

    tier: int
    waiting: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None

    def document(self, now: datetime) -> dict[str, Any]:
        """As JSON; ages in seconds."""
        return {
            "tier": self.tier,
            "waiting": self.waiting,
            "oldest": self.oldest.isoformat() if self.oldest else None,
            "newest": self.newest.isoformat() if self.newest else None,
            "age": max(0, int((now - self.newest).total_seconds())) if self.newest else None,
        }


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection as it stands. `until` and `why` are of a park, a wait of its reads, or of lost answers.

    `person`: it is parked until somebody acts, and is only probed meanwhile.
    """

    name: str
    platform: str
    state: State = "going"
    why: str = ""
    until: datetime | None = None
    person: bool = False
    tiers: list[Tier] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """How many writes wait in all."""
        return sum(tier.waiting for tier in self.tiers)

    def document(self, now: datetime) -> dict[str, Any]:
        """As JSON."""
        return {
            "connection": self.name,
            "platform": self.platform,
            "state": self.state,
            "why": self.why,
            "until": self.until.isoformat() if self.until else None,
            "person": self.person,
            "waiting": self.waiting,
            "tiers": [tier.document(now) for tier in self.tiers],
        }


def tiers_of(settings: Settings) -> Tiers:
    """The tiers of the contract file; those that hold unless told where it cannot be read."""
    found = read(settings.contract)
    return Tiers() if isinstance(found, Unreadable) else found.contract.tiers


def connections(store: Store, tiers: Tiers, now: datetime) -> list[Connection]:
    """Every connection that a lane has told of, or that has writes waiting, by name."""
    rows = {row["key"]: orjson.loads(row["body"]) for row in store.rows("SELECT key, body FROM connections")}
    waiting: dict[str, dict[int, tuple[int, datetime]]] = {}
    for row in store.rows(_WAITING):
        waiting.setdefault(row["connection"], {})[int(row["tier"])] = row["n"], parse_instant(row["oldest"])
    unknown: dict[str, list[datetime]] = {}
    for row in store.rows(_UNKNOWN):
        if (until := parse_instant(row["until"])) > now:
            unknown.setdefault(row["connection"], []).append(until)
    return [
        _connection(name, rows.get(name, {}), waiting.get(name, {}), unknown.get(name, []), tiers, now)
        for name in sorted({*rows, *waiting})
    ]


def parked_for_a_person(store: Store) -> int:
    """How many connections stand still until somebody acts."""
    found = store.rows(_FOR_A_PERSON)
    return int(found[0]["n"])


def _connection(
    name: str,
    row: dict[str, Any],
    waiting: dict[int, tuple[int, datetime]],
    unknown: Sequence[datetime],
    tiers: Tiers,
    now: datetime,
) -> Connection:
    platform = name.rpartition(".")[2]
    newest: dict[int, int] = {}
    for kind, version in (row.get("newest") or {}).items():
        tier = tiers.of(entity, ()) if (entity := _entity(platform, kind)) else 2
        newest[tier] = max(version, newest.get(tier, 0))
    told = [
        Tier(
            tier,
            waiting=waiting[tier][0] if tier in waiting else 0,
            oldest=waiting[tier][1] if tier in waiting else None,
            newest=from_millis(newest[tier]) if tier in newest else None,
        )
        for tier in TIERS
        if tier in newest or tier in waiting
    ]
    parked, again = (parse_instant(text) if (text := row.get(key)) else None for key in ("until", "again"))
    person = bool(row.get("person"))
    if parked is not None and (parked > now or person):  # what needs a person stands until a lane has called again
        return Connection(name, platform, "parked", str(row.get("why") or ""), parked, person, told)
    if again is not None and again > now:
        why = "a quota of its reads is spent; writes go on"
        return Connection(name, platform, "reads wait", why, again, tiers=told)
    if unknown:
        many = "the answer of one write was" if len(unknown) == 1 else f"the answers of {len(unknown):,} writes were"
        why = f"{many} lost: looked up again by then; all others go on"
        return Connection(name, platform, "going", why, max(unknown), tiers=told)
    return Connection(name, platform, tiers=told)


def _entity(platform: str, kind: str) -> Entity | None:
    """What a platform's kind is in canonical words; the first of what it holds gives it its name."""
    held = next((share.entities.get(kind) for name, share in SHARES.items() if name == platform), None)
    return held[0] if held else None
