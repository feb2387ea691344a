"""Merges, deletions and restores in any order end in the same tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random  # noqa: TID251 - an order, drawn from a seed
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.rules.placing import FIRST_READINGS
from schemas.change import Change, Link
from tests.support.capturing import link, mark
from tests.support.merging import Town, drawn
from tests.support.shuffling import Office, interleaved

MARKS = [mark(side, kind) for side, kind in sorted({each for some in FIRST_READINGS.values() for each in some})]
TWO, THREE = {"1": "a", "2": "b"}, {"1": "a", "2": "b", "3": "c", "4": ""}
MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def told(town: Town) -> list[Change]:
    """What all records show, in the order in which it came about."""
    return sorted((each for versions in town.records() for each in versions), key=lambda change: change.version)


def ended(news: list[Any], town: Town, *, late: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tables after all of it, with the first readings before or after."""
    found = Office()
    if not late:
        found.desk.ready()
    found.take(*news, *(MARKS if late else ())).settle(town.records())
    return found.links(), found.standing()


def holds(standing: dict[str, Any]) -> float:
    """What all customers owe together."""
    balances = [known[2] for known in standing.values() if isinstance(known, tuple)]
    return sum(float(each.get("NZD", 0)) for each in balances)


@given(st.randoms(use_true_random=False), st.booleans())
@MANY
def test_whatever_people_do_any_order_ends_in_the_same_tables(
    lots: Any,
    late: bool,  # noqa: FBT001 - drawn
):
    town = drawn(lots, moved=not late)
    links, standing = ended(told(town), town, late=late)
    assert ended(interleaved(town.records(), lots), town, late=late) == (links, standing)
    places = [(side, ref) for key, row in links.items() if "|i|" in key for side, ref in row.items()]
    assert len(places) == len(set(places))  # no record stands in two places
    assert holds(standing) == sum(115 for name in town.holders)  # and no document is lost


def acted(*deeds: tuple[str, ...], mutual: bool = False, links: dict[str, str] | None = None) -> Town:
    """A town where this was done: ("crm", primary, other), ("erp", loser, survivor), ("end" or "back", side, name)."""
    town = Town(mutual=mutual).settle_in(3, links or THREE)
    for what, *names in deeds:
        town.version += 1
        match what:
            case "crm":
                town.merge_companies(*names, new=True)
            case "old":
                town.merge_companies(*names, new=False)
            case "erp":
                town.merge_contacts(*names)
            case "end":
                town.end(*names)
            case _:
                town.restore(*names)
    return town


WORLDS = {
    "a survivor that is deleted": [("crm", "1", "2"), ("end", "crm", "91")],
    "a survivor that is deleted and restored": [("crm", "1", "2"), ("end", "crm", "91"), ("back", "crm", "91")],
    "merges in a chain": [("crm", "1", "2"), ("crm", "91", "3")],
    "merges in a chain, deleted": [("crm", "1", "2"), ("crm", "3", "91"), ("end", "crm", "92")],
    "an id that stays": [("old", "1", "2"), ("end", "crm", "1"), ("erp", "a", "b")],
    "an id that stays and names nobody at first": [("old", "4", "2"), ("end", "erp", "c"), ("crm", "4", "1")],
    "two merges of contacts, a survivor that is deleted": [
        ("crm", "1", "2"), ("erp", "a", "b"), ("end", "crm", "91"), ("erp", "b", "c"),
    ],
    "contacts merged into one": [("erp", "a", "c"), ("crm", "1", "2"), ("erp", "b", "c"), ("end", "crm", "91")],
    "both sides at once": [("crm", "1", "2"), ("erp", "b", "a"), ("crm", "91", "3"), ("erp", "a", "c")],
    "the one that has the place is deleted": [("erp", "a", "c"), ("end", "crm", "3"), ("back", "crm", "3")],
    "a contact that is archived": [("end", "erp", "a"), ("crm", "1", "2"), ("back", "erp", "a"), ("erp", "b", "a")],
}  # fmt: skip


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("mutual", [False, True])
@pytest.mark.parametrize("deeds", WORLDS.values(), ids=WORLDS)
def test_merges_and_endings_in_any_order_end_in_the_same_tables(
    deeds: list[tuple[str, ...]],
    mutual: bool,  # noqa: FBT001 - drawn
    late: bool,  # noqa: FBT001 - drawn
):
    town = acted(*deeds, mutual=mutual)
    if late:
        town.told = {name: shown[:2] if name[0] == "invoice" else shown for name, shown in town.told.items()}
    straight = ended(told(town), town, late=late)
    for seed in range(3):
        assert ended(interleaved(town.records(), Random(seed)), town, late=late) == straight  # noqa: S311 - an order


