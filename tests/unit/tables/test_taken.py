from tables.taken import Taken
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
