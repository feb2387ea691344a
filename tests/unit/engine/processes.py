"""Worker processes of tests: started, waited for, killed, and never left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

__all__ = ["PATIENCE", "ROOT", "WorkerProcess", "until"]

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "tests" / "unit" / "engine"
PATIENCE = 90.0  # seconds until something must have happened that takes a few: also on two cores with other work


class WorkerProcess:
    """One engine worker, with its log."""

    def __init__(self, folder: Path, name: str = "worker", SCRIPT: str = "worker.py", **environment: str) -> None:  # noqa: N803
        self.log = folder / f"{name}.log"
        self.environment = environment
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own script
                [sys.executable, str(SCRIPTS / SCRIPT)],
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def says(self, text: str) -> bool:
        """Return whether its log has the text."""
        return text in self.log.read_text()

    def words(self) -> str:
        """Return its log, and whether it still runs: of one that was killed from outside the log just ends."""
        code = self.process.poll()
        return f"{self.log.read_text()}(it {'runs' if code is None else f'has ended with {code}'})"

    def epoch(self) -> int:
        """Return the number of its present assignment; it must have been started with SHOW."""
        file = Path(self.environment["SHOW"]).with_suffix(".epoch")
        return int(file.read_text()) if file.exists() else -1

    async def ready(self, seconds: float = PATIENCE) -> "WorkerProcess":
        """Wait until it has its partitions."""
        await until(lambda: self.says("is ready") or self.process.poll() is not None, seconds, self.words)
        assert self.process.poll() is None, self.log.read_text()
        return self

    async def ended(self, seconds: float = PATIENCE) -> int:
        """Wait for its end; return its exit code."""
        await until(lambda: self.process.poll() is not None, seconds, self.words)
        return self.process.wait()

    async def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    def kill(self) -> None:
        """Kill it as a power cut would."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


async def until(holds: Callable[[], bool], seconds: float = PATIENCE, explain: Callable[[], str] = str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} seconds: {explain()}"
        await asyncio.sleep(0.02)