FEW = {
    "deleted": ([("crm", "1", "2"), ("end", "crm", "91")], {"a": 1, "b": 1, "1": 1, "91": 2}, 60),
    "restored": ([("crm", "1", "2"), ("end", "crm", "91"), ("back", "crm", "91")], {"a": 1, "1": 1, "91": 3}, 20),
    "merged in the CRM": ([("crm", "1", "2")], {"a": 1, "b": 1, "1": 1, "2": 1, "91": 1}, 120),
    "merged in the ERP": ([("erp", "a", "b")], {"a": 2, "b": 1, "1": 1, "2": 1}, 60),
    "merged in both": ([("crm", "1", "2"), ("erp", "a", "b")], {"a": 2, "b": 1, "2": 1, "91": 1}, 60),
}


@pytest.mark.parametrize(("deeds", "facts", "orders"), FEW.values(), ids=FEW)
def test_every_order_of_so_few_facts_ends_in_the_same_tables(
    deeds: list[tuple[str, ...]], facts: dict[str, int], orders: int
):
    town = acted(*deeds, links=TWO)
    town.told = {name: town.told[name] for name in town.told if name[1] in facts}
    news = told(town)
    assert Counter(each.record_id for each in news) == facts
    straight, found = ended(news, town), list(_orders(town.records()))
    assert len(found) == orders
    for order in found:
        assert ended(order, town) == straight


def _orders(records: list[list[Change]]) -> Iterator[list[Change]]:
    """All orders in which each record's own versions stay in theirs."""
    if not any(records):
        yield []
    for index, versions in enumerate(records):
        rest = [*records[:index], versions[1:], *records[index + 1 :]]
        yield from ([versions[0], *order] for order in _orders(rest)) if versions else ()


SAID = [
    [link("1", "c", act="relink")],
    [link("1", "a", act="unlink", same=False)],
    [link("1", "a", act="unlink", same=False), link("1", "b", act="relink")],
]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("words", SAID, ids=["relinked", "unlinked", "relinked after"])
def test_what_a_person_said_stands_whatever_is_merged_and_in_any_order(words: list[Link], seed: int):
    before = Town(moved=False).settle_in(3, {"1": "a"} | ({"2": "b"} if len(words) == 1 else {}))
    first = told(before)
    later = drawn_on(before, Random(seed))  # noqa: S311 - a world
    straight = said(first, words, told(later), before)
    for way in range(3):
        assert said(first, words, interleaved(later.records(), Random(way)), before) == straight  # noqa: S311


def drawn_on(town: Town, lots: Random) -> Town:
    """What people did after that; the first versions are known by then."""
    known = {name: len(shown) for name, shown in town.told.items()}
    for deed in lots.sample(["crm_merge", "erp_merge", "crm_delete", "crm_restore", "erp_merge"], 4):
        town.act(deed, lots)
    later = Town()
    later.told = {name: shown[known.get(name, 0) :] for name, shown in town.told.items()}
    return later


def said(first: list[Change], words: list[Link], later: list[Any], town: Town) -> tuple[Any, Any]:
    """The tables after all of it, with a person's words in between."""
    found = Office()
    found.desk.ready()
    found.take(*first).settle([[each] for each in first])
    found.take(*(word.model_copy(update={"leave": True}) for word in words)).settle([[each] for each in first])
    found.take(*later).settle(town.records())
    return found.links(), found.standing()
