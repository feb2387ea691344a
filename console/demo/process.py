"""A process of the demo: started quietly, ended with its parent, its last words kept."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h: the signal a process gets when its parent dies
STOP_SECONDS = 10.0  # a worker leaves its group and closes its stores in about two
LAST_WORDS = 15  # lines


class Process:
    """One child. It has a session of its own, so that Ctrl-C reaches the demo first and the children in order."""

    def __init__(self, name: str, command: Sequence[str], *, env: Mapping[str, str], log: Path) -> None:
        """Start it; what it says goes to `log`."""
        self.name = name
        self.log = log
        self._command = list(command)
        self._env = dict(env)
        self._child = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as out:
            return subprocess.Popen(  # noqa: S603 - our own commands
                self._command,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform.startswith("linux") else None,  # noqa: PLW1509 - no threads
            )

    @property
    def running(self) -> bool:
        """Whether it is still there."""
        return self._child.poll() is None

    @property
    def last_words(self) -> str:
        """The end of its log."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-LAST_WORDS:])

    def signal_stop(self) -> None:
        """Ask it to end."""
        if self.running:
            self._child.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask it to end, and see to it."""
        self.signal_stop()
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.running:
            self._child.kill()
        self._child.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it stand still meanwhile, as on a machine that swaps."""
        self._child.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._child.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Start it anew."""
        self._child = self._start()


def _die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() == 1:
        os._exit(0)
