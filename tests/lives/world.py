"""Lives in a world: many customers of one trade at once, on both platforms, with the real workers between them.

Flows in: lives. Flows out: both platforms once nothing moves any more, and all that stands on the topics.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streams.engine.consumer import RECORDS
from tests.lives.life import CURRENCIES, Life, agreed
from tests.lives.living import Living, bank
from tests.simulation.broker import Broker
from tests.simulation.group import Group
from tests.simulation.scenes import Story
from tests.simulation.world import PARTITIONS, POLL, WORKERS, looped
from tests.volume.month import ALL_DAY
from tests.volume.told import ToldWorld

APART = 3.0  # seconds between two lives' beginnings
BASE, EACH = 20_000, 1_500  # records that a world makes, and each of its lives: three times what is usual


class Whole(Broker):
    """A broker that keeps everything, and gives as much of it as the engine takes at once."""

    fetches = (RECORDS,)


@dataclass
class LivesWorld(ToldWorld):
    """A world in which many lives are lived at once."""

    lives: Sequence[Life] = ()
    make_broker: type[Broker] = Whole
    lived: list[Living] = field(default_factory=list)

    async def play(self) -> None:
        """Let everybody live, and wait until nothing moves."""
        self._build()
        await self.platforms.finance.do("POST", "settings", {"day_limit": ALL_DAY})
        await self._prepare(self._open_banks)
        self.group = Group(PARTITIONS, WORKERS, self._hire)
        self.lived = [Living(each, self.platforms) for each in self.lives]
        await asyncio.sleep(POLL)  # what is won before the first reading is none of ours to bill
        await asyncio.gather(*(self._begin(number, each) for number, each in enumerate(self.lived)))
        await self._settle(f"{len(self.lived):,} lives have been lived")
        await self.group.end()
        await self.platforms.close()

    @property
    def _plenty(self) -> int:
        return BASE + EACH * len(self.lives)

    async def _begin(self, number: int, living: Living) -> None:
        await asyncio.sleep(number * APART)
        await living.live()

    async def _open_banks(self) -> None:
        """Subscribe to every currency, with an account at the bank in each."""
        finance, held = self.platforms.finance, set(self.platforms.organisation.enabled_currencies())
        for number, currency in enumerate(CURRENCIES):
            if currency not in held:
                await finance.do("PUT", "people/Currencies", {"Code": currency, "Description": currency})
            await finance.do("PUT", "people/Accounts", {
                "Code": bank(currency), "Name": f"Bank in {currency}", "Type": "BANK", "CurrencyCode": currency,
                "BankAccountNumber": f"1201020345678{number:03}",
            })  # fmt: skip


def lived(lives: Sequence[Life], say: Callable[[str], None] = print) -> LivesWorld:
    """Live some lives of one trade, in one world."""
    return looped(LivesWorld(Story(lives[0].seed, ()), agreed(lives[0].trade), lives=lives, say=say))
