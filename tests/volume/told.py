"""A world that tells how far it is.

Flows in: what has come to pass. Flows out: words for whoever waits. Invariant: they are said once nothing moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.world import World


@dataclass
class ToldWorld(World):
    """A world, and who hears of it."""

    say: Callable[[str], None] = print

    async def _settle(self, what: str) -> None:
        await self._rest()
        assert not self.failures, self.failures
        assert not self.restless, "it never came to rest"
        self.say(f"{self.now:8.0f} s  {what}")
