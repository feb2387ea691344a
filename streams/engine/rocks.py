"""Local state in RocksDB (rocksdict), one database per partition of a table.

What is written waits in memory for up to five seconds: a row that changes with every batch goes to disk once.
Invariants: a write batch carries the changes, the changelog offset they reach to and the time up to which nothing is
missing, so a kill at any moment leaves three that belong together, and what waited is in the changelog behind that
offset; files found damaged are never read again, and a disk that refused once is not asked again.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from rocksdict import BlockBasedOptions, DataBlockIndexType, DBCompressionType, Options, Rdict, WriteBatch

from streams.engine.cache import ReadCache
from streams.engine.errors import EngineError, FolderRefused
from streams.engine.failure import log
from streams.engine.store import Size
from streams.engine.waiting import Waiting

__all__ = ["RocksStore"]

OFFSET_KEY = b"\0changelog-offset"  # no table key begins so: they are JSON strings; holds "offset milliseconds"
COLUMNS = "default"  # the one column family: RocksDB's name for it
# Errors that the disk or its file system gave, RocksDB's and Rust's: `IO error: While appending to file: NAME: No space
# left on device`, `No space left on device (os error 28)`. rocksdict raises nothing finer.
REFUSED = re.compile(r"IO error:.*?(?P<rocks>[^:]*)|(?P<rust>.*) \(os error \d+\)", re.DOTALL)
DAMAGED = "damaged"  # a file among a database's own: these files go at the next opening
TOUCH_AFTER = 3600 * 1000  # milliseconds between two notes that an idle partition misses nothing: its age is in days
WRITE_BUFFER = 8 * 1024 * 1024  # bytes per partition of a table: few flushes at our rates, and memory that stays small
# Bytes read for one row. They are kept by the system's page cache and, row by row, by ours, but by no cache of RocksDB:
# as a second copy of what the system holds it took 64 MB, and to let a block in and another out cost more than to read
# it (5.9 against 5.4 microseconds for a row of 250,000 that nobody asked for lately).
BLOCK = 2048
BYTES = ("rocksdb.live-sst-files-size", "rocksdb.cur-size-all-mem-tables")  # properties: in files, and before that
BLOOM_BITS = 10  # per key: about 1 % of look-ups for absent keys touch a block
MEMTABLE_BLOOM = 0.1  # of its size, for the same filter in front of what is not in files yet
# Level by level. A block is unpacked at each read of a row that no cache has, which costs more than all else about it;
# the first two levels hold some 300 MB of each partition of a table as it is, and only what is below is packed.
COMPRESSION = [DBCompressionType.none(), DBCompressionType.none(), DBCompressionType.lz4()]


class RocksStore:
    """State on disk that survives the process."""

    def __init__(
        self, folder: Callable[[], Path], name: str, clock: Callable[[], float] = time.time,
        refused: Callable[[FolderRefused], None] | None = None,
    ) -> None:  # fmt: skip
        """Make a store; `refused` is told first when the disk takes no more, for that is the end of the worker."""
        self._folder = folder
        self._name = name
        self._clock = clock
        self._tell = refused
        self._refused: FolderRefused | None = None
        self._times: dict[int, int] = {}
        self._databases: dict[int, Rdict] = {}
        self._blank: set[int] = set()  # open, and nothing was ever written: there is nothing to read
        self._caches: dict[int, ReadCache] = {}
        self._waiting: dict[int, Waiting] = {}

    def get(self, partition: int, key: bytes) -> bytes | None:
        """Return the raw value of a key."""
        return self.reader(partition)(key)

    def reader(self, partition: int) -> Callable[[bytes], bytes | None]:
        """Return a function that reads raw values of one partition, for the time of one batch.

        Should the partition be let go of meanwhile, it may tell what was, to a batch that can be written no more.
        """
        cache = self._caches.get(partition)
        if cache is None:
            cache = self._caches[partition] = ReadCache(partial(self._read, partition))
        return cache.__getitem__

    def write(
        self, partition: int, changes: Mapping[bytes, bytes | None], offset: int, *, at: int | None = None
    ) -> None:
        """Apply changes (None deletes) that are in the changelog up to `offset`, all at once.

        A record read from the changelog (`at`) tells that nothing before it is missing. The first into empty files
        was read now: of a row that is read now, the deletion is kept from now on.

        Raises:
            FolderRefused: the disk takes no more.
        """
        if self._refused is not None:
            raise self._refused
        now = self._now()
        if at is not None:
            kept = self.complete_at(partition)
            now = now if kept is None else max(kept, min(at, now))
        waiting = self._waiting.get(partition)
        if waiting is None:
            waiting = self._waiting[partition] = Waiting(now)
        waiting.add(changes, offset, now)
        self._times[partition] = now
        if partition in self._caches:
            self._caches[partition].note(changes)
        if waiting.is_due(self._now()):
            self._settle(partition)

    def _settle(self, partition: int) -> None:
        """Write what waits."""
        waiting = self._waiting.get(partition)
        if waiting is None or self._refused is not None:
            return
        batch = WriteBatch(raw_mode=True)
        for key, value in waiting.changes.items():
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(OFFSET_KEY, b"%d %d" % (waiting.offset, waiting.complete_at))
        self._write(partition, batch)
        del self._waiting[partition]

    def offset(self, partition: int) -> int | None:
        """Return the changelog offset the partition's state reaches to, if it has any state."""
        waiting = self._waiting.get(partition)
        if waiting is not None:
            return waiting.offset
        raw = self._read(partition, OFFSET_KEY)
        return None if raw is None else int(raw.split()[0])

    def complete_at(self, partition: int) -> int | None:
        """Return the time up to which nothing of the changelog is missing, if it is known."""
        if partition not in self._times:
            _, _, noted = (self._read(partition, OFFSET_KEY) or b"").partition(b" ")
            if noted:
                self._times[partition] = int(noted)
        return self._times.get(partition)

    def touch(self, partition: int) -> None:
        """Note that nothing is missing now; an idle partition would pass for one that was elsewhere."""
        self._settle(partition)
        if self._now() - (self.complete_at(partition) or 0) <= TOUCH_AFTER:
            return
        offset = self.offset(partition)
        if offset is not None:
            self.write(partition, {}, offset)
            self._settle(partition)

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over a snapshot of a partition's entries.

        Raises:
            EngineError: the files are damaged.
        """
        self._settle(partition)
        snapshot = self._database(partition).snapshot()
        last: object = None
        for key, value in snapshot.items():
            last = key
            if isinstance(key, bytes) and key != OFFSET_KEY:
                yield key, value
        rest = snapshot.iter()  # the other one ends at a damaged block as if that were the end
        if last is None:
            rest.seek_to_first()
        else:
            rest.seek(last)  # type: ignore[arg-type] # raw mode: bytes
            rest.next()
        try:
            rest.status()
        except Exception as error:
            self._understand(partition, error)
            raise

    def retain(self, partitions: Iterable[int]) -> None:
        """Close all partitions but these; their files stay and are caught up when they come back."""
        for partition in (set(self._databases) | set(self._waiting)) - set(partitions):
            self._settle(partition)
            self._let_go(partition)

    def size(self) -> Size:
        """Return about how much is held: what was written over counts until RocksDB merges it."""
        found, waiting = self._databases.values(), sum(len(each.changes) for each in list(self._waiting.values()))
        return Size(
            sum((each.property_int_value("rocksdb.estimate-num-keys") or 0 for each in found), waiting),
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

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _read(self, partition: int, key: bytes) -> bytes | None:
        waiting = self._waiting.get(partition)
        if waiting is not None and key in waiting.changes:
            return waiting.changes[key]
        try:
            database = self._databases.get(partition)
            if database is None:
                database = self._database(partition)
            value: bytes | None = None if partition in self._blank else database.get(key)
        except Exception as error:
            self._understand(partition, error)
            raise
        return value

    def _write(self, partition: int, batch: WriteBatch) -> None:
        try:
            database = self._database(partition)
            self._blank.discard(partition)  # only now: to open new files notes that they are
            database.write(batch)
        except Exception as error:
            self._understand(partition, error)
            raise

    def _understand(self, partition: int, error: Exception) -> None:
        """Say what an error means that is the disk's. Files that it calls damaged are removed at the next opening.

        Not here: what was read of them has gone into work that is not done, which must end first.

        Raises:
            EngineError: they are damaged.
            FolderRefused: they cannot be read or written.
        """
        place = self._place(partition)
        if _is_damage(error):
            (place / DAMAGED).touch()
            raise EngineError(
                f"Local state {place} is damaged: {error}. Nothing of this batch is committed. Start the worker "
                "again: it rebuilds this partition from the changelog. If it comes back, look at the disk."
            ) from error
        why = _refusal(error)
        if why is None:
            return
        if self._refused is None:
            self._refused = FolderRefused(
                f"Local state {place} cannot be written: {why}. The worker ends; what it had not done is "
                f"not acknowledged, and nothing is lost. Free space or mend its rights (see: df -h {place.parent}), "
                "and start the worker again."
            )
            if self._tell is not None:
                self._tell(self._refused)
        raise self._refused from error

    def _let_go(self, partition: int) -> None:
        self._times.pop(partition, None)
        self._waiting.pop(partition, None)
        self._blank.discard(partition)
        cache, database = self._caches.pop(partition, None), self._databases.pop(partition, None)
        if cache is not None:
            cache.close()
        if database is not None:
            try:
                database.close()  # it writes what it holds, or tries to
            except Exception:
                if self._refused is None:
                    raise

    def _database(self, partition: int) -> Rdict:
        database = self._databases.get(partition)
        if database is None:
            place = self._place(partition)
            place.parent.mkdir(parents=True, exist_ok=True)
            if (place / DAMAGED).exists():
                log.warning("Local state %s was found damaged and is rebuilt from the changelog.", place)
                self.drop(partition)
            try:
                database = _opened(place)
            except Exception as error:
                if not _is_damage(error):
                    raise
                log.warning("Local state %s is damaged and is rebuilt from the changelog: %s", place, error)
                self.drop(partition)
                database = _opened(place)
            self._databases[partition] = database
            if self._read(partition, OFFSET_KEY) is None:  # it is in the first batch that is written
                self._blank.add(partition)
        return database

    def _place(self, partition: int) -> Path:
        return self._folder() / f"{self._name}-{partition}"  # asked late: the command line may still change it


def _is_damage(error: Exception) -> bool:
    return str(error).startswith("Corruption")  # rocksdict raises nothing finer


def _refusal(error: Exception) -> str | None:
    """The system's own words, if it is the disk or its file system that refuses."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    found = REFUSED.fullmatch(str(error))
    return found and str(found["rocks"] or found["rust"]).strip()


def _opened(place: Path) -> Rdict:
    """Open files that are there or not; what is there gets our options only by its name, else RocksDB's defaults."""
    options = _options()
    return Rdict(str(place), options=options, column_families={COLUMNS: options})


def _options() -> Options:
    blocks = BlockBasedOptions()
    blocks.disable_cache()
    blocks.set_block_size(BLOCK)
    blocks.set_bloom_filter(BLOOM_BITS, block_based=False)
    options = Options(raw_mode=True)
    options.create_if_missing(True)  # noqa: FBT003 - RocksDB's setter
    options.set_write_buffer_size(WRITE_BUFFER)
    options.set_compression_per_level(COMPRESSION)
    blocks.set_data_block_index_type(DataBlockIndexType.binary_and_hash())
    options.set_block_based_table_factory(blocks)
    options.set_memtable_prefix_bloom_ratio(MEMTABLE_BLOOM)
    options.set_memtable_whole_key_filtering(True)
    options.set_keep_log_file_num(2)  # RocksDB's own diary: the last two are enough
    return options
