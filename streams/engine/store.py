"""Where a table's state is kept on this machine, partition by partition, as raw bytes.

Flows in: acknowledged changes with the changelog offset they reach to. Flows out: values, and that offset.
Invariant: changes and their offset are stored together, so a restart replays the changelog from exactly there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

__all__ = ["MemoryStore", "Size", "Store"]


class Size(NamedTuple):
    """How much a store holds: entries, and bytes where it is on disk."""

    entries: int
    on_disk: int | None = None


class Store(Protocol):
    """Local state of one table."""

    def get(self, partition: int, key: bytes) -> bytes | None:
        """Return the raw value of a key."""

    def reader(self, partition: int) -> Callable[[bytes], bytes | None]:
        """Return a function that reads raw values of one partition, for the time of one batch."""

    def write(
        self, partition: int, changes: Mapping[bytes, bytes | None], offset: int, *, at: int | None = None
    ) -> None:
        """Apply changes (None deletes) that are in the changelog up to `offset`.

        Args:
            partition: of the table.
            changes: raw keys and values.
            offset: in the changelog.
            at: timestamp of the record there, in milliseconds, where it was read; the owner's own are from now.
        """

    def offset(self, partition: int) -> int | None:
        """Return the changelog offset the partition's state reaches to, if it has any state."""

    def complete_at(self, partition: int) -> int | None:
        """Return the time (milliseconds) up to which nothing of the changelog is missing, if it can be long ago."""

    def touch(self, partition: int) -> None:
        """Note that nothing of the changelog is missing now."""

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over a partition's entries."""

    def retain(self, partitions: Iterable[int]) -> None:
        """Let go of all partitions but these: others write to them from now on."""

    def size(self) -> Size:
        """Return how much is held; cheap, and on disk an estimate."""

    def drop(self, partition: int) -> None:
        """Remove all of a partition's state: it is rebuilt from the changelog."""

    def close(self) -> None:
        """Let go of everything."""


class MemoryStore:
    """State in dictionaries; a new process reads it all from the changelog."""

    def __init__(self) -> None:
        self._entries: dict[int, dict[bytes, bytes]] = {}
        self._offsets: dict[int, int] = {}

    def get(self, partition: int, key: bytes) -> bytes | None:
        """Return the raw value of a key."""
        entries = self._entries.get(partition)
        return None if entries is None else entries.get(key)

    def reader(self, partition: int) -> Callable[[bytes], bytes | None]:
        """Return a function that reads raw values of one partition, for the time of one batch."""
        return self._entries.setdefault(partition, {}).get

    def write(
        self,
        partition: int,
        changes: Mapping[bytes, bytes | None],
        offset: int,
        *,
        at: int | None = None,  # noqa: ARG002 - the protocol's
    ) -> None:
        """Apply changes (None deletes) that are in the changelog up to `offset`."""
        entries = self._entries.setdefault(partition, {})
        for key, value in changes.items():
            if value is None:
                entries.pop(key, None)
            else:
                entries[key] = value
        self._offsets[partition] = offset

    def offset(self, partition: int) -> int | None:
        """Return the changelog offset the partition's state reaches to, if it has any state."""
        return self._offsets.get(partition)

    def complete_at(self, partition: int) -> None:
        """Return None: what is let go is forgotten, and what is held misses nothing for long."""

    def touch(self, partition: int) -> None:
        """Do nothing."""

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over a partition's entries as they are now."""
        return iter(list(self._entries.get(partition, {}).items()))

    def retain(self, partitions: Iterable[int]) -> None:
        """Let go of all partitions but these."""
        for partition in set(self._entries) - set(partitions):
            self.drop(partition)

    def drop(self, partition: int) -> None:
        """Remove all of a partition's state."""
        self._entries.pop(partition, None)
        self._offsets.pop(partition, None)

    def size(self) -> Size:
        """Return how much is held."""
        return Size(sum(map(len, self._entries.values())))

    def close(self) -> None:
        """Let go of everything."""
        self.retain(())
