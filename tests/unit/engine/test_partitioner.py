import hashlib

import pytest
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.engine.partitioner import AT_ONCE, TOGETHER, murmur2, partition_for, partitions_for

JAVA = {  # org.apache.kafka.common.utils.UtilsTest
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "hashed"), JAVA.items())
def test_hashes_are_those_of_the_java_client(key: bytes, hashed: int):
    assert murmur2(key) == hashed & 0xFFFFFFFF


@given(st.binary(max_size=64), st.integers(1, 300))
def test_any_key_goes_where_other_clients_send_it(key: bytes, partitions: int):
    assert partition_for(key, partitions) == (reference(key) & 0x7FFFFFFF) % partitions


@given(st.lists(st.binary(max_size=13), max_size=40), st.integers(1, 300), st.integers(1, 3))
@settings(max_examples=30)
def test_many_keys_go_where_each_goes_alone(keys: list[bytes], partitions: int, times: int):
    alike = [b"%0*d" % (each % 9 + 1, each) for each in range(TOGETHER * 9 * times)]  # of nine lengths, and over
    assert partitions_for(keys + alike, partitions) == {
        key: (reference(key) & 0x7FFFFFFF) % partitions for key in keys + alike
    }


@given(st.integers(0, 40), st.binary(min_size=1), st.integers(TOGETHER, TOGETHER + 3))
@settings(max_examples=40)
def test_keys_of_any_one_length_side_by_side(length: int, seed: bytes, count: int):
    keys = {hashlib.shake_256(seed + bytes([each])).digest(length) for each in range(count)}
    assert partitions_for(keys, 7) == {key: (reference(key) & 0x7FFFFFFF) % 7 for key in keys}


def test_more_keys_than_go_side_by_side_at_once():
    keys = [b"%d" % (10_000_000 + each) for each in range(AT_ONCE + 1)]
    assert partitions_for(keys, 7) == {key: partition_for(key, 7) for key in keys}
