"""What is measured by asking, every few seconds, in the worker's own loop: ends of topics, sizes of tables.

Flows in: the log ends of the partitions that are ours, and what the stores tell. Flows out: two dictionaries, replaced
whole, which any thread may read. Invariant: a measurement that fails is left as it was and never ends the worker.
"""

import asyncio
import logging
from typing import TYPE_CHECKING

from faust.types import TP

from streams.engine.store import Size
from streams.engine.table import BatchTable

if TYPE_CHECKING:
    from streams.engine.application import EngineApp

__all__ = ["Watch"]

EVERY = 2.0  # seconds: well below what Prometheus usually scrapes at (15), and one small request to a broker
ANSWER_WITHIN = 5.0  # seconds a broker may take to tell the ends

log = logging.getLogger(__name__)


class Watch:
    """The last measurements."""

    def __init__(self, app: "EngineApp") -> None:
        self._app = app
        self.ends: dict[TP, int] = {}
        self.sizes: dict[str, Size] = {}

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - a broker that is away is for others to say, and to end over
                log.debug("not measured: %r", error)
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Measure once."""
        # The stores are asked here, not when scraped: RocksDB's may be closed by a rebalance, which happens here too.
        tables = list(self._app.tables.values())
        self.sizes = {table.name: table.local.size() for table in tables if isinstance(table, BatchTable)}
        consumer = self._app.reading
        if consumer is not None and (sources := [standing.tp for standing in consumer.standings()]):
            # Not `wait_for`: in 3.11 that forgets that it was cancelled when the answer comes in the same moment.
            async with asyncio.timeout(ANSWER_WITHIN):
                self.ends = await consumer.log_ends(sources)
