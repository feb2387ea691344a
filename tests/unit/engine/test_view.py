import pytest

from streams.engine.errors import TooLarge
from streams.engine.view import View, decode_key, encode_key


@pytest.fixture
def store() -> dict[bytes, bytes]:
    return {encode_key("there"): b'{"n":[1]}'}


@pytest.fixture
def view(store: dict[bytes, bytes]) -> View:
    return View(store.get)


def test_reads_fall_through_and_see_own_writes(view: View):
    assert view["there"] == {"n": [1]}
    assert view.get("absent") is None
    assert view.get("absent", 3) == 3
    assert "absent" not in view
    view["absent"] = {"n": 2}
    assert view["absent"] == {"n": 2}
    del view["there"]
    assert "there" not in view
    assert view.get("there") is None
    with pytest.raises(KeyError):
        view["there"]
    with pytest.raises(KeyError):
        del view["there"]


def test_a_value_changed_but_not_set_changes_nothing(view: View, store: dict[bytes, bytes]):
    view["there"]["n"].append(2)
    assert view["there"] == {"n": [1]}
    mine = {"n": [5]}
    view["new"] = mine
    mine["n"].append(6)
    view["new"]["n"].append(7)
    assert view["new"] == {"n": [5]}
    assert list(store) == [encode_key("there")]


def test_what_is_staged_is_one_change_per_key(view: View):
    view["a"] = 1
    view["a"] = 2
    del view["there"]
    assert view.staged == {b'"a"': b"2", b'"there"': None}
    view.forget(dict(view.staged))
    assert view.staged == {}


def test_none_is_refused(view: View):
    with pytest.raises(ValueError, match="Use del"):
        view["a"] = None


def test_keys_are_those_of_a_stock_table():
    assert encode_key("ä|b") == '"ä|b"'.encode()
    assert decode_key(encode_key("ä|b")) == "ä|b"


def test_what_is_staged_while_a_write_is_on_its_way_stays_staged(view: View):
    view["a"] = 1
    view["b"] = 1
    written = dict(view.staged)
    view["b"] = 2
    view["c"] = 3
    view.forget(written)
    assert view.staged == {b'"b"': b"2", b'"c"': b"3"}


def test_a_row_no_changelog_would_take_is_refused():
    view = View({}.get, limit=100)
    view["a"] = "x" * 90
    with pytest.raises(TooLarge, match="'b' is 102 bytes, over the limit of 100"):
        view["b"] = "x" * 100
    assert view.staged.keys() == {b'"a"'}


def test_a_row_that_is_set_to_what_it_is_is_not_written(view: View):
    view["there"] = view["there"]
    assert view.staged == {}
    view["there"] = {"n": [2]}
    view["there"] = {"n": [1]}
    assert view.staged == {b'"there"': b'{"n":[1]}'}, "what was staged may be on its way"
    del view["there"]
    view["there"] = {"n": [1]}
    assert view.staged == {b'"there"': b'{"n":[1]}'}


def test_a_row_that_nobody_has_read_is_written_without_a_look(store: dict[bytes, bytes]):
    read: list[bytes] = []
    view = View(lambda key: read.append(key) or store.get(key))
    view["there"] = {"n": [1]}
    assert view.staged == {b'"there"': b'{"n":[1]}'}
    assert read == []
