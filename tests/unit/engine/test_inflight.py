from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.inflight import InFlight


@dataclass
class Batch:
    next_offset: int
    is_done: bool = False
    size: int = 100


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12), st.data())
def test_only_the_leading_run_of_done_batches_may_be_committed(sizes: list[int], data: st.DataObject):
    queue, batches, end = InFlight(), [], 0
    for size in sizes:
        end += size
        batches.append(Batch(end))
        queue.add(batches[-1])
    assert queue.committable is None
    for index in data.draw(st.permutations(range(len(sizes)))):
        batches[index].is_done = True
        leading = 0
        while leading < len(batches) and batches[leading].is_done:
            leading += 1
        assert queue.committable == (batches[leading - 1].next_offset if leading else None)
        assert len(queue) == len(batches) - leading
        assert queue.size == 100 * len(queue)
