"""The folder of a worker's local state: made when missing, owned by one process at a time, and by one app for ever."""

import fcntl
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import IO

from streams.engine.errors import FolderInUse, Misconfigured
from streams.engine.label import Label, Origin, read_label, refusal, unwritable, write_label

__all__ = ["StateFolder"]


class StateFolder:
    """A folder with a lock in it; the lock goes with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None
        self._label = Label("")

    def open(self) -> None:
        """Make the folder and take its lock.

        Raises:
            FolderInUse: another worker has it.
            FolderRefused: it takes nothing.
        """
        if self._lock is not None:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / "lock").open("a+")
        except OSError as error:
            raise unwritable(self.path, error) from error
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
        with suppress(OSError):  # whose it is helps a person; that it is ours does not hang on it
            lock.write(f"process {os.getpid()}")
            lock.flush()
        self._lock = lock

    def claim(self, app: str, tables: Mapping[str, Origin]) -> None:
        """Make sure that what is in the folder is of this app and its tables, and label it so.

        Raises:
            Misconfigured: it is another's.
        """
        found, wanted = read_label(self.path), Label(app, tables=tables)
        why = None if found is None else refusal(self.path, found, wanted)
        if why:
            raise Misconfigured(why)
        known = {} if found is None else found.tables
        self._label = replace(wanted, tables={**tables, **known})
        write_label(self.path, self._label)

    def made_anew(self, ids: Mapping[str, str]) -> list[str]:
        """Return the tables whose changelog is another topic of the same name than it was, by the topics' ids."""
        return [
            name
            for name, origin in self._label.tables.items()
            if origin.topic_id and ids.get(origin.changelog, origin.topic_id) != origin.topic_id
        ]

    def note_ids(self, ids: Mapping[str, str]) -> None:
        """Remember the ids of the changelogs."""
        tables = {
            name: replace(origin, topic_id=ids.get(origin.changelog, origin.topic_id))
            for name, origin in self._label.tables.items()
        }
        self._label = replace(self._label, tables=tables)
        write_label(self.path, self._label)

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
