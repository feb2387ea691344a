"""A view that remembers what was read through it."""

from __future__ import annotations

import pytest

from tables.view import MemoryView, Recalled


class Counted(MemoryView):
    """Notes what it was asked for."""

    def __init__(self) -> None:
        super().__init__({"a": {"n": 1}})
        self.asked: list[str] = []

    def get(self, key: str) -> object:
        self.asked.append(key)
        return super().get(key)


def test_what_was_read_is_not_read_again_nor_is_what_is_not_there():
    rows = Counted()
    view = Recalled(rows)
    assert [view.get(key) for key in ("a", "a", "b", "b")] == [{"n": 1}, {"n": 1}, None, None]
    assert rows.asked == ["a", "b"]


def test_what_is_written_or_forgotten_is_so_for_both():
    rows = Counted()
    view = Recalled(rows)
    assert (view.get("a"), view.get("b")) == ({"n": 1}, None)
    view["b"] = {"n": 2}
    del view["a"]
    assert (view.get("a"), view.get("b")) == (None, {"n": 2})
    assert rows.rows == {"b": {"n": 2}}
    with pytest.raises(KeyError):
        del view["a"]
    with pytest.raises(TypeError):
        view["c"] = {1, 2}
    assert view.get("c") is None
