"""Where Kafka's default partitioner puts a key: asked of aiokafka, not of the engine."""

from aiokafka.partitioner import DefaultPartitioner

__all__ = ["partition_of"]


def partition_of(key: bytes, partitions: int) -> int:
    """Return the partition of a key in a topic with so many."""
    places = list(range(partitions))
    place: int = DefaultPartitioner()(key, places, places)
    return place
