"""Which partition a key goes to: Kafka's default partitioner, the same as the Java client's.

Flows in: the bytes of keys and a number of partitions. Flows out: a partition of each.
Invariant: a key always goes where a Java, librdkafka (murmur2_random) or aiokafka producer would send it.
Hashing a key in Python takes some microseconds, and a batch that meets each key once pays them for each record. So
keys of one length are hashed side by side, in lanes of long integers, at a seventh of that.
"""

import struct
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

__all__ = ["murmur2", "partition_for", "partitions_for"]

SEED = 0x9747B28C  # Kafka's own
MULTIPLIER = 0x5BD1E995
ROTATION = 24
MASK = 0xFFFFFFFF
POSITIVE = 0x7FFFFFFF
LANE = b"\xff\xff\xff\xff\0\0\0\0"  # the low half of 64 bits, little end first
REMEMBERED = 20_000  # keys that came alone or with few others: 5 MB at most
LENGTHS = 256  # of keys, in words: longer ones are rare
TOGETHER = 16  # keys of one length from which on side by side is less work
AT_ONCE = 2048  # keys side by side: integers of 16 KB, which the processor's nearest cache holds


@lru_cache(maxsize=LENGTHS)
def _words(count: int) -> Callable[[bytes], tuple[int, ...]]:
    """Return what takes the first words of four bytes out of a key, all in one go."""
    return struct.Struct(f"<{count}I").unpack_from


def murmur2(data: bytes) -> int:
    """Return the 32-bit murmur2 hash of `data`, unsigned."""
    length = len(data)
    state = SEED ^ length
    for word in _words(length >> 2)(data):
        mixed = word * MULTIPLIER & MASK
        state = (state * MULTIPLIER ^ (mixed ^ mixed >> ROTATION) * MULTIPLIER) & MASK
    if length & 3:
        state = (state ^ int.from_bytes(data[length & ~3 :], "little")) * MULTIPLIER & MASK
    state = (state ^ state >> 13) * MULTIPLIER & MASK
    return state ^ state >> 15


@lru_cache(maxsize=REMEMBERED)
def partition_for(key: bytes, partitions: int) -> int:
    """Return the partition of `key` in a topic with so many partitions."""
    return (murmur2(key) & POSITIVE) % partitions


def partitions_for(keys: Iterable[bytes], partitions: int) -> dict[bytes, int]:
    """Return the partition of each of these keys in a topic with so many partitions."""
    found: dict[bytes, int] = {}
    lengths: defaultdict[int, list[bytes]] = defaultdict(list)
    for key in keys:
        lengths[len(key)].append(key)
    for length, alike in lengths.items():
        if len(alike) < TOGETHER:
            found.update((key, partition_for(key, partitions)) for key in alike)
            continue
        for first in range(0, len(alike), AT_ONCE):
            some = alike[first : first + AT_ONCE]
            found.update(zip(some, [(each & POSITIVE) % partitions for each in _murmur2(some, length)], strict=True))
    return found


def _murmur2(keys: Sequence[bytes], length: int) -> tuple[int, ...]:
    """Return what `murmur2` says of each of these keys, which have one length.

    An integer holds a word of each key, each in 64 bits, so that its product by 31 bits stays in its lane: those of
    the first, third, ... key, and above them those of the others.
    """
    padding = bytes(-length % 4)
    joined = memoryview(padding.join(keys) + padding).cast("I")
    half = len(keys) + 1 >> 1
    top = 64 * half
    below = int.from_bytes(LANE * half, "little")
    mask = below | below << top
    state = int.from_bytes((SEED ^ length).to_bytes(8, "little") * (2 * half), "little")
    width = len(joined) // len(keys)
    for place in range(width):
        pairs = int.from_bytes(joined[place::width].tobytes(), "little")
        words = pairs & below | (pairs >> 32 & below) << top
        if place < length >> 2:
            mixed = words * MULTIPLIER & mask
            state = (state * MULTIPLIER ^ (mixed ^ mixed >> ROTATION & mask) * MULTIPLIER) & mask
        else:
            state = (state ^ words) * MULTIPLIER & mask
    state = (state ^ state >> 13 & mask) * MULTIPLIER & mask
    state ^= state >> 15 & mask
    return struct.unpack_from(f"<{len(keys)}I", (state & below | state >> top << 32).to_bytes(8 * half, "little"))
