"""The ledger: every command with its times, payload hash, attempts and result code. Topic `ledger`, compacted."""

from __future__ import annotations

from typing import Literal

from schemas.command import Command
from schemas.fact import Outcome
from schemas.instants import Instant
from schemas.wire import Wire

LedgerState = Literal["claimed", "waiting", "unknown", "applied", "refused", "superseded"]
SETTLED: frozenset[LedgerState] = frozenset({"applied", "refused", "superseded"})


class LedgerEntry(Wire):
    """One command's life. `claimed` is written before the call; a claimed entry met again is an unknown one."""

    command: Command
    state: LedgerState
    payload_hash: str
    attempts: int = 0
    claimed_at: Instant
    settled_at: Instant | None = None
    until: Instant | None = None
    code: str = ""
    message: str = ""
    outcome: Outcome | None = None
