"""A worker process seen through its metrics."""

import re
from collections.abc import Callable

from tests.unit.engine.processes import WorkerProcess, until
from tests.unit.engine.scraping import Scraped, scrape

__all__ = ["Watched"]


class Watched:
    """A worker with its metrics on any free port."""

    def __init__(self, worker: WorkerProcess) -> None:
        self.worker = worker
        self.last = Scraped({})

    async def where(self, holds: Callable[[Scraped], object]) -> Scraped:
        """Scrape until a condition holds."""
        await until(lambda: bool(self._address()) or self.worker.process.poll() is not None)
        address = self._address()

        def asked() -> bool:
            self.last = scrape(address)
            return bool(holds(self.last))

        await until(asked, explain=lambda: f"{self.last}\n{self.worker.log.read_text()}")
        return self.last

    def _address(self) -> str:
        found = re.search(r"metrics at (\S+)", self.worker.log.read_text())
        return found[1] if found else ""
