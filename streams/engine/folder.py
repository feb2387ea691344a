"""The folder of a worker's local state: made when missing, owned by one process at a time."""

import fcntl
import os
from pathlib import Path
from typing import IO

from streams.engine.errors import FolderInUse

__all__ = ["StateFolder"]


class StateFolder:
    """A folder with a lock in it; the lock goes with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    def open(self) -> None:
        """Make the folder and take its lock.

        Raises:
            FolderInUse: another worker has it.
        """
        if self._lock is not None:
            return
        self.path.mkdir(parents=True, exist_ok=True)
        lock = (self.path / "lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            owner = lock.read().strip() or "another process"
            lock.close()
            raise FolderInUse(
                f"The state folder {self.path} is in use by {owner}. Nothing was changed. "
                "Stop that worker, or give this one a name, and so a folder, of its own."
            ) from error
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        self._lock = lock

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
