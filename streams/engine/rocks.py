"""Local state in RocksDB (rocksdict), one database per partition of a table.

Invariant: a write batch carries the changes and the changelog offset they reach to, so a kill at any moment leaves a
state and an offset that belong together.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from rocksdict import BlockBasedOptions, Cache, Options, Rdict, WriteBatch

from streams.engine.cache import ReadCache
from streams.engine.failure import log
from streams.engine.store import Size

__all__ = ["RocksStore"]

OFFSET_KEY = b"\0changelog-offset"  # no table key begins so: they are JSON strings
WRITE_BUFFER = 8 * 1024 * 1024  # bytes per partition of a table: few flushes at our rates, and memory that stays small
BLOCK_CACHE = 64 * 1024 * 1024  # bytes, shared by all tables of the process
BYTES = ("rocksdb.live-sst-files-size", "rocksdb.cur-size-all-mem-tables")  # properties: in files, and before that
BLOOM_BITS = 10  # per key: about 1 % of look-ups for absent keys touch a block

_cache: list[Cache] = []


class RocksStore:
    """State on disk that survives the process."""

    def __init__(self, folder: Callable[[], Path], name: str) -> None:
        self._folder = folder
        self._name = name
        self._databases: dict[int, Rdict] = {}
        self._caches: dict[int, ReadCache] = {}

    def get(self, partition: int, key: bytes) -> bytes | None:
        """Return the raw value of a key."""
        cache = self._caches.get(partition)
        if cache is None:
            cache = self._caches[partition] = ReadCache(self._database(partition).get)
        return cache.get(key)

    def reader(self, partition: int) -> Callable[[bytes], bytes | None]:
        """Return a function that reads raw values of one partition, for the time of one batch."""
        return partial(self.get, partition)  # the database is looked up each time: it may be closed meanwhile

    def write(self, partition: int, changes: Mapping[bytes, bytes | None], offset: int) -> None:
        """Apply changes (None deletes) that are in the changelog up to `offset`, all at once."""
        batch = WriteBatch(raw_mode=True)
        for key, value in changes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(OFFSET_KEY, str(offset).encode())
        self._database(partition).write(batch)
        if partition in self._caches:
            self._caches[partition].note(changes)

    def offset(self, partition: int) -> int | None:
        """Return the changelog offset the partition's state reaches to, if it has any state."""
        raw = self._database(partition).get(OFFSET_KEY)
        return None if raw is None else int(raw)

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over a snapshot of a partition's entries."""
        for key, value in self._database(partition).snapshot().items():
            if isinstance(key, bytes) and key != OFFSET_KEY:
                yield key, value

    def retain(self, partitions: Iterable[int]) -> None:
        """Close all partitions but these; their files stay and are caught up when they come back."""
        for partition in set(self._databases) - set(partitions):
            self._let_go(partition)

    def size(self) -> Size:
        """Return about how much is held: what was written over counts until RocksDB merges it."""
        found = self._databases.values()
        return Size(
            sum(each.property_int_value("rocksdb.estimate-num-keys") or 0 for each in found),
            sum(each.property_int_value(name) or 0 for each in found for name in BYTES),
        )

    def drop(self, partition: int) -> None:
        """Remove a partition's files: moved aside first, so that a kill leaves all of them or none."""
        self._let_go(partition)
        place = self._place(partition)
        aside = place.with_name(f"{place.name}.dropped")
        shutil.rmtree(aside, ignore_errors=True)
        if place.exists():
            place.rename(aside)
            shutil.rmtree(aside)

    def close(self) -> None:
        """Close everything."""
        self.retain(())

    def _let_go(self, partition: int) -> None:
        cache, database = self._caches.pop(partition, None), self._databases.pop(partition, None)
        if cache is not None:
            cache.close()
        if database is not None:
            database.close()

    def _database(self, partition: int) -> Rdict:
        database = self._databases.get(partition)
        if database is None:
            place = self._place(partition)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                database = Rdict(str(place), options=_options())
            except Exception as error:
                if not str(error).startswith("Corruption"):  # rocksdict raises nothing finer
                    raise
                log.warning("Local state %s is damaged and is rebuilt from the changelog: %s", place, error)
                self.drop(partition)
                database = Rdict(str(place), options=_options())
            self._databases[partition] = database
        return database

    def _place(self, partition: int) -> Path:
        return self._folder() / f"{self._name}-{partition}"  # asked late: the command line may still change it


def _options() -> Options:
    if not _cache:
        _cache.append(Cache(BLOCK_CACHE))
    blocks = BlockBasedOptions()
    blocks.set_block_cache(_cache[0])
    blocks.set_bloom_filter(BLOOM_BITS, block_based=False)
    options = Options(raw_mode=True)
    options.create_if_missing(True)  # noqa: FBT003 - RocksDB's setter
    options.set_write_buffer_size(WRITE_BUFFER)
    options.set_block_based_table_factory(blocks)
    options.set_keep_log_file_num(2)  # RocksDB's own diary: the last two are enough
    return options
