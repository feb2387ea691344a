from hypothesis import given
from hypothesis import strategies as st

from sandbox.xero.shelf import Journal, Shelf

names = st.sampled_from(["A", "a", "B", "C", ""])
acts = st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), names, st.booleans()), max_size=12)


def laid() -> Shelf:
    return Shelf("Things", "ID", Journal(), {"name": lambda record: record.get("Name")})


def act(shelf: Shelf, steps: list[tuple[str, str, bool]]) -> None:
    for id_, name, gone in steps:
        if gone:
            shelf.remove(id_)
        else:
            shelf.put({"ID": id_, "Name": name})


def seen(shelf: Shelf) -> tuple[object, ...]:
    by_name = {name: sorted(each["ID"] for each in shelf.find("name", name)) for name in ("A", "B", "C")}
    return {each["ID"]: each["Name"] for each in shelf}, by_name, len(shelf)


@given(acts, acts)
def test_a_rollback_leaves_no_trace(before: list[tuple[str, str, bool]], after: list[tuple[str, str, bool]]) -> None:
    shelf = laid()
    act(shelf, before)
    held = seen(shelf)
    mark = shelf.journal.mark()
    act(shelf, after)
    shelf.journal.rollback(mark)
    assert seen(shelf) == held


@given(acts)
def test_look_ups_agree_with_the_records(steps: list[tuple[str, str, bool]]) -> None:
    shelf = laid()
    act(shelf, steps)
    for name in ("a", "B", "c"):
        wanted = sorted(each["ID"] for each in shelf if each["Name"].casefold() == name.casefold())
        assert sorted(each["ID"] for each in shelf.find("name", name)) == wanted


def test_a_commit_tells_each_record_once() -> None:
    shelf = laid()
    shelf.put({"ID": "1", "Name": "A"})
    shelf.put({"ID": "1", "Name": "B"}, quiet=True)
    shelf.put({"ID": "2", "Name": "C"}, quiet=True)
    changes = shelf.journal.commit()
    assert [(each.id, each.before, each.quiet) for each in changes] == [("1", None, False), ("2", None, True)]
    assert changes[0].after == {"ID": "1", "Name": "B"}
    assert shelf.journal.commit() == []
