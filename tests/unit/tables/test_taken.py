import pytest

from tables.taken import Origin, Taken
from tables.view import MemoryView

NEW = 1_000  # milliseconds, of the newest record that was taken


def taken() -> tuple[MemoryView, Taken]:
    view = MemoryView()
    Taken(view, "facts", 1).note(41, NEW)
    return view, Taken(view, "facts", 1)


def test_what_was_taken_is_known_whoever_looks_and_of_its_own_partition_alone():
    view, known = taken()
    assert [known.has(offset, NEW) for offset in (0, 41, 42)] == [True, True, False]
    assert not Taken(view, "facts", 0).has(41, NEW)
    assert not Taken(view, "changes", 1).has(41, NEW)


def test_a_clock_that_is_behind_takes_nothing_back():
    view, known = taken()
    known.note(42, NEW - 500)
    assert Taken(view, "facts", 1).has(41, NEW)
    assert Taken(view, "facts", 1).has(42, NEW - 500)


def test_a_topic_that_was_made_anew_is_taken_from_its_beginning_whatever_its_clocks_say():
    view, known = taken()
    assert not known.has(0, NEW + 1)
    assert not known.has(1, NEW)  # another clock
    known.note(1, NEW + 1)
    again = Taken(view, "facts", 1)
    assert [again.has(offset, NEW) for offset in (0, 1, 2)] == [True, True, False]


def test_a_topic_of_another_id_is_another_one_also_where_its_records_are_as_old():
    view = MemoryView()
    Taken(view, "facts", 1).note(41, NEW)
    assert Taken(view, "facts", 1, "first").has(41, NEW)  # the broker told no ids before
    Taken(view, "facts", 1, "first").note(42, NEW)
    assert Taken(view, "facts", 1).has(42, NEW)  # nor does it now
    assert not Taken(view, "facts", 1, "second").has(3, NEW)
    Taken(view, "facts", 1).note(43, NEW)
    assert not Taken(view, "facts", 1, "second").has(3, NEW)


def made(offset: int, number: int = 0, *, at: int = NEW, log: str = "", partition: int = 0) -> Origin:
    return Origin("changes", partition, log, offset, at, number)


def test_what_was_made_of_one_record_is_taken_once_and_whatever_follows_it_is_taken():
    view, known = taken()
    assert [known.repeats(made(*each)) for each in ((7, 0), (7, 1), (7, 0), (7, 2), (9, 0), (7, 1))] == [
        False, False, True, False, False, True,
    ]  # fmt: skip
    assert not Taken(view, "facts", 1).repeats(made(7, 0))  # nobody has noted it: the worker died, perhaps
    known.note(42, NEW)
    again = Taken(view, "facts", 1)
    assert [again.repeats(made(*each)) for each in ((7, 0), (9, 0), (9, 1), (10, 0))] == [True, True, False, False]


def test_records_of_other_partitions_and_topics_were_made_of_others():
    view, known = taken()
    known.repeats(made(7))
    known.note(42, NEW)
    again = Taken(view, "facts", 1)
    assert not again.repeats(made(3, partition=1))
    assert not again.repeats(made(3)._replace(topic="links"))
    again.note(43, NEW)
    assert Taken(view, "facts", 1).repeats(made(7))  # each keeps its own place
    assert not Taken(view, "facts", 0).repeats(made(7))


@pytest.mark.parametrize("anew", [made(3, log="second"), made(3, at=NEW + 1)])
def test_what_is_made_of_a_topic_that_was_made_anew_is_no_repetition(anew: Origin):
    view, known = taken()
    known.repeats(made(7, log="first" if anew.log else ""))
    known.note(42, NEW)
    again = Taken(view, "facts", 1)
    assert not again.repeats(anew)
    assert again.repeats(anew)


def test_an_origin_is_read_as_it_was_written_and_what_is_none_says_nothing():
    origin = made(7, 2, log="AbC-_9", partition=3)
    assert Origin.from_bytes(origin.to_bytes()) == origin
    for other in (b"", b"changes|0", b"changes|0||x|1|2", b"\xff", origin.to_bytes() + b"|1"):
        assert Origin.from_bytes(other) is None
