import pytest
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.partitioner import murmur2, partition_for

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
