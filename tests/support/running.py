"""A command that stays up, as a process of its own, with what it prints line by line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["Running", "running"]

REVMARK = Path(sys.executable).parent / "revmark"


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Running:
    """One `revmark` command as a process, with what it prints line by line."""

    def __init__(self, *arguments: str, folder: Path, **settings: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REVMARK_")}
        given = {f"REVMARK_{name.upper()}": value for name, value in settings.items()}
        self.process = subprocess.Popen(  # noqa: S603 - our own command
            [REVMARK, *arguments],
            env={**kept, "REVMARK_STATE": str(folder), **given},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell starts what runs in its background with Ctrl-C ignored, and children inherit that.
            preexec_fn=_heed_interrupts,  # noqa: PLW1509 - it does nothing but one system call
        )

    async def line(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.wait_for(asyncio.to_thread(self.process.stdout.readline), 60)).rstrip()

    async def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _, said = await asyncio.to_thread(self.process.communicate, timeout=30)
        return self.process.returncode, said

    async def end(self) -> tuple[int, str, str]:
        seen, said = await asyncio.to_thread(self.process.communicate, timeout=60)
        return self.process.returncode, seen, said


@contextlib.contextmanager
def running(*arguments: str, folder: Path, **settings: str) -> Iterator[Running]:
    command = Running(*arguments, folder=folder, **settings)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            command.process.kill()
            command.process.wait()
        for pipe in (command.process.stdout, command.process.stderr):
            if pipe is not None:
                pipe.close()
