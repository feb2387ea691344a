"""The cache never differs from what is stored, and its size is bounded."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine import cache as module
from streams.engine.cache import ReadCache

KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])


@given(st.lists(st.one_of(KEYS, st.dictionaries(KEYS, st.one_of(st.none(), st.binary(max_size=900))))))
def test_what_is_read_is_what_was_written_last(steps: list[bytes | dict[bytes, bytes | None]]):
    stored: dict[bytes, bytes | None] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROOM", 2000)  # so small that generations come and go
        cache = ReadCache(stored.get)
        for step in steps:
            if isinstance(step, bytes):
                assert cache[step] == stored.get(step)
            else:
                stored |= step
                cache.note(step)
        assert [cache[key] for key in (b"a", b"b", b"c", b"d")] == [stored.get(k) for k in (b"a", b"b", b"c", b"d")]
        cache.close()


def test_what_is_asked_for_again_is_not_read_again_and_what_is_not_goes():
    reads: Counter[bytes] = Counter()
    held = 0

    def read(key: bytes) -> bytes:
        reads[key] += 1
        return b"x" * 1000

    caches = [ReadCache(read), ReadCache(read)]  # they share the room
    for number in range(200_000):
        for each in caches:
            each[b"often"]
            each[b"%d" % number]
        held = max(held, sum(each.rows for each in caches))
    assert reads[b"often"] == 2
    assert held * 1000 < module.ROOM
    for each in caches:
        each.close()


def test_what_is_written_and_was_not_read_is_not_kept():
    reads: Counter[bytes] = Counter()

    def read(key: bytes) -> bytes:
        reads[key] += 1
        return b"1"

    cache = ReadCache(read)
    cache.note({b"a": b"1"})
    cache[b"a"]
    assert reads == {b"a": 1}
    cache.close()
