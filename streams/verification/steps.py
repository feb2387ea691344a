"""Steps: what a verification does next, how long it took, and where it stopped.

In: the parts of a run. Out: steps as they are done. Invariant: what was made is kept before the next call is made.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from schemas.errors import RevmarkError
from streams.verification.pacing import Overdue, Pacing
from streams.verification.run import Run


@dataclass(frozen=True, slots=True)
class Step:
    """One step, done or not."""

    name: str
    ok: bool
    seconds: float
    detail: str = ""


class Stopped(Exception):
    """A step did not come, or was refused."""

    def __init__(self, step: Step) -> None:
        """Keep the step; its detail says why."""
        super().__init__(step.detail)
        self.step = step


@dataclass(slots=True)
class Walk:
    """The way through a run."""

    run: Run
    pacing: Pacing
    keep: Callable[[Run], None]
    tell: Callable[[Step], None]
    steps: list[Step] = field(default_factory=list)

    def made(self, role: str, record_id: str) -> None:
        """Something was made, and is kept."""
        self.run.made[role] = record_id
        if role in self.run.removed:
            self.run.removed.remove(role)
        self.keep(self.run)

    def gone(self, role: str) -> None:
        """Something is gone again."""
        if role not in self.run.removed:
            self.run.removed.append(role)
        self.keep(self.run)

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[list[str]]:
        """One step; what is put onto the list is its detail.

        Raises:
            Stopped: it did not come.
        """
        at = self.pacing.begin()
        said: list[str] = []
        try:
            yield said
        except Overdue as late:
            patience = self.pacing.patience.total_seconds()
            raise self._stopped(name, f"not within {patience:.0f} s: {late.why}", at) from late
        except RevmarkError as error:
            raise self._stopped(name, error.message, at) from error
        self.done(Step(name, ok=True, seconds=round(self.pacing.since(at), 1), detail="; ".join(said)))

    def done(self, step: Step) -> None:
        """Tell of a step."""
        self.steps.append(step)
        self.tell(step)

    def _stopped(self, name: str, why: str, at: datetime) -> Stopped:
        step = Step(name, ok=False, seconds=round(self.pacing.since(at), 1), detail=why)
        self.done(step)
        return Stopped(step)
