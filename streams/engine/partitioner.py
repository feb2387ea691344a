"""Which partition a key goes to: Kafka's default partitioner, the same as the Java client's.

Flows in: the bytes of a key and a number of partitions. Flows out: a partition.
Invariant: a key always goes where a Java, librdkafka (murmur2_random) or aiokafka producer would send it.
"""

import struct
from collections.abc import Callable
from functools import lru_cache

__all__ = ["murmur2", "partition_for"]

SEED = 0x9747B28C  # Kafka's own
MULTIPLIER = 0x5BD1E995
ROTATION = 24
MASK = 0xFFFFFFFF
REMEMBERED = 100_000  # keys: a few MB; hashing one in Python takes some microseconds
LENGTHS = 256  # of keys, in words: longer ones are rare


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
    return (murmur2(key) & 0x7FFFFFFF) % partitions
