"""One broker process: started in its own group, kept by a keeper, its log in its folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from streams.broker import keeper

__all__ = ["BrokerProcess"]

STOP_WITHIN = keeper.PATIENCE + 5.0  # seconds: the keeper kills before this runs out
KILL_WITHIN = 5.0  # seconds; it takes milliseconds
LINES_SHOWN = 15  # of the log, in an error: the cause and not the whole story


class BrokerProcess:
    """A running Java process.

    It has its own process group, so a terminal's Ctrl-C reaches the workers and not the broker they drain
    into, and it dies with this process however that ends.
    """

    def __init__(self, command: list[str], *, folder: Path) -> None:
        self.log = folder / "broker.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-S", "-E", keeper.__file__, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def let_go(self) -> None:
        """Ask for a clean stop, without waiting."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def stop(self) -> None:
        """Stop it cleanly and wait."""
        self.let_go()
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill it at once, as a power cut would, and wait until its ports are free."""
        if self.running:
            self._process.send_signal(keeper.KILL)
            try:
                self._process.wait(KILL_WITHIN)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
        self.let_go()

    def last_words(self) -> str:
        """Return the last lines of its log."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LINES_SHOWN:])
